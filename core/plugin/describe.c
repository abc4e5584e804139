/* describe.c: see describe.h. The text and the JSON say the same; JSON is built by jansson. An
 * optimizer's state is found by asking it to plan the slots of a 3 x 4 weight, a bias of 3 and a
 * model of 15 parameters, so it is what the settings shown would really allocate. The weight is
 * planned as a hidden layer's and as an output layer's; if the plans are one, it is told once. */
#include "plugin/describe.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/settings.h"
#include "plugin/slots.h"

/* --- lists --- */

/* The widths of a listing's columns. */
typedef struct widths {
    int name, version, summary;
} widths;

static void widen(int *width, const char *cell)
{
    const int length = (int)strlen(cell);

    if (length > *width)
        *width = length;
}

/* A file that is refused before its kind is known may be of any. */
static bool may_be(const catalog_entry *entry, uint32_t kind)
{
    return kind == 0 || entry->kind == kind || entry->kind == 0;
}

static widths measure(const catalog_entry *entries, size_t count, uint32_t kind)
{
    widths w = {0};

    for (size_t i = 0; i < count; i++) {
        if (!may_be(&entries[i], kind))
            continue;
        widen(&w.name, entries[i].name);
        if (entries[i].plugin != NULL) {
            widen(&w.version, entries[i].plugin->version);
            widen(&w.summary, entries[i].plugin->component->summary);
        }
    }
    return w;
}

void describe_list(const catalog_entry *entries, size_t count, uint32_t kind, text *out)
{
    const widths w = measure(entries, count, kind);

    for (size_t i = 0; i < count; i++) {
        const catalog_entry *e = &entries[i];

        if (!may_be(e, kind))
            continue;
        text_addf(out, "%-10s  %-*s  ", catalog_kind_name(e->kind), w.name, e->name);
        if (e->plugin == NULL)
            text_addf(out, "refused: %s\n", e->reason);
        else
            text_addf(out, "%-*s  %-*s  %s%s\n", w.version, e->plugin->version, w.summary,
                      e->plugin->component->summary, e->path,
                      e->plugin->shadows ? " (shadows another)" : "");
    }
}

/* A path may hold any bytes; what is no UTF-8 becomes null. So does NULL. */
static json_t *json_text(const char *string)
{
    json_t *value = string == NULL ? NULL : json_string(string);

    return value == NULL ? json_null() : value;
}

static void add_json(json_t *object, text *out)
{
    char *line = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));

    if (line == NULL)
        out->failed = true;
    else
        text_addf(out, "%s\n", line);
    free(line);
    json_decref(object);
}

void describe_list_json(const catalog_entry *entries, size_t count, uint32_t kind, text *out)
{
    for (size_t i = 0; i < count; i++) {
        const catalog_entry *e = &entries[i];

        if (!may_be(e, kind))
            continue;
        json_t *object = json_pack("{s:o, s:o, s:o}", "kind", json_text(catalog_kind_name(e->kind)),
                                   "name", json_text(e->name), "path", json_text(e->path));
        if (e->plugin == NULL) {
            json_object_set_new(object, "refused", json_text(e->reason));
        } else {
            json_object_set_new(object, "version", json_text(e->plugin->version));
            json_object_set_new(object, "summary", json_text(e->plugin->component->summary));
            json_object_set_new(object, "shadows", json_boolean(e->plugin->shadows));
        }
        add_json(object, out);
    }
}

/* --- settings --- */

static const char *type_name(uint32_t type)
{
    static const char *const names[] = {"", "real", "integer", "flag", "choice"};

    return type <= PLX_TYPE_CHOICE ? names[type] : "";
}

static bool add_settings(const settings *defaults, text *out)
{
    const plugin *plugin = defaults->plugin;
    const size_t count = settings_count(plugin);

    text_addf(out, "\nsettings%s\n", count == 0 ? ": none" : "");
    for (size_t i = 0; i < count; i++) {
        const plx_setting *row = settings_row(plugin, i);
        char buffer[32];
        char *range = settings_range(row);

        if (range == NULL)
            return false;
        text_addf(out, "  %-20s %-8s %-10s %s%s\n  %-20s %s\n", row->name, type_name(row->type),
                  settings_value(defaults, i, buffer), range,
                  row->flags & PLX_LOG_SCALE ? "; search on a log scale" : "", "", row->help);
        free(range);
    }
    return true;
}

