/* The writable data of a plug-in: its segments that may be written, less the part that the linker
 * made read-only, and, of this thread alone, what it keeps for each thread. What lies in them of
 * the linker (addresses of imports) was filled in while loading and stays as it is.
 *
 * A byte that changed is named by the symbol table of the file, which has static variables too
 * unless it was stripped. A plug-in built to count which of its lines ran, or to be profiled, counts
 * in its own data: symbols that compilers make for that are passed over. Sanitizers change nothing
 * there after loading. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "author/intercept_internal.h"
#include "support/file.h"
#include "support/memory.h"

enum { REGIONS = 16, FILE_LIMIT = 256 << 20 };

/* Bytes that belong together. Of thread data `live` is NULL while this thread has none yet. */
typedef struct region {
    const unsigned char *live;
    unsigned char *copy;
    size_t size;
    uintptr_t offset; /* from the base; of thread data, 0                                         */
    bool of_thread;
} region;

struct data_copy {
    const image *image;
    region regions[REGIONS];
    size_t count;
};

/* ---- copying ---- */

/* A byte of the plug-in's data. The address sanitizer forbids those between variables. */
__attribute__((no_sanitize("address"), noinline)) static unsigned char
live_byte(const volatile unsigned char *at)
{
    return *at;
}

static void copy_live(unsigned char *to, const unsigned char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = live_byte(from + i);
}

static bool add_region(data_copy *self, uintptr_t start, uintptr_t end)
{
    region *new = &self->regions[self->count];

    if (start >= end || self->count == REGIONS)
        return true;
    *new = (region){.live = (const unsigned char *)start,
                    .copy = malloc(end - start),
                    .size = end - start,
                    .offset = start - self->image->base};
    if (new->copy == NULL)
        return false;
    copy_live(new->copy, new->live, new->size);
    self->count++;
    return true;
}

/* This thread's data of the plug-in, or NULL while nothing has touched it. */
static const unsigned char *thread_data(const image *of)
{
    void *block = NULL;

    return dlinfo(of->handle, RTLD_DI_TLS_DATA, &block) == 0 ? block : NULL;
}

/* A thread that has no such data yet would find it as the segment says. */
static bool add_thread_data(data_copy *self, const ElfW(Phdr) * segment)
{
    region *new = &self->regions[self->count];
    const unsigned char *first = (const unsigned char *)(self->image->base + segment->p_vaddr);
    const unsigned char *live = thread_data(self->image);

    if (segment->p_memsz == 0 || self->count == REGIONS)
        return true;
    *new = (region){
        .copy = memory_array(1, segment->p_memsz), .size = segment->p_memsz, .of_thread = true};
    if (new->copy == NULL)
        return false;
    copy_live(new->copy, live != NULL ? live : first,
              live != NULL ? segment->p_memsz : segment->p_filesz);
    self->count++;
    return true;
}

static bool copy_all(data_copy *self)
{
    const image *of = self->image;

    for (size_t i = 0; i < of->segment_count; i++) {
        const ElfW(Phdr) *segment = &of->segments[i];
        const uintptr_t start = of->base + segment->p_vaddr, end = start + segment->p_memsz;
        const bool cut = of->relro_start < end && of->relro_end > start;
        if (segment->p_type == PT_TLS && !add_thread_data(self, segment))
            return false;
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) == 0)
            continue;
        if (!add_region(self, start, cut ? of->relro_start : end) ||
            !add_region(self, cut ? of->relro_end : end, end))
            return false;
    }
    return true;
}

data_copy *data_copy_new(const image *of, plx_error *error)
{
    data_copy *self = memory_array(1, sizeof(*self));

    if (self != NULL)
        self->image = of;
    if (self != NULL && copy_all(self))
        return self;
    data_copy_free(self);
    error_memory(error);
    return NULL;
}

void data_copy_free(data_copy *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        free(self->regions[i].copy);
    free(self);
}

/* ---- names ---- */

/* The symbol table of the file; every number in it is looked at before it is believed. */
typedef struct symbols {
    const char *path;
    bool looked; /* only once there is something to name                                          */
    char *file;
    size_t size;
    const char *names;
    size_t names_size;
    const char *first;
    size_t count;
} symbols;

static bool section_at(const symbols *self, size_t table, size_t index, ElfW(Shdr) * section)
{
    if (table > self->size || (index + 1) * sizeof(*section) > self->size - table)
        return false;
    memcpy(section, self->file + table + index * sizeof(*section), sizeof(*section));
    return section->sh_type == SHT_NOBITS || (section->sh_offset <= self->size &&
                                              section->sh_size <= self->size - section->sh_offset);
}

