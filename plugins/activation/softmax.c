/* softmax: a categorical distribution over the columns of a row.
 *
 *   y_j = exp(x_j - m) / sum_k exp(x_k - m), m the row's maximum;  dy_j/dx_k = y_j ([j = k] - y_k)
 *
 * Subtracting the maximum changes nothing but the range: every exponent is at or below 0 and the
 * sum at least 1. A row with NaN or +infinity, or of nothing but -infinity, comes out as NaN.
 * The row's sums are taken in double, in an order that the number of columns decides. */
#include <plexus/plugin.h>

#include "../vector_math.h"

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = 1;
    domain->flags = PLX_ROWS_SUM_TO_ONE;
    return PLX_OK;
}

enum { ELEMENTS = 256 }; /* of rows worked on together; a longer row is alone */

/* The numerators of n contiguous rows in e. One array of them all, so that rows of a few columns
 * fill a vector too. */
PLX_INLINE void exponentials(uint64_t n, uint64_t cols, const float *x, uint64_t x_stride, float *e)
{
    for (uint64_t r = 0; r < n; r++) {
        const float *row = x + r * x_stride, maximum = vector_maximumf(cols, row);
        PLX_INDEPENDENT
        for (uint64_t j = 0; j < cols; j++)
            e[r * cols + j] = row[j] - maximum;
    }
    for (uint64_t i = 0; i < n * cols; i++)
        e[i] = vector_expf(e[i]);
}

PLX_INLINE void normalise(uint64_t n, const float *e, float *y)
{
    const float total = (float)vector_sumf(n, e);

    PLX_INDEPENDENT
    for (uint64_t j = 0; j < n; j++)
        y[j] = e[j] / total;
}

/* dx = J' dy:  dx_j = y_j (dy_j - sum_k y_k dy_k) */
PLX_INLINE void backward_row(uint64_t n, const float *y, const float *dy, float *dx)
{
    const float mean = (float)vector_dotf(n, y, dy);

    PLX_INDEPENDENT
    for (uint64_t j = 0; j < n; j++)
        dx[j] = y[j] * (dy[j] - mean);
}

PLX_CLONES static int32_t forward_rows(const void *self, uint64_t rows, uint64_t cols,
                                       const float *x, uint64_t x_stride, float *y,
                                       uint64_t y_stride)
{
    const uint64_t together = cols > 0 && cols <= ELEMENTS ? ELEMENTS / cols : 1;
    float block[ELEMENTS];

    for (uint64_t r = 0, n; r < rows; r += n, x += n * x_stride, y += n * y_stride) {
        float *e = cols <= ELEMENTS ? block : y;
        n = together < rows - r ? together : rows - r;
        exponentials(n, cols, x, x_stride, e);
        for (uint64_t k = 0; k < n; k++)
            normalise(cols, e + k * cols, y + k * y_stride);
    }
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
