/* split.c: see split.h.
 *
 * All rows are put in a random order. Without strata the first of them are test rows, the next
 * validation rows. With strata the order is sorted by class, keeping the random order within a
 * class, and each class gives its share: what a share has behind the point goes to the classes
 * with the largest remainders. Folds deal that order out like cards, which gives every fold its
 * share of every class. */
#include "data/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"

/* Half up as people compute it: 0.145 of 100 is 14.5 and so 15, though in binary it falls short by
 * one unit in the last place. */
size_t split_count(double fraction, size_t rows)
{
    const double exact = fraction * (double)rows;
    const size_t count = (size_t)floor(exact + exact * 0x1p-50 + 0.5);

    if (fraction > 0 && count == 0)
        return 1;
    return count < rows ? count : rows;
}

/* The rows in random order, then by class if there are classes: order (rows), and where each class
 * begins in it, first (classes + 1). */
typedef struct shuffled {
    uint32_t *order;
    size_t *first, *taken; /* taken: rows of each class given away so far                         */
    size_t classes;
} shuffled;

static void free_shuffled(shuffled *rows)
{
    free(rows->order);
    free(rows->first);
    free(rows->taken);
}

/* A counting sort: stable, so the random order within a class stays. */
static bool shuffle_rows(const split_plan *plan, shuffled *out)
{
    uint32_t *drawn = memory_array(plan->rows, sizeof(*drawn));
    size_t *next;

    out->classes = plan->label == NULL ? 1 : plan->label_count;
    out->order = memory_array(plan->rows, sizeof(*out->order));
    out->first = memory_array(out->classes + 1, sizeof(*out->first));
    out->taken = next = memory_array(out->classes, sizeof(*out->taken));
    if (drawn == NULL || out->order == NULL || out->first == NULL || next == NULL) {
        free(drawn);
        return false;
    }
    random_permutation(random_open(plan->seed, RANDOM_SPLIT, 0), plan->rows, drawn);
    for (size_t i = 0; i < plan->rows; i++)
        out->first[(plan->label == NULL ? 0 : plan->label[i]) + 1]++;
    for (size_t c = 0; c < out->classes; c++) {
        out->first[c + 1] += out->first[c];
        next[c] = out->first[c];
    }
    for (size_t i = 0; i < plan->rows; i++)
        out->order[next[plan->label == NULL ? 0 : plan->label[drawn[i]]]++] = drawn[i];
    memset(out->taken, 0, out->classes * sizeof(*out->taken));
    free(drawn);
    return true;
}

/* What a class is due beyond the rows it gives, in parts of a row: of `total`. */
typedef struct class_rest {
    size_t label;
    uint64_t rest;
} class_rest;

/* The largest first; of equal ones the first class. */
static int by_rest(const void *a, const void *b)
{
    const class_rest *x = a, *y = b;

    if (x->rest != y->rest)
        return x->rest > y->rest ? -1 : 1;
    return (x->label > y->label) - (x->label < y->label);
}

static size_t left_in(const shuffled *rows, size_t label)
{
    return rows->first[label + 1] - rows->first[label] - rows->taken[label];
}

/* One more row of each class in turn, until `missing` have been given. A class that has no row left
 * leaves the order, so that each look at a class gives a row or is the last. */
static void give_one_each(const shuffled *rows, class_rest *order, size_t missing, size_t *share)
{
    size_t open = rows->classes;

    while (missing > 0 && open > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < open && missing > 0; i++) {
            const size_t c = order[i].label;
            if (share[c] >= left_in(rows, c))
                continue;
            share[c]++;
            missing--;
            order[kept++] = order[i];
        }
        open = kept;
    }
}

/* How many rows each class gives of `count`, (classes): largest remainders, ties to the first
 * class. A class never gives more than it has left. In whole numbers, as equal remainders would
 * differ in a double; rows are fewer than 2^32, so no product overflows. */
static bool share_out(const shuffled *rows, size_t total, size_t count, size_t *share)
{
    class_rest *order = memory_array(rows->classes, sizeof(*order));
    size_t given = 0;

    if (order == NULL)
        return false;
    for (size_t c = 0; c < rows->classes; c++) {
        const uint64_t due = (uint64_t)count * (rows->first[c + 1] - rows->first[c]);
        const size_t whole = (size_t)(due / total), left = left_in(rows, c);
        share[c] = whole < left ? whole : left;
        order[c] = (class_rest){.label = c, .rest = due - (uint64_t)share[c] * total};
        given += share[c];
    }
    qsort(order, rows->classes, sizeof(*order), by_rest);
    give_one_each(rows, order, count - given, share);
    free(order);
    return true;
}

/* Marks `count` of the rows that are still free. There are that many. */
static bool take_rows(shuffled *rows, size_t total, size_t count, split_part part, uint8_t *parts)
{
    size_t *share = memory_array(rows->classes, sizeof(*share));

    if (share == NULL || !share_out(rows, total, count, share)) {
        free(share);
        return false;
    }
    for (size_t c = 0; c < rows->classes; c++)
        for (size_t i = 0; i < rows->first[c + 1] - rows->first[c] && share[c] > 0; i++) {
            const uint32_t row = rows->order[rows->first[c] + i];
            if (parts[row] != PART_TRAIN)
                continue;
            parts[row] = (uint8_t)part;
            rows->taken[c]++;
            share[c]--;
        }
    free(share);
    return true;
}

/* Deals the rows out and marks those of the wanted fold. */
static size_t take_fold(shuffled *rows, const split_plan *plan, uint8_t *parts)
{
    size_t count = 0;

    for (size_t i = plan->fold; i < plan->rows; i += plan->folds) {
        const uint32_t row = rows->order[i];
        parts[row] = PART_TEST;
        rows->taken[plan->label == NULL ? 0 : plan->label[row]]++;
        count++;
    }
    return count;
}

uint8_t *split_rows(const split_plan *plan, const char *name, plx_error *error)
{
    uint8_t *parts = memory_array(plan->rows, 1);
    shuffled rows = {0};
    bool ok = false;

    if (parts == NULL || !shuffle_rows(plan, &rows)) {
        error_memory(error);
        goto done;
    }
    size_t test = split_count(plan->test, plan->rows);
    if (plan->folds > 0)
        test = take_fold(&rows, plan, parts);
    const size_t validation = split_count(plan->validation, plan->rows);
    if (validation >= plan->rows - test) {
        error_set(error, ERROR_DATA,
                  "%s: %zu test and %zu validation rows of %zu leave none to train on", name, test,
                  validation, plan->rows);
        goto done;
    }
    ok = (plan->folds > 0 || take_rows(&rows, plan->rows, test, PART_TEST, parts)) &&
         take_rows(&rows, plan->rows, validation, PART_VALIDATION, parts);
    if (!ok)
        error_memory(error);
done:
    free_shuffled(&rows);
    if (ok)
        return parts;
    free(parts);
    return NULL;
}
