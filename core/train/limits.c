/* limits.c: see limits.h. The best of several tries counts: whatever else goes on in the machine can
 * only make one slower. */
#include "train/limits.h"

#include <math.h>
#include <stdlib.h>

#include "network/product.h"
#include "network/product_bf16.h"
#include "support/memory.h"
#include "train/session.h"

enum { EXTENT = 512, TRIES = 5, LEAST_FLOATS = 1024 };
static const double try_seconds = 1e-3;  /* of a bandwidth: what the clock can tell               */
static const double most_seconds = 0.05; /* after which no other try begins                      */

/* --- products --- */

static float *array_of_ones(size_t n)
{
    float *made = memory_aligned(n, sizeof(float));

    for (size_t i = 0; made != NULL && i < n; i++)
        made[i] = 1;
    return made;
}

/* c = a b, of EXTENT rows and columns each; with bf16, a is rounded. */
static bool multiply(bool bf16, const float *a, const float *b, float *c)
{
    if (!bf16)
        return product(0, EXTENT, EXTENT, EXTENT, 1, a, EXTENT, b, EXTENT, 0, c, EXTENT) == PLX_OK;
    bf16_product(false, EXTENT, EXTENT, EXTENT, a, b, EXTENT, NULL, c, EXTENT);
    return true;
}

static bool measure_products(bool bf16, const float *a, const float *b, float *c, double *rate,
                             plx_error *error)
{
    const double operations = 2.0 * EXTENT * EXTENT * EXTENT;
    const double first = session_clock();

    *rate = 0;
    for (int i = 0; i < TRIES && (i == 0 || session_clock() - first < most_seconds); i++) {
        const double begun = session_clock();
        if (!multiply(bf16, a, b, c))
            return error_set(error, ERROR_RUN, "a matrix product failed");
        *rate = fmax(*rate, operations / (session_clock() - begun));
    }
    return true;
}

bool limits_operations(bool bf16, double *rate, plx_error *error)
{
    const size_t square = (size_t)EXTENT * EXTENT;
    float *a = array_of_ones(square), *b = array_of_ones(square), *c = array_of_ones(square);
    float *rounded = bf16 ? memory_aligned(square, sizeof(float)) : NULL;
    const bool has_memory = a != NULL && b != NULL && c != NULL && (!bf16 || rounded != NULL);

    if (has_memory && bf16)
        bf16_round_rows(EXTENT, EXTENT, a, rounded);
    const bool ok = has_memory ? measure_products(bf16, bf16 ? rounded : a, b, c, rate, error)
                               : error_memory(error);
    free(a);
    free(b);
    free(c);
    free(rounded);
    return ok;
}

/* --- memory --- */

/* Reads two arrays and writes one of them: no line is fetched only to be overwritten. */
PLX_CLONES static void triad(size_t n, float s, float *restrict x, const float *restrict y)
{
    for (size_t i = 0; i < n; i++)
        x[i] = s * x[i] + y[i];
}

/* Bytes a second of one try: as many passes as make up a time that the clock can tell. */
static double try_triad(size_t n, float *x, const float *y)
{
    const double begun = session_clock();
    double passes = 0, seconds = 0;

    for (size_t more = 1; seconds < try_seconds; more *= 2) {
        for (size_t k = 0; k < more; k++)
            triad(n, 0.5F, x, y);
        passes += (double)more;
        seconds = session_clock() - begun;
    }
    return passes * 3 * (double)n * sizeof(float) / seconds;
}

bool limits_bandwidth(size_t bytes, double *rate, plx_error *error)
{
    const size_t most = bytes < LIMITS_MOST_BYTES ? bytes : LIMITS_MOST_BYTES;
    const size_t half = most / (2 * sizeof(float)), n = half > LEAST_FLOATS ? half : LEAST_FLOATS;
    const double begun = session_clock();
    float *x = memory_aligned(n, sizeof(float)), *y = array_of_ones(n);
    const bool ok = x != NULL && y != NULL;

    *rate = 0;
    for (int i = 0; ok && i < TRIES && (i == 0 || session_clock() - begun < most_seconds); i++)
        *rate = fmax(*rate, try_triad(n, x, y));
    free(x);
    free(y);
    return ok || error_memory(error);
}
