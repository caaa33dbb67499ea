/* csrc/kernels.h - what every kernel computes, on whatever CPU it runs.
 *
 * A step of training touches the rows of W of the words around a few centres (x) and the
 * rows of W' that they, or their means, are to score (y). Kernels take these rows where they
 * lie, as arrays of pointers. The rows of x are distinct from one another, and so are
 * the rows of y: whoever builds a block merges repeated words into one row that counts more.
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
 * cw2v_row_stride(n_y) floats apart, a whole number of the longest vectors and never less
 * than n_y + 3, so that kernels may read and write past a row's end, where all is ignored. */
static inline int cw2v_row_stride(int n_y) { return (n_y + 3 + 15) / 16 * 16; }

/* s[i][j] = x[i] . y[j] */
typedef void cw2v_dots_fn(const float *const *x, int n_x, const float *const *y, int n_y,
                          ptrdiff_t dim, float *s);

/* What the pairs of a row of x and a row of y are to score, and how much each counts.
 *
 * Row x[i] is to predict some words, `pairs` of them, that are among the first y: seen[i][j]
 * of them are the word of y[j], which is to score high. Each of the others scores y[j] as
 * noise, low, noise[j] times. So x[i] scores y[j] high `seen` times and low
 *
 *     unseen[i][j] = noise[j] * (pairs[i] - seen[i][j])
 *
 * times (Mikolov et al. 2013, eq. 4). In a tree (their eq. 3) there is one word to predict, y are
 * nodes on the way to it, and each row has seen y[j] all `pairs` times where the path turns left,
 * that is where path[j] is odd, and else never. */
enum { CW2V_SEEN = 8 };

typedef struct {
    const uint8_t *seen;  /* (n_x, CW2V_SEEN) for the first y; their sum is `pairs` */
    const float *noise;   /* (n_y,), readable up to the row stride */
    const uint32_t *path; /* likewise: in a tree twice the node, plus 1 for left; else NULL */
} cw2v_labels;

/* Turn the logits of one block into its scaled errors, in place:
 *
 *     s[i][j] = lr * (seen - (seen + unseen) * sigmoid(s[i][j]))
 *
 * Exact to 1e-6 * lr * (seen + unseen). Infinities are fine; NaN stays NaN. */
typedef void cw2v_logistic_error_fn(float *s, int n_x, int n_y, const cw2v_labels *labels,
                                    float lr);

/* The loss of one block, from its logits, which stay as they are:
 *
 *     sum over i, j of seen * log(1 + exp(-s[i][j])) + unseen * log(1 + exp(s[i][j]))
 */
typedef double cw2v_logistic_loss_fn(const float *s, int n_x, int n_y,
                                     const cw2v_labels *labels);

/* Rows, `dim` long, that will be written soon, to be asked for (prefetched). A CPU fetches a few
 * dozen lines of memory at a time and may forget what else it is asked for. So an update that is
 * given long rows asks for four of them line by line, as it goes along the columns. */
typedef struct {
    float *const *rows;
    int n;
} cw2v_soon;

enum { CW2V_LONG_ROW = 112 }; /* with more floats than this it is worth it */

/* Ask for them at once. */
typedef void cw2v_prefetch_fn(const cw2v_soon *soon, ptrdiff_t dim);

/* X += G Y and Y += G^T X, both products taken with the rows as they were before; meanwhile ask for
 * the rows of `soon`, unless it is NULL. `spare` has room for n_x * dim floats. */
typedef void cw2v_update_fn(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                            const float *g, float *spare, const cw2v_soon *soon);

/* As `update`, for one row h that stays as it is: step = g Y and Y += g^T h. */
typedef void cw2v_update_apart_fn(const float *h, float *const *y, int n_y, ptrdiff_t dim,
                                  const float *g, float *step);

/* sum = scale * (x[0] + ... + x[n - 1]); here and below rows may repeat. */
typedef void cw2v_sum_rows_fn(const float *const *x, int n, ptrdiff_t dim, float scale,
                              float *sum);

/* x[i] += scale * step, one after another. */
typedef void cw2v_add_to_rows_fn(float *const *x, int n, ptrdiff_t dim, float scale,
                                 const float *step);

/* Ask for the rows rows[i] >> shift of a matrix, which will be written soon. */
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
    cw2v_prefetch_fn *prefetch;
} cw2v_kernels;

/* The tables this CPU can run, fastest first, "scalar" last; how many there are. */
int cw2v_kernels_available(const cw2v_kernels **tables, int capacity);

/* The tables themselves; one is NULL where the compiler cannot make it. */
extern const cw2v_kernels *const cw2v_kernels_scalar;
extern const cw2v_kernels *const cw2v_kernels_vec128; /* SSE2 or NEON: the baseline */
extern const cw2v_kernels *const cw2v_kernels_avx2;
extern const cw2v_kernels *const cw2v_kernels_avx512;

#endif
