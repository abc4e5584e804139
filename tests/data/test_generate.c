/* The generated data sets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static char name_xor[] = "xor", name_moons[] = "moons", name_circles[] = "circles",
            name_spirals[] = "spirals", name_blobs[] = "blobs";

static data_bundle *generate(generate_spec spec, uint64_t seed)
{
    const data_config config = {.generate = spec, .seed = seed};

    return fixture_load(&config);
}

static double at(const data_bundle *bundle, size_t row, size_t d)
{
    const dataset *data = bundle->storage[0];

    return (double)data->floats[row * data->features + d];
}

START_TEST(xor_cycles_over_the_corners)
{
    const double x1[] = {0, 0, 1, 1}, x2[] = {0, 1, 0, 1};
    const int32_t label[] = {0, 1, 1, 0};
    data_bundle *bundle = generate((generate_spec){.name = name_xor, .samples = 10}, 0);

    for (size_t r = 0; r < 10; r++) {
        ck_assert_double_eq(at(bundle, r, 0), x1[r % 4]);
        ck_assert_double_eq(at(bundle, r, 1), x2[r % 4]);
        ck_assert_int_eq(bundle->storage[0]->label[r], label[r % 4]);
    }
    data_free(bundle);
}
END_TEST

/* Both half circles have radius 1; class 0 around (0, 0), class 1 around (1, 0.5). */
START_TEST(moons_lie_on_their_half_circles)
{
    data_bundle *bundle = generate((generate_spec){.name = name_moons, .samples = 100}, 3);

    for (size_t r = 0; r < 100; r++) {
        const int32_t label = bundle->storage[0]->label[r];
        const double x = at(bundle, r, 0) - label, y = at(bundle, r, 1) - 0.5 * label;
        ck_assert_double_eq_tol(hypot(x, y), 1, 1e-6);
        ck_assert(label == 0 ? y >= 0 : y <= 0);
    }
    data_free(bundle);
}
END_TEST

START_TEST(circles_have_their_radii)
{
    data_bundle *bundle =
        generate((generate_spec){.name = name_circles, .samples = 100, .factor = 0.4}, 3);

    for (size_t r = 0; r < 100; r++)
        ck_assert_double_eq_tol(hypot(at(bundle, r, 0), at(bundle, r, 1)),
                                bundle->storage[0]->label[r] == 0 ? 1 : 0.4, 1e-6);
    data_free(bundle);
}
END_TEST

/* angle = 2 pi (turns r + c / classes), up to whole turns. */
START_TEST(spirals_turn_with_their_radius)
{
    const double full = 2 * acos(-1);
    data_bundle *bundle = generate(
        (generate_spec){.name = name_spirals, .samples = 99, .classes = 3, .turns = 1.5}, 3);

    for (size_t r = 0; r < 99; r++) {
        const double radius = hypot(at(bundle, r, 0), at(bundle, r, 1));
        const double angle = full * (1.5 * radius + bundle->storage[0]->label[r] / 3.0);
        ck_assert_double_eq_tol(at(bundle, r, 0), radius * cos(angle), 1e-5);
        ck_assert_double_eq_tol(at(bundle, r, 1), radius * sin(angle), 1e-5);
    }
    data_free(bundle);
}
END_TEST

START_TEST(blobs_without_spread_are_their_centres)
{
    data_bundle *bundle = generate(
        (generate_spec){.name = name_blobs, .samples = 12, .classes = 4, .features = 3}, 3);

    ck_assert_uint_eq(bundle->encoding.features, 3);
    for (size_t r = 4; r < 12; r++)
        for (size_t d = 0; d < 3; d++)
            ck_assert_double_eq(at(bundle, r, d), at(bundle, r - 4, d));
    ck_assert_double_ne(at(bundle, 0, 0), at(bundle, 1, 0));
    data_free(bundle);
}
END_TEST

START_TEST(blobs_have_their_spread)
{
    const generate_spec spec = {
        .name = name_blobs, .samples = 4000, .classes = 2, .features = 1, .spread = 0.5};
    generate_spec tight = spec;

    tight.spread = 0;
    data_bundle *bundle = generate(spec, 3), *centres = generate(tight, 3);
    double sum = 0;
    for (size_t r = 0; r < 4000; r++)
        sum += pow(at(bundle, r, 0) - at(centres, r, 0), 2);
    ck_assert_double_eq_tol(sqrt(sum / 4000), 0.5, 0.03);
    data_free(bundle);
    data_free(centres);
}
END_TEST

START_TEST(noise_is_added_to_each_coordinate)
{
    data_bundle *bundle =
        generate((generate_spec){.name = name_xor, .samples = 4000, .noise = 0.1}, 3);
    double sum = 0;

    for (size_t r = 0; r < 4000; r++)
        sum += pow(at(bundle, r, 0) - (double)(r % 4 / 2), 2) +
               pow(at(bundle, r, 1) - (double)(r % 2), 2);
    ck_assert_double_eq_tol(sqrt(sum / 8000), 0.1, 0.005);
    data_free(bundle);
}
END_TEST

START_TEST(classes_take_turns)
{
    data_bundle *bundle =
        generate((generate_spec){.name = name_spirals, .samples = 10, .classes = 3}, 0);

    for (size_t r = 0; r < 10; r++)
        ck_assert_int_eq(bundle->storage[0]->label[r], (int32_t)(r % 3));
    data_free(bundle);
}
END_TEST

START_TEST(columns_and_labels_have_names)
{
    data_bundle *bundle = generate((generate_spec){.name = name_moons, .samples = 10}, 0);

    ck_assert_str_eq(bundle->encoding.column[0].name, "x1");
    ck_assert_str_eq(bundle->encoding.column[1].name, "x2");
    ck_assert_str_eq(bundle->encoding.label[0], "0");
    ck_assert_str_eq(bundle->encoding.label[1], "1");
    data_free(bundle);
}
END_TEST

