/* check_json.c: a report for machines: one JSON object a line, first the plug-in, then each test in
 * the order they ran, last the sum:
 *   {"event":"plugin","path":..,"kind":..,"name":..,"version":..,"summary":..,"formula":..}
 *   {"event":"test","id":..,"title":..,"status":..,"says":..,"expected":..,"came":..,"look":..,
 *    "figures":{..}}
 *   {"event":"end","ok":true,"passed":..,"failed":..,"tests":..}
 * What there is nothing to say about, is null; figures are left out where there are none. */
#include <stdlib.h>

#include "author/check.h"

/* Appends the object, which may be NULL when memory ran out, and gives it back. */
static void add_line(text *out, json_t *object)
{
    char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    if (line == NULL)
        out->failed = true;
    else
        text_addf(out, "%s\n", line);
    free(line);
    json_decref(object);
}

/* Paths may hold any bytes, JSON strings may not. */
static json_t *shown_path(const char *path)
{
    const shown_text shown = text_show(path);
    json_t *whole = json_string(path);

    return whole != NULL ? whole : json_string(shown.bytes);
}

bool check_json(const check_report *report, text *out)
{
    const char *kind = report->kind != 0 ? catalog_kind_name(report->kind) : NULL;

    add_line(out,
             json_pack("{s:s, s:o, s:s?, s:s?, s:s?, s:s?, s:s?}", "event", "plugin", "path",
                       shown_path(report->path), "kind", kind, "name", report->name, "version",
                       report->version, "summary", report->summary, "formula", report->formula));
    for (size_t i = 0; i < report->count; i++) {
        const finding *f = &report->findings[i];
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?}", "event", "test", "id", f->id,
                      "title", f->title, "status", check_status(f->status), "says", f->says,
                      "expected", f->expected, "came", f->came, "look", f->look);
        if (f->figures != NULL)
            json_object_set(object, "figures", f->figures);
        add_line(out, object);
    }
    add_line(out, json_pack("{s:s, s:b, s:I, s:I, s:I}", "event", "end", "ok", report->failed == 0,
                            "passed", (json_int_t)report->passed, "failed",
                            (json_int_t)report->failed, "tests", (json_int_t)report->count));
    return !out->failed;
}
