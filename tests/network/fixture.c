#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- components and networks ------------------------------------------------------------------ */

fixture *fixture_new(int threads)
{
    plx_error error = {0};
    fixture *self = calloc(1, sizeof(*self));
    const catalog_options options = {.builtin = PLEXUS_PLUGIN_BUILD_DIR};

    ck_assert_ptr_nonnull(self);
    self->catalog = catalog_new(&options, &error);
    ck_assert_msg(self->catalog != NULL, "%s", error.text);
    self->pool = pool_new(threads, &error);
    ck_assert_msg(self->pool != NULL, "%s", error.text);
    host_init(&self->host, NULL, 1);
    return self;
}

void fixture_free(fixture *self)
{
    while (self->made_count > 0)
        settings_free(self->made[--self->made_count]);
    host_destroy(&self->host);
    pool_free(self->pool);
    catalog_free(self->catalog);
    free(self);
}

const settings *fixture_component(fixture *self, uint32_t kind, const char *name)
{
    plx_error error = {0};
    const plugin *plugin = catalog_find(self->catalog, kind, name, &error);

    ck_assert_msg(plugin != NULL, "%s", error.text);
    for (size_t i = 0; i < self->made_count; i++)
        if (self->made[i]->plugin == plugin)
            return self->made[i];
    ck_assert_uint_lt(self->made_count, sizeof(self->made) / sizeof(self->made[0]));
    settings *made = settings_new(plugin, &error);
    ck_assert_msg(made != NULL, "%s", error.text);
    self->made[self->made_count++] = made;
    return made;
}

size_t plan_layers(const plan *plan)
{
    size_t count = 0;

    while (count < MOST_LAYERS_IN_TESTS && plan->layer[count].units > 0)
        count++;
    return count;
}

size_t plan_outputs(const plan *plan)
{
    return plan->layer[plan_layers(plan) - 1].units;
}

static void fill(network *network)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    for (size_t t = 0; t < count; t++) {
        const double width = tensor[t].role == PLX_WEIGHT ? 1 / sqrt((double)tensor[t].cols) : 0.3;
        float *w = network_weights(network, t);
        for (size_t i = 0; i < tensor[t].rows * tensor[t].cols; i++)
            w[i] = (float)(width * random_normal(random_open(7, RANDOM_INIT, t), i));
    }
}

network *fixture_network_with_loss(fixture *self, const plan *plan, const settings *loss)
{
    plx_error error = {0};
    layer_spec layer[MOST_LAYERS_IN_TESTS];
    const network_spec spec = {.inputs = plan->inputs,
                               .layer = layer,
                               .layer_count = plan_layers(plan),
                               .loss = loss,
                               .fused = plan->fused,
                               .capacity = plan->capacity,
                               .training = !plan->forward_only,
                               .bf16 = plan->bf16,
                               .largest_input = plan->largest_input};

    for (size_t l = 0; l < spec.layer_count; l++)
        layer[l] = (layer_spec){
            .units = plan->layer[l].units,
            .activation = fixture_component(self, PLX_KIND_ACTIVATION, plan->layer[l].activation),
            .dropout = plan->layer[l].dropout,
            .bias = !plan->layer[l].no_bias};
    network *made = network_new(&spec, self->pool, &self->host, &error);
    ck_assert_msg(made != NULL, "%s", error.text);
    fill(made);
    return made;
}

network *fixture_network(fixture *self, const plan *plan)
{
    return fixture_network_with_loss(
        self, plan, plan->loss == NULL ? NULL : fixture_component(self, PLX_KIND_LOSS, plan->loss));
}

float *fixture_numbers(uint64_t seed, size_t n)
{
    float *x = malloc((n + 1) * sizeof(float));

    ck_assert_ptr_nonnull(x);
    random_normal_f32(random_open(seed, RANDOM_GENERATE, 0), 0, n, x);
    return x;
}

float *fixture_targets(const plan *plan, uint64_t seed, size_t rows)
{
    const size_t cols = plan_outputs(plan);
    const char *last = plan->layer[plan_layers(plan) - 1].activation;
    float *target = fixture_numbers(seed, rows * cols);

    for (size_t r = 0; r < rows && strcmp(last, "softmax") == 0; r++)
        for (size_t c = 0; c < cols; c++)
            target[r * cols + c] =
                random_below(random_open(seed, RANDOM_GENERATE, 1), r, cols) == c ? 1 : 0;
    for (size_t i = 0; i < rows * cols && strcmp(last, "sigmoid") == 0; i++)
        target[i] = target[i] > 0 ? 1 : 0;
    return target;
}

