/* test_metrics.c: every figure against the examples of scikit-learn's own documentation (of
 * confusion_matrix, precision_recall_fscore_support, top_k_accuracy_score, mean_absolute_error,
 * mean_squared_error, r2_score) or numbers small enough to be worked out by hand beside the test */
#include "train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static char abc[3][2] = {"a", "b", "c"};
static char *labels[] = {abc[0], abc[1], abc[2]};
static const encoding classes3 = {.targets = TARGETS_CLASS, .label = labels, .label_count = 3};
static const encoding classes2 = {.targets = TARGETS_CLASS, .label = labels, .label_count = 2};
static const encoding numbers = {.targets = TARGETS_NUMBER, .target_count = 1};
static const target_code code3 = {.units = 3, .low = 0, .high = 1};
static const target_code code2 = {.units = 2, .low = 0, .high = 1};
static const target_code code1 = {.units = 1, .low = 0, .high = 1};
static const target_code tanh_code = {.units = 1, .low = -1, .high = 1};
static const plx_domain unit = {.size = sizeof(plx_domain), .lo = 0, .hi = 1};
static const plx_domain centred = {.size = sizeof(plx_domain), .lo = -1, .hi = 1};

static metrics *make(const encoding *encoding, const target_code *code, size_t top_k)
{
    const metrics_spec spec = {.encoding = encoding, .code = code, .output = &unit, .top_k = top_k};
    metrics *made = metrics_new(&spec, NULL);

    ck_assert_ptr_nonnull(made);
    return made;
}

static metrics *make_binary(const target_code *code, const plx_domain *output)
{
    const metrics_spec spec = {
        .encoding = &numbers, .code = code, .output = output, .binary_targets = true};
    metrics *made = metrics_new(&spec, NULL);

    ck_assert_ptr_nonnull(made);
    return made;
}

/* Rows whose outputs are one-hot at `predicted`, three classes. */
static void add_predictions(metrics *metrics, size_t rows, const int32_t *truth,
                            const int *predicted)
{
    for (size_t r = 0; r < rows; r++) {
        float output[3] = {0, 0, 0};
        output[predicted[r]] = 1;
        metrics_add(metrics, 1, output, output, &truth[r], NULL, NULL);
    }
}

static double value_of(const metrics *metrics, metric metric)
{
    double value = -1;

    ck_assert_msg(metrics_value(metrics, metric, &value), "%s is absent", metric_name(metric));
    return value;
}

static void assert_absent(const metrics *metrics, metric metric)
{
    double value;

    ck_assert_msg(!metrics_value(metrics, metric, &value), "%s is there", metric_name(metric));
}

/* --- loss --- */

/* (1 * 2 + 3 * 4 + 0.5 * 1) / 4.5 */
START_TEST(loss_is_the_weighted_mean_over_chunks)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float zero[2] = {0, 0}, weight[3] = {1, 3, 0.5f};
    const double loss[3] = {2, 4, 1};

    metrics_add(metrics, 2, zero, zero, NULL, loss, weight);
    metrics_add(metrics, 1, zero, zero, NULL, loss + 2, weight + 2);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_LOSS), 14.5 / 4.5, 1e-15);
    metrics_free(metrics);
}
END_TEST

START_TEST(loss_without_weights_is_the_mean)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float zero[3] = {0, 0, 0};
    const double loss[3] = {2, 4, 1.5};

    metrics_add(metrics, 3, zero, zero, NULL, loss, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_LOSS), 2.5);
    metrics_free(metrics);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_stays)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float zero[2] = {0, 0};
    const double loss[2] = {2, (double)INFINITY};

    metrics_add(metrics, 2, zero, zero, NULL, loss, NULL);
    ck_assert(isinf(value_of(metrics, METRIC_LOSS)));
    metrics_free(metrics);
}
END_TEST

