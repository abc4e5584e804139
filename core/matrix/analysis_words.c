/* analysis_words.c: the verdict and the warnings as sentences, the verdict first. With a control
 * there is a sentence for each treatment against it, without one the best against the others; of
 * many the first few and a count of the rest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

enum { MOST_PAIRS = 6, MOST_NAMES = 4, FEW_SEEDS = 5 };

typedef struct speech {
    const work *w;
    analysis *a;
    size_t capacity;
    bool failed;
} speech;

/* ---- small words ----------------------------------------------------------------------------- */

void words_figure(text *t, metric_name_at figure)
{
    static const char *const parts[RECORD_PARTS] = {"test ", "validation ", "training "};

    text_add(t, parts[figure.part]);
    for (const char *c = metric_name(figure.metric); *c != '\0'; c++)
        text_add_n(t, *c == '_' ? " " : c, 1);
}

void words_number(text *t, double value, int digits)
{
    if (isnan(value))
        text_add(t, "nan");
    else
        text_addf(t, "%.*g", digits, value + 0.0); /* no minus zero */
}

void words_interval(text *t, statistics_interval interval)
{
    text_add(t, "[");
    words_number(t, interval.lo, 3);
    text_add(t, ", ");
    words_number(t, interval.hi, 3);
    text_add(t, "]");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void words_pairs(const analysis *a, text *t, size_t pairs)
{
    if (a->folds > 1)
        text_addf(t, "%zu pair%s of seed and fold", pairs, plural(pairs));
    else
        text_addf(t, "%zu seed%s", pairs, plural(pairs));
}

/* "a", "a and b", "a, b, c, d and 3 more" */
static void add_name(text *t, const char *name, size_t index, size_t count)
{
    if (index > MOST_NAMES)
        return;
    if (index == MOST_NAMES && count > MOST_NAMES + 1) {
        text_addf(t, " and %zu more", count - MOST_NAMES);
        return;
    }
    text_add(t, index == 0 ? "" : index + 1 == count ? " and " : ", ");
    text_add(t, name);
}

/* Takes the text over. */
static void say(speech *speech, analysis_tone tone, text *t)
{
    analysis *a = speech->a;

    if (t->failed || t->bytes == NULL ||
        memory_grow(&a->sentence, &speech->capacity, a->sentence_count + 1, sizeof(*a->sentence)) ==
            NULL) {
        speech->failed = true;
        free(t->bytes);
        return;
    }
    a->sentence[a->sentence_count++] = (analysis_sentence){tone, t->bytes};
}

/* ---- a pair ---------------------------------------------------------------------------------- */

/* The same pair seen from b. */
static analysis_pair turned(const analysis_pair *pair)
{
    analysis_pair other = *pair;

    other.a = pair->b;
    other.b = pair->a;
    other.difference = -pair->difference;
    other.apart = -pair->apart;
    other.mean_a = pair->mean_b;
    other.mean_b = pair->mean_a;
    other.won = pair->lost;
    other.lost = pair->won;
    other.ci = (statistics_interval){-pair->ci.hi, -pair->ci.lo};
    other.plus = pair->minus;
    other.minus = pair->plus;
    if (pair->verdict == VERDICT_BETTER || pair->verdict == VERDICT_WORSE)
        other.verdict = pair->verdict == VERDICT_BETTER ? VERDICT_WORSE : VERDICT_BETTER;
    return other;
}

static metric_name_at figure_of(const analysis *a, const analysis_pair *pair)
{
    return a->reported[pair->problem == SIZE_MAX ? a->block_problem[0] : pair->problem];
}

static void add_p(const analysis *a, const analysis_pair *pair, text *t)
{
    if (pair->adjusted < 0.0001) {
        text_add(t, ", p < 0.0001");
    } else {
        text_add(t, ", p = ");
        words_number(t, pair->adjusted, 2);
    }
    if (pair->comparisons > 1)
        text_add(t, analysis_is_picked(a) ? " (Bonferroni)" : " (Holm)");
}

/* "sgd failed more often in 3 of 10 seeds" */
static void add_failing(const analysis *a, const analysis_pair *pair, text *t)
{
    const size_t treatment[] = {pair->a, pair->b}, count[] = {pair->lost, pair->won};

    for (int i = 0; i < 2; i++)
        if (count[i] > 0) {
            text_addf(t, "%s%s failed more often in %zu of ", i == 1 && count[0] > 0 ? "; " : "",
                      a->treatment[treatment[i]].label, count[i]);
            words_pairs(a, t, pair->pairs);
        }
}

/* The interval is that of all pairs: where failures decide it is not that of these means. */
static void add_means(const analysis *a, const analysis_pair *pair, bool failures, text *t)
{
    const metric_name_at figure = figure_of(a, pair);

    words_figure(t, figure);
    text_add(t, " ");
    words_number(t, pair->mean_a, 4);
    text_add(t, " against ");
    words_number(t, pair->mean_b, 4);
    text_add(t, ", difference ");
    words_number(t, figure_turn(figure.metric, failures ? pair->apart : pair->difference), 3);
    if (!failures && !isnan(pair->ci.lo)) {
        text_add(t, " ");
        words_interval(t, figure_turn_interval(figure.metric, pair->ci));
    }
    text_add(t, " over ");
    words_pairs(a, t, pair->pairs - pair->won - pair->lost);
}

static void add_evidence(const analysis *a, const analysis_pair *pair, text *t)
{
    const bool failures = pair->won + pair->lost > 0;

    if (pair->by_wins) {
        text_addf(t, "net share of blocks won %.0f %%", 100 * pair->difference + 0.0);
        if (!isnan(pair->ci.lo))
            text_addf(t, " [%.0f, %.0f]", 100 * pair->ci.lo + 0.0, 100 * pair->ci.hi + 0.0);
        text_add(t, " over ");
        words_pairs(a, t, pair->pairs);
    } else {
        add_failing(a, pair, t);
        if (!isnan(pair->mean_a)) {
            text_add(t, failures ? "; otherwise " : "");
            add_means(a, pair, failures, t);
        } else if (!failures) {
            text_add(t, "all their runs failed");
        }
    }
    add_p(a, pair, t);
}

static void add_undecided(const analysis *a, const analysis_pair *pair, text *t)
{
    if (pair->adjusted <= a->spec->stats.alpha)
        text_add(t, "; the mean and the ranks point different ways");
    else if (pair->more == SIZE_MAX)
        text_add(t, "; no number of seeds is in sight that would decide it");
    else
        text_addf(t, "; about %zu more seed%s would be needed", pair->more, plural(pair->more));
}

static analysis_tone say_pair(const analysis *a, const analysis_pair *pair, text *t)
{
    const char *left = a->treatment[pair->a].label, *right = a->treatment[pair->b].label;

    if (pair->verdict == VERDICT_SAME) {
        text_addf(t,
                  "%s and %s are the same: their final weights are equal wherever both have "
                  "run.",
                  left, right);
        return TONE_NEUTRAL;
    }
    if (pair->pairs == 0) {
        text_addf(t, "%s and %s cannot be compared yet: no seed has run for both.", left, right);
        return TONE_WARNING;
    }
    if (pair->verdict == VERDICT_UNDECIDED)
        text_addf(t, "%s against %s is undecided: ", left, right);
    else
        text_addf(t, "%s is %s than %s: ", left,
                  pair->verdict == VERDICT_BETTER ? "better" : "worse", right);
    add_evidence(a, pair, t);
    if (pair->verdict == VERDICT_UNDECIDED)
        add_undecided(a, pair, t);
    text_add(t, ".");
    return pair->verdict == VERDICT_BETTER  ? TONE_GOOD
           : pair->verdict == VERDICT_WORSE ? TONE_BAD
                                            : TONE_NEUTRAL;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

/* The pair of two treatments over all, seen from the first; false if there is none. */
static bool find_pair(const analysis *a, size_t left, size_t right, analysis_pair *out)
{
    for (size_t i = 0; i < a->pair_count; i++) {
        const analysis_pair *pair = &a->pair[i];
        if (pair->problem != SIZE_MAX)
            return false; /* those over all come first */
        if (pair->a == left && pair->b == right) {
            *out = *pair;
            return true;
        }
        if (pair->a == right && pair->b == left) {
            *out = turned(pair);
            return true;
        }
    }
    return false;
}

/* The verdicts of a pair by problem, seen from its first; -1 where they do not meet. Returns how many
 * there are. */
static size_t collect_problems(const analysis *a, const analysis_pair *of, int *verdict_on)
{
    size_t count = 0;

    for (size_t p = 0; p < a->spec->problem_count; p++)
        verdict_on[p] = -1;
    for (size_t i = 0; i < a->pair_count; i++) {
        const analysis_pair *pair = &a->pair[i];
        const bool straight = pair->a == of->a && pair->b == of->b;
        if (pair->problem == SIZE_MAX || (!straight && (pair->a != of->b || pair->b != of->a)))
            continue;
        verdict_on[pair->problem] = (int)(straight ? pair->verdict : turned(pair).verdict);
        count++;
    }
    return count;
}

/* "; undecided on digits" */
static void add_problems(const analysis *a, const int *verdict_on, int which, text *t)
{
    static const char *const word[] = {[VERDICT_BETTER] = "better",
                                       [VERDICT_WORSE] = "worse",
                                       [VERDICT_UNDECIDED] = "undecided",
                                       [VERDICT_SAME] = "the same"};
    size_t count = 0, index = 0;

    for (size_t p = 0; p < a->spec->problem_count; p++)
        count += verdict_on[p] == which;
    if (count == 0)
        return;
    text_addf(t, "%s %s on ", t->bytes[t->length - 1] == ':' ? "" : ";", word[which]);
    for (size_t p = 0; p < a->spec->problem_count; p++)
        if (verdict_on[p] == which)
            add_name(t, a->spec->problem[p].name, index++, count);
}

/* "adam against sgd by problem: better on iris and wine; undecided on digits." */
static void say_problems(speech *speech, const analysis_pair *overall)
{
    const analysis *a = speech->a;
    int *verdict_on = memory_array(a->spec->problem_count, sizeof(*verdict_on));
    text t = {0};

    if (verdict_on == NULL) {
        speech->failed = true;
        return;
    }
    const size_t count = collect_problems(a, overall, verdict_on);
    text_addf(&t, "%s against %s by problem:", a->treatment[overall->a].label,
              a->treatment[overall->b].label);
    for (int v = VERDICT_BETTER; v <= VERDICT_SAME && !t.failed; v++)
        add_problems(a, verdict_on, v, &t);
    text_add(&t, ".");
    if (count > 0)
        say(speech, TONE_NEUTRAL, &t);
    else
        free(t.bytes);
    free(verdict_on);
}

static void say_rest(speech *speech, const size_t count[4])
{
    text t = {0};

    text_addf(&t,
              "Of %zu more comparisons %zu are better, %zu worse, %zu undecided and %zu the "
              "same.",
              count[0] + count[1] + count[2] + count[3], count[VERDICT_BETTER],
              count[VERDICT_WORSE], count[VERDICT_UNDECIDED], count[VERDICT_SAME]);
    say(speech, TONE_NEUTRAL, &t);
}

/* Each treatment against the control; or the best against each other. In the order of merit. */
static void say_pairs(speech *speech)
{
    const analysis *a = speech->a;
    const bool control = a->spec->stats.control >= 0;
    const size_t fixed = control ? (size_t)a->spec->stats.control : a->order[0];
    size_t said = 0, rest = 0, count[4] = {0};
    analysis_pair pair;

    for (size_t i = 0; i < a->treatment_count; i++) {
        const size_t other = a->order[i];
        if (other == fixed ||
            !find_pair(a, control ? other : fixed, control ? fixed : other, &pair))
            continue;
        if (said >= MOST_PAIRS) {
            count[pair.verdict]++;
            rest++;
            continue;
        }
        text t = {0};
        const analysis_tone tone = say_pair(a, &pair, &t);
        say(speech, tone, &t);
        if (a->spec->problem_count > 1 && pair.verdict != VERDICT_SAME && pair.pairs > 0)
            say_problems(speech, &pair);
        said++;
    }
    if (rest > 0)
        say_rest(speech, count);
}

static void add_iqm(const analysis *a, const analysis_treatment *treatment, text *t)
{
    text_add(t, "interquartile mean of ");
    words_figure(t, a->reported[a->block_problem[0]]);
    if (isinf(treatment->iqm)) {
        text_add(t, " decided by failures");
        return;
    }
    text_add(t, " ");
    words_number(t, treatment->iqm, 4);
    if (!isnan(treatment->ci.lo)) {
        text_add(t, " ");
        words_interval(t, treatment->ci);
    }
}

/* A single treatment, or which of several ranks first. */
static void say_leader(speech *speech)
{
    const analysis *a = speech->a;
    const analysis_treatment *first = &a->treatment[a->order[0]];
    size_t tied = 0;
    text t = {0};

    while (tied < a->treatment_count && a->treatment[a->order[tied]].mean_rank == first->mean_rank)
        tied++;
    for (size_t i = 0; i < tied; i++)
        add_name(&t, a->treatment[a->order[i]].label, i, tied);
    if (a->treatment_count > 1) {
        text_add(&t, tied > 1 ? " rank first together, mean rank " : " ranks first, mean rank ");
        words_number(&t, first->mean_rank, 3);
        text_addf(&t, " of %zu over %zu block%s", a->ranked, a->friedman_blocks,
                  plural(a->friedman_blocks));
    }
    if (tied == 1 && !isnan(first->iqm)) {
        text_add(&t, a->treatment_count > 1 ? ", " : ": ");
        add_iqm(a, first, &t);
        text_addf(&t, " over %zu run%s", first->counted, plural(first->counted));
    }
    text_add(&t, ".");
    if (tied > 0)
        say(speech, TONE_NEUTRAL, &t);
    else
        free(t.bytes);
}

/* Blocks of one problem share rows and seeds: they are no sample of problems. */
static void say_friedman(speech *speech)
{
    const analysis *a = speech->a;
    const double p = a->friedman_p;
    const bool shared = a->friedman_problems < a->friedman_blocks;
    text t = {0};

    if (!a->has_friedman || isnan(p))
        return;
    text_addf(&t, "Over %zu blocks", a->friedman_blocks);
    if (shared)
        text_addf(&t, " of %zu problem%s", a->friedman_problems, plural(a->friedman_problems));
    text_addf(&t, " Friedman's test %s the mean ranks apart: p ",
              p <= a->spec->stats.alpha ? "tells" : "does not tell");
    if (p < 0.0001) {
        text_add(&t, "< 0.0001");
    } else {
        text_add(&t, "= ");
        words_number(&t, p, 2);
    }
    text_add(&t, shared ? ", which is smaller than it should be, as blocks of one problem are not "
                          "independent."
                        : ".");
    say(speech, TONE_NEUTRAL, &t);
}

static void say_verdict(speech *speech)
{
    const analysis *a = speech->a;
    text t = {0};

    if (a->runs[RUN_FINAL] == 0) {
        text_addf(&t, "There is no verdict yet: 0 of %zu final runs are there.",
                  a->planned[RUN_FINAL]);
        say(speech, TONE_WARNING, &t);
        return;
    }
    if (a->treatment_count != 2 && a->spec->stats.control < 0)
        say_leader(speech);
    say_pairs(speech);
    say_friedman(speech);
}

/* ---- warnings about the results -------------------------------------------------------------- */

static void warn_incomplete(speech *speech)
{
    const analysis *a = speech->a;
    bool missing = false;
    text t = {0};

    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++)
        missing |= a->runs[phase] < a->planned[phase];
    if (!missing)
        return;
    text_add(&t, "Incomplete: ");
    const char *separator = "";
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        static const char *const name[RUN_PHASE_COUNT] = {"tuning", "untuned", "final"};
        if (a->planned[phase] == 0)
            continue;
        text_addf(&t, "%s%zu of %zu %s runs", separator, a->runs[phase], a->planned[phase],
                  name[phase]);
        separator = ", ";
    }
    text_add(&t, " are there.");
    say(speech, TONE_WARNING, &t);
}