/* JSON has no infinities; NaN does not come here. */
static json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_string(value > 0 ? "inf" : "-inf");
}

/* What an integer begins with or is bounded by is an integer, too. */
static json_t *json_value(bool whole, double value)
{
    return whole ? json_integer((json_int_t)value) : json_number(value);
}

static json_t *json_setting(const plx_setting *row)
{
    json_t *o = json_pack("{s:o, s:s, s:o, s:b}", "name", json_text(row->name), "type",
                          type_name(row->type), "help", json_text(row->help), "log_scale",
                          (int)(row->flags & PLX_LOG_SCALE));

    if (row->type == PLX_TYPE_CHOICE) {
        json_t *choices = json_array();
        for (uint32_t i = 0; i < row->choice_count; i++)
            json_array_append_new(choices, json_text(row->choices[i]));
        json_object_set_new(o, "default", json_text(row->choices[(size_t)row->initial]));
        json_object_set_new(o, "choices", choices);
        return o;
    }
    if (row->type == PLX_TYPE_FLAG) {
        json_object_set_new(o, "default", json_boolean(row->initial != 0));
        return o;
    }
    const bool whole = row->type == PLX_TYPE_INTEGER;
    json_object_set_new(o, "default", json_value(whole, row->initial));
    json_object_set_new(o, "min", json_value(whole, row->min));
    json_object_set_new(o, "max", json_value(whole, row->max));
    json_object_set_new(o, "min_open", json_boolean((row->flags & PLX_OPEN_MIN) != 0));
    json_object_set_new(o, "max_open", json_boolean((row->flags & PLX_OPEN_MAX) != 0));
    return o;
}

/* --- state of an optimizer --- */

enum { HIDDEN, WEIGHT, BIAS, MODEL, SAMPLES };

static const plx_tensor samples[SAMPLES] = {
    {sizeof(plx_tensor), PLX_WEIGHT, 0, 0, 4, 2, 3, 4, "layers.0.weight"},
    {sizeof(plx_tensor), PLX_WEIGHT, 0, 0, 2, 1, 3, 4, "layers.0.weight"},
    {sizeof(plx_tensor), PLX_BIAS, 1, 0, 2, 1, 1, 3, "layers.0.bias"},
    {sizeof(plx_tensor), PLX_MODEL, 0, 0, 2, 1, 1, 15, "model"},
};

static void free_plans(slot_plans plans[SAMPLES])
{
    for (size_t i = 0; i < SAMPLES; i++)
        free(plans[i].slot);
}

/* The plan of each sample; free_plans frees them. */
static bool plan_samples(const settings *defaults, slot_plans plans[SAMPLES], plx_error *error)
{
    host host;
    bool ok = true;

    memset(plans, 0, SAMPLES * sizeof(*plans));
    host_init(&host, NULL, 0);
    for (size_t i = 0; ok && i < SAMPLES; i++) {
        slot_plans made;
        ok = slots_plan(defaults, &host, &samples[i], &made, error);
        if (ok)
            plans[i] = made;
    }
    host_destroy(&host);
    if (!ok)
        free_plans(plans);
    return ok;
}

static bool is_same_plan(const slot_plans *a, const slot_plans *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        const slot_plan *x = &a->slot[i], *y = &b->slot[i];
        same = strcmp(x->name, y->name) == 0 && x->type == y->type && x->rows == y->rows &&
               x->cols == y->cols && x->copies_weights == y->copies_weights &&
               (x->initial < y->initial) == (x->initial > y->initial);
    }
    return same;
}

/* What takes in each planned slot: `width` is that of the column for owners. */
typedef void slot_taker(void *context, int width, const char *owner, const plx_tensor *tensor,
                        const slot_plan *slot);

