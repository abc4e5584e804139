/* plot.c: see plot.h.
 *
 * A line is one path: "M" after each gap, "L" elsewhere, a point that rounds to the same tenth of a
 * unit as the last left out, so that a curve of a million points costs what the picture can
 * show. A point with a gap on either side is drawn as a dot. */
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/frame.h"

enum { TABLE_ROWS = 200 };

/* ---- axes of the data ------------------------------------------------------------------------ */

static void take_series(frame_axis *x, frame_axis *y, const plot_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        frame_axis_take(x, s->x[i]);
        frame_axis_take(y, s->y[i]);
        if (s->lo != NULL)
            frame_axis_take(y, s->lo[i]);
        if (s->hi != NULL)
            frame_axis_take(y, s->hi[i]);
    }
}

static void given(frame_axis *axis, const plot_axis *from)
{
    if (from->lo < from->hi && isfinite(from->lo) && isfinite(from->hi) &&
        (!from->log || from->lo > 0)) {
        axis->lo = from->lo;
        axis->hi = from->hi;
    }
}

static frame frame_of(const plot *plot)
{
    frame f = {.width = plot->width > 0 ? plot->width : 400,
               .height = plot->height > 0 ? plot->height : 270,
               .x = {plot->x.label, plot->x.log, HUGE_VAL, -HUGE_VAL},
               .y = {plot->y.label, plot->y.log, HUGE_VAL, -HUGE_VAL}};

    bool markers = false; /* which want room about them */

    for (size_t i = 0; i < plot->series_count; i++) {
        take_series(&f.x, &f.y, &plot->series[i]);
        markers |= plot->series[i].markers || plot->series[i].apart;
    }
    frame_axis_settle(&f.x, markers);
    frame_axis_settle(&f.y, true);
    given(&f.x, &plot->x);
    given(&f.y, &plot->y);
    return f;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool there(const plot_series *s, size_t i)
{
    return i < s->count && isfinite(s->x[i]) && isfinite(s->y[i]);
}

static void draw_line(html *page, const frame *f, const plot_series *s, size_t colour)
{
    double last_x = (double)NAN, last_y = (double)NAN;
    bool drawing = false;

    text_addf(page->out,
              "<path class=\"line\" style=\"stroke:var(--c%zu)\" stroke-dasharray=\"%s\" d=\"",
              colour % FRAME_COLOURS, frame_dashes(colour));
    for (size_t i = 0; i < s->count; i++) {
        if (!there(s, i)) {
            drawing = false;
            continue;
        }
        const double x = round(10 * frame_x(f, s->x[i])) / 10;
        const double y = round(10 * frame_y(f, s->y[i])) / 10;
        if (drawing && x == last_x && y == last_y)
            continue;
        if (drawing && s->steps)
            text_addf(page->out, "H%.1fV%.1f", x, y);
        else
            text_addf(page->out, "%c%.1f %.1f", drawing ? 'L' : 'M', x, y);
        drawing = true;
        last_x = x;
        last_y = y;
    }
    text_add(page->out, "\"/>\n");
}

/* One of four shapes, about (x, y). */
static void draw_marker(html *page, double x, double y, size_t shape)
{
    static const char *const shapes[] = {"m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z",
                                         "m-2.9 -2.9h5.8v5.8h-5.8z", "m0 -3.8l3.6 6.4h-7.2z",
                                         "m0 -4l4 4l-4 4l-4 -4z"};

    text_addf(page->out, "M%.1f %.1f%s", x, y, shapes[shape % 4]);
}

static void draw_markers(html *page, const frame *f, const plot_series *s, size_t colour)
{
    text_addf(page->out, "<path style=\"fill:var(--c%zu)\" d=\"M0 0", colour % FRAME_COLOURS);
    for (size_t i = 0; i < s->count; i++) {
        const bool alone = !(i > 0 && there(s, i - 1)) && !there(s, i + 1);
        if (there(s, i) && (s->markers || s->apart || alone))
            draw_marker(page, frame_x(f, s->x[i]), frame_y(f, s->y[i]), colour);
    }
    text_add(page->out, "\"/>\n");
}

static bool band_there(const plot_series *s, size_t i)
{
    return i < s->count && isfinite(s->x[i]) && isfinite(s->lo[i]) && isfinite(s->hi[i]);
}

/* There along the upper edge and back along the lower. */
static void draw_band_part(html *page, const frame *f, const plot_series *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        text_addf(page->out, "%c%.1f %.1f", i == from ? 'M' : 'L', frame_x(f, s->x[i]),
                  frame_y(f, s->hi[i]));
    for (size_t i = to; i > from; i--)
        text_addf(page->out, "L%.1f %.1f", frame_x(f, s->x[i - 1]), frame_y(f, s->lo[i - 1]));
    text_add(page->out, "Z");
}

static void draw_band(html *page, const frame *f, const plot_series *s, size_t colour)
{
    if (s->lo == NULL || s->hi == NULL)
        return;
    text_addf(page->out, "<path style=\"fill:var(--c%zu)\" fill-opacity=\"0.2\" d=\"M0 0",
              colour % FRAME_COLOURS);
    for (size_t from = 0; from < s->count; from++) {
        size_t to = from;
        while (band_there(s, to))
            to++;
        if (to > from)
            draw_band_part(page, f, s, from, to);
        from = to;
    }
    text_add(page->out, "\"/>\n");
}

/* ---- the picture ----------------------------------------------------------------------------- */

static void draw_zone(html *page, const frame *f, const plot_zone *zone)
{
    const double from = fmax(frame_x(f, fmax(zone->from, f->x.lo)), f->left);
    const double to = fmin(frame_x(f, fmin(zone->to, f->x.hi)), f->right);

    if (to > from)
        text_addf(page->out,
                  "<rect class=\"zone\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                  from, f->top, to - from, f->bottom - f->top);
}

static void add_description(text *out, const plot *plot)
{
    text_addf(out, "%s over %s.", plot->y.label == NULL ? "Lines" : plot->y.label,
              plot->x.label == NULL ? "the horizontal axis" : plot->x.label);
    for (size_t i = 0; i < plot->series_count; i++)
        text_addf(out, "%s%s", i == 0 ? " Lines: " : ", ", plot->series[i].name);
    text_add(out, ". The numbers are in the table below.");
}

static void draw_nothing(html *page, const frame *f)
{
    text_addf(page->out,
              "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">no data</text>\n",
              (f->left + f->right) / 2, (f->top + f->bottom) / 2);
}

void plot_picture(html *page, const plot *plot)
{
    frame f = frame_of(plot);
    text description = {0};
    size_t points = 0;

    if (plot->description == NULL)
        add_description(&description, plot);
    frame_open(page, &f, plot->title,
               plot->description != NULL ? plot->description : description.bytes, true);
    for (size_t i = 0; i < plot->zone_count; i++)
        draw_zone(page, &f, &plot->zones[i]);
    for (size_t i = 0; i < plot->series_count; i++)
        draw_band(page, &f, &plot->series[i], i);
    /* the first series, which the plot is about, is drawn last */
    for (size_t i = plot->series_count; i > 0; i--) {
        if (!plot->series[i - 1].apart)
            draw_line(page, &f, &plot->series[i - 1], i - 1);
        draw_markers(page, &f, &plot->series[i - 1], i - 1);
        for (size_t k = 0; k < plot->series[i - 1].count; k++)
            points += there(&plot->series[i - 1], k);
    }
    if (points == 0)
        draw_nothing(page, &f);
    frame_close(page);
    free(description.bytes);
}

static void legend_line(html *page, const plot_series *s, size_t i)
{
    text_add(page->out, "<li><svg viewBox=\"0 0 34 14\" aria-hidden=\"true\">");
    if (!s->apart)
        text_addf(page->out,
                  "<path class=\"line\" style=\"stroke:var(--c%zu)\" stroke-dasharray=\"%s\" "
                  "d=\"M1 7H33\"/>",
                  i % FRAME_COLOURS, frame_dashes(i));
    if (s->markers || s->apart) {
        text_addf(page->out, "<path style=\"fill:var(--c%zu)\" d=\"", i % FRAME_COLOURS);
        draw_marker(page, 17, 7, i);
        text_add(page->out, "\"/>");
    }
    text_add(page->out, "</svg><span>");
    html_escape(page->out, s->name);
    text_add(page->out, "</span></li>\n");
}

void plot_legend(html *page, const plot *plot)
{
    if (plot->series_count < 2 && plot->zone_count == 0)
        return;
    text_add(page->out, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < plot->series_count; i++)
        legend_line(page, &plot->series[i], i);
    for (size_t i = 0; i < plot->zone_count; i++) {
        if (plot->zones[i].label == NULL)
            continue;
        text_add(page->out, "<li><svg viewBox=\"0 0 34 14\" aria-hidden=\"true\"><rect "
                            "class=\"zone\" width=\"34\" height=\"14\"/><rect class=\"edge\" "
                            "x=\".5\" y=\".5\" width=\"33\" height=\"13\"/></svg><span>");
        html_escape(page->out, plot->zones[i].label);
        text_add(page->out, "</span></li>\n");
    }
    text_add(page->out, "</ul>\n");
}

/* ---- the table ------------------------------------------------------------------------------- */

static void table_rows(html *page, const plot_series *s, bool band)
{
    const size_t every = s->count <= TABLE_ROWS ? 1 : (s->count + TABLE_ROWS - 1) / TABLE_ROWS;

    for (size_t i = 0; i < s->count; i += every) {
        html_row_open(page);
        html_cell_head(page, s->name);
        html_cell_number(page, s->x[i], 4);
        html_cell_number(page, s->y[i], 4);
        if (band) {
            html_cell_number(page, s->lo == NULL ? (double)NAN : s->lo[i], 4);
            html_cell_number(page, s->hi == NULL ? (double)NAN : s->hi[i], 4);
        }
        html_row_close(page);
    }
}

/* Whether all lines have the same x, so that a row can hold a value of each. */
static bool same_x(const plot *plot)
{
    const plot_series *first = plot->series;

    for (size_t i = 0; i < plot->series_count; i++) {
        const plot_series *s = &plot->series[i];
        if (s->lo != NULL || s->count != first->count)
            return false;
        for (size_t k = 0; k < s->count; k++)
            if (s->x[k] != first->x[k])
                return false;
    }
    return plot->series_count <= 6;
}

static void wide_table(html *page, const plot *plot)
{
    const char *titles[8] = {plot->x.label == NULL ? "x" : plot->x.label};
    const size_t rows = plot->series[0].count;
    const size_t every = rows <= TABLE_ROWS ? 1 : (rows + TABLE_ROWS - 1) / TABLE_ROWS;

    for (size_t i = 0; i < plot->series_count; i++)
        titles[i + 1] = plot->series[i].name;
    html_table_open(page, plot->y.label, titles, plot->series_count + 1);
    for (size_t k = 0; k < rows; k += every) {
        html_row_open(page);
        html_cell_number(page, plot->series[0].x[k], 4);
        for (size_t i = 0; i < plot->series_count; i++)
            html_cell_number(page, plot->series[i].y[k], 4);
        html_row_close(page);
    }
    html_table_close(page);
}

static void long_table(html *page, const plot *plot)
{
    bool band = false;

    for (size_t i = 0; i < plot->series_count; i++)
        band |= plot->series[i].lo != NULL && plot->series[i].hi != NULL;
    const char *const titles[] = {"line", plot->x.label == NULL ? "x" : plot->x.label,
                                  plot->y.label == NULL ? "y" : plot->y.label, "from", "to"};
    html_table_open(page, NULL, titles, band ? 5 : 3);
    for (size_t i = 0; i < plot->series_count; i++)
        table_rows(page, &plot->series[i], band);
    html_table_close(page);
}

void plot_table(html *page, const plot *plot)
{
    if (plot->series_count > 0 && same_x(plot))
        wide_table(page, plot);
    else
        long_table(page, plot);
}

void plot_figure(html *page, const plot *plot)
{
    html_figure_open(page);
    html_caption(page, "%s", plot->title);
    plot_legend(page, plot);
    plot_picture(page, plot);
    html_details_open(page, "Numbers");
    plot_table(page, plot);
    html_details_close(page);
    html_figure_close(page);
}
