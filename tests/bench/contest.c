/* contest.c: see contest.h. */
#include "contest.h"

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "peers.h"
#include "plain.h"
#include "roofline.h"

static const double slice_seconds = 0.2;

/* --- contestants --- */

typedef bool runs(void *self, size_t steps, size_t *samples, double *seconds, plx_error *error);

typedef struct contestant {
    void *self; /* NULL: does not take part                                                      */
    runs *run;
    size_t steps; /* of a slice                                                                  */
} contestant;

static bool run_engine(void *self, size_t steps, size_t *samples, double *seconds, plx_error *error)
{
    const size_t before = engine_samples(self);
    const double begun = roofline_clock();
    const bool ok = engine_run(self, steps, error);

    *seconds = roofline_clock() - begun;
    *samples = engine_samples(self) - before;
    return ok;
}

static bool run_plain(void *self, size_t steps, size_t *samples, double *seconds, plx_error *error)
{
    const size_t before = plain_samples(self);
    const double begun = roofline_clock();
    const bool ok = plain_run(self, steps, error);

    *seconds = roofline_clock() - begun;
    *samples = plain_samples(self) - before;
    return ok;
}

static bool run_peer(void *self, size_t steps, size_t *samples, double *seconds, plx_error *error)
{
    return peer_run(self, steps, samples, seconds, error);
}

/* Samples a second of a slice. */
static bool time_slice(const contestant *one, double *rate, plx_error *error)
{
    size_t samples;
    double seconds;

    if (!one->run(one->self, one->steps, &samples, &seconds, error))
        return false;
    *rate = (double)samples / seconds;
    return true;
}

/* Finds out how many steps take the time of a slice. The first step of all makes ready what is made
 * once, and is not looked at. */
static bool warm_up(contestant *one, plx_error *error)
{
    size_t samples;
    double seconds;

    if (!one->run(one->self, 1, &samples, &seconds, error))
        return false;
    seconds = 0;
    for (size_t steps = 1; seconds < slice_seconds / 2; steps *= 2) {
        if (!one->run(one->self, steps, &samples, &seconds, error))
            return false;
        one->steps = (size_t)ceil((double)steps * fmin(slice_seconds / seconds, 2));
    }
    return true;
}

/* --- the contest --- */

typedef struct contest {
    const workload *workload;
    workload_data data;
    contestant engine, rival[RIVALS];
    roofline *roofline;
} contest;

static bool open_engine(contest *contest, const workload *workload, plx_error *error)
{
    *contest = (struct contest){.workload = workload};
    if (!workload_data_make(&contest->data, workload, error))
        return false;
    contest->engine = (contestant){
        .self = engine_new(workload, &contest->data, BENCH_PLUGINS, error), .run = run_engine};
    return contest->engine.self != NULL && warm_up(&contest->engine, error);
}

static bool open_plain(contest *contest, plx_error *error)
{
    contestant *plain = &contest->rival[RIVAL_PLAIN];

    plain->run = run_plain;
    plain->self = plain_new(contest->workload, &contest->data, error);
    contest->roofline = roofline_new(contest->workload, error);
    return plain->self != NULL && contest->roofline != NULL && warm_up(plain, error);
}

static bool open_peer(contest *contest, rival which, plx_error *error)
{
    contestant *peer = &contest->rival[which];

    peer->run = run_peer;
    peer->self = peer_new(rival_name(which), contest->workload, &contest->data, error);
    return peer->self != NULL && peer_agrees(peer->self, &contest->data, error) &&
           warm_up(peer, error);
}

static void contest_close(contest *contest)
{
    engine_free(contest->engine.self);
    plain_free(contest->rival[RIVAL_PLAIN].self);
    peer_free(contest->rival[RIVAL_TORCH].self);
    peer_free(contest->rival[RIVAL_SKLEARN].self);
    roofline_free(contest->roofline);
    workload_data_clear(&contest->data);
}

/* What is measured in the turns; rates in samples a second. Index: rival, turn. */
typedef struct score {
    double engine[RIVALS][CONTEST_MOST_REPEATS], other[RIVALS][CONTEST_MOST_REPEATS];
    double share[CONTEST_MOST_REPEATS];
    double operations[CONTEST_MOST_REPEATS], bytes[CONTEST_MOST_REPEATS];
} score;

/* A slice of each; who goes first alternates. */
static bool pair(const contest *contest, rival which, size_t turn, score *score, plx_error *error)
{
    const contestant *engine = &contest->engine, *other = &contest->rival[which];
    double *own = &score->engine[which][turn], *its = &score->other[which][turn];

    if (turn % 2 == 0)
        return time_slice(engine, own, error) && time_slice(other, its, error);
    return time_slice(other, its, error) && time_slice(engine, own, error);
}

