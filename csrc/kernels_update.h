/* csrc/kernels_update.h - X += G Y and Y += G^T X. Included by kernels_simd.h only.
 *
 * A tile computes both products in one pass over the columns: up to 8 rows of one matrix, the held
 * rows, stay in registers, with their old and new values, while the rows of the other are streamed.
 * So each row is loaded and stored once, and each broadcast of an error serves two multiply-adds.
 * With two rows of x held and the rows of y streamed, for each vector of columns:
 *
 *     load x0, x1;                                            new0 = x0, new1 = x1
 *     load y0;  store y0 + g00 * x0 + g10 * x1;   new0 += g00 * y0, new1 += g10 * y0
 *     load y1;  store y1 + g01 * x0 + g11 * x1;   new0 += g01 * y1, new1 += g11 * y1
 *     ...
 *     store new0, new1
 */

/* The error of held row j and streamed row i is g[i * stream_stride + j * hold_stride]. */
typedef struct {
    float *const *hold;
    float *const *stream;           /* the rows to update */
    const float *const *old_stream; /* their old values */
    int n_stream;
    const float *g;
    int hold_stride, stream_stride;
    const interleaved_rows *prefetches; /* used with the flag `prefetching` only */
} update_job;

/* The update of a streamed row is a dependency chain with a multiply-add for each held row. With
 * more than 3 held rows it is split between two accumulators. With 3 or fewer, there are registers
 * for two vectors of columns at a time: these are independent chains, and each broadcast of an
 * error serves four multiply-adds. */
enum { FEW = 3, WIDE = 2 };

enum {
    IN_PLACE,   /* old_stream is stream */
    FROM_COPIES /* old_stream are copies, made before the first tile */
};

/* Update n columns of each of `wide` vectors, from column k on; n is LANES unless `wide` is 1. */
INLINE void update_columns(int n, const int wide, const int n_hold, const int how,
                           const update_job *job, ptrdiff_t k) {
    vec old[TILE_Y * WIDE], new[TILE_Y * WIDE];
    UNROLL for (int j = 0; j < n_hold; j++) {
        UNROLL for (int v = 0; v < wide; v++) {
            old[j * wide + v] = new[j * wide + v] = load_part(job->hold[j] + k + v * LANES, n);
        }
    }
    for (int i = 0; i < job->n_stream; i++) {
        const float *old_row = job->old_stream[i] + k;
        float *row = job->stream[i] + k;
        vec a[WIDE], b[WIDE], c[WIDE];
        UNROLL for (int v = 0; v < wide; v++) {
            a[v] = b[v] = load_part(old_row + v * LANES, n);
            if (how == FROM_COPIES) b[v] = load_part(row + v * LANES, n);
            c[v] = splat(0.0f);
        }
        const float *g = job->g + (ptrdiff_t)i * job->stream_stride;
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

/* Update all columns, with n_hold held rows. */
INLINE void update_tile(const int n_hold, const int how, const int prefetching,
                        const update_job *job, ptrdiff_t dim) {
    ptrdiff_t k = 0;
    if (n_hold <= FEW) {
        for (; k + WIDE * LANES <= dim; k += WIDE * LANES) {
            UNROLL for (int v = 0; prefetching && v < WIDE; v++) {
                prefetch_along(job->prefetches, k + v * LANES);
            }
            update_columns(LANES, WIDE, n_hold, how, job, k);
        }
    }
    for (; k + LANES <= dim; k += LANES) {
        if (prefetching) prefetch_along(job->prefetches, k);
        update_columns(LANES, 1, n_hold, how, job, k);
    }
    if (prefetching) prefetch_ends(job->prefetches, dim);
    WITH_TAIL(k, dim, update_columns, 1, n_hold, how, job, k)
}

/* The update with n_y <= TILE_Y rows of y held and those of x streamed; hold_x is the reverse. Both
 * are inlined, so that the compiler knows which stride is 1. */
INLINE void hold_y(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, const int prefetching, const interleaved_rows *prefetches) {
    update_job job = {y, x, (const float *const *)x, n_x, g, 1, cw2v_row_stride(n_y), prefetches};
    WITH_CONSTANT(n_y, update_tile, IN_PLACE, prefetching, &job, dim)
}

INLINE void hold_x(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, const int prefetching, const interleaved_rows *prefetches) {
    update_job job = {x, y, (const float *const *)y, n_y, g, cw2v_row_stride(n_y), 1, prefetches};
    WITH_CONSTANT(n_x, update_tile, IN_PLACE, prefetching, &job, dim)
}

/* The update in one tile: n_x or n_y is at most TILE_Y. */
INLINE void update_in_one(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                          const float *g, const int prefetching,
                          const interleaved_rows *prefetches) {
    /* Hold at most 6 rows if possible: old and new values of 7 or 8 exceed 16 registers. */
    if (n_y <= 6 || (n_y <= TILE_Y && n_x > 6)) {
        hold_y(x, n_x, y, n_y, dim, g, prefetching, prefetches);
    } else {
        hold_x(x, n_x, y, n_y, dim, g, prefetching, prefetches);
    }
}

/* step = g Y and Y += g^T h in the n <= LANES columns from k on, for n_y <= TILE_Y rows of y and
 * their broadcast errors. `step` is added to, except by the first tile of y. */
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

/* The same in all columns. */
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
    WITH_TAIL(k, dim, update_one_columns, n_y, first, h, rows, error, step, k)
}

static void update_apart(const float *h, float *const *y, int n_y, ptrdiff_t dim, const float *g,
                         float *step) {
    int first = 1;
    for (int tile = tile_size(n_y); n_y > 0; n_y -= tile, y += tile, g += tile, first = 0) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, update_one_tile, first, h, y, dim, g, step)
    }
}

