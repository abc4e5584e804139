/* soap: adam in the eigenbasis of shampoo's preconditioners. Running means of G G' and G' G say
 * in which directions of its rows and columns the gradient of a matrix varies together; turned
 * into their eigenvectors Ql and Qr, its coordinates hardly do, and there adam's elementwise
 * division is close to the division by a full matrix. The bases follow slowly: one round of
 * power iteration and a QR decomposition every update_every steps.
 *
 *   L = shampoo_beta L + (1 - shampoo_beta) G G';   R = shampoo_beta R + (1 - shampoo_beta) G' G
 *   every update_every steps: Ql = Q factor of L Ql, Qr = Q factor of R Qr
 *   M = beta1 M + (1 - beta1) G
 *   V = beta2 V + (1 - beta2) (Ql' G Qr)^2, elementwise
 *   N = Ql' M Qr / (1 - beta1^t) / (sqrt(V / (1 - beta2^t)) + eps),  t the step from 0
 *   W = W (1 - lr weight_decay) - lr Ql N Qr'
 *
 * The first gradient gives L, R and their eigenvectors (by reduction to a tridiagonal matrix and
 * QR steps on it) and moves nothing: in its own eigenbasis all but its diagonal is rounding, which
 * adam would divide by its own size. So t counts from the second step. The eigenvectors take some
 * 10 n^3 operations in one thread, seconds where n is 1024, but only once. A step uses the bases
 * left by the last. What of a turned matrix is below rounding, as it always is where inputs are
 * always zero, counts as zero for the same reason.
 *
 * Before a QR decomposition the columns of Q are sorted by how far L stretches them, largest
 * first, and V's rows and columns with them: then each stays what it was. The signs of Q's
 * columns do not matter, since V holds squares and M is kept in the weights' own coordinates.
 *
 * A side of length 1 or above max_dim has no basis (its Q is the identity). Nor has a bias,
 * unless precondition_biases is set. A tensor without any steps by adamw, from the first step
 * on. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, shampoo_beta, eps, weight_decay;
    int64_t update_every, max_dim;
    int32_t precondition_biases;
} soap;

static const plx_setting settings[] = {
    PLX_REAL(soap, beta1, 0.95, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(soap, beta2, 0.95, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(soap, shampoo_beta, 0.95, 0, 1, "decay of the mean products of rows and of columns",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(soap, eps, 1e-8, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(soap, weight_decay, 0.01, 0, 1000, "the weights shrink by lr times this",
             .flags = PLX_LOG_SCALE),
    PLX_INTEGER(soap, update_every, 10, 1, 1e9, "steps from one renewal of the bases to the next"),
    PLX_INTEGER(soap, max_dim, 1024, 0, 65536,
                "longest side that gets a basis; the cost grows with its cube"),
    PLX_FLAG(soap, precondition_biases, 0, "give biases a basis too"),
};

/* ---- the memory ------------------------------------------------------------------------------ */

/* Where a side of the tensor keeps its mean products and its basis: NULL without one. */
typedef struct {
    uint64_t n;
    float *products, *basis; /* n x n, the basis' vectors in columns */
} side;

static int has_basis(const soap *s, uint32_t role, uint64_t n)
{
    return n > 1 && n <= (uint64_t)s->max_dim && (role != PLX_BIAS || s->precondition_biases);
}

static uint64_t longest_basis(const soap *s, uint32_t role, uint64_t rows, uint64_t cols)
{
    const uint64_t left = has_basis(s, role, rows) ? rows : 0;
    const uint64_t right = has_basis(s, role, cols) ? cols : 0;

    return left > right ? left : right;
}

static int32_t plan_side(const plx_emit *emit, const char *products, const char *basis, uint64_t n)
{
    const int32_t status = emit->slot(emit, products, PLX_F32, n, n, 0);

    return status == PLX_OK ? emit->slot(emit, basis, PLX_F32, n, n, 0) : status;
}

