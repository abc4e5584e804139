/* launcher.c: see launcher.h.
 *
 * The two processes talk through a pair of sockets: orders go one way, ends of runs the other, as
 * the structures are in memory, since both are one program. That there is nobody left at the other end
 * tells each that it is over. */
#include "matrix/launcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "matrix/job.h"
#include "support/heap.h"
#include "support/memory.h"
#include "support/sandbox.h"

enum {
    TURN = 100,        /* milliseconds                                                           */
    TURNS = 100,       /* until a launcher that has to end is killed                             */
    OWN = 8 << 10,     /* bytes that the launcher itself may come to use,                        */
    OF_SLOT = 4 << 10, /* and for each run at a time                                             */
    SPARE = 4 << 20,   /* bytes of fresh memory that each run finds                              */
};

enum { NEAR, FAR, ENDS };

struct launcher {
    sandbox_child *process;
    int socket; /* -1: closed                                                                    */
};

/* An order on its way. */
typedef struct call {
    size_t slot;
    launcher_order order;
} call;

/* An answer on its way; the curve or, if `failed`, a plx_error comes behind. */
typedef struct reply {
    size_t slot;
    bool failed;
    run_record record;
} reply;

/* ---- in the launcher ------------------------------------------------------------------------- */

typedef struct slot {
    size_t waiting; /* number of the order that waits here; 0: none                              */
    launcher_order order;
    job *job; /* NULL: none is running                                                           */
} slot;

typedef struct server {
    plan *plan;
    int socket[ENDS];
    size_t count, most, running; /* slots; runs at a time; runs that are not yet told to be over */
    size_t orders;               /* so far                                                       */
    slot *slot;
    sandbox_child **child; /* of each slot; NULL: none                                           */
    plx_error *error;      /* of what went wrong last                                            */
} server;

/* What a run is made from in its own process. */
typedef struct order_context {
    server *server;
    const launcher_order *order;
} order_context;

/* All at once, so that the other end is woken once. */
static bool send_two(int socket, const void *first, size_t first_bytes, const void *second,
                     size_t second_bytes)
{
    struct iovec parts[] = {{(void *)(uintptr_t)first, first_bytes},
                            {(void *)(uintptr_t)second, second_bytes}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = second_bytes > 0 ? 2 : 1};
    ssize_t sent = -1;

    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)(first_bytes + second_bytes);
}

/* All of it; false at the end of what comes. */
static bool receive(int socket, void *bytes, size_t length)
{
    char *rest = bytes;

    while (length > 0) {
        const ssize_t got = recv(socket, rest, length, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            rest += got;
            length -= (size_t)got;
        }
    }
    return true;
}

/* In the run's process, which has no business with the orders. */
static experiment *make_experiment(void *context, const data_bundle **data, plx_error *error)
{
    const order_context *from = context;

    close(from->server->socket[FAR]);
    experiment *made = plan_experiment(from->server->plan, &from->order->run, error);
    *data = made != NULL ? plan_data(from->server->plan, made, error) : NULL;
    return *data != NULL ? made : NULL;
}

/* Fresh memory is there when a run begins, and is part of what it may take. */
static sandbox_limits limits_of(const plan *plan)
{
    const spec_limits *given = &plan_spec(plan)->limits;

    return (sandbox_limits){.seconds = given->seconds,
                            .memory =
                                given->memory > 2 * SPARE ? given->memory - SPARE : given->memory};
}

static bool start(server *s, size_t index)
{
    slot *slot = &s->slot[index];
    const sandbox_limits bounds = limits_of(s->plan);
    order_context context = {s, &slot->order};

    slot->job = job_start_made(make_experiment, &context, slot->order.epochs, plan_catalog(s->plan),
                               &bounds, s->child, s->count, s->error);
    if (slot->job == NULL)
        return false;
    slot->waiting = 0;
    s->child[index] = job_child(slot->job);
    s->running++;
    return true;
}

static bool tell_failure(server *s)
{
    const reply reply = {.failed = true};

    send_two(s->socket[FAR], &reply, sizeof(reply), s->error, sizeof(*s->error));
    return false;
}

/* The slot that has waited longest; s->count: none does. */
static size_t find_first(const server *s)
{
    size_t first = s->count;

    for (size_t i = 0; i < s->count; i++)
        if (s->slot[i].waiting > 0 &&
            (first == s->count || s->slot[i].waiting < s->slot[first].waiting))
            first = i;
    return first;
}

static size_t count_living(const server *s)
{
    size_t living = 0;

    for (size_t i = 0; i < s->count; i++)
        living += s->child[i] != NULL && !sandbox_is_over(s->child[i]);
    return living;
}

/* Starts what waits. That there is no room is a failure only where nothing runs that will make some. */
static bool start_waiting(server *s)
{
    size_t next;

    while (count_living(s) < s->most && (next = find_first(s)) < s->count) {
        if (start(s, next))
            continue;
        if (s->running == 0)
            return tell_failure(s);
        s->error->code = ERROR_NONE;
        return true;
    }
    return true;
}

static bool finish(server *s, size_t index)
{
    reply reply = {.slot = index};
    job *ended = s->slot[index].job;

    job_end(ended, &reply.record);
    const bool sent = send_two(s->socket[FAR], &reply, sizeof(reply), reply.record.epoch,
                               reply.record.epoch_count * sizeof(*reply.record.epoch));
    job_free(ended);
    s->slot[index].job = NULL;
    s->child[index] = NULL;
    s->running--;
    return sent;
}

