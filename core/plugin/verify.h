/* verify.h: whether a descriptor is sound; see verify.c and verify_settings.c. */
#ifndef PLUGIN_VERIFY_H
#define PLUGIN_VERIFY_H

#include <stddef.h>

#include "plugin/load.h"

/* No struct of a plug-in, and no stride of its tables, is larger. */
#define VERIFY_MAX_SIZE 4096u

/* The sizes that the structs of a plug-in had in version 1.0. No less is accepted, and no more
 * asked for, whatever plugin.h has appended to them since. */
enum {
    VERIFY_ENTRY_SIZE = offsetof(plx_entry, descriptor) + sizeof(const void *),
    VERIFY_SETTING_SIZE = offsetof(plx_setting, choices) + sizeof(const char *const *),
    VERIFY_FUSED_SIZE = offsetof(plx_fused, rows) + sizeof(void (*)(void)),
    VERIFY_ACTIVATION_SIZE = offsetof(plx_activation, backward_rows) + sizeof(void (*)(void)),
    VERIFY_LOSS_SIZE = offsetof(plx_loss, fused_stride) + sizeof(uint32_t),
    VERIFY_OPTIMIZER_SIZE = offsetof(plx_optimizer, step_model) + sizeof(void (*)(void)),
};

/* Copies a struct of a plug-in, which begins with its size, into the core's own of `known` bytes,
 * zeroed where the plug-in's is shorter. Refused: smaller than `least` (what the first version
 * had), over VERIFY_MAX_SIZE or over `room`, or a part beyond `known` that is not all zero. `what`
 * names it. */
bool verify_copy(void *target, size_t known, const void *source, size_t least, size_t room,
                 const char *what, plx_error *error);
/* Whether `line` is one line of 1 to 1000 printable characters of UTF-8: what a plug-in says ends
 * up in lists, messages and files. `what` names it, as in "its summary". */
bool verify_line(const char *line, const char *what, plx_error *error);
/* Copies the descriptor and its tables into `loaded` and checks all of it for a plug-in that should
 * be called `name`. On failure what was allocated is still loaded's to free. */
bool verify_descriptor(loaded *loaded, uint32_t kind, const void *descriptor, const char *name,
                       plx_error *error);
/* The part of it that concerns the settings table of loaded->descriptor.component. */
bool verify_settings(loaded *loaded, plx_error *error);

#endif
