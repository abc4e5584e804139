/* The CSV dialect: quotes, line ends, headers, numbers. */
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "fixture.h"
#include "support/memory.h"

/* Opens a table of that text, which must be good. */
static csv_table open_table(const char *content, char delimiter, header_rule header)
{
    csv_table table;
    plx_error error = {0};
    const bool ok = csv_open(&table, "a.csv", memory_string(content), strlen(content), delimiter,
                             header, &error);

    ck_assert_msg(ok, "%s", error.text);
    return table;
}

/* The text of a field by its place; the caller frees. */
static char *field_at(const csv_table *table, size_t row, size_t column)
{
    size_t at = table->row[row];
    csv_field field;

    for (size_t c = 0; c <= column; c++)
        at = csv_read(table, at, &field);
    return memory_string_n(field.text, field.length);
}

static void check_field(const char *content, size_t row, size_t column, const char *expected)
{
    csv_table table = open_table(content, ',', HEADER_NO);
    char *found = field_at(&table, row, column);

    ck_assert_str_eq(found, expected);
    free(found);
    csv_close(&table);
}

static void check_extent(const char *content, header_rule header, size_t rows, size_t columns)
{
    csv_table table = open_table(content, ',', header);

    ck_assert_uint_eq(table.rows, rows);
    ck_assert_uint_eq(table.columns, columns);
    csv_close(&table);
}

START_TEST(takes_quotes_off)
{
    check_field("\"a\",b\n", 0, 0, "a");
}
END_TEST

START_TEST(keeps_delimiters_within_quotes)
{
    check_field("\"a,b\",c\n", 0, 0, "a,b");
}
END_TEST

START_TEST(keeps_line_ends_within_quotes)
{
    check_field("\"a\r\nb\",c\nd,e\n", 1, 1, "e");
}
END_TEST

START_TEST(takes_doubled_quotes_once)
{
    check_field("\"say \"\"no\"\"\",c\n", 0, 0, "say \"no\"");
}
END_TEST

START_TEST(takes_a_quote_inside_a_field_as_it_is)
{
    check_field("5\" pipe,c\n", 0, 0, "5\" pipe");
}
END_TEST

START_TEST(leaves_space_around_fields_out)
{
    check_field("  a b ,\t\"c \" \n", 0, 0, "a b");
}
END_TEST

START_TEST(keeps_space_within_quotes)
{
    check_field("  a ,\t\"c \" \n", 0, 1, "c ");
}
END_TEST

START_TEST(reads_crlf)
{
    check_field("a,b\r\nc,d\r\n", 0, 1, "b");
}
END_TEST

START_TEST(reads_a_last_line_without_an_end)
{
    check_field("a,b\nc,d", 1, 1, "d");
}
END_TEST

START_TEST(reads_an_empty_last_field)
{
    check_field("a,b\nc,", 1, 1, "");
}
END_TEST

START_TEST(skips_blank_lines)
{
    check_extent("\na,b\n\r\n   \nc,d\n\n", HEADER_NO, 2, 2);
}
END_TEST

START_TEST(skips_a_byte_order_mark)
{
    csv_table table = open_table("\xEF\xBB\xBFx,y\n1,2\n", ',', HEADER_AUTO);

    ck_assert_str_eq(table.names.text[0], "x");
    csv_close(&table);
}
END_TEST

START_TEST(takes_another_delimiter)
{
    csv_table table = open_table("a;b;c\n1;2,5;3\n", ';', HEADER_AUTO);

    ck_assert_uint_eq(table.columns, 3);
    csv_close(&table);
}
END_TEST

START_TEST(keeps_empty_fields_between_tabs)
{
    csv_table table = open_table("a\tb\tc\n1\t\t3\n", '\t', HEADER_AUTO);
    char *found = field_at(&table, 0, 1);

    ck_assert_str_eq(found, "");
    free(found);
    csv_close(&table);
}
END_TEST

START_TEST(words_alone_are_a_header)
{
    check_extent("x,y\n1,2\n", HEADER_AUTO, 1, 2);
}
END_TEST

START_TEST(a_number_makes_the_first_row_data)
{
    check_extent("a,1\nb,2\n", HEADER_AUTO, 2, 2);
}
END_TEST

