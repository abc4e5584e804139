/* test_driver.c: what an optimizer is given: its planned memory, its ranges, tensors or model, its
 * closures and clipped gradients. The optimizers are made here, as a plug-in would make them. */
#include "train/driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "network/network.h"
#include "support/memory.h"

enum { INPUTS = 300, HIDDEN = 150, OUTPUTS = 2, TENSORS = 4, ROWS = 4 };

/* Parameters of the network below: its first weight takes three ranges. */
enum { PARAMETERS = HIDDEN * INPUTS + HIDDEN + OUTPUTS * HIDDEN + OUTPUTS };

_Static_assert(HIDDEN *INPUTS > 2 * DRIVER_RANGE, "the first weight takes three ranges");

/* --- a network 300-150-2 of identities with a loss, all made here --- */

static int32_t copy(const void *self, uint64_t n, const float *x, float *y)
{
    memmove(y, x, n * sizeof(float));
    return PLX_OK;
}

static int32_t copy_back(const void *self, uint64_t n, const float *x, const float *y,
                         const float *dy, float *dx)
{
    memmove(dx, dy, n * sizeof(float));
    return PLX_OK;
}

static const plx_activation plain = {
    .size = sizeof(plain), .name = "plain", .forward = copy, .backward = copy_back};

static int32_t half_squares(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        b->loss[r] = 0;
        for (uint64_t c = 0; c < b->cols; c++) {
            const float p = b->prediction[r * b->cols + c] - b->target[r * b->cols + c];
            b->loss[r] += 0.5 * (double)p * (double)p;
            if (b->gradient != NULL)
                b->gradient[r * b->cols + c] = (float)(b->scale * (double)p);
        }
    }
    return PLX_OK;
}

static const plx_loss squares = {.size = sizeof(squares), .name = "squares", .rows = half_squares};

typedef struct rig {
    plugin activation_plugin, loss_plugin, optimizer_plugin;
    settings activation, loss, optimizer;
    layer_spec layer[2];
    host host;
    pool *pool;
    network *network;
    driver *driver;
    plx_error error;
    float x[ROWS * INPUTS], target[ROWS * OUTPUTS];
} rig;

static void fill_network(network *network)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tensor[i].rows * tensor[i].cols; k++) {
            network_weights(network, i)[k] = (float)((k * 37 + i * 11) % 101) / 1000 - 0.05F;
            network_gradients(network, i)[k] = (float)((k * 13 + i * 7) % 31) / 100 - 0.15F;
        }
}

static rig *rig_new_of(const plx_optimizer *optimizer, int threads, size_t hidden)
{
    rig *made = calloc(1, sizeof(*made));

    ck_assert_ptr_nonnull(made);
    made->activation_plugin = (plugin){.kind = PLX_KIND_ACTIVATION,
                                       .name = "plain",
                                       .component = (const plx_component *)(const void *)&plain,
                                       .activation = &plain};
    made->loss_plugin = (plugin){.kind = PLX_KIND_LOSS,
                                 .name = "squares",
                                 .component = (const plx_component *)(const void *)&squares,
                                 .loss = &squares};
    made->optimizer_plugin = (plugin){.kind = PLX_KIND_OPTIMIZER,
                                      .name = "mine",
                                      .component = (const plx_component *)(const void *)optimizer,
                                      .optimizer = optimizer};
    made->activation.plugin = &made->activation_plugin;
    made->loss.plugin = &made->loss_plugin;
    made->optimizer.plugin = &made->optimizer_plugin;
    made->layer[0] = (layer_spec){.units = hidden, .activation = &made->activation, .bias = true};
    made->layer[1] = (layer_spec){.units = OUTPUTS, .activation = &made->activation, .bias = true};
    host_init(&made->host, NULL, 1);
    made->pool = pool_new(threads, &made->error);
    const network_spec spec = {.inputs = INPUTS,
                               .layer = made->layer,
                               .layer_count = 2,
                               .loss = &made->loss,
                               .capacity = ROWS,
                               .training = true};
    made->network = network_new(&spec, made->pool, &made->host, &made->error);
    ck_assert_msg(made->network != NULL, "%s", made->error.text);
    fill_network(made->network);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        made->x[i] = (float)(i % 17) / 17;
    return made;
}

static rig *rig_new(const plx_optimizer *optimizer, int threads)
{
    return rig_new_of(optimizer, threads, HIDDEN);
}

/* A driver of the network's tensors; whatever the spec leaves out is the rig's. NULL with
 * rig->error. */
static driver *rig_driver_of(rig *rig, driver_spec spec, const size_t *group)
{
    const driver_group all = {.optimizer = &rig->optimizer, .lr_ratio = 1};
    driver_tensor mine[TENSORS];
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);

    ck_assert_uint_eq(count, TENSORS);
    for (size_t i = 0; i < count; i++)
        mine[i] = (driver_tensor){.name = tensor[i].name,
                                  .role = tensor[i].role,
                                  .layer = tensor[i].layer,
                                  .rows = tensor[i].rows,
                                  .cols = tensor[i].cols,
                                  .w = network_weights(rig->network, i),
                                  .g = network_gradients(rig->network, i),
                                  .group = group != NULL ? group[i] : 0};
    spec.tensors = mine;
    spec.tensor_count = count;
    spec.layer_count = 2;
    if (spec.groups == NULL) {
        spec.groups = &all;
        spec.group_count = 1;
    }
    spec.pool = rig->pool;
    spec.host = &rig->host;
    rig->driver = driver_new(&spec, &rig->error);
    return rig->driver;
}

/* The driver, or NULL with rig->error. */
static driver *rig_driver(rig *rig, double clip_norm, double clip_value)
{
    const driver_spec spec = {
        .clip_norm = clip_norm, .clip_value = clip_value, .clip_at = {"a.yaml", 3, 5}};

    return rig_driver_of(rig, spec, NULL);
}

static rig *rig_driven(const plx_optimizer *optimizer, int threads)
{
    rig *made = rig_new(optimizer, threads);

    ck_assert_msg(rig_driver(made, 0, 0) != NULL, "%s", made->error.text);
    return made;
}

static void rig_free(rig *rig)
{
    driver_free(rig->driver);
    network_free(rig->network);
    pool_free(rig->pool);
    host_destroy(&rig->host);
    free(rig);
}

static driver_outcome step(rig *rig, int64_t number, double lr)
{
    driver_outcome outcome = {0};
    const bool ok = driver_step(rig->driver, number, lr, 0.75, &outcome, &rig->error);

    ck_assert_msg(ok, "%s", rig->error.text);
    return outcome;
}

