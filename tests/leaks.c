/* leaks.c: what the leak checker of the address sanitizer looks through. For builds with it alone: the
 * tests and the program have this file linked into them.
 *
 * At the end of each process, so of each forked test, the checker looks for pointers in all variables, and
 * the twelve megabytes of the sanitizers' own are nearly all there are: it took ten times as long as
 * the test. So it is told to look at no variables, but at one copy of the pointers in those of all
 * other objects: one, since it reads the process's list of mappings anew for each block that it is
 * told of. */
#include <link.h>
#include <sanitizer/lsan_interface.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The sanitizer asks, so it has to be visible. */
__attribute__((visibility("default"))) const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
    return "use_globals=0";
}

/* Of the other objects: called for each of them, once to count and once to copy. */
typedef struct copy {
    uintptr_t *word; /* NULL: counting                                                           */
    size_t words, room;
} copy;

/* Words that may have become pointers between counting and copying. */
enum { SPARE = 512 };

typedef struct span {
    uintptr_t start, end;
} span;

/* The words that may point to memory: not into the object itself, as most do. A memcpy would be stopped
 * at the forbidden bytes between variables. */
__attribute__((no_sanitize("address", "undefined"))) static void
copy_pointers(copy *to, span variables, span object)
{
    for (uintptr_t at = variables.start; at + sizeof(at) <= variables.end; at += sizeof(at)) {
        const uintptr_t word = *(const uintptr_t *)at;
        if (word < UINT16_MAX || (word >= object.start && word < object.end))
            continue;
        if (to->words < to->room)
            to->word[to->words] = word;
        to->words++;
    }
}

static span span_of(const struct dl_phdr_info *object, size_t part)
{
    const uintptr_t start = object->dlpi_addr + object->dlpi_phdr[part].p_vaddr;
    const uintptr_t word = sizeof(uintptr_t);

    return (span){(start + word - 1) / word * word, start + object->dlpi_phdr[part].p_memsz};
}

static int copy_variables(struct dl_phdr_info *object, size_t size, void *context)
{
    span all = {.start = object->dlpi_addr};

    (void)size;
    if (strstr(object->dlpi_name, "/libasan.so") != NULL ||
        strstr(object->dlpi_name, "/libubsan.so") != NULL)
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_LOAD)
            all.end = span_of(object, i).end;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_LOAD && (object->dlpi_phdr[i].p_flags & PF_W) != 0)
            copy_pointers(context, span_of(object, i), all);
    return 0;
}

/* Of all objects that are loaded by then. */
static void show_variables(void)
{
    copy all = {.word = NULL};

    dl_iterate_phdr(copy_variables, &all);
    const size_t room = all.words + SPARE, bytes = room * sizeof(uintptr_t);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    all = (copy){.word = memory, .room = room};
    dl_iterate_phdr(copy_variables, &all);
    __lsan_register_root_region(memory, bytes);
}

__attribute__((constructor)) static void choose_variables(void)
{
    atexit(show_variables);
}
