/* csrc/pairs.h - how often words follow each other: the counts of phrases.
 *
 * In a sentence, a word that is no connector ends the phrase that begins at the one before it,
 * with all connectors between them: "bank of the river" has the words bank and river, and the
 * phrase (bank of the, river). What a phrase begins with is a node: a word, or an earlier node
 * with one more connector. So a phrase is a pair of numbers, (node, word).
 *
 * A counter belongs to one thread at a time. Several may share the work: each is given the
 * whole text, and counts the phrases that fall to it by their first and last word. They all
 * number the nodes alike. Nothing here calls Python. */
#ifndef CW2V_PAIRS_H
#define CW2V_PAIRS_H

#include <stdint.h>

typedef struct {
    uint64_t key;   /* node << 32 | word; all ones: the slot is free */
    uint32_t count; /* modulo 2^32 */
    int32_t index;  /* in order of first appearance */
} cw2v_pair_slot;

typedef struct {
    cw2v_pair_slot *slots; /* (mask + 1,) open addressing, linear probing */
    void *slots_memory;
    uint64_t mask;
    int64_t n;
    int64_t capacity;
    uint64_t *keys;  /* (n,) by index */
    int64_t *firsts; /* (n,) number of the word, in the text, that ended it first */
    int64_t *counts; /* (n,) how often it came; only after cw2v_pairs_finish */
    int32_t *wraps;  /* (n_wraps,) indices of those that came another 2^32 times */
    int64_t n_wraps;
} cw2v_pairs;

typedef struct {
    const uint8_t *is_connector; /* (n_words,), the caller's */
    int64_t n_words;
    uint64_t share, n_shares;
    cw2v_pairs phrases;
    cw2v_pairs nodes;      /* (node, connector); node n_words + i is number i of these */
    int64_t *word_firsts;  /* (n_words,) where each word came first, or -1 */
    int64_t n_met;         /* words that came so far: words are numbered as they come */
    int64_t n_tokens;      /* so far */
    int64_t node;          /* what a phrase may begin with now, or -1 */
    int32_t start;         /* the first word of it */
} cw2v_pair_counter;

/* NULL without memory. */
cw2v_pair_counter *cw2v_pairs_new(const uint8_t *is_connector, int64_t n_words, int share,
                                  int n_shares);
void cw2v_pairs_free(cw2v_pair_counter *counter);

/* Count the next ids of a text. A sentence ends after breaks[b] of them, and before all if
 * `begins`. `to_word`, unless NULL, translates them. 0 without memory (or beyond 2^31 phrases):
 * the counter is then good for nothing. */
int cw2v_pairs_count(cw2v_pair_counter *counter, const int32_t *ids, int64_t n,
                     const int32_t *breaks, int64_t n_breaks, const int32_t *to_word, int begins);

/* End the counting: make `counts` of the phrases and set their slots free. 0 without memory. */
int cw2v_pairs_finish(cw2v_pair_counter *counter);

#endif
