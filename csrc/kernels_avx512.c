/* csrc/kernels_avx512.c - the kernels for x86-64 CPUs with AVX-512 F, VL, DQ and BW (Intel's server
 * CPUs since Skylake-SP, AMD's since Zen 4): 16 SIMD lanes.
 *
 * kernels_simd.h documents the functions that it needs. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "target.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

TARGET_BEGIN("avx512f,avx512vl,avx512dq,avx512bw,fma,prfchw")

#define LANES 16
typedef float vec __attribute__((vector_size(4 * LANES)));

/* The mask of the first n lanes. */
static inline __mmask16 head_mask(int n) { return (__mmask16)((1u << n) - 1); }

static inline vec load_head(const float *p, int n) {
    return (vec)_mm512_maskz_loadu_ps(head_mask(n), p);
}

static inline void store_head(float *p, vec v, int n) {
    _mm512_mask_storeu_ps(p, head_mask(n), (__m512)v);
}

/* Add the upper 8 lanes to the lower 8. */
static inline __m256 fold(vec v) {
    __m256 lower = _mm512_castps512_ps256((__m512)v);
    return _mm256_add_ps(lower, _mm512_extractf32x8_ps((__m512)v, 1));
}

/* min and max return their second operand if either is NaN, so NaN is kept. */
static inline vec clamp(vec v, float limit) {
    __m512 not_above = _mm512_min_ps(_mm512_set1_ps(limit), (__m512)v);
    return (vec)_mm512_max_ps(_mm512_set1_ps(-limit), not_above);
}

static inline vec load_bytes(const uint8_t *p) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)p); /* 8 bytes, then zeros */
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

static inline void store_sums(float *p, vec a, vec b, vec c, vec d) {
    __m256 ab = _mm256_hadd_ps(fold(a), fold(b));
    __m256 cd = _mm256_hadd_ps(fold(c), fold(d));
    __m256 halves = _mm256_hadd_ps(ab, cd); /* sums of lanes 0 to 3, then of 4 to 7 */
    _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(halves),
                                _mm256_extractf128_ps(halves, 1)));
}

#include "kernels_simd.h"

TARGET_END

static const cw2v_kernels table = KERNELS("avx512");
const cw2v_kernels *const cw2v_kernels_avx512 = &table;

#else
const cw2v_kernels *const cw2v_kernels_avx512 = NULL;
#endif
