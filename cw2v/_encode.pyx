# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Counting and encoding loops: bytes (without the GIL) or Python tokens -> provisional ids."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.exc cimport PyErr_CheckSignals
from cpython.long cimport PyLong_AsLong
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeUTF8, PyUnicode_GetLength
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

import numpy as np

from cw2v._words cimport (
    CW2V_ALLOW_NUL, CW2V_CHECK, CW2V_TEXT_PADDING, CW2V_UNICODE_SPACES, CW2V_WORDS_BAD_TEXT,
    CW2V_WORDS_NO_MEMORY, CW2V_WORDS_OK, CW2V_WORDS_TOO_MANY, cw2v_encoded, cw2v_first_space,
    cw2v_is_text, cw2v_last_space, cw2v_utf8, cw2v_words, cw2v_words_add, cw2v_words_counts,
    cw2v_words_encode, cw2v_words_encode_list, cw2v_words_find, cw2v_words_free,
    cw2v_words_new, cw2v_words_simd, cw2v_words_status,
)

cdef extern from "Python.h":
    uint32_t *PyUnicode_AsUCS4(object text, uint32_t *buffer, Py_ssize_t length,
                               int copy_null) except NULL

PADDING = CW2V_TEXT_PADDING
CHECK = <int> CW2V_CHECK
ALLOW_NUL = <int> CW2V_ALLOW_NUL
UNICODE_SPACES = <int> CW2V_UNICODE_SPACES

cdef int TOKENS_BETWEEN_SIGNALS = 1 << 14


cdef int check_status(cw2v_words_status status) except -1:
    if status == CW2V_WORDS_NO_MEMORY:
        raise MemoryError("no memory for another distinct word")
    if status == CW2V_WORDS_TOO_MANY:
        raise OverflowError("more than 2**31 - 1 distinct words")
    return 0


cdef class WordTable:
    """The distinct words of a text, as bytes, with ids in order of first appearance."""

    cdef cw2v_words *words

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

    def encode(self, const uint8_t[::1] text not None, Py_ssize_t length, int64_t position,
               int how, int32_t[::1] ids not None, int32_t[::1] breaks not None):
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
            status = cw2v_words_encode(self.words, &text[0], length, position, how, &out)
        check_status(status)
        if status == CW2V_WORDS_BAD_TEXT:
            return out.n_ids, out.n_breaks, (out.bad_start, out.bad_length)
        return out.n_ids, out.n_breaks, None

    def add(self, const uint8_t[::1] word not None):
        """Return the id of one word, added with a count of 0 if it is new."""
        cdef int32_t id = 0
        if word.shape[0] == 0:
            raise ValueError("a word has at least one byte")
        check_status(cw2v_words_add(self.words, &word[0], word.shape[0], -1, 0, &id))
        return id

    def find(self, list words not None):
        """Return the ids of str words, int64, -1 for those that are not in the table."""
        cdef Py_ssize_t i, n = len(words)
        found = np.full(n, -1, dtype=np.int64)
        cdef int64_t[::1] out = found
        cdef bytes raw
        for i in range(n):
            word = words[i]
            if not isinstance(word, str):
                continue
            try:
                raw = word.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:
                continue
            out[i] = cw2v_words_find(self.words, <const uint8_t *> <const char *> raw, len(raw))
        return found

    def decode(self, const int64_t[::1] indices not None):
        """Return the words with these ids as str; bytes that are no UTF-8 as surrogates."""
        cdef Py_ssize_t i, n = indices.shape[0]
        cdef int64_t index
        cdef list out = []
        for i in range(n):
            index = indices[i]
            if index < 0 or index >= self.words.n_words:
                raise IndexError(f"no word {index}; there are {self.words.n_words}")
            out.append(PyUnicode_DecodeUTF8(
                <const char *> self.words.arena + self.words.offsets[index],
                self.words.offsets[index + 1] - self.words.offsets[index], "surrogateescape"))
        return out

    def counts(self):
        """Return how often each word came, int64 (n_words,), a copy."""
        result = np.empty(self.words.n_words, dtype=np.int64)
        cdef int64_t[::1] view = result
        if self.words.n_words:
            cw2v_words_counts(self.words, &view[0])
        return result

    def firsts(self):
        """Return the byte position of each word's first appearance, int64 (n_words,), a copy."""
        return copied(self.words.firsts, self.words.n_words)

    def utf8(self):
        """Return the words' bytes, uint8, and where each begins and ends, int64 (n_words + 1,)."""
        return word_bytes(self.words)

    def not_text(self):
        """Return the ids of words with a NUL or invalid UTF-8, int64."""
        cdef int64_t i
        cdef list found = []
        for i in range(self.words.n_words):
            if not cw2v_is_text(self.words.arena + self.words.offsets[i],
                                self.words.offsets[i + 1] - self.words.offsets[i]):
                found.append(i)
        return np.array(found, dtype=np.int64)