/* Scratch is used for one thing after another: three matrices of the tensor's shape for a step;
 * for a renewal a square one, the sorted squares, and four vectors; for eigenvectors a square
 * one of double and three vectors of double. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const soap *s = self;
    const uint64_t size = tensor->rows * tensor->cols;
    const uint64_t n = longest_basis(s, tensor->role, tensor->rows, tensor->cols);
    const uint64_t renewal = n * n + size + 4 * n, eigen = 2 * (n * n + 3 * n);
    uint64_t floats = 3 * size;
    int32_t status = emit->like_parameter(emit, "mean");

    if (renewal > floats)
        floats = renewal;
    if (eigen > floats)
        floats = eigen;
    if (status == PLX_OK)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK && has_basis(s, tensor->role, tensor->rows))
        status = plan_side(emit, "left", "left_basis", tensor->rows);
    if (status == PLX_OK && has_basis(s, tensor->role, tensor->cols))
        status = plan_side(emit, "right", "right_basis", tensor->cols);
    return status == PLX_OK ? emit->scratch(emit, floats * sizeof(float)) : status;
}

static side side_of(const soap *s, const plx_step *step, uint64_t n, void *const **next_slot)
{
    side made = {.n = n};

    if (has_basis(s, step->role, n)) {
        made.products = *(*next_slot)++;
        made.basis = *(*next_slot)++;
    }
    return made;
}

/* The bias corrections of a step: 1 - beta1^t and sqrt(1 - beta2^t). */
typedef struct {
    double mean, root;
} corrections;

/* Those of tensors without and with a basis: t is the step from 1 and from 0. */
static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const soap *s = self;
    corrections *c = constants;

    for (int late = 0; late < 2; late++) {
        const double t = (double)(step->step - late);
        c[late].mean = 1 - pow(s->beta1, t);
        c[late].root = sqrt(1 - pow(s->beta2, t));
    }
    return PLX_OK;
}

/* ---- eigenvectors of a symmetric matrix, in double ------------------------------------------- */

/* Householder's mirror H = I - f v v' that maps x onto its first axis: v takes x's place, f is
 * returned (0: x is on the axis), *on_axis is where it ends. */
static double mirror(uint64_t n, double *x, double *on_axis)
{
    double squares = 0;

    for (uint64_t i = 1; i < n; i++)
        squares += x[i] * x[i];
    *on_axis = x[0];
    if (squares == 0)
        return 0;
    const double first = x[0], length = sqrt(first * first + squares);
    *on_axis = first > 0 ? -length : length;
    for (uint64_t i = 1; i < n; i++)
        x[i] /= first - *on_axis;
    x[0] = 1;
    return (*on_axis - first) / *on_axis;
}

/* The block H A H that begins at a: A - v q' - q v' with p = f A v, q = p - f/2 (p'v) v. */
PLX_CLONES static void reflect(uint64_t n, double *a, uint64_t stride, const double *v, double f,
                               double *q)
{
    double half = 0;

    for (uint64_t j = 0; j < n; j++)
        q[j] = 0;
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++)
            q[j] += f * v[i] * a[i * stride + j];
    for (uint64_t i = 0; i < n; i++)
        half += f * q[i] * v[i] / 2;
    for (uint64_t i = 0; i < n; i++)
        q[i] -= half * v[i];
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++)
            a[i * stride + j] -= v[i] * q[j] + q[i] * v[j];
}

/* Makes the symmetric a tridiagonal: d gets the diagonal, e what stands beside it (e[k] between k
 * and k + 1). The mirror of step k stays in row k, right of the diagonal, its f in factor[k]. */
static void tridiagonalise(uint64_t n, double *a, double *d, double *e, double *factor)
{
    for (uint64_t k = 0; k + 1 < n; k++) {
        double *v = a + k * n + k + 1, on_axis;
        d[k] = v[-1];
        factor[k] = mirror(n - k - 1, v, &on_axis);
        if (factor[k] > 0)
            reflect(n - k - 1, v + n, n, v, factor[k], e + k + 1);
        e[k] = on_axis;
    }
    d[n - 1] = a[n * n - 1];
    e[n - 1] = 0;
}

/* Turns the mirrors that tridiagonalise left in a into the transpose of their product, from the
 * last to the first: each acts on the rows of what the later ones have made below and right of
 * it. */
PLX_CLONES static void collect_mirrors(uint64_t n, double *a, const double *factor)
{
    for (uint64_t k = n; k-- > 0;) {
        for (uint64_t i = k; i < n; i++)
            a[k * n + i] = a[i * n + k] = i == k ? 1 : 0;
        for (uint64_t i = k; i < n && k > 0; i++) {
            const double *v = a + (k - 1) * n + k;
            double *row = a + i * n + k, along = 0;
            for (uint64_t j = 0; j < n - k; j++)
                along += row[j] * v[j];
            for (uint64_t j = 0; j < n - k; j++)
                row[j] -= factor[k - 1] * along * v[j];
        }
    }
}

PLX_CLONES static void rotate_rows(uint64_t n, double *restrict x, double *restrict y, double c,
                                   double s)
{
    for (uint64_t i = 0; i < n; i++) {
        const double old = x[i];
        x[i] = c * old + s * y[i];
        y[i] = c * y[i] - s * old;
    }
}

