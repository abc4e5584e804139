/* The functions that stand in for those of the C library. Each counts its call and passes it on, but
 * for those that start a process: they fail. Of memory the address goes on that the plug-in itself
 * held, which under a sanitizer is the sanitizer's own, so that what one of them took another may
 * give back. Functions with a variable number of arguments are passed on as their siblings that
 * take a va_list.
 *
 * Plug-ins call from several threads at once, so the counts are atomic. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "author/intercept_internal.h"

typedef enum { MEMORY, CLOCK, CHANCE, OUTPUT, PROCESS, GROUPS } group;

typedef _Atomic(const char *) atomic_name;

static struct {
    _Atomic int64_t taken, given, calls[GROUPS];
    atomic_name last[GROUPS];
    _Atomic double shift;
} tally;

/* What the plug-in held where it imports the function; no stand-in is reached otherwise. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    char *(*strdup)(const char *);
    char *(*strndup)(const char *, size_t);
    uint32_t (*arc4random)(void);
    uint32_t (*arc4random_uniform)(uint32_t);
    void (*arc4random_buf)(void *, size_t);
} real;

static void called(group of, const char *name)
{
    atomic_fetch_add_explicit(&tally.calls[of], 1, memory_order_relaxed);
    atomic_store_explicit(&tally.last[of], name, memory_order_relaxed);
}

/* ---- memory ---- */

/* Counts a block if there is one. */
static void *took(const char *name, void *block)
{
    called(MEMORY, name);
    if (block != NULL)
        atomic_fetch_add_explicit(&tally.taken, 1, memory_order_relaxed);
    return block;
}

static void gave(const char *name, bool block)
{
    called(MEMORY, name);
    if (block)
        atomic_fetch_add_explicit(&tally.given, 1, memory_order_relaxed);
}

static void *count_malloc(size_t size)
{
    return took("malloc", real.malloc(size));
}

static void *count_calloc(size_t count, size_t size)
{
    return took("calloc", real.calloc(count, size));
}

/* A block that is moved or resized counts as one given and one taken; size 0 gives it. */
static void *resized(const char *name, bool had, size_t size, void *block)
{
    if (had && (block != NULL || size == 0))
        gave(name, true);
    return took(name, block);
}

static void *count_realloc(void *old, size_t size)
{
    const bool had = old != NULL;
    return resized("realloc", had, size, real.realloc(old, size));
}

static void *count_reallocarray(void *old, size_t count, size_t size)
{
    const bool had = old != NULL, empty = count == 0 || size == 0;
    return resized("reallocarray", had, empty ? 0 : 1, real.reallocarray(old, count, size));
}

static void count_free(void *block)
{
    gave("free", block != NULL);
    real.free(block);
}

static void *count_aligned_alloc(size_t alignment, size_t size)
{
    return took("aligned_alloc", real.aligned_alloc(alignment, size));
}

static void *count_memalign(size_t alignment, size_t size)
{
    return took("memalign", real.memalign(alignment, size));
}

static int count_posix_memalign(void **block, size_t alignment, size_t size)
{
    const int status = real.posix_memalign(block, alignment, size);

    took("posix_memalign", status == 0 ? *block : NULL);
    return status;
}

static char *count_strdup(const char *string)
{
    return took("strdup", real.strdup(string));
}

static char *count_strndup(const char *string, size_t size)
{
    return took("strndup", real.strndup(string, size));
}

static int count_vasprintf(char **out, const char *format, va_list arguments)
{
    const int length = vasprintf(out, format, arguments);

    took("asprintf", length >= 0 ? *out : NULL);
    return length;
}

static int count_asprintf(char **out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int length = count_vasprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

static int count_asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int length = count_vasprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

static int count_vasprintf_chk(char **out, int flag, const char *format, va_list arguments)
{
    return count_vasprintf(out, format, arguments);
}

static void *count_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *block = mmap(at, size, protection, flags, file, offset);

    took("mmap", block != MAP_FAILED ? block : NULL);
    return block;
}

static int count_munmap(void *block, size_t size)
{
    const int status = munmap(block, size);

    gave("munmap", status == 0);
    return status;
}

/* ---- clocks ---- */

static double shift(void)
{
    return atomic_load_explicit(&tally.shift, memory_order_relaxed);
}

static struct timespec shifted(struct timespec from)
{
    const double whole = floor(shift());

