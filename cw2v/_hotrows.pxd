"""A worker's local copies of the hot rows of a matrix, merged into the shared rows periodically."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t

from cw2v._kernels cimport cw2v_kernels, cw2v_matrix


cdef struct LocalRows:
    cw2v_matrix matrix          # as the worker sees it; its n_local is 0 where no row is copied
    ptrdiff_t dim
    float *local                # (n_local, dim) the copies,
    float *base                 # (n_local, dim) and the values they started from
    const float *factors        # (n_local,) of the change of each when it is merged
    int hottest                 # index in `local` of the `n_hottest` rows that are merged each time
    int n_hottest
    int slice                   # how many of all rows are merged in turn,
    int next                    # and which is next
    int32_t merge_interval      # in centres
    int32_t centres_since_merge


cdef void reload(LocalRows *rows) noexcept nogil
cdef bint merge_is_due(LocalRows *rows, int32_t centres) noexcept nogil
cdef void merge_next(LocalRows *rows, const cw2v_kernels *kernels) noexcept nogil
cdef void merge_all(LocalRows *rows, const cw2v_kernels *kernels) noexcept nogil
