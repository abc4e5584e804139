/* test_log.c: a line reaches its logger, whole. */
#include "support/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

typedef struct heard {
    int lines;
    log_level level;
    char text[8192];
} heard;

static void hear(void *context, log_level level, const char *text)
{
    heard *all = context;

    all->lines++;
    all->level = level;
    snprintf(all->text, sizeof(all->text), "%s", text);
}

START_TEST(a_line_is_formatted_and_handed_over)
{
    heard all = {0};
    const logger to = {.line = hear, .context = &all};

    log_line(&to, LOG_WARNING, "epoch %d: %s", 3, "slow");
    ck_assert_int_eq(all.lines, 1);
    ck_assert_int_eq(all.level, LOG_WARNING);
    ck_assert_str_eq(all.text, "epoch 3: slow");
}
END_TEST

START_TEST(a_long_line_is_not_cut)
{
    heard all = {0};
    const logger to = {.line = hear, .context = &all};

    log_line(&to, LOG_INFO, "%07000d", 1);
    ck_assert_uint_eq(strlen(all.text), 7000);
}
END_TEST

START_TEST(no_logger_is_silent)
{
    const logger empty = {0};

    log_line(NULL, LOG_INFO, "%d", 1);
    log_line(&empty, LOG_INFO, "%d", 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("log");
    TCase *cases = tcase_create("log");

    tcase_add_test(cases, a_line_is_formatted_and_handed_over);
    tcase_add_test(cases, a_long_line_is_not_cut);
    tcase_add_test(cases, no_logger_is_silent);
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
