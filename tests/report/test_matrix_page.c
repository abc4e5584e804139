/* test_matrix_page.c: the page of a matrix: what it must say, in which order, and that it stands
 * whatever the results are: none, failures alone, a thousand cells, hostile labels. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/matrix_page.h"
#include "report/matrix_sample.h"
#include "report/wellformed.h"

static const sample_options usual = {.problems = 2,
                                     .treatments = 4,
                                     .others = 2,
                                     .values = 3,
                                     .seeds = 8,
                                     .trials = 12,
                                     .targets = true};

static char *page_of(analysis *analysis, const char *folder)
{
    text t = {.bytes = NULL};

    ck_assert(matrix_page(analysis, folder, &t));
    wellformed_check(t.bytes);
    return t.bytes;
}

static void check_piece(char *page, const char *piece, size_t expected)
{
    const size_t count = wellformed_count(page, piece);

    ck_assert_msg(count == expected, "%zu times %s", count, piece);
    free(page);
}

static void check_said(char *page, const char *piece)
{
    ck_assert_msg(strstr(page, piece) != NULL, "%s is not said", piece);
    free(page);
}

START_TEST(sections_stand_in_their_order)
{
    static const char *const headings[] = {"<h1>four-classics</h1>",
                                           "class=\"verdict good\"",
                                           "Protocol and fairness",
                                           "Treatments",
                                           "Cells",
                                           "Time to target",
                                           "Sensitivity to searched settings",
                                           "Learning curves",
                                           "Pairs",
                                           "Failures",
                                           "Skipped cells",
                                           "Provenance"};
    char *page = sample_page(usual);
    const char *at = page;

    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        char piece[64];
        snprintf(piece, sizeof(piece), i < 2 ? "%s" : "<h2>%s</h2>", headings[i]);
        at = strstr(at, piece);
        ck_assert_msg(at != NULL, "%s is not in its place", piece);
    }
    free(page);
}
END_TEST

/* Everything that a matrix may be like. */
static const sample_options shapes[] = {
    {.problems = 1, .seeds = 5, .not_run = true},
    {.problems = 1, .seeds = 1, .flawless = true},
    {.problems = 1, .treatments = 1, .seeds = 3},
    {.problems = 3, .treatments = 4, .seeds = 10, .trials = 8, .targets = true},
    {.problems = 2, .treatments = 4, .others = 1, .values = 3, .seeds = 10, .loss = true},
    {.problems = 1, .treatments = 4, .others = 2, .values = 4, .seeds = 4, .not_run = true},
    {.problems = 2,
     .treatments = 3,
     .others = 2,
     .values = 3,
     .seeds = 4,
     .trials = 8,
     .targets = true,
     .failed = true},
    {.problems = 2,
     .treatments = 3,
     .others = 2,
     .values = 3,
     .seeds = 4,
     .trials = 8,
     .targets = true,
     .failed = true,
     .loss = true},
    {.problems = 1, .treatments = 3, .others = 3, .values = 3, .seeds = 2},
    {.problems = 1, .others = 1, .values = 5, .seeds = 2},
    {.problems = 4, .treatments = 20, .seeds = 2, .targets = true},
    {.problems = 1, .treatments = 10, .others = 2, .values = 10, .seeds = 10},
    {.problems = 2, .treatments = 2, .others = 2, .values = 50, .seeds = 1},
};

START_TEST(a_page_of_any_shape_is_well_formed)
{
    char *page = sample_page(shapes[_i]);

    wellformed_check(page);
    ck_assert_uint_eq(wellformed_count(page, "=\"nan"), 0);
    ck_assert_uint_eq(wellformed_count(page, "=\"inf"), 0);
    ck_assert_uint_eq(wellformed_count(page, ">nan<"), 0);
    free(page);
}
END_TEST

START_TEST(labels_are_text_whatever_they_hold)
{
    sample_options hostile = usual;

    hostile.hostile = "</title><script>alert('x')</script> & \"q\" \x01\xff ";
    for (size_t others = 0; others < 4; others++) {
        hostile.others = others;
        hostile.values = 2;
        char *page = sample_page(hostile);
        wellformed_check(page);
        free(page);
    }
}
END_TEST

