"""The stages of a worker's loop, and a clock that tells how long each takes, if asked."""

from libc.stdint cimport int64_t

cdef extern from "ticks.h" nogil:
    int64_t cw2v_ticks() noexcept


cdef enum Stage:                # in the order of the data's path; names in _worker.pyx
    SUBSAMPLE                   # and which piece comes next
    WINDOWS                     # reaches, and each word of a block once
    NOISE                       # random numbers to noise words
    PATHS                       # to words in the tree
    PREFETCH                    # asking for rows
    GATHER                      # finding rows; copies of them for BLAS; CBOW's projections
    PRODUCTS                    # logits
    LOSS
    ERRORS
    UPDATE                      # of rows by kernels; changes by BLAS
    SCATTER                     # changes to the rows that they are for
    MERGE                       # local copies of hot rows into the shared rows
    N_STAGES


cdef struct Clock:
    int64_t last
    int64_t spent[N_STAGES]


cdef inline void ends(Clock *clock, Stage stage) noexcept nogil:
    """All time since the last call was spent on this stage."""
    cdef int64_t now
    if clock is not NULL:
        now = cw2v_ticks()
        clock.spent[<int> stage] += now - clock.last
        clock.last = now
