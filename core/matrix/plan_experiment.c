/* plan_experiment.c: from a run's number to its experiment: a copy of the problem's tree, with the
 * values of the axes, of the trial and of the seed grafted onto it, resolved as any experiment file is. What is
 * wrong in a grafted part is thus said of its place in the matrix file. Data and hashes of files
 * are kept, as hundreds of experiments share them. */
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/plan_internal.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"
#include "train/evaluate.h"

/* ---- grafting -------------------------------------------------------------------------------- */

static size_t count_layers(const node *root)
{
    const node *layers = tree_child(tree_child(root, "network"), "layers");

    return layers != NULL && layers->type == NODE_LIST ? tree_count(layers) : 0;
}

/* What `hidden_activation.alpha` is for one layer; a new string. */
static char *layer_path(size_t layer, const char *rest)
{
    return memory_format("network.layers.%zu.activation%s", layer, rest);
}

/* Past `hidden_activation` in a path that begins with it; else NULL. */
static const char *behind_hidden(const char *path)
{
    static const char word[] = "hidden_activation";
    const size_t length = sizeof(word) - 1;

    if (strncmp(path, word, length) != 0 || (path[length] != '\0' && path[length] != '.'))
        return NULL;
    return path + length;
}

/* Grafts at a path of the matrix file, which may be short for one in every hidden layer. */
static bool graft(node *root, const char *path, const node *value, place at, plx_error *error)
{
    const char *rest = behind_hidden(path);
    const size_t layers = rest == NULL ? 0 : count_layers(root);
    bool good = true;

    if (rest == NULL)
        return tree_graft(root, path, value, at, error);
    if (layers < 2)
        return error_at(error, ERROR_CONFIG, at,
                        "hidden_activation: the network has no hidden layer");
    for (size_t i = 0; good && i + 1 < layers; i++) {
        char *full = layer_path(i, rest);
        good = full != NULL ? tree_graft(root, full, value, at, error) : error_memory(error);
        free(full);
    }
    return good;
}

/* A scalar with that text. */
static bool graft_text(node *root, const char *path, const char *string, place at, plx_error *error)
{
    const node value = {.type = NODE_SCALAR, .at = at, .text = (char *)(uintptr_t)string};

    return graft(root, path, &value, at, error);
}

static bool prune(node *root, const char *path, plx_error *error)
{
    const char *rest = behind_hidden(path);
    const size_t layers = rest == NULL ? 0 : count_layers(root);

    if (rest == NULL)
        tree_remove(root, path);
    for (size_t i = 0; i + 1 < layers; i++) {
        char *full = layer_path(i, rest);
        if (full == NULL)
            return error_memory(error);
        tree_remove(root, full);
        free(full);
    }
    return true;
}

/* ---- problems -------------------------------------------------------------------------------- */

static bool read_base(const spec *spec, const spec_problem *given, plan_problem *made,
                      plx_error *error)
{
    char *folder = file_folder(spec->file);

    if (given->base != NULL) {
        made->file = memory_string(spec->file);
        made->folder = memory_string(spec->folder);
    } else if (folder != NULL) {
        made->file = file_join(folder, given->file);
        made->folder = made->file == NULL ? NULL : file_folder(made->file);
    }
    free(folder);
    if (made->file == NULL || made->folder == NULL)
        return error_memory(error);
    if (given->base == NULL && !file_exists(made->file))
        return error_at(error, ERROR_CONFIG, given->at,
                        "problem '%s': there is no experiment file %s", given->name, made->file);
    made->tree = given->base != NULL ? tree_copy(given->base, error) : tree_read(made->file, error);
    return made->tree != NULL;
}

static bool make_changes(node *root, const spec_change *change, size_t count, plx_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!graft(root, change[i].path, change[i].value, change[i].value->at, error))
            return false;
    return true;
}

/* Runs stand beside each other, so each has one thread, unless the matrix file says otherwise. */
static void take_one_thread(node *root)
{
    tree_remove(root, "train.threads");
}

/* For test_at_best_val: early stopping that keeps the best weights and never stops. What is wrong with it
 * is said of the place that asks for it. */
static node *keeper(metric metric, place asked, plx_error *error)
{
    char yaml[96];

    snprintf(yaml, sizeof(yaml), "monitor: val_%s\npatience: 1000000\n", metric_name(metric));
    node *made = tree_parse("matrix", yaml, strlen(yaml), error);
    for (node *key = made != NULL ? made->first : NULL; key != NULL; key = key->next)
        key->at = key->key_at = asked;
    return made;
}

