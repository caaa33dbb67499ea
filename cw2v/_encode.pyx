# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Counting and encoding loops, without the GIL: bytes -> provisional ids -> ids of a vocabulary."""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy

import numpy as np

from cw2v._words cimport (
    CW2V_ALLOW_NUL, CW2V_CHECK, CW2V_TEXT_PADDING, CW2V_UNICODE_SPACES, CW2V_WORDS_BAD_TEXT,
    CW2V_WORDS_NO_MEMORY, CW2V_WORDS_OK, CW2V_WORDS_TOO_MANY, cw2v_encoded, cw2v_first_space,
    cw2v_is_utf8, cw2v_last_space, cw2v_words, cw2v_words_add, cw2v_words_counts,
    cw2v_words_encode, cw2v_words_free, cw2v_words_new, cw2v_words_simd, cw2v_words_status,
)

PADDING = CW2V_TEXT_PADDING
CHECK = <int> CW2V_CHECK
ALLOW_NUL = <int> CW2V_ALLOW_NUL
UNICODE_SPACES = <int> CW2V_UNICODE_SPACES

cdef extern from "trim.h" nogil:
    void cw2v_trim() noexcept

cdef extern from "prefetch.h":
    void cw2v_prefetch(const void *p) nogil

cdef enum:
    AHEAD = 8   # how many words ahead of its decoding the bytes of a word are prefetched
    BLOCK = 64  # words translated between two looks at sentence ends


cdef int check_status(cw2v_words_status status) except -1:
    if status == CW2V_WORDS_NO_MEMORY:
        raise MemoryError("no memory for another distinct word")
    if status == CW2V_WORDS_TOO_MANY:
        raise OverflowError("more than 2**31 - 1 distinct words")
    return 0


