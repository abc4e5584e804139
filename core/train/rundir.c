/* rundir.c: see rundir.h.
 *
 * A run begins with an empty metrics.jsonl, which is locked at once, and then config.yaml; the
 * rest follows. So a folder without config.yaml holds no run, and one with it can be resumed,
 * from the start if there is no checkpoint. Two processes that begin in the same folder meet at
 * the lock, and the second look under it tells the later one that the folder is taken. */
#include "train/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"
#include "train/shown.h"

enum { MOST_RECORD = 1 << 20, MOST_CPUINFO = 1 << 22, MOST_SECONDS = 1000000000 };

void rundir_now(char out[32])
{
    rundir_ago(0, out);
}

void rundir_ago(double seconds, char out[32])
{
    const time_t then = time(NULL) - (time_t)(seconds >= 0 && seconds < MOST_SECONDS ? seconds : 0);
    struct tm utc;

    out[0] = '\0';
    if (gmtime_r(&then, &utc) != NULL)
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

bool rundir_init(rundir *dir, const char *folder, plx_error *error)
{
    memset(dir, 0, sizeof(*dir));
    dir->folder = memory_string(folder);
    dir->config = file_join(folder, "config.yaml");
    dir->log = file_join(folder, "metrics.jsonl");
    dir->model = file_join(folder, "model.safetensors");
    dir->checkpoint = file_join(folder, "checkpoint.safetensors");
    dir->record = file_join(folder, "run.json");
    rundir_now(dir->started);
    if (dir->folder == NULL || dir->config == NULL || dir->log == NULL || dir->model == NULL ||
        dir->checkpoint == NULL || dir->record == NULL)
        return error_memory(error);
    return true;
}

void rundir_clear(rundir *dir)
{
    free(dir->folder);
    free(dir->config);
    free(dir->log);
    free(dir->model);
    free(dir->checkpoint);
    free(dir->record);
    memset(dir, 0, sizeof(*dir));
}

/* --- beginning --- */

/* A file that was being written when its process was killed. */
static bool is_temporary(const char *name)
{
    const size_t length = strlen(name);

    return strncmp(name, ".plexus-", 8) == 0 && length > 12 &&
           strcmp(name + length - 4, ".tmp") == 0;
}

static bool is_empty_file(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

bool rundir_check_new(const rundir *dir, plx_error *error)
{
    DIR *entries = opendir(dir->folder);
    const struct dirent *entry;
    bool is_free = true;

    if (entries == NULL && errno == ENOENT)
        return true;
    if (entries == NULL)
        return error_set(error, ERROR_USAGE, "%s: cannot be a run directory: %s", dir->folder,
                         strerror(errno));
    while (is_free && (entry = readdir(entries)) != NULL)
        is_free = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                  is_temporary(entry->d_name) ||
                  (strcmp(entry->d_name, "metrics.jsonl") == 0 && is_empty_file(dir->log));
    closedir(entries);
    if (is_free)
        return true;
    return error_set(error, ERROR_USAGE, "%s is not empty; choose another folder%s", dir->folder,
                     file_exists(dir->config) ? ", or go on with the run in it by --resume" : "");
}

static void remove_temporaries(const rundir *dir)
{
    DIR *entries = opendir(dir->folder);
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (is_temporary(entry->d_name))
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries != NULL)
        closedir(entries);
}

runlog *rundir_begin(const rundir *dir, const experiment *experiment, plx_error *error)
{
    text config = {0};
    runlog *log = NULL;

    if (!rundir_check_new(dir, error) || !file_make_folder(dir->folder, error))
        return NULL;
    log = runlog_open(dir->log, error);
    if (log == NULL)
        return NULL;
    if (!rundir_check_new(dir, error))
        goto failed;
    remove_temporaries(dir);
    if (!experiment_print(experiment, PRINT_ALL, &config) || config.failed) {
        error_memory(error);
        goto failed;
    }
    if (!file_write(dir->config, config.bytes, config.length, error))
        goto failed;
    free(config.bytes);
    return log;
failed:
    free(config.bytes);
    runlog_close(log);
    return NULL;
}

/* When the run first began, as its run.json says; what is unreadable is passed over. */
static void read_started(rundir *dir)
{
    size_t length = 0;
    char *bytes =
        file_exists(dir->record) ? file_read(dir->record, MOST_RECORD, false, &length, NULL) : NULL;
    json_t *record =
        bytes == NULL ? NULL : json_loadb(bytes, length, JSON_DECODE_INT_AS_REAL, NULL);
    const char *started = json_string_value(json_object_get(record, "started"));

    if (started != NULL && strlen(started) < sizeof(dir->started))
        strcpy(dir->started, started);
    json_decref(record);
    free(bytes);
}

runlog *rundir_reopen(rundir *dir, plx_error *error)
{
    if (!file_is_folder(dir->folder) || !file_exists(dir->config)) {
        error_set(error, ERROR_USAGE, "%s: is no run directory: it has no config.yaml",
                  dir->folder);
        return NULL;
    }
    runlog *log = runlog_open(dir->log, error);
    if (log == NULL)
        return NULL;
    remove_temporaries(dir);
    read_started(dir);
    return log;
}

/* --- run.json --- */

static const char *compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

/* /proc/cpuinfo has a line for each core. */
void rundir_cpu_model(char *out, size_t size)
{
    static const char key[] = "\nmodel name";
    size_t length = 0;
    char *bytes = file_read("/proc/cpuinfo", MOST_CPUINFO, false, &length, NULL);
    const char *found = bytes == NULL ? NULL : strstr(bytes, key);

    strncpy(out, "unknown", size);
    if (found != NULL) {
        found += sizeof(key) - 1;
        found += strspn(found, " \t:");
        const size_t n = strcspn(found, "\n");
        if (n > 0 && n < size) {
            memcpy(out, found, n);
            out[n] = '\0';
        }
    }
    free(bytes);
}

static json_t *describe_versions(void)
{
    return json_pack("{s:s, s:s, s:s}", "plexus", PLEXUS_VERSION, "compiler", compiler(), "libc",
                     gnu_get_libc_version());
}

static json_t *describe_plugins(const fingerprint *print)
{
    json_t *list = json_array();

    for (size_t i = 0; i < print->plugin_count; i++) {
        const plugin *plugin = print->plugin[i].plugin;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:o, s:s}", "kind", catalog_kind_name(plugin->kind),
                            "name", plugin->name, "version", plugin->version, "path",
                            json_shown(plugin->path), "sha256", print->plugin[i].sha256));
    }
    return list;
}

