# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Python tokens -> provisional ids: the counting and encoding loop over lists of str."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear
from cpython.long cimport PyLong_AsLong
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cimport cython

import numpy as np

from cw2v._encode cimport WordTable, check_status
from cw2v._words cimport (
    CW2V_TEXT_PADDING, cw2v_has_surrogate, cw2v_utf8, cw2v_words_add,
    cw2v_words_encode_list, cw2v_words_find, cw2v_words_find_list,
)

cdef extern from "strtokens.h":
    void cw2v_find_isascii(object method)
    int cw2v_is_ascii(PyObject *text) except -1
    void cw2v_copy_word(uint8_t *out, const char *bytes, Py_ssize_t length)
    PyObject *cw2v_item(object tokens, Py_ssize_t place)

cdef extern from "Python.h":
    PyObject *PyIter_Next(object iterator) except? NULL
    Py_ssize_t PyList_Size(object tokens) except -1
    bint PyUnicode_CheckExact(PyObject *token)
    Py_ssize_t PyUnicode_GetLength(PyObject *text) except -1
    const char *PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size) except NULL
    uint32_t *PyUnicode_AsUCS4(PyObject *text, uint32_t *buffer, Py_ssize_t length,
                               int copy_null) except NULL

cdef enum:
    HELD = 256  # tokens that are looked up together


cw2v_find_isascii("".isascii)


@cython.final
cdef class Strings:
    """A batch of str tokens that are looked up together, three times as fast as in a dict."""

    cdef PyObject *tokens[HELD]     # references of our own
    cdef int64_t edges[2 * HELD]    # where each begins and ends in `text`
    cdef Py_ssize_t n
    cdef bint with_surrogates
    cdef int64_t end                # of the bytes in `text`
    cdef int64_t room
    cdef uint8_t[::1] text          # their UTF-8, one after the other
    cdef uint32_t[::1] characters   # of one that is not ASCII

    def __cinit__(self):
        self.n = self.end = 0
        self.with_surrogates = False
        self.room = 1 << 14
        self.text = np.zeros(self.room + CW2V_TEXT_PADDING, dtype=np.uint8)
        self.characters = np.zeros(1 << 8, dtype=np.uint32)

    def __dealloc__(self):
        self.drop()

    cdef bint append(self, PyObject *token) except -1:
        """Add a str and its UTF-8, taking over the reference; for "", return False and do not."""
        cdef Py_ssize_t length
        cdef const char *utf8
        if cw2v_is_ascii(token):
            utf8 = PyUnicode_AsUTF8AndSize(token, &length)
            if length == 0:
                return False
            if self.end + length > self.room:
                self.make_room(length)
            cw2v_copy_word(&self.text[self.end], utf8, length)
        else:
            # AsUTF8AndSize would cache the UTF-8 in each of the caller's non-ASCII strings.
            length = PyUnicode_GetLength(token)
            if length == 0:
                return False
            if self.end + 4 * length > self.room:
                self.make_room(4 * length)
            if length > self.characters.shape[0]:
                self.characters = np.zeros(2 * length, dtype=np.uint32)
            PyUnicode_AsUCS4(token, &self.characters[0], self.characters.shape[0], 0)
            if cw2v_has_surrogate(&self.characters[0], length):
                self.with_surrogates = True
            length = cw2v_utf8(&self.characters[0], length, &self.text[self.end])
        self.edges[2 * self.n] = self.end
        self.end += length
        self.edges[2 * self.n + 1] = self.end
        self.tokens[self.n] = token
        self.n += 1
        return True

    cdef int make_room(self, int64_t more) except -1:
        """Make room in `text` for so many more bytes."""
        self.room = 2 * (self.end + more)
        text = np.zeros(self.room + CW2V_TEXT_PADDING, dtype=np.uint8)
        text[:self.end] = self.text[:self.end]
        self.text = text
        return 0

    cdef void drop(self):
        """Release the tokens."""
        self.end = 0
        self.with_surrogates = False
        while self.n > 0:
            self.n -= 1
            Py_DECREF(<object> self.tokens[self.n])


