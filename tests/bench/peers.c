/* peers.c: see peers.h, and peers.py for what is said through the pipes. */
#include "peers.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plain.h"
#include "support/memory.h"

enum { LINE = 256 };
static const char python[] = "/usr/bin/python3";

struct peer {
    const char *library;
    const workload *workload;
    pid_t process; /* 0: there is none                                                           */
    FILE *to, *from;
};

/* --- the process --- */

/* One thread each, whatever libraries they load. Memory that is freed stays with the process: else
 * PyTorch takes the pages of its temporary arrays anew in every step, or does not, as the heap
 * happens to lie, and is four times slower if it does. */
static void set_environment(void)
{
    static const char *const settings[][2] = {
        {"OMP_NUM_THREADS", "1"},
        {"OPENBLAS_NUM_THREADS", "1"},
        {"MKL_NUM_THREADS", "1"},
        {"BLIS_NUM_THREADS", "1"},
        {"MALLOC_MMAP_THRESHOLD_", "1073741824"},
        {"MALLOC_TRIM_THRESHOLD_", "1073741824"},
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        setenv(settings[i][0], settings[i][1], 1);
}

/* Standard input and output are the pipes' ends. */
static _Noreturn void be_python(int input, int output, const char *argument)
{
    set_environment();
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execl(python, python, "-I", BENCH_PEERS, argument, (char *)NULL);
    fprintf(stderr, "bench: cannot run %s\n", python);
    _exit(127);
}

static bool start(peer *peer, const char *argument, plx_error *error)
{
    int down[2], up[2];

    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0)
        return error_set(error, ERROR_RUN, "no pipe to be had");
    peer->process = fork();
    if (peer->process == 0)
        be_python(down[0], up[1], argument);
    close(down[0]);
    close(up[1]);
    peer->to = fdopen(down[1], "w");
    peer->from = fdopen(up[0], "r");
    if (peer->process < 0 || peer->to == NULL || peer->from == NULL)
        return error_set(error, ERROR_RUN, "no process for Python");
    return true;
}

/* At the end of its input it ends, too. */
static int stop(peer *peer)
{
    int status = -1;

    if (peer->to != NULL)
        fclose(peer->to);
    if (peer->from != NULL)
        fclose(peer->from);
    if (peer->process > 0)
        waitpid(peer->process, &status, 0);
    return status;
}

/* Says a line and takes the answer. */
static bool ask(peer *peer, const char *line, char answer[LINE], plx_error *error)
{
    fprintf(peer->to, "%s\n", line);
    if (fflush(peer->to) != 0 || fgets(answer, LINE, peer->from) == NULL)
        return error_set(error, ERROR_RUN, "%s: the process of %s died", peer->workload->name,
                         peer->library);
    return true;
}

static bool misunderstood(const peer *peer, const char *answer, plx_error *error)
{
    return error_set(error, ERROR_RUN, "%s: %s answers \"%s\"", peer->workload->name, peer->library,
                     answer);
}

/* --- a workload --- */

static bool send_header(const workload *workload, FILE *to)
{
    json_t *units = json_array();

    for (size_t l = 0; l < workload->layers; l++)
        json_array_append_new(units, json_integer((json_int_t)workload->units[l]));
    json_t *header =
        json_pack("{s:I, s:o, s:s, s:s, s:s?, s:f, s:I, s:I, s:b, s:b}", "inputs",
                  (json_int_t)workload->inputs, "units", units, "hidden", workload->hidden,
                  "output", workload->output, "optimizer", workload->optimizer, "lr", workload->lr,
                  "rows", (json_int_t)workload->rows, "batch", (json_int_t)workload->batch,
                  "images", workload->images, "shuffle", workload->shuffle);
    const bool ok = header != NULL && json_dumpf(header, to, JSON_COMPACT) == 0;

    json_decref(header);
    return ok && fputc('\n', to) != EOF;
}