static bool take_symbols(symbols *self, size_t table, const ElfW(Shdr) * section, size_t sections)
{
    ElfW(Shdr) names;

    if (section->sh_link >= sections || !section_at(self, table, section->sh_link, &names) ||
        names.sh_type != SHT_STRTAB || names.sh_size == 0)
        return false;
    self->names = self->file + names.sh_offset;
    self->names_size = names.sh_size;
    self->first = self->file + section->sh_offset;
    self->count = section->sh_size / sizeof(ElfW(Sym));
    return self->names[self->names_size - 1] == '\0';
}

/* Without a table, or one that holds together, there are no symbols. */
static void read_symbols(symbols *self)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) section;

    self->looked = true;
    self->file = file_read(self->path, FILE_LIMIT, false, &self->size, NULL);
    if (self->file == NULL || self->size < sizeof(header))
        return;
    memcpy(&header, self->file, sizeof(header));
    if (header.e_shentsize != sizeof(section))
        return;
    for (size_t i = 0; i < header.e_shnum; i++)
        if (section_at(self, header.e_shoff, i, &section) && section.sh_type == SHT_SYMTAB &&
            !take_symbols(self, header.e_shoff, &section, header.e_shnum))
            self->count = 0;
}

/* The variable that a byte belongs to, or NULL. Its bounds go to *symbol. */
static const char *name_of(symbols *self, const region *in, size_t at, ElfW(Sym) * symbol)
{
    const uintptr_t offset = in->offset + at;

    if (!self->looked)
        read_symbols(self);
    for (size_t i = 0; i < self->count; i++) {
        memcpy(symbol, self->first + i * sizeof(*symbol), sizeof(*symbol));
        const unsigned type = ELF64_ST_TYPE(symbol->st_info);
        if (type == (in->of_thread ? STT_TLS : STT_OBJECT) && symbol->st_shndx != SHN_UNDEF &&
            offset >= symbol->st_value && offset - symbol->st_value < symbol->st_size &&
            symbol->st_name < self->names_size)
            return self->names + symbol->st_name;
    }
    return NULL;
}

/* Whether a compiler made it to count or to profile. */
static bool is_counter(const char *name)
{
    static const char *const begins[] = {"__gcov",    "__profc_", "__profd_",
                                         "__profvp_", "__llvm_",  "__sancov_"};

    for (size_t i = 0; name != NULL && i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* ---- comparing ---- */

typedef struct difference {
    size_t bytes;
    text first; /* where the first of them is                                                     */
} difference;

/* The variable's own name: compilers make "count.0" or "step.count.1" of one within a function. */
static void add_variable(text *to, const char *name)
{
    const char *start = name;
    size_t length = strlen(name), digits = length;

    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    if (digits > 1 && name[digits - 1] == '.')
        length = digits - 1;
    for (size_t i = 0; i + 1 < length; i++)
        if (name[i] == '.')
            start = name + i + 1;
    text_add(to, "'");
    text_add_n(to, start, length - (size_t)(start - name));
    text_add(to, "'");
}

static void note(difference *found, const region *in, size_t at, const char *name)
{
    if (found->bytes++ > 0)
        return;
    if (name != NULL)
        add_variable(&found->first, name);
    else
        text_addf(&found->first, "offset 0x%zx of its %s", (size_t)in->offset + at,
                  in->of_thread ? "thread data" : "image");
}

static void compare(symbols *names, const region *in, difference *found)
{
    for (size_t at = 0; at < in->size; at++) {
        ElfW(Sym) symbol;
        if (live_byte(in->live + at) == in->copy[at])
            continue;
        const char *name = name_of(names, in, at, &symbol);
        if (is_counter(name))
            at = symbol.st_value + symbol.st_size - in->offset - 1;
        else
            note(found, in, at, name);
    }
}

bool data_copy_same(const data_copy *self, text *came)
{
    symbols names = {.path = self->image->path};
    difference found = {.bytes = 0};

    for (size_t i = 0; i < self->count; i++) {
        region now = self->regions[i];
        if (now.of_thread)
            now.live = thread_data(self->image);
        if (now.live != NULL)
            compare(&names, &now, &found);
    }
    if (found.bytes > 0) {
        text_addf(came, "%zu byte%s changed, the first in ", found.bytes,
                  found.bytes == 1 ? "" : "s");
        text_add_n(came, found.first.bytes, found.first.length);
    }
    free(found.first.bytes);
    free(names.file);
    return found.bytes == 0;
}
