/* source.c: see source.h. CSV goes through columns.c; the formats without names are matrices
 * already, which matrix.c takes apart; their storage is moved over. */
#include "data/source.h"

#include <stdlib.h>

#include "data/matrix.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

void source_clear(input_file *source)
{
    csv_close(&source->csv);
    layout_clear(&source->layout);
    free(source->scan);
    raw_clear(&source->x);
    raw_clear(&source->y);
    *source = (struct input_file){0};
}

/* --- reading --- */

/* How a file is to be read. */
typedef struct reading {
    const char *path, *targets;
    data_format forced;   /* FORMAT_AUTO: told by the file                                       */
    data_format fallback; /* if the file does not tell                                           */
    char delimiter;
    header_rule header;
    size_t features;   /* LIBSVM                                                                 */
    bool with_targets; /* read y                                                                 */
    bool exact;        /* NPY: as doubles, as targets are inside                                 */
} reading;

static bool read_matrix(data_format format, const char *path, char **bytes, size_t length,
                        raw_purpose purpose, raw_matrix *matrix, plx_error *error)
{
    return format == FORMAT_IDX ? idx_parse(path, bytes, length, purpose, matrix, error)
                                : npy_parse(path, bytes, length, purpose, matrix, error);
}

/* y of a pair. */
static bool read_targets(input_file *source, const char *path, plx_error *error)
{
    size_t length;
    char *bytes = file_read(path, RAW_MAX_BYTES, true, &length, error);
    bool ok = false;

    if (bytes == NULL)
        return false;
    data_format format = raw_detect(path, bytes, length);
    if (format != FORMAT_IDX && format != FORMAT_NPY)
        format = source->format;
    if (format == FORMAT_IDX || format == FORMAT_NPY)
        ok = read_matrix(format, path, &bytes, length, RAW_EXACT, &source->y, error);
    else
        error_set(error, ERROR_DATA, "%s: the targets of a pair are read from IDX or NPY files",
                  path);
    free(bytes);
    if (ok && source->y.rows != source->x.rows)
        return error_set(error, ERROR_DATA, "%s has %zu rows, but %s has %zu; they must agree",
                         path, source->y.rows, source->path, source->x.rows);
    return ok;
}

static bool read_by_format(input_file *source, const reading *how, char **bytes, size_t length,
                           plx_error *error)
{
    const raw_purpose purpose = how->exact ? RAW_EXACT : RAW_INPUTS;

    switch (source->format) {
    case FORMAT_CSV: {
        char *taken = *bytes;
        *bytes = NULL;
        return csv_open(&source->csv, how->path, taken, length, how->delimiter, how->header, error);
    }
    case FORMAT_LIBSVM:
        return libsvm_parse(how->path, *bytes, length, how->features, &source->x, &source->y,
                            error);
    case FORMAT_IDX:
    case FORMAT_NPY:
        return read_matrix(source->format, how->path, bytes, length, purpose, &source->x, error);
    default:
        return error_set(error, ERROR_DATA,
                         "%s: neither its name nor its first bytes tell its format; set `format:` "
                         "to csv, idx, npy or libsvm",
                         how->path);
    }
}

/* What the file says it is, or else the config or training. */
static data_format format_of(const reading *how, const char *bytes, size_t length)
{
    const data_format told =
        how->forced != FORMAT_AUTO ? how->forced : raw_detect(how->path, bytes, length);

    return told == FORMAT_AUTO ? how->fallback : told;
}

/* What is converted has to fit into memory; most who meet this can have it otherwise. */
static bool check_readable(const reading *how, data_format format, size_t length, plx_error *error)
{
    if (length <= RAW_MAX_BYTES)
        return true;
    return error_set(error, ERROR_DATA,
                     "%s: %zu bytes; an %s file like this one is converted in memory, which takes "
                     "at most %zu; used where they lie, and so of any size, are %s%s",
                     how->path, length, raw_format_name(format), RAW_MAX_BYTES,
                     format == FORMAT_IDX
                         ? "unsigned bytes (type 0x08)"
                         : "|u1 and <f4, row by row (in NumPy: numpy.ascontiguousarray(x, '<f4'))",
                     how->exact ? ", with the targets in a file of their own" : "");
}

/* IDX and NPY inputs that can be used in their file. *done: they are; else the file is to be read.
 */
