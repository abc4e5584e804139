/* test_text.c: the growing string, numbers in and out, nearest names, and showing foreign bytes. */
#include "support/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/random.h"

/* --- the growing string --- */

START_TEST(a_text_grows)
{
    text t = {0};

    text_add(&t, "units");
    text_add_n(&t, ": 10, x", 4);
    text_addf(&t, "%d/%s", 128, "relu");
    ck_assert_str_eq(t.bytes, "units: 10128/relu");
    ck_assert_uint_eq(t.length, strlen(t.bytes));
    ck_assert(!t.failed);
    free(t.bytes);
}
END_TEST

START_TEST(a_text_of_many_pieces)
{
    text t = {0};

    for (int i = 0; i < 10000; i++)
        text_addf(&t, "%d", i % 10);
    ck_assert_uint_eq(t.length, 10000);
    ck_assert_uint_eq(strlen(t.bytes), 10000);
    ck_assert_int_eq(t.bytes[9999], '9');
    free(t.bytes);
}
END_TEST

START_TEST(a_failed_text_stays_failed)
{
    text t = {0};

    text_add(&t, "ab");
    text_add_n(&t, "x", SIZE_MAX - 1);
    ck_assert(t.failed);
    text_add(&t, "cd");
    text_addf(&t, "%d", 1);
    ck_assert(t.failed);
    ck_assert_str_eq(t.bytes, "ab");
    free(t.bytes);
}
END_TEST

/* --- numbers out --- */

typedef struct printed {
    double value;
    const char *text;
} printed;