def merge_tables(list tables not None, const int32_t[::1] owners not None,
                 const int64_t[::1] theirs not None, int32_t[::1] ids not None):
    """Put words of several tables into a new one, in the order given.

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
                                    source.offsets[word + 1] - begin, -1, 0, &ids[i])
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
    """Translate ids, drop those that become -1, and say where the sentences then end.

    Writes the words kept to `kept` (room for one more than there are) and the number of them
    before each break to `ends` (one for each break). Returns how many were kept.
    """
    cdef Py_ssize_t i = 0, b, n = ids.shape[0], n_breaks = breaks.shape[0], stop
    cdef Py_ssize_t n_kept = 0, room = kept.shape[0]
    cdef int32_t word
    if ends.shape[0] < n_breaks:
        raise ValueError("one end for each break")
    with nogil:
        for b in range(n_breaks + 1):
            stop = breaks[b] if b < n_breaks else n
            while i < stop and n_kept < room:
                word = to_word[ids[i]]
                kept[n_kept] = word
                n_kept += word >= 0
                i += 1
            if b < n_breaks:
                ends[b] = n_kept
    if i < n:
        raise ValueError("no room for the words kept")
    return n_kept


cdef enum:
    HELD = 256  # tokens that are looked up together


cdef class TokenEncoder:
    """Any Python tokens -> provisional ids, in order of first appearance.

    A str is looked up by its UTF-8 in a `WordTable`, some 256 at a time: a dict takes three
    times as long. Other tokens are looked up in a dict, and have a place in the table under a
    name that no str has.

    Parameters
    ----------
    sentences : iterator of iterables of hashables
    """

    cdef object sentences
    cdef object tokens          # what is left of the sentence at hand, or None
    cdef WordTable table        # the UTF-8 of str tokens; stand-ins for others
    cdef dict others            # token -> id, of tokens that are no str, and of ""
    cdef readonly list words    # id -> token
    cdef readonly Py_ssize_t n_sentences
    cdef Py_ssize_t place       # in the sentence at hand, of the next token
    cdef readonly object text_sentence  # the first sentence that is a str or bytes, or None
    cdef PyObject *held[HELD]   # str tokens that are not looked up yet, references of our own
    cdef int64_t edges[2 * HELD]
    cdef Py_ssize_t n_held
    cdef uint8_t[::1] text      # their UTF-8
    cdef uint32_t[::1] characters

    def __cinit__(self):
        self.n_held = 0

    def __init__(self, sentences):
        self.sentences = sentences
        self.tokens = None
        self.table = WordTable()
        self.others = {}
        self.words = []
        self.text = np.zeros(1 << 14, dtype=np.uint8)
        self.characters = np.zeros(1 << 10, dtype=np.uint32)

    def __dealloc__(self):
        self.drop()

    def counts(self):
        """Return how often each token came, int64 (n_words,)."""
        return self.table.counts()

    def utf8(self):
        """Return the tokens' UTF-8, uint8, and where each begins and ends, int64 (n_words + 1,).

        A token "" has the one byte 0xff there, which begins no UTF-8.
        """
        for token in self.others:
            if not isinstance(token, str):
                raise TypeError(
                    f"every token must be a str here, and one is a {type(token).__name__}: "
                    f"{token!r:.60}"
                )
        arena, offsets = word_bytes(self.table.words)
        if "" in self.others:
            place = self.others[""]
            begin, end = offsets[place], offsets[place + 1]
            arena = np.concatenate([arena[:begin + 1], arena[end:]])
            offsets[place + 1:] -= end - begin - 1
        return arena, offsets

    def find(self, list words not None):
        """Return the ids of these tokens, int64, -1 for those that never came."""
        cdef bytes raw
        cdef list found = []
        for word in words:
            if isinstance(word, str) and len(word):
                raw = str(word).encode("utf-8", "surrogatepass")
                found.append(cw2v_words_find(
                    self.table.words, <const uint8_t *> <const char *> raw, len(raw)))
            else:
                found.append(self.others.get(word, -1))
        return np.array(found, dtype=np.int64).reshape(len(words))

    def fill(self, int32_t[::1] ids not None, int32_t[::1] breaks not None):
        """Encode tokens until `ids` or `breaks` is full or the sentences end.

        Returns the number of ids, the number of sentence ends, and whether that was all. The
        end of an empty sentence is that of the one before, once more.
        """
        cdef Py_ssize_t n = 0, n_breaks = 0, place
        cdef Py_ssize_t n_ids = ids.shape[0], most_breaks = breaks.shape[0]
        cdef bint done = False
        self.drop()
        while n < n_ids and n_breaks < most_breaks:
            if self.tokens is None:
                PyErr_CheckSignals()
                try:
                    sentence = next(self.sentences)
                except StopIteration:
                    done = True
                    break
                if self.text_sentence is None and isinstance(sentence, (str, bytes)):
                    self.text_sentence = sentence
                self.tokens = iterate(sentence, self.n_sentences)
                self.place = 0
            place = self.place
            token = None
            try:
                for token in self.tokens:
                    place += 1
                    if isinstance(token, str) and PyUnicode_GetLength(token) > 0:
                        self.hold(token)
                        n += 1
                        if self.n_held == HELD:
                            self.look_up(ids, n)
                    else:
                        self.look_up(ids, n)
                        ids[n] = self.other(token)
                        n += 1
                    if n == n_ids:
                        break
                    if n % TOKENS_BETWEEN_SIGNALS == 0:
                        PyErr_CheckSignals()
                else:
                    self.tokens = None
            except TypeError as error:
                raise_unhashable(error, token, self.n_sentences, place - 1)
            self.place = place
            if self.tokens is None:
                self.n_sentences += 1
                breaks[n_breaks] = <int32_t> n
                n_breaks += 1
        self.look_up(ids, n)
        return n, n_breaks, done

    cdef int hold(self, token) except -1:
        """Keep a str and its UTF-8 until `look_up`."""
        cdef Py_ssize_t length = PyUnicode_GetLength(token)
        cdef Py_ssize_t begin = self.edges[2 * self.n_held - 1] if self.n_held else 0
        if (length > self.characters.shape[0]
                or begin + 4 * length + CW2V_TEXT_PADDING > self.text.shape[0]):
            self.make_room(begin, length)
        # AsUTF8AndSize would leave a copy in each of the caller's strings that is not ASCII.
        PyUnicode_AsUCS4(token, &self.characters[0], self.characters.shape[0], 0)
        self.edges[2 * self.n_held] = begin
        self.edges[2 * self.n_held + 1] = begin + cw2v_utf8(
            &self.characters[0], length, &self.text[begin])
        Py_INCREF(token)
        self.held[self.n_held] = <PyObject *> token
        self.n_held += 1
        return 0

    cdef int make_room(self, Py_ssize_t begin, Py_ssize_t length) except -1:
        """Let `length` more characters fit after the `begin` bytes that are held."""
        text = np.zeros(2 * (begin + 4 * length) + CW2V_TEXT_PADDING, dtype=np.uint8)
        text[:begin] = self.text[:begin]
        self.text = text
        self.characters = np.zeros(2 * length, dtype=np.uint32)

    cdef int look_up(self, int32_t[::1] ids, Py_ssize_t n) except -1:
        """Write the ids of the tokens held, the last of the first `n`, and let go of them."""
        cdef Py_ssize_t i, first = n - self.n_held
        cdef int64_t n_words = self.table.words.n_words
        if self.n_held == 0:
            return 0
        check_status(cw2v_words_encode_list(
            self.table.words, &self.text[0], self.edges, self.n_held, &ids[first]))
        if self.table.words.n_words > n_words:
            for i in range(self.n_held):
                if ids[first + i] == n_words:
                    self.words.append(<object> self.held[i])
                    n_words += 1
        self.drop()
        return 0

    cdef void drop(self):
        """Let go of the tokens held."""
        while self.n_held > 0:
            self.n_held -= 1
            Py_DECREF(<object> self.held[self.n_held])

    cdef int32_t other(self, token) except -1:
        """Count a token that is no str; returns its id."""
        cdef int32_t id
        cdef bytes name
        cdef PyObject *known = PyDict_GetItemWithError(self.others, token)
        if known is not NULL:
            id = <int32_t> PyLong_AsLong(<object> known)
        else:
            id = <int32_t> self.table.words.n_words
        name = b"\xff%d" % id  # as no UTF-8 begins
        check_status(cw2v_words_add(
            self.table.words, <const uint8_t *> <const char *> name, len(name), -1, 1, &id))
        if known is NULL:
            self.others[token] = id
            self.words.append(token)
        return id


cdef iterate(sentence, Py_ssize_t number):
    """Begin a sentence; an error says which one it was."""
    try:
        return iter(sentence)
    except TypeError as error:
        if hasattr(type(sentence), "__iter__"):
            raise
        raise TypeError(
            f"sentence {number} is a {type(sentence).__name__}, not a list of tokens: "
            f"{sentence!r:.60}"
        ) from error


cdef raise_unhashable(error, token, Py_ssize_t number, Py_ssize_t place):
    """Say which token has no hash, or let its own error through."""
    try:
        hash(token)
    except TypeError:
        raise TypeError(
            f"token {place} of sentence {number} (both counted from 0) is a "
            f"{type(token).__name__}, which cannot be a word because it has no hash: "
            f"{token!r:.60}"
        ) from error
    raise error
