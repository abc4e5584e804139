/* Forward and backward passes of whole networks, against the naive arithmetic of fixture.c,
 * against central differences, and against each other. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static const random_stream drops = {5, (uint64_t)RANDOM_DROPOUT << 56 | 4096};

/* A batch for a plan. */
typedef struct batch {
    size_t rows;
    float *x, *target, *weight;
    double scale;
} batch;

static batch batch_new(const plan *plan, size_t rows, bool weighted)
{
    batch made = {.rows = rows, .scale = 1 / (double)rows};

    made.x = fixture_numbers(1, rows * plan->inputs);
    made.target = fixture_targets(plan, 2, rows);
    if (!weighted)
        return made;
    double sum = 0;
    made.weight = fixture_numbers(3, rows);
    for (size_t r = 0; r < rows; r++) {
        made.weight[r] = made.weight[r] * made.weight[r] + 0.1f;
        sum += (double)made.weight[r];
    }
    made.scale = 1 / sum;
    return made;
}

static void batch_free(batch *batch)
{
    free(batch->x);
    free(batch->target);
    free(batch->weight);
}

/* Forward and loss, and backward with `gradient`. */
static double pass(network *network, const batch *batch, const random_stream *dropout,
                   bool gradient)
{
    plx_error error = {0};
    double loss = (double)NAN;

    ck_assert_msg(network_forward(network, batch->rows, batch->x, dropout, true, &error), "%s",
                  error.text);
    ck_assert_msg(network_loss(network, batch->target, NULL, batch->weight, batch->scale, gradient,
                               &loss, NULL, &error),
                  "%s", error.text);
    ck_assert_msg(!gradient || network_backward(network, &error), "%s", error.text);
    return loss;
}

/* --- against the reference -------------------------------------------------------------------- */

static void compare_outputs(network *network, const reference *want, size_t n)
{
    const float *output = network_output(network);

    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq_tol((double)output[i], want->output[i],
                                1e-5 * (1 + fabs(want->output[i])));
}

/* Within `tolerance` of the tensor's largest gradient. */
static void compare_gradients(network *network, const double *want, double tolerance)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    for (size_t t = 0; t < count; t++) {
        const size_t n = tensor[t].rows * tensor[t].cols;
        const float *got = network_gradients(network, t);
        double largest = 0;
        for (size_t i = 0; i < n; i++)
            largest = fmax(largest, fabs(want[tensor[t].offset + i]));
        ck_assert_double_gt(largest, 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_double_eq_tol((double)got[i], want[tensor[t].offset + i],
                                    tolerance * largest);
    }
}

static void check_against_reference(const plan *plan, size_t rows, const random_stream *dropout,
                                    bool weighted)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, plan);
    batch batch = batch_new(plan, rows, weighted);
    reference *want = reference_pass(network, plan, rows, batch.x, batch.target, batch.weight,
                                     batch.scale, dropout);

    const double loss = pass(network, &batch, dropout, true);
    ck_assert_double_eq_tol(loss, want->loss, 1e-5 * fabs(want->loss));
    compare_outputs(network, want, rows * plan_outputs(plan));
    compare_gradients(network, want->gradient, 2e-5);
    reference_free(want);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}

static const char *const hidden[] = {"identity", "sigmoid", "tanh",     "relu",
                                     "elu",      "silu",    "softplus", "softmax"};
static const struct {
    const char *activation, *loss;
} heads[] = {{"softmax", "cross_entropy"},
             {"sigmoid", "cross_entropy"},
             {"identity", "mse"},
             {"softmax", "mse"},
             {"tanh", "mse"},
             {"silu", "mse"}};

enum {
    HIDDEN = sizeof(hidden) / sizeof(hidden[0]),
    HEADS = sizeof(heads) / sizeof(heads[0]),
};

/* 5-7-6-3 with one pair of activations, on 11 rows. */
static plan small_plan(size_t h, size_t head, bool fused, double dropout)
{
    return (plan){.inputs = 5,
                  .layer = {{7, hidden[h], dropout, false},
                            {6, hidden[(h + 1) % HIDDEN], 0, true},
                            {3, heads[head].activation, 0, false}},
                  .loss = heads[head].loss,
                  .fused = fused,
                  .capacity = 11};
}

