/* scale.h: what is fitted on the training rows: means of missing values and the scaling.
 * Private. */
#ifndef DATA_SCALE_H
#define DATA_SCALE_H

#include "data/dataset.h"

/* The number of a training part's row in its source. */
uint32_t part_row(const data_part *part, size_t position);

/* Fits offset and factor of every feature on the rows of `train`; one-hot columns are left alone.
 * Missing values must have been filled. */
bool scale_fit(const data_part *train, scale_rule rule, encoding *fitted, plx_error *error);
/* Fits target_mean and target_deviation. */
bool scale_fit_targets(const data_part *train, encoding *fitted, plx_error *error);

/* The mean of each number column over the training rows that have a value; a column without any is
 * an error if the file lacks a value there. */
bool fill_fit(const data_part *train, encoding *fitted, plx_error *error);
/* Puts the means in place of NaN. A file that is used where it lies has none. */
void fill_apply(dataset *data, const encoding *fitted);

#endif