START_TEST(gates_are_told_with_what_was_seen)
{
    check_said(sample_page(usual),
               "<td class=\"w\">every cell: final test_accuracy &gt;= 0.85</td>"
               "<td class=\"t bad\">failed</td>"
               "<td class=\"w\">the lowest is iris sigmoid mse sgd: 0.713</td>");
}
END_TEST

START_TEST(the_protocol_is_told)
{
    static const char *const pieces[] = {
        "random sampling, 12 trials of each cell that searches, seeds 1000001 to 1000003",
        "seeds 1 to 8",
        "1e-4 to 1, even in the logarithm",
        "0 to 0.5, uniform",
        "All that search anything had the same budget: 12 trials of each cell.",
        "In 2 cases the best value lies at the end of its search space",
        "What was chosen in each cell"};

    char *page = sample_page(usual);

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        ck_assert_msg(strstr(page, pieces[i]) != NULL, "%s is not said", pieces[i]);
    free(page);
}
END_TEST

START_TEST(one_seed_is_a_seed)
{
    const sample_options one = {.problems = 1, .treatments = 2, .seeds = 1};

    check_said(sample_page(one), "<dd>seed 1; figures are those of");
}
END_TEST

START_TEST(cells_below_their_problem_need_not_name_it)
{
    sample_options few = usual;

    few.others = 0;
    char *page = sample_page(few);
    ck_assert_uint_eq(wellformed_count(page, "\">iris / sgd</text>"), 0);
    free(page);
}
END_TEST

START_TEST(budgets_that_differ_are_a_warning)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->treatment[1].trials = 3;
    a->treatment[2].trials = 0; /* searches nothing: no smaller budget */
    check_said(page_of(a, "runs"),
               "<p class=\"note warning\">Budgets differ: from 3 to 12 trials of each cell.</p>");
    sample_free(s);
}
END_TEST

START_TEST(there_is_a_map_for_each_problem_and_treatment)
{
    check_piece(sample_page(usual), "A map of 3 by 3 cells", 2 * 4);
}
END_TEST

START_TEST(treatments_stand_side_by_side_where_axes_are_few)
{
    sample_options few = usual;

    few.others = 1;
    check_piece(sample_page(few), "A map of 3 by 4 cells", 2);
    few.others = 0;
    check_piece(sample_page(few), "A map of 1 by 4 cells", 2);
}
END_TEST

START_TEST(maps_beyond_a_limit_are_counted)
{
    /* 2 problems x 8 treatments x 5 x 1 values of a third axis: 80 maps */
    const sample_options many = {
        .problems = 2, .treatments = 8, .others = 3, .values = 5, .seeds = 2, .flawless = true};

    check_piece(sample_page(many), "A map of 5 by 5 cells", 60);
    check_said(sample_page(many), "A further 20 maps are not drawn; the tables have their cells.");
}
END_TEST

START_TEST(a_map_of_a_long_axis_shows_its_beginning)
{
    const sample_options wide = {
        .problems = 1, .treatments = 1, .others = 2, .values = 50, .seeds = 1, .flawless = true};

    check_piece(sample_page(wide), "A map of 40 by 24 cells", 1);
    check_said(sample_page(wide), "Maps show the first 24 of 50 values of loss.");
}
END_TEST

START_TEST(folds_come_after_what_is_compared)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->spec->axis[0].repeats = true; /* rows are the next axis, folds the columns */
    char *page = page_of(a, "runs");
    ck_assert_ptr_nonnull(strstr(page, "text-anchor=\"end\" class=\"soft\">loss</text>"));
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(losses_are_warned_of_wherever_they_are_shown)
{
    static const char warning[] = "Each kind of loss has a scale of its own";
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->curve[0].metric = METRIC_LOSS;
    check_piece(page_of(a, "runs"), warning, 1);
    ck_assert_uint_gt(a->spec->target_count, 0);
    a->spec->target[0].metric = METRIC_LOSS;
    check_piece(page_of(a, "runs"), warning, 2);
    a->spec->protocol.select_given = true;
    a->spec->protocol.select = METRIC_LOSS;
    check_piece(page_of(a, "runs"), warning, 3);
    sample_free(s);
}
END_TEST

