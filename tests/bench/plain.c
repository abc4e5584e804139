/* plain.c: see plain.h.
 *
 * Forward, Z = X W' + b and A = f(Z) for each layer; the cross-entropy L, a mean over the rows;
 * backward, from dZ = (A - T) / rows of the last layer: dW = dZ' X, db = column sums of dZ, and
 * for the layer below dZ = (dZ W) f'(A); then Adam or SGD over all parameters at once. All matrices
 * are row-major: W (units, fan_in), X and Z (rows, fan_in) and (rows, units).
 *
 * Products go to oneDNN, small ones to a loop over tiles that fit into registers; everything else is
 * a loop that a compiler can vectorise, for which the exponential is written out and every logarithm
 * is one of many factors' product. */
#include "plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sgemm.h"
#include "support/memory.h"

enum {
    SMALL = 64 * 64 * 64,
    WIDE = 16,
    TALL = 8
}; /* multiplications; a tile of a product        */

typedef float lanes __attribute__((vector_size(WIDE * sizeof(float))));

typedef enum { RELU, TANH, SIGMOID, SOFTMAX } activation;

typedef struct layer {
    size_t fan_in, units;
    activation activation;
    float *w, *b;   /* (units x fan_in), (units)                                                 */
    float *dw, *db; /* gradients                                                                 */
    float *a;       /* (rows x units): Z, then A in its place                                    */
    float *dz;      /* (rows x units)                                                            */
} layer;

struct plain {
    const workload *workload;
    const workload_data *data;
    layer layer[WORKLOAD_MOST_LAYERS];
    size_t parameters;
    float *w, *g, *m, *v; /* all weights and biases, their gradients, Adam's two means           */
    float *panel; /* of a small product: WIDE columns of b                                       */
    uint32_t *order;
    float *x; /* (rows x inputs)                                                                 */
    int32_t *label;
    size_t rows, next; /* of the batch at hand; where in the order the next one begins           */
    int64_t epoch, step;
    size_t samples;
    double loss;
};

/* --- making one --- */

static activation activation_named(const char *name)
{
    if (strcmp(name, "relu") == 0)
        return RELU;
    if (strcmp(name, "tanh") == 0)
        return TANH;
    return strcmp(name, "sigmoid") == 0 ? SIGMOID : SOFTMAX;
}

/* The layer's share of the arenas, from `offset` on; returns where the next one's begins. */
static size_t place_layer(plain *p, size_t l, size_t offset)
{
    const workload *w = p->workload;
    layer *layer = &p->layer[l];

    layer->fan_in = workload_fan_in(w, l);
    layer->units = w->units[l];
    layer->activation = activation_named(l + 1 < w->layers ? w->hidden : w->output);
    layer->w = p->w + offset;
    layer->dw = p->g + offset;
    offset += layer->units * layer->fan_in;
    layer->b = p->w + offset;
    layer->db = p->g + offset;
    workload_first_weights(w, l, layer->w);
    return offset + layer->units;
}

static size_t largest_extent(const workload *w)
{
    size_t largest = w->batch > w->inputs ? w->batch : w->inputs;

    for (size_t l = 0; l < w->layers; l++)
        largest = w->units[l] > largest ? w->units[l] : largest;
    return largest;
}

static bool allocate(plain *p)
{
    const workload *w = p->workload;
    bool ok;

    p->parameters = workload_parameters(w);
    p->w = memory_aligned(p->parameters, sizeof(float));
    p->g = memory_aligned(p->parameters, sizeof(float));
    p->m = memory_aligned(p->parameters, sizeof(float));
    p->v = memory_aligned(p->parameters, sizeof(float));
    p->panel = memory_aligned(largest_extent(w) * WIDE, sizeof(float));
    p->order = memory_array(w->rows, sizeof(*p->order));
    p->x = memory_aligned(w->batch * w->inputs, sizeof(float));
    p->label = memory_array(w->batch, sizeof(*p->label));
    ok = p->w != NULL && p->g != NULL && p->m != NULL && p->v != NULL && p->panel != NULL &&
         p->order != NULL && p->x != NULL && p->label != NULL;
    for (size_t l = 0; l < w->layers; l++) {
        p->layer[l].a = memory_aligned(w->batch * w->units[l], sizeof(float));
        p->layer[l].dz = memory_aligned(w->batch * w->units[l], sizeof(float));
        ok = ok && p->layer[l].a != NULL && p->layer[l].dz != NULL;
    }
    return ok;
}

