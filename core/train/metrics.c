/* metrics.c: see metrics.h.
 *
 * Everything is a sum over rows, kept in double and added to in row order, so a figure depends on
 * the rows and their order alone and never on how they were cut into chunks. Definitions are those
 * of PyTorch and scikit-learn:
 *
 *   loss       sum w l / sum w over the rows, l the row's loss, w its weight; no other figure is
 *              weighted
 *   accuracy   share of rows (binary targets: of elements) that are right
 *   top_k      share of rows whose true class is among the k largest outputs; of equal outputs the
 *              lower index is the larger
 *   precision  TP / (TP + FP), recall TP / (TP + FN), F1 2 TP / (2 TP + FP + FN), 0 where the
 *              denominator is 0; their plain means over all classes of the encoding
 *   MAE, RMSE  mean |p - y|, root of the mean (p - y)^2, over all elements
 *   R2         1 - SSE / SST of each target, averaged; there is none if a target is constant
 *
 * p and y are in original units: value * deviation + mean where targets were scaled. SST is
 * gathered in one pass by Welford's recurrence (1962), which gives exactly 0 for a constant.
 *
 * NaN compares with nothing, so a row of classes with a NaN among its outputs has no prediction: it
 * is wrong, it counts in the support of its class, and it stands in no column of the confusion
 * matrix.
 *
 * What the spec points to is copied: metrics outlive the data they were made from. */
#include "train/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/predict.h"
#include "support/memory.h"
#include "train/shown.h"

enum { MOST_CLASSES_SHOWN = 20, LABEL_SHOWN = 16 };

/* One regression target. */
typedef struct target_sums {
    double scale, shift;  /* original = value * scale + shift */
    double sse;           /* sum of squared errors            */
    double mean, squares; /* Welford: of y so far, and SST    */
} target_sums;

struct metrics {
    target_kind kind;
    size_t units, classes, top_k;
    bool binary;
    target_code code;
    float binary_middle;
    char **label;         /* classes             */
    target_sums *targets; /* units, for numbers  */

    uint64_t rows, loss_rows;
    double loss, weight;
    uint64_t right, in_top_k;            /* rows of classes, or binary elements     */
    uint64_t judged, unpredicted;        /* rows of classes; those of them with NaN */
    uint64_t *confusion, *class_missing; /* (classes x classes); NaN rows per class */
    double absolute, squared;            /* sums over all elements                  */
};

static const char *const names[METRIC_COUNT] = {
    [METRIC_LOSS] = "loss",     [METRIC_ACCURACY] = "accuracy",
    [METRIC_TOP_K] = "top_k",   [METRIC_PRECISION] = "precision",
    [METRIC_RECALL] = "recall", [METRIC_F1] = "f1",
    [METRIC_MAE] = "mae",       [METRIC_RMSE] = "rmse",
    [METRIC_R2] = "r2",
};

const char *metric_name(metric which)
{
    return (unsigned)which < METRIC_COUNT ? names[which] : "unknown";
}

bool metric_is_better(metric which, double a, double b)
{
    if (isnan(a))
        return false;
    if (isnan(b))
        return true;
    if (which == METRIC_LOSS || which == METRIC_MAE || which == METRIC_RMSE)
        return a < b;
    return a > b;
}

/* --- the object --- */

static bool copy_labels(metrics *sums, const encoding *coding)
{
    const size_t classes = coding->label_count;
    size_t cells;

    sums->classes = classes;
    sums->label = memory_array(classes, sizeof(char *));
    sums->class_missing = memory_array(classes, sizeof(uint64_t));
    if (__builtin_mul_overflow(classes, classes, &cells))
        return false;
    sums->confusion = memory_array(cells, sizeof(uint64_t));
    if (sums->label == NULL || sums->class_missing == NULL || sums->confusion == NULL)
        return false;
    for (size_t i = 0; i < classes; i++)
        if ((sums->label[i] = memory_string(coding->label[i])) == NULL)
            return false;
    return true;
}

static bool copy_targets(metrics *sums, const encoding *coding)
{
    sums->targets = memory_array(sums->units, sizeof(target_sums));
    if (sums->targets == NULL)
        return false;
    for (size_t i = 0; i < sums->units; i++) {
        const bool scaled = coding->target_deviation != NULL && i < coding->target_count;
        sums->targets[i].scale = scaled ? coding->target_deviation[i] : 1;
        sums->targets[i].shift = scaled ? coding->target_mean[i] : 0;
    }
    return true;
}

