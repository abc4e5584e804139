/* introduce.h: one line each about the data and the network of a run, for people, before it
 * begins. */
#ifndef TRAIN_INTRODUCE_H
#define TRAIN_INTRODUCE_H

#include "support/text.h"
#include "train/session.h"

/* "105 training, 45 test rows, 4 features, 3 classes" */
void introduce_data(const data_bundle *data, text *out);
/* "network 4-16-3 (relu, softmax), 131 parameters; cross_entropy (fused); adam, lr 0.01" */
void introduce_network(const session *session, text *out);

#endif