/* One implicit QR step on the tridiagonal block from lo to hi, shifted by that eigenvalue of its
 * last 2 x 2 which is nearer to the corner; the rows of z turn along. */
static void sweep(uint64_t n, uint64_t lo, uint64_t hi, double *d, double *e, double *z)
{
    const double t = (d[hi - 1] - d[hi]) / 2, last = e[hi - 1];
    double x = d[lo] - d[hi] + last * last / (t + copysign(hypot(t, last), t)), y = e[lo];

    for (uint64_t k = lo; k < hi; k++) {
        const double r = hypot(x, y), c = r > 0 ? x / r : 1, s = r > 0 ? y / r : 0;
        const double a = d[k], b = e[k], f = d[k + 1];
        if (k > lo)
            e[k - 1] = r;
        d[k] = c * c * a + 2 * c * s * b + s * s * f;
        d[k + 1] = s * s * a - 2 * c * s * b + c * c * f;
        e[k] = c * s * (f - a) + (c * c - s * s) * b;
        x = e[k];
        y = s * e[k + 1];
        if (k + 1 < hi)
            e[k + 1] *= c;
        rotate_rows(n, z + k * n, z + (k + 1) * n, c, s);
    }
}

/* Eigenvalues into d, eigenvectors into the rows of z, which holds those of the reduction. What
 * stands beside the diagonal counts as 0 below rounding. */
static void diagonalise(uint64_t n, double *d, double *e, double *z)
{
    double most = 0;

    for (uint64_t k = 0; k < n; k++)
        most = fmax(most, fabs(d[k]) + fabs(e[k]));
    for (uint64_t hi = n - 1, left = 60 * n; hi > 0 && left > 0; left--) {
        uint64_t lo = hi;
        while (lo > 0 && fabs(e[lo - 1]) > DBL_EPSILON * most)
            lo--;
        if (lo == hi)
            hi--;
        else
            sweep(n, lo, hi, d, e, z);
    }
}

/* The eigenvectors of a side's products into its basis, those of the largest eigenvalues first.
 * What is not finite is left alone: it reaches the weights through the mean. */
static void find_eigenvectors(const plx_step *step, const side *side)
{
    const uint64_t n = side->n;
    double *a = step->scratch, *d = a + n * n, *e = d + n, *factor = e + n;

    if (!isfinite(step->host->norm(step->host, n * n, side->products)))
        return;
    for (uint64_t i = 0; i < n * n; i++)
        a[i] = (double)side->products[i];
    tridiagonalise(n, a, d, e, factor);
    collect_mirrors(n, a, factor);
    diagonalise(n, d, e, a);
    for (uint64_t j = 0; j < n; j++) {
        uint64_t largest = 0;
        for (uint64_t k = 1; k < n; k++)
            if (d[k] > d[largest])
                largest = k;
        d[largest] = -HUGE_VAL;
        for (uint64_t i = 0; i < n; i++)
            side->basis[i * n + j] = (float)a[largest * n + i];
    }
}

/* ---- renewal of a basis ---------------------------------------------------------------------- */

/* A mirror I - f v v' on rows k on of columns `from` on of a. v is column k of s from the diagonal
 * down, its first element 1 whatever stands there; y is working memory. */
PLX_CLONES static void mirror_rows(uint64_t n, uint64_t k, const float *s, float f, uint64_t from,
                                   float *a, float *restrict y)
{
    for (uint64_t j = from; j < n; j++)
        y[j] = 0;
    for (uint64_t i = k; i < n; i++) {
        const float v = i == k ? 1 : s[i * n + k];
        for (uint64_t j = from; j < n; j++)
            y[j] += v * a[i * n + j];
    }
    for (uint64_t i = k; i < n; i++) {
        const float v = f * (i == k ? 1 : s[i * n + k]);
        for (uint64_t j = from; j < n; j++)
            a[i * n + j] -= v * y[j];
    }
}

/* Puts the mirror that clears column k below the diagonal in that column; returns its f. */
static float column_mirror(uint64_t n, uint64_t k, float *s)
{
    const double first = (double)s[k * n + k];
    double squares = 0;

    for (uint64_t i = k + 1; i < n; i++)
        squares += (double)s[i * n + k] * (double)s[i * n + k];
    if (squares == 0)
        return 0;
    const double length = sqrt(first * first + squares), on_axis = first > 0 ? -length : length;
    for (uint64_t i = k + 1; i < n; i++)
        s[i * n + k] = (float)((double)s[i * n + k] / (first - on_axis));
    return (float)((on_axis - first) / on_axis);
}

