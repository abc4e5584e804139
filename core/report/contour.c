/* contour.c: see contour.h.
 *
 * Marching squares (Lorensen and Cline 1987, in the plane). Every edge between two neighbouring
 * points of the grid whose values lie on either side of a level holds one crossing; a cell has
 * none, two or four of them, and joins them in pairs. So each crossing has two neighbours, or one
 * at the edge of the grid, and the contour is walked from crossing to crossing until it closes or
 * ends. To be filled all must close: then the grid is given a border of points that lie where its
 * own outermost points lie and are below every level, so that what would leave the picture runs
 * along its edge instead. Painted from the lowest level up, with the colour of each, they make
 * the areas between the levels. Where lines are wanted the border has the values of those points,
 * too.
 *
 * Values are replaced by the root of their distance from the base, between which crossings are
 * interpolated in a straight line: near a minimum, where contours lie closest, functions are much
 * like squares. */
#include "report/contour.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "report/frame.h"
#include "support/memory.h"

typedef struct point {
    double x, y;
} point;

/* The grid with its border. Edge 2 i leads from point i to the right, edge 2 i + 1 from it up. */
typedef struct grid {
    size_t columns, rows;
    double *value;     /* columns x rows: roots; -1 in a border that closes contours             */
    double *at_x;      /* columns: where a column lies in the picture                            */
    double *at_y;      /* rows                                                                   */
    size_t (*next)[2]; /* of each edge: the edges whose crossings are its neighbours, or NONE    */
} grid;

static const size_t NONE = SIZE_MAX;

/* ---- levels and colours ---------------------------------------------------------------------- */

static double root_of(double value, double base)
{
    return isfinite(value) ? sqrt(fmax(value - base, 0)) : HUGE_VAL;
}

size_t contour_levels(const contour *contour, double levels[CONTOUR_LEVELS])
{
    const size_t count = contour->levels == 0               ? 12
                         : contour->levels > CONTOUR_LEVELS ? CONTOUR_LEVELS
                                                            : contour->levels;
    double least = HUGE_VAL, most = -HUGE_VAL;

    for (size_t i = 0; i < contour->columns * contour->rows; i++) {
        const double above = contour->field[i] - contour->base;
        if (isfinite(above) && above > 0) {
            least = fmin(least, above);
            most = fmax(most, above);
        }
    }
    least = fmax(least, 1e-7 * most);
    if (!(most > least * (1 + 1e-9)))
        return 0;
    for (size_t i = 0; i < count; i++) {
        const double share = ((double)i + 0.75) / ((double)count + 0.5);
        levels[i] = contour->base + least * pow(most / least, share);
    }
    return count;
}

unsigned contour_colour(double t)
{
    static const unsigned anchors[] = {0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e,
                                       0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725};
    const double place = 9 * fmin(fmax(isnan(t) ? 0 : t, 0), 1);
    const size_t below = place >= 9 ? 8 : (size_t)place;
    unsigned colour = 0;

    for (int shift = 16; shift >= 0; shift -= 8) {
        const double from = (anchors[below] >> shift) & 255;
        const double to = (anchors[below + 1] >> shift) & 255;
        colour |= (unsigned)lround(from + (place - (double)below) * (to - from)) << shift;
    }
    return colour;
}

/* ---- the grid -------------------------------------------------------------------------------- */

static void grid_free(grid *g)
{
    free(g->value);
    free(g->at_x);
    free(g->at_y);
    free(g->next);
}

/* Index i of `count` with a border, as an index within it. */
static size_t inside(size_t i, size_t count)
{
    return i == 0 ? 0 : i > count ? count - 1 : i - 1;
}

static double along(const double lo, const double hi, size_t i, size_t count)
{
    return lo + (hi - lo) * (double)i / (double)(count - 1);
}

static void grid_fill(grid *g, const contour *contour, const frame *f)
{
    for (size_t c = 0; c < g->columns; c++)
        g->at_x[c] =
            frame_x(f, along(f->x.lo, f->x.hi, inside(c, contour->columns), contour->columns));
    for (size_t r = 0; r < g->rows; r++)
        g->at_y[r] = frame_y(f, along(f->y.lo, f->y.hi, inside(r, contour->rows), contour->rows));
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++) {
            const bool border = r == 0 || c == 0 || r + 1 == g->rows || c + 1 == g->columns;
            g->value[r * g->columns + c] =
                border && contour->filled
                    ? -1
                    : root_of(contour->field[inside(r, contour->rows) * contour->columns +
                                             inside(c, contour->columns)],
                              contour->base);
        }
}

