/* test_analysis_words.c: the sentences, to the letter. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

static const char six_seeds[] = "axes: {optimizer: [sgd, adam]}\n"
                                "protocol: {final: {seeds: 6}}\n"
                                "stats: {control: sgd}\n";

static void expect(const analysis *a, size_t index, analysis_tone tone, const char *text)
{
    ck_assert_uint_gt(a->sentence_count, index);
    ck_assert_str_eq(a->sentence[index].text, text);
    ck_assert_int_eq(a->sentence[index].tone, tone);
}

/* sgd at 0.5; adam's differences by seed. */
static made *with_differences(const char *yaml, const double *difference, size_t seeds)
{
    made *m = made_new(yaml);

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.5 + difference[seed - 1]);
    }
    return m;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static const struct {
    double difference[6];
    analysis_tone tone;
    const char *text;
} verdicts[] = {
    {{0.125, 0.125, 0.125, 0.125, 0.125, 0.125},
     TONE_GOOD,
     "adam is better than sgd: test accuracy 0.625 against 0.5, difference 0.125 [0.125, 0.125] "
     "over 6 seeds, p = 0.031."},
    {{-0.125, -0.125, -0.125, -0.125, -0.125, -0.125},
     TONE_BAD,
     "adam is worse than sgd: test accuracy 0.375 against 0.5, difference -0.125 [-0.125, -0.125] "
     "over 6 seeds, p = 0.031."},
    {{0, 0, 0, 0, 0, 0},
     TONE_NEUTRAL,
     "adam against sgd is undecided: test accuracy 0.5 against 0.5, difference 0 [0, 0] over 6 "
     "seeds, p = 1; no number of seeds is in sight that would decide it."},
    {{0.125, 0.125, 0.125, 0.125, 0, 0.125}, /* p = 2 / 2^5; needs 6 over a share of 5 / 6 */
     TONE_NEUTRAL,
     "adam against sgd is undecided: test accuracy 0.6042 against 0.5, difference 0.104 [0.0625, "
     "0.125] over 6 seeds, p = 0.062; about 2 more seeds would be needed."},
};

