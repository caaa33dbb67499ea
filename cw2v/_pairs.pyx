# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Provisional ids -> how often one word follows another (see csrc/pairs.h)."""

from libc.stdint cimport int32_t, uint8_t

from cw2v._pairs cimport cw2v_pairs_count, cw2v_pairs_finish, cw2v_pairs_free, cw2v_pairs_new


cdef class PairCounter:
    """Counts phrases of two words, with connectors between them.

    Parameters
    ----------
    is_connector : ndarray
        uint8 (n_words,).
    share, n_shares : int
        This counter counts only the phrases of its share, of `n_shares`.
    """

    def __cinit__(self, const uint8_t[::1] is_connector not None, int share=0, int n_shares=1):
        if not 0 <= share < n_shares:
            raise ValueError(f"no share {share} of {n_shares}")
        self.is_connector = is_connector
        self.counter = cw2v_pairs_new(&is_connector[0] if is_connector.shape[0] else NULL,
                                      is_connector.shape[0], share, n_shares)
        if self.counter is NULL:
            raise MemoryError

    def __dealloc__(self):
        cw2v_pairs_free(self.counter)

    def __len__(self):
        return self.counter.phrases.n

    def count(self, const int32_t[::1] ids not None, const int32_t[::1] breaks not None,
              const int32_t[::1] to_word, bint begins):
        """Count the next ids, without the GIL.

        A sentence ends after ``breaks[b]`` ids of these, and before all of them if `begins`.
        `to_word` translates them, unless it is None. Ids must be those of words in order of
        first appearance.
        """
        cdef const int32_t *translate = NULL
        cdef Py_ssize_t n = ids.shape[0], n_breaks = breaks.shape[0]
        cdef int done
        if self.counter.phrases.slots is NULL:
            raise RuntimeError("the counting has ended")
        if to_word is not None and to_word.shape[0]:
            translate = &to_word[0]
        with nogil:
            done = cw2v_pairs_count(self.counter, &ids[0] if n else NULL, n,
                                    &breaks[0] if n_breaks else NULL, n_breaks, translate, begins)
        if not done:
            raise MemoryError(f"no memory for more than {self.counter.phrases.n:,} phrases")

    def finish(self):
        """End the counting, and free most of its memory."""
        cdef int done
        with nogil:
            done = cw2v_pairs_finish(self.counter)
        if not done:
            raise MemoryError
