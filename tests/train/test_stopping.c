/* test_stopping.c: which epoch is the best and when patience ends, epoch by epoch. */
#include "train/stopping.h"

#include <math.h>

#include "harness.h"

/* For each value in turn whether it was the best so far; the epoch after which it stopped, or 0. */
static int64_t watch(const stopping *stopping, const double *value, size_t count, const char *best)
{
    train_state state = {.stopping_best = (double)NAN};

    for (size_t i = 0; i < count; i++) {
        const bool is_best = stopping_epoch(stopping, value[i], (int64_t)i + 1, &state);
        ck_assert_msg(is_best == (best[i] == '+'), "epoch %zu", i + 1);
        if (state.stopping_stop)
            return (int64_t)i + 1;
    }
    return 0;
}

static stopping watching(stopping_config *config, metric metric)
{
    config->on = true;
    return (stopping){.config = config, .metric = metric};
}

START_TEST(a_loss_should_fall)
{
    stopping_config config = {.patience = 2};
    const stopping stopping = watching(&config, METRIC_LOSS);
    const double value[] = {3, 2, 2.5, 1, 1, 1.5, 0};

    ck_assert_int_eq(watch(&stopping, value, 7, "++-+---"), 6);
}
END_TEST

START_TEST(an_accuracy_should_rise)
{
    stopping_config config = {.patience = 2};
    const stopping stopping = watching(&config, METRIC_ACCURACY);
    const double value[] = {0.5, 0.4, 0.6, 0.6, 0.2};

    ck_assert_int_eq(watch(&stopping, value, 5, "+-+--"), 5);
}
END_TEST

START_TEST(a_gain_must_exceed_min_delta)
{
    stopping_config config = {.patience = 9, .min_delta = 0.5};
    const stopping stopping = watching(&config, METRIC_LOSS);
    const double value[] = {3, 2.5, 2.25, 2};

    ck_assert_int_eq(watch(&stopping, value, 4, "+-+-"), 0);
}
END_TEST

START_TEST(a_rise_must_exceed_min_delta)
{
    stopping_config config = {.patience = 9, .min_delta = 0.25};
    const stopping stopping = watching(&config, METRIC_R2);
    const double value[] = {0, 0.25, 0.375};

    ck_assert_int_eq(watch(&stopping, value, 3, "+-+"), 0);
}
END_TEST

START_TEST(what_is_no_number_is_never_better)
{
    stopping_config config = {.patience = 2};
    const stopping stopping = watching(&config, METRIC_LOSS);
    const double value[] = {3, (double)NAN, (double)NAN};

    ck_assert_int_eq(watch(&stopping, value, 3, "+--"), 3);
}
END_TEST

START_TEST(until_a_number_comes_the_last_is_kept)
{
    stopping_config config = {.patience = 3};
    const stopping stopping = watching(&config, METRIC_LOSS);
    const double value[] = {(double)NAN, (double)NAN, 5, 6};

    ck_assert_int_eq(watch(&stopping, value, 4, "+++-"), 0);
}
END_TEST

START_TEST(numbers_that_never_come_end_it)
{
    stopping_config config = {.patience = 2};
    const stopping stopping = watching(&config, METRIC_LOSS);
    const double value[] = {(double)NAN, (double)NAN};

    ck_assert_int_eq(watch(&stopping, value, 2, "++"), 2);
}
END_TEST

START_TEST(switched_off_every_epoch_is_kept)
{
    stopping_config config = {.patience = 1};
    const stopping stopping = {.config = &config};
    const double value[] = {1, 2, 3};

    ck_assert_int_eq(watch(&stopping, value, 3, "+++"), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/stopping");
    TCase *epochs = tcase_create("epochs");

    tcase_add_test(epochs, a_loss_should_fall);
    tcase_add_test(epochs, an_accuracy_should_rise);
    tcase_add_test(epochs, a_gain_must_exceed_min_delta);
    tcase_add_test(epochs, a_rise_must_exceed_min_delta);
    tcase_add_test(epochs, what_is_no_number_is_never_better);
    tcase_add_test(epochs, until_a_number_comes_the_last_is_kept);
    tcase_add_test(epochs, numbers_that_never_come_end_it);
    tcase_add_test(epochs, switched_off_every_epoch_is_kept);
    suite_add_tcase(suite, epochs);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
