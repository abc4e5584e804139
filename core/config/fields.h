/* fields.h: typed values out of the nodes of a config file. Each getter looks up `key` in `map`,
 * leaves the value as it is if the key is absent (so the caller sets the default first), and
 * otherwise checks type and range and stores it. A failure says where, what stands there and what
 * would be right, with code ERROR_CONFIG. Quoted text is never a number, a flag or nothing. */
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/tree.h"
#include "plugin/catalog.h"
#include "support/error.h"
#include "support/text.h"

/* What reading a section needs: the file and where its relative paths start, the plug-ins, the error
 * to fill. */
typedef struct reader {
    const char *file;
    const char *folder;
    catalog *catalog;
    bool without_optimizer;
    plx_error *error;
} reader;

/* A range of finite numbers. */
typedef struct real_range {
    double min, max;   /* may be infinite: no bound                                               */
    bool above, below; /* the bound itself is excluded                                           */
} real_range;

/* Some names and the index of one. */
typedef struct word_list {
    const char *const *words;
    size_t count;
} word_list;

/* Fails at `at`: "PATH is WHAT STANDS THERE; it must be WANTED". For values no getter fits. */
bool field_wrong(const reader *r, const node *value, const char *wanted);
/* Fails unless the node is a map; `wanted` as in field_wrong. */
bool field_is_map(const reader *r, const node *value, const char *wanted);
/* Fails unless the list or map has min to max `items`. */
bool field_has_count(const reader *r, const node *value, size_t min, size_t max, const char *items);
/* Fails unless the node is a scalar that is not nothing. */
bool field_is_scalar(const reader *r, const node *value, const char *wanted);
/* True for a bare `word`, not quoted. */
bool field_is_word(const node *value, const char *word);
/* True if the map has the key and its value is a bare number. */
bool field_is_number(const node *value, double *number);
/* Fails at the first key of `map` that is not in the list, with the nearest that is. */
bool field_known(const reader *r, const node *map, word_list keys);
/* Fails at the key of `value` because `name`, the key or a part of it, is none of the keys. */
bool field_unknown(const reader *r, const node *value, const char *name, word_list keys);
/* The value of a key that must be there; `example` is what to write. NULL on failure. */
node *field_required(const reader *r, const node *map, const char *key, const char *example);

/* In the next two a bare `word` (NULL: none), such as `none`, gives 0. */
bool field_real(const reader *r, const node *map, const char *key, real_range range,
                const char *word, double *value);
bool field_size(const reader *r, const node *map, const char *key, size_t min, size_t max,
                const char *word, size_t *value);
/* Whether a number is in the range, which infinities and NaN never are; the range in words: "a
 * number from 0 to 1". */
bool real_range_holds(real_range range, double number);
void real_range_describe(real_range range, text *out);
/* Any unsigned 64-bit number; the same of a node. */
bool field_seed(const reader *r, const node *map, const char *key, uint64_t *value);
bool field_read_seed(const reader *r, const node *value, uint64_t *seed);
/* A number of bytes, `min` or more: 1048576, 512MiB, 1.5GB. A bare `word` gives 0. */
bool field_bytes(const reader *r, const node *map, const char *key, uint64_t min, const char *word,
                 uint64_t *bytes);
bool field_flag(const reader *r, const node *map, const char *key, bool *value);
/* One of the words; stores its index. */
bool field_choice(const reader *r, const node *map, const char *key, word_list words, int *index);
/* The same of a node. */
bool field_choose(const reader *r, const node *value, word_list words, int *index);
/* A list of texts, or one text; stores a new array of new strings. On failure too it is the
 * caller's to free. `one` and `many` say what they are: "a column", "columns". */
bool field_texts(const reader *r, const node *map, const char *key, const char *one,
                 const char *many, char ***texts, size_t *count);
/* A scalar as a new string; as an absolute path, relative to the folder of the file it stands in
 * (one that --set gave: of the experiment's). */
bool field_text(const reader *r, const node *value, const char *wanted, char **string);
bool field_path(const reader *r, const node *value, char **path);

#endif