/* "3 (2 diverged, 1 crashed)" of the final runs of a treatment; SIZE_MAX: of all. */
static void add_failures(const work *w, size_t treatment, text *t)
{
    size_t count[RUN_STATUS_COUNT] = {0}, all = 0;
    const char *separator = "";

    for (size_t i = 0; i < w->run_count; i++) {
        const seen_run *run = &w->run[i];
        if (run->phase != RUN_FINAL || !run_status_is_failure(run->status) ||
            w->a->cell[run->cell].treatment != treatment)
            continue;
        count[run->status < RUN_STATUS_COUNT ? run->status : RUN_FAILED]++;
        all++;
    }
    text_addf(t, " %zu (", all);
    for (int status = 0; status < RUN_STATUS_COUNT; status++) {
        if (count[status] == 0)
            continue;
        text_add(t, separator);
        if (count[status] != all)
            text_addf(t, "%zu ", count[status]);
        for (const char *c = run_status_name((run_status)status); *c != '\0'; c++)
            text_add_n(t, *c == '_' ? " " : c, 1);
        separator = ", ";
    }
    text_add(t, ")");
}

static void warn_failures(speech *speech)
{
    const analysis *a = speech->a;
    size_t failures = 0, failing = 0, index = 0;
    text t = {0};

    for (size_t i = 0; i < a->treatment_count; i++) {
        failures += a->treatment[i].failures;
        failing += a->treatment[i].failures > 0;
    }
    if (failures == 0)
        return;
    text_addf(&t, "%zu of %zu final runs failed:", failures, a->runs[RUN_FINAL]);
    for (size_t i = 0; i < a->treatment_count; i++) {
        if (a->treatment[i].failures == 0)
            continue;
        if (index < MOST_NAMES) {
            text_addf(&t, "%s %s", index == 0 ? "" : ",", a->treatment[i].label);
            add_failures(speech->w, i, &t);
        }
        index++;
    }
    if (failing > MOST_NAMES)
        text_addf(&t, " and %zu more", failing - MOST_NAMES);
    text_add(&t, ". They rank last.");
    say(speech, TONE_WARNING, &t);
}

