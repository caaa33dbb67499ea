"""Words and phrases by their text, for other compiled files."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from cw2v._pairs cimport cw2v_pairs
from cw2v._words cimport cw2v_words

cdef enum:
    HELD = 256  # keys that are looked up together
    MOST_SHARES = 64


cdef class ByTextOrder:
    cdef list counters              # keeps what follows alive
    cdef cw2v_pairs *shares[MOST_SHARES]
    cdef int64_t places[MOST_SHARES]
    cdef int n_shares
    cdef int64_t n_words
    cdef int64_t n_phrases
    cdef const uint64_t *nodes
    cdef const int64_t *word_firsts     # (n_words,)
    cdef const uint8_t *is_connector    # (n_words,)
    cdef uint64_t key               # of the current phrase
    cdef int64_t count

    cdef bint next_phrase(self) noexcept nogil
    cdef bint next_before(self, int64_t position) noexcept nogil


cdef class KeyTable:
    cdef cw2v_words *words
    cdef int64_t *counts        # (capacity,)
    cdef int64_t capacity
    # keys that are not looked up yet
    cdef uint8_t *text
    cdef int64_t room
    cdef int64_t used
    cdef int64_t edges[2 * HELD]
    cdef int64_t amounts[HELD]
    cdef int32_t ids[HELD]
    cdef Py_ssize_t n_held

    cdef uint8_t *more(self, int64_t length) noexcept nogil
    cdef bint append(self, const uint8_t *bytes, int64_t length) noexcept nogil
    cdef bint end_key(self, int64_t amount) noexcept nogil
    cdef bint look_up(self) noexcept nogil
    cdef bint append_phrase(self, const uint8_t *arena, const int64_t *offsets, int64_t n_words,
                            const uint64_t *nodes, uint64_t phrase,
                            const uint8_t[::1] delimiter) noexcept nogil
    cdef int64_t find(self, const uint8_t *bytes, int64_t length) noexcept nogil
    cdef str key(self, int64_t i)
    cdef str text_of(self, const uint8_t *arena, const int64_t *offsets, ByTextOrder order,
                     const uint8_t[::1] delimiter)


cdef str decoded(const uint8_t *bytes, int64_t length)
