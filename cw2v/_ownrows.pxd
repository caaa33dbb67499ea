"""Copies of rows that every step of every worker writes: each worker has its own.

The nodes near the root of the Huffman tree are scored at every window. Workers that share their
rows wait for one another's caches: two trained with hierarchical softmax hardly faster than one.
So each of several workers moves copies, and from time to time adds its part of their change
to the shared rows and starts anew from those. Its part is one of as many as there are
workers: these rows soon follow whatever text a worker is at, and all changes together would go
too far.
"""

from libc.stddef cimport ptrdiff_t


cdef struct OwnRows:
    float *shared               # (n, dim) the model's
    float *own                  # (n, dim) moved by this worker
    float *before               # (n, dim) as they were when it started from the shared ones
    ptrdiff_t size              # n * dim; 0 where the shared rows themselves are moved
    float part                  # of the change that is added to the shared rows


cdef inline void start_anew(OwnRows *rows) noexcept nogil:
    """Take the shared rows as they are."""
    cdef ptrdiff_t k
    for k in range(rows.size):
        rows.own[k] = rows.before[k] = rows.shared[k]


cdef inline void give_part(OwnRows *rows) noexcept nogil:
    """Add a part of the change to the shared rows, and start anew from them."""
    cdef ptrdiff_t k
    cdef float moved
    for k in range(rows.size):
        moved = rows.shared[k] + rows.part * (rows.own[k] - rows.before[k])
        rows.own[k] = rows.before[k] = rows.shared[k] = moved
