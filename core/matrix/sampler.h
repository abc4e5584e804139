/* sampler.h: where the trials of a search lie. A point is a position in [0, 1) for each searched setting,
 * a function of the trial's number alone, so that cells with the same ranges get the same trials,
 * and a range turns a position into a value.
 *
 *   grid     every combination of the values of `grid:` ranges and of evenly spaced points of the others, both
 *            ends among them; the last setting changes fastest
 *   random   independent and uniform
 *   sobol    a Sobol' sequence: in each dimension, and in many boxes of several, as even as can be
 */
#ifndef MATRIX_SAMPLER_H
#define MATRIX_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "matrix/spec.h"

/* Coordinate `dimension` (below SPEC_MOST_RANGES) of point `index` of the Sobol' sequence (Sobol' 1967) in 32
 * bits, with the direction numbers of Joe and Kuo 2008, "Constructing Sobol sequences with better
 * two-dimensional projections". Point 0 is the origin. */
uint32_t sampler_sobol(size_t dimension, uint32_t index);

/* What a range has at `position`, in [0, 1]: on the way from lo to hi, evenly or evenly in the logarithm,
 * to six digits, or to a whole number if it is to be one. Not for RANGE_GRID. */
double sampler_value(const search_range *range, double position);

/* The value of each of `count` ranges in a trial, as text that a config file could hold: new strings in
 * out[0 .. count-1]. `grid_points` is spec_grid_points of these ranges. False without memory; then
 * nothing is left in out. */
bool sampler_trial(const spec_protocol *protocol, const search_range *const *range, size_t count,
                   size_t grid_points, size_t trial, char **out);

#endif
