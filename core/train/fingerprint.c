/* fingerprint.c: see fingerprint.h. In a checkpoint's metadata it is train.config, train.data.PART,
 * train.plugin.KIND.NAME (version and SHA-256), train.state_version and train.machine. */
#include "train/fingerprint.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

enum { SHOWN = 120 };

static const char *const part_name[FINGERPRINT_PARTS] = {"train", "validation", "test"};

/* --- making --- */

static bool add_plugin(fingerprint *print, const plugin *plugin, plx_error *error)
{
    for (size_t i = 0; i < print->plugin_count; i++)
        if (print->plugin[i].plugin == plugin)
            return true;
    fingerprint_plugin *added = &print->plugin[print->plugin_count];
    added->plugin = plugin;
    added->key = memory_format("train.plugin.%s.%s", catalog_kind_name(plugin->kind), plugin->name);
    if (added->key == NULL)
        return error_memory(error);
    print->plugin_count++;
    return file_sha256(plugin->path, added->sha256, error);
}

bool fingerprint_make(fingerprint *print, const experiment *experiment, plx_error *error)
{
    text config = {0};

    memset(print, 0, sizeof(*print));
    if (!experiment_print(experiment, PRINT_IDENTITY, &config) || config.failed) {
        free(config.bytes);
        return error_memory(error);
    }
    print->config = config.bytes;
    snprintf(print->machine, sizeof(print->machine), "%s, libc %s", product_isa(),
             gnu_get_libc_version());
    print->state_version = experiment->optimizer.settings->plugin->optimizer->state_version;
    print->plugin = memory_array(experiment->layer_count + 2, sizeof(*print->plugin));
    if (print->plugin == NULL)
        return error_memory(error);
    for (size_t i = 0; i < experiment->layer_count; i++)
        if (!add_plugin(print, experiment->layers[i].activation.settings->plugin, error))
            return false;
    return add_plugin(print, experiment->loss.settings->plugin, error) &&
           add_plugin(print, experiment->optimizer.settings->plugin, error);
}

bool fingerprint_add_data(fingerprint *print, const data_bundle *data, plx_error *error)
{
    return data_hash_parts(data, print->data, error);
}

void fingerprint_clear(fingerprint *print)
{
    for (size_t i = 0; i < print->plugin_count; i++)
        free(print->plugin[i].key);
    free(print->plugin);
    free(print->config);
    memset(print, 0, sizeof(*print));
}

/* --- storing --- */

/* "1.0 4f5a..." */
static void plugin_value(const fingerprint_plugin *one, char *out, size_t size)
{
    snprintf(out, size, "%s %s", one->sha256, one->plugin->version);
}

void fingerprint_store(const fingerprint *print, tensor_file *file)
{
    char buffer[256];

    tensor_file_metadata(file, "train.config", print->config);
    for (size_t i = 0; i < FINGERPRINT_PARTS; i++) {
        snprintf(buffer, sizeof(buffer), "train.data.%s", part_name[i]);
        tensor_file_metadata(file, buffer, print->data[i]);
    }
    for (size_t i = 0; i < print->plugin_count; i++) {
        plugin_value(&print->plugin[i], buffer, sizeof(buffer));
        tensor_file_metadata(file, print->plugin[i].key, buffer);
    }
    snprintf(buffer, sizeof(buffer), "%u", print->state_version);
    tensor_file_metadata(file, "train.state_version", buffer);
    tensor_file_metadata(file, "train.machine", print->machine);
}

/* --- comparing --- */

/* The line at `at` without the spaces before it, from `from` on, made fit for a message. */
static const char *show_line(char buffer[4 * SHOWN + 4], const char *at, size_t from)
{
    at += from > 0 ? from : strspn(at, " ");
    return *at == '\0' ? "nothing" : text_shown(buffer, at, strcspn(at, "\n"), SHOWN);
}

/* Where to begin showing two lines: at the last of the values that they have in common if their
 * beginnings would not show a difference, else 0. */
static size_t shown_from(const char *a, const char *b)
{
    size_t from = 0, same = 0;

    for (; a[same] == b[same] && a[same] != '\0' && a[same] != '\n'; same++)
        if (a[same] == ',')
            from = same;
    from += strspn(a + from, ", ");
    return same > SHOWN / 2 ? from : 0;
}

