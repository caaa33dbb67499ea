/* csrc/kernels_simd.h - the kernels written once for vectors of LANES floats.
 *
 * Not a header in the usual sense: each kernels_<cpu>.c includes it once, inside its
 * target pragma, after including math.h, stdint.h and string.h and defining
 *
 *     LANES, vec                    floats in a vector: 4, 8 or 16; the vector type
 *     load_head(p, n)               the first n < LANES floats at p, zeros behind them
 *     store_head(p, v, n)           the first n < LANES floats of v, nothing behind them
 *     clamp(v, most)                v, but between -most and most; NaN stays NaN
 *     load_bytes(p)                 the bytes at p, LANES of them or 8, as floats; then zeros
 *     store_sums(p, a, b, c, d)     the sums of the lanes of four vectors, to p[0] to p[3]
 *
 * The arithmetic is GCC's and Clang's vector extension; a * b + c becomes one fused
 * multiply-add where the CPU has it (-ffp-contract=fast). */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* Else the compiler may fold a load that is used twice into both uses, and read memory twice. */
#if defined(__x86_64__)
#define KEEP_IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define KEEP_IN_REGISTER(v) __asm__("" : "+w"(v))
#endif

typedef int32_t vec_i __attribute__((vector_size(4 * LANES)));
typedef uint32_t vec_u __attribute__((vector_size(4 * LANES)));

INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

/* The first n floats of a vector; all of it where n is LANES. */
INLINE vec load_part(const float *p, int n) { return n == LANES ? load(p) : load_head(p, n); }

INLINE void store_part(float *p, vec v, int n) {
    if (n == LANES) store(p, v);
    else store_head(p, v, n);
}

/* Call f(n, ...) for the tail: the n < LANES floats from k on. The frequent case of LANES / 2 is
 * compiled for itself. */
#define WITH_TAIL(k, dim, f, ...)                                                                \
    {                                                                                            \
        int tail = (int)((dim) - (k));                                                           \
        if (tail == LANES / 2) f(LANES / 2, __VA_ARGS__);                                        \
        else if (tail > 0 && tail < LANES) f(tail, __VA_ARGS__);                                 \
    }

INLINE vec splat(float a) { return a - (vec){0}; }

INLINE vec blend(vec_i mask, vec a, vec b) {
    return (vec)((mask & (vec_i)a) | (~mask & (vec_i)b));
}

/* ---- tiles ------------------------------------------------------------------------------ */

enum { TILE_X = 3, TILE_Y = 8, TILE_SUMS = 12 };

/* The rows of a tile, where n rows are cut into tiles of about the same size, at most TILE_Y. */
INLINE int tile_of(int n) {
    int tiles = (n + TILE_Y - 1) / TILE_Y;
    return (n + tiles - 1) / tiles;
}

/* Call f(n, ...) with n, from 1 to TILE_Y, as a compile-time constant. */
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

#define KERNELS(cpu)                                                                             \
    {                                                                                            \
        .name = (cpu), .dots = dots, .logistic_error = logistic_error,                           \
        .logistic_loss = logistic_loss, .update = update, .update_apart = update_apart,          \
        .sum_rows = sum_rows, .add_to_rows = add_to_rows, .prefetch_rows = prefetch_rows,        \
        .prefetch_list = prefetch_list                                                           \
    }
