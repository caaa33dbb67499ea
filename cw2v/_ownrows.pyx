# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Copies of the rows that workers write most often: each worker has its own.

Two workers that write the same row wait for one another's caches. The rows of frequent words,
and of the nodes near the root of the Huffman tree, are written so often that two workers would
lose up to a sixth of their speed, and sixteen half of it. So each of several workers moves
copies of these, and from time to time adds a part of their change to the shared rows and starts
anew from there: of the hottest often, of all in turn. Which rows, and what part, say the tables
(`cw2v.ownrows`).
Nothing is locked: where two give a row at the same time, what one has learnt of it may be lost.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint32_t


cdef inline void give_row(float *shared, float *own, float *before, ptrdiff_t dim,
                          float part) noexcept nogil:
    """Add a part of the change of a copy to the shared row, and start anew from there."""
    cdef ptrdiff_t k
    cdef float moved
    for k in range(dim):
        # Read once: another worker may write it meanwhile.
        moved = shared[k] + part * (own[k] - before[k])
        shared[k] = own[k] = before[k] = moved


cdef void give(OwnRows *rows, int first, int last) noexcept nogil:
    cdef float *shared = rows.matrix.shared + rows.matrix.first_own * rows.dim
    cdef ptrdiff_t at
    cdef int i
    for i in range(first, last):
        at = i * rows.dim
        give_row(shared + at, rows.own + at, rows.before + at, rows.dim, rows.parts[i])


cdef void start_anew(OwnRows *rows) noexcept nogil:
    """Take the shared rows as they are."""
    cdef const float *shared = rows.matrix.shared + rows.matrix.first_own * rows.dim
    cdef ptrdiff_t k
    cdef float taken
    for k in range(<ptrdiff_t> rows.matrix.n_own * rows.dim):
        taken = shared[k]
        rows.own[k] = rows.before[k] = taken


cdef bint is_due(OwnRows *rows, int32_t centres) noexcept nogil:
    """Say, after some more centres, whether it is time to give."""
    if rows.matrix.n_own == 0:
        return False
    rows.not_given += centres
    return rows.not_given >= rows.give_after


cdef void give_next(OwnRows *rows) noexcept nogil:
    """Give a part of the change of the hottest, and of the others whose turn it is."""
    cdef int n = <int> rows.matrix.n_own, last
    give(rows, rows.hottest, rows.hottest + rows.n_hottest)
    last = min(rows.next + rows.slice, n)
    give(rows, rows.next, last)
    rows.next = last if last < n else 0
    rows.not_given = 0


cdef void give_all(OwnRows *rows) noexcept nogil:
    give(rows, 0, <int> rows.matrix.n_own)


# ---- for the tests -------------------------------------------------------------------------

def own_rows_given(float[:, ::1] shared, float[:, ::1] own, float[:, ::1] before,
                   const float[::1] parts, *, int hottest=0, int n_hottest=0, int slice=0,
                   int next=0):
    """Add parts of the change from `before` to `own` to `shared`, all changed in place.

    Of the hottest and of a slice; where that is 0, of all rows. Return where the next slice begins.
    """
    cdef OwnRows rows
    rows.matrix.shared, rows.matrix.first_own = &shared[0, 0], 0
    rows.matrix.n_own = <uint32_t> shared.shape[0]
    rows.dim = shared.shape[1]
    rows.own, rows.before, rows.parts = &own[0, 0], &before[0, 0], &parts[0]
    rows.hottest, rows.n_hottest, rows.slice, rows.next = hottest, n_hottest, slice, next
    if slice:
        give_next(&rows)
    else:
        give_all(&rows)
    return rows.next
