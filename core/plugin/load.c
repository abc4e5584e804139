/* Loading: from a path to a verified plug-in. The order matters, since each step believes only what
 * the steps before it have checked:
 *
 *   1. the file: absolute, regular, neither it nor its folder writable by others, a whole shared
 *      object of this machine (object.c);
 *   2. dlopen with RTLD_NOW | RTLD_LOCAL, so that what is missing shows now and nothing leaks into
 *      other plug-ins; constructors run here, which no check can prevent;
 *   3. the floating-point control state is what it was: an object linked with -ffast-math switches
 *      denormals off for the whole process, and with them the meaning of every other result;
 *   4. the entry symbol, in that very file (dlsym also searches dependencies), its magic, size,
 *      kind, minor;
 *   5. the descriptor (verify.c).
 *
 * A refused object is closed again. An accepted one never is: its strings and functions are in use
 * for as long as the process lives. */
#include "plugin/load.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/object.h"
#include "plugin/verify.h"

#include "support/file.h"
#include "support/memory.h"

/* ---- the file ---- */

/* The folder of `path` must not be writable by others: whoever may write it may swap the file. A
 * sticky one protects what is there, but not what is still to be found there. */
static bool folder_is_safe(const char *path, plx_error *error)
{
    char *folder = file_folder(path);
    struct stat status;
    bool good = false;

    if (folder == NULL)
        error_memory(error);
    else if (stat(folder, &status) != 0)
        error_set(error, ERROR_PLUGIN, "its folder %s cannot be read: %s", folder, strerror(errno));
    else if (status.st_mode & S_IWOTH)
        error_set(error, ERROR_PLUGIN,
                  "its folder %s is writable by others (mode %04o); chmod o-w would mend that",
                  folder, status.st_mode & 07777u);
    else
        good = true;
    free(folder);
    return good;
}

/* The file behind an open descriptor: type and mode, and that it is a whole shared object. */
static bool content_is_safe(int file, plx_error *error)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return error_set(error, ERROR_PLUGIN, "it cannot be read: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_PLUGIN, "it is %s; a plug-in must be a regular file",
                         S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket");
    if (status.st_mode & S_IWOTH)
        return error_set(error, ERROR_PLUGIN,
                         "it is writable by others (mode %04o); chmod o-w would mend that",
                         status.st_mode & 07777u);
    return object_is_whole(file, error);
}

/* Links are followed: the folder of the link and that of its target must both be safe. */
static bool file_is_safe(const char *path, plx_error *error)
{
    char *target = NULL;
    int file = -1;
    bool good = false;

    if (path[0] != '/')
        return error_set(error, ERROR_PLUGIN, "its path is not absolute");
    target = realpath(path, NULL);
    if (target == NULL) {
        error_set(error, ERROR_PLUGIN, "it cannot be opened: %s", strerror(errno));
        goto done;
    }
    file = open(target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        error_set(error, ERROR_PLUGIN, "it cannot be opened: %s", strerror(errno));
        goto done;
    }
    good = content_is_safe(file, error) && folder_is_safe(path, error) &&
           folder_is_safe(target, error);
done:
    if (file >= 0)
        close(file);
    free(target);
    return good;
}

/* ---- the floating-point control state ---- */

/* Whether two environments compute alike: rounding, masks and the treatment of denormals, not the
 * sticky flags that any computation may raise. */
static bool same_control(const fenv_t *a, const fenv_t *b)
{
#if defined(__x86_64__)
    const unsigned status_flags = 0x3f;
    return (a->__mxcsr & ~status_flags) == (b->__mxcsr & ~status_flags) &&
           a->__control_word == b->__control_word;
#elif defined(__aarch64__)
    return a->__fpcr == b->__fpcr;
#else
    (void)a;
    (void)b;
    return true;
#endif
}

/* Whether half of the smallest normal number is still a number. */
static bool denormals_live(void)
{
    const volatile float smallest = 1.17549435e-38f;
    const volatile float half = smallest * 0.5f;

    return half > 0.0f;
}

/* dlopen, then a look at what it did to the floating-point state, which is put back in any case. */
static void *open_object(const char *path, plx_error *error)
{
    fenv_t before, after;
    const int rounding = fegetround();
    const bool denormals = denormals_live();

    fegetenv(&before);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    fegetenv(&after);
    const bool same =
        same_control(&before, &after) && fegetround() == rounding && denormals_live() == denormals;
    fesetenv(&before);

    if (handle == NULL) {
        const char *reason = dlerror();
        const size_t length = strlen(path);
        if (reason != NULL && strncmp(reason, path, length) == 0 && reason[length] == ':')
            reason += length + 1 + (reason[length + 1] == ' ');
        error_set(error, ERROR_PLUGIN, "it cannot be loaded: %s",
                  reason ? reason : "no reason given");
    } else if (!same) {
        error_set(
            error, ERROR_PLUGIN,
            "it changes the floating-point state of the whole process (denormals or rounding), "
            "as an object linked with -ffast-math does; link it without -ffast-math");
        dlclose(handle);
        handle = NULL;
    }
    return handle;
}

/* ---- the entry ---- */

/* The symbol's address, after making sure that it is data of that very object and at least as
 * large as an entry; *room is its size. */
