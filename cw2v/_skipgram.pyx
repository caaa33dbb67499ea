# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The skip-gram step: one block's gradient of W and W', by kernel or by BLAS.

For the rows x[i] of W of the context words of a few centres, and the rows y[j] of W', with
`positives` positive and `negatives` negative pairs of each (see cw2v_labels in csrc/kernels.h):

    S = X Y^T,    G = lr * (positives - (positives + negatives) * sigmoid(S)), elementwise
    X += G Y,     Y += G^T X        with the old X and Y on the right

With negative sampling, Y is the centres and their noise words, which all pairs of a block
share (Mikolov et al. 2013, eq. 4; Ji et al. 2016, arXiv 1604.04661). With hierarchical softmax,
Y is the nodes on the path to one centre in the tree, and pairs are positive where the path turns
left (eq. 3, with the signs of word2vec.c).
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t
from libc.string cimport memcpy

import numpy as np

from cw2v._kernels cimport (
    CW2V_LONG_ROW, X_MAX, Backend, Labels, cw2v_matrix, cw2v_prefetch_list, cw2v_row,
    cw2v_row_stride, find_backend,
)
from cw2v._stages cimport ERRORS, GATHER, LOSS, PREFETCH, PRODUCTS, SCATTER, UPDATE, ends
from cw2v._step cimport (
    Model, Scratch, Targets, blas_changes, find_words, gather, lock_of, scatter_add,
)


cdef void copy_locked(const Model *model, const int32_t *x, int n_x, Scratch *s) noexcept nogil:
    """Put copies in the place of rows whose lock factor is not 1, for the step to update."""
    cdef ptrdiff_t dim = model.dim
    cdef float *copy
    cdef int i
    for i in range(n_x):
        if lock_of(model, x[i]) != 1:
            copy = s.locked + 2 * i * dim
            memcpy(copy, s.x_rows[i], dim * sizeof(float))
            memcpy(copy + dim, copy, dim * sizeof(float))
            s.x_rows[i] = copy


cdef void move_locked(const Model *model, const cw2v_matrix *w, const int32_t *x, int n_x,
                      Scratch *s) noexcept nogil:
    """Add the update of each copy to its row, times the lock factor; rows locked by 0 stay."""
    cdef ptrdiff_t dim = model.dim, k
    cdef float *row
    cdef float *moved
    cdef float lock
    cdef int i
    for i in range(n_x):
        lock = lock_of(model, x[i])
        if lock != 1 and lock != 0:
            row = cw2v_row(w, x[i], dim)
            moved = s.locked + 2 * i * dim
            for k in range(dim):
                row[k] += lock * (moved[k] - moved[dim + k])


cdef void skipgram_step(const Model *model, const cw2v_matrix *w, const int32_t *x, int n_x,
                        const Targets *targets, float lr, const Backend *backend, Scratch *s,
                        const cw2v_prefetch_list *to_prefetch, double *loss) noexcept nogil:
    """Take one gradient step with the rows of W of `n_x` distinct words, and rows of W'.

    `w` is W as this worker sees it. The rows of W' are in `s.y_rows`. Meanwhile the rows of
    `to_prefetch` are prefetched. The loss before the step is added to `loss` unless that is NULL.
    """
    cdef int n_y = targets.n_y
    cdef int dim = <int> model.dim, stride = cw2v_row_stride(n_y)
    cdef const cw2v_prefetch_list *in_update = NULL
    if to_prefetch.n == 0:
        pass
    elif dim > CW2V_LONG_ROW and backend.blas is NULL:
        in_update = to_prefetch
    else:
        backend.kernels.prefetch_list(to_prefetch, dim)
        ends(s.clock, PREFETCH)
    find_words(w, x, n_x, model.dim, s.x_rows)
    if model.lockf is not NULL:
        copy_locked(model, x, n_x, s)

    # S = X @ Y.T
    if backend.blas is not NULL:
        # BLAS works on copies, so that all three products use the same X and Y, whatever other
        # workers write meanwhile.
        gather(s.x_rows, n_x, dim, s.x)
        gather(s.y_rows, n_y, dim, s.y)
        ends(s.clock, GATHER)
        backend.blas.nt(n_x, n_y, dim, s.x, dim, s.y, dim, s.g, stride)
    else:
        ends(s.clock, GATHER)
        backend.kernels.dots(<const float *const *> s.x_rows, n_x,
                             <const float *const *> s.y_rows, n_y, dim, s.g)

    ends(s.clock, PRODUCTS)

    if loss is not NULL:
        loss[0] += backend.kernels.logistic_loss(s.g, n_x, n_y, &targets.labels)
        ends(s.clock, LOSS)

    # G, in place of S
    backend.kernels.logistic_error(s.g, n_x, n_y, &targets.labels, lr)
    ends(s.clock, ERRORS)

    # X += G @ Y,  Y += G.T @ X
    if backend.blas is not NULL:
        blas_changes(backend.blas, n_x, n_y, dim, s)
        scatter_add(s.x_rows, n_x, dim, s.dx)
    else:
        backend.kernels.update(s.x_rows, n_x, s.y_rows, n_y, dim, s.g, s.x, in_update)
        ends(s.clock, UPDATE)
    if model.lockf is not NULL:
        move_locked(model, w, x, n_x, s)
    ends(s.clock, SCATTER)