START_TEST(small_networks_agree_with_the_reference)
{
    const plan plan = small_plan((size_t)_i % HIDDEN, (size_t)_i / HIDDEN, false, 0);

    check_against_reference(&plan, 11, NULL, false);
}
END_TEST

START_TEST(fused_networks_agree_with_the_reference)
{
    const plan plan = small_plan((size_t)_i % HIDDEN, (size_t)_i / HIDDEN, true, 0);

    check_against_reference(&plan, 11, NULL, false);
}
END_TEST

START_TEST(dropout_agrees_with_the_reference)
{
    const plan plan = small_plan((size_t)_i % HIDDEN, 0, _i >= HIDDEN, 0.4);

    check_against_reference(&plan, 11, &drops, false);
}
END_TEST

START_TEST(row_weights_agree_with_the_reference)
{
    const plan plan = small_plan(2, (size_t)_i % HEADS, _i >= HEADS, 0);

    check_against_reference(&plan, 11, NULL, true);
}
END_TEST

/* Several tiles each way, tiles that are not full, a partial batch, dropout in tiles. */
START_TEST(large_networks_agree_with_the_reference)
{
    static const plan plans[] = {
        {.inputs = 300,
         .layer = {{130, "relu", 0.2, false}, {10, "softmax", 0, false}},
         .loss = "cross_entropy",
         .fused = true,
         .capacity = 130},
        {.inputs = 20,
         .layer = {{300, "tanh", 0, false}, {70, "softmax", 0.3, false}, {2, "identity", 0, false}},
         .loss = "mse",
         .capacity = 130},
        {.inputs = 270,
         .layer = {{1030, "relu", 0.2, false}, {2, "sigmoid", 0, false}},
         .loss = "cross_entropy",
         .fused = true,
         .capacity = 130},
    };

    check_against_reference(&plans[_i % 3], _i < 3 ? 130 : 77, &drops, _i < 3);
}
END_TEST

START_TEST(dropout_of_the_last_layer_agrees_with_the_reference)
{
    const plan plan = {.inputs = 4,
                       .layer = {{6, "tanh", 0, false}, {3, "sigmoid", 0.3, false}},
                       .loss = "mse",
                       .fused = true,
                       .capacity = 9};

    check_against_reference(&plan, 9, &drops, false);
}
END_TEST

/* --- steps on the way back -------------------------------------------------------------------- */

/* Collects what a step is given, and how often each element comes. */
typedef struct collected {
    network *network;
    float *gradient; /* of all tensors, at the network's own offsets                          */
    atomic_int *met; /* the same                                                              */
    atomic_int pieces;
} collected;

static void collect(void *context, size_t tensor, uint64_t offset, uint64_t n, const float *g)
{
    collected *all = context;
    size_t count;
    const network_tensor *tensors = network_tensors(all->network, &count);
    const size_t at = tensors[tensor].offset + offset;

    memcpy(all->gradient + at, g, n * sizeof(*g));
    for (size_t i = 0; i < n; i++)
        atomic_fetch_add(&all->met[at + i], 1);
    atomic_fetch_add(&all->pieces, 1);
}

static size_t arena_size(const network *network)
{
    size_t count;
    const network_tensor *last = network_tensors(network, &count);

    last += count - 1;
    return last->offset + last->rows * last->cols;
}

static collected collected_new(network *network)
{
    const size_t size = arena_size(network);

    return (collected){.network = network,
                       .gradient = calloc(size, sizeof(float)),
                       .met = calloc(size, sizeof(atomic_int))};
}

static void collected_free(collected *all)
{
    free(all->gradient);
    free(all->met);
}

/* Rows wider than a block, layers of many blocks, one without a bias. */
static const plan stepped_plan = {
    .inputs = 1100,
    .layer = {{70, "tanh", 0, false}, {130, "relu", 0, true}, {3, "softmax", 0, false}},
    .loss = "cross_entropy",
    .fused = true,
    .capacity = 40};

static void expect_gradients(const collected *all)
{
    size_t count;
    const network_tensor *tensor = network_tensors(all->network, &count);

    for (size_t t = 0; t < count; t++) {
        const size_t n = tensor[t].rows * tensor[t].cols;
        ck_assert_mem_eq(all->gradient + tensor[t].offset, network_gradients(all->network, t),
                         n * sizeof(float));
        for (size_t i = 0; i < n; i++)
            ck_assert_int_eq(all->met[tensor[t].offset + i], 1);
    }
}

