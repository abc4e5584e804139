/* sample.h: small experiments to run, and what runs leave behind, to be looked at. */
#ifndef TESTS_CLI_SAMPLE_H
#define TESTS_CLI_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* A new folder in memory with these experiments; the caller's to free:
 *   moons.yaml  two classes, generated; validation and test rows; dropout; batches of 8; 6 epochs
 *   kinds.yaml  three classes from kinds.csv (length, width, kind); 12 rows to train on, none else
 *   slope.yaml  a regression from slope.csv (a, b, y), the target scaled; 9 rows, 3 to test on */
char *sample_folder(void);
/* A new folder with the plug-ins optimizer/lynx.so and optimizer/trip.so; the caller's to free. */
char *sample_plugins(void);
/* Writes `folder`/`name`.yaml, a matrix over xor whose runs take a few milliseconds, 9 steps of
 * sgd in 3 epochs, and which is called `name`; `rest` follows its base: axes and whatever else. */
void sample_matrix(const char *folder, const char *name, const char *rest);
/* Fails the test, showing the first line that differs, unless the results in folder/`out` and
 * folder/`other` hold the same (store_dump). */
void sample_same_results(const char *folder, const char *out, const char *other);
/* Copies the bytes of a file. */
void sample_copy(const char *from, const char *to);
/* folder/name, formatted; the caller's to free. */
char *sample_path(const char *folder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The whole file, NUL at its end, the caller's to free; fails the test if it cannot be read. */
char *sample_read(const char *folder, const char *name, size_t *length);
bool sample_exists(const char *folder, const char *name);
/* The number of entries of a folder, "." and ".." left out. */
size_t sample_count(const char *folder);

/* Fails the test unless both files hold the same bytes. */
void sample_same_file(const char *folder, const char *name, const char *other_folder,
                      const char *other_name);
/* Fails the test unless two runs left the same model, and the same log but for the times. */
void sample_same_run(const char *folder, const char *run, const char *other);

/* Every line of a text as one JSON object, in an array; fails the test if a line is none. */
json_t *sample_lines(const char *text);
/* The same of RUN/metrics.jsonl. */
json_t *sample_log(const char *folder, const char *run);
/* The one object a text is; fails the test if it is none. */
json_t *sample_object(const char *text);
/* A number or string of an object; fails the test if there is none. */
double sample_number(const json_t *object, const char *key);
const char *sample_string(const json_t *object, const char *key);

#endif
