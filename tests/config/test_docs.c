/* docs/configuration.md has a table of keys for each map of the file. Every key in a table is one
 * that the reader knows, and every key that the reader knows is in the table: the reader lists its
 * keys when it meets one that is like none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"
#include "support/file.h"

static const struct map {
    const char *heading;
    const char *file; /* with a key in the map that is like no other                             */
} maps[] = {
    {"## Sections", "zzzzzzzzzz: 1\n"},
    {"## data", "data: {zzzzzzzzzz: 1}\n" REST},
    {"### target", "data: {train: a, target: {zzzzzzzzzz: 1}}\n" REST},
    {"## network", DATA "network: {zzzzzzzzzz: 1}\n" LOSS OPTIMIZER},
    {"### layers", DATA "network: {layers: [{zzzzzzzzzz: 1}]}\n" LOSS OPTIMIZER},
    {"### init", DATA "network: {init: {zzzzzzzzzz: 1}}\n" LOSS OPTIMIZER},
    {"## loss", DATA NETWORK "loss: {name: cross_entropy, zzzzzzzzzz: 1}\n" OPTIMIZER},
    {"## schedule", GOOD "schedule: {zzzzzzzzzz: 1}\n"},
    {"## train", GOOD "train: {zzzzzzzzzz: 1}\n"},
    {"### early_stopping", GOOD "train: {early_stopping: {zzzzzzzzzz: 1}}\n"},
};

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Words up to `count`, sorted and joined by a space; frees the words. */
static char *sorted(char **words, size_t count)
{
    text joined = {0};

    qsort(words, count, sizeof(*words), compare);
    for (size_t i = 0; i < count; i++) {
        text_addf(&joined, "%s ", words[i]);
        free(words[i]);
    }
    ck_assert(!joined.failed && joined.bytes != NULL);
    return joined.bytes;
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\0' ? line : line + 1;
}

/* The keys of the first table below a heading: what its rows have in backquotes at their start. */
static char *documented(const char *document, const char *heading)
{
    char *words[64], wanted[64];
    size_t count = 0;
    bool found = false, in_table = false;

    snprintf(wanted, sizeof(wanted), "%s\n", heading);
    for (const char *line = document; *line != '\0'; line = next_line(line)) {
        if (!found) {
            found = strncmp(line, wanted, strlen(wanted)) == 0;
            continue;
        }
        if (in_table && *line != '|')
            break;
        in_table = *line == '|';
        if (strncmp(line, "| `", 3) != 0)
            continue;
        ck_assert_uint_lt(count, 64);
        words[count++] = strndup(line + 3, strcspn(line + 3, "`"));
    }
    ck_assert_msg(found, "no heading %s", heading);
    return sorted(words, count);
}

/* The keys that the reader names in its refusal. */
static char *known(const char *file)
{
    static const char lead[] = "; its keys are ";
    char *words[64];
    size_t count = 0;
    plx_error error = {0};

    ck_assert_ptr_null(fixture_parse(file, &error));
    char *rest = strstr(error.text, lead);
    ck_assert_msg(rest != NULL, "%s", error.text);
    for (char *word = strtok(rest + strlen(lead), ", "); word != NULL; word = strtok(NULL, ", ")) {
        ck_assert_uint_lt(count, 64);
        words[count++] = strdup(word);
    }
    return sorted(words, count);
}

START_TEST(tables_and_reader_agree)
{
    plx_error error = {0};
    size_t length = 0;
    char *document = file_read(DOCUMENT, 1 << 20, false, &length, &error);

    ck_assert_msg(document != NULL, "%s", error.text);
    char *in_document = documented(document, maps[_i].heading), *in_reader = known(maps[_i].file);
    ck_assert_str_eq(in_document, in_reader);
    free(in_document);
    free(in_reader);
    free(document);
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/docs");
    TCase *t = tcase_create("keys");

    tcase_add_loop_test(t, tables_and_reader_agree, 0, (int)(sizeof(maps) / sizeof(maps[0])));
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
