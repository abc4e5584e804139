/* training.c: see training.h. The files lie in a temporary folder: IDX files of the workload's
 * rows and labels, and an experiment. Each run tells its steps on its standard output (--json). */
#include "training.h"

#include <endian.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contest.h"
#include "roofline.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

static const double longest_seconds = 4; /* of the run whose memory is measured                  */

/* --- the files --- */

/* The head of an IDX file: type of the elements, and one or two dimensions. */
static void put_head(file_writer *file, unsigned char type, size_t rows, size_t columns)
{
    const uint32_t dimension[2] = {(uint32_t)rows, (uint32_t)columns};
    const unsigned char rank = columns == 0 ? 1 : 2;
    const unsigned char magic[4] = {0, 0, type, rank};

    file_writer_put(file, magic, sizeof(magic));
    for (int i = 0; i < rank; i++) {
        const uint32_t big = htobe32(dimension[i]);
        file_writer_put(file, &big, sizeof(big));
    }
}

static void put_inputs(file_writer *file, const dataset *rows)
{
    const size_t n = rows->rows * rows->features;

    put_head(file, rows->bytes != NULL ? 0x08 : 0x0D, rows->rows, rows->features);
    if (rows->bytes != NULL)
        file_writer_put(file, rows->bytes, n);
    for (size_t i = 0; rows->bytes == NULL && i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &rows->floats[i], sizeof(bits));
        bits = htobe32(bits);
        file_writer_put(file, &bits, sizeof(bits));
    }
}

static void put_labels(file_writer *file, const dataset *rows)
{
    put_head(file, 0x08, rows->rows, 0);
    for (size_t r = 0; r < rows->rows; r++) {
        const unsigned char label = (unsigned char)rows->label[r];
        file_writer_put(file, &label, 1);
    }
}

static void put_experiment(file_writer *file, const workload *w)
{
    text out = {0};

    text_addf(&out, "data: {train: {x: x.idx, y: y.idx}, scale: %s}\nnetwork:\n  layers:\n",
              w->images ? "unit" : "none");
    for (size_t l = 0; l < w->layers; l++)
        text_addf(&out, "    - {units: %zu, activation: %s}\n", w->units[l],
                  l + 1 < w->layers ? w->hidden : w->output);
    text_addf(&out, "loss: cross_entropy\noptimizer: {name: %s, lr: %g}\n", w->optimizer, w->lr);
    text_addf(&out, "train: {epochs: 1, batch: %zu, shuffle: %s, log_steps: true}\n", w->batch,
              w->shuffle ? "true" : "false");
    file_writer_put(file, out.bytes, out.length);
    free(out.bytes);
}

typedef enum part { INPUTS, LABELS, EXPERIMENT, FILES } part;

static bool write_part(part part, const char *folder, const workload *workload, const dataset *rows,
                       plx_error *error)
{
    static const char *const names[FILES] = {"x.idx", "y.idx", "experiment.yaml"};
    char *path = file_join(folder, names[part]);
    file_writer *file = path == NULL ? NULL : file_writer_open(path, error);

    free(path);
    if (file == NULL)
        return error_memory(error);
    if (part == INPUTS)
        put_inputs(file, rows);
    else if (part == LABELS)
        put_labels(file, rows);
    else
        put_experiment(file, workload);
    return file_writer_commit(file, error);
}

