/* csrc/kernels_simd.h - the kernels written once for vectors of LANES floats.
 *
 * Not a header in the usual sense: each kernels_<cpu>.c includes it once, inside its
 * target pragma, after including math.h, stdint.h and string.h and defining
 *
 *     LANES, vec                    floats in a vector: 4, 8 or 16; the vector type
 *     load_head(p, n)               the first n < LANES floats at p, zeros behind them
 *     store_head(p, v, n)           the first n < LANES floats of v, nothing behind them
 *     SUMS, sums(v)                 4 or 8, at most LANES; the sums of the lanes of each of
 *                                   SUMS vectors, in the first lanes of one
 *
 * The arithmetic is GCC's and Clang's vector extension; a * b + c becomes one fused
 * multiply-add where the CPU has it (-ffp-contract=fast). */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

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

/* The same for as many floats as `sums` gives. */
INLINE vec load_sums(const float *p) { return SUMS < LANES ? load_head(p, SUMS) : load(p); }

INLINE void store_sums(float *p, vec v) {
    if (SUMS < LANES) store_head(p, v, SUMS);
    else store(p, v);
}

INLINE vec splat(float a) { return a - (vec){0}; }

INLINE vec blend(vec_i mask, vec a, vec b) {
    return (vec)((mask & (vec_i)a) | (~mask & (vec_i)b));
}

/* ---- errors and loss ---------------------------------------------------------------- */

/* exp(t) for t <= 0 or NaN, to 2 parts in 10^7; 0 below -87. */
INLINE vec exp_negative(vec t) {
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    vec_i far = t < splat(-87.0f);
    vec n = t * 1.44269504f + shift;
    vec_u power = (vec_u)n << 23; /* unsigned: it wraps round in lanes that are far */
    n -= shift;
    vec r = t - n * 0.693145752f; /* ln 2, its upper bits and the rest */
    r -= n * 1.42860677e-6f;
    /* 1 + r q(r), where q was fitted for |r| <= ln 2 / 2 to the least relative error */
    vec p = splat(0.00826003775f);
    p = p * r + 0.0419342518f;
    p = p * r + 0.166684762f;
    p = p * r + 0.4999879f;
    p = p * r + 0.999999225f;
    p = p * r + 1.0f;
    vec scale = (vec)(power + 0x3f800000u);
    return blend(far, splat(0.0f), p * scale);
}

INLINE vec negative_abs(vec s) { return (vec)((vec_i)s | INT32_MIN); }

INLINE vec sigmoid(vec t) {
    vec e = exp_negative(negative_abs(t));
    vec positive = 1.0f / (1.0f + e); /* sigmoid(|t|) */
    return blend(t < 0.0f, e * positive, positive);
}

static void logistic_error(float *s, int n_x, int n_y, const float *x_weight,
                           const float *y_weight, const float *label, float lr) {
    int stride = cw2v_row_stride(n_y);
    for (int i = 0; i < n_x; i++) {
        vec scale = splat(lr * x_weight[i]);
        for (int j = 0; j < n_y; j += LANES) {
            vec error = load(label + j) - sigmoid(load(s + i * stride + j));
            store(s + i * stride + j, scale * load(y_weight + j) * error);
        }
    }
}

static double logistic_loss(const float *s, int n_x, int n_y, const float *x_weight,
                            const float *y_weight, const float *label) {
    int stride = cw2v_row_stride(n_y);
    double loss = 0.0;
    for (int i = 0; i < n_x; i++) {
        /* log(1 + exp(t)) = max(t, 0) + log(1 + exp(-|t|)). The product of the factors
         * 1 + exp(-|t|), each 1 to 2, needs one logarithm for up to 1000 of them. */
        double product = 1.0, sum = 0.0;
        for (int j = 0; j < n_y; j += LANES) {
            float e[LANES];
            vec logits = load(s + i * stride + j);
            store(e, exp_negative(negative_abs(logits)));
            int n = n_y - j < LANES ? n_y - j : LANES;
            for (int l = 0; l < n; l++) {
                float logit = s[i * stride + j + l];
                float t = label[j + l] != 0.0f ? -logit : logit;
                float weight = y_weight[j + l];
                if (weight == 1.0f && product < 1e150) {
                    product *= 1.0 + e[l];
                } else {
                    sum += weight * log1p(e[l]);
                }
                sum += t > 0.0f ? (double)weight * t : 0.0;
            }
        }
        loss += x_weight[i] * (sum + log(product));
    }
    return loss;
}

