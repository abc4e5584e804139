/* lbfgs: the newest pairs of a step and the change of the gradient along it stand for the inverse
 * Hessian; a line search that meets the strong Wolfe conditions chooses how far to go.
 *
 *   d = -H g, by two loops over the pairs (s, y) around H0 = s'y / y'y of the newest pair
 *   find t:  L(w + t d) <= L(w) + c1 t g'd  and  |g(w + t d)'d| <= c2 |g'd|
 *   s = t d;  y = g(w + t d) - g(w);  w = w + s;  the pair is kept if s'y > 0
 *
 * The search first tries t = lr; where there are no pairs d is -g, whose length means nothing, and
 * it begins with lr min(1, 1 / |g|_1). It evaluates loss and gradient anew at each trial: t grows
 * until an interval holds an acceptable point (algorithm 3.5), which then shrinks around it
 * (algorithm 3.6), both by the cubic through two values and slopes, in double. A trial whose loss
 * or slope is not finite shortens the step. A search that runs out of trials takes the best point
 * it has; if that is the start, the step has failed: the weights stay, the pairs are dropped, and
 * the next step is steepest descent. If that fails too, float32 holds no lower loss nearby, and
 * training is done.
 *
 * Both gradients of a pair are of the same batch, so mini-batches make no false curvature; what
 * counts as converged is judged on the batch at hand as well, so that with mini-batches both
 * tolerances are better 0.
 *
 * Weights are float32. A loss is then known to some 1e-7 of itself, and a weight to the root of
 * that where the loss has a floor above 0; a loss that falls to 0, as a sum of squares can, leads
 * on to the last bit (Rosenbrock's function ends at exactly (1, 1)).
 *
 * Parameter groups: their rates, as shares of the largest, scale H0 (a change of variables), so a
 * group with rate 0 stays where it is. The settings are those of the first group. */
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double c1, c2, tolerance_grad, tolerance_change;
    int64_t history, max_evals;
} lbfgs;

static const plx_setting settings[] = {
    PLX_INTEGER(lbfgs, history, 10, 1, 1000, "pairs kept"),
    PLX_INTEGER(lbfgs, max_evals, 25, 2, 1000, "evaluations of a step, at most"),
    PLX_REAL(lbfgs, c1, 1e-4, 0, 0.5, "share of the promised decrease that will do",
             .flags = PLX_OPEN_MIN | PLX_OPEN_MAX | PLX_LOG_SCALE),
    PLX_REAL(lbfgs, c2, 0.9, 0, 1, "share of the slope that may be left",
             .flags = PLX_OPEN_MIN | PLX_OPEN_MAX),
    PLX_REAL(lbfgs, tolerance_grad, 1e-7, 0, 1, "largest gradient that counts as zero",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(lbfgs, tolerance_change, 1e-9, 0, 1,
             "change of the loss, or largest of a weight, that counts as none",
             .flags = PLX_LOG_SCALE),
};

static int32_t validate(const void *self, const plx_host *host)
{
    const lbfgs *o = self;

    if (!(o->c1 < o->c2))
        return host->error(host, "c1 must be below c2, but %g is not below %g", o->c1, o->c2);
    return PLX_OK;
}

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    const lbfgs *o = self;
    const uint64_t history = (uint64_t)o->history;
    int32_t status = emit->slot(emit, "s", PLX_F32, history, model->cols, 0);

    if (status == PLX_OK)
        status = emit->slot(emit, "y", PLX_F32, history, model->cols, 0);
    if (status == PLX_OK)
        status = emit->slot(emit, "rho", PLX_F64, 1, history, 0);
    if (status == PLX_OK)
        status = emit->slot(emit, "count", PLX_I64, 1, 1, 0);
    if (status == PLX_OK)
        status = emit->slot(emit, "failures", PLX_I64, 1, 1, 0);
    if (status == PLX_OK)
        status = emit->scratch(emit, history * sizeof(double) + 3 * model->cols * sizeof(float));
    return status;
}

/* All that a step works with. */
typedef struct {
    const lbfgs *o;
    const plx_step *step;
    const plx_host *host;
    uint64_t n, count;
    const plx_parameter *const *p;
    double lr; /* the largest of all groups                                                   */

    /* The slots. Pair k is in row k % history. */
    float *s, *y;    /* history x n                                                           */
    double *rho;     /* 1 / s'y of each pair                                                  */
    int64_t *pairs;  /* seen since the memory was empty                                       */
    int64_t *failed; /* steps in a row                                                        */

    /* The scratch memory: w and g are where the step began. */
    double *alpha;
    float *w, *g, *d;

    /* The line search. */
    double longest; /* of the elements of d                                                  */
    double tried;   /* t of the last evaluation                                              */
    int64_t evals;
    int32_t status; /* of the evaluations; once it is not PLX_OK the step is over             */
} work;

