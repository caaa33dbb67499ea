/* csrc/kernels_dots.h - S = X Y^T, in register tiles. Included by kernels_simd.h only.
 *
 * A tile has a vector accumulator for each pair of a row of x and a row of y. At most 12 of them
 * fit into 16 vector registers together with their operands. */

/* acc[i][j] += x[i] * y[j], for the n <= LANES columns from k on. */
INLINE void add_products(int n, const int n_x, const int n_y, const float *const *x,
                         const float *const *y, ptrdiff_t k, vec acc[TILE_X][TILE_Y]) {
    vec a[TILE_X];
    UNROLL for (int i = 0; i < n_x; i++) a[i] = load_part(x[i] + k, n);
    UNROLL for (int j = 0; j < n_y; j++) {
        vec b = load_part(y[j] + k, n);
        if (n_x > 1) KEEP_IN_REGISTER(b);
        UNROLL for (int i = 0; i < n_x; i++) acc[i][j] += a[i] * b;
    }
}

/* One tile: s[i * stride + j] = x[i] . y[j]. Also overwrites s[i * stride + j] for j from n_y up to
 * the next multiple of 4. */
INLINE void dot_tile(const int n_x, const int n_y, const float *const *x, const float *const *y,
                     ptrdiff_t dim, float *s, int stride) {
    vec acc[TILE_X][TILE_Y], acc2[TILE_X][TILE_Y];
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j++) acc[i][j] = acc2[i][j] = splat(0.0f);
    }
    ptrdiff_t k = 0;
    /* With few accumulators the latency of multiply-adds would dominate: use twice as many. */
    if (n_x * n_y <= ACCUMULATORS / 2) {
        for (; k + 2 * LANES <= dim; k += 2 * LANES) {
            add_products(LANES, n_x, n_y, x, y, k, acc);
            add_products(LANES, n_x, n_y, x, y, k + LANES, acc2);
        }
        UNROLL for (int i = 0; i < n_x; i++) {
            UNROLL for (int j = 0; j < n_y; j++) acc[i][j] += acc2[i][j];
        }
    }
    for (; k + LANES <= dim; k += LANES) add_products(LANES, n_x, n_y, x, y, k, acc);
    WITH_TAIL(k, dim, add_products, n_x, n_y, x, y, k, acc)
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j += 4) {
            const int last = n_y - 1;
            store_sums(s + i * stride + j, acc[i][j], acc[i][j + 1 < last ? j + 1 : last],
                       acc[i][j + 2 < last ? j + 2 : last], acc[i][j + 3 < last ? j + 3 : last]);
        }
    }
}

/* n_x <= TILE_X rows of x and n_y <= TILE_Y of y: one tile, or two if one would be too large. */
INLINE void dot_rows(const int n_x, const int n_y, const float *const *x, const float *const *y,
                     ptrdiff_t dim, float *s, int stride) {
    const int first = n_x * n_y <= ACCUMULATORS ? n_y : (n_y + 1) / 2;
    dot_tile(n_x, first, x, y, dim, s, stride);
    if (first < n_y) dot_tile(n_x, n_y - first, x, y + first, dim, s + first, stride);
}

/* Any number of rows of x and n_y <= TILE_Y of y. Two rows of x at a time are best with 5 or 6 rows
 * of y: they make one tile, three would make two small ones. */
INLINE void dot_columns(const int n_y, const float *const *x, int n_x, const float *const *y,
                        ptrdiff_t dim, float *s, int stride) {
    const int tile_x = n_y == 5 || n_y == 6 ? 2 : TILE_X;
    for (; n_x >= tile_x; n_x -= tile_x, x += tile_x, s += tile_x * stride) {
        dot_rows(tile_x, n_y, x, y, dim, s, stride);
    }
    for (; n_x >= 2; n_x -= 2, x += 2, s += 2 * stride) dot_rows(2, n_y, x, y, dim, s, stride);
    for (; n_x >= 1; n_x--, x++, s += stride) dot_rows(1, n_y, x, y, dim, s, stride);
}

static void dots(const float *const *x, int n_x, const float *const *y, int n_y, ptrdiff_t dim,
                 float *s) {
    int stride = cw2v_row_stride(n_y), tile = tile_size(n_y);
    /* A tile also overwrites up to three floats after its own: padding, or the next tile's, which
     * is computed later. */
    for (; n_y > 0; n_y -= tile, y += tile, s += tile) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, dot_columns, x, n_x, y, dim, s, stride)
    }
}