metrics *metrics_new(const metrics_spec *spec, plx_error *error)
{
    metrics *made = memory_array(1, sizeof(*made));
    bool ok = made != NULL;

    if (ok) {
        const plx_domain *output = spec->output;
        const bool centred = output != NULL && output->lo < 0;
        made->kind = spec->encoding->targets;
        made->units = spec->code->units;
        made->top_k = spec->top_k;
        made->binary = spec->binary_targets;
        made->code = *spec->code;
        made->binary_middle = centred ? 0.0f : 0.5f;
    }
    if (ok && made->kind == TARGETS_CLASS)
        ok = copy_labels(made, spec->encoding);
    else if (ok && made->kind == TARGETS_NUMBER)
        ok = copy_targets(made, spec->encoding);
    if (!ok) {
        metrics_free(made);
        error_memory(error);
        return NULL;
    }
    return made;
}

void metrics_free(metrics *sums)
{
    if (sums == NULL)
        return;
    for (size_t i = 0; sums->label != NULL && i < sums->classes; i++)
        free(sums->label[i]);
    free(sums->label);
    free(sums->class_missing);
    free(sums->confusion);
    free(sums->targets);
    free(sums);
}

void metrics_reset(metrics *sums)
{
    sums->rows = sums->loss_rows = 0;
    sums->loss = sums->weight = 0;
    sums->right = sums->in_top_k = 0;
    sums->judged = sums->unpredicted = 0;
    sums->absolute = sums->squared = 0;
    for (size_t i = 0; i < sums->classes * sums->classes; i++)
        sums->confusion[i] = 0;
    for (size_t i = 0; i < sums->classes; i++)
        sums->class_missing[i] = 0;
    for (size_t i = 0; sums->targets != NULL && i < sums->units; i++) {
        target_sums *target = &sums->targets[i];
        target->sse = target->mean = target->squares = 0;
    }
}

/* --- collecting --- */

static void add_losses(metrics *sums, size_t rows, const double *row_loss, const float *row_weight)
{
    for (size_t r = 0; r < rows; r++) {
        const double weight = row_weight == NULL ? 1 : (double)row_weight[r];
        sums->loss += weight * row_loss[r];
        sums->weight += weight;
    }
    sums->loss_rows += rows;
}

/* Whether fewer than k outputs come before that of the true class. */
static bool is_in_top_k(const metrics *sums, const float *output, size_t truth)
{
    size_t before = 0;

    for (size_t c = 0; c < sums->units; c++)
        if (output[c] > output[truth] || (output[c] == output[truth] && c < truth))
            before++;
    return before < sums->top_k;
}

static void add_classes(metrics *sums, size_t rows, const float *output, const int32_t *label)
{
    for (size_t r = 0; r < rows; r++) {
        const float *row = output + r * sums->units;
        const int64_t predicted = predict_class(&sums->code, row);
        if (label[r] < 0 || (size_t)label[r] >= sums->classes)
            continue;
        const size_t truth = (size_t)label[r];
        sums->judged++;
        if (predicted < 0 || (size_t)predicted >= sums->classes) {
            sums->unpredicted++;
            sums->class_missing[truth]++;
            continue;
        }
        sums->confusion[truth * sums->classes + (size_t)predicted]++;
        sums->right += (size_t)predicted == truth ? 1 : 0;
        if (truth < sums->units && is_in_top_k(sums, row, truth))
            sums->in_top_k++;
    }
}

static void add_binary(metrics *sums, size_t rows, const float *output, const float *target)
{
    const float middle = sums->binary_middle;

    for (size_t i = 0; i < rows * sums->units; i++)
        if (!isnan(output[i]) && (output[i] >= middle) == (target[i] >= middle))
            sums->right++;
}

/* `count` is the number of this target's values so far, this one included. */
static void add_number(metrics *sums, target_sums *of, float output, float target, uint64_t count)
{
    const double p = (double)output * of->scale + of->shift;
    const double y = (double)target * of->scale + of->shift;
    const double error = p - y;
    const double away = y - of->mean;

    sums->absolute += fabs(error);
    sums->squared += error * error;
    of->sse += error * error;
    of->mean += away / (double)count;
    of->squares += away * (y - of->mean);
}

static void add_numbers(metrics *sums, size_t rows, const float *output, const float *target)
{
    const size_t units = sums->units;

    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < units; c++)
            add_number(sums, &sums->targets[c], output[r * units + c], target[r * units + c],
                       sums->rows + r + 1);
}

void metrics_add(metrics *sums, size_t rows, const float *output, const float *target,
                 const int32_t *label, const double *row_loss, const float *row_weight)
{
    if (row_loss != NULL)
        add_losses(sums, rows, row_loss, row_weight);
    if (sums->kind == TARGETS_CLASS && label != NULL)
        add_classes(sums, rows, output, label);
    if (sums->kind == TARGETS_NUMBER) {
        if (sums->binary)
            add_binary(sums, rows, output, target);
        add_numbers(sums, rows, output, target);
    }
    sums->rows += rows;
}

