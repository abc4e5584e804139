/* check_html.c: a report of the conformance suite as a page: the verdict, what failed and why,
 * every test, and then what there is to see. Of an activation or a loss that is its curve; of an
 * optimizer the loss it comes to over the learning rate for each problem, its way through those
 * problems that lie in a plane beside the ways of sgd and adam, and what it costs. The numbers
 * come from the figures of the tests; where one is absent or of another form than expected, its
 * part of the page is left out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/check.h"
#include "author/problems.h"
#include "report/contour.h"
#include "report/html.h"
#include "report/plot.h"
#include "support/memory.h"

enum {
    GRID = 91,      /* points of a drawn field along an axis                                    */
    CONTENDERS = 3, /* the plug-in, sgd, adam                                                   */
    MOST_POINTS = 4096,
};

/* Losses below this share of the first are drawn as this. */
static const double least_share = 1e-12;

/* ---- figures --------------------------------------------------------------------------------- */

static const json_t *figure(const check_report *report, const char *test, const char *key)
{
    const finding *found = check_finding(report, test);

    return found == NULL ? NULL : json_object_get(found->figures, key);
}

/* An array's numbers, NaN for null. NULL if it is no array of numbers. Free it. */
static double *numbers_of(const json_t *array, size_t *count)
{
    const size_t n = json_array_size(array);
    double *numbers = n == 0 || n > MOST_POINTS ? NULL : memory_array(n, sizeof(*numbers));

    *count = numbers == NULL ? 0 : n;
    for (size_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(array, i);
        numbers[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    return numbers;
}

/* A line out of two arrays of an object: x and y of the same length, or nothing. */
typedef struct line {
    double *x, *y;
    size_t count;
} line;

static line line_of(const json_t *object, const char *x, const char *y)
{
    size_t xs, ys;
    line l = {.x = numbers_of(json_object_get(object, x), &xs),
              .y = numbers_of(json_object_get(object, y), &ys)};

    l.count = xs == ys ? xs : 0;
    return l;
}

static void line_free(line *l)
{
    free(l->x);
    free(l->y);
    *l = (line){.x = NULL};
}

static const char *word(const json_t *object, const char *key)
{
    const char *string = json_string_value(json_object_get(object, key));

    return string == NULL ? "" : string;
}

/* ---- what was found -------------------------------------------------------------------------- */

static html_tone status_tone(finding_status status)
{
    return status == FINDING_PASSED   ? HTML_GOOD
           : status == FINDING_FAILED ? HTML_BAD
                                      : HTML_NEUTRAL;
}

/* "a loss"; what did not load has no kind. */
static void add_head(html *page, const check_report *report)
{
    const shown_text path = text_show(report->path);
    const char *name = report->name != NULL ? report->name : path.bytes;
    char *title = NULL;

    if (report->kind == 0)
        title = memory_format("%s", name);
    else
        title = memory_format("%s %s, %s %s", name, report->version != NULL ? report->version : "",
                              report->kind == PLX_KIND_LOSS ? "a" : "an",
                              catalog_kind_name(report->kind));
    html_heading(page, 1, title != NULL ? title : name);
    free(title);
    if (report->summary != NULL)
        html_paragraph(page, "%s", report->summary);
}

static void add_verdict(html *page, const check_report *report)
{
    text failed = {.bytes = NULL};

    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].status == FINDING_FAILED)
            text_addf(&failed, "%s%s", failed.length > 0 ? ", " : "", report->findings[i].id);
    if (failed.bytes == NULL)
        html_verdict(page, HTML_GOOD, "Everything required holds: %zu test%s passed.",
                     report->passed, report->passed == 1 ? "" : "s");
    else
        html_verdict(page, HTML_BAD, "%zu of %zu tests failed: %s.", report->failed,
                     report->failed + report->passed, failed.bytes);
    free(failed.bytes);
}

static void add_failures(html *page, const check_report *report)
{
    if (report->failed == 0)
        return;
    html_heading(page, 2, "What failed");
    for (size_t i = 0; i < report->count; i++) {
        const finding *f = &report->findings[i];
        char *title;
        if (f->status != FINDING_FAILED)
            continue;
        title = memory_format("%s: %s", f->id, f->title);
        html_heading(page, 3, title != NULL ? title : f->id);
        free(title);
        html_terms_open(page);
        if (f->expected != NULL)
            html_term(page, "expected", "%s", f->expected);
        if (f->came != NULL)
            html_term(page, "came", "%s", f->came);
        if (f->look != NULL)
            html_term(page, "look at", "%s", f->look);
        html_terms_close(page);
    }
}

