/* csrc/matrix.h - a matrix as one worker sees it: shared rows, some with a local copy. */

#ifndef CW2V_MATRIX_H
#define CW2V_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/* Contiguous rows of `dim` floats, shared by all workers. The worker uses local copies of `n_local`
 * of them, from `first_local` on. */
typedef struct {
    float *shared;
    ptrdiff_t to_local; /* bytes from a shared row to its copy */
    uint32_t first_local, n_local;
} cw2v_matrix;

/* The address of a row. Without a branch, which would often be mispredicted. */
static inline float *cw2v_row(const cw2v_matrix *matrix, uint32_t row, ptrdiff_t dim) {
    ptrdiff_t is_local = row - matrix->first_local < matrix->n_local;
    char *shared = (char *)(matrix->shared + (ptrdiff_t)row * dim);
    return (float *)(shared + (-is_local & matrix->to_local));
}

#endif
