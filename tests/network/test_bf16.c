/* Networks built for bfloat16: which products of a pass are rounded, bit for bit, and that the rest is
 * as without. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "network/product_bf16.h"

enum { ROWS = 77, MOST_THREADS = 4 };

/* Identity keeps every Z, and dX is dZ of the layer below. No extent fits tiles, strips or pairs; the
 * first gradient is cut within a strip. */
static const plan linear = {
    .inputs = 1101,
    .layer = {{70, "identity", 0, false}, {131, "identity", 0, true}, {3, "identity", 0, false}},
    .loss = "mse",
    .capacity = ROWS,
    .bf16 = true};
/* What a network has otherwise, with work enough for threads. */
static const plan usual = {
    .inputs = 200,
    .layer = {{300, "relu", 0.2, false}, {130, "softmax", 0, false}, {5, "softmax", 0, false}},
    .loss = "cross_entropy",
    .fused = true,
    .capacity = 128,
    .bf16 = true};

typedef struct scene {
    const plan *plan;
    fixture *fixture;
    network *network;
    size_t rows;
    float *x, *target;
} scene;

static scene scene_new(const plan *plan, int threads, size_t rows)
{
    scene made = {.plan = plan, .fixture = fixture_new(threads), .rows = rows};

    made.network = fixture_network(made.fixture, plan);
    made.x = fixture_numbers(1, rows * plan->inputs);
    made.target = fixture_targets(plan, 2, rows);
    return made;
}

static void scene_free(scene *scene)
{
    free(scene->x);
    free(scene->target);
    network_free(scene->network);
    fixture_free(scene->fixture);
}

/* Forward and loss, ready for the way back. */
static double begin(scene *scene, bool need_output)
{
    const random_stream dropout = random_open(1, RANDOM_DROPOUT, 0);
    plx_error error = {0};
    double loss;

    ck_assert(
        network_forward(scene->network, scene->rows, scene->x, &dropout, need_output, &error));
    ck_assert(network_loss(scene->network, scene->target, NULL, NULL, 1 / (double)scene->rows, true,
                           &loss, NULL, &error));
    return loss;
}

static void pass(scene *scene, bool need_output)
{
    plx_error error = {0};

    begin(scene, need_output);
    ck_assert(network_backward(scene->network, &error));
}

/* --- which products --------------------------------------------------------------------------- */

static float *new_matrix(size_t rows, size_t cols)
{
    float *made = calloc(rows * cols + 1, sizeof(float));

    ck_assert_ptr_nonnull(made);
    return made;
}

/* x (rows x cols) op(b) in one piece. */
static float *product_of(size_t rows, size_t cols, const float *x, bool transposed, size_t n,
                         const float *b, size_t ldb)
{
    float *rounded = new_matrix(rows, bf16_half(cols)), *made = new_matrix(rows, n);

    bf16_round_rows(rows, cols, x, rounded);
    bf16_product(transposed, rows, n, cols, rounded, b, ldb, NULL, made, n);
    free(rounded);
    return made;
}

static float *transposed(size_t rows, size_t cols, const float *x)
{
    float *made = new_matrix(cols, rows);

    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            made[c * rows + r] = x[r * cols + c];
    return made;
}

/* Layer l of a pass over `linear`. */
typedef struct at {
    size_t units, fan_in;
    const float *x, *w, *b, *dw, *z, *dz;
} at;

static at layer_at(const scene *scene, size_t l)
{
    static const size_t weight[] = {0, 2, 3};
    const bool bias = !scene->plan->layer[l].no_bias;
    network *network = scene->network;

    return (at){.units = scene->plan->layer[l].units,
                .fan_in = l == 0 ? scene->plan->inputs : scene->plan->layer[l - 1].units,
                .x = l == 0 ? scene->x : network_layer_output(network, l - 1),
                .w = network_weights(network, weight[l]),
                .b = bias ? network_weights(network, weight[l] + 1) : NULL,
                .dw = network_gradients(network, weight[l]),
                .z = network_layer_output(network, l),
                .dz = network_pre_activation_gradient(network, l)};
}