static bool for_each_slot(const settings *defaults, slot_taker *take, void *context,
                          plx_error *error)
{
    static const char *const apart[SAMPLES] = {"hidden weight", "output weight", "bias", "model"};
    slot_plans plans[SAMPLES];

    if (!plan_samples(defaults, plans, error))
        return false;
    const bool same = is_same_plan(&plans[HIDDEN], &plans[WEIGHT]);
    const int width = same ? 7 : 14;
    for (size_t i = same ? WEIGHT : HIDDEN; i < SAMPLES; i++)
        for (size_t s = 0; s < plans[i].count; s++)
            take(context, width, same && i == WEIGHT ? "weight" : apart[i], &samples[i],
                 &plans[i].slot[s]);
    free_plans(plans);
    return true;
}

static const char *slot_type(uint32_t type)
{
    static const char *const names[] = {"", "float32", "float64", "int64"};

    return names[type];
}

/* "like the parameter", or its shape in words where the sample's shape tells it. */
static void slot_shape(const plx_tensor *tensor, const slot_plan *slot, char *out, size_t size)
{
    if (slot->rows == tensor->rows && slot->cols == tensor->cols)
        snprintf(out, size, "%s",
                 tensor->role == PLX_MODEL ? "one per parameter" : "like the parameter");
    else
        snprintf(out, size, "%llu x %llu for %llu x %llu", (unsigned long long)slot->rows,
                 (unsigned long long)slot->cols, (unsigned long long)tensor->rows,
                 (unsigned long long)tensor->cols);
}

static void add_slot(void *context, int width, const char *owner, const plx_tensor *tensor,
                     const slot_plan *slot)
{
    text *out = context;
    char shape[96], initial[32];

    slot_shape(tensor, slot, shape, sizeof(shape));
    text_addf(out, "  %-*s %-20s %-8s %s, starts %s%s\n", width, owner, slot->name,
              slot_type(slot->type), shape,
              slot->copies_weights ? "as a copy of the weights" : "at ",
              slot->copies_weights ? "" : text_of_double(initial, slot->initial));
}

static void add_slot_json(void *context, int width, const char *owner, const plx_tensor *tensor,
                          const slot_plan *slot)
{
    char shape[96];

    slot_shape(tensor, slot, shape, sizeof(shape));
    json_array_append_new(context,
                          json_pack("{s:s, s:s, s:s, s:s, s:o}", "of", owner, "name", slot->name,
                                    "type", slot_type(slot->type), "shape", shape, "initial",
                                    slot->copies_weights
                                        ? json_string("weights")
                                        : json_value(slot->type == PLX_I64, slot->initial)));
}

/* --- what a kind adds --- */

static const char *granularity(const plx_optimizer *optimizer)
{
    if (optimizer->step_range != NULL)
        return "elementwise (step_range)";
    return optimizer->step_tensor != NULL ? "a tensor at a time (step_tensor)"
                                          : "the whole model at once (step_model)";
}

static double default_lr(const plx_optimizer *optimizer)
{
    return optimizer->lr > 0 ? optimizer->lr : 1e-3;
}

static void range_of_outputs(const plx_domain *domain, char *out, size_t size)
{
    char lo[32], hi[32];
    const bool open_lo = domain->flags & PLX_OPEN_MIN || isinf(domain->lo);
    const bool open_hi = domain->flags & PLX_OPEN_MAX || isinf(domain->hi);

    snprintf(out, size, "%c%s, %s%c%s", open_lo ? '(' : '[', text_of_double(lo, domain->lo),
             text_of_double(hi, domain->hi), open_hi ? ')' : ']',
             domain->flags & PLX_ROWS_SUM_TO_ONE ? ", rows sum to one" : "");
}

