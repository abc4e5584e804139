/* adafactor: adam's running squares of a matrix, kept as one number a row and one a column: for
 * m x n weights m + n numbers instead of 2 m n. Their outer product over their sum is the matrix
 * of rank one nearest to the squares (in the generalised Kullback-Leibler divergence). Two more
 * things keep it steady without momentum: an update whose root mean square exceeds `clip` is
 * scaled down to it, and the rate is relative to the root mean square of the weights.
 *
 *   beta = 1 - t^beta2_decay,  t the step from 1;   q = g^2 + eps1
 *   matrix:  r = beta r + (1 - beta) mean of q over each row
 *            c = beta c + (1 - beta) mean of q over each column;   v = r c' / mean(r)
 *   bias:    v = beta v + (1 - beta) q
 *   u = g / sqrt(v);   u = u / max(1, rms(u) / clip)
 *   u = rho max(eps2, rms(w)) u,  rho = lr, with relative_step min(lr, 1 / sqrt(t))
 *   beta1 > 0:  u = m = beta1 m + (1 - beta1) u
 *   w = w (1 - lr weight_decay) - u
 *
 * With means where the paper has sums, v is the same. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2_decay, clip, eps1, eps2, weight_decay;
    int32_t relative_step;
} adafactor;

static const plx_setting settings[] = {
    PLX_REAL(adafactor, beta1, 0, 0, 1, "decay of the mean update; 0: none is kept",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(adafactor, beta2_decay, -0.8, -10, 0,
             "the squares' share of news is the step's number to this power",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(adafactor, clip, 1, 0, 1e6, "largest root mean square of an update",
             .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_REAL(adafactor, eps1, 1e-30, 1e-35, 1, "added to each square", .flags = PLX_LOG_SCALE),
    PLX_REAL(adafactor, eps2, 1e-3, 0, 1, "least root mean square that weights count as",
             .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_REAL(adafactor, weight_decay, 0, 0, 1000, "the weights shrink by lr times this",
             .flags = PLX_LOG_SCALE),
    PLX_FLAG(adafactor, relative_step, 0, "lr is at most 1 / sqrt(step)"),
};

/* Scratch: the columns' sums in double, then the update. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const adafactor *s = self;
    int32_t status =
        emit->scratch(emit, tensor->cols * sizeof(double) + tensor->rows * tensor->cols * 4);

    if (status == PLX_OK && tensor->role == PLX_BIAS)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK && tensor->role != PLX_BIAS)
        status = emit->slot(emit, "row", PLX_F32, tensor->rows, 1, 0);
    if (status == PLX_OK && tensor->role != PLX_BIAS)
        status = emit->slot(emit, "column", PLX_F32, 1, tensor->cols, 0);
    if (status == PLX_OK && s->beta1 > 0)
        status = emit->like_parameter(emit, "mean");
    return status;
}

typedef struct {
    double beta;
} constants;

static int32_t begin_step(const void *self, const plx_step *step, void *out)
{
    const adafactor *s = self;
    constants *c = out;

    c->beta = 1 - pow((double)step->step, s->beta2_decay);
    return PLX_OK;
}

PLX_INLINE double squared(const adafactor *s, float g)
{
    return (double)g * (double)g + s->eps1;
}

PLX_INLINE double blend(const plx_step *step, float old, double news)
{
    const double beta = ((const constants *)step->constants)->beta;

    return beta * (double)old + (1 - beta) * news;
}

/* u of a bias. */
PLX_CLONES static void divide_bias(const adafactor *s, const plx_step *step, const float *g,
                                   float *square, float *u)
{
    for (uint64_t j = 0; j < step->cols; j++) {
        square[j] = (float)blend(step, square[j], squared(s, g[j]));
        u[j] = g[j] / sqrtf(square[j]);
    }
}

