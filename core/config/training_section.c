/* training_section.c: the sections `schedule` and `train`, which say how training goes on. Both
 * may be left out; the defaults then hold. What needs validation rows is refused if there are
 * none, before any data are read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "support/memory.h"
#include "support/text.h"

static const real_range positive = {.min = 0, .max = HUGE_VAL, .above = true};
static const real_range not_negative = {.min = 0, .max = HUGE_VAL};

/* ---- schedule -------------------------------------------------------------------------------- */

static const char *const rule_words[] = {"constant", "step",   "exponential",
                                         "cosine",   "linear", "plateau"};
/* In the order of schedule_rule. */
const word_list schedule_rules = {rule_words, 6};

static const char *const schedule_words[] = {"name",     "warmup",    "gamma",  "every",
                                             "patience", "min_delta", "lr_min", "watch"};
static const word_list schedule_keys = {schedule_words, 8};

static bool is_one_of(schedule_rule rule, schedule_rule a, schedule_rule b, schedule_rule c)
{
    return rule == a || rule == b || rule == c;
}

bool schedule_section_uses(schedule_rule rule, const char *key)
{
    if (strcmp(key, "gamma") == 0)
        return is_one_of(rule, SCHEDULE_STEP, SCHEDULE_EXPONENTIAL, SCHEDULE_PLATEAU);
    if (strcmp(key, "lr_min") == 0)
        return is_one_of(rule, SCHEDULE_COSINE, SCHEDULE_LINEAR, SCHEDULE_PLATEAU);
    if (strcmp(key, "every") == 0)
        return rule == SCHEDULE_STEP;
    if (strcmp(key, "patience") == 0 || strcmp(key, "min_delta") == 0 || strcmp(key, "watch") == 0)
        return rule == SCHEDULE_PLATEAU;
    return true;
}

static bool check_schedule_keys(const reader *r, const node *map, schedule_rule rule)
{
    for (const node *key = map->first; key != NULL; key = key->next) {
        text rules = {0};

        if (schedule_section_uses(rule, key->key))
            continue;
        for (size_t i = 0; i < schedule_rules.count; i++) {
            if (!schedule_section_uses((schedule_rule)i, key->key))
                continue;
            text_add(&rules, rules.length == 0 ? "" : ", ");
            text_add(&rules, schedule_rules.words[i]);
        }
        error_at(r->error, ERROR_CONFIG, key->key_at,
                 "schedule.%s means nothing for %s; it is for %s", key->key,
                 schedule_rules.words[rule], rules.bytes != NULL ? rules.bytes : "others");
        free(rules.bytes);
        return false;
    }
    return true;
}

/* Which loss plateau watches; the loss on validation rows if there are any. */
static bool read_watch(const reader *r, const node *map, bool has_validation,
                       schedule_config *schedule)
{
    static const char *const words[] = {"val_loss", "train_loss"};
    const node *watch = tree_child(map, "watch");
    int index = has_validation ? 0 : 1;

    if (!field_choice(r, map, "watch", (word_list){words, 2}, &index))
        return false;
    schedule->watch_train = index == 1;
    return watch == NULL || has_validation || schedule->watch_train ||
           error_at(r->error, ERROR_CONFIG, watch->at,
                    "schedule.watch is val_loss, but there are no validation rows; give "
                    "data.validation, or watch train_loss");
}

static bool check_lr_min(const reader *r, const node *map, const experiment *experiment)
{
    const node *lr_min = tree_child(map, "lr_min");
    char low[32], high[32];

    if (lr_min == NULL || experiment->schedule.lr_min <= experiment->lr || r->without_optimizer)
        return true;
    text_of_double(low, experiment->schedule.lr_min);
    text_of_double(high, experiment->lr);
    return error_at(r->error, ERROR_CONFIG, lr_min->at,
                    "schedule.lr_min is %s, above the learning rate %s; it must be at most that",
                    low, high);
}

/* The values of the rule; keys that are not the rule's are known to be absent. */
static bool read_rule(const reader *r, const node *map, experiment *experiment)
{
    const bool plateau = experiment->schedule.rule == SCHEDULE_PLATEAU;
    const real_range share = {0, 1, .above = true, .below = true};
    schedule_config *schedule = &experiment->schedule;

    return field_size(r, map, "warmup", 0, 1000000000, NULL, &schedule->warmup) &&
           field_real(r, map, "gamma", plateau ? share : positive, NULL, &schedule->gamma) &&
           field_size(r, map, "every", 1, 1000000, NULL, &schedule->every) &&
           field_size(r, map, "patience", 1, 1000000, NULL, &schedule->patience) &&
           field_real(r, map, "min_delta", not_negative, NULL, &schedule->min_delta) &&
           field_real(r, map, "lr_min", not_negative, NULL, &schedule->lr_min) &&
           check_lr_min(r, map, experiment);
}