/* The kinds of target, for people and as JSON has them. */
static const struct {
    uint32_t bit;
    const char *words, *id;
} target_kinds[] = {{PLX_TARGET_REALS, "any numbers", "reals"},
                    {PLX_TARGET_POSITIVE, "positive numbers", "positive"},
                    {PLX_TARGET_UNIT, "numbers in [0, 1]", "unit"},
                    {PLX_TARGET_SIMPLEX, "rows that sum to one", "simplex"},
                    {PLX_TARGET_LABELS, "classes", "labels"}};
enum { TARGET_KINDS = sizeof(target_kinds) / sizeof(target_kinds[0]) };

static const plx_fused *fused_row(const plx_loss *loss, uint32_t index)
{
    return (const plx_fused *)((const char *)loss->fused + (size_t)index * loss->fused_stride);
}

static bool add_activation(const settings *defaults, text *out, plx_error *error)
{
    const plx_activation *a = defaults->plugin->activation;
    plx_domain domain;
    char line[96], number[32];

    if (!settings_domain(defaults, &domain, error))
        return false;
    range_of_outputs(&domain, line, sizeof(line));
    text_addf(out, "\noutputs     %s\ngain        %s: weights start at N(0, gain^2 / fan_in)\n",
              line, text_of_double(number, settings_gain(defaults)));
    if (a->onnx != NULL)
        text_addf(out, "ONNX        %s\n", a->onnx);
    return true;
}

static bool add_loss(const settings *defaults, text *out, plx_error *error)
{
    const plx_loss *loss = defaults->plugin->loss;

    text_add(out, "\ntakes\n");
    for (uint32_t family = PLX_REALS; family <= PLX_SIMPLEX; family++) {
        const uint32_t kinds = loss->targets(defaults->values, family);
        const char *before = ": targets that are ";
        if (kinds != 0)
            text_addf(out, "  outputs that are %s", settings_family_name(family));
        for (size_t i = 0; i < TARGET_KINDS; i++) {
            if (!(kinds & target_kinds[i].bit))
                continue;
            text_addf(out, "%s%s", before, target_kinds[i].words);
            before = ", ";
        }
        text_add(out, kinds != 0 ? "\n" : "");
    }
    for (uint32_t i = 0; i < loss->fused_count; i++)
        text_addf(out, "  fused with %s\n", fused_row(loss, i)->semantic);
    return true;
}

static bool add_optimizer(const settings *defaults, text *out, plx_error *error)
{
    const plx_optimizer *o = defaults->plugin->optimizer;
    char number[32];

    text_addf(out, "\nsteps       %s%s\nlr          %s unless the config says another\n\nstate\n",
              granularity(o), o->flags & PLX_NEEDS_CLOSURE ? ", evaluates the batch again" : "",
              text_of_double(number, default_lr(o)));
    const size_t before = out->length;
    if (!for_each_slot(defaults, add_slot, out, error))
        return false;
    if (out->length == before)
        text_add(out, "  none with these settings\n");
    return true;
}

static bool add_kind(const settings *defaults, text *out, plx_error *error)
{
    if (defaults->plugin->activation != NULL)
        return add_activation(defaults, out, error);
    if (defaults->plugin->loss != NULL)
        return add_loss(defaults, out, error);
    return add_optimizer(defaults, out, error);
}

static bool add_activation_json(const settings *defaults, json_t *o, plx_error *error)
{
    const plx_activation *a = defaults->plugin->activation;
    plx_domain d;

    if (!settings_domain(defaults, &d, error))
        return false;
    json_object_set_new(o, "domain",
                        json_pack("{s:o, s:o, s:b, s:b, s:b}", "lo", json_number(d.lo), "hi",
                                  json_number(d.hi), "lo_open", (int)(d.flags & PLX_OPEN_MIN),
                                  "hi_open", (int)(d.flags & PLX_OPEN_MAX), "rows_sum_to_one",
                                  (int)(d.flags & PLX_ROWS_SUM_TO_ONE)));
    json_object_set_new(o, "gain", json_number(settings_gain(defaults)));
    json_object_set_new(o, "semantic", json_text(a->semantic));
    json_object_set_new(o, "onnx", json_text(a->onnx));
    json_object_set_new(o, "expression", json_text(a->expression));
    return true;
}

