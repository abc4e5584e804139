/* test_runner.c: whole matrices: the same results however they are run, and nothing done twice. Being stopped
 * and killed is in test_runner_stopped.c. */
#include "matrix/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filled.h"
#include "harness.h"
#include "planned.h"
#include "support/memory.h"

#define TWO_BADS "axes: {optimizer: [sgd, crasher, adam, nanner]}\nprotocol: {final: {seeds: 2}}\n"

/* ---- results --------------------------------------------------------------------------------- */

START_TEST(results_do_not_depend_on_the_number_of_workers)
{
    static const char *const matrix[] = {SEARCH, QUICK TWO_BADS};
    char *expected = place_dump_of(matrix[_i]);

    for (size_t workers = 2; workers <= 4; workers += 2) {
        matrix_place place = place_new();
        const runner_result result = place_run(&place, matrix[_i], workers);
        ck_assert_int_eq(result.outcome, RUNNER_COMPLETED);
        ck_assert_uint_eq(result.done, result.all);
        place_expect_dump(&place, expected);
        place_free(&place);
    }
    free(expected);
}
END_TEST

/* The good cells come to the same bits whoever dies beside them. */
START_TEST(a_bad_cell_costs_itself_alone)
{
    matrix_place good = place_new(), both = place_new();
    static const char query[] = "SELECT cell, seed, status, weights, test_loss FROM results"
                                " WHERE cell IN ('base / sgd', 'base / adam') ORDER BY 1, 2";

    place_run(&good, "axes: {optimizer: [sgd, adam]}\nprotocol: {final: {seeds: 2}}\n", 1);
    const runner_result result =
        place_run(&both,
                  "axes: {optimizer: [crasher, sgd, nanner, quitter, refuser, eater, adam]}\n"
                  "protocol: {final: {seeds: 2}}\nlimits: {memory: 64MiB}\n",
                  4);
    char *alone = filled_query(good.out, query), *beside = filled_query(both.out, query);
    char *ends = filled_query(both.out, "SELECT DISTINCT cell, status FROM results ORDER BY 1");

    ck_assert_str_eq(alone, beside);
    ck_assert_str_eq(ends, "base / adam|completed\nbase / crasher|crashed\n"
                           "base / eater|out_of_memory\n"
                           "base / nanner|diverged\nbase / quitter|crashed\n"
                           "base / refuser|failed\nbase / sgd|completed\n");
    ck_assert_uint_eq(result.all, 14);
    ck_assert_uint_eq(result.ran, 14);
    ck_assert_uint_eq(result.failed, 10);
    free(alone);
    free(beside);
    free(ends);
    place_free(&good);
    place_free(&both);
}
END_TEST

START_TEST(a_cell_that_hangs_is_ended)
{
    matrix_place place = place_new();
    const runner_result result = place_run(&place,
                                           "axes: {optimizer: [hanger]}\n"
                                           "protocol: {final: {seeds: 2}}\n"
                                           "limits: {seconds: 0.3}\n",
                                           2);

    ck_assert_uint_eq(result.failed, 2);
    ck_assert_int_eq(
        filled_count(place.out, "SELECT count(*) FROM runs WHERE status = 'timed_out'"), 2);
    place_free(&place);
}
END_TEST

/* ---- nothing is done twice ------------------------------------------------------------------- */

START_TEST(what_is_stored_is_not_run_again)
{
    matrix_place place = place_new();
    const runner_result first = place_run(&place, SEARCH, 2);
    char *dump = planned_dump(place.out);
    const runner_result second = place_run(&place, SEARCH, 2);

    ck_assert_uint_gt(first.ran, 0);
    ck_assert_uint_eq(second.ran, 0);
    ck_assert_uint_eq(second.done, first.all);
    place_expect_dump(&place, dump);
    free(dump);
    place_free(&place);
}
END_TEST

