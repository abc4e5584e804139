/* test_plan_text.c: a plan as it is shown. */
#include "matrix/plan_text.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "planned.h"
#include "support/memory.h"

static const estimate none, some = {.probes = 2, .run_seconds = 0.25, .all_seconds = 600};

/* Text or JSON of a plan: of the file, or of xor with the rest of a file. */
static char *show(const char *rest, bool json, estimate estimate, size_t workers)
{
    char *folder = harness_memory_folder();
    char *text_of_file =
        memory_format("%s%s", strncmp(rest, "base:", 5) == 0 ? "" : PLANNED_XOR, rest);
    planned *made = planned_expect(folder, text_of_file);
    text out = {0};

    ck_assert(json ? plan_json(made->plan, &estimate, workers, &out)
                   : plan_text(made->plan, &estimate, workers, &out));
    planned_free(made);
    free(text_of_file);
    /* the file's name begins the text, behind its folder */
    char *begin = strstr(out.bytes, folder);
    if (begin != NULL)
        memmove(begin, begin + strlen(folder) + 1, strlen(begin + strlen(folder) + 1) + 1);
    free(folder);
    return out.bytes;
}

static void expect(const char *rest, estimate estimate, size_t workers, const char *expected)
{
    char *shown = show(rest, false, estimate, workers);

    ck_assert_str_eq(shown, expected);
    free(shown);
}

static void expect_part(const char *rest, estimate estimate, size_t workers, const char *part)
{
    char *shown = show(rest, false, estimate, workers);

    ck_assert_msg(strstr(shown, part) != NULL, "no \"%s\" in\n%s", part, shown);
    free(shown);
}

#define SMALL                                                                                      \
    "problems: {easy: {}, hard: {data.noise: 0.5}}\n"                                              \
    "axes: {optimizer: [sgd, {name: adam, lr: {log: [1e-4, 1]}}, lbfgs], train.clip_norm: [1, "    \
    "none]}\n"                                                                                     \
    "rules: [{exclude: {optimizer: sgd, problem: hard, train.clip_norm: none}, why: it "           \
    "diverges}]\n"                                                                                 \
    "protocol: {tune: {trials: 4, seeds: 2}, final: {seeds: 8}, untuned_row: true}\n"

START_TEST(a_plan_is_shown_whole)
{
    expect(SMALL, some, 2,
           "m.yaml: 2 problems x 3 x 2 = 12 cells, 9 of them run\n"
           "  problem            easy, hard\n"
           "  optimizer          sgd, adam, lbfgs\n"
           "  train.clip_norm    1, none\n"
           "\n"
           "skipped\n"
           "  2 cells, such as easy / lbfgs / 1:\n"
           "    clip_norm with the optimizer lbfgs, which evaluates loss and gradient itself and "
           "would compare clipped gradients with a loss that is not; leave out clip_norm\n"
           "  1 cell, such as hard / sgd / none:\n"
           "    it diverges\n"
           "\n"
           "runs of                     cells     tune  untuned    final      all\n"
           "sgd                             3        0        0       24       24\n"
           "adam                            4       32       32       32       96\n"
           "lbfgs                           2        0        0       16       16\n"
           "                                9                                 136\n"
           "\n"
           "a run takes about 250 ms (2 tried); all of them on 2 workers about 5 minutes\n");
}
END_TEST

START_TEST(a_plan_without_axes_is_shown)
{
    expect("", none, 1,
           "m.yaml: 1 problem = 1 cell, 1 of them run\n"
           "  problem            base\n"
           "\n"
           "runs of                     cells     tune  untuned    final      all\n"
           "all                             1        0        0        5        5\n"
           "                                1                                   5\n");
}
END_TEST

START_TEST(of_many_values_twelve_are_shown)
{
    expect_part("axes: {train.epochs: 1..30}\n", none, 1,
                "\n  train.epochs       1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ... (30 values)\n");
}
END_TEST

/* Durations in the unit that fits. */
static const struct {
    double run, all;
    const char *shown;
} durations[] = {
    {0.0021, 0.5, "\na run takes about 2 ms (2 tried); all of them on 1 worker about 500 ms\n"},
    {1.5, 119, "\na run takes about 1.5 s (2 tried); all of them on 1 worker about 119 s\n"},
    {130, 7100,
     "\na run takes about 2.17 minutes (2 tried); all of them on 1 worker about 118 minutes\n"},
    {7200, 36000,
     "\na run takes about 2 hours (2 tried); all of them on 1 worker about 10 hours\n"},
    {7200, 36e5, "\na run takes about 2 hours (2 tried); all of them on 1 worker about 42 days\n"},
    {7200, 36e6, "\na run takes about 2 hours (2 tried); all of them on 1 worker about 417 days\n"},
};

START_TEST(durations_have_a_unit_that_fits)
{
    const estimate estimate = {
        .probes = 2, .run_seconds = durations[_i].run, .all_seconds = durations[_i].all};

    expect_part("", estimate, 1, durations[_i].shown);
}
END_TEST

START_TEST(what_failed_when_tried_is_a_warning)
{
    const estimate estimate = {.probes = 2, .failed = 1, .run_seconds = 1, .all_seconds = 5};

    expect_part("", estimate, 1, "about 5 s\nwarning: 1 of the runs that were tried failed\n");
}
END_TEST

/* ---- power ----------------------------------------------------------------------------------- */

#define FOLDS                                                                                      \
    "base:\n"                                                                                      \
    "  data: {generate: xor, samples: 90, folds: 3}\n"                                             \
    "  network: {layers: [{units: 1, activation: sigmoid}]}\n"                                     \
    "  loss: cross_entropy\n  optimizer: sgd\n"

