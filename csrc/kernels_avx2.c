/* csrc/kernels_avx2.c - the kernels for x86-64 CPUs with AVX2 and FMA: 8 SIMD lanes.
 *
 * kernels_simd.h documents the functions that it needs. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "target.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

TARGET_BEGIN("avx2,fma,prfchw")

#define LANES 8
typedef float vec __attribute__((vector_size(4 * LANES)));

/* Half a vector, the usual remainder, needs no mask. */
static inline __attribute__((always_inline)) vec load_head(const float *p, int n) {
    if (__builtin_constant_p(n) && n == 4) return (vec)_mm256_zextps128_ps256(_mm_loadu_ps(p));
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (vec)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
}

/* Not by maskstore, which takes some 40 micro-operations on AMD's Zen. */
static inline __attribute__((always_inline)) void store_head(float *p, vec v, int n) {
    __m128 part = _mm256_castps256_ps128((__m256)v);
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, part);
}

/* min and max return their second operand if either is NaN, so NaN is kept. */
static inline vec clamp(vec v, float limit) {
    __m256 not_above = _mm256_min_ps(_mm256_set1_ps(limit), (__m256)v);
    return (vec)_mm256_max_ps(_mm256_set1_ps(-limit), not_above);
}

static inline vec load_bytes(const uint8_t *p) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)p);
    return (vec)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

static inline void store_sums(float *p, vec a, vec b, vec c, vec d) {
    /* [a0 + a2, a1 + a3, b0 + b2, b1 + b3] in each 128-bit half; hadd would shuffle twice */
    __m256 ab = _mm256_add_ps(_mm256_blend_ps((__m256)a, (__m256)b, 0xcc),
                              _mm256_shuffle_ps((__m256)a, (__m256)b, 0x4e));
    __m256 cd = _mm256_add_ps(_mm256_blend_ps((__m256)c, (__m256)d, 0xcc),
                              _mm256_shuffle_ps((__m256)c, (__m256)d, 0x4e));
    __m256 halves = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x88), _mm256_shuffle_ps(ab, cd, 0xdd));
    _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(halves),
                                _mm256_extractf128_ps(halves, 1)));
}

#include "kernels_simd.h"

TARGET_END

static const cw2v_kernels table = KERNELS("avx2");
const cw2v_kernels *const cw2v_kernels_avx2 = &table;

#else
const cw2v_kernels *const cw2v_kernels_avx2 = NULL;
#endif
