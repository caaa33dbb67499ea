/* csrc/kernels_rows.h - the sum of rows, one row added to many, prefetching, merging.
 * Included by kernels_simd.h only. */

/* Vectors of columns in a tile, kept in registers in a loop over all rows: as many as fit, because
 * the end of that loop is often mispredicted, once for each tile. */
enum { TILE_K = 12 };

/* Call f(n, 0, ..., k) for tiles of n vectors, from column k on. If half a vector would remain, the
 * last tile includes it: f(n, LANES / 2, ..., k). */
#define WITH_VECTORS(n, dim, f, ...)                                                             \
    for (; k + (n) * LANES <= (dim); k += (n) * LANES) {                                         \
        if ((dim) - k == (n) * LANES + LANES / 2) {                                              \
            f(n, LANES / 2, __VA_ARGS__, k);                                                     \
            k = (dim);                                                                           \
            break;                                                                               \
        }                                                                                        \
        f(n, 0, __VA_ARGS__, k);                                                                 \
    }

/* The same for all `dim` columns, in ever smaller tiles; the remainder is a tile of its own. */
#define WITH_COLUMNS(dim, f, ...)                                                                \
    {                                                                                            \
        ptrdiff_t k = 0;                                                                         \
        WITH_VECTORS(TILE_K, dim, f, __VA_ARGS__)                                                \
        WITH_VECTORS(TILE_K / 2, dim, f, __VA_ARGS__)                                            \
        WITH_VECTORS(TILE_K / 4, dim, f, __VA_ARGS__)                                            \
        WITH_VECTORS(1, dim, f, __VA_ARGS__)                                                     \
        if (k < (dim)) f(0, (int)((dim) - k), __VA_ARGS__, k);                                   \
    }

/* One tile of sum_rows: n_vectors vectors and `tail` more columns, from column k on. */
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

/* One tile of add_to_rows. */
INLINE void add_columns(const int n_vectors, const int tail, float *const *x, int n, float scale,
                        const float *step, ptrdiff_t k) {
    vec scaled[TILE_K + 1];
    step += k;
    UNROLL for (int v = 0; v < n_vectors; v++) scaled[v] = scale * load(step + v * LANES);
    if (tail > 0) scaled[n_vectors] = scale * load_head(step + n_vectors * LANES, tail);
    for (int i = 0; i < n; i++) {
        float *row = x[i] + k, *end = row + n_vectors * LANES;
        UNROLL for (int v = 0; v < n_vectors; v++) {
            store(row + v * LANES, load(row + v * LANES) + scaled[v]);
        }
        if (tail > 0) store_head(end, load_head(end, tail) + scaled[n_vectors], tail);
    }
}

static void add_to_rows(float *const *x, int n, ptrdiff_t dim, float scale, const float *step) {
    WITH_COLUMNS(dim, add_columns, x, n, scale, step)
}

/* ---- prefetching --------------------------------------------------------------------------- */

enum { LINE = 64, LINES = 4 }; /* bytes in a cache line; lines per iteration */

/* Prefetch for writing all cache lines of `size` bytes, four in each iteration, because with two
 * hardware threads on a core an iteration may take four cycles. The last iteration may repeat lines
 * of the one before. */
INLINE void prefetch_lines(const char *row, ptrdiff_t size) {
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

/* Rows whose prefetches an update interleaves with its own loads and stores. */
enum { INTERLEAVED = 4 };

typedef struct {
    const float *rows[INTERLEAVED];
} interleaved_rows;

/* The first rows of the list, padded with `cached`, a row that is in the cache anyway: prefetching
 * that is cheaper than a loop of variable length. */
INLINE interleaved_rows interleave(const cw2v_prefetch_list *list, const float *cached) {
    interleaved_rows first;
    UNROLL for (int i = 0; i < INTERLEAVED; i++) {
        first.rows[i] = i < list->n ? list->rows[i] : cached;
    }
    return first;
}

/* Prefetch the cache lines of the vector of columns from k on. Called for every vector: as a line
 * holds TURNS of them, each call prefetches the line of EACH rows only, in turn. */
INLINE void prefetch_along(const interleaved_rows *ahead, ptrdiff_t k) {
    enum { TURNS = LINE / (4 * LANES), EACH = INTERLEAVED / TURNS };
    const int turn = (int)(k / LANES) & (TURNS - 1);
    UNROLL for (int i = 0; i < EACH; i++) {
        __builtin_prefetch(ahead->rows[turn * EACH + i] + k - turn * LANES, 1, 3);
    }
}

/* Prefetch the last two cache lines of each row: the calls of `prefetch_along` may miss them if dim
 * is no multiple of the columns in a line, or rows are not aligned to cache lines. */
INLINE void prefetch_ends(const interleaved_rows *ahead, ptrdiff_t dim) {
    const ptrdiff_t last = dim - 1, last_but_one = last < LINE / 4 ? 0 : last - LINE / 4;
    UNROLL for (int i = 0; i < INTERLEAVED; i++) {
        __builtin_prefetch(ahead->rows[i] + last_but_one, 1, 3);
        __builtin_prefetch(ahead->rows[i] + last, 1, 3);
    }
}

/* ---- merging ------------------------------------------------------------------------------- */

/* Merge n columns of a row, from column k on. */
INLINE void merge_columns(int n, float factor, float *shared, float *local, float *base,
                          ptrdiff_t k) {
    vec change = load_part(local + k, n) - load_part(base + k, n);
    vec merged = load_part(shared + k, n) + factor * change;
    store_part(shared + k, merged, n);
    store_part(local + k, merged, n);
    store_part(base + k, merged, n);
}

/* Shared rows were written last by other CPUs, as a rule, so each is prefetched MERGED_AHEAD rows
 * ahead. */
enum { MERGED_AHEAD = 3 };

static void merge_rows(float *shared, float *local, float *base, const float *factors, int n,
                       ptrdiff_t dim) {
    for (int i = 0; i < n && i < MERGED_AHEAD; i++) {
        prefetch_lines((const char *)(shared + i * dim), 4 * dim);
    }
    for (int i = 0; i < n; i++, shared += dim, local += dim, base += dim) {
        if (i + MERGED_AHEAD < n) {
            prefetch_lines((const char *)(shared + MERGED_AHEAD * dim), 4 * dim);
        }
        ptrdiff_t k = 0;
        for (; k + LANES <= dim; k += LANES) {
            merge_columns(LANES, factors[i], shared, local, base, k);
        }
        WITH_TAIL(k, dim, merge_columns, factors[i], shared, local, base, k)
    }
}