PLX_INLINE uint64_t length(const plx_parameter *p)
{
    return p->rows * p->cols;
}

static work open_step(const lbfgs *o, const plx_step *step, uint64_t count,
                      const plx_parameter *const *p)
{
    void *const *slot = step->model_slot;
    work k = {.o = o, .step = step, .host = step->host, .count = count, .p = p};

    for (uint64_t i = 0; i < count; i++) {
        k.n += length(p[i]);
        k.lr = fmax(k.lr, p[i]->lr);
    }
    k.s = slot[0];
    k.y = slot[1];
    k.rho = slot[2];
    k.pairs = slot[3];
    k.failed = slot[4];
    k.alpha = step->scratch;
    k.w = (float *)(k.alpha + o->history);
    k.g = k.w + k.n;
    k.d = k.g + k.n;
    return k;
}

/* The gradient of all parameters; 0 where the rate is 0. */
static void gather_gradient(const work *k, float *g)
{
    for (uint64_t i = 0; i < k->count; g += length(k->p[i]), i++)
        if (k->p[i]->lr > 0)
            memcpy(g, k->p[i]->g, length(k->p[i]) * sizeof(float));
        else
            memset(g, 0, length(k->p[i]) * sizeof(float));
}

static void keep_weights(const work *k)
{
    for (uint64_t i = 0, at = 0; i < k->count; at += length(k->p[i]), i++)
        memcpy(k->w + at, k->p[i]->w, length(k->p[i]) * sizeof(float));
}

static void restore_weights(const work *k)
{
    for (uint64_t i = 0, at = 0; i < k->count; at += length(k->p[i]), i++)
        memcpy(k->p[i]->w, k->w + at, length(k->p[i]) * sizeof(float));
}

/* x = x times the share of each tensor's rate in the largest rate */
PLX_CLONES static void scale_by_rates(const work *k, double factor, float *x)
{
    for (uint64_t i = 0; i < k->count; x += length(k->p[i]), i++) {
        const float share = (float)(factor * k->p[i]->lr / k->lr);
        for (uint64_t e = 0; e < length(k->p[i]); e++)
            x[e] *= share;
    }
}

static double sum_of_sizes(uint64_t n, const float *x)
{
    double sum = 0;

    for (uint64_t i = 0; i < n; i++)
        sum += (double)fabsf(x[i]);
    return sum;
}

static double largest(uint64_t n, const float *x)
{
    float top = 0;

    for (uint64_t i = 0; i < n; i++)
        top = fmaxf(top, fabsf(x[i]));
    return (double)top;
}

/* ---- the direction: algorithm 7.4 ------------------------------------------------------------ */

PLX_CLONES static void add(uint64_t n, double factor, const float *x, float *y)
{
    const float f = (float)factor;

    for (uint64_t i = 0; i < n; i++)
        y[i] += f * x[i];
}

/* d = H0 d. H0 is the shares of the rates, times the newest pair's s'y / y'y in that measure. */
static void scale_direction(const work *k)
{
    double factor = 1, squares = 0;

    if (*k->pairs > 0) {
        const uint64_t newest = (uint64_t)((*k->pairs - 1) % k->o->history);
        const float *y = k->y + newest * k->n;
        for (uint64_t i = 0; i < k->count; y += length(k->p[i]), i++)
            squares += k->p[i]->lr / k->lr * k->host->dot(k->host, length(k->p[i]), y, y);
        factor = 1 / (k->rho[newest] * squares);
    }
    scale_by_rates(k, factor, k->d);
}

/* d = -H g */
static void find_direction(const work *k)
{
    const plx_host *host = k->host;
    const uint64_t n = k->n;
    const int64_t history = k->o->history, newest = *k->pairs - 1;
    const int64_t oldest = *k->pairs > history ? *k->pairs - history : 0;

    for (uint64_t i = 0; i < n; i++)
        k->d[i] = -k->g[i];
    for (int64_t pair = newest; pair >= oldest; pair--) {
        const uint64_t row = (uint64_t)(pair % history);
        k->alpha[row] = k->rho[row] * host->dot(host, n, k->s + row * n, k->d);
        add(n, -k->alpha[row], k->y + row * n, k->d);
    }
    scale_direction(k);
    for (int64_t pair = oldest; pair <= newest; pair++) {
        const uint64_t row = (uint64_t)(pair % history);
        const double beta = k->rho[row] * host->dot(host, n, k->y + row * n, k->d);
        add(n, k->alpha[row] - beta, k->s + row * n, k->d);
    }
}

