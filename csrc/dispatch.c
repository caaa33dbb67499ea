/* csrc/dispatch.c - which kernels this CPU supports; no other file asks what the CPU supports. */

#include "kernels.h"

/* PREFETCHW, which the kernels use, is not checked: CPUs without it execute it as a no-op. */
#if defined(__x86_64__) && defined(__GNUC__)
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static int has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
}
#else
static int has_avx2(void) { return 0; }
static int has_avx512(void) { return 0; }
#endif

int cw2v_kernels_available(const cw2v_kernels **tables, int capacity) {
    int n = 0;
    if (n < capacity && cw2v_kernels_avx512 && has_avx512()) tables[n++] = cw2v_kernels_avx512;
    if (n < capacity && cw2v_kernels_avx2 && has_avx2()) tables[n++] = cw2v_kernels_avx2;
    if (n < capacity && cw2v_kernels_vec128) tables[n++] = cw2v_kernels_vec128;
    if (n < capacity) tables[n++] = cw2v_kernels_scalar;
    return n;
}
