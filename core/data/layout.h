/* layout.h: what each column of a file is used for. Private to data. */
#ifndef DATA_LAYOUT_H
#define DATA_LAYOUT_H

#include "config/experiment.h"
#include "data/encoding.h"
#include "data/vocabulary.h"

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
/* Sets the target names of an encoding to those of the target columns; false: out of memory. */
bool layout_name_targets(const column_layout *layout, const vocabulary *names, encoding *fitted);
/* From an encoding, for another file. Columns are found by name, so their order may differ;
 * without a header by number, or, if the file has just the inputs, in their order. With
 * with_targets the targets must be there; without, they are left out. *extra: columns of the file
 * that are not used. */
bool layout_match(column_layout *layout, const vocabulary *names, bool header,
                  const encoding *fitted, const char *path, bool with_targets, size_t *extra,
                  plx_error *error);

/* Says that `names` (the columns of the file at `path`) has no such column, with the nearest. Code
 * ERROR_CONFIG. Returns false. */
bool layout_no_column(const vocabulary *names, const char *column, const char *path, place at,
                      plx_error *error);

#endif
