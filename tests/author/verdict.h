/* verdict.h: what the conformance suite says of the plug-ins in tests/author/broken, for the tests
 * that go through lists of them. */
#ifndef TESTS_AUTHOR_VERDICT_H
#define TESTS_AUTHOR_VERDICT_H

#include "author/check.h"

/* A wrong plug-in: which test fails, and a piece of what was expected and of what came. */
typedef struct fault {
    const char *name, *id, *expected, *came;
    double seconds; /* each test may take; 0: the usual time                                      */
} fault;

/* The report on a plug-in of the folder "broken" or "good". `builtin` is as in
 * check_options. */
check_report *verdict_run(const char *folder, const char *name, const char *builtin);

/* That the wrong plug-in has the fault's finding and no other. */
void verdict_expect_fault(const fault *fault, const char *builtin);
/* That nothing failed with its right twin, and that every test was judged. */
void verdict_expect_pass(const char *name, const char *builtin);

#endif