static bool write_files(const char *folder, const workload *workload, plx_error *error)
{
    workload_data data;
    bool ok = workload_data_make(&data, workload, error);

    for (int part = 0; ok && part < FILES; part++)
        ok = write_part((enum part)part, folder, workload, data.rows, error);
    workload_data_clear(&data);
    return ok;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

/* --- a run --- */

typedef struct run {
    pid_t process;
    int output;
    double begun;
    double first_step; /* seconds; 0: not yet                                                    */
    bool interrupted;
    double peak_memory;
} run;

/* What it complains of goes into a file of the folder. */
static _Noreturn void be_plexus(const char *folder, size_t number, int output)
{
    char out[32];
    const bool there = chdir(folder) == 0;
    const int log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0666);

    snprintf(out, sizeof(out), "run-%zu", number);
    if (there && dup2(output, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        execl(BENCH_PLEXUS, BENCH_PLEXUS, "train", "experiment.yaml", "--out", out, "--progress",
              "never", "--json", (char *)NULL);
    _exit(127);
}

static bool start(run *run, const char *folder, size_t number, plx_error *error)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, ERROR_RUN, "no pipe to be had");
    *run = (struct run){.begun = roofline_clock(), .output = ends[0], .process = fork()};
    if (run->process == 0)
        be_plexus(folder, number, ends[1]);
    close(ends[1]);
    return run->process > 0 || error_set(error, ERROR_RUN, "no process for plexus train");
}

/* Follows what it says until it ends, or with `first` until its first step alone. Past the longest
 * time it is interrupted. */
static void follow(run *run, bool first)
{
    struct pollfd end = {.fd = run->output, .events = POLLIN};
    char bytes[4096];
    ssize_t got = 1;

    while (got > 0 && !(first && run->first_step > 0)) {
        const double left = run->begun + longest_seconds - roofline_clock();
        if (!first && !run->interrupted && left <= 0) {
            kill(run->process, SIGINT);
            run->interrupted = true;
        }
        if (poll(&end, 1, first || run->interrupted ? -1 : (int)(1000 * left) + 1) <= 0)
            continue;
        got = read(run->output, bytes, sizeof(bytes) - 1);
        bytes[got > 0 ? got : 0] = '\0';
        if (run->first_step == 0 && strstr(bytes, "\"event\":\"step\"") != NULL)
            run->first_step = roofline_clock() - run->begun;
    }
}

/* False: it failed. */
static bool finish(run *run, bool first)
{
    struct rusage usage = {0};
    int status = 0;

    if (first)
        kill(run->process, SIGKILL);
    close(run->output);
    wait4(run->process, &status, 0, &usage);
    run->peak_memory = (double)usage.ru_maxrss * 1024;
    return run->first_step > 0 && (first || run->interrupted || status == 0);
}

static bool fail(const char *folder, const workload *workload, plx_error *error)
{
    size_t length = 0;
    char *path = file_join(folder, "log");
    char *log = path == NULL ? NULL : file_read(path, 1 << 16, false, &length, NULL);

    error_set(error, ERROR_RUN, "%s: %s train failed: %.1000s", workload->name, BENCH_PLEXUS,
              log == NULL ? "" : log);
    free(path);
    free(log);
    return false;
}

/* The first run is gone through to its end, the others to their first step. */
static bool measure_runs(const char *folder, const workload *workload, size_t repeat,
                         finding *found)
{
    double start_up[CONTEST_MOST_REPEATS];
    run run = {0};

    for (size_t i = 0; i < repeat; i++) {
        if (!start(&run, folder, i, &found->error))
            return false;
        follow(&run, i > 0);
        if (!finish(&run, i > 0))
            return fail(folder, workload, &found->error);
        start_up[i] = run.first_step;
        found->peak_memory = i == 0 ? run.peak_memory : found->peak_memory;
    }
    found->start_up = spread_of(start_up, repeat);
    return true;
}

bool training_measure(const workload *workload, size_t repeat, finding *found)
{
    const char *temporary = getenv("TMPDIR");
    char *folder = memory_format("%s/plexus-bench-XXXXXX", temporary != NULL ? temporary : "/tmp");

    if (folder == NULL)
        return error_memory(&found->error);
    if (mkdtemp(folder) == NULL) {
        error_set(&found->error, ERROR_RUN, "cannot make the folder %s", folder);
        free(folder);
        return false;
    }
    const bool ok = write_files(folder, workload, &found->error) &&
                    measure_runs(folder, workload, repeat, found);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return ok;
}