static const struct {
    const char *rest, *warning; /* NULL: none                                                    */
} powers[] = {
    /* 2 of 2^5 ways are as extreme: 0.0625 */
    {"axes: {optimizer: [sgd, adam]}\n",
     "\nwarning: 5 paired runs can never reach p <= 0.05 with Holm's correction over the "
     "comparisons; it takes 6: set protocol.final.seeds to 6 or more\n"},
    {"axes: {optimizer: [sgd, adam]}\nprotocol: {final: {seeds: 6}}\n", NULL},
    {"axes: {optimizer: [sgd, adam]}\nprotocol: {final: {seeds: 1}}\n",
     "\nwarning: 1 paired run can never reach p <= 0.05 with Holm's correction over the "
     "comparisons; it takes 6: set protocol.final.seeds to 6 or more\n"},
    /* three comparisons; of two with a control */
    {"axes: {optimizer: [sgd, adam, rmsprop]}\nprotocol: {final: {seeds: 6}}\n",
     "\nwarning: 6 paired runs can never reach p <= 0.05 with Holm's correction over the "
     "comparisons; it takes 7: set protocol.final.seeds to 7 or more\n"},
    {"axes: {optimizer: [sgd, adam, rmsprop]}\nprotocol: {final: {seeds: 6}}\n"
     "stats: {control: sgd}\n",
     "\nwarning: 6 paired runs can never reach p <= 0.05 with Holm's correction over the "
     "comparisons; it takes 7: set protocol.final.seeds to 7 or more\n"},
    /* folds are pairs, too: 3 x 2 of them are enough, 2 x 2 are not */
    {FOLDS "axes: {optimizer: [sgd, adam], data.fold: [0, 1, 2]}\n"
           "protocol: {final: {seeds: 2}}\n",
     NULL},
    {FOLDS "axes: {optimizer: [sgd, adam], data.fold: [0, 1]}\n"
           "protocol: {final: {seeds: 2}}\n",
     "\nwarning: 4 paired runs can never reach p <= 0.05 with Holm's correction over the "
     "comparisons; it takes 6: set protocol.final.seeds to 3 or more\n"},
    {"axes: {optimizer: [sgd, adam]}\nstats: {alpha: 0.1}\n", NULL},
    {"protocol: {final: {seeds: 4}}\n",
     "\nwarning: 4 runs a cell; intervals of fewer than 5 are no more than a hint\n"},
    {"protocol: {final: {seeds: 1}}\n",
     "\nwarning: 1 run a cell; intervals of fewer than 5 are no more than a hint\n"},
};

START_TEST(too_few_runs_are_a_warning)
{
    char *shown = show(powers[_i].rest, false, none, 1);
    const char *warning = strstr(shown, "\nwarning");

    if (powers[_i].warning == NULL)
        ck_assert_msg(warning == NULL, "%s", warning);
    else
        ck_assert_str_eq(warning != NULL ? warning : "none", powers[_i].warning);
    free(shown);
}
END_TEST

/* ---- for machines ---------------------------------------------------------------------------- */

START_TEST(a_plan_is_an_object)
{
    char *shown = show(SMALL, true, some, 2);

    ck_assert_str_eq(
        shown,
        "{\"matrix\":\"m.yaml\",\"cells\":12,\"cells_run\":9,\"runs\":136,\"treatments\":["
        "{\"name\":\"sgd\",\"cells\":3,\"tune\":0,\"untuned\":0,\"final\":24},"
        "{\"name\":\"adam\",\"cells\":4,\"tune\":32,\"untuned\":32,\"final\":32},"
        "{\"name\":\"lbfgs\",\"cells\":2,\"tune\":0,\"untuned\":0,\"final\":16}],\"skipped\":["
        "{\"cells\":2,\"first\":\"easy / lbfgs / 1\",\"reason\":\"clip_norm with the optimizer "
        "lbfgs, which evaluates loss and gradient itself and would compare clipped gradients with "
        "a loss that is not; leave out clip_norm\"},"
        "{\"cells\":1,\"first\":\"hard / sgd / none\",\"reason\":\"it diverges\"}],"
        "\"pairs\":8,\"least_pairs\":7,\"seconds\":300.0}\n");
    free(shown);
}
END_TEST

START_TEST(without_an_estimate_there_are_no_seconds)
{
    char *shown = show("", true, none, 1);

    ck_assert_str_eq(shown, "{\"matrix\":\"m.yaml\",\"cells\":1,\"cells_run\":1,\"runs\":5,"
                            "\"treatments\":[{\"name\":\"all\",\"cells\":1,\"tune\":0,"
                            "\"untuned\":0,\"final\":5}],\"skipped\":[],\"pairs\":5,"
                            "\"least_pairs\":0}\n");
    free(shown);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/plan_text");
    TCase *t = tcase_create("plan_text");

    tcase_add_test(t, a_plan_is_shown_whole);
    tcase_add_test(t, a_plan_without_axes_is_shown);
    tcase_add_test(t, of_many_values_twelve_are_shown);
    tcase_add_loop_test(t, durations_have_a_unit_that_fits, 0,
                        sizeof(durations) / sizeof(durations[0]));
    tcase_add_test(t, what_failed_when_tried_is_a_warning);
    tcase_add_loop_test(t, too_few_runs_are_a_warning, 0, sizeof(powers) / sizeof(powers[0]));
    tcase_add_test(t, a_plan_is_an_object);
    tcase_add_test(t, without_an_estimate_there_are_no_seconds);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
