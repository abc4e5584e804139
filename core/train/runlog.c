/* runlog.c: see runlog.h. Lines collect in memory and go out when a block is full, after each
 * epoch, and before each checkpoint; the first failure sticks and is reported by the next flush. */
#include "train/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/memory.h"
#include "support/text.h"

enum { BLOCK = 1 << 16 };

struct runlog {
    char *path;  /* NULL: no file                                                              */
    int fd;      /* -1 then                                                                    */
    int failure; /* the first errno, 0 while all is well */
    int64_t length;
    text pending;
    size_t line; /* where the line that is being made begins in `pending`                        */
    void (*listener)(void *context, const char *json);
    void *listener_context;
};

static bool fail(const runlog *log, const char *what, int failure, plx_error *error)
{
    if (log->path == NULL)
        return error_memory(error); /* which alone can fail without a file */
    return error_set(error, ERROR_DATA, "%s: cannot %s: %s", log->path, what, strerror(failure));
}

/* Refuses a second process in the same folder. */
static bool lock(const runlog *log, plx_error *error)
{
    if (flock(log->fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return error_set(error, ERROR_USAGE,
                         "%s is in use: another process trains in this folder; wait for it, or "
                         "choose another folder",
                         log->path);
    return fail(log, "lock", errno, error);
}

static bool open_file(runlog *log, plx_error *error)
{
    struct stat status;

    log->fd = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (log->fd < 0)
        return fail(log, "open", errno, error);
    if (fstat(log->fd, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, ERROR_DATA, "%s: is no regular file", log->path);
    if (!lock(log, error))
        return false;
    log->length = status.st_size;
    return lseek(log->fd, 0, SEEK_END) >= 0 || fail(log, "open", errno, error);
}

runlog *runlog_open(const char *path, plx_error *error)
{
    runlog *log = memory_array(1, sizeof(*log));

    if (log == NULL || (path != NULL && (log->path = memory_string(path)) == NULL)) {
        error_memory(error);
        free(log);
        return NULL;
    }
    log->fd = -1;
    if (path == NULL || open_file(log, error))
        return log;
    runlog_close(log);
    return NULL;
}

/* All of it, or the first errno sticks. */
static void write_pending(runlog *log)
{
    size_t done = 0;

    while (log->fd >= 0 && log->failure == 0 && done < log->pending.length) {
        const ssize_t n = write(log->fd, log->pending.bytes + done, log->pending.length - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            log->failure = errno;
    }
    if (log->pending.failed)
        log->failure = ENOMEM;
    log->length += (int64_t)done;
    log->pending.length = 0;
}

void runlog_close(runlog *log)
{
    if (log == NULL)
        return;
    if (log->fd >= 0) {
        write_pending(log);
        close(log->fd);
    }
    free(log->pending.bytes);
    free(log->path);
    free(log);
}

bool runlog_cut(runlog *log, int64_t length, plx_error *error)
{
    struct stat status;

    log->pending.length = 0;
    if (fstat(log->fd, &status) != 0)
        return fail(log, "read", errno, error);
    if (status.st_size < length)
        return error_set(error, ERROR_DATA,
                         "%s: has %lld bytes, but the checkpoint was written when it had %lld; "
                         "restore the file, or start the run anew",
                         log->path, (long long)status.st_size, (long long)length);
    if (ftruncate(log->fd, (off_t)length) != 0 || lseek(log->fd, (off_t)length, SEEK_SET) < 0)
        return fail(log, "cut", errno, error);
    log->length = length;
    return true;
}

/* --- lines --- */

void runlog_listen(runlog *log, void (*line)(void *context, const char *json), void *context)
{
    log->listener = line;
    log->listener_context = context;
}

/* ,"name":value */
static void add_number(text *line, const char *prefix, const char *name, double value)
{
    text_addf(line, ",\"%s%s\":", prefix, name);
    if (isfinite(value))
        text_add_double(line, value);
    else
        text_add(line, "null");
}

static void add_metrics(text *line, const char *prefix, const metrics *metrics)
{
    double value;

    for (int m = 0; metrics != NULL && m < METRIC_COUNT; m++)
        if (metrics_value(metrics, (metric)m, &value))
            add_number(line, prefix, metric_name((metric)m), value);
}

/* Whether anybody will see a line. */
static bool is_heard(const runlog *log)
{
    return log->fd >= 0 || log->listener != NULL;
}

/* Begins a line: {"event":"<event>" */
static text *begin_line(runlog *log, const char *event)
{
    log->line = log->pending.length;
    text_addf(&log->pending, "{\"event\":\"%s\"", event);
    return &log->pending;
}

static void end_line(runlog *log)
{
    text_add(&log->pending, "}");
    if (log->listener != NULL && !log->pending.failed)
        log->listener(log->listener_context, log->pending.bytes + log->line);
    text_add(&log->pending, "\n");
    if (log->pending.length >= BLOCK)
        write_pending(log);
}

void runlog_step(runlog *log, int64_t step, double loss)
{
    if (!is_heard(log))
        return;
    text *line = begin_line(log, "step");
    text_addf(line, ",\"step\":%lld", (long long)step);
    add_number(line, "", "loss", loss);
    end_line(log);
}

void runlog_add_epoch(runlog *log, const runlog_epoch *epoch)
{
    if (!is_heard(log))
        return;
    text *line = begin_line(log, "epoch");
    text_addf(line, ",\"epoch\":%lld,\"step\":%lld", (long long)epoch->epoch,
              (long long)epoch->step);
    add_number(line, "", "train_loss", epoch->train_loss);
    add_metrics(line, "val_", epoch->validation);
    add_number(line, "", "lr", epoch->lr);
    add_number(line, "", "seconds", epoch->seconds);
    add_number(line, "", "samples_per_second", epoch->samples_per_second);
    end_line(log);
}

void runlog_end(runlog *log, const char *status, const metrics *test, const metrics *validation,
                const metrics *training)
{
    if (!is_heard(log))
        return;
    text *line = begin_line(log, "end");
    text_addf(line, ",\"status\":\"%s\"", status);
    add_metrics(line, "test_", test);
    add_metrics(line, "val_", validation);
    add_metrics(line, "train_", training);
    end_line(log);
}

bool runlog_flush(runlog *log, bool sync, int64_t *length, plx_error *error)
{
    write_pending(log);
    if (log->failure != 0)
        return fail(log, "write", log->failure, error);
    if (sync && log->fd >= 0 && fdatasync(log->fd) != 0)
        return fail(log, "write", errno, error);
    if (length != NULL)
        *length = log->length;
    return true;
}