static void warn_same(speech *speech)
{
    const analysis *a = speech->a;
    size_t same = 0, first = 0, blocks = 0;
    text t = {0};

    for (size_t i = 0; i < a->cell_count; i++)
        if (a->cell[i].same_as != SIZE_MAX) {
            first = same++ == 0 ? i : first;
        }
    if (same == 0)
        return;
    for (size_t b = 0; b < a->block_count; b++)
        blocks += a->block_repeats[b];
    text_addf(&t,
              "%zu cell%s the same as an earlier one, with equal final weights for every seed "
              "(%s as %s): shown, but not evidence twice",
              same, same == 1 ? " is" : "s are", a->cell[first].label,
              a->cell[a->cell[first].same_as].label);
    if (blocks > 0)
        text_addf(&t, ", so %zu of %zu blocks %s left out", blocks, a->block_count,
                  blocks == 1 ? "is" : "are");
    text_add(&t, ".");
    say(speech, TONE_NEUTRAL, &t);
}

static void warn_figures(speech *speech)
{
    const analysis *a = speech->a;
    char name[32];

    for (size_t p = 0; p < a->spec->problem_count; p++) {
        bool runs = false;
        text t = {0};
        for (size_t i = 0; i < a->cell_count; i++)
            runs |= a->cell[i].problem == p && a->cell[i].runs > a->cell[i].failures;
        if (speech->w->sheet.there[p] || !runs)
            continue;
        text_addf(&t, "No run of %s has a %s, so it has no part in the verdict.",
                  a->spec->problem[p].name, spec_metric_name(a->reported[p], name));
        say(speech, TONE_WARNING, &t);
    }
}

