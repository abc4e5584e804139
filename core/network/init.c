/* init.c: see init.h.
 *
 * Weight i of a tensor is made from number i of the tensor's stream: a normal or uniform number
 * times the rule's width. Orthogonal weights fill a matrix with such normals and then
 * orthonormalise its rows, or its columns if these are fewer, by Gram-Schmidt, twice for each
 * vector so that rounding leaves nothing behind. The lengths that this divides by are the
 * diagonal of R in a QR factorisation; as they are positive the result is uniformly distributed
 * over the orthogonal matrices (Mezzadri 2007). */
#include "network/init.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"
#include "support/safetensors.h"
#include "support/text.h"

/* --- rules that draw each weight by itself ---------------------------------------------------- */

static void fill_normal(random_stream stream, double std, size_t n, float *w)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (float)(std * random_normal(stream, i));
}

static void fill_uniform(random_stream stream, double bound, size_t n, float *w)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (float)(bound * (2 * random_uniform(stream, i) - 1));
}

/* --- orthogonal ------------------------------------------------------------------------------- */

static double dot(size_t n, const double *x, const double *y)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Takes from v its parts along the `count` orthonormal vectors q, then scales it to length 1. */
static void orthonormalise(size_t n, size_t count, const double *q, double *v)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < count; j++) {
            const double part = dot(n, q + j * n, v);
            for (size_t i = 0; i < n; i++)
                v[i] -= part * q[j * n + i];
        }
    const double length = sqrt(dot(n, v, v));
    for (size_t i = 0; i < n && length > 0; i++)
        v[i] /= length;
}

/* The shorter side's vectors (rows, or columns if rows > cols), each contiguous in memory. */
static bool fill_orthogonal(random_stream stream, double gain, size_t rows, size_t cols, float *w)
{
    const bool by_rows = rows <= cols;
    const size_t count = by_rows ? rows : cols, n = by_rows ? cols : rows;
    const size_t to_vector = by_rows ? cols : 1, to_element = by_rows ? 1 : cols;
    double *q = memory_array(count * n, sizeof(*q));

    if (q == NULL)
        return false;
    for (size_t j = 0; j < count; j++) {
        double *v = q + j * n;
        for (size_t i = 0; i < n; i++)
            v[i] = random_normal(stream, j * to_vector + i * to_element);
        orthonormalise(n, j, q, v);
        for (size_t i = 0; i < n; i++)
            w[j * to_vector + i * to_element] = (float)(gain * v[i]);
    }
    free(q);
    return true;
}

/* --- one tensor by its rule ------------------------------------------------------------------- */

static bool fill_weight(const network_tensor *tensor, const layer_config *layer,
                        random_stream stream, float *w, plx_error *error)
{
    const double fan_in = (double)tensor->cols, fan_out = (double)tensor->rows;
    const double gain = settings_gain(layer->activation.settings);
    const size_t n = tensor->rows * tensor->cols;

    switch (layer->init.rule) {
    case INIT_AUTO:
        fill_normal(stream, gain / sqrt(fan_in), n, w);
        break;
    case INIT_NORMAL:
        fill_normal(stream, layer->init.std, n, w);
        break;
    case INIT_LECUN_NORMAL:
        fill_normal(stream, 1 / sqrt(fan_in), n, w);
        break;
    case INIT_XAVIER_NORMAL:
        fill_normal(stream, sqrt(2 / (fan_in + fan_out)), n, w);
        break;
    case INIT_XAVIER_UNIFORM:
        fill_uniform(stream, sqrt(6 / (fan_in + fan_out)), n, w);
        break;
    case INIT_HE_NORMAL:
        fill_normal(stream, sqrt(2 / fan_in), n, w);
        break;
    case INIT_HE_UNIFORM:
        fill_uniform(stream, sqrt(6 / fan_in), n, w);
        break;
    case INIT_ORTHOGONAL:
        if (!fill_orthogonal(stream, gain, tensor->rows, tensor->cols, w))
            return error_memory(error);
        break;
    case INIT_ZEROS:
    case INIT_FROM:
        memset(w, 0, n * sizeof(*w));
        break;
    }
    return true;
}

static void fill_bias(const network_tensor *tensor, const layer_config *layer, float *b)
{
    for (size_t i = 0; i < tensor->cols; i++)
        b[i] = (float)layer->bias_init;
}

/* --- from a file ------------------------------------------------------------------------------ */

/* "F32 (3, 4)", as the file's own description writes it. */
static void add_shape(text *out, const char *type, int rank, const uint64_t *shape)
{
    text_addf(out, "%s (", type);
    for (int i = 0; i < rank; i++)
        text_addf(out, i == 0 ? "%llu" : ", %llu", (unsigned long long)shape[i]);
    text_add(out, ")");
}

