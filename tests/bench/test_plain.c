/* test_plain.c: the engine and the plain loop, which share nothing but the matrix product, learn
 * the same from the same rows: losses, weights and answers agree within what float32 leaves open.
 * The workloads are small ones of the benchmark's kinds. */
#include "plain.h"

#include <math.h>

#include "engine.h"
#include "harness.h"

enum { STEPS = 12 }; /* more than two epochs of the images */

/* W3 in small: 70 rows are four batches of 16 and a partial one. */
static const workload small_images = {.name = "small W3",
                                      .inputs = 20,
                                      .layers = 3,
                                      .units = {24, 24, 10},
                                      .hidden = "relu",
                                      .output = "softmax",
                                      .optimizer = "adam",
                                      .lr = 1e-3,
                                      .rows = 70,
                                      .batch = 16,
                                      .images = true,
                                      .shuffle = true};

/* Products large enough for the library. */
static const workload wide_images = {.name = "wide W3",
                                     .inputs = 80,
                                     .layers = 3,
                                     .units = {96, 96, 10},
                                     .hidden = "relu",
                                     .output = "softmax",
                                     .optimizer = "adam",
                                     .lr = 1e-3,
                                     .rows = 200,
                                     .batch = 64,
                                     .images = true,
                                     .shuffle = true};

static const workload answers = {.name = "small I3",
                                 .inputs = 20,
                                 .layers = 3,
                                 .units = {24, 24, 10},
                                 .hidden = "relu",
                                 .output = "softmax",
                                 .rows = 70,
                                 .batch = 16,
                                 .images = true};

typedef struct pair {
    const workload *workload;
    workload_data data;
    engine *engine;
    plain *plain;
    plx_error error;
} pair;

static void pair_open(pair *pair, const workload *workload)
{
    *pair = (struct pair){.workload = workload};
    ck_assert(workload_data_make(&pair->data, workload, &pair->error));
    pair->engine = engine_new(workload, &pair->data, BENCH_PLUGINS, &pair->error);
    ck_assert_msg(pair->engine != NULL, "%s", pair->error.text);
    pair->plain = plain_new(workload, &pair->data, &pair->error);
    ck_assert_ptr_nonnull(pair->plain);
}

static void pair_close(pair *pair)
{
    engine_free(pair->engine);
    plain_free(pair->plain);
    workload_data_clear(&pair->data);
}

static void pair_run(pair *pair, size_t steps)
{
    const bool ok = engine_run(pair->engine, steps, &pair->error) &&
                    plain_run(pair->plain, steps, &pair->error);

    ck_assert_msg(ok, "%s", pair->error.text);
}

static void assert_near(const char *what, size_t n, const float *a, const float *b)
{
    for (size_t i = 0; i < n; i++) {
        const double allowed = 1e-5 * fmax(1, fabs((double)b[i]));
        ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= allowed,
                      "%s, element %zu: %.9g by the engine, %.9g by the plain loop", what, i,
                      (double)a[i], (double)b[i]);
    }
}

static void assert_same_losses(const workload *workload)
{
    pair pair;

    pair_open(&pair, workload);
    for (int step = 1; step <= STEPS; step++) {
        pair_run(&pair, 1);
        const double a = engine_loss(pair.engine), b = plain_loss(pair.plain);
        ck_assert_double_gt(a, 0);
        ck_assert_msg(fabs(a - b) <= 1e-5 * b, "step %d: %.9g, %.9g", step, a, b);
    }
    pair_close(&pair);
}

static void assert_same_weights(const workload *workload)
{
    pair pair;

    pair_open(&pair, workload);
    pair_run(&pair, STEPS);
    for (size_t l = 0; l < workload->layers; l++) {
        const size_t units = workload->units[l];
        assert_near("weights", units * workload_fan_in(workload, l), engine_weights(pair.engine, l),
                    plain_weights(pair.plain, l));
        assert_near("bias", units, engine_bias(pair.engine, l), plain_bias(pair.plain, l));
    }
    pair_close(&pair);
}

START_TEST(relu_softmax_adam_give_the_same_losses)
{
    assert_same_losses(&small_images);
    assert_same_losses(&wide_images);
}
END_TEST

START_TEST(relu_softmax_adam_give_the_same_weights)
{
    assert_same_weights(&small_images);
    assert_same_weights(&wide_images);
}
END_TEST

START_TEST(tanh_sigmoid_sgd_give_the_same_losses)
{
    assert_same_losses(workload_find("W5"));
}
END_TEST

START_TEST(tanh_sigmoid_sgd_give_the_same_weights)
{
    assert_same_weights(workload_find("W5"));
}
END_TEST

START_TEST(inference_gives_the_same_answers)
{
    pair pair;

    pair_open(&pair, &answers);
    pair_run(&pair, 2);
    assert_near("outputs", answers.batch * 10, engine_output(pair.engine),
                plain_output(pair.plain));
    pair_close(&pair);
}
END_TEST

/* The rows can be learnt: else a benchmark would time networks that do nothing. */
START_TEST(the_loss_falls)
{
    pair pair;

    pair_open(&pair, &small_images);
    pair_run(&pair, 1);
    const double first = plain_loss(pair.plain);
    pair_run(&pair, 200);
    ck_assert_double_lt(plain_loss(pair.plain), 0.5 * first);
    pair_close(&pair);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("bench/plain");
    TCase *tests = tcase_create("plain");

    tcase_add_test(tests, relu_softmax_adam_give_the_same_losses);
    tcase_add_test(tests, relu_softmax_adam_give_the_same_weights);
    tcase_add_test(tests, tanh_sigmoid_sgd_give_the_same_losses);
    tcase_add_test(tests, tanh_sigmoid_sgd_give_the_same_weights);
    tcase_add_test(tests, inference_gives_the_same_answers);
    tcase_add_test(tests, the_loss_falls);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