/* ---- warnings about what can be said --------------------------------------------------------- */

static void warn_few(speech *speech)
{
    const analysis *a = speech->a;
    const size_t pairs = a->seeds * a->folds;
    text t = {0};

    if (pairs >= FEW_SEEDS)
        return;
    words_pairs(a, &t, pairs);
    text_addf(&t, " %s too few for intervals to be trusted: take at least %d.",
              pairs == 1 ? "is" : "are", FEW_SEEDS);
    say(speech, TONE_WARNING, &t);
}

static void warn_power(speech *speech)
{
    const analysis *a = speech->a;
    const size_t pairs = a->seeds * a->folds;
    const size_t m = a->pair_count == 0 ? 0 : a->pair[0].comparisons;
    text t = {0};

    if (m == 0)
        return;
    const size_t least = statistics_least_pairs(a->spec->stats.alpha, m);
    if (pairs >= least)
        return;
    words_pairs(a, &t, pairs);
    text_add(&t, " can never reach p <= ");
    words_number(&t, a->spec->stats.alpha, 3);
    if (m > 1)
        text_addf(&t, " after %s correction for %zu comparisons",
                  analysis_is_picked(a) ? "Bonferroni's" : "Holm's", m);
    text_addf(&t, ": at least %zu are needed.", least);
    say(speech, TONE_WARNING, &t);
}

