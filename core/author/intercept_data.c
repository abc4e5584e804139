/* The writable data of a plug-in: its segments that may be written, less the part that the linker
 * made read-only, and, of this thread alone, what it keeps for each thread. What lies in them of
 * the linker (addresses of imports) was filled in while loading and stays as it is.
 *
 * A byte that changed is named by the symbol table of the file, which has static variables too
 * unless it was stripped. A plug-in built to count which of its lines ran, or to be profiled,
 * counts in its own data: what compilers make for that is passed over, unless gcc made it and it
 * was stripped. Sanitizers change nothing there after loading. */
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

/* The names that the file holds; every number in it is looked at before it is believed. */
typedef struct strings {
    const char *bytes;
    size_t size; /* 0, or the last byte is 0                                                      */
} strings;

typedef struct names {
    const char *path;
    bool looked; /* only once there is something to name                                          */
    char *file;
    size_t size;
    size_t sections, section_count; /* where the table of sections lies                           */
    strings section_names, variable_names;
    const char *variables; /* the symbol table                                                    */
    size_t variable_count;
} names;

/* What a byte belongs to, and where that ends. */
typedef struct owner {
    const char *name; /* NULL: unknown                                                            */
    uintptr_t end;
} owner;

static bool section_at(const names *self, size_t index, ElfW(Shdr) * section)
{
    const size_t size = sizeof(*section);

    if (index >= self->section_count || self->sections > self->size ||
        (index + 1) * size > self->size - self->sections)
        return false;
    memcpy(section, self->file + self->sections + index * size, size);
    return section->sh_type == SHT_NOBITS || (section->sh_offset <= self->size &&
                                              section->sh_size <= self->size - section->sh_offset);
}

static strings strings_at(const names *self, size_t index)
{
    ElfW(Shdr) section;

    if (!section_at(self, index, &section) || section.sh_type != SHT_STRTAB ||
        section.sh_size == 0 || self->file[section.sh_offset + section.sh_size - 1] != '\0')
        return (strings){NULL, 0};
    return (strings){self->file + section.sh_offset, section.sh_size};
}

/* A file that does not hold together has no names. */
static void read_names(names *self)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) section;

    self->looked = true;
    self->file = file_read(self->path, FILE_LIMIT, false, &self->size, NULL);
    if (self->file == NULL || self->size < sizeof(header))
        return;
    memcpy(&header, self->file, sizeof(header));
    self->sections = header.e_shoff;
    self->section_count = header.e_shentsize == sizeof(section) ? header.e_shnum : 0;
    self->section_names = strings_at(self, header.e_shstrndx);
    for (size_t i = 0; i < self->section_count; i++)
        if (section_at(self, i, &section) && section.sh_type == SHT_SYMTAB) {
            self->variable_names = strings_at(self, section.sh_link);
            self->variables = self->file + section.sh_offset;
            self->variable_count = section.sh_size / sizeof(ElfW(Sym));
        }
}

static owner variable_of(const names *self, uintptr_t offset, unsigned wanted)
{
    for (size_t i = 0; i < self->variable_count; i++) {
        ElfW(Sym) symbol;
        memcpy(&symbol, self->variables + i * sizeof(symbol), sizeof(symbol));
        if (ELF64_ST_TYPE(symbol.st_info) == wanted && symbol.st_shndx != SHN_UNDEF &&
            offset >= symbol.st_value && offset - symbol.st_value < symbol.st_size &&
            symbol.st_name < self->variable_names.size)
            return (owner){self->variable_names.bytes + symbol.st_name,
                           symbol.st_value + symbol.st_size};
    }
    return (owner){NULL, 0};
}

/* The section of what is no variable. */
static owner section_of(const names *self, uintptr_t offset)
{
    ElfW(Shdr) section;

    for (size_t i = 0; i < self->section_count; i++)
        if (section_at(self, i, &section) && (section.sh_flags & SHF_ALLOC) != 0 &&
            offset >= section.sh_addr && offset - section.sh_addr < section.sh_size &&
            section.sh_name < self->section_names.size)
            return (owner){self->section_names.bytes + section.sh_name,
                           section.sh_addr + section.sh_size};
    return (owner){NULL, 0};
}

/* Whether a compiler made it to count or to profile. */
static bool is_counter(const owner *of)
{
    static const char *const begins[] = {"__gcov", "__llvm_prf", "__llvm_profile", "__sancov_"};

    for (size_t i = 0; of->name != NULL && i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(of->name, begins[i], strlen(begins[i])) == 0)
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
    text_add(to, "in '");
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
        text_addf(&found->first, "at offset 0x%zx of its %s", (size_t)in->offset + at,
                  in->of_thread ? "thread data" : "image");
}

static void compare(names *names, const region *in, difference *found)
{
    for (size_t at = 0; at < in->size; at++) {
        if (live_byte(in->live + at) == in->copy[at])
            continue;
        if (!names->looked)
            read_names(names);
        const uintptr_t offset = in->offset + at;
        const owner variable = variable_of(names, offset, in->of_thread ? STT_TLS : STT_OBJECT);
        const owner section = in->of_thread ? variable : section_of(names, offset);
        if (is_counter(&variable))
            at = variable.end - in->offset - 1;
        else if (is_counter(&section))
            at = section.end - in->offset - 1;
        else
            note(found, in, at, variable.name);
    }
}

bool data_copy_same(const data_copy *self, text *came)
{
    names names = {.path = self->image->path};
    difference found = {.bytes = 0};

    for (size_t i = 0; i < self->count; i++) {
        region now = self->regions[i];
        if (now.of_thread)
            now.live = thread_data(self->image);
        if (now.live != NULL)
            compare(&names, &now, &found);
    }
    if (found.bytes > 0) {
        text_addf(came, "%zu byte%s changed, the first ", found.bytes, found.bytes == 1 ? "" : "s");
        text_add_n(came, found.first.bytes, found.first.length);
    }
    free(found.first.bytes);
    free(names.file);
    return found.bytes == 0;
}
