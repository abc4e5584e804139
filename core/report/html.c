/* html.c: see html.h.
 *
 * The style sheet names colours once, as variables, and gives each a second value for dark
 * screens. The eight colours of lines are those of Okabe and Ito (2008, "Color universal design"),
 * which colour-blind readers tell apart; each scheme takes first those that stand out on its
 * background. Wide tables scroll within themselves, so that the page never does. */
#include "report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/utf8.h"

/* Text and layout; figures, and what holds for narrow screens and paper. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;"
    "--panel:#f6f8fa;--grid:#e3e7eb;--good:#0b6b34;--bad:#b3261e;--warn:#8a5300;"
    "--zone:rgba(179,38,30,.09);"
    "--c0:#d55e00;--c1:#000;--c2:#0072b2;--c3:#009e73;--c4:#cc79a7;--c5:#e69f00;--c6:#56b4e9;"
    "--c7:#b8a800}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e6e8eb;"
    "--soft:#a3abb5;--rule:#3a424c;--panel:#1d2228;--grid:#2b323a;--good:#5fd08a;--bad:#ff8f87;"
    "--warn:#f0b357;--zone:rgba(255,143,135,.13);"
    "--c0:#f08040;--c1:#fff;--c2:#56b4e9;--c3:#2bc79b;--c4:#e08fbf;--c5:#e69f00;--c6:#3d8fd0;"
    "--c7:#f0e442}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}\n"
    "main{max-width:74rem;margin:0 auto;padding:1.5rem 1rem 4rem}\n"
    "h1{font-size:1.7rem;line-height:1.25;margin:0 0 .75rem}\n"
    "h2{font-size:1.25rem;margin:2.25rem 0 .75rem;padding-bottom:.25rem;"
    "border-bottom:1px solid var(--rule)}\n"
    "h3{font-size:1.05rem;margin:1.5rem 0 .5rem}h4{font-size:1rem;margin:1rem 0 .25rem}\n"
    "p{margin:.5rem 0;max-width:46rem}\n"
    "h1,h2,h3,h4,p,dd,td,figcaption{overflow-wrap:anywhere}\n"
    ".verdict{max-width:none;padding:.7rem 1rem;border-left:5px solid var(--soft);"
    "background:var(--panel);font-size:1.1rem}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warning{color:var(--warn)}"
    ".neutral{color:var(--soft)}\n"
    ".verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}"
    ".verdict.warning{border-color:var(--warn)}.verdict.neutral{color:inherit}\n"
    ".note{max-width:none;padding:.3rem 1rem;border-left:5px solid var(--soft)}\n"
    ".note.good{color:inherit;border-color:var(--good)}"
    ".note.bad{color:inherit;border-color:var(--bad)}"
    ".note.warning{color:inherit;border-color:var(--warn)}.note.neutral{color:inherit}\n"
    "pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--panel);border-radius:4px;"
    "overflow-x:auto;font:.9rem/1.45 ui-monospace,\"DejaVu Sans Mono\",monospace}\n"
    "code{font:.95em ui-monospace,\"DejaVu Sans Mono\",monospace}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}\n"
    "dt{color:var(--soft)}dd{margin:0;min-width:0}\n"
    ".scroll{overflow-x:auto;margin:.75rem 0}\n"
    "table{border-collapse:collapse;font-size:.92rem}\n"
    "caption{text-align:left;color:var(--soft);padding-bottom:.35rem}\n"
    "th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--rule)}\n"
    "thead th{color:var(--soft);font-weight:600;border-bottom-width:2px}\n"
    "th{white-space:nowrap}tbody th{font-weight:600}td{min-width:5rem}\n"
    "td.n{font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "td.w{min-width:16rem}td code{white-space:nowrap}td.w code{white-space:pre-wrap}\n"
    "td.t{font-weight:600;white-space:nowrap}\n"
    ".gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));"
    "gap:1.25rem 1.5rem;margin:1rem 0}\n"
    "summary{cursor:pointer;color:var(--soft);font-size:.9rem}\n";
static const char figure_style[] =
    "figure{margin:0;min-width:0;max-width:34rem}\n"
    ".shelf{display:flex;flex-wrap:wrap;gap:1rem 1.75rem;margin:.75rem 0 1rem}"
    ".shelf figure{max-width:100%}.shelf .legend{max-width:28rem}\n"
    "figcaption{font-weight:600;margin:.25rem 0}\n"
    "figure .scroll{max-height:20rem;overflow:auto}\n"
    "svg{display:block;width:100%;height:auto}\n"
    ".wide{overflow-x:auto}.wide svg{max-width:none}\n"
    "svg text{font-size:12px;fill:var(--ink)}svg .soft{fill:var(--soft)}\n"
    "svg .small{font-size:10px}svg .strong{font-weight:600}svg .bad{fill:var(--bad)}\n"
    "svg .empty{fill:var(--panel);stroke:var(--rule)}"
    "svg .failed{fill:var(--panel);stroke:var(--bad);stroke-width:1.5}\n"
    "svg .hatch{stroke:var(--soft);stroke-width:1.2;stroke-opacity:.7;fill:none}\n"
    "svg .head{font-size:13px;font-weight:600}\n"
    "svg .grid{stroke:var(--grid);stroke-width:1;fill:none}\n"
    "svg .edge{stroke:var(--soft);stroke-width:1;fill:none}\n"
    "svg .zone{fill:var(--zone)}\n"
    "svg .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:butt}\n"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.15rem 0;"
    "padding:0;font-size:.88rem}\n"
    ".legend li{display:flex;align-items:center;gap:.4rem;min-width:0;overflow-wrap:anywhere}\n"
    ".legend b{flex:none}.legend svg{width:34px;height:14px;flex:none}\n"
    "@media (max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}"
    "main{padding:1rem .75rem 3rem}th,td{padding-right:.6rem}table{font-size:.88rem}}\n"
    "@page{size:A4;margin:15mm}\n"
    "@media print{body{font-size:10pt}main{max-width:none;padding:0}\n"
    "table{font-size:8.5pt}th,td.t{white-space:normal}\n"
    "th,td,td.w{min-width:3.2em;padding-right:.45rem;overflow-wrap:anywhere}\n"
    "tbody th{min-width:6em}\n"
    "pre,td code{white-space:pre-wrap}\n"
    ".scroll,figure .scroll,.wide{overflow:visible;max-height:none}.wide svg{max-width:100%}\n"
    ".gallery{grid-template-columns:1fr 1fr}details:not([open]){display:none}\n"
    "figure,tr,.verdict{break-inside:avoid}h2,h3,h4,h2+p{break-after:avoid}\n"
    "figure:has(details[open]){break-inside:auto}\n"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

/* ---- text ------------------------------------------------------------------------------------ */