static void warn_blocks(speech *speech)
{
    const analysis *a = speech->a;
    const double cd = a->friedman.critical_difference;
    text t = {0};

    if (!a->has_friedman || a->powered)
        return;
    text_addf(&t, "The mean ranks of %zu treatments over %zu blocks cannot tell which differ",
              a->ranked, a->friedman_blocks);
    if (isfinite(cd)) {
        text_add(&t, ": the critical difference is ");
        words_number(&t, cd, 3);
        text_addf(&t, " of at most %zu", a->ranked - 1);
    }
    text_add(&t, ". There is no diagram of them.");
    say(speech, TONE_WARNING, &t);
}

static void warn_folds(speech *speech)
{
    text t = {0};

    if (speech->a->folds < 2 || speech->a->treatment_count < 2)
        return;
    text_add(&t, "Seeds of one fold share all rows and folds share training rows, so pairs are not "
                 "independent and p is smaller than it should be.");
    say(speech, TONE_WARNING, &t);
}

/* Loss functions that are compared by the loss are each measured by its own ruler. */
static void warn_rulers(speech *speech)
{
    const analysis *a = speech->a;
    const int compare = a->spec->stats.compare;
    text t = {0};

    if (compare < 0 || a->treatment_count < 2 || !axis_is_loss(&a->spec->axis[compare]))
        return;
    for (size_t b = 0; b < a->block_count; b++)
        if (a->reported[a->block_problem[b]].metric == METRIC_LOSS) {
            text_add(&t, "Losses are compared by the loss, each by its own: name another figure "
                         "under stats.metric.");
            say(speech, TONE_WARNING, &t);
            return;
        }
}

