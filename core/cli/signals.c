/* signals.c: see signals.h. A signal handler can reach nothing but a global: the one here holds the
 * signal's number. */
#include "cli/signals.h"

#include <stddef.h>

static volatile sig_atomic_t caught;

/* A second signal, of either kind, ends the program at once. */
static void on_signal(int number)
{
    if (caught != 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    caught = number;
}

const volatile sig_atomic_t *signals_flag(void)
{
    return &caught;
}

/* The handler gets a stack of its own, as what a plug-in or a library has the stack pointer at is not
 * for us to know. Only the calling thread takes signals; the pool's workers block them. */
void signals_catch(void)
{
    static char handler_stack[1 << 16];
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, before;

    sigemptyset(&action.sa_mask);
    if (sigaltstack(&stack, NULL) == 0) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
            sigaction(SIGHUP, &action, NULL);
    }
}
