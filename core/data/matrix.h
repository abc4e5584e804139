/* matrix.h: the formats without column names (IDX, NPY, LIBSVM), whose files are matrices
 * already: what is left is to find the targets and to deal with NaN. Private to data. */
#ifndef DATA_MATRIX_H
#define DATA_MATRIX_H

#include "data/labels.h"
#include "data/source.h"

/* Works out what the matrices of a training file mean: parts targets from inputs where one file
 * holds both, applies the missing rule, and sets the targets' kind and names, the columns and the
 * features of `encoding`. */
bool matrix_plan(input_file *source, const data_config *config, encoding *fitted, const logger *log,
                 plx_error *error);
/* The same for another file, as an encoding says; has_y: its targets were given as a second
 * file. */
bool matrix_match(input_file *source, const encoding *fitted, bool has_y, bool with_targets,
                  const logger *log, plx_error *error);
/* True for an encoding of an NPY file whose columns held the targets. */
bool matrix_has_inner_targets(const encoding *fitted);

/* Fills data->label with the labels of y, added to the set if `grow`, else an error if not
 * there. */
bool matrix_labels(const input_file *source, label_set *set, bool grow, const encoding *fitted,
                   dataset *data, plx_error *error);
/* Fills data->target with the numbers of y. */
bool matrix_numbers(const input_file *source, dataset *data, plx_error *error);

#endif
