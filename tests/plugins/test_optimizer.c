/* Optimizers against three independent judges, for every combination of their flags: weights that
 * PyTorch itself computed (reference_steps.h), the papers' formulas as sums over the whole history
 * of gradients in double precision, and single steps known from Keras. Then the rules of the ABI:
 * the slots planned, any split giving the same bits, n = 0, and refusals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "load.h"

typedef struct {
    const char *name, *settings;
    double lr;
    double w[3][4]; /* after 1, 2 and 20 steps */
} reference;

#include "reference_steps.h"

enum { REFERENCES = sizeof(references) / sizeof(references[0]) };
enum { MAX_SLOTS = 3, LONGEST = 1024 };

/* The bowl that reference_steps.py descends. */
static const float start[4] = {1, -2, 0.5f, 3};
static const float centre[4] = {0.25f, 1, -1, 2};
static const float curvature[4] = {1, 0.5f, 2, 0.125f};

/* ---- one optimizer at work on one tensor ----------------------------------------------------- */

typedef struct {
    const plx_optimizer *o;
    void *self;
    uint64_t n;
    int slots;
    char slot_name[MAX_SLOTS][33];
    float memory[MAX_SLOTS][LONGEST];
    int model_slots;
    double model_memory[MAX_SLOTS]; /* one number a slot */
    _Alignas(16) char constants[256];
} bench;

static int32_t emit_slot(const plx_emit *emit, const char *name, uint32_t type, uint64_t rows,
                         uint64_t cols, double initial)
{
    bench *b = emit->core;

    ck_assert_int_lt(b->slots, MAX_SLOTS);
    ck_assert_uint_eq(type, PLX_F32);
    ck_assert_uint_eq(rows, 1);
    ck_assert_uint_eq(cols, b->n);
    snprintf(b->slot_name[b->slots], sizeof(b->slot_name[0]), "%s", name);
    for (uint64_t i = 0; i < b->n; i++)
        b->memory[b->slots][i] = (float)initial;
    b->slots++;
    return PLX_OK;
}

static int32_t emit_like_parameter(const plx_emit *emit, const char *name)
{
    const bench *b = emit->core;

    return emit_slot(emit, name, PLX_F32, 1, b->n, 0);
}

static int32_t emit_model_slot(const plx_emit *emit, const char *name, uint32_t type, uint64_t rows,
                               uint64_t cols, double initial)
{
    bench *b = emit->core;

    ck_assert_int_lt(b->model_slots, MAX_SLOTS);
    ck_assert_uint_eq(type, PLX_F64);
    ck_assert_uint_eq(rows * cols, 1);
    b->model_memory[b->model_slots++] = initial;
    return PLX_OK;
}

static void plan_model(bench *b)
{
    const plx_tensor model = {.size = sizeof(model), .role = PLX_MODEL, .rows = 1, .cols = b->n};
    const plx_emit emit = {
        .size = sizeof(emit), .core = b, .host = &load_host, .slot = emit_model_slot};

    ck_assert_int_eq(b->o->plan_model_slots(b->self, &model, &emit), PLX_OK);
}

static bench *bench_new(const char *name, const char *settings, uint64_t n)
{
    bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    b->o = load_optimizer(name);
    b->self = load_settings((const plx_component *)(const void *)b->o, settings);
    b->n = n;
    ck_assert_uint_le(b->o->constants_size, sizeof(b->constants));
    const plx_tensor tensor = {.size = sizeof(tensor), .role = PLX_WEIGHT, .rows = 1, .cols = n};
    const plx_emit emit = {.size = sizeof(emit),
                           .core = b,
                           .host = &load_host,
                           .like_parameter = emit_like_parameter,
                           .slot = emit_slot};
    if (b->o->plan_slots)
        ck_assert_int_eq(b->o->plan_slots(b->self, &tensor, &emit), PLX_OK);
    if (b->o->plan_model_slots)
        plan_model(b);
    return b;
}

static void bench_free(bench *b)
{
    free(b->self);
    free(b);
}