START_TEST(weights_touch_the_loss_alone)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const float output[6] = {1, 0, 0, 0, 1, 0}, weight[2] = {100, 1};
    const double loss[2] = {1, 1};
    const int32_t truth[2] = {0, 2};

    metrics_add(metrics, 2, output, output, truth, loss, weight);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 0.5);
    metrics_free(metrics);
}
END_TEST

/* --- classes --- */

/* confusion_matrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2]) */
START_TEST(confusion_is_scikit_learns)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const uint64_t expected[9] = {2, 0, 0, 0, 0, 1, 1, 0, 2};
    const int32_t truth[6] = {2, 0, 2, 2, 0, 1};
    const int predicted[6] = {0, 0, 2, 2, 0, 2};
    size_t classes = 0;

    add_predictions(metrics, 6, truth, predicted);
    const uint64_t *confusion = metrics_confusion(metrics, &classes);
    ck_assert_uint_eq(classes, 3);
    for (int i = 0; i < 9; i++)
        ck_assert_uint_eq(confusion[i], expected[i]);
    metrics_free(metrics);
}
END_TEST

/* precision_recall_fscore_support([0,1,2,0,1,2], [0,2,1,0,0,1]): macro 0.2222, 0.3333, 0.2667;
 * class 0 has 2/3, 1 and 0.8, the others 0. */
START_TEST(precision_recall_f1_are_scikit_learns)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const int32_t truth[6] = {0, 1, 2, 0, 1, 2};
    const int predicted[6] = {0, 2, 1, 0, 0, 1};
    double precision, recall, f1;
    uint64_t support;

    add_predictions(metrics, 6, truth, predicted);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_PRECISION), 2.0 / 9.0, 1e-15);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_RECALL), 1.0 / 3.0, 1e-15);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_F1), 4.0 / 15.0, 1e-15);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_ACCURACY), 1.0 / 3.0, 1e-15);
    ck_assert(metrics_class(metrics, 0, &precision, &recall, &f1, &support));
    ck_assert_double_eq_tol(precision, 2.0 / 3.0, 1e-15);
    ck_assert_double_eq(recall, 1);
    ck_assert_double_eq_tol(f1, 0.8, 1e-15);
    ck_assert_uint_eq(support, 2);
    metrics_free(metrics);
}
END_TEST

/* Class b is never predicted and class c never true. */
START_TEST(a_ratio_of_nothing_is_zero)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const int32_t truth[2] = {0, 1};
    const int predicted[2] = {0, 2};
    double precision, recall, f1;
    uint64_t support;

    add_predictions(metrics, 2, truth, predicted);
    ck_assert(metrics_class(metrics, 1, &precision, &recall, &f1, &support));
    ck_assert_double_eq(precision, 0);
    ck_assert(metrics_class(metrics, 2, &precision, &recall, &f1, &support));
    ck_assert_double_eq(recall, 0);
    ck_assert_double_eq(f1, 0);
    ck_assert(!metrics_class(metrics, 3, &precision, &recall, &f1, &support));
    metrics_free(metrics);
}
END_TEST

START_TEST(equal_outputs_go_to_the_lowest_index)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const float output[3] = {0.2f, 0.4f, 0.4f};
    const int32_t truth[1] = {1};

    metrics_add(metrics, 1, output, output, truth, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 1);
    metrics_free(metrics);
}
END_TEST

/* Below, at and above the middle. */
static double one_unit_accuracy(const target_code *code, float middle)
{
    metrics *metrics = make(&classes2, code, 0);
    const float output[3] = {nextafterf(middle, -1), middle, nextafterf(middle, 1)};
    const int32_t truth[3] = {0, 1, 1};

    metrics_add(metrics, 3, output, output, truth, NULL, NULL);
    const double accuracy = value_of(metrics, METRIC_ACCURACY);
    metrics_free(metrics);
    return accuracy;
}

START_TEST(one_unit_is_high_from_a_half)
{
    ck_assert_double_eq(one_unit_accuracy(&code1, 0.5f), 1);
}
END_TEST

