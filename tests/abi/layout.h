/* layout.h: where every member of every struct of a plugin.h stands, and what its numbers are. The
 * lists are made by layout.c, which is compiled once against each header. */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct layout_member {
    const char *type, *name;
    size_t offset, size;
} layout_member;

typedef struct layout_struct {
    const char *name;
    size_t size;
} layout_struct;

typedef struct layout_number {
    const char *name;
    double value;
} layout_number;

typedef struct layout {
    const layout_struct *structs;
    const layout_member *members; /* in order, struct by struct                                  */
    const layout_number *numbers;
    size_t struct_count, member_count, number_count;
} layout;

extern const layout layout_frozen_1_0; /* 1.0/plexus/plugin.h                                    */
extern const layout layout_today;      /* today's header with all its minors                     */
extern const layout layout_future;     /* what grow.sed makes of it                              */

#endif
