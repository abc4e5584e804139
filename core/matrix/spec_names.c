/* spec_names.c: names of the matrix file and what they stand for: problems and figures, and the
 * words in which an unknown one is refused. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* Names in a message where none is near. */
#define LISTED 10

/* ---- many names ------------------------------------------------------------------------------ */

static int compare_entries(const void *a, const void *b)
{
    const name_entry *l = a, *r = b;
    const int order = strcmp(l->name, r->name);

    return order != 0 ? order : (l->position > r->position) - (l->position < r->position);
}

void names_sort(name_entry *entry, size_t count)
{
    qsort(entry, count, sizeof(*entry), compare_entries);
}

bool names_repeat(const name_entry *sorted, size_t count, size_t *first, size_t *second)
{
    bool found = false;

    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) != 0 ||
            (found && sorted[i].position > *second))
            continue;
        *first = sorted[i - 1].position;
        *second = sorted[i].position;
        found = true;
    }
    return found;
}

size_t names_find(const name_entry *sorted, size_t count, const char *name,
                  const name_entry **found)
{
    size_t low = 0, high = count, equal = 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + equal < count && strcmp(sorted[low + equal].name, name) == 0)
        equal++;
    *found = sorted + low;
    return equal;
}

/* ---- messages -------------------------------------------------------------------------------- */

bool spec_refuse(const reader *r, const node *at, const char *format, ...)
{
    char *path = tree_path(at);
    char message[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    error_at(r->error, ERROR_CONFIG, at->at, "%s%s", path != NULL ? path : "the value", message);
    free(path);
    return false;
}

bool spec_unknown(const reader *r, const node *at, const char *text_of, const char *kind,
                  const char *listing, word_list words)
{
    const char *nearest = text_nearest(text_of, words.words, words.count);
    text more = {0};

    if (nearest != NULL)
        text_addf(&more, "did you mean '%s'?", nearest);
    else
        text_add(&more, listing);
    for (size_t i = 0; i < words.count && i < LISTED && nearest == NULL; i++)
        text_addf(&more, "%s%s", i == 0 ? " " : ", ", words.words[i]);
    if (words.count > LISTED && nearest == NULL)
        text_add(&more, ", ...");
    spec_refuse(r, at, ": '%s' is no %s; %s", text_show(text_of).bytes, kind,
                more.bytes != NULL ? more.bytes : "");
    free(more.bytes);
    return false;
}

char *spec_one_line(const char *string, size_t limit)
{
    char *buffer = memory_array(4 * limit + 4, 1);
    text line = {0};

    for (const char *at = string; *at != '\0';) {
        const size_t blank = strspn(at, " \t\r\n"), word = strcspn(at + blank, " \t\r\n");
        if (line.length > 0 && word > 0)
            text_add(&line, " ");
        text_add_n(&line, at + blank, word);
        at += blank + word;
    }
    if (line.failed || buffer == NULL) {
        free(buffer);
        buffer = NULL;
    } else {
        text_shown(buffer, line.bytes != NULL ? line.bytes : "", line.length, limit);
    }
    free(line.bytes);
    return buffer;
}

/* ---- problems -------------------------------------------------------------------------------- */

bool spec_find_problem(const reader *r, const spec *spec, const node *at, const char *name,
                       int *problem)
{
    for (size_t i = 0; i < spec->problem_count; i++) {
        if (strcmp(spec->problem[i].name, name) == 0) {
            *problem = (int)i;
            return true;
        }
    }
    const char **words = memory_array(spec->problem_count, sizeof(*words));
    if (words == NULL)
        return error_memory(r->error);
    for (size_t i = 0; i < spec->problem_count; i++)
        words[i] = spec->problem[i].name;
    spec_unknown(r, at, name, "problem", "the problems are",
                 (word_list){words, spec->problem_count});
    free(words);
    return false;
}

/* ---- figures --------------------------------------------------------------------------------- */

bool spec_metric(const char *name, metric_name_at *found)
{
    for (int part = 0; part < RECORD_PARTS; part++) {
        const char *prefix = record_part_prefix((record_part)part);
        if (strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        for (int m = 0; m < METRIC_COUNT; m++) {
            if (strcmp(name + strlen(prefix), metric_name((metric)m)) == 0) {
                *found = (metric_name_at){(record_part)part, (metric)m};
                return true;
            }
        }
    }
    return false;
}

const char *spec_metric_name(metric_name_at at, char buffer[32])
{
    snprintf(buffer, 32, "%s%s", record_part_prefix(at.part), metric_name(at.metric));
    return buffer;
}

real_range spec_metric_range(metric metric)
{
    switch (metric) {
    case METRIC_LOSS:
        return (real_range){.min = -HUGE_VAL, .max = HUGE_VAL};
    case METRIC_MAE:
    case METRIC_RMSE:
        return (real_range){.min = 0, .max = HUGE_VAL};
    case METRIC_R2:
        return (real_range){.min = -HUGE_VAL, .max = 1};
    default:
        return (real_range){.min = 0, .max = 1};
    }
}

/* Refuses the name of a figure; one of other rows is told what it would be. */
static bool unknown_metric(const reader *r, const node *at, const char *name, bool validation)
{
    const char *kind = validation ? "figure of the validation rows" : "figure";
    const char *listing =
        validation ? "figures are" : "a figure is test_, val_ or train_ and one of";
    char name_of[RECORD_PARTS * METRIC_COUNT][32];
    const char *words[RECORD_PARTS * METRIC_COUNT];
    metric_name_at other;
    size_t count = 0;

    if (validation && spec_metric(name, &other)) {
        other.part = RECORD_VALIDATION;
        return spec_refuse(r, at, ": '%s' is no %s; did you mean '%s'?", name, kind,
                           spec_metric_name(other, name_of[0]));
    }
    for (int part = 0; part < RECORD_PARTS; part++) {
        for (int m = 0; m < METRIC_COUNT && (!validation || part == RECORD_VALIDATION); m++) {
            const metric_name_at figure = {(record_part)part, (metric)m};
            words[count] = spec_metric_name(figure, name_of[count]);
            count++;
        }
    }
    const char *nearest = text_nearest(name, words, count);
    if (nearest != NULL)
        words[0] = nearest;
    else if (!validation)
        for (count = 0; count < METRIC_COUNT; count++)
            words[count] = metric_name((metric)count);
    return spec_unknown(r, at, name, kind, listing,
                        (word_list){words, nearest != NULL ? 1 : count});
}

bool spec_find_metric(const reader *r, const spec *spec, const node *at, const char *name,
                      bool validation, int *problem, metric_name_at *found)
{
    const char *dot = strchr(name, '.');

    *problem = -1;
    if (dot != NULL) {
        char *first = memory_string_n(name, (size_t)(dot - name));
        const bool ok =
            first != NULL ? spec_find_problem(r, spec, at, first, problem) : error_memory(r->error);
        free(first);
        if (!ok)
            return false;
        name = dot + 1;
    }
    return (spec_metric(name, found) && (!validation || found->part == RECORD_VALIDATION)) ||
           unknown_metric(r, at, name, validation);
}
