/* frame.c: see frame.h. */
#include "report/frame.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/utf8.h"

/* Beyond this many units from the picture nothing needs to be told apart. */
static const double farthest = 1e5;

/* ---- axes ------------------------------------------------------------------------------------ */

static bool shows(const frame_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0);
}

void frame_axis_take(frame_axis *axis, double value)
{
    if (!shows(axis, value))
        return;
    axis->lo = fmin(axis->lo, value);
    axis->hi = fmax(axis->hi, value);
}

static void settle_log(frame_axis *axis, bool room)
{
    double lo = log10(axis->lo), hi = log10(axis->hi);

    if (hi - lo < 0.01) {
        lo -= 0.5;
        hi += 0.5;
    }
    const double margin = room ? 0.04 * (hi - lo) : 0;
    lo = fmin(fmax(lo - margin, -307), 306);
    hi = fmin(fmax(hi + margin, lo + 0.1), 308);
    axis->lo = pow(10, lo);
    axis->hi = pow(10, hi);
}

static void settle_linear(frame_axis *axis, bool room)
{
    axis->lo = fmax(axis->lo, -1e300);
    axis->hi = fmin(axis->hi, 1e300);
    const double least = 1e-9 * fmax(fabs(axis->lo), fabs(axis->hi));

    if (axis->hi - axis->lo <= least) {
        const double half = axis->hi == 0 ? 1 : fmax(0.1 * fabs(axis->hi), 1e-300);
        axis->lo -= half;
        axis->hi += half;
    }
    const double margin = room ? 0.04 * (axis->hi - axis->lo) : 0;
    axis->lo -= margin;
    axis->hi += margin;
}

void frame_axis_settle(frame_axis *axis, bool room)
{
    if (!(axis->lo <= axis->hi)) {
        axis->lo = axis->log ? 0.1 : 0;
        axis->hi = axis->log ? 10 : 1;
    }
    if (axis->log)
        settle_log(axis, room);
    else
        settle_linear(axis, room);
}

/* The least of 1, 2 and 5 times a power of ten that is at or above `least`. */
static double nice_step(double least)
{
    const double power = pow(10, floor(log10(least)));
    static const double steps[] = {1, 2, 5, 10};

    for (size_t i = 0; i < 4; i++)
        if (steps[i] * power >= least * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static size_t linear_ticks(const frame_axis *axis, size_t about, double *ticks)
{
    const double extent = axis->hi - axis->lo;
    const double step = nice_step(extent / (double)about);
    const double first = ceil((axis->lo - 1e-9 * extent) / step);
    size_t count = 0;

    for (; count < FRAME_TICKS; count++) {
        const double value = (first + (double)count) * step;
        if (value > axis->hi + 1e-9 * extent)
            break;
        ticks[count] = fabs(value) < 1e-9 * extent ? 0 : value;
    }
    return count;
}

/* Powers of ten, every so many of them. */
static size_t decade_ticks(double lo, double hi, size_t about, double *ticks)
{
    const int from = (int)ceil(lo - 1e-9), to = (int)floor(hi + 1e-9);
    const int every = (int)fmax(1, ceil((hi - lo) / (double)about));
    /* multiples of `every`, so that 1 is among them where it can be */
    const int first = from + ((-from) % every + every) % every;
    size_t count = 0;

    for (int power = first; power <= to && count < FRAME_TICKS; power += every)
        ticks[count++] = pow(10, power);
    return count;
}

/* Powers of ten, and twice and five times these. */
static size_t fine_ticks(const frame_axis *axis, double *ticks)
{
    static const double factors[] = {1, 2, 5};
    size_t count = 0;

    for (int power = (int)floor(log10(axis->lo)); power <= (int)floor(log10(axis->hi)); power++)
        for (size_t i = 0; i < 3; i++) {
            const double value = factors[i] * pow(10, power);
            if (value >= axis->lo * (1 - 1e-9) && value <= axis->hi * (1 + 1e-9) &&
                count < FRAME_TICKS)
                ticks[count++] = value;
        }
    return count;
}

size_t frame_ticks(const frame_axis *axis, size_t about, double ticks[FRAME_TICKS])
{
    about = about < 2 ? 2 : about > FRAME_TICKS - 2 ? FRAME_TICKS - 2 : about;
    if (!axis->log)
        return linear_ticks(axis, about, ticks);

    const double lo = log10(axis->lo), hi = log10(axis->hi);
    if (hi - lo >= 2 - 1e-9)
        return decade_ticks(lo, hi, about, ticks);
    const size_t count = fine_ticks(axis, ticks);
    return count >= 2 ? count : linear_ticks(axis, about, ticks);
}

char *frame_tick_text(char buffer[32], const frame_axis *axis, const double *ticks, size_t count,
                      size_t index)
{
    double largest = 0, step = HUGE_VAL;

    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(ticks[i]));
        step = i > 0 ? fmin(step, ticks[i] - ticks[i - 1]) : step;
    }
    if (axis->log || !(step > 0) || isinf(step) || largest == 0)
        return html_number(buffer, ticks[index], 3);
    const double size = fabs(ticks[index]);
    const int digits =
        size == 0 ? 1 : (int)floor(log10(size) + 1e-9) - (int)floor(log10(step) + 1e-9);
    return html_number(buffer, ticks[index], digits + 1);
}

