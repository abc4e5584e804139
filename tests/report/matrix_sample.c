/* matrix_sample.c: see matrix_sample.h. Everything lies in blocks that the sample owns. */
#include "report/matrix_sample.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/matrix_page.h"
#include "support/memory.h"

enum { EPOCHS = 60 };

struct sample {
    sample_options options;
    spec spec;
    analysis analysis;
    void **block;
    size_t block_count, block_room;
};

/* ---- memory and chance ----------------------------------------------------------------------- */

static void *keep(sample *s, void *block)
{
    if (block == NULL || memory_grow((void *)&s->block, &s->block_room, s->block_count + 1,
                                     sizeof(*s->block)) == NULL)
        ck_abort_msg("out of memory");
    s->block[s->block_count++] = block;
    return block;
}

static void *array(sample *s, size_t count, size_t size)
{
    return keep(s, calloc(count + 1, size));
}

/* With the hostile string before it, if there is one. */
__attribute__((format(printf, 2, 3))) static char *words(sample *s, const char *format, ...)
{
    const char *hostile = s->options.hostile == NULL ? "" : s->options.hostile;
    text all = {.bytes = NULL};
    char *string = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&string, format, arguments) >= 0)
        text_addf(&all, "%s%s", hostile, string);
    va_end(arguments);
    free(string);
    return keep(s, all.bytes);
}

/* From 0 to 1, the same for the same numbers. */
static double chance(size_t a, size_t b, size_t c)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u + b * 0xbf58476d1ce4e5b9u + c * 0x94d049bb133111ebu + 1;

    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    x ^= x >> 31;
    return (double)(x >> 11) / 9007199254740992.0;
}

/* ---- the spec -------------------------------------------------------------------------------- */