bool plan_open_problems(plan *plan, plx_error *error)
{
    const spec *spec = plan->spec;

    plan->problem = memory_array(spec->problem_count, sizeof(*plan->problem));
    if (plan->problem == NULL)
        return error_memory(error);
    for (size_t i = 0; i < spec->problem_count; i++) {
        const spec_problem *given = &spec->problem[i];
        plan_problem *made = &plan->problem[i];
        made->select = METRIC_LOSS;
        if (!read_base(spec, given, made, error))
            return false;
        take_one_thread(made->tree);
        if (!make_changes(made->tree, spec->change, spec->change_count, error) ||
            !make_changes(made->tree, given->change, given->change_count, error))
            return false;
    }
    for (int m = 0; spec->protocol.at_best_val && m < METRIC_COUNT; m++)
        if ((plan->keep_best[m] = keeper((metric)m, spec->protocol.report_at, error)) == NULL)
            return false;
    return true;
}

void plan_close_problems(plan *plan)
{
    for (size_t i = 0; plan->problem != NULL && i < plan->spec->problem_count; i++) {
        free(plan->problem[i].file);
        free(plan->problem[i].folder);
        tree_free(plan->problem[i].tree);
    }
    free(plan->problem);
    for (size_t i = 0; i < plan->dataset_count; i++) {
        free(plan->dataset[i].key);
        data_free(plan->dataset[i].data);
    }
    free(plan->dataset);
    for (size_t i = 0; i < plan->file_count; i++)
        free(plan->file[i].path);
    free(plan->file);
    for (size_t m = 0; m < METRIC_COUNT; m++)
        tree_free(plan->keep_best[m]);
}

/* ---- which figures --------------------------------------------------------------------------- */

/* Which metrics apply to a part of the data; none where it has no rows. */
static bool find_applying(const evaluation_spec *how, const data_part *part,
                          bool applies[METRIC_COUNT], plx_error *error)
{
    double value;

    memset(applies, 0, METRIC_COUNT * sizeof(*applies));
    if (part->rows == 0)
        return true;
    evaluation *made = evaluation_new(how, part, error);
    if (made == NULL)
        return false;
    for (int m = 0; m < METRIC_COUNT; m++)
        applies[m] = metrics_value(evaluation_metrics(made), (metric)m, &value);
    evaluation_free(made);
    return true;
}

/* Accuracy if there is one, else R2, else the loss. */
static metric usual_metric(const bool applies[METRIC_COUNT])
{
    return applies[METRIC_ACCURACY] ? METRIC_ACCURACY
           : applies[METRIC_R2]     ? METRIC_R2
                                    : METRIC_LOSS;
}

static bool refuse_metric(const plan *plan, uint32_t problem, metric_name_at wanted, bool rows,
                          place at, plx_error *error)
{
    char name[32];

    spec_metric_name(wanted, name);
    if (rows)
        return error_at(error, ERROR_CONFIG, at, "%s does not apply to problem '%s'", name,
                        plan->spec->problem[problem].name);
    return error_at(error, ERROR_CONFIG, at,
                    "problem '%s' has no rows for %s; give it some, such as set: {data.%s: 0.2}",
                    plan->spec->problem[problem].name, name,
                    wanted.part == RECORD_TEST ? "test" : "validation");
}

static bool settle_select(plan *plan, uint32_t problem, const bool applies[METRIC_COUNT], bool rows,
                          plx_error *error)
{
    const spec_protocol *protocol = &plan->spec->protocol;
    plan_problem *settled = &plan->problem[problem];
    const bool given = protocol->tune && protocol->select_given;

    settled->select = given ? protocol->select : usual_metric(applies);
    if ((!protocol->tune && !protocol->at_best_val) || applies[settled->select])
        return true;
    return refuse_metric(plan, problem, (metric_name_at){RECORD_VALIDATION, settled->select}, rows,
                         protocol->tune ? protocol->tune_at : protocol->report_at, error);
}

static bool settle_targets(const plan *plan, uint32_t problem, const bool applies[METRIC_COUNT],
                           bool rows, plx_error *error)
{
    for (size_t i = 0; i < plan->spec->target_count; i++) {
        const spec_target *target = &plan->spec->target[i];
        if (target->problem == (int)problem && !applies[target->metric])
            return refuse_metric(plan, problem, (metric_name_at){RECORD_VALIDATION, target->metric},
                                 rows, target->at, error);
    }
    return true;
}