static bool map_source(input_file *source, const reading *how, size_t *room, bool *done,
                       plx_error *error)
{
    mapping *map = mapping_open(how->path, *room);
    bool ok = true;

    *done = false;
    if (map == NULL)
        return true;
    const char *bytes = (const char *)mapping_bytes(map);
    const size_t length = mapping_length(map);
    const bool compressed = length >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
    const data_format format = format_of(how, bytes, length);
    if (!compressed && (format == FORMAT_IDX || format == FORMAT_NPY)) {
        source->format = format;
        if (!how->exact)
            ok = format == FORMAT_IDX ? idx_map(how->path, map, &source->x, done, error)
                                      : npy_map(how->path, map, &source->x, done, error);
        if (ok && !*done)
            ok = check_readable(how, format, length, error);
    }
    if (source->x.map == NULL)
        mapping_close(map);
    else
        *room -= mapping_near(map) < *room ? mapping_near(map) : *room;
    return ok;
}

/* room: the bytes of the file that may be mapped; what is mapped is taken off. */
static bool read_source(input_file *source, const reading *how, size_t *room, plx_error *error)
{
    size_t length;
    bool done;

    source->path = how->path;
    if (!map_source(source, how, room, &done, error))
        return false;
    if (done)
        return true;
    char *bytes = file_read(how->path, RAW_MAX_BYTES, true, &length, error);
    if (bytes == NULL)
        return false;
    source->format = format_of(how, bytes, length);
    const bool ok = read_by_format(source, how, &bytes, length, error);
    free(bytes);
    return ok;
}

/* CSV and LIBSVM files have their targets within. */
static bool holds_targets(data_format format)
{
    return format == FORMAT_CSV || format == FORMAT_LIBSVM;
}

/* --- the dataset --- */

static dataset *new_dataset(const char *name, size_t rows, target_kind targets, size_t target_count,
                            plx_error *error)
{
    dataset *data = memory_array(1, sizeof(*data));
    size_t count;

    if (data == NULL || __builtin_mul_overflow(rows, target_count, &count)) {
        free(data);
        error_memory(error);
        return NULL;
    }
    data->name = memory_string(name);
    data->rows = rows;
    if (targets == TARGETS_CLASS)
        data->label = memory_array(rows, sizeof(*data->label));
    if (targets == TARGETS_NUMBER) {
        data->target = memory_array(count, sizeof(*data->target));
        data->target_count = target_count;
    }
    if (data->name == NULL || (targets == TARGETS_CLASS && data->label == NULL) ||
        (targets == TARGETS_NUMBER && data->target == NULL)) {
        dataset_free(data);
        error_memory(error);
        return NULL;
    }
    return data;
}

/* --- CSV for training --- */

/* Whether the targets are classes. Several targets are numbers. */
static bool csv_target_kind(const input_file *source, const data_config *config, encoding *fitted,
                            bool *numeric, plx_error *error)
{
    const column_layout *layout = &source->layout;
    const target_as as = config->target[0].as;

    fitted->targets = TARGETS_NUMBER;
    for (size_t t = 0; t < config->target_count; t++)
        if (config->target[t].as == AS_CLASS && config->target_count > 1)
            return error_at(error, ERROR_CONFIG, config->target[t].at,
                            "`as: class` with %zu targets; several targets must all be numbers",
                            config->target_count);
    for (size_t c = 0; c < layout->columns; c++) {
        const column_scan *scan = &source->scan[c];
        if (layout->target[c] == COLUMN_UNUSED)
            continue;
        if (scan->text && layout->targets > 1)
            return csv_error(&source->csv, scan->text_at, error,
                             "the target '%s' is not a number here; several targets must all be "
                             "numbers",
                             text_show(source->csv.names.text[c]).bytes);
        *numeric = !scan->text;
        if (as == AS_CLASS || (as == AS_AUTO && scan->text))
            fitted->targets = TARGETS_CLASS;
    }
    return true;
}

/* What the fields are, and which rows have them all. A row that is left out decides nothing: it is
 * looked at only to name a column that has no value at all, which dropping would not tell. */
static bool scan_rows(input_file *source, missing_rule rule, const logger *log, plx_error *error)
{
    csv_table *csv = &source->csv;
    const size_t rows = csv->rows;

    source->scan = columns_scan(csv, &source->layout, error);
    if (source->scan == NULL || !columns_missing(csv, &source->layout, rule, false, log, error))
        return false;
    if (csv->rows == rows)
        return true;
    free(source->scan);
    source->scan = columns_scan(csv, &source->layout, error);
    return source->scan != NULL;
}

