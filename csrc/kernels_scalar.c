/* csrc/kernels_scalar.c - the kernels in plain C: slow, and right by definition. */

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

static void logistic_error(float *s, int n_x, int n_y, const float *x_weight,
                           const float *y_weight, const float *label, float lr) {
    int stride = cw2v_row_stride(n_y);
    for (int i = 0; i < n_x; i++) {
        for (int j = 0; j < n_y; j++) {
            float sigmoid = 1.0f / (1.0f + expf(-s[i * stride + j]));
            s[i * stride + j] = lr * x_weight[i] * y_weight[j] * (label[j] - sigmoid);
        }
    }
}

static double logistic_loss(const float *s, int n_x, int n_y, const float *x_weight,
                            const float *y_weight, const float *label) {
    int stride = cw2v_row_stride(n_y);
    double loss = 0.0;
    for (int i = 0; i < n_x; i++) {
        for (int j = 0; j < n_y; j++) {
            /* log(1 + exp(t)) without overflow */
            double t = label[j] != 0.0f ? -s[i * stride + j] : s[i * stride + j];
            double softplus = (t > 0.0 ? t : 0.0) + log1p(exp(-fabs(t)));
            loss += (double)x_weight[i] * y_weight[j] * softplus;
        }
    }
    return loss;
}

static void update(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                   const float *g, float *spare) {
    int stride = cw2v_row_stride(n_y);
    for (ptrdiff_t k = 0; k < dim; k++) {
        /* One column at a time: each y[j][k] is needed as it was by every x[i][k]. */
        for (int i = 0; i < n_x; i++) spare[i] = x[i][k];
        for (int i = 0; i < n_x; i++) {
            for (int j = 0; j < n_y; j++) x[i][k] += g[i * stride + j] * y[j][k];
        }
        for (int j = 0; j < n_y; j++) {
            for (int i = 0; i < n_x; i++) y[j][k] += g[i * stride + j] * spare[i];
        }
    }
}

static void update_one(const float *h, float *const *y, int n_y, ptrdiff_t dim, const float *g,
                       float *step) {
    for (ptrdiff_t k = 0; k < dim; k++) {
        float sum = 0.0f;
        for (int j = 0; j < n_y; j++) {
            sum += g[j] * y[j][k];
            y[j][k] += g[j] * h[k];
        }
        step[k] = sum;
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

static void prefetch(const float *row, ptrdiff_t dim) {
    (void)row;
    (void)dim;
}

static const cw2v_kernels table = {
    "scalar",   dots,     logistic_error, logistic_loss, update,
    update_one, sum_rows, add_to_rows,    prefetch,
};
const cw2v_kernels *const cw2v_kernels_scalar = &table;
