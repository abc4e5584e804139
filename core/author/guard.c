/* An array is a mapping of its own: forbidden pages, then the pages that hold it, then forbidden
 * pages again. On the side asked for it touches the forbidden ones; what is left of its own pages,
 * on the other side and where the alignment keeps it from the edge, is filled with known bytes:
 *
 *     GUARD_END     | forbidden | known bytes, the array, slack | forbidden |
 *     GUARD_START   | forbidden | the array, known bytes        | forbidden |
 *
 * The known bytes differ from place to place, so that copying them about shows too. An array
 * without elements has no page of its own: every touch of it is a fault.
 *
 * The handler may run at any moment and on a thread of the plug-in's work, so it takes no lock and
 * no memory: it reads the table of arrays, puts its line together in a buffer on its stack, and
 * writes it. Its stack is a separate one, as the fault may be a stack that has overflowed, and as
 * libraries run code of their own making with the stack pointer elsewhere. Threads other than the
 * one that made the guard have no such stack; there the handler uses the thread's own. */
#include "author/guard.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "support/memory.h"
#include "support/sandbox.h"

enum {
    FORBIDDEN = 1 << 16, /* bytes on either side; a multiple of every page size there is          */
    NEAR = 1 << 20,      /* how far from an array an address still has to do with it              */
    STACK = 1 << 16,
    SPARES = 32,      /* mappings that are kept for arrays to come, each                       */
    SPARE_PAGES = 16, /* with at most so many pages of its own                                 */
    NAME_ROOM = 64,
    LINE_ROOM = 512,
};

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { FATAL_COUNT = sizeof(fatal) / sizeof(fatal[0]) };

/* All addresses in order: mapping <= low <= start <= end <= high <= mapping_end. */
typedef struct array {
    uintptr_t mapping, low, start, end, high, mapping_end;
    size_t width;
    bool read_only;
    char name[NAME_ROOM];
} array;

struct guard {
    int channel;
    uintptr_t page;
    array *arrays;
    size_t count, capacity;
    array spares[SPARES]; /* their pages are forbidden; making a mapping takes thrice as long     */
    size_t spare_count;
    void *stack;
    stack_t old_stack;
    struct sigaction old_action[FATAL_COUNT];
    atomic_flag fallen; /* the first thread to fault has the word                                 */
};

/* The one that the handler works for. */
static guard *active;

/* ---- putting a line together; safe in a handler ---- */

typedef struct line {
    char bytes[LINE_ROOM];
    size_t length;
} line;

static void put(line *to, const char *string)
{
    while (*string != '\0' && to->length < LINE_ROOM)
        to->bytes[to->length++] = *string++;
}

static void put_number(line *to, uint64_t value, unsigned base)
{
    char digits[24];
    size_t i = sizeof(digits) - 1;

    digits[i] = '\0';
    do {
        digits[--i] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    put(to, digits + i);
}

static void put_count(line *to, uint64_t count, const char *one, const char *many)
{
    put_number(to, count, 10);
    put(to, count == 1 ? one : many);
}

static void put_array(line *to, const array *of)
{
    put(to, "'");
    put(to, of->name);
    put(to, "' (");
    put_count(to, (of->end - of->start) / of->width, " element)", " elements)");
}

/* ---- the handler ---- */

static bool is_own(const array *of, uintptr_t address)
{
    return of != NULL && address >= of->mapping && address < of->mapping_end;
}

static uint64_t distance(const array *from, uintptr_t address)
{
    if (address < from->start)
        return from->start - address;
    return address >= from->end ? address - from->end : 0;
}

/* The array in whose mapping the address lies, or else the nearest one not too far off. */
static const array *nearest(const guard *self, uintptr_t address)
{
    const array *best = NULL;

    for (size_t i = 0; i < self->count; i++) {
        const array *a = &self->arrays[i];
        if (is_own(a, address))
            return a;
        if (distance(a, address) < (best != NULL ? distance(best, address) : NEAR))
            best = a;
    }
    return best;
}

/* "a read", "a write", ...; what it was stands in the error code of the page fault. */
static const char *kind_of_touch(const void *context)
{
#if defined(__x86_64__)
    const ucontext_t *machine = context;
    const greg_t code = machine->uc_mcontext.gregs[REG_ERR];
    enum { WROTE = 2, FETCHED = 16 };

    if ((code & FETCHED) != 0)
        return "a jump";
    return (code & WROTE) != 0 ? "a write" : "a read";
#else
    return "a touch";
#endif
}

/* Whether the address is close to the stack pointer. */
static bool stack_overflowed(uintptr_t address, const void *context)
{
#if defined(__x86_64__)
    const ucontext_t *machine = context;
    const uintptr_t top = (uintptr_t)machine->uc_mcontext.gregs[REG_RSP];

    return (address > top ? address - top : top - address) < FORBIDDEN;
#else
    return false;
#endif
}

static void put_place(line *to, const array *near, uintptr_t address)
{
    if (near == NULL) {
        put(to, " at address 0x");
        put_number(to, address, 16);
        return;
    }
    const uint64_t bytes = distance(near, address);
    put(to, " ");
    if (address < near->start || bytes > 0)
        put_count(to, bytes, " byte ", " bytes ");
    else if (address == near->end)
        put(to, "just ");
    if (address < near->start) {
        put(to, "before the start of ");
    } else if (address >= near->end) {
        put(to, "past the end of ");
    } else {
        put(to, "to element ");
        put_number(to, (address - near->start) / near->width, 10);
        put(to, " of ");
    }
    put_array(to, near);
    if (near->read_only && address >= near->low && address < near->high)
        put(to, ", which is for reading alone");
}

/* Of a signal that an instruction raised, not a call. */
static void put_cause(line *to, const guard *self, const siginfo_t *info, const void *context)
{
    const uintptr_t address = (uintptr_t)info->si_addr;
    const array *near = nearest(self, address);

    if (info->si_signo == SIGFPE) {
        put(to, info->si_code == FPE_INTDIV ? "an integer divided by zero"
                                            : "a trap in floating-point arithmetic");
    } else if (info->si_signo == SIGILL) {
        put(to, "an instruction that the machine does not have");
    } else if (info->si_code == (info->si_signo == SIGBUS ? BUS_ADRALN : SI_KERNEL)) {
        put(to, "an access to memory less aligned than its instruction needs, or to an address "
                "that cannot be");
    } else if (!is_own(near, address) && stack_overflowed(address, context)) {
        put(to, "an overflow of the stack");
    } else {
        put(to, kind_of_touch(context));
        put_place(to, near, address);
    }
}

static const char *name_of_signal(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    default:
        return "SIGABRT";
    }
}

