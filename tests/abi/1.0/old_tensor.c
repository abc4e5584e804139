/* old_tensor: written for version 1.0 of the interface and left as it is. Heavy ball again, but it
 * uses all else that version 1.0 gives an optimizer of tensors: settings of every type, slots of
 * every type and start, slots of the group, constants, scratch memory, and the host's services. It
 * fails whenever one of them is not what the header promises. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double momentum;
    int64_t start;
    int32_t checks, mode;
} old_tensor;

static const char *const modes[] = {"plain", "doubled", "halved"};

static const plx_setting settings[] = {
    PLX_REAL(old_tensor, momentum, 0, 0, 1, "share of the last direction", .flags = PLX_OPEN_MAX),
    PLX_INTEGER(old_tensor, start, 7, -100, 100, "where the count begins"),
    PLX_FLAG(old_tensor, checks, 0, "look at everything"),
    PLX_CHOICE(old_tensor, mode, 0, modes, "factor of the rate"),
};

static int32_t validate(const void *self, const plx_host *host)
{
    const old_tensor *s = self;

    if (s->mode == 1 && !s->checks)
        return host->error(host, "mode doubled needs checks, not %d", (int)s->checks);
    return PLX_OK;
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const old_tensor *s = self;
    int32_t status = emit->scratch(emit, tensor->rows * tensor->cols * sizeof(float));

    if (status == PLX_OK)
        status = emit->like_parameter(emit, "momentum");
    if (status == PLX_OK)
        status = emit->slot(emit, "count", PLX_I64, 1, 1, (double)s->start);
    if (status == PLX_OK)
        status = emit->slot(emit, "halves", PLX_F64, tensor->rows, 2, 0.5);
    if (status == PLX_OK)
        status = emit->slot(emit, "column", PLX_F32, 1, tensor->cols, (double)-INFINITY);
    return status == PLX_OK ? emit->copy_of_weights(emit, "origin") : status;
}

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    if (model->role != PLX_MODEL || model->rows != 1)
        return emit->host->error(emit->host, "the model has role %u", model->role);
    return emit->slot(emit, "steps", PLX_I64, 1, 1, 0);
}

typedef struct {
    double rate;
    int64_t step;
} constants;

static int32_t begin_step(const void *self, const plx_step *step, void *out)
{
    const old_tensor *s = self;
    constants *c = out;
    int64_t *steps = step->model_slot[0];

    c->rate = s->mode == 1 ? 2 * step->lr : s->mode == 2 ? step->lr / 2 : step->lr;
    c->step = step->step;
    ++*steps;
    return PLX_OK;
}

/* Sizes, numbers and slots. */
static int32_t check_step(const old_tensor *s, const plx_step *step, const float *w,
                          void *const *slot)
{
    const plx_host *host = step->host;
    const constants *c = step->constants;
    const int64_t *count = slot[1], *steps = step->model_slot[0];
    const double *halves = slot[2];
    const float *column = slot[3], *origin = slot[4];

    if (step->size < sizeof(plx_step) || host->size < sizeof(plx_host))
        return host->error(host, "a step of %u bytes, a host of %u", step->size, host->size);
    if (c->step != step->step || *steps != step->step || *count != s->start + step->step - 1)
        return host->error(host, "steps %d, count %d", (int)*steps, (int)*count);
    if (halves[2 * step->rows - 1] != 0.5 || !isinf(column[step->cols - 1]))
        return host->error(host, "slots that do not start as planned");
    if (step->step == 1 && origin[0] != w[0])
        return host->error(host, "the copy of the weights is none");
    return PLX_OK;
}

/* Product, dot and norm agree, and random numbers depend on their place alone. */
static int32_t check_services(const plx_step *step, const float *g)
{
    const plx_host *host = step->host;
    const uint64_t n = step->rows * step->cols;
    const double dot = host->dot(host, n, g, g), norm = host->norm(host, n, g);
    float square = 0, few[2], *scratch = step->scratch;

    if (host->product(host, PLX_TRANSPOSE_B, 1, 1, n, 1, g, n, g, n, 0, &square, 1) != PLX_OK)
        return PLX_FAILED;
    if (fabs(norm * norm - dot) > 1e-6 * dot || fabs((double)square - dot) > 1e-3 * dot)
        return host->error(host, "three sums of squares: %g, %g, %g", norm * norm, dot,
                           (double)square);
    host->uniform(host, step, 3, n, scratch);
    host->uniform(host, step, 3, n < 2 ? n : 2, few);
    if (few[0] != scratch[0] || few[0] < 0 || few[0] >= 1)
        return host->error(host, "uniform numbers %g, %g", (double)few[0], (double)scratch[0]);
    host->normal(host, step, 4, n, scratch);
    return isfinite(scratch[n - 1]) ? PLX_OK : host->error(host, "no normal number");
}

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    const old_tensor *s = self;
    const constants *c = step->constants;
    const float rate = (float)c->rate, keep = step->step == 1 ? 0 : (float)s->momentum;
    float *m = slot[0];
    int64_t *count = slot[1];

    if (s->checks && check_step(s, step, w, slot) != PLX_OK)
        return PLX_FAILED;
    if (s->checks && check_services(step, g) != PLX_OK)
        return PLX_FAILED;
    ++*count;
    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        m[i] = keep * m[i] + g[i];
        w[i] -= rate * m[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(old_tensor, .version = "1.0", .summary = "heavy ball, tensor by tensor",
              .settings = PLX_TABLE(settings), .validate = validate, .lr = 0.01, .state_version = 2,
              .constants_size = sizeof(constants), .plan_slots = plan_slots,
              .plan_model_slots = plan_model_slots, .begin_step = begin_step,
              .step_tensor = step_tensor)