/* ---- the picture ----------------------------------------------------------------------------- */

static double width_of(unsigned character)
{
    return character < 128 ? 7.2 : 12;
}

double frame_text_width(const char *string)
{
    double width = 0;

    for (size_t left = strlen(string); left > 0;) {
        unsigned character = 0;
        const size_t length = utf8_character(string, left, &character);
        const size_t step = length == 0 ? 1 : length;

        width += width_of(character);
        string += step;
        left -= step;
    }
    return width;
}

/* 0 at the low end of the axis and 1 at the high end. */
static double share(const frame_axis *axis, double value)
{
    if (!axis->log)
        return (value - axis->lo) / (axis->hi - axis->lo);
    if (value <= 0)
        return 0;
    return (log(value) - log(axis->lo)) / (log(axis->hi) - log(axis->lo));
}

static double within(double position)
{
    return isnan(position) ? 0 : fmin(fmax(position, -farthest), farthest);
}

double frame_x(const frame *frame, double value)
{
    return within(frame->left + share(&frame->x, value) * (frame->right - frame->left));
}

double frame_y(const frame *frame, double value)
{
    return within(frame->bottom - share(&frame->y, value) * (frame->bottom - frame->top));
}

const char *frame_dashes(size_t index)
{
    static const char *const dashes[FRAME_COLOURS] = {"none", "7 3", "2 2.5",       "9 3 2 3",
                                                      "12 4", "4 2", "9 3 2 3 2 3", "1 3"};

    return dashes[(index + index / FRAME_COLOURS) % FRAME_COLOURS];
}

/* The bytes of the longest beginning that is not wider than `room`. */
static size_t fitting(const char *string, double room)
{
    const size_t length = strlen(string);
    double width = 0;
    size_t at = 0;

    while (at < length) {
        unsigned character = 0;
        const size_t bytes = utf8_character(string + at, length - at, &character);
        width += width_of(character);
        if (width > room)
            break;
        at += bytes == 0 ? 1 : bytes;
    }
    return at;
}

/* The beginning of a string and an ellipsis. */
static void add_cut(html *page, const char *string, double room)
{
    char *beginning = memory_string_n(string, fitting(string, room - width_of(0x2026)));

    page->out->failed |= beginning == NULL;
    html_escape(page->out, beginning);
    text_add(page->out, "\xE2\x80\xA6<title>");
    html_escape(page->out, string);
    text_add(page->out, "</title>");
    free(beginning);
}

void frame_text(html *page, double x, double y, const char *anchor, const char *look,
                const char *string, double room)
{
    text_addf(page->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", x, y, anchor);
    if (*look != '\0')
        text_addf(page->out, " class=\"%s\"", look);
    text_add(page->out, ">");
    if (frame_text_width(string) <= room)
        html_escape(page->out, string);
    else
        add_cut(page, string, room);
    text_add(page->out, "</text>\n");
}

static void add_text(html *page, double x, double y, const char *anchor, const char *look,
                     const char *string)
{
    frame_text(page, x, y, anchor, look, string, HUGE_VAL);
}

/* The width of the widest tick of the vertical axis; also where the rectangle begins. */
static double widest_tick(const frame_axis *axis, const double *ticks, size_t count)
{
    double widest = 0;

    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        widest = fmax(widest, frame_text_width(frame_tick_text(buffer, axis, ticks, count, i)));
    }
    return widest;
}