/* "accepts" maps an output's family to the kinds of target that go with it. */
static bool add_loss_json(const settings *defaults, json_t *o, plx_error *error)
{
    static const char *const families[] = {"", "reals", "positive", "unit", "simplex"};
    const plx_loss *loss = defaults->plugin->loss;
    json_t *accepts = json_object(), *fused = json_array();

    for (uint32_t family = PLX_REALS; family <= PLX_SIMPLEX; family++) {
        const uint32_t kinds = loss->targets(defaults->values, family);
        json_t *targets = json_array();
        for (size_t i = 0; i < TARGET_KINDS; i++)
            if (kinds & target_kinds[i].bit)
                json_array_append_new(targets, json_text(target_kinds[i].id));
        json_object_set_new(accepts, families[family], targets);
    }
    for (uint32_t i = 0; i < loss->fused_count; i++)
        json_array_append_new(fused, json_text(fused_row(loss, i)->semantic));
    json_object_set_new(o, "accepts", accepts);
    json_object_set_new(o, "fused", fused);
    return true;
}

static bool add_optimizer_json(const settings *defaults, json_t *o, plx_error *error)
{
    const plx_optimizer *optimizer = defaults->plugin->optimizer;
    json_t *state = json_array();

    json_object_set_new(o, "steps", json_text(granularity(optimizer)));
    json_object_set_new(o, "lr", json_number(default_lr(optimizer)));
    json_object_set_new(o, "state", state);
    return for_each_slot(defaults, add_slot_json, state, error);
}

static bool add_kind_json(const settings *defaults, json_t *o, plx_error *error)
{
    if (defaults->plugin->activation != NULL)
        return add_activation_json(defaults, o, error);
    if (defaults->plugin->loss != NULL)
        return add_loss_json(defaults, o, error);
    return add_optimizer_json(defaults, o, error);
}

/* --- one plug-in --- */

/* A heading and a text of one or several lines, indented. */
static void add_block(text *out, const char *heading, const char *block)
{
    if (block == NULL)
        return;
    text_addf(out, "\n%s\n", heading);
    while (*block != '\0') {
        const size_t line = strcspn(block, "\n");
        text_addf(out, "  %.*s\n", (int)line, block);
        block += line + (block[line] == '\n');
    }
}

bool describe_text(const plugin *plugin, text *out, plx_error *error)
{
    const plx_component *c = plugin->component;
    settings *defaults = settings_new(plugin, error);

    if (defaults == NULL)
        return false;
    text_addf(out, "%s %s, version %s: %s\n%s\n", catalog_kind_name(plugin->kind), plugin->name,
              plugin->version, c->summary, plugin->path);
    add_block(out, "formula", c->formula);
    add_block(out, plugin->kind == PLX_KIND_LOSS ? "gradient" : "derivative", c->derivative);
    bool ok = add_settings(defaults, out) && add_kind(defaults, out, error);
    add_block(out, "source", c->source);
    settings_free(defaults);
    if (out->failed)
        ok = false;
    return ok || error_memory(error);
}

bool describe_json(const plugin *plugin, text *out, plx_error *error)
{
    const plx_component *c = plugin->component;
    settings *defaults = settings_new(plugin, error);

    if (defaults == NULL)
        return false;
    json_t *rows = json_array();
    json_t *o =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
                  json_text(catalog_kind_name(plugin->kind)), "name", json_text(plugin->name),
                  "version", json_text(plugin->version), "path", json_text(plugin->path), "summary",
                  json_text(c->summary), "formula", json_text(c->formula), "derivative",
                  json_text(c->derivative), "source", json_text(c->source));
    for (size_t i = 0; i < settings_count(plugin); i++)
        json_array_append_new(rows, json_setting(settings_row(plugin, i)));
    json_object_set_new(o, "settings", rows);
    const bool ok = o != NULL && add_kind_json(defaults, o, error);
    if (ok)
        add_json(o, out);
    else
        json_decref(o);
    settings_free(defaults);
    return (ok && !out->failed) || error_memory(error);
}
