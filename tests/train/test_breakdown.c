/* test_breakdown.c: where the time of a run's steps went: what is counted, to the operation and the
 * byte, that nothing is lost, and how it is told, to the letter. */
#include "train/breakdown.h"

#include <stdlib.h>

#include "fixture.h"
#include "support/memory.h"

/* 24 training rows in batches of 10, 6 for validation: 12 steps, in which each row is seen four
 * times. */
#define MOONS                                                                                      \
    "data: {generate: moons, samples: 30, noise: 0.2, validation: 0.2}\n"                          \
    "network: {layers: [{units: 6, activation: tanh}, {units: 2, activation: softmax}]}\n"         \
    "loss: cross_entropy\n"
#define BATCHES "batch: 10"

enum {
    STEPS = 12,
    ROWS_SEEN = 4 * 24,
    FIRST = 6 * 2 + 6, /* parameters of each layer                                               */
    SECOND = 2 * 6 + 2,
};

static outcome *run_of(const char *optimizer, const char *training, bool profile)
{
    char *text =
        memory_format(MOONS "optimizer: {name: %s}\ntrain: {epochs: 4, %s}\n", optimizer, training);
    outcome *made = plan_expect(&(plan){.text = text, .profile = profile}, TRAIN_COMPLETED);

    free(text);
    return made;
}

static const breakdown_part *find(const breakdown *all, profile_kind kind, size_t layer)
{
    for (size_t i = 0; i < all->part_count; i++)
        if (all->part[i].kind == kind && all->part[i].layer == layer)
            return &all->part[i];
    return NULL;
}

static uint64_t operations(const breakdown *all, profile_kind kind, size_t layer)
{
    const breakdown_part *part = find(all, kind, layer);

    ck_assert_ptr_nonnull(part);
    return part->operations;
}

/* --- what is counted --- */

