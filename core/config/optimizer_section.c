/* optimizer_section.c: the optimizer with its learning rate and its parameter groups.
 *
 * `groups` is a list of rules. Each names tensors by patterns and gives a rate or settings of their
 * own. A tensor takes the optimizer's settings and then those of every rule it matches, in the
 * order of the file; tensors to which the same rules apply are one parameter group. Which tensors
 * there are follows from the layers, so all of this is known, and checked, before any data are
 * read. */
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "support/memory.h"
#include "support/text.h"

/* Where neither the file nor the plug-in says. */
#define DEFAULT_LR 1e-3

enum {
    MOST_RULES = 64,    /* a bit each                                                            */
    MOST_PATTERNS = 64, /* of one rule                                                           */
    TENSORS_SHOWN = 8,  /* in a message                                                          */
};

static const char *const optimizer_words[] = {"name", "lr", "groups"};
static const word_list optimizer_own = {optimizer_words, 3};
static const char *const rule_words[] = {"match", "lr"};
static const word_list rule_own = {rule_words, 2};

/* ---- tensors --------------------------------------------------------------------------------- */

/* The network's tensors in its order. */
typedef struct tensor_names {
    char (*name)[48];
    size_t count;
} tensor_names;

static bool name_tensors(const reader *r, const experiment *experiment, tensor_names *tensors)
{
    tensors->name = memory_array(2 * experiment->layer_count, sizeof(*tensors->name));
    if (tensors->name == NULL)
        return error_memory(r->error);
    for (size_t i = 0; i < experiment->layer_count; i++) {
        const size_t size = sizeof(*tensors->name);
        snprintf(tensors->name[tensors->count++], size, "layers.%zu.weight", i);
        if (experiment->layers[i].bias)
            snprintf(tensors->name[tensors->count++], size, "layers.%zu.bias", i);
    }
    return true;
}

static bool fits(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}

static bool rule_applies(const group_rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->match_count; i++)
        if (fits(rule->match[i], name))
            return true;
    return false;
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* The pattern that may have been meant: a tensor's name, or one of the usual patterns. */
static char *nearest_pattern(const char *pattern, const tensor_names *tensors)
{
    const size_t count = 2 * tensors->count + 2;
    const char **candidate = memory_array(count, sizeof(*candidate));
    char(*layer)[48] = memory_array(tensors->count, sizeof(*layer));
    char *found = NULL;

    if (candidate != NULL && layer != NULL) {
        candidate[0] = "*.weight";
        candidate[1] = "*.bias";
        for (size_t i = 0; i < tensors->count; i++) {
            const int stem = (int)(strrchr(tensors->name[i], '.') - tensors->name[i]);
            snprintf(layer[i], sizeof(*layer), "%.*s.*", stem, tensors->name[i]);
            candidate[2 + 2 * i] = tensors->name[i];
            candidate[3 + 2 * i] = layer[i];
        }
        found = memory_string(text_nearest(pattern, candidate, count));
    }
    free(candidate);
    free(layer);
    return found;
}

/* All names, or the first few and the last. */
static void list_tensors(text *out, const tensor_names *tensors)
{
    const size_t few = tensors->count <= TENSORS_SHOWN ? tensors->count : TENSORS_SHOWN / 2;

    for (size_t i = 0; i < few; i++)
        text_addf(out, "%s%s", i == 0 ? "" : ", ", tensors->name[i]);
    if (few < tensors->count)
        text_addf(out, ", ..., %s", tensors->name[tensors->count - 1]);
}

static bool check_pattern(const reader *r, const node *value, const tensor_names *tensors)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (fits(value->text, tensors->name[i]))
            return true;
    char *path = tree_path(value), *nearest = nearest_pattern(value->text, tensors);
    text list = {0};
    list_tensors(&list, tensors);
    error_at(r->error, ERROR_CONFIG, value->at,
             "%s is '%s', which matches no tensor; the tensors are %s%s%s%s",
             path != NULL ? path : "the pattern", text_show(value->text).bytes,
             list.bytes != NULL ? list.bytes : "others", nearest != NULL ? "; did you mean '" : "",
             nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    free(list.bytes);
    free(nearest);
    free(path);
    return false;
}

