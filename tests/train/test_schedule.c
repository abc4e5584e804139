/* test_schedule.c: every rule against its closed form at each boundary, and against the rates that
 * PyTorch's schedulers gave where the two coincide: with one step an epoch and one scheduler step
 * after each (torch 1.13, lr 0.1; CosineAnnealingLR(8, eta_min 0.01), StepLR(2, 0.5),
 * ExponentialLR(0.9), LinearLR(1, 0.1, 8), ReduceLROnPlateau(factor 0.5, patience 1,
 * threshold 0.01, threshold_mode "abs", min_lr 0.02, eps 0)). */
#include "train/schedule.h"

#include <math.h>

#include "harness.h"

static const double tolerance = 1e-15;

static schedule make(const schedule_config *config, int64_t steps_per_epoch, int64_t total)
{
    schedule made;

    schedule_init(&made, config, 0.1, steps_per_epoch, total);
    return made;
}

static void assert_rates(const schedule *schedule, const double *expected, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        ck_assert_double_eq_tol(schedule_lr(schedule, i + 1), expected[i], tolerance);
}

/* --- the rules --- */

START_TEST(constant_stays)
{
    const schedule_config config = {.rule = SCHEDULE_CONSTANT, .lr_min = 0.5};
    const schedule schedule = make(&config, 3, 9);

    ck_assert_double_eq(schedule_lr(&schedule, 1), 0.1);
    ck_assert_double_eq(schedule_lr(&schedule, 9), 0.1);
}
END_TEST

START_TEST(step_is_pytorchs)
{
    const schedule_config config = {.rule = SCHEDULE_STEP, .gamma = 0.5, .every = 2};
    const schedule schedule = make(&config, 1, 7);
    const double expected[] = {0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125};

    assert_rates(&schedule, expected, 7);
}
END_TEST

/* 5 steps an epoch, every 2 epochs: the rate falls between steps 10 and 11, and 20 and 21. */
START_TEST(step_falls_at_the_first_step_of_an_epoch)
{
    const schedule_config config = {.rule = SCHEDULE_STEP, .gamma = 0.1, .every = 2};
    const schedule schedule = make(&config, 5, 30);

    ck_assert_double_eq(schedule_lr(&schedule, 1), 0.1);
    ck_assert_double_eq(schedule_lr(&schedule, 10), 0.1);
    ck_assert_double_eq_tol(schedule_lr(&schedule, 11), 0.01, tolerance);
    ck_assert_double_eq_tol(schedule_lr(&schedule, 20), 0.01, tolerance);
    ck_assert_double_eq_tol(schedule_lr(&schedule, 21), 0.001, tolerance);
}
END_TEST

START_TEST(exponential_is_pytorchs)
{
    const schedule_config config = {.rule = SCHEDULE_EXPONENTIAL, .gamma = 0.9};
    const schedule schedule = make(&config, 1, 5);
    const double expected[] = {0.1, 0.09, 0.081, 0.0729, 0.06561};

    assert_rates(&schedule, expected, 5);
}
END_TEST

/* gamma 0.25 an epoch of 4 steps is a factor of 1 / sqrt 2 a step. */
START_TEST(exponential_moves_within_an_epoch)
{
    const schedule_config config = {.rule = SCHEDULE_EXPONENTIAL, .gamma = 0.25};
    const schedule schedule = make(&config, 4, 8);

    for (int64_t step = 1; step <= 8; step++)
        ck_assert_double_eq_tol(schedule_lr(&schedule, step),
                                0.1 * pow(0.5, (double)(step - 1) / 2), tolerance);
}
END_TEST

START_TEST(cosine_is_pytorchs)
{
    const schedule_config config = {.rule = SCHEDULE_COSINE, .lr_min = 0.01};
    const schedule schedule = make(&config, 2, 8);
    const double expected[] = {
        0.1,   0.0965745789630079,  0.08681980515339463,  0.07222075445642905,
        0.055, 0.03777924554357096, 0.023180194846605363, 0.013425421036992097};

    assert_rates(&schedule, expected, 8);
}
END_TEST

START_TEST(linear_is_pytorchs)
{
    const schedule_config config = {.rule = SCHEDULE_LINEAR, .lr_min = 0.01};
    const schedule schedule = make(&config, 2, 8);
    const double expected[] = {0.1, 0.08875, 0.0775, 0.06625, 0.055, 0.04375, 0.0325, 0.02125};

    assert_rates(&schedule, expected, 8);
}
END_TEST