/* ---- warnings about tuning ------------------------------------------------------------------- */

/* Which treatments have cells, and which of them search something. */
static void find_searching(const analysis *a, bool *has_cells, bool *searches)
{
    const search_range *range[SPEC_MOST_RANGES];

    for (size_t i = 0; i < a->cell_count; i++) {
        if (a->cell[i].skipped != NULL)
            continue;
        has_cells[a->cell[i].treatment] = true;
        searches[a->cell[i].treatment] |= analysis_cell_ranges(a, i, range) > 0;
    }
}

static void warn_of_tuning(speech *speech, const bool *has_cells, const bool *searches)
{
    const analysis *a = speech->a;
    size_t tuned = 0, untuned = 0, index = 0;
    text t = {0};

    for (size_t i = 0; i < a->treatment_count; i++) {
        tuned += searches[i];
        untuned += has_cells[i] && !searches[i];
    }
    if (tuned == 0 || untuned == 0)
        return;
    text_add(&t, "Tuning is unequal: ");
    for (size_t i = 0; i < a->treatment_count; i++)
        if (has_cells[i] && !searches[i])
            add_name(&t, a->treatment[i].label, index++, untuned);
    text_addf(&t, " search%s nothing while others do.", untuned == 1 ? "es" : "");
    say(speech, TONE_WARNING, &t);
}

