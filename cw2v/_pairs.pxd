"""What csrc/pairs.h declares; its comments are the documentation."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t


cdef extern from "pairs.h" nogil:
    ctypedef struct cw2v_pairs:
        void *slots
        int64_t n
        uint64_t *keys
        int64_t *firsts
        int64_t *counts

    ctypedef struct cw2v_pair_counter:
        const uint8_t *is_connector
        int64_t n_words
        cw2v_pairs phrases
        cw2v_pairs nodes
        int64_t *word_firsts

    cw2v_pair_counter *cw2v_pairs_new(const uint8_t *is_connector, int64_t n_words, int share,
                                      int n_shares)
    void cw2v_pairs_free(cw2v_pair_counter *counter)
    int cw2v_pairs_count(cw2v_pair_counter *counter, const int32_t *ids, int64_t n,
                         const int32_t *breaks, int64_t n_breaks, const int32_t *to_word,
                         int begins)
    int cw2v_pairs_finish(cw2v_pair_counter *counter)


cdef class PairCounter:
    cdef cw2v_pair_counter *counter
    cdef const uint8_t[::1] is_connector
