/* What a plug-in does besides computing is counted, passed on, and seen in its data; on one plug-in
 * linked in all the ways that matter. */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#include "author/intercept.h"
#include "plugin/load.h"

static const char *const linked[] = {"caller",          "caller_now",   "caller_lazy",
                                     "caller_norelro",  "caller_noplt", "caller_stripped",
                                     "caller_fortified"};
enum { LINKED = sizeof(linked) / sizeof(linked[0]) };

typedef struct subject {
    loaded *loaded;
    void *handle;
    intercept *intercept;
} subject;

static subject setup(const char *fixture)
{
    subject of = {0};
    plx_error error = {0};
    char path[1024];

    snprintf(path, sizeof(path), FIXTURES "/%s.so", fixture);
    of.loaded = load_plugin(path, 0, NULL, &error);
    ck_assert_msg(of.loaded != NULL, "%s", error.text);
    of.handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    ck_assert_ptr_nonnull(of.handle);
    of.intercept = intercept_new(&of.loaded->plugin, &error);
    ck_assert_msg(of.intercept != NULL, "%s", error.text);
    return of;
}

static void teardown(subject *of)
{
    intercept_free(of->intercept);
    dlclose(of->handle);
    loaded_free(of->loaded);
}

typedef double deed(void);

static deed *find(const subject *of, const char *name)
{
    void *address = dlsym(of->handle, name);
    deed *found;

    ck_assert_msg(address != NULL, "no function %s", name);
    memcpy(&found, &address, sizeof(found));
    return found;
}

static double act(const subject *of, const char *name)
{
    return find(of, name)();
}

/* ---- memory ---- */

typedef struct memory_case {
    const char *deed;
    int64_t taken, given;
    const char *last;
} memory_case;

static const memory_case memory_cases[] = {
    {"do_nothing", 0, 0, NULL},
    {"do_malloc", 1, 1, "free"},
    {"do_leak", 1, 0, "malloc"},
    {"do_calloc", 1, 1, "free"},
    {"do_realloc", 2, 2, "free"},
    {"do_reallocarray", 1, 1, "free"},
    {"do_free_null", 0, 0, "free"},
    {"do_aligned_alloc", 1, 1, "free"},
    {"do_posix_memalign", 1, 1, "free"},
    {"do_strdup", 2, 2, "free"},
    {"do_asprintf", 1, 1, "free"},
    {"do_mmap", 1, 1, "munmap"},
    {"do_malloc_by_address", 1, 1, "free"},
};
enum { MEMORY_CASES = sizeof(memory_cases) / sizeof(memory_cases[0]) };

static void expect_memory(const char *fixture, const memory_case *of)
{
    subject subject = setup(fixture);

    ck_assert(act(&subject, of->deed) == 0);
    const intercept_counts counts = intercept_counted(subject.intercept);
    ck_assert_msg(counts.taken == of->taken && counts.given == of->given,
                  "%s: %lld taken and %lld given", of->deed, (long long)counts.taken,
                  (long long)counts.given);
    ck_assert_pstr_eq(counts.last_memory, of->last);
    ck_assert_int_eq(counts.clock + counts.chance + counts.output, 0);
    teardown(&subject);
}

START_TEST(memory_is_counted)
{
    expect_memory("caller", &memory_cases[_i]);
}
END_TEST

/* Each way of linking places other imports elsewhere. */
START_TEST(memory_is_counted_however_the_plugin_is_linked)
{
    for (int i = 0; i < MEMORY_CASES; i++)
        if (strcmp(memory_cases[i].deed, "do_leak") != 0) /* one leak is enough                   */
            expect_memory(linked[_i], &memory_cases[i]);
}
END_TEST

/* ---- clocks ---- */

static const char *const clocks[] = {"time",         "clock_gettime", "gettimeofday",
                                     "timespec_get", "clock",         "times"};

static double read_clock(const subject *of, const char *name)
{
    char deed[64];

    snprintf(deed, sizeof(deed), "do_%s", name);
    return act(of, deed);
}

START_TEST(a_look_at_the_clock_is_counted)
{
    subject of = setup("caller");

    read_clock(&of, clocks[_i]);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(counts.clock, 1);
    ck_assert_str_eq(counts.last_clock, clocks[_i]);
    ck_assert_int_eq(counts.taken + counts.given + counts.chance + counts.output, 0);
    teardown(&of);
}
END_TEST