/* How many ticks the horizontal axis has room for: fewer until their texts do not touch. */
static size_t horizontal_ticks(const frame *frame, double ticks[FRAME_TICKS])
{
    const double room = frame->right - frame->left;

    for (size_t about = 8;; about--) {
        const size_t count = frame_ticks(&frame->x, about, ticks);
        if (about <= 2 || widest_tick(&frame->x, ticks, count) * (double)count * 1.35 <= room)
            return count;
    }
}

/* Where a logarithmic axis of less than two decades has ticks that would touch, some have no
 * text. */
void frame_horizontal(html *page, const frame *frame, bool grid)
{
    double ticks[FRAME_TICKS], free_from = -HUGE_VAL;
    const size_t count = horizontal_ticks(frame, ticks);

    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        const double x = frame_x(frame, ticks[i]);
        const char *string = frame_tick_text(buffer, &frame->x, ticks, count, i);
        const double half = frame_text_width(string) / 2;

        text_addf(page->out, "<path class=\"%s\" d=\"M%.1f %.1fV%.1f\"/>\n", grid ? "grid" : "edge",
                  x, grid ? frame->top : frame->bottom, frame->bottom + 4);
        if (x - half < free_from || x + half > frame->width)
            continue;
        add_text(page, x, frame->bottom + 17, "middle", "", string);
        free_from = x + half + 4;
    }
    if (frame->x.label != NULL)
        add_text(page, (frame->left + frame->right) / 2, frame->height - 5, "middle", "soft",
                 frame->x.label);
}

/* The vertical axis' label stands above it, where it needs no turning of the head. */
static void draw_vertical(html *page, const frame *frame, const double *ticks, size_t count,
                          bool grid)
{
    double free_below = HUGE_VAL;

    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        const double y = frame_y(frame, ticks[i]);

        text_addf(page->out, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>\n", grid ? "grid" : "edge",
                  frame->left - 4, y, grid ? frame->right : frame->left);
        if (y + 4 > free_below)
            continue;
        add_text(page, frame->left - 7, y + 4, "end", "",
                 frame_tick_text(buffer, &frame->y, ticks, count, i));
        free_below = y - 9;
    }
    if (frame->y.label != NULL)
        add_text(page, 2, 12, "start", "soft", frame->y.label);
}

void frame_begin(html *page, const frame *frame, const char *title, const char *description)
{
    const unsigned named = html_id(page), described = html_id(page);

    if (frame->fixed)
        text_addf(page->out, "<div class=\"wide\"><svg style=\"width:%.0fpx\" ", frame->width);
    else
        text_add(page->out, "<svg ");
    text_addf(page->out,
              "viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"n%u n%u\">\n"
              "<title id=\"n%u\">",
              frame->width, frame->height, named, described, named);
    html_escape(page->out, title);
    text_addf(page->out, "</title>\n<desc id=\"n%u\">", described);
    html_escape(page->out, description);
    text_add(page->out, "</desc>\n");
}

void frame_end(html *page, const frame *frame)
{
    text_add(page->out, frame->fixed ? "</svg></div>\n" : "</svg>\n");
}

void frame_cut(html *page, frame *frame)
{
    const double width = frame->right - frame->left, height = frame->bottom - frame->top;

    frame->clip = html_id(page);
    text_addf(page->out,
              "<clipPath id=\"n%u\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
              "height=\"%.1f\"/></clipPath>\n"
              "<rect class=\"edge\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n"
              "<g clip-path=\"url(#n%u)\">\n",
              frame->clip, frame->left, frame->top, width, height, frame->left, frame->top, width,
              height, frame->clip);
}

void frame_uncut(html *page)
{
    text_add(page->out, "</g>\n");
}

void frame_open(html *page, frame *frame, const char *title, const char *description, bool grid)
{
    double ticks[FRAME_TICKS];
    const size_t count = frame_ticks(&frame->y, 6, ticks);

    frame->left = widest_tick(&frame->y, ticks, count) + 10;
    frame->top = frame->y.label == NULL ? 10 : 22;
    frame->right = frame->width - 12;
    frame->bottom = frame->height - (frame->x.label == NULL ? 24 : 42);
    frame_begin(page, frame, title, description);
    frame_horizontal(page, frame, grid);
    draw_vertical(page, frame, ticks, count, grid);
    frame_cut(page, frame);
}

void frame_close(html *page)
{
    frame_uncut(page);
    text_add(page->out, "</svg>\n");
}