/* What an XML page may hold: no control character but tab and line feed, none of the two that are
 * no characters. */
static bool allowed(unsigned character)
{
    return character >= 0x20 ? character != 0x7f && character != 0xfffe && character != 0xffff
                             : character == '\t' || character == '\n';
}

static void escape_character(text *out, unsigned character, const char *bytes, size_t length)
{
    if (character == '&')
        text_add(out, "&amp;");
    else if (character == '<')
        text_add(out, "&lt;");
    else if (character == '>')
        text_add(out, "&gt;");
    else if (character == '"')
        text_add(out, "&quot;");
    else if (character == '\'')
        text_add(out, "&#39;");
    else
        text_add_n(out, bytes, length);
}

void html_escape(text *out, const char *string)
{
    size_t left = string == NULL ? 0 : strlen(string);

    while (left > 0) {
        unsigned character = 0;
        const size_t length = utf8_character(string, left, &character);

        if (length == 0 || !allowed(character))
            text_add(out, "\xEF\xBF\xBD");
        else
            escape_character(out, character, string, length);
        string += length == 0 ? 1 : length;
        left -= length == 0 ? 1 : length;
    }
}

__attribute__((format(printf, 2, 0))) static void escape_format(text *out, const char *format,
                                                                va_list arguments)
{
    char *string = NULL;

    if (vasprintf(&string, format, arguments) < 0) {
        out->failed = true;
        return;
    }
    html_escape(out, string);
    free(string);
}

/* "1e+05" becomes "1e5", "1e-04" becomes "1e-4". */
static void shorten_exponent(char *number)
{
    char *e = strchr(number, 'e');

    if (e == NULL)
        return;
    char *to = e + 1;
    const char *from = e + 1;
    if (*from == '-')
        *to++ = *from;
    from++;
    while (*from == '0' && from[1] != '\0')
        from++;
    memmove(to, from, strlen(from) + 1);
}

/* The mantissa of "%.*e" without its trailing zeroes. */
static void drop_zeroes(char *number)
{
    char *e = strchr(number, 'e'), *end = e;

    if (e == NULL || memchr(number, '.', (size_t)(e - number)) == NULL)
        return;
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    memmove(end, e, strlen(e) + 1);
}