START_TEST(losses_of_several_kinds_are_a_warning)
{
    static const char warning[] = "Each kind of loss has a scale of its own";
    sample_options losses = usual;

    check_piece(sample_page(losses), warning, 0); /* they are axes, accuracy is reported */
    losses.loss = true;
    check_piece(sample_page(losses), warning, 2); /* cells and learning curves */
    losses.others = 1;                            /* the loss is none of the axes */
    check_piece(sample_page(losses), warning, 0);
}
END_TEST

START_TEST(a_loss_is_no_quality_to_be_had_for_seconds)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->treatment[0].iqm = 0.5;
    a->treatment[0].median_seconds = 0.25;
    check_piece(page_of(a, "runs"), "<td class=\"n\">0.25</td><td class=\"n\">2</td>", 1);
    a->reported[0].metric = a->reported[1].metric = METRIC_LOSS;
    check_piece(page_of(a, "runs"), "<td class=\"n\">0.25</td><td class=\"n\">2</td>", 0);
    sample_free(s);
}
END_TEST

START_TEST(times_to_target_are_told_only_with_targets)
{
    sample_options none = usual;

    none.targets = false;
    check_piece(sample_page(none), "<h2>Time to target</h2>", 0);
    check_said(sample_page(usual), "Targets: val_accuracy 0.9.");
    none = usual;
    none.failed = true;
    check_said(sample_page(none), "No run reached its target.");
}
END_TEST

/* The first path after `heading`, up to its end. */
static char *path_after(const char *page, const char *heading)
{
    const char *at = strstr(page, heading);

    ck_assert_ptr_nonnull(at);
    at = strstr(strstr(at, "<g clip-path"), "<path class=\"line\"");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, " d=\"") + 4;
    return strndup(at, strcspn(at, "\""));
}

