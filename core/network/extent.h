/* extent.h: how extents are cut into parts. */
#ifndef NETWORK_EXTENT_H
#define NETWORK_EXTENT_H

#include <stddef.h>

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t divide_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* The step that cuts `extent`, not 0, into as few parts as have at most `most`, as even as can be. */
static inline size_t even_part(size_t extent, size_t most)
{
    return divide_up(extent, divide_up(extent, most));
}

#endif
