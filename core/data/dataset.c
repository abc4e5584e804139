/* dataset.c: loading all the data of one experiment.
 *
 * The order of things is what keeps test rows out of training: the training file is read and its
 * targets are understood; rows are split; only then are categories, means and scaling fitted, on
 * the training rows alone; files for validation and test are read last, as the finished encoding
 * says. What the whole training file does decide is its schema: which columns are numbers, and the
 * set of labels. */
#include "data/dataset.h"

#include <stdlib.h>

#include "data/generate.h"
#include "data/scale.h"
#include "data/source.h"
#include "data/split.h"
#include "support/memory.h"
#include "support/text.h"

void dataset_free(dataset *data)
{
    if (data == NULL)
        return;
    free(data->name);
    if (data->map == NULL) {
        free(data->bytes);
        free(data->floats);
    }
    mapping_close(data->map);
    free(data->label);
    free(data->target);
    free(data);
}

size_t dataset_row_bytes(const dataset *data)
{
    return data->features * (data->bytes != NULL ? sizeof(uint8_t) : sizeof(float));
}

size_t dataset_near(const dataset *data)
{
    if (data->map == NULL || mapping_near(data->map) == mapping_length(data->map))
        return data->rows;
    if (mapping_near(data->map) < data->start)
        return 0;
    return (mapping_near(data->map) - data->start) / dataset_row_bytes(data);
}

bool dataset_intact(const dataset *data, plx_error *error)
{
    return data->map == NULL || mapping_intact(data->map, error);
}

bool dataset_unchanged(const dataset *data, plx_error *error)
{
    return data->map == NULL || mapping_unchanged(data->map, error);
}

bool data_unchanged(const data_bundle *bundle, plx_error *error)
{
    for (int i = 0; i < 3; i++)
        if (bundle->storage[i] != NULL && !dataset_unchanged(bundle->storage[i], error))
            return false;
    return true;
}

void data_free(data_bundle *bundle)
{
    if (bundle == NULL)
        return;
    encoding_clear(&bundle->encoding);
    for (int i = 0; i < 3; i++)
        dataset_free(bundle->storage[i]);
    free(bundle->train.row);
    free(bundle->validation.row);
    free(bundle->test.row);
    free(bundle);
}

/* --- checks --- */

static bool check_fraction(const data_source *source, plx_error *error)
{
    if (source->path == NULL && !(source->fraction >= 0 && source->fraction < 1))
        return error_at(error, ERROR_CONFIG, source->at,
                        "the fraction %g; it must be at least 0 and below 1", source->fraction);
    return true;
}

static bool check_split(const data_config *config, size_t rows, const encoding *fitted,
                        plx_error *error)
{
    if (!check_fraction(&config->validation, error) || !check_fraction(&config->test, error))
        return false;
    if (config->folds > 0 && (config->test.path != NULL || config->test.fraction > 0))
        return error_at(error, ERROR_CONFIG, config->test.at,
                        "`test` beside `folds`; with folds the test part is fold %zu",
                        config->fold);
    if (config->folds == 1 || config->folds > rows)
        return error_at(error, ERROR_CONFIG, config->at,
                        "%zu folds of %zu rows; there must be 2 to %zu", config->folds, rows, rows);
    if (config->folds > 0 && config->fold >= config->folds)
        return error_at(error, ERROR_CONFIG, config->at, "fold %zu of %zu; folds count from 0",
                        config->fold, config->folds);
    if (config->stratify && fitted->targets != TARGETS_CLASS)
        return error_at(error, ERROR_CONFIG, config->at,
                        "`stratify` needs classes, but the target is a number");
    return true;
}

static bool check_targets(const data_config *config, const encoding *fitted, plx_error *error)
{
    if (config->scale_target != SCALE_NONE && fitted->targets != TARGETS_NUMBER)
        return error_at(error, ERROR_CONFIG, config->at,
                        "`scale_target` is for numbers, but '%s' holds classes",
                        text_show(fitted->target_name[0]).bytes);
    if (config->label_smoothing > 0 && fitted->targets != TARGETS_CLASS)
        return error_at(error, ERROR_CONFIG, config->at,
                        "`label_smoothing` needs classes, but the target is a number");
    return true;
}

/* --- parts --- */

/* The rows of one part, in the order of the file; a part of all rows has no list. */
static bool set_part(data_part *part, const dataset *data, const uint8_t *parts, split_part which)
{
    size_t count = 0;

    for (size_t r = 0; r < data->rows; r++)
        count += parts[r] == which ? 1 : 0;
    part->source = count > 0 ? data : NULL;
    part->rows = count;
    if (count == 0 || count == data->rows)
        return true;
    part->row = memory_array(count, sizeof(*part->row));
    if (part->row == NULL)
        return false;
    count = 0;
    for (size_t r = 0; r < data->rows; r++)
        if (parts[r] == which)
            part->row[count++] = (uint32_t)r;
    return true;
}