/* Digits are written out from 0.001 on and below 1e5, as they are easiest to read there. */
char *html_number(char buffer[32], double value, int digits)
{
    const double size = fabs(value);
    text written = {0};

    digits = digits < 1 ? 1 : digits > 17 ? 17 : digits;
    if (!isfinite(value))
        return strcpy(buffer, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    if (value == 0)
        return strcpy(buffer, "0");
    const int whole = (int)floor(log10(size)) + 1;
    if (size >= 0.00099999 && size < 99999.5)
        text_addf(&written, "%.*g", digits < whole ? whole : digits, value);
    else
        text_addf(&written, "%.*e", digits - 1, value);
    snprintf(buffer, 32, "%s", written.bytes == NULL ? "" : written.bytes);
    free(written.bytes);
    drop_zeroes(buffer);
    shorten_exponent(buffer);
    return buffer;
}

/* ---- the page -------------------------------------------------------------------------------- */

void html_open(html *page, text *out, const char *title)
{
    *page = (html){.out = out};
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                  "<title>");
    html_escape(out, title);
    text_add(out, "</title>\n<style>\n");
    text_add(out, style);
    text_add(out, figure_style);
    text_add(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_close(html *page)
{
    text_add(page->out, "</main>\n</body>\n</html>\n");
}

unsigned html_id(html *page)
{
    return ++page->ids;
}

void html_heading(html *page, int level, const char *string)
{
    text_addf(page->out, "<h%d>", level);
    html_escape(page->out, string);
    text_addf(page->out, "</h%d>\n", level);
}

void html_paragraph(html *page, const char *format, ...)
{
    va_list arguments;

    text_add(page->out, "<p>");
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</p>\n");
}

static const char *tone_class(html_tone tone)
{
    static const char *const names[] = {"neutral", "good", "bad", "warning"};

    return names[tone];
}

void html_verdict(html *page, html_tone tone, const char *format, ...)
{
    va_list arguments;

    text_addf(page->out, "<p class=\"verdict %s\"><strong>", tone_class(tone));
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</strong></p>\n");
}

void html_note(html *page, html_tone tone, const char *format, ...)
{
    va_list arguments;

    text_addf(page->out, "<p class=\"note %s\">", tone_class(tone));
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</p>\n");
}

void html_code(html *page, const char *string)
{
    text_add(page->out, "<pre>");
    html_escape(page->out, string);
    text_add(page->out, "</pre>\n");
}

void html_terms_open(html *page)
{
    text_add(page->out, "<dl>\n");
}

void html_term(html *page, const char *term, const char *format, ...)
{
    va_list arguments;

    text_add(page->out, "<dt>");
    html_escape(page->out, term);
    text_add(page->out, "</dt><dd>");
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</dd>\n");
}

void html_terms_close(html *page)
{
    text_add(page->out, "</dl>\n");
}

/* ---- tables ---------------------------------------------------------------------------------- */

void html_table_open(html *page, const char *caption, const char *const *titles, size_t columns)
{
    text_add(page->out, "<div class=\"scroll\"><table>");
    if (caption != NULL) {
        text_add(page->out, "<caption>");
        html_escape(page->out, caption);
        text_add(page->out, "</caption>");
    }
    text_add(page->out, "\n<thead><tr>");
    for (size_t i = 0; i < columns; i++) {
        text_add(page->out, "<th scope=\"col\">");
        html_escape(page->out, titles[i]);
        text_add(page->out, "</th>");
    }
    text_add(page->out, "</tr></thead>\n<tbody>\n");
}

void html_row_open(html *page)
{
    text_add(page->out, "<tr>");
}

void html_cell(html *page, const char *format, ...)
{
    va_list arguments;

    text_add(page->out, "<td>");
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</td>");
}

void html_cell_wide(html *page, const char *string, const char *code)
{
    text_add(page->out, "<td class=\"w\">");
    html_escape(page->out, string);
    if (code != NULL) {
        text_add(page->out, "<br/><code>");
        html_escape(page->out, code);
        text_add(page->out, "</code>");
    }
    text_add(page->out, "</td>");
}

void html_cell_code(html *page, const char *string)
{
    text_add(page->out, "<td><code>");
    html_escape(page->out, string);
    text_add(page->out, "</code></td>");
}

void html_cell_head(html *page, const char *string)
{
    text_add(page->out, "<th scope=\"row\">");
    html_escape(page->out, string);
    text_add(page->out, "</th>");
}

void html_cell_number(html *page, double value, int digits)
{
    char buffer[32];

    text_addf(page->out, "<td class=\"n\">%s</td>",
              isnan(value) ? "\xE2\x80\x93" : html_number(buffer, value, digits));
}

void html_cell_tone(html *page, html_tone tone, const char *string)
{
    text_addf(page->out, "<td class=\"t %s\">", tone_class(tone));
    html_escape(page->out, string);
    text_add(page->out, "</td>");
}

void html_row_close(html *page)
{
    text_add(page->out, "</tr>\n");
}

void html_table_close(html *page)
{
    text_add(page->out, "</tbody>\n</table></div>\n");
}

/* ---- figures --------------------------------------------------------------------------------- */

void html_gallery_open(html *page)
{
    text_add(page->out, "<div class=\"gallery\">\n");
}

void html_gallery_close(html *page)
{
    text_add(page->out, "</div>\n");
}

void html_shelf_open(html *page)
{
    text_add(page->out, "<div class=\"shelf\">\n");
}

void html_shelf_close(html *page)
{
    text_add(page->out, "</div>\n");
}

void html_figure_open(html *page)
{
    text_add(page->out, "<figure>\n");
}

void html_caption(html *page, const char *format, ...)
{
    va_list arguments;

    text_add(page->out, "<figcaption>");
    va_start(arguments, format);
    escape_format(page->out, format, arguments);
    va_end(arguments);
    text_add(page->out, "</figcaption>\n");
}

void html_figure_close(html *page)
{
    text_add(page->out, "</figure>\n");
}

void html_details_open(html *page, const char *summary)
{
    text_add(page->out, "<details><summary>");
    html_escape(page->out, summary);
    text_add(page->out, "</summary>\n");
}

void html_details_close(html *page)
{
    text_add(page->out, "</details>\n");
}
