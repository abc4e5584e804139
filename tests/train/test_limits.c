/* test_limits.c: the machine's limits are measured whatever is asked for. */
#include "train/limits.h"

#include <math.h>
#include <stdint.h>

#include "harness.h"
#include "network/product_bf16.h"

/* The last two are taken for LIMITS_MOST_BYTES: as many as they say could not be had. */
static const size_t sets[] = {1, 5000, 3 << 20, SIZE_MAX / 2, SIZE_MAX};

START_TEST(every_working_set_has_a_bandwidth)
{
    plx_error error = {0};
    double rate = 0;

    ck_assert_msg(limits_bandwidth(sets[_i], &rate, &error), "%s", error.text);
    ck_assert(rate > 1e6 && isfinite(rate));
}
END_TEST

/* Of floats and, where there are such, of bfloat16. */
START_TEST(products_have_a_rate)
{
    const bool bf16 = _i == 1;
    plx_error error = {0};
    double rate = 0;

    if (bf16 && product_bf16_lack() != NULL)
        return;
    ck_assert_msg(limits_operations(bf16, &rate, &error), "%s", error.text);
    ck_assert(rate > 1e6 && isfinite(rate));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/limits");
    TCase *limits = tcase_create("limits");

    tcase_add_loop_test(limits, every_working_set_has_a_bandwidth, 0,
                        sizeof(sets) / sizeof(sets[0]));
    tcase_add_loop_test(limits, products_have_a_rate, 0, 2);
    suite_add_tcase(suite, limits);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
