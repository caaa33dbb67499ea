/* csrc/kernels_avx512.c - the kernels for x86-64 CPUs with AVX-512 (F, and DQ's and VL's
 * kin that all of them since 2017 have). */

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

/* The sums of the lanes of a, b, c, d, in halves: the lower of a to d, then the upper. */
static inline __m256 half_sums(vec a, vec b, vec c, vec d) {
    __m256 ab = _mm256_hadd_ps(fold(a), fold(b));
    __m256 cd = _mm256_hadd_ps(fold(c), fold(d));
    return _mm256_hadd_ps(ab, cd);
}

enum { SUMS = 8 };

static inline vec sums(const vec *v) {
    __m256 first = half_sums(v[0], v[1], v[2], v[3]);
    __m256 second = half_sums(v[4], v[5], v[6], v[7]);
    __m256 lower = _mm256_permute2f128_ps(first, second, 0x20);
    __m256 upper = _mm256_permute2f128_ps(first, second, 0x31);
    return (vec)_mm512_zextps256_ps512(_mm256_add_ps(lower, upper));
}

#include "kernels_simd.h"

TARGET_END

static const cw2v_kernels table = KERNELS("avx512");
const cw2v_kernels *const cw2v_kernels_avx512 = &table;

#else
const cw2v_kernels *const cw2v_kernels_avx512 = NULL;
#endif
