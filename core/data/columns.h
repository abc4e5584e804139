/* columns.h: the columns of a CSV file turned into features, labels and targets. Private to
 * data. */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

#include "data/csv.h"
#include "data/dataset.h"
#include "data/labels.h"
#include "data/layout.h"

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