/* The part of each row of the training file; sets the bundle's parts. A new array. */
static uint8_t *split_training(data_bundle *bundle, const data_config *config, plx_error *error)
{
    const dataset *data = bundle->storage[0];
    const split_plan plan = {.rows = data->rows,
                             .seed = config->seed,
                             .test = config->test.path == NULL ? config->test.fraction : 0,
                             .validation =
                                 config->validation.path == NULL ? config->validation.fraction : 0,
                             .folds = config->folds,
                             .fold = config->fold,
                             .label = config->stratify ? data->label : NULL,
                             .label_count = bundle->encoding.label_count};

    if (!check_split(config, data->rows, &bundle->encoding, error))
        return NULL;
    uint8_t *parts = split_rows(&plan, data->name, error);
    if (parts != NULL && (!set_part(&bundle->train, data, parts, PART_TRAIN) ||
                          !set_part(&bundle->validation, data, parts, PART_VALIDATION) ||
                          !set_part(&bundle->test, data, parts, PART_TEST))) {
        error_memory(error);
        free(parts);
        return NULL;
    }
    return parts;
}

/* --- loading --- */

/* How many bytes of files may be mapped: three quarters of the memory. Nearly all of a file that the
 * kernel can keep at hand is then as fast as memory, and what is mapped does not crowd itself out. */
static size_t room_for_files(void)
{
    const double room = memory_limit() * 3 / 4;

    return room > 0 && room < (double)SIZE_MAX ? (size_t)room : SIZE_MAX;
}

static bool load_file(data_bundle *bundle, const data_config *config, size_t *room,
                      const logger *log, plx_error *error)
{
    encoding *fitted = &bundle->encoding;
    uint8_t *parts = NULL;
    input_file source;
    bool ok = false;

    if (config->train.path == NULL)
        return error_at(error, ERROR_CONFIG, config->at,
                        "no data to train on; name a file (`train`) or a generator (`generate`)");
    bundle->storage[0] = source_open_training(&source, config, fitted, room, log, error);
    if (bundle->storage[0] != NULL && check_targets(config, fitted, error))
        parts = split_training(bundle, config, error);
    if (parts != NULL)
        ok = source_fit_inputs(&source, config, parts, fitted, bundle->storage[0], log, error);
    free(parts);
    source_clear(&source);
    return ok;
}

static bool load_generated(data_bundle *bundle, const data_config *config, plx_error *error)
{
    bundle->storage[0] = generate_data(&config->generate, config->seed, &bundle->encoding, error);
    if (bundle->storage[0] == NULL)
        return false;
    bundle->encoding.missing = config->missing;
    if (!check_targets(config, &bundle->encoding, error))
        return false;
    uint8_t *parts = split_training(bundle, config, error);
    free(parts);
    return parts != NULL;
}

static bool fit(data_bundle *bundle, const data_config *config, plx_error *error)
{
    encoding *fitted = &bundle->encoding;

    if (fitted->missing == MISSING_MEAN) {
        if (!fill_fit(&bundle->train, fitted, error))
            return false;
        fill_apply(bundle->storage[0], fitted);
    }
    if (!scale_fit(&bundle->train, config->scale, fitted, error))
        return false;
    encoding_look_at_scaling(fitted);
    return config->scale_target == SCALE_NONE || scale_fit_targets(&bundle->train, fitted, error);
}

static dataset *read_within(const encoding *fitted, const char *path, const char *targets,
                            bool with_targets, size_t *room, const logger *log, plx_error *error)
{
    input_file source;
    dataset *data =
        source_open_other(&source, fitted, path, targets, with_targets, room, log, error);

    source_clear(&source);
    if (data != NULL && fitted->missing == MISSING_MEAN)
        fill_apply(data, fitted);
    return data;
}

/* A validation or test file, if there is one. */
static bool load_held_out(data_bundle *bundle, const data_source *from, int slot, data_part *part,
                          size_t *room, const logger *log, plx_error *error)
{
    if (from->path == NULL)
        return true;
    dataset *data =
        read_within(&bundle->encoding, from->path, from->targets, true, room, log, error);
    if (data == NULL)
        return false;
    bundle->storage[slot] = data;
    *part = (data_part){.source = data, .rows = data->rows};
    return true;
}

data_bundle *data_load(const data_config *config, const logger *log, plx_error *error)
{
    data_bundle *bundle = memory_array(1, sizeof(*bundle));
    size_t room = room_for_files();

    if (bundle == NULL) {
        error_memory(error);
        return NULL;
    }
    const bool loaded = config->generate.name != NULL
                            ? load_generated(bundle, config, error)
                            : load_file(bundle, config, &room, log, error);
    if (loaded && fit(bundle, config, error) &&
        load_held_out(bundle, &config->validation, 1, &bundle->validation, &room, log, error) &&
        load_held_out(bundle, &config->test, 2, &bundle->test, &room, log, error))
        return bundle;
    data_free(bundle);
    return NULL;
}

dataset *data_read(const encoding *fitted, const char *path, const char *targets, bool with_targets,
                   const logger *log, plx_error *error)
{
    size_t room = room_for_files();

    return read_within(fitted, path, targets, with_targets, &room, log, error);
}
