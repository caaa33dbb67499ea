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

/* Used twice, a value just loaded would otherwise be read from memory twice, as an operand. */
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

/* The first n of a vector, or all of it. */
INLINE vec load_part(const float *p, int n) { return n == LANES ? load(p) : load_head(p, n); }

INLINE void store_part(float *p, vec v, int n) {
    if (n == LANES) store(p, v);
    else store_head(p, v, n);
}

/* Call f(n, ...) for the n floats that are left from k on, fewer than LANES. So often are they
 * LANES / 2 that the compiler should know. */
#define WITH_REST(k, dim, f, ...)                                                                \
    {                                                                                            \
        int rest = (int)((dim) - (k));                                                           \
        if (rest == LANES / 2) f(LANES / 2, __VA_ARGS__);                                        \
        else if (rest > 0 && rest < LANES) f(rest, __VA_ARGS__);                                 \
    }

INLINE vec splat(float a) { return a - (vec){0}; }

INLINE vec blend(vec_i mask, vec a, vec b) {
    return (vec)((mask & (vec_i)a) | (~mask & (vec_i)b));
}

#include "kernels_logistic.h"

/* ---- tiles ------------------------------------------------------------------------------ */

enum { TILE_X = 3, TILE_Y = 8, TILE_SUMS = 12 };

/* How many of n rows to take at a time: at most TILE_Y, and all tiles about alike. */
INLINE int tile_of(int n) {
    int tiles = (n + TILE_Y - 1) / TILE_Y;
    return (n + tiles - 1) / tiles;
}

/* Call f(n, ...) so that the compiler knows n, from 1 to TILE_Y. */
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

/* ---- products of rows --------------------------------------------------------------------- */

/* At most 12 sums, which with their operands fit in 16 registers. Writes a whole number of
 * four to each row of s. */
INLINE void add_products(int n, const int n_x, const int n_y, const float *const *x,
                         const float *const *y, ptrdiff_t k, vec sum[TILE_X][TILE_Y]) {
    vec a[TILE_X];
    UNROLL for (int i = 0; i < n_x; i++) a[i] = load_part(x[i] + k, n);
    UNROLL for (int j = 0; j < n_y; j++) {
        vec b = load_part(y[j] + k, n);
        if (n_x > 1) KEEP_IN_REGISTER(b);
        UNROLL for (int i = 0; i < n_x; i++) sum[i][j] += a[i] * b;
    }
}

INLINE void dot_tile(const int n_x, const int n_y, const float *const *x, const float *const *y,
                     ptrdiff_t dim, float *s, int stride) {
    vec sum[TILE_X][TILE_Y], more[TILE_X][TILE_Y];
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j++) sum[i][j] = more[i][j] = splat(0.0f);
    }
    ptrdiff_t k = 0;
    if (n_x * n_y <= TILE_SUMS / 2) { /* so few that each would wait for what it was before */
        for (; k + 2 * LANES <= dim; k += 2 * LANES) {
            add_products(LANES, n_x, n_y, x, y, k, sum);
            add_products(LANES, n_x, n_y, x, y, k + LANES, more);
        }
        UNROLL for (int i = 0; i < n_x; i++) {
            UNROLL for (int j = 0; j < n_y; j++) sum[i][j] += more[i][j];
        }
    }
    for (; k + LANES <= dim; k += LANES) add_products(LANES, n_x, n_y, x, y, k, sum);
    WITH_REST(k, dim, add_products, n_x, n_y, x, y, k, sum)
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j += 4) {
            const int last = n_y - 1; /* what is stored past it is ignored */
            store_sums(s + i * stride + j, sum[i][j], sum[i][j + 1 < last ? j + 1 : last],
                       sum[i][j + 2 < last ? j + 2 : last], sum[i][j + 3 < last ? j + 3 : last]);
        }
    }
}

/* n_x rows of x, at most 3, and n_y of y, in one tile or two. */
INLINE void dot_rows(const int n_x, const int n_y, const float *const *x, const float *const *y,
                     ptrdiff_t dim, float *s, int stride) {
    const int first = n_x * n_y <= TILE_SUMS ? n_y : (n_y + 1) / 2;
    dot_tile(n_x, first, x, y, dim, s, stride);
    if (first < n_y) dot_tile(n_x, n_y - first, x, y + first, dim, s + first, stride);
}

