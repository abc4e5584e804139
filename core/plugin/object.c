/* The headers of a shared object, read before the dynamic linker sees it. The linker maps whatever
 * the program headers say and then touches it; where the file ends earlier, as a copy that is still
 * under way does, that touch is a SIGBUS and no error. So each segment to be loaded, and the table
 * that lists the segments, must lie within the file. What the file is for is compared with the ELF
 * header of this very program, which needs no list of machines.
 *
 * Every number read here is the file's own word: it is compared with the size of the file before
 * anything is added to it or read at it. */
#include "plugin/object.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header of the program itself, which the linker places and names. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

typedef struct object {
    int file;
    uint64_t size; /* of the file */
    ElfW(Ehdr) header;
} object;

/* Whether `size` bytes at `offset` lie within the file. */
static bool is_inside(const object *self, uint64_t offset, uint64_t size)
{
    return offset <= self->size && size <= self->size - offset;
}

/* Reads what is_inside allows. */
static bool read_at(const object *self, void *into, size_t size, uint64_t offset, plx_error *error)
{
    const ssize_t got = pread(self->file, into, size, (off_t)offset);

    if (got < 0)
        return error_set(error, ERROR_PLUGIN, "it cannot be read: %s", strerror(errno));
    if ((size_t)got != size)
        return error_set(error, ERROR_PLUGIN, "it is cut short: it shrank while it was read");
    return true;
}

static bool read_header(object *self, plx_error *error)
{
    ElfW(Ehdr) *header = &self->header;
    const size_t have = self->size < sizeof(*header) ? (size_t)self->size : sizeof(*header);

    if (!read_at(self, header, have, 0, error))
        return false;
    if (have < SELFMAG || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(error, ERROR_PLUGIN, "it is not a shared object (no ELF header)");
    if (have < sizeof(*header))
        return error_set(error, ERROR_PLUGIN,
                         "it is cut short: its header is %zu bytes, but the file has %zu",
                         sizeof(*header), have);
    return true;
}

static bool is_same(const char *what, unsigned its, unsigned ours, plx_error *error)
{
    return its == ours ||
           error_set(error, ERROR_PLUGIN, "it is for another machine (ELF %s %u, not %u)", what,
                     its, ours);
}

static bool check_header(const ElfW(Ehdr) * header, plx_error *error)
{
    const ElfW(Ehdr) *own = &__ehdr_start;

    if (!is_same("class", header->e_ident[EI_CLASS], own->e_ident[EI_CLASS], error) ||
        !is_same("byte order", header->e_ident[EI_DATA], own->e_ident[EI_DATA], error) ||
        !is_same("machine", header->e_machine, own->e_machine, error))
        return false;
    if (header->e_type != ET_DYN)
        return error_set(error, ERROR_PLUGIN, "it is not a shared object (ELF type %u, not %u)",
                         header->e_type, ET_DYN);
    if (header->e_phnum == 0)
        return error_set(error, ERROR_PLUGIN, "it is not a shared object (no program headers)");
    if (header->e_phentsize != sizeof(ElfW(Phdr)))
        return error_set(error, ERROR_PLUGIN,
                         "it is not a shared object (a program header of %u bytes, not %zu)",
                         header->e_phentsize, sizeof(ElfW(Phdr)));
    return true;
}

/* Every segment in turn, at most 65535 of them. */
static bool check_segments(const object *self, plx_error *error)
{
    const uint64_t table = self->header.e_phoff;
    const unsigned count = self->header.e_phnum;
    ElfW(Phdr) segment;

    if (!is_inside(self, table, count * sizeof(segment)))
        return error_set(error, ERROR_PLUGIN,
                         "it is cut short: its program headers are %zu bytes at byte %" PRIu64
                         ", but the file has %" PRIu64,
                         count * sizeof(segment), table, self->size);
    for (unsigned i = 0; i < count; i++) {
        if (!read_at(self, &segment, sizeof(segment), table + i * sizeof(segment), error))
            return false;
        if (segment.p_type == PT_LOAD && !is_inside(self, segment.p_offset, segment.p_filesz))
            return error_set(error, ERROR_PLUGIN,
                             "it is cut short: its segment %u is %" PRIu64 " bytes at byte %" PRIu64
                             ", but the file has %" PRIu64,
                             i + 1, (uint64_t)segment.p_filesz, (uint64_t)segment.p_offset,
                             self->size);
    }
    return true;
}

bool object_is_whole(int file, plx_error *error)
{
    object self = {.file = file};
    struct stat status;

    if (fstat(file, &status) != 0)
        return error_set(error, ERROR_PLUGIN, "it cannot be read: %s", strerror(errno));
    self.size = (uint64_t)status.st_size;
    return read_header(&self, error) && check_header(&self.header, error) &&
           check_segments(&self, error);
}
