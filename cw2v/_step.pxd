"""What every step of training works on: the model, output rows with labels, scratch memory."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memcpy

from cw2v._blas cimport Products
from cw2v._kernels cimport cw2v_labels, cw2v_matrix, cw2v_row, cw2v_row_stride
from cw2v._stages cimport UPDATE, Clock, ends


cdef struct Model:              # shared by all workers, written without locks
    float *w                    # (n_words, dim) W, input to projection
    float *syn1neg              # (n_words, dim) W' of negative sampling, or NULL
    float *syn1                 # (n_words, dim) W' of hierarchical softmax, or NULL
    const float *lockf          # factors of the updates of rows of W (vectors_lockf); NULL: all 1
    ptrdiff_t lockf_stride      # from one word's factor to the next; 0 where one is for all
    ptrdiff_t dim
    bint cbow_mean              # CBOW predicts from the mean, else from the sum
    bint corrected_cbow         # and moves each vector by its exact gradient


cdef struct Targets:            # the rows of one W' of a block, positive and negative
    const cw2v_matrix *w_out    # syn1neg or syn1
    const int32_t *y            # (n_y,) distinct rows; in a tree, labels.path has them instead
    int n_y
    cw2v_labels labels


cdef struct Scratch:            # one worker's
    float **x_rows              # (most context words of a centre, or X_MAX,) rows of W
    float **y_rows              # (most n_y,) and of W'
    float *g                    # (X_MAX, row stride of most n_y) logits, then errors
    float *x                    # (X_MAX, dim) copies of rows, or CBOW's projection
    float *dx                   # (X_MAX, dim) their update
    float *y                    # (most n_y, dim) likewise, for BLAS only
    float *dy
    Clock *clock                # of the stages; NULL unless profiling
    float *locked               # (2 X_MAX, dim) copies of rows whose factor is not 1


cdef inline float lock_of(const Model *model, int32_t word) noexcept nogil:
    return model.lockf[word * model.lockf_stride]


cdef inline void find_words(const cw2v_matrix *matrix, const int32_t *words, int n,
                            ptrdiff_t dim, float **rows) noexcept nogil:
    """Write the addresses of the rows of `words` to `rows`."""
    cdef float *shared = matrix.shared
    cdef int i
    # Without local copies, the compiler vectorizes the loop.
    if matrix.n_local == 0:
        for i in range(n):
            rows[i] = shared + words[i] * dim
    else:
        for i in range(n):
            rows[i] = cw2v_row(matrix, words[i], dim)


cdef inline void find_rows(const Model *model, const Targets *targets,
                           Scratch *s) noexcept nogil:
    cdef const cw2v_matrix *w_out = targets.w_out
    cdef const uint32_t *path = targets.labels.path
    cdef float *shared = w_out.shared
    cdef int j
    if path is NULL:
        find_words(w_out, targets.y, targets.n_y, model.dim, s.y_rows)
    elif w_out.n_local == 0:
        for j in range(targets.n_y):
            s.y_rows[j] = shared + <int32_t> (path[j] >> 1) * model.dim
    else:
        for j in range(targets.n_y):
            s.y_rows[j] = cw2v_row(w_out, path[j] >> 1, model.dim)


cdef inline void gather(float *const *rows, int n, ptrdiff_t dim, float *out) noexcept nogil:
    cdef int i
    for i in range(n):
        memcpy(out + i * dim, rows[i], dim * sizeof(float))


cdef inline void scatter_add(float *const *rows, int n, ptrdiff_t dim,
                             const float *step) noexcept nogil:
    cdef int i
    cdef ptrdiff_t k
    for i in range(n):
        for k in range(dim):
            rows[i][k] += step[i * dim + k]


cdef inline void blas_changes(const Products *blas, int n_x, int n_y, int dim,
                              Scratch *s) noexcept nogil:
    """dX = G Y and dY = G^T X by BLAS, from the copies in `s`; dY is added to the rows of Y."""
    cdef int stride = cw2v_row_stride(n_y)
    blas.nn(n_x, dim, n_y, s.g, stride, s.y, dim, s.dx, dim)
    blas.tn(n_y, dim, n_x, s.g, stride, s.x, dim, s.dy, dim)
    ends(s.clock, UPDATE)
    scatter_add(s.y_rows, n_y, dim, s.dy)
