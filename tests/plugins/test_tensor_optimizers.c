/* Optimizers that step one matrix or bias at a time, driven as in training on matrices and
 * biases of several shapes. Their weights are compared with the papers' formulas in numpy, the
 * matrices that muon, shampoo and soap compute with what defines them. Then what each plans,
 * what it does on any shape, without a gradient, with one that is no number, tiny or huge, after
 * a resume, and where a matrix product fails. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "network/product.h"
#include "plugin/slots.h"
#include "train/driver.h"

enum { STOPS = 3, WEIGHTS = 46, MOST_TENSORS = 6, LAYERS = 3 };

typedef struct {
    const char *name, *settings;
    double lr, tolerance;
    double w[STOPS][WEIGHTS]; /* after 1, 2 and 24 steps */
} reference;

#include "reference_tensor_steps.h"

enum { REFERENCES = sizeof(references) / sizeof(references[0]) };

/* ---- one optimizer at work ------------------------------------------------------------------- */

/* A parameter tensor among three layers. */
typedef struct {
    const char *name;
    uint32_t layer;
    uint64_t rows, cols;
} shape;

/* Those of reference_tensor_steps.py. */
static const shape several[] = {{"layers.0.weight", 0, 4, 3},
                                {"layers.0.bias", 0, 1, 4},
                                {"layers.1.weight", 1, 3, 7},
                                {"layers.1.bias", 1, 1, 3},
                                {"layers.2.weight", 2, 2, 3}};
enum { SEVERAL = sizeof(several) / sizeof(several[0]) };

typedef struct {
    const shape *shape;
    size_t tensors, n; /* n: weights of all */
    catalog *catalog;
    settings *settings;
    host host;
    pool *pool;
    driver *driver;
    plx_error error;
    float *w, *g;
    int64_t step;
    double lr;
} rig;

/* Settings as "momentum=0.5 nesterov=0"; a flag or choice by its number. */
static settings *settings_of(const plugin *plugin, const char *changes)
{
    plx_error error = {0};
    settings *made = settings_new(plugin, &error);
    char key[33], value[33];
    int used;

    for (const char *at = changes; sscanf(at, " %32[^=]=%32s%n", key, value, &used) == 2;
         at += used) {
        const plx_setting *row = NULL;
        for (size_t i = 0; i < settings_count(plugin) && row == NULL; i++)
            if (strcmp(settings_row(plugin, i)->name, key) == 0)
                row = settings_row(plugin, i);
        ck_assert_msg(row != NULL, "%s has no setting %s", plugin->name, key);
        const char *word = row->type == PLX_TYPE_FLAG     ? (atoi(value) ? "true" : "false")
                           : row->type == PLX_TYPE_CHOICE ? row->choices[atoi(value)]
                                                          : value;
        ck_assert_msg(settings_set(made, key, (place){0}, word, (place){0}, &error), "%s",
                      error.text);
    }
    return made;
}

static bool is_bias(const shape *shape)
{
    return strstr(shape->name, "bias") != NULL;
}

static void make_driver(rig *rig)
{
    driver_tensor tensors[MOST_TENSORS];
    const driver_group all = {rig->settings, 1};
    size_t at = 0;

    for (size_t i = 0; i < rig->tensors; i++) {
        const shape *shape = &rig->shape[i];
        tensors[i] = (driver_tensor){shape->name,  is_bias(shape) ? PLX_BIAS : PLX_WEIGHT,
                                     shape->layer, shape->rows,
                                     shape->cols,  rig->w + at,
                                     rig->g + at,  0};
        at += shape->rows * shape->cols;
    }
    const driver_spec spec = {.tensors = tensors,
                              .tensor_count = rig->tensors,
                              .layer_count = LAYERS,
                              .groups = &all,
                              .group_count = 1,
                              .pool = rig->pool,
                              .host = &rig->host};
    rig->driver = driver_new(&spec, &rig->error);
    ck_assert_msg(rig->driver != NULL, "%s", rig->error.text);
}