/* ---- products of rows ------------------------------------------------------------- */

/* A tile of 2 rows of x by 6 of y: 12 sums, 2 + 1 operands, in 16 registers. */
enum { TILE_X = 2, TILE_Y = 6 };

INLINE void dot_tile(const int n_x, const int n_y, const float *const *x, const float *const *y,
                     ptrdiff_t dim, float *s, int stride) {
    vec sum[TILE_X][TILE_Y + 2] = {{{0}}};
    ptrdiff_t k = 0;
    for (; k + LANES <= dim; k += LANES) {
        vec a[TILE_X];
        UNROLL for (int i = 0; i < n_x; i++) a[i] = load(x[i] + k);
        UNROLL for (int j = 0; j < n_y; j++) {
            vec b = load(y[j] + k);
            if (n_x > 1) KEEP_IN_REGISTER(b);
            UNROLL for (int i = 0; i < n_x; i++) sum[i][j] += a[i] * b;
        }
    }
    if (k < dim) {
        int rest = (int)(dim - k);
        vec a[TILE_X];
        UNROLL for (int i = 0; i < n_x; i++) a[i] = load_head(x[i] + k, rest);
        UNROLL for (int j = 0; j < n_y; j++) {
            vec b = load_head(y[j] + k, rest);
            UNROLL for (int i = 0; i < n_x; i++) sum[i][j] += a[i] * b;
        }
    }
    UNROLL for (int i = 0; i < n_x; i++) {
        UNROLL for (int j = 0; j < n_y; j += SUMS) {
            store_sums(s + i * stride + j, sums(sum[i] + j));
        }
    }
}

INLINE void dot_columns(const int n_y, const float *const *x, int n_x, const float *const *y,
                        ptrdiff_t dim, float *s, int stride) {
    int i = 0;
    for (; i + TILE_X <= n_x; i += TILE_X) {
        dot_tile(TILE_X, n_y, x + i, y, dim, s + i * stride, stride);
    }
    if (i < n_x) dot_tile(1, n_y, x + i, y, dim, s + i * stride, stride);
}

/* How many of n rows to take at a time: at most 6, and all tiles about alike. */
INLINE int tile_of(int n) {
    if (n <= TILE_Y) return n;
    if (n <= 2 * TILE_Y) return (n + 1) / 2;
    if (n <= 3 * TILE_Y) return (n + 2) / 3;
    return TILE_Y;
}

static void dots(const float *const *x, int n_x, const float *const *y, int n_y, ptrdiff_t dim,
                 float *s) {
    int stride = cw2v_row_stride(n_y), tile = tile_of(n_y);
    /* Up to seven floats are stored past a tile; the next tile, if any, comes later. */
    for (; n_y > 0; n_y -= tile, y += tile, s += tile) {
        switch (n_y < tile ? n_y : tile) {
        case 1: dot_columns(1, x, n_x, y, dim, s, stride); break;
        case 2: dot_columns(2, x, n_x, y, dim, s, stride); break;
        case 3: dot_columns(3, x, n_x, y, dim, s, stride); break;
        case 4: dot_columns(4, x, n_x, y, dim, s, stride); break;
        case 5: dot_columns(5, x, n_x, y, dim, s, stride); break;
        case 6: dot_columns(6, x, n_x, y, dim, s, stride); break;
        }
    }
}

/* ---- the update ----------------------------------------------------------------------- */

/* Up to 6 rows of one side are held in registers, old and new, while the rows of the other
 * side pass by: each broadcast error serves two multiply-adds. The error of held row j and
 * passing row i is g[i * pass_stride + j * hold_stride]. */
