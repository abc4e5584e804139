/* peers.h: a workload done by another library, in a Python process of its own (peers.py) that is
 * told through pipes what to do: what it takes to start and to make ready is not measured. */
#ifndef TESTS_BENCH_PEERS_H
#define TESTS_BENCH_PEERS_H

#include "support/text.h"
#include "workloads.h"

typedef struct peer peer;

/* `library` is "torch" or "sklearn". The workload is borrowed. */
peer *peer_new(const char *library, const workload *workload, const workload_data *data,
               plx_error *error);
void peer_free(peer *peer);
/* To be asked before any step: false, with an error, unless the peer's network comes to the plain
 * loop's loss, after a few steps in the order of the rows where it can be trained the same way. */
bool peer_agrees(peer *peer, const workload_data *data, plx_error *error);
/* The next `count` batches or about as many; the peer says how many samples these were, and how
 * long it took. */
bool peer_run(peer *peer, size_t count, size_t *samples, double *seconds, plx_error *error);

/* The Debian packages without which the peers cannot be measured, a word each; empty: all is
 * there. */
bool peers_missing(text *packages, plx_error *error);

#endif