/* All ways of stepping: on the way back, range by range, tensor by tensor, the whole model. */
static const struct {
    const char *optimizer, *training;
    bool whole; /* steps are the model's                                                         */
} ways[] = {
    {"sgd", BATCHES, false},
    {"adam", BATCHES ", clip_norm: 0.1", false},
    {"adam", BATCHES ", threads: 3, clip_value: 0.1", false},
    {"shampoo", BATCHES ", threads: 2", false},
    {"lbfgs", BATCHES, true},
    {"sam", BATCHES ", threads: 2", true},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

START_TEST(parts_and_other_make_up_the_time_of_all_threads)
{
    outcome *outcome = run_of(ways[_i].optimizer, ways[_i].training, true);
    const breakdown *all = outcome->result.profile;
    uint64_t sum = 0;

    ck_assert_ptr_nonnull(all);
    ck_assert_uint_eq(all->steps, STEPS);
    for (size_t i = 0; i < all->part_count; i++) {
        ck_assert_uint_gt(all->part[i].ns, 0);
        sum += all->part[i].ns;
    }
    ck_assert_uint_lt(sum, (uint64_t)all->threads * all->wall);
    ck_assert_uint_eq(sum + all->other, (uint64_t)all->threads * all->wall);
    outcome_free(outcome);
}
END_TEST

/* A step is that of each layer, or of the model. */
START_TEST(steps_stand_where_they_belong)
{
    outcome *outcome = run_of(ways[_i].optimizer, ways[_i].training, true);
    const breakdown *all = outcome->result.profile;

    ck_assert((find(all, PROFILE_STEP, BREAKDOWN_NO_LAYER) != NULL) == ways[_i].whole);
    ck_assert((find(all, PROFILE_STEP, 0) == NULL) == ways[_i].whole);
    ck_assert((find(all, PROFILE_STEP, 1) == NULL) == ways[_i].whole);
    outcome_free(outcome);
}
END_TEST

/* 2 m n k for each row that goes through, and through again where the optimizer evaluates: sam does
 * so once a step. The rows of validation go through, too, and are not counted. */
START_TEST(products_are_counted_to_the_operation)
{
    static const struct {
        const char *optimizer, *training;
    } runs[] = {{"adam", BATCHES}, {"sam", BATCHES}, {"lbfgs", "batch: full"}};
    outcome *outcome = run_of(runs[_i].optimizer, runs[_i].training, true);
    const breakdown *all = outcome->result.profile;
    const uint64_t passes = (uint64_t)(outcome->result.steps + outcome->result.evaluations);
    const uint64_t rows = _i == 0 ? ROWS_SEEN : _i == 1 ? 2 * ROWS_SEEN : 24 * passes;

    ck_assert_uint_eq(operations(all, PROFILE_FORWARD, 0), 2 * rows * 2 * 6);
    ck_assert_uint_eq(operations(all, PROFILE_GRADIENT, 0), 2 * rows * 2 * 6);
    ck_assert_uint_eq(operations(all, PROFILE_FORWARD, 1), 2 * rows * 6 * 2);
    ck_assert_uint_eq(operations(all, PROFILE_GRADIENT, 1), 2 * rows * 6 * 2);
    ck_assert_uint_eq(operations(all, PROFILE_BELOW, 1), 2 * rows * 6 * 2);
    ck_assert_ptr_null(find(all, PROFILE_BELOW, 0));
    outcome_free(outcome);
}
END_TEST

/* Two numbers and a class index are read for a row; two inputs, two targets and the index written. */
START_TEST(a_gather_moves_rows_and_targets)
{
    outcome *outcome = run_of("adam", BATCHES, true);
    const breakdown *all = outcome->result.profile;
    const breakdown_part *gather = find(all, PROFILE_GATHER, BREAKDOWN_NO_LAYER);

    ck_assert_uint_eq(gather->bytes, (uint64_t)ROWS_SEEN * 4 * (3 + 5));
    ck_assert_uint_eq(all->rows.bytes, 24 * 4 * 3);
    ck_assert_uint_eq(all->batch.bytes, 10 * 4 * 5);
    outcome_free(outcome);
}
END_TEST

/* Arrays of a layer's parameters that a step of each optimizer reads and writes, and that it goes
 * through; frozen ones are left alone, and of an optimizer that is not element by element nobody
 * knows. */
static const struct {
    const char *optimizer;
    uint64_t moved[2], held[2];
} steps[] = {
    {"sgd", {3 * FIRST, 3 * SECOND}, {2 * FIRST, 2 * SECOND}},
    {"sgd, momentum: 0.9", {5 * FIRST, 5 * SECOND}, {3 * FIRST, 3 * SECOND}},
    {"adam", {7 * FIRST, 7 * SECOND}, {4 * FIRST, 4 * SECOND}},
    {"adam, groups: [{match: 'layers.0.*', lr: 0}]", {0, 7 * SECOND}, {0, 4 * SECOND}},
    {"shampoo", {0, 0}, {0, 0}},
};
enum { STEP_ROWS = sizeof(steps) / sizeof(steps[0]) };

START_TEST(a_step_moves_weights_gradients_and_slots)
{
    outcome *outcome = run_of(steps[_i].optimizer, BATCHES, true);
    const breakdown *all = outcome->result.profile;

    for (size_t l = 0; l < 2; l++)
        ck_assert_uint_eq(find(all, PROFILE_STEP, l)->bytes, STEPS * 4 * steps[_i].moved[l]);
    ck_assert_uint_eq(all->step.bytes, 4 * (steps[_i].held[0] + steps[_i].held[1]));
    outcome_free(outcome);
}
END_TEST

/* At the limits, each part with its own. */
START_TEST(the_least_time_is_work_by_limit)
{
    outcome *outcome = run_of("adam", BATCHES, true);
    const breakdown *all = outcome->result.profile;
    const double gather = ROWS_SEEN * 12 / all->rows.rate + ROWS_SEEN * 20 / all->batch.rate;
    const double product = ROWS_SEEN * 2 * 2 * 6 / all->operations;
    const double step = STEPS * 7 * 4 * FIRST / all->step.rate;

    ck_assert_double_eq(find(all, PROFILE_GATHER, BREAKDOWN_NO_LAYER)->least, gather);
    ck_assert_double_eq(find(all, PROFILE_GRADIENT, 0)->least, product);
    ck_assert_double_eq(find(all, PROFILE_STEP, 0)->least, step);
    ck_assert_double_eq(find(all, PROFILE_ACTIVATION, 0)->least, 0);
    outcome_free(outcome);
}
END_TEST

/* --- what it changes, and when there is none --- */

START_TEST(a_profile_changes_no_bit)
{
    outcome *without = run_of(ways[_i].optimizer, ways[_i].training, false);
    outcome *with = run_of(ways[_i].optimizer, ways[_i].training, true);

    ck_assert_ptr_null(without->result.profile);
    ck_assert_str_eq(with->result.weights, without->result.weights);
    outcome_free(without);
    outcome_free(with);
}
END_TEST

START_TEST(a_resumed_run_tells_of_its_own_steps)
{
    char *run = fresh_run();
    const char *text = MOONS "optimizer: adam\ntrain: {epochs: 4, " BATCHES "}\n";
    outcome *first = plan_expect(
        &(plan){
            .text = text, .out = run, .stop_at_step = 5, .few_checkpoints = true, .profile = true},
        TRAIN_INTERRUPTED);
    outcome *rest = plan_expect(&(plan){.resume = run, .few_checkpoints = true, .profile = true},
                                TRAIN_COMPLETED);

    ck_assert_uint_eq(first->result.profile->steps, 5);
    ck_assert_uint_eq(rest->result.profile->steps, STEPS - 5);
    outcome_free(first);
    outcome_free(rest);
    free(run);
}
END_TEST

START_TEST(without_a_step_there_is_none)
{
    const char *text = MOONS "optimizer: {name: sgd, lr: 1e39}\ntrain: {epochs: 1, batch: full}\n";
    outcome *outcome = plan_expect(&(plan){.text = text, .profile = true}, TRAIN_DIVERGED);

    ck_assert_ptr_null(outcome->result.profile);
    outcome_free(outcome);
}
END_TEST

/* --- how it is told --- */

/* Round figures: 1000 steps of 800 us on one thread. */
static breakdown_layer layers[] = {{784, 128, "relu"}, {128, 10, "softmax"}};
static breakdown_part parts[] = {
    {PROFILE_GATHER, BREAKDOWN_NO_LAYER, 100000000, 0, 400000000, 0.02},
    {PROFILE_FORWARD, 0, 200000000, 20000000000, 0, 0.18},
    {PROFILE_ACTIVATION, 0, 12000000, 0, 0, 0},
    {PROFILE_STEP, 0, 88000000, 0, 2000000000, 0.0528},
    {PROFILE_FORWARD, 1, 300000000, 1500000000, 0, 0.015},
    {PROFILE_LOSS, BREAKDOWN_NO_LAYER, 40000, 0, 0, 0},
};
static const breakdown round_figures = {
    .threads = 1,
    .steps = 1000,
    .wall = 800000000,
    .other = 99960000,
    .layer = layers,
    .layer_count = 2,
    .part = parts,
    .part_count = 6,
    .operations = 111.1e9,
    .step = {1600000, 37.9e9},
    .rows = {47000000, 12.5e9},
    .batch = {512, 80e9},
};

START_TEST(a_table_tells_it)
{
    text out = {0};

    ck_assert(breakdown_print(&round_figures, &out));
    ck_assert_str_eq(
        out.bytes,
        "profile  1000 steps in 0.8 s, 800.00 us each\n"
        "                                    us/step    share  GFLOP/s    GB/s  of limit\n"
        "gather                               100.00    12.5%              4.0       20%\n"
        "layer 0  784 -> 128 relu             300.00    37.5%\n"
        "  forward                            200.00    25.0%    100.0               90%\n"
        "  activation                          12.00     1.5%\n"
        "  step                                88.00    11.0%             22.7       60%\n"
        "layer 1  128 -> 10 softmax           300.00    37.5%\n"
        "  forward                            300.00    37.5%      5.0                5%\n"
        "loss                                   0.04     0.0%\n"
        "other                                 99.96    12.5%\n"
        "all                                  800.00   100.0%\n"
        "limits     111.1 GFLOP/s  products\n"
        "            37.9 GB/s     step: weights, gradients and slots, 1.6 MB\n"
        "            12.5 GB/s     gather: the rows it reads, 47.0 MB\n"
        "            80.0 GB/s     gather: the batch it writes, 0.5 kB\n");
    free(out.bytes);
}
END_TEST

/* Two threads for 2 s are 4 s; a name that is too long is cut; without slots there is no such
 * limit. */
START_TEST(a_table_tells_it_of_threads)
{
    breakdown_layer wide = {20000, 10000, "exponential_linear_unit_of_mine"};
    breakdown_part part = {PROFILE_FORWARD, 0, 1000000000, 0, 0, 0};
    const breakdown all = {.threads = 2,
                           .steps = 1000,
                           .wall = 2000000000,
                           .other = 3000000000,
                           .layer = &wide,
                           .layer_count = 1,
                           .part = &part,
                           .part_count = 1,
                           .operations = 111.1e9};
    text out = {0};

    ck_assert(breakdown_print(&all, &out));
    ck_assert_str_eq(
        out.bytes,
        "profile  1000 steps in 2 s, 2000.0 us each, on 2 threads; below, times\n"
        "         are those of all threads added up, rates those of one\n"
        "                                    us/step    share  GFLOP/s    GB/s  of limit\n"
        "layer 0  20000 -> 10000 exponent     1000.0    25.0%\n"
        "  forward                            1000.0    25.0%\n"
        "other, and waiting                   3000.0    75.0%\n"
        "all                                  4000.0   100.0%\n"
        "limits     111.1 GFLOP/s  products\n");
    free(out.bytes);
}
END_TEST

START_TEST(json_tells_it)
{
    text out = {0};

    ck_assert(breakdown_json(&round_figures, &out));
    ck_assert_str_eq(
        out.bytes,
        "{\"event\":\"profile\",\"steps\":1000,\"threads\":1,\"wall_ns\":800000000,"
        "\"total_ns\":800000000,\"parts\":["
        "{\"part\":\"gather\",\"ns\":100000000,\"bytes\":400000000,\"share_of_limit\":0.2},"
        "{\"part\":\"forward\",\"layer\":0,\"ns\":200000000,\"operations\":20000000000,"
        "\"share_of_limit\":0.9},"
        "{\"part\":\"activation\",\"layer\":0,\"ns\":12000000},"
        "{\"part\":\"step\",\"layer\":0,\"ns\":88000000,\"bytes\":2000000000,"
        "\"share_of_limit\":0.6},"
        "{\"part\":\"forward\",\"layer\":1,\"ns\":300000000,\"operations\":1500000000,"
        "\"share_of_limit\":0.05},"
        "{\"part\":\"loss\",\"ns\":40000}],\"other_ns\":99960000,"
        "\"limits\":{\"operations_per_second\":111100000000,"
        "\"step_bytes_per_second\":37900000000,\"rows_bytes_per_second\":12500000000,"
        "\"batch_bytes_per_second\":80000000000}}");
    free(out.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/breakdown");
    TCase *counts = tcase_create("counts"), *runs = tcase_create("runs");
    TCase *told = tcase_create("told");

    tcase_add_loop_test(counts, parts_and_other_make_up_the_time_of_all_threads, 0, WAYS);
    tcase_add_loop_test(counts, steps_stand_where_they_belong, 0, WAYS);
    tcase_add_loop_test(counts, products_are_counted_to_the_operation, 0, 3);
    tcase_add_test(counts, a_gather_moves_rows_and_targets);
    tcase_add_loop_test(counts, a_step_moves_weights_gradients_and_slots, 0, STEP_ROWS);
    tcase_add_test(counts, the_least_time_is_work_by_limit);
    tcase_add_loop_test(runs, a_profile_changes_no_bit, 0, WAYS);
    tcase_add_test(runs, a_resumed_run_tells_of_its_own_steps);
    tcase_add_test(runs, without_a_step_there_is_none);
    tcase_add_test(told, a_table_tells_it);
    tcase_add_test(told, a_table_tells_it_of_threads);
    tcase_add_test(told, json_tells_it);
    suite_add_tcase(suite, counts);
    suite_add_tcase(suite, runs);
    suite_add_tcase(suite, told);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