/* A whole step, the range cut into pieces of `piece` elements. */
static void bench_step(bench *b, int64_t number, double lr, float *w, const float *g,
                       uint64_t piece)
{
    void *const model_slot[MAX_SLOTS] = {&b->model_memory[0], &b->model_memory[1],
                                         &b->model_memory[2]};
    plx_step step = {.size = sizeof(step),
                     .role = PLX_WEIGHT,
                     .step = number,
                     .lr = lr,
                     .rows = 1,
                     .cols = b->n,
                     .model_slot = model_slot,
                     .host = &load_host};

    if (b->o->begin_step) {
        ck_assert_int_eq(b->o->begin_step(b->self, &step, b->constants), PLX_OK);
        step.constants = b->constants;
    }
    for (uint64_t at = 0; at < b->n; at += piece) {
        void *slot[MAX_SLOTS];
        for (int k = 0; k < MAX_SLOTS; k++)
            slot[k] = b->memory[k] + at;
        step.offset = at;
        const uint64_t n = piece < b->n - at ? piece : b->n - at;
        ck_assert_int_eq(b->o->step_range(b->self, &step, n, w + at, g + at, slot), PLX_OK);
    }
}

static void bowl_gradient(const float *w, float *g)
{
    for (int i = 0; i < 4; i++)
        g[i] = (w[i] - centre[i]) * curvature[i];
}

/* Decay that is no part of the gradient. */
static int decouples(const char *name)
{
    return strcmp(name, "adamw") == 0 || strcmp(name, "lion") == 0;
}

/* ---- PyTorch --------------------------------------------------------------------------------- */

START_TEST(steps_agree_with_pytorch)
{
    const reference *r = &references[_i];
    const int64_t stops[3] = {1, 2, 20};
    bench *b = bench_new(r->name, r->settings, 4);
    float w[4], g[4];
    int stop = 0;

    memcpy(w, start, sizeof(w));
    for (int64_t t = 1; t <= 20; t++) {
        bowl_gradient(w, g);
        bench_step(b, t, r->lr, w, g, 4);
        if (t != stops[stop])
            continue;
        for (int i = 0; i < 4; i++) {
            const double expected = r->w[stop][i];
            ck_assert_msg(fabs((double)w[i] - expected) <=
                              1e-6 * fmax(fabs(expected), fabs((double)start[i])),
                          "%s %s: w[%d] after %d steps is %.9g, not %.9g", r->name, r->settings, i,
                          (int)t, (double)w[i], expected);
        }
        stop++;
    }
    ck_assert_int_eq(stop, 3);
    bench_free(b);
}
END_TEST

/* ---- the papers, as sums over the history ---------------------------------------------------- */

/* One weight's history: d[i] the gradient of step i + 1 with coupled decay, w[i] the weight it was
 * taken at. */
typedef struct {
    const char *s;
    double lr, w[64], d[64];
} history;

/* sum over i <= t of decay^(t - i) d_i^power, t counting from 1. */
static double faded_sum(const history *h, int t, double decay, int power)
{
    double sum = 0;

    for (int i = 1; i <= t; i++)
        sum += pow(decay, t - i) * pow(h->d[i - 1], power);
    return sum;
}

static double sgd_change(const history *h, int t)
{
    const double momentum = load_value(h->s, "momentum", 0), d = h->d[t - 1];
    const double kept = 1 - load_value(h->s, "dampening", 0);
    if (momentum <= 0)
        return h->lr * d;
    /* dampening spares the first gradient */
    const double ball =
        kept * faded_sum(h, t, momentum, 1) + (1 - kept) * pow(momentum, t - 1) * h->d[0];

    return h->lr * (load_value(h->s, "nesterov", 0) > 0 ? d + momentum * ball : ball);
}

static double adagrad_change(const history *h, int t)
{
    const double sum = load_value(h->s, "initial_accumulator", 0) + faded_sum(h, t, 1, 2);
    const double lr = h->lr / (1 + (t - 1) * load_value(h->s, "lr_decay", 0));

    return lr * h->d[t - 1] / (sqrt(sum) + load_value(h->s, "eps", 1e-10));
}

