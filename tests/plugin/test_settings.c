/* A table turned into a struct: defaults, text to values and back, ranges, and the words of a
 * refusal. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "stage.h"

#include "plugin/settings.h"

/* As in fixtures/optimizer.c. */
typedef struct subject {
    double beta1, weight_decay, eps;
    int64_t history;
    int32_t nesterov, mode;
} subject;

static const place here = {"run.yaml", 9, 12}, there = {"run.yaml", 9, 20};

static char *folder;
static catalog *known;
static settings *chosen;

static void stage(void)
{
    folder = harness_folder();
    free(stage_copy(folder, "sound", "optimizer/subject.so"));
    known = stage_catalog(folder);
    chosen = settings_new(stage_find(known, PLX_KIND_OPTIMIZER, "subject"), NULL);
    ck_assert_ptr_nonnull(chosen);
}

static void clear(void)
{
    settings_free(chosen);
    catalog_free(known);
    free(folder);
}

static size_t index_of(const char *name)
{
    size_t i = 0;

    while (strcmp(settings_row(chosen->plugin, i)->name, name) != 0)
        i++;
    return i;
}

/* ---- values ---- */

START_TEST(starts_with_the_defaults)
{
    const subject *s = chosen->values;

    ck_assert_uint_eq(settings_count(chosen->plugin), 6);
    ck_assert_double_eq(s->beta1, 0.9);
    ck_assert_double_eq(s->weight_decay, 0);
    ck_assert_double_eq(s->eps, 1e-8);
    ck_assert_int_eq(s->history, 10);
    ck_assert_int_eq(s->nesterov, 0);
    ck_assert_int_eq(s->mode, 0);
    ck_assert(settings_are_default(chosen));
}
END_TEST

START_TEST(aligns_the_struct)
{
    ck_assert_uint_eq((uintptr_t)chosen->values % 16, 0);
}
END_TEST

/* Text that is accepted, and the text that the value then has. */
static const struct {
    const char *name, *given, *shown;
} accepted[] = {
    {"beta1", "0", "0"},
    {"beta1", "0.999", "0.999"},
    {"beta1", "1e-3", "0.001"},
    {"weight_decay", "inf", "inf"},
    {"eps", "5e-324", "5e-324"},
    {"history", "1", "1"},
    {"history", "100", "100"},
    {"nesterov", "true", "true"},
    {"nesterov", "yes", "true"},
    {"nesterov", "on", "true"},
    {"nesterov", "false", "false"},
    {"nesterov", "no", "false"},
    {"nesterov", "off", "false"},
    {"mode", "sum", "sum"},
    {"mode", "mean", "mean"},
};

START_TEST(sets_and_shows)
{
    char buffer[32];
    plx_error error = {0};

    ck_assert_msg(settings_set(chosen, accepted[_i].name, here, accepted[_i].given, there, &error),
                  "%s", error.text);
    ck_assert_str_eq(settings_value(chosen, index_of(accepted[_i].name), buffer),
                     accepted[_i].shown);
}
END_TEST

START_TEST(writes_the_members)
{
    const subject *s = chosen->values;

    ck_assert(settings_set(chosen, "beta1", here, "0.25", there, NULL));
    ck_assert(settings_set(chosen, "history", here, "7", there, NULL));
    ck_assert(settings_set(chosen, "nesterov", here, "on", there, NULL));
    ck_assert(settings_set(chosen, "mode", here, "sum", there, NULL));
    ck_assert_double_eq(s->beta1, 0.25);
    ck_assert_double_eq(s->weight_decay, 0);
    ck_assert_double_eq(s->eps, 1e-8);
    ck_assert_int_eq(s->history, 7);
    ck_assert_int_eq(s->nesterov, 1);
    ck_assert_int_eq(s->mode, 1);
}
END_TEST

