/* memory.h: allocation with checked sizes. NULL means out of memory or a size that overflows. */
#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stddef.h>

/* count * size zeroed bytes; count 0 gives a valid pointer. */
void *memory_array(size_t count, size_t size);
/* As memory_array, aligned to 64 bytes, for what kernels touch. Freed with free(). */
void *memory_aligned(size_t count, size_t size);
/* Grows *items (capacity *capacity, in items) to hold at least `need` items, doubling. Returns
 * NULL and changes nothing if it cannot; otherwise the new pointer, also stored. */
void *memory_grow(void *items, size_t *capacity, size_t need, size_t size);
char *memory_string(const char *text);                 /* a copy; NULL for NULL */
char *memory_string_n(const char *text, size_t bytes); /* a copy of n bytes, terminated */
/* The bytes of memory the machine has; 0 where it does not tell. */
double memory_of_machine(void);
/* The bytes that this process may have resident: what the machine has, or less where its control
 * group, a limit on the resident set (`ulimit -m`) or one on the address space (`ulimit -v`) says
 * so. 0 where nothing tells. */
double memory_limit(void);
/* printf into a new string; NULL when out of memory. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
