/* How a network is laid out, what it refuses, how failures of plug-ins are told, and that a pass
 * neither allocates nor calls the system. malloc and its relatives are wrapped by the linker for
 * all of Plexus's own code in this program, so that calls can be counted. */
#include <linux/seccomp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "network/product.h"

static size_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __real_aligned_alloc(alignment, size);
}

static const plan iris = {.inputs = 4,
                          .layer = {{16, "relu", 0.1, false}, {3, "softmax", 0, false}},
                          .loss = "cross_entropy",
                          .fused = true,
                          .capacity = 256};
static const plan exclusive_or = {.inputs = 2,
                                  .layer = {{4, "tanh", 0, false}, {1, "sigmoid", 0, false}},
                                  .loss = "cross_entropy",
                                  .fused = true,
                                  .capacity = 256};

static const random_stream drops = {5, (uint64_t)RANDOM_DROPOUT << 56};

/* A whole pass on the rows of `x`; false if anything failed. */
static bool pass(network *network, size_t rows, const float *x, const float *target)
{
    plx_error error = {0};
    double loss;

    return network_forward(network, rows, x, &drops, true, &error) &&
           network_loss(network, target, NULL, NULL, 1, true, &loss, NULL, &error) &&
           network_backward(network, &error) && network_gradients_finite(network) &&
           network_weights_finite(network);
}

/* --- layout ----------------------------------------------------------------------------------- */

START_TEST(tensors_are_named_shaped_and_aligned)
{
    static const struct {
        const char *name;
        uint32_t role, layer;
        size_t rows, cols, offset;
    } want[] = {{"layers.0.weight", PLX_WEIGHT, 0, 5, 7, 0},
                {"layers.0.bias", PLX_BIAS, 0, 1, 5, 48},
                {"layers.1.weight", PLX_WEIGHT, 1, 3, 5, 64},
                {"layers.2.weight", PLX_WEIGHT, 2, 2, 3, 80},
                {"layers.2.bias", PLX_BIAS, 2, 1, 2, 96}};
    const plan plan = {
        .inputs = 7,
        .layer = {{5, "tanh", 0, false}, {3, "relu", 0, true}, {2, "identity", 0, false}},
        .capacity = 4};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    ck_assert_uint_eq(count, 5);
    for (size_t t = 0; t < count; t++) {
        ck_assert_str_eq(tensor[t].name, want[t].name);
        ck_assert_uint_eq(tensor[t].role, want[t].role);
        ck_assert_uint_eq(tensor[t].layer, want[t].layer);
        ck_assert_uint_eq(tensor[t].rows, want[t].rows);
        ck_assert_uint_eq(tensor[t].cols, want[t].cols);
        ck_assert_uint_eq(tensor[t].offset, want[t].offset);
        ck_assert(network_weights(network, t) == network_weights(network, 0) + tensor[t].offset);
        ck_assert(network_gradients(network, t) ==
                  network_gradients(network, 0) + tensor[t].offset);
    }
    ck_assert_uint_eq((uintptr_t)network_weights(network, 0) % 64, 0);
    ck_assert_uint_eq((uintptr_t)network_gradients(network, 0) % 64, 0);
    ck_assert_ptr_null(network_weights(network, 5));
    ck_assert_uint_eq(network_parameters(network), 35 + 5 + 15 + 6 + 2);
    ck_assert_uint_eq(network_inputs(network), 7);
    ck_assert_uint_eq(network_outputs(network), 2);
    ck_assert_uint_eq(network_layers(network), 3);
    ck_assert(!network_is_fused(network));
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(gaps_between_tensors_stay_zero)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &iris);
    float *x = fixture_numbers(1, 4 * 256), *target = fixture_targets(&iris, 2, 256);
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    ck_assert(pass(network, 256, x, target));
    for (size_t t = 0; t + 1 < count; t++)
        for (size_t i = tensor[t].offset + tensor[t].rows * tensor[t].cols;
             i < tensor[t + 1].offset; i++) {
            ck_assert(network_weights(network, 0)[i] == 0);
            ck_assert(network_gradients(network, 0)[i] == 0);
        }
    free(x);
    free(target);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(fusing_needs_a_partner_and_consent)
{
    static const struct {
        const char *activation, *loss;
        bool asked, dropout, fused;
    } cases[] = {{"softmax", "cross_entropy", true, false, true},
                 {"softmax", "cross_entropy", false, false, false},
                 {"softmax", "cross_entropy", true, true, false},
                 {"tanh", "mse", true, false, false}};
    fixture *fixture = fixture_new(1);

    for (size_t i = 0; i < 4; i++) {
        const plan plan = {.inputs = 2,
                           .layer = {{3, cases[i].activation, cases[i].dropout ? 0.5 : 0, false}},
                           .loss = cases[i].loss,
                           .fused = cases[i].asked,
                           .capacity = 1};
        network *network = fixture_network(fixture, &plan);
        ck_assert(network_is_fused(network) == cases[i].fused);
        network_free(network);
    }
    fixture_free(fixture);
}
END_TEST

