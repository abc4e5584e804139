/* The services of a plug-in: numbers that do not depend on how a range is split, sums in a fixed
 * order, errors of which the first one wins. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

#include "plugin/host.h"

static host services;
static const plx_host *table;

static const plx_component component = {.size = sizeof(component), .name = "adam"};
static const plugin adam = {
    .kind = PLX_KIND_OPTIMIZER, .name = "adam", .version = "1", .component = &component};

static void start(void)
{
    host_init(&services, NULL, 42);
    table = &services.table;
}

static void stop(void)
{
    host_destroy(&services);
}

/* ---- random numbers ---- */

#define N 103

typedef void generator(const plx_host *host, const plx_step *step, uint32_t stream, uint64_t n,
                       float *out);

static generator *generator_number(int i)
{
    return i == 0 ? table->uniform : table->normal;
}

START_TEST(draws_the_same_however_split)
{
    generator *draw = generator_number(_i);
    float whole[N], parts[N];
    plx_step step = {.size = sizeof(step), .step = 3, .tensor = 2, .offset = 1000};

    draw(table, &step, 7, N, whole);
    for (uint64_t at = 0, n = 1; at < N; at += n, n = n * 2 + 1) {
        plx_step part = step;
        part.offset += at;
        n = n < N - at ? n : N - at;
        draw(table, &part, 7, n, parts + at);
    }
    ck_assert_int_eq(memcmp(whole, parts, sizeof(whole)), 0);
}
END_TEST

START_TEST(draws_nothing)
{
    float untouched = 5;
    const plx_step step = {.size = sizeof(step), .step = 1};

    generator_number(_i)(table, &step, 0, 0, &untouched);
    ck_assert(untouched == 5);
}
END_TEST

/* Each differs from the first in one part of the address. */
static const struct {
    uint64_t seed;
    int64_t step;
    uint32_t tensor, stream;
} addresses[] = {
    {42, 1, 0, 0}, {43, 1, 0, 0}, {42, 2, 0, 0},          {42, 1, 1, 0},
    {42, 1, 0, 1}, {42, 0, 0, 0}, {42, 1, 0x1000000u, 0}, {42, 1, 0, 0x80000000u},
};

START_TEST(draws_anew_at_another_address)
{
    float numbers[8][16];

    for (int i = 0; i < 8; i++) {
        host other;
        const plx_step step = {
            .size = sizeof(step), .step = addresses[i].step, .tensor = addresses[i].tensor};
        host_init(&other, NULL, addresses[i].seed);
        other.table.uniform(&other.table, &step, addresses[i].stream, 16, numbers[i]);
        host_destroy(&other);
        for (int j = 0; j < i; j++)
            for (int k = 0; k < 16; k++)
                ck_assert(numbers[i][k] != numbers[j][k]);
    }
}
END_TEST

START_TEST(draws_from_the_unit_interval)
{
    float numbers[4096];
    double sum = 0;
    const plx_step step = {.size = sizeof(step), .step = 1};

    table->uniform(table, &step, 0, 4096, numbers);
    for (int i = 0; i < 4096; i++) {
        ck_assert(numbers[i] >= 0 && numbers[i] < 1);
        sum += (double)numbers[i];
    }
    ck_assert_double_eq_tol(sum / 4096, 0.5, 0.02);
}
END_TEST

START_TEST(draws_with_deviation_one)
{
    float numbers[4096];
    double sum = 0, squares = 0;
    const plx_step step = {.size = sizeof(step), .step = 1};

    table->normal(table, &step, 0, 4096, numbers);
    for (int i = 0; i < 4096; i++) {
        sum += (double)numbers[i];
        squares += (double)numbers[i] * (double)numbers[i];
    }
    ck_assert_double_eq_tol(sum / 4096, 0, 0.06);
    ck_assert_double_eq_tol(squares / 4096, 1, 0.08);
}
END_TEST

/* ---- sums ---- */

START_TEST(sums_products)
{
    float x[23], y[23];
    double expected = 0;

    for (int i = 0; i < 23; i++) {
        x[i] = (float)(i + 1);
        y[i] = (float)(i - 11);
        expected += (i + 1.0) * (i - 11.0);
    }
    ck_assert_double_eq(table->dot(table, 23, x, y), expected);
    ck_assert_double_eq(table->dot(table, 0, x, y), 0);
}
END_TEST