typedef struct {
    float *const *hold;
    float *const *pass;
    const float *const *old_pass; /* the passing rows as they were: copies, or the same rows */
    int n_pass;
    const float *g;
    int hold_stride, pass_stride;
} update_job;

/* Columns k .. k + LANES, or the first `rest` of them. */
INLINE void update_columns(const int n_hold, const int whole, int rest, const int copied,
                           const update_job *job, ptrdiff_t k) {
    vec old[TILE_Y], new[TILE_Y];
    UNROLL for (int j = 0; j < n_hold; j++) {
        old[j] = new[j] = whole ? load(job->hold[j] + k) : load_head(job->hold[j] + k, rest);
    }
    for (int i = 0; i < job->n_pass; i++) {
        const float *old_row = job->old_pass[i] + k;
        float *row = job->pass[i] + k;
        vec a = whole ? load(old_row) : load_head(old_row, rest);
        vec b = !copied ? a : whole ? load(row) : load_head(row, rest);
        const float *g = job->g + (ptrdiff_t)i * job->pass_stride;
        UNROLL for (int j = 0; j < n_hold; j++) {
            vec error = splat(g[j * job->hold_stride]);
            b += error * old[j];
            new[j] += error * a;
        }
        if (whole) store(row, b);
        else store_head(row, b, rest);
    }
    UNROLL for (int j = 0; j < n_hold; j++) {
        if (whole) store(job->hold[j] + k, new[j]);
        else store_head(job->hold[j] + k, new[j], rest);
    }
}

INLINE void update_tile(const int n_hold, const int copied, const update_job *job,
                        ptrdiff_t dim) {
    ptrdiff_t k = 0;
    for (; k + LANES <= dim; k += LANES) update_columns(n_hold, 1, 0, copied, job, k);
    if (k < dim) update_columns(n_hold, 0, (int)(dim - k), copied, job, k);
}

INLINE void update_tiles(int n_hold, const int copied, const update_job *job, ptrdiff_t dim) {
    switch (n_hold) {
    case 1: update_tile(1, copied, job, dim); return;
    case 2: update_tile(2, copied, job, dim); return;
    case 3: update_tile(3, copied, job, dim); return;
    case 4: update_tile(4, copied, job, dim); return;
    case 5: update_tile(5, copied, job, dim); return;
    case 6: update_tile(6, copied, job, dim); return;
    }
}

static void update(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, float *spare) {
    int stride = cw2v_row_stride(n_y);
    if (n_y <= TILE_Y) {
        update_job job = {y, x, (const float *const *)x, n_x, g, 1, stride};
        update_tiles(n_y, 0, &job, dim);
        return;
    }
    if (n_x <= TILE_Y) {
        update_job job = {x, y, (const float *const *)y, n_y, g, stride, 1};
        update_tiles(n_x, 0, &job, dim);
        return;
    }
    /* Several tiles of y: the first would change the rows of x that the next must see. */
    const float *copies[CW2V_X_MAX];
    for (int i = 0; i < n_x; i++) {
        copies[i] = memcpy(spare + i * dim, x[i], (size_t)dim * sizeof(float));
    }
    update_job job = {y, x, copies, n_x, g, 1, stride};
    for (int tile = tile_of(n_y); n_y > 0; n_y -= tile, job.hold += tile, job.g += tile) {
        update_tiles(n_y < tile ? n_y : tile, 1, &job, dim);
    }
}

/* ---- a single row ------------------------------------------------------------------------ */

/* Columns k .. k + LANES of step = g Y (added to what is there unless `first`) and
 * Y += g^T h, for up to 6 rows of y. */
INLINE void update_one_columns(const int n_y, const int whole, int rest, int first,
                               const float *h, float *const *y, const vec *error,
                               float *step, ptrdiff_t k) {
    vec a = whole ? load(h + k) : load_head(h + k, rest);
    vec sum = splat(0.0f);
    if (!first) sum = whole ? load(step + k) : load_head(step + k, rest);
    UNROLL for (int j = 0; j < n_y; j++) {
        vec b = whole ? load(y[j] + k) : load_head(y[j] + k, rest);
        KEEP_IN_REGISTER(b);
        sum += error[j] * b;
        b += error[j] * a;
        if (whole) store(y[j] + k, b);
        else store_head(y[j] + k, b, rest);
    }
    if (whole) store(step + k, sum);
    else store_head(step + k, sum, rest);
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
        update_one_columns(n_y, 1, 0, first, h, rows, error, step, k);
    }
    if (k < dim) update_one_columns(n_y, 0, (int)(dim - k), first, h, rows, error, step, k);
}