/* --- refusals --------------------------------------------------------------------------------- */

/* network_new must fail with this text in its message. */
static void refuse(size_t inputs, size_t units, double dropout, size_t layers, size_t capacity,
                   const char *text)
{
    fixture *fixture = fixture_new(1);
    const layer_spec layer[2] = {
        {.units = units,
         .dropout = dropout,
         .bias = true,
         .activation = fixture_component(fixture, PLX_KIND_ACTIVATION, "tanh")},
        {.units = 2,
         .bias = true,
         .activation = fixture_component(fixture, PLX_KIND_ACTIVATION, "tanh")}};
    const network_spec spec = {.inputs = inputs,
                               .layer = layer,
                               .layer_count = layers,
                               .capacity = capacity,
                               .training = true};
    plx_error error = {0};

    ck_assert_ptr_null(network_new(&spec, fixture->pool, &fixture->host, &error));
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' in '%s'", text, error.text);
    fixture_free(fixture);
}

START_TEST(no_layers_are_refused)
{
    refuse(2, 3, 0, 0, 4, "0 layers; 1 to 4096 are possible");
}
END_TEST

START_TEST(no_inputs_are_refused)
{
    refuse(0, 3, 0, 2, 4, "a network needs at least one input");
}
END_TEST

START_TEST(no_units_are_refused)
{
    refuse(2, 0, 0, 2, 4, "layer 0 has no units");
}
END_TEST

START_TEST(dropout_of_everything_is_refused)
{
    refuse(2, 3, 1, 2, 4, "layer 0: dropout 1; expected 0 or above and below 1");
}
END_TEST

START_TEST(dropout_that_is_no_number_is_refused)
{
    refuse(2, 3, (double)NAN, 2, 4, "layer 0: dropout nan");
}
END_TEST

START_TEST(parameters_that_overflow_are_refused)
{
    refuse(SIZE_MAX / 4, 5, 0, 2, 4, "too large: their sizes overflow");
}
END_TEST

START_TEST(a_capacity_that_overflows_is_refused)
{
    refuse(2, 3, 0, 2, SIZE_MAX / 4, "too large: their sizes overflow");
}
END_TEST

START_TEST(more_memory_than_there_is_is_refused)
{
    refuse(2, 3, 0, 2, (size_t)1 << 50, "GB of memory for batches of 1125899906842624 rows");
}
END_TEST

static void expect(bool ok, plx_error *error, const char *text)
{
    ck_assert(!ok);
    ck_assert_str_eq(error->text, text);
    *error = (plx_error){0};
}

START_TEST(passes_out_of_order_are_refused)
{
    plan plan = exclusive_or;
    fixture *fixture = fixture_new(1);
    const float x[2] = {0}, target[1] = {0};
    plx_error error = {0};
    double loss;
    network *training = fixture_network(fixture, &plan);

    plan.forward_only = true;
    network *evaluating = fixture_network(fixture, &plan);
    plan.loss = NULL;
    network *predicting = fixture_network(fixture, &plan);
    expect(network_forward(training, 257, x, NULL, true, &error), &error,
           "a batch of 257 rows; the network was built for 256");
    expect(network_backward(training, &error), &error,
           "backward needs a loss with its gradient before it");
    ck_assert(pass(training, 1, x, target));
    expect(network_backward(training, &error), &error,
           "backward needs a loss with its gradient before it");
    expect(network_forward(evaluating, 1, x, &drops, true, &error), &error,
           "dropout in a network that was not built for training");
    ck_assert(network_forward(evaluating, 1, x, NULL, true, &error));
    expect(network_loss(evaluating, target, NULL, NULL, 1, true, &loss, NULL, &error), &error,
           "the network was not built for training");
    ck_assert(network_forward(predicting, 1, x, NULL, true, &error));
    expect(network_loss(predicting, target, NULL, NULL, 1, false, &loss, NULL, &error), &error,
           "the network was built without a loss");
    network_free(training);
    network_free(evaluating);
    network_free(predicting);
    fixture_free(fixture);
}
END_TEST

