/* Verification of a descriptor. The core never works on a plug-in's own structs: it checks their
 * sizes, copies what it knows into zeroed structs of its own, and checks the copies: the name, what
 * every component must say about itself, the settings table (verify_settings.c), and that the
 * functions given are a combination that makes sense for the kind. Pointers can only be checked for
 * NULL. */
#include "plugin/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

#define MAX_FUSED     16u
#define MAX_LINES     100u
#define MAX_LINE      1000u
#define MAX_CONSTANTS 4096u

bool verify_copy(void *target, size_t known, const void *source, size_t least, size_t room,
                 const char *what, plx_error *error)
{
    const unsigned char *bytes = source;
    const size_t most = room < VERIFY_MAX_SIZE ? room : VERIFY_MAX_SIZE;
    uint32_t size;

    memcpy(&size, source, sizeof(size));
    if (size < least || size > most)
        return error_set(error, ERROR_PLUGIN, "the size of %s is %u; it must be %zu to %zu", what,
                         size, least, most);
    for (size_t i = known; i < size; i++)
        if (bytes[i] != 0)
            return error_set(error, ERROR_PLUGIN,
                             "%s uses byte %zu, which this version does not know", what, i);
    memset(target, 0, known);
    memcpy(target, source, size < known ? size : known);
    return true;
}

/* ---- what a plug-in says ---- */

/* text_shown leaves printable characters as they are, and nothing else. */
static bool is_printable(const char *bytes, size_t length)
{
    char shown[4 * MAX_LINE + 4];

    text_shown(shown, bytes, length, MAX_LINE);
    return strlen(shown) == length && memcmp(shown, bytes, length) == 0;
}

bool verify_line(const char *line, const char *what, plx_error *error)
{
    const size_t length = strnlen(line, 4 * MAX_LINE + 1);
    char shown[4 * 40 + 4];

    if (length > 0 && is_printable(line, length))
        return true;
    return error_set(error, ERROR_PLUGIN,
                     "%s is '%s'; it must be one line of 1 to %u printable characters of UTF-8",
                     what, text_shown(shown, line, length, 40), MAX_LINE);
}

/* A text of several lines, or NULL. */
static bool check_lines(const char *block, const char *what, plx_error *error)
{
    char shown[4 * 40 + 4];

    for (size_t line = 1; block != NULL && *block != '\0'; line++) {
        const size_t length = strcspn(block, "\n");
        if (line > MAX_LINES)
            return error_set(error, ERROR_PLUGIN, "%s has more than %u lines", what, MAX_LINES);
        if (!is_printable(block, length))
            return error_set(
                error, ERROR_PLUGIN,
                "line %zu of %s is '%s'; it must be up to %u printable characters of UTF-8", line,
                what, text_shown(shown, block, length, 40), MAX_LINE);
        block += length + (block[length] == '\n');
    }
    return true;
}

/* ---- what all kinds share ---- */

static bool check_name(const char *name, const char *expected, plx_error *error)
{
    if (name == NULL)
        return error_set(error, ERROR_PLUGIN, "it has no name");
    if (!text_is_name(name)) {
        char shown[4 * 40 + 4];
        text_shown(shown, name, strnlen(name, 41), 40);
        return error_set(error, ERROR_PLUGIN,
                         "its name '%s' is not valid; a name is a lower-case letter and up to 31 "
                         "lower-case letters, digits and _",
                         shown);
    }
    if (strcmp(name, expected) != 0)
        return error_set(error, ERROR_PLUGIN, "it is called '%s', not '%s'; the file must be %s.so",
                         name, expected, name);
    return true;
}

static bool check_flags(uint32_t flags, uint32_t known, plx_error *error)
{
    if ((flags & ~known) != 0)
        return error_set(error, ERROR_PLUGIN, "its flags are 0x%x; this version knows only 0x%x",
                         flags, known);
    return true;
}

static bool check_component(const plx_component *component, const char *expected, plx_error *error)
{
    if (!check_name(component->name, expected, error))
        return false;
    if (component->summary == NULL)
        return error_set(error, ERROR_PLUGIN, "it has no summary; one line is required");
    return verify_line(component->summary, "its summary", error) &&
           (component->version == NULL || verify_line(component->version, "its version", error)) &&
           check_lines(component->source, "its source", error) &&
           check_lines(component->formula, "its formula", error) &&
           check_lines(component->derivative, "its derivative", error);
}