static void add_findings(html *page, const check_report *report)
{
    static const char *const titles[] = {"test", "outcome", "what was found"};

    html_heading(page, 2, "All tests");
    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < report->count; i++) {
        const finding *f = &report->findings[i];
        const char *says = f->status == FINDING_FAILED && f->came != NULL ? f->came
                           : f->says != NULL                              ? f->says
                                                                          : "";
        html_row_open(page);
        html_cell_head(page, f->id);
        html_cell_tone(page, status_tone(f->status), check_status(f->status));
        html_cell(page, "%s%s%s", f->title, says[0] != '\0' ? ": " : "", says);
        html_row_close(page);
    }
    html_table_close(page);
}

static void add_identity(html *page, const check_report *report)
{
    if (report->formula != NULL) {
        html_heading(page, 2, "What it computes");
        html_code(page, report->formula);
    }
    html_terms_open(page);
    html_term(page, "file", "%s", text_show(report->path).bytes);
    html_terms_close(page);
}

/* ---- activations and losses ------------------------------------------------------------------ */

/* A picture of lines over one axis; none if there is no line. */
static void add_curves(html *page, const char *title, const char *x_label, const char *const *names,
                       const line *lines, size_t count)
{
    plot_series series[2];
    plot plot = {.title = title, .x = {.label = x_label}, .series = series};

    for (size_t i = 0; i < count; i++)
        if (lines[i].count > 0)
            series[plot.series_count++] = (plot_series){
                .name = names[i], .x = lines[i].x, .y = lines[i].y, .count = lines[i].count};
    if (plot.series_count > 0)
        plot_figure(page, &plot);
}

/* The first finding that has a curve, whichever test drew it. */
static const json_t *find_curve(const check_report *report)
{
    const json_t *curve = NULL;

    for (size_t i = 0; curve == NULL && i < report->count; i++)
        curve = json_object_get(report->findings[i].figures, "curve");
    return curve;
}

static void add_activation(html *page, const json_t *curve)
{
    static const char *const names[] = {"y", "dy/dx"};
    line lines[] = {line_of(curve, "x", "y"), line_of(curve, "x", "dy")};

    add_curves(page, "The function and its derivative, at the defaults", "x", names, lines, 2);
    line_free(&lines[0]);
    line_free(&lines[1]);
}

/* Gradients of a loss may be much larger than the loss: each has a picture of its own. */
static void add_loss(html *page, const json_t *curve)
{
    static const char *const names[] = {"loss", "gradient"};
    char target[32], title[96];

    html_number(target, json_number_value(json_object_get(curve, "target")), 3);
    for (size_t i = 0; i < 2; i++) {
        line l = line_of(curve, "prediction", names[i]);
        snprintf(title, sizeof(title), "The %s for the target %s, at the defaults", names[i],
                 target);
        add_curves(page, title, "prediction", &names[i], &l, 1);
        line_free(&l);
    }
}

static void add_looks(html *page, const check_report *report)
{
    const json_t *curve = find_curve(report);

    if (curve == NULL)
        return;
    html_heading(page, 2, "How it looks");
    html_gallery_open(page);
    if (report->kind == PLX_KIND_LOSS)
        add_loss(page, curve);
    else
        add_activation(page, curve);
    html_gallery_close(page);
}

/* ---- learning rates -------------------------------------------------------------------------- */

/* Entries of one problem: the plug-in's own, then those of its rivals. */
typedef struct entries {
    const json_t *entry[CONTENDERS];
    size_t count;
} entries;

static void take_entries(entries *e, const json_t *list, const char *problem)
{
    for (size_t i = 0; i < json_array_size(list) && e->count < CONTENDERS; i++)
        if (strcmp(word(json_array_get(list, i), "problem"), problem) == 0)
            e->entry[e->count++] = json_array_get(list, i);
}

static const char *contender(const check_report *report, const json_t *entry)
{
    const char *optimizer = word(entry, "optimizer");

    return *optimizer != '\0' ? optimizer : report->name;
}

