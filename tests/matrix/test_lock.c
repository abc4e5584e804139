/* test_lock.c: at any time one process at most has a folder, however they come and go. */
#include "matrix/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

/* Takes and leaves the folder so many times; whoever has it makes a file that must not be there
 * yet. Returns how often it was there: whether the folder was shared. */
static int come_and_go(const char *folder, int times)
{
    char *path = file_join(folder, "occupied");
    int shared = 0;

    for (int taken = 0; taken < times;) {
        const int lock = lock_folder(folder, NULL);
        if (lock < 0)
            continue;
        const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
        shared += fd < 0 ? 1 : 0;
        unlink(path);
        lock_release(folder, lock);
        if (fd >= 0)
            close(fd);
        taken++;
    }
    free(path);
    return shared;
}

START_TEST(processes_that_come_and_go_never_share_a_folder)
{
    enum { PROCESSES = 4, TIMES = 500 };
    char *folder = harness_memory_folder();
    pid_t child[PROCESSES];
    int status;

    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        ck_assert_int_ge(child[i], 0);
        if (child[i] == 0)
            _exit(come_and_go(folder, TIMES) == 0 ? 0 : 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
        ck_assert_int_eq(status, 0);
    }
    free(folder);
}
END_TEST

START_TEST(the_file_tells_who_has_the_folder_while_it_is_had)
{
    char *folder = harness_memory_folder();
    char *path = file_join(folder, "lock");
    char *expected = memory_format("%ld\n", (long)getpid());
    plx_error error = {0};
    size_t length;
    const int lock = lock_folder(folder, &error);

    ck_assert_msg(lock >= 0, "%s", error.text);
    /* by another process: who closes the file would let go of the lock */
    char *command = memory_format("cat %s", path), line[64] = "";
    FILE *told = popen(command, "r");
    length = fread(line, 1, sizeof(line) - 1, told);
    ck_assert_int_eq(pclose(told), 0);
    ck_assert_uint_gt(length, 1);
    ck_assert_str_eq(line, expected);
    lock_release(folder, lock);
    ck_assert(!file_exists(path));
    free(command);
    free(expected);
    free(path);
    free(folder);
}
END_TEST

START_TEST(a_lock_that_is_a_link_is_not_followed)
{
    char *folder = harness_memory_folder();
    char *path = file_join(folder, "lock");
    char *target = harness_file(folder, "precious", "content\n");
    char *expected = memory_format("%s: cannot lock: Too many levels of symbolic links", path);
    plx_error error = {0};

    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(lock_folder(folder, &error), -1);
    ck_assert_str_eq(error.text, expected);
    ck_assert_int_eq(error.code, ERROR_DATA);
    free(expected);
    free(target);
    free(path);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/lock");
    TCase *lock = tcase_create("lock");

    tcase_add_test(lock, processes_that_come_and_go_never_share_a_folder);
    tcase_add_test(lock, the_file_tells_who_has_the_folder_while_it_is_had);
    tcase_add_test(lock, a_lock_that_is_a_link_is_not_followed);
    tcase_set_timeout(lock, 60);
    suite_add_tcase(suite, lock);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
