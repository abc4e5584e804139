/* test_store.c: the file of results as a file: made, locked, closed, spoiled, on a full disk,
 * under a process that is killed. What is in it: test_store_content.c. */
#include "matrix/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "filled.h"
#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

/* --- helpers --- */

/* The names in a folder, sorted, a space behind each; a new string. */
static char *names_in(const char *folder)
{
    struct dirent **entry;
    text names = {0};
    const int count = scandir(folder, &entry, NULL, alphasort);

    ck_assert_int_ge(count, 0);
    text_add(&names, "");
    for (int i = 0; i < count; i++) {
        if (entry[i]->d_name[0] != '.')
            text_addf(&names, "%s ", entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return names.bytes;
}

static void check_names(const char *folder, const char *expected)
{
    char *names = names_in(folder);

    ck_assert_str_eq(names, expected);
    free(names);
}

static char *dump_of(store *store)
{
    plx_error error = {0};
    text out = {0};

    ck_assert_msg(store_dump(store, &out, &error), "%s", error.text);
    return out.bytes;
}

/* The message of an open that fails. */
static void check_refused(const char *folder, bool create, bool write, error_class code,
                          const char *expected)
{
    plx_error error = {0};

    ck_assert_ptr_null(store_open(folder, create, write, &error));
    ck_assert_str_eq(error.text, expected);
    ck_assert_int_eq(error.code, code);
}

/* A closed store of some runs. */
static char *folder_with_runs(unsigned runs, size_t epochs)
{
    plx_error error = {0};
    char *folder;
    store *store = filled_new(&folder);

    for (unsigned n = 0; n < runs; n++)
        ck_assert_msg(filled_add(store, n, epochs, &error), "%s", error.text);
    store_close(store);
    return folder;
}

static char *path_in(const char *folder, const char *name)
{
    char *path = file_join(folder, name);

    ck_assert_ptr_nonnull(path);
    return path;
}

/* Leaves the folder as the death of its writer leaves it: what was committed is in the log. */
static void kill_a_writer(const char *folder, unsigned first, unsigned count)
{
    const pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plx_error error = {0};
        store *store = store_open(folder, false, true, &error);
        for (unsigned n = first; store != NULL && n < first + count; n++)
            filled_add(store, n, 3, &error);
        raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

/* --- making and closing --- */

START_TEST(what_is_not_there_is_made_if_asked_for)
{
    char *parent = harness_memory_folder();
    char *folder = path_in(parent, "a/b");
    plx_error error = {0};
    store *store = store_open(folder, true, true, &error);

    ck_assert_msg(store != NULL, "%s", error.text);
    check_names(folder, "lock results.sqlite results.sqlite-shm results.sqlite-wal ");
    store_close(store);
    check_names(folder, "results.sqlite ");
    free(folder);
    free(parent);
}
END_TEST

static void check_is_told_missing(const char *folder, bool create, bool write)
{
    char *expected = memory_format("%s/results.sqlite: there is no such file; `plexus matrix run` "
                                   "makes it",
                                   folder);

    check_refused(folder, create, write, ERROR_DATA, expected);
    free(expected);
}

START_TEST(what_is_not_there_is_told_and_not_made)
{
    static const struct {
        bool create, write;
    } way[] = {{false, false}, {false, true}, {true, false}};
    char *parent = harness_memory_folder();
    char *folder = path_in(parent, "missing");

    check_is_told_missing(folder, way[_i].create, way[_i].write);
    check_is_told_missing(parent, way[_i].create, way[_i].write);
    check_names(parent, "");
    free(folder);
    free(parent);
}
END_TEST

START_TEST(what_is_there_is_kept_by_create)
{
    char *folder = folder_with_runs(2, 1);
    plx_error error = {0};
    store *store = store_open(folder, true, true, &error);

    ck_assert_msg(store != NULL, "%s", error.text);
    store_close(store);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 2);
    free(folder);
}
END_TEST

START_TEST(it_is_in_wal_mode_while_it_is_written_and_plain_afterwards)
{
    char *folder;
    store *store = filled_new(&folder);
    char *during = filled_query(folder, "PRAGMA journal_mode");

    store_close(store);
    char *after = filled_query(folder, "PRAGMA journal_mode");
    ck_assert_str_eq(during, "wal\n");
    ck_assert_str_eq(after, "delete\n");
    check_names(folder, "results.sqlite ");
    free(during);
    free(after);
    free(folder);
}
END_TEST

START_TEST(closing_while_somebody_reads_loses_nothing)
{
    char *folder = folder_with_runs(1, 1);
    plx_error error = {0};
    store *writer = filled_open(folder, true);
    store *reader = filled_open(folder, false);

    ck_assert(store_begin(reader, &error));
    free(dump_of(reader));
    ck_assert_msg(filled_add(writer, 1, 1, &error), "%s", error.text);
    store_close(writer);
    store_rollback(reader);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 2);
    store_close(reader);
    check_names(folder, "results.sqlite ");
    free(folder);
}
END_TEST

/* A plain file becomes one in WAL mode only while nobody reads it. */
START_TEST(a_writer_waits_for_those_who_read)
{
    char *folder = folder_with_runs(1, 1);
    int told[2], status;
    char byte;

    ck_assert_int_eq(pipe(told), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plx_error error = {0};
        text out = {0};
        store *reader = store_open(folder, false, false, &error);
        const bool reads = reader != NULL && store_begin(reader, &error) &&
                           store_dump(reader, &out, &error) && write(told[1], "x", 1) == 1;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        _exit(reads ? 0 : 1);
    }
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    store *writer = filled_open(folder, true);
    char *mode = filled_query(folder, "PRAGMA journal_mode");
    ck_assert_str_eq(mode, "wal\n");
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    free(mode);
    store_close(writer);
    free(folder);
}
END_TEST

START_TEST(what_is_not_committed_is_gone_after_closing)
{
    char *folder = folder_with_runs(1, 1);
    plx_error error = {0};
    store *store = filled_open(folder, true);

    ck_assert(store_begin(store, &error));
    ck_assert(store_note(store, "machine", "a", &error));
    store_close(store);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM provenance"), 0);
    free(folder);
}
END_TEST

/* --- the lock --- */

START_TEST(a_second_writer_is_told_of_the_first)
{
    char *folder = folder_with_runs(1, 1);
    store *store = filled_open(folder, true);
    char *expected = memory_format("%s is in use: another process runs this matrix (pid %ld); wait "
                                   "for it, or choose another folder",
                                   folder, (long)getpid());
    const pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plx_error error = {0};
        const bool refused = store_open(folder, true, true, &error) == NULL &&
                             error.code == ERROR_USAGE && strcmp(error.text, expected) == 0;
        _exit(refused ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    store_close(store);
    free(expected);
    free(folder);
}
END_TEST

/* The writer's child lives on with all its descriptors, as a worker might. */
START_TEST(the_lock_ends_with_its_process_whatever_its_children_do)
{
    char *folder = folder_with_runs(1, 1);
    int hold[2], told[2], status;
    char byte;

    ck_assert_int_eq(pipe(hold), 0);
    ck_assert_int_eq(pipe(told), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plx_error error = {0};
        close(hold[1]);
        if (store_open(folder, false, true, &error) != NULL && fork() == 0)
            _exit(write(told[1], "x", 1) == 1 && read(hold[0], &byte, 1) == 0 ? 0 : 1);
        pause();
    }
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    store_close(filled_open(folder, true));
    check_names(folder, "results.sqlite ");
    close(hold[1]);
    free(folder);
}
END_TEST

START_TEST(a_reader_needs_no_lock)
{
    char *folder = folder_with_runs(3, 2);
    store *writer = filled_open(folder, true);
    store *reader = filled_open(folder, false);
    char *one = dump_of(writer), *other = dump_of(reader);

    ck_assert_str_eq(one, other);
    free(one);
    free(other);
    store_close(reader);
    store_close(writer);
    free(folder);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    char *folder = folder_with_runs(1, 1);
    store *reader = filled_open(folder, false);
    plx_error error = {0};
    char *expected =
        memory_format("%s/results.sqlite: cannot write: it is read-only; the runs that "
                      "were stored before are safe",
                      folder);

    ck_assert(!store_note(reader, "machine", "a", &error));
    ck_assert_str_eq(error.text, expected);
    store_close(reader);
    free(expected);
    free(folder);
}
END_TEST

/* --- folders that cannot be written to --- */

/* Nobody in particular, to whom permissions mean something. */
static void become_nobody(void)
{
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
}

/* Read and write for nobody, so that nobody can only read. */
static void forbid_writing(const char *folder)
{
    char *names = names_in(folder);

    for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
        char *path = path_in(folder, name);
        ck_assert_int_eq(chmod(path, 0444), 0);
        free(path);
    }
    ck_assert_int_eq(chmod(folder, 0555), 0);
    free(names);
}

static void check_is_readable(const char *folder, int runs)
{
    plx_error error = {0};

    forbid_writing(folder);
    become_nobody();
    store *store = store_open(folder, false, false, &error);
    ck_assert_msg(store != NULL, "%s", error.text);
    char *dump = dump_of(store);
    int entries = 0;
    for (const char *at = dump; (at = strstr(at, "entry ")) != NULL; at++)
        entries++;
    ck_assert_int_eq(entries, runs);
    free(dump);
    store_close(store);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

START_TEST(a_closed_store_reads_where_nothing_can_be_written)
{
    char *folder = folder_with_runs(3, 2);

    check_is_readable(folder, 3);
    check_names(folder, "results.sqlite ");
    free(folder);
}
END_TEST

START_TEST(a_store_in_wal_mode_reads_where_nothing_can_be_written)
{
    char *folder = folder_with_runs(3, 2);

    filled_exec(folder, "PRAGMA journal_mode = WAL");
    check_names(folder, "results.sqlite ");
    check_is_readable(folder, 3);
    free(folder);
}
END_TEST

START_TEST(what_a_killed_writer_left_reads_where_nothing_can_be_written)
{
    char *folder = folder_with_runs(3, 2);

    kill_a_writer(folder, 3, 2);
    check_names(folder, "lock results.sqlite results.sqlite-shm results.sqlite-wal ");
    check_is_readable(folder, 5);
    free(folder);
}
END_TEST

START_TEST(a_writer_is_told_that_nothing_can_be_written)
{
    char *folder = folder_with_runs(1, 1);
    char *expected = memory_format("%s/lock: cannot lock: Permission denied", folder);

    forbid_writing(folder);
    become_nobody();
    check_refused(folder, false, true, ERROR_DATA, expected);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    free(expected);
    free(folder);
}
END_TEST

/* --- spoiled files --- */

static void overwrite(const char *path, off_t offset, const void *bytes, size_t length)
{
    const int fd = open(path, O_WRONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, length, offset), (ssize_t)length);
    close(fd);
}

/* "" of what is no regular file. */
static void digest(const char *path, char hex[65])
{
    plx_error error = {0};
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    hex[0] = '\0';
    if (S_ISREG(status.st_mode))
        ck_assert_msg(file_sha256(path, hex, &error), "%s", error.text);
}

static void make_empty(const char *folder, const char *path)
{
    ck_assert_int_eq(truncate(path, 0), 0);
}

static void make_text(const char *folder, const char *path)
{
    plx_error error = {0};
    text lines = {0};

    for (int i = 0; i < 200; i++)
        text_add(&lines, "these are no results\n");
    ck_assert(file_write(path, lines.bytes, lines.length, &error));
    free(lines.bytes);
}

static void make_short_text(const char *folder, const char *path)
{
    plx_error error = {0};

    ck_assert(file_write(path, "hello\n", 6, &error));
}

static void make_folder(const char *folder, const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void make_pipe(const char *folder, const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void make_other(const char *folder, const char *path)
{
    filled_exec(folder, "PRAGMA application_id = 252006673");
}

static void make_newer(const char *folder, const char *path)
{
    filled_exec(folder, "PRAGMA user_version = 7");
}

static void make_unversioned(const char *folder, const char *path)
{
    filled_exec(folder, "PRAGMA user_version = 0");
}

static const struct spoiled {
    void (*make)(const char *folder, const char *path);
    const char *message; /* behind the path                                                      */
} spoiled[] = {
    {make_empty, "is empty, so what it held is lost; remove it and run again"},
    {make_text, "is no database; move it away, or choose another folder"},
    {make_short_text, "is no database; move it away, or choose another folder"},
    {make_folder, "is no regular file"},
    {make_pipe, "is no regular file"},
    {make_other, "is a database of another program; choose another folder"},
    {make_newer, "was written by a newer plexus (its schema is 7, this plexus knows 1); use that "
                 "one, or choose another folder"},
};
enum { SPOILED = sizeof(spoiled) / sizeof(spoiled[0]) };

START_TEST(a_file_that_is_none_of_ours_is_refused_and_left_as_it_is)
{
    const struct spoiled *way = &spoiled[_i / 2];
    char *folder = folder_with_runs(2, 1);
    char *path = path_in(folder, "results.sqlite");
    char *expected = memory_format("%s: %s", path, way->message);
    char before[65], after[65];

    way->make(folder, path);
    digest(path, before);
    check_refused(folder, _i % 2 == 1, _i % 2 == 1, ERROR_DATA, expected);
    digest(path, after);
    ck_assert_str_eq(before, after);
    check_names(folder, "results.sqlite ");
    free(expected);
    free(path);
    free(folder);
}
END_TEST

static void cut_in_half(const char *folder, const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
}

static void cut_within_a_page(const char *folder, const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - 1000), 0);
}

static void spoil_page(const char *path, long long page)
{
    char noise[200];

    memset(noise, 0xa5, sizeof(noise));
    overwrite(path, (off_t)(page - 1) * 4096, noise, sizeof(noise));
}

/* The page where the curves begin. */
static void spoil_curves(const char *folder, const char *path)
{
    spoil_page(path,
               filled_count(folder, "SELECT rootpage FROM sqlite_schema WHERE name = 'curves'"));
}

static void spoil_schema(const char *folder, const char *path)
{
    char noise[200];

    memset(noise, 0xa5, sizeof(noise));
    overwrite(path, 100, noise, sizeof(noise));
}

static void drop_table(const char *folder, const char *path)
{
    filled_exec(folder, "DROP TABLE runs");
}

/* What SQLite found stands in the middle. */
static void check_is_damaged(const char *path, const plx_error *error)
{
    char *begin = memory_format("%s: the database is damaged (", path);
    char *end = memory_format("); it is left as it is: move it away, with the -wal and -shm files "
                              "beside it if there are any, and run again, or try to rescue what it "
                              "holds with `sqlite3 %s .recover`",
                              path);
    ck_assert_int_eq(error->code, ERROR_DATA);
    ck_assert_msg(strncmp(error->text, begin, strlen(begin)) == 0, "%s", error->text);
    ck_assert_uint_gt(strlen(error->text), strlen(end));
    ck_assert_str_eq(error->text + strlen(error->text) - strlen(end), end);
    free(begin);
    free(end);
}

static const struct {
    void (*make)(const char *folder, const char *path);
} damage[] = {
    {cut_in_half}, {cut_within_a_page}, {spoil_curves}, {spoil_schema}, {make_unversioned}};
enum { DAMAGE = sizeof(damage) / sizeof(damage[0]) };

START_TEST(a_writer_sees_damage_before_it_writes)
{
    char *folder = folder_with_runs(20, 50);
    char *path = path_in(folder, "results.sqlite");
    char before[65], after[65];
    plx_error error = {0};

    damage[_i].make(folder, path);
    digest(path, before);
    ck_assert_ptr_null(store_open(folder, true, true, &error));
    check_is_damaged(path, &error);
    digest(path, after);
    ck_assert_str_eq(before, after);
    check_names(folder, "results.sqlite ");
    free(path);
    free(folder);
}
END_TEST

START_TEST(damage_beside_what_a_killed_writer_left_is_left_as_it_is)
{
    static const char all[] = "lock results.sqlite results.sqlite-shm results.sqlite-wal ";
    char *folder = folder_with_runs(20, 50);
    char *path = path_in(folder, "results.sqlite");
    char before[65], after[65];
    plx_error error = {0};

    kill_a_writer(folder, 20, 2);
    check_names(folder, all);
    cut_in_half(folder, path);
    digest(path, before);
    ck_assert_ptr_null(store_open(folder, true, true, &error));
    check_is_damaged(path, &error);
    digest(path, after);
    ck_assert_str_eq(before, after);
    check_names(folder, all + strlen("lock "));
    free(path);
    free(folder);
}
END_TEST

static const struct {
    void (*make)(const char *folder, const char *path);
} late[] = {{spoil_curves}, {drop_table}};

START_TEST(a_reader_tells_of_damage_when_it_meets_it)
{
    char *folder = folder_with_runs(20, 50);
    char *path = path_in(folder, "results.sqlite");
    plx_error error = {0};
    text out = {0};

    late[_i].make(folder, path);
    store *store = filled_open(folder, false);
    ck_assert(!store_dump(store, &out, &error));
    check_is_damaged(path, &error);
    store_close(store);
    free(out.bytes);
    free(path);
    free(folder);
}
END_TEST

/* It is not taken for one that is not there. */
START_TEST(a_note_that_cannot_be_read_is_an_error)
{
    char *folder = folder_with_runs(20, 50);
    char *path = path_in(folder, "results.sqlite");
    plx_error error = {0};
    bool found = false;

    spoil_page(path, filled_count(folder, "SELECT rootpage FROM sqlite_schema"
                                          " WHERE name = 'provenance'"));
    store *store = filled_open(folder, false);
    ck_assert_ptr_null(store_noted(store, "matrix.text", &found, &error));
    ck_assert(found);
    check_is_damaged(path, &error);
    store_close(store);
    free(path);
    free(folder);
}
END_TEST

START_TEST(who_meets_damage_late_leaves_the_file_as_it_is)
{
    char *folder = folder_with_runs(20, 50);
    char *path = path_in(folder, "results.sqlite");
    char before[65], after[65];
    plx_error error = {0};
    text out = {0};

    const long long page =
        filled_count(folder, "SELECT rootpage FROM sqlite_schema WHERE name = 'curves'");
    kill_a_writer(folder, 20, 2);
    spoil_page(path, page);
    digest(path, before);
    store *store = filled_open(folder, false);
    ck_assert(!store_dump(store, &out, &error));
    store_close(store);
    digest(path, after);
    ck_assert_str_eq(before, after);
    free(out.bytes);
    free(path);
    free(folder);
}
END_TEST

START_TEST(a_word_or_number_that_is_none_is_damage)
{
    static const char *const sql[] = {
        "UPDATE runs SET status = 'finished'",
        "UPDATE entries SET phase = 'semifinal'",
        "UPDATE entries SET seed = '99999999999999999999'",
        "UPDATE entries SET seed = -1",
        "UPDATE entries SET seed = 'one'",
        "UPDATE entries SET trial = -1",
    };
    char *folder = folder_with_runs(1, 1);
    char *path = path_in(folder, "results.sqlite");
    plx_error error = {0};
    text out = {0};

    filled_exec(folder, sql[_i]);
    store *store = filled_open(folder, false);
    ck_assert(!store_dump(store, &out, &error));
    check_is_damaged(path, &error);
    store_close(store);
    free(out.bytes);
    free(path);
    free(folder);
}
END_TEST

/* Its log would be played into a new database of the same name. */
START_TEST(what_a_lost_file_left_is_cleared_away)
{
    char *folder = folder_with_runs(3, 2);
    char *path = path_in(folder, "results.sqlite");
    plx_error error = {0};

    kill_a_writer(folder, 3, 2);
    ck_assert_int_eq(unlink(path), 0);
    store *store = store_open(folder, true, true, &error);
    ck_assert_msg(store != NULL, "%s", error.text);
    check_names(folder, "lock results.sqlite results.sqlite-shm results.sqlite-wal ");
    store_close(store);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 0);
    free(path);
    free(folder);
}
END_TEST