/* The last step stands one step short of lr_min; a step after it, there would be lr_min itself. */
START_TEST(the_end_is_one_step_beyond_the_last)
{
    const schedule_config cosine = {.rule = SCHEDULE_COSINE, .lr_min = 0.02};
    const schedule_config linear = {.rule = SCHEDULE_LINEAR, .lr_min = 0.02};
    const schedule schedules[2] = {make(&cosine, 10, 1000), make(&linear, 10, 1000)};

    for (int i = 0; i < 2; i++) {
        ck_assert_double_gt(schedule_lr(&schedules[i], 1000), 0.02);
        ck_assert_double_eq_tol(schedule_lr(&schedules[i], 1001), 0.02, tolerance);
    }
}
END_TEST

START_TEST(a_run_of_one_step_has_the_full_rate)
{
    const schedule_rule rules[] = {SCHEDULE_CONSTANT, SCHEDULE_STEP,   SCHEDULE_EXPONENTIAL,
                                   SCHEDULE_COSINE,   SCHEDULE_LINEAR, SCHEDULE_PLATEAU};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const schedule_config config = {.rule = rules[i], .gamma = 0.1, .every = 1, .patience = 1};
        const schedule schedule = make(&config, 1, 1);
        ck_assert_double_eq(schedule_lr(&schedule, 1), 0.1);
    }
}
END_TEST

/* --- warm-up --- */

START_TEST(warmup_rises_to_the_full_rate)
{
    const schedule_config config = {.rule = SCHEDULE_CONSTANT, .warmup = 4};
    const schedule schedule = make(&config, 10, 20);
    const double expected[] = {0.025, 0.05, 0.075, 0.1, 0.1};

    assert_rates(&schedule, expected, 5);
    ck_assert_double_eq(schedule_lr(&schedule, 4), 0.1);
}
END_TEST

/* The rule's clock starts at step 1 all the same. */
START_TEST(warmup_changes_only_the_first_steps)
{
    const schedule_config plain = {.rule = SCHEDULE_COSINE};
    const schedule_config warm = {.rule = SCHEDULE_COSINE, .warmup = 3};
    const schedule without = make(&plain, 2, 8), with = make(&warm, 2, 8);

    ck_assert_double_eq(schedule_lr(&with, 1), schedule_lr(&without, 1) * (1.0 / 3.0));
    ck_assert_double_eq(schedule_lr(&with, 2), schedule_lr(&without, 2) * (2.0 / 3.0));
    for (int64_t step = 3; step <= 8; step++)
        ck_assert_double_eq(schedule_lr(&with, step), schedule_lr(&without, step));
}
END_TEST

START_TEST(warmup_of_one_step_is_none)
{
    const schedule_config config = {.rule = SCHEDULE_CONSTANT, .warmup = 1};
    const schedule schedule = make(&config, 10, 20);

    ck_assert_double_eq(schedule_lr(&schedule, 1), 0.1);
}
END_TEST

/* --- plateau --- */

static const schedule_config plateau = {
    .rule = SCHEDULE_PLATEAU, .gamma = 0.5, .patience = 2, .min_delta = 0.01, .lr_min = 0.02};

START_TEST(plateau_is_pytorchs_with_one_epoch_less)
{
    const double losses[] = {1.0,         0.9,  0.895, 0.89, 0.889, 0.5,  0.6,
                             (double)NAN, 0.55, 0.56,  0.57, 0.58,  0.59, 0.6};
    const double expected[] = {0.1,   0.1,   0.1,  0.05, 0.05, 0.05, 0.05,
                               0.025, 0.025, 0.02, 0.02, 0.02, 0.02, 0.02};
    schedule schedule = make(&plateau, 1, 14);

    for (int i = 0; i < 14; i++) {
        schedule_epoch(&schedule, losses[i]);
        ck_assert_double_eq_tol(schedule_lr(&schedule, i + 2), expected[i], tolerance);
    }
}
END_TEST

START_TEST(plateau_says_when_it_lowers)
{
    schedule schedule = make(&plateau, 1, 9);

    ck_assert(!schedule_epoch(&schedule, 1));
    ck_assert(!schedule_epoch(&schedule, 1));
    ck_assert(schedule_epoch(&schedule, 1));
    ck_assert(!schedule_epoch(&schedule, 1));
    ck_assert(schedule_epoch(&schedule, 1));
}
END_TEST