START_TEST(the_clock_runs_ahead_as_far_as_asked)
{
    subject of = setup("caller");
    const double before = read_clock(&of, clocks[_i]);

    intercept_shift(of.intercept, 1e6 + 0.5);
    const double after = read_clock(&of, clocks[_i]) - before;
    ck_assert_msg(after >= 1e6 - 1 && after < 1e6 + 100, "%g s", after);
    teardown(&of);
}
END_TEST

START_TEST(the_clock_runs_right_until_it_is_shifted)
{
    subject of = setup("caller");
    const double before = (double)time(NULL), seen = read_clock(&of, "time");

    ck_assert(seen >= before && seen <= before + 100);
    teardown(&of);
}
END_TEST

/* ---- chance ---- */

typedef struct chance_case {
    const char *name;
    const char *seed; /* what makes it draw the same again, or NULL: it always does               */
} chance_case;

static const chance_case chances[] = {
    {"rand", "do_srand"},      {"random", "do_srandom"},  {"drand48", "do_srand48"},
    {"lrand48", "do_srand48"}, {"mrand48", "do_srand48"}, {"rand_r", NULL},
    {"erand48", NULL},         {"nrand48", NULL},         {"jrand48", NULL},
};
enum { CHANCES = sizeof(chances) / sizeof(chances[0]) };

static double draw(const subject *of, const chance_case *from)
{
    char deed[64];

    if (from->seed != NULL)
        act(of, from->seed);
    snprintf(deed, sizeof(deed), "do_%s", from->name);
    return act(of, deed);
}

START_TEST(a_random_number_is_counted)
{
    subject of = setup("caller");

    draw(&of, &chances[_i]);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(counts.chance, chances[_i].seed != NULL ? 2 : 1);
    ck_assert_str_eq(counts.last_chance, chances[_i].name);
    ck_assert_int_eq(counts.taken + counts.given + counts.clock + counts.output, 0);
    teardown(&of);
}
END_TEST

START_TEST(a_random_number_is_another_one_once_shifted)
{
    subject of = setup("caller");
    const double first = draw(&of, &chances[_i]), again = draw(&of, &chances[_i]);

    intercept_shift(of.intercept, 1);
    const double other = draw(&of, &chances[_i]);
    ck_assert(first == again);
    ck_assert(first != other);
    teardown(&of);
}
END_TEST

START_TEST(a_random_number_stays_in_its_range_once_shifted)
{
    subject of = setup("caller");
    const bool is_share =
        strstr(chances[_i].name, "drand") != NULL || strstr(chances[_i].name, "erand") != NULL;
    const bool is_signed = chances[_i].name[0] == 'm' || chances[_i].name[0] == 'j';

    intercept_shift(of.intercept, 1);
    const double drawn = draw(&of, &chances[_i]);
    ck_assert(drawn >= (is_signed ? -0x1p31 : 0) && drawn < (is_share ? 1 : 0x1p31));
    teardown(&of);
}
END_TEST

START_TEST(random_bytes_are_counted)
{
    static const char *const names[] = {"getrandom", "getentropy"};
    subject of = setup("caller");
    char deed[64];

    snprintf(deed, sizeof(deed), "do_%s", names[_i]);
    ck_assert(act(&of, deed) >= 0);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(counts.chance, 1);
    ck_assert_str_eq(counts.last_chance, names[_i]);
    teardown(&of);
}
END_TEST

/* ---- output ---- */

static const char *const outputs[] = {"printf", "fprintf", "dprintf", "vprintf", "vfprintf",
                                      "puts",   "fputs",   "putchar", "fputc",   "putc",
                                      "fwrite", "write",   "perror"};
enum { OUTPUTS = sizeof(outputs) / sizeof(outputs[0]) };

/* With standard output and error turned away from what the test itself writes. */
static double act_unheard(const subject *of, const char *name)
{
    char deed[64];

    snprintf(deed, sizeof(deed), "do_%s", name);
    fflush(stdout);
    const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    const double result = act(of, deed);
    fflush(stdout);
    fflush(stderr);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    return result;
}