static bool read_match(const reader *r, const node *map, const tensor_names *tensors,
                       group_rule *rule)
{
    const node *value = field_required(r, map, "match", "match: \"*.bias\"");

    if (value == NULL ||
        (value->type == NODE_LIST && !field_has_count(r, value, 1, MOST_PATTERNS, "patterns")) ||
        !field_texts(r, map, "match", "a pattern of tensor names", "patterns", &rule->match,
                     &rule->match_count))
        return false;
    if (value->type == NODE_SCALAR)
        return check_pattern(r, value, tensors);
    for (const node *item = value->first; item != NULL; item = item->next)
        if (!check_pattern(r, item, tensors))
            return false;
    return true;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool read_rule(const reader *r, const node *map, const tensor_names *tensors,
                      const component *optimizer, group_rule *rule)
{
    const real_range not_negative = {.min = 0, .max = HUGE_VAL};

    rule->at = map->at;
    rule->keys = map;
    if (!field_is_map(r, map, "a map, such as {match: \"*.bias\", weight_decay: 0}"))
        return false;
    if (optimizer->settings != NULL) {
        rule->settings = settings_new(optimizer->settings->plugin, r->error);
        if (rule->settings == NULL || !component_set(r, map, rule_own, rule->settings))
            return false;
    }
    rule->has_lr = tree_child(map, "lr") != NULL;
    if (!read_match(r, map, tensors, rule) ||
        !field_real(r, map, "lr", not_negative, NULL, &rule->lr))
        return false;
    if (tree_count(map) > 1)
        return true;
    char *path = tree_path(map);
    error_at(r->error, ERROR_CONFIG, map->at,
             "%s sets nothing; give lr or a setting of the optimizer",
             path != NULL ? path : "the group");
    free(path);
    return false;
}

static bool read_rules(const reader *r, const node *list, const tensor_names *tensors,
                       experiment *experiment)
{
    if (list == NULL)
        return true;
    if (list->type != NODE_LIST)
        return field_wrong(r, list, "a list, such as [{match: \"*.bias\", weight_decay: 0}]");
    if (!field_has_count(r, list, 0, MOST_RULES, "groups"))
        return false;
    experiment->group_rules = memory_array(tree_count(list), sizeof(*experiment->group_rules));
    if (experiment->group_rules == NULL)
        return error_memory(r->error);
    for (const node *item = list->first; item != NULL; item = item->next)
        if (!read_rule(r, item, tensors, &experiment->optimizer,
                       &experiment->group_rules[experiment->group_rule_count++]))
            return false;
    return true;
}

/* ---- parameter groups ------------------------------------------------------------------------ */

/* The rules that apply to a tensor, a bit each. */
static uint64_t rules_of(const experiment *experiment, const char *tensor)
{
    uint64_t rules = 0;

    for (size_t i = 0; i < experiment->group_rule_count; i++)
        if (rule_applies(&experiment->group_rules[i], tensor))
            rules |= UINT64_C(1) << i;
    return rules;
}

/* The optimizer's settings and rate, then those of each rule. What the rules make of them together
 * is laid at the last one's door. */
static bool fill_group(const reader *r, const node *optimizer, const experiment *experiment,
                       parameter_group *group)
{
    place at = experiment->optimizer.at;

    group->lr = experiment->lr;
    group->settings = settings_new(experiment->optimizer.settings->plugin, r->error);
    if (group->settings == NULL || (optimizer->type == NODE_MAP &&
                                    !component_set(r, optimizer, optimizer_own, group->settings)))
        return false;
    for (size_t i = 0; i < experiment->group_rule_count; i++) {
        const group_rule *rule = &experiment->group_rules[i];
        if ((group->rules >> i & 1) == 0)
            continue;
        if (!component_set(r, rule->keys, rule_own, group->settings))
            return false;
        if (rule->has_lr)
            group->lr = rule->lr;
        at = rule->at;
    }
    return settings_validate(group->settings, at, r->error);
}

/* The index of the group with these rules, made if there is none; groups come in the order of
 * their first tensors. */
static bool find_group(const reader *r, const node *optimizer, experiment *experiment,
                       uint64_t rules, size_t *index)
{
    for (*index = 0; *index < experiment->parameter_group_count; ++*index)
        if (experiment->parameter_groups[*index].rules == rules)
            return true;
    parameter_group *made = &experiment->parameter_groups[experiment->parameter_group_count++];
    made->rules = rules;
    return fill_group(r, optimizer, experiment, made);
}

static bool group_tensors(const reader *r, const node *optimizer, const tensor_names *tensors,
                          experiment *experiment)
{
    experiment->parameter_groups =
        memory_array(tensors->count, sizeof(*experiment->parameter_groups));
    experiment->tensor_group = memory_array(tensors->count, sizeof(*experiment->tensor_group));
    if (experiment->parameter_groups == NULL || experiment->tensor_group == NULL)
        return error_memory(r->error);
    for (size_t i = 0; i < tensors->count; i++)
        if (!find_group(r, optimizer, experiment, rules_of(experiment, tensors->name[i]),
                        &experiment->tensor_group[i]))
            return false;
    return true;
}

/* ---- the section ----------------------------------------------------------------------------- */

bool optimizer_section_read(const reader *r, const node *section, experiment *experiment)
{
    const real_range positive = {.min = 0, .max = HUGE_VAL, .above = true};
    tensor_names tensors = {0};

    if (!component_read(r, section, PLX_KIND_OPTIMIZER, optimizer_own, &experiment->optimizer))
        return false;
    experiment->lr = DEFAULT_LR;
    const settings *chosen = experiment->optimizer.settings;
    if (chosen != NULL && chosen->plugin->optimizer->lr > 0)
        experiment->lr = chosen->plugin->optimizer->lr;
    const bool ok = field_real(r, section, "lr", positive, NULL, &experiment->lr) &&
                    name_tensors(r, experiment, &tensors) &&
                    read_rules(r, tree_child(section, "groups"), &tensors, experiment) &&
                    (chosen == NULL || group_tensors(r, section, &tensors, experiment));
    free(tensors.name);
    return ok;
}

void optimizer_section_free(experiment *experiment)
{
    for (size_t i = 0; i < experiment->group_rule_count; i++) {
        group_rule *rule = &experiment->group_rules[i];
        for (size_t k = 0; k < rule->match_count; k++)
            free(rule->match[k]);
        free(rule->match);
        settings_free(rule->settings);
    }
    for (size_t i = 0; i < experiment->parameter_group_count; i++)
        settings_free(experiment->parameter_groups[i].settings);
    free(experiment->group_rules);
    free(experiment->parameter_groups);
    free(experiment->tensor_group);
    component_free(&experiment->optimizer);
}
