/* csrc/kernels_scalar.c - the reference implementation of the kernels, in plain C; slow.
 *
 * kernels.h documents each function. */

#include <math.h>

#include "kernels.h"

static void dots(const float *const *x, int n_x, const float *const *y, int n_y, ptrdiff_t dim,
                 float *s) {
    int stride = cw2v_row_stride(n_y);
    for (int i = 0; i < n_x; i++) {
        for (int j = 0; j < n_y; j++) {
            float sum = 0.0f;
            for (ptrdiff_t k = 0; k < dim; k++) sum += x[i][k] * y[j][k];
            s[i * stride + j] = sum;
        }
    }
}

/* How many positive pairs row i of x has. */
static float pairs_of(const cw2v_labels *labels, int i) {
    int sum = 0;
    for (int j = 0; j < CW2V_SPAN_MAX; j++) sum += labels->positives[i * CW2V_SPAN_MAX + j];
    return (float)sum;
}

/* How many of them have y[j] as centre; in hierarchical softmax, all where the path goes left. */
static float positives_of(const cw2v_labels *labels, int i, int j) {
    if (labels->path != NULL) return (float)(labels->path[j] & 1) * pairs_of(labels, i);
    return j < CW2V_SPAN_MAX ? labels->positives[i * CW2V_SPAN_MAX + j] : 0.0f;
}

static void logistic_error(float *s, int n_x, int n_y, const cw2v_labels *labels, float lr) {
    int stride = cw2v_row_stride(n_y);
    for (int i = 0; i < n_x; i++) {
        for (int j = 0; j < n_y; j++) {
            float positives = positives_of(labels, i, j);
            float negatives = labels->noise[j] * (pairs_of(labels, i) - positives);
            float sigmoid = 1.0f / (1.0f + expf(-s[i * stride + j]));
            s[i * stride + j] = lr * (positives - (positives + negatives) * sigmoid);
        }
    }
}

/* log(1 + exp(t)) = max(t, 0) + log(1 + exp(-|t|)), which cannot overflow. */
static double softplus(double t) { return (t > 0.0 ? t : 0.0) + log1p(exp(-fabs(t))); }

static double logistic_loss(const float *s, int n_x, int n_y, const cw2v_labels *labels) {
    int stride = cw2v_row_stride(n_y);
    double loss = 0.0;
    for (int i = 0; i < n_x; i++) {
        for (int j = 0; j < n_y; j++) {
            double positives = positives_of(labels, i, j);
            double negatives = labels->noise[j] * (pairs_of(labels, i) - positives);
            double logit = s[i * stride + j];
            loss += positives * softplus(-logit) + negatives * softplus(logit);
        }
    }
    return loss;
}

static void update(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, float *scratch, const cw2v_prefetch_list *list) {
    (void)list;
    int stride = cw2v_row_stride(n_y);
    for (ptrdiff_t k = 0; k < dim; k++) {
        /* Column by column, because each x[i][k] needs the old y[j][k], and vice versa. */
        for (int i = 0; i < n_x; i++) scratch[i] = x[i][k];
        for (int i = 0; i < n_x; i++) {
            for (int j = 0; j < n_y; j++) x[i][k] += g[i * stride + j] * y[j][k];
        }
        for (int j = 0; j < n_y; j++) {
            for (int i = 0; i < n_x; i++) y[j][k] += g[i * stride + j] * scratch[i];
        }
    }
}

static void update_apart(const float *h, float *const *y, int n_y, ptrdiff_t dim, const float *g,
                         float *step) {
    for (ptrdiff_t k = 0; k < dim; k++) {
        float sum = 0.0f;
        for (int j = 0; j < n_y; j++) sum += g[j] * y[j][k];
        step[k] = sum;
    }
    for (int j = 0; j < n_y; j++) {
        for (ptrdiff_t k = 0; k < dim; k++) y[j][k] += g[j] * h[k];
    }
}

static void sum_rows(const float *const *x, int n, ptrdiff_t dim, float scale, float *sum) {
    for (ptrdiff_t k = 0; k < dim; k++) {
        float total = 0.0f;
        for (int i = 0; i < n; i++) total += x[i][k];
        sum[k] = scale * total;
    }
}

static void add_to_rows(float *const *x, int n, ptrdiff_t dim, float scale, const float *step) {
    for (int i = 0; i < n; i++) {
        for (ptrdiff_t k = 0; k < dim; k++) x[i][k] += scale * step[k];
    }
}

/* No prefetches: they are not in standard C. */
static void prefetch_rows(const cw2v_matrix *matrix, const uint32_t *rows, int shift, int n,
                          ptrdiff_t dim) {
    (void)matrix;
    (void)rows;
    (void)shift;
    (void)n;
    (void)dim;
}

static void prefetch_list(const cw2v_prefetch_list *list, ptrdiff_t dim) {
    (void)list;
    (void)dim;
}

static void merge_rows(float *shared, float *local, float *base, const float *factors, int n,
                       ptrdiff_t dim) {
    for (int i = 0; i < n; i++, shared += dim, local += dim, base += dim) {
        for (ptrdiff_t k = 0; k < dim; k++) {
            float merged = shared[k] + factors[i] * (local[k] - base[k]);
            shared[k] = local[k] = base[k] = merged;
        }
    }
}

static const cw2v_kernels table = {
    .name = "scalar",
    .dots = dots,
    .logistic_error = logistic_error,
    .logistic_loss = logistic_loss,
    .update = update,
    .update_apart = update_apart,
    .sum_rows = sum_rows,
    .add_to_rows = add_to_rows,
    .prefetch_rows = prefetch_rows,
    .prefetch_list = prefetch_list,
    .merge_rows = merge_rows,
};
const cw2v_kernels *const cw2v_kernels_scalar = &table;
