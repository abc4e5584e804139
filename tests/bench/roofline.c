/* roofline.c: see roofline.h. The best of several tries counts: whatever else goes on in the
 * machine can only make one slower. */
#include "roofline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sgemm.h"
#include "support/memory.h"

enum { EXTENT = 512, TRIES = 5 };
static const double try_seconds = 1e-3; /* of a bandwidth */

struct roofline {
    const workload *workload;
    size_t parameters;
    float *w, *g, *m, *v; /* arrays of all parameters                                            */
    float *a, *b, *c;     /* matrices of EXTENT x EXTENT                                         */
    float sink;           /* keeps the sums of a reading loop from being left out                */
};

double roofline_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static float *array_of_ones(size_t n)
{
    float *made = memory_aligned(n, sizeof(float));

    for (size_t i = 0; made != NULL && i < n; i++)
        made[i] = 1;
    return made;
}

roofline *roofline_new(const workload *workload, plx_error *error)
{
    const size_t n = workload_parameters(workload), square = (size_t)EXTENT * EXTENT;
    roofline *made = memory_array(1, sizeof(*made));

    if (made != NULL)
        *made = (roofline){.workload = workload,
                           .parameters = n,
                           .w = array_of_ones(n),
                           .g = array_of_ones(n),
                           .m = array_of_ones(n),
                           .v = array_of_ones(n),
                           .a = array_of_ones(square),
                           .b = array_of_ones(square),
                           .c = array_of_ones(square)};
    if (made != NULL && made->w != NULL && made->g != NULL && made->m != NULL && made->v != NULL &&
        made->a != NULL && made->b != NULL && made->c != NULL)
        return made;
    error_memory(error);
    roofline_free(made);
    return NULL;
}

void roofline_free(roofline *roofline)
{
    if (roofline == NULL)
        return;
    free(roofline->w);
    free(roofline->g);
    free(roofline->m);
    free(roofline->v);
    free(roofline->a);
    free(roofline->b);
    free(roofline->c);
    free(roofline);
}

/* --- products --- */

/* Operations a second of the best of several square products. */
static bool measure_products(roofline *roofline, double *rate, plx_error *error)
{
    const double operations = 2.0 * EXTENT * EXTENT * EXTENT;

    *rate = 0;
    for (int i = 0; i < TRIES; i++) {
        const double begun = roofline_clock();
        if (!sgemm(false, false, EXTENT, EXTENT, EXTENT, roofline->a, roofline->b, roofline->c))
            return error_set(error, ERROR_RUN, "a matrix product failed");
        *rate = fmax(*rate, operations / (roofline_clock() - begun));
    }
    return true;
}

/* --- memory --- */

/* The traffic of Adam: reads four arrays, writes three. */
static void pass_of_adam(size_t n, float *restrict w, const float *restrict g, float *restrict m,
                         float *restrict v)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = 0.5F * m[i] + 0.5F * g[i];
        v[i] = 0.5F * v[i] + 0.5F * g[i];
        w[i] = 0.5F * w[i] + 0.25F * m[i] + 0.25F * v[i];
    }
}

/* That of plain descent: reads two, writes one. */
static void pass_of_sgd(size_t n, float *restrict w, const float *restrict g)
{
    for (size_t i = 0; i < n; i++)
        w[i] = 0.5F * w[i] + 0.5F * g[i];
}

/* Reads one, in many sums at once. */
static float pass_of_reading(size_t n, const float *w)
{
    float sum[128] = {0}, total = 0;
    size_t i = 0;

    for (; i + 128 <= n; i += 128)
        for (size_t j = 0; j < 128; j++)
            sum[j] += w[i + j];
    for (; i < n; i++)
        total += w[i];
    for (size_t j = 0; j < 128; j++)
        total += sum[j];
    return total;
}

static double bytes_of_pass(const workload *workload)
{
    const double n = (double)workload_parameters(workload) * sizeof(float);

    if (workload->optimizer == NULL)
        return n;
    return (strcmp(workload->optimizer, "adam") == 0 ? 7 : 3) * n;
}

static void pass(roofline *r)
{
    if (r->workload->optimizer == NULL)
        r->sink += pass_of_reading(r->parameters, r->w);
    else if (strcmp(r->workload->optimizer, "adam") == 0)
        pass_of_adam(r->parameters, r->w, r->g, r->m, r->v);
    else
        pass_of_sgd(r->parameters, r->w, r->g);
}

/* Bytes a second of the best of several tries, each of as many passes as make up a time that the
 * clock can tell. */
static double measure_memory(roofline *roofline)
{
    double best = 0;

    for (int i = 0; i < TRIES; i++) {
        const double begun = roofline_clock();
        double passes = 0, seconds = 0;
        for (size_t more = 1; seconds < try_seconds; more *= 2) {
            for (size_t k = 0; k < more; k++)
                pass(roofline);
            passes += (double)more;
            seconds = roofline_clock() - begun;
        }
        best = fmax(best, passes * bytes_of_pass(roofline->workload) / seconds);
    }
    return best;
}

bool roofline_measure(roofline *roofline, roofline_limit *limit, plx_error *error)
{
    const workload *workload = roofline->workload;

    if (!measure_products(roofline, &limit->operations, error))
        return false;
    limit->bytes = measure_memory(roofline);
    const double products = workload_step_operations(workload) / limit->operations;
    const double memory = bytes_of_pass(workload) / limit->bytes;
    const bool training = workload->optimizer != NULL;
    limit->samples =
        (double)workload->batch / (training ? products + memory : fmax(products, memory));
    return true;
}
