/* The services of a plug-in. Random numbers are addressed and not drawn: number i of a sequence is
 * a function of (seed, step, tensor, stream, i). The Philox counter has room for i and 56 bits
 * more, which take the tensor and the stream, so that no two sequences of a step can touch; the
 * step, and what is left of a very large tensor id, go into the key together with the seed by way
 * of a Philox block, so that sequences of different steps or seeds touch only where 64 random bits
 * coincide.
 *
 * Sums run in eight accumulators, element i into number i % 8, which are then added in pairs: a
 * fixed order that depends on n alone and that a compiler may still turn into vector instructions.
 */
#include "plugin/host.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"
#include "support/text.h"

static host *owner(const plx_host *table)
{
    return table->core;
}

/* ---- failures and lines for the user ---- */

/* Of what a plug-in says so much is shown, and nothing that would steer a terminal. */
enum { SHOWN = 1024 };

static int32_t service_error(const plx_host *table, const char *format, ...)
{
    host *self = owner(table);
    va_list arguments;

    va_start(arguments, format);
    pthread_mutex_lock(&self->lock);
    error_setv(&self->failure, ERROR_PLUGIN, format, arguments);
    pthread_mutex_unlock(&self->lock);
    va_end(arguments);
    return PLX_FAILED;
}

static void service_log(const plx_host *table, uint32_t level, const char *format, ...)
{
    char line[SHOWN], shown[4 * SHOWN + 4];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_line(owner(table)->log, level == PLX_LOG_INFO ? LOG_INFO : LOG_WARNING, "%s",
             text_shown(shown, line, strlen(line), SHOWN));
}

/* ---- random numbers ---- */

static random_stream stream_of(const plx_host *table, const plx_step *step, uint32_t stream)
{
    const uint64_t tensor = step->tensor;
    uint32_t key[4];

    random_block(random_open(owner(table)->seed, RANDOM_PLUGIN, tensor >> 24), (uint64_t)step->step,
                 key);
    return random_open((uint64_t)key[0] << 32 | key[1], RANDOM_PLUGIN,
                       (tensor & 0xffffffu) << 32 | stream);
}

static void service_uniform(const plx_host *table, const plx_step *step, uint32_t stream,
                            uint64_t n, float *out)
{
    random_uniform_f32(stream_of(table, step, stream), step->offset, n, out);
}

static void service_normal(const plx_host *table, const plx_step *step, uint32_t stream, uint64_t n,
                           float *out)
{
    random_normal_f32(stream_of(table, step, stream), step->offset, n, out);
}

/* ---- sums ---- */

double host_dot(uint64_t n, const float *x, const float *y)
{
    double sum[8] = {0};
    uint64_t i = 0;

    for (; n - i >= 8; i += 8)
        for (int j = 0; j < 8; j++)
            sum[j] += (double)x[i + j] * (double)y[i + j];
    for (int j = 0; i < n; i++, j++)
        sum[j] += (double)x[i] * (double)y[i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static double service_dot(const plx_host *table, uint64_t n, const float *x, const float *y)
{
    return host_dot(n, x, y);
}

static double service_norm(const plx_host *table, uint64_t n, const float *x)
{
    return sqrt(host_dot(n, x, x));
}

/* ---- what others provide ---- */

static int32_t service_product(const plx_host *table, uint32_t flags, uint64_t m, uint64_t n,
                               uint64_t k, float alpha, const float *a, uint64_t lda,
                               const float *b, uint64_t ldb, float beta, float *c, uint64_t ldc)
{
    const host *self = owner(table);

    if (self->product == NULL)
        return table->error(table, "host->product is not available here");
    return self->product(flags, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static int32_t service_evaluate(const plx_host *table, double *loss)
{
    const host *self = owner(table);

    if (self->evaluate == NULL)
        return table->error(table,
                            "host->evaluate is not available here; it is for step_model with "
                            "the flag PLX_NEEDS_CLOSURE");
    return self->evaluate(self->evaluate_context, loss);
}

/* ---- life ---- */

void host_init(host *self, const logger *log, uint64_t seed)
{
    memset(self, 0, sizeof(*self));
    self->table = (plx_host){
        .size = sizeof(plx_host),
        .minor = PLX_MINOR,
        .core = self,
        .error = service_error,
        .log = service_log,
        .uniform = service_uniform,
        .normal = service_normal,
        .dot = service_dot,
        .norm = service_norm,
        .product = service_product,
        .evaluate = service_evaluate,
    };
    self->seed = seed;
    self->log = log;
    pthread_mutex_init(&self->lock, NULL);
}

void host_destroy(host *self)
{
    pthread_mutex_destroy(&self->lock);
}

bool host_failed(host *self, const plugin *found, int32_t status, plx_error *error)
{
    const char *kind = catalog_kind_name(found->kind);
    char shown[4 * SHOWN + 4];

    pthread_mutex_lock(&self->lock);
    if (self->failure.code != ERROR_NONE)
        error_set(error, ERROR_PLUGIN, "%s '%s': %s", kind, found->name,
                  text_shown(shown, self->failure.text, strlen(self->failure.text), SHOWN));
    else
        error_set(error, ERROR_PLUGIN, "%s '%s': returned status %d without a message", kind,
                  found->name, status);
    memset(&self->failure, 0, sizeof(self->failure));
    pthread_mutex_unlock(&self->lock);
    return false;
}
