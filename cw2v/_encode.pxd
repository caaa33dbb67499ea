"""The table of a text's words, for other compiled files."""

from cw2v._words cimport cw2v_words, cw2v_words_status


cdef int check_status(cw2v_words_status status) except -1

cdef class WordTable:
    cdef cw2v_words *words
