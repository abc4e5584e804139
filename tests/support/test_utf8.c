/* test_utf8.c: which bytes are characters. */
#include "support/utf8.h"

#include <string.h>

#include "harness.h"

START_TEST(knows_utf8)
{
    const char *word = "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80";

    ck_assert(utf8_is_valid(word, strlen(word)));
}
END_TEST

START_TEST(refuses_what_is_not_utf8)
{
    static const char *const words[] = {"\xE9",     "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                                        "\xE2\x82", "\x80"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ck_assert(!utf8_is_valid(words[i], strlen(words[i])));
}
END_TEST

START_TEST(decodes_characters_of_each_width)
{
    static const struct {
        const char *bytes;
        unsigned character;
    } wide[] = {
        {"A", 0x41}, {"\xC3\xAF", 0xEF}, {"\xE2\x82\xAC", 0x20AC}, {"\xF4\x8F\xBF\xBF", 0x10FFFF}};

    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        unsigned character = 0;
        ck_assert_uint_eq(utf8_character(wide[i].bytes, strlen(wide[i].bytes), &character), i + 1);
        ck_assert_uint_eq(character, wide[i].character);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("support: utf8");
    TCase *tests = tcase_create("utf8");

    tcase_add_test(tests, knows_utf8);
    tcase_add_test(tests, refuses_what_is_not_utf8);
    tcase_add_test(tests, decodes_characters_of_each_width);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
