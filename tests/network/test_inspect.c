/* Finding the first thing that is not finite, and the matrices that explain a pass. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { ROWS = 70 };

/* silu needs its input, so its pre-activations are kept; relu's are not. */
static const plan both = {
    .inputs = 20,
    .layer = {{100, "silu", 0, false}, {90, "relu", 0, false}, {3, "softmax", 0, false}},
    .loss = "cross_entropy",
    .fused = true,
    .capacity = ROWS};

typedef struct scene {
    fixture *fixture;
    network *network;
    float *x, *target;
} scene;

static scene scene_new(const plan *plan)
{
    scene made = {.fixture = fixture_new(1)};

    made.network = fixture_network(made.fixture, plan);
    made.x = fixture_numbers(1, ROWS * plan->inputs);
    made.target = fixture_targets(plan, 2, ROWS);
    return made;
}

static void scene_free(scene *scene)
{
    free(scene->x);
    free(scene->target);
    network_free(scene->network);
    fixture_free(scene->fixture);
}

static void pass(scene *scene, bool need_output)
{
    plx_error error = {0};
    double loss;

    ck_assert(network_forward(scene->network, ROWS, scene->x, NULL, need_output, &error));
    ck_assert(
        network_loss(scene->network, scene->target, NULL, NULL, 1, true, &loss, NULL, &error));
    ck_assert(network_backward(scene->network, &error));
}

static void expect(scene *scene, const char *want)
{
    char what[128] = "";

    pass(scene, true);
    ck_assert(network_find_nonfinite(scene->network, what, sizeof(what)));
    ck_assert_str_eq(what, want);
}

START_TEST(nothing_is_found_when_all_is_finite)
{
    scene scene = scene_new(&both);
    char what[128] = "untouched";

    ck_assert(!network_find_nonfinite(scene.network, what, sizeof(what)));
    for (int need_output = 0; need_output < 2; need_output++) {
        pass(&scene, need_output != 0);
        ck_assert(!network_find_nonfinite(scene.network, what, sizeof(what)));
    }
    ck_assert_str_eq(what, "untouched");
    scene_free(&scene);
}
END_TEST

START_TEST(the_input_is_named)
{
    scene scene = scene_new(&both);

    scene.x[ROWS * 20 - 1] = INFINITY;
    expect(&scene, "the input");
    scene_free(&scene);
}
END_TEST

START_TEST(pre_activations_are_named)
{
    scene scene = scene_new(&both);

    network_weights(scene.network, 1)[99] = NAN;
    expect(&scene, "the pre-activations of layer 0");
    scene_free(&scene);
}
END_TEST

/* In place, so the output is what is left to be seen. */
START_TEST(an_output_is_named_with_its_activation)
{
    scene scene = scene_new(&both);

    network_weights(scene.network, 3)[0] = INFINITY;
    expect(&scene, "the output of layer 1 (activation 'relu')");
    scene_free(&scene);
}
END_TEST

START_TEST(the_last_pre_activations_are_named_when_the_output_is_skipped)
{
    scene scene = scene_new(&both);
    char what[128] = "";

    network_weights(scene.network, 5)[2] = -INFINITY;
    pass(&scene, false);
    ck_assert(network_find_nonfinite(scene.network, what, sizeof(what)));
    ck_assert_str_eq(what, "the pre-activations of layer 2");
    scene_free(&scene);
}
END_TEST

START_TEST(the_loss_is_named)
{
    scene scene = scene_new(&both);

    scene.target[3] = NAN;
    expect(&scene, "the loss ('cross_entropy')");
    scene_free(&scene);
}
END_TEST

/* Weights so large that the way back overflows while the way forward does not. */
START_TEST(a_gradient_by_pre_activations_is_named_with_its_activation)
{
    static const plan plan = {.inputs = 1,
                              .layer = {{1, "identity", 0, false}, {1, "identity", 0, false}},
                              .loss = "mse",
                              .capacity = ROWS};
    scene scene = scene_new(&plan);

    memset(scene.x, 0, ROWS * sizeof(float));
    memset(scene.target, 0, ROWS * sizeof(float));
    network_weights(scene.network, 1)[0] = 0;
    network_weights(scene.network, 2)[0] = 3e38f;
    network_weights(scene.network, 3)[0] = 1e10f;
    expect(&scene, "the gradient by the pre-activations of layer 0 (activation 'identity')");
    ck_assert(!network_gradients_finite(scene.network));
    scene_free(&scene);
}
END_TEST

static const plan one_identity = {
    .inputs = 1, .layer = {{1, "identity", 0, false}}, .loss = "mse", .capacity = ROWS};

/* Inputs so large that only their product with the gradient overflows. */
START_TEST(a_gradient_is_named)
{
    scene scene = scene_new(&one_identity);

    for (size_t r = 0; r < ROWS; r++)
        scene.x[r] = 1e30f;
    memset(scene.target, 0, ROWS * sizeof(float));
    network_weights(scene.network, 0)[0] = 0;
    network_weights(scene.network, 1)[0] = 1e10f;
    expect(&scene, "the gradient of layers.0.weight");
    scene_free(&scene);
}
END_TEST