static const slot *find_slot(const rig *rig, const char *path)
{
    for (size_t i = 0; i < driver_slots(rig->driver); i++)
        if (strcmp(driver_slot(rig->driver, i)->path, path) == 0)
            return driver_slot(rig->driver, i);
    ck_abort_msg("no slot %s", path);
}

/* --- planned memory --- */

static int32_t do_nothing(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    return PLX_OK;
}

static int32_t plan_all_kinds(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    int32_t status = emit->like_parameter(emit, "momentum");

    if (status == PLX_OK)
        status = emit->slot(emit, "exact", PLX_F64, tensor->rows, tensor->cols, 0.1);
    if (status == PLX_OK)
        status = emit->slot(emit, "counts", PLX_I64, tensor->rows, tensor->cols, -3);
    return status == PLX_OK ? emit->copy_of_weights(emit, "start") : status;
}

static const plx_optimizer with_all_kinds = {
    .size = sizeof(plx_optimizer), .plan_slots = plan_all_kinds, .step_range = do_nothing};

START_TEST(slots_begin_with_their_first_values)
{
    rig *rig = rig_driven(&with_all_kinds, 1);

    ck_assert_uint_eq(driver_slots(rig->driver), 4 * TENSORS);
    const slot *momentum = find_slot(rig, "slots.layers.0.weight.momentum");
    const slot *exact = find_slot(rig, "slots.layers.0.bias.exact");
    const slot *counts = find_slot(rig, "slots.layers.1.weight.counts");
    ck_assert_uint_eq(momentum->plan.rows, HIDDEN);
    ck_assert_uint_eq(momentum->plan.cols, INPUTS);
    for (size_t i = 0; i < HIDDEN * INPUTS; i++)
        ck_assert(((const float *)momentum->data)[i] == 0);
    for (size_t i = 0; i < HIDDEN; i++)
        ck_assert(((const double *)exact->data)[i] == 0.1);
    for (size_t i = 0; i < OUTPUTS * HIDDEN; i++)
        ck_assert_int_eq(((const int64_t *)counts->data)[i], -3);
    rig_free(rig);
}
END_TEST

START_TEST(a_slot_can_begin_as_a_copy_of_the_weights)
{
    rig *rig = rig_driven(&with_all_kinds, 1);
    const slot *start = find_slot(rig, "slots.layers.1.weight.start");

    ck_assert_mem_eq(start->data, network_weights(rig->network, 2),
                     OUTPUTS * HIDDEN * sizeof(float));
    rig_free(rig);
}
END_TEST

START_TEST(slots_are_aligned)
{
    rig *rig = rig_driven(&with_all_kinds, 1);

    for (size_t i = 0; i < driver_slots(rig->driver); i++)
        ck_assert_uint_eq((uintptr_t)driver_slot(rig->driver, i)->data % 64, 0);
    rig_free(rig);
}
END_TEST

static int32_t plan_a_column(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "rows", PLX_F32, tensor->rows, 1, 0);
}

START_TEST(a_range_slot_of_another_shape_is_refused)
{
    static const plx_optimizer optimizer = {
        .size = sizeof(optimizer), .plan_slots = plan_a_column, .step_range = do_nothing};
    rig *rig = rig_new(&optimizer, 1);

    ck_assert_ptr_null(rig_driver(rig, 0, 0));
    ck_assert_int_eq(rig->error.code, ERROR_PLUGIN);
    ck_assert_str_eq(rig->error.text,
                     "optimizer 'mine': slot 'rows' of layers.0.weight is 150 x 1; with step_range "
                     "it must be 150 x 300");
    rig_free(rig);
}
END_TEST

START_TEST(an_optimizer_without_a_step_is_refused)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer)};
    rig *rig = rig_new(&optimizer, 1);

    ck_assert_ptr_null(rig_driver(rig, 0, 0));
    ck_assert_str_eq(rig->error.text, "optimizer 'mine' has 0 of step_range, step_tensor and "
                                      "step_model; it must have exactly one");
    rig_free(rig);
}
END_TEST

/* --- step_range --- */

/* Writes each element's place into a slot, counts in the weights how often it was met. */
static int32_t plan_places(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "place", PLX_F64, tensor->rows, tensor->cols, -1);
}

static int32_t note_places(const void *self, const plx_step *step, uint64_t n, float *w,
                           const float *g, void *const *slot)
{
    double *place = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        place[i] = (double)(step->offset + i) + 1e6 * step->tensor;
        w[i] += 1;
    }
    return step->scratch == NULL ? PLX_OK : PLX_FAILED;
}

START_TEST(ranges_cover_each_element_once)
{
    static const plx_optimizer optimizer = {
        .size = sizeof(optimizer), .plan_slots = plan_places, .step_range = note_places};
    rig *rig = rig_driven(&optimizer, 3);
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);

    for (size_t i = 0; i < count; i++)
        memset(network_weights(rig->network, i), 0, tensor[i].rows * tensor[i].cols * 4);
    step(rig, 1, 0.1);
    for (size_t i = 0; i < count; i++) {
        const double *place = driver_slot(rig->driver, i)->data;
        for (size_t k = 0; k < tensor[i].rows * tensor[i].cols; k++) {
            ck_assert(network_weights(rig->network, i)[k] == 1);
            ck_assert(place[k] == (double)k + 1e6 * (double)i);
        }
    }
    rig_free(rig);
}
END_TEST

/* momentum: m = g + m / 2, w -= lr m, with begin_step's constants for the half */
static int32_t plan_momentum(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t begin_momentum(const void *self, const plx_step *step, void *constants)
{
    *(float *)constants = step->step > 1 ? 0.5F : 0;
    return PLX_OK;
}

static int32_t step_momentum(const void *self, const plx_step *step, uint64_t n, float *w,
                             const float *g, void *const *slot)
{
    const float decay = *(const float *)step->constants;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = g[i] + decay * m[i];
        w[i] -= (float)step->lr * m[i];
    }
    return PLX_OK;
}

static const plx_optimizer momentum = {.size = sizeof(plx_optimizer),
                                       .constants_size = sizeof(float),
                                       .plan_slots = plan_momentum,
                                       .begin_step = begin_momentum,
                                       .step_range = step_momentum};

