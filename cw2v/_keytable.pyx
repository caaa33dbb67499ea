# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""A table of words and phrases by their text, with counts."""

cimport cython
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

import numpy as np

from cw2v._pairs cimport PairCounter
from cw2v._words cimport (
    CW2V_TEXT_PADDING, CW2V_WORDS_OK, cw2v_is_utf8, cw2v_words_encode_list, cw2v_words_find,
    cw2v_words_free, cw2v_words_new, cw2v_words_reserve, cw2v_words_simd,
)

# The key of the word "", as the table has no empty keys; no UTF-8 begins like this.
cdef uint8_t NOTHING = 0xff


cdef class KeyTable:
    """Words and phrases, as UTF-8, with their counts, in order of first appearance."""

    def __cinit__(self):
        self.words = cw2v_words_new(cw2v_words_simd(NULL))
        if self.words is NULL:
            raise MemoryError

    def __dealloc__(self):
        cw2v_words_free(self.words)
        free(self.counts)
        free(self.text)

    def __len__(self):
        return self.words.n_words

    cdef uint8_t *more(self, int64_t length) noexcept nogil:
        """Extend the current key by so many bytes; return where they go, or NULL."""
        cdef uint8_t *larger
        if self.used + length + CW2V_TEXT_PADDING > self.room:
            larger = <uint8_t *> realloc(self.text, 2 * self.used + length + 16384)
            if larger is NULL:
                return NULL
            self.text = larger
            self.room = 2 * self.used + length + 16384
        self.used += length
        return self.text + self.used - length

    cdef bint append(self, const uint8_t *bytes, int64_t length) noexcept nogil:
        """Append bytes to the current key; return False without memory."""
        cdef uint8_t *place = self.more(length)
        if place is NULL:
            return False
        memcpy(place, bytes, length)
        return True

    cdef bint end_key(self, int64_t amount) noexcept nogil:
        """End the current key, and add `amount` to its count; return False without memory."""
        cdef int64_t begin = self.edges[2 * self.n_held - 1] if self.n_held else 0
        if self.used == begin and not self.append(&NOTHING, 1):
            return False
        self.edges[2 * self.n_held] = begin
        self.edges[2 * self.n_held + 1] = self.used
        self.amounts[self.n_held] = amount
        self.n_held += 1
        return self.n_held < HELD or self.look_up()

    cdef bint look_up(self) noexcept nogil:
        """Count the buffered keys; return False without memory."""
        cdef Py_ssize_t i
        cdef int64_t most = self.words.n_words + self.n_held
        cdef int64_t *larger
        if most > self.capacity:
            larger = <int64_t *> realloc(self.counts, (most + most // 2) * sizeof(int64_t))
            if larger is NULL:
                return False
            self.counts = larger
            self.capacity = most + most // 2
        for i in range(self.words.n_words, most):
            self.counts[i] = 0
        if self.n_held and cw2v_words_encode_list(self.words, self.text, self.edges, self.n_held,
                                                  self.ids) != CW2V_WORDS_OK:
            return False
        for i in range(self.n_held):
            self.counts[self.ids[i]] += self.amounts[i]
        self.n_held = 0
        self.used = 0
        return True

    def add_phrases(self, const uint8_t[::1] arena not None, const int64_t[::1] offsets not None,
                    const int64_t[::1] word_counts not None, list counters not None,
                    const uint8_t[::1] delimiter not None):
        """Add words, and phrases joined by a delimiter, in the order of the text.

        Parameters
        ----------
        arena, offsets, word_counts
            The UTF-8 of all words, uint8, where each begins and ends, int64 (n_words + 1,), and
            its count, int64 (n_words,). Connectors are not added.
        counters : list of PairCounter
            One for each share, finished.
        delimiter : bytes
        """
        cdef ByTextOrder order = ByTextOrder(counters)
        cdef int64_t word = 0, n_words = order.n_words
        cdef bint done = cw2v_words_reserve(
            self.words, self.words.n_words + n_words + order.n_phrases)
        if not len(arena):
            raise ValueError("no words")
        with nogil:
            while done:
                while word < n_words and order.is_connector[word]:
                    word += 1
                # A word is before the phrase that it ends; otherwise in the order of the text.
                if order.next_before(order.word_firsts[word] if word < n_words else INT64_MAX):
                    done = self.append_phrase(&arena[0], &offsets[0], n_words, order.nodes,
                                              order.key, delimiter) and self.end_key(order.count)
                elif word < n_words:
                    done = self.append_phrase(
                        &arena[0], &offsets[0], n_words, order.nodes,
                        LONE_WORD | <uint64_t> word, delimiter,
                    ) and self.end_key(word_counts[word])
                    word += 1
                else:
                    break
            done = done and self.look_up()
        if not done:
            raise MemoryError("no memory for the vocabulary of phrases")

    cdef str text_of(self, const uint8_t *arena, const int64_t *offsets, ByTextOrder order,
                     const uint8_t[::1] delimiter):
        """Return the text of the current phrase; the table only lends its buffer."""
        if not self.append_phrase(arena, offsets, order.n_words, order.nodes, order.key,
                                  delimiter):
            raise MemoryError
        text = decoded(self.text, self.used)
        self.used = 0
        return text

    cdef bint append_phrase(self, const uint8_t *arena, const int64_t *offsets, int64_t n_words,
                            const uint64_t *nodes, uint64_t phrase,
                            const uint8_t[::1] delimiter) noexcept nogil:
        """Append the words of node << 32 | word to the current key; return False without memory."""
        cdef uint64_t at = phrase
        cdef int64_t length = word_length(arena, offsets, <uint32_t> at), n
        cdef uint8_t *end
        while at >> 32 != LONE_WORD >> 32:
            at = left_of(nodes, at, n_words)
            length += delimiter.shape[0] + word_length(arena, offsets, <uint32_t> at)
        end = self.more(length)
        if end is NULL:
            return False
        end += length
        at = phrase
        while True:
            n = word_length(arena, offsets, <uint32_t> at)
            end -= n
            memcpy(end, arena + offsets[<uint32_t> at], n)
            if at >> 32 == LONE_WORD >> 32:
                return True
            if delimiter.shape[0]:
                end -= delimiter.shape[0]
                memcpy(end, &delimiter[0], delimiter.shape[0])
            at = left_of(nodes, at, n_words)

    def add(self, KeyTable other not None):
        """Add the counts of another table. Threads that read this one wait meanwhile."""
        if other is self:
            raise ValueError("a table cannot be added to itself")
        cdef bint done = True
        cdef int64_t i
        with cython.critical_section(self):  # and the GIL, where there is one
            for i in range(other.words.n_words):
                done = (self.append(other.words.arena + other.words.offsets[i],
                                    other.words.offsets[i + 1] - other.words.offsets[i])
                        and self.end_key(other.counts[i]))
                if not done:
                    break
            done = done and self.look_up()
        if not done:
            raise MemoryError("no memory for the vocabulary of phrases")

    def add_items(self, words, counts):
        """Add words and phrases, str, with their counts."""
        cdef bytes raw
        for word, count in zip(words, counts, strict=True):
            raw = word.encode("utf-8", "surrogatepass")
            if not (self.append(raw, len(raw)) and self.end_key(count)):
                raise MemoryError
        if not self.look_up():
            raise MemoryError

    def add_arrays(self, const uint8_t[::1] utf8 not None, const int64_t[::1] offsets not None,
                   const int64_t[::1] counts not None):
        """Add the keys that `arrays` returned.

        Raises
        ------
        ValueError
            The arrays do not fit together, or are not UTF-8.
        """
        cdef int64_t n = counts.shape[0], i, begin, end
        cdef bint done
        if offsets.shape[0] != n + 1 or offsets[0] != 0 or offsets[n] != utf8.shape[0]:
            raise ValueError("the words' text, ends and counts do not fit together")
        done = cw2v_words_reserve(self.words, self.words.n_words + n)
        for i in range(n):
            begin, end = offsets[i], offsets[i + 1]
            if not begin < end <= utf8.shape[0]:
                raise ValueError(f"word {i} has no end")
            if (not cw2v_is_utf8(&utf8[begin], end - begin, False)
                    and not (end - begin == 1 and utf8[begin] == NOTHING)):
                decoded(&utf8[begin], end - begin)  # raises, except for lone surrogates and NULs
            done = done and self.append(&utf8[begin], end - begin) and self.end_key(counts[i])
        if not (done and self.look_up()):
            raise MemoryError("no memory for the vocabulary of phrases")

    @cython.critical_section
    def pruned(self, int64_t least):
        """Return a table of the keys with a count of at least `least`."""
        cdef KeyTable kept = KeyTable()
        cdef int64_t i
        cdef bint done = True
        for i in range(self.words.n_words):
            if self.counts[i] >= least:
                done = (kept.append(self.words.arena + self.words.offsets[i],
                                    self.words.offsets[i + 1] - self.words.offsets[i])
                        and kept.end_key(self.counts[i]))
                if not done:
                    break
        done = done and kept.look_up()
        if not done:
            raise MemoryError
        return kept

    def arrays(self):
        """Return copies of the keys' UTF-8, where each begins and ends, and their counts.

        uint8, int64 (n + 1,), int64 (n,). The key "" is the byte 0xff.
        """
        cdef int64_t n, length
        with cython.critical_section(self):
            n = self.words.n_words
            length = self.words.offsets[n]
        arena = np.empty(length, dtype=np.uint8)
        offsets = np.empty(n + 1, dtype=np.int64)
        counts = np.empty(n, dtype=np.int64)
        cdef uint8_t[::1] arena_view = arena
        cdef int64_t[::1] offsets_view = offsets, counts_view = counts
        with cython.critical_section(self):
            memcpy(&offsets_view[0], self.words.offsets, (n + 1) * sizeof(int64_t))
            if n:
                memcpy(&arena_view[0], self.words.arena, length)
                memcpy(&counts_view[0], self.counts, n * sizeof(int64_t))
        return arena, offsets, counts

    @cython.critical_section
    def get(self, str word not None):
        """Return the count of a word or phrase."""
        cdef bytes raw = word.encode("utf-8", "surrogatepass")
        return self.find(<const uint8_t *> <const char *> raw, len(raw))

    cdef int64_t find(self, const uint8_t *bytes, int64_t length) noexcept nogil:
        cdef int32_t id = cw2v_words_find(self.words, bytes if length else &NOTHING,
                                          length if length else 1)
        return self.counts[id] if id >= 0 else 0

    cdef str key(self, int64_t i):
        cdef int64_t begin = self.words.offsets[i], end = self.words.offsets[i + 1]
        if end - begin == 1 and self.words.arena[begin] == NOTHING:
            return ""
        return decoded(self.words.arena + begin, end - begin)

    @cython.critical_section
    def as_dict(self):
        """Return all keys and counts as a dict of str to int, in their order."""
        cdef int64_t i
        return {self.key(i): self.counts[i] for i in range(self.words.n_words)}


cdef class ByTextOrder:
    """The phrases of several counters, in order of first appearance.

    Parameters
    ----------
    counters : list of PairCounter
        One for each share, finished.
    """

    def __init__(self, list counters not None):
        cdef PairCounter counter
        cdef int share
        if not 0 < len(counters) <= MOST_SHARES:
            raise ValueError(f"{len(counters)} shares of a text")
        self.counters = counters
        self.n_shares = len(counters)
        self.n_phrases = 0
        for share in range(self.n_shares):
            counter = counters[share]
            if counter.counter.phrases.counts is NULL:
                raise ValueError("a counter that is not finished")
            self.shares[share] = &counter.counter.phrases
            self.places[share] = 0
            self.n_phrases += counter.counter.phrases.n
        counter = counters[0]
        self.n_words = counter.counter.n_words
        self.nodes = counter.counter.nodes.keys
        self.word_firsts = counter.counter.word_firsts
        self.is_connector = counter.counter.is_connector

    cdef bint next_phrase(self) noexcept nogil:
        return self.next_before(INT64_MAX)

    cdef bint next_before(self, int64_t position) noexcept nogil:
        """Go to the next phrase; return False if it first occurs at or after a position."""
        cdef int i, share = -1
        cdef int64_t first = position
        for i in range(self.n_shares):
            if (self.places[i] < self.shares[i].n
                    and self.shares[i].firsts[self.places[i]] < first):
                first = self.shares[i].firsts[self.places[i]]
                share = i
        if share < 0:
            return False
        self.key = self.shares[share].keys[self.places[share]]
        self.count = self.shares[share].counts[self.places[share]]
        self.places[share] += 1
        return True


cdef uint64_t LONE_WORD = <uint64_t> 0xffffffff << 32  # instead of a node: nothing before it


cdef inline uint64_t left_of(const uint64_t *nodes, uint64_t pair,
                             int64_t n_words) noexcept nogil:
    """Return what is before the word of a pair: another pair, or a lone word."""
    cdef int64_t node = pair >> 32
    return nodes[node - n_words] if node >= n_words else LONE_WORD | <uint64_t> node


cdef inline int64_t word_length(const uint8_t *arena, const int64_t *offsets,
                                int64_t word) noexcept nogil:
    """Return the length in bytes of a word of an arena."""
    cdef int64_t length = offsets[word + 1] - offsets[word]
    return 0 if length == 1 and arena[offsets[word]] == NOTHING else length


cdef str decoded(const uint8_t *bytes, int64_t length):
    return PyUnicode_DecodeUTF8(<const char *> bytes, length, "surrogatepass")


cdef class PhrasePruner:
    """Counts words and phrases as gensim does, which drops rare ones when there are too many.

    After a sentence that leaves more than `most`, those with a count of less than `min_reduce`
    are dropped. `min_reduce` is 1 at first, and grows by 1 each time.

    Parameters
    ----------
    arena, offsets, is_connector, delimiter
        As for `KeyTable.add_phrases` and `PairCounter`.
    most : int
    """

    cdef readonly KeyTable table
    cdef readonly int64_t min_reduce
    cdef const uint8_t[::1] arena
    cdef const int64_t[::1] offsets
    cdef const uint8_t[::1] is_connector
    cdef const uint8_t[::1] delimiter
    cdef int64_t most
    cdef KeyTable prefix    # only its buffer is used: the beginning of the current phrase
    cdef int64_t start      # its first word, or -1
    cdef bint is_empty      # whether the current sentence has no words

    def __init__(self, const uint8_t[::1] arena not None, const int64_t[::1] offsets not None,
                 const uint8_t[::1] is_connector not None, const uint8_t[::1] delimiter not None,
                 int64_t most):
        self.arena = arena
        self.offsets = offsets
        self.is_connector = is_connector
        self.delimiter = delimiter
        self.most = most
        self.table = KeyTable()
        self.prefix = KeyTable()
        self.min_reduce = 1
        self.start = -1
        self.is_empty = True

    def count(self, const int32_t[::1] ids not None, const int32_t[::1] breaks not None,
              const int32_t[::1] to_word, bint begins, bint empty_sentences):
        """Count the next ids, given as to `PairCounter.count`.

        With `empty_sentences`, two equal breaks have a sentence between them.
        """
        cdef Py_ssize_t i, b = 0
        cdef int32_t word
        cdef bint translate = to_word is not None and to_word.shape[0] > 0
        if begins:
            self.end_sentence()
        for i in range(ids.shape[0]):
            while b < breaks.shape[0] and breaks[b] <= i:
                if empty_sentences or not self.is_empty:
                    self.is_empty = False
                    self.end_sentence()
                b += 1
            word = to_word[ids[i]] if translate else ids[i]
            if not self.add_word(word):
                raise MemoryError
        while b < breaks.shape[0]:
            if empty_sentences or not self.is_empty:
                self.is_empty = False
                self.end_sentence()
            b += 1

    def end_sentence(self):
        """End the current sentence, unless it is empty; drop rare keys if there are too many."""
        if self.is_empty:
            return
        self.is_empty = True
        self.start = -1
        if not self.table.look_up():
            raise MemoryError
        if self.table.words.n_words > self.most:
            self.table = self.table.pruned(self.min_reduce)
            self.min_reduce += 1

    cdef bint add_word(self, int64_t word) noexcept nogil:
        """Count a word and the phrase that it ends; return False without memory."""
        cdef int64_t length = word_length(&self.arena[0], &self.offsets[0], word)
        cdef const uint8_t *bytes = &self.arena[0] + self.offsets[word]
        self.is_empty = False
        if self.is_connector[word] and self.start < 0:
            return True
        if not self.is_connector[word]:
            if not (self.table.append(bytes, length) and self.table.end_key(1)):
                return False
            if self.start >= 0:
                if not (self.table.append(self.prefix.text, self.prefix.used)
                        and self.append_delimiter(self.table)
                        and self.table.append(bytes, length) and self.table.end_key(1)):
                    return False
            self.start = word
            self.prefix.used = 0
        elif not self.append_delimiter(self.prefix):
            return False
        return self.prefix.append(bytes, length)

    cdef bint append_delimiter(self, KeyTable table) noexcept nogil:
        return (self.delimiter.shape[0] == 0
                or table.append(&self.delimiter[0], self.delimiter.shape[0]))