def find_words(WordTable table not None, list words not None, bint escaped=True):
    """Return the ids of words in a table, int64; -1 for those not in it.

    "" and what is not a str are never in it. With `escaped`, surrogates stand for bytes that are
    not UTF-8, as by "surrogateescape"; otherwise for themselves.
    """
    cdef Py_ssize_t i, k, n = len(words)
    cdef Strings strings = Strings()
    cdef int32_t ids[HELD]
    cdef Py_ssize_t places[HELD]
    found = np.full(n, -1, dtype=np.int64)
    cdef int64_t[::1] out = found
    for i in range(n + 1):
        if strings.n == HELD or (i == n and strings.n):
            if strings.with_surrogates and escaped:
                for k in range(strings.n):
                    ids[k] = find_escaped(table, <object> strings.tokens[k])
            else:
                cw2v_words_find_list(table.words, &strings.text[0], strings.edges, strings.n, ids)
            for k in range(strings.n):
                out[places[k]] = ids[k]
            strings.drop()
        if i == n:
            break
        word = words[i]
        if isinstance(word, str):
            places[strings.n] = i
            if strings.append(<PyObject *> word):
                Py_INCREF(word)
    return found


cdef int32_t find_escaped(WordTable table, word) except -2:
    """Find a word in which surrogates may stand for bytes."""
    cdef bytes raw
    try:
        raw = str.encode(word, "utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return -1
    return cw2v_words_find(table.words, <const uint8_t *> <const char *> raw, len(raw))

cdef class TokenEncoder:
    """Any Python tokens -> provisional ids, in order of first appearance.

    A str is looked up by its UTF-8 in a `WordTable`. Other tokens are looked up in a dict; each
    has an entry in the table, too, under bytes that no str has.

    Parameters
    ----------
    sentences : iterator of iterables of hashables
    """

    cdef object sentences
    cdef object tokens          # the current sentence: a list, or an iterator; or None
    cdef bint in_list
    cdef WordTable table        # the UTF-8 of str tokens; stand-ins for others
    cdef dict others            # token -> id, of tokens that are not str, and of ""
    cdef readonly list words    # id -> token
    cdef readonly Py_ssize_t n_sentences
    cdef Py_ssize_t place       # index of the next token in the current sentence
    cdef readonly object text_sentence  # the first sentence that is a str or bytes, or None
    cdef Strings strings        # the tokens not looked up yet

    def __init__(self, sentences):
        self.sentences = sentences
        self.tokens = None
        self.table = WordTable()
        self.others = {}
        self.words = []
        self.strings = Strings()

    def counts(self):
        """Return how often each token occurs, int64 (n_words,)."""
        return self.table.counts()

    def utf8(self):
        """Return the tokens' UTF-8, uint8, and where each begins and ends, int64 (n_words + 1,).

        The token "" is the byte 0xff there, with which no UTF-8 begins.
        """
        for token in self.others:
            if not isinstance(token, str):
                raise TypeError(
                    f"every token must be a str here, and one is a {type(token).__name__}: "
                    f"{token!r:.60}"
                )
        arena, offsets = self.table.utf8()
        if "" in self.others:
            place = self.others[""]
            begin, end = offsets[place], offsets[place + 1]
            arena = np.concatenate([arena[:begin + 1], arena[end:]])
            offsets[place + 1:] -= end - begin - 1
        return arena, offsets

    def find(self, list words not None):
        """Return the ids of these tokens, int64; -1 for those that do not occur."""
        found = find_words(self.table, words, False)
        if self.others:
            for i, word in enumerate(words):
                if not isinstance(word, str) or not len(word):
                    found[i] = self.others.get(word, -1)
        return found

    def fill(self, int32_t[::1] ids not None, int32_t[::1] breaks not None):
        """Encode tokens until `ids` or `breaks` is full or the sentences end.

        Returns the number of ids, the number of sentence ends, and whether the sentences ended.
        An empty sentence has the same end as the sentence before it.
        """
        cdef Py_ssize_t n = 0, n_breaks = 0
        cdef Py_ssize_t n_ids = ids.shape[0], most_breaks = breaks.shape[0]
        cdef PyObject *item
        cdef bint done = False
        self.strings.drop()
        while n < n_ids and n_breaks < most_breaks:
            if self.tokens is None and not self.begin_sentence():
                done = True
                break
            token = None
            try:
                while n < n_ids:
                    if self.strings.n == HELD:
                        self.look_up(ids, n)
                    if self.in_list:
                        n += self.take_strings(min(n_ids - n, HELD - self.strings.n))
                        if n == n_ids or self.strings.n == HELD:
                            continue
                    item = self.next_token()
                    if item is NULL:
                        self.tokens = None
                        break
                    token = <object> item
                    Py_DECREF(token)
                    self.place += 1
                    n += 1
                    if isinstance(token, str) and self.strings.append(item):
                        Py_INCREF(token)
                    else:
                        self.look_up(ids, n - 1)
                        ids[n - 1] = self.other(token)
            except TypeError as error:
                raise_unhashable(error, token, self.n_sentences, self.place - 1)
            if self.tokens is None:
                self.n_sentences += 1
                breaks[n_breaks] = <int32_t> n
                n_breaks += 1
        self.look_up(ids, n)
        return n, n_breaks, done

    cdef bint begin_sentence(self) except -1:
        """Begin the next sentence; return False if there is none."""
        PyErr_CheckSignals()
        try:
            sentence = next(self.sentences)
        except StopIteration:
            return False
        self.in_list = type(sentence) is list
        if self.in_list:
            self.tokens = sentence
        else:
            if self.text_sentence is None and isinstance(sentence, (str, bytes)):
                self.text_sentence = sentence
            self.tokens = iterate(sentence, self.n_sentences)
        self.place = 0
        return True

    cdef PyObject *next_token(self) except? NULL:
        """Return the next token, a new reference, or NULL after the last."""
        if not self.in_list:
            return PyIter_Next(self.tokens)
        if self.place >= PyList_Size(self.tokens):
            return NULL
        return cw2v_item(self.tokens, self.place)

    cdef Py_ssize_t take_strings(self, Py_ssize_t most) except -1:
        """Add tokens of a list to the batch, up to `most` or the first that is not a str."""
        cdef Py_ssize_t n = 0, left = PyList_Size(self.tokens) - self.place
        cdef PyObject *token
        if left < most:
            most = left
        while n < most:
            token = cw2v_item(self.tokens, self.place)
            if token is NULL:  # another thread made the list shorter
                PyErr_Clear()
                break
            if not PyUnicode_CheckExact(token) or not self.strings.append(token):
                Py_DECREF(<object> token)
                break
            self.place += 1
            n += 1
        return n

    cdef int look_up(self, int32_t[::1] ids, Py_ssize_t n) except -1:
        """Write the ids of the batch, which are the last of the first `n`, and empty it."""
        cdef Strings held = self.strings
        cdef Py_ssize_t i, first = n - held.n
        cdef int64_t n_words = self.table.words.n_words
        if held.n == 0:
            return 0
        check_status(cw2v_words_encode_list(
            self.table.words, &held.text[0], held.edges, held.n, &ids[first]))
        if self.table.words.n_words > n_words:
            for i in range(held.n):
                if ids[first + i] == n_words:
                    self.words.append(<object> held.tokens[i])
                    n_words += 1
        held.drop()
        return PyErr_CheckSignals()

    cdef int32_t other(self, token) except -1:
        """Count a token that is not a str; return its id."""
        cdef int32_t id
        cdef bytes name
        cdef PyObject *known = PyDict_GetItemWithError(self.others, token)
        if known is not NULL:
            id = <int32_t> PyLong_AsLong(<object> known)
        else:
            id = <int32_t> self.table.words.n_words
        name = b"\xff%d" % id  # no UTF-8 begins like this
        check_status(cw2v_words_add(
            self.table.words, <const uint8_t *> <const char *> name, len(name), 1, &id))
        if known is NULL:
            self.others[token] = id
            self.words.append(token)
        return id


cdef iterate(sentence, Py_ssize_t number):
    """Return an iterator over a sentence; an error names the sentence."""
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
    """Raise an error that names the token without a hash, or raise the token's own error."""
    try:
        hash(token)
    except TypeError:
        raise TypeError(
            f"token {place} of sentence {number} (both counted from 0) is a "
            f"{type(token).__name__}, which cannot be a word because it has no hash: "
            f"{token!r:.60}"
        ) from error
    raise error
