/* A file that goes away while it is mapped ends the program with one line that names it; any other
 * SIGBUS is what it would have been. */
#include "cli/signals.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "support/memory.h"

enum { PAGES = 4 << 12 };

/* Where a file of that many bytes is mapped; the file is empty by then. */
static volatile char *map_lost(const char *path)
{
    const int fd = open(path, O_RDWR);

    ck_assert_int_eq(ftruncate(fd, PAGES), 0);
    volatile char *bytes = mmap(NULL, PAGES, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne((const void *)(uintptr_t)bytes, MAP_FAILED);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    close(fd);
    return bytes;
}

/* Runs `work` in a child with its standard error in a file; its wait status. */
static int run_child(void (*work)(const char *path), const char *path, const char *output)
{
    const struct rlimit none = {0, 0};
    const pid_t child = fork();
    int status;

    if (child == 0) {
        setrlimit(RLIMIT_CORE, &none);
        dup2(open(output, O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
        signal(SIGBUS, SIG_DFL);
        signals_watch_files();
        work(path);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void look(const char *path)
{
    (void)map_lost(path)[PAGES - 1];
}

static void be_told(const char *path)
{
    (void)path;
    raise(SIGBUS);
}

START_TEST(a_lost_file_is_named)
{
    char *folder = harness_folder(), *path = harness_file(folder, "x.idx", "");
    char *output = memory_format("%s/output", folder);
    char *expected = memory_format("%s: was cut short, or could not be read, while it was in use; "
                                   "restore it and begin again (a run: resume it)\n",
                                   path);
    char text[8192] = "";

    const int status = run_child(look, path, output);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 5);
    FILE *file = fopen(output, "r");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(text, expected);
    free(expected);
    free(output);
    free(path);
    free(folder);
}
END_TEST

START_TEST(another_sigbus_is_deadly_as_ever)
{
    char *folder = harness_folder(), *output = memory_format("%s/output", folder);
    const int status = run_child(be_told, NULL, output);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGBUS);
    free(output);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("cli: signals");
    TCase *tests = tcase_create("files");

    tcase_add_test(tests, a_lost_file_is_named);
    tcase_add_test(tests, another_sigbus_is_deadly_as_ever);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
