/* test_profile.c: cells of time and work, and what the passes of a network put into them. */
#include <stdlib.h>

#include "fixture.h"

enum { LAYERS = 3, THREADS = 3, ROWS = 600 };

START_TEST(without_a_profile_nothing_is_measured)
{
    ck_assert_uint_eq(profile_now(NULL), 0);
    ck_assert_uint_eq(profile_add(NULL, 7, 7, PROFILE_STEP, 0), 0);
    profile_count(NULL, 7, 7, PROFILE_STEP, 1);
    profile_free(NULL);
}
END_TEST

START_TEST(a_cell_adds_up)
{
    profile *profile = profile_new(LAYERS, THREADS);
    uint64_t sum = 0;

    ck_assert_ptr_nonnull(profile);
    for (int i = 0; i < 6; i++) {
        const uint64_t since = profile_now(profile);
        sum += profile_add(profile, i % THREADS, 1, PROFILE_LOSS, since) - since;
        profile_count(profile, i % THREADS, 1, PROFILE_LOSS, 100);
    }
    ck_assert_uint_eq(profile_time(profile, 1, PROFILE_LOSS), sum);
    ck_assert_uint_eq(profile_work(profile, 1, PROFILE_LOSS), 600);
    profile_free(profile);
}
END_TEST

/* Every cell is given a number of its own: one that were another's, too, would hold both. */
START_TEST(threads_layers_and_kinds_do_not_share_cells)
{
    profile *profile = profile_new(LAYERS, THREADS);
    uint64_t number = 0;

    for (int thread = 0; thread < THREADS; thread++)
        for (size_t cell = 0; cell < LAYERS * PROFILE_KINDS; cell++) {
            const uint64_t now = profile_now(profile);
            number++;
            profile_count(profile, thread, cell / PROFILE_KINDS,
                          (profile_kind)(cell % PROFILE_KINDS), number);
            profile_add(profile, thread, cell / PROFILE_KINDS, (profile_kind)(cell % PROFILE_KINDS),
                        now - (number << 40));
        }
    const uint64_t stride = LAYERS * PROFILE_KINDS;
    for (uint64_t cell = 0; cell < stride; cell++) {
        const size_t layer = cell / PROFILE_KINDS;
        const profile_kind kind = (profile_kind)(cell % PROFILE_KINDS);
        const uint64_t expected = THREADS * (cell + 1) + stride * (THREADS * (THREADS - 1) / 2);
        ck_assert_uint_eq(profile_work(profile, layer, kind), expected);
        ck_assert_uint_eq(profile_time(profile, layer, kind) >> 40, expected);
    }
    profile_free(profile);
}
END_TEST

/* --- of a network ----------------------------------------------------------------------------- */

static const plan deep = {
    .inputs = 100,
    .layer = {{150, "tanh", 0.1, false}, {70, "softmax", 0, true}, {10, "softmax", 0, false}},
    .loss = "cross_entropy",
    .fused = true,
    .capacity = ROWS};

typedef struct scene {
    fixture *fixture;
    network *network;
    profile *profile;
    float *x, *target;
} scene;

static scene scene_new(int threads)
{
    scene made = {.fixture = fixture_new(threads)};

    made.network = fixture_network(made.fixture, &deep);
    made.profile = profile_new(LAYERS, threads);
    made.x = fixture_numbers(1, ROWS * deep.inputs);
    made.target = fixture_targets(&deep, 2, ROWS);
    network_set_profile(made.network, made.profile);
    return made;
}

static void scene_clear(scene *scene)
{
    free(scene->x);
    free(scene->target);
    network_free(scene->network);
    profile_free(scene->profile);
    fixture_free(scene->fixture);
}

static void take_piece(void *context, size_t tensor, uint64_t offset, uint64_t n, const float *g)
{
}

/* Forward, loss, and backward with steps on the way or without. */
static void pass(const scene *scene, bool stepping)
{
    const random_stream dropout = random_open(1, RANDOM_DROPOUT, 4096);
    plx_error error = {0};
    bool stepped = false;
    double loss;

    ck_assert(network_forward(scene->network, ROWS, scene->x, &dropout, false, &error));
    ck_assert(network_loss(scene->network, scene->target, NULL, NULL, 1.0 / ROWS, true, &loss, NULL,
                           &error));
    ck_assert(stepping ? network_backward_step(scene->network, take_piece, NULL, &stepped, &error)
                       : network_backward(scene->network, &error));
    ck_assert(stepped == stepping);
    ck_assert(stepping || network_gradients_finite(scene->network));
}

/* 2 m n k for each product, whoever does which part of it. */
START_TEST(products_are_counted_to_the_operation)
{
    scene scene = scene_new(_i % THREADS + 1);
    size_t fan_in = deep.inputs;

    pass(&scene, _i >= THREADS);
    pass(&scene, _i >= THREADS);
    for (size_t l = 0; l < LAYERS; l++) {
        const uint64_t one = 2 * ROWS * fan_in * deep.layer[l].units;
        ck_assert_uint_eq(profile_work(scene.profile, l, PROFILE_FORWARD), 2 * one);
        ck_assert_uint_eq(profile_work(scene.profile, l, PROFILE_GRADIENT), 2 * one);
        ck_assert_uint_eq(profile_work(scene.profile, l, PROFILE_BELOW), l == 0 ? 0 : 2 * one);
        fan_in = deep.layer[l].units;
    }
    scene_clear(&scene);
}
END_TEST

/* The kinds that take time in a layer, in the order of their numbers: what belongs to no layer
 * stands with layer 0, nothing goes below it, and the last activation is part of the loss. */
START_TEST(each_layer_has_the_times_of_what_it_does)
{
    static const char *const expected[2][LAYERS] = {{".FAL.DCG.", ".FA.BD.G.", ".FA.B..G."},
                                                    {".FAL.DCGS", ".FA.BD.GS", ".FA.B..GS"}};
    scene scene = scene_new(1);

    pass(&scene, _i == 1);
    for (size_t l = 0; l < LAYERS; l++) {
        char seen[] = "gFALBDCGS";
        for (int kind = 0; kind < PROFILE_KINDS; kind++)
            if (profile_time(scene.profile, l, (profile_kind)kind) == 0)
                seen[kind] = '.';
        ck_assert_str_eq(seen, expected[_i][l]);
    }
    scene_clear(&scene);
}
END_TEST

START_TEST(a_profile_taken_away_is_added_to_no_more)
{
    scene scene = scene_new(2);

    pass(&scene, false);
    const uint64_t time = profile_time(scene.profile, 0, PROFILE_FORWARD);
    network_set_profile(scene.network, NULL);
    pass(&scene, false);
    ck_assert_uint_eq(profile_time(scene.profile, 0, PROFILE_FORWARD), time);
    ck_assert_uint_eq(profile_work(scene.profile, 0, PROFILE_FORWARD), 2 * ROWS * 100 * 150);
    scene_clear(&scene);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("network/profile");
    TCase *cells = tcase_create("cells"), *passes = tcase_create("passes");

    tcase_add_test(cells, without_a_profile_nothing_is_measured);
    tcase_add_test(cells, a_cell_adds_up);
    tcase_add_test(cells, threads_layers_and_kinds_do_not_share_cells);
    tcase_add_loop_test(passes, products_are_counted_to_the_operation, 0, 2 * THREADS);
    tcase_add_loop_test(passes, each_layer_has_the_times_of_what_it_does, 0, 2);
    tcase_add_test(passes, a_profile_taken_away_is_added_to_no_more);
    suite_add_tcase(suite, cells);
    suite_add_tcase(suite, passes);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
