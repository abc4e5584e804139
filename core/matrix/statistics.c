/* statistics.c: location, spread, the bootstrap and profiles; see statistics.h.
 *
 * An infinity stands for a number beyond all others, and what is computed here is the limit of that
 * number growing: sums take the finite values and count the infinite ones apart, so that inf - inf
 * and 0 * inf never come up.
 *
 * Means are base + mean of (x - base) for a base among the values: equal values have exactly
 * themselves for a mean and 0 for a deviation.
 *
 * Order statistics are found without a copy and without sorting: the bits of a double, read as an
 * integer, are in the order of the numbers once negative ones are flipped; the k-th smallest is
 * found one byte of that integer at a time, by counting the values that begin as it does. */
#include "matrix/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"

static bool any_nan(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return true;
    return false;
}

/* ---- means ----------------------------------------------------------------------------------- */

/* What a value adds to a sum in which infinities are counted apart. */
static double finite_part(double x)
{
    return isinf(x) ? 0 : x;
}

/* The mean of n values: `sum` of their finite parts over `base`, `minus` of them -INFINITY and
 * `plus` INFINITY. As many of either cancel. */
static double limit_mean(double base, double sum, size_t n, size_t minus, size_t plus)
{
    if (minus != plus)
        return minus > plus ? -HUGE_VAL : HUGE_VAL;
    return base + sum / (double)n;
}

double statistics_mean(const double *x, size_t n)
{
    size_t minus = 0, plus = 0;
    double sum = 0;

    if (n == 0 || any_nan(x, n))
        return (double)NAN;
    const double base = finite_part(x[0]);
    for (size_t i = 0; i < n; i++) {
        sum += finite_part(x[i]) - base;
        minus += x[i] == -HUGE_VAL ? 1 : 0;
        plus += x[i] == HUGE_VAL ? 1 : 0;
    }
    return limit_mean(base, sum, n, minus, plus);
}

static bool all_equal(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0])
            return false;
    return true;
}

/* sqrt(sum (x - mean)^2 / (n - 1)), in two passes. */
double statistics_deviation(const double *x, size_t n)
{
    double squares = 0;

    if (n < 2 || any_nan(x, n))
        return (double)NAN;
    if (all_equal(x, n))
        return 0;
    const double mean = statistics_mean(x, n);
    for (size_t i = 0; i < n; i++) {
        if (isinf(x[i]))
            return HUGE_VAL;
        squares += (x[i] - mean) * (x[i] - mean);
    }
    return sqrt(squares / (double)(n - 1));
}

/* ---- order statistics ------------------------------------------------------------------------ */

static const uint64_t sign_bit = UINT64_C(1) << 63;

/* An integer in the order of the numbers, and back. */
static uint64_t key_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

