/* csrc/kernels_rows.h - sums of rows, one row added to many, and prefetching.
 *
 * A part of kernels_simd.h, which includes it where vectors are defined. */

/* Vectors of columns that are held in registers while all rows are read: as many as fit, because
 * the end of each pass over the rows may be mispredicted. */
enum { TILE_K = 12 };

/* Call f(n, 0, ..., k) for n vectors of columns at a time, from column k on. If then only half a
 * vector remains, f(n, LANES / 2, ..., k) includes it. */
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

INLINE void sum_columns(const int n_vectors, const int tail, const float *const *x, int n,
                        float scale, float *sum, ptrdiff_t k) {
    vec total[TILE_K + 1];
    UNROLL for (int v = 0; v <= n_vectors; v++) total[v] = splat(0.0f);
    for (int i = 0; i < n; i++) {
        const float *row = x[i] + k;
        UNROLL for (int v = 0; v < n_vectors; v++) total[v] += load(row + v * LANES);
        if (tail > 0) total[n_vectors] += load_head(row + n_vectors * LANES, tail);
    }
    sum += k;
    UNROLL for (int v = 0; v < n_vectors; v++) store(sum + v * LANES, scale * total[v]);
    if (tail > 0) store_head(sum + n_vectors * LANES, scale * total[n_vectors], tail);
}

static void sum_rows(const float *const *x, int n, ptrdiff_t dim, float scale, float *sum) {
    WITH_COLUMNS(dim, sum_columns, x, n, scale, sum)
}

INLINE void add_columns(const int n_vectors, const int tail, float *const *x, int n, float scale,
                        const float *step, ptrdiff_t k) {
    vec more[TILE_K + 1];
    step += k;
    UNROLL for (int v = 0; v < n_vectors; v++) more[v] = scale * load(step + v * LANES);
    if (tail > 0) more[n_vectors] = scale * load_head(step + n_vectors * LANES, tail);
    for (int i = 0; i < n; i++) {
        float *row = x[i] + k, *end = row + n_vectors * LANES;
        UNROLL for (int v = 0; v < n_vectors; v++) {
            store(row + v * LANES, load(row + v * LANES) + more[v]);
        }
        if (tail > 0) store_head(end, load_head(end, tail) + more[n_vectors], tail);
    }
}

static void add_to_rows(float *const *x, int n, ptrdiff_t dim, float scale, const float *step) {
    WITH_COLUMNS(dim, add_columns, x, n, scale, step)
}

/* ---- prefetching --------------------------------------------------------------------------- */

/* Four lines in each iteration, the last of which may overlap the one before: on a CPU that two
 * threads share, an iteration may take four cycles. */
enum { LINE = 64, LINES = 4 };

INLINE void prefetch_lines(const char *row, ptrdiff_t size) {
    /* The cache lines of the first and the last byte of the row. */
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
    if (matrix->n_local == 0) {
        for (int i = 0; i < n; i++) {
            prefetch_lines((const char *)(shared + (ptrdiff_t)(rows[i] >> shift) * dim), 4 * dim);
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        prefetch_lines((const char *)cw2v_row(matrix, rows[i] >> shift, dim), 4 * dim);
    }
}

static void prefetch_list(const cw2v_prefetch_list *list, ptrdiff_t dim) {
    for (int i = 0; i < list->n; i++) prefetch_lines((const char *)list->rows[i], 4 * dim);
}

/* Rows whose prefetches an update interleaves with its own loads and stores. If there are fewer, a
 * row that is in the cache anyway takes the other places. */
enum { INTERLEAVED = 4 };

typedef struct {
    const float *rows[INTERLEAVED];
} interleaved_rows;

INLINE interleaved_rows interleave(const cw2v_prefetch_list *list, const float *cached) {
    interleaved_rows some;
    UNROLL for (int i = 0; i < INTERLEAVED; i++) {
        some.rows[i] = i < list->n ? list->rows[i] : cached;
    }
    return some;
}

/* Prefetch the line of column k, of each row once while k goes through the columns of a line. The
 * last two lines of each row, which k may not reach, are left to `prefetch_ends`. */
INLINE void prefetch_along(const interleaved_rows *some, ptrdiff_t k) {
    enum { TURNS = LINE / (4 * LANES), EACH = INTERLEAVED / TURNS };
    const int turn = (int)(k / LANES) & (TURNS - 1);
    UNROLL for (int i = 0; i < EACH; i++) {
        __builtin_prefetch(some->rows[turn * EACH + i] + k - turn * LANES, 1, 3);
    }
}

INLINE void prefetch_ends(const interleaved_rows *some, ptrdiff_t dim) {
    const ptrdiff_t last = dim - 1, last_but_one = last < LINE / 4 ? 0 : last - LINE / 4;
    UNROLL for (int i = 0; i < INTERLEAVED; i++) {
        __builtin_prefetch(some->rows[i] + last_but_one, 1, 3);
        __builtin_prefetch(some->rows[i] + last, 1, 3);
    }
}
