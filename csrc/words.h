/* csrc/words.h - bytes in, word ids out: the tokeniser and the table of distinct words.
 *
 * A word is a run of bytes other than ASCII white space (space \t \n \v \f \r) or, when asked
 * for, other than the white space of Python's str.split. The table gives each distinct word an
 * id, 0, 1, 2 ... in order of first appearance, and counts it.
 * Ids depend on the text alone, never on the hash, the CPU or the size of the table.
 *
 * A table belongs to one thread at a time. Nothing here calls Python. */
#ifndef CW2V_WORDS_H
#define CW2V_WORDS_H

#include <stdint.h>

/* How many bytes after the end of a text cw2v_words_encode may read (and ignore). */
#define CW2V_TEXT_PADDING 64

typedef enum {
    CW2V_WORDS_OK = 0,
    CW2V_WORDS_NO_MEMORY = 1, /* the table is unchanged since the last word that fitted */
    CW2V_WORDS_TOO_MANY = 2,  /* more than 2^31 - 1 distinct words */
    CW2V_WORDS_BAD_TEXT = 3,  /* a word with a NUL byte or invalid UTF-8, when asked to check */
} cw2v_words_status;

/* How a text is read: flags for cw2v_words_encode. */
enum {
    CW2V_CHECK = 1,          /* a word that is no UTF-8, or has a NUL, ends the work */
    CW2V_ALLOW_NUL = 2,      /* a NUL is a byte like any other, also when checking */
    CW2V_UNICODE_SPACES = 4, /* split as Python's str.split does, not at ASCII white space only */
};

typedef struct {
    uint64_t low, high; /* the bytes of a word of up to 16, zero padded; of a longer one its hash
                           and its length */
    int64_t count;
    int32_t id;
    uint32_t length; /* 17 for longer; 0: the slot is free */
} cw2v_slot;

typedef struct {
    cw2v_slot *slots; /* (mask + 1,) open addressing, linear probing */
    void *slots_memory;
    uint64_t mask;
    int64_t n_words;
    int64_t capacity;  /* words that offsets has room for */
    int64_t *offsets;  /* (n_words + 1,) where each word begins in the arena */
    uint8_t *arena;    /* the distinct words, one after the other */
    int64_t arena_capacity;
    int simd;          /* which tokeniser: see cw2v_words_simd */
} cw2v_words;

/* What cw2v_words_encode leaves behind. */
typedef struct {
    int32_t *ids;       /* room for length / 2 + 1 */
    int64_t n_ids;
    int32_t *breaks;    /* room for length / 2 + 2; the number of words before each line end, */
    int64_t n_breaks;   /* strictly increasing: a line without a word adds nothing */
    int64_t bad_start;  /* with CW2V_WORDS_BAD_TEXT, the word in question */
    int64_t bad_length;
} cw2v_encoded;

/* The tokenisers: 0 is "portable", 1 is "sse2" and only there on x86-64.
 * The number of the one called `name`, of the fastest for NULL, or -1. */
int cw2v_words_simd(const char *name);

/* An empty table, or NULL without memory. */
cw2v_words *cw2v_words_new(int simd);
void cw2v_words_free(cw2v_words *words);

/* Make the table large enough for so many words in all; 0 without memory. */
int cw2v_words_reserve(cw2v_words *words, int64_t n_words);

/* Split text[0, length) into words, count them, and write their ids and the line ends.
 *
 * The text holds whole words only: it begins and ends at white space or where the whole
 * text does. CW2V_TEXT_PADDING readable bytes follow it. `how` is a sum of the flags above. */
cw2v_words_status cw2v_words_encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                    int how, cw2v_encoded *out);

/* The same for n words that are known already: text[edges[2 * i], edges[2 * i + 1]), each of at
 * least one byte; 16 readable bytes follow the last. Writes n ids. */
cw2v_words_status cw2v_words_encode_list(cw2v_words *words, const uint8_t *text,
                                         const int64_t *edges, int64_t n, int32_t *ids);

/* The ids of n words, -1 for those that are not there; as cw2v_words_encode_list, but nothing is
 * counted, and a word may have no bytes. */
void cw2v_words_find_list(const cw2v_words *words, const uint8_t *text, const int64_t *edges,
                          int64_t n, int32_t *ids);

/* Count one word so many more times, added if it is new; writes its id. */
cw2v_words_status cw2v_words_add(cw2v_words *words, const uint8_t *bytes, int64_t length,
                                 int64_t times, int32_t *id);

/* The id of one word, or -1. */
int32_t cw2v_words_find(const cw2v_words *words, const uint8_t *bytes, int64_t length);

/* How often each word came, by id: (n_words,). */
void cw2v_words_counts(const cw2v_words *words, int64_t *counts);

/* The position of the first, or last, white space in text[begin, end), or -1. */
int64_t cw2v_first_space(const uint8_t *text, int64_t begin, int64_t end);
int64_t cw2v_last_space(const uint8_t *text, int64_t begin, int64_t end);

#endif
