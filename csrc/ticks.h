/* csrc/ticks.h - the clock for profiles: the CPU's time stamp counter, which is cheap to read. The
 * unit depends on the CPU. */

#ifndef CW2V_TICKS_H
#define CW2V_TICKS_H

#include <stdint.h>

#if defined(_M_X64)
#include <intrin.h>
static inline int64_t cw2v_ticks(void) { return (int64_t)__rdtsc(); }
#elif defined(__x86_64__)
#include <x86intrin.h>
static inline int64_t cw2v_ticks(void) { return (int64_t)__rdtsc(); }
#elif defined(__aarch64__)
static inline int64_t cw2v_ticks(void) {
    int64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}
#else /* nanoseconds */
#include <time.h>
static inline int64_t cw2v_ticks(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
#endif

#endif