START_TEST(one_tanh_unit_is_high_from_zero)
{
    ck_assert_double_eq(one_unit_accuracy(&tanh_code, 0.0f), 1);
}
END_TEST

/* top_k_accuracy_score([0, 1, 2, 2], scores, k=2) is 0.75. */
START_TEST(top_k_is_scikit_learns)
{
    metrics *metrics = make(&classes3, &code3, 2);
    const float scores[12] = {0.5f, 0.2f, 0.2f, 0.3f, 0.4f, 0.2f,
                              0.2f, 0.4f, 0.3f, 0.7f, 0.2f, 0.1f};
    const int32_t truth[4] = {0, 1, 2, 2};

    metrics_add(metrics, 4, scores, scores, truth, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_TOP_K), 0.75);
    metrics_free(metrics);
}
END_TEST

/* All equal: of three, k = 2 takes the classes 0 and 1. */
START_TEST(top_k_breaks_ties_by_index)
{
    metrics *metrics = make(&classes3, &code3, 2);
    const float scores[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const int32_t truth[3] = {0, 1, 2};

    metrics_add(metrics, 3, scores, scores, truth, NULL, NULL);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_TOP_K), 2.0 / 3.0, 1e-15);
    metrics_free(metrics);
}
END_TEST

START_TEST(top_k_is_absent_unless_asked_for)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const int32_t truth[1] = {0};
    const int predicted[1] = {0};

    add_predictions(metrics, 1, truth, predicted);
    assert_absent(metrics, METRIC_TOP_K);
    metrics_free(metrics);
}
END_TEST

/* A NaN anywhere in the row, though the true class has the largest number. */
START_TEST(a_row_with_nan_is_wrong)
{
    metrics *metrics = make(&classes3, &code3, 3);
    const float output[6] = {1, NAN, 0, 0, 1, 0};
    const int32_t truth[2] = {0, 1};
    double precision, recall, f1;
    uint64_t support;

    metrics_add(metrics, 2, output, output, truth, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 0.5);
    ck_assert_double_eq(value_of(metrics, METRIC_TOP_K), 0.5);
    ck_assert(metrics_class(metrics, 0, &precision, &recall, &f1, &support));
    ck_assert_uint_eq(support, 1);
    ck_assert_double_eq(recall, 0);
    metrics_free(metrics);
}
END_TEST

START_TEST(nan_of_one_unit_is_wrong_for_both_classes)
{
    metrics *metrics = make(&classes2, &code1, 0);
    const float output[2] = {NAN, NAN};
    const int32_t truth[2] = {0, 1};

    metrics_add(metrics, 2, output, output, truth, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 0);
    metrics_free(metrics);
}
END_TEST

START_TEST(classes_have_no_regression_metrics)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const int32_t truth[1] = {0};
    const int predicted[1] = {0};

    add_predictions(metrics, 1, truth, predicted);
    assert_absent(metrics, METRIC_MAE);
    assert_absent(metrics, METRIC_RMSE);
    assert_absent(metrics, METRIC_R2);
    metrics_free(metrics);
}
END_TEST

/* --- numbers --- */

static const float true4[4] = {3, -0.5f, 2, 7}, predicted4[4] = {2.5f, 0, 2, 8};

/* y_true = [3, -0.5, 2, 7], y_pred = [2.5, 0, 2, 8]: MAE 0.5, MSE 0.375, R2 0.9486081370449679 */
START_TEST(regression_is_scikit_learns)
{
    metrics *metrics = make(&numbers, &code1, 0);

    metrics_add(metrics, 4, predicted4, true4, NULL, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_MAE), 0.5);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_RMSE), sqrt(0.375), 1e-15);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_R2), 0.9486081370449679, 1e-15);
    metrics_free(metrics);
}
END_TEST

/* y_true = [[0.5, 1], [-1, 1], [7, -6]], y_pred = [[0, 2], [-1, 2], [8, -5]]: MAE 0.75; R2 by hand:
 * the mean of 1 - 1.25 / (217 / 6) and 1 - 3 / (98 / 3). */
