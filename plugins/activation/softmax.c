/* softmax: a categorical distribution over the columns of a row.
 *
 *   y_j = exp(x_j - m) / sum_k exp(x_k - m), m the row's maximum;  dy_j/dx_k = y_j ([j = k] - y_k)
 *
 * Subtracting the maximum changes nothing but the range: every exponent is at or below 0 and the
 * sum at least 1. A row with NaN or +infinity, or of nothing but -infinity, comes out as NaN.
 * The row's sums are taken in double, in order of the columns. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = 1;
    domain->flags = PLX_ROWS_SUM_TO_ONE;
    return PLX_OK;
}

PLX_INLINE void forward_row(uint64_t n, const float *x, float *y)
{
    float maximum = -INFINITY;
    double sum = 0;

    for (uint64_t j = 0; j < n; j++)
        maximum = x[j] > maximum ? x[j] : maximum;
    for (uint64_t j = 0; j < n; j++) {
        y[j] = expf(x[j] - maximum);
        sum += (double)y[j];
    }
    const float total = (float)sum;
    for (uint64_t j = 0; j < n; j++)
        y[j] /= total;
}

/* dx = J' dy:  dx_j = y_j (dy_j - sum_k y_k dy_k) */
PLX_INLINE void backward_row(uint64_t n, const float *y, const float *dy, float *dx)
{
    double sum = 0;

    for (uint64_t j = 0; j < n; j++)
        sum += (double)y[j] * (double)dy[j];
    const float mean = (float)sum;
    for (uint64_t j = 0; j < n; j++)
        dx[j] = y[j] * (dy[j] - mean);
}

PLX_CLONES static int32_t forward_rows(const void *self, uint64_t rows, uint64_t cols,
                                       const float *x, uint64_t x_stride, float *y,
                                       uint64_t y_stride)
{
    for (uint64_t r = 0; r < rows; r++)
        forward_row(cols, x + r * x_stride, y + r * y_stride);
    return PLX_OK;
}

PLX_CLONES static int32_t backward_rows(const void *self, uint64_t rows, uint64_t cols,
                                        const float *x, uint64_t x_stride, const float *y,
                                        uint64_t y_stride, const float *dy, uint64_t dy_stride,
                                        float *dx, uint64_t dx_stride)
{
    for (uint64_t r = 0; r < rows; r++)
        backward_row(cols, y + r * y_stride, dy + r * dy_stride, dx + r * dx_stride);
    return PLX_OK;
}

PLX_ACTIVATION(
    softmax, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
    .summary = "a probability distribution over the layer's units",
    .source = "Bridle 1990, \"Probabilistic interpretation of feedforward classification "
              "network outputs, with relationships to statistical pattern recognition\"",
    .formula = "y_j = exp(x_j) / sum_k exp(x_k)", .derivative = "dy_j/dx_k = y_j ([j = k] - y_k)",
    .semantic = "softmax/1", .onnx = "Softmax", .domain = domain, .forward_rows = forward_rows,
    .backward_rows = backward_rows)