START_TEST(slots_and_constants_carry_a_step)
{
    rig *rig = rig_driven(&momentum, 1);
    const float w = network_weights(rig->network, 0)[20000];
    const float g = network_gradients(rig->network, 0)[20000];

    step(rig, 1, 0.25);
    step(rig, 2, 0.5);
    ck_assert_double_eq_tol((double)network_weights(rig->network, 0)[20000],
                            (double)w - 0.25 * (double)g - 0.75 * (double)g, 1e-7);
    rig_free(rig);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    rig *one = rig_new(&momentum, 1), *many = rig_new(&momentum, _i);

    ck_assert_ptr_nonnull(rig_driver(one, 0.5, 0));
    ck_assert_ptr_nonnull(rig_driver(many, 0.5, 0));
    for (int64_t i = 1; i <= 3; i++) {
        step(one, i, 0.1);
        step(many, i, 0.1);
    }
    ck_assert_mem_eq(network_weights(one->network, 0), network_weights(many->network, 0),
                     HIDDEN * INPUTS * sizeof(float));
    rig_free(one);
    rig_free(many);
}
END_TEST

START_TEST(small_networks_leave_other_threads_asleep)
{
    rig *rig = rig_new_of(&momentum, 2, 2);

    ck_assert_ptr_nonnull(rig_driver(rig, 0.5, 0.1));
    step(rig, 1, 0.1);
    for (int thread = 0; thread < 2; thread++)
        ck_assert_uint_eq(pool_tasks_run(rig->pool, thread), 0);
    rig_free(rig);
}
END_TEST

static int32_t fail_in_third_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                   const float *g, void *const *slot)
{
    if (step->tensor == 0 && step->offset == 2 * DRIVER_RANGE)
        return step->host->error(step->host, "element %d is odd", 7);
    return PLX_DONE;
}

START_TEST(a_failing_range_fails_the_step)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .step_range = fail_in_third_range};
    rig *rig = rig_driven(&optimizer, 2);
    driver_outcome outcome;

    ck_assert(!driver_step(rig->driver, 1, 0.1, 0, &outcome, &rig->error));
    ck_assert_int_eq(rig->error.code, ERROR_PLUGIN);
    ck_assert_str_eq(rig->error.text, "optimizer 'mine': element 7 is odd");
    rig_free(rig);
}
END_TEST

/* As one that does not look at what error returns. */
static int32_t complain_and_go_on(const void *self, const plx_step *step, uint64_t n, float *w,
                                  const float *g, void *const *slot)
{
    if (step->step == 1 && step->tensor == 2)
        step->host->error(step->host, "tensor %u is odd", step->tensor);
    return PLX_OK;
}

START_TEST(an_error_that_is_told_but_not_returned_fails_the_step)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .step_range = complain_and_go_on};
    rig *rig = rig_driven(&optimizer, 2);
    driver_outcome outcome;

    ck_assert(!driver_step(rig->driver, 1, 0.1, 0, &outcome, &rig->error));
    ck_assert_int_eq(rig->error.code, ERROR_PLUGIN);
    ck_assert_str_eq(rig->error.text, "optimizer 'mine': tensor 2 is odd");
    rig_free(rig);
}
END_TEST

static int32_t be_done(const void *self, const plx_step *step, uint64_t n, float *w, const float *g,
                       void *const *slot)
{
    return step->tensor == 1 ? PLX_DONE : PLX_OK;
}

START_TEST(done_is_reported)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer), .step_range = be_done};
    rig *rig = rig_driven(&optimizer, 1);

    ck_assert(step(rig, 1, 0.1).done);
    rig_free(rig);
}
END_TEST

static int32_t overflow_at_the_end(const void *self, const plx_step *step, uint64_t n, float *w,
                                   const float *g, void *const *slot)
{
    if (step->tensor == 3)
        w[n - 1] = -INFINITY;
    return PLX_OK;
}

START_TEST(an_infinite_weight_is_reported)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .step_range = overflow_at_the_end};
    rig *rig = rig_driven(&optimizer, 1);

    ck_assert(!step(rig, 1, 0.1).finite);
    rig_free(rig);
}
END_TEST

START_TEST(ordinary_weights_are_reported_finite)
{
    rig *rig = rig_driven(&momentum, 1);

    ck_assert(step(rig, 1, 0.1).finite);
    rig_free(rig);
}
END_TEST

/* --- piece by piece --- */

/* Momentum, whose slot has to lie at each piece's offset. */
static int32_t plan_velocity(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "velocity");
}

static int32_t move_with_velocity(const void *self, const plx_step *step, uint64_t n, float *w,
                                  const float *g, void *const *slot)
{
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = 0.5F * m[i] + g[i] + (float)(step->offset + i) * 1e-6F;
        w[i] -= (float)step->lr * m[i];
    }
    return PLX_OK;
}

static const plx_optimizer heavy_ball = {
    .size = sizeof(plx_optimizer), .plan_slots = plan_velocity, .step_range = move_with_velocity};

/* Hands over all gradients in pieces of `length`, the last tensor first. */
static driver_outcome step_in_pieces(rig *rig, int64_t number, uint64_t length)
{
    driver_outcome outcome = {0};
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);

    ck_assert(driver_begin(rig->driver, number, 0.1, 0.75, &rig->error));
    ck_assert(driver_takes_pieces(rig->driver));
    for (size_t t = count; t-- > 0;) {
        const uint64_t n = tensor[t].rows * tensor[t].cols;
        for (uint64_t at = 0; at < n; at += length)
            driver_piece(rig->driver, t, at, n - at < length ? n - at : length,
                         network_gradients(rig->network, t) + at);
    }
    ck_assert(driver_end(rig->driver, true, &outcome, &rig->error));
    return outcome;
}

START_TEST(pieces_come_to_the_bits_of_a_whole_step)
{
    static const uint64_t lengths[] = {1, 7, 300, 2048, 5000, 1 << 20};
    rig *whole = rig_driven(&heavy_ball, 1), *cut = rig_driven(&heavy_ball, 1);
    size_t count;
    const network_tensor *tensor = network_tensors(whole->network, &count);

    for (int64_t number = 1; number <= 3; number++) {
        const driver_outcome outcome = step_in_pieces(cut, number, lengths[_i]);
        ck_assert(outcome.finite && !outcome.done);
        step(whole, number, 0.1);
    }
    for (size_t t = 0; t < count; t++)
        ck_assert_mem_eq(network_weights(whole->network, t), network_weights(cut->network, t),
                         tensor[t].rows * tensor[t].cols * sizeof(float));
    rig_free(whole);
    rig_free(cut);
}
END_TEST

