/* sampler.c: see sampler.h. */
#include "matrix/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"
#include "support/text.h"

/* ---- Sobol' ---------------------------------------------------------------------------------- */

/* For dimensions 2 and on: the primitive polynomial's degree s and inner coefficients a, and the initial
 * direction numbers m, of Joe and Kuo's table new-joe-kuo-6. The first dimension is van der
 * Corput's sequence. */
static const struct {
    unsigned s, a, m[5];
} sobol[SPEC_MOST_RANGES - 1] = {
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
};

/* Direction numbers v(1) .. v(32), 32-bit fractions: v(i) = a(1) v(i-1) ^ ... ^ a(s-1) v(i-s+1) ^ v(i-s)
 * ^ v(i-s) / 2^s. */
static void directions(size_t dimension, uint32_t v[32])
{
    for (unsigned i = 0; i < 32; i++)
        v[i] = (uint32_t)1 << (31 - i);
    if (dimension == 0)
        return;
    const unsigned s = sobol[dimension - 1].s, a = sobol[dimension - 1].a;
    for (unsigned i = 0; i < s; i++)
        v[i] = (uint32_t)sobol[dimension - 1].m[i] << (31 - i);
    for (unsigned i = s; i < 32; i++) {
        v[i] = v[i - s] ^ (v[i - s] >> s);
        for (unsigned k = 1; k < s; k++)
            if ((a >> (s - 1 - k)) & 1)
                v[i] ^= v[i - k];
    }
}

uint32_t sampler_sobol(size_t dimension, uint32_t index)
{
    uint32_t v[32], x = 0;

    directions(dimension, v);
    for (unsigned bit = 0; bit < 32 && index >> bit != 0; bit++)
        if ((index >> bit) & 1)
            x ^= v[bit];
    return x;
}

/* The points of a whole number of binary digits lie on the lower edges of their boxes; half a box
 * further they lie in the middle. */
static double sobol_position(size_t dimension, size_t trial, size_t trials)
{
    double box = 1;

    while (1 / box < (double)trials)
        box /= 2;
    const double x = (double)sampler_sobol(dimension, (uint32_t)trial) / 4294967296.0;
    return floor(x / box) * box + box / 2;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A number to six digits, as they are read. */
static double six_digits(double value)
{
    char digits[32];
    double rounded = value;

    snprintf(digits, sizeof(digits), "%.6g", value);
    return text_is_double(digits, strlen(digits), &rounded) ? rounded : value;
}

double sampler_value(const search_range *range, double position)
{
    double value = range->lo + position * (range->hi - range->lo);

    if (position <= 0 || position >= 1) /* an end is what the file says, of however many digits   */
        return position <= 0 ? range->lo : range->hi;
    if (range->rule == RANGE_LOG)
        value = exp(log(range->lo) + position * (log(range->hi) - log(range->lo)));
    value = range->whole ? nearbyint(value) : six_digits(value);
    return fmin(fmax(value, range->lo), range->hi);
}

/* Which value of a `grid:` range, or which point of another, a trial of a full grid has. */
static size_t grid_index(const search_range *const *range, size_t count, size_t grid_points,
                         size_t trial, size_t which)
{
    for (size_t i = count; i-- > 0;) {
        const size_t points = range[i]->rule == RANGE_GRID ? range[i]->value_count : grid_points;
        if (i == which)
            return trial % points;
        trial /= points;
    }
    return 0;
}

static double position_of(const spec_protocol *protocol, size_t dimension, size_t trial)
{
    if (protocol->sampler == SAMPLER_SOBOL)
        return sobol_position(dimension, trial, protocol->trials);
    return random_uniform(random_open(0, RANDOM_SEARCH, dimension), trial);
}

static char *trial_text(const spec_protocol *protocol, const search_range *const *range,
                        size_t count, size_t grid_points, size_t trial, size_t which)
{
    const search_range *own = range[which];
    const bool full = protocol->sampler == SAMPLER_GRID;
    const size_t index = full ? grid_index(range, count, grid_points, trial, which) : 0;
    char buffer[32];
    double position;

    if (full && own->rule == RANGE_GRID)
        return memory_string(own->value[index]->text);
    if (full)
        position = grid_points < 2 ? 0 : (double)index / (double)(grid_points - 1);
    else
        position = position_of(protocol, which, trial);
    if (own->rule == RANGE_GRID)
        return memory_string(own->value[(size_t)(position * (double)own->value_count)]->text);
    return memory_string(text_of_double(buffer, sampler_value(own, position)));
}

bool sampler_trial(const spec_protocol *protocol, const search_range *const *range, size_t count,
                   size_t grid_points, size_t trial, char **out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = trial_text(protocol, range, count, grid_points, trial, i);
        if (out[i] != NULL)
            continue;
        while (i > 0)
            free(out[--i]);
        return false;
    }
    return true;
}
