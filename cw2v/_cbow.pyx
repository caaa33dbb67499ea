# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The CBOW step: one centre's gradient of W and W', by kernel or by BLAS.

For the rows x[i] of W of the n context words of the centre, their mean (or sum) h, and the rows
y[j] of W', with `positives` positive and `negatives` negative pairs of each with h (see cw2v_labels
in csrc/kernels.h):

    h = 1/n sum_i x[i],    s = Y h,    g = lr * (positives - (positives + negatives) * sigmoid(s))
    x[i] += c Y^T g,       Y += g h^T       with the old h and Y on the right

The gradient has c = 1/n for the mean and 1 for the sum (Irsoy et al. 2021, arXiv 2012.15332).
word2vec.c and gensim take c = 1 for the mean, and gensim 1/n for the sum; so do we unless
`corrected_cbow`. Y is as in _skipgram.pyx.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t

import numpy as np

from cw2v._blocks cimport Window
from cw2v._kernels cimport (
    Backend, Labels, cw2v_matrix, cw2v_row, cw2v_row_stride, find_backend,
)
from cw2v._stages cimport ERRORS, GATHER, LOSS, PRODUCTS, SCATTER, UPDATE, ends
from cw2v._step cimport Model, Scratch, Targets, blas_changes, find_words, gather, lock_of


cdef inline int context_rows(const cw2v_matrix *w, const Window *window, ptrdiff_t dim,
                             float **rows) noexcept nogil:
    """Write the addresses of the rows of W of the context words; return how many they are."""
    cdef int centre = window.centre, n = window.n - 1
    find_words(w, window.words, centre, dim, rows)
    find_words(w, window.words + centre + 1, n - centre, dim, rows + centre)
    return n


cdef void add_locked(const Model *model, const cw2v_matrix *w, const Window *window, float scale,
                     const float *step) noexcept nogil:
    """Add the step to each row, times its lock factor; rows locked by 0 stay."""
    cdef ptrdiff_t dim = model.dim, k
    cdef float *row
    cdef float part
    cdef int i
    for i in range(window.n):
        part = scale * lock_of(model, window.words[i])
        if i != window.centre and part != 0:
            row = cw2v_row(w, window.words[i], dim)
            for k in range(dim):
                row[k] += part * step[k]


cdef void cbow_step(const Model *model, const cw2v_matrix *w, const Window *window,
                    const Targets *targets, float lr, const Backend *backend, Scratch *s,
                    double *loss) noexcept nogil:
    """Take one gradient step with the rows of W of the context words, and rows of W'.

    `w` is W as this worker sees it. The rows of W' are in `s.y_rows`. The loss before the step is
    added to `loss` unless that is NULL.
    """
    cdef int n_y = targets.n_y, n = context_rows(w, window, model.dim, s.x_rows)
    cdef int dim = <int> model.dim, stride = cw2v_row_stride(n_y)
    cdef float one = 1, part = one / n

    # h is in s.x, its update in s.dx.
    cdef const float *h = s.x
    backend.kernels.sum_rows(<const float *const *> s.x_rows, n, dim,
                             part if model.cbow_mean else one, s.x)
    if backend.blas is not NULL:
        gather(s.y_rows, n_y, dim, s.y)
        ends(s.clock, GATHER)
        backend.blas.nt(1, n_y, dim, s.x, dim, s.y, dim, s.g, stride)
    else:
        ends(s.clock, GATHER)
        backend.kernels.dots(&h, 1, <const float *const *> s.y_rows, n_y, dim, s.g)
    ends(s.clock, PRODUCTS)
    if loss is not NULL:
        loss[0] += backend.kernels.logistic_loss(s.g, 1, n_y, &targets.labels)
        ends(s.clock, LOSS)
    backend.kernels.logistic_error(s.g, 1, n_y, &targets.labels, lr)
    ends(s.clock, ERRORS)

    if backend.blas is not NULL:
        blas_changes(backend.blas, 1, n_y, dim, s)
    else:
        backend.kernels.update_apart(s.x, s.y_rows, n_y, dim, s.g, s.dx)
        ends(s.clock, UPDATE)
    if model.cbow_mean != model.corrected_cbow:
        part = one
    if model.lockf is NULL:
        backend.kernels.add_to_rows(s.x_rows, n, dim, part, s.dx)
    else:
        add_locked(model, w, window, part, s.dx)
    ends(s.clock, SCATTER)


def step(float[:, ::1] w, float[:, ::1] w_out, const int32_t[::1] words, int centre,
         const int32_t[::1] y, Labels labels, float lr, str backend, *, bint cbow_mean=True,
         bint corrected_cbow=False, const float[::1] lockf=None, bint with_loss=True,
         Py_ssize_t repeat=1):
    """Take one step, for the tests: update W and W' in place, return the loss before it.

    Parameters
    ----------
    w, w_out : ndarray of float32, shape (n_words, dim)
    words : ndarray of int32, shape (n,)
        The words of the window, the centre included.
    centre : int
        Its index in `words`.
    y : ndarray of int32, shape (n_y,)
        Distinct rows of W'.
    labels : cw2v._kernels.Labels
    lr : float
    backend : str
    cbow_mean, corrected_cbow : bool
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
    cdef Window window
    cdef double loss = 0
    cdef ptrdiff_t dim = w.shape[1], n_y = y.shape[0], j
    if not 0 <= centre < words.shape[0] or words.shape[0] < 2:
        raise ValueError(
            f"centre must be the index of one of at least two words, got {centre} of "
            f"{words.shape[0]}"
        )
    window.words, window.n, window.centre = &words[0], <int32_t> words.shape[0], centre
    find_backend(backend, &chosen)
    cdef size_t[::1] rows = np.empty(n_y + words.shape[0], np.uintp)
    cdef float[::1] g = np.empty(cw2v_row_stride(<int> n_y), np.float32)
    cdef float[:, ::1] copies = np.empty((2 + 2 * n_y, dim), np.float32)
    model.dim = dim
    w_view.shared, w_view.n_local = &w[0, 0], 0
    model.lockf = &lockf[0] if lockf is not None else NULL
    model.lockf_stride = 1 if lockf is not None and lockf.shape[0] > 1 else 0
    model.cbow_mean, model.corrected_cbow = cbow_mean, corrected_cbow
    targets.n_y = <int> n_y
    targets.labels = labels.borrowed
    s.y_rows, s.x_rows = <float **> &rows[0], <float **> &rows[n_y]
    s.g = &g[0]
    s.clock = NULL
    s.x, s.dx = &copies[0, 0], &copies[1, 0]
    s.y, s.dy = &copies[2, 0], &copies[2 + n_y, 0]
    for j in range(n_y):
        s.y_rows[j] = &w_out[y[j], 0]
    for _ in range(repeat):
        cbow_step(&model, &w_view, &window, &targets, lr, &chosen, &s, &loss if with_loss else NULL)
    return loss