/* Without its seed, which may be too large for a json_int_t: see add_record. */
static json_t *describe_run(const rundir *dir, const rundir_record *record)
{
    json_t *out = json_pack(
        "{s:s, s:s, s:f, s:n, s:i, s:I, s:I, s:I, s:I}", "status", record->status, "started",
        dir->started, "seconds", record->seconds, "seed", "threads", record->threads, "epochs",
        (json_int_t)record->epochs, "steps", (json_int_t)record->steps, "evaluations",
        (json_int_t)record->evaluations, "parameters", (json_int_t)record->parameters);

    if (record->reason[0] != '\0')
        json_object_set_new(out, "reason", json_shown(record->reason));
    if (record->best_epoch > 0)
        json_object_set_new(out, "best_epoch", json_integer((json_int_t)record->best_epoch));
    return out;
}

/* The record with the seed in its place. No string of JSON has a line end as it is, so the place
 * cannot be mistaken. */
static void add_record(text *whole, const char *printed, uint64_t seed)
{
    static const char before[] = "\n  \"seed\": ", after[] = "null";
    const char *place = strstr(printed, before);

    if (place == NULL) {
        whole->failed = true;
        return;
    }
    place += strlen(before);
    text_add_n(whole, printed, (size_t)(place - printed));
    text_addf(whole, "%llu%s\n", (unsigned long long)seed, place + strlen(after));
}

bool rundir_write_record(const rundir *dir, const fingerprint *print, const rundir_record *record,
                         plx_error *error)
{
    char cpu[256];
    struct rusage usage;
    json_t *out = describe_run(dir, record);

    rundir_cpu_model(cpu, sizeof(cpu));
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        json_object_set_new(out, "peak_memory_bytes",
                            json_integer((json_int_t)usage.ru_maxrss * 1024));
    json_object_set_new(out, "cpu", json_string(cpu));
    json_object_set_new(out, "isa", json_string(product_isa()));
    json_object_set_new(out, "versions", describe_versions());
    json_object_set_new(out, "plugins", describe_plugins(print));
    char *printed = out == NULL ? NULL : json_dumps(out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(out);
    if (printed == NULL)
        return error_memory(error);
    text whole = {0};
    add_record(&whole, printed, record->seed);
    const bool ok = whole.failed ? error_memory(error)
                                 : file_write(dir->record, whole.bytes, whole.length, error);
    free(printed);
    free(whole.bytes);
    return ok;
}