plain *plain_new(const workload *workload, const workload_data *data, plx_error *error)
{
    plain *made = memory_array(1, sizeof(*made));
    size_t offset = 0;

    if (made != NULL) {
        made->workload = workload;
        made->data = data;
    }
    if (made == NULL || !allocate(made)) {
        error_memory(error);
        plain_free(made);
        return NULL;
    }
    for (size_t l = 0; l < workload->layers; l++)
        offset = place_layer(made, l, offset);
    return made;
}

void plain_free(plain *plain)
{
    if (plain == NULL)
        return;
    for (size_t l = 0; l < plain->workload->layers; l++) {
        free(plain->layer[l].a);
        free(plain->layer[l].dz);
    }
    free(plain->w);
    free(plain->g);
    free(plain->m);
    free(plain->v);
    free(plain->panel);
    free(plain->order);
    free(plain->x);
    free(plain->label);
    free(plain);
}

/* --- products --- */

/* Rows may be as short as one number, so no function is called for them. */
static inline void copy(size_t n, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

/* Columns of op(b) (k x n) from `first` on, as rows of WIDE floats, zeros where there is none. */
static void pack(bool transposed, size_t n, size_t k, size_t first, const float *restrict b,
                 float *restrict panel)
{
    const size_t columns = n - first < WIDE ? n - first : WIDE;

    memset(panel, 0, k * WIDE * sizeof(float));
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < columns; j++)
            panel[i * WIDE + j] = transposed ? b[(first + j) * k + i] : b[i * n + first + j];
}

/* A tile of at most TALL rows of the product with a panel. Element (i, p) of op(a) is at
 * a[i * down + p * right]; a row past the last is the last once more. */
static void multiply_tile(size_t rows, size_t k, const float *a, size_t down, size_t right,
                          const float *panel, float sum[TALL][WIDE])
{
    const float *row[TALL];
    lanes s[TALL] = {{0}};

    for (size_t i = 0; i < TALL; i++)
        row[i] = a + (i < rows ? i : rows - 1) * down;
    for (size_t p = 0; p < k; p++) {
        lanes b;
        memcpy(&b, panel + p * WIDE, sizeof(b));
        for (size_t i = 0; i < TALL; i++)
            s[i] += row[i][p * right] * b;
    }
    memcpy(sum, s, sizeof(s));
}

static void multiply_small(plain *plain, bool transpose_a, bool transpose_b, size_t m, size_t n,
                           size_t k, const float *a, const float *b, float *restrict c)
{
    const size_t down = transpose_a ? 1 : k, right = transpose_a ? m : 1;
    float tile[TALL][WIDE];

    for (size_t j = 0; j < n; j += WIDE) {
        const size_t columns = n - j < WIDE ? n - j : WIDE;
        pack(transpose_b, n, k, j, b, plain->panel);
        for (size_t i = 0; i < m; i += TALL) {
            const size_t rows = m - i < TALL ? m - i : TALL;
            multiply_tile(rows, k, a + i * down, down, right, plain->panel, tile);
            for (size_t r = 0; r < rows; r++)
                copy(columns, tile[r], c + (i + r) * n + j);
        }
    }
}

/* c (m x n) = op(a) op(b). */
static bool multiply(plain *plain, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                     const float *a, const float *b, float *c)
{
    if (m * n * k > SMALL)
        return sgemm(transpose_a, transpose_b, m, n, k, a, b, c);
    multiply_small(plain, transpose_a, transpose_b, m, n, k, a, b, c);
    return true;
}

/* --- functions --- */

/* e^x = 2^n e^r with n the integer nearest to x / ln 2, so |r| <= ln 2 / 2, where eight terms of
 * the series give all of float32's digits. Adding 1.5 2^23 rounds to an integer; ln 2 is taken in
 * two parts, the first with so few digits that n times it is exact. */
