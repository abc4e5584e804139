/* generate.h: data sets that are made, not read. Private to data. */
#ifndef DATA_GENERATE_H
#define DATA_GENERATE_H

#include "data/dataset.h"

/* Checks the spec (code ERROR_CONFIG at its place) and makes the rows: inputs x1, x2, ... and
 * classes, from `seed` alone. Fills columns and labels of `encoding`. */
dataset *generate_data(const generate_spec *spec, uint64_t seed, encoding *fitted,
                       plx_error *error);

#endif
