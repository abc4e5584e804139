/* What an optimizer plans to remember, as the core records it: slots and scratch in the order they
 * are asked for, and every plan that cannot be met refused with a message. The optimizers are made
 * here, as a plug-in would make them. */
#include "plugin/slots.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

typedef int32_t planner(const void *self, const plx_tensor *tensor, const plx_emit *emit);

static const plx_tensor weight = {sizeof(weight), PLX_WEIGHT, 2, 1, 4, 2, 3, 4, "layers.1.weight"};
static const plx_tensor model = {sizeof(model), PLX_MODEL, 0, 0, 4, 2, 1, 15, "model"};

static int32_t no_step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                             const float *g, void *const *slot)
{
    return PLX_OK;
}

static int32_t no_step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                              void *const *slot)
{
    return PLX_OK;
}

/* Plans for `tensor` with an optimizer that gives these functions. */
static bool plan_with(const plx_optimizer *optimizer, const plx_tensor *tensor, slot_plans *plans,
                      plx_error *error)
{
    const plugin found = {.kind = PLX_KIND_OPTIMIZER,
                          .name = "mine",
                          .component = (const plx_component *)(const void *)optimizer,
                          .optimizer = optimizer};
    const settings none = {.plugin = &found};
    host host;

    host_init(&host, NULL, 0);
    const bool good = slots_plan(&none, &host, tensor, plans, error);
    ck_assert_int_eq(host.failure.code, ERROR_NONE);
    host_destroy(&host);
    return good;
}

/* Of an optimizer that steps tensor by tensor, so that any shape is allowed. */
static void expect_plan(planner *plan, const plx_tensor *tensor, slot_plans *plans)
{
    const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                     .name = "mine",
                                     .plan_slots = plan,
                                     .plan_model_slots = plan,
                                     .step_tensor = no_step_tensor};
    plx_error error = {0};

    ck_assert_msg(plan_with(&optimizer, tensor, plans, &error), "%s", error.text);
    ck_assert_int_eq(error.code, ERROR_NONE);
}

static void expect_refusal_of(const plx_optimizer *optimizer, const plx_tensor *tensor,
                              const char *reason)
{
    slot_plans plans;
    plx_error error = {0};

    ck_assert(!plan_with(optimizer, tensor, &plans, &error));
    ck_assert_str_eq(error.text, reason);
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    ck_assert_ptr_null(plans.slot);
    ck_assert_uint_eq(plans.count, 0);
}

static void expect_refusal(planner *plan, const plx_tensor *tensor, const char *reason)
{
    const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                     .name = "mine",
                                     .plan_slots = plan,
                                     .plan_model_slots = plan,
                                     .step_tensor = no_step_tensor};

    expect_refusal_of(&optimizer, tensor, reason);
}

static void check_slot(const slot_plan *slot, const char *name, uint32_t type, uint64_t rows,
                       uint64_t cols, double initial)
{
    ck_assert_str_eq(slot->name, name);
    ck_assert_uint_eq(slot->type, type);
    ck_assert_uint_eq(slot->rows, rows);
    ck_assert_uint_eq(slot->cols, cols);
    ck_assert_double_eq(slot->initial, initial);
}

/* ---- plans that are met ---- */

static int32_t plan_of_every_sort(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    ck_assert_uint_eq(emit->size, sizeof(*emit));
    ck_assert_int_eq(emit->like_parameter(emit, "like"), PLX_OK);
    ck_assert_int_eq(emit->slot(emit, "row", PLX_F64, tensor->rows, 1, 0.25), PLX_OK);
    ck_assert_int_eq(emit->slot(emit, "count", PLX_I64, 1, 2, -7), PLX_OK);
    return emit->copy_of_weights(emit, "start");
}

START_TEST(records_every_sort_in_order)
{
    slot_plans plans;

    expect_plan(plan_of_every_sort, &weight, &plans);
    ck_assert_uint_eq(plans.count, 4);
    check_slot(&plans.slot[0], "like", PLX_F32, 3, 4, 0);
    check_slot(&plans.slot[1], "row", PLX_F64, 3, 1, 0.25);
    check_slot(&plans.slot[2], "count", PLX_I64, 1, 2, -7);
    check_slot(&plans.slot[3], "start", PLX_F32, 3, 4, 0);
    free(plans.slot);
}
END_TEST

