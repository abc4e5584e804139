/* experiment.h: an experiment file as typed structs, every default filled in, every component
 * found, its settings checked. Reading it is the one place where the words of a config file have
 * meaning; all that comes later works on these structs. Errors are `file:line:col: ...` with the
 * nearest name. */
#ifndef CONFIG_EXPERIMENT_H
#define CONFIG_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/tree.h"
#include "plugin/catalog.h"
#include "plugin/settings.h"
#include "support/error.h"
#include "support/text.h"

/* ---- data ------------------------------------------------------------------------------------ */

typedef enum { FORMAT_AUTO, FORMAT_CSV, FORMAT_IDX, FORMAT_NPY, FORMAT_LIBSVM } data_format;
typedef enum { MISSING_ERROR, MISSING_DROP, MISSING_MEAN } missing_rule;
typedef enum { SCALE_NONE, SCALE_UNIT, SCALE_STANDARD } scale_rule;
typedef enum { HEADER_AUTO, HEADER_YES, HEADER_NO } header_rule;
typedef enum { AS_AUTO, AS_CLASS, AS_NUMBER } target_as;

/* A file, a pair of files, or (validation, test) a fraction of the training rows. */
typedef struct data_source {
    char *path;      /* absolute; the one file, or x of a pair; NULL if none                     */
    char *targets;   /* absolute; y of a pair                                                    */
    double fraction; /* 0 <= f < 1; used if path is NULL                                         */
    place at;
} data_source;

typedef struct target_spec {
    char *column; /* a header name, or a column number from 0 when there is no header; NULL: the
                     only target there is (npy pair, libsvm)                                     */
    target_as as;
    place at;
} target_spec;

/* Generators: xor, moons, circles, spirals, blobs. */
typedef struct generate_spec {
    char *name; /* NULL: no generator                                                            */
    size_t samples;
    double noise;   /* standard deviation added to each coordinate                                */
    size_t classes; /* spirals and blobs                                                         */
    double factor;  /* circles: inner radius over outer                                          */
    double turns;   /* spirals                                                                   */
    double spread;  /* blobs: deviation of a blob                                                */
    size_t features; /* blobs: dimensions                                                        */
    place at;
} generate_spec;

typedef struct data_config {
    place at;
    data_source train, validation, test;
    generate_spec generate;
    data_format format;
    target_spec *target;
    size_t target_count;
    char **drop; /* columns left out                                                             */
    size_t drop_count;
    char **categorical; /* columns taken as categories though they look like numbers             */
    size_t categorical_count;
    header_rule header;
    char delimiter;  /* 0: tab for a .tsv file, else a comma */
    size_t features; /* LIBSVM: number of features; 0: the largest index in train                */
    missing_rule missing;
    scale_rule scale;
    scale_rule scale_target; /* SCALE_NONE or SCALE_STANDARD                                     */
    uint64_t seed;
    bool stratify;
    size_t folds, fold; /* folds 0: none; else the test part is fold `fold`                      */
    double label_smoothing;
} data_config;

/* ---- network --------------------------------------------------------------------------------- */

typedef enum {
    INIT_AUTO,          /* N(0, gain^2 / fan_in), the activation's own gain                      */
    INIT_NORMAL,        /* N(0, std^2)                                                           */
    INIT_LECUN_NORMAL,  /* N(0, 1 / fan_in)                                                      */
    INIT_XAVIER_NORMAL, /* N(0, 2 / (fan_in + fan_out))                                          */
    INIT_XAVIER_UNIFORM,
    INIT_HE_NORMAL, /* N(0, 2 / fan_in)                                                          */
    INIT_HE_UNIFORM,
    INIT_ORTHOGONAL,
    INIT_ZEROS,
    INIT_FROM, /* a model file                                                                   */
} init_rule;

typedef struct init_spec {
    init_rule rule;
    double std; /* INIT_NORMAL                                                                   */
    char *from; /* INIT_FROM: absolute path                                                      */
    place at;
} init_spec;

/* A component: its plug-in and settings. */
typedef struct component {
    settings *settings;
    place at; /* of its name in the file                                                         */
} component;

typedef struct layer_config {
    size_t units;
    component activation;
    double dropout; /* probability that an output is zeroed in training, 0 <= p < 1              */
    bool bias;      /* false: no bias tensor                                                     */
    double bias_init;
    init_spec init; /* the network's unless the layer has its own; never INIT_FROM on a layer    */
    place at;
} layer_config;

/* ---- training -------------------------------------------------------------------------------- */