START_TEST(a_profile_climbs_by_the_share_of_pairs)
{
    static double quick[] = {10, 20, HUGE_VAL, 40}, slow[] = {20, 20, 30, 80};
    static double best[] = {10, 20, 30, 40};
    sample_options two = usual;

    two.treatments = 2;
    sample *s = sample_new(two);
    analysis *a = sample_analysis(s);
    a->cost_count = 4;
    a->reference = best;
    a->treatment[0].cost = quick;
    a->treatment[1].cost = slow;
    char *page = page_of(a, "runs");
    /* ratios 1, 1, 1 and none; 2, 1, 1, 2 */
    ck_assert_ptr_nonnull(strstr(page, "<th scope=\"row\">sgd</th><td class=\"n\">1</td>"
                                       "<td class=\"n\">0.75</td>"));
    ck_assert_ptr_nonnull(strstr(page, "<th scope=\"row\">adagrad</th><td class=\"n\">1</td>"
                                       "<td class=\"n\">0.5</td></tr>\n"
                                       "<tr><th scope=\"row\">adagrad</th><td class=\"n\">2</td>"
                                       "<td class=\"n\">1</td>"));
    char *path = path_after(page, "Performance profile"); /* the last line is drawn first */
    ck_assert_uint_eq(wellformed_count(path, "V"), 3);
    free(path);
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(where_trials_failed_is_shaded)
{
    /* sgd's fails at high rates, adam's does not: see matrix_sample.c */
    sample_options one = usual;

    one.problems = one.treatments = 1;
    check_said(sample_page(one), "<span>runs failed</span>");
    one.flawless = true;
    one.trials = 0;
    check_piece(sample_page(one), "<span>runs failed</span>", 0);
}
END_TEST

START_TEST(words_that_were_searched_have_a_table_alone)
{
    static char word[] = "nesterov";
    sample_options one = usual;

    one.problems = one.treatments = 1;
    sample *s = sample_new(one);
    analysis *a = sample_analysis(s);
    for (size_t i = 0; i < a->cell_count; i++)
        for (size_t k = 0; k < a->cell[i].trial_count; k++)
            a->cell[i].trial[k].value[0] = word;
    char *page = page_of(a, "runs");
    ck_assert_uint_eq(wellformed_count(page, "score in tuning, more is better"), 0);
    ck_assert_ptr_nonnull(strstr(page, "<th scope=\"row\">nesterov</th>"));
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(a_pair_has_its_verdict_in_words)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->pair[0].verdict = VERDICT_UNDECIDED;
    a->pair[0].more = 12;
    a->pair[0].adjusted = a->pair[1].adjusted = 0.2;
    a->pair[1].verdict = VERDICT_UNDECIDED;
    a->pair[1].more = SIZE_MAX;
    a->pair[2].verdict = VERDICT_SAME;
    a->pair[3].verdict = VERDICT_WORSE;
    char *page = page_of(a, "runs");
    ck_assert_ptr_nonnull(strstr(page, ">undecided; about 12 more seeds would be needed<"));
    ck_assert_ptr_nonnull(strstr(page, ">undecided; no number of seeds in sight<"));
    ck_assert_ptr_nonnull(strstr(page, "<td class=\"t neutral\">same</td>"));
    ck_assert_ptr_nonnull(strstr(page, "<td class=\"t bad\">worse</td>"));
    ck_assert_ptr_nonnull(strstr(page, "<td class=\"t good\">better</td>"));
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(failures_that_decide_are_counted)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->pair[0].difference = HUGE_VAL;
    a->pair[0].won = 7;
    a->pair[0].lost = 2;
    a->pair[0].apart = 0.25;
    check_said(page_of(a, "runs"), "<td>failures decide, 7 to 2; else 0.25</td>");
    a->pair[0].apart = (double)NAN;
    check_said(page_of(a, "runs"), "<td>failures decide, 7 to 2</td>");
    sample_free(s);
}
END_TEST

START_TEST(differences_without_a_unit_are_wins)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    for (size_t i = 0; i < a->pair_count; i++)
        a->pair[i].by_wins = a->pair[i].problem == SIZE_MAX;
    char *page = page_of(a, "runs");
    ck_assert_uint_eq(wellformed_count(page, ">net wins, 95 % interval<"), 1);
    ck_assert_uint_eq(wellformed_count(page, ">difference, 95 % interval<"), 2);
    ck_assert_uint_eq(wellformed_count(page, ">blocks won less blocks lost, a share</text>"), 1);
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(the_best_treatment_stands_first)
{
    static size_t order[] = {2, 0, 3, 1};
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->order = order;
    a->powered = false;
    char *page = page_of(a, "runs");
    const char *table = strstr(page, "Steps, seconds and bytes of optimizer state");
    ck_assert_ptr_nonnull(table);
    ck_assert(strstr(table, "<tbody>") == strstr(table, "<tbody>\n<tr><th scope=\"row\">rmsprop"));
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(trials_that_are_not_there_are_left_out)
{
    static char empty[] = "", *nothing[] = {empty, empty};
    sample_options one = usual;

    one.problems = one.treatments = 1;
    sample *s = sample_new(one);
    analysis *a = sample_analysis(s);
    for (size_t i = 0; i < a->cell_count; i++)
        for (size_t k = 0; k < a->cell[i].trial_count; k += 2)
            a->cell[i].trial[k] = (analysis_trial){.value = nothing, .score = (double)NAN};
    char *page = page_of(a, "runs");
    const char *table = strstr(page, ">median score</th>");
    ck_assert_ptr_nonnull(table);
    char *rows = strndup(table, (size_t)(strstr(table, "</table>") - table));
    ck_assert_uint_eq(wellformed_count(rows, "<tr>"), one.trials / 2);
    free(rows);
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(ranks_are_drawn_only_with_power)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->powered = true;
    check_said(page_of(a, "runs"), "critical difference 1.25");
    a->powered = false;
    a->friedman_blocks = 5;
    check_said(page_of(a, "runs"),
               "No critical-difference diagram: with 4 treatments and 5 blocks mean ranks would "
               "have to differ by 1.25 of at most 3.");
    a->friedman.critical_difference = (double)NAN;
    check_said(page_of(a, "runs"), "there are too many treatments for its critical values");
    a->has_friedman = false;
    check_said(page_of(a, "runs"), "No ranks over blocks: they take at least 3 treatments");
    sample_free(s);
}
END_TEST

START_TEST(what_is_not_ranked_is_not_drawn_among_the_ranks)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->powered = true;
    a->ranked = 2;
    a->group_count = 0;
    a->treatment[1].mean_rank = (double)NAN; /* skipped everywhere */
    a->treatment[2].repeats = true;
    char *page = page_of(a, "runs");
    const char *table = strstr(page, ">bars, from the top</th>");
    ck_assert_ptr_nonnull(table);
    char *rows = strndup(table, (size_t)(strstr(table, "</table>") - table));
    ck_assert_uint_eq(wellformed_count(rows, "<tr>"), 2);
    free(rows);
    free(page);
    sample_free(s);
}
END_TEST

START_TEST(friedman_is_told_with_what_it_is_worth)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    a->friedman_problems = a->friedman_blocks = 5;
    check_said(page_of(a, "runs"), "5 blocks of 5 problems");
    check_said(page_of(a, "runs"), "p = 0.0227 by permutation.");
    a->friedman_problems = 1;
    check_said(page_of(a, "runs"), "5 blocks of 1 problem ");
    check_said(page_of(a, "runs"), "are not independent");
    sample_free(s);
}
END_TEST

