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

enum { ELEMENTS = 256 }; /* worked on at once: whole rows, or a part of a longer one */

PLX_INLINE uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* y = exp(x - maximum) of some rows; between them only that makes one array of what is to be
 * exponentiated, so that rows of a few columns fill a vector too. */
PLX_INLINE void exponentials(uint64_t rows, uint64_t cols, const float *x, uint64_t x_stride,
                             const float *maximum, float *y, uint64_t y_stride)
{
    float e[ELEMENTS];

    for (uint64_t r = 0; r < rows; r++)
        for (uint64_t j = 0; j < cols; j++)
            e[r * cols + j] = x[r * x_stride + j] - maximum[r];
    for (uint64_t i = 0; i < rows * cols; i++)
        e[i] = vector_expf(e[i]);
    for (uint64_t r = 0; r < rows; r++)
        for (uint64_t j = 0; j < cols; j++)
            y[r * y_stride + j] = e[r * cols + j];
}

PLX_INLINE void normalise(uint64_t n, float *y)
{
    const float total = (float)vector_sumf(n, y);

    for (uint64_t j = 0; j < n; j++)
        y[j] /= total;
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
    const uint64_t together = cols > 0 && cols < ELEMENTS ? ELEMENTS / cols : 1;
    float maximum[ELEMENTS];

    for (uint64_t r = 0, n; r < rows; r += n, x += n * x_stride, y += n * y_stride) {
        n = least(together, rows - r);
        for (uint64_t k = 0; k < n; k++)
            maximum[k] = vector_maximumf(cols, x + k * x_stride);
        for (uint64_t j = 0; j < cols; j += ELEMENTS)
            exponentials(n, least(ELEMENTS, cols - j), x + j, x_stride, maximum, y + j, y_stride);
        for (uint64_t k = 0; k < n; k++)
            normalise(cols, y + k * y_stride);
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