/* The update in several tiles of y. They read copies of x, because each of them changes x. */
static void update_in_tiles(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                            const float *g, float *scratch) {
    const float *copies[CW2V_X_MAX];
    for (int i = 0; i < n_x; i++) {
        copies[i] = memcpy(scratch + i * dim, x[i], (size_t)dim * sizeof(float));
    }
    update_job job = {y, x, copies, n_x, g, 1, cw2v_row_stride(n_y), NULL};
    for (int tile = tile_size(n_y); n_y > 0; n_y -= tile, job.hold += tile, job.g += tile) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, update_tile, FROM_COPIES, 0, &job, dim)
    }
}

/* Not inlined: inlined into `update`, both variants, with and without prefetches, get slower. */
static __attribute__((noinline)) void update_prefetching(float *const *x, int n_x, float *const *y,
                                                         int n_y, ptrdiff_t dim, const float *g,
                                                         const cw2v_prefetch_list *list) {
    interleaved_rows ahead = interleave(list, x[0]);
    for (int i = INTERLEAVED; i < list->n; i++) {
        prefetch_lines((const char *)list->rows[i], 4 * dim);
    }
    update_in_one(x, n_x, y, n_y, dim, g, 1, &ahead);
}

static void update(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, float *scratch, const cw2v_prefetch_list *list) {
    const int in_one = n_x > 1 && (n_x <= TILE_Y || n_y <= TILE_Y);
    if (list != NULL) {
        if (in_one) {
            update_prefetching(x, n_x, y, n_y, dim, g, list);
            return;
        }
        prefetch_list(list, dim);
    }
    if (in_one) {
        update_in_one(x, n_x, y, n_y, dim, g, 0, NULL);
    } else if (n_x > 1) {
        update_in_tiles(x, n_x, y, n_y, dim, g, scratch);
    } else {
        update_apart(x[0], y, n_y, dim, g, scratch);
        add_to_rows(x, 1, dim, 1.0f, scratch);
    }
}
