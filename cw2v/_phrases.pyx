# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Sentences with their phrases joined, and all phrases of a table."""

from cpython.unicode cimport PyUnicode_GetLength
from libc.math cimport log
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

from cw2v._keytable cimport KeyTable, decoded
from cw2v._words cimport cw2v_utf8

cdef extern from "Python.h":
    uint32_t *PyUnicode_AsUCS4(object text, uint32_t *buffer, Py_ssize_t length,
                               int copy_null) except NULL


cdef enum Scorer:
    ORIGINAL
    NPMI
    CUSTOM
    KNOWN  # every key of the table is a phrase

SCORERS = {"original": ORIGINAL, "npmi": NPMI, "custom": CUSTOM, "known": KNOWN}


cdef class Joiner:
    """Finds phrases in sentences, and in a table.

    Parameters
    ----------
    table : KeyTable
        Not changed as long as this object is used.
    connector_words : set of str
    delimiter : str
    scorer : {"original", "npmi", "custom", "known"}
    scoring : callable
        gensim's scorer; called for "custom", and where it raises.
    min_count, threshold : number
    corpus_word_count : int
    scores : dict
        For "known", the score of each phrase.
    """

    cdef readonly KeyTable table
    cdef object connector_words
    cdef str delimiter_text
    cdef bytes delimiter
    cdef Scorer scorer
    cdef object scoring
    cdef object min_count
    cdef object threshold
    cdef object corpus_word_count
    cdef object scores
    cdef double least
    cdef double limit
    cdef double n_tokens

    def __init__(self, KeyTable table not None, connector_words, str delimiter not None,
                 scorer, scoring, min_count, threshold, corpus_word_count, scores):
        self.table = table
        self.connector_words = connector_words
        self.delimiter_text = delimiter
        self.delimiter = delimiter.encode("utf-8", "surrogatepass")
        self.scorer = SCORERS[scorer]
        self.scoring = scoring
        self.min_count = min_count
        self.threshold = threshold
        self.corpus_word_count = corpus_word_count
        self.scores = scores
        if self.scorer == ORIGINAL or self.scorer == NPMI:
            self.least = min_count
            self.limit = threshold
            self.n_tokens = corpus_word_count

    def join(self, list words not None):
        """Return the words with phrases joined, or None if a token is "" or no str."""
        cdef list joined = []
        return joined if self.analyze(words, joined, None) else None

    def find_phrases(self, list words not None, dict found not None):
        """Put the phrases of a sentence and their scores into `found`; False as for `join`."""
        return self.analyze(words, None, found)

    cdef bint analyze(self, list words, list joined, dict found) except -1:
        cdef Py_ssize_t n = len(words), longest = 0, n_characters = 0, length
        cdef int64_t *edges
        cdef uint8_t *text
        cdef uint32_t *characters
        for word in words:
            if not isinstance(word, str):
                return False
            length = PyUnicode_GetLength(word)
            if length == 0:
                return False
            longest = max(longest, length)
            n_characters += length + len(self.delimiter)
        edges = <int64_t *> malloc((2 * n + 2) * sizeof(int64_t))
        characters = <uint32_t *> malloc((longest + 1) * sizeof(uint32_t))
        text = <uint8_t *> malloc(4 * n_characters + 1)
        try:
            if edges is NULL or characters is NULL or text is NULL:
                raise MemoryError
            self.lay_out(words, longest, characters, text, edges)
            self.walk(words, text, edges, joined, found)
        finally:
            free(edges)
            free(characters)
            free(text)
        return True

    cdef int lay_out(self, list words, Py_ssize_t longest, uint32_t *characters, uint8_t *text,
                     int64_t *edges) except -1:
        """Write the words' UTF-8, with the delimiter between them, and where each is."""
        cdef Py_ssize_t i, length
        cdef int64_t at = 0
        cdef const char *delimiter = self.delimiter
        for i in range(len(words)):
            word = words[i]
            length = PyUnicode_GetLength(word)
            # AsUTF8AndSize would leave a copy in each of the caller's strings that is not ASCII.
            PyUnicode_AsUCS4(word, characters, longest + 1, 0)
            edges[2 * i] = at
            at += cw2v_utf8(characters, length, text + at)
            edges[2 * i + 1] = at
            memcpy(text + at, delimiter, len(self.delimiter))
            at += len(self.delimiter)
        return 0

    cdef int walk(self, list words, const uint8_t *text, const int64_t *edges, list joined,
                  dict found) except -1:
        """Go through a sentence as gensim does: the first phrase that is one wins."""
        cdef Py_ssize_t n = len(words), i, j, start = -1
        cdef int64_t count = 0, count_start = 0, length
        cdef bint with_connectors = bool(self.connector_words)
        for i in range(n):
            if with_connectors and words[i] in self.connector_words:
                if start < 0 and joined is not None:
                    joined.append(words[i])
                continue
            if self.scorer != KNOWN:
                count = self.table.find(text + edges[2 * i], edges[2 * i + 1] - edges[2 * i])
            if start >= 0:
                length = edges[2 * i + 1] - edges[2 * start]
                score = self.score(text + edges[2 * start], length, count_start, count)
                if score is not None:
                    phrase = decoded(text + edges[2 * start], length)
                    if self.scorer == KNOWN:
                        score = self.scores[phrase]
                    if joined is not None:
                        joined.append(phrase)
                    else:
                        found[phrase] = score
                    start = -1
                    continue
                if joined is not None:
                    for j in range(start, i):
                        joined.append(words[j])
            start = i
            count_start = count
        if start >= 0 and joined is not None:
            for j in range(start, n):
                joined.append(words[j])
        return 0

    cdef score(self, const uint8_t *phrase, int64_t length, int64_t count_a, int64_t count_b):
        """Return the score of a phrase whose words came so often, or None if it is none."""
        cdef int64_t count
        cdef double value, p
        if self.scorer != KNOWN and (count_a <= 0 or count_b <= 0):
            return None
        count = self.table.find(phrase, length)
        if count <= 0:
            return None
        if self.scorer == KNOWN:
            return True
        if self.scorer == ORIGINAL:
            value = ((count - self.least) / (<double> count_a * <double> count_b)
                     * <double> self.table.words.n_words)
            return None if value <= self.limit else value
        if self.scorer == NPMI and count < self.n_tokens:
            if count < self.least:
                return None
            p = count / self.n_tokens
            value = log(p / (count_a / self.n_tokens * (count_b / self.n_tokens))) / -log(p)
            return None if value <= self.limit else value
        score = self.scoring(
            worda_count=count_a, wordb_count=count_b, bigram_count=count,
            len_vocab=self.table.words.n_words, min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return None if score <= self.threshold else score

    def export(self):
        """Return all keys of the table that are phrases, with their scores.

        A key is split at every delimiter; what is between the first part and the last is taken
        for connectors.
        """
        cdef KeyTable table = self.table
        cdef dict found = {}
        cdef int64_t i, begin, end, first = 0, last
        cdef const uint8_t *key
        cdef const char *delimiter = self.delimiter
        if not self.delimiter and len(table):
            raise ValueError("phrases without a delimiter between their words cannot be exported")
        for i in range(table.words.n_words):
            begin = table.words.offsets[i]
            end = table.words.offsets[i + 1]
            key = table.words.arena + begin
            last = split(key, end - begin, delimiter, len(self.delimiter), &first)
            if last < 0:
                continue
            score = self.score(key, end - begin, table.find(key, first),
                               table.find(key + last, end - begin - last))
            if score is not None:
                found[table.key(i)] = score
        return found


cdef int64_t split(const uint8_t *key, int64_t length, const char *delimiter,
                   int64_t n, int64_t *first) noexcept nogil:
    """Return where the last part of a key begins, -1 if it has only one; `first` is the end of
    its first part."""
    cdef int64_t i = 0, last = -1
    while i + n <= length:
        if key[i] == <uint8_t> delimiter[0] and memcmp(key + i, delimiter, n) == 0:
            if last < 0:
                first[0] = i
            i += n
            last = i
        else:
            i += 1
    return last