START_TEST(marks_copies_of_weights_alone)
{
    slot_plans plans;

    expect_plan(plan_of_every_sort, &weight, &plans);
    for (size_t i = 0; i < plans.count; i++)
        ck_assert_int_eq(plans.slot[i].copies_weights, i == 3);
    free(plans.slot);
}
END_TEST

static int32_t plan_of_infinite_starts(const void *self, const plx_tensor *tensor,
                                       const plx_emit *emit)
{
    const int32_t status = emit->slot(emit, "best", PLX_F64, 1, 1, HUGE_VAL);

    return status == PLX_OK ? emit->slot(emit, "worst", PLX_F32, 1, 1, -HUGE_VAL) : status;
}

START_TEST(a_real_slot_may_start_at_infinity)
{
    slot_plans plans;

    expect_plan(plan_of_infinite_starts, &weight, &plans);
    check_slot(&plans.slot[0], "best", PLX_F64, 1, 1, HUGE_VAL);
    check_slot(&plans.slot[1], "worst", PLX_F32, 1, 1, -HUGE_VAL);
    free(plans.slot);
}
END_TEST

static int32_t plan_of_scratch(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    emit->scratch(emit, 100);
    emit->scratch(emit, 0);
    emit->scratch(emit, 400);
    return emit->scratch(emit, 300);
}

START_TEST(the_largest_scratch_counts)
{
    slot_plans plans;

    expect_plan(plan_of_scratch, &weight, &plans);
    ck_assert_uint_eq(plans.scratch, 400);
    ck_assert_uint_eq(plans.count, 0);
    free(plans.slot);
}
END_TEST

START_TEST(no_plan_means_no_slots)
{
    slot_plans plans;

    expect_plan(NULL, &weight, &plans);
    ck_assert_uint_eq(plans.count, 0);
    ck_assert_uint_eq(plans.scratch, 0);
    ck_assert_ptr_null(plans.slot);
}
END_TEST

static int32_t plan_of_a_tensor(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "of_tensor");
}

static int32_t plan_of_a_model(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "of_model", PLX_F64, 1, 1, 1);
}

START_TEST(tensors_and_model_have_plans_of_their_own)
{
    const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                     .name = "mine",
                                     .plan_slots = plan_of_a_tensor,
                                     .plan_model_slots = plan_of_a_model,
                                     .step_range = no_step_range};
    slot_plans plans;
    plx_error error = {0};

    ck_assert(plan_with(&optimizer, &weight, &plans, &error));
    ck_assert_str_eq(plans.slot[0].name, "of_tensor");
    free(plans.slot);
    ck_assert(plan_with(&optimizer, &model, &plans, &error));
    ck_assert_str_eq(plans.slot[0].name, "of_model"); /* whatever its shape with step_range */
    free(plans.slot);
}
END_TEST

/* ---- plans that are refused ---- */

static int32_t plan_without_name(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, NULL);
}

START_TEST(refuses_no_name)
{
    expect_refusal(plan_without_name, &weight,
                   "optimizer 'mine': a slot of layers.1.weight has no valid name");
}
END_TEST

static int32_t plan_with_bad_name(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->copy_of_weights(emit, "abcdefghijklmnopqrstuvwxyz0123456"); /* 33 characters */
}

START_TEST(refuses_a_name_too_long)
{
    expect_refusal(plan_with_bad_name, &weight,
                   "optimizer 'mine': a slot of layers.1.weight has no valid name");
}
END_TEST

static int32_t plan_twice(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "m");

    return status == PLX_OK ? emit->slot(emit, "m", PLX_F64, 1, 1, 0) : status;
}

START_TEST(refuses_a_name_twice)
{
    expect_refusal(plan_twice, &weight,
                   "optimizer 'mine': layers.1.weight has two slots named 'm'");
}
END_TEST

static int32_t plan_unknown_type(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "m", PLX_I64 + 1, 1, 1, 0);
}

