/* exam_shared.c: the tests that all kinds share, written once over the exercise of the kind.
 *
 * An exercise is deterministic, so most properties are a comparison of two exercises: cut into
 * other pieces, on other threads, with another clock. What a plug-in does besides computing is
 * read from counts (intercept.h), from its own writable data and from the processor's control
 * state. The first use is always left out of account: a table made once is no state. */
#include "author/exam.h"

#include <ctype.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

static const settings *defaults(const exam *exam)
{
    return exam->variants[0].settings;
}

/* One exercise, announced before and placed after. */
static bool use(exam *exam, const exercise *how, text *results)
{
    const char *variant = exam_variant_name(exam, how->settings);
    char context[200];
    int length =
        snprintf(context, sizeof(context), "size %llu, %s", (unsigned long long)how->size, variant);

    if (how->cut > 0 && length > 0 && (size_t)length < sizeof(context))
        snprintf(context + length, sizeof(context) - (size_t)length, ", in pieces of %llu",
                 (unsigned long long)how->cut);
    exam_note(exam, "%s", context);
    const bool before = exam->failed;
    const bool good = exam_kind_of(exam->plugin->kind)->exercise(exam, how, results);
    if (!good && exam->failed && !before)
        text_addf(&exam->came, " (%s)", context);
    return good && !exam->failed;
}

/* Whether two results are the same bits; `at` gets where they first differ, in bytes. */
static bool same(const text *a, const text *b, size_t *at)
{
    const size_t least = a->length < b->length ? a->length : b->length;

    *at = 0;
    while (*at < least && a->bytes[*at] == b->bytes[*at])
        (*at)++;
    return a->length == b->length && *at == least;
}

static void clear(text *t)
{
    free(t->bytes);
    *t = (text){.bytes = NULL};
}

/* ---- metadata ---- */

static bool given(const char *line)
{
    return line != NULL && *line != '\0';
}

/* "softmax/1" */
static bool is_semantic(const char *id)
{
    const size_t name = strcspn(id, "/");

    return name > 0 && id[name] == '/' && isdigit((unsigned char)id[name + 1]) &&
           id[name + 1 + strspn(id + name + 1, "0123456789")] == '\0' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == name;
}

/* Whether x stands in the expression as a name of its own, and its brackets close. */
static bool is_expression_of_x(const char *expression)
{
    bool found = false;
    int depth = 0;

    for (const char *c = expression; *c != '\0';) {
        const size_t word = strspn(c, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_."
                                      "0123456789");
        if (word == 1 && *c == 'x')
            found = true;
        depth += (*c == '(') - (*c == ')');
        if (depth < 0)
            return false;
        c += word > 0 ? word : 1;
    }
    return found && depth == 0;
}