START_TEST(a_pair_has_its_verdict_in_a_sentence)
{
    made *m = with_differences(six_seeds, verdicts[_i].difference, 6);
    analysis *a = made_analysis(m);

    expect(a, 0, verdicts[_i].tone, verdicts[_i].text);
    ck_assert_uint_eq(a->sentence_count, 1); /* nothing to warn of */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_loss_is_told_as_it_is)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd, metric: val_loss}\n");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b sgd", seed, 0.5)->value[RECORD_VALIDATION][METRIC_LOSS] = 2;
        made_final(m, "b adam", seed, 0.5)->value[RECORD_VALIDATION][METRIC_LOSS] = 0.5;
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_GOOD,
           "adam is better than sgd: validation loss 0.5 against 2, difference -1.5 [-1.5, -1.5] "
           "over 6 seeds, p = 0.031.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(failures_come_before_figures)
{
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b adam", seed, 0.625);
        if (seed == 4)
            made_failed(m, "b sgd", seed);
        else
            made_final(m, "b sgd", seed, 0.5);
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_GOOD,
           "adam is better than sgd: sgd failed more often in 1 of 6 seeds; otherwise test "
           "accuracy 0.625 against 0.5, difference 0.125 over 5 seeds, p = 0.031.");
    expect(a, 1, TONE_WARNING, "1 of 12 final runs failed: sgd 1 (diverged). They rank last.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_failure_outweighs_what_the_ranks_say)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 12}}\n"
                       "stats: {control: sgd}\n");
    for (uint64_t seed = 1; seed <= 12; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        if (seed == 4)
            made_failed(m, "b adam", seed);
        else
            made_final(m, "b adam", seed, 0.625);
    }
    analysis *a = made_analysis(m); /* ranks 6, 11 times, and 12: p = 2 * 68 / 2^12 */

    expect(a, 0, TONE_NEUTRAL,
           "adam against sgd is undecided: adam failed more often in 1 of 12 seeds; otherwise test "
           "accuracy 0.625 against 0.5, difference 0.125 over 11 seeds, p = 0.033; the mean and "
           "the ranks point different ways.");
    ck_assert_uint_eq(made_pair(a, "adam", "sgd", SIZE_MAX)->more, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(where_one_always_fails_there_are_no_figures)
{
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b adam", seed, 0.625);
        made_failed(m, "b sgd", seed);
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_GOOD,
           "adam is better than sgd: sgd failed more often in 6 of 6 seeds, p = 0.031.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(where_both_always_fail_that_is_all_there_is_to_say)
{
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_failed(m, "b adam", seed);
        made_failed(m, "b sgd", seed);
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_NEUTRAL,
           "adam against sgd is undecided: all their runs failed, p = 1; no number of seeds is in "
           "sight that would decide it.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(wins_are_told_as_shares)
{
    made *m = made_new("problems: {x: {}, y: {}}\n"
                       "axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd, metric: test_loss}\n");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "x sgd", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = 2;
        made_final(m, "x adam", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = 1;
        made_final(m, "y sgd", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = 100;
        made_final(m, "y adam", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = 100;
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_GOOD,
           "adam is better than sgd: net share of blocks won 50 % [50, 50] over 6 seeds, p = "
           "0.031.");
    expect(a, 1, TONE_NEUTRAL, "adam against sgd by problem: better on x; undecided on y.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_a_control_the_best_is_held_against_the_others)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 8}}\n");
    for (uint64_t seed = 1; seed <= 8; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.25);
        made_final(m, "b lion", seed, 0.625);
    }
    analysis *a = made_analysis(m); /* p = 3 * 2 / 2^8 */

    expect(a, 0, TONE_NEUTRAL,
           "lion ranks first, mean rank 1 of 3 over 1 block, interquartile mean of test accuracy "
           "0.625 [0.625, 0.625] over 8 runs.");
    expect(a, 1, TONE_GOOD,
           "lion is better than sgd: test accuracy 0.625 against 0.5, difference 0.125 [0.125, "
           "0.125] over 8 seeds, p = 0.023 (Holm).");
    expect(a, 2, TONE_GOOD,
           "lion is better than adam: test accuracy 0.625 against 0.25, difference 0.375 [0.375, "
           "0.375] over 8 seeds, p = 0.023 (Holm).");
    ck_assert_uint_eq(a->sentence_count, 3);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(those_that_tie_rank_first_together)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 8}}\n");
    for (uint64_t seed = 1; seed <= 8; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.5);
        made_final(m, "b lion", seed, 0.25);
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_NEUTRAL,
           "sgd and adam rank first together, mean rank 1.5 of 3 over 1 block.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_single_treatment_has_its_figure)
{
    made *m = made_new("axes: {optimizer: [sgd]}\n"
                       "protocol: {final: {seeds: 5}}\n");
    made_finals(m, "b sgd", (double[]){0.5, 0.5, 0.5, 0.5, 0.5}, 5);
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_NEUTRAL,
           "sgd: interquartile mean of test accuracy 0.5 [0.5, 0.5] over 5 runs.");
    ck_assert_uint_eq(a->sentence_count, 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(of_many_treatments_the_first_few_are_told)
{
    made *m = made_new("axes: {optimizer.lr: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"
                       "protocol: {final: {seeds: 9}}\n"
                       "stats: {control: 1, replicates: 1000}\n");
    for (int i = 1; i <= 9; i++)
        for (uint64_t seed = 1; seed <= 9; seed++) {
            char label[8];
            snprintf(label, sizeof(label), "b %d", i);
            made_final(m, label, seed, i <= 2 ? 0.5 : 0.25);
        }
    analysis *a = made_analysis(m); /* 8 comparisons: 6 and a sentence */

    ck_assert_uint_eq(a->sentence_count, 7);
    expect(a, 6, TONE_NEUTRAL,
           "Of 2 more comparisons 0 are better, 2 worse, 0 undecided and 0 the same.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(the_same_is_told_as_such)
{
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_weights(m, "w");
        made_final(m, "b adam", seed, 0.5);
        made_weights(m, "w");
    }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_NEUTRAL,
           "adam and sgd are the same: their final weights are equal wherever both have run.");
    expect(a, 1, TONE_NEUTRAL,
           "1 cell is the same as an earlier one, with equal final weights for every seed (b adam "
           "as b sgd): shown, but not evidence twice.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(friedman_is_told_with_its_p)
{
    static const char *const activation[] = {"tanh", "relu"}, *const optimizer[] = {"a", "b", "c"};
    made *m = made_new("axes: {hidden_activation: [tanh, relu], optimizer: [a, b, c]}\n"
                       "protocol: {final: {seeds: 8}}\n"
                       "stats: {control: a}\n");
    for (int i = 0; i < 2; i++)
        for (int t = 0; t < 3; t++)
            for (uint64_t seed = 1; seed <= 8; seed++) {
                char label[16];
                snprintf(label, sizeof(label), "b %s %s", activation[i], optimizer[t]);
                made_final(m, label, seed, 0.25 * t);
            }
    analysis *a = made_analysis(m); /* both blocks rank alike: 1 / 3!; CD = 2.344 sqrt(12 / 12) */

    expect(a, 2, TONE_NEUTRAL,
           "Over 2 blocks of 1 problem Friedman's test does not tell the mean ranks apart: p = "
           "0.17, which is smaller than it should be, as blocks of one problem are not "
           "independent.");
    expect(a, 3, TONE_WARNING,
           "The mean ranks of 3 treatments over 2 blocks cannot tell which differ: the critical "
           "difference is 2.34 of at most 2. There is no diagram of them.");
    analysis_free(a);
    made_free(m);
}
END_TEST

/* Of 4 problems all agree but for one swap: 0.0417 of all orders do as well, where F's p is 0.0066. */
START_TEST(friedmans_p_over_few_problems_is_that_of_all_orders)
{
    made *m = made_new("problems: {w: {}, x: {}, y: {}, z: {}}\n"
                       "axes: {optimizer: [a, b, c]}\n"
                       "protocol: {final: {seeds: 1}}\n");
    for (int p = 0; p < 4; p++)
        for (int t = 0; t < 3; t++) {
            char label[8];
            snprintf(label, sizeof(label), "%c %c", 'w' + p, 'a' + t);
            made_final(m, label, 1, 0.25 * (p == 3 && t < 2 ? 1 - t : t));
        }
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(a->friedman.f_p, 0.0066, 0.0001);
    ck_assert_double_eq_tol(a->friedman_p, 0.0417, 0.003);
    ck_assert_ptr_nonnull(
        made_sentence(a, "Over 4 blocks Friedman's test tells the mean ranks apart: p = 0.04"));
    analysis_free(a);
    made_free(m);
}
END_TEST

/* relu's block is tanh's again: 8 runs of each are there, 4 count. */
START_TEST(runs_that_are_evidence_twice_are_not_counted_twice)
{
    made *m = made_new("axes: {hidden_activation: [tanh, relu], optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 4}}\n");
    static const char *const label[] = {"tanh sgd", "tanh adam", "tanh lion",
                                        "relu sgd", "relu adam", "relu lion"};
    for (size_t i = 0; i < 6; i++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            char full[16], weights[16];
            snprintf(full, sizeof(full), "b %s", label[i]);
            snprintf(weights, sizeof(weights), "w%zu%d", i % 3, (int)seed);
            made_final(m, full, seed, 0.25 * (double)(i % 3));
            made_weights(m, weights);
        }
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_NEUTRAL,
           "lion ranks first, mean rank 1 of 3 over 1 block, interquartile mean of test accuracy "
           "0.5 [0.5, 0.5] over 4 runs.");
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- warnings -------------------------------------------------------------------------------- */

START_TEST(nothing_there_is_no_verdict)
{
    made *m = made_new(six_seeds);
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_WARNING, "There is no verdict yet: 0 of 12 final runs are there.");
    expect(a, 1, TONE_WARNING, "Incomplete: 0 of 12 final runs are there.");
    ck_assert_uint_eq(a->sentence_count, 2);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_treatment_that_has_not_run_cannot_be_compared)
{
    made *m = made_new(six_seeds);
    made_note(m, "planned.tune", "4");
    made_final(m, "b sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    expect(a, 0, TONE_WARNING, "adam and sgd cannot be compared yet: no seed has run for both.");
    expect(a, 1, TONE_WARNING, "Incomplete: 0 of 4 tuning runs, 1 of 12 final runs are there.");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(too_few_seeds_and_too_little_power_are_said)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 3}}\n"
                       "stats: {control: sgd}\n");
    made_final(m, "b sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(made_sentence(
        a, "3 seeds can never reach p <= 0.05 after Holm's correction for 2 comparisons: at least "
           "7 are needed."));
    ck_assert_ptr_nonnull(
        made_sentence(a, "3 seeds are too few for intervals to be trusted: take at least 5."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(failures_are_counted_by_how_runs_ended)
{
    static const run_status status[] = {RUN_CRASHED, RUN_OUT_OF_MEMORY, RUN_CRASHED};
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 3; seed++)
        made_final(m, "b sgd", seed, 0.5)->status = status[seed - 1];
    made_failed(m, "b adam", 1);
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(
        made_sentence(a, "4 of 4 final runs failed: sgd 3 (2 crashed, 1 out of memory), adam 1 "
                         "(diverged). They rank last."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(repeated_blocks_are_counted)
{
    made *m = made_new("axes: {loss: [cross_entropy, kl], optimizer: [sgd]}\n"
                       "protocol: {final: {seeds: 1}}\n");
    made_final(m, "b cross_entropy sgd", 1, 0.5);
    made_weights(m, "w");
    made_final(m, "b kl sgd", 1, 0.5);
    made_weights(m, "w");
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(made_sentence(
        a, "1 cell is the same as an earlier one, with equal final weights for every seed (b kl "
           "sgd as b cross_entropy sgd): shown, but not evidence twice, so 1 of 2 blocks is left "
           "out."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_figure_that_nobody_has_is_said)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\nstats: {metric: test_r2}\n");
    made_final(m, "b sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(
        made_sentence(a, "No run of b has a test_r2, so it has no part in the verdict."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(folds_are_a_caveat)
{
    made *m = made_new("axes: {optimizer: [sgd, adam], data.fold: [0, 1]}\n"
                       "protocol: {final: {seeds: 5}}\n");
    made_final(m, "b sgd 0", 1, 0.5);
    made_final(m, "b adam 0", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(made_sentence(
        a, "Seeds of one fold share all rows and folds share training rows, so pairs are not "
           "independent and p is smaller than it should be."));
    ck_assert_ptr_nonnull(strstr(a->sentence[0].text, "over 1 pair of seed and fold"));
    analysis_free(a);
    made_free(m);
}
END_TEST

static const struct {
    const char *yaml, *first;
} losses[] = {
    {"axes: {loss: [mse, kl]}\nstats: {metric: test_loss}\n", "b mse"},
    {"axes: {loss.delta: [1, 2]}\nstats: {metric: test_loss}\n", "b 1"},
};

START_TEST(losses_compared_by_the_loss_are_a_caveat)
{
    made *m = made_new(losses[_i].yaml);
    made_final(m, losses[_i].first, 1, 0.5)->value[RECORD_TEST][METRIC_LOSS] = 1;
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(made_sentence(
        a, "Losses are compared by the loss, each by its own: name another figure under "
           "stats.metric."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(unequal_tuning_and_edges_are_said)
{
    made *m = made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}, adam, lion]}\n"
                       "protocol: {tune: {sampler: random, trials: 1, seeds: 1}}\n");
    made_trial(m, "b sgd", 0, "optimizer.lr", "90", 0.5);
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(
        made_sentence(a, "Tuning is unequal: adam and lion search nothing while others do."));
    ck_assert_ptr_nonnull(
        made_sentence(a, "The best optimizer.lr of sgd is at the high end of its range in 1 of 1 "
                         "cells (90): widen it."));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(long_lists_of_names_are_cut)
{
    made *m =
        made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}, a, b, c, d, e, f]}\n"
                 "protocol: {tune: {sampler: random, trials: 1, seeds: 1}}\n");
    analysis *a = made_analysis(m);

    ck_assert_ptr_nonnull(made_sentence(
        a, "Tuning is unequal: a, b, c, d and 2 more search nothing while others do."));
    analysis_free(a);
    made_free(m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_words");
    TCase *verdict = tcase_create("verdict"), *warnings = tcase_create("warnings");

    tcase_add_loop_test(verdict, a_pair_has_its_verdict_in_a_sentence, 0,
                        sizeof(verdicts) / sizeof(verdicts[0]));
    tcase_add_test(verdict, a_loss_is_told_as_it_is);
    tcase_add_test(verdict, failures_come_before_figures);
    tcase_add_test(verdict, a_failure_outweighs_what_the_ranks_say);
    tcase_add_test(verdict, where_one_always_fails_there_are_no_figures);
    tcase_add_test(verdict, where_both_always_fail_that_is_all_there_is_to_say);
    tcase_add_test(verdict, wins_are_told_as_shares);
    tcase_add_test(verdict, without_a_control_the_best_is_held_against_the_others);
    tcase_add_test(verdict, those_that_tie_rank_first_together);
    tcase_add_test(verdict, a_single_treatment_has_its_figure);
    tcase_add_test(verdict, of_many_treatments_the_first_few_are_told);
    tcase_add_test(verdict, the_same_is_told_as_such);
    tcase_add_test(verdict, friedman_is_told_with_its_p);
    tcase_add_test(verdict, friedmans_p_over_few_problems_is_that_of_all_orders);
    tcase_add_test(verdict, runs_that_are_evidence_twice_are_not_counted_twice);
    suite_add_tcase(suite, verdict);
    tcase_add_test(warnings, nothing_there_is_no_verdict);
    tcase_add_test(warnings, a_treatment_that_has_not_run_cannot_be_compared);
    tcase_add_test(warnings, too_few_seeds_and_too_little_power_are_said);
    tcase_add_test(warnings, failures_are_counted_by_how_runs_ended);
    tcase_add_test(warnings, repeated_blocks_are_counted);
    tcase_add_test(warnings, a_figure_that_nobody_has_is_said);
    tcase_add_test(warnings, folds_are_a_caveat);
    tcase_add_loop_test(warnings, losses_compared_by_the_loss_are_a_caveat, 0,
                        sizeof(losses) / sizeof(losses[0]));
    tcase_add_test(warnings, unequal_tuning_and_edges_are_said);
    tcase_add_test(warnings, long_lists_of_names_are_cut);
    suite_add_tcase(suite, warnings);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
