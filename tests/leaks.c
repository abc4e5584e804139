/* leaks.c: see leaks.h. At the end of each forked test the leak checker looks for pointers in all
 * variables, and the twelve megabytes of the sanitizers' own are nearly all there are: it took ten times
 * as long as the test. So it is told to look at no variables but those of the objects named to it. */
#include "leaks.h"

#if defined(__SANITIZE_ADDRESS__)
#include <link.h>
#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include <string.h>

/* The sanitizer asks, so it has to be visible. */
__attribute__((visibility("default"))) const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
    return "use_globals=0";
}

static int name_variables(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (strstr(object->dlpi_name, "/libasan.so") != NULL ||
        strstr(object->dlpi_name, "/libubsan.so") != NULL)
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0)
            __lsan_register_root_region((const void *)(object->dlpi_addr + part->p_vaddr),
                                        part->p_memsz);
    }
    return 0;
}

/* Of all objects that are loaded by then. */
static void name_objects(void)
{
    dl_iterate_phdr(name_variables, NULL);
}

void leaks_choose_variables(void)
{
    atexit(name_objects);
}
#else
void leaks_choose_variables(void)
{
}
#endif