START_TEST(clipped_gradients_come_in_no_pieces)
{
    for (int by_value = 0; by_value < 2; by_value++) {
        rig *rig = rig_new(&heavy_ball, 1);
        ck_assert_ptr_nonnull(rig_driver(rig, by_value ? 0 : 1, by_value ? 1 : 0));
        ck_assert(driver_begin(rig->driver, 1, 0.1, 0.75, &rig->error));
        ck_assert(!driver_takes_pieces(rig->driver));
        rig_free(rig);
    }
}
END_TEST

START_TEST(an_infinite_weight_of_a_piece_is_reported)
{
    rig *rig = rig_driven(&heavy_ball, 1);

    network_weights(rig->network, 2)[5] = INFINITY;
    ck_assert(!step_in_pieces(rig, 1, 100).finite);
    network_weights(rig->network, 2)[5] = 0;
    ck_assert(step_in_pieces(rig, 2, 100).finite);
    rig_free(rig);
}
END_TEST

#if defined(__x86_64__) || defined(__aarch64__)
/* Below the smallest normal number, and known to the compiler as little as any weight. */
static volatile float tiny = 1e-40F;

static int32_t add_tiny(const void *self, const plx_step *step, uint64_t n, float *w,
                        const float *g, void *const *slot)
{
    for (uint64_t i = 0; i < n; i++)
        w[i] = step->step % 2 ? tiny * 1e10F : 1e-30F * (tiny + 1e-30F);
    return PLX_OK;
}

static void expect_no_denormals(rig *rig)
{
    for (size_t i = 0; i < HIDDEN * INPUTS; i++)
        ck_assert(network_weights(rig->network, 0)[i] == 0);
    ck_assert(tiny * 1e10F > 0);
    fill_network(rig->network);
}

/* As operands in the first step, as results in the second. */
START_TEST(denormals_are_zeros_to_a_step_and_to_nothing_else)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer), .step_range = add_tiny};
    rig *rig = rig_driven(&optimizer, 2);

    for (int64_t number = 1; number <= 2; number++) {
        step(rig, number, 0.1);
        expect_no_denormals(rig);
        step_in_pieces(rig, number, 5000);
        expect_no_denormals(rig);
    }
    rig_free(rig);
}
END_TEST
#endif

/* Fails, or has enough, on the third tensor. */
static int32_t end_at_the_third(const void *self, const plx_step *step, uint64_t n, float *w,
                                const float *g, void *const *slot)
{
    return step->tensor == 2 ? *(const int32_t *)self : PLX_OK;
}

START_TEST(what_a_piece_comes_to_is_told_at_the_end)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .step_range = end_at_the_third};
    int32_t status = PLX_DONE;
    rig *rig = rig_new(&optimizer, 1);
    driver_outcome outcome;

    rig->optimizer.values = &status;
    ck_assert_ptr_nonnull(rig_driver(rig, 0, 0));
    ck_assert(step_in_pieces(rig, 1, 100).done);
    status = PLX_FAILED;
    ck_assert(driver_begin(rig->driver, 2, 0.1, 0.75, &rig->error));
    driver_piece(rig->driver, 2, 0, 10, network_gradients(rig->network, 2));
    ck_assert(!driver_end(rig->driver, true, &outcome, &rig->error));
    ck_assert_int_eq(rig->error.code, ERROR_PLUGIN);
    rig_free(rig);
}
END_TEST

START_TEST(an_end_without_pieces_takes_the_step)
{
    rig *whole = rig_driven(&heavy_ball, 1), *late = rig_driven(&heavy_ball, 1);
    driver_outcome outcome;

    step(whole, 1, 0.1);
    ck_assert(driver_begin(late->driver, 1, 0.1, 0.75, &late->error));
    ck_assert(driver_end(late->driver, false, &outcome, &late->error));
    ck_assert_mem_eq(network_weights(whole->network, 0), network_weights(late->network, 0),
                     HIDDEN * INPUTS * sizeof(float));
    rig_free(whole);
    rig_free(late);
}
END_TEST

/* --- step_tensor --- */

/* What a recording optimizer has seen; its settings are a pointer to this. */
typedef struct record {
    plx_step begun, seen[8];
    int begins, steps;
    uint64_t count;
    bool scratch_is_aligned, slots_are_the_models;
    plx_parameter parameter[8];
    double loss[2];
    int32_t status[2];
} record;

static int32_t plan_scratch(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->scratch(emit, tensor->role == PLX_BIAS ? 1000 : 10);
}

static int32_t plan_model(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    return model->role == PLX_MODEL && model->cols == PARAMETERS
               ? emit->slot(emit, "history", PLX_F32, 3, model->cols, 0.5)
               : emit->host->error(emit->host, "not the model");
}

static int32_t record_begin(const void *self, const plx_step *step, void *constants)
{
    record *record = *(struct record *const *)self;

    record->begun = *step;
    record->begins++;
    record->slots_are_the_models = ((float *)step->model_slot[0])[3 * PARAMETERS - 1] == 0.5F;
    ((float *)step->model_slot[0])[0] = 9;
    return PLX_OK;
}

static int32_t record_tensor(const void *self, const plx_step *step, float *w, const float *g,
                             void *const *slot)
{
    record *record = *(struct record *const *)self;

    record->seen[record->steps++] = *step;
    memset(step->scratch, 1, 1000);
    record->scratch_is_aligned = (uintptr_t)step->scratch % 64 == 0;
    w[0] = 7;
    return PLX_OK;
}

static const plx_optimizer by_tensor = {.size = sizeof(plx_optimizer),
                                        .plan_slots = plan_scratch,
                                        .plan_model_slots = plan_model,
                                        .begin_step = record_begin,
                                        .step_tensor = record_tensor};

static rig *rig_recording(const plx_optimizer *optimizer, record **record)
{
    rig *made = rig_new(optimizer, 1);

    made->optimizer.values = record;
    ck_assert_msg(rig_driver(made, 0, 0) != NULL, "%s", made->error.text);
    return made;
}

START_TEST(tensors_are_stepped_in_order)
{
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&by_tensor, &pointer);

    step(rig, 5, 0.1);
    ck_assert_int_eq(record.steps, TENSORS);
    for (int i = 0; i < TENSORS; i++) {
        ck_assert_uint_eq(record.seen[i].tensor, (unsigned)i);
        ck_assert_uint_eq(record.seen[i].role, i % 2 == 0 ? PLX_WEIGHT : PLX_BIAS);
        ck_assert_uint_eq(record.seen[i].layer, (unsigned)i / 2);
        ck_assert_int_eq(record.seen[i].step, 5);
        ck_assert(record.seen[i].lr == 0.1 && record.seen[i].loss == 0.75);
    }
    ck_assert_uint_eq(record.seen[0].rows, HIDDEN);
    ck_assert_uint_eq(record.seen[0].cols, INPUTS);
    rig_free(rig);
}
END_TEST

