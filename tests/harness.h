/* harness.h: what every test program shares. A test file builds a Suite and ends with
 *     int main(void) { return harness_run(suite()); }
 * which runs it with Check in fork mode and prints TAP for meson. */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <check.h>

/* Runs the suite, TAP on stdout; returns main's exit code. */
int harness_run(Suite *suite);
/* Instead of running a suite that this machine cannot: reports it as skipped; returns main's exit code. */
int harness_skip(const char *reason);
/* A new, empty folder below the build's temporary folder, removed at exit of the process that made
 * it; the string is the caller's to free. */
char *harness_folder(void);
/* The same in memory where the machine has such a place, for what syncs many files. Nothing can
 * be loaded as a plug-in from there: it may be mounted noexec. */
char *harness_memory_folder(void);
/* Writes a small text file `folder`/`name`; returns its path, the caller's to free. */
char *harness_file(const char *folder, const char *name, const char *content);

#endif
