/* The encoding as JSON and back, and how targets meet an output layer. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/memory.h"

static const plx_domain reals = {.size = sizeof(plx_domain), .lo = -HUGE_VAL, .hi = HUGE_VAL};
static const plx_domain unit = {.size = sizeof(plx_domain), .lo = 0, .hi = 1};
static const plx_domain centred = {.size = sizeof(plx_domain), .lo = -1, .hi = 1};
static const plx_domain simplex = {
    .size = sizeof(plx_domain), .flags = PLX_ROWS_SUM_TO_ONE, .lo = 0, .hi = 1};

/* --- JSON --- */

static void check_round_trip(const encoding *from)
{
    plx_error error = {0};
    encoding back;
    char *first = encoding_to_json(from);

    ck_assert_msg(encoding_from_json(first, &back, &error), "%s", error.text);
    char *second = encoding_to_json(&back);
    ck_assert_str_eq(first, second);
    encoding_clear(&back);
    free(first);
    free(second);
}

START_TEST(classes_and_categories_round_trip)
{
    data_bundle *bundle =
        fixture_csv("a,\"b \"\"c\"\"\",y\n1,\xC3\xA9,u\n2,x,v\n3,y,\"w\n\"\n", "y");

    check_round_trip(&bundle->encoding);
    data_free(bundle);
}
END_TEST

START_TEST(numbers_keep_every_bit)
{
    double offset[] = {0.1, -1.0 / 3}, factor[] = {DBL_MIN, DBL_MAX};
    double mean[] = {5e-324}, deviation[] = {1 + DBL_EPSILON};
    char name[] = "y", *names[] = {name};
    const encoding from = {.format = FORMAT_NPY,
                           .features = 2,
                           .offset = offset,
                           .factor = factor,
                           .targets = TARGETS_NUMBER,
                           .target_name = names,
                           .target_count = 1,
                           .target_mean = mean,
                           .target_deviation = deviation};
    plx_error error = {0};
    encoding back;
    char *json = encoding_to_json(&from);

    ck_assert_msg(encoding_from_json(json, &back, &error), "%s", error.text);
    ck_assert_mem_eq(back.offset, offset, sizeof(offset));
    ck_assert_mem_eq(back.factor, factor, sizeof(factor));
    ck_assert_mem_eq(back.target_mean, mean, sizeof(mean));
    ck_assert_mem_eq(back.target_deviation, deviation, sizeof(deviation));
    encoding_clear(&back);
    free(json);
}
END_TEST

/* --- scaling --- */

static encoding scaled(double *offset, double *factor)
{
    encoding made = {.features = 2, .offset = offset, .factor = factor};

    encoding_look_at_scaling(&made);
    return made;
}

START_TEST(pixels_are_scaled_by_two_floats)
{
    double offset[] = {0, 0}, factor[] = {1.0 / 255, 1.0 / 255};
    const encoding pixels = scaled(offset, factor);

    ck_assert(pixels.even);
    ck_assert(pixels.high > 0);
    const double sum = (double)pixels.high + (double)pixels.low;
    ck_assert_double_eq_tol(sum, 1.0 / 255, 0x1p-40 / 255);
    ck_assert_double_eq(255 * (double)pixels.high, (double)(float)(255 * (double)pixels.high));
}
END_TEST

START_TEST(an_offset_needs_doubles)
{
    double offset[] = {127.5, 127.5}, factor[] = {1.0 / 255, 1.0 / 255};
    const encoding centred = scaled(offset, factor);

    ck_assert(centred.even);
    ck_assert_double_eq((double)centred.high, 0);
}
END_TEST

START_TEST(features_that_differ_are_not_even)
{
    double offset[] = {0, 0}, factor[] = {1.0 / 255, 1.0 / 254};

    ck_assert(!scaled(offset, factor).even);
    ck_assert_double_eq((double)scaled(offset, factor).high, 0);
    ck_assert(!scaled(NULL, NULL).even);
}
END_TEST

/* One that has no float, and one whose rest is too small for a normal one. */
START_TEST(a_factor_that_floats_cannot_hold_needs_doubles)
{
    double offset[] = {0, 0};
    double large[] = {1e300, 1e300}, small[] = {1e-37 / 3, 1e-37 / 3};

    ck_assert_double_eq((double)scaled(offset, large).high, 0);
    ck_assert_double_eq((double)scaled(offset, small).high, 0);
}
END_TEST

START_TEST(the_largest_byte_is_that_of_any_feature)
{
    double offset[] = {0, 155}, factor[] = {1, -2};
    const encoding fitted = scaled(offset, factor), none = scaled(NULL, NULL);

    ck_assert_double_eq(encoding_largest_byte(&fitted), 310);
    ck_assert_double_eq(encoding_largest_byte(&none), 255);
}
END_TEST