static bool grid_make(grid *g, const contour *contour, const frame *f)
{
    *g = (grid){.columns = contour->columns + 2, .rows = contour->rows + 2};
    g->value = memory_array(g->columns * g->rows, sizeof(*g->value));
    g->at_x = memory_array(g->columns, sizeof(*g->at_x));
    g->at_y = memory_array(g->rows, sizeof(*g->at_y));
    g->next = memory_array(2 * g->columns * g->rows, sizeof(*g->next));
    if (g->value == NULL || g->at_x == NULL || g->at_y == NULL || g->next == NULL)
        return false;
    grid_fill(g, contour, f);
    return true;
}

static void join(grid *g, size_t a, size_t b)
{
    g->next[a][g->next[a][0] != NONE] = b;
    g->next[b][g->next[b][0] != NONE] = a;
}

/* Joins the crossings of the cell whose lower left point is i. With four of them the mean of the
 * corners decides whether the high corners are connected. */
static void join_cell(grid *g, size_t i, double level)
{
    const size_t up = i + g->columns;
    const double corner[4] = {g->value[i], g->value[i + 1], g->value[up + 1], g->value[up]};
    const size_t edge[4] = {2 * i, 2 * (i + 1) + 1, 2 * up, 2 * i + 1};
    size_t crossed[4], count = 0;

    for (size_t k = 0; k < 4; k++)
        if ((corner[k] >= level) != (corner[(k + 1) % 4] >= level))
            crossed[count++] = edge[k];
    if (count == 2) {
        join(g, crossed[0], crossed[1]);
    } else if (count == 4) {
        const double mean = (corner[0] + corner[1] + corner[2] + corner[3]) / 4;
        const size_t shift = (mean >= level) == (corner[0] >= level) ? 0 : 3;
        join(g, crossed[shift], crossed[(shift + 1) % 4]);
        join(g, crossed[(shift + 2) % 4], crossed[(shift + 3) % 4]);
    }
}

static void find_crossings(grid *g, double level)
{
    for (size_t e = 0; e < 2 * g->columns * g->rows; e++)
        g->next[e][0] = g->next[e][1] = NONE;
    for (size_t r = 0; r + 1 < g->rows; r++)
        for (size_t c = 0; c + 1 < g->columns; c++)
            join_cell(g, r * g->columns + c, level);
}

/* Where the level crosses an edge. */
static point crossing(const grid *g, size_t edge, double level)
{
    const size_t from = edge / 2, to = edge % 2 == 0 ? from + 1 : from + g->columns;
    const double a = g->value[from], b = g->value[to];
    const double t = isfinite(a) && isfinite(b) ? (level - a) / (b - a) : isfinite(a) ? 0.9 : 0.1;
    const double x = g->at_x[from % g->columns], y = g->at_y[from / g->columns];

    return (point){x + t * (g->at_x[to % g->columns] - x), y + t * (g->at_y[to / g->columns] - y)};
}

/* Walks one contour from `edge`, unlinking what it passes, and writes it relative to the point
 * before, in tenths of a unit. */
static void walk(grid *g, size_t edge, double level, bool closed, text *out)
{
    long x = 0, y = 0;
    bool first = true;

    while (edge != NONE) {
        const point p = crossing(g, edge, level);
        const long to_x = lround(10 * p.x), to_y = lround(10 * p.y);

        if (first)
            text_addf(out, "M%.1f %.1fl", (double)to_x / 10, (double)to_y / 10);
        else if (to_x != x || to_y != y)
            text_addf(out, "%.4g %.4g ", (double)(to_x - x) / 10, (double)(to_y - y) / 10);
        first = false;
        x = to_x;
        y = to_y;
        size_t next = g->next[edge][0];
        if (next == NONE)
            next = g->next[edge][1];
        if (next != NONE) {
            g->next[edge][g->next[edge][0] != next] = NONE;
            g->next[next][g->next[next][0] != edge] = NONE;
        }
        edge = next;
    }
    text_add(out, closed ? "0 0z" : "0 0");
}

static void draw_level(html *page, grid *g, double level, unsigned colour, bool filled)
{
    find_crossings(g, level);
    if (filled)
        text_addf(page->out, "<path fill=\"#%06x\" fill-rule=\"evenodd\" d=\"", colour);
    else
        text_addf(page->out, "<path fill=\"none\" stroke=\"#%06x\" stroke-width=\"1.2\" d=\"",
                  colour);
    for (size_t e = 0; e < 2 * g->columns * g->rows; e++) /* first those that have an end */
        if ((g->next[e][0] != NONE) != (g->next[e][1] != NONE))
            walk(g, e, level, false, page->out);
    for (size_t e = 0; e < 2 * g->columns * g->rows; e++)
        if (g->next[e][0] != NONE)
            walk(g, e, level, true, page->out);
    text_add(page->out, "M0 0\"/>\n");
}