/* "Sigmoid, Mul" */
static bool is_operator_list(const char *onnx)
{
    for (const char *c = onnx;; c++) {
        const size_t word = strspn(c, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_.");
        if (word == 0 || !isupper((unsigned char)*c))
            return false;
        c += word;
        if (*c == '\0')
            return true;
        if (*c != ',')
            return false;
        if (c[1] == ' ')
            c++;
    }
}

static bool check_activation_text(exam *exam, const plx_activation *a, text *absent)
{
    if (a->semantic != NULL && !is_semantic(a->semantic))
        return exam_fail(exam, ".semantic", "an id such as \"softmax/1\", or NULL", "\"%s\"",
                         a->semantic);
    if (a->onnx != NULL && !is_operator_list(a->onnx))
        return exam_fail(exam, ".onnx", "ONNX operators such as \"Sigmoid, Mul\", or NULL",
                         "\"%s\"", a->onnx);
    if (a->forward_rows != NULL) {
        if (a->expression != NULL)
            return exam_fail(exam, ".expression", "NULL, as one element does not make a row's",
                             "\"%s\"", a->expression);
        return true;
    }
    if (a->expression != NULL && !is_expression_of_x(a->expression))
        return exam_fail(exam, ".expression", "a C expression of x, such as \"x > 0 ? x : 0\"",
                         "\"%s\"", a->expression);
    if (a->expression == NULL)
        text_add(absent, ", expression");
    return true;
}

static void test_metadata(exam *exam)
{
    const plx_component *component = exam->plugin->component;
    const bool differentiable = exam->plugin->kind != PLX_KIND_OPTIMIZER;
    const char *missing = !given(component->source)                         ? "source"
                          : !given(component->formula)                      ? "formula"
                          : differentiable && !given(component->derivative) ? "derivative"
                                                                            : NULL;
    text absent = {.bytes = NULL};
    char look[32];

    if (missing != NULL) {
        snprintf(look, sizeof(look), ".%s of the descriptor", missing);
        exam_fail(exam, look, "where the plug-in's formula is from, and what it computes", "no %s",
                  missing);
        return;
    }
    if (component->version == NULL)
        text_add(&absent, ", version (read as 1)");
    if ((exam->plugin->activation == NULL ||
         check_activation_text(exam, exam->plugin->activation, &absent)) &&
        absent.bytes != NULL)
        exam_say(exam, "left out: %s", absent.bytes + 2);
    free(absent.bytes);
}

/* ---- runs, settings ---- */

static void test_runs(exam *exam)
{
    static const uint64_t sizes[] = {7, 0, 1, 64, 1000};

    exam->unguarded = true;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (!use(exam, &(exercise){.settings = defaults(exam), .size = sizes[i]}, NULL))
            return;
}

/* The extreme values of a number that a config may hold: the ends, or what is next to an open or
 * infinite one. Returns how many, at most two. */
static size_t extremes(const plx_setting *row, double out[2])
{
    const double far = 1e30;
    size_t count = 0;

    if (row->type != PLX_TYPE_REAL && row->type != PLX_TYPE_INTEGER)
        return 0;
    const double step = row->type == PLX_TYPE_INTEGER;
    for (int high = 0; high < 2; high++) {
        const double end = high ? row->max : row->min, inwards = high ? -HUGE_VAL : HUGE_VAL;
        const bool open = row->flags & (high ? PLX_OPEN_MAX : PLX_OPEN_MIN);
        double value = end;
        if (isinf(end))
            value = high ? fmax(far, row->initial) : fmin(-far, row->initial);
        else if (open)
            value = step > 0 ? end + (high ? -step : step) : nextafter(end, inwards);
        if (isfinite(value))
            out[count++] = value;
    }
    return count;
}

/* The defaults but for one value; NULL if the plug-in's own rules refuse it. */
static settings *with_value(const plugin *plugin, const plx_setting *row, double value)
{
    const place nowhere = {.file = NULL};
    settings *made = settings_new(plugin, NULL);
    text t = {.bytes = NULL};

    if (row->type == PLX_TYPE_INTEGER)
        text_addf(&t, "%lld", (long long)value);
    else
        text_add_double(&t, value);
    const bool good = made != NULL && t.bytes != NULL &&
                      settings_set(made, row->name, nowhere, t.bytes, nowhere, NULL) &&
                      settings_validate(made, nowhere, NULL);
    free(t.bytes);
    if (good)
        return made;
    settings_free(made);
    return NULL;
}

/* Runs the extremes of a row; *changed if one gives other results than the defaults. */
static bool run_extremes(exam *exam, const plx_setting *row, const text *usual, bool *changed,
                         size_t *runs)
{
    double value[2];
    const size_t count = extremes(row, value);
    bool good = true;

    for (size_t i = 0; good && i < count; i++) {
        settings *made = with_value(exam->plugin, row, value[i]);
        text results = {.bytes = NULL};
        char number[32];
        size_t at;
        if (made == NULL)
            continue;
        const bool before = exam->failed;
        exam_note(exam, "%s %s", row->name, text_of_double(number, value[i]));
        good = exam_kind_of(exam->plugin->kind)
                   ->exercise(exam, &(exercise){.settings = made, .size = 7}, &results) &&
               !exam->failed;
        if (!good && exam->failed && !before)
            text_addf(&exam->came, " (%s %s, within its range)", row->name, number);
        *changed = *changed || !same(&results, usual, &at);
        (*runs)++;
        clear(&results);
        settings_free(made);
    }
    return good;
}

/* Whether the variant sets the row to something else than its default. */
static bool sets(const exam *exam, size_t variant, size_t row)
{
    char a[32], b[32];

    return strcmp(settings_value(exam->variants[variant].settings, row, a),
                  settings_value(defaults(exam), row, b)) != 0;
}

/* Runs every variant; changed[row] if one that sets the row gives other results. */
static bool run_variants(exam *exam, const text *usual, bool *changed)
{
    const size_t rows = settings_count(exam->plugin);

    for (size_t i = 1; i < exam->variant_count; i++) {
        text results = {.bytes = NULL};
        size_t at;
        const exercise how = {.settings = exam->variants[i].settings, .size = 7};
        const bool good = use(exam, &how, &results);
        const bool other = !same(&results, usual, &at);
        clear(&results);
        if (!good)
            return false;
        for (size_t row = 0; row < rows; row++)
            changed[row] = changed[row] || (other && sets(exam, i, row));
    }
    return true;
}

static void say_settings(exam *exam, size_t runs, const bool *changed)
{
    text idle = {.bytes = NULL};

    for (size_t row = 0; row < settings_count(exam->plugin); row++)
        if (!changed[row])
            text_addf(&idle, "%s%s", idle.length > 0 ? ", " : "",
                      settings_row(exam->plugin, row)->name);
    exam_say(exam, "%zu variants, %zu extreme values%s%s", exam->variant_count, runs,
             idle.length > 0 ? "; no result depends on " : "", idle.length > 0 ? idle.bytes : "");
    free(idle.bytes);
}

static void test_settings(exam *exam)
{
    const size_t rows = settings_count(exam->plugin);
    bool *changed = memory_array(rows, sizeof(*changed));
    text usual = {.bytes = NULL};
    size_t runs = 0;

    exam->unguarded = true;
    if (rows == 0) {
        exam_skip(exam, "it has no settings");
    } else if (changed == NULL) {
        exam_fail_memory(exam);
    } else if (use(exam, &(exercise){.settings = defaults(exam), .size = 7}, &usual) &&
               run_variants(exam, &usual, changed)) {
        bool good = true;
        for (size_t row = 0; good && row < rows; row++)
            good =
                run_extremes(exam, settings_row(exam->plugin, row), &usual, &changed[row], &runs);
        if (good)
            say_settings(exam, runs, changed);
    }
    clear(&usual);
    free(changed);
}

/* ---- bounds ---- */

/* Uses a variant and compares its settings struct with a copy: it is for reading. */
static bool keeps_settings(exam *exam, const exercise *how)
{
    const size_t bytes =
        settings_count(exam->plugin) > 0 ? settings_row(exam->plugin, 0)->owner_size : 0;
    void *copy = memory_array(bytes, 1);

    if (copy == NULL)
        return exam_fail_memory(exam);
    if (bytes > 0)
        memcpy(copy, how->settings->values, bytes);
    bool good = use(exam, how, NULL);
    if (good && bytes > 0 && memcmp(copy, how->settings->values, bytes) != 0)
        good = exam_fail(exam, "self; plugin.h: the plug-in reads it and never writes it",
                         "the settings struct is as it was", "it was written to, with %s",
                         exam_variant_name(exam, how->settings));
    free(copy);
    return good;
}

static void test_bounds(exam *exam)
{
    static const uint64_t sizes[] = {7, 1, 67, 0};
    static const uint64_t cuts[] = {0, 3, 5};

    for (size_t v = 0; v < exam->variant_count; v++)
        for (int side = 0; side < 2; side++)
            for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
                for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++)
                    if ((c == 0 || sizes[s] > cuts[c]) &&
                        !keeps_settings(exam, &(exercise){.settings = exam->variants[v].settings,
                                                          .size = sizes[s],
                                                          .cut = cuts[c],
                                                          .side = side ? GUARD_START : GUARD_END}))
                        return;
    exam_say(exam, "a forbidden page on either side; %zu variant%s", exam->variant_count,
             exam->variant_count == 1 ? "" : "s");
}