static rig *rig_of(const char *name, const char *changes, const shape *shapes, size_t tensors)
{
    rig *made = calloc(1, sizeof(*made));

    ck_assert_ptr_nonnull(made);
    made->shape = shapes;
    made->tensors = tensors;
    for (size_t i = 0; i < tensors; i++)
        made->n += shapes[i].rows * shapes[i].cols;
    made->catalog =
        catalog_new(&(catalog_options){.builtin = PLEXUS_PLUGIN_BUILD_DIR}, &made->error);
    const plugin *found = catalog_find(made->catalog, PLX_KIND_OPTIMIZER, name, &made->error);
    ck_assert_msg(found != NULL, "%s", made->error.text);
    made->settings = settings_of(found, changes);
    made->lr = found->optimizer->lr;
    host_init(&made->host, NULL, 1);
    made->host.product = product;
    made->pool = pool_new(1, &made->error);
    made->w = calloc(made->n, sizeof(float));
    made->g = calloc(made->n, sizeof(float));
    ck_assert(made->w != NULL && made->g != NULL);
    for (size_t k = 0; k < made->n; k++)
        made->w[k] = (float)sin(1 + 3.7 * (double)k);
    make_driver(made);
    return made;
}

static rig *rig_new(const char *name, const char *changes)
{
    return rig_of(name, changes, several, SEVERAL);
}

static void rig_free(rig *rig)
{
    driver_free(rig->driver);
    pool_free(rig->pool);
    host_destroy(&rig->host);
    settings_free(rig->settings);
    catalog_free(rig->catalog);
    free(rig->w);
    free(rig->g);
    free(rig);
}

/* A step on the gradient that is there. */
static driver_outcome step_on(rig *rig)
{
    driver_outcome outcome = {0};

    ck_assert_msg(driver_step(rig->driver, ++rig->step, rig->lr, 1, &outcome, &rig->error), "%s",
                  rig->error.text);
    return outcome;
}

/* The gradient of reference_tensor_steps.py; without the disturbance that of a bowl. */
static void find_gradient(rig *rig, double disturbance)
{
    for (size_t k = 0; k < rig->n; k++) {
        const double i = (double)k, t = (double)rig->step + 1;
        const double curvature = 0.6 + 0.4 * sin(i * i);
        rig->g[k] = (float)(curvature * ((double)rig->w[k] - cos(2.1 * i)) +
                            disturbance * cos(1.3 * t * (1 + (double)(k % 7)) + i));
    }
}

static void run(rig *rig, int64_t steps)
{
    for (int64_t i = 0; i < steps; i++) {
        find_gradient(rig, 0.5);
        const driver_outcome outcome = step_on(rig);
        ck_assert_msg(outcome.finite, "weights of step %d are not finite", (int)rig->step);
        ck_assert(!outcome.done);
    }
}

static const slot *slot_of(const rig *rig, const char *path)
{
    for (size_t i = 0; i < driver_slots(rig->driver); i++)
        if (strcmp(driver_slot(rig->driver, i)->path, path) == 0)
            return driver_slot(rig->driver, i);
    ck_abort_msg("no slot %s", path);
    return NULL;
}

/* ---- numpy ----------------------------------------------------------------------------------- */

START_TEST(steps_agree_with_numpy)
{
    const reference *r = &references[_i];
    const int64_t stops[STOPS] = {1, 2, 24};
    rig *rig = rig_new(r->name, r->settings);

    ck_assert_uint_eq(rig->n, WEIGHTS);
    rig->lr = r->lr;
    for (int i = 0; i < STOPS; i++) {
        run(rig, stops[i] - rig->step);
        for (int k = 0; k < WEIGHTS; k++)
            ck_assert_msg(fabs((double)rig->w[k] - r->w[i][k]) <= r->tolerance,
                          "%s %s: w[%d] after %d steps is %.9g, not %.9g", r->name, r->settings, k,
                          (int)stops[i], (double)rig->w[k], r->w[i][k]);
    }
    rig_free(rig);
}
END_TEST

/* ---- the matrices that are computed ---------------------------------------------------------- */