static void draw_field(html *page, const contour *contour, const frame *f)
{
    double levels[CONTOUR_LEVELS];
    const size_t count = contour_levels(contour, levels);
    grid g;

    if (contour->filled)
        text_addf(page->out,
                  "<rect fill=\"#%06x\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                  contour_colour(0), f->left, f->top, f->right - f->left, f->bottom - f->top);
    if (!grid_make(&g, contour, f))
        page->out->failed = true;
    else
        for (size_t i = 0; i < count; i++)
            draw_level(page, &g, root_of(levels[i], contour->base),
                       contour_colour(((double)i + 1) / (double)count), contour->filled);
    grid_free(&g);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* A path's line and the halo beneath it, which lifts it off any colour of the field. */
typedef struct path_look {
    const char *line, *halo, *dashes;
} path_look;

static path_look look_of(size_t i)
{
    static const path_look looks[CONTOUR_PATHS] = {
        {"#d55e00", "#fff", "none"}, {"#fff", "#000", "6 4"},    {"#56b4e9", "#000", "10 3"},
        {"#f0e442", "#000", "3 3"},  {"#cc79a7", "#000", "4 2"}, {"#000", "#fff", "9 3 2 3 2 3"},
    };

    return looks[i % CONTOUR_PATHS];
}

static size_t finite_points(const contour_path *path)
{
    size_t n = 0;

    while (n < path->count && isfinite(path->x[n]) && isfinite(path->y[n]))
        n++;
    return n;
}

/* The ring about a start, the disc at an end. */
static void draw_end(html *page, double x, double y, path_look look, bool start)
{
    text_addf(page->out,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"%s\" "
              "stroke-width=\"%s\"/>\n",
              x, y, start ? "5" : "4.5", start ? "#fff" : look.line, start ? "#000" : look.halo,
              start ? "2" : "1.3");
}

static void draw_path(html *page, const contour_path *path, const frame *f, path_look look)
{
    const size_t n = finite_points(path);
    text line = {0};
    double last_x = (double)NAN, last_y = (double)NAN;

    for (size_t i = 0; i < n; i++) {
        const double x = round(10 * frame_x(f, path->x[i])) / 10;
        const double y = round(10 * frame_y(f, path->y[i])) / 10;
        if (i == 0 || x != last_x || y != last_y)
            text_addf(&line, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x, y);
        last_x = x;
        last_y = y;
    }
    if (line.bytes != NULL && n > 0) {
        text_addf(page->out,
                  "<path class=\"line\" style=\"stroke:%s;stroke-width:4;stroke-opacity:.75\" "
                  "d=\"%s\"/>\n"
                  "<path class=\"line\" style=\"stroke:%s\" stroke-dasharray=\"%s\" d=\"%s\"/>\n",
                  look.halo, line.bytes, look.line, look.dashes, line.bytes);
        draw_end(page, last_x, last_y, look, false);
    }
    page->out->failed |= line.failed;
    free(line.bytes);
}

static void draw_minimum(html *page, double x, double y)
{
    static const char *const strokes[] = {"#000\" stroke-width=\"5", "#fff\" stroke-width=\"2"};

    for (size_t i = 0; i < 2; i++)
        text_addf(page->out,
                  "<path fill=\"none\" stroke=\"%s\" d=\"M%.1f %.1fl10 10m0 -10l-10 10\"/>\n",
                  strokes[i], x - 5, y - 5);
}

static void draw_paths(html *page, const contour *contour, const frame *f)
{
    const size_t count = contour->path_count > CONTOUR_PATHS ? CONTOUR_PATHS : contour->path_count;

    for (size_t i = count; i > 0; i--)
        draw_path(page, &contour->paths[i - 1], f, look_of(i - 1));
    if (contour->minimum != NULL)
        draw_minimum(page, frame_x(f, contour->minimum[0]), frame_y(f, contour->minimum[1]));
    for (size_t i = 0; i < count; i++)
        if (finite_points(&contour->paths[i]) > 0)
            draw_end(page, frame_x(f, contour->paths[i].x[0]), frame_y(f, contour->paths[i].y[0]),
                     look_of(i), true);
}

/* ---- the picture ----------------------------------------------------------------------------- */

static void add_description(text *out, const contour *contour)
{
    text_addf(out, "Contours of a function of %s and %s.", contour->x_label, contour->y_label);
    for (size_t i = 0; i < contour->path_count; i++)
        text_addf(out, "%s%s", i == 0 ? " Paths: " : ", ", contour->paths[i].name);
    text_add(out, ". Their ends are in the table below.");
}

void contour_picture(html *page, const contour *contour)
{
    frame f = {.width = 400,
               .height = 330,
               .x = {contour->x_label, false, contour->lo[0], contour->hi[0]},
               .y = {contour->y_label, false, contour->lo[1], contour->hi[1]}};
    text description = {0};

    frame_axis_settle(&f.x, false);
    frame_axis_settle(&f.y, false);
    if (contour->description == NULL)
        add_description(&description, contour);
    frame_open(page, &f, contour->title,
               contour->description != NULL ? contour->description : description.bytes, false);
    if (contour->columns >= 2 && contour->rows >= 2)
        draw_field(page, contour, &f);
    draw_paths(page, contour, &f);
    frame_close(page);
    free(description.bytes);
}

static void legend_item(html *page, const char *name)
{
    text_add(page->out, "</svg><span>");
    html_escape(page->out, name);
    text_add(page->out, "</span></li>\n");
}

/* Each entry stands on a patch of the field's colours, on which its line was drawn. */
void contour_legend(html *page, const contour *contour)
{
    static const char item[] = "<li><svg viewBox=\"0 0 34 14\" aria-hidden=\"true\">"
                               "<rect fill=\"#26828e\" width=\"34\" height=\"14\" rx=\"2\"/>";

    text_add(page->out, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < contour->path_count && i < CONTOUR_PATHS; i++) {
        const path_look look = look_of(i);
        text_addf(page->out,
                  "%s<path class=\"line\" style=\"stroke:%s;stroke-width:4;stroke-opacity:.75\" "
                  "d=\"M2 7H32\"/><path class=\"line\" style=\"stroke:%s\" "
                  "stroke-dasharray=\"%s\" d=\"M2 7H32\"/>",
                  item, look.halo, look.line, look.dashes);
        legend_item(page, contour->paths[i].name);
    }
    if (contour->path_count > 0) {
        text_add(page->out, item);
        draw_end(page, 17, 7, look_of(0), true);
        legend_item(page, "start");
    }
    if (contour->minimum != NULL) {
        text_add(page->out, item);
        draw_minimum(page, 17, 7);
        legend_item(page, "minimum");
    }
    text_add(page->out, "</ul>\n");
}

/* ---- the table ------------------------------------------------------------------------------- */

/* The field at a point, between its four neighbours; NaN outside it. */
static double value_at(const contour *contour, double x, double y)
{
    const double c =
        (x - contour->lo[0]) / (contour->hi[0] - contour->lo[0]) * (double)(contour->columns - 1);
    const double r =
        (y - contour->lo[1]) / (contour->hi[1] - contour->lo[1]) * (double)(contour->rows - 1);

    if (!(c >= 0 && r >= 0 && c <= (double)(contour->columns - 1) &&
          r <= (double)(contour->rows - 1)))
        return (double)NAN;
    const size_t i = (size_t)fmin(c, (double)(contour->columns - 2));
    const size_t k = (size_t)fmin(r, (double)(contour->rows - 2));
    const double s = c - (double)i, t = r - (double)k;
    const double *row = contour->field + k * contour->columns + i, *up = row + contour->columns;
    return (1 - t) * ((1 - s) * row[0] + s * row[1]) + t * ((1 - s) * up[0] + s * up[1]);
}

void contour_table(html *page, const contour *contour)
{
    static const char *const titles[] = {"path", "points", "start", "end", "value there"};

    html_table_open(page, NULL, titles, 5);
    for (size_t i = 0; i < contour->path_count; i++) {
        const contour_path *path = &contour->paths[i];
        const size_t n = finite_points(path);
        char number[4][32];

        if (n == 0)
            continue;
        html_row_open(page);
        html_cell_head(page, path->name);
        html_cell_number(page, (double)n, 6);
        html_cell(page, "(%s, %s)", html_number(number[0], path->x[0], 4),
                  html_number(number[1], path->y[0], 4));
        html_cell(page, "(%s, %s)", html_number(number[2], path->x[n - 1], 4),
                  html_number(number[3], path->y[n - 1], 4));
        html_cell_number(page, value_at(contour, path->x[n - 1], path->y[n - 1]), 3);
        html_row_close(page);
    }
    html_table_close(page);
}

void contour_figure(html *page, const contour *contour)
{
    html_figure_open(page);
    html_caption(page, "%s", contour->title);
    contour_legend(page, contour);
    contour_picture(page, contour);
    html_details_open(page, "Where the paths end");
    contour_table(page, contour);
    html_details_close(page);
    html_figure_close(page);
}