/* ---- floating point ---- */

/* What the control words hold: rounding, masks and the treatment of denormals, not the flags that
 * any computation may raise. */
static void control_state(unsigned state[2])
{
    fenv_t now;

    fegetenv(&now);
#if defined(__x86_64__)
    state[0] = now.__mxcsr & ~0x3fu;
    state[1] = now.__control_word;
#elif defined(__aarch64__)
    state[0] = now.__fpcr;
    state[1] = 0;
#else
    state[0] = state[1] = 0;
#endif
}

static const char *rounding_name(int mode)
{
    switch (mode) {
    case FE_TONEAREST:
        return "to nearest";
    case FE_UPWARD:
        return "upward";
    case FE_DOWNWARD:
        return "downward";
    default:
        return "toward zero";
    }
}

static void test_floating_point(exam *exam)
{
    const char *const look = "rule 5 of plugin.h; fesetround, _mm_setcsr, -ffast-math";
    unsigned before[2], after[2];

    for (size_t v = 0; v < exam->variant_count; v++) {
        const int rounding = fegetround();
        control_state(before);
        if (!use(exam, &(exercise){.settings = exam->variants[v].settings, .size = 64}, NULL))
            return;
        control_state(after);
        if (fegetround() != rounding) {
            const char *now = rounding_name(fegetround());
            fesetround(rounding);
            exam_fail(exam, look, "the rounding mode is as it was", "it rounds %s, with %s", now,
                      exam->variants[v].name);
            return;
        }
        if (before[0] != after[0] || before[1] != after[1]) {
            exam_fail(exam, look, "the floating-point control state is as it was",
                      "control words %04x %04x became %04x %04x, with %s", before[0], before[1],
                      after[0], after[1], exam->variants[v].name);
            return;
        }
    }
}