START_TEST(a_step_on_the_way_back_sees_each_gradient_once)
{
    fixture *fixture = fixture_new(_i);
    network *network = fixture_network(fixture, &stepped_plan);
    batch batch = batch_new(&stepped_plan, 40, false);
    collected all = collected_new(network);
    plx_error error = {0};
    bool stepped = false;

    pass(network, &batch, NULL, true);
    double loss;
    ck_assert(
        network_loss(network, batch.target, NULL, NULL, batch.scale, true, &loss, NULL, &error));
    ck_assert(network_backward_step(network, collect, &all, &stepped, &error));
    ck_assert(stepped);
    expect_gradients(&all);
    collected_free(&all);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

static void check_no_step(const plan *plan, double scale)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, plan);
    batch batch = batch_new(plan, 40, false);
    collected all = collected_new(network);
    plx_error error = {0};
    bool stepped = true;
    double loss;

    ck_assert(network_forward(network, 40, batch.x, NULL, false, &error));
    ck_assert(network_loss(network, batch.target, NULL, NULL, scale, true, &loss, NULL, &error));
    ck_assert(network_backward_step(network, collect, &all, &stepped, &error));
    ck_assert(!stepped);
    ck_assert_int_eq(all.pieces, 0);
    ck_assert(network_gradients_finite(network));
    collected_free(&all);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}

/* The loss is so steep that a sum of products might overflow, though none does. */
START_TEST(no_step_is_taken_where_a_gradient_might_not_be_finite)
{
    check_no_step(&stepped_plan, 1e37);
}
END_TEST

/* What is said of the inputs is believed: they are not looked at. */
START_TEST(no_step_is_taken_where_inputs_might_be_too_large)
{
    plan plan = stepped_plan;

    plan.largest_input = 1e38;
    check_no_step(&plan, 1.0 / 40);
}
END_TEST

/* --- against central differences -------------------------------------------------------------- */

static double difference(network *network, const batch *batch, const random_stream *dropout,
                         float *w)
{
    const float before = *w, h = 0x1p-6f;

    *w = before + h;
    const double above = pass(network, batch, dropout, false);
    *w = before - h;
    const double below = pass(network, batch, dropout, false);
    *w = before;
    return (above - below) / (2 * (double)h);
}

START_TEST(gradients_agree_with_central_differences)
{
    static const char *const smooth[] = {"sigmoid", "tanh",     "elu",  "gelu",
                                         "silu",    "softplus", "selu", "softmax"};
    const plan plan = {.inputs = 3,
                       .layer = {{5, smooth[_i / 2], _i % 2 ? 0.3 : 0, false},
                                 {4, "tanh", 0, false},
                                 {3, "softmax", 0, false}},
                       .loss = "cross_entropy",
                       .fused = true,
                       .capacity = 6};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    batch batch = batch_new(&plan, 6, true);
    const random_stream *dropout = _i % 2 ? &drops : NULL;
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    pass(network, &batch, dropout, true);
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < tensor[t].rows * tensor[t].cols; i++)
            ck_assert_double_eq_tol(
                difference(network, &batch, dropout, network_weights(network, t) + i),
                (double)network_gradients(network, t)[i], 3e-4);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- a trajectory ----------------------------------------------------------------------------- */

/* The objective is the sum of the outputs. */
static int32_t sum_rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        b->loss[r] = 0;
        for (uint64_t c = 0; c < b->cols; c++)
            b->loss[r] += (double)b->prediction[r * b->cols + c];
        for (uint64_t c = 0; c < b->cols && b->gradient != NULL; c++)
            b->gradient[r * b->cols + c] = (float)b->scale;
    }
    return PLX_OK;
}

static void descend(network *network, float lr)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < tensor[t].rows * tensor[t].cols; i++)
            network_weights(network, t)[i] -= lr * network_gradients(network, t)[i];
}