START_TEST(a_step_begins_once_for_the_model)
{
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&by_tensor, &pointer);

    step(rig, 5, 0.1);
    ck_assert_int_eq(record.begins, 1);
    ck_assert_uint_eq(record.begun.role, PLX_MODEL);
    ck_assert_uint_eq(record.begun.cols, PARAMETERS);
    ck_assert(record.slots_are_the_models);
    ck_assert(((const float *)find_slot(rig, "slots.model.history")->data)[0] == 9);
    rig_free(rig);
}
END_TEST

START_TEST(scratch_is_the_largest_and_aligned)
{
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&by_tensor, &pointer);

    step(rig, 1, 0.1);
    ck_assert(record.scratch_is_aligned);
    rig_free(rig);
}
END_TEST

/* --- step_model and closures --- */

static int32_t record_model(const void *self, const plx_step *step, uint64_t count,
                            const plx_parameter *const *parameter)
{
    record *record = *(struct record *const *)self;

    record->seen[0] = *step;
    record->count = count;
    for (uint64_t i = 0; i < count; i++)
        record->parameter[i] = *parameter[i];
    return PLX_OK;
}

START_TEST(a_model_step_is_given_all_parameters)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer), .step_model = record_model};
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&optimizer, &pointer);

    step(rig, 2, 0.125);
    ck_assert_uint_eq(record.count, TENSORS);
    for (uint32_t i = 0; i < TENSORS; i++) {
        ck_assert_uint_eq(record.parameter[i].id, i);
        ck_assert_ptr_eq(record.parameter[i].w, network_weights(rig->network, i));
        ck_assert_ptr_eq(record.parameter[i].g, network_gradients(rig->network, i));
        ck_assert(record.parameter[i].lr == 0.125);
    }
    ck_assert_str_eq(record.parameter[2].name, "layers.1.weight");
    rig_free(rig);
}
END_TEST

static int32_t evaluate_network(void *context, double *loss)
{
    rig *rig = context;

    return network_forward(rig->network, ROWS, rig->x, NULL, false, &rig->error) &&
                   network_loss(rig->network, rig->target, NULL, NULL, 0.25, true, loss, NULL,
                                &rig->error) &&
                   network_backward(rig->network, &rig->error)
               ? PLX_OK
               : PLX_FAILED;
}

/* Evaluates, moves a weight, evaluates again. */
static int32_t search(const void *self, const plx_step *step, uint64_t count,
                      const plx_parameter *const *parameter)
{
    record *record = *(struct record *const *)self;

    record->status[0] = step->host->evaluate(step->host, &record->loss[0]);
    const float g = parameter[3]->g[0];
    parameter[3]->w[0] -= g;
    record->status[1] = step->host->evaluate(step->host, &record->loss[1]);
    return record->status[0] == PLX_OK ? record->status[1] : record->status[0];
}

static const plx_optimizer searching = {
    .size = sizeof(plx_optimizer), .flags = PLX_NEEDS_CLOSURE, .step_model = search};

START_TEST(a_closure_sees_the_weights_as_they_are)
{
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&searching, &pointer);

    driver_set_closure(rig->driver, evaluate_network, rig);
    step(rig, 1, 0.1);
    ck_assert(isfinite(record.loss[0]));
    ck_assert_double_lt(record.loss[1], record.loss[0]);
    ck_assert_int_eq(driver_evaluations(rig->driver), 2);
    rig_free(rig);
}
END_TEST

START_TEST(a_closure_must_be_declared)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer), .step_model = search};
    record record = {0}, *pointer = &record;
    rig *rig = rig_recording(&optimizer, &pointer);
    driver_outcome outcome;

    driver_set_closure(rig->driver, evaluate_network, rig);
    ck_assert(!driver_step(rig->driver, 1, 0.1, 0, &outcome, &rig->error));
    ck_assert_str_eq(rig->error.text,
                     "optimizer 'mine': called evaluate without having set PLX_NEEDS_CLOSURE");
    rig_free(rig);
}
END_TEST

static int32_t evaluate_too_early(const void *self, const plx_step *step, void *constants)
{
    double loss;
    return step->host->evaluate(step->host, &loss);
}

START_TEST(a_closure_runs_in_step_model_alone)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .flags = PLX_NEEDS_CLOSURE,
                                            .begin_step = evaluate_too_early,
                                            .step_model = search};
    rig *rig = rig_driven(&optimizer, 1);
    driver_outcome outcome;

    driver_set_closure(rig->driver, evaluate_network, rig);
    ck_assert(!driver_step(rig->driver, 1, 0.1, 0, &outcome, &rig->error));
    ck_assert_str_eq(rig->error.text, "optimizer 'mine': called evaluate outside of step_model");
    rig_free(rig);
}
END_TEST

START_TEST(closures_exclude_clipping)
{
    rig *rig = rig_new(&searching, 1);

    ck_assert_ptr_null(rig_driver(rig, 1, 0));
    ck_assert_int_eq(rig->error.code, ERROR_CONFIG);
    ck_assert_str_eq(rig->error.text,
                     "a.yaml:3:5: gradient clipping does not go with optimizer 'mine', which "
                     "evaluates loss and gradient itself; remove clip_norm and clip_value");
    rig_free(rig);
}
END_TEST

/* --- parameter groups --- */

/* The settings of an optimizer of groups: what a group is to note, and a number of its own. */
typedef struct group_settings {
    struct group_record *record;
    float pull;
} group_settings;

/* Two groups, the weights and the biases, and what they have seen. */
typedef struct group_record {
    settings settings[2];
    group_settings values[2];
    int order[16]; /* what was called: 10 + group began, the tensor was stepped */
    int calls;
    plx_step begun[2], seen[TENSORS];
    const void *begun_self[2], *seen_self[TENSORS];
    float constant[TENSORS];
    plx_parameter parameter[TENSORS];
    int done_in; /* 1 + the group that has enough */
} group_record;

enum { BIASES = HIDDEN + OUTPUTS, WEIGHTS = PARAMETERS - BIASES };

static const size_t by_role[TENSORS] = {0, 1, 0, 1};

static int32_t plan_history(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    const group_settings *s = self;

    return emit->slot(emit, "history", PLX_F32, 1, model->cols, (double)s->pull);
}

