"""Copies of the rows that workers write most often: each worker has its own."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t

from cw2v._kernels cimport cw2v_matrix


cdef struct OwnRows:
    cw2v_matrix matrix          # as the worker sees it; its n_own is 0 where all rows are shared
    ptrdiff_t dim
    float *own                  # (n_own, dim) the copies,
    float *before               # (n_own, dim) and as they were when taken from the shared rows
    const float *parts          # (n_own,) of the change of each that is added to the shared one
    int hottest                 # where in `own` the hottest begin, `n_hottest` of them
    int n_hottest
    int slice                   # how many of all are given in turn, and where the next begin
    int next
    int32_t give_after          # so many centres
    int32_t not_given           # centres trained on since the last time


cdef void start_anew(OwnRows *rows) noexcept nogil
cdef bint is_due(OwnRows *rows, int32_t centres) noexcept nogil
cdef void give_next(OwnRows *rows) noexcept nogil
cdef void give_all(OwnRows *rows) noexcept nogil
