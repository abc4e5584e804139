/* intervals.c: see intervals.h. */
#include "report/intervals.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "report/frame.h"

/* Units of the picture. */
static const double width = 440, name_room = 210, number_room = 70, row_height = 24, above = 8;

/* ---- the axis -------------------------------------------------------------------------------- */

static bool has_whisker(const interval_row *row)
{
    return isfinite(row->value) && !isnan(row->lo) && !isnan(row->hi);
}

/* Without any number an axis would say something that nobody knows. */
static bool has_axis(const intervals *intervals)
{
    bool any = false;

    for (size_t i = 0; i < intervals->count; i++)
        any |= isfinite(intervals->row[i].value);
    return any;
}

static double widest_name(const intervals *intervals)
{
    double widest = 0;

    for (size_t i = 0; i < intervals->count; i++)
        widest = fmax(widest, frame_text_width(intervals->row[i].name));
    return fmin(widest, name_room);
}

static frame frame_of(const intervals *intervals)
{
    frame f = {.width = width,
               .left = widest_name(intervals) + 10,
               .top = above,
               .right = width - number_room,
               .bottom = above + (double)intervals->count * row_height,
               .x = {intervals->label, false, HUGE_VAL, -HUGE_VAL}};

    f.height = f.bottom + (!has_axis(intervals) ? 4 : intervals->label == NULL ? 24 : 42);
    for (size_t i = 0; i < intervals->count; i++) {
        const interval_row *row = &intervals->row[i];
        if (!isfinite(row->value))
            continue;
        frame_axis_take(&f.x, row->value);
        frame_axis_take(&f.x, row->lo);
        frame_axis_take(&f.x, row->hi);
    }
    if (intervals->mark_label != NULL && f.x.lo <= f.x.hi)
        frame_axis_take(&f.x, intervals->mark);
    frame_axis_settle(&f.x, true);
    return f;
}

/* ---- the picture ----------------------------------------------------------------------------- */

static double middle_of(size_t i)
{
    return above + ((double)i + 0.5) * row_height;
}

static void draw_row(html *page, const frame *f, const interval_row *row, double y)
{
    const size_t colour = row->colour % FRAME_COLOURS;

    if (has_whisker(row))
        text_addf(page->out,
                  "<path class=\"line\" style=\"stroke:var(--c%zu)\" "
                  "d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\"/>\n",
                  colour, frame_x(f, row->lo), y, frame_x(f, row->hi), frame_x(f, row->lo), y - 4,
                  frame_x(f, row->hi), y - 4);
    if (isfinite(row->value))
        text_addf(page->out,
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" style=\"fill:var(--c%zu)\"/>\n",
                  frame_x(f, row->value), y, colour);
    else
        frame_text(page, f->left + 6, y + 4, "start", "soft",
                   row->why != NULL ? row->why : "no data", f->right - f->left - 12);
}

static void draw_names(html *page, const frame *f, const interval_row *row, double y)
{
    char number[32];

    frame_text(page, f->left - 7, y + 4, "end", "", row->name, name_room);
    if (isfinite(row->value))
        frame_text(page, width, y + 4, "end", "", html_number(number, row->value, 3), number_room);
}

static void add_description(text *out, const intervals *intervals)
{
    text_addf(out, "%s of", intervals->label == NULL ? "Estimates" : intervals->label);
    for (size_t i = 0; i < intervals->count; i++)
        text_addf(out, "%s %s", i == 0 ? "" : ",", intervals->row[i].name);
    text_add(out, ", each with its interval. The numbers are in the table below.");
}

void intervals_picture(html *page, const intervals *intervals)
{
    frame f = frame_of(intervals);
    text description = {0};

    add_description(&description, intervals);
    frame_begin(page, &f, intervals->title, description.bytes);
    if (has_axis(intervals))
        frame_horizontal(page, &f, true);
    for (size_t i = 0; i < intervals->count; i++)
        draw_names(page, &f, &intervals->row[i], middle_of(i));
    frame_cut(page, &f);
    if (intervals->mark_label != NULL)
        text_addf(page->out,
                  "<path class=\"edge\" stroke-dasharray=\"4 3\" d=\"M%.1f %.1fV%.1f\"/>\n",
                  frame_x(&f, intervals->mark), f.top, f.bottom);
    for (size_t i = 0; i < intervals->count; i++)
        draw_row(page, &f, &intervals->row[i], middle_of(i));
    frame_uncut(page);
    frame_end(page, &f);
    page->out->failed |= description.failed;
    free(description.bytes);
}

static void add_legend(html *page, const intervals *intervals)
{
    if (intervals->mark_label == NULL)
        return;
    text_add(page->out, "<ul class=\"legend\">\n<li><svg viewBox=\"0 0 34 14\" "
                        "aria-hidden=\"true\"><path class=\"edge\" stroke-dasharray=\"4 3\" "
                        "d=\"M17 0V14\"/></svg><span>");
    html_escape(page->out, intervals->mark_label);
    text_add(page->out, "</span></li>\n</ul>\n");
}

void intervals_table(html *page, const intervals *intervals)
{
    const char *const titles[] = {"", intervals->label == NULL ? "value" : intervals->label, "from",
                                  "to"};

    html_table_open(page, NULL, titles, 4);
    for (size_t i = 0; i < intervals->count; i++) {
        const interval_row *row = &intervals->row[i];
        html_row_open(page);
        html_cell_head(page, row->name);
        html_cell_number(page, row->value, 5);
        html_cell_number(page, row->lo, 5);
        html_cell_number(page, row->hi, 5);
        html_row_close(page);
    }
    html_table_close(page);
}

void intervals_figure(html *page, const intervals *intervals)
{
    html_figure_open(page);
    html_caption(page, "%s", intervals->title);
    add_legend(page, intervals);
    intervals_picture(page, intervals);
    html_details_open(page, "Numbers");
    intervals_table(page, intervals);
    html_details_close(page);
    html_figure_close(page);
}