static void check_forward(const scene *scene, size_t l)
{
    const at at = layer_at(scene, l);
    float *want = product_of(scene->rows, at.fan_in, at.x, true, at.units, at.w, at.fan_in);

    for (size_t i = 0; at.b != NULL && i < scene->rows * at.units; i++)
        want[i] += at.b[i % at.units];
    ck_assert_mem_eq(at.z, want, scene->rows * at.units * sizeof(float));
    free(want);
}

static void check_below(const scene *scene, size_t l)
{
    const at at = layer_at(scene, l);
    float *want = product_of(scene->rows, at.units, at.dz, false, at.fan_in, at.w, at.fan_in);

    ck_assert_mem_eq(layer_at(scene, l - 1).dz, want, scene->rows * at.fan_in * sizeof(float));
    free(want);
}

static void check_gradient(const scene *scene, size_t l)
{
    const at at = layer_at(scene, l);
    float *dz = transposed(scene->rows, at.units, at.dz);
    float *want = product_of(at.units, scene->rows, dz, false, at.fan_in, at.x, at.fan_in);

    ck_assert_mem_eq(at.dw, want, at.units * at.fan_in * sizeof(float));
    free(dz);
    free(want);
}

START_TEST(all_products_of_a_training_pass_are_rounded)
{
    static const size_t rows[] = {1, 2, 64, 65, ROWS};
    scene scene = scene_new(&linear, 1, rows[_i]);

    pass(&scene, false);
    for (size_t l = 0; l < 3; l++) {
        check_forward(&scene, l);
        check_gradient(&scene, l);
        if (l > 0)
            check_below(&scene, l);
    }
    scene_free(&scene);
}
END_TEST

START_TEST(no_rows_make_no_gradient)
{
    scene scene = scene_new(&linear, 1, 0);
    const at first = layer_at(&scene, 0);

    network_gradients(scene.network, 0)[0] = 1;
    pass(&scene, false);
    for (size_t i = 0; i < first.units * first.fan_in; i++)
        ck_assert(first.dw[i] == 0);
    scene_free(&scene);
}
END_TEST

START_TEST(the_bias_s_gradient_is_not_rounded)
{
    scene scene = scene_new(&linear, 1, ROWS);

    pass(&scene, false);
    const at first = layer_at(&scene, 0);
    for (size_t u = 0; u < first.units; u++) {
        double sum = 0;
        for (size_t r = 0; r < ROWS; r++)
            sum += (double)first.dz[r * first.units + u];
        ck_assert(network_gradients(scene.network, 1)[u] == (float)sum);
    }
    scene_free(&scene);
}
END_TEST

/* Evaluations need outputs. The gradients then are those of a network that was built without. */
START_TEST(a_pass_that_needs_outputs_is_not_rounded)
{
    plan plain = linear;
    plain.bf16 = false;
    scene rounded = scene_new(&linear, 1, ROWS), exact = scene_new(&plain, 1, ROWS);

    for (int round = 0; round < 2; round++) {
        pass(&rounded, false);
        pass(&rounded, true);
        pass(&exact, round == 0);
        ck_assert_mem_eq(network_layer_output(rounded.network, 2),
                         network_layer_output(exact.network, 2), ROWS * 3 * sizeof(float));
        for (size_t t = 0; t < 5; t++)
            ck_assert(network_gradients(rounded.network, t)[0] ==
                      network_gradients(exact.network, t)[0]);
    }
    scene_free(&rounded);
    scene_free(&exact);
}
END_TEST

/* With functions that are smooth: a relu that rounding switches off or on changes a gradient by much. */
START_TEST(a_pass_of_training_is_near_one_in_float32)
{
    plan smooth = usual, plain;
    smooth.layer[0].activation = smooth.layer[1].activation = "tanh";
    plain = smooth;
    plain.bf16 = false;
    scene rounded = scene_new(&smooth, 1, ROWS), exact = scene_new(&plain, 1, ROWS);
    size_t count;
    const network_tensor *tensor = network_tensors(exact.network, &count);

    pass(&rounded, false);
    pass(&exact, false);
    for (size_t t = 0; t < count; t++) {
        const float *got = network_gradients(rounded.network, t);
        const float *want = network_gradients(exact.network, t);
        const size_t n = tensor[t].rows * tensor[t].cols;
        double error = 0, norm = 0;
        for (size_t i = 0; i < n; i++) {
            error += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
            norm += (double)want[i] * (double)want[i];
        }
        ck_assert_double_gt(error, 0);
        ck_assert_double_lt(sqrt(error), 0.02 * sqrt(norm));
    }
    scene_free(&rounded);
    scene_free(&exact);
}
END_TEST

