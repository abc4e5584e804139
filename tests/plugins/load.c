/* load.c: dlopen, dlsym and a settings struct, nothing more; the core's own loader has its own
 * tests and looks at a plug-in far more suspiciously. */
#include "load.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

char load_error[256];

static int32_t keep_error(const plx_host *host, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(load_error, sizeof(load_error), format, arguments);
    va_end(arguments);
    return PLX_FAILED;
}

const plx_host load_host = {.size = sizeof(plx_host), .error = keep_error};

/* The plug-in stays loaded, as in the program: unloading would cost a leak report its names. */
static const void *load(const char *kind, uint32_t number, const char *name)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s.so", PLEXUS_PLUGIN_BUILD_DIR, kind, name);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(object != NULL, "%s", object ? "" : dlerror());
    const plx_entry *entry = dlsym(object, PLX_ENTRY_SYMBOL);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->magic, PLX_MAGIC);
    ck_assert_uint_eq(entry->size, sizeof(plx_entry));
    ck_assert_uint_eq(entry->kind, number);
    const plx_component *component = entry->descriptor;
    ck_assert_str_eq(component->name, name);
    return component;
}

const plx_component *load_component(const char *kind, const char *name)
{
    const uint32_t number = strcmp(kind, "activation") == 0 ? PLX_KIND_ACTIVATION
                            : strcmp(kind, "loss") == 0     ? PLX_KIND_LOSS
                                                            : PLX_KIND_OPTIMIZER;
    return load(kind, number, name);
}

const plx_activation *load_activation(const char *name)
{
    return load("activation", PLX_KIND_ACTIVATION, name);
}

const plx_loss *load_loss(const char *name)
{
    return load("loss", PLX_KIND_LOSS, name);
}

const plx_optimizer *load_optimizer(const char *name)
{
    return load("optimizer", PLX_KIND_OPTIMIZER, name);
}

const plx_setting *load_row(const plx_component *component, uint32_t index)
{
    if (index >= component->settings_count)
        return NULL;
    return (const plx_setting *)(const void *)((const char *)component->settings +
                                               (size_t)index * component->settings_stride);
}

/* Where "name=" stands in the text as a whole word; NULL if it doesn't. */
static const char *find(const char *changes, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = strstr(changes, name); at; at = strstr(at + 1, name))
        if (at[length] == '=' && (at == changes || at[-1] == ' '))
            return at + length + 1;
    return NULL;
}

double load_value(const char *changes, const char *name, double otherwise)
{
    const char *at = find(changes, name);

    return at ? strtod(at, NULL) : otherwise;
}

static void put(char *settings, const plx_setting *row, double value)
{
    if (row->type == PLX_TYPE_REAL) {
        memcpy(settings + row->offset, &value, sizeof(value));
    } else if (row->type == PLX_TYPE_INTEGER) {
        const int64_t integer = (int64_t)value;
        memcpy(settings + row->offset, &integer, sizeof(integer));
    } else {
        const int32_t number = (int32_t)value;
        memcpy(settings + row->offset, &number, sizeof(number));
    }
}

void *load_settings(const plx_component *component, const char *changes)
{
    const plx_setting *row = load_row(component, 0);
    char *settings = calloc(1, row ? row->owner_size : 1);
    size_t used = 0, given = 0;

    ck_assert_ptr_nonnull(settings);
    for (uint32_t i = 0; (row = load_row(component, i)) != NULL; i++) {
        put(settings, row, load_value(changes, row->name, row->initial));
        used += find(changes, row->name) != NULL;
    }
    for (const char *at = changes; (at = strchr(at, '=')) != NULL; at++)
        given++;
    ck_assert_msg(used == given, "%s has no such setting: %s", component->name, changes);
    return settings;
}
