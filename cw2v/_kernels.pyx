# cython: freethreading_compatible=True
"""The tables of kernels that this CPU can run, and the choice of one."""

import os

from cpython.pycapsule cimport PyCapsule_GetPointer

import numpy as np

if <int> X_MAX != <int> CW2V_X_MAX or <int> SPAN_MAX != <int> CW2V_SPAN_MAX:
    raise ImportError("cw2v: cw2v/_kernels.pxd and csrc/kernels.h disagree")


def available_backends():
    """Return the names of the backends that this machine can run, fastest first, "blas" last."""
    cdef const cw2v_kernels *tables[8]
    cdef int n = cw2v_kernels_available(tables, 8)
    return [tables[i].name.decode() for i in range(n)] + ["blas"]


def default_backend():
    """Return the backend that the environment variable CW2V_BACKEND names, else the fastest."""
    chosen = os.environ.get("CW2V_BACKEND", "")
    names = available_backends()
    fastest = names[0] if names[0] != "scalar" else "blas"
    if not chosen:
        return fastest
    if chosen not in names:
        raise ValueError(
            f"CW2V_BACKEND is {chosen!r}, which this machine does not have; it has "
            f"{', '.join(names)}. Unset it to use {fastest}."
        )
    return chosen


cdef int find_backend(str name, Backend *backend) except -1:
    """Set `backend` to the one called `name`."""
    cdef const cw2v_kernels *tables[8]
    cdef int i, n = cw2v_kernels_available(tables, 8)
    backend.blas = NULL
    backend.kernels = NULL
    if name == "blas":
        from cw2v import _blas      # imported late: see there
        backend.blas = <const Products *> PyCapsule_GetPointer(_blas.capsule(), NULL)
    for i in range(n):
        if tables[i].name.decode() == name or (name == "blas" and i == 0):
            backend.kernels = tables[i]
    if backend.kernels is NULL:
        raise ValueError(
            f"backend must be one of {', '.join(available_backends())}, got {name!r}"
        )
    return 0


# ---- for the tests: each kernel alone, on contiguous matrices ------------------------------
#
# `repeat` is for benchmarks: the kernel is called so many times in a row, each time on the results
# of the call before.

cdef const cw2v_kernels *table(str name) except NULL:
    cdef Backend backend
    find_backend(name, &backend)
    return backend.kernels


cdef size_t[::1] row_pointers(float[:, ::1] matrix):
    return np.array([<size_t> &matrix[i, 0] for i in range(matrix.shape[0])], np.uintp)


def dots(str name, float[:, ::1] x, float[:, ::1] y, *, Py_ssize_t repeat=1):
    """Return X @ Y.T as the kernel of the table `name` computes it."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef int n_x = <int> x.shape[0], n_y = <int> y.shape[0]
    cdef size_t[::1] x_rows = row_pointers(x), y_rows = row_pointers(y)
    cdef float[:, ::1] s = np.empty((n_x, cw2v_row_stride(n_y)), np.float32)
    for _ in range(repeat):
        kernels.dots(<const float *const *> &x_rows[0], n_x, <const float *const *> &y_rows[0],
                     n_y, x.shape[1], &s[0, 0])
    return np.array(s[:, :n_y])


cdef float[:, ::1] padded(const float[:, ::1] s):
    """A copy with the row stride that kernels expect."""
    out = np.full((s.shape[0], cw2v_row_stride(<int> s.shape[1])), np.nan, np.float32)
    out[:, :s.shape[1]] = s
    return out


cdef class Labels:
    """The labels of a block; see cw2v_labels in csrc/kernels.h.

    Parameters
    ----------
    positives : ndarray of uint8, shape (n_x, SPAN_MAX)
    noise : ndarray of float32, shape (n_y,)
    path : ndarray of uint32, shape (n_y,), or None without a tree
    """

    def __init__(self, const uint8_t[:, ::1] positives, const float[::1] noise,
                 const uint32_t[::1] path=None):
        if positives.shape[1] != SPAN_MAX:
            raise ValueError(f"positives must have {SPAN_MAX} columns, got {positives.shape[1]}")
        self.positives = positives
        self.noise = padded(np.asarray(noise)[None, :])
        self.borrowed.positives = &self.positives[0, 0]
        self.borrowed.noise = &self.noise[0, 0]
        self.borrowed.path = NULL
        if path is not None:
            self.path = np.zeros((1, cw2v_row_stride(<int> path.shape[0])), np.uint32)
            self.path[0, :path.shape[0]] = path
            self.borrowed.path = &self.path[0, 0]


def logistic_error(str name, const float[:, ::1] s, Labels labels, float lr, *,
                   Py_ssize_t repeat=1):
    """Return the scaled errors of the logits `s`, float32 of shape (n_x, n_y)."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[:, ::1] g = padded(s)
    for _ in range(repeat):
        kernels.logistic_error(&g[0, 0], <int> s.shape[0], <int> s.shape[1], &labels.borrowed,
                               lr)
    return np.array(g[:, :s.shape[1]])


