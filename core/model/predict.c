/* predict.c: see predict.h.
 *
 * The rows go through the network in chunks of MODEL_CHUNK, in their own order. What a row's
 * outputs mean follows from the encoding: numbers are brought back to original units, classes
 * decided as the metrics decide them: one unit by the middle of its two codes, several by the
 * largest output, of equal ones the first. A chunk's text or bytes are gathered in memory and
 * handed on in one piece. */
#include "model/predict.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"

typedef struct predictor {
    const model *model;
    bool probabilities, npy;
    file_writer *writer; /* NULL: standard output */
    text out;            /* what is not handed on yet */
    size_t unanswered;   /* rows whose outputs are no numbers */
} predictor;

/* --- what is asked for --- */

/* A probability lies within [0, 1], or within [-1, 1] and is then mapped to [0, 1]. */
static bool check_probabilities(const model *model, plx_error *error)
{
    const settings *last = model->layer[model->layer_count - 1].activation;
    plx_domain output;

    if (model->encoding.targets != TARGETS_CLASS)
        return error_set(error, ERROR_USAGE,
                         "%s: predicts numbers, not classes, so there are no probabilities; leave "
                         "--probabilities out",
                         model->path);
    if (!settings_domain(last, &output, error))
        return false;
    if ((output.lo >= 0 && output.hi <= 1) || (output.lo == -1 && output.hi == 1))
        return true;
    return error_set(error, ERROR_USAGE,
                     "%s: the outputs of its last activation, '%s', are no probabilities: they lie "
                     "in [%g, %g], not in [0, 1]; softmax or sigmoid give probabilities",
                     model->path, last->plugin->name, output.lo, output.hi);
}

static bool is_npy(const char *path)
{
    const size_t length = path == NULL ? 0 : strlen(path);

    return length > 4 && strcmp(path + length - 4, ".npy") == 0;
}

/* --- handing on --- */

/* False once the output failed: what follows would be lost. */
static bool hand_on(predictor *p, plx_error *error)
{
    if (p->out.failed)
        return error_memory(error);
    if (p->writer != NULL) {
        file_writer_put(p->writer, p->out.bytes, p->out.length);
    } else if (p->out.length > 0) {
        errno = 0;
        if (fwrite(p->out.bytes, 1, p->out.length, stdout) != p->out.length || fflush(stdout) != 0)
            return error_set(error, ERROR_DATA, "standard output: cannot write: %s",
                             strerror(errno == 0 ? EIO : errno));
    }
    p->out.length = 0;
    return true;
}

static bool open_output(predictor *p, const char *path, plx_error *error)
{
    if (path == NULL || strcmp(path, "-") == 0)
        return true;
    p->writer = file_writer_open(path, error);
    return p->writer != NULL;
}

/* --- CSV --- */

/* A field is quoted if a reader would misread it bare: a comma, quote or line end in it, space
 * around it, or nothing at all, which bare would be a missing value. */
static void add_field(text *out, const char *field)
{
    const size_t length = strlen(field);
    const bool bare = length > 0 && strpbrk(field, ",\"\r\n") == NULL &&
                      strchr(" \t", field[0]) == NULL && strchr(" \t", field[length - 1]) == NULL;

    if (bare) {
        text_add_n(out, field, length);
        return;
    }
    text_add(out, "\"");
    for (const char *c = field; *c != '\0'; c++)
        text_add_n(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    text_add(out, "\"");
}

/* The fewest digits that read back as the same float. 9 always do; a decimal of up to 6 comes back
 * from any float but a denormal one, so below 6 only those are tried. */
static void add_float(text *out, float value)
{
    const size_t start = out->length;
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!isfinite(value) || (truncf(value) == value && fabsf(value) < 1e9f)) {
        text_add_double(out, (double)value);
    } else {
        for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
            out->length = start;
            text_addf(out, "%.*g", digits, (double)value);
            if (out->failed || strtof_l(out->bytes + start, NULL, plain) == value)
                break;
        }
    }
    freelocale(plain);
}

static void add_header(predictor *p)
{
    const encoding *encoding = &p->model->encoding;
    const bool classes = encoding->targets == TARGETS_CLASS;
    const size_t count = classes ? 1 : p->model->code.units;

    for (size_t i = 0; i < count; i++) {
        const bool named = i < encoding->target_count && encoding->target_name[i][0] != '\0';
        if (i > 0)
            text_add(&p->out, ",");
        add_field(&p->out, named ? encoding->target_name[i] : "prediction");
    }
    for (size_t i = 0; p->probabilities && i < encoding->label_count; i++) {
        text_add(&p->out, ",");
        add_field(&p->out, encoding->label[i]);
    }
    text_add(&p->out, "\n");
}

/* --- NPY --- */

/* Version 1.0: magic, version, the length of a Python dict as text, the dict, padded with spaces
 * and a line end so that the data starts at a multiple of 64. */
static void add_npy_header(predictor *p, size_t rows)
{
    const bool classes = p->model->encoding.targets == TARGETS_CLASS;
    const size_t cols = classes ? p->model->encoding.label_count : p->model->code.units;
    text dict = {0};

    if (classes && !p->probabilities)
        text_addf(&dict, "{'descr': '<i8', 'fortran_order': False, 'shape': (%zu,), }", rows);
    else
        text_addf(&dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", rows,
                  cols);
    while ((10 + dict.length + 1) % 64 != 0 && !dict.failed)
        text_add(&dict, " ");
    text_add(&dict, "\n");
    const unsigned char lead[10] = {0x93,
                                    'N',
                                    'U',
                                    'M',
                                    'P',
                                    'Y',
                                    1,
                                    0,
                                    (unsigned char)(dict.length & 255),
                                    (unsigned char)(dict.length >> 8)};
    text_add_n(&p->out, (const char *)lead, sizeof(lead));
    if (dict.failed)
        p->out.failed = true;
    else
        text_add_n(&p->out, dict.bytes, dict.length);
    free(dict.bytes);
}