/* Ends the process by the signal that is being handled. */
static void die_of(int number)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t own;

    sigaction(number, &by_default, NULL);
    sigemptyset(&own);
    sigaddset(&own, number);
    pthread_sigmask(SIG_UNBLOCK, &own, NULL);
    raise(number);
}

static void fall(int number, siginfo_t *info, void *context)
{
    guard *self = active;
    line to = {.length = 0};

    while (atomic_flag_test_and_set(&self->fallen))
        pause();
    put(&to, "{\"fault\": \"");
    put(&to, name_of_signal(number));
    put(&to, "\", \"came\": \"");
    if (info->si_code > 0)
        put_cause(&to, self, info, context);
    else
        put(&to, number == SIGABRT ? "a call of abort" : "a signal that was sent");
    put(&to, "\"}\n");
    sandbox_write(self->channel, to.bytes, to.length);
    die_of(number);
}

/* ---- the guard ---- */

static bool catch_faults(guard *self)
{
    struct sigaction action = {.sa_sigaction = fall, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_size = STACK};

    self->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (self->stack == MAP_FAILED) {
        self->stack = NULL;
        return false;
    }
    stack.ss_sp = self->stack;
    if (sigaltstack(&stack, &self->old_stack) != 0)
        return false;
    /* A fault within the handler then ends the process, with no word but its signal. */
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaddset(&action.sa_mask, fatal[i]);
    active = self;
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(fatal[i], &action, &self->old_action[i]);
    return true;
}

guard *guard_new(int channel)
{
    guard *self = active == NULL ? memory_array(1, sizeof(*self)) : NULL;

    if (self == NULL)
        return NULL;
    self->channel = channel;
    self->page = (uintptr_t)sysconf(_SC_PAGESIZE);
    atomic_flag_clear(&self->fallen);
    if (!catch_faults(self)) {
        guard_free(self);
        return NULL;
    }
    return self;
}

static void forget(const array *a)
{
    munmap((void *)a->mapping, a->mapping_end - a->mapping);
}

void guard_free(guard *self)
{
    if (self == NULL)
        return;
    if (active == self) {
        for (int i = 0; i < FATAL_COUNT; i++)
            sigaction(fatal[i], &self->old_action[i], NULL);
        sigaltstack(&self->old_stack, NULL);
        active = NULL;
    }
    if (self->stack != NULL)
        munmap(self->stack, STACK);
    guard_give_all(self);
    while (self->spare_count > 0)
        forget(&self->spares[--self->spare_count]);
    free(self->arrays);
    free(self);
}

/* ---- arrays ---- */

/* The eight bytes known to lie at an address that is a multiple of eight. */
static uint64_t known_word(uintptr_t address)
{
    return (uint64_t)address * 0x9e3779b97f4a7c15u ^ (uint64_t)address << 17;
}

/* The byte known to lie at an address beside an array. */
static unsigned char known_byte(uintptr_t address)
{
    const uint64_t word = known_word(address & ~(uintptr_t)7);
    unsigned char bytes[sizeof(word)];

    memcpy(bytes, &word, sizeof(word));
    return bytes[address & 7];
}

static bool is_whole_word(uintptr_t at, uintptr_t to)
{
    return at % sizeof(uint64_t) == 0 && to - at >= sizeof(uint64_t);
}