/* The gradient of step t over its root mean square or deviation. */
static double rmsprop_ratio(const history *h, int t)
{
    const double alpha = load_value(h->s, "alpha", 0.99);
    const double square = (1 - alpha) * faded_sum(h, t, alpha, 2);
    const double mean =
        load_value(h->s, "centered", 0) > 0 ? (1 - alpha) * faded_sum(h, t, alpha, 1) : 0;

    return h->d[t - 1] / (sqrt(square - mean * mean) + load_value(h->s, "eps", 1e-8));
}

static double rmsprop_change(const history *h, int t)
{
    const double momentum = load_value(h->s, "momentum", 0);
    double sum = 0;

    for (int i = 1; i <= t; i++)
        sum += (i == t ? 1 : pow(momentum, t - i)) * rmsprop_ratio(h, i);
    return h->lr * sum;
}

/* m_hat / (sqrt(v_hat) + eps), as the paper's algorithm 1 writes it. */
static double adam_change(const history *h, int t)
{
    const double beta1 = load_value(h->s, "beta1", 0.9), beta2 = load_value(h->s, "beta2", 0.999);
    const int from = load_value(h->s, "amsgrad", 0) > 0 ? 1 : t;
    const double m_hat = (1 - beta1) * faded_sum(h, t, beta1, 1) / (1 - pow(beta1, t));
    double v = 0;

    for (int i = from; i <= t; i++)
        v = fmax(v, (1 - beta2) * faded_sum(h, i, beta2, 2));
    const double v_hat = v / (1 - pow(beta2, t));
    return h->lr * m_hat / (sqrt(v_hat) + load_value(h->s, "eps", 1e-8));
}

static double adamw_change(const history *h, int t)
{
    return adam_change(h, t) + h->lr * load_value(h->s, "weight_decay", 0.01) * h->w[t - 1];
}

/* The steps themselves are a history too, in steps.d. */
static double adadelta_change(const history *h, int t)
{
    const double rho = load_value(h->s, "rho", 0.9), eps = load_value(h->s, "eps", 1e-6);
    history steps = {.s = h->s};

    for (int i = 1; i <= t; i++) {
        const double before = (1 - rho) * faded_sum(&steps, i - 1, rho, 2);
        const double square = (1 - rho) * faded_sum(h, i, rho, 2);
        steps.d[i - 1] = sqrt((before + eps) / (square + eps)) * h->d[i - 1];
    }
    return h->lr * steps.d[t - 1];
}

static double adamax_change(const history *h, int t)
{
    const double beta1 = load_value(h->s, "beta1", 0.9), beta2 = load_value(h->s, "beta2", 0.999);
    const double eps = load_value(h->s, "eps", 1e-8);
    const double m_hat = (1 - beta1) * faded_sum(h, t, beta1, 1) / (1 - pow(beta1, t));
    double largest = 0;

    for (int i = 1; i <= t; i++)
        largest = fmax(largest, pow(beta2, t - i) * (fabs(h->d[i - 1]) + eps));
    return h->lr * m_hat / largest;
}

static double sign_of(double x)
{
    return (x > 0) - (x < 0);
}

static double lion_change(const history *h, int t)
{
    const double beta1 = load_value(h->s, "beta1", 0.9), beta2 = load_value(h->s, "beta2", 0.99);
    const double momentum = (1 - beta2) * faded_sum(h, t - 1, beta2, 1);
    const double direction = sign_of(beta1 * momentum + (1 - beta1) * h->d[t - 1]);

    return h->lr * (direction + load_value(h->s, "weight_decay", 0) * h->w[t - 1]);
}

/* Dozat's mu of step t. */
static double nadam_momentum(const history *h, int t)
{
    const double decay = load_value(h->s, "momentum_decay", 0.004);

    return load_value(h->s, "beta1", 0.9) * (1 - 0.5 * pow(0.96, t * decay));
}