bool schedule_section_read(const reader *r, const node *section, experiment *experiment)
{
    const bool has_validation = data_section_has_validation(&experiment->data);
    schedule_config *schedule = &experiment->schedule;
    const node *name = section;
    int rule = SCHEDULE_CONSTANT;

    *schedule = (schedule_config){.rule = SCHEDULE_CONSTANT,
                                  .every = 10,
                                  .patience = 10,
                                  .min_delta = 1e-4,
                                  .gamma = 0.1,
                                  .watch_train = !has_validation};
    if (section == NULL)
        return true;
    schedule->at = section->at;
    if (section->type == NODE_MAP) {
        if (!field_known(r, section, schedule_keys))
            return false;
        name = field_required(r, section, "name", "{name: cosine}");
    }
    if (name == NULL || !field_choose(r, name, schedule_rules, &rule))
        return false;
    schedule->rule = (schedule_rule)rule;
    if (rule == SCHEDULE_EXPONENTIAL)
        schedule->gamma = 0.95;
    return section->type != NODE_MAP ||
           (check_schedule_keys(r, section, schedule->rule) && read_rule(r, section, experiment) &&
            read_watch(r, section, has_validation, schedule));
}

/* ---- early stopping -------------------------------------------------------------------------- */

static const char *const monitor_words[] = {
    "val_loss", "val_accuracy", "val_top_k", "val_precision", "val_recall",
    "val_f1",   "val_mae",      "val_rmse",  "val_r2",        "train_loss",
};
static const word_list monitors = {monitor_words, 10};

/* The monitored value must come into being. */
static bool check_monitor(const reader *r, const experiment *experiment, place at)
{
    const char *monitor = experiment->train.early_stopping.monitor;

    if (strncmp(monitor, "val_", 4) == 0 && !data_section_has_validation(&experiment->data))
        return error_at(r->error, ERROR_CONFIG, at,
                        "early stopping watches %s, but there are no validation rows; give "
                        "data.validation, or monitor train_loss",
                        monitor);
    return strcmp(monitor, "val_top_k") != 0 || experiment->train.top_k > 0 ||
           error_at(r->error, ERROR_CONFIG, at,
                    "early stopping watches val_top_k, but train.top_k is not given; give it");
}

static bool read_stopping(const reader *r, const node *value, experiment *experiment)
{
    static const char *const words[] = {"patience", "min_delta", "monitor"};
    stopping_config *stopping = &experiment->train.early_stopping;
    const node *monitor = NULL;
    int index = 0;

    *stopping = (stopping_config){.patience = 10};
    if (value != NULL) {
        stopping->at = value->at;
        stopping->on = value->type == NODE_MAP;
        if (!stopping->on && !field_flag(r, value->parent, value->key, &stopping->on))
            return false;
        monitor = tree_child(value, "monitor");
    }
    if (stopping->on && value->type == NODE_MAP &&
        (!field_known(r, value, (word_list){words, 3}) ||
         !field_size(r, value, "patience", 1, 1000000, NULL, &stopping->patience) ||
         !field_real(r, value, "min_delta", not_negative, NULL, &stopping->min_delta) ||
         !field_choice(r, value, "monitor", monitors, &index)))
        return false;
    stopping->monitor = memory_string(monitors.words[index]);
    if (stopping->monitor == NULL)
        return error_memory(r->error);
    return !stopping->on ||
           check_monitor(r, experiment, monitor != NULL ? monitor->at : stopping->at);
}

#define MAX_WEIGHTS 10000

/* ---- class weights --------------------------------------------------------------------------- */

static bool read_weight_map(const reader *r, const node *map, class_weights_config *weights)
{
    const size_t count = tree_count(map);

    if (!field_has_count(r, map, 1, MAX_WEIGHTS, "weights"))
        return false;
    weights->rule = WEIGHTS_GIVEN;
    weights->label = memory_array(count, sizeof(*weights->label));
    weights->weight = memory_array(count, sizeof(*weights->weight));
    if (weights->label == NULL || weights->weight == NULL)
        return error_memory(r->error);
    for (const node *child = map->first; child != NULL; child = child->next) {
        if (!field_real(r, map, child->key, positive, NULL, &weights->weight[weights->count]))
            return false;
        weights->label[weights->count] = memory_string(child->key);
        if (weights->label[weights->count++] == NULL)
            return error_memory(r->error);
    }
    return true;
}

