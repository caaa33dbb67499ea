/* csrc/kernels_vec128.c - the kernels for 128-bit SIMD vectors, 4 lanes: SSE2, which every x86-64
 * CPU has, and NEON, which every 64-bit Arm CPU has. So no check is needed at run time.
 *
 * kernels_simd.h documents the functions that it needs. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))

#define LANES 4
typedef float vec __attribute__((vector_size(4 * LANES)));

/* Not by memcpy: a call would spill all vector registers. */
static inline vec load_head(const float *p, int n) {
    return (vec){n > 0 ? p[0] : 0.0f, n > 1 ? p[1] : 0.0f, n > 2 ? p[2] : 0.0f, 0.0f};
}

static inline void store_head(float *p, vec v, int n) {
    if (n > 0) p[0] = v[0];
    if (n > 1) p[1] = v[1];
    if (n > 2) p[2] = v[2];
}

/* Comparisons with NaN are false, so NaN is kept. */
static inline vec clamp(vec v, float limit) {
    typedef int32_t mask __attribute__((vector_size(4 * LANES)));
    const vec upper = limit - (vec){0}, lower = -upper;
    mask above = v > upper, below = v < lower;
    return (vec)((above & (mask)upper) | (below & (mask)lower) | (~(above | below) & (mask)v));
}

static inline vec load_bytes(const uint8_t *p) {
    typedef uint8_t four_bytes __attribute__((vector_size(4)));
    four_bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, vec);
}

static inline void store_sums(float *p, vec a, vec b, vec c, vec d) {
    const vec v[4] = {a, b, c, d};
    for (int j = 0; j < 4; j++) p[j] = (v[j][0] + v[j][2]) + (v[j][1] + v[j][3]);
}

#include "kernels_simd.h"

static const cw2v_kernels table = KERNELS("vec128");
const cw2v_kernels *const cw2v_kernels_vec128 = &table;

#else
const cw2v_kernels *const cw2v_kernels_vec128 = NULL;
#endif
