/* fixture.h: what the tests of data share: files of any bytes, a log that can be read, a loaded
 * CSV. */
#ifndef TESTS_DATA_FIXTURE_H
#define TESTS_DATA_FIXTURE_H

#include "data/dataset.h"
#include "harness.h"
#include "support/text.h"

/* A literal with zero bytes in it, and its length. */
#define BYTES(literal) (literal), (sizeof(literal) - 1)

/* Writes `folder`/`name`; returns the path, the caller's to free. */
char *fixture_bytes(const char *folder, const char *name, const char *bytes, size_t length);
/* The same, compressed. */
char *fixture_gzip(const char *folder, const char *name, const char *bytes, size_t length);
/* A logger that collects lines, each with "info: " or "warning: " before it. */
logger fixture_log(text *lines);
/* A copy of a message in which @ stands for the folder. */
char *fixture_message(const char *message, const char *folder);

/* A config for one training file: target column, or NULL for none; everything else is a default.
 * The spec is the caller's to keep. */
data_config fixture_config(char *path, char *targets, target_spec *spec, const char *column);
/* Loads, or fails the test with the message. */
data_bundle *fixture_load(const data_config *config);
/* Loads a CSV of that content with that target. */
data_bundle *fixture_csv(const char *content, const char *target);
/* Requires that loading fails with that class and that text, @ for the folder. */
void fixture_refused(const data_config *config, const char *folder, error_class code,
                     const char *expected);
/* Input f of row p of a part, as a network gets it. */
double fixture_input(const data_bundle *bundle, const data_part *part, uint32_t p, size_t f);

#endif
