/* probe.h: tries a plug-in in a child process. */
#ifndef PLUGIN_PROBE_H
#define PLUGIN_PROBE_H

#include "plugin/load.h"

/* Whether load_plugin with these arguments succeeds in a child process within the time. A child
 * that crashes, exits or hangs costs nothing but its reason, which `error` then holds as
 * load_plugin's would be. */
bool probe_plugin(const char *path, uint32_t kind, const char *name, int milliseconds,
                  plx_error *error);

#endif
