/* A run's bits do not depend on the processor: each plug-in, which chooses among clones of its
 * functions when it is loaded, against builds of the same source for the oldest processor alone
 * and for AVX2 alone. First the conformance suite's exercise of it at all its settings; then
 * activations and losses on numbers of any bits: denormals, infinities and NaN among them. A NaN is as
 * good as any other. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/exam.h"
#include "harness.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const levels[] = {"baseline", "avx2"};

static catalog_entry *entries;
static size_t count;

/* The processor can do it, and it was built. */
static bool has_level(const char *level)
{
#if defined(__x86_64__)
    return strcmp(level, "avx2") != 0 || __builtin_cpu_supports("avx2");
#else
    return strcmp(level, "avx2") != 0;
#endif
}

/* One plug-in in two builds. */
typedef struct pair {
    catalog *catalog;
    const plugin *chosen, *fixed;
} pair;

static const plugin *load(catalog *catalog, const char *path)
{
    plx_error error = {.code = ERROR_NONE};
    const plugin *plugin = catalog_load_file(catalog, path, &error);

    ck_assert_msg(plugin != NULL, "%s", error.text);
    return plugin;
}

/* Number i of a loop over plug-ins and levels; no catalog if it is nothing for this processor, or
 * not of the kind (0: any). */
static pair pair_of(int i, uint32_t kind)
{
    const char *level = levels[i % COUNT(levels)];
    const catalog_entry *entry = &entries[i / COUNT(levels)];
    plx_error error = {.code = ERROR_NONE};
    pair p = {0};
    char path[1024];

    if (!has_level(level) || (kind != 0 && entry->kind != kind))
        return p;
    p.catalog = catalog_new(&(catalog_options){.builtin = NULL}, &error);
    ck_assert_msg(p.catalog != NULL, "%s", error.text);
    snprintf(path, sizeof(path), LEVELS "/%s/%s.so", level, entry->name);
    p.chosen = load(p.catalog, entry->path);
    p.fixed = load(p.catalog, path);
    return p;
}

/* ---- ordinary use ---------------------------------------------------------------------------- */

static exam *examine(const plugin *plugin)
{
    plx_error error = {.code = ERROR_NONE};
    exam *exam = exam_new(plugin, NULL, guard_new(-1), -1, &error);

    ck_assert_msg(exam != NULL, "%s", error.text);
    return exam;
}

/* All that the exercise comes to, at all settings; the caller's to free. There is one guard in a
 * process, so one exam at a time. */
static text results_of(const plugin *plugin)
{
    static const uint64_t sizes[] = {7, 300};
    exam *exam = examine(plugin);
    text results = {0};

    for (size_t v = 0; v < exam->variant_count; v++)
        for (int i = 0; i < COUNT(sizes); i++) {
            const exercise how = {.settings = exam->variants[v].settings, .size = sizes[i]};
            ck_assert(exam_kind_of(plugin->kind)->exercise(exam, &how, &results));
        }
    exam_free(exam);
    ck_assert(!results.failed);
    ck_assert_uint_gt(results.length, 0);
    return results;
}

START_TEST(ordinary_use_gives_the_same_bits)
{
    const pair p = pair_of(_i, 0);

    if (p.catalog == NULL)
        return;
    text chosen = results_of(p.chosen), fixed = results_of(p.fixed);
    ck_assert_uint_eq(chosen.length, fixed.length);
    ck_assert_msg(memcmp(chosen.bytes, fixed.bytes, chosen.length) == 0, "%s", p.fixed->path);
    free(chosen.bytes);
    free(fixed.bytes);
    catalog_free(p.catalog);
}
END_TEST

/* ---- numbers of any bits --------------------------------------------------------------------- */

enum { MANY = 4000 };

/* Half of them of a network's size, the others of any bits. */
static void fill(float *x, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const uint32_t bits = (uint32_t)(seed >> 32);
        memcpy(&x[i], &bits, sizeof(bits));
        if (seed >> 20 & 1)
            x[i] = 16 * ((float)(bits >> 8) / 0x1p24f - 0.5f);
    }
}

static void expect_same_floats(size_t n, const float *a, const float *b, const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof(*a)) != 0 && !(isnan(a[i]) && isnan(b[i])))
            ck_abort_msg("%s, element %zu: %a and %a", what, i, (double)a[i], (double)b[i]);
}

static void expect_same_doubles(size_t n, const double *a, const double *b, const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof(*a)) != 0 && !(isnan(a[i]) && isnan(b[i])))
            ck_abort_msg("%s, row %zu: %a and %a", what, i, a[i], b[i]);
}

static void apply(const plugin *plugin, const void *self, uint64_t cols, const float *x,
                  const float *dy, float *y, float *dx)
{
    const plx_activation *a = plugin->activation;
    const uint64_t rows = MANY / cols;
    const float *input = a->flags & PLX_NEEDS_INPUT ? x : NULL;
    const float *output = a->flags & PLX_NEEDS_OUTPUT ? y : NULL;

    if (a->forward != NULL) {
        a->forward(self, rows * cols, x, y);
        a->backward(self, rows * cols, input, output, dy, dx);
    } else {
        a->forward_rows(self, rows, cols, x, cols, y, cols);
        a->backward_rows(self, rows, cols, input, cols, output, cols, dy, cols, dx, cols);
    }
}

