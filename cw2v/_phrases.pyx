# cython: boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Finds phrases: joins those of sentences, and exports all of a table."""

cimport cython
from cpython.unicode cimport PyUnicode_GetLength
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

import numpy as np

from cw2v._keytable cimport HELD, ByTextOrder, KeyTable, decoded
from cw2v._words cimport CW2V_TEXT_PADDING, cw2v_utf8, cw2v_words_find_list

cdef extern from "Python.h":
    uint32_t *PyUnicode_AsUCS4(object text, uint32_t *buffer, Py_ssize_t length,
                               int copy_null) except NULL


cdef struct Sentence:
    # n words, then for each word the phrase that it may end
    int64_t *edges          # (2 n, 2) where each begins and ends; equal if there is none
    int32_t *ids            # (2 n,) in the table, or -1
    char *is_connector      # (n,)
    uint32_t *characters    # scratch memory for one word
    uint8_t *text


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
    table : KeyTable or None
        Other threads may add to it meanwhile. Without it, only `export_pairs` can be called.
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
    cdef int64_t n_keys

    def __init__(self, KeyTable table, connector_words, str delimiter not None,
                 scorer, scoring, min_count, threshold, corpus_word_count, scores):
        self.table = table
        self.n_keys = 0 if table is None else len(table)
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
        """Add the phrases of a sentence and their scores to `found`; False where `join` is None."""
        return self.analyze(words, None, found)

    cdef bint analyze(self, list words, list joined, dict found) except -1:
        cdef Sentence sentence
        cdef Py_ssize_t n = len(words), longest = 0, n_characters = 0, length
        for word in words:
            if not isinstance(word, str):
                return False
            length = PyUnicode_GetLength(word)
            if length == 0:
                return False
            longest = max(longest, length)
            n_characters += length + len(self.delimiter)
        sentence.edges = <int64_t *> malloc((4 * n + 1) * sizeof(int64_t))
        sentence.ids = <int32_t *> malloc((2 * n + 1) * sizeof(int32_t))
        sentence.is_connector = <char *> malloc(n + 1)
        sentence.characters = <uint32_t *> malloc((longest + 1) * sizeof(uint32_t))
        sentence.text = <uint8_t *> malloc(4 * n_characters + CW2V_TEXT_PADDING)
        try:
            if (sentence.edges is NULL or sentence.ids is NULL or sentence.is_connector is NULL
                    or sentence.characters is NULL or sentence.text is NULL):
                raise MemoryError
            with cython.critical_section(self.table):  # without a GIL, `add` waits
                self.lay_out(words, longest, &sentence)
                self.walk(words, &sentence, joined, found)
        finally:
            free(sentence.edges)
            free(sentence.ids)
            free(sentence.is_connector)
            free(sentence.characters)
            free(sentence.text)
        return True

    cdef int lay_out(self, list words, Py_ssize_t longest, Sentence *out) except -1:
        """Write the words with the delimiter between them, and look up words and phrases.

        A phrase can only go from one word that is not a connector to the next such word.
        """
        cdef Py_ssize_t i, length, before = -1, n = len(words)
        cdef int64_t at = 0
        cdef const char *delimiter = self.delimiter
        cdef bint with_connectors = bool(self.connector_words)
        for i in range(n):
            word = words[i]
            length = PyUnicode_GetLength(word)
            # AsUTF8AndSize would cache the UTF-8 in each of the caller's non-ASCII strings.
            PyUnicode_AsUCS4(word, out.characters, longest + 1, 0)
            out.edges[2 * i] = at
            at += cw2v_utf8(out.characters, length, out.text + at)
            out.edges[2 * i + 1] = at
            memcpy(out.text + at, delimiter, len(self.delimiter))
            at += len(self.delimiter)
            out.is_connector[i] = with_connectors and word in self.connector_words
            out.edges[2 * (n + i)] = out.edges[2 * (n + i) + 1] = 0
            if not out.is_connector[i]:
                if before >= 0:
                    out.edges[2 * (n + i)] = out.edges[2 * before]
                    out.edges[2 * (n + i) + 1] = out.edges[2 * i + 1]
                before = i
        if self.scorer == KNOWN:  # counts of words are not needed
            memset(out.ids, 0xff, n * sizeof(int32_t))
            cw2v_words_find_list(self.table.words, out.text, out.edges + 2 * n, n, out.ids + n)
        else:
            cw2v_words_find_list(self.table.words, out.text, out.edges, 2 * n, out.ids)
        return 0

    cdef int walk(self, list words, Sentence *sentence, list joined, dict found) except -1:
        """Find the phrases from left to right, as gensim does; the first one wins."""
        cdef Py_ssize_t n = len(words), i, j, start = -1
        cdef int64_t begin
        for i in range(n):
            if sentence.is_connector[i]:
                if start < 0 and joined is not None:
                    joined.append(words[i])
                continue
            if start >= 0:
                score = self.score(self.count_of(sentence.ids[n + i]),
                                   self.count_of(sentence.ids[start]),
                                   self.count_of(sentence.ids[i]))
                if score is not None:
                    begin = sentence.edges[2 * start]
                    phrase = decoded(sentence.text + begin, sentence.edges[2 * i + 1] - begin)
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
        if start >= 0 and joined is not None:
            for j in range(start, n):
                joined.append(words[j])
        return 0

    cdef int64_t count_of(self, int32_t id) noexcept:
        return self.table.counts[id] if id >= 0 else 0

    cdef score(self, int64_t count, int64_t count_a, int64_t count_b):
        """Return the score of a phrase by its count and its words' counts; None if it is none."""
        cdef double value, p
        if count <= 0 or (self.scorer != KNOWN and (count_a <= 0 or count_b <= 0)):
            return None
        if self.scorer == KNOWN:
            return True
        if self.scorer == ORIGINAL:
            value = ((count - self.least) / (<double> count_a * <double> count_b)
                     * <double> self.n_keys)
            return None if value <= self.limit else value
        if self.scorer == NPMI and count < self.n_tokens:
            if count < self.least:
                return None
            p = count / self.n_tokens
            value = log(p / (count_a / self.n_tokens * (count_b / self.n_tokens))) / -log(p)
            return None if value <= self.limit else value
        score = self.scoring(
            worda_count=count_a, wordb_count=count_b, bigram_count=count,
            len_vocab=self.n_keys, min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return None if score <= self.threshold else score

    def export(self):
        """Return all keys of the table that are phrases, with their scores.

        A key is split at every delimiter; the parts between the first and the last count as
        connectors.
        """
        with cython.critical_section(self.table):
            return self.export_table()

    cdef dict export_table(self):
        cdef KeyTable table = self.table
        cdef dict found = {}
        cdef int64_t keys[HELD]         # those that have a delimiter
        cdef int64_t edges[4 * HELD]    # of their first and last parts, in the arena
        cdef int32_t ids[2 * HELD]
        cdef int64_t i, begin, end, first = 0, last, n_keys = table.words.n_words
        cdef int64_t n_bytes = table.words.offsets[n_keys]
        cdef Py_ssize_t n = 0
        cdef const char *delimiter = self.delimiter
        if not self.delimiter and n_keys:
            raise ValueError("phrases without a delimiter between their words cannot be exported")
        arena = np.empty(n_bytes + CW2V_TEXT_PADDING, np.uint8)
        cdef uint8_t[::1] text = arena
        memcpy(&text[0], table.words.arena, n_bytes)
        for i in range(n_keys):
            begin = table.words.offsets[i]
            end = table.words.offsets[i + 1]
            last = split(&text[begin], end - begin, delimiter, len(self.delimiter), &first)
            if last >= 0:
                keys[n] = i
                edges[4 * n] = begin
                edges[4 * n + 1] = begin + first
                edges[4 * n + 2] = begin + last
                edges[4 * n + 3] = end
                n += 1
            if n == HELD or i == n_keys - 1:
                cw2v_words_find_list(table.words, &text[0], edges, 2 * n, ids)
                self.keep_phrases(keys, edges, ids, n, found)
                n = 0
        return found

    cdef int keep_phrases(self, const int64_t *keys, const int64_t *edges, const int32_t *ids,
                          Py_ssize_t n, dict found) except -1:
        """Add the keys that are phrases to `found`; `ids` are of their first and last parts."""
        cdef Py_ssize_t i, part
        cdef int64_t counts[2]
        for i in range(n):
            for part in range(2):
                counts[part] = self.count_of(ids[2 * i + part])
                if edges[4 * i + 2 * part] == edges[4 * i + 2 * part + 1]:
                    counts[part] = self.table.find(NULL, 0)
            score = self.score(self.table.counts[keys[i]], counts[0], counts[1])
            if score is not None:
                found[self.table.key(keys[i])] = score
        return 0

    def export_pairs(self, const uint8_t[::1] utf8 not None, const int64_t[::1] offsets not None,
                     const int64_t[::1] counts not None, list counters not None, int64_t n_keys):
        """Do the same as `export` for `n_keys` words and phrases that are not in a table.

        No word has a part of the delimiter. The arrays are those of `KeyTable.add_phrases`.
        """
        cdef ByTextOrder order = ByTextOrder(counters)
        cdef KeyTable scratch = KeyTable()
        cdef dict found = {}
        cdef uint64_t start
        cdef uint32_t end
        cdef const uint8_t[::1] delimiter = self.delimiter
        self.n_keys = n_keys
        while order.next_phrase():
            start = order.key >> 32
            end = <uint32_t> order.key
            while <int64_t> start >= order.n_words:
                start = order.nodes[<int64_t> start - order.n_words] >> 32
            score = self.score(order.count, counts[<int64_t> start], counts[end])
            if score is not None:
                found[scratch.text_of(&utf8[0], &offsets[0], order, delimiter)] = score
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