START_TEST(refuses_an_unknown_type)
{
    expect_refusal(plan_unknown_type, &weight,
                   "optimizer 'mine': slot 'm' of layers.1.weight has the unknown type 4");
}
END_TEST

/* Shapes of which no byte count exists. */
static const struct {
    uint32_t type;
    uint64_t rows, cols;
    const char *shown;
} impossible[] = {
    {PLX_F32, 0, 4, "0 x 4"},
    {PLX_F32, 4, 0, "4 x 0"},
    {PLX_F32, UINT64_MAX, UINT64_MAX, "18446744073709551615 x 18446744073709551615"},
    {PLX_F64, (uint64_t)1 << 60, 2, "1152921504606846976 x 2"},
    {PLX_F64, (uint64_t)1 << 61, 1, "2305843009213693952 x 1"},
    {PLX_F32, (uint64_t)1 << 62, 1, "4611686018427387904 x 1"},
};
enum { IMPOSSIBLE = sizeof(impossible) / sizeof(impossible[0]) };

static int32_t plan_impossible(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const uint64_t i = tensor->cols; /* which one: a tensor's width is as good as any number */

    return emit->slot(emit, "m", impossible[i].type, impossible[i].rows, impossible[i].cols, 0);
}

START_TEST(refuses_impossible_shapes)
{
    plx_tensor tensor = weight;
    char reason[160];

    tensor.cols = (uint64_t)_i;
    snprintf(reason, sizeof(reason),
             "optimizer 'mine': slot 'm' of layers.1.weight has the impossible shape %s",
             impossible[_i].shown);
    expect_refusal(plan_impossible, &tensor, reason);
}
END_TEST

/* First values that the type cannot hold. */
static const struct {
    uint32_t type;
    double initial;
    const char *shown;
} wrong_starts[] = {
    {PLX_F32, (double)NAN, "nan"},
    {PLX_F64, (double)NAN, "nan"},
    {PLX_I64, (double)NAN, "nan"},
    {PLX_I64, HUGE_VAL, "inf"},
    {PLX_I64, 9223372036854775808.0, "9.223372036854776e+18"},
    {PLX_I64, 0.5, "0.5"},
    {PLX_F32, 1e39, "1e+39"},
};
enum { WRONG_STARTS = sizeof(wrong_starts) / sizeof(wrong_starts[0]) };

static int32_t plan_wrong_start(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const uint64_t i = tensor->cols;

    return emit->slot(emit, "m", wrong_starts[i].type, 1, 1, wrong_starts[i].initial);
}

START_TEST(refuses_first_values_that_the_type_cannot_hold)
{
    plx_tensor tensor = weight;
    char reason[160];

    tensor.cols = (uint64_t)_i;
    snprintf(reason, sizeof(reason),
             "optimizer 'mine': slot 'm' of layers.1.weight cannot start at %s with type %u",
             wrong_starts[_i].shown, wrong_starts[_i].type);
    expect_refusal(plan_wrong_start, &tensor, reason);
}
END_TEST

static int32_t plan_a_row(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "row", PLX_F32, tensor->rows, 1, 0);
}

START_TEST(refuses_another_shape_with_step_range)
{
    const plx_optimizer optimizer = {.size = sizeof(optimizer),
                                     .name = "mine",
                                     .plan_slots = plan_a_row,
                                     .step_range = no_step_range};

    expect_refusal_of(&optimizer, &weight,
                      "optimizer 'mine': slot 'row' of layers.1.weight is 3 x 1; with step_range "
                      "it must be 3 x 4");
}
END_TEST

static int32_t plan_many(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    for (int i = 0; i < 4097; i++) {
        char name[32];
        snprintf(name, sizeof(name), "slot%d", i);
        const int32_t status = emit->slot(emit, name, PLX_F32, 1, 1, 0);
        if (status != PLX_OK)
            return status;
    }
    return PLX_OK;
}

START_TEST(refuses_too_many_slots)
{
    expect_refusal(plan_many, &weight,
                   "optimizer 'mine': layers.1.weight has more than 4096 slots");
}
END_TEST