    from.tv_sec += (time_t)whole;
    from.tv_nsec += (long)((shift() - whole) * 1e9);
    from.tv_sec += from.tv_nsec / 1000000000;
    from.tv_nsec %= 1000000000;
    return from;
}

static time_t count_time(time_t *into)
{
    const time_t now = shifted((struct timespec){.tv_sec = time(NULL)}).tv_sec;

    called(CLOCK, "time");
    if (into != NULL)
        *into = now;
    return now;
}

static int count_clock_gettime(clockid_t which, struct timespec *now)
{
    const int status = clock_gettime(which, now);

    called(CLOCK, "clock_gettime");
    if (status == 0)
        *now = shifted(*now);
    return status;
}

static int count_gettimeofday(struct timeval *now, void *zone)
{
    const int status = gettimeofday(now, zone);

    called(CLOCK, "gettimeofday");
    if (status == 0 && now != NULL) {
        const struct timespec t =
            shifted((struct timespec){.tv_sec = now->tv_sec, .tv_nsec = now->tv_usec * 1000});
        *now = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
    }
    return status;
}

static int count_timespec_get(struct timespec *now, int base)
{
    const int status = timespec_get(now, base);

    called(CLOCK, "timespec_get");
    if (status != 0)
        *now = shifted(*now);
    return status;
}

static clock_t count_clock(void)
{
    called(CLOCK, "clock");
    return clock() + (clock_t)(shift() * (double)CLOCKS_PER_SEC);
}

static clock_t count_times(struct tms *into)
{
    const clock_t ahead = (clock_t)(shift() * (double)sysconf(_SC_CLK_TCK));
    const clock_t now = times(into);

    called(CLOCK, "times");
    if (into != NULL) {
        into->tms_utime += ahead;
        into->tms_stime += ahead;
    }
    return now + ahead;
}

/* ---- chance ---- */

/* Another number of 31 bits, which is as likely as the first, if the clock is shifted. */
static long other(const char *name, long number)
{
    called(CHANCE, name);
    return shift() != 0 ? number ^ 0x2b5ad4c3 : number;
}

/* The same of a number on [0, 1). */
static double other_share(const char *name, double share)
{
    called(CHANCE, name);
    return shift() != 0 ? fmod(share + 0.381966, 1.0) : share;
}

static void other_bytes(const char *name, void *bytes, size_t length)
{
    unsigned char *byte = bytes;

    called(CHANCE, name);
    for (size_t i = 0; shift() != 0 && i < length; i++)
        byte[i] ^= 0x5a;
}

static int count_rand(void)
{
    return (int)other("rand", rand());
}

static int count_rand_r(unsigned *seed)
{
    return (int)other("rand_r", rand_r(seed));
}

static void count_srand(unsigned seed)
{
    called(CHANCE, "srand");
    srand(seed);
}

static long count_random(void)
{
    return other("random", random());
}

static void count_srandom(unsigned seed)
{
    called(CHANCE, "srandom");
    srandom(seed);
}

static double count_drand48(void)
{
    return other_share("drand48", drand48());
}

static double count_erand48(unsigned short state[3])
{
    return other_share("erand48", erand48(state));
}

static long count_lrand48(void)
{
    return other("lrand48", lrand48());
}

static long count_nrand48(unsigned short state[3])
{
    return other("nrand48", nrand48(state));
}

static long count_mrand48(void)
{
    return other("mrand48", mrand48());
}

static long count_jrand48(unsigned short state[3])
{
    return other("jrand48", jrand48(state));
}

static void count_srand48(long seed)
{
    called(CHANCE, "srand48");
    srand48(seed);
}

static ssize_t count_getrandom(void *bytes, size_t length, unsigned flags)
{
    const ssize_t got = getrandom(bytes, length, flags);

    other_bytes("getrandom", bytes, got > 0 ? (size_t)got : 0);
    return got;
}

static int count_getentropy(void *bytes, size_t length)
{
    const int status = getentropy(bytes, length);

    other_bytes("getentropy", bytes, status == 0 ? length : 0);
    return status;
}

static uint32_t count_arc4random(void)
{
    called(CHANCE, "arc4random");
    return real.arc4random();
}

static uint32_t count_arc4random_uniform(uint32_t bound)
{
    called(CHANCE, "arc4random_uniform");
    return real.arc4random_uniform(bound);
}