/* The new r and c; returns the mean of r. */
PLX_INLINE double average(const adafactor *s, const plx_step *step, const float *g, float *row,
                          float *column, double *sums)
{
    const uint64_t rows = step->rows, cols = step->cols;
    double mean = 0;

    for (uint64_t j = 0; j < cols; j++)
        sums[j] = 0;
    for (uint64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (uint64_t j = 0; j < cols; j++) {
            const double q = squared(s, g[i * cols + j]);
            sum += q;
            sums[j] += q;
        }
        row[i] = (float)blend(step, row[i], sum / (double)cols);
        mean += (double)row[i];
    }
    for (uint64_t j = 0; j < cols; j++)
        column[j] = (float)blend(step, column[j], sums[j] / (double)rows);
    return mean / (double)rows;
}

/* u of a matrix. */
PLX_CLONES static void divide_matrix(const adafactor *s, const plx_step *step, const float *g,
                                     float *row, float *column, double *sums, float *u)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const double mean = average(s, step, g, row, column, sums);

    for (uint64_t j = 0; j < cols; j++)
        sums[j] = sqrt((double)column[j]);
    for (uint64_t i = 0; i < rows; i++) {
        const double root = sqrt((double)row[i] / mean);
        for (uint64_t j = 0; j < cols; j++)
            u[i * cols + j] = (float)((double)g[i * cols + j] / (root * sums[j]));
    }
}

static double rms(const plx_step *step, const float *x)
{
    const uint64_t n = step->rows * step->cols;

    return n == 0 ? 0 : step->host->norm(step->host, n, x) / sqrt((double)n);
}

/* What u is multiplied by. */
static float rate_of(const adafactor *s, const plx_step *step, const float *w, const float *u)
{
    const double most = 1 / sqrt((double)step->step), excess = rms(step, u) / s->clip;
    const double size = rms(step, w);
    const double rho = s->relative_step && step->lr > most ? most : step->lr;

    return (float)(rho * (size < s->eps2 ? s->eps2 : size) / (excess < 1 ? 1 : excess));
}

PLX_CLONES static int32_t step_tensor(const void *self, const plx_step *step, float *w,
                                      const float *g, void *const *slot)
{
    const adafactor *s = self;
    const int bias = step->role == PLX_BIAS;
    const float beta1 = (float)s->beta1, rest1 = (float)(1 - s->beta1);
    const float shrink = (float)(1 - step->lr * s->weight_decay);
    double *sums = step->scratch;
    float *u = (float *)(sums + step->cols), *m = s->beta1 > 0 ? slot[bias ? 1 : 2] : NULL;

    if (bias)
        divide_bias(s, step, g, slot[0], u);
    else
        divide_matrix(s, step, g, slot[0], slot[1], sums, u);
    const float rate = rate_of(s, step, w, u);
    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        float change = rate * u[i];
        if (m)
            change = m[i] = beta1 * m[i] + rest1 * change;
        w[i] = shrink * w[i] - change;
    }
    return PLX_OK;
}

PLX_OPTIMIZER(
    adafactor, .version = "1.0", .summary = "adaptive rates from row and column means of squares",
    .source = "Shazeer, Stern 2018, \"Adafactor: Adaptive learning rates with sublinear memory "
              "cost\"",
    .formula = "beta = 1 - t^beta2_decay, q = g^2 + eps1\n"
               "matrix: r, c = running means (decay beta) of q over rows, columns; v = r c' / "
               "mean(r)\n"
               "bias: v = beta v + (1 - beta) q\n"
               "u = g / sqrt(v), then u / max(1, rms(u) / clip)\n"
               "u = rho max(eps2, rms(w)) u; rho = lr, with relative_step min(lr, 1 / sqrt(t))\n"
               "beta1 > 0: u = m = beta1 m + (1 - beta1) u\n"
               "w = w (1 - lr weight_decay) - u",
    .settings = PLX_TABLE(settings), .lr = 0.01, .constants_size = sizeof(constants),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_tensor = step_tensor)