static double nadam_change(const history *h, int t)
{
    const double beta1 = load_value(h->s, "beta1", 0.9), beta2 = load_value(h->s, "beta2", 0.999);
    const double mean = (1 - beta1) * faded_sum(h, t, beta1, 1);
    const double v_hat = (1 - beta2) * faded_sum(h, t, beta2, 2) / (1 - pow(beta2, t));
    double product = 1;

    for (int i = 1; i <= t; i++)
        product *= nadam_momentum(h, i);
    const double next = nadam_momentum(h, t + 1);
    const double m_hat = next * mean / (1 - product * next) +
                         (1 - nadam_momentum(h, t)) * h->d[t - 1] / (1 - product);
    return h->lr * m_hat / (sqrt(v_hat) + load_value(h->s, "eps", 1e-8));
}

/* Liu et al., algorithm 2; eps as PyTorch has it, beside the root before its correction. */
static double radam_change(const history *h, int t)
{
    const double beta1 = load_value(h->s, "beta1", 0.9), beta2 = load_value(h->s, "beta2", 0.999);
    const double m_hat = (1 - beta1) * faded_sum(h, t, beta1, 1) / (1 - pow(beta1, t));
    const double most = 2 / (1 - beta2) - 1;
    const double rho = most - 2 * t * pow(beta2, t) / (1 - pow(beta2, t));

    if (rho <= 5)
        return h->lr * m_hat;
    const double root = sqrt((1 - beta2) * faded_sum(h, t, beta2, 2));
    const double adaptive = sqrt(1 - pow(beta2, t)) / (root + load_value(h->s, "eps", 1e-8));
    const double shorter = sqrt((rho - 4) / (most - 4) * ((rho - 2) / (most - 2)) * (most / rho));
    return h->lr * shorter * m_hat * adaptive;
}

static double rprop_change(const history *h, int t)
{
    const double least = load_value(h->s, "step_min", 1e-6);
    const double most = load_value(h->s, "step_max", 50);
    double size = h->lr, before = 0, change = 0;

    for (int i = 1; i <= t; i++) {
        const int turned = h->d[i - 1] * before<0, stayed = h->d[i - 1] * before> 0;
        size *= turned   ? load_value(h->s, "eta_minus", 0.5)
                : stayed ? load_value(h->s, "eta_plus", 1.2)
                         : 1;
        size = fmin(fmax(size, least), most);
        before = turned ? 0 : h->d[i - 1];
        change = sign_of(before) * size;
    }
    return change;
}

typedef double change_function(const history *h, int t);

static change_function *change_of(const char *name)
{
    const struct {
        const char *name;
        change_function *change;
    } table[] = {
        {"sgd", sgd_change},       {"adagrad", adagrad_change}, {"rmsprop", rmsprop_change},
        {"adam", adam_change},     {"adamw", adamw_change},     {"adadelta", adadelta_change},
        {"adamax", adamax_change}, {"lion", lion_change},       {"nadam", nadam_change},
        {"radam", radam_change},   {"rprop", rprop_change}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(name, table[i].name) == 0)
            return table[i].change;
    ck_abort_msg("no formula for %s", name);
    return NULL;
}

START_TEST(steps_agree_with_the_papers)
{
    const reference *r = &references[_i];
    const double coupled = decouples(r->name) ? 0 : load_value(r->settings, "weight_decay", 0);
    bench *b = bench_new(r->name, r->settings, 4);
    history h[4];
    float w[4], g[4];

    memcpy(w, start, sizeof(w));
    for (int i = 0; i < 4; i++)
        h[i] = (history){.s = r->settings, .lr = r->lr, .w = {(double)start[i]}};
    for (int t = 1; t <= 12; t++) {
        for (int i = 0; i < 4; i++) { /* a gradient of varying size and sign, now and then zero */
            const double gradient = t % 5 == 4 ? 0 : (i + 1) * cos(1.7 * t + i) / (1 + t % 3);
            g[i] = (float)gradient;
            h[i].d[t - 1] = (double)g[i] + coupled * h[i].w[t - 1];
            h[i].w[t] = h[i].w[t - 1] - change_of(r->name)(&h[i], t);
        }
        bench_step(b, t, r->lr, w, g, 4);
        for (int i = 0; i < 4; i++)
            ck_assert_msg(fabs((double)w[i] - h[i].w[t]) <= 2e-6 * fmax(1, fabs(h[i].w[t])),
                          "%s %s: w[%d] after %d steps is %.9g, not %.9g", r->name, r->settings, i,
                          t, (double)w[i], h[i].w[t]);
    }
    bench_free(b);
}
END_TEST