bool plan_settle_metrics(plan *plan, uint32_t problem, const experiment *experiment,
                         const data_bundle *data, const plx_domain *output, const target_code *code,
                         plx_error *error)
{
    const data_part *part[RECORD_PARTS] = {&data->test, &data->validation, &data->train};
    const evaluation_spec how = {.encoding = &data->encoding,
                                 .code = code,
                                 .output = output,
                                 .top_k = experiment->train.top_k};
    const spec_stats *stats = &plan->spec->stats;
    plan_problem *settled = &plan->problem[problem];
    bool applies[RECORD_PARTS][METRIC_COUNT];
    record_part held_out = RECORD_TEST;

    if (settled->settled)
        return true;
    for (size_t i = 0; i < RECORD_PARTS; i++)
        if (!find_applying(&how, part[i], applies[i], error))
            return false;
    while (part[held_out]->rows == 0)
        held_out++;
    /* A run measures its training rows only where it has no others. */
    if (held_out != RECORD_TRAINING)
        memset(applies[RECORD_TRAINING], 0, sizeof(applies[RECORD_TRAINING]));
    settled->report = (metric_name_at){held_out, usual_metric(applies[held_out])};
    if (stats->metric_given)
        settled->report = stats->metric;
    if (!applies[settled->report.part][settled->report.metric])
        return refuse_metric(plan, problem, settled->report, part[settled->report.part]->rows > 0,
                             stats->at, error);
    const bool rows = data->validation.rows > 0;
    settled->settled = settle_select(plan, problem, applies[RECORD_VALIDATION], rows, error) &&
                       settle_targets(plan, problem, applies[RECORD_VALIDATION], rows, error);
    return settled->settled;
}

/* ---- the experiment of a run ----------------------------------------------------------------- */

static bool graft_axes(const plan *plan, node *root, const plan_cell *at, plx_error *error)
{
    for (size_t i = 0; i < plan->spec->axis_count; i++) {
        const axis *axis = &plan->spec->axis[i];
        const axis_value *value = &axis->value[at->value[i]];
        if (!graft(root, axis->path, value->value, value->at, error))
            return false;
    }
    return true;
}

/* The searched settings: those of the trial, or none at all, so that defaults hold. */
static bool graft_ranges(const plan *plan, node *root, const plan_run *run, plx_error *error)
{
    const search_range *range[SPEC_MOST_RANGES];
    const size_t count = plan_ranges(plan, run->cell, range);
    char *value[SPEC_MOST_RANGES] = {NULL};
    bool good = true;

    if (!plan_searches(plan, run->cell))
        return true;
    if (run->phase != RUN_UNTUNED && !plan_trial_values(plan, run->cell, run->trial, value, error))
        return false;
    for (size_t i = 0; good && i < count; i++)
        good = run->phase == RUN_UNTUNED
                   ? prune(root, range[i]->path, error)
                   : graft_text(root, range[i]->path, value[i], range[i]->at, error);
    for (size_t i = 0; i < count; i++)
        free(value[i]);
    return good;
}

static bool graft_seed(const plan *plan, node *root, uint64_t seed, plx_error *error)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)seed);
    return graft_text(root, "train.seed", digits, (place){plan->spec->file, 0, 0}, error);
}

/* Early stopping of the experiment's own keeps the best weights, too. What is to be watched is not known before
 * the problem's figures are settled. */
static bool graft_keeper(const plan *plan, node *root, uint32_t problem, plx_error *error)
{
    const node *own = tree_child(tree_child(root, "train"), "early_stopping");
    const node *keeper = plan->keep_best[plan->problem[problem].select];

    if (keeper == NULL || !plan->problem[problem].settled ||
        (own != NULL &&
         !(own->type == NODE_SCALAR && !own->quoted && strcmp(own->text, "true") != 0)))
        return true;
    return tree_graft(root, "train.early_stopping", keeper, plan->spec->protocol.report_at, error);
}

static experiment *make_experiment(const plan *plan, const plan_run *run, bool clipped,
                                   plx_error *error)
{
    const plan_cell at = plan_cell_at(plan, run->cell);
    const plan_problem *problem = &plan->problem[at.problem];
    node *root = tree_copy(problem->tree, error);

    if (root == NULL || !graft_axes(plan, root, &at, error) ||
        !graft_ranges(plan, root, run, error) || !graft_seed(plan, root, run->seed, error) ||
        !graft_keeper(plan, root, at.problem, error)) {
        tree_free(root);
        return NULL;
    }
    if (!clipped) {
        tree_remove(root, "train.clip_norm");
        tree_remove(root, "train.clip_value");
    }
    return experiment_resolve(problem->file, problem->folder, root, NULL, plan->catalog, error);
}