static void update_one(const float *h, float *const *y, int n_y, ptrdiff_t dim, const float *g,
                       float *step) {
    int first = 1, tile = tile_of(n_y);
    for (; n_y > 0; n_y -= tile, y += tile, g += tile, first = 0) {
        switch (n_y < tile ? n_y : tile) {
        case 1: update_one_tile(1, first, h, y, dim, g, step); break;
        case 2: update_one_tile(2, first, h, y, dim, g, step); break;
        case 3: update_one_tile(3, first, h, y, dim, g, step); break;
        case 4: update_one_tile(4, first, h, y, dim, g, step); break;
        case 5: update_one_tile(5, first, h, y, dim, g, step); break;
        case 6: update_one_tile(6, first, h, y, dim, g, step); break;
        }
    }
}

enum { TILE_K = 4 }; /* vectors of a row that stay in registers while the rows pass by */

INLINE void sum_columns(const int n_vectors, const float *const *x, int n, float scale,
                        float *sum, ptrdiff_t k) {
    vec total[TILE_K] = {{0}};
    for (int i = 0; i < n; i++) {
        const float *row = x[i] + k;
        UNROLL for (int v = 0; v < n_vectors; v++) total[v] += load(row + v * LANES);
    }
    UNROLL for (int v = 0; v < n_vectors; v++) store(sum + k + v * LANES, scale * total[v]);
}

static void sum_rows(const float *const *x, int n, ptrdiff_t dim, float scale, float *sum) {
    ptrdiff_t k = 0;
    for (; k + TILE_K * LANES <= dim; k += TILE_K * LANES) {
        sum_columns(TILE_K, x, n, scale, sum, k);
    }
    for (; k + LANES <= dim; k += LANES) sum_columns(1, x, n, scale, sum, k);
    if (k < dim) {
        int rest = (int)(dim - k);
        vec total = splat(0.0f);
        for (int i = 0; i < n; i++) total += load_head(x[i] + k, rest);
        store_head(sum + k, scale * total, rest);
    }
}

INLINE void add_columns(const int n_vectors, float *const *x, int n, float scale,
                        const float *step, ptrdiff_t k) {
    vec more[TILE_K];
    UNROLL for (int v = 0; v < n_vectors; v++) more[v] = scale * load(step + k + v * LANES);
    for (int i = 0; i < n; i++) {
        float *row = x[i] + k;
        UNROLL for (int v = 0; v < n_vectors; v++) {
            store(row + v * LANES, load(row + v * LANES) + more[v]);
        }
    }
}

static void add_to_rows(float *const *x, int n, ptrdiff_t dim, float scale, const float *step) {
    ptrdiff_t k = 0;
    for (; k + TILE_K * LANES <= dim; k += TILE_K * LANES) {
        add_columns(TILE_K, x, n, scale, step, k);
    }
    for (; k + LANES <= dim; k += LANES) add_columns(1, x, n, scale, step, k);
    if (k < dim) {
        int rest = (int)(dim - k);
        vec more = scale * load_head(step + k, rest);
        for (int i = 0; i < n; i++) store_head(x[i] + k, load_head(x[i] + k, rest) + more, rest);
    }
}

static void prefetch(const float *row, ptrdiff_t dim) {
    const char *p = (const char *)row, *end = (const char *)(row + dim);
    for (; p < end; p += 64) __builtin_prefetch(p, 1, 3);
    __builtin_prefetch(end - 1, 1, 3); /* the last line of a row that begins inside one */
}

/* The table of them all. */
#define KERNELS(name)                                                                            \
    {                                                                                            \
        name, dots, logistic_error, logistic_loss, update, update_one, sum_rows, add_to_rows,    \
            prefetch                                                                             \
    }