START_TEST(output_is_counted_and_comes_out_right)
{
    subject of = setup("caller");

    ck_assert(act_unheard(&of, outputs[_i]) == 0);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(counts.output, 1);
    ck_assert_str_eq(counts.last_output, outputs[_i]);
    ck_assert_int_eq(counts.taken + counts.given + counts.clock + counts.chance, 0);
    teardown(&of);
}
END_TEST

START_TEST(output_of_a_hardened_build_is_counted)
{
    subject of = setup("caller_fortified");

    ck_assert(act_unheard(&of, outputs[_i]) == 0);
    ck_assert_int_ge(intercept_counted(of.intercept).output, 1);
    teardown(&of);
}
END_TEST

/* ---- counting ---- */

START_TEST(a_plugin_that_calls_nothing_yields_zero_counts)
{
    subject of = setup(linked[_i]);
    const intercept_counts none = {0};

    act(&of, "do_nothing");
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(memcmp(&counts, &none, sizeof(none)), 0);
    teardown(&of);
}
END_TEST

START_TEST(counts_begin_anew_when_reset)
{
    subject of = setup("caller");
    const intercept_counts none = {0};

    act(&of, "do_malloc");
    act(&of, "do_time");
    act(&of, "do_rand");
    intercept_reset(of.intercept);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(memcmp(&counts, &none, sizeof(none)), 0);
    teardown(&of);
}
END_TEST

START_TEST(what_others_do_is_not_counted)
{
    subject of = setup("caller");
    void *volatile block = malloc(10);

    free(block);
    ck_assert_int_gt(time(NULL), 0);
    const intercept_counts counts = intercept_counted(of.intercept);
    ck_assert_int_eq(counts.taken + counts.given + counts.clock, 0);
    teardown(&of);
}
END_TEST

/* Another plug-in is still watched, so that the counts can be read. */
START_TEST(nothing_is_counted_once_it_is_over)
{
    subject over = setup(linked[_i]), other = setup(linked[(_i + 1) % LINKED]);

    act(&over, "do_malloc");
    ck_assert_int_eq(intercept_counted(other.intercept).taken, 1);
    intercept_free(over.intercept);
    over.intercept = NULL;
    act(&over, "do_malloc");
    act(&over, "do_malloc_by_address");
    ck_assert_int_eq(intercept_counted(other.intercept).taken, 1);
    teardown(&other);
    teardown(&over);
}
END_TEST

enum { CALLS = 2000 };

static void *call_often(void *context)
{
    for (int i = 0; i < CALLS; i++)
        ((deed *)*(deed **)context)();
    return NULL;
}

START_TEST(calls_from_several_threads_are_all_counted)
{
    subject of = setup("caller");
    deed *take = find(&of, "do_malloc");
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &take), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(intercept_counted(of.intercept).taken, 4 * CALLS);
    ck_assert_int_eq(intercept_counted(of.intercept).given, 4 * CALLS);
    teardown(&of);
}
END_TEST

START_TEST(a_plugin_that_is_not_loaded_is_refused)
{
    const plugin absent = {.path = FIXTURES "/absent.so"};
    plx_error error = {0};

    ck_assert_ptr_null(intercept_new(&absent, &error));
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    ck_assert_str_eq(error.text, "it is not loaded");
}
END_TEST

/* ---- data ---- */

typedef struct data_case {
    const char *fixture, *deed, *came; /* "" if nothing changed that matters                      */
} data_case;

static const data_case data_cases[] = {
    {"caller", "do_nothing", ""},
    {"caller", "do_malloc", ""},
    {"caller", "do_time", ""},
    {"caller_lazy", "do_malloc", ""},
    {"caller_norelro", "do_malloc", ""},
    {"caller", "do_count", "1 byte changed, the first in 'counter'"},
    {"caller_now", "do_count", "1 byte changed, the first in 'counter'"},
    {"caller_norelro", "do_count", "1 byte changed, the first in 'counter'"},
    {"caller", "do_change_table", "12 bytes changed, the first in 'table'"},
    {"caller", "do_count_in_function", "1 byte changed, the first in 'calls'"},
    {"caller", "do_count_for_thread", "1 byte changed, the first in 'own'"},
    {"caller", "do_read_for_thread", ""},
    {"caller", "do_count_lines", ""},
};