START_TEST(knows_what_is_no_default)
{
    ck_assert(settings_set(chosen, "history", here, "11", there, NULL));
    ck_assert(!settings_are_default(chosen));
    ck_assert(settings_set(chosen, "history", here, "10", there, NULL));
    ck_assert(settings_are_default(chosen));
}
END_TEST

START_TEST(reads_its_own_text_back_to_the_bit)
{
    static const char *const texts[] = {"0.1", "0.30000000000000004", "2.2250738585072014e-308"};
    const subject *s = chosen->values;
    char buffer[32];

    ck_assert(settings_set(chosen, "beta1", here, texts[_i], there, NULL));
    const double before = s->beta1;
    char *shown = strdup(settings_value(chosen, index_of("beta1"), buffer));
    ck_assert(settings_set(chosen, "beta1", here, "0", there, NULL));
    ck_assert(settings_set(chosen, "beta1", here, shown, there, NULL));
    ck_assert_int_eq(memcmp(&before, &s->beta1, sizeof(before)), 0);
    free(shown);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    const char *name, *given, *text;
} refused[] = {
    {"beta1", "1.5", "run.yaml:9:20: beta1 is 1.5; it must be in 0 <= beta1 < 1"},
    {"beta1", "1", "run.yaml:9:20: beta1 is 1; it must be in 0 <= beta1 < 1"},
    {"beta1", "-0.1", "run.yaml:9:20: beta1 is -0.1; it must be in 0 <= beta1 < 1"},
    {"beta1", "nan", "run.yaml:9:20: beta1 is nan; it must be in 0 <= beta1 < 1"},
    {"beta1", "high", "run.yaml:9:20: beta1 is 'high'; it must be a number in 0 <= beta1 < 1"},
    {"beta1", "", "run.yaml:9:20: beta1 is ''; it must be a number in 0 <= beta1 < 1"},
    {"beta1", "0x1p-1", "run.yaml:9:20: beta1 is '0x1p-1'; it must be a number in 0 <= beta1 < 1"},
    {"weight_decay", "-1", "run.yaml:9:20: weight_decay is -1; it must be a number at or above 0"},
    {"eps", "0", "run.yaml:9:20: eps is 0; it must be a number above 0"},
    {"history", "0",
     "run.yaml:9:20: history is 0; it must be a whole number in 1 <= history <= 100"},
    {"history", "2.5",
     "run.yaml:9:20: history is 2.5; it must be a whole number in 1 <= history <= 100"},
    {"history", "99999999999999999999",
     "run.yaml:9:20: history is 99999999999999999999; it must be a whole number in 1 <= history <= "
     "100"},
    {"nesterov", "maybe", "run.yaml:9:20: nesterov is 'maybe'; it must be true or false"},
    {"nesterov", "1", "run.yaml:9:20: nesterov is 1; it must be true or false"},
    {"mode", "maen",
     "run.yaml:9:20: mode is 'maen'; it must be one of mean, sum; did you mean 'mean'?"},
    {"mode", "median of all",
     "run.yaml:9:20: mode is 'median of all'; it must be one of mean, sum"},
    {"beta2", "0.5",
     "run.yaml:9:12: optimizer 'subject' has no setting 'beta2'; did you mean 'beta1'?"},
    {"velocity", "1",
     "run.yaml:9:12: optimizer 'subject' has no setting 'velocity'; it has beta1, history, "
     "nesterov, "
     "mode, weight_decay and eps"},
};

START_TEST(refuses_value)
{
    plx_error error = {0};

    ck_assert(!settings_set(chosen, refused[_i].name, here, refused[_i].given, there, &error));
    stage_expect(&error, ERROR_CONFIG, folder, refused[_i].text);
    ck_assert(settings_are_default(chosen));
}
END_TEST