/* --- many --- */

/* As many as matrices can have, which is more than a CSV file can. */
START_TEST(many_targets_and_columns_round_trip)
{
    enum { MANY = 100001 };
    encoding from = {.format = FORMAT_NPY, .features = MANY, .targets = TARGETS_NUMBER};

    from.target_name = memory_array(MANY, sizeof(char *));
    from.column = memory_array(MANY, sizeof(*from.column));
    from.target_count = from.column_count = MANY;
    for (size_t i = 0; i < MANY; i++) {
        from.target_name[i] = memory_format("y%zu", i);
        from.column[i].name = memory_format("%zu", i);
        from.column[i].first = i;
    }
    check_round_trip(&from);
    encoding_clear(&from);
}
END_TEST

START_TEST(columns_come_back_with_their_places)
{
    data_bundle *bundle = fixture_csv("a,c,b,y\n1,u,2,p\n3,v,4,q\n", "y");
    plx_error error = {0};
    encoding back;
    char *json = encoding_to_json(&bundle->encoding);

    ck_assert(encoding_from_json(json, &back, &error));
    ck_assert_uint_eq(back.column_count, 3);
    ck_assert_uint_eq(back.column[2].first, 3);
    ck_assert_str_eq(back.column[1].category[1], "v");
    ck_assert_ptr_null(back.column[2].category);
    encoding_clear(&back);
    free(json);
    data_free(bundle);
}
END_TEST

#define HEAD                                                                                       \
    "{\"format\":\"npy\",\"header\":false,\"delimiter\":\",\",\"missing\":\"error\","              \
    "\"features\":2,"
#define NUMBER HEAD "\"targets\":\"number\",\"target_names\":[\"y\"]"
#define CLASS  HEAD "\"targets\":\"class\",\"target_names\":[\"y\"]"

typedef struct bad_json {
    const char *json, *expected;
} bad_json;