START_TEST(r2_is_averaged_over_targets)
{
    const encoding two = {.targets = TARGETS_NUMBER, .target_count = 2};
    metrics *metrics = make(&two, &code2, 0);
    const float truth[6] = {0.5f, 1, -1, 1, 7, -6}, output[6] = {0, 2, -1, 2, 8, -5};

    metrics_add(metrics, 3, output, truth, NULL, NULL, NULL);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_MAE), 0.75, 1e-15);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_R2),
                            ((1 - 1.25 * 6 / 217) + (1 - 3.0 * 3 / 98)) / 2, 1e-15);
    metrics_free(metrics);
}
END_TEST

START_TEST(r2_of_a_constant_target_is_absent)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float truth[3] = {0.1f, 0.1f, 0.1f}, output[3] = {0.1f, 0.2f, 0};

    metrics_add(metrics, 3, output, truth, NULL, NULL, NULL);
    assert_absent(metrics, METRIC_R2);
    ck_assert_double_gt(value_of(metrics, METRIC_RMSE), 0);
    metrics_free(metrics);
}
END_TEST

START_TEST(figures_are_in_original_units)
{
    double mean = 100, deviation = 10;
    const encoding scaled = {.targets = TARGETS_NUMBER,
                             .target_count = 1,
                             .target_mean = &mean,
                             .target_deviation = &deviation};
    metrics *metrics = make(&scaled, &code1, 0);

    metrics_add(metrics, 4, predicted4, true4, NULL, NULL, NULL);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_MAE), 5, 1e-12);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_RMSE), 10 * sqrt(0.375), 1e-12);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_R2), 0.9486081370449679, 1e-12);
    metrics_free(metrics);
}
END_TEST

START_TEST(chunks_change_no_bit)
{
    metrics *whole = make(&numbers, &code1, 0), *cut = make(&numbers, &code1, 0);
    float truth[100], output[100];

    for (int i = 0; i < 100; i++) {
        truth[i] = sinf((float)i) * 1000;
        output[i] = truth[i] + cosf((float)i);
    }
    metrics_add(whole, 100, output, truth, NULL, NULL, NULL);
    metrics_add(cut, 37, output, truth, NULL, NULL, NULL);
    metrics_add(cut, 63, output + 37, truth + 37, NULL, NULL, NULL);
    for (metric metric = METRIC_MAE; metric <= METRIC_R2; metric++)
        ck_assert_double_eq(value_of(whole, metric), value_of(cut, metric));
    metrics_free(whole);
    metrics_free(cut);
}
END_TEST

START_TEST(nan_in_regression_stays_nan)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float truth[2] = {1, 2}, output[2] = {1, NAN};

    metrics_add(metrics, 2, output, truth, NULL, NULL, NULL);
    ck_assert(isnan(value_of(metrics, METRIC_MAE)));
    ck_assert(isnan(value_of(metrics, METRIC_R2)));
    metrics_free(metrics);
}
END_TEST

START_TEST(plain_numbers_have_no_accuracy)
{
    metrics *metrics = make(&numbers, &code1, 0);

    metrics_add(metrics, 4, predicted4, true4, NULL, NULL, NULL);
    assert_absent(metrics, METRIC_ACCURACY);
    assert_absent(metrics, METRIC_F1);
    metrics_free(metrics);
}
END_TEST

/* Of 6 elements, the third and the NaN are wrong. */
START_TEST(binary_targets_are_judged_by_element)
{
    metrics *metrics = make_binary(&code3, &unit);
    const float truth[6] = {0, 1, 1, 0, 1, 0}, output[6] = {0.4f, 0.5f, 0.4f, 0.1f, 1, NAN};

    metrics_add(metrics, 2, output, truth, NULL, NULL, NULL);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_ACCURACY), 4.0 / 6.0, 1e-15);
    metrics_free(metrics);
}
END_TEST