/* The Q of s = Q R into q. Mirrors give an orthogonal Q even where columns of s depend on each
 * other, as they do while L has seen few gradients. */
static void factor_q(uint64_t n, float *s, float *q, float *factor, float *y)
{
    for (uint64_t k = 0; k < n; k++) {
        factor[k] = column_mirror(n, k, s);
        mirror_rows(n, k, s, factor[k], k + 1, s, y);
    }
    for (uint64_t i = 0; i < n * n; i++)
        q[i] = i % (n + 1) == 0 ? 1 : 0;
    for (uint64_t k = n; k-- > 0;)
        mirror_rows(n, k, s, factor[k], k, q, y);
}

/* The order of the basis' vectors by q' (P q), s = P Q, largest first; stable. */
static void sort_vectors(const side *side, const float *s, float *stretch, uint32_t *order)
{
    const uint64_t n = side->n;

    for (uint64_t j = 0; j < n; j++)
        stretch[j] = 0;
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++)
            stretch[j] += side->basis[i * n + j] * s[i * n + j];
    for (uint64_t j = 0; j < n; j++) {
        uint64_t at = j;
        for (; at > 0 && stretch[j] > stretch[order[at - 1]]; at--)
            order[at] = order[at - 1];
        order[at] = (uint32_t)j;
    }
}

/* Columns of a (rows x n) into the given order. */
static void reorder_columns(uint64_t rows, uint64_t n, float *a, const uint32_t *order, float *y)
{
    for (uint64_t i = 0; i < rows; i++) {
        memcpy(y, a + i * n, n * sizeof(float));
        for (uint64_t j = 0; j < n; j++)
            a[i * n + j] = y[order[j]];
    }
}

static void reorder_rows(uint64_t n, uint64_t cols, float *a, const uint32_t *order, float *copy)
{
    memcpy(copy, a, n * cols * sizeof(float));
    for (uint64_t i = 0; i < n; i++)
        memcpy(a + i * cols, copy + order[i] * cols, cols * sizeof(float));
}

/* One round of power iteration. The squares v follow the order of the vectors: by rows if the
 * side is the left one, else by columns. */
static int32_t renew(const plx_step *step, const side *side, int left, float *v)
{
    const uint64_t n = side->n, size = step->rows * step->cols;
    float *s = step->scratch, *copy = s + n * n, *y = copy + size, *stretch = y + n;
    float *factor = stretch + n;
    uint32_t *order = (uint32_t *)(void *)(factor + n);
    const int32_t status =
        step->host->product(step->host, 0, n, n, n, 1, side->products, n, side->basis, n, 0, s, n);

    if (status != PLX_OK)
        return status;
    sort_vectors(side, s, stretch, order);
    reorder_columns(n, n, s, order, y);
    if (left)
        reorder_rows(n, step->cols, v, order, copy);
    else
        reorder_columns(step->rows, n, v, order, y);
    factor_q(n, s, side->basis, factor, y);
    return PLX_OK;
}

/* L and R take the gradient in; their bases are found at the first step and renewed when it is
 * time. */
static int32_t follow(const soap *s, const plx_step *step, const side *left, const side *right,
                      const float *g, float *v)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const float old = (float)s->shampoo_beta, news = (float)(1 - s->shampoo_beta);
    const int first = step->step == 1, due = !first && step->step % s->update_every == 0;
    const plx_host *host = step->host;
    int32_t status = PLX_OK;

    if (left->basis)
        status = host->product(host, PLX_TRANSPOSE_B, rows, rows, cols, news, g, cols, g, cols, old,
                               left->products, rows);
    if (status == PLX_OK && right->basis)
        status = host->product(host, PLX_TRANSPOSE_A, cols, cols, rows, news, g, cols, g, cols, old,
                               right->products, cols);
    if (status == PLX_OK && left->basis && first)
        find_eigenvectors(step, left);
    if (status == PLX_OK && right->basis && first)
        find_eigenvectors(step, right);
    if (status == PLX_OK && left->basis && due)
        status = renew(step, left, 1, v);
    if (status == PLX_OK && right->basis && due)
        status = renew(step, right, 0, v);
    return status;
}

/* ---- the step -------------------------------------------------------------------------------- */

enum { INTO_BASIS, BACK };