static const void *entry_address(void *handle, size_t *room, plx_error *error)
{
    const void *address = dlsym(handle, PLX_ENTRY_SYMBOL);
    struct link_map *own = NULL;
    void *map = NULL, *symbol = NULL;
    Dl_info info;

    if (address == NULL) {
        error_set(error, ERROR_PLUGIN,
                  "it does not export " PLX_ENTRY_SYMBOL
                  "; PLX_ACTIVATION, PLX_LOSS or PLX_OPTIMIZER "
                  "at the end of its source makes it a plug-in");
        return NULL;
    }
    if (dlinfo(handle, RTLD_DI_LINKMAP, &own) != 0 ||
        dladdr1(address, &info, &map, RTLD_DL_LINKMAP) == 0 || map != (void *)own) {
        error_set(error, ERROR_PLUGIN,
                  "it has no " PLX_ENTRY_SYMBOL
                  " of its own, only one of a library it is linked to");
        return NULL;
    }
    if (dladdr1(address, &info, &symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL ||
        ELF64_ST_TYPE(((const ElfW(Sym) *)symbol)->st_info) != STT_OBJECT) {
        error_set(error, ERROR_PLUGIN, "its " PLX_ENTRY_SYMBOL " is not a data symbol");
        return NULL;
    }
    *room = ((const ElfW(Sym) *)symbol)->st_size;
    if (*room < VERIFY_ENTRY_SIZE) {
        error_set(error, ERROR_PLUGIN,
                  "its " PLX_ENTRY_SYMBOL " has %zu bytes; an entry has at least %d", *room,
                  VERIFY_ENTRY_SIZE);
        return NULL;
    }
    return address;
}

/* "an activation", "a loss", "an optimizer" */
static const char *kind_phrase(uint32_t kind)
{
    switch (kind) {
    case PLX_KIND_ACTIVATION:
        return "an activation";
    case PLX_KIND_LOSS:
        return "a loss";
    case PLX_KIND_OPTIMIZER:
        return "an optimizer";
    default:
        return "a component";
    }
}

/* An entry begins with its magic and not with its size, so it is copied by hand. */
static bool read_entry(const void *address, size_t room, plx_entry *entry, plx_error *error)
{
    const unsigned char *bytes = address;

    memset(entry, 0, sizeof(*entry));
    memcpy(entry, address, VERIFY_ENTRY_SIZE);
    if (entry->magic != PLX_MAGIC)
        return error_set(error, ERROR_PLUGIN,
                         "the magic number of its entry is 0x%08x; it must be 0x%08x", entry->magic,
                         PLX_MAGIC);
    if (entry->size < VERIFY_ENTRY_SIZE || entry->size > VERIFY_MAX_SIZE || entry->size > room)
        return error_set(error, ERROR_PLUGIN, "the size of its entry is %u; it must be %d to %zu",
                         entry->size, VERIFY_ENTRY_SIZE,
                         room < VERIFY_MAX_SIZE ? room : (size_t)VERIFY_MAX_SIZE);
    for (size_t i = sizeof(*entry); i < entry->size; i++)
        if (bytes[i] != 0)
            return error_set(error, ERROR_PLUGIN,
                             "its entry uses byte %zu, which this version does not know", i);
    memcpy(entry, address, entry->size < sizeof(*entry) ? entry->size : sizeof(*entry));
    return true;
}

static bool check_entry(const plx_entry *entry, uint32_t kind, plx_error *error)
{
    if (entry->kind < PLX_KIND_ACTIVATION || entry->kind > PLX_KIND_OPTIMIZER)
        return error_set(error, ERROR_PLUGIN, "its kind is %u, which this version does not know",
                         entry->kind);
    if (kind != 0 && entry->kind != kind)
        return error_set(error, ERROR_PLUGIN, "it is %s, not %s", kind_phrase(entry->kind),
                         kind_phrase(kind));
    if (entry->minor > PLX_MINOR)
        return error_set(error, ERROR_PLUGIN,
                         "it needs version %d.%u of the plug-in interface; this program has %d.%d",
                         PLX_ABI_MAJOR, entry->minor, PLX_ABI_MAJOR, PLX_MINOR);
    if (entry->descriptor == NULL)
        return error_set(error, ERROR_PLUGIN, "its entry has no descriptor");
    return true;
}

/* ---- all of it ---- */

/* The name that a file should hold: its own without ".so". */
static char *name_of_file(const char *path)
{
    const char *base = file_base(path);
    const size_t length = strlen(base);

    if (length > 3 && strcmp(base + length - 3, ".so") == 0)
        return memory_string_n(base, length - 3);
    return memory_string(base);
}

/* Everything after dlopen. */
static bool take(loaded *item, void *handle, uint32_t kind, const char *name, plx_error *error)
{
    plx_entry entry;
    size_t room = 0;
    const void *address = entry_address(handle, &room, error);

    return address != NULL && read_entry(address, room, &entry, error) &&
           check_entry(&entry, kind, error) &&
           verify_descriptor(item, entry.kind, entry.descriptor, name, error);
}

loaded *load_plugin(const char *path, uint32_t kind, const char *name, plx_error *error)
{
    loaded *item = memory_array(1, sizeof(*item));
    char *expected = name != NULL ? memory_string(name) : name_of_file(path);
    void *handle = NULL;
    bool good = false;

    if (item == NULL || expected == NULL || (item->path = memory_string(path)) == NULL) {
        error_memory(error);
        goto done;
    }
    item->plugin.path = item->path;
    if (!file_is_safe(path, error))
        goto done;
    handle = open_object(path, error);
    good = handle != NULL && take(item, handle, kind, expected, error);
done:
    free(expected);
    if (good)
        return item;
    if (handle != NULL)
        dlclose(handle);
    loaded_free(item);
    return NULL;
}

void loaded_free(loaded *item)
{
    if (item == NULL)
        return;
    free(item->settings);
    free(item->fused);
    free(item->path);
    free(item);
}