/* ---- single steps known from Keras ----------------------------------------------------------- */

static const struct {
    const char *name, *settings;
    double w[4];
} keras[] = {
    {"sgd", "", {0.5, -1, -0.5, 3}},
    {"adam", "eps=1e-7", {0.5, 1.5, 2.5, 3.5}},
    {"rmsprop", "alpha=0.9 eps=1e-7", {-0.5811, 0.4189, 1.4189, 2.4189}},
};

START_TEST(a_step_agrees_with_keras)
{
    const float g[4] = {1, 6, 7, 2};
    float w[4] = {1, 2, 3, 4};
    bench *b = bench_new(keras[_i].name, keras[_i].settings, 4);

    bench_step(b, 1, 0.5, w, g, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol((double)w[i], keras[_i].w[i], 1e-4);
    bench_free(b);
}
END_TEST

START_TEST(decoupled_decay_agrees_with_keras)
{
    const float g = 0;
    float w = 2;
    bench *b = bench_new("adamw", "weight_decay=0.004", 1);

    for (int t = 1; t <= 3; t++)
        bench_step(b, t, 1, &w, &g, 1);
    ck_assert_double_eq_tol((double)w, 1.9760959, 1e-6);
    bench_free(b);
}
END_TEST

/* ---- the rules of the ABI -------------------------------------------------------------------- */

static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = ((float)(seed >> 8) / 16777216.0f - 0.5f) * (i % 7 == 0 ? 1e-6f : 4.0f);
    }
}

START_TEST(splitting_changes_no_bit)
{
    const reference *r = &references[_i];
    enum { N = 1003 };
    bench *whole = bench_new(r->name, r->settings, N), *cut = bench_new(r->name, r->settings, N);
    float w1[N], w2[N], g[N];

    fill(w1, N, 7);
    memcpy(w2, w1, sizeof(w1));
    for (int t = 1; t <= 3; t++) {
        fill(g, N, (uint32_t)t);
        bench_step(whole, t, r->lr, w1, g, N);
        bench_step(cut, t, r->lr, w2, g, (uint64_t)(2 * t + 1));
    }
    ck_assert_mem_eq(w1, w2, sizeof(w1));
    ck_assert_mem_eq(whole->memory, cut->memory, sizeof(cut->memory));
    bench_free(whole);
    bench_free(cut);
}
END_TEST

START_TEST(no_elements_are_no_work)
{
    const reference *r = &references[_i];
    bench *b = bench_new(r->name, r->settings, 4);
    void *const model_slot[1] = {&b->model_memory[0]};
    plx_step step = {.size = sizeof(step),
                     .step = 1,
                     .lr = 1,
                     .constants = b->constants,
                     .model_slot = model_slot,
                     .host = &load_host};
    void *slot[MAX_SLOTS] = {b->memory[0], b->memory[1], b->memory[2]};
    const float before = b->memory[0][0];
    float w = 5, g = 1;

    if (b->o->begin_step)
        b->o->begin_step(b->self, &step, b->constants);
    ck_assert_int_eq(b->o->step_range(b->self, &step, 0, &w, &g, slot), PLX_OK);
    ck_assert(w == 5 && b->memory[0][0] == before);
    bench_free(b);
}
END_TEST

START_TEST(a_zero_gradient_moves_nothing)
{
    const reference *r = &references[_i];
    const float g[4] = {0};
    float w[4];
    bench *b = bench_new(r->name, r->settings, 4);

    memcpy(w, start, sizeof(w));
    for (int t = 1; t <= 3; t++)
        bench_step(b, t, r->lr, w, g, 4);
    const int decays =
        load_value(r->settings, "weight_decay", strcmp(r->name, "adamw") == 0 ? 0.01 : 0) > 0;
    for (int i = 0; i < 4; i++) {
        ck_assert(isfinite(w[i]));
        ck_assert(decays ? fabsf(w[i]) < fabsf(start[i]) : w[i] == start[i]);
    }
    bench_free(b);
}
END_TEST