cdef class WordTable:
    """The distinct words of a text, as bytes, with ids in order of first appearance."""

    def __cinit__(self, simd=None):
        cdef bytes raw = b"" if simd is None else simd.encode()
        cdef const char *name = NULL
        if simd is not None:
            name = raw
        cdef int number = cw2v_words_simd(name)
        if number < 0:
            raise ValueError(f"this CPU has no tokeniser called {simd!r}")
        self.words = cw2v_words_new(number)
        if self.words is NULL:
            raise MemoryError

    def __dealloc__(self):
        cw2v_words_free(self.words)

    def __len__(self):
        return self.words.n_words

    def encode(self, const uint8_t[::1] text not None, Py_ssize_t length, int how,
               int32_t[::1] ids not None, int32_t[::1] breaks not None):
        """Count the words of text[:length] and write their ids and the ends of lines.

        `how` is a sum of `CHECK`, `ALLOW_NUL` and `UNICODE_SPACES`.
        """
        cdef cw2v_encoded out
        cdef cw2v_words_status status
        if (length < 0 or text.shape[0] < length + CW2V_TEXT_PADDING
                or ids.shape[0] < length // 2 + 1 or breaks.shape[0] < length // 2 + 2):
            raise ValueError("buffers too small")
        out.ids = &ids[0]
        out.breaks = &breaks[0]
        with nogil:
            status = cw2v_words_encode(self.words, &text[0], length, how, &out)
        check_status(status)
        if status == CW2V_WORDS_BAD_TEXT:
            return out.n_ids, out.n_breaks, (out.bad_start, out.bad_length)
        return out.n_ids, out.n_breaks, None

    def add(self, const uint8_t[::1] word not None):
        """Return the id of one word, added with a count of 0 if it is new."""
        cdef int32_t id = 0
        if word.shape[0] == 0:
            raise ValueError("a word has at least one byte")
        check_status(cw2v_words_add(self.words, &word[0], word.shape[0], 0, &id))
        return id

    def decode(self, const int64_t[::1] indices not None):
        """Return the words with these ids as str; bytes that are not UTF-8 as surrogates."""
        cdef Py_ssize_t i, n = indices.shape[0]
        cdef int64_t index
        cdef list out = []
        for i in range(n):
            if indices[i] < 0 or indices[i] >= self.words.n_words:
                raise IndexError(f"no word {indices[i]}; there are {self.words.n_words}")
        for i in range(n):
            if i + 2 * AHEAD < n:  # in order of count, they are anywhere in memory
                cw2v_prefetch(&self.words.offsets[indices[i + 2 * AHEAD]])
                cw2v_prefetch(self.words.arena + self.words.offsets[indices[i + AHEAD]])
            index = indices[i]
            out.append(PyUnicode_DecodeUTF8(
                <const char *> self.words.arena + self.words.offsets[index],
                self.words.offsets[index + 1] - self.words.offsets[index], "surrogateescape"))
        return out

    def counts(self):
        """Return how often each word occurs, int64 (n_words,), a copy."""
        result = np.empty(self.words.n_words, dtype=np.int64)
        cdef int64_t[::1] view = result
        if self.words.n_words:
            cw2v_words_counts(self.words, &view[0])
        return result

    def utf8(self):
        """Return the words' bytes, uint8, and where each begins and ends, int64 (n_words + 1,)."""
        return word_bytes(self.words)

    def not_text(self):
        """Return the ids of words with a NUL or invalid UTF-8, int64."""
        cdef int64_t i
        cdef list found = []
        for i in range(self.words.n_words):
            if not cw2v_is_utf8(self.words.arena + self.words.offsets[i],
                                self.words.offsets[i + 1] - self.words.offsets[i], False):
                found.append(i)
        return np.array(found, dtype=np.int64)


def merge_tables(list tables not None, const int32_t[::1] owners not None,
                 const int64_t[::1] theirs not None, int32_t[::1] ids not None):
    """Return a new table with the words of several tables, in the order given.

    Word i is `theirs[i]` of ``tables[owners[i]]``; `ids[i]` becomes its id in the new table.
    """
    cdef WordTable merged = WordTable(), table
    cdef Py_ssize_t i, n = owners.shape[0], n_tables = len(tables)
    cdef int64_t word, begin
    cdef cw2v_words_status status = CW2V_WORDS_OK
    cdef cw2v_words *source
    addresses = np.empty(n_tables, dtype=np.uintp)
    cdef size_t[::1] sources = addresses
    if theirs.shape[0] != n or ids.shape[0] != n:
        raise ValueError("one owner, word and id each")
    for i in range(n_tables):
        table = tables[i]
        sources[i] = <size_t> table.words
    for i in range(n):
        if owners[i] < 0 or owners[i] >= n_tables or theirs[i] < 0:
            raise IndexError(f"no word {theirs[i]} of table {owners[i]}")
        if theirs[i] >= (<cw2v_words *> sources[owners[i]]).n_words:
            raise IndexError(f"no word {theirs[i]} of table {owners[i]}")
    with nogil:
        for i in range(n):
            source = <cw2v_words *> sources[owners[i]]
            word = theirs[i]
            begin = source.offsets[word]
            status = cw2v_words_add(merged.words, source.arena + begin,
                                    source.offsets[word + 1] - begin, 0, &ids[i])
            if status != CW2V_WORDS_OK:
                break
    check_status(status)
    return merged


cdef word_bytes(const cw2v_words *words):
    """Copy a table's arena and offsets."""
    cdef int64_t length = words.offsets[words.n_words]
    arena = np.empty(length, dtype=np.uint8)
    cdef uint8_t[::1] view = arena
    if length:
        memcpy(&view[0], words.arena, length)
    return arena, copied(words.offsets, words.n_words + 1)


cdef copied(const int64_t *values, int64_t n):
    """Copy a C array into a NumPy one."""
    result = np.empty(n, dtype=np.int64)
    cdef int64_t[::1] view = result
    if n:
        memcpy(&view[0], values, n * sizeof(int64_t))
    return result


def give_back_memory():
    """Return the memory of freed tables to the system, where the C library can do so."""
    with nogil:
        cw2v_trim()


def first_space(const uint8_t[::1] text not None, Py_ssize_t begin, Py_ssize_t end):
    """Return the position of the first white space in text[begin:end], or -1."""
    cdef int64_t found
    if begin >= end:
        return -1
    if begin < 0 or end > text.shape[0]:
        raise IndexError("outside the text")
    with nogil:
        found = cw2v_first_space(&text[0], begin, end)
    return found


def last_space(const uint8_t[::1] text not None, Py_ssize_t begin, Py_ssize_t end):
    """Return the position of the last white space in text[begin:end], or -1."""
    cdef int64_t found
    if begin >= end:
        return -1
    if begin < 0 or end > text.shape[0]:
        raise IndexError("outside the text")
    with nogil:
        found = cw2v_last_space(&text[0], begin, end)
    return found


def keep_known(const int32_t[::1] ids not None, const int32_t[::1] breaks not None,
               const int32_t[::1] to_word not None, int32_t[::1] kept not None,
               int64_t[::1] ends not None):
    """Translate ids, drop those that become -1, and find where the sentences then end.

    Writes the words kept to `kept` (with room for one more than there are) and the number of them
    before each break to `ends` (one for each break). Returns how many were kept.
    """
    cdef Py_ssize_t i = 0, j, b = 0, size, n = ids.shape[0], n_breaks = breaks.shape[0]
    cdef Py_ssize_t n_kept = 0, room = kept.shape[0]
    cdef Py_ssize_t kept_before[BLOCK]
    cdef int32_t word
    if ends.shape[0] < n_breaks:
        raise ValueError("one end for each break")
    with nogil:
        # Blocks of fixed length: the end of a loop over each sentence would be mispredicted.
        while i < n and n_kept < room:
            size = min(BLOCK, n - i, room - n_kept)
            for j in range(size):
                word = to_word[ids[i + j]]
                kept_before[j] = n_kept
                kept[n_kept] = word
                n_kept += word >= 0
            while b < n_breaks and breaks[b] < i + size:
                ends[b] = kept_before[breaks[b] - i]
                b += 1
            i += size
        while b < n_breaks:
            ends[b] = n_kept
            b += 1
    if i < n:
        raise ValueError("no room for the words kept")
    return n_kept