INLINE void dot_columns(const int n_y, const float *const *x, int n_x, const float *const *y,
                        ptrdiff_t dim, float *s, int stride) {
    const int most = n_y == 5 || n_y == 6 ? 2 : TILE_X;
    for (; n_x >= most; n_x -= most, x += most, s += most * stride) {
        dot_rows(most, n_y, x, y, dim, s, stride);
    }
    for (; n_x >= 2; n_x -= 2, x += 2, s += 2 * stride) dot_rows(2, n_y, x, y, dim, s, stride);
    for (; n_x >= 1; n_x--, x++, s += stride) dot_rows(1, n_y, x, y, dim, s, stride);
}

static void dots(const float *const *x, int n_x, const float *const *y, int n_y, ptrdiff_t dim,
                 float *s) {
    int stride = cw2v_row_stride(n_y), tile = tile_of(n_y);
    /* Up to three floats are stored past a tile; the next tile, if any, comes later. */
    for (; n_y > 0; n_y -= tile, y += tile, s += tile) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, dot_columns, x, n_x, y, dim, s, stride)
    }
}

/* ---- sums of rows -------------------------------------------------------------------------- */

/* Vectors of a row that stay in registers while the rows pass by: all of it if they fit, because how
 * many rows pass is hard to foretell, and each time that they have, the CPU may have guessed wrong. */
enum { TILE_K = 12 };

/* Call f(n, 0, ..., k) for n vectors of columns at a time, from column k on. If half a vector is
 * all that is left then, f(n, LANES / 2, ..., k) takes it along. */
#define WITH_VECTORS(n, dim, f, ...)                                                             \
    for (; k + (n) * LANES <= (dim); k += (n) * LANES) {                                         \
        if ((dim) - k == (n) * LANES + LANES / 2) {                                              \
            f(n, LANES / 2, __VA_ARGS__, k);                                                     \
            k = (dim);                                                                           \
            break;                                                                               \
        }                                                                                        \
        f(n, 0, __VA_ARGS__, k);                                                                 \
    }

#define WITH_COLUMNS(dim, f, ...)                                                                \
    {                                                                                            \
        ptrdiff_t k = 0;                                                                         \
        WITH_VECTORS(TILE_K, dim, f, __VA_ARGS__)                                                \
        WITH_VECTORS(TILE_K / 2, dim, f, __VA_ARGS__)                                            \
        WITH_VECTORS(TILE_K / 4, dim, f, __VA_ARGS__)                                            \
        WITH_VECTORS(1, dim, f, __VA_ARGS__)                                                     \
        if (k < (dim)) f(0, (int)((dim) - k), __VA_ARGS__, k);                                   \
    }

INLINE void sum_columns(const int n_vectors, const int rest, const float *const *x, int n,
                        float scale, float *sum, ptrdiff_t k) {
    vec total[TILE_K + 1];
    UNROLL for (int v = 0; v <= n_vectors; v++) total[v] = splat(0.0f);
    for (int i = 0; i < n; i++) {
        const float *row = x[i] + k;
        UNROLL for (int v = 0; v < n_vectors; v++) total[v] += load(row + v * LANES);
        if (rest > 0) total[n_vectors] += load_head(row + n_vectors * LANES, rest);
    }
    sum += k;
    UNROLL for (int v = 0; v < n_vectors; v++) store(sum + v * LANES, scale * total[v]);
    if (rest > 0) store_head(sum + n_vectors * LANES, scale * total[n_vectors], rest);
}

static void sum_rows(const float *const *x, int n, ptrdiff_t dim, float scale, float *sum) {
    WITH_COLUMNS(dim, sum_columns, x, n, scale, sum)
}

