/* heat.c: see heat.h. */
#include "report/heat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/contour.h"
#include "report/frame.h"

/* Units of the picture. */
static const double narrowest = 58, widest = 104; /* columns                                     */
static const double row_room = 132;               /* the labels of rows                          */
static const double gap = 2;
static const double scale_width = 260;

/* ---- the scale ------------------------------------------------------------------------------- */

/* The figure as it stands in a cell. */
static const char *figure_of(const heat_cell *cell, char buffer[40])
{
    char number[32];

    if (!isfinite(cell->value))
        return isnan(cell->value) ? "\xE2\x80\x93" : "failed";
    snprintf(buffer, 40, "%s%s", cell->same_as != NULL ? "= " : "",
             html_number(number, cell->value, 3));
    return buffer;
}

heat_scale heat_scale_of(const char *name, bool low_is_better)
{
    return (heat_scale){
        .name = name, .low_is_better = low_is_better, .lo = HUGE_VAL, .hi = -HUGE_VAL};
}

void heat_scale_take(heat_scale *scale, const heat_cell *cell)
{
    if (cell->skipped != NULL) {
        scale->skipped = true;
        return;
    }
    scale->wanted = cell->wanted > scale->wanted ? cell->wanted : scale->wanted;
    scale->failed |= cell->failures > 0;
    scale->unfinished |= cell->runs < cell->wanted;
    scale->same |= cell->same_as != NULL;
    scale->empty |= isnan(cell->value);
    if (isfinite(cell->value)) {
        char figure[40];
        scale->widest = fmax(scale->widest, frame_text_width(figure_of(cell, figure)));
        scale->lo = fmin(scale->lo, cell->value);
        scale->hi = fmax(scale->hi, cell->value);
    }
}

void heat_scale_settle(heat_scale *scale)
{
    scale->log = scale->lo > 0 && scale->hi > 100 * scale->lo;
}

double heat_share(const heat_scale *scale, double value)
{
    const double lo = scale->log ? log(scale->lo) : scale->lo;
    const double hi = scale->log ? log(scale->hi) : scale->hi;
    const double at = scale->log ? log(value) : value;

    if (!(hi > lo)) /* all alike */
        return 1;
    const double share = fmin(fmax((at - lo) / (hi - lo), 0), 1);
    return scale->low_is_better ? 1 - share : share;
}

