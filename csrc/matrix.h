/* csrc/matrix.h - W or W' as one worker sees it: shared rows, and its local copies of hot rows. */

#ifndef CW2V_MATRIX_H
#define CW2V_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/* Contiguous rows of `dim` floats, shared by all workers. Instead of the n_local rows from
 * first_local on, the hot rows, the worker uses its local copies. */
typedef struct {
    float *shared;
    ptrdiff_t to_local; /* bytes from a hot row to its local copy, the same for all */
    uint32_t first_local, n_local;
} cw2v_matrix;

/* The address of a row, or of its local copy. Branchless, as a branch would often be mispredicted;
 * the unsigned difference wraps around for rows before first_local. */
static inline float *cw2v_row(const cw2v_matrix *matrix, uint32_t row, ptrdiff_t dim) {
    ptrdiff_t is_local = row - matrix->first_local < matrix->n_local;
    char *shared = (char *)(matrix->shared + (ptrdiff_t)row * dim);
    return (float *)(shared + (-is_local & matrix->to_local));
}

#endif