static const uint64_t widths[] = {1, 2, 3, 10, 37, 999};

START_TEST(any_bits_give_the_same_bits_in_activations)
{
    const pair p = pair_of(_i, PLX_KIND_ACTIVATION);
    static float x[MANY], dy[MANY];

    if (p.catalog == NULL)
        return;
    exam *settings = examine(p.chosen);
    for (int i = 0; i < COUNT(widths); i++)
        for (size_t v = 0; v < settings->variant_count; v++) {
            const void *self = settings->variants[v].settings->values;
            static float y[2][MANY], dx[2][MANY];
            fill(x, MANY, 1 + (uint64_t)i);
            fill(dy, MANY, 100 + (uint64_t)i);
            apply(p.chosen, self, widths[i], x, dy, y[0], dx[0]);
            apply(p.fixed, self, widths[i], x, dy, y[1], dx[1]);
            expect_same_floats(MANY, y[0], y[1], "forward");
            expect_same_floats(MANY, dx[0], dx[1], "backward");
        }
    exam_free(settings);
    catalog_free(p.catalog);
}
END_TEST

typedef int32_t rows_function(const void *self, const plx_rows *rows);

/* What both builds of a function make of the same rows. Targets are within [0, 1]. */
static void compare_rows(const plx_rows *rows, const void *self, rows_function *chosen,
                         rows_function *fixed)
{
    static float gradient[2][MANY];
    static double loss[2][MANY];
    plx_rows b = *rows;

    b.loss = loss[0];
    b.gradient = gradient[0];
    ck_assert_int_eq(chosen(self, &b), PLX_OK);
    b.loss = loss[1];
    b.gradient = gradient[1];
    ck_assert_int_eq(fixed(self, &b), PLX_OK);
    expect_same_doubles(b.rows, loss[0], loss[1], "loss");
    expect_same_floats(b.rows * b.cols, gradient[0], gradient[1], "gradient");
}

static void compare_losses(const pair *p, const exam *exam, const void *self, plx_rows b)
{
    const plx_loss *chosen = p->chosen->loss, *fixed = p->fixed->loss;

    b.host = &exam->host.table;
    for (b.family = PLX_REALS; b.family <= PLX_SIMPLEX; b.family++) {
        if (chosen->targets(self, b.family) == 0)
            continue;
        compare_rows(&b, self, chosen->rows, fixed->rows);
        for (uint32_t i = 0; i < chosen->fused_count; i++)
            compare_rows(&b, self, chosen->fused[i].rows, fixed->fused[i].rows);
    }
}

START_TEST(any_bits_give_the_same_bits_in_losses)
{
    const pair p = pair_of(_i, PLX_KIND_LOSS);
    static float x[MANY], t[MANY], weight[MANY];

    if (p.catalog == NULL)
        return;
    exam *exam = examine(p.chosen);
    for (int i = 0; i < COUNT(widths); i++)
        for (size_t v = 0; v < exam->variant_count; v++) {
            plx_rows b = {.size = sizeof(b),
                          .rows = MANY / widths[i],
                          .cols = widths[i],
                          .prediction = x,
                          .target = t,
                          .scale = 0.37};
            fill(x, MANY, 1 + (uint64_t)i);
            fill(weight, MANY, 2);
            for (size_t k = 0; k < MANY; k++)
                t[k] = k % 3 == 0 ? (float)(k / 3 % 2) : (float)(k % 101) / 100;
            compare_losses(&p, exam, exam->variants[v].settings->values, b);
            b.row_weight = weight;
            compare_losses(&p, exam, exam->variants[v].settings->values, b);
        }
    exam_free(exam);
    catalog_free(p.catalog);
}
END_TEST

int main(void)
{
    const catalog_options options = {.builtin = BUILTIN};
    plx_error error = {.code = ERROR_NONE};
    catalog *catalog = catalog_new(&options, &error);
    Suite *s = suite_create("plugins/levels");
    TCase *c = tcase_create("levels");

    entries = catalog != NULL ? catalog_list(catalog, &count, &error) : NULL;
    if (entries == NULL) {
        printf("Bail out! %s\n", error.text);
        return 1;
    }
    const int cases = (int)count * COUNT(levels);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, ordinary_use_gives_the_same_bits, 0, cases);
    tcase_add_loop_test(c, any_bits_give_the_same_bits_in_activations, 0, cases);
    tcase_add_loop_test(c, any_bits_give_the_same_bits_in_losses, 0, cases);
    suite_add_tcase(s, c);
    const int code = harness_run(s);
    catalog_list_free(entries, count);
    catalog_free(catalog);
    return code;
}