static dataset *open_csv(input_file *source, const data_config *config, encoding *fitted,
                         const logger *log, plx_error *error)
{
    csv_table *csv = &source->csv;
    column_layout *layout = &source->layout;
    label_set labels = {0};

    if (!layout_plan(layout, &csv->names, config, source->path, error) ||
        !scan_rows(source, config->missing, log, error) ||
        !csv_target_kind(source, config, fitted, &labels.numeric, error))
        return NULL;
    fitted->header = csv->header;
    fitted->delimiter = csv->delimiter;
    if (!layout_name_targets(layout, &csv->names, fitted)) {
        error_memory(error);
        return NULL;
    }
    dataset *data = new_dataset(source->path, csv->rows, fitted->targets, layout->targets, error);
    if (data == NULL)
        return NULL;
    const bool ok =
        fitted->targets == TARGETS_NUMBER
            ? columns_targets(csv, layout, data, error)
            : columns_labels(csv, layout, &labels, true, fitted, data, error) &&
                  labels_settle(&labels, fitted, source->path, data->label, data->rows, error);
    labels_clear(&labels);
    if (ok)
        return data;
    dataset_free(data);
    return NULL;
}

/* --- matrices for training --- */

/* A matrix of inputs is what a dataset keeps. */
static void move_storage(input_file *source, dataset *data)
{
    data->features = source->x.cols;
    data->bytes = source->x.bytes;
    data->floats = source->x.floats;
    data->map = source->x.map;
    data->start = source->x.start;
    source->x = (raw_matrix){.rows = 0};
}

static dataset *open_matrix(input_file *source, const data_config *config, encoding *fitted,
                            const logger *log, plx_error *error)
{
    label_set labels = {.numeric = true};

    if (!matrix_plan(source, config, fitted, log, error))
        return NULL;
    dataset *data =
        new_dataset(source->path, source->x.rows, fitted->targets, source->y.cols, error);
    if (data == NULL)
        return NULL;
    const bool ok =
        fitted->targets == TARGETS_NUMBER
            ? matrix_numbers(source, data, error)
            : matrix_labels(source, &labels, true, fitted, data, error) &&
                  labels_settle(&labels, fitted, source->path, data->label, data->rows, error);
    labels_clear(&labels);
    if (ok)
        return data;
    dataset_free(data);
    return NULL;
}

/* With `format: auto` it takes the file to know that a key means nothing. */
static bool check_format_keys(data_format format, const data_config *config, plx_error *error)
{
    const char *key = NULL, *right = "CSV";

    if (format != FORMAT_CSV && config->header != HEADER_AUTO) {
        key = "header";
    } else if (format != FORMAT_CSV && config->delimiter != '\0') {
        key = "delimiter";
    } else if (format != FORMAT_LIBSVM && config->features != 0) {
        key = "features";
        right = "LIBSVM";
    }
    return key == NULL ||
           error_at(error, ERROR_CONFIG, config->at, "`%s` is for %s files; this is %s", key, right,
                    raw_format_name(format));
}

/* --- for training --- */

/* What scaling and means take for each feature: figures and the scale in doubles, a column with its
 * name. For a few rows with many features it is more than the rows. */
static size_t bytes_beside(const data_config *config)
{
    enum { FIGURES = 6, NAME = 32 };
    const size_t scaling = config->scale == SCALE_NONE ? 0 : FIGURES * sizeof(double);

    return scaling + (config->missing == MISSING_MEAN ? sizeof(input_column) + NAME : 0);
}

dataset *source_open_training(input_file *source, const data_config *config, encoding *fitted,
                              size_t *room, const logger *log, plx_error *error)
{
    const reading how = {.path = config->train.path,
                         .targets = config->train.targets,
                         .forced = config->format,
                         .delimiter = config->delimiter,
                         .header = config->header,
                         .features = config->features,
                         .with_targets = true,
                         .exact = config->train.targets == NULL};

    *source = (struct input_file){.x = {.beside = bytes_beside(config)}};
    if (!read_source(source, &how, room, error))
        return NULL;
    fitted->format = source->format;
    fitted->missing = config->missing;
    if (!check_format_keys(source->format, config, error))
        return NULL;
    if (how.targets != NULL && holds_targets(source->format)) {
        error_at(error, ERROR_CONFIG, config->train.at,
                 "a %s file holds its targets; give its path alone%s",
                 raw_format_name(source->format),
                 source->format == FORMAT_CSV ? ", and the column as `target`" : "");
        return NULL;
    }
    if (how.targets != NULL && !read_targets(source, how.targets, error))
        return NULL;
    return source->format == FORMAT_CSV ? open_csv(source, config, fitted, log, error)
                                        : open_matrix(source, config, fitted, log, error);
}

