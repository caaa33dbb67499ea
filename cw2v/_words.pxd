"""What csrc/words.h and csrc/utf8.h declare; their comments are the documentation."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t


cdef extern from "words.h" nogil:
    enum: CW2V_TEXT_PADDING

    enum:
        CW2V_CHECK
        CW2V_ALLOW_NUL
        CW2V_UNICODE_SPACES

    ctypedef enum cw2v_words_status:
        CW2V_WORDS_OK
        CW2V_WORDS_NO_MEMORY
        CW2V_WORDS_TOO_MANY
        CW2V_WORDS_BAD_TEXT

    ctypedef struct cw2v_words:
        int64_t n_words
        int64_t *offsets
        uint8_t *arena

    ctypedef struct cw2v_encoded:
        int32_t *ids
        int64_t n_ids
        int32_t *breaks
        int64_t n_breaks
        int64_t bad_start
        int64_t bad_length

    int cw2v_words_simd(const char *name)
    cw2v_words *cw2v_words_new(int simd)
    void cw2v_words_free(cw2v_words *words)
    int cw2v_words_reserve(cw2v_words *words, int64_t n_words)
    cw2v_words_status cw2v_words_encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                        int how, cw2v_encoded *out)
    cw2v_words_status cw2v_words_encode_list(cw2v_words *words, const uint8_t *text,
                                             const int64_t *edges, int64_t n, int32_t *ids)
    void cw2v_words_find_list(const cw2v_words *words, const uint8_t *text,
                              const int64_t *edges, int64_t n, int32_t *ids)
    cw2v_words_status cw2v_words_add(cw2v_words *words, const uint8_t *bytes, int64_t length,
                                     int64_t times, int32_t *id)
    int32_t cw2v_words_find(const cw2v_words *words, const uint8_t *bytes, int64_t length)
    void cw2v_words_counts(const cw2v_words *words, int64_t *counts)
    int64_t cw2v_first_space(const uint8_t *text, int64_t begin, int64_t end)
    int64_t cw2v_last_space(const uint8_t *text, int64_t begin, int64_t end)


cdef extern from "utf8.h" nogil:
    int64_t cw2v_utf8(const uint32_t *characters, int64_t length, uint8_t *out)
    int cw2v_has_surrogate(const uint32_t *characters, int64_t length)
    int cw2v_is_utf8(const uint8_t *bytes, int64_t length, int allow_nul)
