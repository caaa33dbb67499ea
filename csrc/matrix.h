/* csrc/matrix.h - a matrix as one worker sees it. */

#ifndef CW2V_MATRIX_H
#define CW2V_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/* Rows of `dim` floats, one after another, that all workers share, but that instead of `n_own`
 * of them, from `first_own` on, the worker has copies. */
typedef struct {
    float *shared;
    ptrdiff_t to_own; /* bytes from a shared row to its copy */
    uint32_t first_own, n_own;
} cw2v_matrix;

/* Where a row is. No branch: it would be a coin toss. */
static inline float *cw2v_row(const cw2v_matrix *matrix, uint32_t row, ptrdiff_t dim) {
    ptrdiff_t is_own = row - matrix->first_own < matrix->n_own;
    char *shared = (char *)(matrix->shared + (ptrdiff_t)row * dim);
    return (float *)(shared + (-is_own & matrix->to_own));
}

#endif