/* Makes the start and the end of the step a pair, in place of the oldest; s is made in d and y in
 * g. A pair without positive curvature would make H indefinite and is left out; the angle between s
 * and y has the least cosine that a condition number of 4e16 allows. */
static void remember(const work *k)
{
    const plx_host *host = k->host;
    const uint64_t n = k->n, row = (uint64_t)(*k->pairs % k->o->history);
    float *y = k->y + row * n;

    const double curvature = host->dot(host, n, k->d, k->g);
    if (!(curvature > 1e-8 * host->norm(host, n, k->d) * host->norm(host, n, k->g)))
        return;
    memcpy(k->s + row * n, k->d, n * sizeof(float));
    memcpy(y, k->g, n * sizeof(float));
    k->rho[row] = 1 / curvature;
    ++*k->pairs;
}

/* ---- the line search ------------------------------------------------------------------------- */

/* phi(t) = L(w + t d) and its slope phi'(t) = g(w + t d)'d. */
typedef struct {
    double t, loss, slope;
} point;

static point evaluate(work *k, double t)
{
    point at = {.t = t};

    for (uint64_t i = 0, from = 0; i < k->count; from += length(k->p[i]), i++)
        for (uint64_t e = 0; k->p[i]->lr > 0 && e < length(k->p[i]); e++)
            k->p[i]->w[e] = k->w[from + e] + (float)(t * (double)k->d[from + e]);
    k->status = k->host->evaluate(k->host, &at.loss);
    k->evals++;
    k->tried = t;
    for (uint64_t i = 0, from = 0; i < k->count; from += length(k->p[i]), i++)
        if (k->p[i]->lr > 0)
            at.slope += k->host->dot(k->host, length(k->p[i]), k->p[i]->g, k->d + from);
    return at;
}

/* Whether another trial may be made. One evaluation is left for going back to the best point. */
static int may_try(const work *k)
{
    return k->status == PLX_OK && k->evals < k->o->max_evals - 1;
}

static int is_finite(point at)
{
    return isfinite(at.loss) && isfinite(at.slope);
}

/* The sufficient decrease; never of a point that is not finite. */
static int descends(const work *k, point start, point at)
{
    return is_finite(at) && at.loss <= start.loss + k->o->c1 * at.t * start.slope;
}

static int is_flat(const work *k, point start, point at)
{
    return fabs(at.slope) <= -k->o->c2 * start.slope;
}

/* The minimum of the cubic through both points' values and slopes (equation 3.59); NaN if it has
 * none. */
