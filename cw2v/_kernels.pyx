# cython: freethreading_compatible=True
"""Which kernels this CPU can run, and which are used."""

import os

from cpython.pycapsule cimport PyCapsule_GetPointer

import numpy as np

if <int> X_MAX != <int> CW2V_X_MAX or <int> SEEN != <int> CW2V_SEEN:
    raise ImportError("cw2v: cw2v/_kernels.pxd and csrc/kernels.h disagree")


def available_backends():
    """Return the names of what this machine can train with, fastest first, "blas" last."""
    cdef const cw2v_kernels *tables[8]
    cdef int n = cw2v_kernels_available(tables, 8)
    return [tables[i].name.decode() for i in range(n)] + ["blas"]


def default_backend():
    """Return the name of the fastest, or what the environment variable CW2V_BACKEND says."""
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
        from cw2v import _blas      # not before it is asked for: see there
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
# `repeat` is for benchmarks: the kernel is called so many times, with nothing in between, each
# time on what the call before has left.

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
    """What is to score high and low; see cw2v_labels in csrc/kernels.h.

    `seen` (n_x, SEEN) and `noise` (n_y,); `path` (n_y,) in a tree, else None.
    """

    def __init__(self, const uint8_t[:, ::1] seen, const float[::1] noise,
                 const uint32_t[::1] path=None):
        if seen.shape[1] != SEEN:
            raise ValueError(f"seen must have {SEEN} columns, got {seen.shape[1]}")
        self.seen = seen
        self.noise = padded(np.asarray(noise)[None, :])
        self.borrowed.seen = &self.seen[0, 0]
        self.borrowed.noise = &self.noise[0, 0]
        self.borrowed.path = NULL
        if path is not None:
            self.path = np.zeros((1, cw2v_row_stride(<int> path.shape[0])), np.uint32)
            self.path[0, :path.shape[0]] = path
            self.borrowed.path = &self.path[0, 0]


def logistic_error(str name, const float[:, ::1] s, Labels labels, float lr, *,
                   Py_ssize_t repeat=1):
    """Return the errors of the logits `s`."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[:, ::1] g = padded(s)
    for _ in range(repeat):
        kernels.logistic_error(&g[0, 0], <int> s.shape[0], <int> s.shape[1], &labels.borrowed,
                               lr)
    return np.array(g[:, :s.shape[1]])


def logistic_loss(str name, const float[:, ::1] s, Labels labels, *, Py_ssize_t repeat=1):
    """Return the loss of the logits `s`."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[:, ::1] g = padded(s)
    cdef double loss = 0
    for _ in range(repeat):
        loss = kernels.logistic_loss(&g[0, 0], <int> s.shape[0], <int> s.shape[1],
                                     &labels.borrowed)
    return loss


def update(str name, float[:, ::1] x, float[:, ::1] y, const float[:, ::1] g, *,
           float[:, ::1] soon=None, Py_ssize_t repeat=1):
    """Do X += G @ Y and Y += G.T @ X in place, and ask for the rows of `soon` if there are any."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef size_t[::1] soon_rows
    cdef cw2v_soon asked
    cdef const cw2v_soon *if_any = NULL
    cdef float[:, ::1] errors = padded(g)
    cdef float[:, ::1] spare = np.empty((x.shape[0], max(x.shape[1], X_MAX)), np.float32)
    cdef size_t[::1] x_rows = row_pointers(x), y_rows = row_pointers(y)
    if soon is not None:
        soon_rows = row_pointers(soon)
        asked.rows, asked.n = <float *const *> &soon_rows[0], <int> soon.shape[0]
        kernels.prefetch(&asked, soon.shape[1])
        if_any = &asked
    for _ in range(repeat):
        kernels.update(<float *const *> &x_rows[0], <int> x.shape[0],
                       <float *const *> &y_rows[0], <int> y.shape[0], x.shape[1], &errors[0, 0],
                       &spare[0, 0], if_any)


def update_apart(str name, const float[::1] h, float[:, ::1] y, const float[::1] g, *,
                 Py_ssize_t repeat=1):
    """Do Y += outer(g, h) in place and return g @ Y with Y as it was."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[::1] step = np.empty(h.shape[0], np.float32)
    cdef size_t[::1] rows = row_pointers(y)
    for _ in range(repeat):
        kernels.update_apart(&h[0], <float *const *> &rows[0], <int> y.shape[0], h.shape[0],
                             &g[0], &step[0])
    return np.array(step)


def sum_rows(str name, float[:, ::1] x, float scale, *, Py_ssize_t repeat=1):
    """Return the scaled sum of the rows."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef float[::1] total = np.empty(x.shape[1], np.float32)
    cdef size_t[::1] rows = row_pointers(x)
    for _ in range(repeat):
        kernels.sum_rows(<const float *const *> &rows[0], <int> x.shape[0], x.shape[1], scale,
                         &total[0])
    return np.array(total)


def add_to_rows(str name, float[:, ::1] x, float scale, const float[::1] step, *,
                Py_ssize_t repeat=1):
    """Add the scaled step to each row in place."""
    cdef const cw2v_kernels *kernels = table(name)
    cdef size_t[::1] rows = row_pointers(x)
    for _ in range(repeat):
        kernels.add_to_rows(<float *const *> &rows[0], <int> x.shape[0], x.shape[1], scale,
                            &step[0])
