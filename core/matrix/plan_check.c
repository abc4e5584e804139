/* plan_check.c: which cells of a plan are run. A rule excludes a cell; a misfit (error.h) of its components
 * skips it; anything else that is wrong with its experiment is a mistake in the file and ends the
 * plan.
 *
 * What makes a misfit lies in two parts of a cell: its shape (the values of axes that touch data,
 * network and loss) and its driver (the optimizer and clipping). Each other axis is a part by itself. Parts
 * that were seen in cells that can be run are good together, too. So of a million cells only as many
 * experiments are made as their parts have values; of up to FULL_CHECK cells, every one. What a mistake
 * needs two parts for (a batch that is larger than what one fold has) then shows in every cell of a small
 * plan, and in a large one at the latest when it is run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/plan_internal.h"
#include "support/memory.h"
#include "support/text.h"
#include "train/preflight.h"

enum {
    FULL_CHECK = 20000,
    MOST_TRIED = 200000, /* experiments; from then on of each cell the first trial alone          */
};

/* What is known of a part. */
static const uint32_t UNKNOWN = 0, GOOD = UINT32_MAX; /* else 1 + the index of a reason */

enum { SHAPE, DRIVER, MOST_PARTS = 2 + SPEC_MOST_AXES };

typedef struct checker {
    plan *plan;
    size_t part_of[SPEC_MOST_AXES]; /* each axis                                                 */
    size_t part_count;
    uint32_t *state[MOST_PARTS]; /* of each combination of the part's values, for each problem   */
    size_t tried;                /* experiments                                                  */
} checker;

/* ---- reasons --------------------------------------------------------------------------------- */

/* The index of a reason, added if it is new; SIZE_MAX without memory. */
static size_t find_reason(plan *plan, const char *words)
{
    for (size_t i = plan->reason_count; i-- > 0;)
        if (strcmp(plan->reason[i].text, words) == 0)
            return i;
    char *copy = memory_string(words);
    if (copy == NULL || memory_grow(&plan->reason, &plan->reason_capacity, plan->reason_count + 1,
                                    sizeof(*plan->reason)) == NULL) {
        free(copy);
        return SIZE_MAX;
    }
    plan->reason[plan->reason_count] = (plan_reason){.text = copy, .first = SIZE_MAX};
    return plan->reason_count++;
}

static void skip_cell(plan *plan, size_t cell, size_t reason)
{
    plan_reason *why = &plan->reason[reason];

    plan->reason_of[cell] = (uint32_t)reason + 1;
    why->cells++;
    if (why->first == SIZE_MAX)
        why->first = cell;
}