/* ---- activation ---- */

/* " a, b" of the functions that are there, for messages. */
static void add_given(text *t, bool given, const char *name)
{
    if (given)
        text_addf(t, "%s %s", t->length > 0 ? "," : "", name);
}

static bool wrong_functions(text *given, const char *wanted, plx_error *error)
{
    error_set(error, ERROR_PLUGIN, "it gives%s; %s",
              given->bytes != NULL ? given->bytes : " none of its functions", wanted);
    free(given->bytes);
    return false;
}

static bool check_activation(const plx_activation *a, plx_error *error)
{
    const bool elementwise = a->forward && a->backward && !a->forward_rows && !a->backward_rows;
    const bool rowwise = !a->forward && !a->backward && a->forward_rows && a->backward_rows;

    if (!check_flags(a->flags, PLX_NEEDS_INPUT | PLX_NEEDS_OUTPUT, error))
        return false;
    if (!elementwise && !rowwise) {
        text given = {0};
        add_given(&given, a->forward != NULL, "forward");
        add_given(&given, a->backward != NULL, "backward");
        add_given(&given, a->forward_rows != NULL, "forward_rows");
        add_given(&given, a->backward_rows != NULL, "backward_rows");
        return wrong_functions(&given,
                               "an activation gives either forward and backward, or forward_rows "
                               "and backward_rows",
                               error);
    }
    return (a->semantic == NULL || verify_line(a->semantic, "its semantic id", error)) &&
           (a->onnx == NULL || verify_line(a->onnx, "its onnx operator", error)) &&
           check_lines(a->expression, "its expression", error);
}

/* ---- loss ---- */

static bool check_partner(const plx_fused *fused, size_t index, plx_error *error)
{
    char what[64];

    if (fused[index].flags != 0)
        return error_set(error, ERROR_PLUGIN,
                         "the flags of its fused partner %zu are 0x%x; this version knows none",
                         index + 1, fused[index].flags);
    if (fused[index].semantic == NULL || fused[index].rows == NULL)
        return error_set(error, ERROR_PLUGIN, "its fused partner %zu has no %s", index + 1,
                         fused[index].semantic == NULL ? "semantic id" : "function");
    snprintf(what, sizeof(what), "the semantic id of its fused partner %zu", index + 1);
    if (!verify_line(fused[index].semantic, what, error))
        return false;
    for (size_t i = 0; i < index; i++)
        if (strcmp(fused[i].semantic, fused[index].semantic) == 0)
            return error_set(error, ERROR_PLUGIN, "it lists the fused partner '%s' twice",
                             fused[index].semantic);
    return true;
}

static bool copy_fused(loaded *item, plx_error *error)
{
    plx_loss *loss = &item->descriptor.loss;
    const char *table = (const char *)loss->fused;

    if (loss->fused_count > MAX_FUSED)
        return error_set(error, ERROR_PLUGIN, "it lists %u fused partners; at most %u are allowed",
                         loss->fused_count, MAX_FUSED);
    if (loss->fused_count > 0 && table == NULL)
        return error_set(error, ERROR_PLUGIN,
                         "it counts %u fused partners but has no table of them", loss->fused_count);
    if (loss->fused_count > 0 &&
        (loss->fused_stride < VERIFY_FUSED_SIZE || loss->fused_stride > VERIFY_MAX_SIZE))
        return error_set(error, ERROR_PLUGIN,
                         "the stride of its fused partners is %u; it must be %d to %u",
                         loss->fused_stride, VERIFY_FUSED_SIZE, VERIFY_MAX_SIZE);
    item->fused = memory_array(loss->fused_count, sizeof(plx_fused));
    if (item->fused == NULL)
        return error_memory(error);
    for (size_t i = 0; i < loss->fused_count; i++)
        if (!verify_copy(&item->fused[i], sizeof(plx_fused), table + i * loss->fused_stride,
                         VERIFY_FUSED_SIZE, loss->fused_stride, "a fused partner", error) ||
            !check_partner(item->fused, i, error))
            return false;
    loss->fused = loss->fused_count > 0 ? item->fused : NULL;
    loss->fused_stride = sizeof(plx_fused);
    return true;
}