INLINE void add_columns(const int n_vectors, const int rest, float *const *x, int n, float scale,
                        const float *step, ptrdiff_t k) {
    vec more[TILE_K + 1];
    step += k;
    UNROLL for (int v = 0; v < n_vectors; v++) more[v] = scale * load(step + v * LANES);
    if (rest > 0) more[n_vectors] = scale * load_head(step + n_vectors * LANES, rest);
    for (int i = 0; i < n; i++) {
        float *row = x[i] + k, *end = row + n_vectors * LANES;
        UNROLL for (int v = 0; v < n_vectors; v++) {
            store(row + v * LANES, load(row + v * LANES) + more[v]);
        }
        if (rest > 0) store_head(end, load_head(end, rest) + more[n_vectors], rest);
    }
}

static void add_to_rows(float *const *x, int n, ptrdiff_t dim, float scale, const float *step) {
    WITH_COLUMNS(dim, add_columns, x, n, scale, step)
}

/* ---- asking for rows ------------------------------------------------------------------- */

/* Four lines at a time, the last four of a row perhaps again: a CPU that two threads share may need
 * four cycles for each turn of a loop. */
enum { LINE = 64, LINES = 4 };

INLINE void prefetch_lines(const char *row, ptrdiff_t size) {
    /* Where the first line begins, of which the row may have but the end, and the last. */
    const char *line = row - ((uintptr_t)row & (LINE - 1));
    const char *last = row + size - 1 - ((uintptr_t)(row + size - 1) & (LINE - 1));
    const char *last_four = last - (LINES - 1) * LINE;
    if (last_four < line) {
        for (; line <= last; line += LINE) __builtin_prefetch(line, 1, 3);
        return;
    }
    for (;; line += LINES * LINE) {
        if (line > last_four) line = last_four;
        UNROLL for (int l = 0; l < LINES; l++) __builtin_prefetch(line + l * LINE, 1, 3);
        if (line == last_four) return;
    }
}

