/* breakdown_text.c: a breakdown for people, as a table, and for machines; see breakdown.h.
 *
 * In the table a line of a layer sums up those below it, which are indented: what is not indented
 * makes up the whole. A rate is work by time added up over threads, so it is that of one thread,
 * and is compared with a limit of one thread. */
#include <stdio.h>
#include <string.h>

#include "train/breakdown.h"

static const char *const names[PROFILE_KINDS] = {
    [PROFILE_GATHER] = "gather",
    [PROFILE_FORWARD] = "forward",
    [PROFILE_ACTIVATION] = "activation",
    [PROFILE_LOSS] = "loss",
    [PROFILE_BELOW] = "below",
    [PROFILE_DERIVATIVE] = "derivative",
    [PROFILE_CHECK] = "check",
    [PROFILE_GRADIENT] = "gradient",
    [PROFILE_STEP] = "step",
};

static uint64_t total_of(const breakdown *all)
{
    return (uint64_t)all->threads * all->wall;
}

/* --- for people --- */

static double per_step(const breakdown *all, uint64_t ns)
{
    return 1e-3 * (double)ns / (double)all->steps;
}

/* Label, time and share of a line; what follows is another's. */
static void add_time(const breakdown *all, const char *label, uint64_t ns, text *out)
{
    text_addf(out, "%-32.32s%11.*f%8.1f%%", label, per_step(all, total_of(all)) < 1000 ? 2 : 1,
              per_step(all, ns), 100 * (double)ns / (double)total_of(all));
}

static void add_line(const breakdown *all, const char *label, uint64_t ns, text *out)
{
    add_time(all, label, ns, out);
    text_add(out, "\n");
}

static void add_layer(const breakdown *all, size_t l, text *out)
{
    const breakdown_layer *layer = &all->layer[l];
    char label[128];
    uint64_t sum = 0;

    for (size_t i = 0; i < all->part_count; i++)
        if (all->part[i].layer == l)
            sum += all->part[i].ns;
    snprintf(label, sizeof(label), "layer %zu  %zu -> %zu %s", l, layer->fan_in, layer->units,
             layer->activation);
    add_line(all, label, sum, out);
}

static void add_part(const breakdown *all, const breakdown_part *part, text *out)
{
    const double ns = (double)part->ns;
    char label[32];

    snprintf(label, sizeof(label), "%s%s", part->layer == BREAKDOWN_NO_LAYER ? "" : "  ",
             names[part->kind]);
    add_time(all, label, part->ns, out);
    if (part->operations > 0)
        text_addf(out, "%9.1f%8s%9.0f%%", (double)part->operations / ns, "",
                  100e9 * part->least / ns);
    if (part->bytes > 0)
        text_addf(out, "%9s%8.1f%9.0f%%", "", (double)part->bytes / ns, 100e9 * part->least / ns);
    text_add(out, "\n");
}

static void add_memory(const breakdown_memory *memory, const char *what, text *out)
{
    const bool small = memory->bytes < 1000000;

    if (memory->bytes > 0)
        text_addf(out, "%8s%8.1f GB/s     %s, %.1f %s\n", "", 1e-9 * memory->rate, what,
                  (double)memory->bytes / (small ? 1e3 : 1e6), small ? "kB" : "MB");
}

static void add_heading(const breakdown *all, text *out)
{
    text_addf(out, "profile  %llu steps in %.3g s, %.*f us each", (unsigned long long)all->steps,
              1e-9 * (double)all->wall, per_step(all, all->wall) < 1000 ? 2 : 1,
              per_step(all, all->wall));
    if (all->threads > 1)
        text_addf(out,
                  ", on %d threads; below, times\n"
                  "         are those of all threads added up, rates those of one",
                  all->threads);
    text_addf(out, "\n%-32s%11s%9s%9s%8s%10s\n", "", "us/step", "share", "GFLOP/s", "GB/s",
              "of limit");
}

bool breakdown_print(const breakdown *all, text *out)
{
    size_t layer = BREAKDOWN_NO_LAYER;

    add_heading(all, out);
    for (size_t i = 0; i < all->part_count; i++) {
        const breakdown_part *part = &all->part[i];
        if (part->layer != layer && part->layer != BREAKDOWN_NO_LAYER)
            add_layer(all, part->layer, out);
        layer = part->layer;
        add_part(all, part, out);
    }
    add_line(all, all->threads > 1 ? "other, and waiting" : "other", all->other, out);
    add_line(all, "all", total_of(all), out);
    text_addf(out, "limits  %8.1f GFLOP/s  products\n", 1e-9 * all->operations);
    add_memory(&all->step, "step: weights, gradients and slots", out);
    add_memory(&all->rows, "gather: the rows it reads", out);
    add_memory(&all->batch, "gather: the batch it writes", out);
    return !out->failed;
}

/* --- for machines --- */

static void add_count(text *out, const char *name, uint64_t value)
{
    text_addf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void add_number(text *out, const char *name, double value)
{
    text_addf(out, ",\"%s\":", name);
    text_add_double(out, value);
}

static void add_json_part(const breakdown_part *part, text *out)
{
    text_addf(out, "{\"part\":\"%s\"", names[part->kind]);
    if (part->layer != BREAKDOWN_NO_LAYER)
        add_count(out, "layer", part->layer);
    add_count(out, "ns", part->ns);
    if (part->operations > 0)
        add_count(out, "operations", part->operations);
    if (part->bytes > 0)
        add_count(out, "bytes", part->bytes);
    if (part->operations > 0 || part->bytes > 0)
        add_number(out, "share_of_limit", 1e9 * part->least / (double)part->ns);
    text_add(out, "}");
}

static void add_json_memory(const breakdown_memory *memory, const char *name, text *out)
{
    if (memory->bytes > 0)
        add_number(out, name, memory->rate);
}

bool breakdown_json(const breakdown *all, text *out)
{
    text_add(out, "{\"event\":\"profile\"");
    add_count(out, "steps", all->steps);
    add_count(out, "threads", (uint64_t)all->threads);
    add_count(out, "wall_ns", all->wall);
    add_count(out, "total_ns", total_of(all));
    text_add(out, ",\"parts\":[");
    for (size_t i = 0; i < all->part_count; i++) {
        text_add(out, i > 0 ? "," : "");
        add_json_part(&all->part[i], out);
    }
    text_add(out, "]");
    add_count(out, "other_ns", all->other);
    text_add(out, ",\"limits\":{\"operations_per_second\":");
    text_add_double(out, all->operations);
    add_json_memory(&all->step, "step_bytes_per_second", out);
    add_json_memory(&all->rows, "rows_bytes_per_second", out);
    add_json_memory(&all->batch, "batch_bytes_per_second", out);
    text_add(out, "}}");
    return !out->failed;
}