static int32_t plan_endless_scratch(const void *self, const plx_tensor *tensor,
                                    const plx_emit *emit)
{
    return emit->scratch(emit, UINT64_MAX);
}

START_TEST(refuses_endless_scratch)
{
    expect_refusal(plan_endless_scratch, &weight,
                   "optimizer 'mine': 18446744073709551615 bytes of scratch memory are impossible");
}
END_TEST

static int32_t plan_with_words(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->host->error(emit->host, "%s is too narrow for me", tensor->name);
}

START_TEST(passes_on_what_the_plugin_says)
{
    expect_refusal(plan_with_words, &model, "optimizer 'mine': model is too narrow for me");
}
END_TEST

static int32_t plan_with_words_alone(const void *self, const plx_tensor *tensor,
                                     const plx_emit *emit)
{
    emit->host->error(emit->host, "%s is too wide for me", tensor->name);
    return emit->like_parameter(emit, "m");
}

START_TEST(believes_what_the_plugin_says_before_what_it_returns)
{
    expect_refusal(plan_with_words_alone, &model, "optimizer 'mine': model is too wide for me");
}
END_TEST

static int32_t plan_without_words(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "m");

    return status == PLX_OK ? 3 : status;
}

START_TEST(refuses_a_status_without_words)
{
    expect_refusal(plan_without_words, &weight,
                   "optimizer 'mine': returned status 3 without a message");
}
END_TEST

static int32_t plan_a_copy(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->copy_of_weights(emit, "start");
}

START_TEST(refuses_a_copy_of_weights_for_the_model)
{
    expect_refusal(plan_a_copy, &model,
                   "optimizer 'mine': a slot of the model cannot start as a copy of weights; "
                   "plan_slots may plan one for each tensor");
}
END_TEST

static int32_t plan_carelessly(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    emit->like_parameter(emit, "Momentum");
    return emit->like_parameter(emit, "square");
}

/* Or its steps would look for the second slot where there is none. */
START_TEST(refuses_a_plan_that_ignores_a_refusal)
{
    expect_refusal(plan_carelessly, &weight,
                   "optimizer 'mine': a slot of layers.1.weight has no valid name");
}
END_TEST

START_TEST(knows_the_width_of_each_type)
{
    ck_assert_uint_eq(slots_width(PLX_F32), sizeof(float));
    ck_assert_uint_eq(slots_width(PLX_F64), sizeof(double));
    ck_assert_uint_eq(slots_width(PLX_I64), sizeof(int64_t));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("slots");
    TCase *met = tcase_create("met"), *refused = tcase_create("refused");

    tcase_add_test(met, records_every_sort_in_order);
    tcase_add_test(met, marks_copies_of_weights_alone);
    tcase_add_test(met, a_real_slot_may_start_at_infinity);
    tcase_add_test(met, the_largest_scratch_counts);
    tcase_add_test(met, no_plan_means_no_slots);
    tcase_add_test(met, tensors_and_model_have_plans_of_their_own);
    tcase_add_test(met, knows_the_width_of_each_type);
    suite_add_tcase(s, met);
    tcase_add_test(refused, refuses_no_name);
    tcase_add_test(refused, refuses_a_name_too_long);
    tcase_add_test(refused, refuses_a_name_twice);
    tcase_add_test(refused, refuses_an_unknown_type);
    tcase_add_loop_test(refused, refuses_impossible_shapes, 0, IMPOSSIBLE);
    tcase_add_loop_test(refused, refuses_first_values_that_the_type_cannot_hold, 0, WRONG_STARTS);
    tcase_add_test(refused, refuses_another_shape_with_step_range);
    tcase_add_test(refused, refuses_too_many_slots);
    tcase_add_test(refused, refuses_endless_scratch);
    tcase_add_test(refused, passes_on_what_the_plugin_says);
    tcase_add_test(refused, believes_what_the_plugin_says_before_what_it_returns);
    tcase_add_test(refused, refuses_a_status_without_words);
    tcase_add_test(refused, refuses_a_copy_of_weights_for_the_model);
    tcase_add_test(refused, refuses_a_plan_that_ignores_a_refusal);
    suite_add_tcase(s, refused);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