/* Room for the inputs of a CSV file. */
static bool reserve_inputs(dataset *data, size_t features, plx_error *error)
{
    raw_matrix storage = {0};

    if (!raw_reserve(&storage, data->name, data->rows, features, RAW_INPUTS, error))
        return false;
    data->floats = storage.floats;
    data->features = features;
    return true;
}

bool source_fit_inputs(input_file *source, const data_config *config, const uint8_t *parts,
                       encoding *fitted, dataset *data, const logger *log, plx_error *error)
{
    if (source->format != FORMAT_CSV) {
        move_storage(source, data);
        return true;
    }
    return columns_fit(&source->csv, &source->layout, source->scan, config, parts, fitted, error) &&
           reserve_inputs(data, fitted->features, error) &&
           columns_encode(&source->csv, &source->layout, fitted, data, log, error);
}

/* --- for another file --- */

/* The targets, which have been read: by the labels of training, or as numbers. */
static bool fill_targets(input_file *source, const encoding *fitted, dataset *data,
                         plx_error *error)
{
    const bool csv = source->format == FORMAT_CSV;
    label_set labels;

    if (data->target != NULL)
        return csv ? columns_targets(&source->csv, &source->layout, data, error)
                   : matrix_numbers(source, data, error);
    if (data->label == NULL)
        return true;
    if (!labels_open(&labels, fitted))
        return error_memory(error);
    const bool ok =
        csv ? columns_labels(&source->csv, &source->layout, &labels, false, fitted, data, error)
            : matrix_labels(source, &labels, false, fitted, data, error);
    labels_clear(&labels);
    return ok;
}

static bool match_csv(input_file *source, const encoding *fitted, bool with_targets,
                      const logger *log, plx_error *error)
{
    csv_table *csv = &source->csv;
    size_t extra;

    if (!layout_match(&source->layout, &csv->names, csv->header, fitted, source->path, with_targets,
                      &extra, error))
        return false;
    if (extra > 0)
        log_line(log, LOG_INFO, "%s: %zu column%s not used", source->path, extra,
                 extra == 1 ? " is" : "s are");
    return columns_missing(csv, &source->layout, fitted->missing, !with_targets, log, error);
}

/* A CSV encoding reads CSV, whatever the file is called; the others read each other's files. */
static bool read_other(input_file *source, const reading *how, size_t *room, plx_error *error)
{
    if (!read_source(source, how, room, error))
        return false;
    if (source->format == FORMAT_CSV && how->forced != FORMAT_CSV)
        return error_set(error, ERROR_DATA,
                         "%s: is a CSV file, but training was on %s; a file without column names "
                         "is needed",
                         how->path, raw_format_name(how->fallback));
    if (how->targets == NULL || !how->with_targets)
        return true;
    if (holds_targets(source->format))
        return error_set(error, ERROR_DATA,
                         "%s: a %s file holds its targets; no second file is needed", how->path,
                         raw_format_name(source->format));
    return read_targets(source, how->targets, error);
}

static dataset *open_other(input_file *source, const encoding *fitted, const reading *how,
                           size_t *room, const logger *log, plx_error *error)
{
    const bool csv = fitted->format == FORMAT_CSV, with_targets = how->with_targets;

    if (!read_other(source, how, room, error))
        return NULL;
    if (csv ? !match_csv(source, fitted, with_targets, log, error)
            : !matrix_match(source, fitted, how->targets != NULL, with_targets, log, error))
        return NULL;
    dataset *data =
        new_dataset(how->path, csv ? source->csv.rows : source->x.rows,
                    with_targets ? fitted->targets : TARGETS_NONE, fitted->target_count, error);
    if (data == NULL)
        return NULL;
    bool ok = fill_targets(source, fitted, data, error);
    if (ok && csv)
        ok = reserve_inputs(data, fitted->features, error) &&
             columns_encode(&source->csv, &source->layout, fitted, data, log, error);
    else if (ok)
        move_storage(source, data);
    if (ok)
        return data;
    dataset_free(data);
    return NULL;
}

dataset *source_open_other(input_file *source, const encoding *fitted, const char *path,
                           const char *targets, bool with_targets, size_t *room, const logger *log,
                           plx_error *error)
{
    const reading how = {.path = path,
                         .targets = targets,
                         .forced = fitted->format == FORMAT_CSV ? FORMAT_CSV : FORMAT_AUTO,
                         .fallback = fitted->format,
                         .delimiter = fitted->delimiter,
                         .header = fitted->header ? HEADER_YES : HEADER_NO,
                         .features = fitted->features,
                         .with_targets = with_targets,
                         .exact = matrix_has_inner_targets(fitted) && targets == NULL};

    *source = (struct input_file){0};
    return open_other(source, fitted, &how, room, log, error);
}
