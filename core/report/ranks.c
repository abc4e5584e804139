/* ranks.c: see ranks.h. The better half of the names stands on the left, the best on top, the other
 * half on the right, the worst on top; a line leads from each name to its place on the axis. So
 * lines never cross. */
#include "report/ranks.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/frame.h"

/* Units of the picture. */
static const double width = 440, name_room = 112, axis_y = 52, bar_gap = 8, row_height = 19;

/* ---- where things are ------------------------------------------------------------------------ */

/* What names on either side take. */
static double room_of(const ranks *ranks)
{
    double widest = 0;

    for (size_t i = 0; i < ranks->count; i++)
        widest = fmax(widest, frame_text_width(ranks->name[i]));
    return fmin(widest, name_room);
}

static double place_of(const ranks *ranks, double rank)
{
    const double left = room_of(ranks) + 22, right = width - left;
    const double share = (rank - 1) / ((double)ranks->count - 1);

    return left + fmin(fmax(isnan(share) ? 1 : share, 0), 1) * (right - left);
}

/* Groups of one need no bar. */
static size_t bars_of(const ranks *ranks)
{
    size_t bars = 0;

    for (size_t g = 0; g < ranks->group_count; g++)
        bars += ranks->group[g][1] > ranks->group[g][0];
    return bars;
}

static size_t left_half(const ranks *ranks)
{
    return (ranks->count + 1) / 2;
}

static double names_y(const ranks *ranks)
{
    return axis_y + bar_gap * (double)(bars_of(ranks) + 1) + 12;
}

/* ---- the picture ----------------------------------------------------------------------------- */

static void draw_axis(html *page, const ranks *ranks)
{
    const size_t every = (ranks->count + 9) / 10;

    text_addf(page->out, "<path class=\"edge\" d=\"M%.1f %.1fH%.1f\"/>\n", place_of(ranks, 1),
              axis_y, place_of(ranks, (double)ranks->count));
    for (size_t rank = 1; rank <= ranks->count; rank += every) {
        char number[32];
        const double x = place_of(ranks, (double)rank);
        text_addf(page->out, "<path class=\"edge\" d=\"M%.1f %.1fv-5\"/>\n", x, axis_y);
        frame_text(page, x, axis_y - 9, "middle", "", html_number(number, (double)rank, 3),
                   HUGE_VAL);
    }
}

/* As long as the critical difference is on the axis, above it. */
static void draw_ruler(html *page, const ranks *ranks)
{
    const double from = place_of(ranks, 1);
    const double to = place_of(ranks, 1 + ranks->critical_difference);
    char number[32], label[48];

    if (!isfinite(ranks->critical_difference))
        return;
    snprintf(label, sizeof(label), "critical difference %s",
             html_number(number, ranks->critical_difference, 3));
    text_addf(page->out,
              "<path class=\"line\" style=\"stroke:var(--ink);stroke-width:1.5\" "
              "d=\"M%.1f 16v8M%.1f 20H%.1fM%.1f 16v8\"/>\n",
              from, from, to, to);
    frame_text(page, from, 11, "start", "", label, HUGE_VAL);
}

static void draw_bars(html *page, const ranks *ranks)
{
    double y = axis_y;

    for (size_t g = 0; g < ranks->group_count; g++) {
        const size_t first = ranks->group[g][0], last = ranks->group[g][1];
        if (last <= first)
            continue;
        y += bar_gap;
        text_addf(page->out,
                  "<path class=\"line\" style=\"stroke:var(--c2);stroke-width:4\" "
                  "d=\"M%.1f %.1fH%.1f\"/>\n",
                  place_of(ranks, ranks->mean_rank[ranks->order[first]]) - 3, y,
                  place_of(ranks, ranks->mean_rank[ranks->order[last]]) + 3);
    }
}

static void draw_name(html *page, const ranks *ranks, size_t position)
{
    const size_t treatment = ranks->order[position];
    const bool left = position < left_half(ranks);
    const size_t line = left ? position : ranks->count - 1 - position;
    const double y = names_y(ranks) + (double)line * row_height;
    const double x = place_of(ranks, ranks->mean_rank[treatment]);
    const double room = room_of(ranks), end = left ? room + 4 : width - room - 4;

    text_addf(page->out, "<path class=\"edge\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", x, axis_y, y, end);
    frame_text(page, left ? room : width - room, y + 4, left ? "end" : "start", "",
               ranks->name[treatment], name_room);
}

static void add_description(text *out, const ranks *ranks)
{
    char number[32];

    text_add(out, "Mean ranks, the best first:");
    for (size_t i = 0; i < ranks->count; i++)
        text_addf(out, "%s %s %s", i == 0 ? "" : ",", ranks->name[ranks->order[i]],
                  html_number(number, ranks->mean_rank[ranks->order[i]], 3));
    text_addf(out, ". Bars join those that differ by less than %s.",
              html_number(number, ranks->critical_difference, 3));
}

void ranks_picture(html *page, const ranks *ranks)
{
    const frame f = {.width = width,
                     .height = names_y(ranks) + (double)(left_half(ranks) - 1) * row_height + 10};
    text description = {0};

    if (ranks->count < 2)
        return;
    add_description(&description, ranks);
    frame_begin(page, &f, ranks->title, description.bytes);
    draw_ruler(page, ranks);
    draw_axis(page, ranks);
    for (size_t i = 0; i < ranks->count; i++)
        draw_name(page, ranks, i);
    draw_bars(page, ranks);
    frame_end(page, &f);
    page->out->failed |= description.failed;
    free(description.bytes);
}

/* The bars that a position lies under: "1", "1, 2". */
static void add_groups(text *out, const ranks *ranks, size_t position)
{
    size_t bar = 0;

    for (size_t g = 0; g < ranks->group_count; g++) {
        const size_t first = ranks->group[g][0], last = ranks->group[g][1];
        if (last <= first)
            continue;
        if (position >= first && position <= last)
            text_addf(out, "%s%zu", out->length > 0 ? ", " : "", bar + 1);
        bar++;
    }
}

void ranks_table(html *page, const ranks *ranks)
{
    static const char *const titles[] = {"", "mean rank", "bars, from the top"};

    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < ranks->count; i++) {
        text groups = {0};
        add_groups(&groups, ranks, i);
        html_row_open(page);
        html_cell_head(page, ranks->name[ranks->order[i]]);
        html_cell_number(page, ranks->mean_rank[ranks->order[i]], 4);
        html_cell(page, "%s", groups.bytes != NULL ? groups.bytes : "none");
        html_row_close(page);
        page->out->failed |= groups.failed;
        free(groups.bytes);
    }
    html_table_close(page);
}

void ranks_figure(html *page, const ranks *ranks)
{
    html_figure_open(page);
    html_caption(page, "%s", ranks->title);
    ranks_picture(page, ranks);
    html_details_open(page, "Numbers");
    ranks_table(page, ranks);
    html_details_close(page);
    html_figure_close(page);
}