/* --- values --- */

const uint64_t *metrics_confusion(const metrics *sums, size_t *classes)
{
    *classes = sums->classes;
    return sums->kind == TARGETS_CLASS ? sums->confusion : NULL;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

typedef struct class_values {
    double precision, recall, f1;
    uint64_t support;
} class_values;

static class_values values_of_class(const metrics *sums, size_t class_index)
{
    const size_t n = sums->classes;
    const uint64_t both = sums->confusion[class_index * n + class_index];
    uint64_t is = sums->class_missing[class_index], said = 0;

    for (size_t i = 0; i < n; i++) {
        is += sums->confusion[class_index * n + i];
        said += sums->confusion[i * n + class_index];
    }
    return (class_values){.precision = ratio(both, said),
                          .recall = ratio(both, is),
                          .f1 = ratio(2 * both, said + is),
                          .support = is};
}

bool metrics_class(const metrics *sums, size_t class_index, double *precision, double *recall,
                   double *f1, uint64_t *support)
{
    if (sums->kind != TARGETS_CLASS || class_index >= sums->classes)
        return false;
    const class_values values = values_of_class(sums, class_index);
    *precision = values.precision;
    *recall = values.recall;
    *f1 = values.f1;
    *support = values.support;
    return true;
}

static bool macro_mean(const metrics *sums, metric which, double *value)
{
    double sum = 0;

    if (sums->judged == 0)
        return false;
    for (size_t c = 0; c < sums->classes; c++) {
        const class_values of = values_of_class(sums, c);
        sum += which == METRIC_PRECISION ? of.precision
               : which == METRIC_RECALL  ? of.recall
                                         : of.f1;
    }
    *value = sum / (double)sums->classes;
    return true;
}

static bool accuracy(const metrics *sums, double *value)
{
    const bool elements = sums->kind == TARGETS_NUMBER && sums->binary;
    const uint64_t judged = elements ? sums->rows * sums->units : sums->judged;

    if (judged == 0)
        return false;
    *value = (double)sums->right / (double)judged;
    return true;
}

static bool r2(const metrics *sums, double *value)
{
    double sum = 0;

    for (size_t i = 0; i < sums->units; i++) {
        if (sums->targets[i].squares == 0)
            return false;
        sum += 1 - sums->targets[i].sse / sums->targets[i].squares;
    }
    *value = sum / (double)sums->units;
    return true;
}

static bool regression(const metrics *sums, metric which, double *value)
{
    const double elements = (double)sums->rows * (double)sums->units;

    if (sums->kind != TARGETS_NUMBER || !(elements > 0))
        return false;
    if (which == METRIC_R2)
        return r2(sums, value);
    *value = which == METRIC_MAE ? sums->absolute / elements : sqrt(sums->squared / elements);
    return true;
}

bool metrics_value(const metrics *sums, metric which, double *value)
{
    switch (which) {
    case METRIC_LOSS:
        if (sums->loss_rows == 0)
            return false;
        *value = sums->loss / sums->weight;
        return true;
    case METRIC_ACCURACY:
        return accuracy(sums, value);
    case METRIC_TOP_K:
        if (sums->top_k == 0 || sums->units < 2 || sums->judged == 0)
            return false;
        *value = (double)sums->in_top_k / (double)sums->judged;
        return true;
    case METRIC_PRECISION:
    case METRIC_RECALL:
    case METRIC_F1:
        return macro_mean(sums, which, value);
    case METRIC_MAE:
    case METRIC_RMSE:
    case METRIC_R2:
        return regression(sums, which, value);
    case METRIC_COUNT:
        break;
    }
    return false;
}

/* --- for people --- */

/* A label made fit for a table, and how many columns it takes (a character each). */
typedef struct shown_label {
    char bytes[4 * LABEL_SHOWN + 4];
    size_t width;
} shown_label;

static void show_label(const metrics *sums, size_t class_index, shown_label *shown)
{
    const char *label = sums->label[class_index];

    text_shown(shown->bytes, label, strlen(label), LABEL_SHOWN);
    shown->width = 0;
    for (const char *c = shown->bytes; *c != '\0'; c++)
        shown->width += ((unsigned char)*c & 0xC0) != 0x80 ? 1 : 0;
}

static void add_spaces(text *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text_add_n(out, " ", 1);
}

static size_t label_width(const metrics *sums)
{
    size_t widest = strlen("class");

    for (size_t c = 0; c < sums->classes; c++) {
        shown_label shown;
        show_label(sums, c, &shown);
        widest = shown.width > widest ? shown.width : widest;
    }
    return widest;
}

static void print_classes(const metrics *sums, size_t width, text *out)
{
    text_add(out, "\nclass");
    add_spaces(out, width - strlen("class"));
    text_add(out, "  precision  recall      f1   support\n");
    for (size_t c = 0; c < sums->classes; c++) {
        const class_values of = values_of_class(sums, c);
        shown_label shown;
        show_label(sums, c, &shown);
        text_add(out, shown.bytes);
        add_spaces(out, width - shown.width);
        text_addf(out, "     %6.4f  %6.4f  %6.4f  %8llu\n", of.precision, of.recall, of.f1,
                  (unsigned long long)of.support);
    }
}

static void print_confusion(const metrics *sums, size_t width, text *out)
{
    const size_t n = sums->classes;
    const size_t cell = width > 8 ? width : 8;
    shown_label shown;

    text_add(out, "\nconfusion matrix: a row for each true class, a column for each prediction\n");
    add_spaces(out, width);
    for (size_t c = 0; c < n; c++) {
        show_label(sums, c, &shown);
        add_spaces(out, 2 + cell - shown.width);
        text_add(out, shown.bytes);
    }
    text_add(out, "\n");
    for (size_t r = 0; r < n; r++) {
        show_label(sums, r, &shown);
        text_add(out, shown.bytes);
        add_spaces(out, width - shown.width);
        for (size_t c = 0; c < n; c++)
            text_addf(out, "  %*llu", (int)cell, (unsigned long long)sums->confusion[r * n + c]);
        text_add(out, "\n");
    }
}

bool metrics_print(const metrics *sums, text *out)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        double value;
        if (!metrics_value(sums, (metric)m, &value))
            continue;
        if (m == METRIC_TOP_K)
            text_addf(out, "top_%-7zu", sums->top_k);
        else
            text_addf(out, "%-11s", names[m]);
        if (isnan(value)) /* which printf may give a sign */
            text_add(out, " nan\n");
        else
            text_addf(out, " %.6g\n", value);
    }
    if (sums->kind == TARGETS_CLASS && sums->judged > 0 && sums->classes <= MOST_CLASSES_SHOWN) {
        const size_t width = label_width(sums);
        print_classes(sums, width, out);
        print_confusion(sums, width, out);
    }
    if (sums->unpredicted > 0)
        text_addf(out,
                  "\n%llu of %llu rows have no prediction, as an output is NaN; they count as "
                  "wrong\n",
                  (unsigned long long)sums->unpredicted, (unsigned long long)sums->judged);
    return !out->failed;
}