static const bad_json bad_jsons[] = {
    {"", "the encoding is not JSON: '[' or '{' expected near end of file"},
    {"[]", "the encoding is not a JSON object"},
    {"{", "the encoding is not JSON: string or '}' expected near end of file"},
    {"{}", "the encoding's \"format\" is not one of the words it can be"},
    {"{\"surprise\":1}", "the encoding has an unknown member 'surprise'"},
    {"{\"format\":\"xls\"}", "the encoding's \"format\" is not one of the words it can be"},
    {NUMBER ",\"header\":true}",
     "the encoding is not JSON: duplicate object key near '\"header\"'"},
    {"{\"format\":\"npy\",\"missing\":\"error\",\"targets\":\"none\",\"header\":1}",
     "the encoding's \"header\" is not true or false"},
    {"{\"format\":\"npy\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",,\"}",
     "the encoding's \"delimiter\" is not one character"},
    {"{\"format\":\"npy\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",\",\"features\":0}",
     "the encoding's \"features\" is not a number from 1 to 2147483648"},
    {"{\"format\":\"npy\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",\",\"features\":1e3}",
     "the encoding's \"features\" is not a number from 1 to 2147483648"},
    {"{\"format\":\"npy\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",\",\"features\":99999999999999999999}",
     "the encoding is not JSON: too big integer near '99999999999999999999'"},
    {"{\"format\":\"auto\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",\",\"features\":1,\"target_names\":[]}",
     "the encoding's \"format\" is not the name of a format"},
    {"{\"format\":\"csv\",\"missing\":\"error\",\"targets\":\"none\",\"header\":true,"
     "\"delimiter\":\",\",\"features\":1,\"target_names\":[]}",
     "the encoding's \"columns\" is not there, as a CSV file needs them"},
    {NUMBER ",\"offset\":[0,0]}",
     "the encoding's \"offset\" is not there together with \"factor\""},
    {NUMBER ",\"offset\":[0],\"factor\":[1]}",
     "the encoding's \"offset\" is not a list with as many numbers as there are"},
    {NUMBER ",\"offset\":[0,\"0\"],\"factor\":[1,1]}", "the encoding's \"offset\" is not finite"},
    {NUMBER ",\"offset\":[0,0],\"factor\":[1,0]}",
     "the encoding's \"factor\" is not positive and finite"},
    {NUMBER ",\"offset\":[0,0],\"factor\":[1,-1]}",
     "the encoding's \"factor\" is not positive and finite"},
    {NUMBER ",\"offset\":[0,1e999],\"factor\":[1,1]}",
     "the encoding is not JSON: real number overflow near '1e999'"},
    {NUMBER ",\"offset\":[0,NaN],\"factor\":[1,1]}",
     "the encoding is not JSON: invalid token near 'NaN'"},
    {NUMBER ",\"target_mean\":[0]}",
     "the encoding's \"target_mean\" is not there together with \"target_deviation\", for numbers"},
    {NUMBER ",\"target_mean\":[0],\"target_deviation\":[0]}",
     "the encoding's \"target_deviation\" is not positive and finite"},
    {NUMBER ",\"labels\":[\"a\",\"b\"]}",
     "the encoding's \"labels\" is not there if and only if the targets are classes"},
    {CLASS "}", "the encoding's \"labels\" is not there if and only if the targets are classes"},
    {CLASS ",\"labels\":[\"a\"]}",
     "the encoding's \"labels\" is not a list of at least two labels"},
    {CLASS ",\"labels\":[\"a\",\"a\"]}",
     "the encoding's \"labels\" is not a list of different labels"},
    {CLASS ",\"labels\":[\"1\",\"1.0\"]}",
     "the encoding's \"labels\" is not a list of different labels"},
    {CLASS ",\"labels\":[\"a\",7]}", "the encoding's \"labels\" is not a list of strings"},
    {CLASS ",\"labels\":{}}",
     "the encoding's \"labels\" is not a list of strings of the length it may have"},
    {HEAD "\"targets\":\"class\",\"target_names\":[\"y\",\"z\"],\"labels\":[\"a\",\"b\"]}",
     "the encoding's \"target_names\" is not as long as its \"targets\" need"},
    {HEAD "\"targets\":\"none\",\"target_names\":[\"y\"]}",
     "the encoding's \"target_names\" is not as long as its \"targets\" need"},
    {HEAD "\"targets\":\"number\",\"target_names\":[\"y\",\"y\"]}",
     "the encoding's \"target_names\" is not a list of names that no other target or column has"},
    {NUMBER ",\"columns\":[{\"name\":\"a\",\"mean\":0},{\"name\":\"y\",\"mean\":0}]}",
     "the encoding's \"target_names\" is not a list of names that no other target or column has"},
    {NUMBER ",\"columns\":[{\"name\":\"a\",\"mean\":0}]}",
     "the encoding's \"features\" is not the number of features its columns make"},
    {NUMBER ",\"columns\":[{\"name\":\"a\",\"mean\":0},{\"name\":\"a\",\"mean\":0}]}",
     "the encoding's \"columns\" is not a list of columns with different names"},
    {NUMBER ",\"columns\":[{\"name\":\"a\"},{\"name\":\"b\",\"mean\":0}]}",
     "the encoding's \"columns\" is not a list of objects with either a mean or categories"},
    {NUMBER ",\"columns\":[{\"name\":\"a\",\"categories\":[\"v\",\"u\"]}]}",
     "the encoding's \"categories\" is not sorted"},
    {NUMBER ",\"columns\":[1,2]}",
     "the encoding's \"columns\" is not a list of objects with a name each"},
};

START_TEST(refuses_bad_json)
{
    plx_error error = {0};
    encoding back;

    ck_assert(!encoding_from_json(bad_jsons[_i].json, &back, &error));
    ck_assert_str_eq(error.text, bad_jsons[_i].expected);
    ck_assert_int_eq(error.code, ERROR_DATA);
}
END_TEST

START_TEST(a_refused_encoding_is_empty)
{
    static const encoding empty;
    encoding back;

    ck_assert(!encoding_from_json(NUMBER ",\"offset\":[0,0]}", &back, NULL));
    ck_assert_mem_eq(&back, &empty, sizeof(back));
}
END_TEST

/* --- the output layer --- */

static char label_a[] = "setosa", label_b[] = "versicolor", label_c[] = "virginica";
static char species[] = "species", weight[] = "weight";

static encoding of_classes(size_t count)
{
    static char *labels[] = {label_a, label_b, label_c}, *name[] = {species};

    return (encoding){.targets = TARGETS_CLASS,
                      .target_name = name,
                      .target_count = 1,
                      .label = labels,
                      .label_count = count};
}

static encoding of_numbers(size_t count)
{
    static char *name[] = {species, weight};

    return (encoding){.targets = TARGETS_NUMBER, .target_name = name, .target_count = count};
}

static void check_code(const encoding *fitted, size_t units, const plx_domain *output, double low)
{
    plx_error error = {0};
    target_code code;

    ck_assert_msg(encoding_code(fitted, units, output, (place){"x.yaml", 9, 5}, &code, &error),
                  "%s", error.text);
    ck_assert_uint_eq(code.units, units);
    ck_assert_double_eq((double)code.low, low);
    ck_assert_double_eq((double)code.high, 1);
}

