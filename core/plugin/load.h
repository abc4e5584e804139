/* load.h: one shared object becomes one verified plug-in, or an error that says why not. */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "plugin/catalog.h"

/* A plugin with the memory it points to: the core's copies of the descriptor and its tables. */
typedef struct loaded {
    plugin plugin;
    union {
        plx_component component;
        plx_activation activation;
        plx_loss loss;
        plx_optimizer optimizer;
    } descriptor;
    plx_setting *settings; /* the table, each row zero-extended, stride sizeof(plx_setting)       */
    plx_fused *fused;      /* likewise                                                            */
    char *path;
    bool searched; /* found by a search, so that it answers to its kind and name                  */
} loaded;

/* Loads the file at the absolute `path` and verifies it. kind 0 and name NULL stand for any kind,
 * and for the name that the file has. The error's text is the reason alone, which speaks of the
 * file as "it"; code ERROR_PLUGIN. On failure nothing stays loaded. */
loaded *load_plugin(const char *path, uint32_t kind, const char *name, plx_error *error);
/* Frees the copies; the shared object stays. NULL is fine. */
void loaded_free(loaded *loaded);

#endif
