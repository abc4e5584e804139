/* old_softmax: written for version 1.0 of the interface and left as it is. A rowwise activation
 * whose semantic id makes it a fused partner; it computes what softmax does. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = 1;
    domain->flags = PLX_ROWS_SUM_TO_ONE;
    return PLX_OK;
}

static void forward_row(uint64_t n, const float *x, float *y)
{
    float maximum = -INFINITY;
    double sum = 0;

    for (uint64_t j = 0; j < n; j++)
        maximum = x[j] > maximum ? x[j] : maximum;
    for (uint64_t j = 0; j < n; j++) {
        y[j] = expf(x[j] - maximum);
        sum += (double)y[j];
    }
    for (uint64_t j = 0; j < n; j++)
        y[j] /= (float)sum;
}

static int32_t forward_rows(const void *self, uint64_t rows, uint64_t cols, const float *x,
                            uint64_t x_stride, float *y, uint64_t y_stride)
{
    for (uint64_t r = 0; r < rows; r++)
        forward_row(cols, x + r * x_stride, y + r * y_stride);
    return PLX_OK;
}

static int32_t backward_rows(const void *self, uint64_t rows, uint64_t cols, const float *x,
                             uint64_t x_stride, const float *y, uint64_t y_stride, const float *dy,
                             uint64_t dy_stride, float *dx, uint64_t dx_stride)
{
    for (uint64_t r = 0; r < rows; r++) {
        double sum = 0;
        for (uint64_t j = 0; j < cols; j++)
            sum += (double)y[r * y_stride + j] * (double)dy[r * dy_stride + j];
        for (uint64_t j = 0; j < cols; j++)
            dx[r * dx_stride + j] = y[r * y_stride + j] * (dy[r * dy_stride + j] - (float)sum);
    }
    return PLX_OK;
}

PLX_ACTIVATION(old_softmax, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "a distribution over a row", .semantic = "softmax/1", .onnx = "Softmax",
               .domain = domain, .forward_rows = forward_rows, .backward_rows = backward_rows)