/* A gradient of n random numbers in -1 .. 1, always the same. */
static void fill(float *g, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        g[i] = (float)(seed >> 8) / 8388608.0f - 1;
    }
}

/* Largest |a' b - I| where both are n x n, or |a b - I|. */
static double distance_to_identity(uint64_t n, const float *a, bool transposed, const float *b)
{
    double most = 0;

    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++) {
            double sum = i == j ? -1 : 0;
            for (uint64_t k = 0; k < n; k++)
                sum += (double)a[transposed ? k * n + i : i * n + k] * (double)b[k * n + j];
            most = fmax(most, fabs(sum));
        }
    return most;
}

/* x' A x over x' x lies between the least and the largest squared singular value of a matrix of
 * which A is a product with itself; here the matrix is what a step of muon took off the weights.
 * The directions are random, and those that the matrix stretches most and least, by power
 * iteration. */
static double stretch(const float *d, uint64_t rows, uint64_t cols, double shift)
{
    double x[16], y[16], gram[16][16], length = 0;

    for (uint64_t i = 0; i < rows; i++)
        for (uint64_t j = 0; j < rows; j++) {
            gram[i][j] = i == j ? -shift : 0;
            for (uint64_t k = 0; k < cols; k++)
                gram[i][j] += (double)d[i * cols + k] * (double)d[j * cols + k];
        }
    for (uint64_t i = 0; i < rows; i++)
        x[i] = 1 / (1 + (double)i);
    for (int round = 0; round < 2000; round++) {
        length = 0;
        for (uint64_t i = 0; i < rows; i++) {
            y[i] = 0;
            for (uint64_t j = 0; j < rows; j++)
                y[i] += gram[i][j] * x[j];
            length += y[i] * y[i];
        }
        length = sqrt(length);
        for (uint64_t i = 0; i < rows; i++)
            x[i] = y[i] / length;
    }
    return length; /* largest |eigenvalue - shift| */
}

/* 12 x 16, so that the random gradient's singular values are far apart: 30 times or more. */
START_TEST(muon_steps_by_a_nearly_orthogonal_matrix)
{
    static const shape wide[] = {{"layers.0.weight", 0, 12, 16}, {"layers.1.weight", 1, 16, 12}};
    rig *rig = rig_of("muon", "momentum=0", wide, 2);
    float d[2][12 * 16], before[2 * 12 * 16];

    memcpy(before, rig->w, sizeof(before));
    fill(rig->g, 12 * 16, 3);
    for (size_t i = 0; i < 12; i++) /* the second is the first's transpose, 1000 times smaller */
        for (size_t j = 0; j < 16; j++)
            rig->g[12 * 16 + j * 12 + i] = rig->g[i * 16 + j] / 1000;
    rig->lr = 1;
    step_on(rig);
    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 16; j++) {
            d[0][i * 16 + j] = before[i * 16 + j] - rig->w[i * 16 + j];
            d[1][i * 16 + j] = before[192 + j * 12 + i] - rig->w[192 + j * 12 + i];
        }
    const double scale[2] = {1, 16.0 / 12}; /* squared */
    for (int i = 0; i < 2; i++) {
        const double largest = stretch(d[i], 12, 16, 0);
        const double least = largest - stretch(d[i], 12, 16, largest);
        ck_assert_double_lt(sqrt(largest / scale[i]), 1.25);
        ck_assert_double_gt(sqrt(least / scale[i]), 0.65);
    }
    rig_free(rig);
}
END_TEST

/* root^4 (L + eps |L| I) = I on both sides of a matrix; root^2 for a bias, whose matrix has rank
 * 1. */