static bool read_weights(const reader *r, const node *value, class_weights_config *weights)
{
    static const char *const words[] = {"none", "balanced"};
    int rule = WEIGHTS_NONE;

    if (value == NULL)
        return true;
    weights->at = value->at;
    if (value->type == NODE_MAP)
        return read_weight_map(r, value, weights);
    if (value->type == NODE_LIST)
        return field_wrong(r, value, "none, balanced, or a map of labels and weights");
    if (!field_choose(r, value, (word_list){words, 2}, &rule))
        return false;
    weights->rule = (weights_rule)rule;
    return true;
}

/* ---- train ----------------------------------------------------------------------------------- */

/* One way of clipping at most; none at all for an optimizer that evaluates the loss itself. */
static bool check_clipping(const reader *r, const node *section, const experiment *experiment)
{
    const train_config *train = &experiment->train;
    const node *value = tree_child(section, train->clip_norm > 0 ? "clip_norm" : "clip_value");
    const settings *optimizer = experiment->optimizer.settings;

    if (train->clip_norm == 0 && train->clip_value == 0)
        return true;
    if (train->clip_norm > 0 && train->clip_value > 0)
        return error_at(r->error, ERROR_CONFIG, tree_child(section, "clip_value")->key_at,
                        "both clip_norm and clip_value; give one of them");
    if (optimizer == NULL || (optimizer->plugin->optimizer->flags & PLX_NEEDS_CLOSURE) == 0)
        return true;
    error_at(r->error, ERROR_CONFIG, value->key_at,
             "%s with the optimizer %s, which evaluates loss and gradient itself and would compare "
             "clipped gradients with a loss that is not; leave out %s",
             value->key, optimizer->plugin->name, value->key);
    return error_misfit(r->error);
}

static bool check_top_k(const reader *r, const node *section, const experiment *experiment)
{
    const size_t units = experiment->layers[experiment->layer_count - 1].units;

    return experiment->train.top_k <= units ||
           error_at(r->error, ERROR_CONFIG, tree_child(section, "top_k")->at,
                    "train.top_k is %zu, but the last layer has %zu units; it must be at most that",
                    experiment->train.top_k, units);
}

static bool read_train_keys(const reader *r, const node *section, train_config *train)
{
    static const char *const precisions[] = {"float32", "bf16"};
    size_t threads = 1;
    int precision = 0;
    const bool ok = field_size(r, section, "epochs", 1, 1000000, NULL, &train->epochs) &&
                    field_size(r, section, "batch", 1, 1000000000, "full", &train->batch) &&
                    field_seed(r, section, "seed", &train->seed) &&
                    field_flag(r, section, "shuffle", &train->shuffle) &&
                    field_size(r, section, "threads", 1, 256, NULL, &threads) &&
                    field_choice(r, section, "precision", (word_list){precisions, 2}, &precision) &&
                    field_flag(r, section, "log_steps", &train->log_steps) &&
                    field_real(r, section, "clip_norm", positive, "none", &train->clip_norm) &&
                    field_real(r, section, "clip_value", positive, "none", &train->clip_value) &&
                    field_size(r, section, "top_k", 1, 1000000, "none", &train->top_k);

    train->threads = (int)threads;
    train->bf16 = precision == 1;
    return ok;
}

bool training_section_read(const reader *r, const node *section, experiment *experiment)
{
    static const char *const words[] = {
        "epochs",    "batch",     "seed",       "shuffle", "threads",        "precision",
        "log_steps", "clip_norm", "clip_value", "top_k",   "early_stopping", "class_weights"};
    train_config *train = &experiment->train;

    train->epochs = 10;
    train->batch = 32;
    train->shuffle = true;
    train->threads = 1;
    if (section == NULL)
        return read_stopping(r, NULL, experiment);
    train->at = section->at;
    return field_is_map(r, section, "a map, such as {epochs: 10, batch: 32}") &&
           field_known(r, section, (word_list){words, sizeof(words) / sizeof(words[0])}) &&
           read_train_keys(r, section, train) && check_clipping(r, section, experiment) &&
           check_top_k(r, section, experiment) &&
           read_stopping(r, tree_child(section, "early_stopping"), experiment) &&
           read_weights(r, tree_child(section, "class_weights"), &train->class_weights);
}

void training_section_free(train_config *train)
{
    free(train->early_stopping.monitor);
    for (size_t i = 0; i < train->class_weights.count; i++)
        free(train->class_weights.label[i]);
    free(train->class_weights.label);
    free(train->class_weights.weight);
}
