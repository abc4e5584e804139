/* planned.h: plans of matrix files that are written in the test, with the built plug-ins and those
 * of tests/matrix/plugins, and runs of them. */
#ifndef TESTS_MATRIX_PLANNED_H
#define TESTS_MATRIX_PLANNED_H

#include "matrix/plan.h"
#include "matrix/runner.h"

typedef struct planned {
    catalog *catalog;
    spec *spec;
    plan *plan; /* NULL: none could be made, and `error` says why                                */
    plx_error error;
} planned;

/* The plan of a matrix file m.yaml in that folder. A text that is no matrix file fails the test. */
planned *planned_new(const char *folder, const char *text);
/* The same, which must succeed. */
planned *planned_expect(const char *folder, const char *text);
void planned_free(planned *planned);

/* Runs the plan, which must succeed; results go to `out`. */
runner_result planned_run(const planned *planned, const char *out, size_t workers);
/* Plans and runs in one go. */
runner_result planned_run_text(const char *folder, const char *text, const char *out,
                               size_t workers);
/* What the store in a folder holds: store_dump; a new string. */
char *planned_dump(const char *out);

/* The experiment of the first run of a cell, which must resolve. */
experiment *planned_experiment(const planned *planned, size_t cell);

/* x, y with two classes, 24 rows; written as `folder`/data.csv. */
void planned_write_data(const char *folder);

/* An inline experiment over four inputs of xor that takes a few milliseconds. */
#define PLANNED_XOR                                                                                \
    "base:\n"                                                                                      \
    "  data: {generate: xor, samples: 40, noise: 0.1, validation: 0.2, test: 0.2}\n"               \
    "  network: {layers: [{units: 4, activation: tanh}, {units: 1, activation: sigmoid}]}\n"       \
    "  loss: cross_entropy\n"                                                                      \
    "  optimizer: {name: sgd, lr: 0.1}\n"                                                          \
    "  train: {epochs: 3, batch: 8}\n"

/* ---- whole matrices -------------------------------------------------------------------------- */

/* Where a matrix file and its results are. */
typedef struct matrix_place {
    char *folder, *out;
} matrix_place;
matrix_place place_new(void);
void place_free(matrix_place *place);

#define QUICK "set: {train.epochs: 1}\n"
/* Ten runs. */
#define SEARCH                                                                                     \
    QUICK "axes: {optimizer: [{name: sgd, lr: {log: [1e-3, 1]}}, adam]}\n"                         \
          "protocol: {tune: {trials: 2, seeds: 2}, final: {seeds: 2}, untuned_row: true}\n"

/* Runs PLANNED_XOR with the rest of a matrix file. */
runner_result place_run(const matrix_place *place, const char *rest, size_t workers);
/* With options (the folder is the place's) and hooks; error.code tells how it went. */
runner_result place_run_with(const matrix_place *place, const char *rest, runner_options options,
                             const runner_hooks *hooks, plx_error *error);
extern const runner_hooks place_no_hooks;
/* What all of it comes to, run in one go by one worker; a new string. */
char *place_dump_of(const char *rest);
void place_expect_dump(const matrix_place *place, const char *expected);

/* The context of a hook that notes what it is told, and may stop the runner, or kill the process. */
typedef struct place_watch {
    volatile sig_atomic_t stop;
    size_t stop_at, kill_at; /* done runs; 0: never                                              */
    size_t calls;
    runner_progress last;
} place_watch;
void place_on_progress(void *context, const runner_progress *progress);

#endif