static void warn_tuning(speech *speech)
{
    const analysis *a = speech->a;
    bool *has_cells = memory_array(a->treatment_count, sizeof(*has_cells));
    bool *searches = memory_array(a->treatment_count, sizeof(*searches));

    if (has_cells == NULL || searches == NULL) {
        speech->failed = true;
    } else if (a->spec->protocol.tune) {
        find_searching(a, has_cells, searches);
        warn_of_tuning(speech, has_cells, searches);
    }
    free(has_cells);
    free(searches);
}

/* Whether an edge is the first of its treatment, setting and end; counts those like it. */
static bool is_first_edge(const analysis *a, size_t index, size_t *like)
{
    const analysis_edge *edge = &a->edge[index];

    *like = 0;
    for (size_t i = 0; i < a->edge_count; i++) {
        const analysis_edge *other = &a->edge[i];
        if (a->cell[other->cell].treatment != a->cell[edge->cell].treatment ||
            other->low != edge->low || strcmp(other->path, edge->path) != 0)
            continue;
        if (i < index)
            return false;
        ++*like;
    }
    return true;
}

static size_t tuned_cells(const analysis *a, size_t treatment)
{
    size_t n = 0;

    for (size_t i = 0; i < a->cell_count; i++)
        n += a->cell[i].treatment == treatment && a->cell[i].chosen != SIZE_MAX;
    return n;
}

static void warn_edges(speech *speech)
{
    const analysis *a = speech->a;
    size_t like;

    for (size_t i = 0; i < a->edge_count; i++) {
        if (!is_first_edge(a, i, &like))
            continue;
        const size_t treatment = a->cell[a->edge[i].cell].treatment;
        text t = {0};
        text_addf(&t,
                  "The best %s of %s is at the %s end of its range in %zu of %zu cells (%s): "
                  "widen it.",
                  a->edge[i].path, a->treatment[treatment].label, a->edge[i].low ? "low" : "high",
                  like, tuned_cells(a, treatment), a->edge[i].value);
        say(speech, TONE_WARNING, &t);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool analysis_words(work *w, plx_error *error)
{
    speech speech = {.w = w, .a = w->a};

    say_verdict(&speech);
    warn_incomplete(&speech);
    warn_failures(&speech);
    if (w->a->runs[RUN_FINAL] > 0) {
        warn_figures(&speech);
        warn_power(&speech);
        warn_few(&speech);
        warn_blocks(&speech);
        warn_folds(&speech);
        warn_rulers(&speech);
    }
    warn_tuning(&speech);
    warn_edges(&speech);
    warn_same(&speech);
    return !speech.failed || error_memory(error);
}