/* --- for machines --- */

static void add_json_number(text *out, double value)
{
    if (isfinite(value))
        text_add_double(out, value);
    else
        text_add(out, "null");
}

static void add_json_classes(const metrics *sums, text *out)
{
    text_add(out, "\"classes\":[");
    for (size_t c = 0; c < sums->classes; c++) {
        const class_values of = values_of_class(sums, c);
        text_add(out, c > 0 ? ",{\"label\":" : "{\"label\":");
        json_add_shown(out, sums->label[c]);
        text_add(out, ",\"precision\":");
        add_json_number(out, of.precision);
        text_add(out, ",\"recall\":");
        add_json_number(out, of.recall);
        text_add(out, ",\"f1\":");
        add_json_number(out, of.f1);
        text_addf(out, ",\"support\":%llu}", (unsigned long long)of.support);
    }
    text_add(out, "]");
}

static void add_json_confusion(const metrics *sums, text *out)
{
    const size_t n = sums->classes;

    text_add(out, ",\"confusion\":[");
    for (size_t r = 0; r < n; r++) {
        text_add(out, r > 0 ? ",[" : "[");
        for (size_t c = 0; c < n; c++)
            text_addf(out, "%s%llu", c > 0 ? "," : "",
                      (unsigned long long)sums->confusion[r * n + c]);
        text_add(out, "]");
    }
    text_add(out, "]");
}

bool metrics_json(const metrics *sums, text *out)
{
    const char *separator = "";

    text_add(out, "{");
    for (int m = 0; m < METRIC_COUNT; m++) {
        double value;
        if (!metrics_value(sums, (metric)m, &value))
            continue;
        text_addf(out, "%s\"%s\":", separator, names[m]);
        add_json_number(out, value);
        separator = ",";
    }
    if (sums->kind == TARGETS_CLASS && sums->judged > 0) {
        text_add(out, separator);
        add_json_classes(sums, out);
        add_json_confusion(sums, out);
    }
    text_add(out, "}");
    return !out->failed;
}