static inline float exponential(float x)
{
    const float bounded = x < -87 ? -87 : x > 88 ? 88 : x;
    const float n = (bounded * 1.44269504F + 12582912.0F) - 12582912.0F;
    const float r = (bounded - n * 0.693359375F) - n * -2.12194440e-4F;
    const int32_t bits = ((int32_t)n + 127) * (1 << 23); /* 2^n as a float32 */
    float power, series = 1.0F / 5040;

    series = series * r + 1.0F / 720;
    series = series * r + 1.0F / 120;
    series = series * r + 1.0F / 24;
    series = series * r + 1.0F / 6;
    series = series * r + 0.5F;
    series = series * r + 1;
    series = series * r + 1;
    memcpy(&power, &bits, sizeof(power));
    return series * power;
}

/* Of z minus the row's maximum, which changes nothing but the range. */
static void softmax(size_t rows, size_t units, float *z)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = z + r * units, maximum = row[0];
        for (size_t j = 1; j < units; j++)
            maximum = row[j] > maximum ? row[j] : maximum;
        for (size_t j = 0; j < units; j++)
            row[j] -= maximum;
    }
    for (size_t i = 0; i < rows * units; i++)
        z[i] = exponential(z[i]);
    for (size_t r = 0; r < rows; r++) {
        float *row = z + r * units, sum = 0;
        for (size_t j = 0; j < units; j++)
            sum += row[j];
        for (size_t j = 0; j < units; j++)
            row[j] *= 1 / sum;
    }
}

/* A = f(Z), in place. */
static void activate(activation f, size_t rows, size_t units, float *z)
{
    const size_t n = rows * units;

    if (f == RELU)
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? z[i] : 0;
    else if (f == TANH) /* (e^2x - 1) / (e^2x + 1) */
        for (size_t i = 0; i < n; i++)
            z[i] = 1 - 2 / (exponential(2 * z[i]) + 1);
    else if (f == SIGMOID)
        for (size_t i = 0; i < n; i++)
            z[i] = 1 / (1 + exponential(-z[i]));
    else
        softmax(rows, units, z);
}

/* dZ = dA f'(Z), in place, f' by A. */
static void derive(activation f, size_t n, const float *restrict a, float *restrict d)
{
    if (f == RELU)
        for (size_t i = 0; i < n; i++)
            d[i] = a[i] > 0 ? d[i] : 0;
    else if (f == TANH)
        for (size_t i = 0; i < n; i++)
            d[i] *= 1 - a[i] * a[i];
}

/* --- one batch --- */

static void gather(plain *p)
{
    const dataset *rows = p->data->rows;
    const size_t n = rows->features, left = rows->rows - p->next;

    if (p->next == 0)
        workload_order(p->workload, ++p->epoch, p->order);
    p->rows = left < p->workload->batch ? left : p->workload->batch;
    for (size_t r = 0; r < p->rows; r++) {
        const size_t from = p->order[p->next + r];
        float *x = p->x + r * n;
        p->label[r] = rows->label[from];
        if (rows->bytes == NULL)
            copy(n, rows->floats + from * n, x);
        else
            for (size_t i = 0; i < n; i++)
                x[i] = (float)rows->bytes[from * n + i] * (1.0F / 255);
    }
    p->next = (p->next + p->rows) % rows->rows;
    p->samples += p->rows;
}

static void add_bias(size_t rows, size_t units, const float *restrict b, float *restrict z)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < units; j++)
            z[r * units + j] += b[j];
}

static bool forward(plain *p)
{
    const float *x = p->x;

    for (size_t l = 0; l < p->workload->layers; x = p->layer[l++].a) {
        const layer *layer = &p->layer[l];
        const size_t units = layer->units, fan_in = layer->fan_in;
        if (!multiply(p, false, true, p->rows, units, fan_in, x, layer->w, layer->a))
            return false;
        add_bias(p->rows, units, layer->b, layer->a);
        activate(layer->activation, p->rows, units, layer->a);
    }
    return true;
}