/* --- threads and steps on the way back -------------------------------------------------------- */

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    scene alone = scene_new(&usual, 1, 128), together = scene_new(&usual, _i, 128);
    size_t count;
    const network_tensor *tensor = network_tensors(alone.network, &count);

    for (int round = 0; round < 20; round++) {
        ck_assert(begin(&alone, false) == begin(&together, false));
        pass(&alone, false);
        pass(&together, false);
        for (size_t t = 0; t < count; t++)
            ck_assert_mem_eq(network_gradients(alone.network, t),
                             network_gradients(together.network, t),
                             tensor[t].rows * tensor[t].cols * sizeof(float));
    }
    scene_free(&alone);
    scene_free(&together);
}
END_TEST

/* Compares a piece with the gradient of the pass before, which is still there. */
static void compare_piece(void *context, size_t tensor, uint64_t offset, uint64_t n, const float *g)
{
    scene *scene = context;

    ck_assert_mem_eq(g, network_gradients(scene->network, tensor) + offset, n * sizeof(float));
}

START_TEST(steps_on_the_way_back_see_the_same_gradients)
{
    scene scene = scene_new(_i == 0 ? &linear : &usual, 2, ROWS);
    plx_error error = {0};
    bool stepped;

    pass(&scene, false);
    begin(&scene, false);
    ck_assert(network_backward_step(scene.network, compare_piece, &scene, &stepped, &error));
    ck_assert(stepped);
    scene_free(&scene);
}
END_TEST

/* The largest float rounds to infinity, and infinity times a dZ of 0 is NaN. */
START_TEST(no_step_is_taken_on_what_rounds_to_infinity)
{
    static const plan dead = {.inputs = 2,
                              .layer = {{3, "relu", 0, true}, {1, "identity", 0, false}},
                              .loss = "mse",
                              .capacity = 1,
                              .bf16 = true};
    scene scene = scene_new(&dead, 1, 1);
    plx_error error = {0};
    bool stepped;

    scene.x[0] = FLT_MAX;
    for (size_t i = 0; i < 6; i++)
        network_weights(scene.network, 0)[i] = -1;
    ck_assert(isfinite(begin(&scene, false)));
    ck_assert(network_backward_step(scene.network, compare_piece, &scene, &stepped, &error));
    ck_assert(!stepped);
    ck_assert(isnan(network_gradients(scene.network, 0)[0]));
    scene_free(&scene);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("bf16");
    TCase *products = tcase_create("products"), *ways = tcase_create("ways");

    tcase_add_loop_test(products, all_products_of_a_training_pass_are_rounded, 0, 5);
    tcase_add_test(products, no_rows_make_no_gradient);
    tcase_add_test(products, the_bias_s_gradient_is_not_rounded);
    tcase_add_test(products, a_pass_that_needs_outputs_is_not_rounded);
    tcase_add_test(products, a_pass_of_training_is_near_one_in_float32);
    suite_add_tcase(all, products);
    tcase_set_timeout(ways, 60);
    tcase_add_loop_test(ways, any_number_of_threads_gives_the_same_bits, 2, MOST_THREADS + 1);
    tcase_add_loop_test(ways, steps_on_the_way_back_see_the_same_gradients, 0, 2);
    tcase_add_test(ways, no_step_is_taken_on_what_rounds_to_infinity);
    suite_add_tcase(all, ways);
    return all;
}

int main(void)
{
    const char *lack = product_bf16_lack();

    return lack == NULL ? harness_run(suite()) : harness_skip(lack);
}
