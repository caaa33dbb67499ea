/* csrc/words.h - text to word ids: the tokeniser, and the hash table that counts distinct words.
 *
 * Words are separated by ASCII white space (space \t \n \v \f \r) or, with CW2V_UNICODE_SPACES, by
 * that of Python's str.split. Each distinct word gets an id, 0, 1, 2, ... in order of first
 * appearance; ids depend on the text only, not on the hash function, the CPU or the table's size.
 *
 * A table may be used by one thread at a time. Nothing here calls Python. */
#ifndef CW2V_WORDS_H
#define CW2V_WORDS_H

#include <stdint.h>

/* How many bytes after the end of the text cw2v_words_encode may read. */
#define CW2V_TEXT_PADDING 64

typedef enum {
    CW2V_WORDS_OK = 0,
    CW2V_WORDS_NO_MEMORY = 1, /* the last word was not added; the table stays valid */
    CW2V_WORDS_TOO_MANY = 2,  /* more than 2^31 - 1 distinct words */
    CW2V_WORDS_BAD_TEXT = 3,  /* with CW2V_CHECK: a word with a NUL or invalid UTF-8 */
} cw2v_words_status;

/* Flags for cw2v_words_encode, combined by | or +. */
enum {
    CW2V_CHECK = 1,          /* stop at a word that has a NUL or is not valid UTF-8 */
    CW2V_ALLOW_NUL = 2,      /* with CW2V_CHECK: allow NULs */
    CW2V_UNICODE_SPACES = 4, /* split at Unicode white space, as Python's str.split */
};

typedef struct {
    uint64_t low, high; /* a word of up to 16 bytes, zero padded; else its hash and its length */
    int64_t count;
    int32_t id;
    uint32_t length; /* in bytes; 17 if longer than 16; 0: the slot is empty */
} cw2v_slot;

typedef struct {
    cw2v_slot *slots; /* (mask + 1,), a power of 2; open addressing, linear probing */
    void *slots_memory; /* to free */
    uint64_t mask;
    int64_t n_words;
    int64_t capacity;  /* of offsets, in words */
    int64_t *offsets;  /* (n_words + 1,) where each word begins in the arena */
    uint8_t *arena;    /* the distinct words, one after the other */
    int64_t arena_capacity;
    int simd;          /* the tokeniser: see cw2v_words_simd */
} cw2v_words;

/* The output of cw2v_words_encode, for a text of `length` bytes. */
typedef struct {
    int32_t *ids;       /* (n_ids,) with space for length / 2 + 1 */
    int64_t n_ids;
    int32_t *breaks;    /* (n_breaks,) with space for length / 2 + 2: how many words come before */
    int64_t n_breaks;   /* line ends; strictly increasing, as a line without words adds no break */
    int64_t bad_start;  /* with CW2V_WORDS_BAD_TEXT, offset and length of the word */
    int64_t bad_length;
} cw2v_encoded;

/* The number of a tokeniser: 0 for "portable", 1 for "sse2" (x86-64 only), the fastest for NULL, -1
 * for any other name. */
int cw2v_words_simd(const char *name);

/* A new, empty table, or NULL if out of memory. */
cw2v_words *cw2v_words_new(int simd);
void cw2v_words_free(cw2v_words *words);

/* Make the hash table large enough for n_words in all. Returns 0 if out of memory. */
int cw2v_words_reserve(cw2v_words *words, int64_t n_words);

/* Split text[0, length) into words, count them, and write their ids and the line ends.
 *
 * The text has fewer than 2^32 bytes, and begins and ends at white space, or where the whole text
 * does, so that no word is cut. CW2V_TEXT_PADDING readable bytes must follow. `how` has flags. */
cw2v_words_status cw2v_words_encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                    int how, cw2v_encoded *out);

/* The same for n words whose boundaries are known: word i is text[edges[2 * i], edges[2 * i + 1]),
 * at least one byte. 16 readable bytes must follow the last. Writes n ids. */
cw2v_words_status cw2v_words_encode_list(cw2v_words *words, const uint8_t *text,
                                         const int64_t *edges, int64_t n, int32_t *ids);

/* Look up n words as cw2v_words_encode_list, without counting or adding any. Writes n ids, -1 for
 * words that are not in the table; here a word may be empty, and gets -1. */
void cw2v_words_find_list(const cw2v_words *words, const uint8_t *text, const int64_t *edges,
                          int64_t n, int32_t *ids);

/* Add `times` to the count of one word, of at least one byte; a new word is added to the table.
 * Writes its id. */
cw2v_words_status cw2v_words_add(cw2v_words *words, const uint8_t *bytes, int64_t length,
                                 int64_t times, int32_t *id);

/* The id of one word, or -1 if it is not in the table. */
int32_t cw2v_words_find(const cw2v_words *words, const uint8_t *bytes, int64_t length);

/* Write the count of each word, by id: (n_words,). */
void cw2v_words_counts(const cw2v_words *words, int64_t *counts);

/* The position of the first, or last, white space in text[begin, end), or -1. */
int64_t cw2v_first_space(const uint8_t *text, int64_t begin, int64_t end);
int64_t cw2v_last_space(const uint8_t *text, int64_t begin, int64_t end);

#endif
