/* A shared object reaches a function of another one through an address in memory of its own that
 * the linker filled in while loading; its relocations say where each of them lies and which name it
 * stands for. So they can be walked a second time, and the address of another function put in
 * where the name is one of those to be watched. That covers calls as well as addresses taken. It
 * cannot see a name looked up while running (dlsym), a system call made without the C library, the
 * processor's own counter, or what a library does that the plug-in is linked to.
 *
 * Part of that memory is read-only by now (the segment PT_GNU_RELRO) and is made writable for the
 * moment. */
#include "author/intercept.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "author/intercept_internal.h"
#include "support/memory.h"

/* A place that was changed, and what it held. */
typedef struct slot {
    uintptr_t place, held;
} slot;

struct intercept {
    image image;
    slot *slots;
    size_t slot_count, slot_capacity;
    data_copy *data;
};

/* The parts of the dynamic section that matter here. */
typedef struct tables {
    const ElfW(Rela) * relocations[2];
    size_t count[2];
    const ElfW(Sym) * symbols;
    const char *names;
    bool without_addends;
} tables;

/* ---- finding the plug-in in memory ---- */

static int take_segments(struct dl_phdr_info *info, size_t size, void *context)
{
    image *into = context;

    if (info->dlpi_addr != into->base)
        return 0;
    into->segments = info->dlpi_phdr;
    into->segment_count = info->dlpi_phnum;
    return 1;
}

/* Whole pages alone are read-only. */
static void find_relro(image *of)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    for (size_t i = 0; i < of->segment_count; i++) {
        const ElfW(Phdr) *segment = &of->segments[i];
        if (segment->p_type == PT_GNU_RELRO) {
            of->relro_start = (of->base + segment->p_vaddr) & ~(page - 1);
            of->relro_end = (of->base + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        }
    }
}

static const struct link_map *find_image(image *of, const char *path, plx_error *error)
{
    struct link_map *map = NULL;

    of->path = path;
    of->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (of->handle == NULL || dlinfo(of->handle, RTLD_DI_LINKMAP, &map) != 0) {
        error_set(error, ERROR_PLUGIN, "it is not loaded");
        return NULL;
    }
    of->base = map->l_addr;
    if (dl_iterate_phdr(take_segments, of) == 0) {
        error_set(error, ERROR_PLUGIN, "its segments cannot be found");
        return NULL;
    }
    find_relro(of);
    return map;
}

/* ---- its tables ---- */

/* glibc makes the entries of most machines addresses, and leaves those of some as offsets. */
static uintptr_t address_of(const image *of, ElfW(Addr) value)
{
    return value < of->base ? of->base + value : value;
}

static tables read_tables(const image *of, const ElfW(Dyn) * dynamic)
{
    tables t = {.without_addends = false};
    size_t bytes[2] = {0, 0};

    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        const ElfW(Addr) pointer = address_of(of, dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_JMPREL)
            t.relocations[0] = (const ElfW(Rela) *)pointer;
        else if (dynamic->d_tag == DT_PLTRELSZ)
            bytes[0] = dynamic->d_un.d_val;
        else if (dynamic->d_tag == DT_RELA)
            t.relocations[1] = (const ElfW(Rela) *)pointer;
        else if (dynamic->d_tag == DT_RELASZ)
            bytes[1] = dynamic->d_un.d_val;
        else if (dynamic->d_tag == DT_SYMTAB)
            t.symbols = (const ElfW(Sym) *)pointer;
        else if (dynamic->d_tag == DT_STRTAB)
            t.names = (const char *)pointer;
        else if (dynamic->d_tag == DT_REL ||
                 (dynamic->d_tag == DT_PLTREL && dynamic->d_un.d_val == DT_REL))
            t.without_addends = true;
    }
    for (int i = 0; i < 2; i++)
        t.count[i] = t.relocations[i] != NULL ? bytes[i] / sizeof(ElfW(Rela)) : 0;
    return t;
}

static bool tables_are_known(const tables *t, plx_error *error)
{
#if defined(__x86_64__) || defined(__aarch64__)
    if (!t->without_addends && t->symbols != NULL && t->names != NULL)
        return true;
#endif
    return error_set(error, ERROR_PLUGIN,
                     "its imports cannot be watched: its relocations are of an unknown kind");
}

