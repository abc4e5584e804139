/* mapping.c: see mapping.h. */
#include "support/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/memory.h"

enum { CUT_SHORT = -1 };

struct mapping {
    char *path;
    int fd;
    unsigned char *bytes;
    size_t length, near;
    bool beyond_memory;
    struct timespec modified;
    atomic_int failure; /* errno of the first read that failed, CUT_SHORT, or 0                  */
};

/* Maps up to `bound` bytes, or, where the address space is limited, the least. */
static bool map_near(mapping *mapping, size_t bound)
{
    const size_t least = mapping->length < MAPPING_LEAST ? mapping->length : MAPPING_LEAST;
    const size_t most = mapping->length < bound ? mapping->length : bound;
    size_t near = most > least ? most : least;
    void *bytes = mmap(NULL, near, PROT_READ, MAP_PRIVATE, mapping->fd, 0);

    if (bytes == MAP_FAILED && near > least) {
        near = least;
        bytes = mmap(NULL, near, PROT_READ, MAP_PRIVATE, mapping->fd, 0);
    }
    if (bytes == MAP_FAILED)
        return false;
    mapping->bytes = bytes;
    mapping->near = near;
    return true;
}

/* Opens a regular file; -1 if it is none. A pipe must not even be opened: who writes to it would
 * find its reader gone again. */
static int open_regular(const char *path, struct stat *status)
{
    if (stat(path, status) != 0 || !S_ISREG(status->st_mode))
        return -1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, status) == 0 && S_ISREG(status->st_mode) && status->st_size > 0 &&
        (uintmax_t)status->st_size <= SIZE_MAX / 2)
        return fd;
    close(fd);
    return -1;
}

mapping *mapping_open(const char *path, size_t bound)
{
    struct stat status;
    const int fd = open_regular(path, &status);
    mapping *made = fd < 0 ? NULL : memory_array(1, sizeof(*made));

    if (made == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    made->fd = fd;
    made->path = memory_string(path);
    made->length = (size_t)status.st_size;
    made->modified = status.st_mtim;
    made->beyond_memory = (double)made->length > memory_limit();
    if (made->path != NULL && map_near(made, bound))
        return made;
    mapping_close(made);
    return NULL;
}

void mapping_close(mapping *mapping)
{
    if (mapping == NULL)
        return;
    if (mapping->bytes != NULL)
        munmap(mapping->bytes, mapping->near);
    close(mapping->fd);
    free(mapping->path);
    free(mapping);
}

size_t mapping_length(const mapping *mapping)
{
    return mapping->length;
}

size_t mapping_near(const mapping *mapping)
{
    return mapping->near;
}

unsigned char *mapping_bytes(const mapping *mapping)
{
    return mapping->bytes;
}

/* Of several failures the first is kept. */
static void note_failure(mapping *mapping, int failure)
{
    int none = 0;

    atomic_compare_exchange_strong(&mapping->failure, &none, failure);
}

/* False, with the failure noted and zeros in place of what is missing. */
static bool read_far(mapping *mapping, size_t offset, size_t n, void *buffer)
{
    size_t got = 0;

    while (got < n) {
        const ssize_t taken =
            pread(mapping->fd, (char *)buffer + got, n - got, (off_t)(offset + got));
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken <= 0) {
            note_failure(mapping, taken < 0 ? errno : CUT_SHORT);
            memset((char *)buffer + got, 0, n - got);
            return false;
        }
        got += (size_t)taken;
    }
    return true;
}

const void *mapping_at(mapping *mapping, size_t offset, size_t n, void *buffer)
{
    if (offset + n <= mapping->near)
        return mapping->bytes + offset;
    return read_far(mapping, offset, n, buffer) ? buffer : NULL;
}

void mapping_read(mapping *mapping, size_t offset, size_t n, void *buffer)
{
    (void)read_far(mapping, offset, n, buffer);
}

void mapping_expect(const mapping *mapping, size_t offset, size_t n)
{
    if (mapping->beyond_memory)
        (void)posix_fadvise(mapping->fd, (off_t)offset, (off_t)n, POSIX_FADV_WILLNEED);
}

/* --- what becomes of the file --- */

bool mapping_intact(const mapping *mapping, plx_error *error)
{
    const int failure = atomic_load_explicit(&mapping->failure, memory_order_relaxed);

    if (failure == 0)
        return true;
    if (failure == CUT_SHORT)
        return error_set(error, ERROR_DATA,
                         "%s: was cut short while it was in use; it had %zu bytes", mapping->path,
                         mapping->length);
    return error_set(error, ERROR_DATA, "%s: cannot read: %s", mapping->path, strerror(failure));
}

bool mapping_unchanged(const mapping *mapping, plx_error *error)
{
    struct stat now;

    if (!mapping_intact(mapping, error))
        return false;
    if (fstat(mapping->fd, &now) != 0)
        return error_set(error, ERROR_DATA, "%s: cannot read: %s", mapping->path, strerror(errno));
    if ((uintmax_t)now.st_size == mapping->length &&
        now.st_mtim.tv_sec == mapping->modified.tv_sec &&
        now.st_mtim.tv_nsec == mapping->modified.tv_nsec)
        return true;
    return error_set(
        error, ERROR_DATA,
        "%s: was written to while it was in use, so what was read before and after may "
        "differ; restore it and begin again (a run: resume it)",
        mapping->path);
}