static bool check_loss(loaded *item, plx_error *error)
{
    const plx_loss *loss = &item->descriptor.loss;

    if (!check_flags(loss->flags, 0, error))
        return false;
    if (loss->targets == NULL || loss->rows == NULL) {
        text given = {0};
        add_given(&given, loss->targets != NULL, "targets");
        add_given(&given, loss->rows != NULL, "rows");
        return wrong_functions(&given, "a loss gives both targets and rows", error);
    }
    return copy_fused(item, error);
}

/* ---- optimizer ---- */

static bool check_steps(const plx_optimizer *optimizer, plx_error *error)
{
    const int steps = (optimizer->step_range != NULL) + (optimizer->step_tensor != NULL) +
                      (optimizer->step_model != NULL);
    text given = {0};

    if (steps == 1)
        return true;
    add_given(&given, optimizer->step_range != NULL, "step_range");
    add_given(&given, optimizer->step_tensor != NULL, "step_tensor");
    add_given(&given, optimizer->step_model != NULL, "step_model");
    return wrong_functions(
        &given, "an optimizer gives exactly one of step_range, step_tensor, step_model", error);
}

static bool check_optimizer(const plx_optimizer *optimizer, plx_error *error)
{
    if (!check_flags(optimizer->flags, PLX_NEEDS_CLOSURE, error) || !check_steps(optimizer, error))
        return false;
    if ((optimizer->flags & PLX_NEEDS_CLOSURE) && optimizer->step_model == NULL)
        return error_set(error, ERROR_PLUGIN,
                         "it has the flag PLX_NEEDS_CLOSURE, which only step_model can use");
    if (optimizer->constants_size > MAX_CONSTANTS)
        return error_set(error, ERROR_PLUGIN, "its constants_size is %u; at most %u is allowed",
                         optimizer->constants_size, MAX_CONSTANTS);
    if (optimizer->constants_size > 0 && optimizer->begin_step == NULL)
        return error_set(error, ERROR_PLUGIN,
                         "it has constants_size %u but no begin_step to fill them",
                         optimizer->constants_size);
    if (!isfinite(optimizer->lr) || optimizer->lr < 0) {
        char number[32];
        return error_set(error, ERROR_PLUGIN,
                         "its default lr is %s; it must be a finite number at or above 0",
                         text_of_double(number, optimizer->lr));
    }
    return true;
}

/* ---- all of it ---- */

static size_t size_of_kind(uint32_t kind)
{
    return kind == PLX_KIND_ACTIVATION ? sizeof(plx_activation)
           : kind == PLX_KIND_LOSS     ? sizeof(plx_loss)
                                       : sizeof(plx_optimizer);
}

static size_t first_size_of_kind(uint32_t kind)
{
    return kind == PLX_KIND_ACTIVATION ? VERIFY_ACTIVATION_SIZE
           : kind == PLX_KIND_LOSS     ? VERIFY_LOSS_SIZE
                                       : VERIFY_OPTIMIZER_SIZE;
}

static void publish(loaded *item, uint32_t kind)
{
    plugin *found = &item->plugin;

    found->name = item->descriptor.component.name;
    found->version = item->descriptor.component.version ? item->descriptor.component.version : "1";
    found->component = &item->descriptor.component;
    found->activation = kind == PLX_KIND_ACTIVATION ? &item->descriptor.activation : NULL;
    found->loss = kind == PLX_KIND_LOSS ? &item->descriptor.loss : NULL;
    found->optimizer = kind == PLX_KIND_OPTIMIZER ? &item->descriptor.optimizer : NULL;
}

bool verify_descriptor(loaded *item, uint32_t kind, const void *descriptor, const char *name,
                       plx_error *error)
{
    item->plugin.kind = kind;
    if (!verify_copy(&item->descriptor, size_of_kind(kind), descriptor, first_size_of_kind(kind),
                     VERIFY_MAX_SIZE, "its descriptor", error) ||
        !check_component(&item->descriptor.component, name, error) || !verify_settings(item, error))
        return false;
    if (kind == PLX_KIND_ACTIVATION ? !check_activation(&item->descriptor.activation, error)
        : kind == PLX_KIND_LOSS     ? !check_loss(item, error)
                                    : !check_optimizer(&item->descriptor.optimizer, error))
        return false;
    publish(item, kind);
    return true;
}
