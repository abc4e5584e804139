/* exam.h: what one test of the conformance suite works with. Every test runs in a child process
 * of its own that has just loaded the plug-in, so a test may leave things as they are when it
 * ends. It is a function that looks at one property, and fails it at the first counter-example
 * with three lines: what was expected, what came, where to look. A test that says nothing
 * passed. */
#ifndef AUTHOR_EXAM_H
#define AUTHOR_EXAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "author/guard.h"
#include "author/intercept.h"
#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/text.h"

/* One way to set the plug-in: its defaults, or one setting away from them: each flag turned, each
 * other choice, each number at another value within its range. */
typedef struct variant {
    char *name; /* "the defaults", "nesterov true", "weight_decay 0.01"                          */
    settings *settings;
} variant;

typedef struct exam {
    const plugin *plugin;
    catalog *builtin; /* sgd, adam and others to compare with; NULL if there are none             */
    variant *variants; /* the defaults first; only those the plug-in's validate lets pass         */
    size_t variant_count;
    guard *guard;
    intercept *intercept;
    host host; /* silent, seed 1, with the network's matrix product                              */
    json_t *figures; /* an object for what a report may plot; a test adds to it                   */
    int channel;     /* where notes go; negative: nowhere                                         */
    bool unguarded;  /* what an array's surroundings look like is left to the test `bounds`       */
    bool failed, skipped;
    text expected, came, look, says;
} exam;

/* For a plug-in just loaded: its variants, a silent host, its imports watched. `builtin` is the
 * folder of the plug-ins to compare with, or NULL. Takes the guard over. */
exam *exam_new(const plugin *plugin, const char *builtin, guard *guard, int channel,
               plx_error *error);
void exam_free(exam *exam);

/* The property does not hold. Only the first failure counts. `look` names the function of the
 * plug-in or the rule of plugin.h ("backward", "step_range; rule 2 of plugin.h"). Always false, for
 * `return exam_fail(...)`. */
bool exam_fail(exam *exam, const char *look, const char *expected, const char *came, ...)
    __attribute__((format(printf, 4, 5)));
/* The test could not be done, for which there is no memory. Always false. */
bool exam_fail_memory(exam *exam);
/* What was measured, in a few words, for a test that passed ("largest error 3e-08 at x = 1.5"). */
void exam_say(exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The property means nothing for this plug-in ("no slots"). Always false. */
bool exam_skip(exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What comes next ("with 7 elements, nesterov true"): said with what came if the plug-in crashes or
 * hangs in it. */
void exam_note(exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The name of the variant that has these settings; "other settings" if none has. */
const char *exam_variant_name(const exam *exam, const settings *settings);

/* After calls of the plug-in's functions: fails the exam if status is neither PLX_OK nor PLX_DONE
 * (with what the plug-in said), or an array's surroundings changed. */
bool exam_called(exam *exam, const char *function, int32_t status);

/* A test of the suite. */
typedef struct exam_test {
    const char *id;       /* "derivative"                                                        */
    const char *title;    /* "the derivative is the slope"                                       */
    const char *after[4]; /* it is judged only if these passed; one cause, one finding            */
    bool measure;         /* true: it only reports (`says`, figures); a crash alone fails it      */
    void (*run)(exam *exam);
} exam_test;

/* One ordinary use of a plug-in, for the properties that all kinds share. */
typedef struct exercise {
    const settings *settings;
    uint64_t size;   /* elements, of a loss rows, of an optimizer parameters; 0 is legal          */
    uint64_t cut;    /* [range] functions get at most so many elements or rows a call; 0: all     */
    int threads;     /* that call [range] functions at once                                      */
    int steps;       /* of an optimizer; 0: a few                                                */
    guard_side side; /* where every array has its forbidden page                                 */
    bool only_range; /* calls what is [setup] and [step] first, then intercept_reset, then
                        [range] functions alone                                                  */
} exercise;

/* Makes inputs (the same each time) in guarded arrays, those to be read only protected, calls every
 * function of the plug-in, optimizers for a few steps, appends all results to `results` (may be
 * NULL), checks the surroundings of every array and gives them back. Arrays are aligned as plugin.h
 * promises and no better. False: the exam has failed. */
typedef bool exam_exercise(exam *exam, const exercise *how, text *results);

typedef struct exam_kind {
    exam_exercise *exercise;
    /* In order, ended by a test without an id: those of the kind alone; the shared ones
     * (exam_shared) come before. */
    const exam_test *tests;
} exam_kind;

extern const exam_kind exam_activation, exam_loss, exam_optimizer;
/* The kind of a plug-in. */
const exam_kind *exam_kind_of(uint32_t kind);

/* The tests that all kinds share. Ids, in order: metadata, runs, settings, bounds, floating_point,
 * quiet, allocation, leaks, state, determinism, splitting, threads. Each stands on those before it
 * that would show the same defect. A kind's own tests may name any of them in `after`. */
extern const exam_test exam_shared[];

#endif