static void check_no_code(const encoding *fitted, size_t units, const plx_domain *output,
                          const char *expected)
{
    plx_error error = {0};
    target_code code;

    ck_assert(!encoding_code(fitted, units, output, (place){"x.yaml", 9, 5}, &code, &error));
    ck_assert_str_eq(error.text, expected);
    ck_assert_int_eq(error.code, ERROR_CONFIG);
}

START_TEST(a_unit_for_each_class_fits)
{
    const encoding fitted = of_classes(3);
    check_code(&fitted, 3, &simplex, 0);
}
END_TEST

START_TEST(one_unit_fits_two_classes)
{
    const encoding fitted = of_classes(2);
    check_code(&fitted, 1, &unit, 0);
}
END_TEST

START_TEST(two_units_fit_two_classes)
{
    const encoding fitted = of_classes(2);
    check_code(&fitted, 2, &simplex, 0);
}
END_TEST

START_TEST(tanh_gets_minus_one_and_one)
{
    const encoding fitted = of_classes(2);
    check_code(&fitted, 1, &centred, -1);
}
END_TEST

START_TEST(real_outputs_get_zero_and_one)
{
    const encoding fitted = of_classes(2);
    check_code(&fitted, 2, &reals, 0);
}
END_TEST

START_TEST(a_unit_for_each_number_fits)
{
    const encoding fitted = of_numbers(2);
    check_code(&fitted, 2, &reals, 0);
}
END_TEST

START_TEST(refuses_another_number_of_units)
{
    const encoding fitted = of_classes(3);
    check_no_code(&fitted, 5, &simplex,
                  "x.yaml:9:5: the last layer has 5 units, but species has 3 classes (setosa, "
                  "versicolor, virginica); 3 units would be right");
}
END_TEST

START_TEST(refuses_one_unit_for_three_classes)
{
    const encoding fitted = of_classes(3);
    check_no_code(&fitted, 1, &unit,
                  "x.yaml:9:5: the last layer has 1 unit, but species has 3 classes (setosa, "
                  "versicolor, virginica); 3 units would be right");
}
END_TEST

START_TEST(refuses_three_units_for_two_classes)
{
    const encoding fitted = of_classes(2);
    check_no_code(&fitted, 3, &unit,
                  "x.yaml:9:5: the last layer has 3 units, but species has 2 classes (setosa, "
                  "versicolor); 2 units or 1 unit would be right");
}
END_TEST

START_TEST(refuses_softmax_over_one_unit)
{
    const encoding fitted = of_classes(2);
    check_no_code(
        &fitted, 1, &simplex,
        "x.yaml:9:5: the last layer has 1 unit and outputs that sum to one, so its output "
        "is always 1; 2 units, or 1 unit with sigmoid, would be right");
}
END_TEST

START_TEST(refuses_units_that_are_not_the_targets)
{
    const encoding fitted = of_numbers(1);
    check_no_code(&fitted, 2, &reals,
                  "x.yaml:9:5: the last layer has 2 units, but there is 1 target; 1 unit would be "
                  "right");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: encoding");
    TCase *tests = tcase_create("encoding");

    tcase_add_test(tests, classes_and_categories_round_trip);
    tcase_add_test(tests, numbers_keep_every_bit);
    tcase_add_test(tests, pixels_are_scaled_by_two_floats);
    tcase_add_test(tests, an_offset_needs_doubles);
    tcase_add_test(tests, features_that_differ_are_not_even);
    tcase_add_test(tests, a_factor_that_floats_cannot_hold_needs_doubles);
    tcase_add_test(tests, the_largest_byte_is_that_of_any_feature);
    tcase_add_test(tests, many_targets_and_columns_round_trip);
    tcase_add_test(tests, columns_come_back_with_their_places);
    tcase_add_loop_test(tests, refuses_bad_json, 0, sizeof(bad_jsons) / sizeof(bad_jsons[0]));
    tcase_add_test(tests, a_refused_encoding_is_empty);
    tcase_add_test(tests, a_unit_for_each_class_fits);
    tcase_add_test(tests, one_unit_fits_two_classes);
    tcase_add_test(tests, two_units_fit_two_classes);
    tcase_add_test(tests, tanh_gets_minus_one_and_one);
    tcase_add_test(tests, real_outputs_get_zero_and_one);
    tcase_add_test(tests, a_unit_for_each_number_fits);
    tcase_add_test(tests, refuses_another_number_of_units);
    tcase_add_test(tests, refuses_one_unit_for_three_classes);
    tcase_add_test(tests, refuses_three_units_for_two_classes);
    tcase_add_test(tests, refuses_softmax_over_one_unit);
    tcase_add_test(tests, refuses_units_that_are_not_the_targets);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