static int32_t begin_group(const void *self, const plx_step *step, void *constants)
{
    const group_settings *s = self;
    group_record *r = s->record;
    const int group = s == &r->values[1];

    r->order[r->calls++] = 10 + group;
    r->begun[group] = *step;
    r->begun_self[group] = self;
    *(float *)constants = s->pull + 1;
    return r->done_in == 1 + group ? PLX_DONE : PLX_OK;
}

static int32_t step_of_group(const void *self, const plx_step *step, float *w, const float *g,
                             void *const *slot)
{
    group_record *r = ((const group_settings *)self)->record;

    r->order[r->calls++] = (int)step->tensor;
    r->seen[step->tensor] = *step;
    r->seen_self[step->tensor] = self;
    r->constant[step->tensor] = *(const float *)step->constants;
    return PLX_OK;
}

static const plx_optimizer tensor_groups = {.size = sizeof(plx_optimizer),
                                            .constants_size = sizeof(float),
                                            .plan_model_slots = plan_history,
                                            .begin_step = begin_group,
                                            .step_tensor = step_of_group};

static rig *rig_grouped(const plx_optimizer *optimizer, group_record *record, int threads)
{
    rig *made = rig_new(optimizer, threads);

    for (int i = 0; i < 2; i++) {
        record->values[i] = (group_settings){record, 0.25F * (float)(i + 1)};
        record->settings[i] =
            (settings){.plugin = &made->optimizer_plugin, .values = &record->values[i]};
    }
    const driver_group groups[2] = {{&record->settings[0], 1}, {&record->settings[1], 0.5}};
    const driver_spec spec = {.groups = groups, .group_count = 2};
    ck_assert_msg(rig_driver_of(made, spec, by_role) != NULL, "%s", made->error.text);
    return made;
}

START_TEST(each_tensor_has_its_groups_settings_and_rate)
{
    group_record record = {0};
    rig *rig = rig_grouped(&tensor_groups, &record, 1);

    step(rig, 1, 0.1);
    for (size_t i = 0; i < TENSORS; i++) {
        ck_assert_ptr_eq(record.seen_self[i], &record.values[by_role[i]]);
        ck_assert(record.seen[i].lr == (by_role[i] == 0 ? 0.1 : 0.05));
        ck_assert(record.constant[i] == (by_role[i] == 0 ? 1.25F : 1.5F));
    }
    rig_free(rig);
}
END_TEST

START_TEST(all_groups_begin_before_a_tensor_is_stepped)
{
    static const int order[] = {10, 11, 0, 1, 2, 3};
    group_record record = {0};
    rig *rig = rig_grouped(&tensor_groups, &record, 1);

    step(rig, 1, 0.1);
    ck_assert_int_eq(record.calls, 6);
    ck_assert_mem_eq(record.order, order, sizeof(order));
    rig_free(rig);
}
END_TEST

START_TEST(a_group_begins_with_what_is_its_own)
{
    static const uint64_t cols[2] = {WEIGHTS, BIASES};
    group_record record = {0};
    rig *rig = rig_grouped(&tensor_groups, &record, 1);

    step(rig, 3, 0.1);
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_eq(record.begun_self[i], &record.values[i]);
        ck_assert_uint_eq(record.begun[i].role, PLX_MODEL);
        ck_assert_uint_eq(record.begun[i].cols, cols[i]);
        ck_assert(record.begun[i].lr == (i == 0 ? 0.1 : 0.05) && record.begun[i].step == 3);
    }
    rig_free(rig);
}
END_TEST

START_TEST(a_group_has_model_slots_of_its_own)
{
    group_record record = {0};
    rig *rig = rig_grouped(&tensor_groups, &record, 1);
    const slot *first = find_slot(rig, "slots.model.history");
    const slot *second = find_slot(rig, "slots.model.1.history");

    step(rig, 1, 0.1);
    ck_assert_uint_eq(first->plan.cols, WEIGHTS);
    ck_assert_uint_eq(second->plan.cols, BIASES);
    ck_assert(((const float *)first->data)[WEIGHTS - 1] == 0.25F);
    ck_assert(((const float *)second->data)[BIASES - 1] == 0.5F);
    ck_assert_ptr_eq(record.seen[2].model_slot[0], first->data);
    ck_assert_ptr_eq(record.seen[3].model_slot[0], second->data);
    ck_assert_ptr_eq(driver_slot(rig->driver, driver_slots(rig->driver) - 1), second);
    rig_free(rig);
}
END_TEST

START_TEST(no_tensor_is_stepped_when_a_group_has_enough)
{
    group_record record = {.done_in = 1 + _i};
    rig *rig = rig_grouped(&tensor_groups, &record, 1);

    ck_assert(step(rig, 1, 0.1).done);
    ck_assert_int_eq(record.calls, 1 + _i);
    rig_free(rig);
}
END_TEST

static int32_t step_all_groups(const void *self, const plx_step *step, uint64_t count,
                               const plx_parameter *const *parameter)
{
    group_record *r = ((const group_settings *)self)->record;

    r->seen[0] = *step;
    r->seen_self[0] = self;
    for (uint64_t i = 0; i < count; i++)
        r->parameter[i] = *parameter[i];
    return PLX_OK;
}

static const plx_optimizer model_groups = {.size = sizeof(plx_optimizer),
                                           .constants_size = sizeof(float),
                                           .plan_model_slots = plan_history,
                                           .begin_step = begin_group,
                                           .step_model = step_all_groups};

START_TEST(a_model_step_is_the_first_groups)
{
    group_record record = {0};
    rig *rig = rig_grouped(&model_groups, &record, 1);

    step(rig, 1, 0.1);
    ck_assert_int_eq(record.calls, 1);
    ck_assert_ptr_eq(record.begun_self[0], &record.values[0]);
    ck_assert_uint_eq(record.begun[0].cols, PARAMETERS);
    ck_assert_ptr_eq(record.seen_self[0], &record.values[0]);
    ck_assert(record.seen[0].lr == 0.1);
    ck_assert_uint_eq(driver_slots(rig->driver), 1);
    ck_assert_uint_eq(find_slot(rig, "slots.model.history")->plan.cols, PARAMETERS);
    rig_free(rig);
}
END_TEST

START_TEST(a_model_step_sees_each_parameters_group)
{
    group_record record = {0};
    rig *rig = rig_grouped(&model_groups, &record, 1);

    step(rig, 1, 0.1);
    for (size_t i = 0; i < TENSORS; i++) {
        ck_assert_ptr_eq(record.parameter[i].self, &record.values[by_role[i]]);
        ck_assert(record.parameter[i].lr == (by_role[i] == 0 ? 0.1 : 0.05));
    }
    rig_free(rig);
}
END_TEST

