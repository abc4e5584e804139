/* vector_math.h: exponentials, logarithms and their kin for the loops of plug-ins. Each is a few
 * multiplications, additions and selections without a branch or a table, which a compiler turns
 * into vectors of any width, and gives the same bits at each of them: nothing is fused, nothing
 * depends on a neighbour. The C library's functions, called for one element at a time, took most of
 * the time of an activation.
 *
 * An argument is reduced to a short interval, where a polynomial does; vector_math.py finds the
 * polynomials. Errors are in units of the last place of the exact result; tests/plugins/
 * test_vector_math.c measures them. A NaN comes out as NaN. Bits are taken and made as unsigned
 * numbers, whose arithmetic wraps, so what they are of a NaN does not matter. */
#ifndef PLUGINS_VECTOR_MATH_H
#define PLUGINS_VECTOR_MATH_H

#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

PLX_INLINE uint32_t vector_bits_of_float(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

PLX_INLINE float vector_float_of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

PLX_INLINE uint64_t vector_bits_of_double(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

PLX_INLINE double vector_double_of_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* ---- float ----------------------------------------------------------------------------------- */

/* exp(x + rest) = 2^n exp(r) with n whole and |r| <= ln(2)/2 and a little; what is kept is n and
 * exp(r) - 1. Adding 1.5 2^23 rounds to a whole number and leaves it in the low bits. The first
 * part of ln(2) has so few digits that n times it is exact. */
typedef struct {
    uint32_t n; /* as the bits of an int32_t */
    float above_one;
} vector_powerf;

PLX_INLINE vector_powerf vector_reducef(float x, float rest)
{
    const float log2_e = 0x1.715476p+0f, ln2_first = 0x1.62e4p-1f, ln2_rest = 0x1.7f7d1cp-20f;
    const float round = 0x1.8p23f;
    const float rounded = x * log2_e + round, n = rounded - round;
    const float r = (x - n * ln2_first) - n * ln2_rest + rest;
    float p = 1.97903118e-4f;

    p = p * r + 1.39446885e-3f;
    p = p * r + 8.33349725e-3f;
    p = p * r + 4.16662946e-2f;
    p = p * r + 1.66666659e-1f;
    p = p * r + 5.00000007e-1f;
    return (vector_powerf){vector_bits_of_float(rounded) - vector_bits_of_float(round),
                           r + r * r * p};
}

/* 2^n for n from -126 to 127. */
PLX_INLINE float vector_power_of_2f(uint32_t n)
{
    return vector_float_of_bits((n + 127) << 23);
}

/* exp(x + rest), x from -106 to 89, rest small beside x or 1. The scale is applied in two steps,
 * since 2^n is no float at the ends: results below the smallest normal number are rounded once, as
 * they should. */
PLX_INLINE float vector_exp_sumf(float x, float rest)
{
    const vector_powerf e = vector_reducef(x, rest);
    const uint32_t half = ((e.n + 256) >> 1) - 128;

    return (1 + e.above_one) * vector_power_of_2f(half) * vector_power_of_2f(e.n - half);
}

/* exp(x) for x up to 88 (a larger one gives any number), within 1 unit. */
PLX_INLINE float vector_expf(float x)
{
    return vector_exp_sumf(x < -104 ? -104 : x, 0);
}

/* exp(x) - 1 for x up to 0 (a larger one gives any number), within 1 unit. */
PLX_INLINE float vector_expm1f(float x)
{
    const vector_powerf e = vector_reducef(x < -20 ? -20 : x, 0);
    const float scale = vector_power_of_2f(e.n);

    return copysignf(scale * e.above_one + (scale - 1), x);
}

/* log(1 + u) for u from 0 to 1, within 2 units. */
PLX_INLINE float vector_log1pf(float u)
{
    const float z = u * u;
    float p = -3.77539852e-3f;

    p = p * u + 2.22977157e-2f;
    p = p * u - 6.16712573e-2f;
    p = p * u + 1.10956575e-1f;
    p = p * u - 1.56071239e-1f;
    p = p * u + 1.97855223e-1f;
    p = p * u - 2.49767928e-1f;
    p = p * u + 3.33323482e-1f;
    return (u - 0.5f * z) + z * u * p;
}

/* tanh(x), within 1.5 units: |x| times a polynomial of x^2 near zero, else 1 - 2 / (exp(2|x|) + 1),
 * which is 1 from 9.02 on. */
PLX_INLINE float vector_tanhf(float x)
{
    const float size = fabsf(x), z = x * x, bounded = size > 9.02f ? 9.02f : size;
    const vector_powerf e = vector_reducef(2 * bounded, 0);
    const float power = (1 + e.above_one) * vector_power_of_2f(e.n);
    const float far = 1 - 2 / (power + 1);
    float p = -5.71704987e-3f;

    p = p * z + 2.06505922e-2f;
    p = p * z - 5.37434998e-2f;
    p = p * z + 1.33314913e-1f;
    p = p * z - 3.33332839e-1f;
    return copysignf(size < 0.625f ? size + size * z * p : far, x);
}

/* 1 / (1 + exp(-x)), within 2.5 units. No exponential is above 1, so none overflows, and far below
 * zero the result keeps its digits. */
PLX_INLINE float vector_sigmoidf(float x)
{
    const float e = vector_expf(-fabsf(x));

    return (x < 0 ? e : 1) / (1 + e);
}

/* exp(-x^2 / 2), within 1.5 units. x = first + last, with so few digits in first that its square
 * is exact: x^2 = first^2 + last (x + first). From 14.5 on it is 0; the bound is put on x because
 * gcc 12 makes slow code of a selection between a constant and a product. */
PLX_INLINE float vector_bellf(float x)
{
    const float size = fabsf(x), bounded = size > 14.5f ? 14.5f : size;
    const float first = vector_float_of_bits(vector_bits_of_float(bounded) & 0xfffff000u);

    return vector_exp_sumf(-0.5f * first * first, -0.5f * (bounded - first) * (bounded + first));
}

/* P(x), the normal distribution function, from bell = vector_bellf(x), within 5 units. Near zero 1/2 plus x times a polynomial of x^2. Farther out bell times a polynomial of
 * t = 1 / (1 + |x|/2) is the smaller of P(x) and P(-x), which so keeps its digits. */
PLX_INLINE float vector_normalf(float x, float bell)
{
    const float size = fabsf(x), z = x * x, t = 1 / (1 + 0.5f * size);
    float p = 5.39451046e-2f, q = -7.53030617e-6f;

    p = p * t - 2.97184993e-1f;
    p = p * t + 5.991879e-1f;
    p = p * t - 5.05735226e-1f;
    p = p * t + 7.79419426e-2f;
    p = p * t + 1.92727621e-2f;
    p = p * t + 1.53627588e-1f;
    p = p * t + 1.99178997e-1f;
    p = p * t + 1.99480094e-1f;
    q = q * z + 1.13143647e-4f;
    q = q * z - 1.1859847e-3f;
    q = q * z + 9.97317093e-3f;
    q = q * z - 6.64903323e-2f;
    q = q * z + 3.98942279e-1f;
    const float tail = bell * (t * p), far = x < 0 ? tail : 1 - tail;
    return size < 1 ? 0.5f + x * q : far;
}

/* ---- double ---------------------------------------------------------------------------------- */

PLX_INLINE double vector_power_of_2(uint64_t n)
{
    return vector_double_of_bits((n + 1023) << 52);
}

/* exp(x) for x up to 709, within 1 unit; as in float. */
PLX_INLINE double vector_exp(double x)
{
    const double log2_e = 0x1.71547652b82fep+0, ln2_first = 0x1.62e42feep-1,
                 ln2_rest = 0x1.a39ef35793c76p-33, round = 0x1.8p52;
    const double bounded = x < -746 ? -746 : x;
    const double rounded = bounded * log2_e + round, whole = rounded - round;
    const double r = (bounded - whole * ln2_first) - whole * ln2_rest;
    const uint64_t n = vector_bits_of_double(rounded) - vector_bits_of_double(round);
    const uint64_t half = ((n + 2048) >> 1) - 1024;
    double p = 2.500003182435125e-8;

    p = p * r + 2.7630286394666007e-7;
    p = p * r + 2.7557586662249923e-6;
    p = p * r + 2.4801493001021911e-5;
    p = p * r + 1.984126950604295e-4;
    p = p * r + 1.3888888943715039e-3;
    p = p * r + 8.3333333334948036e-3;
    p = p * r + 4.1666666666529878e-2;
    p = p * r + 1.6666666666666412e-1;
    p = p * r + 5.0000000000000107e-1;
    return (1 + (r + r * r * p)) * vector_power_of_2(half) * vector_power_of_2(n - half);
}

/* log(x) of a normal number, within 2 units; of 0 it is -infinity, of a negative number NaN.
 * x = 2^n m with m from sqrt(1/2) to sqrt(2); with s = (m - 1) / (m + 1), log(m) = 2 atanh(s). The
 * exponent becomes a double as the low bits of 2^52. */
PLX_INLINE double vector_log(double x)
{
    const double ln2_first = 0x1.62e42feep-1, ln2_rest = 0x1.a39ef35793c76p-33;
    const uint64_t one = vector_bits_of_double(1), root_half = 0x3fe6a09e667f3bcdu;
    const uint64_t bits = vector_bits_of_double(x), exponent = (bits + (one - root_half)) >> 52;
    const double m = vector_double_of_bits(bits - (exponent << 52) + one);
    const double n =
        vector_double_of_bits(exponent | vector_bits_of_double(0x1p52)) - 0x1p52 - 1023;
    const double s = (m - 1) / (m + 1), z = s * s;
    double p = 1.4796624553627705e-1;

    p = p * z + 1.5313986763695568e-1;
    p = p * z + 1.8183566669803003e-1;
    p = p * z + 2.2222198531117338e-1;
    p = p * z + 2.857142874276623e-1;
    p = p * z + 3.9999999999413127e-1;
    p = p * z + 6.6666666666667346e-1;
    const double logarithm = n * ln2_first + (2 * s + (s * z * p + n * ln2_rest));
    const double of_positive = x < HUGE_VAL ? logarithm : x;
    return x > 0 ? of_positive : x == 0 ? -HUGE_VAL : (double)NAN;
}

/* log(1 + u) for u from 0 to 1, within 2 units. */
PLX_INLINE double vector_log1p(double u)
{
    const double s = u / (2 + u), z = s * s;
    double p = 1.701857591388094e-1;

    p = p * z + 8.3401012802396784e-2;
    p = p * z + 1.2106086277298557e-1;
    p = p * z + 1.3300973588088949e-1;
    p = p * z + 1.5386559922409759e-1;
    p = p * z + 1.8181743924988297e-1;
    p = p * z + 2.2222223969728236e-1;
    p = p * z + 2.8571428547853952e-1;
    p = p * z + 4.0000000000157242e-1;
    p = p * z + 6.6666666666666304e-1;
    return 2 * s + s * z * p;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Sums in double, and the largest number, of a row. Of eight numbers or more there are eight sums
 * side by side, number i in sum i % 8, put together at the end: in an order that n alone decides. */

PLX_INLINE double vector_join(const double sum[8], double rest)
{
    return (((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]))) +
           rest;
}

PLX_INLINE double vector_sum(uint64_t n, const double *x)
{
    const uint64_t whole = n < 8 ? 0 : n - n % 8;
    double sum[8] = {0}, rest = 0;

    for (uint64_t i = whole; i < n; i++)
        rest += x[i];
    if (n < 8)
        return rest;
    for (uint64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += x[i + k];
    return vector_join(sum, rest);
}

PLX_INLINE double vector_sumf(uint64_t n, const float *x)
{
    const uint64_t whole = n < 8 ? 0 : n - n % 8;
    double sum[8] = {0}, rest = 0;

    for (uint64_t i = whole; i < n; i++)
        rest += (double)x[i];
    if (n < 8)
        return rest;
    for (uint64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += (double)x[i + k];
    return vector_join(sum, rest);
}

/* The sum of x y. */
PLX_INLINE double vector_dotf(uint64_t n, const float *x, const float *y)
{
    const uint64_t whole = n < 8 ? 0 : n - n % 8;
    double sum[8] = {0}, rest = 0;

    for (uint64_t i = whole; i < n; i++)
        rest += (double)x[i] * (double)y[i];
    if (n < 8)
        return rest;
    for (uint64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += (double)x[i + k] * (double)y[i + k];
    return vector_join(sum, rest);
}

/* Of no numbers -infinity; a NaN is passed over. */
PLX_INLINE float vector_maximumf(uint64_t n, const float *x)
{
    const uint64_t whole = n < 8 ? 0 : n - n % 8;
    float most[8], all = -INFINITY;

    for (uint64_t i = whole; i < n; i++)
        all = x[i] > all ? x[i] : all;
    if (n < 8)
        return all;
    for (int k = 0; k < 8; k++)
        most[k] = -INFINITY;
    for (uint64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++)
            most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
    for (int k = 0; k < 8; k++)
        all = most[k] > all ? most[k] : all;
    return all;
}

#endif
