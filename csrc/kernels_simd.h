/* csrc/kernels_simd.h - the kernels for SIMD vectors of any number of lanes.
 *
 * A template rather than a header: each kernels_<cpu>.c includes it once, between TARGET_BEGIN and
 * TARGET_END, after including math.h, stdint.h and string.h and defining
 *
 *     LANES, vec                    floats in a vector (4, 8 or 16); the vector type
 *     load_head(p, n)               load p[0] to p[n - 1], n < LANES; the other lanes are 0
 *     store_head(p, v, n)           store the first n < LANES lanes, and nothing else
 *     clamp(v, limit)               each lane limited to [-limit, limit]; NaN stays NaN
 *     load_bytes(p)                 the first min(LANES, 8) bytes as floats; the other lanes are 0
 *     store_sums(p, a, b, c, d)     the horizontal sums of a, b, c and d, to p[0] to p[3]
 *
 * Arithmetic uses the vector extensions of GCC and Clang. a * b + c becomes one fused multiply-add
 * where the CPU has one (-ffp-contract=fast). */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* Keeps the compiler from making a load that is used twice a memory operand of both uses, which
 * would read memory twice. */
#if defined(__x86_64__)
#define KEEP_IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define KEEP_IN_REGISTER(v) __asm__("" : "+w"(v))
#endif

typedef int32_t vec_i __attribute__((vector_size(4 * LANES)));
typedef uint32_t vec_u __attribute__((vector_size(4 * LANES)));

/* Unaligned loads and stores of LANES floats. */
INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

/* The same of the first n <= LANES floats; a constant n == LANES costs nothing. */
INLINE vec load_part(const float *p, int n) { return n == LANES ? load(p) : load_head(p, n); }

INLINE void store_part(float *p, vec v, int n) {
    if (n == LANES) store(p, v);
    else store_head(p, v, n);
}

/* The remainder of a loop over vectors: call f(n, ...) for the last n = dim - k < LANES columns, if
 * any. n = LANES / 2 (dim = 100 with 8 lanes, 200 with 16) is a case of its own, because a constant
 * is faster. */
#define WITH_TAIL(k, dim, f, ...)                                                                \
    {                                                                                            \
        int tail = (int)((dim) - (k));                                                           \
        if (tail == LANES / 2) f(LANES / 2, __VA_ARGS__);                                        \
        else if (tail > 0 && tail < LANES) f(tail, __VA_ARGS__);                                 \
    }

/* All lanes a; minus 0 rather than plus, which would change -0. */
INLINE vec splat(float a) { return a - (vec){0}; }

/* Lane by lane: a where the mask is all ones, b where it is all zeros. */
INLINE vec blend(vec_i mask, vec a, vec b) {
    return (vec)((mask & (vec_i)a) | (~mask & (vec_i)b));
}

/* ---- tiles ------------------------------------------------------------------------------ */

/* Register tiles: most rows of x and of y in a tile, and most accumulators of dot products. */
enum { TILE_X = 3, TILE_Y = 8, ACCUMULATORS = 12 };

/* Rows per tile if n >= 1 rows are divided into the fewest tiles of at most TILE_Y, evenly. */
INLINE int tile_size(int n) {
    int tiles = (n + TILE_Y - 1) / TILE_Y;
    return (n + tiles - 1) / tiles;
}

/* Call f(n, ...), specialized for each n from 1 to TILE_Y, so that loops over n unroll. */
#define WITH_CONSTANT(n, f, ...)                                                                 \
    switch (n) {                                                                                 \
    case 1: f(1, __VA_ARGS__); break;                                                            \
    case 2: f(2, __VA_ARGS__); break;                                                            \
    case 3: f(3, __VA_ARGS__); break;                                                            \
    case 4: f(4, __VA_ARGS__); break;                                                            \
    case 5: f(5, __VA_ARGS__); break;                                                            \
    case 6: f(6, __VA_ARGS__); break;                                                            \
    case 7: f(7, __VA_ARGS__); break;                                                            \
    case 8: f(8, __VA_ARGS__); break;                                                            \
    }

#include "kernels_dots.h"
#include "kernels_logistic.h"
#include "kernels_rows.h"
#include "kernels_update.h"

/* The table of the functions above. */
#define KERNELS(cpu)                                                                             \
    {                                                                                            \
        .name = (cpu), .dots = dots, .logistic_error = logistic_error,                           \
        .logistic_loss = logistic_loss, .update = update, .update_apart = update_apart,          \
        .sum_rows = sum_rows, .add_to_rows = add_to_rows, .prefetch_rows = prefetch_rows,        \
        .prefetch_list = prefetch_list, .merge_rows = merge_rows                                 \
    }