START_TEST(sums_in_double)
{
    const float x[3] = {16777216.0f, 1.0f, 1.0f}, ones[3] = {1, 1, 1};

    ck_assert_double_eq(table->dot(table, 3, x, ones), 16777218.0);
}
END_TEST

START_TEST(sums_alike_at_any_alignment)
{
    float x[80];
    double first = 0;

    for (uint64_t offset = 0; offset < 16; offset++) {
        for (int i = 0; i < 61; i++)
            x[offset + (uint64_t)i] = sinf((float)i) * expf((float)(i % 20));
        const double sum = table->dot(table, 61, x + offset, x + offset);
        first = offset == 0 ? sum : first;
        ck_assert_int_eq(memcmp(&sum, &first, sizeof(sum)), 0);
    }
}
END_TEST

START_TEST(takes_a_norm_without_overflow)
{
    const float x[2] = {3e38f, 3e38f};

    ck_assert_double_eq_tol(table->norm(table, 2, x) / (double)3e38f, sqrt(2), 1e-12);
}
END_TEST

/* ---- errors ---- */

START_TEST(passes_on_what_was_said)
{
    plx_error error = {0};
    const int32_t status = table->error(table, "slot %d is full", 3);

    ck_assert_int_eq(status, PLX_FAILED);
    ck_assert(!host_failed(&services, &adam, status, &error));
    ck_assert_str_eq(error.text, "optimizer 'adam': slot 3 is full");
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
}
END_TEST

START_TEST(says_that_nothing_was_said)
{
    plx_error error = {0};

    ck_assert(!host_failed(&services, &adam, 17, &error));
    ck_assert_str_eq(error.text, "optimizer 'adam': returned status 17 without a message");
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
}
END_TEST

START_TEST(shows_what_would_steer_a_terminal_as_its_bytes)
{
    plx_error error = {0};

    table->error(table, "red \033[31m\r\n");
    host_failed(&services, &adam, PLX_FAILED, &error);
    ck_assert_str_eq(error.text, "optimizer 'adam': red \\x1b[31m\\x0d\\x0a");
}
END_TEST

START_TEST(keeps_the_first_error)
{
    plx_error error = {0};

    table->error(table, "first");
    table->error(table, "second");
    host_failed(&services, &adam, PLX_FAILED, &error);
    ck_assert_str_eq(error.text, "optimizer 'adam': first");
}
END_TEST

START_TEST(forgets_an_error_once_told)
{
    plx_error error = {0};

    table->error(table, "first");
    host_failed(&services, &adam, PLX_FAILED, &error);
    memset(&error, 0, sizeof(error));
    table->error(table, "second");
    host_failed(&services, &adam, PLX_FAILED, &error);
    ck_assert_str_eq(error.text, "optimizer 'adam': second");
}
END_TEST

static void *fail_often(void *context)
{
    for (int i = 0; i < 200; i++)
        table->error(table, "thread %d says %s", *(const int *)context,
                     "one whole line that nobody else writes into");
    return NULL;
}

START_TEST(keeps_one_whole_error_of_several_threads)
{
    pthread_t threads[4];
    int numbers[4];
    plx_error error = {0};
    int winner = -1;
    char expected[200];

    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_often, &numbers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    host_failed(&services, &adam, PLX_FAILED, &error);
    ck_assert_int_eq(sscanf(error.text, "optimizer 'adam': thread %d", &winner), 1);
    snprintf(expected, sizeof(expected),
             "optimizer 'adam': thread %d says one whole line that nobody else writes into",
             winner);
    ck_assert_str_eq(error.text, expected);
}
END_TEST

/* ---- lines for the user ---- */

static void keep(void *context, log_level level, const char *line)
{
    snprintf(context, 100, "%s%s", level == LOG_WARNING ? "warning: " : "", line);
}

START_TEST(logs)
{
    char line[100] = "";
    const logger log = {keep, line};

    services.log = &log;
    table->log(table, PLX_LOG_WARNING, "%d of %d", 1, 2);
    ck_assert_str_eq(line, "warning: 1 of 2");
    table->log(table, PLX_LOG_INFO, "all well");
    ck_assert_str_eq(line, "all well");
}
END_TEST

