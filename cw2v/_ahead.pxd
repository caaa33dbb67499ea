"""Asking for the rows that blocks to come need, so that they are in the cache by then."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint32_t

from cw2v._blocks cimport Blocks
from cw2v._job cimport Job, Soon, State
from cw2v._kernels cimport cw2v_kernels, cw2v_row, cw2v_soon

cdef enum:
    AHEAD = 2                   # blocks between asking for a row and using it
    NEAR_ROOT = 8               # levels of the tree that are in the cache all the time


cdef inline void prefetch(const Job *job, const State *state, int i) noexcept nogil:
    """Ask for the rows of block i, and of the words that come into reach with it."""
    cdef const Blocks *blocks = &state.blocks
    cdef const cw2v_kernels *kernels = job.backend.kernels
    cdef ptrdiff_t dim = job.model.dim
    if job.model.syn1 is not NULL:
        # What lies nearer to the root is on the way to so many words that it is in the cache.
        kernels.prefetch_rows(&state.syn1.matrix, blocks.path[i] + NEAR_ROOT, 1,
                              blocks.n_path[i] - NEAR_ROOT, dim)
    if job.model.syn1neg is not NULL:
        kernels.prefetch_rows(&state.syn1neg.matrix,
                              <const uint32_t *> blocks.y + i * blocks.y_stride, 0,
                              blocks.n_new[i], dim)
    kernels.prefetch_rows(&state.w.matrix,
                          <const uint32_t *> state.piece.words + blocks.ahead[i], 0,
                          blocks.n_ahead[i], dim)


cdef inline void find_soon(const Job *job, State *state, int i) noexcept nogil:
    """Find the rows that `prefetch` would ask for, for steps to do so."""
    cdef const Blocks *blocks = &state.blocks
    cdef const int32_t *y = blocks.y + i * blocks.y_stride
    cdef const int32_t *words = state.piece.words + blocks.ahead[i]
    cdef float **rows = state.soon.rows
    cdef int n = 0, j
    for j in range(blocks.n_new[i]):
        rows[n] = cw2v_row(&state.syn1neg.matrix, y[j], job.model.dim)
        n += 1
    for j in range(blocks.n_ahead[i]):
        rows[n] = cw2v_row(&state.w.matrix, words[j], job.model.dim)
        n += 1
    state.soon.n = n


cdef inline void take_share(Soon *soon, cw2v_soon *share) noexcept nogil:
    """Give the next step its share of the rows that are needed soon."""
    share.rows = soon.rows + soon.at
    share.n = (soon.n - soon.at + soon.steps - 1) // soon.steps
    soon.at += share.n
    soon.steps -= 1