/* Past the "file:line:column: " that a message begins with: the cell says where. */
static const char *without_place(const char *words)
{
    for (const char *at = strchr(words, ':'); at != NULL; at = strchr(at + 1, ':')) {
        int length = 0;
        if (sscanf(at, ":%*d:%*d: %n", &length) == 0 && length > 0)
            return at + length;
    }
    return words;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool term_matches(const rule_term *term, const plan_cell *at)
{
    const uint32_t own = term->axis < 0 ? at->problem : at->value[term->axis];

    for (size_t i = 0; i < term->value_count; i++)
        if (term->value[i] == own)
            return true;
    return false;
}

static bool rule_matches(const spec_rule *rule, const plan_cell *at)
{
    for (size_t i = 0; i < rule->term_count; i++)
        if (!term_matches(&rule->term[i], at))
            return false;
    return true;
}

/* Why the rules leave the cell out; NULL: they do not. */
static const char *excluded(const spec *spec, const plan_cell *at)
{
    const char *not_included = NULL;
    bool included = false;

    for (size_t i = 0; i < spec->rule_count; i++) {
        const spec_rule *rule = &spec->rule[i];
        const bool matches = rule_matches(rule, at);
        if (rule->exclude && matches)
            return rule->why;
        if (rule->exclude)
            continue;
        included = included || matches;
        if (not_included == NULL)
            not_included = rule->why;
    }
    return included ? NULL : not_included;
}

/* ---- one cell -------------------------------------------------------------------------------- */

/* The experiment has a part in the digest of the plan. */
static bool note_checked(plan *plan, const experiment *made, plx_error *error)
{
    char identity[PLAN_HASH];

    if (!plan_identity(plan, made, identity, error))
        return false;
    SHA256Update(&plan->checked, (const uint8_t *)identity, strlen(identity));
    return true;
}

/* Whether the experiment is sound and fits its data; it is taken over. */
static bool fits(checker *c, uint32_t problem, experiment *made, plx_error *error)
{
    plx_domain output;
    target_code code;
    bool weights = false;

    const data_bundle *data = made != NULL ? plan_data(c->plan, made, error) : NULL;
    bool good = data != NULL && preflight(made, data, &output, &code, error);
    if (good) {
        free(preflight_class_weights(made, data, &weights, error));
        good = weights &&
               plan_settle_metrics(c->plan, problem, made, data, &output, &code, error) &&
               note_checked(c->plan, made, error);
    }
    experiment_free(made);
    return good;
}

static bool try_run(checker *c, size_t cell, run_phase phase, size_t trial, plx_error *error)
{
    const plan_run run = {.cell = cell,
                          .phase = phase,
                          .trial = trial,
                          .seed = c->plan->spec->protocol.final_seeds.seed[0]};

    c->tried++;
    return fits(c, plan_cell_at(c->plan, cell).problem, plan_experiment(c->plan, &run, error),
                error);
}

/* The experiment without its searched settings. */
static bool try_untuned(checker *c, size_t cell, plx_error *error)
{
    plx_error failure = {0};

    if (!c->plan->spec->protocol.untuned_row || try_run(c, cell, RUN_UNTUNED, 0, &failure))
        return true;
    error_set(error, failure.code, "%s (in the untuned row, which leaves out what is searched)",
              failure.text);
    return failure.misfit && error_misfit(error);
}

/* Whether the cell can be run. `thoroughly`: with the values of each of its trials, and without them
 * if it is run so, too. */
static bool try_cell(checker *c, size_t cell, bool thoroughly, plx_error *error)
{
    if (!plan_searches(c->plan, cell))
        return try_run(c, cell, RUN_FINAL, 0, error);
    const size_t trials = thoroughly && c->tried < MOST_TRIED ? c->plan->spec->protocol.trials : 1;
    for (size_t trial = 0; trial < trials; trial++)
        if (!try_run(c, cell, RUN_TUNE, trial, error))
            return false;
    return !thoroughly || try_untuned(c, cell, error);
}

/* Of a cell that does not fit: whether it fits without clipping, which is all that can make a misfit of a
 * driver. */
static bool clipping_is_to_blame(checker *c, size_t cell)
{
    const plan_run run = {.cell = cell,
                          .phase = plan_searches(c->plan, cell) ? RUN_TUNE : RUN_FINAL,
                          .seed = c->plan->spec->protocol.final_seeds.seed[0]};
    const uint32_t problem = plan_cell_at(c->plan, cell).problem;
    plx_error error = {0};

    return fits(c, problem, plan_experiment_unclipped(c->plan, &run, &error), &error) ||
           !error.misfit;
}

/* What is known of each part of the cell. */
static void find_parts(const checker *c, const plan_cell *at, uint32_t *known[MOST_PARTS])
{
    size_t index[MOST_PARTS];

    for (size_t part = 0; part < c->part_count; part++)
        index[part] = at->problem;
    for (size_t i = 0; i < c->plan->spec->axis_count; i++) {
        size_t *own = &index[c->part_of[i]];
        *own = *own * c->plan->spec->axis[i].value_count + at->value[i];
    }
    for (size_t part = 0; part < c->part_count; part++)
        known[part] = &c->state[part][index[part]];
}

/* The cell does not fit, and one of its parts is to blame. */
static bool note_misfit(checker *c, size_t cell, uint32_t *shape, uint32_t *driver,
                        plx_error *error)
{
    const size_t reason = find_reason(c->plan, without_place(error->text));

    *error = (plx_error){0};
    if (reason == SIZE_MAX)
        return error_memory(error);
    skip_cell(c->plan, cell, reason);
    if (*shape == GOOD && *driver == GOOD)
        return true;
    const bool of_driver = *shape == GOOD || (*driver == UNKNOWN && clipping_is_to_blame(c, cell));
    *(of_driver ? driver : shape) = (uint32_t)reason + 1;
    return true;
}

static bool check_cell(checker *c, size_t cell, plx_error *error)
{
    const plan_cell at = plan_cell_at(c->plan, cell);
    const char *rule = excluded(c->plan->spec, &at);
    uint32_t *known[MOST_PARTS];
    bool is_new = false;

    if (rule != NULL) {
        const size_t reason = find_reason(c->plan, rule);
        if (reason == SIZE_MAX)
            return error_memory(error);
        skip_cell(c->plan, cell, reason);
        return true;
    }
    find_parts(c, &at, known);
    for (size_t part = 0; part < c->part_count; part++) {
        if (*known[part] != UNKNOWN && *known[part] != GOOD) {
            skip_cell(c->plan, cell, *known[part] - 1);
            return true;
        }
        is_new = is_new || *known[part] == UNKNOWN;
    }
    if (c->plan->cell_count > FULL_CHECK && !is_new)
        return true;
    plx_error failure = {0};
    if (!try_cell(c, cell, is_new, &failure)) {
        if (failure.misfit && failure.code == ERROR_CONFIG)
            return note_misfit(c, cell, known[SHAPE], known[DRIVER], &failure) ||
                   error_memory(error);
        return error_set(error, failure.code, "%s", failure.text);
    }
    for (size_t part = 0; part < c->part_count; part++)
        *known[part] = GOOD;
    return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool is_in(const char *path, const char *const *sections, size_t count)
{
    const size_t length = strcspn(path, ".");

    for (size_t i = 0; i < count; i++)
        if (strlen(sections[i]) == length && strncmp(path, sections[i], length) == 0)
            return true;
    return false;
}

/* What is learnt from what, by which network, for which loss. */
static bool touches_shape(const char *path)
{
    static const char *const sections[] = {"data", "network", "loss", "hidden_activation"};

    return is_in(path, sections, sizeof(sections) / sizeof(sections[0]));
}

/* The optimizer but for its rate, and clipping. */
static bool touches_driver(const char *path)
{
    static const char *const section = "optimizer";

    if (is_in(path, &section, 1))
        return strcmp(path, "optimizer.lr") != 0;
    return strcmp(path, "train") == 0 || strncmp(path, "train.clip_", strlen("train.clip_")) == 0;
}

/* Says which part each axis belongs to, with nothing known of them. */
static bool make_parts(checker *c, plx_error *error)
{
    size_t size[MOST_PARTS] = {1, 1};

    c->part_count = 2;
    for (size_t i = 0; i < c->plan->spec->axis_count; i++) {
        const axis *axis = &c->plan->spec->axis[i];
        c->part_of[i] = touches_shape(axis->path)    ? SHAPE
                        : touches_driver(axis->path) ? DRIVER
                                                     : c->part_count++;
        if (c->part_of[i] > DRIVER)
            size[c->part_of[i]] = 1;
        size[c->part_of[i]] *= axis->value_count;
    }
    for (size_t part = 0; part < c->part_count; part++) {
        c->state[part] = memory_array(c->plan->spec->problem_count, size[part] * sizeof(uint32_t));
        if (c->state[part] == NULL)
            return error_memory(error);
    }
    return true;
}

bool plan_check_cells(plan *plan, plx_error *error)
{
    checker c = {.plan = plan};
    bool good = make_parts(&c, error);

    SHA256Init(&plan->checked);
    SHA256Update(&plan->checked, (const uint8_t *)plan->spec->bytes, plan->spec->length);
    for (size_t cell = 0; good && cell < plan->cell_count; cell++)
        good = check_cell(&c, cell, error);
    for (size_t part = 0; part < c.part_count; part++)
        free(c.state[part]);
    SHA256End(&plan->checked, plan->digest);
    return good;
}
