/* status.h: how far a matrix is, from its results alone; may be asked while it runs. */
#ifndef MATRIX_STATUS_H
#define MATRIX_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/record.h"
#include "matrix/store.h"
#include "support/error.h"
#include "support/text.h"

typedef struct status_phase {
    size_t planned, done;
    size_t ended[RUN_STATUS_COUNT]; /* of the done, how                                          */
} status_phase;

typedef struct matrix_status {
    char *file, *began, *latest; /* of the matrix; when its first and its last call began; NULL:
                                    not told                                                     */
    size_t cells, skipped;
    status_phase phase[RUN_PHASE_COUNT];
} matrix_status;

/* Clear it in any case. */
bool status_read(store *store, matrix_status *status, plx_error *error);
void status_clear(matrix_status *status);

bool status_text(const matrix_status *status, text *out);
bool status_json(const matrix_status *status, text *out);

#endif
