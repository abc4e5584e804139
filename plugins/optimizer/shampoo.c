/* shampoo: full-matrix adagrad made affordable. The sum of all gradients' outer products would
 * be (rows cols)^2 numbers; shampoo keeps one matrix for the rows and one for the columns, whose
 * Kronecker product stands in for it, and multiplies the gradient by their inverse roots from
 * both sides.
 *
 *   L = L + G G';   R = R + G' G;   with beta2 < 1: L = beta2 L + (1 - beta2) G G', R likewise
 *   D = L^(-1/4) G R^(-1/4);   with beta2 < 1: times sqrt(1 - beta2^t),  t the step from 1
 *   M = momentum M + D;   W = W (1 - lr weight_decay) - lr M
 *
 * A side of length 1 or above max_dim is left as it is (its matrix is the identity). The root is
 * the inverse (2 k)-th with k the number of sides that have one: 1/4 for two, 1/2 for one, as
 * for a bias, where D is that of adagrad with a full matrix. Without any, it is plain adagrad:
 *
 *   S = S + G^2 (or, with beta2 < 1, its mean);   D = G / sqrt(S), 0 where S is
 *
 * Roots are renewed every update_every steps, and at each of the first update_every. Since L and
 * R hold G G' and G' G themselves, up-to-date roots leave D no longer than sqrt(min(rows,
 * cols)), or that over sqrt(1 - beta2). Old ones can blow up what was rare so far a
 * thousandfold, such as the weights of a unit that wakes up: a D that is too long to be true has
 * them renewed at once.
 *
 * B^(-1/p) comes by a coupled Newton iteration, of matrix products alone, on B = L / |L| + eps
 * I, whose eigenvalues are within (0, 1 + eps]:
 *
 *   X = z^(1/p) I, M = z B, z = (p + 1) / 2 / (1 + eps)
 *   T = ((p + 1) I - M) / p,  X = X T,  M = T^p M;   M goes to I, X to B^(-1/p)
 *
 * The smallest eigenvalues of M grow 2.4-fold a round (p = 4); once all are near 1 the error
 * squares itself: with eps 1e-6 it takes some twenty rounds, a hundred products of n x n matrices
 * for a root. Where n is 1024 that is seconds, which the first update_every steps all take. eps
 * bounds the condition number to what float32 can carry. Should the rounding of a long sum have
 * left an eigenvalue below -eps all the same, the iteration fails, and is repeated with ten times
 * the eps. */
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
    PLX_INTEGER(shampoo, max_dim, 512, 0, 65536,
                "longest side that is preconditioned; the cost grows with its cube"),
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

/* x = B^(-1/p) for B = m / norm + eps I; *found unless the iteration fails. The error |M - I|
 * squares itself at the end: below 1e-3 there is one more round to take. */
static int32_t newton(const plx_step *step, uint64_t n, int p, double norm, double eps, float *x,
                      int *found)
{
    const plx_host *host = step->host;
    const double z = (p + 1) / (2 * (1 + eps));
    double error = 1;
    float *m = step->scratch, *t = m + n * n, *square = t + n * n, *out = square + n * n;

    for (uint64_t i = 0; i < n * n; i++)
        m[i] = (float)(z / norm * (double)m[i]);
    add_to_diagonal(n, m, (float)(z * eps));
    memset(x, 0, n * n * sizeof(float));
    add_to_diagonal(n, x, (float)pow(z, 1.0 / p));
    for (int round = 0; round < 100 && error >= 1e-3; round++) {
        for (uint64_t i = 0; i < n * n; i++)
            t[i] = -m[i];
        add_to_diagonal(n, t, 1);
        error = host->norm(host, n * n, t);
        for (uint64_t i = 0; i < n * n; i++)
            t[i] /= (float)p;
        add_to_diagonal(n, t, 1);
        const int32_t status = newton_products(host, n, p, t, m, x, square, out);
        if (status != PLX_OK)
            return status;
        float *const next = out;
        out = m;
        m = next;
    }
    *found = error < 1e-3;
    return PLX_OK;
}

/* root = (L + eps |L| I)^(-1/p). Of next to nothing it stays what it was, zero at first; of what
 * is not finite it is NaN. */
static int32_t renew(const shampoo *s, const plx_step *step, const side *side, int p)
{
    const uint64_t n = side->n;
    const double norm = step->host->norm(step->host, n * n, side->products);
    int found = 0;

    if (norm < 1e-30)
        return PLX_OK;
    for (double eps = s->eps; !found && eps <= 10 && isfinite(norm); eps *= 10) {
        memcpy(step->scratch, side->products, n * n * sizeof(float));
        const int32_t status = newton(step, n, p, norm, eps, side->root, &found);
        if (status != PLX_OK)
            return status;
    }
    const float scale = found ? (float)pow(norm, -1.0 / p) : NAN;
    for (uint64_t i = 0; i < n * n; i++)
        side->root[i] *= scale;
    return PLX_OK;
}