START_TEST(shampoo_finds_inverse_roots)
{
    static const shape large[] = {{"layers.0.weight", 0, 40, 24}, {"layers.0.bias", 0, 1, 40}};
    const struct {
        const char *product, *root;
        int power;
    } sides[] = {{"slots.layers.0.weight.left", "slots.layers.0.weight.left_root", 4},
                 {"slots.layers.0.weight.right", "slots.layers.0.weight.right_root", 4},
                 {"slots.layers.0.bias.right", "slots.layers.0.bias.right_root", 2}};
    rig *rig = rig_of("shampoo", "eps=0.001", large, 2);
    float product[40 * 40], power[40 * 40], next[40 * 40];

    fill(rig->g, rig->n, 5);
    step_on(rig);
    for (int s = 0; s < 3; s++) {
        const slot *root = slot_of(rig, sides[s].root);
        const uint64_t n = root->plan.rows;
        memcpy(product, slot_of(rig, sides[s].product)->data, n * n * sizeof(float));
        const float ridge = (float)(0.001 * sqrt(host_dot(n * n, product, product)));
        for (uint64_t i = 0; i < n; i++)
            product[i * n + i] += ridge;
        memcpy(power, root->data, n * n * sizeof(float));
        for (int p = 1; p < sides[s].power; p++) {
            for (uint64_t i = 0; i < n * n; i++) {
                next[i] = 0;
                for (uint64_t k = 0; k < n; k++)
                    next[i] += power[i / n * n + k] * ((const float *)root->data)[k * n + i % n];
            }
            memcpy(power, next, n * n * sizeof(float));
        }
        ck_assert_double_lt(distance_to_identity(n, power, false, product), 1e-3);
    }
    rig_free(rig);
}
END_TEST

/* Roots of a first row alone would blow a second one up, before they are due. */
START_TEST(shampoo_renews_roots_that_are_out_of_date)
{
    static const shape large[] = {{"layers.0.weight", 0, 6, 5}};
    rig *rig = rig_of("shampoo", "momentum=0 update_every=10", large, 1);
    float before[30];
    double squares = 0;

    for (uint32_t step = 1; step <= 13; step++) {
        memcpy(before, rig->w, sizeof(before));
        fill(rig->g, 5, step);
        for (size_t k = 0; step == 13 && k < 5; k++)
            rig->g[5 + k] = 100 * rig->g[k];
        step_on(rig);
    }
    for (size_t k = 0; k < 30; k++)
        squares += pow((double)(rig->w[k] - before[k]) / rig->lr, 2);
    ck_assert_double_le(sqrt(squares), 1.01 * sqrt(5));
    ck_assert_double_ge(sqrt(squares), 0.5);
    rig_free(rig);
}
END_TEST

/* As the rounding of a long sum may leave it. */
START_TEST(shampoo_survives_products_below_zero)
{
    static const shape large[] = {{"layers.0.weight", 0, 6, 5}};
    rig *rig = rig_of("shampoo", "", large, 1);
    float *products = slot_of(rig, "slots.layers.0.weight.left")->data;

    for (size_t i = 0; i < 6; i++)
        products[i * 7] = i < 5 ? 1 : -1e-4f;
    fill(rig->g, 5, 1);
    ck_assert(step_on(rig).finite);
    const slot *root = slot_of(rig, "slots.layers.0.weight.left_root");
    ck_assert_double_eq_tol((double)((float *)root->data)[7], 1, 0.2); /* 1 to the -1/4, nearly */
    rig_free(rig);
}
END_TEST

/* Largest element of basis' L basis beside its diagonal, over the largest on it. The diagonal must
 * fall. */
static double disorder(uint64_t n, const float *basis, const float *products, bool falls)
{
    double most = 0, first = 0, last = 0;

    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++) {
            double sum = 0;
            for (uint64_t k = 0; k < n; k++)
                for (uint64_t l = 0; l < n; l++)
                    sum += (double)basis[k * n + i] * (double)products[k * n + l] *
                           (double)basis[l * n + j];
            if (i != j)
                most = fmax(most, fabs(sum));
            else if (i == 0)
                last = first = sum;
            else {
                ck_assert(!falls || sum <= last + 1e-6 * first);
                last = sum;
            }
        }
    return first > 0 ? most / first : most;
}