/* --- a full disk --- */

/* Files of this process may grow to so many bytes. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_loses_the_run_at_hand_alone)
{
    char *folder;
    store *store = filled_new(&folder);
    char *expected = memory_format("%s/results.sqlite: cannot write: File too large; the runs that "
                                   "were stored before are safe",
                                   folder);
    plx_error error = {0};
    unsigned n = 0;

    signal(SIGXFSZ, SIG_IGN);
    limit_files(400000);
    while (n < 1000 && filled_add(store, n, 100, &error))
        n++;
    ck_assert_str_eq(error.text, expected);
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_uint_gt(n, 5);
    store_close(store);
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), n);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM curves"), 100LL * n);
    free(expected);
    free(folder);
}
END_TEST

START_TEST(a_store_goes_on_once_there_is_room_again)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0}, again = {0};
    unsigned n = 0;

    signal(SIGXFSZ, SIG_IGN);
    limit_files(400000);
    while (n < 1000 && filled_add(store, n, 100, &error))
        n++;
    limit_files(RLIM_INFINITY);
    ck_assert_msg(filled_add(store, n, 100, &again), "%s", again.text);
    store_close(store);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), n + 1);
    free(folder);
}
END_TEST

START_TEST(a_disk_without_room_for_the_file_is_told)
{
    char *folder = harness_memory_folder();
    char *expected = memory_format("%s/results.sqlite: cannot write: File too large", folder);

    signal(SIGXFSZ, SIG_IGN);
    limit_files(4096);
    check_refused(folder, true, true, ERROR_DATA, expected);
    limit_files(RLIM_INFINITY);
    check_names(folder, "");
    free(expected);
    free(folder);
}
END_TEST

/* --- death --- */

