/* Nothing: plugin.h is looked at without the C library's own lines. */
