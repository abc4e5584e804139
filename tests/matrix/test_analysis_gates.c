/* test_analysis_gates.c: which gates hold, and what they say they saw. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

/* Two problems, six seeds, sgd at 0.5 throughout; the gate follows. */
static const char header[] = "problems: {x: {}, y: {}}\n"
                             "axes: {optimizer: [sgd, adam]}\n"
                             "protocol: {final: {seeds: 6}}\n"
                             "gate:\n";

static made *with_gate(const char *gate)
{
    text yaml = {0};

    text_addf(&yaml, "%s  - %s\n", header, gate);
    made *m = made_new(yaml.bytes);
    free(yaml.bytes);
    return m;
}

/* adam gains `each` in each problem, and a little more from seed to seed. */
static void fill(made *m, double x, double y)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "x sgd", seed, 0.5);
        made_final(m, "y sgd", seed, 0.5);
        made_final(m, "x adam", seed, 0.5 + x);
        made_final(m, "y adam", seed, 0.5 + y);
    }
}

/* All differences are equal, so the interval is a point; p = 2 / 2^6. */
static const struct {
    const char *gate;
    double x, y;
    bool passed;
    const char *detail;
} pairs[] = {
    {"adam better_than sgd", 0.1, 0.1, true, "adam - sgd = 0.1 [0.1, 0.1] over 6 seeds, p = 0.031"},
    {"adam better_than sgd", -0.1, -0.1, false,
     "adam - sgd = -0.1 [-0.1, -0.1] over 6 seeds, p = 0.031"},
    {"adam better_than sgd by 0.05", 0.1, 0.1, true,
     "adam - sgd = 0.1 [0.1, 0.1] over 6 seeds, p = 0.031"},
    {"adam better_than sgd by 0.125", 0.125, 0.125, false,
     "adam - sgd = 0.125 [0.125, 0.125] over 6 seeds, p = 0.031"},
    {"adam worse_than sgd", -0.1, -0.1, true,
     "adam - sgd = -0.1 [-0.1, -0.1] over 6 seeds, p = 0.031"},
    {"adam worse_than sgd", 0.1, 0.1, false, "adam - sgd = 0.1 [0.1, 0.1] over 6 seeds, p = 0.031"},
    {"adam better_than sgd on x.test_accuracy", 0.1, -0.9, true,
     "adam - sgd = 0.1 [0.1, 0.1] over 6 seeds, p = 0.031"},
    {"adam better_than sgd on y.test_accuracy", 0.9, -0.1, false,
     "adam - sgd = -0.1 [-0.1, -0.1] over 6 seeds, p = 0.031"},
    {"adam not_worse_than sgd", 0, 0, true, "adam - sgd = 0 [0, 0] over 6 seeds"},
    {"adam not_worse_than sgd by 0.005", -0.004, -0.004, true,
     "adam - sgd = -0.004 [-0.004, -0.004] over 6 seeds"},
    {"adam not_worse_than sgd by 0.005", -0.006, -0.006, false,
     "adam - sgd = -0.006 [-0.006, -0.006] over 6 seeds"},
    {"sgd not_worse_than adam", -0.1, -0.1, true, "sgd - adam = 0.1 [0.1, 0.1] over 6 seeds"},
};