/* The loss -1/rows sum of log p, p the probability given to a row's own class, as the logarithm of
 * products of many p; and the last layer's dZ. */
static void look_at_loss(plain *p)
{
    const layer *last = &p->layer[p->workload->layers - 1];
    const size_t units = last->units;
    const float scale = 1 / (float)p->rows;
    double sum = 0, likelihood = 1;

    for (size_t r = 0; r < p->rows; r++) {
        const float *a = last->a + r * units;
        float *dz = last->dz + r * units;
        const size_t label = (size_t)p->label[r];
        const float own = units > 1 ? a[label] : label == 1 ? a[0] : 1 - a[0];
        for (size_t j = 0; j < units; j++)
            dz[j] = scale * (a[j] - (units > 1 ? label == j : label == 1));
        likelihood *= (double)(own > 1e-38F ? own : 1e-38F);
        if (likelihood < 1e-200) {
            sum -= log(likelihood);
            likelihood = 1;
        }
    }
    p->loss = (sum - log(likelihood)) / (double)p->rows;
}

static void add_columns(size_t rows, size_t units, const float *restrict dz, float *restrict db)
{
    memset(db, 0, units * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < units; j++)
            db[j] += dz[r * units + j];
}

static bool backward(plain *p)
{
    for (size_t l = p->workload->layers; l-- > 0;) {
        const layer *layer = &p->layer[l], *below = l == 0 ? NULL : layer - 1;
        const size_t units = layer->units, fan_in = layer->fan_in;
        const float *x = below == NULL ? p->x : below->a;
        if (!multiply(p, true, false, units, fan_in, p->rows, layer->dz, x, layer->dw))
            return false;
        add_columns(p->rows, units, layer->dz, layer->db);
        if (below == NULL)
            continue;
        if (!multiply(p, false, false, p->rows, fan_in, units, layer->dz, layer->w, below->dz))
            return false;
        derive(below->activation, p->rows * fan_in, below->a, below->dz);
    }
    return true;
}

/* --- the step --- */

static void descend(size_t n, float lr, float *restrict w, const float *restrict g)
{
    for (size_t i = 0; i < n; i++)
        w[i] -= lr * g[i];
}

/* m and v are running means of g and g^2, both too small at first by the factors 1 - beta^step. */
static void adam(size_t n, double lr, int64_t step, float *restrict w, const float *restrict g,
                 float *restrict m, float *restrict v)
{
    const float rate = (float)(lr / (1 - pow(0.9, (double)step)));
    const float root = (float)(1 / sqrt(1 - pow(0.999, (double)step)));

    for (size_t i = 0; i < n; i++) {
        m[i] = 0.9F * m[i] + 0.1F * g[i];
        v[i] = 0.999F * v[i] + 0.001F * g[i] * g[i];
        w[i] -= rate * m[i] / (sqrtf(v[i]) * root + 1e-8F);
    }
}

static bool learn(plain *p)
{
    const double lr = p->workload->lr;

    look_at_loss(p);
    if (!backward(p))
        return false;
    p->step++;
    if (strcmp(p->workload->optimizer, "adam") == 0)
        adam(p->parameters, lr, p->step, p->w, p->g, p->m, p->v);
    else
        descend(p->parameters, (float)lr, p->w, p->g);
    return true;
}

bool plain_run(plain *plain, size_t count, plx_error *error)
{
    for (size_t i = 0; i < count; i++) {
        gather(plain);
        if (!forward(plain) || (plain->workload->optimizer != NULL && !learn(plain)))
            return error_set(error, ERROR_RUN, "%s: a matrix product failed",
                             plain->workload->name);
    }
    return true;
}

size_t plain_samples(const plain *plain)
{
    return plain->samples;
}

double plain_loss(const plain *plain)
{
    return plain->loss;
}

const float *plain_output(const plain *plain)
{
    return plain->layer[plain->workload->layers - 1].a;
}

const float *plain_weights(const plain *plain, size_t layer)
{
    return plain->layer[layer].w;
}

const float *plain_bias(const plain *plain, size_t layer)
{
    return plain->layer[layer].b;
}
