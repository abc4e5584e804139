/* lock.h: one process at a time in a folder, by a lock on the file DIR/lock, which is there only as
 * long as the lock is. It ends with the process that took it, however that ends; processes that
 * were forked from it do not have it. */
#ifndef MATRIX_LOCK_H
#define MATRIX_LOCK_H

#include "support/error.h"

/* Returns a descriptor to hand to lock_release, -1 on failure: ERROR_USAGE if another process
 * has the folder, whose id the message tells. A process must not take a folder twice: that would
 * succeed, and end the lock with the first release. */
int lock_folder(const char *folder, plx_error *error);
void lock_release(const char *folder, int lock); /* -1 is fine */

#endif