START_TEST(places_what_validate_says)
{
    plx_error error = {0};

    ck_assert(settings_set(chosen, "beta1", here, "0", there, NULL));
    ck_assert(settings_set(chosen, "nesterov", here, "true", there, NULL));
    ck_assert(!settings_validate(chosen, here, &error));
    stage_expect(&error, ERROR_CONFIG, folder,
                 "run.yaml:9:12: optimizer 'subject': nesterov needs beta1 above 0");
}
END_TEST

START_TEST(places_a_silent_validate)
{
    plx_error error = {0};

    ck_assert(settings_set(chosen, "history", here, "13", there, NULL));
    ck_assert(!settings_validate(chosen, here, &error));
    stage_expect(&error, ERROR_CONFIG, folder,
                 "run.yaml:9:12: optimizer 'subject': returned status -1 without a message");
}
END_TEST

START_TEST(believes_what_validate_says_before_what_it_returns)
{
    plx_error error = {0};

    ck_assert(settings_set(chosen, "history", here, "14", there, NULL));
    ck_assert(!settings_validate(chosen, here, &error));
    stage_expect(&error, ERROR_CONFIG, folder,
                 "run.yaml:9:12: optimizer 'subject': history must not be 14");
}
END_TEST

START_TEST(validates_the_defaults)
{
    plx_error error = {0};

    ck_assert_msg(settings_validate(chosen, here, &error), "%s", error.text);
}
END_TEST

/* ---- ranges ---- */

static const struct {
    plx_setting row;
    const char *text;
} ranges[] = {
    {{.type = PLX_TYPE_REAL, .min = 0, .max = 1, .flags = PLX_OPEN_MAX}, "0 <= x < 1"},
    {{.type = PLX_TYPE_REAL, .min = 0, .max = HUGE_VAL, .flags = PLX_OPEN_MIN}, "x > 0"},
    {{.type = PLX_TYPE_REAL, .min = 0.5, .max = HUGE_VAL}, "x >= 0.5"},
    {{.type = PLX_TYPE_REAL, .min = -HUGE_VAL, .max = 0}, "x <= 0"},
    {{.type = PLX_TYPE_REAL, .min = -HUGE_VAL, .max = HUGE_VAL}, "any number"},
    {{.type = PLX_TYPE_REAL, .min = 0, .max = HUGE_VAL, .flags = PLX_OPEN_MAX}, "0 <= x < inf"},
    {{.type = PLX_TYPE_INTEGER, .min = 1, .max = 100}, "1 <= x <= 100"},
    {{.type = PLX_TYPE_FLAG, .min = 0, .max = 1}, "true or false"},
};

START_TEST(says_the_range)
{
    char *range = settings_range(&ranges[_i].row);

    ck_assert_str_eq(range, ranges[_i].text);
    free(range);
}
END_TEST

START_TEST(says_the_choices)
{
    char *range = settings_range(settings_row(chosen->plugin, index_of("mode")));

    ck_assert_str_eq(range, "one of mean, sum");
    free(range);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *suite(void)
{
    Suite *s = suite_create("settings");
    TCase *values = tcase_create("values");

    tcase_add_checked_fixture(values, stage, clear);
    tcase_add_test(values, starts_with_the_defaults);
    tcase_add_test(values, aligns_the_struct);
    tcase_add_loop_test(values, sets_and_shows, 0, COUNT(accepted));
    tcase_add_test(values, writes_the_members);
    tcase_add_test(values, knows_what_is_no_default);
    tcase_add_loop_test(values, reads_its_own_text_back_to_the_bit, 0, 3);
    tcase_add_loop_test(values, refuses_value, 0, COUNT(refused));
    tcase_add_test(values, places_what_validate_says);
    tcase_add_test(values, places_a_silent_validate);
    tcase_add_test(values, believes_what_validate_says_before_what_it_returns);
    tcase_add_test(values, validates_the_defaults);
    tcase_add_loop_test(values, says_the_range, 0, COUNT(ranges));
    tcase_add_test(values, says_the_choices);
    suite_add_tcase(s, values);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