def logistic_loss(str name, const float[:, ::1] s, Labels labels, *, Py_ssize_t repeat=1):
    """Return the loss of the logits `s`, float32 of shape (n_x, n_y)."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[:, ::1] g = padded(s)
    cdef double loss = 0
    for _ in range(repeat):
        loss = kernels.logistic_loss(&g[0, 0], <int> s.shape[0], <int> s.shape[1],
                                     &labels.borrowed)
    return loss


def update(str name, float[:, ::1] x, float[:, ::1] y, const float[:, ::1] g, *,
           float[:, ::1] prefetched=None, Py_ssize_t repeat=1):
    """Do X += G @ Y and Y += G.T @ X in place, and prefetch the rows of `prefetched`, if any."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef size_t[::1] prefetched_rows
    cdef cw2v_prefetch_list some
    cdef const cw2v_prefetch_list *list = NULL
    cdef float[:, ::1] errors = padded(g)
    cdef float[:, ::1] scratch = np.empty((x.shape[0], max(x.shape[1], X_MAX)), np.float32)
    cdef size_t[::1] x_rows = row_pointers(x), y_rows = row_pointers(y)
    if prefetched is not None:
        prefetched_rows = row_pointers(prefetched)
        some.rows, some.n = <float *const *> &prefetched_rows[0], <int> prefetched.shape[0]
        kernels.prefetch_list(&some, prefetched.shape[1])
        list = &some
    for _ in range(repeat):
        kernels.update(<float *const *> &x_rows[0], <int> x.shape[0],
                       <float *const *> &y_rows[0], <int> y.shape[0], x.shape[1], &errors[0, 0],
                       &scratch[0, 0], list)


def update_apart(str name, const float[::1] h, float[:, ::1] y, const float[::1] g, *,
                 Py_ssize_t repeat=1):
    """Do Y += outer(g, h) in place and return g @ Y of the old Y, float32 of shape (dim,)."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[::1] step = np.empty(h.shape[0], np.float32)
    cdef size_t[::1] rows = row_pointers(y)
    for _ in range(repeat):
        kernels.update_apart(&h[0], <float *const *> &rows[0], <int> y.shape[0], h.shape[0],
                             &g[0], &step[0])
    return np.array(step)


def sum_rows(str name, float[:, ::1] x, float scale, *, Py_ssize_t repeat=1):
    """Return `scale` times the sum of the rows of `x`, float32 of shape (dim,)."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[::1] total = np.empty(x.shape[1], np.float32)
    cdef size_t[::1] rows = row_pointers(x)
    for _ in range(repeat):
        kernels.sum_rows(<const float *const *> &rows[0], <int> x.shape[0], x.shape[1], scale,
                         &total[0])
    return np.array(total)


def add_to_rows(str name, float[:, ::1] x, float scale, const float[::1] step, *,
                Py_ssize_t repeat=1):
    """Add `scale` times `step`, of shape (dim,), to each row of `x` in place."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef size_t[::1] rows = row_pointers(x)
    for _ in range(repeat):
        kernels.add_to_rows(<float *const *> &rows[0], <int> x.shape[0], x.shape[1], scale,
                            &step[0])


def merge_rows(str name, float[:, ::1] shared, float[:, ::1] local, float[:, ::1] base,
               const float[::1] factors, *, Py_ssize_t repeat=1):
    """Merge `local`, which started from `base`, into `shared`; see `cw2v.reference.merge_rows`.

    All three, of the same shape (n, dim), are changed in place.
    """
    cdef const cw2v_kernels *kernels = table(name)
    for _ in range(repeat):
        kernels.merge_rows(&shared[0, 0], &local[0, 0], &base[0, 0], &factors[0],
                           <int> shared.shape[0], shared.shape[1])
