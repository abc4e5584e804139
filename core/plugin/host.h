/* host.h: the services a plug-in gets, as the plx_host table of plugin.h. One host belongs to one
 * run. Products and closures live further up (network, train), so they are handed in as functions.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include <pthread.h>

#include <plexus/plugin.h>

#include "plugin/catalog.h"

#include "support/error.h"
#include "support/log.h"

typedef int32_t host_product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha,
                             const float *a, uint64_t lda, const float *b, uint64_t ldb, float beta,
                             float *c, uint64_t ldc);
typedef int32_t host_evaluate(void *context, double *loss);

typedef struct host {
    plx_host table; /* plug-ins get &host.table                                                  */
    uint64_t seed;  /* of uniform and normal: lane = tensor and stream, key = seed, step         */
    const logger *log;
    host_product *product;   /* NULL: the service fails with a message                           */
    host_evaluate *evaluate; /* NULL: the same                                                   */
    void *evaluate_context;
    pthread_mutex_t lock; /* guards `failure`: [range] functions may fail at once                */
    plx_error failure;    /* what the plug-in said; host_failed moves it on                      */
} host;

void host_init(host *host, const logger *log, uint64_t seed);
void host_destroy(host *host);
/* After a plug-in function returned a status other than PLX_OK and PLX_DONE: fills `error` with
 * ERROR_PLUGIN "optimizer 'adam': <what it said>" (or "returned status -1 without a message") and
 * clears the failure. Always returns false. */
bool host_failed(host *host, const plugin *plugin, int32_t status, plx_error *error);

/* Sum of x y, and of x squared, in double in a fixed order that depends on n alone. */
double host_dot(uint64_t n, const float *x, const float *y);

#endif