/* From half way between the largest rate with a result and the next to the end of the axis. */
static bool find_divergence(const line *l, plot_zone *zone)
{
    size_t last = l->count;

    while (last > 0 && isnan(l->y[last - 1]))
        last--;
    if (l->count == 0 || last == l->count)
        return false;
    *zone = (plot_zone){.from = last == 0 ? l->x[0] : sqrt(l->x[last - 1] * l->x[last]),
                        .to = HUGE_VAL};
    return true;
}

static void find_range(const line *l, plot_axis *axis)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->y[i] < least_share)
            l->y[i] = least_share;
        if (l->y[i] > 0) {
            axis->lo = fmin(axis->lo, l->y[i]);
            axis->hi = fmax(axis->hi, l->y[i]);
        }
    }
}

static void add_sensitivity(html *page, const check_report *report, const problem *problem,
                            const entries *entries)
{
    line lines[CONTENDERS] = {{.x = NULL}};
    plot_series series[CONTENDERS];
    plot_zone zone;
    char divergence[96];
    plot plot = {.title = problem->title,
                 .x = {.label = "learning rate", .log = true},
                 .y = {.label = "loss above the minimum (1: the start)", .log = true, 0.5, 1},
                 .series = series,
                 .zones = &zone};

    for (size_t i = 0; i < entries->count; i++) {
        lines[i] = line_of(entries->entry[i], "lr", "loss");
        find_range(&lines[i], &plot.y);
        series[plot.series_count++] = (plot_series){.name = contender(report, entries->entry[i]),
                                                    .x = lines[i].x,
                                                    .y = lines[i].y,
                                                    .count = lines[i].count,
                                                    .markers = true};
    }
    plot.y.lo /= 2;
    plot.y.hi = fmin(2 * plot.y.hi, 1e3);
    snprintf(divergence, sizeof(divergence), "%.32s diverged", report->name);
    if (find_divergence(&lines[0], &zone)) {
        zone.label = divergence;
        plot.zone_count = 1;
    }
    plot_figure(page, &plot);
    for (size_t i = 0; i < entries->count; i++)
        line_free(&lines[i]);
}

static void add_learning_rates(html *page, const check_report *report)
{
    const json_t *own = figure(report, "sensitivity", "sensitivity");
    const json_t *rivals = figure(report, "sensitivity", "rival_sensitivity");

    if (json_array_size(own) == 0)
        return;
    html_heading(page, 2, "Learning rates");
    html_paragraph(page,
                   "Each point is a run of %d steps at one learning rate, all settings at their "
                   "defaults: the lower, the nearer to the minimum. Losses below %s of the first "
                   "are drawn as that.",
                   (int)json_integer_value(json_object_get(json_array_get(own, 0), "steps")),
                   "1e-12");
    html_gallery_open(page);
    for (const problem *p = problems_all; p->id != NULL; p++) {
        entries found = {.count = 0};
        take_entries(&found, own, p->id);
        if (found.count == 0)
            continue;
        take_entries(&found, rivals, p->id);
        add_sensitivity(page, report, p, &found);
    }
    html_gallery_close(page);
}

/* ---- ways through the plane ------------------------------------------------------------------ */

/* The problem's value at a point, its two parameters laid into tensors in order. */
static double value_at(const problem *problem, double x, double y)
{
    const float both[2] = {(float)x, (float)y};
    const float *w[PROBLEM_TENSORS] = {NULL};
    size_t taken = 0;

    for (size_t i = 0; i < problem->tensor_count && taken < 2; i++) {
        w[i] = both + taken;
        taken += problems_elements(&problem->tensor[i]);
    }
    return problem->value(problem, 0, w, NULL);
}

static double *make_field(const problem *problem)
{
    double *field = memory_array((size_t)GRID * GRID, sizeof(*field));

    for (int r = 0; field != NULL && r < GRID; r++)
        for (int c = 0; c < GRID; c++) {
            const double s = (double)c / (GRID - 1), t = (double)r / (GRID - 1);
            field[r * GRID + c] =
                value_at(problem, problem->lo[0] + s * (problem->hi[0] - problem->lo[0]),
                         problem->lo[1] + t * (problem->hi[1] - problem->lo[1]));
        }
    return field;
}