static void prefetch_rows(const cw2v_matrix *matrix, const uint32_t *rows, int shift, int n,
                          ptrdiff_t dim) {
    const float *shared = matrix->shared;
    if (matrix->n_own == 0) {
        for (int i = 0; i < n; i++) {
            prefetch_lines((const char *)(shared + (ptrdiff_t)(rows[i] >> shift) * dim), 4 * dim);
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        prefetch_lines((const char *)cw2v_row(matrix, rows[i] >> shift, dim), 4 * dim);
    }
}

static void prefetch(const cw2v_soon *soon, ptrdiff_t dim) {
    for (int i = 0; i < soon->n; i++) prefetch_lines((const char *)soon->rows[i], 4 * dim);
}

/* A few of them, for which an update asks on its way along the columns; fewer, and the others are
 * one that is in the cache. */
enum { FEW_SOON = 4 };

typedef struct {
    const float *rows[FEW_SOON];
} few_soon;

INLINE few_soon few_of(const cw2v_soon *soon, const float *other) {
    few_soon few;
    UNROLL for (int i = 0; i < FEW_SOON; i++) few.rows[i] = i < soon->n ? soon->rows[i] : other;
    return few;
}

/* Ask for the line of column k: of all the few by turns, while k goes through the columns of one
 * line. `prefetch_ends` is for the last two lines of each row, which k may not have come to. */
INLINE void prefetch_along(const few_soon *few, ptrdiff_t k) {
    enum { TURNS = LINE / (4 * LANES), EACH = FEW_SOON / TURNS };
    const int turn = (int)(k / LANES) & (TURNS - 1);
    UNROLL for (int i = 0; i < EACH; i++) {
        __builtin_prefetch(few->rows[turn * EACH + i] + k - turn * LANES, 1, 3);
    }
}

INLINE void prefetch_ends(const few_soon *few, ptrdiff_t dim) {
    const ptrdiff_t last = dim - 1, last_but_one = last < LINE / 4 ? 0 : last - LINE / 4;
    UNROLL for (int i = 0; i < FEW_SOON; i++) {
        __builtin_prefetch(few->rows[i] + last_but_one, 1, 3);
        __builtin_prefetch(few->rows[i] + last, 1, 3);
    }
}

/* ---- the update ----------------------------------------------------------------------- */

/* Up to 8 rows of one side are held in registers, old and new, while the rows of the other
 * side pass by: each broadcast error serves two multiply-adds. The error of held row j and
 * passing row i is g[i * pass_stride + j * hold_stride]. */
typedef struct {
    float *const *hold;
    float *const *pass;           /* to these the step is added, */
    const float *const *old_pass; /* and this is what the passing rows were before */
    int n_pass;
    const float *g;
    int hold_stride, pass_stride;
    const few_soon *soon; /* if it prefetches */
} update_job;

/* The sum of a passing row is a chain of multiply-adds, of which more than 3 are cut in two. Few held
 * rows leave registers for twice the columns, so that there are enough chains, and each broadcast
 * error serves four multiply-adds. */
enum { FEW = 3, WIDE = 2 };

enum {
    IN_PLACE, /* the two lists above are the same */
    APART     /* they are not */
};

/* `wide` vectors of columns from k on, n floats of each. */
INLINE void update_columns(int n, const int wide, const int n_hold, const int how,
                           const update_job *job, ptrdiff_t k) {
    vec old[TILE_Y * WIDE], new[TILE_Y * WIDE];
    UNROLL for (int j = 0; j < n_hold; j++) {
        UNROLL for (int v = 0; v < wide; v++) {
            old[j * wide + v] = new[j * wide + v] = load_part(job->hold[j] + k + v * LANES, n);
        }
    }
    for (int i = 0; i < job->n_pass; i++) {
        const float *old_row = job->old_pass[i] + k;
        float *row = job->pass[i] + k;
        vec a[WIDE], b[WIDE], c[WIDE];
        UNROLL for (int v = 0; v < wide; v++) {
            a[v] = b[v] = load_part(old_row + v * LANES, n);
            if (how == APART) b[v] = load_part(row + v * LANES, n);
            c[v] = splat(0.0f);
        }
        const float *g = job->g + (ptrdiff_t)i * job->pass_stride;
        UNROLL for (int j = 0; j < n_hold; j++) {
            vec error = splat(g[j * job->hold_stride]);
            UNROLL for (int v = 0; v < wide; v++) {
                new[j * wide + v] += error * a[v];
                if (n_hold > FEW && (j & 1)) c[v] += error * old[j * wide + v];
                else b[v] += error * old[j * wide + v];
            }
        }
        UNROLL for (int v = 0; v < wide; v++) {
            if (n_hold > FEW) b[v] += c[v];
            store_part(row + v * LANES, b[v], n);
        }
    }
    UNROLL for (int j = 0; j < n_hold; j++) {
        UNROLL for (int v = 0; v < wide; v++) {
            store_part(job->hold[j] + k + v * LANES, new[j * wide + v], n);
        }
    }
}

INLINE void update_tile(const int n_hold, const int how, const int prefetching,
                        const update_job *job, ptrdiff_t dim) {
    ptrdiff_t k = 0;
    if (n_hold <= FEW) {
        for (; k + WIDE * LANES <= dim; k += WIDE * LANES) {
            UNROLL for (int v = 0; prefetching && v < WIDE; v++) {
                prefetch_along(job->soon, k + v * LANES);
            }
            update_columns(LANES, WIDE, n_hold, how, job, k);
        }
    }
    for (; k + LANES <= dim; k += LANES) {
        if (prefetching) prefetch_along(job->soon, k);
        update_columns(LANES, 1, n_hold, how, job, k);
    }
    if (prefetching) prefetch_ends(job->soon, dim);
    WITH_REST(k, dim, update_columns, 1, n_hold, how, job, k)
}

/* All of it inlined: the compiler is to know that the errors of held rows are side by side. */
INLINE void hold_y(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, const int prefetching, const few_soon *soon) {
    update_job job = {y, x, (const float *const *)x, n_x, g, 1, cw2v_row_stride(n_y), soon};
    WITH_CONSTANT(n_y, update_tile, IN_PLACE, prefetching, &job, dim)
}

INLINE void hold_x(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, const int prefetching, const few_soon *soon) {
    update_job job = {x, y, (const float *const *)y, n_y, g, cw2v_row_stride(n_y), 1, soon};
    WITH_CONSTANT(n_x, update_tile, IN_PLACE, prefetching, &job, dim)
}

/* Update in one tile, if all rows of one side can be held. */
INLINE int update_in_one(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                         const float *g, const int prefetching, const few_soon *soon) {
    /* With 7 or 8, not all that is old stays in 16 registers. */
    if (n_y <= 6 || (n_y <= TILE_Y && n_x > 6)) {
        hold_y(x, n_x, y, n_y, dim, g, prefetching, soon);
        return 1;
    }
    if (n_x <= TILE_Y) {
        hold_x(x, n_x, y, n_y, dim, g, prefetching, soon);
        return 1;
    }
    return 0;
}

/* One row h, whose errors stay in registers: n columns from k on of
 * step = g Y, added to what is there unless `first`, and Y += g^T h. */
INLINE void update_one_columns(int n, const int n_y, int first, const float *h,
                               float *const *y, const vec *error, float *step, ptrdiff_t k) {
    vec a = load_part(h + k, n);
    vec sum = splat(0.0f);
    if (!first) sum = load_part(step + k, n);
    UNROLL for (int j = 0; j < n_y; j++) {
        vec b = load_part(y[j] + k, n);
        KEEP_IN_REGISTER(b);
        sum += error[j] * b;
        b += error[j] * a;
        store_part(y[j] + k, b, n);
    }
    store_part(step + k, sum, n);
}

INLINE void update_one_tile(const int n_y, int first, const float *h, float *const *y,
                            ptrdiff_t dim, const float *g, float *step) {
    vec error[TILE_Y];
    float *rows[TILE_Y];
    UNROLL for (int j = 0; j < n_y; j++) {
        error[j] = splat(g[j]);
        rows[j] = y[j];
    }
    ptrdiff_t k = 0;
    for (; k + LANES <= dim; k += LANES) {
        update_one_columns(LANES, n_y, first, h, rows, error, step, k);
    }
    WITH_REST(k, dim, update_one_columns, n_y, first, h, rows, error, step, k)
}

static void update_apart(const float *h, float *const *y, int n_y, ptrdiff_t dim, const float *g,
                         float *step) {
    int first = 1;
    for (int tile = tile_of(n_y); n_y > 0; n_y -= tile, y += tile, g += tile, first = 0) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, update_one_tile, first, h, y, dim, g, step)
    }
}

