/* What the plug-in interface can carry: two optimizers that ask much of it (matrix products, slots
 * of other shapes) are found, loaded and verified as any plug-in is, planned, and driven on a small
 * problem. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "stage.h"

#include "network/network.h"
#include "network/product.h"
#include "plugin/slots.h"
#include "train/driver.h"

enum { INPUTS = 4, HIDDEN = 6, OUTPUTS = 2, LAYERS = 3, ROWS = 16, STEPS = 60 };

/* 4-6-6-2 with tanh inside, and rows of a smooth function of its inputs. */
typedef struct rig {
    catalog *builtin, *sketches;
    settings *tanh, *identity, *mse, *optimizer;
    layer_spec layer[LAYERS];
    host host;
    pool *pool;
    network *network;
    driver *driver;
    plx_error error;
    float x[ROWS * INPUTS], target[ROWS * OUTPUTS];
} rig;

static settings *defaults(catalog *catalog, uint32_t kind, const char *name)
{
    plx_error error = {0};
    settings *made = settings_new(stage_find(catalog, kind, name), &error);

    ck_assert_msg(made != NULL && settings_validate(made, (place){0}, &error), "%s", error.text);
    return made;
}

static void fill(rig *rig)
{
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; tensor[i].role == PLX_WEIGHT && k < tensor[i].rows * tensor[i].cols; k++)
            network_weights(rig->network, i)[k] = (float)((k * 37 + i * 11) % 101) / 101 - 0.5F;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        rig->x[i] = (float)(i * 29 % 23) / 11 - 1;
    for (size_t r = 0; r < ROWS; r++) {
        const float *x = rig->x + r * INPUTS;
        rig->target[r * OUTPUTS] = sinf(x[0] + x[1]);
        rig->target[r * OUTPUTS + 1] = x[2] * x[3];
    }
}

static void make_driver(rig *rig, const char *name)
{
    rig->optimizer = defaults(rig->sketches, PLX_KIND_OPTIMIZER, name);
    const driver_group all = {.optimizer = rig->optimizer, .lr_ratio = 1};
    driver_tensor mine[2 * LAYERS];
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);

    ck_assert_uint_eq(count, 2 * LAYERS);
    for (size_t i = 0; i < count; i++)
        mine[i] = (driver_tensor){.name = tensor[i].name,
                                  .role = tensor[i].role,
                                  .layer = tensor[i].layer,
                                  .rows = tensor[i].rows,
                                  .cols = tensor[i].cols,
                                  .w = network_weights(rig->network, i),
                                  .g = network_gradients(rig->network, i)};
    const driver_spec spec = {.tensors = mine,
                              .tensor_count = count,
                              .layer_count = LAYERS,
                              .groups = &all,
                              .group_count = 1,
                              .pool = rig->pool,
                              .host = &rig->host};
    rig->driver = driver_new(&spec, &rig->error);
    ck_assert_msg(rig->driver != NULL, "%s", rig->error.text);
}

static rig *rig_new(const char *name)
{
    rig *made = calloc(1, sizeof(*made));

    ck_assert_ptr_nonnull(made);
    made->builtin = stage_builtin(BUILTIN);
    made->sketches = stage_catalog(FIXTURES);
    made->tanh = defaults(made->builtin, PLX_KIND_ACTIVATION, "tanh");
    made->identity = defaults(made->builtin, PLX_KIND_ACTIVATION, "identity");
    made->mse = defaults(made->builtin, PLX_KIND_LOSS, "mse");
    for (size_t i = 0; i < LAYERS; i++)
        made->layer[i] = (layer_spec){.units = i + 1 < LAYERS ? HIDDEN : OUTPUTS,
                                      .activation = i + 1 < LAYERS ? made->tanh : made->identity,
                                      .bias = true};
    host_init(&made->host, NULL, 1);
    made->host.product = product;
    made->pool = pool_new(1, &made->error);
    const network_spec spec = {.inputs = INPUTS,
                               .layer = made->layer,
                               .layer_count = LAYERS,
                               .loss = made->mse,
                               .capacity = ROWS,
                               .training = true};
    made->network = network_new(&spec, made->pool, &made->host, &made->error);
    ck_assert_msg(made->network != NULL, "%s", made->error.text);
    fill(made);
    make_driver(made, name);
    return made;
}

static void rig_free(rig *rig)
{
    driver_free(rig->driver);
    network_free(rig->network);
    pool_free(rig->pool);
    host_destroy(&rig->host);
    settings_free(rig->tanh);
    settings_free(rig->identity);
    settings_free(rig->mse);
    settings_free(rig->optimizer);
    catalog_free(rig->builtin);
    catalog_free(rig->sketches);
    free(rig);
}

