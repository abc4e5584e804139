/* memory.c: see memory.h. Every product of a count and a size is checked for overflow here, so
 * that callers need not. */
#include "support/memory.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ALIGNMENT = 64, FIRST_CAPACITY = 8, HUGE_PAGE = 1 << 21 };

/* Large blocks are asked to lie on huge pages: rows picked at random from one of 50 MB would else miss
 * the table of pages at almost every access. A wish, no more. */
static void *on_huge_pages(void *memory, size_t bytes)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t from = ((uintptr_t)memory + page - 1) / page * page;
    const uintptr_t to = ((uintptr_t)memory + bytes) / page * page;

    if (memory != NULL && bytes >= 2 * HUGE_PAGE)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
    return memory;
}

void *memory_array(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    return on_huge_pages(calloc(1, bytes == 0 ? 1 : bytes), bytes);
}

void *memory_aligned(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT)
        return NULL;
    bytes = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = on_huge_pages(aligned_alloc(ALIGNMENT, bytes), bytes);
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

/* `items` is the address of a pointer of any object type, so the pointer is moved as bytes. */
void *memory_grow(void *items, size_t *capacity, size_t need, size_t size)
{
    size_t wanted = *capacity < FIRST_CAPACITY ? FIRST_CAPACITY : *capacity;
    size_t bytes;
    void *old;

    memcpy(&old, items, sizeof(old));
    if (old != NULL && need <= *capacity)
        return old;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 2)
            return NULL;
        wanted *= 2;
    }
    if (__builtin_mul_overflow(wanted, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    void *grown = realloc(old, bytes == 0 ? 1 : bytes);
    if (grown == NULL)
        return NULL;
    memcpy(items, &grown, sizeof(grown));
    *capacity = wanted;
    return grown;
}

double memory_of_machine(void)
{
    const double pages = (double)sysconf(_SC_PHYS_PAGES), size = (double)sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? pages * size : 0;
}

/* The smaller of two limits, of which 0 is none. */
static double tighter(double a, double b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* A limit of nothing is not none. */
static double limit_of(__rlimit_resource_t resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return limit.rlim_cur == 0 ? 1 : (double)limit.rlim_cur;
}

/* The first line of a small file of the kernel's that begins with `start`, without that and its
 * line end; false if there is none. */
static bool kernel_line(const char *path, const char *start, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    const size_t skipped = strlen(start);
    bool found = false;

    while (file != NULL && !found && fgets(line, (int)size, file) != NULL)
        found = strncmp(line, start, skipped) == 0;
    if (file != NULL)
        fclose(file);
    if (found) {
        memmove(line, line + skipped, strlen(line + skipped) + 1);
        line[strcspn(line, "\n")] = '\0';
    }
    return found;
}

/* Of control groups version 2, the process's own and those above it; "max" is no number. */
static double limit_of_group(void)
{
    char group[PATH_MAX], line[64], path[PATH_MAX + 64];
    double limit = 0;

    if (!kernel_line("/proc/self/cgroup", "0::/", group, sizeof(group)))
        return 0;
    for (bool top = false; !top;) {
        top = group[0] == '\0';
        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%smemory.max", group, top ? "" : "/");
        if (kernel_line(path, "", line, sizeof(line)))
            limit = tighter(limit, strtod(line, NULL));
        char *end = strrchr(group, '/');
        *(end == NULL ? group : end) = '\0';
    }
    return limit;
}

double memory_limit(void)
{
    double limit = memory_of_machine();

    limit = tighter(limit, limit_of(RLIMIT_RSS));
    limit = tighter(limit, limit_of(RLIMIT_AS));
    return tighter(limit, limit_of_group());
}

char *memory_string(const char *text)
{
    return text == NULL ? NULL : memory_string_n(text, strlen(text));
}

char *memory_string_n(const char *text, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - 1)
        return NULL;
    char *copy = malloc(bytes + 1);
    if (copy == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *memory_format(const char *format, ...)
{
    va_list arguments;
    char *string = NULL;

    va_start(arguments, format);
    const int length = vasprintf(&string, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : string;
}
