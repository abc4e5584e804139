/* file.c: see file.h.
 *
 * Reading takes the file in chunks and never trusts its stated size: the limit is checked against
 * what has really arrived, and for gzip against what has been inflated, so that a small file that
 * inflates to terabytes stops at the limit.
 *
 * Writing goes to a new file with a random name in the same folder (rename does not cross file
 * systems), is synced, and renamed over the old one. A link is followed first, so that it stays a
 * link; an existing file keeps its permissions. What exists and is no regular file (a terminal, a
 * pipe, /dev/null) cannot be replaced and is written to directly. */
#include "support/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "support/memory.h"

enum { CHUNK = 1 << 16, NAME_ATTEMPTS = 100 };

/* --- reading --- */

/* read() until `size` bytes or the end of the file; -1 with errno on failure. */
static ssize_t read_some(int fd, void *out, size_t size)
{
    size_t got = 0;

    while (got < size) {
        const ssize_t n = read(fd, (char *)out + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

/* Opens what can be read to an end. -1 on failure. */
static int open_readable(const char *path, struct stat *status, plx_error *error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, status) != 0) {
        error_set(error, ERROR_DATA, "%s: cannot read: %s", path, strerror(errno));
    } else if (S_ISDIR(status->st_mode)) {
        error_set(error, ERROR_DATA, "%s: is a folder; a file is needed", path);
    } else if (!S_ISREG(status->st_mode) && !S_ISFIFO(status->st_mode) &&
               strcmp(path, "/dev/stdin") != 0) {
        error_set(error, ERROR_DATA, "%s: is a device or socket; a file or a pipe is needed", path);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Bytes that have been read so far, and where from. */
typedef struct intake {
    const char *path;
    int fd;
    size_t limit;
    char *bytes;
    size_t length, capacity;
    plx_error *error;
} intake;

/* Appends n bytes, room for a NUL included. */
static bool take(intake *in, const void *bytes, size_t n)
{
    if (n > in->limit - in->length)
        return error_set(in->error, ERROR_DATA, "%s: more than %zu bytes; that is the most allowed",
                         in->path, in->limit);
    if (n >= SIZE_MAX - in->length ||
        memory_grow(&in->bytes, &in->capacity, in->length + n + 1, 1) == NULL)
        return error_memory(in->error);
    if (n > 0)
        memcpy(in->bytes + in->length, bytes, n);
    in->length += n;
    in->bytes[in->length] = '\0';
    return true;
}

/* The next chunk of the file; -1 on failure, with the error set. */
static ssize_t next_chunk(intake *in, unsigned char chunk[CHUNK])
{
    const ssize_t n = read_some(in->fd, chunk, CHUNK);

    if (n < 0)
        error_set(in->error, ERROR_DATA, "%s: cannot read: %s", in->path, strerror(errno));
    return n;
}

/* `chunk` holds the first n bytes. */
static bool take_plain(intake *in, unsigned char chunk[CHUNK], ssize_t n)
{
    while (n > 0) {
        if (!take(in, chunk, (size_t)n))
            return false;
        n = next_chunk(in, chunk);
    }
    return n == 0;
}

/* Inflates what the stream has been given; *ended tells whether a member's end was met. */
static bool take_inflated(intake *in, z_stream *stream, unsigned char *out, bool *ended)
{
    int status = Z_OK;

    *ended = false;
    do {
        stream->next_out = out;
        stream->avail_out = CHUNK;
        status = inflate(stream, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR)
            return error_memory(in->error);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return error_set(in->error, ERROR_DATA, "%s: broken gzip data: %s", in->path,
                             stream->msg != NULL ? stream->msg : "wrong checksum or structure");
        if (!take(in, out, CHUNK - stream->avail_out))
            return false;
    } while (status == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0));
    *ended = status == Z_STREAM_END;
    return true;
}

/* A gzip file is one member after the other; the file must end where a member ends. */
static bool take_gzip(intake *in, unsigned char chunk[CHUNK], ssize_t n)
{
    z_stream stream = {0};
    bool ended = false, ok = false;
    unsigned char *out = malloc(CHUNK);

    if (out == NULL || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
        free(out);
        return error_memory(in->error);
    }
    for (; n > 0; n = next_chunk(in, chunk)) {
        stream.next_in = chunk;
        stream.avail_in = (unsigned)n;
        while (stream.avail_in > 0) {
            if (ended)
                inflateReset(&stream);
            if (!take_inflated(in, &stream, out, &ended))
                goto done;
        }
    }
    if (n == 0 && !ended)
        error_set(in->error, ERROR_DATA, "%s: the gzip data is cut short", in->path);
    ok = n == 0 && ended;
done:
    inflateEnd(&stream);
    free(out);
    return ok;
}

static bool take_all(intake *in, bool inflate_gzip)
{
    unsigned char *chunk = malloc(CHUNK);
    bool ok = false;

    if (chunk == NULL)
        return error_memory(in->error);
    const ssize_t n = next_chunk(in, chunk);
    if (n >= 2 && inflate_gzip && chunk[0] == 0x1f && chunk[1] == 0x8b)
        ok = take_gzip(in, chunk, n);
    else if (n >= 0)
        ok = take_plain(in, chunk, n);
    free(chunk);
    return ok && take(in, NULL, 0);
}

/* Room for a regular file of the stated size, once, so that a large one isn't moved as it grows. */
static void reserve_stated(intake *in, const struct stat *status)
{
    if (!S_ISREG(status->st_mode) || status->st_size < 0 || (uintmax_t)status->st_size > in->limit)
        return;
    const size_t capacity = (size_t)status->st_size + 1;
    in->bytes = malloc(capacity);
    in->capacity = in->bytes == NULL ? 0 : capacity;
}

char *file_read(const char *path, size_t limit, bool inflate, size_t *length, plx_error *error)
{
    struct stat status;
    intake in = {.path = path, .limit = limit, .error = error};

    *length = 0;
    in.fd = open_readable(path, &status, error);
    if (in.fd < 0)
        return NULL;
    reserve_stated(&in, &status);
    const bool ok = take_all(&in, inflate);
    close(in.fd);
    if (!ok) {
        free(in.bytes);
        return NULL;
    }
    *length = in.length;
    return in.bytes;
}

/* --- writing --- */

struct file_writer {
    char *shown, *path, *temporary; /* as given; links followed; NULL when written directly */
    int fd, failure;                /* failure: the first errno, 0 while all is well */
    size_t used;
    unsigned char buffer[CHUNK];
};

static void free_writer(file_writer *writer)
{
    free(writer->shown);
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

/* A name nobody can foresee, independent of the target's, which may be as long as names can be. */
static char *temporary_name(const char *path)
{
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return NULL;
    char *folder = file_folder(path);
    char *name = memory_format(".plexus-%016llx.tmp", (unsigned long long)number);
    char *joined = folder == NULL || name == NULL ? NULL : file_join(folder, name);
    free(folder);
    free(name);
    return joined;
}

/* Mode 0666 lets the umask decide. -1 with errno on failure. */
static int create_temporary(file_writer *writer)
{
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        free(writer->temporary);
        writer->temporary = temporary_name(writer->path);
        if (writer->temporary == NULL) {
            errno = ENOMEM;
            return -1;
        }
        const int fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Opens the target itself or a temporary in its folder. -1 with errno on failure. */
static int open_target(file_writer *writer)
{
    struct stat status;

    if (stat(writer->path, &status) != 0)
        return errno == ENOENT ? create_temporary(writer) : -1;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (!S_ISREG(status.st_mode))
        return open(writer->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    const int fd = create_temporary(writer);
    if (fd >= 0 && fchmod(fd, status.st_mode & 0777) != 0) {
        const int failure = errno;
        close(fd);
        unlink(writer->temporary);
        errno = failure;
        return -1;
    }
    return fd;
}

file_writer *file_writer_open(const char *path, plx_error *error)
{
    file_writer *writer = memory_array(1, sizeof(*writer));

    if (writer == NULL) {
        error_memory(error);
        return NULL;
    }
    writer->shown = memory_string(path);
    writer->path = realpath(path, NULL);
    if (writer->path == NULL)
        writer->path = memory_string(path);
    if (writer->shown == NULL || writer->path == NULL) {
        error_memory(error);
        free_writer(writer);
        return NULL;
    }
    writer->fd = open_target(writer);
    if (writer->fd < 0) {
        error_set(error, ERROR_DATA, "%s: cannot write: %s", path, strerror(errno));
        free_writer(writer);
        return NULL;
    }
    return writer;
}

/* write() until all is out or one fails. */
static void write_all(file_writer *writer, const unsigned char *bytes, size_t length)
{
    while (length > 0 && writer->failure == 0) {
        const ssize_t n = write(writer->fd, bytes, length);
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        } else if (n == 0) {
            writer->failure = EIO;
        } else if (errno != EINTR) {
            writer->failure = errno;
        }
    }
}

static void flush(file_writer *writer)
{
    write_all(writer, writer->buffer, writer->used);
    writer->used = 0;
}

void file_writer_put(file_writer *writer, const void *bytes, size_t length)
{
    if (length > CHUNK - writer->used)
        flush(writer);
    if (length >= CHUNK) {
        write_all(writer, bytes, length);
    } else if (length > 0) {
        memcpy(writer->buffer + writer->used, bytes, length);
        writer->used += length;
    }
}

/* So that the new name survives a power cut. A failure here is not reported: the file is complete
 * under its name, and nothing could be undone. */
static void sync_folder(const char *path)
{
    char *folder = file_folder(path);
    const int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

bool file_writer_commit(file_writer *writer, plx_error *error)
{
    bool ok = true;

    flush(writer);
    if (writer->failure == 0 && writer->temporary != NULL && fsync(writer->fd) != 0)
        writer->failure = errno;
    if (close(writer->fd) != 0 && errno != EINTR && writer->failure == 0)
        writer->failure = errno;
    writer->fd = -1;
    if (writer->failure == 0 && writer->temporary != NULL) {
        if (rename(writer->temporary, writer->path) == 0)
            sync_folder(writer->path);
        else
            writer->failure = errno;
    }
    if (writer->failure != 0) {
        ok = error_set(error, ERROR_DATA, "%s: cannot write: %s", writer->shown,
                       strerror(writer->failure));
        if (writer->temporary != NULL)
            unlink(writer->temporary);
    }
    free_writer(writer);
    return ok;
}

void file_writer_abort(file_writer *writer)
{
    if (writer == NULL)
        return;
    close(writer->fd);
    if (writer->temporary != NULL)
        unlink(writer->temporary);
    free_writer(writer);
}

bool file_write(const char *path, const void *bytes, size_t length, plx_error *error)
{
    file_writer *writer = file_writer_open(path, error);

    if (writer == NULL)
        return false;
    file_writer_put(writer, bytes, length);
    return file_writer_commit(writer, error);
}

/* --- paths --- */

char *file_join(const char *folder, const char *name)
{
    const size_t length = strlen(folder);

    if (name[0] == '/' || length == 0)
        return memory_string(name);
    return memory_format("%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name);
}

char *file_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return memory_string(".");
    while (slash > path && slash[-1] == '/')
        slash--;
    return slash == path ? memory_string("/") : memory_string_n(path, (size_t)(slash - path));
}

const char *file_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Takes one part, `n` bytes at `part`, into the absolute path built so far; returns its length. */
static size_t append_part(char *built, size_t length, const char *part, size_t n)
{
    if (n == 0 || (n == 1 && part[0] == '.'))
        return length;
    if (n == 2 && part[0] == '.' && part[1] == '.') {
        while (length > 0 && built[length - 1] != '/')
            length--;
        return length > 0 ? length - 1 : 0;
    }
    built[length] = '/';
    memmove(built + length + 1, part, n);
    return length + 1 + n;
}

char *file_absolute(const char *path)
{
    char *current = path[0] == '/' ? memory_string("/") : getcwd(NULL, 0);
    char *whole = current == NULL ? NULL : file_join(current, path);
    size_t length = 0;

    free(current);
    if (whole == NULL)
        return NULL;
    char *built = malloc(strlen(whole) + 2);
    if (built != NULL) {
        for (const char *part = whole; *part != '\0';) {
            const size_t n = strcspn(part, "/");
            length = append_part(built, length, part, n);
            part += n + (part[n] == '/' ? 1 : 0);
        }
        if (length == 0)
            built[length++] = '/';
        built[length] = '\0';
    }
    free(whole);
    return built;
}

/* --- the file system --- */

bool file_exists(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* An existing folder is fine, also one another process made in between. */
static bool make_one(const char *path, const char *whole, plx_error *error)
{
    if (mkdir(path, 0777) == 0)
        return true;
    const int why = errno == EEXIST ? ENOTDIR : errno;
    /* A parent that exists may refuse before it says so (a read-only file system). */
    if (file_is_folder(path))
        return true;
    return error_set(error, ERROR_DATA, "%s: cannot make the folder %s: %s", whole, path,
                     strerror(why));
}

bool file_make_folder(const char *path, plx_error *error)
{
    char *copy = memory_string(path);
    bool ok = copy != NULL ? true : error_memory(error);

    for (char *at = copy; ok && *at != '\0'; at++) {
        if (*at != '/' || at == copy)
            continue;
        *at = '\0';
        ok = make_one(copy, path, error);
        *at = '/';
    }
    ok = ok && make_one(path, path, error);
    free(copy);
    return ok;
}

bool file_folder_is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = true;

    if (folder == NULL)
        return errno == ENOENT;
    for (struct dirent *entry; empty && (entry = readdir(folder)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty;
}

bool file_sha256(const char *path, char hex[65], plx_error *error)
{
    unsigned char chunk[4096];
    struct stat status;
    SHA2_CTX context;
    ssize_t n;

    const int fd = open_readable(path, &status, error);
    if (fd < 0)
        return false;
    SHA256Init(&context);
    while ((n = read_some(fd, chunk, sizeof(chunk))) > 0)
        SHA256Update(&context, chunk, (size_t)n);
    const int failure = errno;
    close(fd);
    if (n < 0)
        return error_set(error, ERROR_DATA, "%s: cannot read: %s", path, strerror(failure));
    return SHA256End(&context, hex) != NULL;
}