static void count_arc4random_buf(void *bytes, size_t length)
{
    called(CHANCE, "arc4random_buf");
    real.arc4random_buf(bytes, length);
}

/* ---- output ---- */

static int count_vfprintf(FILE *file, const char *format, va_list arguments)
{
    called(OUTPUT, "vfprintf");
    return vfprintf(file, format, arguments);
}

static int count_vprintf(const char *format, va_list arguments)
{
    called(OUTPUT, "vprintf");
    return vprintf(format, arguments);
}

static int count_printf(const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "printf");
    va_start(arguments, format);
    const int length = vprintf(format, arguments);
    va_end(arguments);
    return length;
}

static int count_fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "fprintf");
    va_start(arguments, format);
    const int length = vfprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

static int count_dprintf(int file, const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "dprintf");
    va_start(arguments, format);
    const int length = vdprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

/* What -D_FORTIFY_SOURCE makes of them. */
static int count_printf_chk(int flag, const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "printf");
    va_start(arguments, format);
    const int length = vprintf(format, arguments);
    va_end(arguments);
    return length;
}

static int count_fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "fprintf");
    va_start(arguments, format);
    const int length = vfprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

static int count_dprintf_chk(int file, int flag, const char *format, ...)
{
    va_list arguments;

    called(OUTPUT, "dprintf");
    va_start(arguments, format);
    const int length = vdprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

static int count_vprintf_chk(int flag, const char *format, va_list arguments)
{
    return count_vprintf(format, arguments);
}

static int count_vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments)
{
    return count_vfprintf(file, format, arguments);
}

static int count_puts(const char *string)
{
    called(OUTPUT, "puts");
    return puts(string);
}

static int count_fputs(const char *string, FILE *file)
{
    called(OUTPUT, "fputs");
    return fputs(string, file);
}

static int count_putchar(int byte)
{
    called(OUTPUT, "putchar");
    return putchar(byte);
}

static int count_fputc(int byte, FILE *file)
{
    called(OUTPUT, "fputc");
    return fputc(byte, file);
}

static int count_putc(int byte, FILE *file)
{
    called(OUTPUT, "putc");
    return putc(byte, file);
}

static size_t count_fwrite(const void *items, size_t size, size_t count, FILE *file)
{
    called(OUTPUT, "fwrite");
    return fwrite(items, size, count, file);
}

static ssize_t count_write(int file, const void *bytes, size_t length)
{
    called(OUTPUT, "write");
    return write(file, bytes, length);
}

static void count_perror(const char *words)
{
    called(OUTPUT, "perror");
    perror(words);
}

/* ---- processes and the locale ---- */

static pid_t refuse_fork(const char *name)
{
    called(PROCESS, name);
    errno = EPERM;
    return -1;
}

static pid_t count_fork(void)
{
    return refuse_fork("fork");
}

static pid_t count_vfork(void)
{
    return refuse_fork("vfork");
}

static int count_system(const char *command)
{
    return refuse_fork("system");
}

static FILE *count_popen(const char *command, const char *mode)
{
    refuse_fork("popen");
    return NULL;
}

static int count_posix_spawn(pid_t *child, const char *path,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const *arguments,
                             char *const *environment)
{
    called(PROCESS, "posix_spawn");
    return EPERM;
}

static char *count_setlocale(int category, const char *locale)
{
    if (locale != NULL) /* else it only asks                                                      */
        called(PROCESS, "setlocale");
    return setlocale(category, locale);
}

/* ---- the table ---- */

typedef void function(void);

