/* targets.c: see targets.h. */
#include "targets.h"

#include <math.h>

static const target all[] = {
    {"W1", FIGURE_PEERS, 3.2},     {"W2", FIGURE_PEERS, 1.75},     {"W3", FIGURE_PEERS, 1.6},
    {"W4", FIGURE_PEERS, 1.15},    {"W5", FIGURE_PEERS, 30},       {"W6", FIGURE_PEERS, 12},
    {"I3-1", FIGURE_PEERS, 1.7},   {"I3-512", FIGURE_PEERS, 1.25}, {"W1", FIGURE_PLAIN, 1},
    {"W2", FIGURE_PLAIN, 1},       {"W3", FIGURE_PLAIN, 1},        {"W4", FIGURE_PLAIN, 1},
    {"W5", FIGURE_PLAIN, 1},       {"W6", FIGURE_PLAIN, 1},        {"I3-1", FIGURE_PLAIN, 1},
    {"I3-512", FIGURE_PLAIN, 1},   {"W1", FIGURE_ROOFLINE, 0.85},  {"W2", FIGURE_ROOFLINE, 0.85},
    {"W3", FIGURE_ROOFLINE, 0.85}, {"W4", FIGURE_ROOFLINE, 0.85},  {"W5", FIGURE_START_UP, 30e-3},
    {"W2", FIGURE_MEMORY, 120e6},
};

typedef enum { AT_LEAST, ABOVE, BELOW } side;

/* How a figure is judged and shown: as value * scale. */
typedef struct figure_kind {
    const char *name;
    side side;
    double scale;
    int digits;
    const char *unit;
} figure_kind;

static const figure_kind kinds[FIGURES] = {
    [FIGURE_PEERS] = {"speed over the faster peer", AT_LEAST, 1, 2, ""},
    [FIGURE_PLAIN] = {"speed over the plain loop", ABOVE, 1, 2, ""},
    [FIGURE_ROOFLINE] = {"share of the roofline", AT_LEAST, 100, 1, " %"},
    [FIGURE_START_UP] = {"start-up", BELOW, 1e3, 1, " ms"},
    [FIGURE_MEMORY] = {"peak memory", BELOW, 1e-6, 1, " MB"},
};

const target *target_list(size_t *count)
{
    *count = sizeof(all) / sizeof(all[0]);
    return all;
}

double finding_figure(const finding *finding, figure figure)
{
    switch (figure) {
    case FIGURE_PEERS:
        return finding_peer_ratio(finding);
    case FIGURE_PLAIN:
        return finding->ratio[RIVAL_PLAIN];
    case FIGURE_ROOFLINE:
        return finding->share;
    case FIGURE_START_UP:
        return finding->start_up.median;
    case FIGURE_MEMORY:
        return finding->peak_memory;
    case FIGURES:
        break;
    }
    return (double)NAN;
}

verdict target_judge(const target *target, double value)
{
    const side side = kinds[target->figure].side;
    const bool holds = side == AT_LEAST ? value >= target->bound
                       : side == ABOVE  ? value > target->bound
                                        : value < target->bound;

    if (isnan(value))
        return TARGET_NOT_MEASURED;
    return holds ? TARGET_HOLDS : TARGET_MISSED;
}

/* "W1: speed over the faster peer 3.41 (at least 3.20)" */
static void add_target(text *out, const target *target, double value)
{
    static const char *const sides[] = {
        [AT_LEAST] = "at least", [ABOVE] = "above", [BELOW] = "below"};
    const figure_kind *kind = &kinds[target->figure];

    text_addf(out, "%s: %s ", target->workload, kind->name);
    if (!isnan(value))
        text_addf(out, "%.*f%s ", kind->digits, value * kind->scale, kind->unit);
    text_addf(out, "(%s %.*f%s)", sides[kind->side], kind->digits, target->bound * kind->scale,
              kind->unit);
}

void target_add(text *out, const target *target, double value)
{
    static const char *const words[] = {[TARGET_HOLDS] = "holds",
                                        [TARGET_MISSED] = "missed",
                                        [TARGET_NOT_MEASURED] = "not measured"};

    text_addf(out, "%-12s  ", words[target_judge(target, value)]);
    add_target(out, target, value);
}

bool target_summary(text *out, const target *target, const double *value, size_t count)
{
    size_t number[3] = {0};

    for (size_t i = 0; i < count; i++) {
        const verdict verdict = target_judge(&target[i], value[i]);
        if (verdict == TARGET_MISSED) {
            text_add(out, number[TARGET_MISSED] == 0 ? "missed: " : ", ");
            add_target(out, &target[i], value[i]);
        }
        number[verdict]++;
    }
    text_add(out, number[TARGET_MISSED] > 0 ? "; " : "none missed: ");
    text_addf(out, "%zu of %zu targets hold", number[TARGET_HOLDS], count);
    if (number[TARGET_NOT_MEASURED] > 0)
        text_addf(out, ", %zu not measured", number[TARGET_NOT_MEASURED]);
    return number[TARGET_MISSED] == 0;
}
