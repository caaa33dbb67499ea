/* csrc/kernels_dots.h - dot products of rows, in tiles of sums that stay in registers.
 *
 * A part of kernels_simd.h, which includes it where vectors are defined. */

/* Add the products of one vector of columns, n floats of it, to at most 12 sums, which fit in 16
 * registers together with their operands. */
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
    if (n_x * n_y <= TILE_SUMS / 2) { /* so few sums that latency would dominate */
        for (; k + 2 * LANES <= dim; k += 2 * LANES) {
            add_products(LANES, n_x, n_y, x, y, k, sum);
            add_products(LANES, n_x, n_y, x, y, k + LANES, more);
        }
        UNROLL for (int i = 0; i < n_x; i++) {
            UNROLL for (int j = 0; j < n_y; j++) sum[i][j] += more[i][j];
        }
    }
    for (; k + LANES <= dim; k += LANES) add_products(LANES, n_x, n_y, x, y, k, sum);
    WITH_TAIL(k, dim, add_products, n_x, n_y, x, y, k, sum)
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j += 4) {
            const int last = n_y - 1; /* what is stored past it is ignored */
            store_sums(s + i * stride + j, sum[i][j], sum[i][j + 1 < last ? j + 1 : last],
                       sum[i][j + 2 < last ? j + 2 : last], sum[i][j + 3 < last ? j + 3 : last]);
        }
    }
}

/* n_x <= TILE_X rows of x and n_y of y, in one tile or two. */
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
    /* Up to three floats are stored past a tile; the next tile, if any, overwrites them. */
    for (; n_y > 0; n_y -= tile, y += tile, s += tile) {
        int n = n_y < tile ? n_y : tile;
        WITH_CONSTANT(n, dot_columns, x, n_x, y, dim, s, stride)
    }
}
