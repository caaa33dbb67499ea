/* csrc/kernels_vec128.c - the kernels for any CPU with vectors of 128 bits: SSE2, which
 * every x86-64 has, and NEON, which every 64-bit Arm has. Baseline flags only. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))

#define LANES 4
typedef float vec __attribute__((vector_size(4 * LANES)));

static inline vec load_head(const float *p, int n) {
    vec v = {0};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
}

static inline void store_head(float *p, vec v, int n) { memcpy(p, &v, (size_t)n * sizeof(float)); }

static inline void sum4(vec a, vec b, vec c, vec d, float *out) {
    out[0] = (a[0] + a[2]) + (a[1] + a[3]);
    out[1] = (b[0] + b[2]) + (b[1] + b[3]);
    out[2] = (c[0] + c[2]) + (c[1] + c[3]);
    out[3] = (d[0] + d[2]) + (d[1] + d[3]);
}

#include "kernels_simd.h"

static const cw2v_kernels table = KERNELS("vec128");
const cw2v_kernels *const cw2v_kernels_vec128 = &table;

#else
const cw2v_kernels *const cw2v_kernels_vec128 = NULL;
#endif