START_TEST(nan_in_the_gradient_reaches_its_weight_alone)
{
    const reference *r = &references[_i];
    const float g[4] = {1, NAN, 1, 1};
    float w[4];
    bench *b = bench_new(r->name, r->settings, 4);

    memcpy(w, start, sizeof(w));
    bench_step(b, 1, r->lr, w, g, 4);
    ck_assert(isfinite(w[0]) && isnan(w[1]) && isfinite(w[2]) && isfinite(w[3]));
    bench_free(b);
}
END_TEST

/* Long after the start a constant gradient's variance is 0 but for rounding, to either side. */
START_TEST(centered_rmsprop_survives_a_constant_gradient)
{
    enum { N = 64 };
    bench *b = bench_new("rmsprop", "centered=1 alpha=0.9 eps=0.01", N);
    float w[N] = {0}, g[N];

    for (int i = 0; i < N; i++)
        g[i] = 0.37f * (float)(i + 1);
    for (int t = 1; t <= 500; t++)
        bench_step(b, t, 1e-6, w, g, N);
    for (int i = 0; i < N; i++)
        ck_assert(w[i] < 0 && w[i] > -10);
    bench_free(b);
}
END_TEST

static const struct {
    const char *name, *settings, *slots;
} plans[] = {
    {"sgd", "", ""},
    {"sgd", "momentum=0.9", "momentum "},
    {"sgd", "momentum=0.9 nesterov=1", "momentum "},
    {"adagrad", "", "square_sum "},
    {"rmsprop", "", "square "},
    {"rmsprop", "centered=1", "square mean "},
    {"rmsprop", "momentum=0.9", "square momentum "},
    {"rmsprop", "momentum=0.9 centered=1", "square mean momentum "},
    {"adam", "", "mean square "},
    {"adam", "amsgrad=1", "mean square square_max "},
    {"adamw", "", "mean square "},
    {"adamw", "amsgrad=1", "mean square square_max "},
    {"adadelta", "", "square step_square "},
    {"adamax", "", "mean largest "},
    {"lion", "", "momentum "},
    {"nadam", "", "mean square "},
    {"radam", "", "mean square "},
    {"rprop", "", "gradient step_size "},
};

START_TEST(slots_are_what_the_settings_need)
{
    bench *b = bench_new(plans[_i].name, plans[_i].settings, 4);
    char names[128] = "";

    for (int k = 0; k < b->slots; k++) {
        strcat(names, b->slot_name[k]);
        strcat(names, " ");
    }
    ck_assert_str_eq(names, plans[_i].slots);
    bench_free(b);
}
END_TEST

static int32_t refuse_slot(const plx_emit *emit, const char *name)
{
    return PLX_FAILED;
}

static const struct {
    const char *name, *settings;
} rememberers[] = {
    {"adam", ""},
    {"adamw", ""},
    {"rmsprop", "momentum=0.5"},
    {"sgd", "momentum=0.5"},
    {"adadelta", ""},
    {"adamax", ""},
    {"lion", ""},
    {"nadam", ""},
    {"radam", ""},
    {"rprop", ""},
};

START_TEST(a_refused_slot_is_passed_on)
{
    const plx_optimizer *o = load_optimizer(rememberers[_i].name);
    const plx_tensor tensor = {.size = sizeof(tensor), .rows = 1, .cols = 1};
    const plx_emit emit = {.size = sizeof(emit), .like_parameter = refuse_slot};
    void *self = load_settings((const plx_component *)(const void *)o, rememberers[_i].settings);

    ck_assert_int_eq(o->plan_slots(self, &tensor, &emit), PLX_FAILED);
    free(self);
}
END_TEST

static const struct {
    const char *name, *settings, *error;
} verdicts[] = {
    {"sgd", "", ""},
    {"sgd", "momentum=0.9 nesterov=1", ""},
    {"sgd", "momentum=0.9 dampening=0.5", ""},
    {"sgd", "nesterov=1", "nesterov needs a momentum above 0, such as 0.9"},
    {"sgd", "nesterov=1 momentum=0.9 dampening=0.5", "nesterov needs a dampening of 0, not 0.5"},
    {"rprop", "", ""},
    {"rprop", "step_min=0.5 step_max=0.5", ""},
    {"rprop", "step_min=2 step_max=1", "step_min must be at most step_max, which is 1, not 2"},
};