START_TEST(what_is_added_is_run_alone)
{
    static const char before[] = "axes: {optimizer: [sgd, adam]}\nprotocol: {final: {seeds: 2}}\n",
                      after[] = "axes: {optimizer: [rmsprop, adam, sgd]}\n"
                                "protocol: {final: {seeds: 3}}\n";
    matrix_place place = place_new();
    char *expected = place_dump_of(after);

    ck_assert_uint_eq(place_run(&place, before, 1).ran, 4);
    ck_assert_uint_eq(place_run(&place, after, 1).ran, 5);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

/* Threads change no bit, so these are one run each seed. */
#define ALIKE "axes: {train.threads: [1, 2, 3, 4]}\nprotocol: {final: {seeds: 3}}\n"

START_TEST(cells_that_come_to_the_same_share_a_run)
{
    matrix_place place = place_new();
    const runner_result result = place_run(&place, ALIKE, (size_t)_i);

    ck_assert_uint_eq(result.all, 12);
    ck_assert_uint_eq(result.done, 12);
    ck_assert_uint_eq(result.ran, 3);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM runs"), 3);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM entries"), 12);
    place_free(&place);
}
END_TEST

/* ---- a matrix file that changed -------------------------------------------------------------- */

static void set_flag(void *context, const runner_progress *progress)
{
    volatile sig_atomic_t *stop = context;

    *stop = 1;
}

/* Plans again and is stopped before anything is run. */
static void stop_at_once(const matrix_place *place, const char *rest)
{
    volatile sig_atomic_t stop = 0;
    const runner_hooks hooks = {
        .context = (void *)(uintptr_t)&stop, .progress = set_flag, .stop = &stop};
    plx_error error = {0};
    const runner_result result =
        place_run_with(place, rest, (runner_options){.workers = 1}, &hooks, &error);

    ck_assert_uint_eq(result.ran, 0);
}

/* A seed that the file no longer has, a cell that is skipped now. */
START_TEST(what_is_no_longer_asked_for_is_no_result)
{
    static const char before[] = QUICK "axes: {optimizer: [sgd, adam]}\n"
                                       "protocol: {final: {seeds: 3}}\n",
                      after[] = QUICK "axes: {optimizer: [sgd, adam]}\n"
                                      "rules: [exclude: {optimizer: adam}]\n"
                                      "protocol: {final: {seeds: 2}}\n";
    matrix_place place = place_new();
    char *expected = place_dump_of(after);

    place_run(&place, before, 1);
    ck_assert_uint_eq(place_run(&place, after, 1).ran, 0);
    place_expect_dump(&place, expected);
    ck_assert_uint_eq(place_run(&place, before, 1).ran, 0);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM results"), 6);
    free(expected);
    place_free(&place);
}
END_TEST

/* The same cell, seed and phase, but other runs. */
START_TEST(a_run_of_another_experiment_is_no_result)
{
    static const char axes[] = "axes: {optimizer: [sgd, adam]}\n";
    matrix_place place = place_new();
    char *longer = memory_format("set: {train.epochs: 2}\n%s", axes);

    place_run(&place, "set: {train.epochs: 1}\naxes: {optimizer: [sgd, adam]}\n", 1);
    stop_at_once(&place, longer);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM results"), 0);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM runs"), 10);
    free(longer);
    place_free(&place);
}
END_TEST

/* What is known by what is still asked for stays, the choice of a trial, too. */
START_TEST(results_that_still_hold_are_there_before_the_new_ones)
{
    static const char more[] =
        QUICK "axes: {optimizer: [{name: sgd, lr: {log: [1e-3, 1]}}, adam, rmsprop]}\n"
              "protocol: {tune: {trials: 2, seeds: 2}, final: {seeds: 2}, untuned_row: true}\n";
    matrix_place place = place_new();

    place_run(&place, SEARCH, 1);
    char *before = filled_query(place.out, "SELECT cell, phase, trial, seed, run FROM results");
    stop_at_once(&place, more);
    char *after = filled_query(place.out, "SELECT cell, phase, trial, seed, run FROM results");
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    place_free(&place);
}
END_TEST