/* --- the reference: activations and losses ---------------------------------------------------- */

static bool is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

static double value(const char *f, double x)
{
    if (is(f, "identity"))
        return x;
    if (is(f, "sigmoid"))
        return 1 / (1 + exp(-x));
    if (is(f, "tanh"))
        return tanh(x);
    if (is(f, "relu"))
        return x > 0 ? x : 0;
    if (is(f, "elu"))
        return x > 0 ? x : exp(x) - 1;
    if (is(f, "softplus"))
        return log(1 + exp(x));
    if (is(f, "silu"))
        return x / (1 + exp(-x));
    ck_abort_msg("the reference has no activation '%s'", f);
}

static double slope(const char *f, double x)
{
    const double s = 1 / (1 + exp(-x));

    if (is(f, "identity"))
        return 1;
    if (is(f, "sigmoid"))
        return s * (1 - s);
    if (is(f, "tanh"))
        return 1 - tanh(x) * tanh(x);
    if (is(f, "relu"))
        return x > 0 ? 1 : 0;
    if (is(f, "elu"))
        return x > 0 ? 1 : exp(x);
    if (is(f, "softplus"))
        return s;
    return s + x * s * (1 - s);
}

static void activate(const char *f, size_t n, const double *z, double *y)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        y[i] = is(f, "softmax") ? exp(z[i]) : value(f, z[i]);
        sum += y[i];
    }
    for (size_t i = 0; i < n && is(f, "softmax"); i++)
        y[i] /= sum;
}

/* d becomes J' d, J the Jacobian of one row. */
static void activate_back(const char *f, size_t n, const double *z, const double *y, double *d)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += d[i] * y[i];
    for (size_t i = 0; i < n; i++)
        d[i] = is(f, "softmax") ? y[i] * (d[i] - sum) : d[i] * slope(f, z[i]);
}

/* The loss of one row and its gradient, by the definitions. */
static double row_loss(const char *loss, const char *last, size_t n, const double *p,
                       const float *target, double *d)
{
    const double mean = 1 / (double)n;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const double t = (double)target[i];
        if (is(loss, "mse")) {
            sum += mean * (p[i] - t) * (p[i] - t);
            d[i] = 2 * mean * (p[i] - t);
        } else if (is(last, "softmax")) {
            sum -= t * log(p[i]);
            d[i] = -t / p[i];
        } else {
            sum -= mean * (t * log(p[i]) + (1 - t) * log(1 - p[i]));
            d[i] = mean * ((1 - t) / (1 - p[i]) - t / p[i]);
        }
    }
    return sum;
}

/* --- the reference: one row through the network ----------------------------------------------- */

enum { MOST_UNITS = 1100 };

typedef struct layer_row {
    double z[MOST_UNITS], y[MOST_UNITS], a[MOST_UNITS], mask[MOST_UNITS], d[MOST_UNITS];
} layer_row;

typedef struct row_pass {
    network *network;
    const plan *plan;
    const random_stream *dropout;
    size_t row, weight[MOST_LAYERS_IN_TESTS], bias[MOST_LAYERS_IN_TESTS]; /* tensor numbers      */
    double x[MOST_UNITS];
    layer_row layer[MOST_LAYERS_IN_TESTS];
} row_pass;

static void number_tensors(row_pass *pass)
{
    size_t next = 0;

    ck_assert_uint_le(pass->plan->inputs, MOST_UNITS);
    for (size_t l = 0; l < plan_layers(pass->plan); l++) {
        ck_assert_uint_le(pass->plan->layer[l].units, MOST_UNITS);
        pass->weight[l] = next++;
        if (!pass->plan->layer[l].no_bias)
            pass->bias[l] = next++;
    }
}

static void mask_row(row_pass *pass, size_t l)
{
    const plan_layer *layer = &pass->plan->layer[l];

    for (size_t j = 0; j < layer->units; j++) {
        double *mask = &pass->layer[l].mask[j];
        float u = 1;
        *mask = 1;
        if (pass->dropout == NULL || layer->dropout == 0)
            continue;
        const random_stream stream = {pass->dropout->seed, pass->dropout->lane + l};
        random_uniform_f32(stream, pass->row * layer->units + j, 1, &u);
        *mask = (double)u >= layer->dropout ? 1 / (1 - layer->dropout) : 0;
    }
}

