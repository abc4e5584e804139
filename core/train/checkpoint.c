/* checkpoint.c: see checkpoint.h. Numbers of the state are stored as text that reads back to the
 * same bits, under "train.state.NAME"; one table names them for both directions. */
#include "train/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

enum { KEY = 96, NUMBER = 32 };

/* --- the state --- */

typedef struct field {
    const char *name;
    size_t offset;
    bool is_count; /* int64, at least 0; else double */
} field;

#define COUNT(member)                                                                              \
    {                                                                                              \
#member, offsetof(train_state, member), true                                               \
    }
#define REAL(member)                                                                               \
    {                                                                                              \
#member, offsetof(train_state, member), false                                              \
    }

static const field fields[] = {
    COUNT(epoch),         COUNT(batch),          COUNT(step),
    COUNT(evaluations),   COUNT(log_offset),     COUNT(done),
    COUNT(finished),      REAL(loss_sum),        REAL(weight_sum),
    REAL(last_loss),      REAL(seconds),         REAL(epoch_seconds),
    REAL(plateau_factor), REAL(plateau_best),    COUNT(plateau_waited),
    REAL(stopping_best),  COUNT(stopping_epoch), COUNT(stopping_waited),
    COUNT(stopping_stop), REAL(start_loss),      REAL(first_loss),
    COUNT(warned),
};

#undef COUNT
#undef REAL

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

_Static_assert(FIELDS * 8 == sizeof(train_state), "each member of the state is stored");

static void store_state(tensor_file *file, const train_state *state)
{
    char key[KEY], number[NUMBER];

    for (size_t i = 0; i < FIELDS; i++) {
        const char *at = (const char *)state + fields[i].offset;
        int64_t count;
        double real;
        snprintf(key, sizeof(key), "train.state.%s", fields[i].name);
        if (fields[i].is_count) {
            memcpy(&count, at, sizeof(count));
            snprintf(number, sizeof(number), "%lld", (long long)count);
        } else {
            memcpy(&real, at, sizeof(real));
            text_of_double(number, real);
        }
        tensor_file_metadata(file, key, number);
    }
}

bool checkpoint_read_state(const tensor_file *file, const char *path, train_state *state,
                           plx_error *error)
{
    char key[KEY];

    for (size_t i = 0; i < FIELDS; i++) {
        int64_t count = 0;
        double real = 0;
        snprintf(key, sizeof(key), "train.state.%s", fields[i].name);
        const char *value = tensor_file_value(file, key);
        if (value == NULL)
            return error_set(error, ERROR_DATA, "%s: is no checkpoint: it has no '%s'", path, key);
        const bool good = fields[i].is_count
                              ? text_is_integer(value, strlen(value), &count) && count >= 0
                              : text_is_double(value, strlen(value), &real);
        if (!good)
            return error_set(error, ERROR_DATA, "%s: '%s' is no %s; the checkpoint is damaged",
                             path, key, fields[i].is_count ? "count" : "number");
        if (fields[i].is_count)
            memcpy((char *)state + fields[i].offset, &count, sizeof(count));
        else
            memcpy((char *)state + fields[i].offset, &real, sizeof(real));
    }
    return true;
}

/* --- tensors --- */

static tensor_type stored_type(uint32_t type)
{
    return type == PLX_F32 ? TENSOR_F32 : type == PLX_F64 ? TENSOR_F64 : TENSOR_I64;
}

/* A name below "kept.". */
static void kept_name(const network_tensor *tensor, char name[KEY])
{
    snprintf(name, KEY, "kept.%s", tensor->name);
}

bool checkpoint_write(const char *path, const checkpoint_parts *parts, const train_state *state,
                      plx_error *error)
{
    tensor_file *file = tensor_file_new();
    char name[KEY];
    size_t count;

    if (file == NULL)
        return error_memory(error);
    bool ok = model_store(file, parts->model, parts->network, NULL, error);
    for (size_t i = 0; i < driver_slots(parts->driver); i++) {
        const slot *one = driver_slot(parts->driver, i);
        const uint64_t shape[2] = {one->plan.rows, one->plan.cols};
        tensor_file_add(file, one->path, stored_type(one->plan.type), 2, shape, one->data);
    }
    const network_tensor *tensor = network_tensors(parts->network, &count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t shape[2] = {tensor[i].rows, tensor[i].cols};
        kept_name(&tensor[i], name);
        tensor_file_add(file, name, TENSOR_F32, 2, shape, parts->kept[i]);
    }
    store_state(file, state);
    fingerprint_store(parts->fingerprint, file);
    ok = ok && tensor_file_write(file, path, error);
    tensor_file_free(file);
    return ok;
}

static bool restore_weights(const tensor_file *file, const checkpoint_parts *parts,
                            plx_error *error)
{
    size_t count;
    char name[KEY];
    const network_tensor *tensor = network_tensors(parts->network, &count);

    for (size_t i = 0; i < count; i++) {
        const bool is_bias = tensor[i].role == PLX_BIAS;
        const uint64_t shape[2] = {tensor[i].rows, tensor[i].cols};
        kept_name(&tensor[i], name);
        if (!tensor_file_copy(file, tensor[i].name, TENSOR_F32, is_bias ? 1 : 2,
                              is_bias ? &shape[1] : shape, network_weights(parts->network, i),
                              error) ||
            !tensor_file_copy(file, name, TENSOR_F32, 2, shape, parts->kept[i], error))
            return false;
    }
    return true;
}

/* Each planned slot must be there, and each stored one planned. */
static bool restore_slots(const tensor_file *file, const char *path, driver *driver,
                          plx_error *error)
{
    size_t stored = 0;

    for (size_t i = 0; i < driver_slots(driver); i++) {
        const slot *one = driver_slot(driver, i);
        const uint64_t shape[2] = {one->plan.rows, one->plan.cols};
        if (!tensor_file_copy(file, one->path, stored_type(one->plan.type), 2, shape, one->data,
                              error))
            return false;
    }
    for (size_t i = 0; i < tensor_file_count(file); i++)
        stored += strncmp(tensor_file_at(file, i)->name, "slots.", 6) == 0;
    if (stored != driver_slots(driver))
        return error_set(error, ERROR_DATA,
                         "%s: holds %zu slots, but the optimizer has %zu; it is of another run",
                         path, stored, driver_slots(driver));
    return true;
}

bool checkpoint_restore(const tensor_file *file, const char *path, const checkpoint_parts *parts,
                        plx_error *error)
{
    return restore_weights(file, parts, error) && restore_slots(file, path, parts->driver, error);
}