/* Half of the trials are runs that are there: momentum is 0 unless given. */
START_TEST(a_stored_run_has_the_values_of_what_is_searched_now)
{
    static const char before[] =
        QUICK "axes: {optimizer: [{name: sgd, lr: {grid: [0.1, 0.2]}}]}\n"
              "protocol: {tune: {sampler: grid, trials: 2, seeds: 2}, final: {seeds: 1}}\n";
    static const char after[] = QUICK
        "axes: {optimizer: [{name: sgd, lr: {grid: [0.1, 0.2]}, momentum: {grid: [0, 0.9]}}]}\n"
        "protocol: {tune: {sampler: grid, trials: 4, seeds: 2}, final: {seeds: 1}}\n";
    matrix_place place = place_new();
    char *expected = place_dump_of(after);

    place_run(&place, before, 1);
    ck_assert_uint_le(place_run(&place, after, 1).ran, 5);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

/* Which trial is best is open while one of them has not been run. */
START_TEST(a_choice_among_other_trials_is_no_result)
{
    static const char more[] =
        QUICK "axes: {optimizer: [{name: sgd, lr: {log: [1e-3, 1]}}, adam]}\n"
              "protocol: {tune: {trials: 3, seeds: 2}, final: {seeds: 2}, untuned_row: true}\n";
    matrix_place place = place_new();

    place_run(&place, SEARCH, 1);
    stop_at_once(&place, more);
    char *left = filled_query(place.out, "SELECT cell, phase, count(*) FROM results"
                                         " GROUP BY 1, 2 ORDER BY 1, 2");
    ck_assert_str_eq(left, "base / adam|final|2\nbase / sgd|tune|4\nbase / sgd|untuned|2\n");
    free(left);
    place_free(&place);
}
END_TEST

/* ---- retry ----------------------------------------------------------------------------------- */

START_TEST(a_retry_does_failures_again_but_what_diverged)
{
    static const char matrix[] = "axes: {optimizer: [sgd, crasher, nanner, refuser]}\n"
                                 "protocol: {final: {seeds: 2}}\n";
    matrix_place place = place_new();
    plx_error error = {0};

    place_run(&place, matrix, 1);
    char *dump = planned_dump(place.out);
    const runner_result result =
        place_run_with(&place, matrix, (runner_options){.retry = true}, &place_no_hooks, &error);
    ck_assert_uint_eq(result.ran, 4);
    ck_assert_uint_eq(result.done, 8);
    ck_assert_uint_eq(result.failed, 6);
    place_expect_dump(&place, dump);
    free(dump);
    place_free(&place);
}
END_TEST

/* Each once: the second cell takes what the first one's retry came to. */
START_TEST(a_retry_of_cells_that_share_a_run_keeps_all_their_entries)
{
    static const char matrix[] = "set: {optimizer: crasher}\n" ALIKE;
    matrix_place place = place_new();
    plx_error error = {0};

    place_run(&place, matrix, 1);
    char *dump = planned_dump(place.out);
    const runner_result result =
        place_run_with(&place, matrix, (runner_options){.retry = true}, &place_no_hooks, &error);
    ck_assert_uint_eq(result.ran, 3);
    ck_assert_uint_eq(result.done, 12);
    ck_assert_uint_eq(result.failed, 12);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM entries"), 12);
    place_expect_dump(&place, dump);
    free(dump);
    place_free(&place);
}
END_TEST

/* ---- tuning ---------------------------------------------------------------------------------- */

/* The one with the least mean loss of the validation rows. */
START_TEST(the_best_trial_is_run)
{
    matrix_place place = place_new();

    place_run(&place,
              "axes: {optimizer: [{name: sgd, lr: {log: [1e-6, 1]}}, {name: adam, lr: {log: [1e-6, "
              "1]}}]}\n"
              "protocol: {tune: {sampler: grid, trials: 4, seeds: 2, select: val_loss},"
              " final: {seeds: 1}}\n",
              2);
    char *chosen = filled_query(place.out, "SELECT r.cell, v.value FROM run_values v JOIN results r"
                                           " ON r.run = v.run WHERE r.phase = 'final' ORDER BY 1");
    char *best =
        filled_query(place.out, "SELECT cell, value FROM (SELECT cell, value, avg(val_loss) AS mean"
                                " FROM results r JOIN run_values v ON v.run = r.run"
                                " WHERE phase = 'tune' GROUP BY cell, value)"
                                " GROUP BY cell HAVING mean = min(mean) ORDER BY 1");
    ck_assert_str_eq(chosen, best);
    ck_assert_ptr_nonnull(strstr(chosen, "base / sgd"));
    free(chosen);
    free(best);
    place_free(&place);
}
END_TEST

/* Trials 0 and 2 crash, or all; optimizers are searched as any setting is. */
START_TEST(a_trial_that_failed_never_wins)
{
    static const struct {
        const char *values, *chosen;
    } cases[] = {{"[crasher, sgd, nanner]", "optimizer|sgd\n"},
                 {"[crasher, nanner, refuser]", "optimizer|crasher\n"}};
    matrix_place place = place_new();
    char *rest = memory_format("axes: {optimizer: {grid: %s}}\n"
                               "protocol: {tune: {sampler: grid, trials: 3, seeds: 2},"
                               " final: {seeds: 1}}\n",
                               cases[_i].values);

    place_run(&place, rest, 1);
    char *chosen = filled_query(place.out, "SELECT v.path, v.value FROM run_values v JOIN entries e"
                                           " ON e.run = v.run WHERE e.phase = 'final'");
    ck_assert_str_eq(chosen, cases[_i].chosen);
    free(chosen);
    free(rest);
    place_free(&place);
}
END_TEST

/* ---- progress -------------------------------------------------------------------------------- */

/* Stored runs are many and quick: who waits is told meanwhile, and children are attended. */
START_TEST(progress_is_told_while_nothing_is_run)
{
    static const char many[] =
        QUICK "axes: {train.threads: 1..256}\nprotocol: {final: {seeds: 4}}\n";
    matrix_place place = place_new();
    place_watch watch = {.stop = 0};
    const runner_hooks hooks = {.context = &watch, .progress = place_on_progress};
    plx_error error = {0};

    const runner_result result =
        place_run_with(&place, many, (runner_options){.workers = 1}, &hooks, &error);
    ck_assert_uint_eq(result.ran, 4);
    watch.calls = 0;
    place_run_with(&place, many, (runner_options){.workers = 1}, &hooks, &error);
    ck_assert_uint_ge(watch.calls, 4);
    ck_assert_uint_eq(watch.last.done, 1024);
    place_free(&place);
}
END_TEST

START_TEST(progress_tells_who_leads)
{
    matrix_place place = place_new();
    place_watch watch = {.stop = 0};
    const runner_hooks hooks = {.context = &watch, .progress = place_on_progress};
    plx_error error = {0};
    char name[32];

    place_run_with(&place, "axes: {optimizer: [crasher, sgd]}\n", (runner_options){.workers = 1},
                   &hooks, &error);
    ck_assert_uint_eq(watch.last.all, 10);
    ck_assert_uint_eq(watch.last.done, 10);
    ck_assert_uint_eq(watch.last.failed, 5);
    ck_assert_uint_eq(watch.last.running, 0);
    ck_assert_str_eq(spec_metric_name(watch.last.leader_metric, name), "test_accuracy");
    char *mean = filled_query(place.out, "SELECT printf('%.12f', avg(test_accuracy)) FROM results"
                                         " WHERE cell = 'base / sgd'");
    ck_assert_double_eq_tol(watch.last.leader_mean, strtod(mean, NULL), 1e-9);
    free(mean);
    place_free(&place);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/runner");
    TCase *t = tcase_create("runner");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, results_do_not_depend_on_the_number_of_workers, 0, 2);
    tcase_add_test(t, a_bad_cell_costs_itself_alone);
    tcase_add_test(t, a_cell_that_hangs_is_ended);
    tcase_add_test(t, what_is_stored_is_not_run_again);
    tcase_add_test(t, what_is_added_is_run_alone);
    tcase_add_loop_test(t, cells_that_come_to_the_same_share_a_run, 1, 5);
    tcase_add_test(t, what_is_no_longer_asked_for_is_no_result);
    tcase_add_test(t, a_run_of_another_experiment_is_no_result);
    tcase_add_test(t, results_that_still_hold_are_there_before_the_new_ones);
    tcase_add_test(t, a_stored_run_has_the_values_of_what_is_searched_now);
    tcase_add_test(t, a_choice_among_other_trials_is_no_result);
    tcase_add_test(t, a_retry_does_failures_again_but_what_diverged);
    tcase_add_test(t, a_retry_of_cells_that_share_a_run_keeps_all_their_entries);
    tcase_add_test(t, the_best_trial_is_run);
    tcase_add_loop_test(t, a_trial_that_failed_never_wins, 0, 2);
    tcase_add_test(t, progress_is_told_while_nothing_is_run);
    tcase_add_test(t, progress_tells_who_leads);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