/* w -= lr (g + pull w) */
static int32_t pull_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const group_settings *s = self;

    for (uint64_t i = 0; i < n; i++)
        w[i] -= (float)step->lr * (g[i] + s->pull * w[i]);
    return PLX_OK;
}

static const plx_optimizer range_groups = {.size = sizeof(plx_optimizer), .step_range = pull_range};

START_TEST(ranges_are_stepped_with_their_groups_settings)
{
    group_record record = {0};
    rig *rig = rig_grouped(&range_groups, &record, _i);
    float expected[TENSORS];

    for (size_t i = 0; i < TENSORS; i++) {
        const float w = network_weights(rig->network, i)[0];
        const float pull = by_role[i] == 0 ? 0.25F : 0.5F, lr = by_role[i] == 0 ? 0.5F : 0.25F;
        expected[i] = w - lr * (network_gradients(rig->network, i)[0] + pull * w);
    }
    step(rig, 1, 0.5);
    for (size_t i = 0; i < TENSORS; i++)
        ck_assert(network_weights(rig->network, i)[0] == expected[i]);
    rig_free(rig);
}
END_TEST

/* An optimizer that moves whatever it is given, at any rate. */
static int32_t move_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    for (uint64_t i = 0; i < n; i++)
        w[i] += 1;
    return PLX_OK;
}

static int32_t move_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    return move_range(self, step, step->rows * step->cols, w, g, slot);
}

static const plx_optimizer movers[] = {
    {.size = sizeof(plx_optimizer), .step_range = move_range},
    {.size = sizeof(plx_optimizer), .step_tensor = move_tensor},
};

START_TEST(a_frozen_group_is_not_stepped)
{
    rig *rig = rig_new(&movers[_i], 1);
    const driver_group groups[2] = {{&rig->optimizer, 1}, {&rig->optimizer, 0}};
    const driver_spec spec = {.groups = groups, .group_count = 2};
    float before[TENSORS];

    ck_assert_ptr_nonnull(rig_driver_of(rig, spec, by_role));
    for (size_t i = 0; i < TENSORS; i++)
        before[i] = network_weights(rig->network, i)[0];
    step(rig, 1, 0.1);
    for (size_t i = 0; i < TENSORS; i++)
        ck_assert(network_weights(rig->network, i)[0] == before[i] + (by_role[i] == 0 ? 1 : 0));
    rig_free(rig);
}
END_TEST

/* --- ranges and memory of the caller's choice --- */

START_TEST(ranges_may_have_another_size)
{
    static const plx_optimizer optimizer = {
        .size = sizeof(optimizer), .plan_slots = plan_places, .step_range = note_places};
    const driver_spec spec = {.range = 1003};
    rig *rig = rig_new(&optimizer, 3);

    ck_assert_ptr_nonnull(rig_driver_of(rig, spec, NULL));
    memset(network_weights(rig->network, 0), 0, HIDDEN * INPUTS * sizeof(float));
    step(rig, 1, 0.1);
    const double *place = driver_slot(rig->driver, 0)->data;
    for (size_t k = 0; k < HIDDEN * INPUTS; k++) {
        ck_assert(network_weights(rig->network, 0)[k] == 1);
        ck_assert(place[k] == (double)k);
    }
    rig_free(rig);
}
END_TEST

static int32_t refuse_large_ranges(const void *self, const plx_step *step, uint64_t n, float *w,
                                   const float *g, void *const *slot)
{
    return n <= 1003 ? PLX_OK : PLX_FAILED;
}

START_TEST(no_range_is_larger_than_asked_for)
{
    static const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                            .step_range = refuse_large_ranges};
    const driver_spec spec = {.range = 1003};
    rig *rig = rig_new(&optimizer, 1);

    ck_assert_ptr_nonnull(rig_driver_of(rig, spec, NULL));
    step(rig, 1, 0.1);
    rig_free(rig);
}
END_TEST

/* Counts what is taken and given back. */
typedef struct ledger {
    int taken, given, most;
    size_t alignment[64];
    uint64_t bytes[64];
} ledger;

static void *take(void *context, uint64_t bytes, size_t alignment)
{
    ledger *ledger = context;

    if (ledger->taken == ledger->most)
        return NULL;
    ledger->alignment[ledger->taken] = alignment;
    ledger->bytes[ledger->taken++] = bytes;
    return memory_aligned(bytes, 1);
}

static void give(void *context, void *memory)
{
    ledger *ledger = context;

    ledger->given++;
    free(memory);
}

static int32_t plan_with_scratch(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = plan_all_kinds(self, tensor, emit);
    return status == PLX_OK ? emit->scratch(emit, 33) : status;
}

/* 16 slots, 12 bytes of constants, 33 of scratch. */
static const plx_optimizer greedy = {.size = sizeof(plx_optimizer),
                                     .constants_size = 12,
                                     .plan_slots = plan_with_scratch,
                                     .step_range = do_nothing};
enum { GREEDY = 18 };

static rig *rig_lent(ledger *ledger)
{
    const driver_spec spec = {.memory = {take, give, ledger}};
    rig *made = rig_new(&greedy, 1);

    rig_driver_of(made, spec, NULL);
    return made;
}

START_TEST(memory_can_be_lent)
{
    ledger ledger = {.most = 64};
    rig *rig = rig_lent(&ledger);

    ck_assert_ptr_nonnull(rig->driver);
    ck_assert_int_eq(ledger.taken, GREEDY);
    ck_assert_uint_eq(ledger.bytes[0], HIDDEN * INPUTS * sizeof(float));
    ck_assert_uint_eq(ledger.alignment[0], 4);
    ck_assert_uint_eq(ledger.alignment[1], 8);
    ck_assert_uint_eq(ledger.bytes[16], 12);
    ck_assert_uint_eq(ledger.alignment[16], 4);
    ck_assert_uint_eq(ledger.bytes[17], 33);
    ck_assert_uint_eq(ledger.alignment[17], 64);
    step(rig, 1, 0.1);
    rig_free(rig);
    ck_assert_int_eq(ledger.given, GREEDY);
}
END_TEST

START_TEST(lent_memory_may_run_out)
{
    ledger ledger = {.most = _i};
    rig *rig = rig_lent(&ledger);

    ck_assert_ptr_null(rig->driver);
    ck_assert_str_eq(rig->error.text, "out of memory");
    rig_free(rig);
    ck_assert_int_eq(ledger.given, _i);
}
END_TEST

