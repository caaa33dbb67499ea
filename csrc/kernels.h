/* csrc/kernels.h - what every kernel computes, on whatever CPU it runs.
 *
 * A step of training touches the rows of W of the words around a centre (x) and the
 * rows of W' of the words they are to predict (y). Kernels take these rows where they
 * lie, as arrays of pointers. The rows of x are distinct from one another, and so are
 * the rows of y: whoever builds a window merges repeated words into one row with a weight.
 *
 * Everything is float32, `dim` long, and need not be aligned. Kernels never allocate,
 * lock, or call Python. Other threads may write the rows meanwhile (Hogwild, Niu et al.
 * 2011). kernels_scalar.c defines the right answer. */

#ifndef CW2V_KERNELS_H
#define CW2V_KERNELS_H

#include <stddef.h>

/* The most rows of x in one window. */
#define CW2V_X_MAX 16

/* The logits and errors of a window are an (n_x, n_y) matrix whose rows lie
 * cw2v_row_stride(n_y) floats apart, a whole number of the longest vectors and never less
 * than n_y + 3, so that kernels may read and write past a row's end. What stands there is
 * of no account. */
static inline int cw2v_row_stride(int n_y) { return (n_y + 3 + 15) / 16 * 16; }

/* s[i][j] = x[i] . y[j] */
typedef void cw2v_dots_fn(const float *const *x, int n_x, const float *const *y, int n_y,
                          ptrdiff_t dim, float *s);

/* Turn the logits of one skip-gram window into its scaled errors, in place:
 *
 *     s[i][j] = lr * x_weight[i] * y_weight[j] * ((j == 0) - sigmoid(s[i][j]))
 *
 * Column 0 is the observed word, the others are noise words (Mikolov et al. 2013, eq. 4).
 * Exact to 1e-6 * lr * weights. Infinities are fine; NaN stays NaN. y_weight may be read
 * up to the end of a row of s. */
typedef void cw2v_sgns_error_fn(float *s, int n_x, int n_y, const float *x_weight,
                                const float *y_weight, float lr);

/* The loss of one skip-gram window, from its logits, which stay as they are:
 *
 *     sum over i, j of x_weight[i] * y_weight[j] * log(1 + exp(j == 0 ? -s[i][j] : s[i][j]))
 */
typedef double cw2v_sgns_loss_fn(const float *s, int n_x, int n_y, const float *x_weight,
                                 const float *y_weight);

/* X += G Y and Y += G^T X, both products taken with the rows as they were before.
 * `spare` has room for n_x * dim floats. */
typedef void cw2v_update_fn(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                            const float *g, float *spare);

/* Ask for a row that will be written soon. */
typedef void cw2v_prefetch_fn(const float *row, ptrdiff_t dim);

typedef struct {
    const char *name;
    cw2v_dots_fn *dots;
    cw2v_sgns_error_fn *sgns_error;
    cw2v_sgns_loss_fn *sgns_loss;
    cw2v_update_fn *update;
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