/* Gradients of a 30 x 20 matrix that try a solver of eigenvalues. */
static void fill_of_kind(float *g, int kind)
{
    fill(g, 600, 9);
    for (size_t i = 0; i < 30; i++)
        for (size_t j = 0; j < 20; j++) {
            float *const x = &g[i * 20 + j];
            *x = kind == 0   ? *x                               /* full rank            */
                 : kind == 1 ? (i == j ? 1 : 0)                 /* all values the same  */
                 : kind == 2 ? (float)((i + 1) * (j + 2)) / 100 /* rank 1               */
                 : kind == 3 ? (i < 10 && j % 2 == 0 ? *x : 0)  /* rows and columns 0   */
                 : kind == 4 ? *x * powf(10, -(float)(j % 8))   /* values far apart     */
                 : kind == 5 ? (i == j ? (float)(j / 4) : 0)    /* groups of the same   */
                             : *x * 1e-12f;                     /* small                */
        }
}
enum { KINDS = 7 };

START_TEST(soap_finds_eigenvectors)
{
    static const shape large[] = {{"layers.0.weight", 0, 30, 20}};
    rig *rig = rig_of("soap", "", large, 1);

    fill_of_kind(rig->g, _i);
    step_on(rig);
    for (int right = 0; right < 2; right++) {
        const slot *products =
            slot_of(rig, right ? "slots.layers.0.weight.right" : "slots.layers.0.weight.left");
        const slot *basis = slot_of(rig, right ? "slots.layers.0.weight.right_basis"
                                               : "slots.layers.0.weight.left_basis");
        const uint64_t n = basis->plan.rows;
        ck_assert_double_lt(distance_to_identity(n, basis->data, true, basis->data), 1e-6);
        ck_assert_double_lt(disorder(n, basis->data, products->data, true), 2e-7);
    }
    rig_free(rig);
}
END_TEST

/* Where the products stay what they are, renewals keep the basis orthogonal and on its
 * eigenvectors, and where they change, bring it there: here from those of one gradient to
 * another's. */
START_TEST(soap_follows_the_eigenvectors)
{
    static const shape large[] = {{"layers.0.weight", 0, 30, 20}};
    rig *rig = rig_of("soap", "update_every=2 shampoo_beta=0.5", large, 1);
    const slot *products = slot_of(rig, "slots.layers.0.weight.right");
    const slot *basis = slot_of(rig, "slots.layers.0.weight.right_basis");

    fill_of_kind(rig->g, 1);
    step_on(rig);
    fill_of_kind(rig->g, _i);
    for (int i = 0; i < 1000; i++)
        step_on(rig);
    ck_assert_double_lt(distance_to_identity(20, basis->data, true, basis->data), 1e-5);
    ck_assert_double_lt(disorder(20, basis->data, products->data, false), 1e-4);
    rig_free(rig);
}
END_TEST

/* An input that is always zero has no gradient, in no basis: what rounding makes of it moves
 * nothing by a step of adam's size. */
START_TEST(soap_leaves_dead_inputs_alone)
{
    static const shape large[] = {{"layers.0.weight", 0, 30, 20}};
    rig *rig = rig_of("soap", "weight_decay=0", large, 1);
    double most = 0, live = 0;

    for (int step = 1; step <= 50; step++) {
        fill(rig->g, rig->n, (uint32_t)step);
        for (size_t k = 0; k < rig->n; k++)
            rig->g[k] = k % 20 >= 5 && k % 20 < 12 ? 0 : rig->g[k];
        step_on(rig);
    }
    for (size_t k = 0; k < rig->n; k++) {
        const double moved = fabs((double)rig->w[k] - (double)(float)sin(1 + 3.7 * (double)k));
        double *const which = k % 20 >= 5 && k % 20 < 12 ? &most : &live;
        *which = fmax(*which, moved);
    }
    ck_assert_double_lt(most, 0.01 * live);
    rig_free(rig);
}
END_TEST

/* ---- what is planned ------------------------------------------------------------------------- */