/* Weights and biases after 1001 steps of plain gradient descent, as PyTorch computes them. */
START_TEST(a_trajectory_of_1001_steps_ends_where_pytorch_ends)
{
    static const float start[4][6] = {{-.2109f, -.4976f, -.1413f, -.3420f, -.2524f, .6976f},
                                      {-.1085f, -.2979f, .6892f},
                                      {-.0508f, -.3941f, -.2843f},
                                      {-.0711f}};
    static const double end[4][6] = {{-.075831, -.317277, .063083, -.069235, -.072784, .939240},
                                     {.344043, .385911, 1.309441},
                                     {-1.327303, -1.695284, -2.430152},
                                     {-2.877699}};
    float x[6] = {.1f, .2f, .3f, .4f, .5f, .6f}, target[3] = {0};
    const plx_loss sum = {.size = sizeof(sum), .name = "sum", .rows = sum_rows};
    const plugin plugin = {.kind = PLX_KIND_LOSS,
                           .name = "sum",
                           .component = (const plx_component *)&sum,
                           .loss = &sum};
    const settings loss = {.plugin = &plugin};
    const plan plan = {
        .inputs = 2, .layer = {{3, "sigmoid", 0, false}, {1, "sigmoid", 0, false}}, .capacity = 3};
    const batch batch = {.rows = 3, .x = x, .target = target, .scale = 1};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network_with_loss(fixture, &plan, &loss);
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    ck_assert_uint_eq(count, 4);
    for (size_t t = 0; t < 4; t++)
        memcpy(network_weights(network, t), start[t],
               tensor[t].rows * tensor[t].cols * sizeof(float));
    for (int step = 0; step < 1001; step++) {
        pass(network, &batch, NULL, true);
        descend(network, 0.1f);
    }
    for (size_t t = 0; t < 4; t++)
        for (size_t i = 0; i < tensor[t].rows * tensor[t].cols; i++)
            ck_assert_double_eq_tol((double)network_weights(network, t)[i], end[t][i],
                                    1e-4 * fabs(end[t][i]) + 2e-5);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- against each other ----------------------------------------------------------------------- */

START_TEST(a_network_for_forward_only_gives_the_same_outputs)
{
    plan plan = {
        .inputs = 40,
        .layer = {{100, "silu", 0.5, false}, {70, "softmax", 0, false}, {10, "softmax", 0, false}},
        .loss = "cross_entropy",
        .fused = true,
        .capacity = 100};
    fixture *fixture = fixture_new(1);
    batch batch = batch_new(&plan, 100, false);
    plx_error error = {0};
    network *training = fixture_network(fixture, &plan);
    const double loss = pass(training, &batch, NULL, true);

    plan.forward_only = true;
    network *evaluating = fixture_network(fixture, &plan);
    ck_assert_ptr_null(network_gradients(evaluating, 0));
    ck_assert(pass(evaluating, &batch, NULL, false) == loss);
    plan.loss = NULL;
    network *predicting = fixture_network(fixture, &plan);
    ck_assert(network_forward(predicting, 100, batch.x, NULL, true, &error));
    ck_assert_mem_eq(network_output(predicting), network_output(training), 1000 * sizeof(float));
    ck_assert_mem_eq(network_output(evaluating), network_output(training), 1000 * sizeof(float));
    network_free(training);
    network_free(evaluating);
    network_free(predicting);
    batch_free(&batch);
    fixture_free(fixture);
}
END_TEST

START_TEST(a_fused_network_can_skip_its_output)
{
    const plan plan = small_plan(2, 0, true, 0);
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    batch batch = batch_new(&plan, 11, false);
    plx_error error = {0};
    double loss = (double)NAN;
    const double want = pass(network, &batch, NULL, false);

    ck_assert(network_is_fused(network));
    ck_assert(network_forward(network, 11, batch.x, NULL, false, &error));
    ck_assert_ptr_null(network_output(network));
    ck_assert(
        network_loss(network, batch.target, NULL, NULL, batch.scale, true, &loss, NULL, &error));
    ck_assert(loss == want);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(row_losses_are_told)
{
    const plan plan = small_plan(1, 2, false, 0);
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    batch batch = batch_new(&plan, 11, true);
    reference *want = reference_pass(network, &plan, 11, batch.x, batch.target, NULL, 1, NULL);
    plx_error error = {0};
    double loss, row_loss[11];

    ck_assert(network_forward(network, 11, batch.x, NULL, true, &error));
    ck_assert(network_loss(network, batch.target, NULL, batch.weight, batch.scale, false, &loss,
                           row_loss, &error));
    for (size_t r = 0; r < 11; r++)
        ck_assert_double_eq_tol(row_loss[r], want->row_loss[r], 1e-5 * want->row_loss[r]);
    reference_free(want);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* Rows before and behind it leave a row's bits alone, as long as its tile is full. */
START_TEST(a_full_tile_does_not_depend_on_the_batch)
{
    const plan plan = {.inputs = 200,
                       .layer = {{150, "tanh", 0, false}, {10, "softmax", 0, false}},
                       .capacity = 200};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    float *x = fixture_numbers(1, 200 * 200), first[64 * 10];
    plx_error error = {0};

    ck_assert(network_forward(network, 200, x, NULL, true, &error));
    memcpy(first, network_output(network), sizeof(first));
    ck_assert(network_forward(network, 64, x, NULL, true, &error));
    ck_assert_mem_eq(network_output(network), first, sizeof(first));
    free(x);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(an_empty_batch_has_no_gradient)
{
    const plan plan = small_plan(3, 0, true, 0);
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    batch batch = batch_new(&plan, 11, false);

    pass(network, &batch, NULL, true);
    batch.rows = 0;
    ck_assert(pass(network, &batch, NULL, true) == 0);
    for (size_t i = 0; i < 35; i++)
        ck_assert(network_gradients(network, 0)[i] == 0);
    batch_free(&batch);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- dropout ---------------------------------------------------------------------------------- */

START_TEST(dropout_keeps_its_share_and_its_mean)
{
    const plan plan = {.inputs = 1, .layer = {{500, "sigmoid", 0.25, false}}, .capacity = 40};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    float x[40] = {0};
    plx_error error = {0};
    size_t dropped = 0;

    memset(network_weights(network, 1), 0, 500 * sizeof(float)); /* every output is 1/2 */
    ck_assert(network_forward(network, 40, x, &drops, true, &error));
    for (size_t i = 0; i < 20000; i++) {
        const double a = (double)network_output(network)[i];
        dropped += a == 0;
        ck_assert(a == 0 || fabs(a - 0.5 / 0.75) < 1e-6);
    }
    ck_assert_double_eq_tol((double)dropped / 20000, 0.25, 0.0125); /* four deviations */
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(dropout_follows_its_stream)
{
    const plan plan = {.inputs = 3, .layer = {{50, "tanh", 0.5, false}}, .capacity = 20};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    float *x = fixture_numbers(1, 60), once[1000];
    const random_stream other = {drops.seed, drops.lane + 4096};
    plx_error error = {0};

    ck_assert(network_forward(network, 20, x, &drops, true, &error));
    memcpy(once, network_output(network), sizeof(once));
    ck_assert(network_forward(network, 20, x, &other, true, &error));
    ck_assert_mem_ne(network_output(network), once, sizeof(once));
    ck_assert(network_forward(network, 20, x, &drops, true, &error));
    ck_assert_mem_eq(network_output(network), once, sizeof(once));
    free(x);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("passes");
    TCase *one = tcase_create("passes");

    tcase_set_timeout(one, 60);
    tcase_add_loop_test(one, a_step_on_the_way_back_sees_each_gradient_once, 1, 4);
    tcase_add_test(one, no_step_is_taken_where_a_gradient_might_not_be_finite);
    tcase_add_test(one, no_step_is_taken_where_inputs_might_be_too_large);
    tcase_add_loop_test(one, small_networks_agree_with_the_reference, 0, HIDDEN * HEADS);
    tcase_add_loop_test(one, fused_networks_agree_with_the_reference, 0, HIDDEN * 2);
    tcase_add_loop_test(one, dropout_agrees_with_the_reference, 0, HIDDEN * 2);
    tcase_add_loop_test(one, row_weights_agree_with_the_reference, 0, HEADS * 2);
    tcase_add_loop_test(one, large_networks_agree_with_the_reference, 0, 6);
    tcase_add_test(one, dropout_of_the_last_layer_agrees_with_the_reference);
    tcase_add_loop_test(one, gradients_agree_with_central_differences, 0, 16);
    tcase_add_test(one, a_trajectory_of_1001_steps_ends_where_pytorch_ends);
    tcase_add_test(one, a_network_for_forward_only_gives_the_same_outputs);
    tcase_add_test(one, a_fused_network_can_skip_its_output);
    tcase_add_test(one, row_losses_are_told);
    tcase_add_test(one, a_full_tile_does_not_depend_on_the_batch);
    tcase_add_test(one, an_empty_batch_has_no_gradient);
    tcase_add_test(one, dropout_keeps_its_share_and_its_mean);
    tcase_add_test(one, dropout_follows_its_stream);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
