/* made.h: made-up results of a matrix, for what is worked out from them. A matrix file as text
 * gives the cells, every combination in order with labels as a plan gives them; runs are added one
 * by one. Nothing is stored: analysis_from reads the arrays. */
#ifndef TESTS_MATRIX_MADE_H
#define TESTS_MATRIX_MADE_H

#include "matrix/analysis_internal.h"

typedef struct made made;

/* `yaml` follows "base: b.yaml\n"; fails the test if it is no matrix file. */
made *made_new(const char *yaml);
void made_free(made *made);
const char *made_label(const made *made, size_t cell);
/* Skips the cell; a cell's label is "b tanh adam". */
void made_skip(made *made, const char *label, const char *why);
/* A note as the runner makes it; the strings must outlive it. */
void made_note(made *made, const char *key, const char *value);
/* The axes that the source says it has, where they are not those of the file. */
void made_axes(made *made, const char *const *path, size_t count);

/* A run that came to its end with that test_accuracy, weights of its own, and nothing else; its
 * record may be changed until the next one is added. */
run_record *made_run(made *made, const char *label, run_phase phase, size_t trial, uint64_t seed,
                     double accuracy);
run_record *made_final(made *made, const char *label, uint64_t seed, double accuracy);
/* One for each seed from 1. */
void made_finals(made *made, const char *label, const double *accuracy, size_t count);
/* A final run that diverged at step 7. */
void made_failed(made *made, const char *label, uint64_t seed);
/* A trial of the seed 1000001 with that val_accuracy and one searched setting. */
run_record *made_trial(made *made, const char *label, size_t trial, const char *path,
                       const char *value, double accuracy);
/* The run that was added last has that curve: val_accuracy after each epoch, 10 steps and 20
 * evaluations each. */
void made_curve(made *made, const double *accuracy, size_t epochs);
/* Gives the run that was added last the weights of a name. */
void made_weights(made *made, const char *name);

/* The analysis; fails the test if there is none. Free it before what it was made of. */
analysis *made_analysis(made *made);
/* That of results that no analysis can be made of: the error. */
plx_error made_refused(made *made);

/* The cell, the treatment of that label; the test fails without it. */
const analysis_cell *made_cell(const analysis *analysis, const char *label);
const analysis_treatment *made_treatment(const analysis *analysis, const char *label);
/* The pair as it is listed, a against b; NULL without it. */
const analysis_pair *made_pair(const analysis *analysis, const char *a, const char *b,
                               size_t problem);
/* The first sentence that begins so; NULL without it. */
const analysis_sentence *made_sentence(const analysis *analysis, const char *beginning);

#endif
