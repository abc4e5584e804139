/* test_analysis.c: cells, their figures and states, what is the same, and what hostile or partial
 * results come to. */
#include "matrix/analysis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

#define NEAR 1e-12

static const char two[] = "axes: {optimizer: [sgd, adam]}\n"
                          "protocol: {final: {seeds: 4}}\n";

/* ---- figures of a cell ----------------------------------------------------------------------- */

START_TEST(a_cell_has_mean_iqm_and_interval_of_its_runs)
{
    made *m = made_new(two);
    made_finals(m, "b sgd", (double[]){0.1, 0.2, 0.4, 0.9}, 4);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_int_eq(cell->state, CELL_DONE);
    ck_assert_uint_eq(cell->runs, 4);
    ck_assert_double_eq_tol(cell->mean, 0.4, NEAR);
    ck_assert_double_eq_tol(cell->iqm, 0.3, NEAR);   /* of 0.2 and 0.4 */
    ck_assert_double_eq_tol(cell->ci.lo, 0.1, NEAR); /* 3 of 4 draws: 13 / 256 > 2.5 % */
    ck_assert_double_eq_tol(cell->ci.hi, 0.9, NEAR);
    ck_assert_double_eq(cell->score[3], 0.9);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_loss_is_scored_negated_and_shown_as_it_is)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 4}}\n"
                       "stats: {metric: test_loss}\n");
    for (uint64_t seed = 1; seed <= 4; seed++)
        made_final(m, "b sgd", seed, 0.5)->value[RECORD_TEST][METRIC_LOSS] = (double)seed;
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_double_eq(cell->score[2], -3);
    ck_assert_double_eq_tol(cell->mean, 2.5, NEAR);
    ck_assert_double_eq_tol(cell->iqm, 2.5, NEAR);
    ck_assert(cell->ci.lo >= 1 && cell->ci.lo < cell->ci.hi && cell->ci.hi <= 4);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_failed_run_ranks_last_and_is_not_dropped)
{
    made *m = made_new(two);
    made_finals(m, "b sgd", (double[]){0.1, 0.2}, 2);
    made_failed(m, "b sgd", 3);
    made_failed(m, "b sgd", 4);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_uint_eq(cell->failures, 2);
    ck_assert(isinf(cell->score[2]) && cell->score[2] < 0);
    ck_assert_double_eq_tol(cell->mean, 0.15, NEAR);
    ck_assert(isinf(cell->iqm) && cell->iqm < 0); /* the middle half holds a failure */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_figure_that_is_no_number_ranks_last_where_others_have_one)
{
    made *m = made_new(two);
    made_finals(m, "b sgd", (double[]){0.1, (double)NAN, (double)INFINITY, 1e101}, 4);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_uint_eq(cell->failures, 0);
    for (int seed = 1; seed < 4; seed++)
        ck_assert_msg(isinf(cell->score[seed]) && cell->score[seed] < 0, "%d", seed);
    ck_assert_double_eq(cell->mean, 0.1);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(what_a_run_took_is_a_median_without_failures)
{
    made *m = made_new(two);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run_record *record = made_final(m, "b sgd", seed, 0.5);
        record->seconds = (double)(seed * seed);
        record->state_bytes = 100;
        record->steps = 10 * (int64_t)seed;
    }
    made_failed(m, "b sgd", 4);
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_cell(a, "b sgd")->seconds, 4);
    ck_assert_double_eq(made_cell(a, "b sgd")->state_bytes, 100);
    ck_assert_double_eq(made_treatment(a, "sgd")->median_steps, 20);
    ck_assert(isnan(made_treatment(a, "adam")->median_steps));
    analysis_free(a);
    made_free(m);
}
END_TEST

/* Which figure is reported where the file names none: by what is there. */
static const struct {
    record_part part;
    metric metric[2];
    const char *name;
} reported[] = {
    {RECORD_TEST, {METRIC_LOSS, METRIC_ACCURACY}, "test_accuracy"},
    {RECORD_TEST, {METRIC_LOSS, METRIC_R2}, "test_r2"},
    {RECORD_TEST, {METRIC_LOSS, METRIC_MAE}, "test_loss"},
    {RECORD_VALIDATION, {METRIC_LOSS, METRIC_ACCURACY}, "val_accuracy"},
    {RECORD_TRAINING, {METRIC_LOSS, METRIC_LOSS}, "train_loss"},
};