static double cubic_minimum(point a, point b)
{
    const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
    const double d2 = copysign(sqrt(d1 * d1 - a.slope * b.slope), b.t - a.t);

    return b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

/* Where to look between lo and hi: at the cubic's minimum, no closer to an end than a tenth; in the
 * middle if there is none, or the last trial did not halve the interval, which was `width` wide;
 * near lo if hi is not finite. */
static double between(point lo, point hi, double *width)
{
    const double span = hi.t - lo.t, before = *width;
    double share = 0.5;

    *width = fabs(span);
    if (!is_finite(hi))
        return lo.t + 0.1 * span;
    const double cubic = (cubic_minimum(lo, hi) - lo.t) / span;
    if (isfinite(cubic) && *width <= 0.5 * before)
        share = fmin(fmax(cubic, 0.1), 0.9);
    return lo.t + share * span;
}

/* Algorithm 3.6. lo is the best point so far that descends, or the start; there is an acceptable
 * point between it and hi. Returns that, or the last lo when the trials are over or the interval is
 * too small to matter. */
static point zoom(work *k, point start, point lo, point hi)
{
    double width = HUGE_VAL;

    while (may_try(k) && fabs(hi.t - lo.t) * k->longest > k->o->tolerance_change) {
        const point at = evaluate(k, between(lo, hi, &width));
        if (!descends(k, start, at) || at.loss >= lo.loss) {
            hi = at;
            continue;
        }
        if (is_flat(k, start, at))
            return at;
        if (at.slope * (hi.t - lo.t) >= 0)
            hi = lo;
        lo = at;
    }
    return lo;
}

/* Where to look beyond b, which descends as a before it does: at the cubic's minimum if that lies
 * ahead, else as far as is allowed. */
static double beyond(point a, point b)
{
    const double cubic = cubic_minimum(a, b), nearest = b.t + 0.1 * (b.t - a.t),
                 farthest = 10 * b.t;

    return cubic > b.t ? fmin(fmax(cubic, nearest), farthest) : farthest;
}

/* Algorithm 3.5, from a first trial t. Returns an acceptable point, or the best one seen, which is
 * the start if no other descends. */
static point search(work *k, point start, double t)
{
    point before = start;

    while (may_try(k)) {
        const point at = evaluate(k, t);
        if (!descends(k, start, at) || (before.t > 0 && at.loss >= before.loss))
            return zoom(k, start, before, at);
        if (is_flat(k, start, at))
            return at;
        if (at.slope >= 0)
            return zoom(k, start, at, before);
        t = beyond(before, at);
        before = at;
    }
    return before;
}

/* ---- the step -------------------------------------------------------------------------------- */

/* A direction that descends, and the first t to try; false if nothing is to be gained. */
static int plan_search(work *k, point *start, double *t)
{
    *t = k->lr;
    find_direction(k);
    start->slope = k->host->dot(k->host, k->n, k->g, k->d);
    if (*k->pairs > 0 && start->slope < 0 && start->slope > -k->o->tolerance_change)
        return 0;
    if (!(start->slope < 0)) {
        *k->pairs = 0;
        find_direction(k);
        start->slope = k->host->dot(k->host, k->n, k->g, k->d);
    }
    if (*k->pairs == 0)
        *t *= fmin(1, 1 / sum_of_sizes(k->n, k->d));
    k->longest = largest(k->n, k->d);
    return start->slope < 0;
}

/* The search came back to where it began. */
static int32_t give_up(const work *k)
{
    restore_weights(k);
    *k->pairs = 0;
    if (++*k->failed < 2)
        return PLX_OK;
    k->host->log(k->host, PLX_LOG_INFO,
                 "lbfgs: no step lowers the loss of %.9g any further in float32, where the largest "
                 "gradient is %.3g; done",
                 k->step->loss, largest(k->n, k->g));
    return PLX_DONE;
}

/* The weights are at their new place, the gradient is of there. The pair's s is how far float32
 * weights have really moved, which is not quite t d. */
static int32_t arrive(const work *k, double loss)
{
    float *s = k->d, *y = k->g;

    for (uint64_t i = 0, at = 0; i < k->count; i++)
        for (uint64_t e = 0; e < length(k->p[i]); e++, at++)
            s[at] = k->p[i]->w[e] - k->w[at];
    float *before = k->w;
    memcpy(before, y, k->n * sizeof(float));
    gather_gradient(k, y);
    const double gradient = largest(k->n, y);
    add(k->n, -1, before, y);
    remember(k);
    *k->failed = 0;
    return gradient <= k->o->tolerance_grad || largest(k->n, s) <= k->o->tolerance_change ||
                   fabs(loss - k->step->loss) < k->o->tolerance_change
               ? PLX_DONE
               : PLX_OK;
}

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *p)
{
    work k = open_step(self, step, count, p);
    const plx_host *host = step->host;
    point start = {.loss = step->loss};
    double t;

    if (k.lr <= 0)
        return PLX_OK; /* a schedule's warm-up */
    keep_weights(&k);
    gather_gradient(&k, k.g);
    if (!isfinite(host->norm(host, k.n, k.g)) || !isfinite(step->loss))
        return host->error(host, "loss or gradient is not finite where the step begins");
    if (largest(k.n, k.g) <= k.o->tolerance_grad || !plan_search(&k, &start, &t))
        return PLX_DONE;
    point end = search(&k, start, t);
    if (k.status == PLX_OK && end.t > 0 && end.t != k.tried)
        end = evaluate(&k, end.t);
    if (k.status != PLX_OK) {
        restore_weights(&k);
        return k.status;
    }
    return end.t > 0 ? arrive(&k, end.loss) : give_up(&k);
}

PLX_OPTIMIZER(
    lbfgs, .flags = PLX_NEEDS_CLOSURE, .version = "1.0",
    .summary = "limited-memory BFGS with a line search for the strong Wolfe conditions",
    .source = "Nocedal, Wright 2006, \"Numerical optimization\", algorithms 3.5, 3.6, 7.4 and 7.5; "
              "Schraudolph, Yu, Guenter 2007, \"A stochastic quasi-Newton method for online convex "
              "optimization\" (both gradients of a pair from one batch)",
    .formula =
        "d = -H g, H from the newest pairs (s, y) by two loops, H0 = s'y / y'y\n"
        "t from lr on, so that L(w + t d) <= L(w) + c1 t g'd and |g(w + t d)'d| <= c2 |g'd|\n"
        "s = t d; y = g(w + t d) - g(w)\n"
        "w = w + s\n"
        "without pairs d = -g and t from lr min(1, 1 / |g|_1) on",
    .settings = PLX_TABLE(settings), .validate = validate, .lr = 1,
    .plan_model_slots = plan_model_slots, .step_model = step_model)