/* Whether a relocation puts the plain address of its symbol in its place. */
static bool is_address(const ElfW(Rela) * relocation)
{
#if defined(__x86_64__)
    const unsigned table = R_X86_64_GLOB_DAT, call = R_X86_64_JUMP_SLOT, data = R_X86_64_64;
#elif defined(__aarch64__)
    const unsigned table = R_AARCH64_GLOB_DAT, call = R_AARCH64_JUMP_SLOT, data = R_AARCH64_ABS64;
#else
    const unsigned table = 0, call = 0, data = 0;
#endif
    const unsigned type = (unsigned)ELF64_R_TYPE(relocation->r_info);

    return type == table || type == call || (type == data && relocation->r_addend == 0);
}

/* ---- changing them ---- */

/* Whether the address lies in memory that is meant to be written, if only by the linker. */
static bool is_writable(const image *of, uintptr_t address)
{
    for (size_t i = 0; i < of->segment_count; i++) {
        const ElfW(Phdr) *segment = &of->segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0 &&
            address - of->base >= segment->p_vaddr &&
            address - of->base + sizeof(address) <= segment->p_vaddr + segment->p_memsz)
            return true;
    }
    return false;
}

static bool allow_writing(const image *of, bool allowed)
{
    const int protection = allowed ? PROT_READ | PROT_WRITE : PROT_READ;

    return of->relro_start == of->relro_end ||
           mprotect((void *)of->relro_start, of->relro_end - of->relro_start, protection) == 0;
}

/* Points one import at its stand-in, if there is one for it. False: out of memory. */
static bool redirect(intercept *self, const tables *t, const ElfW(Rela) * relocation)
{
    const ElfW(Sym) *symbol = &t->symbols[ELF64_R_SYM(relocation->r_info)];
    slot new = {.place = self->image.base + relocation->r_offset};

    if (!is_address(relocation) || symbol->st_shndx != SHN_UNDEF ||
        !is_writable(&self->image, new.place))
        return true;
    const counted_call *call = calls_find(t->names + symbol->st_name);
    memcpy(&new.held, (const void *)new.place, sizeof(new.held));
    if (call == NULL || new.held == 0)
        return true;
    if (memory_grow(&self->slots, &self->slot_capacity, self->slot_count + 1, sizeof(new)) == NULL)
        return false;
    self->slots[self->slot_count++] = new;
    if (call->real != NULL)
        memcpy(call->real, &new.held, sizeof(new.held));
    memcpy((void *)new.place, &call->stand_in, sizeof(call->stand_in));
    return true;
}

static bool redirect_all(intercept *self, const tables *t, plx_error *error)
{
    bool good = true;

    if (!allow_writing(&self->image, true))
        return error_set(error, ERROR_PLUGIN, "its imports cannot be changed");
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < t->count[i] && good; j++)
            good = redirect(self, t, &t->relocations[i][j]);
    allow_writing(&self->image, false);
    return good || error_memory(error);
}

static void put_back(intercept *self)
{
    if (!allow_writing(&self->image, true))
        return;
    for (size_t i = 0; i < self->slot_count; i++)
        memcpy((void *)self->slots[i].place, &self->slots[i].held, sizeof(self->slots[i].held));
    allow_writing(&self->image, false);
}

/* ---- the interface ---- */

intercept *intercept_new(const plugin *plugin, plx_error *error)
{
    intercept *self = memory_array(1, sizeof(*self));
    const struct link_map *map;

    if (self == NULL) {
        error_memory(error);
        return NULL;
    }
    map = find_image(&self->image, plugin->path, error);
    if (map != NULL) {
        const tables t = read_tables(&self->image, map->l_ld);
        calls_reset();
        calls_shift(0);
        if (tables_are_known(&t, error) && redirect_all(self, &t, error))
            return self;
    }
    intercept_free(self);
    return NULL;
}

void intercept_free(intercept *self)
{
    if (self == NULL)
        return;
    put_back(self);
    if (self->image.handle != NULL)
        dlclose(self->image.handle);
    data_copy_free(self->data);
    free(self->slots);
    free(self);
}

intercept_counts intercept_counted(const intercept *self)
{
    return calls_counted();
}

void intercept_reset(intercept *self)
{
    calls_reset();
}

void intercept_shift(intercept *self, double seconds)
{
    calls_shift(seconds);
}

bool intercept_copy_data(intercept *self, plx_error *error)
{
    data_copy_free(self->data);
    self->data = data_copy_new(&self->image, error);
    return self->data != NULL;
}

bool intercept_same_data(const intercept *self, text *came)
{
    return self->data == NULL || data_copy_same(self->data, came);
}
