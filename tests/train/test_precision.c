/* test_precision.c: runs in bfloat16 learn, end with the same bits however they are interrupted or
 * shared out, and are another experiment than in float32. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "network/product_bf16.h"

#define REST(precision)                                                                            \
    "network: {layers: [{units: 48, activation: tanh, dropout: 0.1},"                              \
    " {units: 1, activation: sigmoid}]}\n"                                                         \
    "loss: cross_entropy\noptimizer: {name: adam, lr: 0.02}\n"                                     \
    "train: {epochs: 40, batch: 33, seed: 3, precision: " precision "}\n"
#define MOONS   "data: {generate: moons, samples: 400, noise: 0.1, validation: 0.25}\n"
#define BF16    MOONS REST("bf16")
#define FLOAT32 MOONS REST("float32")

enum { LAST_STEP = 40 * 10 };

static char *run_of(const char *text)
{
    char *run = fresh_run();

    outcome_free(
        plan_expect(&(plan){.text = text, .out = run, .few_checkpoints = true}, TRAIN_COMPLETED));
    return run;
}

START_TEST(a_run_in_bf16_learns)
{
    outcome *outcome = plan_expect(&(plan){.text = BF16}, TRAIN_COMPLETED);

    ck_assert_double_lt(outcome->val_loss[40], 0.05);
    ck_assert_double_lt(outcome->val_loss[40], outcome->val_loss[1] / 5);
    outcome_free(outcome);
}
END_TEST

START_TEST(its_bits_are_not_those_of_float32)
{
    outcome *rounded = plan_expect(&(plan){.text = BF16}, TRAIN_COMPLETED);
    outcome *exact = plan_expect(&(plan){.text = FLOAT32}, TRAIN_COMPLETED);

    ck_assert(rounded->val_loss[1] != exact->val_loss[1]);
    ck_assert_double_eq_tol(rounded->val_loss[1], exact->val_loss[1], 0.01);
    outcome_free(rounded);
    outcome_free(exact);
}
END_TEST

START_TEST(a_resumed_run_ends_with_the_same_bytes)
{
    static const int64_t steps[] = {1, 10, 137, LAST_STEP - 1};
    char *expected = run_of(BF16), *run = fresh_run();

    outcome_free(plan_expect(&(plan){.text = BF16, .out = run, .stop_at_step = steps[_i]},
                             TRAIN_INTERRUPTED));
    outcome_free(plan_expect(&(plan){.resume = run, .threads = 2}, TRAIN_COMPLETED));
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(a_run_does_not_go_on_in_another_precision)
{
    char *run = fresh_run();

    outcome_free(
        plan_expect(&(plan){.text = BF16, .out = run, .stop_at_step = 5}, TRAIN_INTERRUPTED));
    outcome *refused = plan_run(&(plan){.text = FLOAT32, .resume = run});
    ck_assert(!refused->ok);
    ck_assert_ptr_nonnull(strstr(refused->error.text, "under 'train' it says 'precision: float32', "
                                                      "but it said 'precision: bf16'"));
    outcome_free(refused);
    free(run);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("precision");
    TCase *one = tcase_create("precision");

    tcase_set_timeout(one, 60);
    tcase_add_test(one, a_run_in_bf16_learns);
    tcase_add_test(one, its_bits_are_not_those_of_float32);
    tcase_add_loop_test(one, a_resumed_run_ends_with_the_same_bytes, 0, 4);
    tcase_add_test(one, a_run_does_not_go_on_in_another_precision);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    const char *lack = product_bf16_lack();

    return lack == NULL ? harness_run(suite()) : harness_skip(lack);
}