START_TEST(the_reported_figure_is_by_what_is_there)
{
    made *m = made_new(two);
    run_record *record = made_final(m, "b sgd", 1, (double)NAN);
    char name[32];
    for (int i = 0; i < 2; i++)
        record->value[reported[_i].part][reported[_i].metric[i]] = 0.5;
    analysis *a = made_analysis(m);

    ck_assert_str_eq(spec_metric_name(a->reported[0], name), reported[_i].name);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- states ---------------------------------------------------------------------------------- */

START_TEST(a_cell_is_done_when_every_seed_is_there)
{
    made *m = made_new(two);
    made_finals(m, "b sgd", (double[]){0.1, 0.2, 0.3}, 3);
    analysis *a = made_analysis(m);

    ck_assert_int_eq(made_cell(a, "b sgd")->state, CELL_PARTIAL);
    ck_assert(isnan(made_cell(a, "b sgd")->score[3]));
    ck_assert_int_eq(made_cell(a, "b adam")->state, CELL_EMPTY);
    ck_assert(isnan(made_cell(a, "b adam")->mean));
    ck_assert(!analysis_passed(a));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(what_the_file_no_longer_asks_for_is_passed_over)
{
    made *m = made_new(two);
    made_final(m, "b sgd", 5, 0.5);                      /* not among the seeds */
    made_final(m, "b lion", 1, 0.5);                     /* no such cell        */
    made_trial(m, "b sgd", 0, "optimizer.lr", "1", 0.5); /* nothing is tuned    */
    made_run(m, "b sgd", RUN_UNTUNED, 0, 1, 0.5);        /* no untuned row      */
    made_skip(m, "b adam", "excluded");
    made_final(m, "b adam", 1, 0.5); /* skipped now         */
    analysis *a = made_analysis(m);

    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++)
        ck_assert_uint_eq(a->runs[phase], 0);
    ck_assert_int_eq(made_cell(a, "b adam")->state, CELL_SKIPPED);
    ck_assert_str_eq(made_cell(a, "b adam")->skipped, "excluded");
    ck_assert_uint_eq(a->skipped_cells, 1);
    ck_assert_uint_eq(a->planned[RUN_FINAL], 4);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(what_was_planned_is_what_the_runner_noted)
{
    made *m = made_new(two);
    made_note(m, "planned.tune", "12");
    made_note(m, "planned.final", "no number");
    made_note(m, "plexus.version", "0.1.0");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->planned[RUN_TUNE], 12);
    ck_assert_uint_eq(a->planned[RUN_UNTUNED], 0);
    ck_assert_uint_eq(a->planned[RUN_FINAL], 8); /* 2 cells of 4 seeds */
    ck_assert_uint_eq(a->note_count, 2);
    ck_assert_str_eq(a->note[0].key, "matrix.file");
    ck_assert_str_eq(a->note[1].value, "0.1.0");
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- blocks, folds, the same ----------------------------------------------------------------- */

static const char grid_of_losses[] = "axes:\n"
                                     "  loss: [cross_entropy, kl]\n"
                                     "  optimizer: [sgd, adam]\n"
                                     "protocol: {final: {seeds: 2}}\n";

START_TEST(blocks_are_what_is_neither_compared_nor_repeated)
{
    made *m = made_new("problems: {x: {}, y: {}}\n"
                       "axes:\n"
                       "  loss: [mse, kl]\n"
                       "  optimizer: [sgd, adam]\n"
                       "  data.fold: 0..2\n");
    made_skip(m, "x kl sgd 0", "no");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->block_count, 4);
    ck_assert_str_eq(a->block[0], "x / mse");
    ck_assert_str_eq(a->block[1], "x / kl");
    ck_assert_str_eq(a->block[2], "y / mse");
    ck_assert_uint_eq(a->block_problem[2], 1);
    ck_assert_uint_eq(a->folds, 3);
    ck_assert_uint_eq(made_cell(a, "y kl adam 2")->block, 3);
    ck_assert_uint_eq(made_cell(a, "y kl adam 2")->treatment, 1);
    ck_assert_uint_eq(made_cell(a, "x kl sgd 0")->block, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* One run a seed: of cells named first to last, each with the weights "w" and what it says. */
static void add_weights(made *m, const char *label, const char *weights)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        char name[32];
        made_final(m, label, seed, 0.5);
        snprintf(name, sizeof(name), "%s%d", weights, (int)seed);
        made_weights(m, name);
    }
}

START_TEST(cells_with_equal_weights_for_every_seed_are_the_same)
{
    made *m = made_new(grid_of_losses);
    add_weights(m, "b cross_entropy sgd", "s");
    add_weights(m, "b cross_entropy adam", "a");
    add_weights(m, "b kl sgd", "s");
    add_weights(m, "b kl adam", "a");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b cross_entropy sgd")->same_as, SIZE_MAX);
    ck_assert_uint_eq(made_cell(a, "b kl sgd")->same_as, 0);
    ck_assert_uint_eq(made_cell(a, "b kl adam")->same_as, 1);
    ck_assert(!a->block_repeats[0]);
    ck_assert(a->block_repeats[1]);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(one_seed_that_differs_makes_cells_differ)
{
    made *m = made_new(grid_of_losses);
    add_weights(m, "b cross_entropy sgd", "s");
    made_final(m, "b kl sgd", 1, 0.5);
    made_weights(m, "s1");
    made_final(m, "b kl sgd", 2, 0.5);
    made_weights(m, "other");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b kl sgd")->same_as, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(runs_without_weights_are_not_the_same_for_that)
{
    made *m = made_new(grid_of_losses);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        made_failed(m, "b cross_entropy sgd", seed);
        made_failed(m, "b kl sgd", seed);
    }
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b kl sgd")->same_as, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* They kept what they began with, as all do that diverge at once. */
static void add_diverged(made *m, const char *label)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        char name[32];
        made_failed(m, label, seed);
        snprintf(name, sizeof(name), "initial%d", (int)seed);
        made_weights(m, name);
    }
}

START_TEST(runs_that_failed_show_no_sameness)
{
    made *m = made_new(grid_of_losses);
    add_diverged(m, "b cross_entropy sgd");
    add_diverged(m, "b cross_entropy adam");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b cross_entropy adam")->same_as, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* What adam shows, sgd does not refute. */
START_TEST(a_block_repeats_another_where_the_failed_failed_alike)
{
    made *m = made_new(grid_of_losses);
    add_diverged(m, "b cross_entropy sgd");
    add_weights(m, "b cross_entropy adam", "a");
    add_diverged(m, "b kl sgd");
    add_weights(m, "b kl adam", "a");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b kl sgd")->same_as, SIZE_MAX);
    ck_assert(a->block_repeats[1]);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_block_of_which_one_treatment_differs_repeats_nothing)
{
    made *m = made_new(grid_of_losses);
    add_weights(m, "b cross_entropy sgd", "s");
    add_weights(m, "b cross_entropy adam", "a");
    add_weights(m, "b kl sgd", "s");
    add_weights(m, "b kl adam", "other");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b kl sgd")->same_as, 0);
    ck_assert(!a->block_repeats[1]);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------- */

START_TEST(the_ledger_names_every_failure)
{
    made *m = made_new(two);
    made_failed(m, "b adam", 3);
    run_record *record = made_final(m, "b sgd", 2, (double)NAN);
    record->status = RUN_CRASHED;
    record->signal = 11;
    made_final(m, "b sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->failure_count, 2);
    ck_assert_uint_eq(a->failure[0].seed, 2); /* in the order of cells */
    ck_assert_int_eq(a->failure[0].signal, 11);
    ck_assert_int_eq(a->failure[1].status, RUN_DIVERGED);
    ck_assert_int_eq(a->failure[1].step, 7);
    ck_assert_uint_eq(a->failure[1].cell, 1);
    ck_assert_str_eq(a->failure[1].reason, "the loss is nan");
    ck_assert_str_eq(a->failure[1].identity + 60, "0001"); /* the first that was made */
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- hostile and small ----------------------------------------------------------------------- */

START_TEST(without_any_run_there_is_an_analysis)
{
    made *m = made_new(two);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->pair_count, 1);
    ck_assert_uint_eq(a->pair[0].pairs, 0);
    ck_assert(isnan(a->pair[0].difference));
    ck_assert(isnan(a->treatment[0].mean_rank));
    ck_assert(isnan(a->treatment[0].iqm));
    ck_assert_uint_eq(a->curve_count, 0);
    ck_assert(!analysis_passed(a));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_an_axis_there_is_one_treatment)
{
    made *m = made_new("protocol: {final: {seeds: 2}}\n");
    made_finals(m, "b", (double[]){0.5, 0.7}, 2);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->treatment_count, 1);
    ck_assert_str_eq(a->treatment[0].label, "m");
    ck_assert_double_eq_tol(a->treatment[0].iqm, 0.6, NEAR);
    ck_assert_double_eq(a->treatment[0].mean_rank, 1);
    ck_assert_uint_eq(a->pair_count, 0);
    ck_assert(analysis_passed(a));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(all_failed_is_undecided)
{
    made *m = made_new(two);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        made_failed(m, "b sgd", seed);
        made_failed(m, "b adam", seed);
    }
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->pair[0].pairs, 4);
    ck_assert_double_eq(a->pair[0].difference, 0);
    ck_assert_int_eq(a->pair[0].verdict, VERDICT_UNDECIDED);
    ck_assert_double_eq(a->treatment[0].mean_rank, 1.5);
    ck_assert(isnan(made_cell(a, "b sgd")->mean));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(all_skipped_is_an_analysis_of_nothing)
{
    made *m = made_new(two);
    made_skip(m, "b sgd", "no");
    made_skip(m, "b adam", "no");
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->block_count, 0);
    ck_assert_uint_eq(a->pair_count, 0);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(sixteen_axes_are_one_block_a_combination)
{
    text yaml = {0};
    text label = {0};
    text_add(&yaml, "axes:\n  optimizer: [sgd, adam]\n");
    for (int i = 0; i < 15; i++)
        text_addf(&yaml, "  network.layers.%d.units: [%s]\n", i, i == 0 ? "3, 4" : "5");
    made *m = made_new(yaml.bytes);
    text_add(&label, "b adam 4 5 5 5 5 5 5 5 5 5 5 5 5 5 5");
    made_finals(m, label.bytes, (double[]){0.1}, 1);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->block_count, 2);
    ck_assert_uint_eq(made_cell(a, label.bytes)->block, 1);
    ck_assert_uint_eq(a->treatment_count, 2);
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
    free(label.bytes);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------- */

START_TEST(cells_of_another_matrix_are_refused)
{
    const char *const other[] = {"loss"};
    made *m = made_new(two);
    made_axes(m, other, 1);
    plx_error error = made_refused(m);

    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, "the stored axes are not those of the stored matrix file; "
                                 "`plexus matrix run` sets them right");
    made_axes(m, NULL, 0);
    ck_assert_int_eq(made_refused(m).code, ERROR_DATA);
    made_free(m);
}
END_TEST

/* A source with the cells of `store_cell`s as they are, of the file `two`. */
typedef struct bare {
    const char *yaml;
    const store_cell *cell;
    size_t cells;
} bare;

static char *bare_noted(void *of, const char *key, bool *found, plx_error *error)
{
    const bare *b = of;

    *found = strcmp(key, "matrix.text") == 0 && b->yaml != NULL;
    return *found ? strdup(b->yaml) : NULL;
}

static bool bare_axes(void *of, char ***path, size_t *count, plx_error *error)
{
    *count = 1;
    *path = calloc(1, sizeof(**path));
    (*path)[0] = strdup("optimizer");
    return true;
}

static bool bare_cells(void *of, source_visit_cell visit, void *context, plx_error *error)
{
    const bare *b = of;

    for (size_t i = 0; i < b->cells; i++)
        if (!visit(context, &b->cell[i], error))
            return false;
    return true;
}

static bool bare_results(void *of, run_phase phase, bool curves, source_visit_result visit,
                         void *context, plx_error *error)
{
    return true;
}

static const char *const value_sgd[] = {"sgd"}, *const value_lion[] = {"lion"};
static const struct {
    const char *yaml;
    store_cell cell[2];
    size_t cells;
    const char *text;
} refused[] = {
    {NULL, {{0}}, 0, "there are no results of a matrix here; `plexus matrix run` makes them"},
    {"axes: 3\n", {{0}}, 0, NULL},
    {"base: b.yaml\naxes: {optimizer: [sgd, adam]}\n",
     {{"b\nlion", "b", value_lion, NULL}},
     1,
     "the stored cell 'b\\x0alion' is none of the stored matrix file; `plexus matrix run` sets it "
     "right"},
    {"base: b.yaml\naxes: {optimizer: [sgd, adam]}\n",
     {{"c sgd", "c", value_sgd, NULL}},
     1,
     "the stored cell 'c sgd' is none of the stored matrix file; `plexus matrix run` sets it "
     "right"},
    {"base: b.yaml\naxes: {optimizer: [sgd, adam]}\n",
     {{"b sgd", "b", value_sgd, NULL}, {"b sgd", "b", value_sgd, NULL}},
     2,
     "the cell 'b sgd' is stored twice"},
    {"base: b.yaml\naxes: {optimizer: [sgd, adam]}\n",
     {{"b sgd", "b", value_sgd, NULL}, {"b sgd 2", "b", value_sgd, NULL}},
     2,
     "the cells 'b sgd' and 'b sgd 2' are the same"},
    {"base: b.yaml\naxes: {optimizer: [sgd, adam]}\n",
     {{"b sgd", "b", value_sgd, NULL}},
     1,
     "the stored cells are not all of a matrix; `plexus matrix run` sets them right"},
};

START_TEST(a_store_that_holds_no_matrix_is_refused)
{
    bare bare = {refused[_i].yaml, refused[_i].cell, refused[_i].cells};
    const analysis_source source = {&bare, bare_noted, bare_axes, bare_cells, bare_results};
    plx_error error = {0};

    ck_assert_ptr_null(analysis_from(&source, &error));
    ck_assert_int_ne(error.code, ERROR_NONE);
    if (refused[_i].text != NULL)
        ck_assert_str_eq(error.text, refused[_i].text);
}
END_TEST

/* ---- out of a store -------------------------------------------------------------------------- */

static bool next_cell(void *context, store_cell *cell)
{
    static const char *const label[] = {"b sgd", "b adam"}, *const value[] = {"sgd", "adam"};
    size_t *next = context;

    if (*next == 2)
        return false;
    *cell = (store_cell){.label = label[*next], .problem = "b", .value = &value[*next]};
    ++*next;
    return true;
}

static void store_final(store *store, const char *cell, uint64_t seed, double accuracy)
{
    static const char digits[] = "0123456789abcdef";
    plx_error error = {0};
    run_record record;
    run_record_init(&record);
    record.status = RUN_COMPLETED;
    record.value[RECORD_TEST][METRIC_ACCURACY] = accuracy;
    record.weights[0] = '\0';
    store_run run = {.config = "c", .started = "2026-01-01T00:00:00Z", .record = &record};
    memset(run.identity, '0', 64);
    run.identity[0] = digits[seed];
    run.identity[1] = cell[2];
    run.identity[1] = cell[2] == 's' ? 'a' : 'b';
    const store_entry entry = {.cell = cell, .phase = RUN_FINAL, .seed = seed};
    ck_assert_msg(store_add_run(store, &run, &error), "%s", error.text);
    ck_assert_msg(store_add_entry(store, &entry, run.identity, &error), "%s", error.text);
}

START_TEST(what_a_store_holds_is_analysed)
{
    const char *const axes[] = {"optimizer"};
    char *folder = harness_memory_folder();
    plx_error error = {0};
    size_t next = 0;
    store *store = store_open(folder, true, true, &error);
    ck_assert_msg(store != NULL, "%s", error.text);
    ck_assert(store_note(store, "matrix.text",
                         "base: b.yaml\naxes: {optimizer: [sgd, adam]}\n"
                         "protocol: {final: {seeds: 2}}\n",
                         &error));
    ck_assert(store_set_axes(store, axes, 1, &error));
    ck_assert(store_set_cells(store, next_cell, &next, &error));
    for (uint64_t seed = 1; seed <= 2; seed++) {
        store_final(store, "b sgd", seed, 0.5);
        store_final(store, "b adam", seed, 0.5 + 0.1 * (double)seed);
    }
    analysis *a = analysis_new(store, &error);
    ck_assert_msg(a != NULL, "%s", error.text);

    ck_assert_double_eq_tol(made_cell(a, "b adam")->mean, 0.65, NEAR);
    ck_assert_uint_eq(a->pair[0].pairs, 2);
    ck_assert_double_eq_tol(a->pair[0].difference, -0.15, NEAR);
    analysis_free(a);
    ck_assert(store_begin(store, &error)); /* no transaction was left open */
    store_close(store);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis");
    TCase *figures = tcase_create("figures"), *states = tcase_create("states");
    TCase *blocks = tcase_create("blocks"), *small = tcase_create("small and hostile");
    TCase *stores = tcase_create("stores");

    tcase_add_test(figures, a_cell_has_mean_iqm_and_interval_of_its_runs);
    tcase_add_test(figures, a_loss_is_scored_negated_and_shown_as_it_is);
    tcase_add_test(figures, a_failed_run_ranks_last_and_is_not_dropped);
    tcase_add_test(figures, a_figure_that_is_no_number_ranks_last_where_others_have_one);
    tcase_add_test(figures, what_a_run_took_is_a_median_without_failures);
    tcase_add_loop_test(figures, the_reported_figure_is_by_what_is_there, 0,
                        sizeof(reported) / sizeof(reported[0]));
    suite_add_tcase(suite, figures);
    tcase_add_test(states, a_cell_is_done_when_every_seed_is_there);
    tcase_add_test(states, what_the_file_no_longer_asks_for_is_passed_over);
    tcase_add_test(states, what_was_planned_is_what_the_runner_noted);
    tcase_add_test(states, the_ledger_names_every_failure);
    suite_add_tcase(suite, states);
    tcase_add_test(blocks, blocks_are_what_is_neither_compared_nor_repeated);
    tcase_add_test(blocks, cells_with_equal_weights_for_every_seed_are_the_same);
    tcase_add_test(blocks, one_seed_that_differs_makes_cells_differ);
    tcase_add_test(blocks, runs_without_weights_are_not_the_same_for_that);
    tcase_add_test(blocks, runs_that_failed_show_no_sameness);
    tcase_add_test(blocks, a_block_repeats_another_where_the_failed_failed_alike);
    tcase_add_test(blocks, a_block_of_which_one_treatment_differs_repeats_nothing);
    suite_add_tcase(suite, blocks);
    tcase_add_test(small, without_any_run_there_is_an_analysis);
    tcase_add_test(small, without_an_axis_there_is_one_treatment);
    tcase_add_test(small, all_failed_is_undecided);
    tcase_add_test(small, all_skipped_is_an_analysis_of_nothing);
    tcase_add_test(small, sixteen_axes_are_one_block_a_combination);
    tcase_add_test(small, cells_of_another_matrix_are_refused);
    tcase_add_loop_test(small, a_store_that_holds_no_matrix_is_refused, 0,
                        sizeof(refused) / sizeof(refused[0]));
    suite_add_tcase(suite, small);
    tcase_add_test(stores, what_a_store_holds_is_analysed);
    suite_add_tcase(suite, stores);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
