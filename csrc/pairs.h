/* csrc/pairs.h - count bigrams, the candidates for phrases, in a hash table.
 *
 * A phrase is two words of a sentence, not connector words, with only connector words between them:
 * "bank of the river" has the words bank and river, and the phrase (bank of the, river). What is
 * before the last word is a node of a trie: a word, or a node followed by one more connector word.
 * So a phrase is a pair of numbers, (node, word).
 *
 * A counter may be used by one thread at a time. To share the work, n_shares counters each read the
 * whole text, and count only the phrases of their share, by a hash of the first and the last word.
 * All of them number the nodes in the same way. Nothing here calls Python. */
#ifndef CW2V_PAIRS_H
#define CW2V_PAIRS_H

#include <stdint.h>

typedef struct {
    uint64_t key;   /* node << 32 | word; all ones: the slot is empty */
    uint32_t count; /* modulo 2^32, to keep a slot at 16 bytes */
    int32_t index;  /* of the pair, in order of first appearance */
} cw2v_pair_slot;

typedef struct {
    cw2v_pair_slot *slots; /* (mask + 1,), a power of 2; open addressing, linear probing */
    void *slots_memory;    /* to free */
    uint64_t mask;
    int64_t n;
    int64_t capacity; /* of keys and firsts */
    uint64_t *keys;   /* (n,) by index */
    int64_t *firsts;  /* (n,) position in the text of the last word of its first occurrence */
    int64_t *counts;  /* (n,) set by cw2v_pairs_finish, else NULL */
    int32_t *wraps;   /* (n_wraps,) index of a pair, once for each time that its count overflowed */
    int64_t n_wraps;
} cw2v_pairs;

typedef struct {
    const uint8_t *is_connector; /* (n_words,), borrowed from the caller */
    int64_t n_words;
    uint64_t share, n_shares;
    cw2v_pairs phrases;
    cw2v_pairs nodes;      /* pair i, (node, connector), is node n_words + i; not counted */
    int64_t *word_firsts;  /* (n_words,) position of the first occurrence of each word, or -1 */
    int64_t n_seen;        /* distinct words so far */
    int64_t n_tokens;      /* words of the text so far */
    int64_t node;          /* the node that the next word would follow, or -1 */
    int32_t start;         /* the first word of that node */
} cw2v_pair_counter;

/* A new counter for words 0 to n_words - 1, which counts share number `share` of n_shares. Returns
 * NULL if out of memory. */
cw2v_pair_counter *cw2v_pairs_new(const uint8_t *is_connector, int64_t n_words, int share,
                                  int n_shares);
void cw2v_pairs_free(cw2v_pair_counter *counter);

/* Count the next n words of the text, to_word[ids[i]], or ids[i] if `to_word` is NULL. A sentence
 * ends after the first breaks[b] of them, for each b, and before all of them if `begins`. Words
 * must be numbered in order of first appearance. Returns 0 if out of memory, or with 2^31 phrases;
 * then the counter must not be used any more. */
int cw2v_pairs_count(cw2v_pair_counter *counter, const int32_t *ids, int64_t n,
                     const int32_t *breaks, int64_t n_breaks, const int32_t *to_word, int begins);

/* End the counting: set `counts` of the phrases, free their slots. Returns 0 if out of memory. */
int cw2v_pairs_finish(cw2v_pair_counter *counter);

#endif
