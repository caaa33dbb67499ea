/* csrc/kernels_avx512.c - the kernels for x86-64 CPUs with AVX-512 F, VL, DQ and BW, which server
 * CPUs have had since 2017. */

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

static inline __mmask16 head_mask(int n) { return (__mmask16)((1u << n) - 1); }

static inline vec load_head(const float *p, int n) {
    return (vec)_mm512_maskz_loadu_ps(head_mask(n), p);
}

static inline void store_head(float *p, vec v, int n) {
    _mm512_mask_storeu_ps(p, head_mask(n), (__m512)v);
}

/* Fold 512 bits to 256, then as in kernels_avx2.c. */
static inline __m256 fold(vec v) {
    __m256 lower = _mm512_castps512_ps256((__m512)v);
    return _mm256_add_ps(lower, _mm512_extractf32x8_ps((__m512)v, 1));
}

/* min and max return their second operand if one is NaN: so NaN stays. */
static inline vec clamp(vec v, float most) {
    __m512 not_above = _mm512_min_ps(_mm512_set1_ps(most), (__m512)v);
    return (vec)_mm512_max_ps(_mm512_set1_ps(-most), not_above);
}

static inline vec load_bytes(const uint8_t *p) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)p); /* the upper half is zero */
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

static inline void store_sums(float *p, vec a, vec b, vec c, vec d) {
    __m256 ab = _mm256_hadd_ps(fold(a), fold(b));
    __m256 cd = _mm256_hadd_ps(fold(c), fold(d));
    __m256 halves = _mm256_hadd_ps(ab, cd); /* of the lower four lanes, then of the upper */
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
