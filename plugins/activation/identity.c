/* identity: the output is the input. What the last layer of a regression network uses.
 *
 *   f(x) = x,  f'(x) = 1 */
#include <plexus/plugin.h>

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i];
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i];
    return PLX_OK;
}

PLX_ACTIVATION(identity, .version = "1.0", .summary = "the pre-activation itself, for regression",
               .source = "Rosenblatt 1958, \"The perceptron: a probabilistic model for information "
                         "storage and organization in the brain\" (the unit before its threshold)",
               .formula = "y = x", .derivative = "dy/dx = 1", .semantic = "identity/1",
               .onnx = "Identity", .expression = "x", .forward = forward, .backward = backward)