static void fill(uintptr_t from, uintptr_t to)
{
    for (uintptr_t at = from; at < to;) {
        if (is_whole_word(at, to)) {
            *(uint64_t *)at = known_word(at);
            at += sizeof(uint64_t);
        } else {
            *(unsigned char *)at = known_byte(at);
            at++;
        }
    }
}

/* Bytes that are no longer known. */
static size_t changed(uintptr_t from, uintptr_t to)
{
    size_t count = 0;

    for (uintptr_t at = from; at < to;) {
        if (is_whole_word(at, to) && *(const uint64_t *)at == known_word(at)) {
            at += sizeof(uint64_t);
            continue;
        }
        count += *(const unsigned char *)at != known_byte(at);
        at++;
    }
    return count;
}

/* What would need quoting in a message becomes '?'. */
static void copy_name(char *into, const char *name)
{
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < NAME_ROOM; i++)
        into[i] =
            name[i] < ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\' ? '?' : name[i];
    into[i] = '\0';
}

/* Takes a spare mapping with `pages` bytes of its own. */
static bool reuse(guard *self, array *a, uint64_t pages)
{
    for (size_t i = self->spare_count; i-- > 0;) {
        const array *spare = &self->spares[i];
        if (spare->high - spare->low != pages)
            continue;
        a->mapping = spare->mapping;
        self->spares[i] = self->spares[--self->spare_count];
        return true;
    }
    return false;
}

static bool map(array *a, uint64_t pages)
{
    void *mapping = mmap(NULL, pages + 2 * FORBIDDEN, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    a->mapping = (uintptr_t)mapping;
    return mapping != MAP_FAILED;
}

static int permit(const array *a, int how)
{
    return a->high > a->low ? mprotect((void *)a->low, a->high - a->low, how) : 0;
}

/* Finds room for the array and sets its addresses. */
static bool lay_out(guard *self, array *a, uint64_t bytes, size_t alignment, guard_side side)
{
    const uint64_t pages = (bytes + self->page - 1) / self->page * self->page;
    const uint64_t taken = (bytes + alignment - 1) / alignment * alignment;
    const bool used = reuse(self, a, pages);

    if (!used && !map(a, pages))
        return false;
    a->low = a->mapping + FORBIDDEN;
    a->high = a->low + pages;
    a->start = side == GUARD_START ? a->low : a->high - taken;
    a->end = a->start + bytes;
    a->mapping_end = a->high + FORBIDDEN;
    if (permit(a, PROT_READ | PROT_WRITE) != 0) {
        forget(a);
        return false;
    }
    if (used)
        memset((void *)a->start, 0, bytes);
    return true;
}

/* Keeps the mapping as a spare one if there is room; nobody may touch it either way. */
static void set_aside(guard *self, const array *a)
{
    if (self->spare_count < SPARES && a->high - a->low <= SPARE_PAGES * self->page &&
        permit(a, PROT_NONE) == 0)
        self->spares[self->spare_count++] = *a;
    else
        forget(a);
}

void *guard_array(guard *self, const char *name, uint64_t bytes, size_t width, size_t alignment,
                  guard_side side)
{
    array new = {.width = width > 0 ? width : 1};

    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > self->page ||
        bytes > SIZE_MAX / 2)
        return NULL;
    if (memory_grow(&self->arrays, &self->capacity, self->count + 1, sizeof(new)) == NULL ||
        !lay_out(self, &new, bytes, alignment, side))
        return NULL;
    copy_name(new.name, name);
    fill(new.low, new.start);
    fill(new.end, new.high);
    self->arrays[self->count++] = new;
    return (void *)new.start;
}

static array *find(const guard *self, const void *start)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->arrays[i].start == (uintptr_t)start)
            return &self->arrays[i];
    return NULL;
}

void guard_read_only(guard *self, void *start, bool read_only)
{
    array *a = find(self, start);

    if (a == NULL)
        return;
    a->read_only = read_only;
    permit(a, read_only ? PROT_READ : PROT_READ | PROT_WRITE);
}

static bool is_intact(const array *a, text *came)
{
    const size_t before = changed(a->low, a->start), after = changed(a->end, a->high);
    const size_t count = before > 0 ? before : after;
    line to = {.length = 0};

    if (count == 0)
        return true;
    put_count(&to, count, " byte ", " bytes ");
    put(&to, before > 0 ? "before the start of " : "past the end of ");
    put_array(&to, a);
    put(&to, count == 1 ? " was overwritten" : " were overwritten");
    text_add_n(came, to.bytes, to.length);
    return false;
}

bool guard_intact(guard *self, const void *start, text *came)
{
    const array *a = find(self, start);

    return a == NULL || is_intact(a, came);
}

bool guard_all_intact(guard *self, text *came)
{
    for (size_t i = 0; i < self->count; i++)
        if (!is_intact(&self->arrays[i], came))
            return false;
    return true;
}

void guard_give(guard *self, void *start)
{
    array *a = find(self, start);

    if (a == NULL)
        return;
    set_aside(self, a);
    *a = self->arrays[--self->count];
}

void guard_give_all(guard *self)
{
    while (self->count > 0)
        guard_give(self, (void *)self->arrays[self->count - 1].start);
}
