/* test_html.c: the page: well-formed, self-contained, everything in it escaped, numbers short. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/html.h"
#include "report/wellformed.h"

static const char hostile[] = "</title><script>alert('x')</script> & \"q\" \x01\xff";

static void check_escape(const char *string, const char *expected)
{
    text t = {.bytes = NULL};

    html_escape(&t, string);
    ck_assert_str_eq(t.bytes == NULL ? "" : t.bytes, expected);
    free(t.bytes);
}

START_TEST(what_is_markup_is_escaped)
{
    check_escape("a < b && c > \"d\" 'e'", "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &#39;e&#39;");
}
END_TEST

START_TEST(what_is_no_text_is_replaced)
{
    check_escape("a\x01z", "a\xEF\xBF\xBDz");
    check_escape("a\xffz", "a\xEF\xBF\xBDz");
    check_escape("\xEF\xBF\xBE", "\xEF\xBF\xBD");
    check_escape("cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}
END_TEST

START_TEST(text_of_any_language_stays)
{
    check_escape("\xC3\xA9\t\xE2\x82\xAC\n\xF0\x9F\x99\x82",
                 "\xC3\xA9\t\xE2\x82\xAC\n\xF0\x9F\x99\x82");
    check_escape(NULL, "");
}
END_TEST

START_TEST(numbers_are_short)
{
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {
        {0, 3, "0"},
        {0.1, 3, "0.1"},
        {1e-4, 3, "1e-4"},
        {-2.5e-12, 3, "-2.5e-12"},
        {0.001, 3, "0.001"},
        {25, 3, "25"},
        {1234, 3, "1234"},
        {12345, 1, "12345"},
        {1e5, 3, "1e5"},
        {1.5e9, 3, "1.5e9"},
        {1e300, 3, "1e300"},
        {5e-324, 3, "4.94e-324"},
        {2.0 / 3, 3, "0.667"},
        {99999.7, 3, "1e5"},
        {HUGE_VAL, 3, "inf"},
        {-HUGE_VAL, 3, "-inf"},
        {(double)NAN, 3, "nan"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[32];
        ck_assert_str_eq(html_number(buffer, cases[i].value, cases[i].digits), cases[i].text);
    }
}
END_TEST

/* A page with everything there is, made of hostile strings. */
static text whole_page(void)
{
    const char *const titles[] = {hostile, "b"};
    text t = {.bytes = NULL};
    html page;

    html_open(&page, &t, hostile);
    html_heading(&page, 1, hostile);
    html_paragraph(&page, "%s: %d", hostile, 7);
    html_verdict(&page, HTML_BAD, "%s", hostile);
    html_note(&page, HTML_WARNING, "%s", hostile);
    html_code(&page, hostile);
    html_terms_open(&page);
    html_term(&page, hostile, "%s", hostile);
    html_terms_close(&page);
    html_table_open(&page, hostile, titles, 2);
    html_row_open(&page);
    html_cell_head(&page, hostile);
    html_cell(&page, "%s", hostile);
    html_row_close(&page);
    html_row_open(&page);
    html_cell_tone(&page, HTML_GOOD, hostile);
    html_cell_number(&page, (double)NAN, 3);
    html_row_close(&page);
    html_row_open(&page);
    html_cell_wide(&page, hostile, hostile);
    html_cell_code(&page, hostile);
    html_row_close(&page);
    html_table_close(&page);
    html_gallery_open(&page);
    html_figure_open(&page);
    html_caption(&page, "%s", hostile);
    html_details_open(&page, hostile);
    html_details_close(&page);
    html_figure_close(&page);
    html_gallery_close(&page);
    html_shelf_open(&page);
    html_shelf_close(&page);
    html_close(&page);
    ck_assert(!t.failed);
    return t;
}

START_TEST(a_page_is_well_formed)
{
    text t = whole_page();

    wellformed_check(t.bytes);
    free(t.bytes);
}
END_TEST

START_TEST(no_string_reaches_a_page_unescaped)
{
    text t = whole_page();

    ck_assert_uint_eq(wellformed_count(t.bytes, "<script"), 0);
    ck_assert_uint_eq(wellformed_count(t.bytes, "&lt;script&gt;"), 18);
    free(t.bytes);
}
END_TEST

START_TEST(one_style_sheet_serves_both_schemes_and_print)
{
    text t = whole_page();

    ck_assert_uint_eq(wellformed_count(t.bytes, "<style>"), 1);
    ck_assert_uint_eq(wellformed_count(t.bytes, "prefers-color-scheme:dark"), 1);
    ck_assert_uint_eq(wellformed_count(t.bytes, "@page{size:A4"), 1);
    free(t.bytes);
}
END_TEST

START_TEST(nan_in_a_table_is_a_dash)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    html_cell_number(&page, (double)NAN, 3);
    ck_assert_str_eq(t.bytes, "<td class=\"n\">\xE2\x80\x93</td>");
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: html");
    TCase *tests = tcase_create("html");

    tcase_add_test(tests, what_is_markup_is_escaped);
    tcase_add_test(tests, what_is_no_text_is_replaced);
    tcase_add_test(tests, text_of_any_language_stays);
    tcase_add_test(tests, numbers_are_short);
    tcase_add_test(tests, a_page_is_well_formed);
    tcase_add_test(tests, no_string_reaches_a_page_unescaped);
    tcase_add_test(tests, one_style_sheet_serves_both_schemes_and_print);
    tcase_add_test(tests, nan_in_a_table_is_a_dash);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