/* Between the loss and the way back its own gradient is still there to be seen. */
START_TEST(the_gradient_of_the_loss_is_named)
{
    scene scene = scene_new(&one_identity);
    plx_error error = {0};
    char what[128] = "";
    double loss;

    scene.x[0] = 0;
    network_weights(scene.network, 1)[0] = 1e10f;
    ck_assert(network_forward(scene.network, 1, scene.x, NULL, true, &error));
    ck_assert(
        network_loss(scene.network, scene.target, NULL, NULL, 1e30, true, &loss, NULL, &error));
    ck_assert(isfinite(loss));
    ck_assert(network_find_nonfinite(scene.network, what, sizeof(what)));
    ck_assert_str_eq(what, "the gradient of the loss ('mse')");
    scene_free(&scene);
}
END_TEST

START_TEST(of_several_gradients_the_last_layer_s_is_named)
{
    scene scene = scene_new(&both);
    char what[128] = "";

    pass(&scene, true);
    network_gradients(scene.network, 1)[0] = NAN;
    network_gradients(scene.network, 3)[0] = NAN;
    ck_assert(network_find_nonfinite(scene.network, what, sizeof(what)));
    ck_assert_str_eq(what, "the gradient of layers.1.bias");
    scene_free(&scene);
}
END_TEST

START_TEST(arenas_are_tested_to_their_ends)
{
    scene scene = scene_new(&both);
    size_t count;
    const network_tensor *tensor = network_tensors(scene.network, &count);

    pass(&scene, true);
    ck_assert(network_gradients_finite(scene.network) && network_weights_finite(scene.network));
    for (size_t t = 0; t < count; t++) {
        const size_t last = tensor[t].rows * tensor[t].cols - 1;
        for (int place = 0; place < 2; place++) {
            float *w = network_weights(scene.network, t) + (place ? last : 0);
            float *g = network_gradients(scene.network, t) + (place ? last : 0);
            const float before_w = *w, before_g = *g;
            *w = NAN;
            *g = -INFINITY;
            ck_assert(!network_weights_finite(scene.network));
            ck_assert(!network_gradients_finite(scene.network));
            *w = before_w;
            *g = before_g;
        }
    }
    ck_assert(network_gradients_finite(scene.network) && network_weights_finite(scene.network));
    scene_free(&scene);
}
END_TEST

START_TEST(the_largest_finite_numbers_are_finite)
{
    scene scene = scene_new(&both);

    for (int i = 0; i < 20; i++)
        network_weights(scene.network, 0)[i] = i % 2 ? 3.4028235e38f : -3.4028235e38f;
    network_weights(scene.network, 0)[20] = 1e-45f;
    ck_assert(network_weights_finite(scene.network));
    scene_free(&scene);
}
END_TEST

START_TEST(the_matrices_of_a_pass_are_told)
{
    scene scene = scene_new(&both);
    const network *network = scene.network;
    const float *b = network_weights(scene.network, 1);

    memset(network_weights(scene.network, 0), 0, 100 * 20 * sizeof(float));
    ck_assert_ptr_null(network_pre_activation_gradient(network, 0));
    pass(&scene, true);
    for (size_t r = 0; r < ROWS; r++)
        ck_assert_mem_eq(network_pre_activations(network, 0) + 100 * r, b, 100 * sizeof(float));
    ck_assert_ptr_null(network_pre_activations(network, 1));
    ck_assert_ptr_nonnull(network_pre_activations(network, 2));
    ck_assert_ptr_null(network_pre_activations(network, 3));
    ck_assert(network_layer_output(network, 2) == network_output(network));
    ck_assert_ptr_null(network_layer_output(network, 3));
    const double b0 = (double)b[0];
    ck_assert_double_eq_tol((double)network_layer_output(network, 0)[0], b0 / (1 + exp(-b0)), 1e-6);
    scene_free(&scene);
}
END_TEST

/* db is the sum of dZ over the rows. */
START_TEST(the_gradient_by_pre_activations_sums_to_that_of_the_bias)
{
    scene scene = scene_new(&both);

    pass(&scene, true);
    for (size_t l = 0; l < 3; l++)
        for (size_t j = 0; j < both.layer[l].units; j++) {
            const float *dz = network_pre_activation_gradient(scene.network, l);
            double sum = 0;
            for (size_t r = 0; r < ROWS; r++)
                sum += (double)dz[r * both.layer[l].units + j];
            ck_assert(network_gradients(scene.network, 2 * l + 1)[j] == (float)sum);
        }
    scene_free(&scene);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("inspect");
    TCase *one = tcase_create("inspect");

    tcase_add_test(one, nothing_is_found_when_all_is_finite);
    tcase_add_test(one, the_input_is_named);
    tcase_add_test(one, pre_activations_are_named);
    tcase_add_test(one, an_output_is_named_with_its_activation);
    tcase_add_test(one, the_last_pre_activations_are_named_when_the_output_is_skipped);
    tcase_add_test(one, the_loss_is_named);
    tcase_add_test(one, a_gradient_by_pre_activations_is_named_with_its_activation);
    tcase_add_test(one, a_gradient_is_named);
    tcase_add_test(one, the_gradient_of_the_loss_is_named);
    tcase_add_test(one, of_several_gradients_the_last_layer_s_is_named);
    tcase_add_test(one, arenas_are_tested_to_their_ends);
    tcase_add_test(one, the_largest_finite_numbers_are_finite);
    tcase_add_test(one, the_matrices_of_a_pass_are_told);
    tcase_add_test(one, the_gradient_by_pre_activations_sums_to_that_of_the_bias);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