START_TEST(one_seed_gives_one_data_set)
{
    const generate_spec spec = {.name = name_moons, .samples = 100, .noise = 0.2};
    data_bundle *a = generate(spec, 5), *b = generate(spec, 5);

    ck_assert_mem_eq(a->storage[0]->floats, b->storage[0]->floats, 200 * sizeof(float));
    data_free(a);
    data_free(b);
}
END_TEST

START_TEST(another_seed_gives_another_data_set)
{
    const generate_spec spec = {.name = name_moons, .samples = 100};
    data_bundle *a = generate(spec, 5), *b = generate(spec, 6);

    ck_assert_int_ne(memcmp(a->storage[0]->floats, b->storage[0]->floats, 200 * sizeof(float)), 0);
    data_free(a);
    data_free(b);
}
END_TEST

START_TEST(more_samples_begin_with_the_same)
{
    data_bundle *a =
        generate((generate_spec){.name = name_circles, .samples = 50, .factor = 0.5}, 5);
    data_bundle *b =
        generate((generate_spec){.name = name_circles, .samples = 80, .factor = 0.5}, 5);

    ck_assert_mem_eq(a->storage[0]->floats, b->storage[0]->floats, 100 * sizeof(float));
    data_free(a);
    data_free(b);
}
END_TEST

START_TEST(a_csv_file_fits_a_generated_encoding)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "new.csv", "x2,x1\n0.5,-1\n");
    data_bundle *bundle = generate((generate_spec){.name = name_moons, .samples = 10}, 0);
    plx_error error = {0};
    dataset *data = data_read(&bundle->encoding, path, NULL, false, NULL, &error);

    ck_assert_msg(data != NULL, "%s", error.text);
    ck_assert_double_eq((double)data->floats[0], -1);
    ck_assert_double_eq((double)data->floats[1], 0.5);
    dataset_free(data);
    data_free(bundle);
    free(path);
    free(folder);
}
END_TEST

/* --- what is refused --- */

static void check_refused(generate_spec spec, const char *expected)
{
    data_config config = {.generate = spec};

    config.generate.at = (place){"x.yaml", 2, 3};
    fixture_refused(&config, "@", ERROR_CONFIG, expected);
}

START_TEST(refuses_an_unknown_generator)
{
    char name[] = "spiral";
    check_refused((generate_spec){.name = name, .samples = 10},
                  "x.yaml:2:3: no generator 'spiral'; there are xor, moons, circles, spirals and "
                  "blobs; did you mean 'spirals'?");
}
END_TEST

START_TEST(refuses_too_few_samples)
{
    check_refused((generate_spec){.name = name_moons, .samples = 1},
                  "x.yaml:2:3: 1 samples; 2 classes need from 2 to 4294967294");
}
END_TEST

START_TEST(refuses_one_class)
{
    check_refused((generate_spec){.name = name_blobs, .samples = 10, .classes = 1, .features = 2},
                  "x.yaml:2:3: 1 classes; 2 to 1000 can be generated");
}
END_TEST

START_TEST(refuses_no_features)
{
    check_refused((generate_spec){.name = name_blobs, .samples = 10, .classes = 2},
                  "x.yaml:2:3: 0 features; 1 to 100000 can be generated");
}
END_TEST

START_TEST(refuses_noise_that_is_no_number)
{
    check_refused((generate_spec){.name = name_moons, .samples = 10, .noise = (double)NAN},
                  "x.yaml:2:3: noise nan; it must be from 0 to 1e+06");
}
END_TEST

START_TEST(the_inner_circle_may_be_a_point)
{
    data_bundle *bundle = generate((generate_spec){.name = name_circles, .samples = 10}, 3);

    ck_assert_double_eq(hypot(at(bundle, 1, 0), at(bundle, 1, 1)), 0);
    data_free(bundle);
}
END_TEST

START_TEST(refuses_circles_of_one_radius)
{
    check_refused((generate_spec){.name = name_circles, .samples = 10, .factor = 1},
                  "x.yaml:2:3: factor 1; the inner radius must be at least 0 and below 1");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: generate");
    TCase *tests = tcase_create("generate");

    tcase_add_test(tests, xor_cycles_over_the_corners);
    tcase_add_test(tests, moons_lie_on_their_half_circles);
    tcase_add_test(tests, circles_have_their_radii);
    tcase_add_test(tests, spirals_turn_with_their_radius);
    tcase_add_test(tests, blobs_without_spread_are_their_centres);
    tcase_add_test(tests, blobs_have_their_spread);
    tcase_add_test(tests, noise_is_added_to_each_coordinate);
    tcase_add_test(tests, classes_take_turns);
    tcase_add_test(tests, columns_and_labels_have_names);
    tcase_add_test(tests, one_seed_gives_one_data_set);
    tcase_add_test(tests, another_seed_gives_another_data_set);
    tcase_add_test(tests, more_samples_begin_with_the_same);
    tcase_add_test(tests, a_csv_file_fits_a_generated_encoding);
    tcase_add_test(tests, refuses_an_unknown_generator);
    tcase_add_test(tests, refuses_too_few_samples);
    tcase_add_test(tests, refuses_one_class);
    tcase_add_test(tests, refuses_no_features);
    tcase_add_test(tests, refuses_noise_that_is_no_number);
    tcase_add_test(tests, the_inner_circle_may_be_a_point);
    tcase_add_test(tests, refuses_circles_of_one_radius);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