static void add_plane(html *page, const check_report *report, const problem *problem,
                      const entries *entries)
{
    double *field = make_field(problem);
    line lines[CONTENDERS] = {{.x = NULL}};
    contour_path paths[CONTENDERS];
    char names[CONTENDERS][80], number[32];

    for (size_t i = 0; i < entries->count; i++) {
        const json_t *entry = entries->entry[i];
        lines[i] = line_of(entry, "x", "y");
        snprintf(names[i], sizeof(names[i]), "%.32s, lr %s", contender(report, entry),
                 html_number(number, json_number_value(json_object_get(entry, "lr")), 3));
        paths[i] = (contour_path){names[i], lines[i].x, lines[i].y, lines[i].count};
    }
    if (field != NULL)
        contour_figure(page, &(contour){.title = problem->title,
                                        .x_label = "x",
                                        .y_label = "y",
                                        .lo = {problem->lo[0], problem->lo[1]},
                                        .hi = {problem->hi[0], problem->hi[1]},
                                        .field = field,
                                        .columns = GRID,
                                        .rows = GRID,
                                        .base = problem->minimum,
                                        .filled = true,
                                        .paths = paths,
                                        .path_count = entries->count,
                                        .minimum = problem->minimum_at});
    else
        page->out->failed = true;
    for (size_t i = 0; i < entries->count; i++)
        line_free(&lines[i]);
    free(field);
}

static void add_planes(html *page, const check_report *report)
{
    const json_t *own = figure(report, "sensitivity", "trajectories");
    const json_t *rivals = figure(report, "sensitivity", "rivals");

    if (json_array_size(own) == 0)
        return;
    html_heading(page, 2, "Ways through the plane");
    html_paragraph(page,
                   "Each at the learning rate, of those tried below, that came nearest to "
                   "the minimum. Colours are levels of the loss above its minimum, evenly spaced "
                   "in its logarithm, dark is low.");
    html_gallery_open(page);
    for (const problem *p = problems_all; p->id != NULL; p++) {
        entries found = {.count = 0};
        if (!p->plane)
            continue;
        take_entries(&found, own, p->id);
        if (found.count == 0)
            continue;
        take_entries(&found, rivals, p->id);
        add_plane(page, report, p, &found);
    }
    html_gallery_close(page);
}

/* ---- cost ------------------------------------------------------------------------------------ */

static double number_of(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* A row, unless nothing is known. Where `bytes` is absent its cell is empty. */
static void add_cost_row(html *page, const char *name, double ns, double sgd, double bytes)
{
    char number[32];

    if (isnan(ns))
        return;
    html_row_open(page);
    html_cell_head(page, name);
    html_cell_number(page, ns, 3);
    if (isnan(sgd))
        html_cell(page, "%s", "");
    else
        html_cell(page, "%s", html_number(number, ns / sgd, 3));
    html_cell(page, "%s", isnan(bytes) ? "" : html_number(number, bytes, 3));
    html_row_close(page);
}

static void add_cost(html *page, const check_report *report)
{
    static const char *const titles[] = {"optimizer", "ns a parameter", "times sgd",
                                         "bytes of state a parameter"};
    const double own = number_of(figure(report, "cost", "ns_per_parameter"));
    const double sgd = number_of(figure(report, "cost", "sgd_ns"));
    const double adam = number_of(figure(report, "cost", "adam_ns"));

    if (isnan(own))
        return;
    html_heading(page, 2, "Cost");
    html_table_open(page, "A step on a weight of 256 x 256, on one thread of this machine.", titles,
                    4);
    add_cost_row(page, report->name, own, sgd,
                 number_of(figure(report, "cost", "bytes_per_parameter")));
    add_cost_row(page, "sgd", sgd, sgd, (double)NAN);
    add_cost_row(page, "adam", adam, sgd, (double)NAN);
    html_table_close(page);
}

/* ---- the page -------------------------------------------------------------------------------- */

bool check_html(const check_report *report, text *out)
{
    const shown_text path = text_show(report->path);
    const char *name = report->name != NULL ? report->name : path.bytes;
    char *title = memory_format("%s: plexus check", name);
    html page;

    html_open(&page, out, title != NULL ? title : "plexus check");
    free(title);
    add_head(&page, report);
    add_verdict(&page, report);
    add_failures(&page, report);
    add_findings(&page, report);
    add_identity(&page, report);
    add_looks(&page, report);
    if (report->kind == PLX_KIND_OPTIMIZER) {
        add_planes(&page, report);
        add_learning_rates(&page, report);
        add_cost(&page, report);
    }
    html_paragraph(&page, "Made by plexus check, version %s.", PLEXUS_VERSION);
    html_close(&page);
    return !out->failed;
}
