# cython: boundscheck=False, wraparound=False, freethreading_compatible=True
"""gensim's `max_vocab_size`: rare words are dropped between two sentences."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t


cdef class WordPruner:
    """Counts words as gensim does while the number of different ones is limited.

    After each sentence that leaves more than `max_size` words in the table, words with a count
    of less than 1 are dropped; the next time those with less than 2, and so on. A dropped word
    that occurs again begins with the count 1, at the end of the table.

    Parameters
    ----------
    n_distinct : int
        Words have the ids 0 to n_distinct - 1.
    max_size : int, at least 1
    empty_after : ndarray of int64, shape (n_empty,)
        For each sentence without a word, the number of sentences with words before it,
        rising: gensim checks the table after these as well.
    """

    cdef int64_t[::1] counts      # (n_distinct,), 0 for words that are not in the table
    cdef int32_t[::1] in_table    # (n_distinct,), the first `n_words` count: ids, oldest first
    cdef const int64_t[::1] empty_after
    cdef Py_ssize_t n_words
    cdef Py_ssize_t next_empty
    cdef Py_ssize_t pending       # sentences after which the table is still to be checked
    cdef Py_ssize_t n_sentences   # sentences with words that have ended
    cdef bint is_open             # the current sentence has words
    cdef int64_t max_size
    cdef readonly int64_t min_reduce  # rarer words are dropped the next time

    def __init__(self, Py_ssize_t n_distinct, int64_t max_size,
                 const int64_t[::1] empty_after not None):
        self.counts = np.zeros(n_distinct, dtype=np.int64)
        self.in_table = np.zeros(n_distinct, dtype=np.int32)
        self.empty_after = empty_after
        self.max_size = max_size
        self.min_reduce = 1

    def words(self):
        """Return the ids in the table, oldest first, int32 (n_words,), and their counts, int64."""
        ids = np.array(self.in_table[:self.n_words])
        return ids, np.asarray(self.counts)[ids]

    def add(self, const int32_t[::1] ids not None, Py_ssize_t place,
            const int32_t[::1] ends not None, Py_ssize_t end, bint by_rule):
        """Count a part of the text, from ids[place] and ends[end] on.

        Parameters
        ----------
        ids : ndarray of int32, shape (n,)
        ends : ndarray of int32, shape (n_ends,)
            The number of ids before each sentence end. The sentence after the last end goes on
            in the next part.
        by_rule : bool
            Return when words are to be dropped, so that the caller can call `prune` with the
            words that stay; otherwise words are dropped by their counts.

        Returns
        -------
        place, end : int
            Where to go on.
        full : bool
            Words are to be dropped now.
        """
        cdef Py_ssize_t n = ids.shape[0], n_ends = ends.shape[0], stop, i
        cdef bint full = False
        if n and (np.min(ids) < 0 or np.max(ids) >= self.counts.shape[0]):
            raise ValueError("an id is out of range")
        if n_ends and (np.min(ends) < 0 or np.max(ends) > n):
            raise ValueError("a sentence ends outside the text")
        with nogil:
            full = self.look(by_rule)
            while not full:
                stop = ends[end] if end < n_ends else n
                for i in range(place, stop):
                    self.count(ids[i])
                place = max(place, stop)
                if end == n_ends:
                    break
                end += 1
                self.end_sentence()
                full = self.look(by_rule)
        return place, end, full

    def finish(self, bint by_rule):
        """End the text; return whether to `prune` now, and call this again."""
        self.end_sentence()
        return self.look(by_rule)

    def prune(self, const uint8_t[::1] stays not None):
        """Drop the words of `words` for which `stays` (n_words,) is 0."""
        if stays.shape[0] != self.n_words:
            raise ValueError("one number for each word in the table")
        self.forget(&stays[0] if self.n_words else NULL)

    cdef void count(self, int32_t word) noexcept nogil:
        if self.counts[word] == 0:
            self.in_table[self.n_words] = word
            self.n_words += 1
        self.counts[word] += 1
        self.is_open = True

    cdef void end_sentence(self) noexcept nogil:
        if not self.is_open:
            return
        self.is_open = False
        self.n_sentences += 1
        self.pending += 1
        while (self.next_empty < self.empty_after.shape[0]
                and self.empty_after[self.next_empty] <= self.n_sentences):
            self.pending += self.empty_after[self.next_empty] == self.n_sentences
            self.next_empty += 1

    cdef bint look(self, bint by_rule) noexcept nogil:
        """Check the table after each sentence that ended; return whether a rule is to decide."""
        while self.pending > 0:
            self.pending -= 1
            if self.n_words > self.max_size:
                if by_rule:
                    return True
                self.forget(NULL)
        return False

    cdef void forget(self, const uint8_t *stays) noexcept nogil:
        """Drop words by `stays`, or by their counts where that is NULL."""
        cdef Py_ssize_t i, n_left = 0
        cdef int32_t word
        cdef bint stays_here
        for i in range(self.n_words):
            word = self.in_table[i]
            if stays != NULL:
                stays_here = stays[i]
            else:
                stays_here = self.counts[word] >= self.min_reduce
            if stays_here:
                self.in_table[n_left] = word
                n_left += 1
            else:
                self.counts[word] = 0
        self.n_words = n_left
        self.min_reduce += 1