/* out = Ql' x Qr, or BACK: Ql x Qr'. between is working memory. */
static int32_t turn(const plx_step *step, int way, const side *left, const side *right,
                    const float *x, float *between, float *out)
{
    const uint64_t rows = step->rows, cols = step->cols;
    const plx_host *host = step->host;
    int32_t status = PLX_OK;

    if (left->basis) {
        float *turned = right->basis ? between : out;
        status = host->product(host, way == BACK ? 0 : PLX_TRANSPOSE_A, rows, cols, rows, 1,
                               left->basis, rows, x, cols, 0, turned, cols);
        x = turned;
    }
    if (status == PLX_OK && right->basis)
        status = host->product(host, way == BACK ? PLX_TRANSPOSE_B : 0, rows, cols, cols, 1, x,
                               cols, right->basis, cols, 0, out, cols);
    if (!left->basis && !right->basis)
        memcpy(out, x, rows * cols * sizeof(float));
    return status;
}

/* Zero in place of what rounding has left of it: x was turned, which keeps its norm. */
PLX_CLONES static void silence(const plx_step *step, float *x)
{
    const uint64_t n = step->rows * step->cols;
    const float least = (float)((double)FLT_EPSILON * step->host->norm(step->host, n, x));

    for (uint64_t i = 0; i < n; i++)
        x[i] = fabsf(x[i]) < least ? 0 : x[i];
}

/* N = m / (sqrt(v) + eps), both corrected, after v has taken the gradient in, which is
 * overwritten. */
PLX_CLONES static void divide(const soap *s, const plx_step *step, const corrections *c,
                              const float *m, float *v, float *g)
{
    const float beta2 = (float)s->beta2, rest2 = (float)(1 - s->beta2), eps = (float)s->eps;
    const float mean = (float)c->mean, root = (float)c->root;

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        g[i] = m[i] / mean / (sqrtf(v[i]) / root + eps);
    }
}

PLX_CLONES static int32_t adam_in_basis(const soap *s, const plx_step *step, const side *left,
                                        const side *right, float *w, const float *g, float *m,
                                        float *v)
{
    const uint64_t n = step->rows * step->cols;
    const float beta1 = (float)s->beta1, rest1 = (float)(1 - s->beta1), rate = (float)step->lr;
    const float shrink = (float)(1 - step->lr * s->weight_decay);
    const int turned = left->basis || right->basis;
    float *between = step->scratch, *gradient = between + n, *mean = gradient + n;

    for (uint64_t i = 0; i < n; i++)
        m[i] = beta1 * m[i] + rest1 * g[i];
    int32_t status = turn(step, INTO_BASIS, left, right, g, between, gradient);
    if (status == PLX_OK)
        status = turn(step, INTO_BASIS, left, right, m, between, mean);
    if (status != PLX_OK)
        return status;
    if (turned) {
        silence(step, gradient);
        silence(step, mean);
    }
    divide(s, step, (const corrections *)step->constants + turned, mean, v, gradient);
    status = turn(step, BACK, left, right, gradient, between, mean);
    for (uint64_t i = 0; i < n && status == PLX_OK; i++)
        w[i] = shrink * w[i] - rate * mean[i];
    return status;
}

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    const soap *s = self;
    float *m = slot[0], *v = slot[1];
    void *const *next_slot = slot + 2;
    const side left = side_of(s, step, step->rows, &next_slot);
    const side right = side_of(s, step, step->cols, &next_slot);
    int32_t status = PLX_OK;

    if (step->step > 1 || (!left.basis && !right.basis))
        status = adam_in_basis(s, step, &left, &right, w, g, m, v);
    return status == PLX_OK ? follow(s, step, &left, &right, g, v) : status;
}

PLX_OPTIMIZER(
    soap, .version = "1.0", .summary = "adam in the eigenbasis of shampoo's preconditioners",
    .source = "Vyas, Morwani, Zhao, Shapira, Brandfonbrener, Janson, Kakade 2024, \"SOAP: "
              "Improving and stabilizing Shampoo using Adam\"",
    .formula = "L = shampoo_beta L + (1 - shampoo_beta) G G'; R likewise of G' G\n"
               "every update_every steps: Ql = Q factor of L Ql, Qr = Q factor of R Qr\n"
               "M = beta1 M + (1 - beta1) G\n"
               "V = beta2 V + (1 - beta2) (Ql' G Qr)^2\n"
               "N = Ql' M Qr / (1 - beta1^t) / (sqrt(V / (1 - beta2^t)) + eps); t the step from 0\n"
               "W = W (1 - lr weight_decay) - lr Ql N Qr'; step 0 only makes the bases\n"
               "a bias: adamw",
    .settings = PLX_TABLE(settings), .lr = 3e-3, .constants_size = 2 * sizeof(corrections),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_tensor = step_tensor)
