/* docs/configuration.md has a table of keys for each map of the file. Every key in a table is one
 * that the reader knows, and every key that the reader knows is in the table: the reader lists its
 * keys when it meets one that is like none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"
#include "support/file.h"

#define SGD "momentum dampening nesterov weight_decay"

static const struct map {
    const char *heading;
    const char *file; /* with a key in the map that is like no other                             */
    const char *more; /* keys that belong to no table: the settings of a component               */
} maps[] = {
    {"## Sections", "zzzzzzzzzz: 1\n", NULL},
    {"## data", "data: {zzzzzzzzzz: 1}\n" REST, NULL},
    {"### target", "data: {train: a, target: {zzzzzzzzzz: 1}}\n" REST, NULL},
    {"## network", DATA "network: {zzzzzzzzzz: 1}\n" LOSS OPTIMIZER, NULL},
    {"### layers", DATA "network: {layers: [{zzzzzzzzzz: 1}]}\n" LOSS OPTIMIZER, NULL},
    {"### init", DATA "network: {init: {zzzzzzzzzz: 1}}\n" LOSS OPTIMIZER, NULL},
    {"## loss", DATA NETWORK "loss: {name: cross_entropy, zzzzzzzzzz: 1}\n" OPTIMIZER, NULL},
    {"## optimizer", DATA NETWORK LOSS "optimizer: {name: sgd, zzzzzzzzzz: 1}\n", SGD},
    {"### groups", DATA NETWORK LOSS "optimizer: {name: sgd, groups: [{zzzzzzzzzz: 1}]}\n", SGD},
    {"## schedule", GOOD "schedule: {zzzzzzzzzz: 1}\n", NULL},
    {"## train", GOOD "train: {zzzzzzzzzz: 1}\n", NULL},
    {"### early_stopping", GOOD "train: {early_stopping: {zzzzzzzzzz: 1}}\n", NULL},
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

/* Whether `words`, parted by spaces, have this one. */
static bool is_among(const char *words, const char *word)
{
    const size_t length = strlen(word);

    for (; words != NULL && *words != '\0'; words += strcspn(words, " "), words += *words == ' ')
        if (strcspn(words, " ") == length && strncmp(words, word, length) == 0)
            return true;
    return false;
}

/* The keys that the reader names in its refusal, but for `more`. */
static char *known(const char *file, const char *more)
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
        if (!is_among(more, word))
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
    char *in_document = documented(document, maps[_i].heading),
         *in_reader = known(maps[_i].file, maps[_i].more);
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
