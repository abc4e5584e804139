/* test_scaling.c: the networks that the scaling table is about, and what is worked out of it. */
#include "scaling.h"

#include <math.h>

#include "harness.h"

START_TEST(a_network_has_the_parameters_asked_for_and_few_more)
{
    for (double asked = 1e4; asked <= 1e8; asked *= 10) {
        const workload made = scaling_workload(asked, 64);
        const double parameters = (double)workload_parameters(&made);
        ck_assert_msg(parameters >= asked && parameters < 1.05 * asked, "%g of %g", parameters,
                      asked);
        ck_assert_uint_eq(made.units[0], made.inputs);
        ck_assert_uint_eq(made.units[1], made.inputs);
    }
}
END_TEST

START_TEST(there_are_rows_for_the_whole_batch)
{
    const size_t batch[] = {1, 255, 4096};

    for (size_t i = 0; i < sizeof(batch) / sizeof(batch[0]); i++) {
        const workload made = scaling_workload(1e4, batch[i]);
        ck_assert_uint_eq(made.batch, batch[i]);
        ck_assert_uint_ge(made.rows, batch[i]);
    }
}
END_TEST

/* Time as rows and parameters have it, but for the batch of 1, which takes eight times as long, and
 * one cell of the last batch, which takes twice as long. One cell is not measured. */
static scaling example(void)
{
    scaling made;

    for (size_t s = 0; s < SCALING_SIZES; s++)
        for (size_t b = 0; b < SCALING_BATCHES; b++) {
            made.parameters[s] = 1000 * (s + 1);
            made.batch[b] = b + 1;
            made.seconds[s][b] =
                1e-9 * (double)made.parameters[s] * (double)made.batch[b] * (b == 0 ? 8 : 1);
        }
    made.seconds[1][SCALING_BATCHES - 1] *= 2;
    made.seconds[0][SCALING_BATCHES - 1] = (double)NAN;
    return made;
}

START_TEST(a_unit_time_is_that_of_a_row_and_a_parameter)
{
    const scaling made = example();

    ck_assert_double_eq_tol(scaling_unit_time(&made, 2, 3), 1e-9, 1e-15);
    ck_assert_double_eq_tol(scaling_unit_time(&made, 4, 0), 8e-9, 1e-15);
}
END_TEST

START_TEST(a_spread_is_of_the_batches_from_one_on_and_passes_over_gaps)
{
    const scaling made = example();

    ck_assert_double_eq_tol(scaling_spread(&made, 0), 8, 1e-9);
    ck_assert_double_eq_tol(scaling_spread(&made, 1), 2, 1e-9);
    ck_assert(isnan(scaling_spread(&made, SCALING_BATCHES)));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("bench/scaling");
    TCase *tests = tcase_create("scaling");

    tcase_add_test(tests, a_network_has_the_parameters_asked_for_and_few_more);
    tcase_add_test(tests, there_are_rows_for_the_whole_batch);
    tcase_add_test(tests, a_unit_time_is_that_of_a_row_and_a_parameter);
    tcase_add_test(tests, a_spread_is_of_the_batches_from_one_on_and_passes_over_gaps);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
