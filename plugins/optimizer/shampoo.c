/* shampoo: full-matrix adagrad made affordable. The sum of all gradients' outer products would be
 * (rows cols)^2 numbers; shampoo keeps one matrix for the rows and one for the columns, whose Kronecker
 * product stands in for it, and multiplies the gradient by their inverse roots from both sides.
 *
 *   L = L + G G';   R = R + G' G;   with beta2 < 1: L = beta2 L + (1 - beta2) G G', R likewise
 *   D = L^(-1/4) G R^(-1/4)
 *   M = momentum M + D;   W = W (1 - lr weight_decay) - lr M
 *
 * A side of length 1 or above max_dim is left as it is (its matrix is the identity). The root is the
 * inverse (2 k)-th with k the number of sides that have one: 1/4 for two, 1/2 for one, as for a bias,
 * where D is that of adagrad with a full matrix. Without any, it is plain adagrad:
 *
 *   S = S + G^2 (or, with beta2 < 1, its mean);   D = G / sqrt(S), 0 where S is
 *
 * Roots are renewed every update_every steps, and at each of the first update_every: a root that has
 * seen few gradients blows up what is new in the next. B^(-1/p) comes by a coupled Newton iteration,
 * of matrix products alone, on B = L / |L| + eps I, whose eigenvalues are within (0, 1 + eps]:
 *
 *   X = z^(1/p) I, M = z B, z = (p + 1) / 2 / (1 + eps)
 *   T = ((p + 1) I - M) / p,  X = X T,  M = T^p M;   M goes to I, X to B^(-1/p)
 *
 * The smallest eigenvalues of M grow 2.4-fold a round (p = 4); once all are near 1 the error squares
 * itself. So with eps 1e-6 it takes some twenty rounds, and eps bounds the condition number to what
 * float32 can carry. */
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double beta2, momentum, eps, weight_decay;
    int64_t update_every, max_dim;
} shampoo;