/* --- plug-ins that fail ----------------------------------------------------------------------- */

static int32_t fails(const void *self, uint64_t n, const float *x, float *y)
{
    return 7;
}

static int32_t copies(const void *self, uint64_t n, const float *x, float *y)
{
    memmove(y, x, n * sizeof(*x));
    return PLX_OK;
}

static int32_t fails_back(const void *self, uint64_t n, const float *x, const float *y,
                          const float *dy, float *dx)
{
    return PLX_FAILED;
}

static int32_t fails_loss(const void *self, const plx_rows *rows)
{
    return rows->host->error(rows->host, "no loss for %u rows", (unsigned)rows->rows);
}

/* A network with this activation in its second layer, large enough for several tasks at once; the
 * plug-in must outlive it. */
static network *failing(fixture *fixture, const plx_activation *activation, plugin *plugin,
                        settings *settings, const struct settings *loss)
{
    *plugin = (struct plugin){.kind = PLX_KIND_ACTIVATION,
                              .name = activation->name,
                              .component = (const plx_component *)activation,
                              .activation = activation};
    *settings = (struct settings){.plugin = plugin};
    const layer_spec layer[2] = {
        {.units = 2,
         .bias = true,
         .activation = fixture_component(fixture, PLX_KIND_ACTIVATION, "tanh")},
        {.units = 200, .bias = true, .activation = settings}};
    const network_spec spec = {.inputs = 2,
                               .layer = layer,
                               .layer_count = 2,
                               .loss = loss,
                               .capacity = 300,
                               .training = true};
    plx_error error = {0};
    network *made = network_new(&spec, fixture->pool, &fixture->host, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    return made;
}

START_TEST(a_failing_activation_is_named)
{
    const plx_activation bad = {
        .size = sizeof(bad), .name = "bad", .forward = fails, .backward = fails_back};
    fixture *fixture = fixture_new(_i + 1);
    plugin plugin;
    settings settings;
    network *network = failing(fixture, &bad, &plugin, &settings, NULL);
    const float x[600] = {0};
    plx_error error = {0};

    ck_assert(!network_forward(network, 300, x, NULL, true, &error));
    ck_assert_str_eq(error.text, "layer 1: activation 'bad': returned status 7 without a message");
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(a_failing_derivative_is_named)
{
    const plx_activation bad = {
        .size = sizeof(bad), .name = "bad", .forward = copies, .backward = fails_back};
    fixture *fixture = fixture_new(2);
    plugin plugin;
    settings settings;
    network *network = failing(fixture, &bad, &plugin, &settings,
                               fixture_component(fixture, PLX_KIND_LOSS, "mse"));
    const float x[600] = {0};
    float *target = fixture_numbers(1, 300 * 200);
    plx_error error = {0};
    double loss;

    ck_assert(network_forward(network, 300, x, NULL, true, &error));
    ck_assert(network_loss(network, target, NULL, NULL, 1, true, &loss, NULL, &error));
    free(target);
    ck_assert(!network_backward(network, &error));
    ck_assert_str_eq(error.text, "layer 1: activation 'bad': returned status -1 without a message");
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(a_failing_loss_is_named)
{
    const plx_loss bad = {.size = sizeof(bad), .name = "bad", .rows = fails_loss};
    const plugin plugin = {.kind = PLX_KIND_LOSS,
                           .name = "bad",
                           .component = (const plx_component *)&bad,
                           .loss = &bad};
    const settings loss = {.plugin = &plugin};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network_with_loss(fixture, &exclusive_or, &loss);
    const float x[4] = {0}, target[2] = {0};
    plx_error error = {0};
    double value;

    ck_assert(network_forward(network, 2, x, NULL, true, &error));
    ck_assert(!network_loss(network, target, NULL, NULL, 1, true, &value, NULL, &error));
    ck_assert_str_eq(error.text, "loss 'bad': no loss for 2 rows");
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* As one that does not look at what error returns. */
static int32_t complains_and_goes_on(const void *self, const plx_rows *rows)
{
    for (uint64_t r = 0; r < rows->rows; r++)
        rows->loss[r] = 0;
    rows->host->error(rows->host, "no loss for %u rows", (unsigned)rows->rows);
    return PLX_OK;
}

START_TEST(a_loss_that_tells_an_error_has_failed)
{
    const plx_loss bad = {.size = sizeof(bad), .name = "bad", .rows = complains_and_goes_on};
    const plugin plugin = {.kind = PLX_KIND_LOSS,
                           .name = "bad",
                           .component = (const plx_component *)&bad,
                           .loss = &bad};
    const settings loss = {.plugin = &plugin};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network_with_loss(fixture, &exclusive_or, &loss);
    const float x[4] = {0}, target[2] = {0};
    plx_error error = {0};
    double value;

    ck_assert(network_forward(network, 2, x, NULL, true, &error));
    ck_assert(!network_loss(network, target, NULL, NULL, 1, false, &value, NULL, &error));
    ck_assert_str_eq(error.text, "loss 'bad': no loss for 2 rows");
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- frugality -------------------------------------------------------------------------------- */

START_TEST(a_pass_allocates_nothing)
{
    const plan plan = {
        .inputs = 30,
        .layer = {{100, "silu", 0.2, false}, {70, "softmax", 0, false}, {3, "softmax", 0, false}},
        .loss = "mse",
        .capacity = 150};
    fixture *fixture = fixture_new(_i + 1);
    network *network = fixture_network(fixture, &plan);
    float *x = fixture_numbers(1, 30 * 150), *target = fixture_targets(&plan, 2, 150);
    const size_t before = allocations;

    const bool ok = pass(network, 150, x, target);
    const size_t after = allocations; /* an assertion may allocate itself */
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(after, before);
    ck_assert(ok);
    free(x);
    free(target);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* In a child that the kernel kills at its first system call other than read, write and exit. */
START_TEST(a_pass_on_one_thread_makes_no_system_call)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &iris);
    float *x = fixture_numbers(1, 4 * 256), *target = fixture_targets(&iris, 2, 256);
    int status;

    ck_assert(pass(network, 256, x, target)); /* binds the library functions */
    const pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            syscall(SYS_exit, 2);
        syscall(SYS_exit, pass(network, 256, x, target) ? 0 : 1);
    }
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    free(x);
    free(target);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(small_networks_leave_other_threads_asleep)
{
    fixture *fixture = fixture_new(2);
    network *network = fixture_network(fixture, &iris);
    float *x = fixture_numbers(1, 4 * 128);
    plx_error error = {0};

    ck_assert(network_forward(network, 128, x, NULL, true, &error));
    for (int thread = 0; thread < 2; thread++)
        ck_assert_uint_eq(pool_tasks_run(fixture->pool, thread), 0);
    free(x);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("build");
    TCase *one = tcase_create("build");

    tcase_add_test(one, tensors_are_named_shaped_and_aligned);
    tcase_add_test(one, gaps_between_tensors_stay_zero);
    tcase_add_test(one, fusing_needs_a_partner_and_consent);
    tcase_add_test(one, no_layers_are_refused);
    tcase_add_test(one, no_inputs_are_refused);
    tcase_add_test(one, no_units_are_refused);
    tcase_add_test(one, dropout_of_everything_is_refused);
    tcase_add_test(one, dropout_that_is_no_number_is_refused);
    tcase_add_test(one, parameters_that_overflow_are_refused);
    tcase_add_test(one, a_capacity_that_overflows_is_refused);
    tcase_add_test(one, more_memory_than_there_is_is_refused);
    tcase_add_test(one, passes_out_of_order_are_refused);
    tcase_add_loop_test(one, a_failing_activation_is_named, 0, 3);
    tcase_add_test(one, a_failing_derivative_is_named);
    tcase_add_test(one, a_failing_loss_is_named);
    tcase_add_test(one, a_loss_that_tells_an_error_has_failed);
    tcase_add_loop_test(one, a_pass_allocates_nothing, 0, 2);
    tcase_add_test(one, a_pass_on_one_thread_makes_no_system_call);
    tcase_add_test(one, small_networks_leave_other_threads_asleep);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
