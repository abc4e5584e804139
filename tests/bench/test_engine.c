/* A training step of the engine allocates nothing and, on one thread, makes no system call. */
#include "engine.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { STEPS = 300 };

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER true
#elif defined(__has_feature)
#define UNDER_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_ADDRESS_SANITIZER false
#endif

/* Allocations by our code and what it calls in our libraries, which the linker leads through here. */
static atomic_size_t allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    allocations++;
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    allocations++;
    return __real_aligned_alloc(alignment, bytes);
}

static const char *const names[] = {"W1", "W5", "W6", "I3-1"};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

typedef struct scene {
    const workload *workload;
    workload_data data;
    engine *engine;
} scene;

/* An engine that has taken a step; it points into the scene. */
static void scene_set(scene *scene, const char *name)
{
    plx_error error = {0};

    scene->workload = workload_find(name);
    ck_assert_msg(workload_data_make(&scene->data, scene->workload, &error), "%s", error.text);
    scene->engine = engine_new(scene->workload, &scene->data, BENCH_PLUGINS, &error);
    ck_assert_msg(scene->engine != NULL, "%s", error.text);
    ck_assert_msg(engine_run(scene->engine, 1, &error), "%s", error.text);
}

static void scene_clear(scene *scene)
{
    engine_free(scene->engine);
    workload_data_clear(&scene->data);
}

START_TEST(a_step_allocates_nothing)
{
    scene scene;
    plx_error error = {0};

    scene_set(&scene, names[_i]);
    const size_t before = allocations; /* asserts allocate, too                                   */
    const bool good = engine_run(scene.engine, STEPS, &error);
    const size_t after = allocations;

    ck_assert(good);
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(after, before);
    scene_clear(&scene);
}
END_TEST

/* From here on the kernel kills the process with SIGSYS at any system call but the one that ends it. */
static bool forbid_system_calls(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The status of a child that does `steps` steps and then, with `slip`, one system call. */
static int run_without_system_calls(engine *engine, size_t steps, bool slip)
{
    const pid_t child = fork();
    plx_error error = {0};
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (!forbid_system_calls())
            _exit(2);
        const bool good = engine_run(engine, steps, &error);
        if (slip)
            (void)getppid();
        _exit(good ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_step_makes_no_system_call)
{
    scene scene;

    scene_set(&scene, names[_i]);
    ck_assert_int_eq(run_without_system_calls(scene.engine, STEPS, false), 0);
    scene_clear(&scene);
}
END_TEST

START_TEST(a_system_call_would_be_seen)
{
    scene scene;
    scene_set(&scene, "W5");
    const int status = run_without_system_calls(scene.engine, 1, true);

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    scene_clear(&scene);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("engine");
    TCase *one = tcase_create("engine");

    tcase_set_timeout(one, 60);
    tcase_add_loop_test(one, a_step_allocates_nothing, 0, NAMES);
    /* The address sanitizer makes some of its own. */
    if (!UNDER_ADDRESS_SANITIZER)
        tcase_add_loop_test(one, a_step_makes_no_system_call, 0, NAMES);
    tcase_add_test(one, a_system_call_would_be_seen);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
