# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Provisional ids -> how often one word follows another (see csrc/pairs.h)."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

import numpy as np


cdef extern from "pairs.h" nogil:
    ctypedef struct cw2v_pairs:
        int64_t n
        uint64_t *keys
        int64_t *firsts

    ctypedef struct cw2v_pair_counter:
        int64_t n_words
        cw2v_pairs phrases
        cw2v_pairs nodes
        int64_t *word_firsts
        int64_t n_tokens

    cw2v_pair_counter *cw2v_pairs_new(const uint8_t *is_connector, int64_t n_words, int share,
                                      int n_shares)
    void cw2v_pairs_free(cw2v_pair_counter *counter)
    int cw2v_pairs_count(cw2v_pair_counter *counter, const int32_t *ids, int64_t n,
                         const int32_t *breaks, int64_t n_breaks, const int32_t *to_word,
                         int begins)
    void cw2v_pairs_counts(const cw2v_pairs *pairs, int64_t *counts)


cdef class PairCounter:
    """Counts phrases of two words, with connectors between them.

    Parameters
    ----------
    is_connector : ndarray
        uint8 (n_words,).
    share, n_shares : int
        This counter counts the phrases of its share only; `nodes` and `word_firsts` are alike
        in all.
    """

    cdef cw2v_pair_counter *counter
    cdef const uint8_t[::1] is_connector

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
        if to_word is not None and to_word.shape[0]:
            translate = &to_word[0]
        with nogil:
            done = cw2v_pairs_count(self.counter, &ids[0] if n else NULL, n,
                                    &breaks[0] if n_breaks else NULL, n_breaks, translate, begins)
        if not done:
            raise MemoryError(f"no memory for more than {self.counter.phrases.n:,} phrases")

    def keys(self):
        """Return each phrase's node << 32 | word, uint64 (n,), in order of first appearance."""
        return copied_keys(&self.counter.phrases)

    def firsts(self):
        """Return the number, in the text, of the word that ended each phrase first, int64 (n,)."""
        return copied(self.counter.phrases.firsts, self.counter.phrases.n)

    def counts(self):
        """Return how often each phrase came, int64 (n,)."""
        counts = np.empty(self.counter.phrases.n, dtype=np.int64)
        cdef int64_t[::1] view = counts
        if self.counter.phrases.n:
            with nogil:
                cw2v_pairs_counts(&self.counter.phrases, &view[0])
        return counts

    def nodes(self):
        """Return the node << 32 | connector of which node n_words + i is made, uint64 (n,)."""
        return copied_keys(&self.counter.nodes)

    def word_firsts(self):
        """Return where each word came first, int64 (n_words,); -1 for those that never did."""
        return copied(self.counter.word_firsts, self.counter.n_words)


cdef copied(const int64_t *values, int64_t n):
    """Copy a C array into a NumPy one."""
    result = np.empty(n, dtype=np.int64)
    cdef int64_t[::1] view = result
    if n:
        memcpy(&view[0], values, n * sizeof(int64_t))
    return result


cdef copied_keys(const cw2v_pairs *pairs):
    """Copy the keys into an array."""
    result = np.empty(pairs.n, dtype=np.uint64)
    cdef uint64_t[::1] view = result
    if pairs.n:
        memcpy(&view[0], pairs.keys, pairs.n * sizeof(uint64_t))
    return result