START_TEST(settings_that_do_not_go_together_are_refused)
{
    const plx_optimizer *o = load_optimizer(verdicts[_i].name);
    void *self = load_settings((const plx_component *)(const void *)o, verdicts[_i].settings);

    ck_assert_int_eq(o->validate(self, &load_host), verdicts[_i].error[0] ? PLX_FAILED : PLX_OK);
    ck_assert_str_eq(load_error, verdicts[_i].error);
    free(self);
}
END_TEST

/* The rate is where its step sizes begin; what it is later does not matter. */
START_TEST(rprop_begins_with_the_rate)
{
    const float g[2] = {3, -1e-30f};
    float w[2] = {0};
    bench *b = bench_new("rprop", "", 2);

    bench_step(b, 1, 0.25, w, g, 2);
    ck_assert(w[0] == -0.25f && w[1] == 0.25f);
    bench_step(b, 2, 1000, w, g, 2); /* the product of these gradients is below any float */
    ck_assert_double_eq_tol((double)w[0], -0.55, 1e-6);
    ck_assert_double_eq_tol((double)w[1], 0.55, 1e-6);
    bench_free(b);
}
END_TEST

/* The product of all momenta so far is the model's, and all that nadam needs to go on. */
START_TEST(nadam_goes_on_from_its_slots)
{
    bench *whole = bench_new("nadam", "momentum_decay=0.1", 4);
    bench *resumed = bench_new("nadam", "momentum_decay=0.1", 4);
    float w[4], again[4], g[4];

    memcpy(w, start, sizeof(w));
    for (int t = 1; t <= 9; t++) {
        if (t == 5) { /* what a checkpoint holds */
            memcpy(again, w, sizeof(w));
            memcpy(resumed->memory, whole->memory, sizeof(whole->memory));
            memcpy(resumed->model_memory, whole->model_memory, sizeof(whole->model_memory));
        }
        bowl_gradient(w, g);
        bench_step(whole, t, 0.1, w, g, 4);
        if (t < 5)
            continue;
        bowl_gradient(again, g);
        bench_step(resumed, t, 0.1, again, g, 4);
    }
    ck_assert_mem_eq(w, again, sizeof(w));
    bench_free(whole);
    bench_free(resumed);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/optimizer");
    TCase *c = tcase_create("steps"), *r = tcase_create("rules");

    tcase_add_loop_test(c, steps_agree_with_pytorch, 0, REFERENCES);
    tcase_add_loop_test(c, steps_agree_with_the_papers, 0, REFERENCES);
    tcase_add_loop_test(c, a_step_agrees_with_keras, 0, sizeof(keras) / sizeof(keras[0]));
    tcase_add_test(c, decoupled_decay_agrees_with_keras);
    tcase_add_test(c, centered_rmsprop_survives_a_constant_gradient);
    tcase_add_test(c, rprop_begins_with_the_rate);
    tcase_add_test(c, nadam_goes_on_from_its_slots);
    tcase_add_loop_test(r, splitting_changes_no_bit, 0, REFERENCES);
    tcase_add_loop_test(r, no_elements_are_no_work, 0, REFERENCES);
    tcase_add_loop_test(r, a_zero_gradient_moves_nothing, 0, REFERENCES);
    tcase_add_loop_test(r, nan_in_the_gradient_reaches_its_weight_alone, 0, REFERENCES);
    tcase_add_loop_test(r, slots_are_what_the_settings_need, 0, sizeof(plans) / sizeof(plans[0]));
    tcase_add_loop_test(r, a_refused_slot_is_passed_on, 0,
                        sizeof(rememberers) / sizeof(rememberers[0]));
    tcase_add_loop_test(r, settings_that_do_not_go_together_are_refused, 0,
                        sizeof(verdicts) / sizeof(verdicts[0]));
    suite_add_tcase(s, c);
    suite_add_tcase(s, r);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