static const plx_setting settings[] = {
    PLX_REAL(shampoo, beta2, 1, 0, 1,
             "decay of the products; 1: their sum is kept, as in the paper"),
    PLX_REAL(shampoo, momentum, 0.9, 0, 1, "decay of the momentum; 0: none is kept",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(shampoo, eps, 1e-6, 1e-7, 1, "added to the eigenvalues, as a share of the norm",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(shampoo, weight_decay, 0, 0, 1000, "the weights shrink by lr times this",
             .flags = PLX_LOG_SCALE),
    PLX_INTEGER(shampoo, update_every, 20, 1, 1e9,
                "steps from one renewal of the roots to the next"),
    PLX_INTEGER(shampoo, max_dim, 512, 0, 65536, "longest side that is preconditioned"),
};

/* ---- the memory ------------------------------------------------------------------------------ */

/* What one side of the tensor keeps: NULL if it is left as it is. */
typedef struct {
    uint64_t n;
    float *products, *root; /* n x n; L and L^(-1/p) */
} side;

static int is_kept(const shampoo *s, uint64_t n)
{
    return n > 1 && n <= (uint64_t)s->max_dim;
}

static int32_t plan_side(const plx_emit *emit, const char *products, const char *root, uint64_t n)
{
    const int32_t status = emit->slot(emit, products, PLX_F32, n, n, 0);

    return status == PLX_OK ? emit->slot(emit, root, PLX_F32, n, n, 0) : status;
}

/* Scratch: two matrices of the tensor's shape for a step, then four square ones for a root. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const shampoo *s = self;
    const uint64_t rows = is_kept(s, tensor->rows) ? tensor->rows : 0;
    const uint64_t cols = is_kept(s, tensor->cols) ? tensor->cols : 0;
    const uint64_t step = 2 * tensor->rows * tensor->cols;
    const uint64_t root = 4 * (rows > cols ? rows * rows : cols * cols);
    int32_t status = emit->scratch(emit, (step > root ? step : root) * sizeof(float));

    if (status == PLX_OK && s->momentum > 0)
        status = emit->like_parameter(emit, "momentum");
    if (status == PLX_OK && rows == 0 && cols == 0)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK && rows > 0)
        status = plan_side(emit, "left", "left_root", rows);
    if (status == PLX_OK && cols > 0)
        status = plan_side(emit, "right", "right_root", cols);
    return status;
}

static side side_of(const shampoo *s, uint64_t n, void *const **next_slot)
{
    side made = {.n = n};

    if (is_kept(s, n)) {
        made.products = *(*next_slot)++;
        made.root = *(*next_slot)++;
    }
    return made;
}

/* The weight of what comes in. */
static float news_of(const shampoo *s)
{
    return s->beta2 < 1 ? (float)(1 - s->beta2) : 1;
}

/* ---- inverse roots --------------------------------------------------------------------------- */

static int32_t square_product(const plx_host *host, uint64_t n, const float *a, const float *b,
                              float *c)
{
    return host->product(host, 0, n, n, n, 1, a, n, b, n, 0, c, n);
}

static void add_to_diagonal(uint64_t n, float *a, float value)
{
    for (uint64_t i = 0; i < n; i++)
        a[i * n + i] += value;
}

/* X T into x, and T^p M into `out`, p being 2 or 4; `square` is working memory. */
static int32_t newton_products(const plx_host *host, uint64_t n, int p, const float *t,
                               const float *m, float *x, float *square, float *out)
{
    int32_t status = square_product(host, n, x, t, out);

    if (status != PLX_OK)
        return status;
    memcpy(x, out, n * n * sizeof(float));
    status = square_product(host, n, t, t, square);
    if (status == PLX_OK && p == 4) {
        status = square_product(host, n, square, square, out);
        memcpy(square, out, n * n * sizeof(float));
    }
    return status == PLX_OK ? square_product(host, n, square, m, out) : status;
}

/* x = B^(-1/p) for B = m / norm + eps I. The error |M - I| squares itself at the end: below 1e-3 there
 * is one more round to take. NaN ends it as well, and stands in x then. */
static int32_t newton(const shampoo *s, const plx_step *step, uint64_t n, int p, double norm,
                      float *x)
{
    const plx_host *host = step->host;
    const double z = (p + 1) / (2 * (1 + s->eps));
    float *m = step->scratch, *t = m + n * n, *square = t + n * n, *out = square + n * n;

    for (uint64_t i = 0; i < n * n; i++)
        m[i] = (float)(z / norm * (double)m[i]);
    add_to_diagonal(n, m, (float)(z * s->eps));
    memset(x, 0, n * n * sizeof(float));
    add_to_diagonal(n, x, (float)pow(z, 1.0 / p));
    for (int round = 0; round < 100; round++) {
        for (uint64_t i = 0; i < n * n; i++)
            t[i] = -m[i];
        add_to_diagonal(n, t, 1);
        const double error = host->norm(host, n * n, t);
        for (uint64_t i = 0; i < n * n; i++)
            t[i] /= (float)p;
        add_to_diagonal(n, t, 1);
        const int32_t status = newton_products(host, n, p, t, m, x, square, out);
        if (status != PLX_OK || !(error >= 1e-3))
            return status;
        float *const next = out;
        out = m;
        m = next;
    }
    return PLX_OK;
}

/* root = (L + eps |L| I)^(-1/p); of nothing yet, the identity. */
static int32_t renew(const shampoo *s, const plx_step *step, const side *side, int p)
{
    const uint64_t n = side->n;
    const double norm = step->host->norm(step->host, n * n, side->products);

    if (norm == 0) {
        memset(side->root, 0, n * n * sizeof(float));
        add_to_diagonal(n, side->root, 1);
        return PLX_OK;
    }
    memcpy(step->scratch, side->products, n * n * sizeof(float));
    const int32_t status = newton(s, step, n, p, norm, side->root);
    const float scale = (float)pow(norm, -1.0 / p);
    for (uint64_t i = 0; i < n * n; i++)
        side->root[i] *= scale;
    return status;
}

/* ---- the step -------------------------------------------------------------------------------- */

/* L and R take the gradient in; their roots are renewed when it is time. */
static int32_t follow(const shampoo *s, const plx_step *step, const side *left, const side *right,
                      const float *g)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const int due = step->step <= s->update_every || step->step % s->update_every == 0;
    const int p = left->root && right->root ? 4 : 2;
    const float old = (float)s->beta2, news = news_of(s);
    const plx_host *host = step->host;
    int32_t status = PLX_OK;

    if (left->root)
        status = host->product(host, PLX_TRANSPOSE_B, rows, rows, cols, news, g, cols, g, cols, old,
                               left->products, rows);
    if (status == PLX_OK && right->root)
        status = host->product(host, PLX_TRANSPOSE_A, cols, cols, rows, news, g, cols, g, cols, old,
                               right->products, cols);
    if (status == PLX_OK && left->root && due)
        status = renew(s, step, left, p);
    if (status == PLX_OK && right->root && due)
        status = renew(s, step, right, p);
    return status;
}

/* D = the left root times G times the right one; at least one is there. */
static int32_t precondition(const plx_step *step, const side *left, const side *right,
                            const float *g, float *between, float *d)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const plx_host *host = step->host;
    int32_t status = PLX_OK;

    if (left->root) {
        float *made = right->root ? between : d;
        status =
            host->product(host, 0, rows, cols, rows, 1, left->root, rows, g, cols, 0, made, cols);
        g = made;
    }
    if (status == PLX_OK && right->root)
        status =
            host->product(host, 0, rows, cols, cols, 1, g, cols, right->root, cols, 0, d, cols);
    return status;
}