/* One channel of sRGB as light (WCAG 2). */
static double light_of(unsigned channel)
{
    const double c = channel / 255.0;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Contrast is (L1 + 0.05) / (L2 + 0.05), L1 the lighter of the two. */
unsigned heat_ink(unsigned colour)
{
    const double luminance = 0.2126 * light_of(colour >> 16 & 255) +
                             0.7152 * light_of(colour >> 8 & 255) + 0.0722 * light_of(colour & 255);

    return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? 0x000000 : 0xffffff;
}

/* ---- the legend ------------------------------------------------------------------------------ */

static void add_stops(html *page, unsigned id)
{
    text_addf(page->out, "<linearGradient id=\"n%u\">", id);
    for (int i = 0; i <= 9; i++)
        text_addf(page->out, "<stop offset=\"%.4f\" stop-color=\"#%06x\"/>", i / 9.0,
                  contour_colour(i / 9.0));
    text_add(page->out, "</linearGradient>\n");
}

static void draw_scale(html *page, const heat_scale *scale)
{
    const unsigned gradient = html_id(page);
    const double worst = scale->low_is_better ? scale->hi : scale->lo;
    const double best = scale->low_is_better ? scale->lo : scale->hi;
    const frame f = {.width = scale_width, .height = 34, .fixed = true};
    char title[128], description[256], number[2][32];

    html_number(number[0], worst, 3);
    html_number(number[1], best, 3);
    snprintf(title, sizeof(title), "The colours of %.80s", scale->name);
    snprintf(description, sizeof(description), "From dark, %s, to bright, %s%s.", number[0],
             number[1], scale->log ? ", evenly in the logarithm" : "");
    frame_begin(page, &f, title, description);
    add_stops(page, gradient);
    text_addf(page->out, "<rect width=\"%.0f\" height=\"14\" rx=\"2\" fill=\"url(#n%u)\"/>\n",
              scale_width, gradient);
    frame_text(page, 0, 29, "start", "", number[0], scale_width / 3);
    frame_text(page, scale_width / 2, 29, "middle", "soft",
               scale->log ? "better \xE2\x86\x92 (log)" : "better \xE2\x86\x92", HUGE_VAL);
    frame_text(page, scale_width, 29, "end", "", number[1], scale_width / 3);
    frame_end(page, &f);
}

static void add_mark(html *page, const char *sign, const char *meaning)
{
    text_add(page->out, "<li><b>");
    html_escape(page->out, sign);
    text_add(page->out, "</b> <span>");
    html_escape(page->out, meaning);
    text_add(page->out, "</span></li>\n");
}

static void add_swatch(html *page, const char *look, const char *meaning)
{
    text_addf(page->out,
              "<li><svg viewBox=\"0 0 34 14\" aria-hidden=\"true\"><rect class=\"empty\" x=\"1\" "
              "y=\"1\" width=\"32\" height=\"12\"/>%s</svg><span>",
              look);
    html_escape(page->out, meaning);
    text_add(page->out, "</span></li>\n");
}

void heat_legend(html *page, const heat_scale *scale)
{
    if (scale->lo < scale->hi)
        draw_scale(page, scale);
    text_add(page->out, "<ul class=\"legend\">\n");
    add_mark(page, scale->name, scale->lo < scale->hi ? "in colour" : "");
    if (scale->failed)
        add_mark(page, "n failed",
                 "of this cell's runs; a cell is \xE2\x80\x9C"
                 "failed\xE2\x80\x9D where they decide");
    if (scale->unfinished) {
        char sign[32];
        snprintf(sign, sizeof(sign), "n/%zu", scale->wanted);
        add_mark(page, sign, "runs are there");
    }
    if (scale->same)
        add_mark(page, "=", "the same final weights as another cell: no evidence of its own");
    if (scale->skipped)
        add_swatch(page, "<path class=\"hatch\" d=\"M1 13l12 -12M11 13l12 -12M21 13l12 -12\"/>",
                   "skipped, with the reason below");
    if (scale->empty)
        add_swatch(page, "", "no run yet");
    text_add(page->out, "</ul>\n");
}

/* ---- the picture ----------------------------------------------------------------------------- */

typedef struct layout {
    double left, top; /* of the first cell                                                       */
    double width, height;
    unsigned hatch;
} layout;

static double widest_of(const char *const *string, size_t count, double least, double most)
{
    double width = least;

    for (size_t i = 0; i < count; i++)
        width = fmax(width, frame_text_width(string[i]) + 4);
    return fmin(width, most);
}

/* Cells of all maps of a scale are as high as one with two lines, if there is one. */
static layout layout_of(const heat *heat)
{
    const heat_scale *scale = heat->scale;
    const double least = fmax(narrowest, scale->widest + 6);
    layout l = {.width = widest_of(heat->column, heat->columns, least, fmax(widest, least)),
                .height = scale->failed || scale->unfinished ? 38 : 28};

    if (heat->row_label != NULL)
        l.left = fmax(widest_of(heat->row, heat->rows, 0, row_room),
                      fmin(frame_text_width(heat->row_label), row_room)) +
                 6;
    l.top = heat->column_label != NULL ? 38 : heat->row_label != NULL ? 20 : 2;
    return l;
}

static void add_description(text *out, const heat *heat)
{
    size_t known = 0;

    for (size_t i = 0; i < heat->rows * heat->columns; i++)
        known += isfinite(heat->cell[i].value) && heat->cell[i].skipped == NULL;
    text_addf(out, "A map of %zu by %zu cells, %s in each; %zu of them have one.", heat->rows,
              heat->columns, heat->scale->name, known);
}

static void add_hatch(html *page, const heat *heat, layout *l)
{
    size_t skipped = 0;

    for (size_t i = 0; i < heat->rows * heat->columns; i++)
        skipped += heat->cell[i].skipped != NULL;
    if (skipped == 0)
        return;
    l->hatch = html_id(page);
    text_addf(page->out,
              "<pattern id=\"n%u\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
              "<path class=\"hatch\" d=\"M-2 2l4 -4M0 8l8 -8M6 10l4 -4\"/></pattern>\n",
              l->hatch);
}

static void draw_labels(html *page, const heat *heat, const layout *l)
{
    const double across = (double)heat->columns * l->width;

    if (heat->column_label != NULL)
        frame_text(page, l->left, 12, "start", "soft", heat->column_label, across);
    for (size_t i = 0; heat->column_label != NULL && i < heat->columns; i++)
        frame_text(page, l->left + ((double)i + 0.5) * l->width, 31, "middle", "", heat->column[i],
                   l->width - 4);
    if (heat->row_label == NULL)
        return;
    frame_text(page, l->left - 6, l->top - 7, "end", "soft", heat->row_label, row_room);
    for (size_t i = 0; i < heat->rows; i++)
        frame_text(page, l->left - 6, l->top + ((double)i + 0.5) * l->height + 4, "end", "",
                   heat->row[i], row_room);
}

/* What shows when a cell is pointed at. */
static void add_title(html *page, const heat_cell *cell)
{
    char number[32];

    text_add(page->out, "<title>");
    html_escape(page->out, cell->label);
    if (cell->skipped != NULL) {
        text_add(page->out, ": skipped: ");
        html_escape(page->out, cell->skipped);
    } else {
        text_addf(page->out, ": %s; %zu of %zu runs",
                  isnan(cell->value)      ? "no result"
                  : isfinite(cell->value) ? html_number(number, cell->value, 6)
                                          : "failures decide",
                  cell->runs, cell->wanted);
        if (cell->failures > 0)
            text_addf(page->out, ", %zu failed", cell->failures);
        if (cell->same_as != NULL) {
            text_add(page->out, "; the same final weights as ");
            html_escape(page->out, cell->same_as);
        }
    }
    text_add(page->out, "</title>");
}

static void draw_lines(html *page, const layout *l, double x, double y, const heat_cell *cell,
                       const char *style)
{
    char first[40], second[64] = "";
    const double middle = x + l->width / 2 - gap / 2, half = l->height / 2;

    if (cell->failures > 0 && isfinite(cell->value))
        snprintf(second, sizeof(second), "%zu failed", cell->failures);
    else if (cell->failures > 0)
        snprintf(second, sizeof(second), "%zu of %zu", cell->failures, cell->runs);
    else if (cell->runs < cell->wanted)
        snprintf(second, sizeof(second), "%zu/%zu", cell->runs, cell->wanted);
    text_addf(page->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\"%s>%s</text>\n", middle,
              y + half + (*second != '\0' ? -2 : 3.5), style, figure_of(cell, first));
    if (*second != '\0')
        text_addf(page->out,
                  "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\"%s>%s"
                  "</text>\n",
                  middle, y + half + 12, style, second);
}

static void draw_cell(html *page, const heat *heat, const layout *l, size_t row, size_t column)
{
    const heat_cell *cell = &heat->cell[row * heat->columns + column];
    const double x = l->left + (double)column * l->width, y = l->top + (double)row * l->height;
    const bool coloured = cell->skipped == NULL && isfinite(cell->value);
    const unsigned colour = contour_colour(heat_share(heat->scale, cell->value));
    char place[96], style[32] = "";

    snprintf(place, sizeof(place), "x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"",
             x, y, l->width - gap, l->height - gap);
    text_addf(page->out, "<g>");
    add_title(page, cell);
    if (coloured) {
        text_addf(page->out, "<rect fill=\"#%06x\" %s/>\n", colour, place);
        snprintf(style, sizeof(style), " style=\"fill:#%06x\"", heat_ink(colour));
    } else {
        text_addf(page->out, "<rect class=\"%s\" %s/>\n",
                  cell->skipped == NULL && isinf(cell->value) ? "failed" : "empty", place);
    }
    if (cell->skipped != NULL)
        text_addf(page->out, "<rect fill=\"url(#n%u)\" %s/>\n", l->hatch, place);
    else
        draw_lines(page, l, x, y, cell, style);
    text_add(page->out, "</g>\n");
}

void heat_picture(html *page, const heat *heat)
{
    layout l = layout_of(heat);
    const frame f = {.width = l.left + (double)heat->columns * l.width,
                     .height = l.top + (double)heat->rows * l.height,
                     .fixed = true};
    text description = {0};

    add_description(&description, heat);
    frame_begin(page, &f, heat->title, description.bytes);
    add_hatch(page, heat, &l);
    draw_labels(page, heat, &l);
    for (size_t row = 0; row < heat->rows; row++)
        for (size_t column = 0; column < heat->columns; column++)
            draw_cell(page, heat, &l, row, column);
    frame_end(page, &f);
    page->out->failed |= description.failed;
    free(description.bytes);
}

void heat_figure(html *page, const heat *heat)
{
    html_figure_open(page);
    html_caption(page, "%s", heat->title);
    heat_picture(page, heat);
    html_figure_close(page);
}