experiment *plan_experiment(const plan *plan, const plan_run *run, plx_error *error)
{
    return make_experiment(plan, run, true, error);
}

experiment *plan_experiment_unclipped(const plan *plan, const plan_run *run, plx_error *error)
{
    return make_experiment(plan, run, false, error);
}

/* ---- data and files -------------------------------------------------------------------------- */

static bool load(plan *plan, const experiment *experiment, char *key, plx_error *error)
{
    plan_dataset made = {.key = key};

    made.data = data_load(&experiment->data, plan->log, error);
    if (made.data == NULL)
        return false;
    const bool room = memory_grow(&plan->dataset, &plan->dataset_capacity, plan->dataset_count + 1,
                                  sizeof(*plan->dataset)) != NULL;
    if (!(room || error_memory(error)) || !data_hash_parts(made.data, made.hash, error)) {
        data_free(made.data);
        return false;
    }
    plan->dataset[plan->dataset_count++] = made;
    return true;
}

static const plan_dataset *find_dataset(plan *plan, const experiment *experiment, plx_error *error)
{
    text key = {0};

    if (!experiment_print_data(experiment, &key)) {
        free(key.bytes);
        error_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < plan->dataset_count; i++)
        if (strcmp(plan->dataset[i].key, key.bytes) == 0) {
            free(key.bytes);
            return &plan->dataset[i];
        }
    if (load(plan, experiment, key.bytes, error))
        return &plan->dataset[plan->dataset_count - 1];
    free(key.bytes);
    return NULL;
}

const data_bundle *plan_data(plan *plan, const experiment *experiment, plx_error *error)
{
    const plan_dataset *found = find_dataset(plan, experiment, error);

    return found == NULL ? NULL : found->data;
}

/* The hash of a file, worked out once; NULL on failure. */
static const char *hash_file(plan *plan, const char *path, plx_error *error)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->file[i].path, path) == 0)
            return plan->file[i].hash;
    plan_file made = {.path = memory_string(path)};
    if (made.path == NULL || memory_grow(&plan->file, &plan->file_capacity, plan->file_count + 1,
                                         sizeof(*plan->file)) == NULL)
        error_memory(error);
    else if (file_sha256(path, made.hash, error)) {
        plan->file[plan->file_count] = made;
        return plan->file[plan->file_count++].hash;
    }
    free(made.path);
    return NULL;
}

/* ---- identity -------------------------------------------------------------------------------- */

static bool add_file(plan *plan, text *all, const char *what, const char *path, plx_error *error)
{
    const char *hash = hash_file(plan, path, error);

    if (hash != NULL)
        text_addf(all, "%s %s\n", what, hash);
    return hash != NULL;
}

static bool add_files(plan *plan, text *all, const experiment *experiment, plx_error *error)
{
    const init_spec *init = &experiment->init;
    bool good = init->rule != INIT_FROM || add_file(plan, all, "init", init->from, error);

    for (size_t i = 0; good && i < experiment->layer_count; i++)
        good = add_file(plan, all, "activation",
                        experiment->layers[i].activation.settings->plugin->path, error);
    return good && add_file(plan, all, "loss", experiment->loss.settings->plugin->path, error) &&
           add_file(plan, all, "optimizer", experiment->optimizer.settings->plugin->path, error);
}

bool plan_identity(plan *plan, const experiment *experiment, char hex[65], plx_error *error)
{
    const plan_dataset *dataset = find_dataset(plan, experiment, error);
    text all = {0};

    if (dataset == NULL)
        return false;
    text_addf(&all, "plexus %s\n", PLEXUS_VERSION);
    for (size_t i = 0; i < 3; i++)
        text_addf(&all, "data %s\n", dataset->hash[i]);
    const bool good = add_files(plan, &all, experiment, error);
    experiment_print(experiment, PRINT_CONTENT, &all);
    if (good && !all.failed)
        SHA256Data((const uint8_t *)all.bytes, all.length, hex);
    const bool whole = !all.failed;
    free(all.bytes);
    return good && (whole || error_memory(error));
}