static void add_npy_float(text *out, float value)
{
    text_add_n(out, (const char *)&value, sizeof(value));
}

/* --- rows --- */

int64_t predict_class(const target_code *code, const float *output)
{
    size_t largest = 0;

    for (size_t c = 0; c < code->units; c++) {
        if (isnan(output[c]))
            return -1;
        if (output[c] > output[largest])
            largest = c;
    }
    if (code->units == 1)
        return output[0] >= (code->low + code->high) / 2 ? 1 : 0;
    return (int64_t)largest;
}

/* Of one unit, the output stands for the second class. */
static float probability(const model *model, const float *output, size_t class_index)
{
    const target_code *code = &model->code;
    const float span = code->high - code->low;

    if (code->units > 1)
        return (output[class_index] - code->low) / span;
    const float second = (output[0] - code->low) / span;
    return class_index == 1 ? second : 1 - second;
}

static void add_class_row(predictor *p, const float *output)
{
    const encoding *encoding = &p->model->encoding;
    const int64_t predicted = predict_class(&p->model->code, output);

    if (!p->npy) {
        /* Bare, nothing would make an empty line, which readers skip. */
        add_field(&p->out, predicted < 0 ? "" : encoding->label[predicted]);
    } else if (!p->probabilities) {
        text_add_n(&p->out, (const char *)&predicted, sizeof(predicted));
    }
    for (size_t c = 0; p->probabilities && c < encoding->label_count; c++) {
        const float value = probability(p->model, output, c);
        if (p->npy) {
            add_npy_float(&p->out, value);
        } else {
            text_add(&p->out, ",");
            add_float(&p->out, value);
        }
    }
}

static void add_number_row(predictor *p, const float *output)
{
    const encoding *encoding = &p->model->encoding;

    for (size_t c = 0; c < p->model->code.units; c++) {
        double value = (double)output[c];
        if (encoding->target_deviation != NULL)
            value = value * encoding->target_deviation[c] + encoding->target_mean[c];
        if (p->npy) {
            add_npy_float(&p->out, (float)value);
        } else {
            text_add(&p->out, c > 0 ? "," : "");
            add_float(&p->out, (float)value);
        }
    }
}

static bool is_answer(const predictor *p, const float *output)
{
    for (size_t c = 0; c < p->model->code.units; c++)
        if (isnan(output[c]))
            return false;
    return true;
}

static void add_rows(predictor *p, size_t rows, const float *output)
{
    for (size_t r = 0; r < rows; r++) {
        p->unanswered += !is_answer(p, output + r * p->model->code.units);
        if (p->model->encoding.targets == TARGETS_CLASS)
            add_class_row(p, output + r * p->model->code.units);
        else
            add_number_row(p, output + r * p->model->code.units);
        if (!p->npy)
            text_add(&p->out, "\n");
    }
}

/* --- the whole --- */

static bool predict_rows(predictor *p, const dataset *data, network *network, plx_error *error)
{
    const data_part part = {.source = data, .rows = data->rows};
    float *x = memory_aligned((size_t)MODEL_CHUNK * p->model->inputs, sizeof(float));
    uint32_t position[MODEL_CHUNK];
    bool ok = x != NULL ? true : error_memory(error);

    for (size_t first = 0; ok && first < data->rows; first += MODEL_CHUNK) {
        const size_t left = data->rows - first;
        const size_t rows = left < MODEL_CHUNK ? left : MODEL_CHUNK;
        for (size_t i = 0; i < rows; i++)
            position[i] = (uint32_t)(first + i);
        data_inputs(&part, &p->model->encoding, position, rows, x);
        ok = dataset_intact(data, error) && network_forward(network, rows, x, NULL, true, error);
        if (ok) {
            add_rows(p, rows, network_output(network));
            ok = hand_on(p, error);
        }
    }
    free(x);
    return ok && dataset_unchanged(data, error);
}

static bool write_predictions(predictor *p, const dataset *data, const char *path, network *network,
                              plx_error *error)
{
    if (!open_output(p, path, error))
        return false;
    if (p->npy)
        add_npy_header(p, data->rows);
    else
        add_header(p);
    const bool ok = hand_on(p, error) && predict_rows(p, data, network, error);
    if (p->writer == NULL)
        return ok;
    if (ok)
        return file_writer_commit(p->writer, error);
    file_writer_abort(p->writer);
    return false;
}

bool model_predict(const model *model, const dataset *data, const predict_options *options,
                   plx_error *error)
{
    predictor p = {
        .model = model, .probabilities = options->probabilities, .npy = is_npy(options->out)};
    bool ok = false;
    network *network = NULL;
    host host;

    if (p.probabilities && !check_probabilities(model, error))
        return false;
    if (data->features != model->inputs)
        return error_set(error, ERROR_DATA, "%s: has %zu features; the model %s takes %zu",
                         data->name, data->features, model->path, model->inputs);
    pool *pool = pool_new(options->threads, error);
    if (pool == NULL)
        return false;
    host_init(&host, NULL, 0);
    host.product = product;
    network = model_network(model, false, MODEL_CHUNK, pool, &host, error);
    if (network != NULL) {
        ok = write_predictions(&p, data, options->out, network, error);
        if (p.unanswered > 0)
            log_line(
                options->log, LOG_WARNING,
                "%zu of %zu rows got no prediction: the network's outputs there are no numbers",
                p.unanswered, data->rows);
        network_free(network);
    }
    host_destroy(&host);
    pool_free(pool);
    free(p.out.bytes);
    return ok;
}
