/* Batches of an epoch: each row comes once, in an order that only several batches have a use for. */
#include "train/batches.h"

#include <string.h>

#include "harness.h"

enum { ROWS = 10 };

static float inputs[ROWS];
static int32_t label[ROWS];

static const dataset rows = {.rows = ROWS, .features = 1, .floats = inputs, .label = label};
static const data_part part = {.source = &rows, .rows = ROWS};
static const encoding fitted = {
    .features = 1, .targets = TARGETS_CLASS, .label_count = 2, .target_count = 1};
static const target_code code = {.units = 2, .high = 1};

static batches set_up(size_t batch)
{
    batches made;
    plx_error error = {0};

    for (size_t i = 0; i < ROWS; i++) {
        inputs[i] = (float)i;
        label[i] = (int32_t)(i % 2);
    }
    ck_assert(batches_init(&made, &part, &fitted, &code, NULL, 0, batch, &error));
    return made;
}

/* All inputs of an epoch in their order. */
static void load_epoch(batches *batches, int64_t epoch, float seen[ROWS])
{
    size_t count = 0;

    batches_order(batches, true, 7, epoch);
    for (size_t i = 0; i < batches->count; i++) {
        batches_load(batches, i);
        ck_assert_uint_le(count + batches->rows, ROWS);
        memcpy(seen + count, batches->x, batches->rows * sizeof(float));
        for (size_t r = 0; r < batches->rows; r++)
            ck_assert_int_eq(batches->label[r], (int32_t)batches->x[r] % 2);
        count += batches->rows;
    }
    ck_assert_uint_eq(count, ROWS);
}

START_TEST(each_row_comes_once_in_a_new_order)
{
    batches batches = set_up(4);
    float seen[2][ROWS];

    for (int epoch = 0; epoch < 2; epoch++) {
        unsigned met = 0;
        load_epoch(&batches, epoch + 1, seen[epoch]);
        for (size_t i = 0; i < ROWS; i++)
            met |= 1u << (int)seen[epoch][i];
        ck_assert_uint_eq(met, (1u << ROWS) - 1);
    }
    ck_assert(memcmp(seen[0], seen[1], sizeof(seen[0])) != 0);
    batches_clear(&batches);
}
END_TEST

START_TEST(a_batch_of_all_rows_stays_as_it_is)
{
    batches batches = set_up(0);
    float seen[2][ROWS];

    load_epoch(&batches, 1, seen[0]);
    ck_assert_mem_eq(seen[0], inputs, sizeof(inputs));
    inputs[3] = 30; /* gathered again it would be seen                                           */
    load_epoch(&batches, 2, seen[1]);
    ck_assert_mem_eq(seen[1], seen[0], sizeof(seen[0]));
    batches_clear(&batches);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("train/batches");
    TCase *t = tcase_create("batches");

    tcase_add_test(t, each_row_comes_once_in_a_new_order);
    tcase_add_test(t, a_batch_of_all_rows_stays_as_it_is);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