/* Slots of layers.0.weight (4 x 3), layers.0.bias and layers.2.weight (2 x 3, the output). */
static const struct {
    const char *name, *settings, *slots[3];
} plans[] = {
    {"lars", "", {"step(4x3) ", "step(1x4) ", "step(2x3) "}},
    {"lamb", "", {"mean(4x3) square(4x3) ", "mean(1x4) square(1x4) ", "mean(2x3) square(2x3) "}},
    {"adafactor", "", {"row(4x1) column(1x3) ", "square(1x4) ", "row(2x1) column(1x3) "}},
    {"adafactor",
     "beta1=0.9",
     {"row(4x1) column(1x3) mean(4x3) ", "square(1x4) mean(1x4) ",
      "row(2x1) column(1x3) mean(2x3) "}},
    {"muon", "", {"momentum(4x3) ", "mean(1x4) square(1x4) ", "mean(2x3) square(2x3) "}},
    {"muon",
     "adamw_first=1",
     {"mean(4x3) square(4x3) ", "mean(1x4) square(1x4) ", "mean(2x3) square(2x3) "}},
    {"shampoo",
     "momentum=0",
     {"left(4x4) left_root(4x4) right(3x3) right_root(3x3) ", "right(4x4) right_root(4x4) ",
      "left(2x2) left_root(2x2) right(3x3) right_root(3x3) "}},
    {"shampoo",
     "max_dim=2",
     {"momentum(4x3) square(4x3) ", "momentum(1x4) square(1x4) ",
      "momentum(2x3) left(2x2) left_root(2x2) "}},
    {"soap",
     "",
     {"mean(4x3) square(4x3) left(4x4) left_basis(4x4) right(3x3) right_basis(3x3) ",
      "mean(1x4) square(1x4) ",
      "mean(2x3) square(2x3) left(2x2) left_basis(2x2) right(3x3) right_basis(3x3) "}},
    {"soap",
     "max_dim=3 precondition_biases=1",
     {"mean(4x3) square(4x3) right(3x3) right_basis(3x3) ", "mean(1x4) square(1x4) ",
      "mean(2x3) square(2x3) left(2x2) left_basis(2x2) right(3x3) right_basis(3x3) "}},
};
enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

START_TEST(slots_are_what_the_settings_need)
{
    static const char *const tensors[3] = {"slots.layers.0.weight.", "slots.layers.0.bias.",
                                           "slots.layers.2.weight."};
    rig *rig = rig_new(plans[_i].name, plans[_i].settings);

    for (int i = 0; i < 3; i++) {
        char names[256] = "", one[64];
        for (size_t k = 0; k < driver_slots(rig->driver); k++) {
            const slot *slot = driver_slot(rig->driver, k);
            if (strncmp(slot->path, tensors[i], strlen(tensors[i])) != 0)
                continue;
            ck_assert_uint_eq(slot->plan.type, PLX_F32);
            snprintf(one, sizeof(one), "%s(%dx%d) ", slot->plan.name, (int)slot->plan.rows,
                     (int)slot->plan.cols);
            strcat(names, one);
        }
        ck_assert_str_eq(names, plans[_i].slots[i]);
    }
    rig_free(rig);
}
END_TEST

/* ---- what holds for all of them -------------------------------------------------------------- */