static const printed numbers[] = {
    {0, "0"},
    {-0.0, "-0"},
    {1, "1"},
    {100, "100"},
    {-60000, "-60000"},
    {999999999999999, "999999999999999"},
    {1e15, "1e+15"},
    {0.1, "0.1"},
    {0.001, "0.001"},
    {1e-8, "1e-08"},
    {2.5e-10, "2.5e-10"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {1.5, "1.5"},
    {1e300, "1e+300"},
    {5e-324, "5e-324"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {HUGE_VAL, "inf"},
    {-HUGE_VAL, "-inf"},
};

START_TEST(doubles_are_printed_with_the_fewest_digits)
{
    char buffer[32];

    ck_assert_str_eq(text_of_double(buffer, numbers[_i].value), numbers[_i].text);
}
END_TEST

START_TEST(a_nan_has_no_sign)
{
    char buffer[32];

    ck_assert_str_eq(text_of_double(buffer, nan("")), "nan");
    ck_assert_str_eq(text_of_double(buffer, -nan("")), "nan");
}
END_TEST

/* Any bit pattern that is a number. */
START_TEST(doubles_survive_the_round_trip)
{
    const random_stream stream = random_open(1, RANDOM_GENERATE, 0);

    for (uint64_t i = 0; i < 3000; i++) {
        const uint64_t bits = random_below(stream, i, UINT64_MAX);
        double value, back = 0;
        char buffer[32];

        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        text_of_double(buffer, value);
        ck_assert(text_is_double(buffer, strlen(buffer), &back));
        ck_assert_mem_eq(&back, &value, sizeof(value));
    }
}
END_TEST

START_TEST(a_double_is_added_to_a_text)
{
    text t = {0};

    text_add(&t, "lr ");
    text_add_double(&t, 0.001);
    ck_assert_str_eq(t.bytes, "lr 0.001");
    free(t.bytes);
}
END_TEST

/* --- numbers in --- */

static const printed doubles[] = {
    {0, "0"},
    {1, "+1"},
    {-1.5, "-1.5"},
    {0.5, ".5"},
    {5, "5."},
    {1e10, "1e10"},
    {1e10, "1E+10"},
    {0.01, "1.e-2"},
    {7, "007"},
    {0, "1e-400"},
    {5e-324, "5e-324"},
    {HUGE_VAL, "inf"},
    {HUGE_VAL, "+Inf"},
    {-HUGE_VAL, "-INF"},
    {HUGE_VAL, "infinity"},
    {-HUGE_VAL, "-Infinity"},
    {1, "1.00000000000000000000000000000000000000000000000000000000000000000000000000000000"},
};

START_TEST(doubles_are_read)
{
    double value = 42;

    ck_assert(text_is_double(doubles[_i].text, strlen(doubles[_i].text), &value));
    ck_assert(value == doubles[_i].value);
}
END_TEST

START_TEST(nan_is_read)
{
    static const char *const nans[] = {"nan", "NaN", "+nan", "-NAN"};
    double value = 42;

    ck_assert(text_is_double(nans[_i], strlen(nans[_i]), &value));
    ck_assert(isnan(value));
}
END_TEST

static const char *const no_doubles[] = {
    "",      " 1",     "1 ",      "+",         "-",   ".",    "e5",    "1e",
    "1e+",   "0x10",   "0x1p3",   "1,5",       "1_0", "--1",  "1.2.3", "1e5.0",
    "1e309", "-1e309", "1f",      "nan(1)",    "na",  "infi", "in",    "1e99999999999999999999",
    "\t1",   "1\n",    "infinit", "infinityy", "1d",
};

START_TEST(what_is_no_double_is_refused)
{
    double value = 42;

    ck_assert(!text_is_double(no_doubles[_i], strlen(no_doubles[_i]), &value));
    ck_assert(value == 42);
}
END_TEST

START_TEST(a_number_ends_at_its_length)
{
    double real = 0;
    int64_t whole = 0;

    ck_assert(text_is_double("12.5", 2, &real));
    ck_assert(real == 12);
    ck_assert(text_is_integer("125", 2, &whole));
    ck_assert_int_eq(whole, 12);
    ck_assert(!text_is_double("1\0002", 3, &real));
    ck_assert(!text_is_integer("1\0002", 3, &whole));
}
END_TEST

typedef struct integer {
    const char *text;
    int64_t value;
} integer;

static const integer integers[] = {
    {"0", 0},
    {"-0", 0},
    {"+7", 7},
    {"-12", -12},
    {"0012", 12},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775808", INT64_MIN},
};

START_TEST(integers_are_read)
{
    int64_t value = 42;

    ck_assert(text_is_integer(integers[_i].text, strlen(integers[_i].text), &value));
    ck_assert_int_eq(value, integers[_i].value);
}
END_TEST

static const char *const no_integers[] = {
    "",
    "+",
    "-",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "0x1",
    "9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999",
    "1,000",
    "one",
    "--1",
};

START_TEST(what_is_no_integer_is_refused)
{
    int64_t value = 42;

    ck_assert(!text_is_integer(no_integers[_i], strlen(no_integers[_i]), &value));
    ck_assert_int_eq(value, 42);
}
END_TEST

/* Makes a locale that writes a comma for the point, with the C library's own compiler. */
static void use_comma_locale(void)
{
    char *folder = harness_folder();
    char *command = NULL;

    free(harness_file(folder, "charmap",
                      "<code_set_name> ANSI_X3.4-1968\n<mb_cur_max> 1\nCHARMAP\n"
                      "<U0000>..<U007F> /x00 <first>\nEND CHARMAP\n"));
    free(harness_file(folder, "source",
                      "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \"\"\ngrouping -1\n"
                      "END LC_NUMERIC\n"));
    ck_assert_int_gt(asprintf(&command,
                              "localedef -c -f %s/charmap -i %s/source %s/comma >/dev/null 2>&1",
                              folder, folder, folder),
                     0);
    ck_assert_int_ne(system(command), -1);
    ck_assert_int_eq(setenv("LOCPATH", folder, 1), 0);
    ck_assert_ptr_nonnull(setlocale(LC_NUMERIC, "comma"));
    free(command);
    free(folder);
}

START_TEST(the_locale_changes_nothing)
{
    char buffer[32];
    double value = 0;
    text t = {0};

    use_comma_locale();
    snprintf(buffer, sizeof(buffer), "%.1f", 1.5);
    ck_assert_str_eq(buffer, "1,5");

    text_add_double(&t, 0.5);
    text_addf(&t, " %.2f", 2.25);
    ck_assert_str_eq(t.bytes, "0.5 2.25");
    ck_assert(text_is_double("1.5", 3, &value));
    ck_assert(value == 1.5);
    ck_assert(!text_is_double("1,5", 3, &value));
    snprintf(buffer, sizeof(buffer), "%.1f", 1.5);
    ck_assert_str_eq(buffer, "1,5"); /* and the program's own locale is still there */
    free(t.bytes);
}
END_TEST

/* --- names --- */

static const char *const optimizers[] = {"sgd", "adagrad", "rmsprop", "adam", "adamw"};

typedef struct guess {
    const char *name, *nearest;
} guess;

static const guess guesses[] = {
    {"adma", "adam"},
    {"adam", "adam"},
    {"adm", "adam"},
    {"adamv", "adam"},
    {"adamww", "adamw"},
    {"sdg", "sgd"},
    {"rmsporp", "rmsprop"},
    {"rms_prop", "rmsprop"},
    {"adagradd", "adagrad"},
    {"momentum", NULL},
    {"", NULL},
    {"xyz", NULL},
    {"rms", "rmsprop"},
    {"ad", NULL},
    {"r", NULL},
    {"Adagard", "adagrad"},
};

START_TEST(the_nearest_name)
{
    const char *nearest = text_nearest(guesses[_i].name, optimizers, 5);

    ck_assert_pstr_eq(nearest, guesses[_i].nearest);
}
END_TEST

START_TEST(no_candidate_no_name)
{
    ck_assert_ptr_null(text_nearest("adam", NULL, 0));
    ck_assert_ptr_null(text_nearest(NULL, optimizers, 5));
}
END_TEST

START_TEST(a_single_character_is_near_to_no_other)
{
    static const char *const columns[] = {"0", "x", "x1"};

    ck_assert_ptr_null(text_nearest("y", columns, 2));
    ck_assert_str_eq(text_nearest("x", columns, 2), "x");
    ck_assert_str_eq(text_nearest("1", columns, 3), "x1");
}
END_TEST

START_TEST(the_first_of_equals_is_taken)
{
    static const char *const pair[] = {"mae", "mse"};

    ck_assert_str_eq(text_nearest("me", pair, 2), "mae");
}
END_TEST

START_TEST(endless_names_are_near_to_nothing)
{
    char endless[4096];
    const char *const candidates[] = {endless, "adam"};

    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    ck_assert_ptr_null(text_nearest(endless, candidates, 2));
    ck_assert_str_eq(text_nearest("adam", candidates, 2), "adam");
    endless[255] = '\0';
    ck_assert_ptr_eq(text_nearest(endless, candidates, 2), endless);
}
END_TEST

static const char *const names[] = {"a",  "adam", "leaky_relu",
                                    "l2", "x_",   "abcdefghijklmnopqrstuvwxyz012345"};
static const char *const no_names[] = {
    "",    "A",   "2d",   "_a",       "a-b",
    "a b", "a.b", "../a", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456",
    "aB"};

START_TEST(a_name_is_a_name)
{
    ck_assert(text_is_name(names[_i]));
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
    ck_assert(!text_is_name(no_names[_i]));
    ck_assert(!text_is_name(NULL));
}
END_TEST

/* --- showing --- */

typedef struct showing {
    const char *bytes;
    size_t length, limit;
    const char *shown;
} showing;

static const showing shows[] = {
    {"relu", 4, 10, "relu"},
    {"relu", 4, 4, "relu"},
    {"relu", 4, 3, "rel..."},
    {"relu", 4, 0, "..."},
    {"", 0, 0, ""},
    {"a\nb\t\033[1m", 8, 20, "a\\x0ab\\x09\\x1b[1m"},
    {"a\0b", 3, 20, "a\\x00b"},
    {"\x7f", 1, 20, "\\x7f"},
    {"gr\xc3\xbc\xc3\x9f", 6, 4, "gr\xc3\xbc\xc3\x9f"},
    {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8, 1, "\xf0\x9f\x98\x80..."},
    {"\xc3", 1, 20, "\\xc3"},
    {"\xc3(", 2, 20, "\\xc3("},
    {"\xc0\xaf", 2, 20, "\\xc0\\xaf"},
    {"\xe0\x80\xaf", 3, 20, "\\xe0\\x80\\xaf"},
    {"\xed\xa0\x80", 3, 20, "\\xed\\xa0\\x80"},
    {"\xf5\x80\x80\x80", 4, 20, "\\xf5\\x80\\x80\\x80"},
    {"\xf4\x90\x80\x80", 4, 20, "\\xf4\\x90\\x80\\x80"},
    {"\xc2\x85", 2, 20, "\\xc2\\x85"},
    {"\xe2\x80\xae", 3, 20, "\\xe2\\x80\\xae"},
    {"\xff\xff\xff", 3, 2, "\\xff\\xff..."},
};

START_TEST(bytes_are_shown)
{
    const showing *one = &shows[_i];
    char *buffer = malloc(4 * one->limit + 4); /* exactly, for the address sanitizer */

    ck_assert_str_eq(text_shown(buffer, one->bytes, one->length, one->limit), one->shown);
    free(buffer);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Suite *suite(void)
{
    Suite *all = suite_create("text");
    TCase *cases = tcase_create("text");

    tcase_add_test(cases, a_text_grows);
    tcase_add_test(cases, a_text_of_many_pieces);
    tcase_add_test(cases, a_failed_text_stays_failed);
    tcase_add_loop_test(cases, doubles_are_printed_with_the_fewest_digits, 0, COUNT(numbers));
    tcase_add_test(cases, a_nan_has_no_sign);
    tcase_add_test(cases, doubles_survive_the_round_trip);
    tcase_add_test(cases, a_double_is_added_to_a_text);
    tcase_add_loop_test(cases, doubles_are_read, 0, COUNT(doubles));
    tcase_add_loop_test(cases, nan_is_read, 0, 4);
    tcase_add_loop_test(cases, what_is_no_double_is_refused, 0, COUNT(no_doubles));
    tcase_add_test(cases, a_number_ends_at_its_length);
    tcase_add_loop_test(cases, integers_are_read, 0, COUNT(integers));
    tcase_add_loop_test(cases, what_is_no_integer_is_refused, 0, COUNT(no_integers));
    tcase_add_test(cases, the_locale_changes_nothing);
    tcase_add_loop_test(cases, the_nearest_name, 0, COUNT(guesses));
    tcase_add_test(cases, no_candidate_no_name);
    tcase_add_test(cases, a_single_character_is_near_to_no_other);
    tcase_add_test(cases, the_first_of_equals_is_taken);
    tcase_add_test(cases, endless_names_are_near_to_nothing);
    tcase_add_loop_test(cases, a_name_is_a_name, 0, COUNT(names));
    tcase_add_loop_test(cases, what_is_no_name_is_refused, 0, COUNT(no_names));
    tcase_add_loop_test(cases, bytes_are_shown, 0, COUNT(shows));
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