START_TEST(a_header_can_be_forced)
{
    check_extent("2019,2020\n1,2\n", HEADER_YES, 1, 2);
}
END_TEST

START_TEST(a_header_can_be_denied)
{
    check_extent("x,y\na,b\n", HEADER_NO, 2, 2);
}
END_TEST

START_TEST(columns_without_a_header_are_numbered)
{
    csv_table table = open_table("1,2,3\n", ',', HEADER_AUTO);

    ck_assert_str_eq(table.names.text[2], "2");
    csv_close(&table);
}
END_TEST

START_TEST(places_count_lines_within_quotes_and_characters)
{
    csv_table table = open_table("x,y\n\"1\n2\",3\n\xC3\xA9\xC3\xA9,b\n", ',', HEADER_AUTO);
    plx_error error = {0};
    csv_field field;
    const size_t at = csv_read(&table, table.row[1], &field);

    csv_read(&table, at, &field);
    csv_error(&table, field.at, &error, "here");
    ck_assert_str_eq(error.text, "a.csv:4:4: here");
    csv_close(&table);
}
END_TEST

START_TEST(knows_what_is_missing)
{
    static const char *const words[] = {"", "NA", "NaN", "nan", "NAN", "null", "?"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const csv_field field = {.text = words[i], .length = strlen(words[i])};
        ck_assert_msg(csv_is_missing(&field), "%s", words[i]);
    }
}
END_TEST

START_TEST(takes_other_words_as_values)
{
    static const char *const words[] = {"0", "none", "na", "N", "NAs", "-"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const csv_field field = {.text = words[i], .length = strlen(words[i])};
        ck_assert_msg(!csv_is_missing(&field), "%s", words[i]);
    }
}
END_TEST

/* The short way must give the bits of the long one. */
START_TEST(short_numbers_are_exact)
{
    static const char *const words[] = {"0",        "-0",       "5.1",      ".5",
                                        "7.",       "-12.25",   "0.1",      "123456789.012345",
                                        "0.000001", "99999999", "3.141592", "1e-3"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const csv_field field = {.text = words[i], .length = strlen(words[i])};
        const double expected = strtod(words[i], NULL);
        double value;
        ck_assert(csv_number(&field, &value));
        ck_assert_mem_eq(&value, &expected, sizeof(value));
    }
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
    static const char *const words[] = {"", ".", "-", "1.2.3", "1,5", "0x10", "1 2", "--1", "1-"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const csv_field field = {.text = words[i], .length = strlen(words[i])};
        double value;
        ck_assert_msg(!csv_number(&field, &value), "%s", words[i]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: csv");
    TCase *tests = tcase_create("csv");

    tcase_add_test(tests, takes_quotes_off);
    tcase_add_test(tests, keeps_delimiters_within_quotes);
    tcase_add_test(tests, keeps_line_ends_within_quotes);
    tcase_add_test(tests, takes_doubled_quotes_once);
    tcase_add_test(tests, takes_a_quote_inside_a_field_as_it_is);
    tcase_add_test(tests, leaves_space_around_fields_out);
    tcase_add_test(tests, keeps_space_within_quotes);
    tcase_add_test(tests, reads_crlf);
    tcase_add_test(tests, reads_a_last_line_without_an_end);
    tcase_add_test(tests, reads_an_empty_last_field);
    tcase_add_test(tests, skips_blank_lines);
    tcase_add_test(tests, skips_a_byte_order_mark);
    tcase_add_test(tests, takes_another_delimiter);
    tcase_add_test(tests, keeps_empty_fields_between_tabs);
    tcase_add_test(tests, words_alone_are_a_header);
    tcase_add_test(tests, a_number_makes_the_first_row_data);
    tcase_add_test(tests, a_header_can_be_forced);
    tcase_add_test(tests, a_header_can_be_denied);
    tcase_add_test(tests, columns_without_a_header_are_numbered);
    tcase_add_test(tests, places_count_lines_within_quotes_and_characters);
    tcase_add_test(tests, knows_what_is_missing);
    tcase_add_test(tests, takes_other_words_as_values);
    tcase_add_test(tests, short_numbers_are_exact);
    tcase_add_test(tests, refuses_what_is_no_number);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
