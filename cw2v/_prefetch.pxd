"""Prefetching the rows of blocks to come, so that they are in the cache when a step uses them."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint32_t

from cw2v._blocks cimport Blocks
from cw2v._job cimport Job, PrefetchQueue, State
from cw2v._kernels cimport cw2v_kernels, cw2v_prefetch_list, cw2v_row

cdef enum:
    PREFETCH_DISTANCE = 2       # blocks from the prefetch of a row to its use
    CACHED_LEVELS = 8           # levels of the tree, from the root, that are always in the cache


cdef inline void prefetch_block(const Job *job, const State *state, int i) noexcept nogil:
    """Prefetch the rows of W' of block i, and the rows of W of words that enter its window."""
    cdef const Blocks *blocks = &state.blocks
    cdef const cw2v_kernels *kernels = job.backend.kernels
    cdef ptrdiff_t dim = job.model.dim
    if job.model.syn1 is not NULL:
        kernels.prefetch_rows(&state.syn1.matrix, blocks.path[i] + CACHED_LEVELS, 1,
                              blocks.n_path[i] - CACHED_LEVELS, dim)
    if job.model.syn1neg is not NULL:
        kernels.prefetch_rows(&state.syn1neg.matrix,
                              <const uint32_t *> blocks.y + i * blocks.y_stride, 0,
                              blocks.n_new[i], dim)
    kernels.prefetch_rows(&state.w.matrix,
                          <const uint32_t *> state.piece.words + blocks.entering[i], 0,
                          blocks.n_entering[i], dim)


cdef inline void queue_block(const Job *job, State *state, int i) noexcept nogil:
    """Queue the rows that `prefetch_block` would prefetch, for the steps of a block to share."""
    cdef const Blocks *blocks = &state.blocks
    cdef const int32_t *y = blocks.y + i * blocks.y_stride
    cdef const int32_t *words = state.piece.words + blocks.entering[i]
    cdef float **rows = state.queue.rows
    cdef int n = 0, j
    for j in range(blocks.n_new[i]):
        rows[n] = cw2v_row(&state.syn1neg.matrix, y[j], job.model.dim)
        n += 1
    for j in range(blocks.n_entering[i]):
        rows[n] = cw2v_row(&state.w.matrix, words[j], job.model.dim)
        n += 1
    state.queue.n = n


cdef inline void take_from_queue(PrefetchQueue *queue, cw2v_prefetch_list *share) noexcept nogil:
    """Take the share of the next step: the rows left, divided evenly among the steps left."""
    share.rows = queue.rows + queue.next
    share.n = (queue.n - queue.next + queue.steps_left - 1) // queue.steps_left
    queue.next += share.n
    queue.steps_left -= 1