/* ---- output, memory ---- */

/* What goes to the file descriptors past the C library's functions, the runner sees. */
static void test_quiet(exam *exam)
{
    intercept_reset(exam->intercept);
    for (size_t v = 0; v < exam->variant_count; v++) {
        if (!use(exam, &(exercise){.settings = exam->variants[v].settings, .size = 64}, NULL))
            return;
        const intercept_counts counts = intercept_counted(exam->intercept);
        if (counts.output > 0) {
            exam_fail(exam, "rule 5 of plugin.h; to fail it calls host->error",
                      "it writes nothing anywhere", "%lld calls of %s, with %s",
                      (long long)counts.output, counts.last_output, exam->variants[v].name);
            return;
        }
        if (counts.process > 0) {
            exam_fail(exam, "rule 5 of plugin.h",
                      "it starts no process and leaves the locale alone",
                      "%lld calls of %s, with %s", (long long)counts.process, counts.last_process,
                      exam->variants[v].name);
            return;
        }
    }
}

static void test_allocation(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++) {
        const exercise how = {
            .settings = exam->variants[v].settings, .size = 67, .cut = 16, .only_range = true};
        if (!use(exam, &how, NULL))
            return;
        const intercept_counts counts = intercept_counted(exam->intercept);
        if (counts.taken > 0 || counts.given > 0) {
            exam_fail(exam, "the [range] functions; rule 1 of plugin.h",
                      "a [range] function allocates nothing",
                      "%lld blocks taken and %lld given back, last by %s, with %s",
                      (long long)counts.taken, (long long)counts.given,
                      counts.last_memory != NULL ? counts.last_memory : "?",
                      exam->variants[v].name);
            return;
        }
    }
}

/* Blocks that are out after `times` further uses. */
static bool use_often(exam *exam, int times)
{
    for (int i = 0; i < times; i++) {
        const variant *variant = &exam->variants[(size_t)i % exam->variant_count];
        if (!use(exam, &(exercise){.settings = variant->settings, .size = 7}, NULL))
            return false;
    }
    return true;
}

static void test_leaks(exam *exam)
{
    enum { WARM = 3, TIMES = 40 };

    intercept_reset(exam->intercept);
    if (!use_often(exam, WARM * (int)exam->variant_count))
        return;
    const intercept_counts first = intercept_counted(exam->intercept);
    if (!use_often(exam, TIMES))
        return;
    const intercept_counts last = intercept_counted(exam->intercept);
    const int64_t grown = (last.taken - last.given) - (first.taken - first.given);
    if (grown > 0)
        exam_fail(exam, "what calls malloc, calloc or realloc; each needs its free",
                  "as many blocks of memory are given back as are taken",
                  "%lld blocks more after %d uses, the last by %s", (long long)grown, TIMES,
                  last.last_memory != NULL ? last.last_memory : "?");
    else if (last.taken > 0)
        exam_say(exam, "%lld blocks taken, none lost", (long long)last.taken);
}

/* ---- state, determinism ---- */

/* Some optimizers do something every so many steps only, as a lookahead or a new basis is. */
enum { STATE_STEPS = 120 };

static void test_state(exam *exam)
{
    exercise how = {.settings = defaults(exam), .size = 7, .steps = STATE_STEPS};
    plx_error error = {.code = ERROR_NONE};
    text came = {.bytes = NULL};

    if (!use(exam, &how, NULL))
        return;
    if (!intercept_copy_data(exam->intercept, &error)) {
        exam_skip(exam, "%s", error.text);
        return;
    }
    how.size = 64;
    for (size_t v = 0; v < exam->variant_count; v++) {
        how.settings = exam->variants[v].settings;
        if (!use(exam, &how, NULL))
            return;
    }
    if (!intercept_same_data(exam->intercept, &came))
        exam_fail(exam, "static variables; rule 1 of plugin.h: state belongs in slots",
                  "the plug-in's own data is the same after a use as before", "%s",
                  came.bytes != NULL ? came.bytes : "it changed");
    free(came.bytes);
}

/* Exercises and compares with results from before. */
static bool again(exam *exam, const exercise *how, const text *first, const char *look,
                  const char *expected, const char *came)
{
    text results = {.bytes = NULL};
    size_t at = 0;
    bool good = use(exam, how, &results);

    if (good && !same(first, &results, &at))
        good = exam_fail(exam, look, expected, "%s: other bits from byte %zu of %zu, size %llu, %s",
                         came, at, first->length, (unsigned long long)how->size,
                         exam_variant_name(exam, how->settings));
    clear(&results);
    return good;
}