/* D of plain adagrad. A square that is 0 has no gradient but one too small to be squared. */
static void divide(const shampoo *s, const plx_step *step, const float *g, float *square, float *d)
{
    const float old = (float)s->beta2, news = news_of(s);

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        square[i] = old * square[i] + news * g[i] * g[i];
        d[i] = square[i] == 0 ? g[i] : g[i] / sqrtf(square[i]);
    }
}

static void descend(const shampoo *s, const plx_step *step, float *w, const float *d, float *m)
{
    const float shrink = (float)(1 - step->lr * s->weight_decay), rate = (float)step->lr;
    const float momentum = (float)s->momentum;

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        float change = d[i];
        if (m)
            change = m[i] = momentum * m[i] + change;
        w[i] = shrink * w[i] - rate * change;
    }
}

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    const shampoo *s = self;
    void *const *next_slot = slot;
    float *m = s->momentum > 0 ? *next_slot++ : NULL;
    float *d = step->scratch, *between = d + step->rows * step->cols;

    if (!is_kept(s, step->rows) && !is_kept(s, step->cols)) {
        divide(s, step, g, *next_slot, d);
    } else {
        const side left = side_of(s, step->rows, &next_slot);
        const side right = side_of(s, step->cols, &next_slot);
        int32_t status = follow(s, step, &left, &right, g);
        if (status == PLX_OK)
            status = precondition(step, &left, &right, g, between, d);
        if (status != PLX_OK)
            return status;
    }
    descend(s, step, w, d, m);
    return PLX_OK;
}

PLX_OPTIMIZER(
    shampoo, .version = "1.0",
    .summary = "gradients times inverse roots of their row and column products",
    .source = "Gupta, Koren, Singer 2018, \"Shampoo: Preconditioned stochastic tensor "
              "optimization\"; the roots: Guo, Higham 2006, \"A Schur-Newton method for the matrix "
              "p-th root and its inverse\"",
    .formula = "L = L + G G', R = R + G' G; with beta2 < 1: L = beta2 L + (1 - beta2) G G'\n"
               "D = (L + eps |L| I)^(-1/4) G (R + eps |R| I)^(-1/4); one side alone: its ^(-1/2)\n"
               "neither side: S = S + G^2, D = G / sqrt(S)\n"
               "M = momentum M + D\n"
               "W = W (1 - lr weight_decay) - lr M",
    .settings = PLX_TABLE(settings), .lr = 0.01, .plan_slots = plan_slots,
    .step_tensor = step_tensor)