/* The last line before `at` that begins a section, made fit for a message. */
static const char *show_section(char buffer[4 * SHOWN + 4], const char *text, const char *at)
{
    const char *section = text;

    for (const char *line = text; line < at && line[0] != '\0';) {
        if (line[0] != ' ' && line[0] != '-')
            section = line;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return text_shown(buffer, section, strcspn(section, ":\n"), SHOWN);
}

bool fingerprint_check_config(const char *now, const char *before, const char *run,
                              plx_error *error)
{
    const char *a = now, *b = before;
    char line_a[4 * SHOWN + 4], line_b[4 * SHOWN + 4], section[4 * SHOWN + 4];

    if (strcmp(now, before) == 0)
        return true;
    for (;;) {
        const size_t n = strcspn(a, "\n");
        if (n != strcspn(b, "\n") || strncmp(a, b, n) != 0 || a[n] == '\0' || b[n] == '\0')
            break;
        a += n + 1;
        b += n + 1;
    }
    const size_t from = shown_from(a, b);
    return error_set(error, ERROR_CONFIG,
                     "%s: the experiment has changed since the run began: under '%s' it says '%s', "
                     "but it said '%s'; a resumed run may only change train.threads",
                     run, show_section(section, now, a + 1), show_line(line_a, a, from),
                     show_line(line_b, b, from));
}

static bool refuse_plugin(const fingerprint_plugin *one, const char *before, const char *run,
                          plx_error *error)
{
    const char *kind = catalog_kind_name(one->plugin->kind);
    const char *version = before == NULL ? NULL : strchr(before, ' ');
    char shown[4 * SHOWN + 4];

    if (version == NULL)
        return error_set(error, ERROR_PLUGIN,
                         "%s: the checkpoint says nothing of %s '%s'; it is damaged", run, kind,
                         one->plugin->name);
    version = text_shown(shown, version + 1, strlen(version + 1), SHOWN);
    return error_set(error, ERROR_PLUGIN,
                     "%s: %s '%s' has changed since the run began: %s is version %s, another file "
                     "than the version %s that was used; put that one back, or start the run anew",
                     run, kind, one->plugin->name, one->plugin->path, one->plugin->version,
                     version);
}

bool fingerprint_check(const fingerprint *print, const tensor_file *file, const char *run,
                       plx_error *error)
{
    const char *config = tensor_file_value(file, "train.config");
    const char *stored = tensor_file_value(file, "train.state_version");
    int64_t state_version = -1;
    char value[256];

    if (config == NULL || stored == NULL ||
        !text_is_integer(stored, strlen(stored), &state_version))
        return error_set(error, ERROR_DATA, "%s: the checkpoint does not say what run it is of",
                         run);
    if (!fingerprint_check_config(print->config, config, run, error))
        return false;
    if (state_version != (int64_t)print->state_version)
        return error_set(error, ERROR_PLUGIN,
                         "%s: the optimizer keeps its slots in version %u, but the checkpoint has "
                         "them in version %lld; use the plug-in of that time, or start the run "
                         "anew",
                         run, print->state_version, (long long)state_version);
    for (size_t i = 0; i < print->plugin_count; i++) {
        const char *before = tensor_file_value(file, print->plugin[i].key);
        plugin_value(&print->plugin[i], value, sizeof(value));
        if (before == NULL || strcmp(before, value) != 0)
            return refuse_plugin(&print->plugin[i], before, run, error);
    }
    return true;
}

bool fingerprint_check_data(const fingerprint *print, const tensor_file *file, const char *run,
                            plx_error *error)
{
    char key[64];

    for (size_t i = 0; i < FINGERPRINT_PARTS; i++) {
        snprintf(key, sizeof(key), "train.data.%s", part_name[i]);
        const char *before = tensor_file_value(file, key);
        if (before == NULL || strcmp(before, print->data[i]) != 0)
            return error_set(error, ERROR_DATA,
                             "%s: the %s rows have changed since the run began; restore the data, "
                             "or start the run anew",
                             run, i == 0 ? "training" : part_name[i]);
    }
    return true;
}

const char *fingerprint_other_machine(const fingerprint *print, const tensor_file *file)
{
    const char *before = tensor_file_value(file, "train.machine");

    return before == NULL || strcmp(before, print->machine) == 0 ? NULL : before;
}