/* Adds runs for as long as it lives, and says after each commit how many there are. */
__attribute__((noreturn)) static void write_on(const char *folder, unsigned first, int told)
{
    plx_error error = {0};
    store *store = store_open(folder, false, true, &error);

    for (unsigned n = first; store != NULL && filled_add(store, n, 5 + n % 40, &error);) {
        n++;
        if (write(told, &n, sizeof(n)) != sizeof(n))
            break;
    }
    _exit(1);
}

/* Kills a writer some time after it has committed `more` runs. Returns how many it said there
 * are. */
static unsigned kill_after(const char *folder, unsigned first, unsigned more, long nanoseconds)
{
    int told[2], status;
    unsigned count = first, said;

    ck_assert_int_eq(pipe(told), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        write_on(folder, first, told[1]);
    close(told[1]);
    while (count < first + more && read(told[0], &said, sizeof(said)) == sizeof(said))
        count = said;
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    while (read(told[0], &said, sizeof(said)) == sizeof(said))
        count = said;
    close(told[0]);
    return count;
}

/* Every commit that was told of is there, at most one more, and every run is whole. Returns how
 * many there are. */
static unsigned check_after_death(const char *folder, unsigned told)
{
    char *found = filled_query(
        folder, "SELECT integrity_check, (SELECT count(*) FROM results),"
                " (SELECT count(*) FROM run_values), (SELECT count(*) FROM runs r WHERE epochs ="
                " (SELECT count(*) FROM curves c WHERE c.run = r.run)), (SELECT count(*) FROM runs)"
                " FROM pragma_integrity_check");
    const unsigned runs = (unsigned)strtoul(strrchr(found, '|') + 1, NULL, 10);
    char *expected = memory_format("ok|%u|%u|%u|%u\n", runs, runs, runs, runs);

    ck_assert_str_eq(found, expected);
    ck_assert_uint_ge(runs, told);
    ck_assert_uint_le(runs, told + 1);
    free(expected);
    free(found);
    return runs;
}

START_TEST(a_writer_may_be_killed_at_any_time)
{
    char *folder = folder_with_runs(0, 0);
    unsigned runs = 0;

    for (unsigned i = 0; i < 20; i++) {
        const unsigned told = kill_after(folder, runs, 1 + i % 5, 37000L * i);
        ck_assert_uint_gt(told, runs);
        runs = check_after_death(folder, told);
    }
    store_close(filled_open(folder, true));
    check_names(folder, "results.sqlite ");
    check_after_death(folder, runs);
    free(folder);
}
END_TEST

/* At the very beginning there may be no file yet, but never half a one. */
START_TEST(a_maker_may_be_killed_at_any_time)
{
    for (int i = 0; i < 20; i++) {
        char *folder = harness_memory_folder();
        plx_error error = {0};
        int told[2], status;
        char byte;
        ck_assert_int_eq(pipe(told), 0);
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            (void)!write(told[1], "x", 1);
            store_open(folder, true, true, &error);
            pause();
        }
        ck_assert_int_eq(read(told[0], &byte, 1), 1);
        nanosleep(&(struct timespec){.tv_nsec = 100000L * i}, NULL);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        store *store = store_open(folder, true, true, &error);
        ck_assert_msg(store != NULL, "%s", error.text);
        store_close(store);
        check_names(folder, "results.sqlite ");
        close(told[0]);
        close(told[1]);
        free(folder);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/store");
    TCase *file = tcase_create("file"), *lock = tcase_create("lock"),
          *closed = tcase_create("read-only"), *bad = tcase_create("spoiled"),
          *full = tcase_create("full disk"), *death = tcase_create("death");

    tcase_add_test(file, what_is_not_there_is_made_if_asked_for);
    tcase_add_loop_test(file, what_is_not_there_is_told_and_not_made, 0, 3);
    tcase_add_test(file, what_is_there_is_kept_by_create);
    tcase_add_test(file, it_is_in_wal_mode_while_it_is_written_and_plain_afterwards);
    tcase_add_test(file, closing_while_somebody_reads_loses_nothing);
    tcase_add_test(file, a_writer_waits_for_those_who_read);
    tcase_add_test(file, what_is_not_committed_is_gone_after_closing);
    suite_add_tcase(suite, file);
    tcase_add_test(lock, a_second_writer_is_told_of_the_first);
    tcase_add_test(lock, the_lock_ends_with_its_process_whatever_its_children_do);
    tcase_add_test(lock, a_reader_needs_no_lock);
    tcase_add_test(lock, a_reader_cannot_write);
    suite_add_tcase(suite, lock);
    tcase_add_test(closed, a_closed_store_reads_where_nothing_can_be_written);
    tcase_add_test(closed, a_store_in_wal_mode_reads_where_nothing_can_be_written);
    tcase_add_test(closed, what_a_killed_writer_left_reads_where_nothing_can_be_written);
    tcase_add_test(closed, a_writer_is_told_that_nothing_can_be_written);
    suite_add_tcase(suite, closed);
    tcase_add_loop_test(bad, a_file_that_is_none_of_ours_is_refused_and_left_as_it_is, 0,
                        2 * SPOILED);
    tcase_add_loop_test(bad, a_writer_sees_damage_before_it_writes, 0, DAMAGE);
    tcase_add_test(bad, damage_beside_what_a_killed_writer_left_is_left_as_it_is);
    tcase_add_test(bad, what_a_lost_file_left_is_cleared_away);
    tcase_add_loop_test(bad, a_reader_tells_of_damage_when_it_meets_it, 0, 2);
    tcase_add_test(bad, a_note_that_cannot_be_read_is_an_error);
    tcase_add_test(bad, who_meets_damage_late_leaves_the_file_as_it_is);
    tcase_add_loop_test(bad, a_word_or_number_that_is_none_is_damage, 0, 6);
    suite_add_tcase(suite, bad);
    tcase_add_test(full, a_full_disk_loses_the_run_at_hand_alone);
    tcase_add_test(full, a_store_goes_on_once_there_is_room_again);
    tcase_add_test(full, a_disk_without_room_for_the_file_is_told);
    suite_add_tcase(suite, full);
    tcase_add_test(death, a_writer_may_be_killed_at_any_time);
    tcase_add_test(death, a_maker_may_be_killed_at_any_time);
    tcase_set_timeout(death, 60);
    suite_add_tcase(suite, death);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