/* ---- the step -------------------------------------------------------------------------------- */

/* L and R take the gradient in. */
static int32_t add_products(const shampoo *s, const plx_step *step, const side *left,
                            const side *right, const float *g)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const float old = (float)s->beta2, news = news_of(s);
    const plx_host *host = step->host;
    int32_t status = PLX_OK;

    if (left->root)
        status = host->product(host, PLX_TRANSPOSE_B, rows, rows, cols, news, g, cols, g, cols, old,
                               left->products, rows);
    if (status == PLX_OK && right->root)
        status = host->product(host, PLX_TRANSPOSE_A, cols, cols, rows, news, g, cols, g, cols, old,
                               right->products, cols);
    return status;
}

static int32_t renew_roots(const shampoo *s, const plx_step *step, const side *left,
                           const side *right)
{
    const int p = left->root && right->root ? 4 : 2;
    const int32_t status = left->root ? renew(s, step, left, p) : PLX_OK;

    return status == PLX_OK && right->root ? renew(s, step, right, p) : status;
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

/* Whether D is longer than roots of these L and R could leave it; a hundredth is for rounding. */
static int is_too_long(const shampoo *s, const plx_step *step, const float *d)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const double length = step->host->norm(step->host, rows * cols, d);

    return length > 1.01 * sqrt((double)(rows < cols ? rows : cols) / (double)news_of(s));
}

/* D from the matrices of one or both sides. */
static int32_t direction(const shampoo *s, const plx_step *step, const side *left,
                         const side *right, const float *g, float *d)
{
    const int due = step->step <= s->update_every || step->step % s->update_every == 0;
    float *between = d + step->rows * step->cols;
    int32_t status = add_products(s, step, left, right, g);

    if (status == PLX_OK && due)
        status = renew_roots(s, step, left, right);
    if (status == PLX_OK)
        status = precondition(step, left, right, g, between, d);
    if (status != PLX_OK || due || !is_too_long(s, step, d))
        return status;
    status = renew_roots(s, step, left, right);
    return status == PLX_OK ? precondition(step, left, right, g, between, d) : status;
}

/* D of plain adagrad. A square that is 0 has no gradient but one too small to be squared. */
PLX_CLONES static void divide(const shampoo *s, const plx_step *step, const float *g, float *square,
                              float *d)
{
    const float old = (float)s->beta2, news = news_of(s);

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        square[i] = old * square[i] + news * g[i] * g[i];
        d[i] = square[i] == 0 ? g[i] : g[i] / sqrtf(square[i]);
    }
}

PLX_CLONES static void descend(const shampoo *s, const plx_step *step, float *w, const float *d,
                               float *m)
{
    const float shrink = (float)(1 - step->lr * s->weight_decay), rate = (float)step->lr;
    const float momentum = (float)s->momentum;
    const float correction = s->beta2 < 1 ? (float)sqrt(1 - pow(s->beta2, (double)step->step)) : 1;

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        float change = correction * d[i];
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
    float *m = s->momentum > 0 ? *next_slot++ : NULL, *d = step->scratch;
    int32_t status = PLX_OK;

    if (is_kept(s, step->rows) || is_kept(s, step->cols)) {
        const side left = side_of(s, step->rows, &next_slot);
        const side right = side_of(s, step->cols, &next_slot);
        status = direction(s, step, &left, &right, g, d);
    } else {
        divide(s, step, g, *next_slot, d);
    }
    if (status == PLX_OK)
        descend(s, step, w, d, m);
    return status;
}

PLX_OPTIMIZER(
    shampoo, .version = "1.0",
    .summary = "gradients times inverse roots of their row and column products",
    .source = "Gupta, Koren, Singer 2018, \"Shampoo: Preconditioned stochastic tensor "
              "optimization\"; the roots: Guo, Higham 2006, \"A Schur-Newton method for the matrix "
              "p-th root and its inverse\"",
    .formula = "L = L + G G', R = R + G' G; with beta2 < 1: L = beta2 L + (1 - beta2) G G'\n"
               "D = (L + eps |L| I)^(-1/4) G (R + eps |R| I)^(-1/4); one side alone: its ^(-1/2)\n"
               "with beta2 < 1: D = D sqrt(1 - beta2^t)\n"
               "neither side: S = S + G^2, D = G / sqrt(S)\n"
               "M = momentum M + D\n"
               "W = W (1 - lr weight_decay) - lr M",
    .settings = PLX_TABLE(settings), .lr = 0.03, .plan_slots = plan_slots,
    .step_tensor = step_tensor)