START_TEST(plateau_at_its_floor_lowers_nothing)
{
    schedule_config config = plateau;
    config.lr_min = 0.1;
    schedule schedule = make(&config, 1, 9);

    for (int i = 0; i < 6; i++)
        ck_assert(!schedule_epoch(&schedule, 1));
    ck_assert_double_eq(schedule_lr(&schedule, 9), 0.1);
}
END_TEST

/* A floor above the rate does not raise it. */
START_TEST(plateau_never_raises_the_rate)
{
    schedule_config config = plateau;
    config.lr_min = 7;
    schedule schedule = make(&config, 1, 9);

    schedule_epoch(&schedule, 1);
    schedule_epoch(&schedule, 1);
    schedule_epoch(&schedule, 1);
    ck_assert_double_eq(schedule_lr(&schedule, 4), 0.1);
}
END_TEST

/* Exactly best - min_delta is no improvement (0.5 and 0.25 are exact in binary). */
START_TEST(plateau_threshold_is_strict)
{
    schedule_config config = plateau;
    config.min_delta = 0.25;
    config.patience = 1;
    schedule schedule = make(&config, 1, 9);

    ck_assert(!schedule_epoch(&schedule, 0.75));
    ck_assert(schedule_epoch(&schedule, 0.5));
    ck_assert(!schedule_epoch(&schedule, nextafter(0.5, 0)));
}
END_TEST

START_TEST(plateau_takes_nan_for_no_improvement)
{
    schedule schedule = make(&plateau, 1, 9);

    ck_assert(!schedule_epoch(&schedule, (double)NAN));
    ck_assert(schedule_epoch(&schedule, (double)NAN));
    ck_assert_double_eq(schedule.state.best, HUGE_VAL);
}
END_TEST

START_TEST(plateau_goes_on_from_its_three_numbers)
{
    schedule first = make(&plateau, 1, 9), second = make(&plateau, 1, 9);

    schedule_epoch(&first, 1);
    schedule_epoch(&first, 1);
    second.state = first.state;
    ck_assert(schedule_epoch(&second, 1));
    ck_assert_double_eq(schedule_lr(&second, 4), 0.05);
}
END_TEST

START_TEST(only_plateau_looks_at_the_loss)
{
    const schedule_config config = {.rule = SCHEDULE_COSINE, .gamma = 0.5, .patience = 1};
    schedule schedule = make(&config, 1, 9);

    for (int i = 0; i < 4; i++)
        ck_assert(!schedule_epoch(&schedule, 1));
    ck_assert_double_eq(schedule_lr(&schedule, 1), 0.1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/schedule");
    TCase *rules = tcase_create("rules"), *watch = tcase_create("plateau");

    tcase_add_test(rules, constant_stays);
    tcase_add_test(rules, step_is_pytorchs);
    tcase_add_test(rules, step_falls_at_the_first_step_of_an_epoch);
    tcase_add_test(rules, exponential_is_pytorchs);
    tcase_add_test(rules, exponential_moves_within_an_epoch);
    tcase_add_test(rules, cosine_is_pytorchs);
    tcase_add_test(rules, linear_is_pytorchs);
    tcase_add_test(rules, the_end_is_one_step_beyond_the_last);
    tcase_add_test(rules, a_run_of_one_step_has_the_full_rate);
    tcase_add_test(rules, warmup_rises_to_the_full_rate);
    tcase_add_test(rules, warmup_changes_only_the_first_steps);
    tcase_add_test(rules, warmup_of_one_step_is_none);
    suite_add_tcase(suite, rules);
    tcase_add_test(watch, plateau_is_pytorchs_with_one_epoch_less);
    tcase_add_test(watch, plateau_says_when_it_lowers);
    tcase_add_test(watch, plateau_at_its_floor_lowers_nothing);
    tcase_add_test(watch, plateau_never_raises_the_rate);
    tcase_add_test(watch, plateau_threshold_is_strict);
    tcase_add_test(watch, plateau_takes_nan_for_no_improvement);
    tcase_add_test(watch, plateau_goes_on_from_its_three_numbers);
    tcase_add_test(watch, only_plateau_looks_at_the_loss);
    suite_add_tcase(suite, watch);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