START_TEST(more_seeds_do_not_help_where_mean_and_ranks_disagree)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    for (size_t i = 0; i < a->pair_count; i++) {
        a->pair[i].verdict = VERDICT_UNDECIDED;
        a->pair[i].adjusted = 0.01;
        a->pair[i].more = SIZE_MAX;
    }
    check_said(page_of(a, "runs"), ">undecided; the mean and the ranks point different ways<");
    sample_free(s);
}
END_TEST

START_TEST(a_failure_can_be_done_again_by_its_line)
{
    static const struct {
        const char *folder, *line;
    } cases[] = {
        {"runs/iris-1", "plexus matrix repro runs/iris-1 0123456789ab<"},
        {"my runs", "plexus matrix repro &#39;my runs&#39; 0123456789ab<"},
        {"it's", "plexus matrix repro &#39;it&#39;\\&#39;&#39;s&#39; 0123456789ab<"},
        {"", "plexus matrix repro &#39;&#39; 0123456789ab<"},
    };
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);

    ck_assert_uint_gt(a->failure_count, 0);
    strcpy(a->failure[0].identity,
           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_said(page_of(a, cases[i].folder), cases[i].line);
    sample_free(s);
}
END_TEST

START_TEST(a_failure_says_how_it_came)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);
    static char reason[] = "the loss is not finite";

    a->failure_count = 1;
    a->failure[0] = (analysis_failure){.identity = "abc",
                                       .cell = 0,
                                       .phase = RUN_TUNE,
                                       .trial = 7,
                                       .seed = 1000002,
                                       .status = RUN_CRASHED,
                                       .signal = 11,
                                       .step = 42,
                                       .reason = reason};
    check_said(page_of(a, "runs"), "<th scope=\"row\">iris / sigmoid / mse / sgd</th>"
                                   "<td class=\"t bad\">crashed, signal 11</td>"
                                   "<td>tune, trial 7, seed 1000002</td><td class=\"n\">42</td>"
                                   "<td class=\"w\">the loss is not finite<br/>");
    sample_free(s);
}
END_TEST

START_TEST(the_ledger_is_limited_and_counts_the_rest)
{
    const sample_options many = {
        .problems = 1, .treatments = 3, .others = 1, .values = 9, .seeds = 10, .failed = true};
    sample *s = sample_new(many);
    analysis *a = sample_analysis(s);
    char rest[96];

    snprintf(rest, sizeof(rest), "A further %zu failed runs are not shown here",
             a->failure_count - 200);
    ck_assert_uint_gt(a->failure_count, 201);
    check_piece(page_of(a, "runs"), "plexus matrix repro runs ", 200);
    check_said(page_of(a, "runs"), rest);
    sample_free(s);
}
END_TEST

