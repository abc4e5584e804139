/* test_record.c: the words for how a run ended, and which endings are failures. */
#include "matrix/record.h"

#include <math.h>

#include "harness.h"

START_TEST(every_status_has_a_word_that_reads_back)
{
    const run_status status = (run_status)_i;

    ck_assert_int_eq(run_status_of(run_status_name(status)), status);
}
END_TEST

START_TEST(an_unknown_word_is_no_status)
{
    ck_assert_int_eq(run_status_of("finished"), RUN_STATUS_COUNT);
    ck_assert_str_eq(run_status_name(RUN_STATUS_COUNT), "unknown");
}
END_TEST

START_TEST(only_a_run_that_came_to_its_end_is_no_failure)
{
    for (int status = 0; status < RUN_STATUS_COUNT; status++)
        ck_assert_int_eq(run_status_is_failure((run_status)status),
                         status != RUN_COMPLETED && status != RUN_EARLY_STOPPED);
}
END_TEST

START_TEST(a_blank_record_has_no_figures)
{
    run_record record;

    run_record_init(&record);
    ck_assert(isnan(record.train_loss));
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            ck_assert(isnan(record.value[part][m]));
    ck_assert_ptr_null(record.epoch);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/record");
    TCase *words = tcase_create("words"), *figures = tcase_create("figures");

    tcase_add_loop_test(words, every_status_has_a_word_that_reads_back, 0, RUN_STATUS_COUNT);
    tcase_add_test(words, an_unknown_word_is_no_status);
    tcase_add_test(words, only_a_run_that_came_to_its_end_is_no_failure);
    suite_add_tcase(suite, words);
    tcase_add_test(figures, a_blank_record_has_no_figures);
    suite_add_tcase(suite, figures);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