static const char *const treatments[] = {"sgd", "adagrad", "rmsprop", "adam", "lion", "nadam"};
static const char *const problems[] = {"iris", "digits", "wine", "breast_cancer"};
static const char *const paths[] = {"hidden_activation", "loss", "train.batch", "init"};
static const char *const values[][6] = {
    {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"},
    {"mse", "cross_entropy", "kl", "huber", "hinge", "log_cosh"},
    {"16", "32", "64", "128", "256", "512"},
    {"xavier", "he_normal", "lecun_normal", "orthogonal", "normal", "zeros"},
};

static char *label(sample *s, const char *const *names, size_t known, size_t i)
{
    return i < known ? words(s, "%s", names[i]) : words(s, "%s_%zu", names[i % known], i / known);
}

static void fill_axis(sample *s, axis *axis, const char *path, const char *const *names,
                      size_t known, size_t count)
{
    axis->path = words(s, "%s", path);
    axis->value = array(s, count, sizeof(*axis->value));
    axis->value_count = count;
    for (size_t i = 0; i < count; i++)
        axis->value[i].label = label(s, names, known, i);
}

/* Every treatment searches its learning rate, the second one also a decay. */
static void add_ranges(sample *s, axis *compared)
{
    for (size_t i = 0; s->options.trials > 0 && i < compared->value_count; i++) {
        axis_value *value = &compared->value[i];
        value->range_count = i == 1 ? 2 : 1;
        value->range = array(s, 2, sizeof(*value->range));
        value->range[0] = (search_range){
            .path = words(s, "optimizer.lr"), .rule = RANGE_LOG, .lo = 1e-4, .hi = 1};
        value->range[1] =
            (search_range){.path = words(s, "optimizer.decay"), .rule = RANGE_UNIFORM, .hi = 0.5};
    }
}

static void fill_seeds(sample *s, seed_list *list, uint64_t from, size_t count)
{
    list->seed = array(s, count, sizeof(*list->seed));
    list->count = count;
    for (size_t i = 0; i < count; i++)
        list->seed[i] = from + i;
}

static void fill_axes(sample *s)
{
    const sample_options *o = &s->options;
    spec *spec = &s->spec;
    const size_t compared = o->treatments > 0;

    spec->axis_count = o->others + compared;
    spec->axis = array(s, spec->axis_count, sizeof(*spec->axis));
    for (size_t i = 0; i < o->others; i++)
        fill_axis(s, &spec->axis[i], paths[i % 4], values[i % 4], 6, o->values);
    spec->stats.compare = compared ? (int)o->others : -1;
    if (compared) {
        fill_axis(s, &spec->axis[o->others], "optimizer", treatments, 6, o->treatments);
        add_ranges(s, &spec->axis[o->others]);
    }
}

static void fill_gates(sample *s)
{
    analysis *a = &s->analysis;

    s->spec.gate = array(s, 2, sizeof(*s->spec.gate));
    s->spec.gate_count = a->gate_count = 2;
    s->spec.gate[0].text = words(s, "adam not_worse_than sgd on digits.test_accuracy by 0.005");
    s->spec.gate[1].text = words(s, "every cell: final test_accuracy >= 0.85");
    a->gate = array(s, 2, sizeof(*a->gate));
    a->gate[0] = (analysis_gate){&s->spec.gate[0], true,
                                 words(s, "adam \xE2\x88\x92 sgd = 0.004 [0.001, 0.007]")};
    a->gate[1] = (analysis_gate){&s->spec.gate[1], false,
                                 words(s, "the lowest is iris sigmoid mse sgd: 0.713")};
}

static void fill_spec(sample *s)
{
    const sample_options *o = &s->options;
    spec *spec = &s->spec;

    spec->name = words(s, "four-classics");
    spec->bytes = words(s, "base: iris.yaml\naxes:\n  optimizer: [sgd, adam]\n");
    spec->problem_count = o->problems;
    spec->problem = array(s, o->problems, sizeof(*spec->problem));
    for (size_t i = 0; i < o->problems; i++)
        spec->problem[i].name = label(s, problems, 4, i);
    fill_axes(s);
    fill_seeds(s, &spec->protocol.final_seeds, 1, o->seeds);
    fill_seeds(s, &spec->protocol.tune_seeds, 1000001, o->trials > 0 ? 3 : 0);
    spec->protocol.tune = o->trials > 0;
    spec->protocol.sampler = SAMPLER_RANDOM;
    spec->protocol.trials = o->trials;
    spec->protocol.at_best_val = true;
    spec->protocol.untuned_row = o->trials > 0;
    spec->limits.seconds = 600;
    spec->stats.control = -1;
    spec->stats.alpha = 0.05;
    spec->stats.replicates = 50000;
    spec->target = array(s, 1, sizeof(*spec->target));
    spec->target[0] = (spec_target){.problem = -1, .metric = METRIC_ACCURACY, .value = 0.9};
    spec->target_count = o->targets;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static size_t cells_of_problem(const sample *s)
{
    size_t count = 1;

    for (size_t i = 0; i < s->spec.axis_count; i++)
        count *= s->spec.axis[i].value_count;
    return count;
}

/* Fills what a cell is: its place and its label. */
static void place_cell(sample *s, analysis_cell *cell, size_t index)
{
    const size_t each = cells_of_problem(s), compare = s->options.others;
    text label = {.bytes = NULL};

    cell->problem = index / each;
    cell->value = array(s, s->spec.axis_count, sizeof(*cell->value));
    size_t left = index % each;
    for (size_t i = s->spec.axis_count; i-- > 0;) {
        cell->value[i] = (uint32_t)(left % s->spec.axis[i].value_count);
        left /= s->spec.axis[i].value_count;
    }
    text_add(&label, s->spec.problem[cell->problem].name);
    for (size_t i = 0; i < s->spec.axis_count; i++)
        text_addf(&label, " / %s", s->spec.axis[i].value[cell->value[i]].label);
    cell->label = keep(s, label.bytes);
    cell->treatment = s->options.treatments > 0 ? cell->value[compare] : 0;
    cell->block = index / (s->options.treatments > 0 ? s->options.treatments : 1);
}

static double figure_of(const sample *s, const analysis_cell *cell, size_t seed)
{
    const double good = 0.90 + 0.02 * (double)(cell->treatment % 4) -
                        0.03 * (double)(cell->problem % 3) +
                        0.04 * (chance(cell->block, 0, 0) - 0.5) +
                        0.02 * (chance(cell->block, cell->treatment, seed + 1) - 0.5);
    const double accuracy = fmin(good, 1);

    return s->options.loss ? 0.002 * exp(12 * (1 - accuracy)) : accuracy;
}

static void fill_trials(sample *s, analysis_cell *cell)
{
    const size_t n = s->options.trials;

    cell->untuned_mean = (double)NAN;
    cell->chosen = SIZE_MAX;
    if (n == 0 || s->options.not_run || s->options.treatments == 0)
        return;
    cell->untuned_mean = cell->mean - 0.02;
    cell->trial_count = n;
    cell->trial = array(s, n, sizeof(*cell->trial));
    for (size_t i = 0; i < n; i++) {
        analysis_trial *t = &cell->trial[i];
        const double lr = pow(10, -4 + 4 * chance(cell->treatment, i, 7));
        const double best = -2.5 + 0.4 * (double)(cell->treatment % 4);
        const double off = log10(lr) - best;
        t->value = array(s, 2, sizeof(*t->value));
        t->value[0] = words(s, "%.4g", lr);
        t->value[1] = words(s, "%.3g", 0.5 * chance(cell->treatment, i, 9));
        t->runs = 3;
        t->failures = s->options.failed || off > 1.7 ? 2 : 0;
        t->score = t->failures > 0 ? -HUGE_VAL : figure_of(s, cell, i) - 0.1 * off * off;
        if (t->failures == 0 &&
            (cell->chosen == SIZE_MAX || t->score > cell->trial[cell->chosen].score))
            cell->chosen = i;
    }
}

static void skip_cell(sample *s, analysis_cell *cell)
{
    cell->state = CELL_SKIPPED;
    cell->block = SIZE_MAX;
    cell->skipped = words(s, "kl takes targets that are probabilities; mse's outputs are none");
    s->analysis.skipped_cells++;
}

static void fill_results(sample *s, analysis_cell *cell, size_t index)
{
    const sample_options *o = &s->options;
    double sum = 0;

    cell->state = o->not_run ? CELL_EMPTY : CELL_DONE;
    cell->runs = o->not_run ? 0 : o->seeds;
    cell->failures = o->failed ? cell->runs : o->flawless ? 0 : index % 7 == 3 ? cell->runs / 4 : 0;
    if (!o->flawless && index % 11 == 5 && cell->runs > 1) {
        cell->state = CELL_PARTIAL;
        cell->runs /= 2;
        cell->failures = o->failed ? cell->runs : 0;
    }
    if (!o->flawless && index % 23 == 7)
        cell->failures = cell->runs;
    cell->score = array(s, o->seeds, sizeof(*cell->score));
    for (size_t i = 0; i < cell->runs; i++)
        sum += cell->score[i] = figure_of(s, cell, i);
    const size_t good = cell->runs - cell->failures;
    const bool most = good > 0 && cell->failures <= cell->runs / 4;
    cell->mean = good > 0 ? sum / (double)cell->runs : (double)NAN;
    cell->iqm = most ? cell->mean : cell->runs == 0 ? (double)NAN : o->loss ? HUGE_VAL : -HUGE_VAL;
    const double half = most ? 0.01 * cell->mean : (double)NAN;
    cell->ci = (statistics_interval){cell->mean - half, cell->mean + half};
    cell->seconds = cell->runs > 0 ? 0.02 * (double)(1 + cell->treatment) : (double)NAN;
    cell->state_bytes = cell->runs > 0 ? 1004.0 * (double)(cell->treatment % 4) : (double)NAN;
    if (!o->flawless && index % 9 == 4)
        cell->same_as = index - 1;
}

static void fill_cells(sample *s)
{
    analysis *a = &s->analysis;

    a->cell_count = s->spec.problem_count * cells_of_problem(s);
    a->cell = array(s, a->cell_count, sizeof(*a->cell));
    for (size_t i = 0; i < a->cell_count; i++) {
        analysis_cell *cell = &a->cell[i];
        place_cell(s, cell, i);
        cell->same_as = SIZE_MAX;
        cell->mean = cell->iqm = cell->steps_to_target = cell->evaluations_to_target = (double)NAN;
        cell->seconds = cell->state_bytes = cell->ci.lo = cell->ci.hi = (double)NAN;
        if (!s->options.flawless && i % 13 == 6)
            skip_cell(s, cell);
        else
            fill_results(s, cell, i);
        fill_trials(s, cell);
        if (s->options.targets && cell->runs > 0)
            cell->steps_to_target = cell->evaluations_to_target =
                i % 5 == 0 ? HUGE_VAL : 200 + 40 * (double)(i % 17);
        a->runs[RUN_FINAL] += cell->runs;
        a->planned[RUN_FINAL] += cell->state == CELL_SKIPPED ? 0 : s->options.seeds;
    }
}

/* ---- treatments ------------------------------------------------------------------------------ */

static void fill_treatments(sample *s)
{
    analysis *a = &s->analysis;
    const size_t count = s->options.treatments > 0 ? s->options.treatments : 1;

    a->treatment_count = count;
    a->treatment = array(s, count, sizeof(*a->treatment));
    a->cost_count = s->options.targets && !s->options.not_run ? 40 : 0;
    a->reference = array(s, a->cost_count, sizeof(*a->reference));
    for (size_t i = 0; i < a->cost_count; i++)
        a->reference[i] = HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        analysis_treatment *t = &a->treatment[i];
        *t = (analysis_treatment){.label = s->options.treatments > 0
                                               ? s->spec.axis[s->options.others].value[i].label
                                               : "all",
                                  .trials = s->options.trials};
        for (size_t k = 0; k < a->cell_count; k++)
            if (a->cell[k].treatment == i) {
                t->runs += a->cell[k].runs;
                t->failures += a->cell[k].failures;
            }
        const bool known = t->runs > 0;
        t->iqm = !known              ? (double)NAN
                 : s->options.failed ? -HUGE_VAL
                                     : 0.9 + 0.02 * (double)(i % 4);
        t->ci = (statistics_interval){t->iqm - 0.008, t->iqm + 0.006};
        if (!isfinite(t->iqm))
            t->ci = (statistics_interval){(double)NAN, (double)NAN};
        t->mean_rank = known ? 1 + (double)(count - 1 - i) * 0.93 : (double)NAN;
        t->median_seconds = known ? 0.02 * (double)(i + 1) : (double)NAN;
        t->median_state_bytes = known ? 1004.0 * (double)(i % 4) : (double)NAN;
        t->median_steps = known ? 1500 : (double)NAN;
        if (a->cost_count > 0)
            t->cost = array(s, a->cost_count, sizeof(*t->cost));
        for (size_t k = 0; k < a->cost_count; k++) {
            t->cost[k] = s->options.failed || chance(i, k, 5) > 0.93
                             ? HUGE_VAL
                             : floor(100 + 900 * chance(i, k, 3) / (1 + (double)i));
            a->reference[k] = fmin(a->reference[k], t->cost[k]);
        }
    }
}

static void fill_pairs_of(sample *s, size_t problem)
{
    analysis *a = &s->analysis;

    for (size_t i = 0; i < a->treatment_count; i++)
        for (size_t k = 0; k < i; k++) {
            const double d = 0.02 * ((double)(i % 4) - (double)(k % 4)) + 0.003;
            const verdict v = d > 0.015    ? VERDICT_BETTER
                              : d < -0.015 ? VERDICT_WORSE
                              : i % 2 == 0 ? VERDICT_UNDECIDED
                                           : VERDICT_SAME;
            a->pair[a->pair_count++] =
                (analysis_pair){.a = i,
                                .b = k,
                                .problem = problem,
                                .pairs = s->options.seeds,
                                .blocks = 9,
                                .apart = d,
                                .won = s->options.failed ? 3 : 0,
                                .difference = s->options.failed ? HUGE_VAL : d,
                                .ci = {d - 0.006, d + 0.007},
                                .p = 0.00195,
                                .adjusted = v == VERDICT_UNDECIDED ? 0.117 : 0.0117,
                                .cohen_d = 1.7,
                                .superiority = 0.93,
                                .more = i == 2 ? SIZE_MAX : 12,
                                .verdict = v};
        }
}

static void fill_pairs(sample *s)
{
    analysis *a = &s->analysis;
    const size_t n = a->treatment_count;

    a->pair = array(s, (1 + s->spec.problem_count) * n * n, sizeof(*a->pair));
    if (s->options.not_run || s->options.treatments < 2)
        return;
    fill_pairs_of(s, SIZE_MAX);
    for (size_t p = 0; p < s->spec.problem_count; p++)
        fill_pairs_of(s, p);
    a->has_friedman = n >= 3;
    a->friedman = (statistics_friedman_result){9.279, 0.0258, 3.686, 0.0198, 1.254};
    a->friedman_p = 0.0227;
    a->friedman_blocks = a->cell_count / n;
    a->friedman_problems = s->spec.problem_count;
    a->ranked = n;
    a->powered = a->friedman_blocks >= 5;
    a->order = array(s, n, sizeof(*a->order));
    a->group = array(s, n, sizeof(*a->group));
    for (size_t i = 0; i < n; i++)
        a->order[i] = n - 1 - i;
    for (size_t i = 0; i + 1 < n; i++) {
        a->group[a->group_count][0] = i;
        a->group[a->group_count++][1] = i + 1;
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void fill_curve(sample *s, size_t problem, size_t treatment)
{
    analysis_curve *curve = &s->analysis.curve[s->analysis.curve_count++];

    *curve = (analysis_curve){.problem = problem,
                              .treatment = treatment,
                              .metric = s->options.loss ? METRIC_LOSS : METRIC_ACCURACY,
                              .count = EPOCHS,
                              .step = array(s, EPOCHS, sizeof(double)),
                              .median = array(s, EPOCHS, sizeof(double)),
                              .lo = array(s, EPOCHS, sizeof(double)),
                              .hi = array(s, EPOCHS, sizeof(double))};
    for (size_t i = 0; i < EPOCHS; i++) {
        const double rate = 0.05 * (double)(1 + treatment % 6);
        const double y = 0.95 - 0.6 * exp(-rate * (double)i);
        curve->step[i] = 25 * (double)(i + 1);
        curve->median[i] = s->options.failed ? (double)NAN : s->options.loss ? exp(-8 * y) : y;
        curve->lo[i] = 0.97 * curve->median[i];
        curve->hi[i] = 1.02 * curve->median[i];
    }
}

static void fill_failures(sample *s)
{
    static const run_status statuses[] = {RUN_DIVERGED, RUN_CRASHED, RUN_TIMED_OUT,
                                          RUN_OUT_OF_MEMORY, RUN_FAILED};
    analysis *a = &s->analysis;

    for (size_t i = 0; i < a->cell_count; i++)
        a->failure_count += a->cell[i].failures;
    a->failure = array(s, a->failure_count, sizeof(*a->failure));
    for (size_t i = 0, n = 0; i < a->cell_count; i++)
        for (size_t k = 0; k < a->cell[i].failures; k++, n++) {
            analysis_failure *f = &a->failure[n];
            *f = (analysis_failure){.cell = i,
                                    .phase = n % 4 == 1 ? RUN_TUNE : RUN_FINAL,
                                    .trial = 3,
                                    .seed = k + 1,
                                    .status = statuses[n % 5],
                                    .step = (int64_t)(17 * n),
                                    .reason = words(s, "the gradient of layer 2 is not finite")};
            f->signal = f->status == RUN_CRASHED ? 11 : 0;
            snprintf(f->identity, sizeof(f->identity), "%016zx%016zx", n * 7919 + 0xabcdef012345u,
                     n);
        }
}

static void fill_edges(sample *s)
{
    analysis *a = &s->analysis;

    a->edge = array(s, 2, sizeof(*a->edge));
    a->edge_count = s->options.trials > 0 && !s->options.not_run ? 2 : 0;
    for (size_t i = 0; i < a->edge_count; i++)
        a->edge[i] =
            (analysis_edge){i, "optimizer.lr", words(s, i == 0 ? "0.97" : "1.2e-4"), i == 1};
}

static void fill_notes(sample *s)
{
    static const char *const keys[] = {"plexus.version", "machine", "matrix file", "started"};
    static const char *const notes[] = {"0.1.0", "x86-64, AVX2, 2 cores", "four-classics.yaml",
                                        "2026-01-02T03:04:05Z"};
    analysis *a = &s->analysis;

    a->note = array(s, 4, sizeof(*a->note));
    a->note_count = 4;
    for (size_t i = 0; i < 4; i++)
        a->note[i] = (analysis_note){words(s, "%s", keys[i]), words(s, "%s", notes[i])};
}

static void fill_sentences(sample *s)
{
    analysis *a = &s->analysis;

    a->sentence = array(s, 2, sizeof(*a->sentence));
    a->sentence_count = s->options.not_run ? 0 : 2;
    a->sentence[0] = (analysis_sentence){
        TONE_GOOD, words(s, "adam is better than sgd (+0.063 test_accuracy [0.057, 0.070], "
                            "p = 0.0117 after Holm over 6 pairs, 10 seeds).")};
    a->sentence[1] = (analysis_sentence){
        TONE_WARNING, words(s, "1 of 2 gates failed; 12 runs failed and rank last.")};
}

sample *sample_new(sample_options options)
{
    sample *s = calloc(1, sizeof(*s));

    ck_assert_ptr_nonnull(s);
    s->options = options;
    s->analysis.spec = &s->spec;
    s->analysis.replicates = 50000;
    fill_spec(s);
    fill_gates(s);
    s->analysis.reported = array(s, options.problems, sizeof(*s->analysis.reported));
    for (size_t i = 0; i < options.problems; i++)
        s->analysis.reported[i] =
            (metric_name_at){RECORD_TEST, options.loss ? METRIC_LOSS : METRIC_ACCURACY};
    fill_cells(s);
    s->analysis.planned[RUN_TUNE] = 3 * options.trials * s->analysis.cell_count;
    s->analysis.runs[RUN_TUNE] = options.not_run ? 0 : s->analysis.planned[RUN_TUNE];
    fill_treatments(s);
    fill_pairs(s);
    s->analysis.curve =
        array(s, options.problems * s->analysis.treatment_count, sizeof(*s->analysis.curve));
    for (size_t p = 0; !options.not_run && p < options.problems; p++)
        for (size_t t = 0; t < s->analysis.treatment_count; t++)
            fill_curve(s, p, t);
    fill_failures(s);
    fill_edges(s);
    fill_notes(s);
    fill_sentences(s);
    return s;
}

void sample_free(sample *s)
{
    for (size_t i = 0; i < s->block_count; i++)
        free(s->block[i]);
    free(s->block);
    free(s);
}

analysis *sample_analysis(sample *s)
{
    return &s->analysis;
}

char *sample_page(sample_options options)
{
    sample *s = sample_new(options);
    text page = {.bytes = NULL};

    ck_assert(matrix_page(&s->analysis, "runs/four classics", &page));
    sample_free(s);
    return page.bytes;
}
