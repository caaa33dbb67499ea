# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The skip-gram step: one window's gradient of W and W', by kernel or by BLAS.

For the rows x[i] of W of the words around a centre, and the rows y[j] of W' of the centre
(j = 0) and its noise words (Mikolov et al. 2013, eq. 4):

    S = X Y^T,    G[i, j] = lr * weight[i, j] * ([j == 0] - sigmoid(S[i, j]))
    X += G Y,     Y += G^T X        with X and Y on the right as they were before

All pairs of a window share its noise words (Ji et al. 2016, arXiv 1604.04661).
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t
from libc.string cimport memcpy

import numpy as np

from cw2v._blas cimport gemm_nn, gemm_nt, gemm_tn
from cw2v._kernels cimport X_MAX, Backend, cw2v_row_stride, find_backend


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


cdef void sgns_step(const Model *model, const Window *win, float lr, const Backend *backend,
                    Scratch *s, double *loss) noexcept nogil:
    """Move the window's rows one step down its loss, which is added to `loss` unless NULL."""
    cdef int n_x = win.n_x, n_y = win.n_y, i
    cdef int dim = <int> model.dim, stride = cw2v_row_stride(n_y)
    for i in range(n_x):
        s.x_rows[i] = model.w + win.x[i] * model.dim
    for i in range(n_y):
        s.y_rows[i] = model.w_out + win.y[i] * model.dim

    # S = X @ Y.T
    if backend.blas:
        # BLAS works on copies, so that all three products see the same X and Y whatever
        # other workers write meanwhile.
        gather(s.x_rows, n_x, dim, s.x)
        gather(s.y_rows, n_y, dim, s.y)
        gemm_nt(n_x, n_y, dim, s.x, dim, s.y, dim, s.g, stride)
    else:
        backend.kernels.dots(<const float *const *> s.x_rows, n_x,
                             <const float *const *> s.y_rows, n_y, dim, s.g)

    if loss is not NULL:
        loss[0] += backend.kernels.sgns_loss(s.g, n_x, n_y, win.x_weight, win.y_weight)

    # S becomes G
    backend.kernels.sgns_error(s.g, n_x, n_y, win.x_weight, win.y_weight, lr)

    # X += G @ Y,  Y += G.T @ X
    if backend.blas:
        gemm_nn(n_x, dim, n_y, s.g, stride, s.y, dim, s.dx, dim)
        gemm_tn(n_y, dim, n_x, s.g, stride, s.x, dim, s.dy, dim)
        scatter_add(s.x_rows, n_x, dim, s.dx)
        scatter_add(s.y_rows, n_y, dim, s.dy)
    else:
        backend.kernels.update(s.x_rows, n_x, s.y_rows, n_y, dim, s.g, s.x)


def step(float[:, ::1] w, float[:, ::1] w_out, const int32_t[::1] x, const int32_t[::1] y,
         const float[::1] x_weight, const float[::1] y_weight, float lr, str backend, *,
         bint with_loss=True):
    """Take one step, for the tests: change W and W' in place, return the loss before it."""
    cdef Model model
    cdef Window win
    cdef Scratch s
    cdef Backend chosen
    cdef double loss = 0
    cdef ptrdiff_t dim = w.shape[1], n_y = y.shape[0]
    cdef int stride = cw2v_row_stride(<int> n_y)
    if not 1 <= x.shape[0] <= X_MAX:
        raise ValueError(f"x must have 1 to {X_MAX} words, got {x.shape[0]}")
    find_backend(backend, &chosen)
    cdef size_t[::1] rows = np.empty(X_MAX + n_y, np.uintp)
    cdef float[::1] g = np.empty(X_MAX * stride, np.float32)
    cdef float[:, ::1] copies = np.empty((2 * X_MAX + 2 * n_y, dim), np.float32)
    cdef float[::1] padded = np.empty(stride, np.float32)
    padded[:n_y] = y_weight
    model.w, model.w_out, model.dim = &w[0, 0], &w_out[0, 0], dim
    win.x, win.y = &x[0], &y[0]
    win.x_weight, win.y_weight = &x_weight[0], &padded[0]
    win.n_x, win.n_y = <int> x.shape[0], <int> n_y
    s.x_rows, s.y_rows = <float **> &rows[0], <float **> &rows[X_MAX]
    s.g = &g[0]
    s.x, s.dx = &copies[0, 0], &copies[X_MAX, 0]
    s.y, s.dy = &copies[2 * X_MAX, 0], &copies[2 * X_MAX + n_y, 0]
    sgns_step(&model, &win, lr, &chosen, &s, &loss if with_loss else NULL)
    return loss
