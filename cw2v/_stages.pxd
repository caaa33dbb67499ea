"""The stages of a worker's loop, and a clock that measures them for profiles."""

from libc.stdint cimport int64_t

cdef extern from "ticks.h" nogil:
    int64_t cw2v_ticks() noexcept


cdef enum Stage:                # in the order of the data's path; names in _worker.pyx
    SUBSAMPLE                   # and which piece comes next
    WINDOWS                     # window radii, and the distinct context words of a block
    NOISE                       # random numbers to noise words
    PATHS                       # of the tree
    PREFETCH                    # of rows of blocks to come
    GATHER                      # addresses of rows; copies for BLAS; CBOW's projection
    PRODUCTS                    # logits
    LOSS
    ERRORS
    UPDATE                      # products of the errors, by kernels added to rows
    SCATTER                     # adding updates to rows, where UPDATE does not
    MERGE                       # local copies of hot rows into the shared rows
    N_STAGES


cdef struct Clock:
    int64_t last
    int64_t spent[N_STAGES]


cdef inline void ends(Clock *clock, Stage stage) noexcept nogil:
    """Add the time since the last call to this stage."""
    cdef int64_t now
    if clock is not NULL:
        now = cw2v_ticks()
        clock.spent[<int> stage] += now - clock.last
        clock.last = now
