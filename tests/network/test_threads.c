/* The same bits for any number of threads, on shapes where all of them are seen to work. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "network/product.h"

enum { ROWS = 128, PART = 77, STEPS = 3, MOST_THREADS = 4, MOST_PASSES = 4000 };

static const plan digits = {.inputs = 784,
                            .layer = {{128, "relu", 0.2, false}, {10, "softmax", 0, false}},
                            .loss = "cross_entropy",
                            .fused = true,
                            .capacity = ROWS};
static const plan deep = {
    .inputs = 64,
    .layer = {{512, "tanh", 0, false}, {512, "softmax", 0.1, false}, {10, "softmax", 0, false}},
    .loss = "mse",
    .capacity = ROWS};
/* Every product of this one takes the plain path. */
static const plan little = {.inputs = 24,
                            .layer = {{40, "silu", 0, false}, {3, "sigmoid", 0, false}},
                            .loss = "cross_entropy",
                            .capacity = ROWS};
static const plan *const plans[] = {&digits, &deep, &little};

/* All that a run leaves behind. */
typedef struct outcome {
    double loss[2 * STEPS];
    size_t length;
    float *weights, *output;
} outcome;

static size_t arena_length(network *network)
{
    size_t count;
    const network_tensor *last = network_tensors(network, &count) + count - 1;

    return last->offset + last->rows * last->cols;
}

static double step(network *network, const float *x, const float *target, size_t rows,
                   uint64_t number)
{
    const random_stream dropout = random_open(1, RANDOM_DROPOUT, number * 4096);
    plx_error error = {0};
    double loss;

    ck_assert(network_forward(network, rows, x, &dropout, true, &error));
    ck_assert(
        network_loss(network, target, NULL, NULL, 1 / (double)rows, true, &loss, NULL, &error));
    ck_assert(network_backward(network, &error));
    return loss;
}

static void descend(network *network)
{
    float *w = network_weights(network, 0);
    const float *g = network_gradients(network, 0);

    for (size_t i = 0; i < arena_length(network); i++)
        w[i] -= 0.1f * g[i];
}

/* Passes until every thread has run a task, so that a thread which another process keeps from
 * running gets its turn. */
static void see_all_threads(fixture *fixture, network *network, const float *x, const float *target)
{
    const int threads = pool_threads(fixture->pool);
    int seen = 0;

    for (int pass = 0; pass < MOST_PASSES && seen < threads; pass++) {
        step(network, x, target, ROWS, 99);
        seen = 0;
        for (int t = 0; t < threads; t++)
            seen += pool_tasks_run(fixture->pool, t) > 0;
    }
    ck_assert_int_eq(seen, threads);
}

/* Some steps on a whole and on a partial batch each. */
static outcome run(const plan *plan, int threads)
{
    fixture *fixture = fixture_new(threads);
    network *network = fixture_network(fixture, plan);
    float *x = fixture_numbers(1, ROWS * plan->inputs);
    float *target = fixture_targets(plan, 2, ROWS);
    outcome out = {.length = arena_length(network)};

    if (plan != &little)
        see_all_threads(fixture, network, x, target);
    for (size_t s = 0; s < 2 * STEPS; s++) {
        out.loss[s] = step(network, x, target, s % 2 ? PART : ROWS, s);
        descend(network);
    }
    out.weights = malloc(out.length * sizeof(float));
    out.output = malloc(PART * plan_outputs(plan) * sizeof(float));
    ck_assert(out.weights != NULL && out.output != NULL);
    memcpy(out.weights, network_weights(network, 0), out.length * sizeof(float));
    memcpy(out.output, network_output(network), PART * plan_outputs(plan) * sizeof(float));
    free(x);
    free(target);
    network_free(network);
    fixture_free(fixture);
    return out;
}

static void outcome_free(outcome *out)
{
    free(out->weights);
    free(out->output);
}

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    const plan *plan = plans[_i / (MOST_THREADS - 1)];
    outcome alone = run(plan, 1), together = run(plan, _i % (MOST_THREADS - 1) + 2);

    ck_assert_mem_eq(alone.loss, together.loss, sizeof(alone.loss));
    ck_assert_mem_eq(alone.weights, together.weights, alone.length * sizeof(float));
    ck_assert_mem_eq(alone.output, together.output, PART * plan_outputs(plan) * sizeof(float));
    outcome_free(&alone);
    outcome_free(&together);
}
END_TEST

START_TEST(a_run_moves_the_weights)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &digits);
    outcome out = run(&digits, 1);

    ck_assert(memcmp(network_weights(network, 0), out.weights, out.length * sizeof(float)) != 0);
    ck_assert_double_lt(out.loss[2 * STEPS - 2], out.loss[0]);
    outcome_free(&out);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("threads");
    TCase *one = tcase_create("threads");

    tcase_set_timeout(one, 120);
    tcase_add_loop_test(one, any_number_of_threads_gives_the_same_bits, 0, 3 * (MOST_THREADS - 1));
    tcase_add_test(one, a_run_moves_the_weights);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