static bool finish_ended(server *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->child[i] != NULL && sandbox_is_over(s->child[i]) && !finish(s, i))
            return false;
    return true;
}

static bool take_call(server *s)
{
    call call;

    if (!receive(s->socket[FAR], &call, sizeof(call)) || call.slot >= s->count)
        return false;
    s->slot[call.slot].order = call.order;
    s->slot[call.slot].waiting = ++s->orders;
    return true;
}

static void kill_all(server *s)
{
    for (size_t i = 0; i < s->count; i++) {
        run_record record;
        if (s->slot[i].job == NULL)
            continue;
        job_end(s->slot[i].job, &record);
        job_free(s->slot[i].job);
    }
}

/* What it writes to between forks lies close together. */
static bool settle(server *s)
{
    heap_settle(OWN + s->count * OF_SLOT, SPARE);
    s->slot = memory_array(s->count, sizeof(*s->slot));
    s->child = memory_array(s->count, sizeof(*s->child));
    if (s->slot != NULL && s->child != NULL)
        return true;
    error_memory(s->error);
    return tell_failure(s);
}

/* The next run is under way before the end of the one before it is told. What has found no room tries
 * again when that has made some. */
static void serve(void *context, int channel)
{
    server *s = context;
    plx_error error = {0};

    close(channel);
    close(s->socket[NEAR]);
    s->error = &error;
    bool good = settle(s);
    while (good) {
        const bool called = sandbox_attend_beside(s->child, s->count, s->socket[FAR], -1);
        good = (!called || take_call(s)) && start_waiting(s) && finish_ended(s) && start_waiting(s);
    }
    if (s->slot != NULL)
        kill_all(s);
}

/* ---- beside it ------------------------------------------------------------------------------- */

static bool fork_server(launcher *made, server *s, plx_error *error)
{
    const sandbox_limits none = {.seconds = 0};

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->socket) != 0)
        return error_set(error, ERROR_RUN, "no child process: %s", strerror(errno));
    made->socket = s->socket[NEAR];
    made->process = sandbox_start(&none, serve, s, NULL, 0, error);
    close(s->socket[FAR]);
    return made->process != NULL;
}

launcher *launcher_start(plan *plan, size_t slots, size_t most, plx_error *error)
{
    launcher *made = memory_array(1, sizeof(*made));
    server server = {.plan = plan, .count = slots, .most = most};

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->socket = -1;
    if (fork_server(made, &server, error))
        return made;
    launcher_stop(made);
    return NULL;
}

/* Lets it end by itself, since it waits for what it kills. */
static void end_process(launcher *self, sandbox_end *end)
{
    close(self->socket);
    self->socket = -1;
    for (int turn = 0; turn < TURNS && !sandbox_is_over(self->process); turn++)
        sandbox_attend(&self->process, 1, TURN);
    sandbox_finish(self->process, end);
    self->process = NULL;
}

/* It is gone, nobody has asked for that. */
static bool tell_death(launcher *self, plx_error *error)
{
    sandbox_end end = {.outcome = SANDBOX_EXITED};

    if (self->process != NULL)
        end_process(self, &end);
    const char *name = end.outcome == SANDBOX_SIGNALLED ? sigabbrev_np(end.number) : NULL;
    if (name != NULL)
        error_set(error, ERROR_RUN,
                  "the process that starts the runs died of SIG%s; what is stored stays, and the "
                  "same command goes on",
                  name);
    else
        error_set(error, ERROR_RUN,
                  "the process that starts the runs has ended; what is stored stays, and the same "
                  "command goes on");
    sandbox_end_clear(&end);
    return false;
}

static bool receive_failure(launcher *self, plx_error *error)
{
    plx_error failure;

    if (!receive(self->socket, &failure, sizeof(failure)))
        return tell_death(self, error);
    return error_set(error, failure.code, "%s", failure.text);
}

static bool receive_curve(launcher *self, run_record *record, plx_error *error)
{
    record->epoch = memory_array(record->epoch_count, sizeof(*record->epoch));
    if (record->epoch == NULL)
        return error_memory(error);
    if (receive(self->socket, record->epoch, record->epoch_count * sizeof(*record->epoch)))
        return true;
    run_record_clear(record);
    return tell_death(self, error);
}

static bool receive_end(launcher *self, launcher_end *end, plx_error *error)
{
    reply reply;

    if (!receive(self->socket, &reply, sizeof(reply)))
        return tell_death(self, error);
    if (reply.failed)
        return receive_failure(self, error);
    *end = (launcher_end){reply.slot, reply.record};
    return receive_curve(self, &end->record, error);
}

/* Where nobody takes the order, the last thing that was said tells why. */
bool launcher_run(launcher *self, size_t slot, const launcher_order *order, plx_error *error)
{
    launcher_end end;
    call call;

    memset(&call, 0, sizeof(call));
    call.slot = slot;
    call.order = *order;
    if (send_two(self->socket, &call, sizeof(call), NULL, 0))
        return true;
    while (receive_end(self, &end, error))
        run_record_clear(&end.record);
    return false;
}

bool launcher_next(launcher *self, int milliseconds, launcher_end *end, plx_error *error)
{
    struct pollfd there = {.fd = self->socket, .events = POLLIN};

    end->slot = SIZE_MAX;
    return poll(&there, 1, milliseconds) <= 0 || receive_end(self, end, error);
}

void launcher_stop(launcher *self)
{
    sandbox_end end;

    if (self != NULL && self->process != NULL) {
        end_process(self, &end);
        sandbox_end_clear(&end);
    } else if (self != NULL && self->socket >= 0) {
        close(self->socket);
    }
    free(self);
}
