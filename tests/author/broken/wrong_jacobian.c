/* wrong_jacobian.c: its backward pass has the diagonal of the Jacobian alone. */
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
    float most = -INFINITY, sum = 0;

    for (uint64_t c = 0; c < n; c++)
        most = x[c] > most ? x[c] : most;
    for (uint64_t c = 0; c < n; c++)
        sum += y[c] = expf(x[c] - most);
    for (uint64_t c = 0; c < n; c++)
        y[c] /= sum;
}

static void backward_row(uint64_t n, const float *y, const float *dy, float *dx)
{
#ifdef BROKEN
    for (uint64_t c = 0; c < n; c++)
        dx[c] = y[c] * (1 - y[c]) * dy[c];
#else
    float sum = 0;

    for (uint64_t c = 0; c < n; c++)
        sum += y[c] * dy[c];
    for (uint64_t c = 0; c < n; c++)
        dx[c] = y[c] * (dy[c] - sum);
#endif
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
    for (uint64_t r = 0; r < rows; r++)
        backward_row(cols, y + r * y_stride, dy + r * dy_stride, dx + r * dx_stride);
    return PLX_OK;
}

PLX_ACTIVATION(wrong_jacobian, .flags = PLX_NEEDS_OUTPUT, .summary = "a softmax, for the tests",
               .source = "Bridle 1990", .formula = "y_j = exp(x_j) / sum_k exp(x_k)",
               .derivative = "dy_j/dx_k = y_j ([j = k] - y_k)", .domain = domain,
               .forward_rows = forward_rows, .backward_rows = backward_rows)