START_TEST(skipped_cells_stand_under_their_reason)
{
    sample *s = sample_new(usual);
    analysis *a = sample_analysis(s);
    char row[128];

    ck_assert_uint_gt(a->skipped_cells, 1);
    snprintf(row, sizeof(row), "outputs are none</td><td class=\"n\">%zu</td>", a->skipped_cells);
    check_piece(page_of(a, "runs"), row, 1);
    sample_free(s);
}
END_TEST

START_TEST(a_matrix_that_has_not_run_says_so)
{
    sample_options empty = usual;

    empty.not_run = true;
    check_said(sample_page(empty), "No final run is there yet.");
    check_said(sample_page(empty), "There are no learning curves.");
    check_said(sample_page(empty), "There is no pair to compare.");
    check_said(sample_page(empty), "No run failed.");
}
END_TEST

START_TEST(no_notes_and_no_axes_make_a_page)
{
    spec empty = {.stats = {.compare = -1, .control = -1, .alpha = 0.05}};
    analysis nothing = {.spec = &empty};

    check_said(page_of(&nothing, "runs"), "The matrix has no cells.");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: matrix page");
    TCase *tests = tcase_create("page");

    tcase_add_test(tests, sections_stand_in_their_order);
    tcase_add_loop_test(tests, a_page_of_any_shape_is_well_formed, 0,
                        sizeof(shapes) / sizeof(shapes[0]));
    tcase_add_test(tests, labels_are_text_whatever_they_hold);
    tcase_add_test(tests, gates_are_told_with_what_was_seen);
    tcase_add_test(tests, the_protocol_is_told);
    tcase_add_test(tests, one_seed_is_a_seed);
    tcase_add_test(tests, cells_below_their_problem_need_not_name_it);
    tcase_add_test(tests, budgets_that_differ_are_a_warning);
    tcase_add_test(tests, there_is_a_map_for_each_problem_and_treatment);
    tcase_add_test(tests, treatments_stand_side_by_side_where_axes_are_few);
    tcase_add_test(tests, maps_beyond_a_limit_are_counted);
    tcase_add_test(tests, a_map_of_a_long_axis_shows_its_beginning);
    tcase_add_test(tests, folds_come_after_what_is_compared);
    tcase_add_test(tests, losses_of_several_kinds_are_a_warning);
    tcase_add_test(tests, losses_are_warned_of_wherever_they_are_shown);
    tcase_add_test(tests, a_loss_is_no_quality_to_be_had_for_seconds);
    tcase_add_test(tests, times_to_target_are_told_only_with_targets);
    tcase_add_test(tests, a_profile_climbs_by_the_share_of_pairs);
    tcase_add_test(tests, where_trials_failed_is_shaded);
    tcase_add_test(tests, words_that_were_searched_have_a_table_alone);
    tcase_add_test(tests, a_pair_has_its_verdict_in_words);
    tcase_add_test(tests, failures_that_decide_are_counted);
    tcase_add_test(tests, differences_without_a_unit_are_wins);
    tcase_add_test(tests, the_best_treatment_stands_first);
    tcase_add_test(tests, trials_that_are_not_there_are_left_out);
    tcase_add_test(tests, ranks_are_drawn_only_with_power);
    tcase_add_test(tests, what_is_not_ranked_is_not_drawn_among_the_ranks);
    tcase_add_test(tests, friedman_is_told_with_what_it_is_worth);
    tcase_add_test(tests, more_seeds_do_not_help_where_mean_and_ranks_disagree);
    tcase_add_test(tests, a_failure_can_be_done_again_by_its_line);
    tcase_add_test(tests, a_failure_says_how_it_came);
    tcase_add_test(tests, the_ledger_is_limited_and_counts_the_rest);
    tcase_add_test(tests, skipped_cells_stand_under_their_reason);
    tcase_add_test(tests, a_matrix_that_has_not_run_says_so);
    tcase_add_test(tests, no_notes_and_no_axes_make_a_page);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