START_TEST(a_gate_on_two_treatments_holds_if_it_is_shown)
{
    made *m = with_gate(pairs[_i].gate);
    fill(m, pairs[_i].x, pairs[_i].y);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->gate_count, 1);
    ck_assert_str_eq(a->gate[0].detail, pairs[_i].detail);
    ck_assert_int_eq(a->gate[0].passed, pairs[_i].passed);
    ck_assert_int_eq(analysis_passed(a), pairs[_i].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(not_worse_goes_by_the_lower_bound)
{
    made *m = with_gate("adam not_worse_than sgd by 0.0625");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "x sgd", seed, 0.5);
        made_final(m, "y sgd", seed, 0.5);
        made_final(m, "x adam", seed, seed % 2 == 0 ? 0.75 : 0.375); /* better on average */
        made_final(m, "y adam", seed, seed % 2 == 0 ? 0.75 : 0.375);
    }
    analysis *a = made_analysis(m); /* 5 of 6 draws -0.125: (1 + 6) / 64 > 2.5 % > 1 / 64 */

    ck_assert_str_eq(a->gate[0].detail, "adam - sgd = 0.0625 [-0.0625, 0.188] over 6 seeds");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_difference_of_losses_is_shown_as_figures)
{
    made *m = with_gate("adam better_than sgd on x.test_loss");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "x sgd", seed, 0.5)->value[RECORD_TEST][METRIC_LOSS] = 3;
        made_final(m, "x adam", seed, 0.5)->value[RECORD_TEST][METRIC_LOSS] = 2;
    }
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "adam - sgd = -1 [-1, -1] over 6 seeds, p = 0.031");
    ck_assert(a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_pair_of_one_seed_shows_nothing)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 1}}\n"
                       "gate: [adam not_worse_than sgd by 0.5]\n");
    made_final(m, "b sgd", 1, 0.5);
    made_final(m, "b adam", 1, 0.6);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail,
                     "adam - sgd = 0.1 over 1 seed; at least 2 pairs are needed");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(results_that_are_not_all_there_show_nothing)
{
    made *m = with_gate("adam not_worse_than sgd on x.test_accuracy by 0.5");
    for (uint64_t seed = 1; seed <= 5; seed++) {
        made_final(m, "x sgd", seed, 0.5);
        made_final(m, "x adam", seed, 0.75);
    }
    made_final(m, "x sgd", 6, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "adam - sgd = 0.25 [0.25, 0.25] over 5 seeds; incomplete: "
                                        "11 of 12 runs are there");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(treatments_that_never_meet_show_nothing)
{
    made *m = with_gate("adam not_worse_than sgd on x.test_accuracy");
    made_skip(m, "x adam", "no");
    fill(m, 0, 0);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "they do not meet in any cell");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(the_same_is_not_worse_and_not_better)
{
    made *m = made_new("axes: {optimizer: [sgd, momentum]}\n"
                       "protocol: {final: {seeds: 2}}\n"
                       "gate: [momentum not_worse_than sgd, momentum better_than sgd]\n");
    for (uint64_t seed = 1; seed <= 2; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_weights(m, "w");
        made_final(m, "b momentum", seed, 0.5);
        made_weights(m, "w");
    }
    analysis *a = made_analysis(m);

    ck_assert(a->gate[0].passed);
    ck_assert_str_eq(a->gate[0].detail, "momentum - sgd = 0 [0, 0] over 2 seeds; their final "
                                        "weights are equal");
    ck_assert(!a->gate[1].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_margin_over_different_units_means_nothing)
{
    made *m = with_gate("adam better_than sgd on test_loss by 0.1");
    for (uint64_t seed = 1; seed <= 6; seed++)
        for (int p = 0; p < 2; p++) {
            made_final(m, p == 0 ? "x sgd" : "y sgd", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = 9;
            made_final(m, p == 0 ? "x adam" : "y adam", seed, 0)->value[RECORD_TEST][METRIC_LOSS] =
                1;
        }
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail,
                     "adam - sgd in net share of blocks won = 1 [1, 1] over 6 seeds, p = 0.031; a "
                     "margin has no meaning over figures of different units: name a problem");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- every cell ------------------------------------------------------------------------------ */

static const struct {
    const char *gate;
    bool passed;
    const char *detail;
} cells[] = {
    {"every cell: final test_accuracy >= 0.5", true, "4 of 4 cells; the worst is x sgd with 0.5"},
    {"every cell: test_accuracy > 0.5", false, "2 of 4 cells; the worst is x sgd with 0.5"},
    {"every cell: y.test_accuracy >= 0.625", false, "1 of 2 cells; the worst is y sgd with 0.5"},
    {"every cell: test_accuracy <= 0.75", true, "4 of 4 cells; the worst is y adam with 0.75"},
    {"every cell: test_accuracy < 0.75", false, "3 of 4 cells; the worst is y adam with 0.75"},
};

START_TEST(every_cell_is_judged_by_its_mean)
{
    made *m = with_gate(cells[_i].gate);
    fill(m, 0.125, 0.25);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, cells[_i].detail);
    ck_assert_int_eq(a->gate[0].passed, cells[_i].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_failed_run_and_a_missing_one_fail_their_cell)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 2}}\n"
                       "gate: ['every cell: test_accuracy >= 0.1']\n");
    made_finals(m, "b sgd", (double[]){0.5, 0.5}, 2);
    made_final(m, "b adam", 1, 0.75);
    made_final(m, "b lion", 1, 0.75);
    made_failed(m, "b lion", 2);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "1 of 3 cells; the worst is b sgd with 0.5; 1 with failed "
                                        "runs; 1 incomplete; the first of these is b adam");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_gate_that_judges_nothing_does_not_hold)
{
    made *m = with_gate("every cell: x.test_accuracy >= 0.1");
    made_skip(m, "x sgd", "no");
    made_skip(m, "x adam", "no");
    fill(m, 0, 0);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "there is no cell to judge");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_figure_that_is_not_there_cannot_hold)
{
    made *m = with_gate("every cell: test_r2 >= -9");
    fill(m, 0, 0);
    analysis *a = made_analysis(m);

    ck_assert_str_eq(a->gate[0].detail, "not every problem has a test_r2; 0 of 4 cells");
    ck_assert(!a->gate[0].passed);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* Of few replicates another seed would have other intervals. */
START_TEST(a_gate_has_the_interval_of_the_verdict)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 9}}\n"
                       "stats: {control: sgd, replicates: 1000}\n"
                       "gate: [adam not_worse_than sgd by 1, adam not_worse_than sgd by 1]\n");
    for (uint64_t seed = 1; seed <= 9; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.5 + 0.01 * (double)(seed * seed % 17));
    }
    analysis *a = made_analysis(m);
    const char *interval = strchr(a->gate[0].detail, '[');

    ck_assert_ptr_nonnull(interval);
    char *of_gate = strndup(interval, strcspn(interval, "]"));
    ck_assert_ptr_nonnull(strstr(a->sentence[0].text, of_gate));
    ck_assert_str_eq(a->gate[1].detail, a->gate[0].detail);
    free(of_gate);
    analysis_free(a);
    made_free(m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_gates");
    TCase *two = tcase_create("two treatments"), *every = tcase_create("every cell");

    tcase_add_loop_test(two, a_gate_on_two_treatments_holds_if_it_is_shown, 0,
                        sizeof(pairs) / sizeof(pairs[0]));
    tcase_add_test(two, not_worse_goes_by_the_lower_bound);
    tcase_add_test(two, a_difference_of_losses_is_shown_as_figures);
    tcase_add_test(two, a_pair_of_one_seed_shows_nothing);
    tcase_add_test(two, results_that_are_not_all_there_show_nothing);
    tcase_add_test(two, treatments_that_never_meet_show_nothing);
    tcase_add_test(two, the_same_is_not_worse_and_not_better);
    tcase_add_test(two, a_gate_has_the_interval_of_the_verdict);
    tcase_add_test(two, a_margin_over_different_units_means_nothing);
    suite_add_tcase(suite, two);
    tcase_add_loop_test(every, every_cell_is_judged_by_its_mean, 0,
                        sizeof(cells) / sizeof(cells[0]));
    tcase_add_test(every, a_failed_run_and_a_missing_one_fail_their_cell);
    tcase_add_test(every, a_gate_that_judges_nothing_does_not_hold);
    tcase_add_test(every, a_figure_that_is_not_there_cannot_hold);
    suite_add_tcase(suite, every);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
