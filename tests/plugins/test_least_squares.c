/* The optimizers of a whole model on linear least squares, where the lowest loss is known: the
 * diabetes data and one linear unit, trained as `plexus train` does. The closed form is found here
 * from the file itself, by the normal equations in double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "train/fixture.h"

enum { FEATURES = 10, TERMS = FEATURES + 1, COLUMNS = FEATURES + 1, ROWS = 442 };

/* Features, then the target. */
static void read_rows(double row[ROWS][COLUMNS])
{
    FILE *file = fopen(EXAMPLES "/data/diabetes.csv", "r");
    char line[256];

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), file)); /* the header */
    for (int r = 0; r < ROWS; r++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        char *at = line;
        for (int c = 0; c < COLUMNS; c++, at++) /* over the comma */
            row[r][c] = strtod(at, &at);
    }
    ck_assert_ptr_null(fgets(line, sizeof(line), file));
    fclose(file);
}

/* Each column to mean 0 and deviation 1. */
static void standardise(double row[ROWS][COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++) {
        double mean = 0, squares = 0;
        for (int r = 0; r < ROWS; r++)
            mean += row[r][c] / ROWS;
        for (int r = 0; r < ROWS; r++)
            squares += (row[r][c] - mean) * (row[r][c] - mean) / ROWS;
        for (int r = 0; r < ROWS; r++)
            row[r][c] = (row[r][c] - mean) / sqrt(squares);
    }
}

/* Term `t` of a row: a feature, or the constant. */
static double term(const double *row, int t)
{
    return t < FEATURES ? row[t] : 1;
}

/* A w = b for a positive definite A, by elimination without pivots; w takes b's place. */
static void solve(double a[TERMS][TERMS], double b[TERMS])
{
    for (int k = 0; k < TERMS; k++)
        for (int i = k + 1; i < TERMS; i++) {
            const double factor = a[i][k] / a[k][k];
            for (int j = k; j < TERMS; j++)
                a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    for (int k = TERMS - 1; k >= 0; k--) {
        for (int j = k + 1; j < TERMS; j++)
            b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
}

/* The lowest mean square there is. */
static double closed_form(void)
{
    static double row[ROWS][COLUMNS];
    double a[TERMS][TERMS] = {{0}}, w[TERMS] = {0}, sum = 0;

    read_rows(row);
    standardise(row);
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < TERMS; i++) {
            for (int j = 0; j < TERMS; j++)
                a[i][j] += term(row[r], i) * term(row[r], j);
            w[i] += term(row[r], i) * row[r][FEATURES];
        }
    solve(a, w);
    for (int r = 0; r < ROWS; r++) {
        double off = -row[r][FEATURES];
        for (int i = 0; i < TERMS; i++)
            off += w[i] * term(row[r], i);
        sum += off * off;
    }
    return sum / ROWS;
}

/* A run on all rows at once, whose last epoch found the loss at a share above the closed form. */
static const struct {
    const char *optimizer;
    int epochs;
    train_status status;
    double share;
} fits[] = {
    {"lbfgs", 60, TRAIN_EARLY_STOPPED, 1e-5},
    {"prodigy", 300, TRAIN_COMPLETED, 1e-4},
    {"{name: sam, lr: 0.02}", 300, TRAIN_COMPLETED, 0.005}, /* its minimum is another */
};
enum { FITS = sizeof(fits) / sizeof(fits[0]) };

START_TEST(the_closed_form_is_reached)
{
    char *text = memory_format("data: {train: %s/data/diabetes.csv, target: progression, "
                               "scale: standard, scale_target: standard}\n"
                               "network: {layers: [{units: 1, activation: identity}]}\n"
                               "loss: mse\noptimizer: %s\n"
                               "train: {epochs: %d, batch: full}\n",
                               EXAMPLES, fits[_i].optimizer, fits[_i].epochs);
    char *run = fresh_run();
    outcome *outcome =
        plan_expect(&(plan){.text = text, .out = run, .few_checkpoints = true}, fits[_i].status);
    const double lowest = closed_form();

    ck_assert_double_eq_tol(lowest, 0.4822516, 1e-6); /* R^2 is 0.5177 */
    ck_assert_double_eq_tol(outcome->result.train_loss, lowest, fits[_i].share * lowest);
    outcome_free(outcome);
    free(run);
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/least_squares");
    TCase *c = tcase_create("diabetes");

    tcase_add_loop_test(c, the_closed_form_is_reached, 0, FITS);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
