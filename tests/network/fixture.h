/* fixture.h: networks for tests, made of the built plug-ins, and the same arithmetic done
 * naively in double precision from the definitions, as a reference. */
#ifndef TESTS_NETWORK_FIXTURE_H
#define TESTS_NETWORK_FIXTURE_H

#include "harness.h"
#include "network/network.h"

enum { MOST_LAYERS_IN_TESTS = 6 };

typedef struct fixture {
    catalog *catalog;
    host host;
    pool *pool;
    settings *made[32];
    size_t made_count;
} fixture;

typedef struct plan_layer {
    size_t units;
    const char *activation; /* a built-in's name                                                 */
    double dropout;
    bool no_bias;
} plan_layer;

typedef struct plan {
    size_t inputs;
    plan_layer layer[MOST_LAYERS_IN_TESTS]; /* ends where units is 0                             */
    const char *loss;                       /* a built-in's name or NULL                         */
    bool fused;
    size_t capacity;
    bool forward_only, bf16;
    double largest_input;
} plan;

fixture *fixture_new(int threads);
void fixture_free(fixture *fixture);
/* A component with its default settings; lives as long as the fixture. */
const settings *fixture_component(fixture *fixture, uint32_t kind, const char *name);
/* The network with normal weights of deviation 1 / sqrt(fan_in) and biases of deviation 0.3. */
network *fixture_network(fixture *fixture, const plan *plan);
/* The same with another loss than a built-in's. */
network *fixture_network_with_loss(fixture *fixture, const plan *plan, const settings *loss);

/* n normal numbers; free() them. */
float *fixture_numbers(uint64_t seed, size_t n);
/* Targets that fit the plan's last activation: one-hot rows for softmax, 0 or 1 for sigmoid,
 * else normal; free() them. */
float *fixture_targets(const plan *plan, uint64_t seed, size_t rows);

size_t plan_layers(const plan *plan);
size_t plan_outputs(const plan *plan);

/* --- the reference ---------------------------------------------------------------------------- */

typedef struct reference {
    double loss;
    double *output;   /* (rows x outputs)                                                      */
    double *gradient; /* of all tensors, at the network's own offsets                          */
    double *row_loss;
} reference;

/* Forward, loss and backward at the network's weights. `dropout` and `row_weight` may be NULL. */
reference *reference_pass(network *network, const plan *plan, size_t rows, const float *x,
                          const float *target, const float *row_weight, double scale,
                          const random_stream *dropout);
void reference_free(reference *reference);

#endif