/* Forward and backward on all rows. */
static int32_t evaluate(rig *rig, double *loss)
{
    return network_forward(rig->network, ROWS, rig->x, NULL, true, &rig->error) &&
                   network_loss(rig->network, rig->target, NULL, NULL, 1.0 / ROWS, true, loss, NULL,
                                &rig->error) &&
                   network_backward(rig->network, &rig->error)
               ? PLX_OK
               : PLX_FAILED;
}

/* Takes `steps` steps, or as many as the optimizer wants; returns the loss behind the last. */
static double train(rig *rig, int64_t steps, double lr)
{
    driver_outcome outcome = {.finite = true};
    double loss = 0;

    for (int64_t step = 1; step <= steps && !outcome.done; step++) {
        ck_assert_msg(evaluate(rig, &loss) == PLX_OK, "%s", rig->error.text);
        ck_assert_msg(driver_step(rig->driver, step, lr, loss, &outcome, &rig->error), "%s",
                      rig->error.text);
        ck_assert_msg(outcome.finite, "weights of step %d are not finite", (int)step);
    }
    ck_assert_int_eq(evaluate(rig, &loss), PLX_OK);
    return loss;
}

static const struct {
    const char *name;
    double most; /* of the first loss that may be left */
} sketches[] = {
    {"adafactor", 0.3},
    {"muon", 0.1},
};
enum { SKETCHES = sizeof(sketches) / sizeof(sketches[0]) };

START_TEST(descends)
{
    rig *rig = rig_new(sketches[_i].name);
    double first;

    ck_assert_int_eq(evaluate(rig, &first), PLX_OK);
    const double last = train(rig, STEPS, rig->optimizer->plugin->optimizer->lr);
    ck_assert_msg(last < sketches[_i].most * first, "%s: the loss went from %g to %g",
                  sketches[_i].name, first, last);
    rig_free(rig);
}
END_TEST

/* What a checkpoint would hold. */
START_TEST(plans_slots_of_its_own)
{
    static const char *const last[] = {"slots.layers.2.bias.square", "slots.layers.2.bias.square"};
    rig *rig = rig_new(sketches[_i].name);
    const size_t count = driver_slots(rig->driver);

    ck_assert_uint_gt(count, 0);
    ck_assert_str_eq(driver_slot(rig->driver, count - 1)->path, last[_i]);
    rig_free(rig);
}
END_TEST

/* The slot of this path. */
static const slot *slot_of(const rig *rig, const char *path)
{
    for (size_t i = 0; i < driver_slots(rig->driver); i++)
        if (strcmp(driver_slot(rig->driver, i)->path, path) == 0)
            return driver_slot(rig->driver, i);
    ck_abort_msg("no slot %s", path);
    return NULL;
}

START_TEST(adafactor_keeps_a_number_a_row_and_a_column)
{
    rig *rig = rig_new("adafactor");
    const slot *row = slot_of(rig, "slots.layers.0.weight.row");
    const slot *column = slot_of(rig, "slots.layers.0.weight.column");

    ck_assert_uint_eq(row->plan.rows * row->plan.cols, HIDDEN);
    ck_assert_uint_eq(column->plan.rows * column->plan.cols, INPUTS);
    rig_free(rig);
}
END_TEST

/* The step of a hidden matrix has singular values near 1 where its gradient had any, however small.
 * Two outputs give a gradient of about two large ones, so the squares of the step's elements sum to
 * two or more; scaled alone, without the products, they would sum to 1. */
START_TEST(muon_steps_orthogonally)
{
    rig *rig = rig_new("muon");
    const float *w = network_weights(rig->network, 2); /* layers.1.weight, square */
    float before[HIDDEN * HIDDEN];
    double squares = 0;

    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        before[i] = w[i];
    train(rig, 1, 1);
    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        squares += pow((double)(w[i] - before[i]), 2);
    ck_assert_double_gt(squares, 2);
    ck_assert_double_lt(squares, 1.4 * HIDDEN);
    rig_free(rig);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sketches");
    TCase *all = tcase_create("all"), *each = tcase_create("each");

    tcase_add_loop_test(all, descends, 0, SKETCHES);
    tcase_add_loop_test(all, plans_slots_of_its_own, 0, SKETCHES);
    suite_add_tcase(s, all);
    tcase_add_test(each, adafactor_keeps_a_number_a_row_and_a_column);
    tcase_add_test(each, muon_steps_orthogonally);
    suite_add_tcase(s, each);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