static const char *const names[] = {"lars", "lamb", "adafactor", "muon", "shampoo", "soap"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* At the defaults, on a bowl, in matrices of any shape. */
START_TEST(descends_in_any_shape)
{
    static const shape odd[] = {{"layers.0.weight", 0, 1, 1}, {"layers.0.bias", 0, 1, 1},
                                {"layers.1.weight", 1, 1, 9}, {"layers.1.bias", 1, 1, 6},
                                {"layers.2.weight", 2, 8, 1}, {"layers.1.weight2", 1, 6, 5}};
    rig *rig = rig_of(names[_i], "", odd, 6);
    double first = 0, last = 0;

    find_gradient(rig, 0);
    for (size_t k = 0; k < rig->n; k++)
        first += (double)rig->g[k] * (double)rig->g[k];
    for (int i = 0; i < 2000; i++) {
        find_gradient(rig, 0);
        ck_assert(step_on(rig).finite);
    }
    for (size_t k = 0; k < rig->n; k++)
        last += (double)rig->g[k] * (double)rig->g[k];
    ck_assert_msg(last < 0.2 * first, "%s: squared gradient %g at first, then %g", names[_i], first,
                  last);
    rig_free(rig);
}
END_TEST

START_TEST(a_zero_gradient_moves_nothing)
{
    const reference *r = &references[_i];
    rig *rig = rig_new(r->name, r->settings);
    float before[WEIGHTS];

    memcpy(before, rig->w, sizeof(before));
    rig->lr = r->lr;
    for (int i = 0; i < 25; i++)
        step_on(rig);
    const bool soap_or_lamb = strcmp(r->name, "soap") == 0 || strcmp(r->name, "lamb") == 0;
    const bool decays = strstr(r->settings, "weight_decay=0.") != NULL ||
                        (soap_or_lamb && strstr(r->settings, "weight_decay") == NULL);
    for (int k = 0; k < WEIGHTS; k++)
        ck_assert(decays ? fabsf(rig->w[k]) < fabsf(before[k]) : rig->w[k] == before[k]);
    rig_free(rig);
}
END_TEST

/* Momentum may go on for a while. */
START_TEST(a_gradient_that_vanishes_leaves_no_nan)
{
    const reference *r = &references[_i];
    rig *rig = rig_new(r->name, r->settings);

    rig->lr = r->lr;
    run(rig, 5);
    memset(rig->g, 0, rig->n * sizeof(float));
    for (int i = 0; i < 3000; i++)
        ck_assert_msg(step_on(rig).finite, "step %d", (int)rig->step);
    rig_free(rig);
}
END_TEST

/* Nothing times a rate that no float holds is nothing. */
START_TEST(lars_stands_still_without_a_gradient_at_any_rate)
{
    rig *rig = rig_new("lars", "eps=1e-30 trust=1000");

    rig->lr = 1e9;
    memset(rig->g, 0, rig->n * sizeof(float));
    ck_assert(step_on(rig).finite);
    rig_free(rig);
}
END_TEST

/* Whether NaN stands in the weights from `first` on or in a slot of that tensor. */
static bool holds_nan(const rig *rig, const char *tensor, size_t first, size_t n)
{
    bool found = false;

    for (size_t k = first; k < first + n; k++)
        found = found || isnan(rig->w[k]);
    for (size_t i = 0; i < driver_slots(rig->driver); i++) {
        const slot *slot = driver_slot(rig->driver, i);
        for (size_t k = 0; k < slot->plan.rows * slot->plan.cols; k++)
            if (strstr(slot->path, tensor) != NULL)
                found = found || isnan(((const float *)slot->data)[k]);
    }
    return found;
}

/* In the third matrix or its bias, at the first step or a later one; the others stay numbers. */
START_TEST(nan_in_the_gradient_comes_out)
{
    const int late = _i & 1, bias = _i >> 1 & 1;
    const char *const tensor = bias ? ".layers.1.bias." : ".layers.1.weight.";
    const bool renews = _i >> 2 >= 4; /* shampoo and soap */
    rig *rig = rig_new(names[_i >> 2], renews ? "update_every=2" : "");

    run(rig, late ? 5 : 0);
    find_gradient(rig, 0.5);
    rig->g[bias ? 38 : 20] = NAN;
    step_on(rig);
    ck_assert(holds_nan(rig, tensor, bias ? 37 : 16, bias ? 3 : 21));
    ck_assert(!holds_nan(rig, ".layers.0.", 0, 16));
    ck_assert(!holds_nan(rig, ".layers.2.", 40, 6));
    rig_free(rig);
}
END_TEST

/* Gradients of any size: all of these but lars' biases and its rate within eps answer to the
 * direction, so a step is as long as ever. */
START_TEST(the_size_of_gradients_does_no_harm)
{
    static const float sizes[] = {1e-30f, 1e-12f, 1e-6f, 1e6f, 1e12f};
    const float size = sizes[_i % 5];
    rig *rig = rig_new(names[_i / 5], "");

    for (int step = 0; step < 12; step++) {
        fill(rig->g, rig->n, (uint32_t)step);
        for (size_t k = 0; k < rig->n; k++)
            rig->g[k] *= size;
        ck_assert_msg(step_on(rig).finite, "%s, %g: step %d", names[_i / 5], (double)size, step);
    }
    for (size_t k = 0; k < rig->n && _i / 5 > 0; k++)
        ck_assert_msg(fabsf(rig->w[k]) < 10, "%s, %g: w[%d] is %g", names[_i / 5], (double)size,
                      (int)k, (double)rig->w[k]);
    rig_free(rig);
}
END_TEST

START_TEST(a_resume_has_the_same_bits)
{
    const reference *r = &references[_i];
    rig *through = rig_new(r->name, r->settings), *resumed = rig_new(r->name, r->settings);

    run(through, 13);
    memcpy(resumed->w, through->w, through->n * sizeof(float));
    resumed->step = through->step;
    for (size_t i = 0; i < driver_slots(through->driver); i++) {
        const slot *from = driver_slot(through->driver, i), *to = driver_slot(resumed->driver, i);
        ck_assert_str_eq(from->path, to->path);
        memcpy(to->data, from->data, from->plan.rows * from->plan.cols * sizeof(float));
    }
    run(through, 12);
    run(resumed, 12);
    ck_assert_mem_eq(through->w, resumed->w, through->n * sizeof(float));
    rig_free(through);
    rig_free(resumed);
}
END_TEST

static int products_left;

static int32_t failing_product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha,
                               const float *a, uint64_t lda, const float *b, uint64_t ldb,
                               float beta, float *c, uint64_t ldc)
{
    if (products_left-- == 0)
        return PLX_FAILED;
    return product(flags, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* Whichever product of the second step it is. */
START_TEST(a_failed_product_is_passed_on)
{
    const char *const name = names[_i];
    driver_outcome outcome;
    bool failed = true;
    int at = 0;

    for (; failed && at < 1000; at++) {
        rig *rig = rig_new(name, strcmp(name, "muon") == 0 ? "" : "update_every=2");
        rig->host.product = failing_product;
        products_left = -1;
        run(rig, 1);
        find_gradient(rig, 0.5);
        products_left = at;
        failed = !driver_step(rig->driver, 2, rig->lr, 1, &outcome, &rig->error);
        ck_assert_int_eq(failed, products_left < 0);
        rig_free(rig);
    }
    ck_assert_int_gt(at, 10);
    ck_assert_int_lt(at, 1000);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/tensor_optimizers");
    TCase *c = tcase_create("each"), *m = tcase_create("matrices");

    tcase_add_loop_test(c, steps_agree_with_numpy, 0, REFERENCES);
    tcase_add_loop_test(c, slots_are_what_the_settings_need, 0, PLANS);
    tcase_add_loop_test(c, descends_in_any_shape, 0, NAMES);
    tcase_add_loop_test(c, a_zero_gradient_moves_nothing, 0, REFERENCES);
    tcase_add_loop_test(c, a_gradient_that_vanishes_leaves_no_nan, 0, REFERENCES);
    tcase_add_test(c, lars_stands_still_without_a_gradient_at_any_rate);
    tcase_add_loop_test(c, nan_in_the_gradient_comes_out, 0, 4 * NAMES);
    tcase_add_loop_test(c, the_size_of_gradients_does_no_harm, 0, 5 * NAMES);
    tcase_add_loop_test(c, a_resume_has_the_same_bits, 0, REFERENCES);
    tcase_add_loop_test(c, a_failed_product_is_passed_on, 3, NAMES);
    suite_add_tcase(s, c);
    tcase_add_test(m, muon_steps_by_a_nearly_orthogonal_matrix);
    tcase_add_test(m, shampoo_finds_inverse_roots);
    tcase_add_test(m, shampoo_renews_roots_that_are_out_of_date);
    tcase_add_test(m, shampoo_survives_products_below_zero);
    tcase_add_loop_test(m, soap_finds_eigenvectors, 0, KINDS);
    tcase_add_loop_test(m, soap_follows_the_eigenvectors, 0, KINDS);
    tcase_add_test(m, soap_leaves_dead_inputs_alone);
    suite_add_tcase(s, m);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
