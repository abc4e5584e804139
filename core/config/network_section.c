/* network_section.c: the `network` section: the layers, each with its activation, and how their
 * weights begin. */
#include <math.h>
#include <stdlib.h>

#include "config/sections.h"
#include "support/memory.h"

static const char *const init_words[] = {"auto",          "normal",         "lecun_normal",
                                         "xavier_normal", "xavier_uniform", "he_normal",
                                         "he_uniform",    "orthogonal",     "zeros"};
/* In the order of init_rule; INIT_FROM has no word. */
const word_list network_inits = {init_words, sizeof(init_words) / sizeof(init_words[0])};

#define DEFAULT_STD 0.05
#define MAX_LAYERS  256
#define MAX_UNITS   1000000

/* {name: normal, std: 0.05}; std is for normal alone. */
static bool read_named(const reader *r, const node *map, init_spec *init)
{
    static const char *const words[] = {"name", "std", "from"};
    const node *name = NULL, *std = tree_child(map, "std");
    int rule = INIT_AUTO;

    if (!field_known(r, map, (word_list){words, 3}))
        return false;
    name = field_required(r, map, "name", "{name: normal, std: 0.05} or {from: model.safetensors}");
    if (name == NULL || !field_choose(r, name, network_inits, &rule))
        return false;
    init->rule = (init_rule)rule;
    if (std != NULL && rule != INIT_NORMAL)
        return error_at(r->error, ERROR_CONFIG, std->key_at,
                        "std means nothing for %s; it is for normal", network_inits.words[rule]);
    return field_real(r, map, "std", (real_range){0, HUGE_VAL, .above = true}, NULL, &init->std);
}

static bool read_from(const reader *r, const node *map, const node *from, bool in_layer,
                      init_spec *init)
{
    for (const node *key = map->first; key != NULL; key = key->next)
        if (key != from)
            return error_at(r->error, ERROR_CONFIG, key->key_at,
                            "init has '%s' beside from; the file has all the weights, leave it out",
                            key->key);
    if (in_layer)
        return error_at(
            r->error, ERROR_CONFIG, from->key_at,
            "init from a file in one layer; the file has the weights of all layers, write "
            "it as network.init");
    init->rule = INIT_FROM;
    return field_path(r, from, &init->from);
}

static bool read_init(const reader *r, const node *value, bool in_layer, init_spec *init)
{
    int rule = INIT_AUTO;

    *init = (init_spec){.rule = INIT_AUTO, .std = DEFAULT_STD};
    if (value == NULL)
        return true;
    init->at = value->at;
    if (value->type == NODE_MAP) {
        const node *from = tree_child(value, "from");
        return from != NULL ? read_from(r, value, from, in_layer, init)
                            : read_named(r, value, init);
    }
    if (!field_choose(r, value, network_inits, &rule))
        return false;
    init->rule = (init_rule)rule;
    return true;
}

/* A layer without an init has the network's; the path is a copy. */
static bool inherit_init(const reader *r, const init_spec *network, layer_config *layer)
{
    layer->init = *network;
    layer->init.from = memory_string(network->from);
    return network->from == NULL || layer->init.from != NULL || error_memory(r->error);
}

/* A row of one column that sums to one is 1 whatever the weights are. */
static bool check_units(const reader *r, const layer_config *layer, size_t index)
{
    plx_domain domain = {.size = sizeof(domain)};

    if (layer->units > 1)
        return true;
    if (!settings_domain(layer->activation.settings, &domain, r->error))
        return false;
    return (domain.flags & PLX_ROWS_SUM_TO_ONE) == 0 ||
           error_at(
               r->error, ERROR_CONFIG, layer->activation.at,
               "network.layers[%zu] is %s over one unit, whose output is always 1; use sigmoid, "
               "or a unit for each class",
               index, layer->activation.settings->plugin->name);
}

static bool read_bias(const reader *r, const node *map, layer_config *layer)
{
    const node *start = tree_child(map, "bias_init");

    layer->bias = true;
    if (!field_flag(r, map, "bias", &layer->bias))
        return false;
    if (!layer->bias && start != NULL)
        return error_at(r->error, ERROR_CONFIG, start->key_at,
                        "bias_init means nothing with bias: false; leave out one of them");
    return field_real(r, map, "bias_init", (real_range){.min = -HUGE_VAL, .max = HUGE_VAL}, NULL,
                      &layer->bias_init);
}

static bool read_layer(const reader *r, const node *map, const init_spec *network, size_t index,
                       layer_config *layer)
{
    static const char *const words[] = {"units", "activation", "dropout",
                                        "bias",  "bias_init",  "init"};
    static const char *const component_words[] = {"name"};
    const word_list own = {component_words, 1};

    layer->at = map->at;
    if (!field_is_map(r, map, "a map, such as {units: 10, activation: relu}") ||
        !field_known(r, map, (word_list){words, 6}))
        return false;
    const node *activation = NULL, *init = tree_child(map, "init");
    if (field_required(r, map, "units", "units: 10") == NULL ||
        !field_size(r, map, "units", 1, MAX_UNITS, NULL, &layer->units) ||
        (activation = field_required(r, map, "activation", "activation: relu")) == NULL)
        return false;
    return component_read(r, activation, PLX_KIND_ACTIVATION, own, &layer->activation) &&
           check_units(r, layer, index) &&
           field_real(r, map, "dropout", (real_range){0, 1, .below = true}, NULL,
                      &layer->dropout) &&
           read_bias(r, map, layer) &&
           (init != NULL ? read_init(r, init, true, &layer->init)
                         : inherit_init(r, network, layer));
}

bool network_section_read(const reader *r, const node *section, experiment *experiment)
{
    static const char *const words[] = {"init", "layers"};
    const char *example = "layers: [{units: 10, activation: softmax}]";

    if (!field_is_map(r, section, "a map with layers") ||
        !field_known(r, section, (word_list){words, 2}) ||
        !read_init(r, tree_child(section, "init"), false, &experiment->init))
        return false;
    const node *list = field_required(r, section, "layers", example);
    if (list == NULL)
        return false;
    if (list->type != NODE_LIST)
        return field_wrong(r, list, "a list of layers");
    if (!field_has_count(r, list, 1, MAX_LAYERS, "layers"))
        return false;
    const size_t count = tree_count(list);
    experiment->layers = memory_array(count, sizeof(*experiment->layers));
    if (experiment->layers == NULL)
        return error_memory(r->error);
    experiment->layer_count = count;
    const node *item = list->first;
    for (size_t i = 0; i < count; i++, item = item->next)
        if (!read_layer(r, item, &experiment->init, i, &experiment->layers[i]))
            return false;
    return true;
}

void network_section_free(experiment *experiment)
{
    for (size_t i = 0; i < experiment->layer_count; i++) {
        component_free(&experiment->layers[i].activation);
        free(experiment->layers[i].init.from);
    }
    free(experiment->layers);
    free(experiment->init.from);
}