static bool send_weights(const workload *workload, FILE *to)
{
    bool ok = true;

    for (size_t l = 0; ok && l < workload->layers; l++) {
        const size_t n = workload_fan_in(workload, l) * workload->units[l];
        float *weights = memory_array(n, sizeof(*weights));
        ok = weights != NULL;
        if (ok) {
            workload_first_weights(workload, l, weights);
            ok = fwrite(weights, sizeof(*weights), n, to) == n;
        }
        free(weights);
    }
    return ok;
}

static bool send(const workload *workload, const workload_data *data, FILE *to)
{
    const dataset *rows = data->rows;
    const size_t n = rows->rows * rows->features;

    return send_header(workload, to) &&
           (rows->bytes != NULL ? fwrite(rows->bytes, 1, n, to) == n
                                : fwrite(rows->floats, sizeof(float), n, to) == n) &&
           fwrite(rows->label, sizeof(*rows->label), rows->rows, to) == rows->rows &&
           send_weights(workload, to) && fflush(to) == 0;
}

peer *peer_new(const char *library, const workload *workload, const workload_data *data,
               plx_error *error)
{
    peer *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->library = library;
    made->workload = workload;
    if (start(made, library, error)) {
        if (send(workload, data, made->to))
            return made;
        error_set(error, ERROR_RUN, "%s: the process of %s takes no workload", workload->name,
                  library);
    }
    peer_free(made);
    return NULL;
}

void peer_free(peer *peer)
{
    if (peer == NULL)
        return;
    stop(peer);
    free(peer);
}

/* The plain loop's loss of a batch after so many steps, in the order of the rows. Where nothing is
 * trained, a descent of no length makes it look at its loss. */
static bool plain_answer(const workload *workload, const workload_data *data, size_t steps,
                         double *loss, plx_error *error)
{
    struct workload ordered = *workload;

    ordered.shuffle = false;
    if (workload->optimizer == NULL)
        ordered.optimizer = "sgd";
    plain *plain = plain_new(&ordered, data, error);
    const bool ok = plain != NULL && plain_run(plain, steps + 1, error);
    *loss = ok ? plain_loss(plain) : (double)NAN;
    plain_free(plain);
    return ok;
}

bool peer_agrees(peer *peer, const workload_data *data, plx_error *error)
{
    char answer[LINE];
    double ours, theirs;
    size_t steps;

    if (!ask(peer, "check", answer, error))
        return false;
    if (sscanf(answer, "%lf %zu", &theirs, &steps) != 2)
        return misunderstood(peer, answer, error);
    if (!plain_answer(peer->workload, data, steps, &ours, error))
        return false;
    if (!(fabs(theirs - ours) <= 1e-3 * ours))
        return error_set(error, ERROR_RUN,
                         "%s: %s does other work: after %zu steps it has a loss of %.9g, where the "
                         "plain loop has %.9g",
                         peer->workload->name, peer->library, steps, theirs, ours);
    return true;
}

bool peer_run(peer *peer, size_t count, size_t *samples, double *seconds, plx_error *error)
{
    char line[LINE], answer[LINE];

    snprintf(line, sizeof(line), "run %zu", count);
    if (!ask(peer, line, answer, error))
        return false;
    if (sscanf(answer, "%zu %lf", samples, seconds) != 2)
        return misunderstood(peer, answer, error);
    return true;
}

/* --- what is missing --- */

bool peers_missing(text *packages, plx_error *error)
{
    peer process = {.library = "python3"};
    char line[LINE] = "";

    if (access(python, X_OK) != 0) {
        text_add(packages, "python3 python3-torch python3-sklearn libopenblas0-pthread");
    } else {
        const bool started = start(&process, "--missing", error);
        if (started && fgets(line, sizeof(line), process.from) != NULL)
            text_add_n(packages, line, strcspn(line, "\n"));
        if (stop(&process) != 0 || line[0] == '\0')
            return error_set(error, ERROR_RUN, "%s %s --missing failed", python, BENCH_PEERS);
    }
    return !packages->failed || error_memory(error);
}