static const counted_call table[] = {
    {"malloc", (function *)count_malloc, &real.malloc},
    {"calloc", (function *)count_calloc, &real.calloc},
    {"realloc", (function *)count_realloc, &real.realloc},
    {"reallocarray", (function *)count_reallocarray, &real.reallocarray},
    {"free", (function *)count_free, &real.free},
    {"aligned_alloc", (function *)count_aligned_alloc, &real.aligned_alloc},
    {"memalign", (function *)count_memalign, &real.memalign},
    {"posix_memalign", (function *)count_posix_memalign, &real.posix_memalign},
    {"strdup", (function *)count_strdup, &real.strdup},
    {"__strdup", (function *)count_strdup, &real.strdup},
    {"strndup", (function *)count_strndup, &real.strndup},
    {"__strndup", (function *)count_strndup, &real.strndup},
    {"asprintf", (function *)count_asprintf, NULL},
    {"vasprintf", (function *)count_vasprintf, NULL},
    {"__asprintf_chk", (function *)count_asprintf_chk, NULL},
    {"__vasprintf_chk", (function *)count_vasprintf_chk, NULL},
    {"mmap", (function *)count_mmap, NULL},
    {"mmap64", (function *)count_mmap, NULL},
    {"munmap", (function *)count_munmap, NULL},

    {"time", (function *)count_time, NULL},
    {"clock_gettime", (function *)count_clock_gettime, NULL},
    {"gettimeofday", (function *)count_gettimeofday, NULL},
    {"timespec_get", (function *)count_timespec_get, NULL},
    {"clock", (function *)count_clock, NULL},
    {"times", (function *)count_times, NULL},

    {"rand", (function *)count_rand, NULL},
    {"rand_r", (function *)count_rand_r, NULL},
    {"srand", (function *)count_srand, NULL},
    {"random", (function *)count_random, NULL},
    {"srandom", (function *)count_srandom, NULL},
    {"drand48", (function *)count_drand48, NULL},
    {"erand48", (function *)count_erand48, NULL},
    {"lrand48", (function *)count_lrand48, NULL},
    {"nrand48", (function *)count_nrand48, NULL},
    {"mrand48", (function *)count_mrand48, NULL},
    {"jrand48", (function *)count_jrand48, NULL},
    {"srand48", (function *)count_srand48, NULL},
    {"getrandom", (function *)count_getrandom, NULL},
    {"getentropy", (function *)count_getentropy, NULL},
    {"arc4random", (function *)count_arc4random, &real.arc4random},
    {"arc4random_uniform", (function *)count_arc4random_uniform, &real.arc4random_uniform},
    {"arc4random_buf", (function *)count_arc4random_buf, &real.arc4random_buf},

    {"printf", (function *)count_printf, NULL},
    {"fprintf", (function *)count_fprintf, NULL},
    {"dprintf", (function *)count_dprintf, NULL},
    {"vprintf", (function *)count_vprintf, NULL},
    {"vfprintf", (function *)count_vfprintf, NULL},
    {"__printf_chk", (function *)count_printf_chk, NULL},
    {"__fprintf_chk", (function *)count_fprintf_chk, NULL},
    {"__dprintf_chk", (function *)count_dprintf_chk, NULL},
    {"__vprintf_chk", (function *)count_vprintf_chk, NULL},
    {"__vfprintf_chk", (function *)count_vfprintf_chk, NULL},
    {"puts", (function *)count_puts, NULL},
    {"fputs", (function *)count_fputs, NULL},
    {"putchar", (function *)count_putchar, NULL},
    {"fputc", (function *)count_fputc, NULL},
    {"putc", (function *)count_putc, NULL},
    {"fwrite", (function *)count_fwrite, NULL},
    {"write", (function *)count_write, NULL},
    {"perror", (function *)count_perror, NULL},

    {"fork", (function *)count_fork, NULL},
    {"vfork", (function *)count_vfork, NULL},
    {"system", (function *)count_system, NULL},
    {"popen", (function *)count_popen, NULL},
    {"posix_spawn", (function *)count_posix_spawn, NULL},
    {"posix_spawnp", (function *)count_posix_spawn, NULL},
    {"setlocale", (function *)count_setlocale, NULL},
};

const counted_call *calls_find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

intercept_counts calls_counted(void)
{
    return (intercept_counts){
        .taken = tally.taken,
        .given = tally.given,
        .clock = tally.calls[CLOCK],
        .chance = tally.calls[CHANCE],
        .output = tally.calls[OUTPUT],
        .process = tally.calls[PROCESS],
        .last_memory = tally.last[MEMORY],
        .last_clock = tally.last[CLOCK],
        .last_chance = tally.last[CHANCE],
        .last_output = tally.last[OUTPUT],
        .last_process = tally.last[PROCESS],
    };
}

void calls_reset(void)
{
    tally.taken = 0;
    tally.given = 0;
    for (int i = 0; i < GROUPS; i++) {
        tally.calls[i] = 0;
        tally.last[i] = NULL;
    }
}

void calls_shift(double seconds)
{
    tally.shift = seconds;
}
