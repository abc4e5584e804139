/* init.h: initial weights. Every tensor has a random stream of its own (purpose RANDOM_INIT, sub
 * = tensor number), so the optimizer, the loss and other layers' rules change nothing in it.
 * Sources: LeCun et al. 1998 (lecun), Glorot and Bengio 2010 (xavier), He et al. 2015 (he), Saxe
 * et al. 2014 (orthogonal). */
#ifndef NETWORK_INIT_H
#define NETWORK_INIT_H

#include "config/experiment.h"
#include "network/network.h"

/* Fills all parameters. `layer` has the network's layers in order; a layer whose rule is
 * INIT_FROM is filled from the model file instead (once for the whole network: names, shapes and
 * types must agree, each difference is named; ERROR_DATA). */
bool init_parameters(network *network, const layer_config *layer, size_t layer_count,
                     const init_spec *init, uint64_t seed, plx_error *error);

#endif