static bool measure_limit(const contest *contest, size_t turn, score *score, plx_error *error)
{
    roofline_limit limit;

    if (!roofline_measure(contest->roofline, &limit, error))
        return false;
    score->share[turn] = score->engine[RIVAL_PLAIN][turn] / limit.samples;
    score->operations[turn] = limit.operations;
    score->bytes[turn] = limit.bytes;
    return true;
}

static bool take_turns(const contest *contest, size_t repeat, score *score, plx_error *error)
{
    for (size_t turn = 0; turn < repeat; turn++) {
        for (int r = 0; r < RIVALS; r++)
            if (contest->rival[r].self != NULL && !pair(contest, (rival)r, turn, score, error))
                return false;
        if (!measure_limit(contest, turn, score, error))
            return false;
    }
    return true;
}

static void judge_rival(rival which, size_t repeat, score *score, finding *found)
{
    double ratio[CONTEST_MOST_REPEATS];

    for (size_t turn = 0; turn < repeat; turn++)
        ratio[turn] = score->engine[which][turn] / score->other[which][turn];
    found->ratio[which] = spread_of(ratio, repeat).median;
    found->rival[which] = spread_of(score->other[which], repeat);
}

/* The engine's spread is that of its slices beside the plain loop. */
static void judge(const contest *contest, size_t repeat, score *score, finding *found)
{
    for (int r = 0; r < RIVALS; r++)
        if (contest->rival[r].self != NULL)
            judge_rival((rival)r, repeat, score, found);
    found->engine = spread_of(score->engine[RIVAL_PLAIN], repeat);
    found->share = contest->workload->tiny ? (double)NAN : spread_of(score->share, repeat).median;
    found->operations = spread_of(score->operations, repeat).median;
    found->bytes = spread_of(score->bytes, repeat).median;
}

/* --- what runs in the child --- */

typedef struct task {
    const workload *workload;
    size_t repeat;
    bool peers;
} task;

static void do_contest(const task *task, finding *found)
{
    plx_error *error = &found->error;
    contest contest;
    score score;
    bool ok = open_engine(&contest, task->workload, error) && open_plain(&contest, error);

    if (task->peers)
        ok = ok && open_peer(&contest, RIVAL_TORCH, error) &&
             open_peer(&contest, RIVAL_SKLEARN, error);
    if (ok && take_turns(&contest, task->repeat, &score, error))
        judge(&contest, task->repeat, &score, found);
    contest_close(&contest);
}

static void do_engine_alone(const task *task, finding *found)
{
    double rate[CONTEST_MOST_REPEATS];
    contest contest;
    bool ok = open_engine(&contest, task->workload, &found->error);

    for (size_t turn = 0; ok && turn < task->repeat; turn++)
        ok = time_slice(&contest.engine, &rate[turn], &found->error);
    if (ok)
        found->engine = spread_of(rate, task->repeat);
    contest_close(&contest);
}

/* On the core it is on, and its children with it. Where that cannot be had it does without. */
static void stay_on_a_core(void)
{
    const int core = sched_getcpu();
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core < 0 ? 0 : core, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* --- the child --- */

/* A finding is longer than what a pipe is sure to hand over in one piece. */
static bool read_all(int from, void *bytes, size_t size)
{
    ssize_t got = 1;

    for (size_t done = 0; done < size && got > 0; done += (size_t)got)
        got = read(from, (char *)bytes + done, size - done);
    return got > 0;
}

/* Runs `work` in a child, which writes what it finds into a pipe. */
static bool in_child(void (*work)(const task *, finding *), const task *task, finding *found)
{
    int ends[2], status = 0;

    finding_clear(found);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(&found->error, ERROR_RUN, "no pipe to be had");
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN); /* of a peer that died: the write fails                        */
        stay_on_a_core();
        work(task, found);
        _exit(write(ends[1], found, sizeof(*found)) == (ssize_t)sizeof(*found) ? 0 : 1);
    }
    close(ends[1]);
    const bool told = child > 0 && read_all(ends[0], found, sizeof(*found));
    close(ends[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    if (!told || status != 0)
        return error_set(&found->error, ERROR_RUN, "%s: the process that ran it died",
                         task->workload->name);
    return found->error.code == ERROR_NONE;
}

bool contest_run(const workload *workload, size_t repeat, bool peers, finding *found)
{
    const task task = {.workload = workload, .repeat = repeat, .peers = peers};

    return in_child(do_contest, &task, found);
}

bool contest_engine_alone(const workload *workload, size_t repeat, finding *found)
{
    const task task = {.workload = workload, .repeat = repeat};

    return in_child(do_engine_alone, &task, found);
}