START_TEST(logs_to_nobody)
{
    table->log(table, PLX_LOG_INFO, "all well");
    ck_assert_int_eq(services.failure.code, ERROR_NONE);
}
END_TEST

/* ---- what others provide ---- */

static int32_t set_corner(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha,
                          const float *a, uint64_t lda, const float *b, uint64_t ldb, float beta,
                          float *c, uint64_t ldc)
{
    c[0] = alpha * a[0] * b[0];
    return PLX_OK;
}

START_TEST(hands_products_on)
{
    const float a = 3, b = 4;
    float c = 0;

    services.product = set_corner;
    ck_assert_int_eq(table->product(table, 0, 1, 1, 1, 2, &a, 1, &b, 1, 0, &c, 1), PLX_OK);
    ck_assert(c == 24);
}
END_TEST

START_TEST(has_no_product_unless_given)
{
    const float a = 3, b = 4;
    float c = 0;

    ck_assert_int_eq(table->product(table, 0, 1, 1, 1, 2, &a, 1, &b, 1, 0, &c, 1), PLX_FAILED);
    ck_assert_str_eq(services.failure.text, "host->product is not available here");
}
END_TEST

static int32_t answer_loss(void *context, double *loss)
{
    *loss = *(const double *)context;
    return PLX_OK;
}

START_TEST(hands_evaluations_on)
{
    double answer = 0.125, loss = 0;

    services.evaluate = answer_loss;
    services.evaluate_context = &answer;
    ck_assert_int_eq(table->evaluate(table, &loss), PLX_OK);
    ck_assert_double_eq(loss, 0.125);
}
END_TEST

START_TEST(has_no_evaluation_unless_given)
{
    double loss = 0;

    ck_assert_int_eq(table->evaluate(table, &loss), PLX_FAILED);
    ck_assert_str_eq(services.failure.text, "host->evaluate is not available here; it is for "
                                            "step_model with the flag PLX_NEEDS_CLOSURE");
}
END_TEST

START_TEST(describes_itself)
{
    ck_assert_uint_eq(table->size, sizeof(plx_host));
    ck_assert_uint_eq(table->minor, PLX_MINOR);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("host");
    TCase *random = tcase_create("random");
    TCase *sums = tcase_create("sums");
    TCase *errors = tcase_create("errors");
    TCase *others = tcase_create("others");

    tcase_add_checked_fixture(random, start, stop);
    tcase_add_checked_fixture(sums, start, stop);
    tcase_add_checked_fixture(errors, start, stop);
    tcase_add_checked_fixture(others, start, stop);
    tcase_add_loop_test(random, draws_the_same_however_split, 0, 2);
    tcase_add_loop_test(random, draws_nothing, 0, 2);
    tcase_add_test(random, draws_anew_at_another_address);
    tcase_add_test(random, draws_from_the_unit_interval);
    tcase_add_test(random, draws_with_deviation_one);
    tcase_add_test(sums, sums_products);
    tcase_add_test(sums, sums_in_double);
    tcase_add_test(sums, sums_alike_at_any_alignment);
    tcase_add_test(sums, takes_a_norm_without_overflow);
    tcase_add_test(errors, passes_on_what_was_said);
    tcase_add_test(errors, says_that_nothing_was_said);
    tcase_add_test(errors, shows_what_would_steer_a_terminal_as_its_bytes);
    tcase_add_test(errors, keeps_the_first_error);
    tcase_add_test(errors, forgets_an_error_once_told);
    tcase_add_test(errors, keeps_one_whole_error_of_several_threads);
    tcase_add_test(others, logs);
    tcase_add_test(others, logs_to_nobody);
    tcase_add_test(others, hands_products_on);
    tcase_add_test(others, has_no_product_unless_given);
    tcase_add_test(others, hands_evaluations_on);
    tcase_add_test(others, has_no_evaluation_unless_given);
    tcase_add_test(others, describes_itself);
    suite_add_tcase(s, random);
    suite_add_tcase(s, sums);
    suite_add_tcase(s, errors);
    suite_add_tcase(s, others);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