static void forward_row(row_pass *pass)
{
    const double *x = pass->x;
    size_t fan_in = pass->plan->inputs;

    for (size_t l = 0; l < plan_layers(pass->plan); l++) {
        const plan_layer *layer = &pass->plan->layer[l];
        layer_row *row = &pass->layer[l];
        const float *w = network_weights(pass->network, pass->weight[l]);
        const float *b = layer->no_bias ? NULL : network_weights(pass->network, pass->bias[l]);
        for (size_t j = 0; j < layer->units; j++) {
            row->z[j] = b == NULL ? 0 : (double)b[j];
            for (size_t i = 0; i < fan_in; i++)
                row->z[j] += (double)w[j * fan_in + i] * x[i];
        }
        activate(layer->activation, layer->units, row->z, row->y);
        mask_row(pass, l);
        for (size_t j = 0; j < layer->units; j++)
            row->a[j] = row->y[j] * row->mask[j];
        x = row->a;
        fan_in = layer->units;
    }
}

/* From d of the last layer, the gradient by its outputs. */
static void backward_row(row_pass *pass, double *gradient)
{
    size_t count;
    const network_tensor *tensor = network_tensors(pass->network, &count);

    for (size_t l = plan_layers(pass->plan); l-- > 0;) {
        const plan_layer *layer = &pass->plan->layer[l];
        layer_row *row = &pass->layer[l];
        const size_t fan_in = l == 0 ? pass->plan->inputs : pass->plan->layer[l - 1].units;
        const double *x = l == 0 ? pass->x : pass->layer[l - 1].a;
        const float *w = network_weights(pass->network, pass->weight[l]);
        double *dw = gradient + tensor[pass->weight[l]].offset;
        for (size_t j = 0; j < layer->units; j++)
            row->d[j] *= row->mask[j];
        activate_back(layer->activation, layer->units, row->z, row->y, row->d);
        for (size_t i = 0; i < fan_in && l > 0; i++)
            pass->layer[l - 1].d[i] = 0;
        for (size_t j = 0; j < layer->units; j++)
            for (size_t i = 0; i < fan_in; i++) {
                dw[j * fan_in + i] += row->d[j] * x[i];
                if (l > 0)
                    pass->layer[l - 1].d[i] += row->d[j] * (double)w[j * fan_in + i];
            }
        for (size_t j = 0; j < layer->units && !layer->no_bias; j++)
            gradient[tensor[pass->bias[l]].offset + j] += row->d[j];
    }
}

static size_t arena_length(network *network)
{
    size_t count;
    const network_tensor *last = network_tensors(network, &count) + count - 1;

    return last->offset + last->rows * last->cols;
}

reference *reference_pass(network *network, const plan *plan, size_t rows, const float *x,
                          const float *target, const float *row_weight, double scale,
                          const random_stream *dropout)
{
    const size_t outputs = plan_outputs(plan), last = plan_layers(plan) - 1;
    reference *self = calloc(1, sizeof(*self));
    row_pass *pass = calloc(1, sizeof(*pass));

    ck_assert(self != NULL && pass != NULL);
    self->output = calloc(rows * outputs + 1, sizeof(double));
    self->row_loss = calloc(rows + 1, sizeof(double));
    self->gradient = calloc(arena_length(network), sizeof(double));
    *pass = (row_pass){.network = network, .plan = plan, .dropout = dropout};
    number_tensors(pass);
    for (size_t r = 0; r < rows; r++) {
        const double weight = row_weight == NULL ? 1 : (double)row_weight[r];
        double *d = pass->layer[last].d;
        pass->row = r;
        for (size_t i = 0; i < plan->inputs; i++)
            pass->x[i] = (double)x[r * plan->inputs + i];
        forward_row(pass);
        memcpy(self->output + r * outputs, pass->layer[last].a, outputs * sizeof(double));
        self->row_loss[r] = row_loss(plan->loss, plan->layer[last].activation, outputs,
                                     pass->layer[last].a, target + r * outputs, d);
        self->loss += scale * weight * self->row_loss[r];
        for (size_t j = 0; j < outputs; j++)
            d[j] *= scale * weight;
        backward_row(pass, self->gradient);
    }
    free(pass);
    return self;
}

void reference_free(reference *self)
{
    free(self->output);
    free(self->gradient);
    free(self->row_loss);
    free(self);
}