/* --- clipping --- */

static const plx_optimizer idle = {.size = sizeof(plx_optimizer), .step_range = do_nothing};

START_TEST(clipping_by_norm_keeps_the_direction)
{
    rig *rig = rig_new(&idle, 2);
    const float before = network_gradients(rig->network, 0)[40000];

    ck_assert_ptr_nonnull(rig_driver(rig, 2, 0));
    const double norm = driver_gradient_norm(rig->driver);
    ck_assert_double_gt(norm, 2);
    step(rig, 1, 0.1);
    ck_assert_double_eq_tol(driver_gradient_norm(rig->driver), 2, 1e-5);
    ck_assert_double_eq_tol((double)network_gradients(rig->network, 0)[40000],
                            (double)before * 2 / norm, 1e-7);
    rig_free(rig);
}
END_TEST

START_TEST(the_norm_is_of_all_gradients)
{
    rig *rig = rig_driven(&idle, 1);
    size_t count;
    const network_tensor *tensor = network_tensors(rig->network, &count);
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < tensor[i].rows * tensor[i].cols; k++)
            sum += pow((double)network_gradients(rig->network, i)[k], 2);
    ck_assert_double_eq_tol(driver_gradient_norm(rig->driver), sqrt(sum), 1e-9);
    rig_free(rig);
}
END_TEST

START_TEST(a_small_gradient_is_not_clipped)
{
    rig *rig = rig_new(&idle, 1);
    const float before = network_gradients(rig->network, 0)[40000];

    ck_assert_ptr_nonnull(rig_driver(rig, 1e6, 0));
    step(rig, 1, 0.1);
    ck_assert(network_gradients(rig->network, 0)[40000] == before);
    rig_free(rig);
}
END_TEST

START_TEST(clipping_by_value_bounds_each_element)
{
    rig *rig = rig_new(&idle, 1);
    float *g = network_gradients(rig->network, 0);

    ck_assert_ptr_nonnull(rig_driver(rig, 0, 0.0625));
    g[0] = 0.03125F;
    g[1] = 5;
    g[2] = -5;
    step(rig, 1, 0.1);
    ck_assert(g[0] == 0.03125F && g[1] == 0.0625F && g[2] == -0.0625F);
    rig_free(rig);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/driver");
    TCase *memory = tcase_create("planned memory"), *range = tcase_create("step_range");
    TCase *tensor = tcase_create("step_tensor"), *model = tcase_create("step_model");
    TCase *group = tcase_create("parameter groups"), *chosen = tcase_create("chosen");
    TCase *clip = tcase_create("clipping");

    tcase_add_test(memory, slots_begin_with_their_first_values);
    tcase_add_test(memory, a_slot_can_begin_as_a_copy_of_the_weights);
    tcase_add_test(memory, slots_are_aligned);
    tcase_add_test(memory, a_range_slot_of_another_shape_is_refused);
    tcase_add_test(memory, an_optimizer_without_a_step_is_refused);
    tcase_add_test(range, ranges_cover_each_element_once);
    tcase_add_test(range, slots_and_constants_carry_a_step);
    tcase_add_loop_test(range, any_number_of_threads_gives_the_same_bits, 2, 5);
    tcase_add_test(range, small_networks_leave_other_threads_asleep);
    tcase_add_test(range, a_failing_range_fails_the_step);
    tcase_add_test(range, an_error_that_is_told_but_not_returned_fails_the_step);
    tcase_add_test(range, done_is_reported);
    tcase_add_test(range, an_infinite_weight_is_reported);
    tcase_add_test(range, ordinary_weights_are_reported_finite);
    tcase_add_loop_test(range, pieces_come_to_the_bits_of_a_whole_step, 0, 6);
    tcase_add_test(range, clipped_gradients_come_in_no_pieces);
    tcase_add_test(range, an_infinite_weight_of_a_piece_is_reported);
#if defined(__x86_64__) || defined(__aarch64__)
    tcase_add_test(range, denormals_are_zeros_to_a_step_and_to_nothing_else);
#endif
    tcase_add_test(range, what_a_piece_comes_to_is_told_at_the_end);
    tcase_add_test(range, an_end_without_pieces_takes_the_step);
    tcase_add_test(tensor, tensors_are_stepped_in_order);
    tcase_add_test(tensor, a_step_begins_once_for_the_model);
    tcase_add_test(tensor, scratch_is_the_largest_and_aligned);
    tcase_add_test(model, a_model_step_is_given_all_parameters);
    tcase_add_test(model, a_closure_sees_the_weights_as_they_are);
    tcase_add_test(model, a_closure_must_be_declared);
    tcase_add_test(model, a_closure_runs_in_step_model_alone);
    tcase_add_test(model, closures_exclude_clipping);
    tcase_add_test(group, each_tensor_has_its_groups_settings_and_rate);
    tcase_add_test(group, all_groups_begin_before_a_tensor_is_stepped);
    tcase_add_test(group, a_group_begins_with_what_is_its_own);
    tcase_add_test(group, a_group_has_model_slots_of_its_own);
    tcase_add_loop_test(group, no_tensor_is_stepped_when_a_group_has_enough, 0, 2);
    tcase_add_test(group, a_model_step_is_the_first_groups);
    tcase_add_test(group, a_model_step_sees_each_parameters_group);
    tcase_add_loop_test(group, ranges_are_stepped_with_their_groups_settings, 1, 5);
    tcase_add_loop_test(group, a_frozen_group_is_not_stepped, 0, 2);
    tcase_add_test(chosen, ranges_may_have_another_size);
    tcase_add_test(chosen, no_range_is_larger_than_asked_for);
    tcase_add_test(chosen, memory_can_be_lent);
    tcase_add_loop_test(chosen, lent_memory_may_run_out, 0, GREEDY);
    tcase_add_test(clip, clipping_by_norm_keeps_the_direction);
    tcase_add_test(clip, the_norm_is_of_all_gradients);
    tcase_add_test(clip, a_small_gradient_is_not_clipped);
    tcase_add_test(clip, clipping_by_value_bounds_each_element);
    suite_add_tcase(suite, memory);
    suite_add_tcase(suite, range);
    suite_add_tcase(suite, tensor);
    suite_add_tcase(suite, model);
    suite_add_tcase(suite, group);
    suite_add_tcase(suite, chosen);
    suite_add_tcase(suite, clip);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
