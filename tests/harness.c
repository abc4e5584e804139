#include "harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int harness_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int harness_skip(const char *reason)
{
    printf("1..0 # SKIP %s\n", reason);
    return EXIT_SUCCESS;
}

/* The folders made by this process; a forked test has its own list. */
static char *folders[256];
static size_t folder_count;
static pid_t owner;

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

static void forget_folders(void)
{
    for (size_t i = 0; i < folder_count; i++)
        free(folders[i]);
    folder_count = 0;
}

/* At exit; a forked test may have inherited this handler beside its own, so twice is harmless. */
static void remove_folders(void)
{
    if (getpid() != owner)
        return;
    for (size_t i = 0; i < folder_count; i++)
        nftw(folders[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    forget_folders();
}

/* A forked test leaves its parent's folders to the parent. */
static void start_own_list(void)
{
    forget_folders();
    owner = getpid();
    atexit(remove_folders);
}

static char *new_folder(const char *parent)
{
    char *name = NULL;

    if (owner != getpid())
        start_own_list();
    ck_assert_int_gt(asprintf(&name, "%s/plexus-test-XXXXXX", parent), 0);
    ck_assert_ptr_nonnull(mkdtemp(name));
    ck_assert_uint_lt(folder_count, sizeof(folders) / sizeof(folders[0]));
    folders[folder_count++] = strdup(name);
    return name;
}

char *harness_folder(void)
{
    return new_folder("/tmp");
}

char *harness_memory_folder(void)
{
    return new_folder(access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
}

char *harness_file(const char *folder, const char *name, const char *content)
{
    char *path = NULL;

    ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, strlen(content), file), strlen(content));
    ck_assert_int_eq(fclose(file), 0);
    return path;
}