static void update(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, float *spare) {
    if (n_x == 1) {
        update_apart(x[0], y, n_y, dim, g, spare);
        add_to_rows(x, 1, dim, 1.0f, spare);
        return;
    }
    if (update_in_one(x, n_x, y, n_y, dim, g, 0, NULL)) return;
    /* Several tiles of y: the first would change the rows of x that the next must see. */
    const float *copies[CW2V_X_MAX];
    for (int i = 0; i < n_x; i++) {
        copies[i] = memcpy(spare + i * dim, x[i], (size_t)dim * sizeof(float));
    }
    update_job job = {y, x, copies, n_x, g, 1, cw2v_row_stride(n_y), NULL};
    for (int tile = tile_of(n_y); n_y > 0; n_y -= tile, job.hold += tile, job.g += tile) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, update_tile, APART, 0, &job, dim)
    }
}

static void update_prefetching(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                               const float *g, float *spare, const cw2v_soon *soon) {
    if (n_x == 1 || (n_x > TILE_Y && n_y > TILE_Y)) { /* not in one tile */
        prefetch(soon, dim);
        update(x, n_x, y, n_y, dim, g, spare);
        return;
    }
    few_soon few = few_of(soon, x[0]);
    for (int i = FEW_SOON; i < soon->n; i++) {
        prefetch_lines((const char *)soon->rows[i], 4 * dim);
    }
    update_in_one(x, n_x, y, n_y, dim, g, 1, &few);
}

/* The table of them all. */
#define KERNELS(cpu)                                                                             \
    {                                                                                            \
        .name = (cpu), .dots = dots, .logistic_error = logistic_error,                           \
        .logistic_loss = logistic_loss, .update = update,                                        \
        .update_prefetching = update_prefetching, .update_apart = update_apart,                  \
        .sum_rows = sum_rows, .add_to_rows = add_to_rows, .prefetch_rows = prefetch_rows,        \
        .prefetch = prefetch                                                                     \
    }
