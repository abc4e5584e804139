/* matrix_sample.h: an analysis of a matrix that never ran, made of plain formulas, for the tests of
 * its page: of any size, with whatever can go wrong. It agrees with itself as far as the page can
 * tell; its statistics are numbers of the right kind, not computed ones. */
#ifndef TESTS_REPORT_MATRIX_SAMPLE_H
#define TESTS_REPORT_MATRIX_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/analysis.h"

typedef struct sample_options {
    size_t problems;   /* 1 or more                                                              */
    size_t treatments; /* 0: there is no axis to compare                                         */
    size_t others;     /* axes beside the compared one                                           */
    size_t values;     /* of each of these                                                       */
    size_t seeds, trials;
    bool targets;
    bool loss;           /* reported instead of accuracy                                         */
    bool not_run;        /* nothing is there yet                                                 */
    bool failed;         /* every run                                                            */
    bool flawless;       /* none is skipped, none failed                                         */
    const char *hostile; /* stands in every label and text; NULL: plain ones                     */
} sample_options;

typedef struct sample sample;

/* Fails the test without memory. */
sample *sample_new(sample_options options);
void sample_free(sample *sample);
analysis *sample_analysis(sample *sample);
/* Its page; free it. */
char *sample_page(sample_options options);

#endif
