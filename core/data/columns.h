/* columns.h: what the columns of a table are used for, and CSV columns turned into features.
 * Private to data. */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

#include "data/csv.h"
#include "data/dataset.h"
#include "data/labels.h"

#define COLUMN_UNUSED SIZE_MAX

/* For each column of a file: the number of the input or target it is, or COLUMN_UNUSED. */
typedef struct column_layout {
    size_t columns;
    size_t *input, *target;
    size_t inputs, targets;
} column_layout;

void layout_clear(column_layout *layout);
/* From a config: targets and drop found by name among `names`, all else are inputs. Code
 * ERROR_CONFIG with the nearest name. */
bool layout_plan(column_layout *layout, const vocabulary *names, const data_config *config,
                 const char *path, plx_error *error);
/* From an encoding, for another file. Columns are found by name, so their order may differ;
 * without a header by number, or, if the file has just the inputs, in their order. With
 * with_targets the targets must be there; without, they are left out. *extra: columns of the file
 * that are not used. */
bool layout_match(column_layout *layout, const vocabulary *names, bool header,
                  const encoding *fitted, const char *path, bool with_targets, size_t *extra,
                  plx_error *error);

/* What the fields of a column are. */
typedef struct column_scan {
    bool text;       /* a field that is no number                                                */
    size_t text_at;  /* the first such                                                           */
    bool unfit;      /* a number that is not finite as float32                                   */
    size_t unfit_at; /* the first such                                                           */
    size_t values, missing;
} column_scan;
/* Looks at every field of the columns used: (columns), a new array. A column in which every value
 * is missing is an error. */
column_scan *columns_scan(const csv_table *table, const column_layout *layout, plx_error *error);

/* Applies the missing rule to the rows of a table: error, drop (rows leave table->row) or mean
 * (inputs only). With answer_all no row may be dropped. */
bool columns_missing(csv_table *table, const column_layout *layout, missing_rule rule,
                     bool answer_all, const logger *log, plx_error *error);
/* Sets columns and features of the encoding. Categories are those of the training rows, where parts
 * (rows of the table) is PART_TRAIN. */
bool columns_fit(const csv_table *table, const column_layout *layout, const column_scan *scan,
                 const data_config *config, const uint8_t *parts, encoding *fitted,
                 plx_error *error);
/* Fills data->floats (rows x features); a missing number becomes NaN. A category without a feature
 * is all 0, and the log is told how often that happened. */
bool columns_encode(const csv_table *table, const column_layout *layout, const encoding *fitted,
                    dataset *data, const logger *log, plx_error *error);

/* Fill data->label: a label not in `set` is added if `grow`, else an error with the nearest
 * label. */
bool columns_labels(const csv_table *table, const column_layout *layout, label_set *set, bool grow,
                    const encoding *fitted, dataset *data, plx_error *error);
/* Fill data->target. */
bool columns_targets(const csv_table *table, const column_layout *layout, dataset *data,
                     plx_error *error);

#endif
