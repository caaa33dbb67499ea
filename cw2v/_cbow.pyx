# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The CBOW step: one window's gradient of W and W', by kernel or by BLAS.

For the rows x[i] of W of the n words around a centre, their mean (or sum) h, and the rows y[j]
of W' that h scores, high where label[j] is 1 and low where it is 0:

    h = 1/n sum_i x[i],    g[j] = lr * weight[j] * (label[j] - sigmoid(h . y[j]))
    x[i] += c sum_j g[j] y[j],     y[j] += g[j] h      with h and y on the right as before

The gradient has c = 1/n for the mean and 1 for the sum (Irsoy et al. 2021, arXiv 2012.15332).
word2vec.c and gensim take c = 1 for the mean, and gensim 1/n for the sum; so do we unless
`corrected_cbow`. See _skipgram.pyx for what is scored.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t

import numpy as np

from cw2v._blas cimport gemm_nt
from cw2v._kernels cimport Backend, cw2v_row_stride, find_backend
from cw2v._step cimport Model, Scratch, Targets, blas_changes, find_rows, gather, lock_of


cdef void add_locked(const Model *model, const int32_t *x, int n_x, int place, float scale,
                     const float *step) noexcept nogil:
    """Move each row by its own part of the step; those locked by 0, not at all."""
    cdef ptrdiff_t dim = model.dim, k
    cdef float *row
    cdef float part
    cdef int i
    for i in range(n_x):
        part = scale * lock_of(model, x[i])
        if i != place and part != 0:
            row = model.w + x[i] * dim
            for k in range(dim):
                row[k] += part * step[k]


cdef void cbow_step(const Model *model, const int32_t *x, int n_x, int place,
                    const Targets *targets, float lr, const Backend *backend, Scratch *s,
                    double *loss) noexcept nogil:
    """Move the rows of words around a centre, and those they score, one step down their loss.

    `x` is a stretch of `n_x` words, which may repeat, the centre at `place` among them. The
    loss before the step is added to `loss` unless that is NULL.
    """
    cdef int n_y = targets.n_y, n = 0, i
    cdef int dim = <int> model.dim, stride = cw2v_row_stride(n_y)
    cdef float one = 1, scale
    for i in range(n_x):
        # No branch on the place: the centre's row is overwritten by the next one.
        s.x_rows[n] = model.w + x[i] * model.dim
        n += i != place
    find_rows(model, targets, s)

    # h is the only row of s.x, its change that of s.dx.
    backend.kernels.sum_rows(<const float *const *> s.x_rows, n, dim,
                             one / n if model.cbow_mean else one, s.x)
    if backend.blas:
        gather(s.y_rows, n_y, dim, s.y)
        gemm_nt(1, n_y, dim, s.x, dim, s.y, dim, s.g, stride)
    else:
        backend.kernels.dots(<const float *const *> &s.x, 1, <const float *const *> s.y_rows, n_y,
                             dim, s.g)
    if loss is not NULL:
        loss[0] += backend.kernels.logistic_loss(s.g, 1, n_y, &one, targets.weight,
                                                 targets.label)
    backend.kernels.logistic_error(s.g, 1, n_y, &one, targets.weight, targets.label, lr)

    if backend.blas:
        blas_changes(1, n_y, dim, s)
    else:
        backend.kernels.update_one(s.x, s.y_rows, n_y, dim, s.g, s.dx)
    scale = one / n if model.cbow_mean == model.corrected_cbow else one
    if model.lockf is NULL:
        backend.kernels.add_to_rows(s.x_rows, n, dim, scale, s.dx)
    else:
        add_locked(model, x, n_x, place, scale, s.dx)


def step(float[:, ::1] w, float[:, ::1] w_out, const int32_t[::1] x, int place,
         const int32_t[::1] y, const float[::1] y_weight, const float[::1] label, float lr,
         str backend, *, bint cbow_mean=True, bint corrected_cbow=False,
         const float[::1] lockf=None, bint with_loss=True):
    """Take one step, for the tests: change W and W' in place, return the loss before it."""
    cdef Model model
    cdef Targets targets
    cdef Scratch s
    cdef Backend chosen
    cdef double loss = 0
    cdef ptrdiff_t dim = w.shape[1], n_x = x.shape[0], n_y = y.shape[0]
    cdef int stride = cw2v_row_stride(<int> n_y)
    if not 0 <= place < n_x or n_x < 2:
        raise ValueError(f"place must be one of at least two words, got {place} of {n_x}")
    find_backend(backend, &chosen)
    cdef size_t[::1] rows = np.empty(n_x + n_y + 1, np.uintp)
    cdef float[::1] g = np.empty(stride, np.float32)
    cdef float[:, ::1] copies = np.empty((2 + 2 * n_y, dim), np.float32)
    cdef float[:, ::1] padded = np.empty((2, stride), np.float32)
    padded[0, :n_y] = y_weight
    padded[1, :n_y] = label
    model.w, model.dim = &w[0, 0], dim
    model.lockf = &lockf[0] if lockf is not None else NULL
    model.lockf_stride = 1 if lockf is not None and lockf.shape[0] > 1 else 0
    model.cbow_mean, model.corrected_cbow = cbow_mean, corrected_cbow
    targets.w_out, targets.y, targets.n_y = &w_out[0, 0], &y[0], <int> n_y
    targets.weight, targets.label = &padded[0, 0], &padded[1, 0]
    targets.first_own = <int32_t> w_out.shape[0]
    s.x_rows, s.y_rows = <float **> &rows[0], <float **> &rows[n_x]
    s.g = &g[0]
    s.x, s.dx = &copies[0, 0], &copies[1, 0]
    s.y, s.dy = &copies[2, 0], &copies[2 + n_y, 0]
    cbow_step(&model, &x[0], <int> n_x, place, &targets, lr, &chosen, &s,
              &loss if with_loss else NULL)
    return loss