/* What it asked the clock and the dice for; a new string. */
static char *asked(const intercept_counts *counts)
{
    if (counts->clock > 0 && counts->chance > 0)
        return memory_format("it calls %s and %s", counts->last_clock, counts->last_chance);
    if (counts->clock > 0 || counts->chance > 0)
        return memory_format("it calls %s",
                             counts->clock > 0 ? counts->last_clock : counts->last_chance);
    return memory_string("it calls neither a clock nor random numbers of the C library");
}

/* A second time, and later with other random numbers. */
static bool same_at_any_time(exam *exam, const exercise *how)
{
    const char *const look =
        "rule 1 of plugin.h; random numbers come from host->uniform and normal";
    const char *const expected = "the same inputs give the same bits";
    text first = {.bytes = NULL};

    intercept_reset(exam->intercept);
    bool good = use(exam, how, &first);
    const intercept_counts counts = intercept_counted(exam->intercept);
    char *calls = asked(&counts);
    for (int later = 0; good && calls != NULL && later < 2; later++) {
        char came[160];
        snprintf(came, sizeof(came), "%s (%s)",
                 later ? "at a later time, with other random numbers" : "in a second use", calls);
        if (later)
            intercept_shift(exam->intercept, 1e6 + 0.123456789);
        good = again(exam, how, &first, look, expected, came);
    }
    free(calls);
    clear(&first);
    return good;
}

static void test_determinism(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++)
        if (!same_at_any_time(exam,
                              &(exercise){.settings = exam->variants[v].settings, .size = 64}))
            return;
}

/* ---- splitting, threads ---- */

static bool same_in_pieces(exam *exam, const settings *settings, uint64_t size)
{
    static const uint64_t cuts[] = {1, 2, 3, 5, 7, 13, 64, 1000};
    text whole = {.bytes = NULL};
    bool good = use(exam, &(exercise){.settings = settings, .size = size}, &whole);

    for (size_t i = 0; good && i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        const exercise how = {.settings = settings, .size = size, .cut = cuts[i]};
        char came[64];
        if (cuts[i] >= size)
            continue;
        snprintf(came, sizeof(came), "in pieces of %llu", (unsigned long long)cuts[i]);
        good = again(exam, &how, &whole, "the [range] functions; rule 2 of plugin.h",
                     "the same bits in one call or in many", came);
    }
    clear(&whole);
    return good;
}

static void test_splitting(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++)
        if (!same_in_pieces(exam, exam->variants[v].settings, 67))
            return;
    same_in_pieces(exam, defaults(exam), 1003);
}

static void test_threads(exam *exam)
{
    enum { REPETITIONS = 2 };
    text alone = {.bytes = NULL};
    exercise how = {.settings = defaults(exam), .size = 1003, .cut = 37, .threads = 1};
    bool good = use(exam, &how, &alone);

    for (int repetition = 0; good && repetition < REPETITIONS; repetition++)
        for (how.threads = 2; good && how.threads <= 4; how.threads++) {
            char came[32];
            snprintf(came, sizeof(came), "on %d threads", how.threads);
            good = again(exam, &how, &alone, "the [range] functions; rule 1 of plugin.h",
                         "the same bits on any number of threads", came);
        }
    clear(&alone);
}

const exam_test exam_shared[] = {
    {"metadata", "says what it computes and where that is from", {NULL}, false, test_metadata},
    {"runs", "runs on arrays of 0 to 1000 elements", {NULL}, false, test_runs},
    {"settings",
     "runs with every setting, to the ends of its range",
     {"runs"},
     false,
     test_settings},
    {"bounds", "touches nothing but its arrays", {"runs", "settings"}, false, test_bounds},
    {"floating_point",
     "leaves the floating-point state alone",
     {"bounds"},
     false,
     test_floating_point},
    {"quiet", "prints nothing and starts no process", {"bounds"}, false, test_quiet},
    {"allocation", "takes no memory in [range] functions", {"bounds"}, false, test_allocation},
    {"leaks", "gives back the memory it takes", {"allocation"}, false, test_leaks},
    {"state", "keeps no state of its own", {"allocation"}, false, test_state},
    {"determinism",
     "gives the same bits at any time",
     {"state", "floating_point"},
     false,
     test_determinism},
    {"splitting",
     "gives the same bits however a range is split",
     {"determinism"},
     false,
     test_splitting},
    {"threads", "gives the same bits on any number of threads", {"splitting"}, false, test_threads},
    {.id = NULL},
};
