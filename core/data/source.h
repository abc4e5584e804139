/* source.h: a file on its way to becoming a dataset: read and checked, rows without a value dealt
 * with, inputs not yet encoded. Private to data. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "data/columns.h"
#include "data/csv.h"
#include "data/dataset.h"
#include "data/raw.h"

typedef struct input_file {
    const char *path; /* borrowed                                                                */
    data_format format;
    csv_table csv; /* FORMAT_CSV                                                                 */
    column_layout
        layout; /* FORMAT_CSV, and an NPY file that holds its targets                         */
    column_scan *scan;
    raw_matrix x, y; /* the other formats; y may be empty                                        */
} input_file;

void source_clear(input_file *source);

/* Reads the training file and works out its targets: a dataset without inputs, and the targets,
 * labels and format of `encoding`. *room: bytes that may be mapped, less what it maps of them. NULL
 * on failure. */
dataset *source_open_training(input_file *source, const data_config *config, encoding *fitted,
                              size_t *room, const logger *log, plx_error *error);
/* Encodes the inputs of that file, columns fitted on the rows where parts is PART_TRAIN. */
bool source_fit_inputs(input_file *source, const data_config *config, const uint8_t *parts,
                       encoding *fitted, dataset *data, const logger *log, plx_error *error);
/* Reads a file as an encoding says; the dataset is complete but for filling in means. */
dataset *source_open_other(input_file *source, const encoding *fitted, const char *path,
                           const char *targets, bool with_targets, size_t *room, const logger *log,
                           plx_error *error);

#endif