START_TEST(what_changes_in_the_data_is_seen)
{
    const data_case *of = &data_cases[_i];
    subject subject = setup(of->fixture);
    plx_error error = {0};
    text came = {0};

    ck_assert(intercept_copy_data(subject.intercept, &error));
    act(&subject, of->deed);
    const bool same = intercept_same_data(subject.intercept, &came);
    text_add_n(&came, "", 1);
    ck_assert_str_eq(came.bytes, of->came);
    ck_assert(same == (of->came[0] == '\0'));
    free(came.bytes);
    teardown(&subject);
}
END_TEST

START_TEST(without_symbols_a_change_has_its_place)
{
    subject subject = setup("caller_stripped");
    plx_error error = {0};
    text came = {0};

    ck_assert(intercept_copy_data(subject.intercept, &error));
    act(&subject, "do_count");
    ck_assert(!intercept_same_data(subject.intercept, &came));
    text_add_n(&came, "", 1);
    ck_assert_ptr_nonnull(strstr(came.bytes, " changed, the first at offset 0x"));
    ck_assert_ptr_nonnull(strstr(came.bytes, " of its image"));
    free(came.bytes);
    teardown(&subject);
}
END_TEST

START_TEST(data_that_is_as_it_was_again_is_the_same)
{
    subject subject = setup("caller");
    plx_error error = {0};
    text came = {0};

    ck_assert(intercept_copy_data(subject.intercept, &error));
    act(&subject, "do_count");
    act(&subject, "do_uncount");
    ck_assert(intercept_same_data(subject.intercept, &came));
    teardown(&subject);
}
END_TEST

START_TEST(thread_data_is_copied_where_there_is_some_already)
{
    subject subject = setup("caller");
    plx_error error = {0};
    text came = {0};

    act(&subject, "do_count_for_thread");
    ck_assert(intercept_copy_data(subject.intercept, &error));
    act(&subject, "do_read_for_thread");
    ck_assert(intercept_same_data(subject.intercept, &came));
    teardown(&subject);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("intercept");
    TCase *calls = tcase_create("calls"), *data = tcase_create("data");

    tcase_add_loop_test(calls, memory_is_counted, 0, MEMORY_CASES);
    tcase_add_loop_test(calls, memory_is_counted_however_the_plugin_is_linked, 0, LINKED);
    tcase_add_loop_test(calls, a_look_at_the_clock_is_counted, 0, 6);
    tcase_add_loop_test(calls, the_clock_runs_ahead_as_far_as_asked, 0, 6);
    tcase_add_test(calls, the_clock_runs_right_until_it_is_shifted);
    tcase_add_loop_test(calls, a_random_number_is_counted, 0, CHANCES);
    tcase_add_loop_test(calls, a_random_number_is_another_one_once_shifted, 0, CHANCES);
    tcase_add_loop_test(calls, a_random_number_stays_in_its_range_once_shifted, 0, CHANCES);
    tcase_add_loop_test(calls, random_bytes_are_counted, 0, 2);
    tcase_add_loop_test(calls, output_is_counted_and_comes_out_right, 0, OUTPUTS);
    tcase_add_loop_test(calls, output_of_a_hardened_build_is_counted, 0, OUTPUTS);
    tcase_add_loop_test(calls, a_plugin_that_calls_nothing_yields_zero_counts, 0, LINKED);
    tcase_add_test(calls, counts_begin_anew_when_reset);
    tcase_add_test(calls, what_others_do_is_not_counted);
    tcase_add_loop_test(calls, nothing_is_counted_once_it_is_over, 0, LINKED);
    tcase_add_test(calls, calls_from_several_threads_are_all_counted);
    tcase_add_test(calls, a_plugin_that_is_not_loaded_is_refused);
    suite_add_tcase(s, calls);
    tcase_add_loop_test(data, what_changes_in_the_data_is_seen, 0,
                        (int)(sizeof(data_cases) / sizeof(data_cases[0])));
    tcase_add_test(data, without_symbols_a_change_has_its_place);
    tcase_add_test(data, data_that_is_as_it_was_again_is_the_same);
    tcase_add_test(data, thread_data_is_copied_where_there_is_some_already);
    suite_add_tcase(s, data);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