static const char *type_name(tensor_type type)
{
    static const char *const names[] = {"F32", "F64", "I64", "U8", "of another type"};

    return names[type];
}

/* Begins the next of several differences. */
static void next_difference(text *differences)
{
    if (differences->length > 0)
        text_add(differences, "; ");
}

static void compare_values(const network_tensor *tensor, const stored_tensor *found,
                           text *differences)
{
    const char *bytes = found->data;
    const size_t n = tensor->rows * tensor->cols;

    for (size_t i = 0; i < n; i++) {
        float one; /* the data lie where the header's length put them, perhaps unaligned */
        memcpy(&one, bytes + i * sizeof(one), sizeof(one));
        if (isfinite(one))
            continue;
        next_difference(differences);
        text_addf(differences, "%s is not finite at element %zu; expected finite values",
                  tensor->name, i);
        return;
    }
}

/* Adds what is wrong with the file's tensor of that name, if anything. */
static void compare_tensor(const tensor_file *file, const network_tensor *tensor, text *differences)
{
    const stored_tensor *found = tensor_file_find(file, tensor->name);
    const int rank = tensor->role == PLX_WEIGHT ? 2 : 1;
    const uint64_t matrix[2] = {tensor->rows, tensor->cols};
    const uint64_t *shape = rank == 2 ? matrix : matrix + 1;

    if (found != NULL && found->type == TENSOR_F32 && found->rank == rank &&
        memcmp(found->shape, shape, (size_t)rank * sizeof(*shape)) == 0) {
        compare_values(tensor, found, differences);
        return;
    }
    next_difference(differences);
    if (found == NULL) {
        text_addf(differences, "no tensor %s", tensor->name);
    } else {
        text_addf(differences, "%s is ", tensor->name);
        add_shape(differences, type_name(found->type), found->rank, found->shape);
    }
    text_add(differences, found == NULL ? " (" : ", expected ");
    add_shape(differences, "F32", rank, shape);
    text_add(differences, found == NULL ? " expected)" : "");
}

static void find_extra(const tensor_file *file, const network_tensor *tensor, size_t count,
                       text *differences)
{
    for (size_t i = 0; i < tensor_file_count(file); i++) {
        const char *name = tensor_file_at(file, i)->name;
        char shown[4 * 80 + 4];
        size_t t = 0;
        while (t < count && strcmp(tensor[t].name, name) != 0)
            t++;
        if (t < count)
            continue;
        next_difference(differences);
        text_addf(differences, "the network has no tensor '%s'",
                  text_shown(shown, name, strlen(name), 80));
    }
}

static bool agree(const tensor_file *file, const network_tensor *tensor, size_t count,
                  const layer_config *layer, const init_spec *init, plx_error *error)
{
    text differences = {0};
    bool ok = true;

    for (size_t t = 0; t < count; t++)
        if (layer[tensor[t].layer].init.rule == INIT_FROM)
            compare_tensor(file, &tensor[t], &differences);
    find_extra(file, tensor, count, &differences);
    if (differences.failed)
        ok = error_memory(error);
    else if (differences.length > 0)
        ok = error_at(error, ERROR_DATA, init->at, "%s does not fit the network: %s", init->from,
                      differences.bytes);
    free(differences.bytes);
    return ok;
}

/* Fills the tensors of the layers that are to come from the file; the others keep their own
 * rule. */
static bool fill_from_file(network *network, const layer_config *layer, const init_spec *init,
                           plx_error *error)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);
    tensor_file *file = tensor_file_read(init->from, error);

    if (file == NULL)
        return false;
    const bool ok = agree(file, tensor, count, layer, init, error);
    for (size_t t = 0; t < count && ok; t++)
        if (layer[tensor[t].layer].init.rule == INIT_FROM) {
            const stored_tensor *found = tensor_file_find(file, tensor[t].name);
            memcpy(network_weights(network, t), found->data, found->bytes);
        }
    tensor_file_free(file);
    return ok;
}

bool init_parameters(network *network, const layer_config *layer, size_t layer_count,
                     const init_spec *init, uint64_t seed, plx_error *error)
{
    size_t count;
    bool from_file = false;
    const network_tensor *tensor = network_tensors(network, &count);

    if (layer_count != network_layers(network))
        return error_set(error, ERROR_CONFIG, "%zu layers are described; the network has %zu",
                         layer_count, network_layers(network));
    for (size_t t = 0; t < count; t++) {
        const layer_config *its = &layer[tensor[t].layer];
        from_file = from_file || its->init.rule == INIT_FROM;
        if (tensor[t].role == PLX_BIAS)
            fill_bias(&tensor[t], its, network_weights(network, t));
        else if (!fill_weight(&tensor[t], its, random_open(seed, RANDOM_INIT, t),
                              network_weights(network, t), error))
            return false;
    }
    return !from_file || fill_from_file(network, layer, init, error);
}
