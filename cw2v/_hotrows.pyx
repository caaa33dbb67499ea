# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Local copies of hot rows, and how a worker merges them into the shared rows.

Two workers that write the same row wait for the cache line to move between their CPUs. The rows of
frequent words, and of the nodes near the root of the Huffman tree, are written so often that two
workers would lose up to a sixth of their speed, and sixteen half of it. So each of several workers
trains on local copies of them. A merge adds the change of a copy since the last merge, times a
factor, to the shared row, and the copy starts again from the result. The hottest rows are merged
each time, the others in turn. `cw2v.hotrows` chooses the rows and the factors.

Nothing is locked: where two workers merge a row at the same time, the change of one may be lost.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint32_t

from cw2v._kernels cimport Backend, cw2v_kernels, find_backend


cdef void merge_range(LocalRows *rows, const cw2v_kernels *kernels, int first,
                      int last) noexcept nogil:
    cdef float *shared = rows.matrix.shared + rows.matrix.first_local * rows.dim
    cdef ptrdiff_t at = first * rows.dim
    kernels.merge_rows(shared + at, rows.local + at, rows.base + at, rows.factors + first,
                       last - first, rows.dim)


cdef void reload(LocalRows *rows) noexcept nogil:
    """Copy the shared rows, and drop the changes of the copies."""
    cdef const float *shared = rows.matrix.shared + rows.matrix.first_local * rows.dim
    cdef ptrdiff_t k
    cdef float value
    for k in range(<ptrdiff_t> rows.matrix.n_local * rows.dim):
        value = shared[k]
        rows.local[k] = rows.base[k] = value


cdef bint merge_is_due(LocalRows *rows, int32_t centres) noexcept nogil:
    """Count `centres` more; return whether the merge interval is over."""
    if rows.matrix.n_local == 0:
        return False
    rows.centres_since_merge += centres
    return rows.centres_since_merge >= rows.merge_interval


cdef void merge_next(LocalRows *rows, const cw2v_kernels *kernels) noexcept nogil:
    """Merge the hottest rows and the next slice of all rows."""
    cdef int n = <int> rows.matrix.n_local, last
    merge_range(rows, kernels, rows.hottest, rows.hottest + rows.n_hottest)
    last = min(rows.next + rows.slice, n)
    merge_range(rows, kernels, rows.next, last)
    rows.next = last if last < n else 0
    rows.centres_since_merge = 0


cdef void merge_all(LocalRows *rows, const cw2v_kernels *kernels) noexcept nogil:
    merge_range(rows, kernels, 0, <int> rows.matrix.n_local)


# ---- for the tests -------------------------------------------------------------------------

def merge_rows(str backend, float[:, ::1] shared, float[:, ::1] local, float[:, ::1] base,
               const float[::1] factors, *, int hottest=0, int n_hottest=0, int slice=0,
               int next=0):
    """Merge `local` into `shared`, in place; see `cw2v.reference.merge_rows`.

    The hottest rows and one slice are merged; all rows where `slice` is 0. Return where the next
    slice begins.
    """
    cdef LocalRows rows
    cdef Backend chosen
    find_backend(backend, &chosen)
    rows.matrix.shared, rows.matrix.first_local = &shared[0, 0], 0
    rows.matrix.n_local = <uint32_t> shared.shape[0]
    rows.dim = shared.shape[1]
    rows.local, rows.base, rows.factors = &local[0, 0], &base[0, 0], &factors[0]
    rows.hottest, rows.n_hottest, rows.slice, rows.next = hottest, n_hottest, slice, next
    if slice:
        merge_next(&rows, chosen.kernels)
    else:
        merge_all(&rows, chosen.kernels)
    return rows.next
