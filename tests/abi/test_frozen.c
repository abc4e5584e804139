/* test_frozen.c: plugin.h against the copies of it that were released. Three looks:
 *   its text, without comments, is that of the copy of the same minor version;
 *   its declarations and macros, as a plug-in that asks for an older minor sees them, are those of
 *     that version, letter by letter;
 *   its structs, with everything of later minors shown, have the older members where they were. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "layout.h"

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A released header. */
typedef struct released {
    int minor;
    const char *header, *view;
    const char *today; /* today's header as this version's plug-ins see it                       */
    const layout *layout;
} released;

static const released releases[] = {
    {0, FROZEN "/1.0/plexus/plugin.h", VIEWS "/frozen_1_0.view", VIEWS "/today_0.view",
     &layout_frozen_1_0},
};

static char *read_text(const char *path)
{
    plx_error error = {0};
    size_t length;
    char *bytes = file_read(path, 1u << 20, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    return bytes;
}

/* ---- text ---- */

/* The end of a string or character that begins at `at`, or of a comment. */
static const char *end_of_quoted(const char *at)
{
    const char quote = *at++;

    while (*at != '\0' && *at != quote)
        at += 1 + (at[0] == '\\' && at[1] != '\0');
    return at + (*at != '\0');
}

static const char *end_of_comment(const char *at)
{
    const char *end = at[1] == '*' ? strstr(at + 2, "*/") : strchr(at, '\n');

    return end == NULL ? at + strlen(at) : end + 2 * (at[1] == '*');
}

/* C without its comments, each run of white space and line ends one space; free() it. */
static char *stripped(const char *code)
{
    text t = {0};
    bool space = false;

    while (*code != '\0') {
        const bool comment = code[0] == '/' && (code[1] == '*' || code[1] == '/');
        const char *end = comment                        ? end_of_comment(code)
                          : strchr("\"'", *code) != NULL ? end_of_quoted(code)
                                                         : code + 1;
        if (comment || isspace((unsigned char)*code)) {
            space = t.length > 0;
        } else {
            if (space)
                text_add(&t, " ");
            text_add_n(&t, code, (size_t)(end - code));
            space = false;
        }
        code = end;
    }
    ck_assert(!t.failed && t.length > 0);
    return t.bytes;
}

/* The highest minor version that hides anything in a stripped header. */
static int newest_minor(const char *code)
{
    static const char mark[] = "PLX_MINOR >= ";
    int newest = 0;

    for (const char *at = code; (at = strstr(at, mark)) != NULL; at += strlen(mark))
        newest = atoi(at + strlen(mark)) > newest ? atoi(at + strlen(mark)) : newest;
    return newest;
}

/* Fails with the place where two stripped texts part. */
static void expect_same(const char *expected, const char *actual)
{
    size_t at = 0;

    while (expected[at] != '\0' && expected[at] == actual[at])
        at++;
    const size_t from = at > 40 ? at - 40 : 0;
    ck_assert_msg(expected[at] == actual[at], "released: ...%.80s...\n now: ...%.80s...",
                  expected + from, actual + from);
}

/* stripped() of a file. */
static char *code_of(const char *path)
{
    char *bytes = read_text(path);
    char *code = stripped(bytes);

    free(bytes);
    return code;
}

START_TEST(same_minor_is_the_same_text)
{
    char *today = code_of(HEADER);
    const int minor = newest_minor(today);

    for (int i = 0; i < COUNT(releases); i++)
        if (releases[i].minor == minor) {
            char *frozen = code_of(releases[i].header);
            expect_same(frozen, today);
            free(frozen);
        }
    free(today);
}
END_TEST

/* That test looks at a header only if its minor is known to have been released. */
START_TEST(newest_minor_is_what_hides_most)
{
    char *grown = code_of(FUTURE_HEADER), *frozen = code_of(releases[0].header);

    ck_assert_int_eq(newest_minor(frozen), 0);
    ck_assert_int_eq(newest_minor(grown), 1);
    ck_assert_int_eq(newest_minor("#if PLX_MINOR >= 2 #endif #if PLX_MINOR >= 12 #endif"), 12);
    free(frozen);
    free(grown);
}
END_TEST

START_TEST(comments_do_not_count)
{
    static const char *const same[] = {
        "int a; char b[] = \"/* no */\";",
        "/* first */ int a; // second\n  char b[] = \"/* no */\";\n",
        "int a;/**/char b[] = \"/* no */\"; /* no end",
    };
    char *code = stripped(same[_i]);

    ck_assert_str_eq(code, "int a; char b[] = \"/* no */\";");
    free(code);
}
END_TEST

START_TEST(anything_else_counts)
{
    static const char *const other[] = {
        "int a; char b[] = \"/* yes */\";",
        "int a ; char b[] = \"/* no */\";",
        "int a; char b[] = \"/* no\";",
        "int a; char b[] = '/* no */';",
    };
    char *code = stripped(other[_i]);

    ck_assert_str_ne(code, "int a; char b[] = \"/* no */\";");
    free(code);
}
END_TEST

/* ---- what a plug-in sees ---- */

START_TEST(plug_ins_see_what_they_saw)
{
    char *frozen = code_of(releases[_i].view), *today = code_of(releases[_i].today);

    ck_assert_ptr_nonnull(strstr(frozen, "} plx_optimizer;"));
    expect_same(frozen, today);
    free(frozen);
    free(today);
}
END_TEST

/* A header grown by the rules, and one with other comments. */
START_TEST(growth_by_the_rules_is_not_seen)
{
    static const char *const harmless[] = {VIEWS "/grown.view", VIEWS "/comment.view"};
    char *frozen = code_of(releases[0].view), *changed = code_of(harmless[_i]);

    expect_same(frozen, changed);
    free(frozen);
    free(changed);
}
END_TEST

START_TEST(other_growth_is_seen)
{
    static const char *const harmful[] = {
        VIEWS "/unhidden.view", VIEWS "/inserted.view", VIEWS "/swapped.view",
        VIEWS "/retyped.view",  VIEWS "/renamed.view",  VIEWS "/renumbered.view",
        VIEWS "/removed.view",  VIEWS "/symbol.view",   VIEWS "/attribute.view",
    };
    char *frozen = code_of(releases[0].view), *changed = code_of(harmful[_i]);

    ck_assert_str_ne(frozen, changed);
    free(frozen);
    free(changed);
}
END_TEST

/* ---- where members stand ---- */

static const layout_member *member_of(const layout *all, const char *type, const char *name)
{
    for (size_t i = 0; i < all->member_count; i++)
        if (strcmp(all->members[i].type, type) == 0 && strcmp(all->members[i].name, name) == 0)
            return &all->members[i];
    return NULL;
}

static const layout_number *number_of(const layout *all, const char *name)
{
    for (size_t i = 0; i < all->number_count; i++)
        if (strcmp(all->numbers[i].name, name) == 0)
            return &all->numbers[i];
    return NULL;
}

static const layout_struct *struct_of(const layout *all, const char *name)
{
    for (size_t i = 0; i < all->struct_count; i++)
        if (strcmp(all->structs[i].name, name) == 0)
            return &all->structs[i];
    return NULL;
}

/* What of the older layout is otherwise in the newer one, or NULL. */
static const char *what_changed(const layout *older, const layout *newer)
{
    for (size_t i = 0; i < older->member_count; i++) {
        const layout_member *was = &older->members[i];
        const layout_member *is = member_of(newer, was->type, was->name);
        if (is == NULL || is->offset != was->offset || is->size != was->size)
            return was->name;
    }
    for (size_t i = 0; i < older->struct_count; i++) {
        const layout_struct *is = struct_of(newer, older->structs[i].name);
        if (is == NULL || is->size < older->structs[i].size)
            return older->structs[i].name;
    }
    for (size_t i = 0; i < older->number_count; i++) {
        const layout_number *is = number_of(newer, older->numbers[i].name);
        if (is == NULL || is->value != older->numbers[i].value)
            return older->numbers[i].name;
    }
    return NULL;
}

static void expect_unchanged(const layout *older, const layout *newer)
{
    const char *changed = what_changed(older, newer);

    ck_assert_msg(changed == NULL, "%s is not what it was", changed);
}

START_TEST(members_stand_where_they_stood)
{
    expect_unchanged(releases[_i].layout, &layout_today);
    expect_unchanged(releases[_i].layout, &layout_future);
}
END_TEST

/* All structs of the future header but the one they begin with have grown, so the test above has
 * seen growth. */
START_TEST(the_future_has_grown)
{
    for (size_t i = 0; i < layout_today.struct_count; i++) {
        const layout_struct *now = &layout_today.structs[i];
        const size_t more = strcmp(now->name, "plx_component") == 0 ? 0 : sizeof(double);
        ck_assert_uint_eq(struct_of(&layout_future, now->name)->size, now->size + more);
    }
}
END_TEST

/* Members without a gap from a struct's begin to its end: none is missing in the table, and none
 * that is appended can fall into padding, where an older plug-in has anything. */
static void expect_no_gap(const layout *all)
{
    for (size_t i = 0; i < all->struct_count; i++) {
        size_t end = 0;
        for (size_t k = 0; k < all->member_count; k++)
            if (strcmp(all->members[k].type, all->structs[i].name) == 0) {
                ck_assert_msg(all->members[k].offset == end, "a gap before %s.%s",
                              all->members[k].type, all->members[k].name);
                end += all->members[k].size;
            }
        ck_assert_msg(end == all->structs[i].size, "a gap at the end of %s", all->structs[i].name);
    }
}

START_TEST(structs_have_no_gaps)
{
    expect_no_gap(releases[_i].layout);
    expect_no_gap(&layout_today);
}
END_TEST

/* The word at `at`, cut from `code`; the caller's to free. */
static char *word_at(const char *at)
{
    size_t n = 0;

    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    return memory_string_n(at, n);
}

START_TEST(every_struct_is_in_the_table)
{
    char *code = code_of(HEADER);
    size_t found = 0;

    for (const char *at = code; (at = strstr(at, "struct plx_")) != NULL; at++) {
        char *name = word_at(at + strlen("struct "));
        const char *after = at + strlen("struct ") + strlen(name);
        if (strncmp(after, " {", 2) == 0) {
            ck_assert_msg(struct_of(&layout_today, name) != NULL, "%s is missing", name);
            found++;
        }
        free(name);
    }
    ck_assert_uint_eq(found, layout_today.struct_count);
    free(code);
}
END_TEST

/* Every macro that stands for a number, in all of today's minors. */
START_TEST(every_number_is_in_the_table)
{
    char *view = read_text(VIEWS "/today_99.view");
    size_t found = 0;

    for (const char *at = view; (at = strstr(at, "#define PLX_")) != NULL; at++) {
        char *name = word_at(at + strlen("#define "));
        const char *value = at + strlen("#define ") + strlen(name);
        const bool number = *value == ' ' && (isdigit((unsigned char)value[1]) || value[1] == '(');
        if (number && strcmp(name, "PLX_MINOR") != 0) {
            ck_assert_msg(number_of(&layout_today, name) != NULL, "%s is missing", name);
            found++;
        }
        free(name);
    }
    ck_assert_uint_eq(found, layout_today.number_count);
    free(view);
}
END_TEST

START_TEST(a_change_of_layout_is_noticed)
{
    const layout *was = releases[0].layout;
    layout_member *members = memory_array(was->member_count, sizeof(*members));
    layout_number *numbers = memory_array(was->number_count, sizeof(*numbers));
    layout changed = *was;

    memcpy(members, was->members, was->member_count * sizeof(*members));
    memcpy(numbers, was->numbers, was->number_count * sizeof(*numbers));
    changed.members = members;
    changed.numbers = numbers;
    expect_unchanged(was, &changed);
    members[5].offset += _i == 0 ? 8 : 0;
    members[5].size += _i == 1 ? 8 : 0;
    members[5].name = _i == 2 ? "other" : members[5].name;
    numbers[5].value += _i == 3;
    changed.number_count -= _i == 4;
    changed.struct_count -= _i == 5;
    ck_assert_ptr_nonnull(what_changed(was, &changed));
    free(members);
    free(numbers);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("frozen");
    TCase *text = tcase_create("text"), *view = tcase_create("view"), *at = tcase_create("layout");

    tcase_add_test(text, same_minor_is_the_same_text);
    tcase_add_test(text, newest_minor_is_what_hides_most);
    tcase_add_loop_test(text, comments_do_not_count, 0, 3);
    tcase_add_loop_test(text, anything_else_counts, 0, 4);
    tcase_add_loop_test(view, plug_ins_see_what_they_saw, 0, COUNT(releases));
    tcase_add_loop_test(view, growth_by_the_rules_is_not_seen, 0, 2);
    tcase_add_loop_test(view, other_growth_is_seen, 0, 9);
    tcase_add_loop_test(at, members_stand_where_they_stood, 0, COUNT(releases));
    tcase_add_test(at, the_future_has_grown);
    tcase_add_loop_test(at, structs_have_no_gaps, 0, COUNT(releases));
    tcase_add_test(at, every_struct_is_in_the_table);
    tcase_add_test(at, every_number_is_in_the_table);
    tcase_add_loop_test(at, a_change_of_layout_is_noticed, 0, 6);
    suite_add_tcase(s, text);
    suite_add_tcase(s, view);
    suite_add_tcase(s, at);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
