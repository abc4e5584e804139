/* lock.c: see lock.h.
 *
 * A lock of fcntl's and not of flock's: a forked child shares the latter, so that it would
 * outlive a runner that was killed for as long as one of its workers does.
 *
 * The file is removed by its owner at the end. Who opened it before that and gets the lock after
 * it holds a file that has no name anymore, which would exclude nobody; so whoever has the lock
 * looks whether the name still means the same file, and starts anew if not. */
#include "matrix/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/file.h"

static const char NAME[] = "lock";

typedef enum { TAKEN, MISSED, HELD, FAILED } outcome;

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* Fills `holder` if the lock is held; it may have been let go by the time one asks by whom. */
static outcome try_lock(int fd, pid_t *holder)
{
    struct flock lock = whole_file();

    if (fcntl(fd, F_SETLK, &lock) == 0)
        return TAKEN;
    if (errno != EACCES && errno != EAGAIN)
        return FAILED;
    if (fcntl(fd, F_GETLK, &lock) != 0)
        return FAILED;
    *holder = lock.l_pid;
    return lock.l_type == F_UNLCK ? MISSED : HELD;
}

static bool is_still_named(int fd, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

/* For people who look into the folder; nothing reads it. */
static void write_owner(int fd)
{
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%ld\n", (long)getpid());
}

/* One attempt; the descriptor is -1 unless TAKEN. errno tells of a failure. */
static outcome attempt(const char *path, int *fd, pid_t *holder)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (*fd < 0)
        return FAILED;
    outcome result = try_lock(*fd, holder);
    if (result == TAKEN && is_still_named(*fd, path)) {
        write_owner(*fd);
        return TAKEN;
    }
    const int failure = errno;
    close(*fd);
    *fd = -1;
    errno = failure;
    return result == TAKEN ? MISSED : result;
}

int lock_folder(const char *folder, plx_error *error)
{
    char *path = file_join(folder, NAME);
    outcome result = MISSED;
    pid_t holder = 0;
    int fd = -1;

    if (path == NULL) {
        error_memory(error);
        return -1;
    }
    while (result == MISSED)
        result = attempt(path, &fd, &holder);
    if (result == HELD)
        error_set(
            error, ERROR_USAGE,
            "%s is in use: another process runs this matrix (pid %ld); wait for it, or choose "
            "another folder",
            folder, (long)holder);
    else if (result == FAILED)
        error_set(error, ERROR_DATA, "%s: cannot lock: %s", path, strerror(errno));
    free(path);
    return fd;
}

void lock_release(const char *folder, int lock)
{
    char *path = lock < 0 ? NULL : file_join(folder, NAME);

    if (path != NULL)
        unlink(path);
    if (lock >= 0)
        close(lock);
    free(path);
}