START_TEST(binary_tanh_targets_are_judged_at_zero)
{
    metrics *metrics = make_binary(&code2, &centred);
    const float truth[4] = {-1, 1, 1, -1}, output[4] = {-0.1f, 0, 0.2f, 0.3f};

    metrics_add(metrics, 2, output, truth, NULL, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 0.75);
    metrics_free(metrics);
}
END_TEST

/* Such targets are -1 and 1 wherever outputs may be below 0. */
START_TEST(binary_targets_of_a_narrow_range_are_judged_at_zero)
{
    const plx_domain narrow = {.size = sizeof(plx_domain), .lo = -0.9, .hi = 0.9};
    metrics *metrics = make_binary(&code2, &narrow);
    const float truth[4] = {-1, 1, 1, -1}, output[4] = {-0.1f, 0, 0.2f, 0.3f};

    metrics_add(metrics, 2, output, truth, NULL, NULL, NULL);
    ck_assert_double_eq(value_of(metrics, METRIC_ACCURACY), 0.75);
    metrics_free(metrics);
}
END_TEST

/* --- the object --- */

START_TEST(nothing_added_nothing_known)
{
    metrics *metrics = make(&classes3, &code3, 2);

    for (metric metric = 0; metric < METRIC_COUNT; metric++)
        assert_absent(metrics, metric);
    metrics_free(metrics);
}
END_TEST

START_TEST(reset_forgets_all)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float far[4] = {1e6f, -1e6f, 5, 9};
    const double loss[4] = {1, 1, 1, 1};

    metrics_add(metrics, 4, far, true4, NULL, loss, NULL);
    metrics_reset(metrics);
    assert_absent(metrics, METRIC_LOSS);
    metrics_add(metrics, 4, predicted4, true4, NULL, NULL, NULL);
    ck_assert_double_eq_tol(value_of(metrics, METRIC_R2), 0.9486081370449679, 1e-15);
    metrics_free(metrics);
}
END_TEST

