/* denormals.h: numbers too small to have all their digits, below FLT_MIN, taken as 0 for a while, as
 * operands and as results. To many processors an operation with one of them is as much work as a
 * hundred others, and what fades away, as a moving average does, passes through them.
 *
 * For the calling thread, on x86 and 64-bit ARM; elsewhere nothing is changed. */
#ifndef SUPPORT_DENORMALS_H
#define SUPPORT_DENORMALS_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* The control register as it was. */
typedef struct denormals {
    uint64_t control;
} denormals;

static inline denormals denormals_off(void)
{
    denormals before = {0};

#if defined(__x86_64__)
    enum { OPERANDS_ARE_ZERO = 0x0040, RESULTS_ARE_ZERO = 0x8000 };
    before.control = _mm_getcsr();
    _mm_setcsr((unsigned)before.control | OPERANDS_ARE_ZERO | RESULTS_ARE_ZERO);
#elif defined(__aarch64__)
    enum { BOTH_ARE_ZERO = 1 << 24 };
    __asm__ volatile("mrs %0, fpcr" : "=r"(before.control));
    __asm__ volatile("msr fpcr, %0" : : "r"(before.control | BOTH_ARE_ZERO));
#endif
    return before;
}

static inline void denormals_restore(denormals before)
{
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before.control);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before.control));
#else
    (void)before;
#endif
}

#endif