static double number_of(uint64_t key)
{
    const uint64_t bits = (key & sign_bit) != 0 ? key & ~sign_bit : ~key;
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* The value at place k, below n, of x in ascending order. */
static double order_statistic(const double *x, size_t n, size_t k)
{
    uint64_t key = 0, known = 0;

    for (int shift = 56; shift >= 0; shift -= 8) {
        size_t count[256] = {0}, digit = 0;
        for (size_t i = 0; i < n; i++) {
            const uint64_t of = key_of(x[i]);
            if ((of & known) == key)
                count[of >> shift & 255]++;
        }
        for (; k >= count[digit]; digit++)
            k -= count[digit];
        key |= (uint64_t)digit << shift;
        known |= UINT64_C(255) << shift;
    }
    return number_of(key);
}

/* (1 - share) a + share b, where an infinity is taken in only by a share that is not 0. */
static double between(double a, double b, double share)
{
    if (share == 0 || a == b)
        return a;
    if (isinf(a) && isinf(b))
        return share == 0.5 ? 0 : share < 0.5 ? a : b;
    if (isinf(a) || isinf(b))
        return isinf(a) ? a : b;
    return a + share * (b - a);
}

/* Between which places a quantile lies: floor(h) and, if *share of the next is not 0, floor(h) + 1, h = (n -
 * 1) q. A product within rounding of a whole number is that number, as in R's quantile: 100 * 0.29 is
 * below 29. */
static size_t quantile_place(size_t n, double q, double *share)
{
    const double product = (double)(n - 1) * q, whole = nearbyint(product);
    const double h = fabs(product - whole) <= 0x1p-50 * product ? whole : product;

    *share = h - floor(h);
    return (size_t)h;
}

double statistics_quantile(const double *x, size_t n, double q)
{
    double share;

    if (n == 0 || !(q >= 0 && q <= 1) || any_nan(x, n))
        return (double)NAN;
    const size_t k = quantile_place(n, q, &share);
    const double low = order_statistic(x, n, k);
    return share == 0 ? low : between(low, order_statistic(x, n, k + 1), share);
}

/* The mean of places g .. n - 1 - g, which begin with `first` and end with `last`: all values
 * between these two, and of each of them the copies that do not lie outside. */
double statistics_iqm(const double *x, size_t n)
{
    const size_t g = n / 4;
    size_t up_to_first = 0, from_last = 0;
    double sum = 0;

    if (n == 0 || any_nan(x, n))
        return (double)NAN;
    const double first = order_statistic(x, n, g), last = order_statistic(x, n, n - 1 - g);
    if (first == last)
        return first;
    const double base = finite_part(first);
    for (size_t i = 0; i < n; i++) {
        up_to_first += x[i] <= first ? 1 : 0;
        from_last += x[i] >= last ? 1 : 0;
        if (x[i] > first && x[i] < last)
            sum += x[i] - base;
    }
    const size_t copies_of_first = up_to_first - g, copies_of_last = from_last - g;
    sum += (double)copies_of_first * (finite_part(first) - base);
    sum += (double)copies_of_last * (finite_part(last) - base);
    return limit_mean(base, sum, n - 2 * g, isinf(first) ? copies_of_first : 0,
                      isinf(last) ? copies_of_last : 0);
}

/* ---- the bootstrap --------------------------------------------------------------------------- */

/* The values are sorted once. A replicate then counts how often each of them was drawn, and its
 * middle half is found by walking along the counts. */
typedef struct resampler {
    const size_t *count; /* of each stratum                                                      */
    size_t strata, n;
    size_t trim;        /* drawn values to leave out at either end                              */
    uint32_t *place;    /* of each value in ascending order                                     */
    uint32_t *drawn;    /* how often, of the value at each place                                */
    double base, *over; /* finite part over base, of the value at each place                    */
    size_t minus, plus; /* values that are -INFINITY, at the start, and INFINITY, at the end    */
} resampler;

typedef struct sorted_value {
    double value;
    size_t index;
} sorted_value;

static int by_value(const void *left, const void *right)
{
    const sorted_value *a = left, *b = right;

    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void resampler_close(resampler *of)
{
    free(of->place);
    free(of->drawn);
    free(of->over);
}

/* n is at least 1 and below 2^32. False without memory; to be closed in either case. */
static bool resampler_open(resampler *of, const double *x)
{
    sorted_value *sorted = memory_array(of->n, sizeof(*sorted));

    of->place = memory_array(of->n, sizeof(*of->place));
    of->drawn = memory_array(of->n, sizeof(*of->drawn));
    of->over = memory_array(of->n, sizeof(*of->over));
    if (sorted == NULL || of->place == NULL || of->drawn == NULL || of->over == NULL) {
        free(sorted);
        return false;
    }
    for (size_t i = 0; i < of->n; i++)
        sorted[i] = (sorted_value){x[i], i};
    qsort(sorted, of->n, sizeof(*sorted), by_value);
    of->base = finite_part(sorted[of->n / 2].value);
    for (size_t i = 0; i < of->n; i++) {
        of->place[sorted[i].index] = (uint32_t)i;
        of->over[i] = finite_part(sorted[i].value) - of->base;
        of->minus += sorted[i].value == -HUGE_VAL ? 1 : 0;
        of->plus += sorted[i].value == HUGE_VAL ? 1 : 0;
    }
    free(sorted);
    return true;
}

/* How many draws of one among `count` a random word is good for. The bias stays below 2^-16 where
 * there are several, and below count / 2^32 where there is one. */
static size_t draws_of_word(size_t count)
{
    size_t draws = 1;

    for (size_t ways = count; draws < 4 && ways * count <= 1 << 16; ways *= count)
        draws++;
    return draws;
}

/* Draws as many values of each stratum as it has. Four random words come at a time. A word w gives
 * index floor(w count / 2^32); what that product has below 2^32 is a word for the next draw. */
static void draw(resampler *of, random_stream stream)
{
    uint32_t word[4];
    size_t words = 0;
    const uint32_t *place = of->place;

    memset(of->drawn, 0, of->n * sizeof(*of->drawn));
    for (size_t s = 0; s < of->strata; s++) {
        const size_t count = of->count[s], most = draws_of_word(count);
        for (size_t left = count; left > 0; words++) {
            if (words % 4 == 0)
                random_block(stream, words / 4, word);
            uint64_t product = word[words % 4];
            const size_t draws = left < most ? left : most;
            for (size_t i = 0; i < draws; i++) {
                product = (product & UINT32_MAX) * count;
                of->drawn[place[product >> 32]]++;
            }
            left -= draws;
        }
        place += count;
    }
}

/* How many values were drawn from places from .. before - 1, at either end, that are not left out
 * (an end that takes up all of the middle may reach into the other; that one then has none). */
static size_t drawn_at_end(const resampler *of, size_t from, size_t before)
{
    size_t drawn = 0;

    for (size_t i = from; i < before; i++)
        drawn += of->drawn[i];
    return drawn > of->trim ? drawn - of->trim : 0;
}

/* The mean of drawn values trim .. n - 1 - trim: a place adds as many of them as lie between those
 * drawn up to it and those drawn before it. */
static double middle_mean(const resampler *of)
{
    const int64_t trim = (int64_t)of->trim, end = (int64_t)(of->n - of->trim);
    int64_t drawn = 0, before = trim;
    double sum = 0;

    for (size_t i = 0; i < of->n; i++) {
        drawn += of->drawn[i];
        const int64_t above = drawn > trim ? drawn : trim, within = above < end ? above : end;
        sum += (double)(within - before) * of->over[i];
        before = within;
    }
    return limit_mean(of->base, sum, of->n - 2 * of->trim, drawn_at_end(of, 0, of->minus),
                      drawn_at_end(of, of->n - of->plus, of->n));
}

static double median_of_three(double a, double b, double c)
{
    const double low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

/* Brings the value at place k of x in ascending order there, with none larger before it and none
 * smaller behind it (quickselect; Hoare 1961). */
static void bring(double *x, size_t n, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1;

    while (low < high) {
        const double pivot = median_of_three(x[low], x[low + (high - low) / 2], x[high]);
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i <= j) {
                const double swapped = x[i];
                x[i++] = x[j];
                x[j--] = swapped;
            }
        }
        if ((ptrdiff_t)k > j)
            low = i;
        if ((ptrdiff_t)k < i)
            high = j;
    }
}

/* statistics_quantile of many values, which are put into another order. */
static double quantile_in_place(double *x, size_t n, double q)
{
    double share;
    const size_t k = quantile_place(n, q, &share);

    bring(x, n, k);
    if (share == 0)
        return x[k];
    double next = x[k + 1];
    for (size_t i = k + 2; i < n; i++)
        next = x[i] < next ? x[i] : next;
    return between(x[k], next, share);
}

bool statistics_bootstrap(const double *x, const size_t *count, size_t strata, statistics_rule rule,
                          double alpha, size_t replicates, uint64_t seed,
                          statistics_interval *interval, plx_error *error)
{
    resampler of = {.count = count, .strata = strata};

    *interval = (statistics_interval){.lo = (double)NAN, .hi = (double)NAN};
    for (size_t s = 0; s < strata; s++)
        of.n += count[s];
    if (of.n == 0 || replicates == 0 || any_nan(x, of.n))
        return true;
    of.trim = rule == STATISTICS_IQM ? of.n / 4 : 0;
    double *mean = memory_array(replicates, sizeof(*mean));
    const bool ok = mean != NULL && of.n < UINT32_MAX && resampler_open(&of, x);
    for (size_t r = 0; ok && r < replicates; r++) {
        draw(&of, random_open(seed, RANDOM_RESAMPLE, r));
        mean[r] = middle_mean(&of);
    }
    if (ok) {
        interval->lo = quantile_in_place(mean, replicates, alpha / 2);
        interval->hi = quantile_in_place(mean, replicates, 1 - alpha / 2);
    }
    resampler_close(&of);
    free(mean);
    return ok || error_memory(error);
}

/* ---- profiles -------------------------------------------------------------------------------- */

double statistics_profile(const double *cost, const double *reference, size_t problems, double tau)
{
    size_t solved = 0;

    if (problems == 0)
        return (double)NAN;
    for (size_t i = 0; i < problems; i++)
        if (isfinite(cost[i]) && cost[i] <= tau * reference[i])
            solved++;
    return (double)solved / (double)problems;
}