START_TEST(labels_outlive_the_encoding)
{
    char name[] = "setosa";
    char *label[] = {name, abc[1]};
    const encoding short_lived = {.targets = TARGETS_CLASS, .label = label, .label_count = 2};
    metrics *metrics = make(&short_lived, &code2, 0);
    const float output[2] = {1, 0};
    const int32_t truth[1] = {0};
    text out = {0};

    memset(name, 'x', sizeof(name) - 1);
    metrics_add(metrics, 1, output, output, truth, NULL, NULL);
    ck_assert(metrics_json(metrics, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\"setosa\""));
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(names_are_those_of_the_log)
{
    const char *const expected[METRIC_COUNT] = {"loss", "accuracy", "top_k", "precision", "recall",
                                                "f1",   "mae",      "rmse",  "r2"};

    for (metric metric = 0; metric < METRIC_COUNT; metric++)
        ck_assert_str_eq(metric_name(metric), expected[metric]);
}
END_TEST

START_TEST(better_is_less_loss_and_more_of_the_rest)
{
    for (metric metric = 0; metric < METRIC_COUNT; metric++) {
        const bool less = metric == METRIC_LOSS || metric == METRIC_MAE || metric == METRIC_RMSE;
        ck_assert(metric_is_better(metric, 1, 2) == less);
        ck_assert(metric_is_better(metric, 2, 1) == !less);
        ck_assert(!metric_is_better(metric, 1, 1));
        ck_assert(!metric_is_better(metric, (double)NAN, 1));
        ck_assert(metric_is_better(metric, 1, (double)NAN));
    }
}
END_TEST

/* --- printing --- */

START_TEST(json_of_classes)
{
    char quote[] = "say \"b\"\n";
    char *label[] = {abc[0], quote};
    const encoding quoted = {.targets = TARGETS_CLASS, .label = label, .label_count = 2};
    metrics *metrics = make(&quoted, &code2, 0);
    const float output[4] = {1, 0, 1, 0};
    const int32_t truth[2] = {0, 1};
    const double loss[2] = {0.25, 0.5};
    text out = {0};

    metrics_add(metrics, 2, output, output, truth, loss, NULL);
    ck_assert(metrics_json(metrics, &out));
    ck_assert_str_eq(
        out.bytes,
        "{\"loss\":0.375,\"accuracy\":0.5,\"precision\":0.25,\"recall\":0.5,"
        "\"f1\":0.3333333333333333,\"classes\":["
        "{\"label\":\"a\",\"precision\":0.5,\"recall\":1,\"f1\":0.6666666666666666,\"support\":1},"
        "{\"label\":\"say \\\"b\\\"\\n\",\"precision\":0,\"recall\":0,\"f1\":0,\"support\":1}],"
        "\"confusion\":[[1,0],[1,0]]}");
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(json_writes_null_for_what_is_not_finite)
{
    metrics *metrics = make(&numbers, &code1, 0);
    const float truth[2] = {1, 2}, output[2] = {1, INFINITY};
    const double loss[2] = {0.5, (double)NAN};
    text out = {0};

    metrics_add(metrics, 2, output, truth, NULL, loss, NULL);
    ck_assert(metrics_json(metrics, &out));
    ck_assert_str_eq(out.bytes, "{\"loss\":null,\"mae\":null,\"rmse\":null,\"r2\":null}");
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(json_of_nothing_is_an_object)
{
    metrics *metrics = make(&numbers, &code1, 0);
    text out = {0};

    ck_assert(metrics_json(metrics, &out));
    ck_assert_str_eq(out.bytes, "{}");
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(json_shows_bytes_that_are_no_text)
{
    char odd[] = "\xff!";
    char *label[] = {odd, abc[1]};
    const encoding bytes = {.targets = TARGETS_CLASS, .label = label, .label_count = 2};
    metrics *metrics = make(&bytes, &code2, 0);
    const float output[2] = {1, 0};
    const int32_t truth[1] = {0};
    text out = {0};

    metrics_add(metrics, 1, output, output, truth, NULL, NULL);
    ck_assert(metrics_json(metrics, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes, "{\"label\":\"\\\\xff!\","));
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(table_for_people)
{
    metrics *metrics = make(&classes3, &code3, 2);
    const int32_t truth[6] = {2, 0, 2, 2, 0, 1};
    const int predicted[6] = {0, 0, 2, 2, 0, 2};
    text out = {0};

    add_predictions(metrics, 6, truth, predicted);
    ck_assert(metrics_print(metrics, &out));
    ck_assert_str_eq(out.bytes,
                     "accuracy    0.666667\n"
                     "top_2       0.666667\n"
                     "precision   0.444444\n"
                     "recall      0.555556\n"
                     "f1          0.488889\n"
                     "\n"
                     "class  precision  recall      f1   support\n"
                     "a         0.6667  1.0000  0.8000         2\n"
                     "b         0.0000  0.0000  0.0000         1\n"
                     "c         0.6667  0.6667  0.6667         3\n"
                     "\n"
                     "confusion matrix: a row for each true class, a column for each prediction\n"
                     "              a         b         c\n"
                     "a             2         0         0\n"
                     "b             0         0         1\n"
                     "c             1         0         2\n");
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(table_tells_of_rows_without_prediction)
{
    metrics *metrics = make(&classes3, &code3, 0);
    const float output[6] = {NAN, 0, 0, 1, 0, 0};
    const int32_t truth[2] = {0, 0};
    text out = {0};

    metrics_add(metrics, 2, output, output, truth, NULL, NULL);
    ck_assert(metrics_print(metrics, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes,
                                 "\n1 of 2 rows have no prediction, as an output is NaN; "
                                 "they count as wrong\n"));
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

START_TEST(many_classes_are_printed_without_tables)
{
    enum { MANY = 21 };
    char *label[MANY];
    const target_code code = {.units = MANY, .low = 0, .high = 1};
    const encoding many = {.targets = TARGETS_CLASS, .label = label, .label_count = MANY};
    float output[MANY] = {1};
    const int32_t truth[1] = {0};
    text out = {0};

    for (int i = 0; i < MANY; i++)
        label[i] = abc[0];
    metrics *metrics = make(&many, &code, 0);
    metrics_add(metrics, 1, output, output, truth, NULL, NULL);
    ck_assert(metrics_print(metrics, &out));
    ck_assert_ptr_null(strstr(out.bytes, "class"));
    free(out.bytes);
    metrics_free(metrics);
}
END_TEST

static TCase *class_cases(void)
{
    TCase *cases = tcase_create("classes");

    tcase_add_test(cases, confusion_is_scikit_learns);
    tcase_add_test(cases, precision_recall_f1_are_scikit_learns);
    tcase_add_test(cases, a_ratio_of_nothing_is_zero);
    tcase_add_test(cases, equal_outputs_go_to_the_lowest_index);
    tcase_add_test(cases, one_unit_is_high_from_a_half);
    tcase_add_test(cases, one_tanh_unit_is_high_from_zero);
    tcase_add_test(cases, top_k_is_scikit_learns);
    tcase_add_test(cases, top_k_breaks_ties_by_index);
    tcase_add_test(cases, top_k_is_absent_unless_asked_for);
    tcase_add_test(cases, a_row_with_nan_is_wrong);
    tcase_add_test(cases, nan_of_one_unit_is_wrong_for_both_classes);
    tcase_add_test(cases, classes_have_no_regression_metrics);
    return cases;
}

static TCase *number_cases(void)
{
    TCase *cases = tcase_create("numbers");

    tcase_add_test(cases, regression_is_scikit_learns);
    tcase_add_test(cases, r2_is_averaged_over_targets);
    tcase_add_test(cases, r2_of_a_constant_target_is_absent);
    tcase_add_test(cases, figures_are_in_original_units);
    tcase_add_test(cases, chunks_change_no_bit);
    tcase_add_test(cases, nan_in_regression_stays_nan);
    tcase_add_test(cases, plain_numbers_have_no_accuracy);
    tcase_add_test(cases, binary_targets_are_judged_by_element);
    tcase_add_test(cases, binary_tanh_targets_are_judged_at_zero);
    tcase_add_test(cases, binary_targets_of_a_narrow_range_are_judged_at_zero);
    return cases;
}

static TCase *object_cases(void)
{
    TCase *cases = tcase_create("object");

    tcase_add_test(cases, loss_is_the_weighted_mean_over_chunks);
    tcase_add_test(cases, loss_without_weights_is_the_mean);
    tcase_add_test(cases, a_loss_that_is_not_finite_stays);
    tcase_add_test(cases, weights_touch_the_loss_alone);
    tcase_add_test(cases, nothing_added_nothing_known);
    tcase_add_test(cases, reset_forgets_all);
    tcase_add_test(cases, labels_outlive_the_encoding);
    tcase_add_test(cases, names_are_those_of_the_log);
    tcase_add_test(cases, better_is_less_loss_and_more_of_the_rest);
    return cases;
}

static TCase *print_cases(void)
{
    TCase *cases = tcase_create("printing");

    tcase_add_test(cases, json_of_classes);
    tcase_add_test(cases, json_writes_null_for_what_is_not_finite);
    tcase_add_test(cases, json_of_nothing_is_an_object);
    tcase_add_test(cases, json_shows_bytes_that_are_no_text);
    tcase_add_test(cases, table_for_people);
    tcase_add_test(cases, table_tells_of_rows_without_prediction);
    tcase_add_test(cases, many_classes_are_printed_without_tables);
    return cases;
}

static Suite *suite(void)
{
    Suite *suite = suite_create("train/metrics");

    suite_add_tcase(suite, object_cases());
    suite_add_tcase(suite, class_cases());
    suite_add_tcase(suite, number_cases());
    suite_add_tcase(suite, print_cases());
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
