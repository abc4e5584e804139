/* experiment.c: an experiment file from its tree to its structs. The sections are read one after
 * the other, each by its own file; here they are put in order, and what holds across them is
 * checked. */
#include "config/experiment.h"

#include <stdlib.h>

#include "config/sections.h"
#include "support/file.h"
#include "support/memory.h"

static bool read_loss(const reader *r, const node *value, experiment *experiment)
{
    static const char *const own[] = {"name", "fused"};
    const layer_config *last = &experiment->layers[experiment->layer_count - 1];

    experiment->fused = true;
    return component_read(r, value, PLX_KIND_LOSS, (word_list){own, 2}, &experiment->loss) &&
           field_flag(r, value, "fused", &experiment->fused) &&
           settings_loss_fits(experiment->loss.settings, last->activation.settings, r->catalog,
                              experiment->loss.at, r->error);
}

static bool read_sections(const reader *r, const node *root, experiment *experiment)
{
    static const char *const words[] = {"data",      "network",  "loss",
                                        "optimizer", "schedule", "train"};
    const node *data = NULL, *network = NULL, *loss = NULL, *optimizer = NULL;

    if (!field_known(r, root, (word_list){words, 6}))
        return false;
    if ((data = field_required(r, root, "data", "data: {train: file.csv, target: column}")) ==
            NULL ||
        (network = field_required(r, root, "network",
                                  "network: {layers: [{units: 10, activation: softmax}]}")) ==
            NULL ||
        (loss = field_required(r, root, "loss", "loss: cross_entropy")) == NULL ||
        (optimizer = field_required(r, root, "optimizer", "optimizer: {name: adam, lr: 0.001}")) ==
            NULL)
        return false;
    return data_section_read(r, data, &experiment->data) &&
           network_section_read(r, network, experiment) && read_loss(r, loss, experiment) &&
           optimizer_section_read(r, optimizer, experiment) &&
           schedule_section_read(r, tree_child(root, "schedule"), experiment) &&
           training_section_read(r, tree_child(root, "train"), experiment);
}

experiment *experiment_resolve(const char *file, const char *folder, node *tree,
                               const experiment_options *options, catalog *catalog,
                               plx_error *error)
{
    static const experiment_options none = {0};
    experiment *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        tree_free(tree);
        error_memory(error);
        return NULL;
    }
    if (options == NULL)
        options = &none;
    const reader r = {file, folder, catalog, options->without_optimizer, error};
    made->tree = tree;
    made->file = memory_string(file);
    made->name = tree_name(file);
    bool ok = (made->file != NULL && made->name != NULL) || error_memory(error);
    for (size_t i = 0; i < options->set_count && ok; i++)
        ok = tree_set(tree, options->sets[i], error);
    if (ok && read_sections(&r, tree, made))
        return made;
    experiment_free(made);
    return NULL;
}

experiment *experiment_parse(const char *name, const char *folder, const char *bytes, size_t length,
                             const experiment_options *options, catalog *catalog, plx_error *error)
{
    node *tree = tree_parse(name, bytes, length, error);

    return tree != NULL ? experiment_resolve(name, folder, tree, options, catalog, error) : NULL;
}

experiment *experiment_read(const char *path, const experiment_options *options, catalog *catalog,
                            plx_error *error)
{
    node *tree = tree_read(path, error);

    if (tree == NULL)
        return NULL;
    char *folder = file_folder(path);
    if (folder == NULL) {
        tree_free(tree);
        error_memory(error);
        return NULL;
    }
    experiment *made = experiment_resolve(path, folder, tree, options, catalog, error);
    free(folder);
    return made;
}

void experiment_free(experiment *experiment)
{
    if (experiment == NULL)
        return;
    data_section_free(&experiment->data);
    network_section_free(experiment);
    component_free(&experiment->loss);
    optimizer_section_free(experiment);
    training_section_free(&experiment->train);
    tree_free(experiment->tree);
    free(experiment->file);
    free(experiment->name);
    free(experiment);
}
