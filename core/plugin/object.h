/* object.h: whether a file is a whole shared object of this machine, by its headers alone. */
#ifndef PLUGIN_OBJECT_H
#define PLUGIN_OBJECT_H

#include <stdbool.h>

#include "support/error.h"

/* Whether the regular file open as `file` is an ELF shared object that this program could map:
 * made for the same machine, with every byte that its headers promise. The error's text is the
 * reason alone, which speaks of the file as "it"; code ERROR_PLUGIN. */
bool object_is_whole(int file, plx_error *error);

#endif