typedef enum {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP,        /* lr gamma^floor(epoch / every)                                       */
    SCHEDULE_EXPONENTIAL, /* lr gamma^epoch, moving per step                                     */
    SCHEDULE_COSINE,      /* from lr to lr_min over all steps                                    */
    SCHEDULE_LINEAR,      /* from lr to lr_min over all steps                                    */
    SCHEDULE_PLATEAU,     /* lr times gamma after `patience` epochs without improvement          */
} schedule_rule;

typedef struct schedule_config {
    schedule_rule rule;
    size_t warmup; /* steps of linear warm-up before, with any rule                              */
    double gamma;
    size_t every;    /* epochs                                                                   */
    size_t patience; /* epochs                                                                   */
    double min_delta;
    double lr_min;
    bool watch_train; /* plateau: watch train_loss (else val_loss)                               */
    place at;
} schedule_config;

typedef struct stopping_config {
    bool on;
    size_t patience; /* epochs                                                                   */
    double min_delta;
    char *monitor; /* "val_loss" (default), "val_accuracy", "train_loss", "val_r2", ...          */
    place at;
} stopping_config;

/* A rule of optimizer.groups: a rate or settings for the tensors that match. */
typedef struct group_rule {
    char **match; /* patterns of tensor names                                                    */
    size_t match_count;
    bool has_lr;
    double lr;          /* at the schedule's start; 0: these tensors stay as they are            */
    settings *settings; /* with the rule's values set; NULL without_optimizer                    */
    const node *keys;   /* the rule in the tree: which it sets                                   */
    place at;
} group_rule;

/* Tensors to which the same rules apply, and so with the same settings and rate. */
typedef struct parameter_group {
    settings *settings; /* the optimizer's, then those of the rules in their order               */
    double lr;          /* at the schedule's start                                               */
    uint64_t rules;     /* which: rule i is bit i                                                */
} parameter_group;

typedef enum { WEIGHTS_NONE, WEIGHTS_BALANCED, WEIGHTS_GIVEN } weights_rule;

typedef struct class_weights_config {
    weights_rule rule;
    char **label;
    double *weight;
    size_t count;
    place at;
} class_weights_config;

typedef struct train_config {
    place at;
    size_t epochs;
    size_t batch; /* 0: full                                                                     */
    uint64_t seed;
    bool shuffle;
    int threads;
    bool bf16; /* precision: what training multiplies is rounded to bfloat16                     */
    bool log_steps;
    double clip_norm, clip_value; /* 0: off; not both                                            */
    size_t top_k;                 /* 0: off                                                      */
    stopping_config early_stopping;
    class_weights_config class_weights;
} train_config;

typedef struct experiment {
    char *file; /* as given, for messages                                                      */
    char *name; /* the file's name without folder and .yaml                                    */
    node *tree; /* places and texts point into it                                              */
    data_config data;
    init_spec init;
    layer_config *layers;
    size_t layer_count;
    component loss;
    bool fused; /* loss: {fused: false} takes the long way                                       */
    component optimizer;
    double lr;
    group_rule *group_rules; /* as in the file                                                   */
    size_t group_rule_count;
    parameter_group *parameter_groups; /* one or more; none without_optimizer                    */
    size_t parameter_group_count;
    size_t *tensor_group; /* of each tensor of the network, in its order, its parameter group    */
    schedule_config schedule;
    train_config train;
} experiment;

typedef struct experiment_options {
    const char *const *sets; /* --set texts, applied in order                                    */
    size_t set_count;
    bool without_optimizer; /* the plug-in stays unloaded: experiment.optimizer.settings is NULL */
} experiment_options;

/* Reads, resolves and checks. Relative paths are taken against the file's folder. */
experiment *experiment_read(const char *path, const experiment_options *options, catalog *catalog,
                            plx_error *error);
/* The same from bytes; `folder` is what relative paths are taken against. */
experiment *experiment_parse(const char *name, const char *folder, const char *bytes, size_t length,
                             const experiment_options *options, catalog *catalog, plx_error *error);
/* The same from a tree, which is taken over, also on failure. A relative path in it is taken against the
 * folder of the file it was written in (its place); `folder` is that of `name`. */
experiment *experiment_resolve(const char *name, const char *folder, node *tree,
                               const experiment_options *options, catalog *catalog,
                               plx_error *error);
void experiment_free(experiment *experiment);
/* What is printed. */
typedef enum {
    PRINT_ALL,
    PRINT_IDENTITY, /* without what is no part of a run's identity: train.threads                */
    PRINT_CONTENT,  /* nor where files lie: their paths are left out                              */
} print_scope;

/* The resolved experiment as YAML, every default shown, paths absolute; reading back all of it gives
 * the same experiment, and printing that the same bytes. */
bool experiment_print(const experiment *experiment, print_scope scope, text *out);
/* The data section alone: two experiments with the same have the same data. */
bool experiment_print_data(const experiment *experiment, text *out);

#endif
