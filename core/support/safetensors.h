/* safetensors.h: the file format of models and checkpoints. A u64 little-endian header length, a
 * JSON header that starts with '{' and is padded with spaces to a multiple of 8, then the tensors,
 * row-major, little-endian, with no hole and no overlap. `__metadata__` maps strings to strings.
 * Reading believes nothing: header at most 100 MB, known dtypes, shapes whose product fits the
 * offsets, contiguous coverage of the whole file, no duplicate names. */
#ifndef SUPPORT_SAFETENSORS_H
#define SUPPORT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

typedef enum { TENSOR_F32, TENSOR_F64, TENSOR_I64, TENSOR_U8, TENSOR_OTHER } tensor_type;

#define TENSOR_MAX_RANK 8

typedef struct stored_tensor {
    const char *name;
    tensor_type type; /* TENSOR_OTHER: a dtype the format knows and we do not use; data is there */
    int rank;
    uint64_t shape[TENSOR_MAX_RANK];
    uint64_t bytes;
    const void *data;
} stored_tensor;

/* --- writing: names, values and data are borrowed until the write returns --- */
typedef struct tensor_file tensor_file;
tensor_file *tensor_file_new(void); /* NULL: out of memory; the adders below then do nothing and
                                       the write fails */
void tensor_file_metadata(tensor_file *file, const char *key, const char *value); /* copies both */
void tensor_file_add(tensor_file *file, const char *name, tensor_type type, int rank,
                     const uint64_t *shape, const void *data); /* copies name; borrows data */
/* Temporary, sync, rename. The largest elements come first, so that each tensor lies aligned. */
bool tensor_file_write(tensor_file *file, const char *path, plx_error *error);
void tensor_file_free(tensor_file *file);

/* --- reading: the strings and data live as long as the file --- */
tensor_file *tensor_file_read(const char *path, plx_error *error);       /* code ERROR_DATA */
const char *tensor_file_value(const tensor_file *file, const char *key); /* NULL: absent */
size_t tensor_file_count(const tensor_file *file);
const stored_tensor *tensor_file_at(const tensor_file *file, size_t index);
const stored_tensor *tensor_file_find(const tensor_file *file, const char *name); /* NULL: absent */
/* Finds `name` and requires type and shape; copies its data to `out`. The error names the file, the
 * tensor and what was expected. */
bool tensor_file_copy(const tensor_file *file, const char *name, tensor_type type, int rank,
                      const uint64_t *shape, void *out, plx_error *error);

#endif