def step(float[:, ::1] w, float[:, ::1] w_out, const int32_t[::1] x, const int32_t[::1] y,
         Labels labels, float lr, str backend, *, const float[::1] lockf=None,
         bint with_loss=True, Py_ssize_t repeat=1):
    """Take one step, for the tests: update W and W' in place, return the loss before it.

    Parameters
    ----------
    w, w_out : ndarray of float32, shape (n_words, dim)
    x : ndarray of int32, shape (n_x,)
        Distinct rows of W, at most X_MAX.
    y : ndarray of int32, shape (n_y,)
        Distinct rows of W'.
    labels : cw2v._kernels.Labels
    lr : float
    backend : str
    lockf : ndarray of float32, shape (n_words,) or (1,), optional
    with_loss : bool
        Whether to compute the loss; else 0 is returned.
    repeat : int
        How often to take the step, for benchmarks; the losses are added up.
    """
    cdef Model model
    cdef cw2v_matrix w_view
    cdef Targets targets
    cdef Scratch s
    cdef Backend chosen
    cdef cw2v_prefetch_list nothing
    cdef double loss = 0
    cdef ptrdiff_t dim = w.shape[1], n_y = y.shape[0], j
    cdef int stride = cw2v_row_stride(<int> n_y)
    if not 1 <= x.shape[0] <= X_MAX:
        raise ValueError(f"x must have 1 to {X_MAX} words, got {x.shape[0]}")
    find_backend(backend, &chosen)
    cdef size_t[::1] rows = np.empty(X_MAX + n_y, np.uintp)
    cdef float[::1] g = np.empty(X_MAX * stride, np.float32)
    cdef float[:, ::1] copies = np.empty((4 * X_MAX + 2 * n_y, dim), np.float32)
    model.dim = dim
    w_view.shared, w_view.n_local = &w[0, 0], 0
    model.lockf = &lockf[0] if lockf is not None else NULL
    model.lockf_stride = 1 if lockf is not None and lockf.shape[0] > 1 else 0
    targets.n_y = <int> n_y
    targets.labels = labels.borrowed
    s.x_rows, s.y_rows = <float **> &rows[0], <float **> &rows[X_MAX]
    s.g = &g[0]
    s.clock = NULL
    nothing.n = 0
    s.x, s.dx, s.locked = &copies[0, 0], &copies[X_MAX, 0], &copies[2 * X_MAX, 0]
    s.y, s.dy = &copies[4 * X_MAX, 0], &copies[4 * X_MAX + n_y, 0]
    for j in range(n_y):
        s.y_rows[j] = &w_out[y[j], 0]
    for _ in range(repeat):
        skipgram_step(&model, &w_view, &x[0], <int> x.shape[0], &targets, lr, &chosen, &s,
                      &nothing, &loss if with_loss else NULL)
    return loss
