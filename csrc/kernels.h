/* csrc/kernels.h - what every kernel computes, on whatever CPU it runs.
 *
 * A step of training reads and writes rows x of W (skip-gram's context words) and rows y of W'
 * (target words and noise words, or nodes). Kernels take these rows where they lie, as arrays of
 * pointers. The rows of x are distinct from one another, and so are the rows of y: whoever builds
 * a block merges repeated words into one row that counts more often.
 *
 * Everything is float32, `dim` long, and need not be aligned. Kernels never allocate,
 * lock, or call Python. Other threads may write the rows meanwhile (Hogwild, Niu et al.
 * 2011). kernels_scalar.c defines the right answer. */

#ifndef CW2V_KERNELS_H
#define CW2V_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "matrix.h"

/* The most rows of x in one block. */
#define CW2V_X_MAX 16

/* The logits and errors of a block are an (n_x, n_y) matrix whose rows lie
 * cw2v_row_stride(n_y) floats apart, a multiple of the longest vector and at least n_y + 3: kernels
 * may read and write past the end of a row, where values are ignored. */
static inline int cw2v_row_stride(int n_y) { return (n_y + 3 + 15) / 16 * 16; }

/* s[i][j] = x[i] . y[j] */
typedef void cw2v_dots_fn(const float *const *x, int n_x, const float *const *y, int n_y,
                          ptrdiff_t dim, float *s);

/* The labels of a block: how many positive and how many negative pairs each row of x makes with
 * each row of y.
 *
 * Row x[i] has `pairs` positive pairs, whose targets are among the first y: positives[i][j] of them
 * have the target y[j]. Each of the others has y[j] as a negative sample noise[j] times. So the
 * number of negative pairs of x[i] and y[j] is
 *
 *     negatives[i][j] = noise[j] * (pairs[i] - positives[i][j])
 *
 * (Mikolov et al. 2013, eq. 4). In hierarchical softmax (their eq. 3) all pairs have one target, y
 * are the nodes on the path to it, and positives[i][j] is pairs[i] where the path turns left, that
 * is where path[j] is odd, and else 0. */
enum { CW2V_SPAN_MAX = 8 };

typedef struct {
    const uint8_t *positives; /* (n_x, CW2V_SPAN_MAX) for the first y; row i sums to pairs[i] */
    const float *noise;       /* (n_y,), readable up to the row stride */
    const uint32_t *path;     /* likewise: twice the node, plus 1 for left; NULL without a tree */
} cw2v_labels;

/* Turn the logits of one block into scaled errors, in place: -lr times the derivative of the loss.
 *
 *     s[i][j] = lr * (positives - (positives + negatives) * sigmoid(s[i][j]))
 *
 * Exact to 1e-6 * lr * (positives + negatives). Infinities are fine; NaN stays NaN. */
typedef void cw2v_logistic_error_fn(float *s, int n_x, int n_y, const cw2v_labels *labels,
                                    float lr);

/* The loss of one block, from its logits, which stay unchanged:
 *
 *     sum over i, j of positives * log(1 + exp(-s[i][j])) + negatives * log(1 + exp(s[i][j]))
 */
typedef double cw2v_logistic_loss_fn(const float *s, int n_x, int n_y,
                                     const cw2v_labels *labels);

/* Rows, `dim` long, to prefetch for writing. A CPU keeps a few dozen line fills in flight and may
 * drop further prefetches. So `update` prefetches up to four long rows line by line, as it goes
 * along the columns. */
typedef struct {
    float *const *rows;
    int n;
} cw2v_prefetch_list;

enum { CW2V_LONG_ROW = 112 }; /* rows of more floats than this gain by it */

/* Prefetch all of these rows at once. */
typedef void cw2v_prefetch_list_fn(const cw2v_prefetch_list *list, ptrdiff_t dim);

/* X += G Y and Y += G^T X, both products taken with the rows as they were before; meanwhile
 * prefetch `list`, unless it is NULL. `spare` has room for n_x * dim floats. */
typedef void cw2v_update_fn(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                            const float *g, float *spare, const cw2v_prefetch_list *list);

/* As `update`, for one row h that stays unchanged: step = g Y and Y += g^T h. */
typedef void cw2v_update_apart_fn(const float *h, float *const *y, int n_y, ptrdiff_t dim,
                                  const float *g, float *step);

/* sum = scale * (x[0] + ... + x[n - 1]); here and below rows may repeat. */
typedef void cw2v_sum_rows_fn(const float *const *x, int n, ptrdiff_t dim, float scale,
                              float *sum);

/* x[i] += scale * step, one after another. */
typedef void cw2v_add_to_rows_fn(float *const *x, int n, ptrdiff_t dim, float scale,
                                 const float *step);

/* Prefetch the rows rows[i] >> shift of a matrix for writing. */
typedef void cw2v_prefetch_rows_fn(const cw2v_matrix *matrix, const uint32_t *rows, int shift,
                                   int n, ptrdiff_t dim);

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
} cw2v_kernels;

/* Write the tables that this CPU can run, fastest first, "scalar" last; return their number. */
int cw2v_kernels_available(const cw2v_kernels **tables, int capacity);

/* The tables themselves; one is NULL where the compiler cannot make it. */
extern const cw2v_kernels *const cw2v_kernels_scalar;
extern const cw2v_kernels *const cw2v_kernels_vec128; /* SSE2 or NEON: the baseline */
extern const cw2v_kernels *const cw2v_kernels_avx2;
extern const cw2v_kernels *const cw2v_kernels_avx512;

#endif
