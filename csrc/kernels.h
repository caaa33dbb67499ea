/* csrc/kernels.h - the interface of the kernels: what each computes, on every CPU.
 *
 * A gradient step reads and writes rows x of W (skip-gram's context words) and rows y of W' (the
 * centres and their noise words; in hierarchical softmax, inner nodes of the Huffman tree). Kernels
 * update them in place, through arrays of pointers. The rows of x must be distinct, and so must
 * those of y: whoever builds a block gives a repeated word one row and a higher count.
 *
 * Rows are float32 vectors of length `dim`, and need not be aligned. Kernels never allocate memory,
 * take locks or call Python. Other threads may write the same rows at the same time (Hogwild, Niu
 * et al. 2011). kernels_scalar.c is the reference implementation. */

#ifndef CW2V_KERNELS_H
#define CW2V_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "matrix.h"

/* Most rows of x, except in sum_rows and add_to_rows. */
#define CW2V_X_MAX 16

/* Row stride, in floats, of an (n_x, n_y) matrix of logits or errors: at least n_y + 3, and a
 * multiple of 16, the most SIMD lanes. Kernels may read and write the padding, whose values are
 * ignored. */
static inline int cw2v_row_stride(int n_y) { return (n_y + 3 + 15) / 16 * 16; }

/* Logits S = X Y^T: s[i][j] is the dot product of x[i] and y[j]. */
typedef void cw2v_dots_fn(const float *const *x, int n_x, const float *const *y, int n_y,
                          ptrdiff_t dim, float *s);

enum { CW2V_SPAN_MAX = 8 }; /* most centres in a block */

/* The labels of a block: how many positive and negative pairs each x[i] and y[j] form.
 *
 * Negative sampling (Mikolov et al. 2013, eq. 4): x[i] has pairs[i] positive pairs, positives[i][j]
 * of them with centre y[j]; the centres are the first rows of y. Each pair whose centre is not y[j]
 * has y[j] as a negative sample noise[j] times, not necessarily a whole number. So the number of
 * negative pairs is
 *
 *     negatives[i][j] = noise[j] * (pairs[i] - positives[i][j])
 *
 * Hierarchical softmax (eq. 3): all pairs have the same centre, and y are the inner nodes on its
 * path in the Huffman tree. positives[i][j] is pairs[i] where the path goes left (path[j] is odd),
 * else 0; noise[j] is 1. */
typedef struct {
    const uint8_t *positives; /* (n_x, CW2V_SPAN_MAX); row i sums to pairs[i], at most 255 */
    const float *noise;       /* (n_y,), readable up to the row stride */
    const uint32_t *path;     /* likewise: 2 * node, + 1 for left; NULL in negative sampling */
} cw2v_labels;

/* Replace the logits by the errors: -lr times the derivative of the loss by each logit,
 *
 *     s[i][j] = lr * (positives - (positives + negatives) * sigmoid(s[i][j]))
 *
 * lr is the learning rate. The absolute error of the result is at most
 * 1e-6 * lr * (positives + negatives). Logits may be infinite; NaN gives NaN. */
typedef void cw2v_logistic_error_fn(float *s, int n_x, int n_y, const cw2v_labels *labels,
                                    float lr);

/* Return the loss, the negative log-likelihood of the labels; the logits are not changed:
 *
 *     sum over i, j of positives * log(1 + exp(-s[i][j])) + negatives * log(1 + exp(s[i][j]))
 */
typedef double cw2v_logistic_loss_fn(const float *s, int n_x, int n_y,
                                     const cw2v_labels *labels);

/* Rows of `dim` floats to prefetch for writing. A CPU can wait for a limited number of cache lines
 * at a time, and may drop further prefetches. So `update` spreads those of the first four rows over
 * its loop over columns. */
typedef struct {
    float *const *rows;
    int n;
} cw2v_prefetch_list;

enum { CW2V_LONG_ROW = 112 }; /* pays off only for rows of more floats than this */

/* Prefetch all rows of the list at once. */
typedef void cw2v_prefetch_list_fn(const cw2v_prefetch_list *list, ptrdiff_t dim);

/* X += G Y and Y += G^T X, both with the old X and Y; g is the (n_x, n_y) matrix of errors.
 * Prefetches `list` meanwhile unless it is NULL. `scratch` has space for n_x * dim floats. */
typedef void cw2v_update_fn(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                            const float *g, float *scratch, const cw2v_prefetch_list *list);

/* `update` for one row h, CBOW's projection, whose update is returned instead of added:
 * step = g Y and Y += g^T h, both with the old Y; g has n_y errors, step `dim` floats. */
typedef void cw2v_update_apart_fn(const float *h, float *const *y, int n_y, ptrdiff_t dim,
                                  const float *g, float *step);

/* sum = scale * (x[0] + ... + x[n - 1]). Here and below, rows may repeat. */
typedef void cw2v_sum_rows_fn(const float *const *x, int n, ptrdiff_t dim, float scale,
                              float *sum);

/* x[i] += scale * step, for one i after another, so that a repeated row gets every update. */
typedef void cw2v_add_to_rows_fn(float *const *x, int n, ptrdiff_t dim, float scale,
                                 const float *step);

/* Prefetch n rows of a matrix, rows[i] >> shift, for writing; shift is 1 for a path, else 0. */
typedef void cw2v_prefetch_rows_fn(const cw2v_matrix *matrix, const uint32_t *rows, int shift,
                                   int n, ptrdiff_t dim);

/* Merge copies of n consecutive rows into the shared rows; the copies start again from the result:
 * shared[i] += factors[i] * (local[i] - base[i]), then local[i] = base[i] = shared[i]. Each number
 * of a shared row is read once, because other threads may write it meanwhile. */
typedef void cw2v_merge_rows_fn(float *shared, float *local, float *base, const float *factors,
                                int n, ptrdiff_t dim);

/* The kernels of one backend. */
typedef struct {
    const char *name;
    cw2v_dots_fn *dots;
    cw2v_logistic_error_fn *logistic_error;
    cw2v_logistic_loss_fn *logistic_loss;
    cw2v_update_fn *update;
    cw2v_update_apart_fn *update_apart;
    cw2v_sum_rows_fn *sum_rows;
    cw2v_add_to_rows_fn *add_to_rows;
    cw2v_prefetch_rows_fn *prefetch_rows;
    cw2v_prefetch_list_fn *prefetch_list;
    cw2v_merge_rows_fn *merge_rows;
} cw2v_kernels;

/* Write the backends that this CPU supports, at most `capacity`, fastest first, "scalar" last.
 * Returns how many were written. */
int cw2v_kernels_available(const cw2v_kernels **tables, int capacity);

/* NULL if the compiler does not support the instruction set. */
extern const cw2v_kernels *const cw2v_kernels_scalar;
extern const cw2v_kernels *const cw2v_kernels_vec128; /* SSE2 or NEON */
extern const cw2v_kernels *const cw2v_kernels_avx2;
extern const cw2v_kernels *const cw2v_kernels_avx512;

#endif
