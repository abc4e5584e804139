/* descent.c: see descent.h. */
#include "author/descent.h"

#include <math.h>

#include "author/trial.h"

enum { LOOK_EVERY = 8 }; /* steps between two looks at whether it is enough                     */

double descent_rate(double base, int index)
{
    return base * pow(10, (index - DESCENT_RATES / 2) / 2.0);
}

static void note(json_t *path, const char *key, double value)
{
    json_array_append_new(json_object_get(path, key),
                          isfinite(value) ? json_real(value) : json_null());
}

static void note_place(const descent *how, const trial *trial, double loss)
{
    const float *w = trial_weights(trial, 0);

    if (how->path == NULL || !how->problem->plane)
        return;
    note(how->path, "x", (double)w[0]);
    note(how->path, "y", (double)w[1]);
    note(how->path, "loss", loss);
}

static void begin_path(const descent *how)
{
    if (how->path == NULL)
        return;
    json_object_set_new(how->path, "x", json_array());
    json_object_set_new(how->path, "y", json_array());
    json_object_set_new(how->path, "loss", json_array());
}

static double share_of(const descent *how, double start, double loss)
{
    const double minimum = how->problem->minimum;

    return isfinite(loss) ? (loss - minimum) / (start - minimum) : HUGE_VAL;
}

static void run(const descent *how, trial *trial, descended *out)
{
    trial_outcome outcome = {.finite = true};

    for (int k = 1; k <= how->steps && !outcome.done; k++) {
        out->failed = !trial_step(trial, how->lr, &outcome, NULL);
        if (out->failed || !outcome.finite) {
            out->share = HUGE_VAL;
            out->end = (double)NAN;
            return;
        }
        if (how->path == NULL && k % LOOK_EVERY != 0 && k < how->steps && !outcome.done)
            continue;
        out->end = trial_loss(trial);
        out->share = share_of(how, out->start, out->end);
        note_place(how, trial, out->end);
        if (out->share <= how->enough)
            return;
    }
}

descended descent_run(const descent *how)
{
    const trial_spec spec = {
        .problem = how->problem, .optimizer = how->optimizer, .host = how->host};
    descended out = {.share = HUGE_VAL, .failed = true};
    trial *trial = trial_new(&spec, NULL);

    begin_path(how);
    if (trial == NULL)
        return out;
    out = (descended){.start = trial_loss(trial), .share = 1};
    out.end = out.start;
    note_place(how, trial, out.start);
    run(how, trial, &out);
    trial_free(trial);
    return out;
}
