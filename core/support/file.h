/* file.h: whole files in, whole files out, paths. A file written here is written to a temporary
 * beside its place, synced and renamed, so a reader sees the old file or the new one and nothing
 * between; a full disk leaves the old one. */
#ifndef SUPPORT_FILE_H
#define SUPPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

/* The whole file, at most `limit` bytes (more is an error), terminated by a NUL that is not
 * counted. Only regular files (and pipes, /dev/stdin); a directory is an error that says so. A
 * gzip file (by its magic bytes, not its name) is inflated if `inflate`; `limit` then bounds the
 * inflated size. NULL on failure, code ERROR_DATA. */
char *file_read(const char *path, size_t limit, bool inflate, size_t *length, plx_error *error);

/* A file being replaced. A link is followed, an existing file keeps its permissions, and what is no
 * regular file (a terminal, /dev/null) is written to as it stands. */
typedef struct file_writer file_writer;
file_writer *file_writer_open(const char *path, plx_error *error);
/* Errors stick until commit. */
void file_writer_put(file_writer *writer, const void *bytes, size_t length);
/* Flush, fsync, rename, fsync the folder; frees the writer. On failure the old file is kept. */
bool file_writer_commit(file_writer *writer, plx_error *error);
void file_writer_abort(file_writer *writer); /* NULL is fine */
/* The three in one. */
bool file_write(const char *path, const void *bytes, size_t length, plx_error *error);

/* New strings; NULL when out of memory. */
char *file_join(const char *folder, const char *name); /* name itself if absolute           */
char *file_folder(const char *path);                   /* all before the last /; "." if none */
char *file_absolute(const char *path);                 /* against the current directory, . and ..
                                                          removed as text, links not resolved */
const char *file_base(const char *path);               /* the part after the last /; no copy */

bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* Makes the folder and its parents; an existing folder is fine. */
bool file_make_folder(const char *path, plx_error *error);
/* True if it does not exist or has no entry. */
bool file_folder_is_empty(const char *path);
/* SHA-256 of the file's bytes as 64 hex digits and a NUL. */
bool file_sha256(const char *path, char hex[65], plx_error *error);

#endif
