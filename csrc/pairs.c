/* csrc/pairs.c - see pairs.h.
 *
 * The hash table of phrases is far larger than any cache. So phrases are counted in batches of 256,
 * whose slots are prefetched when a phrase is added to the batch. */
#include "pairs.h"

#include "slots.h"
#include "words_hash.h"

#define MIN_SLOTS ((uint64_t)1 << 12)
#define EMPTY_KEY (~(uint64_t)0)
#define BATCH 256

/* A phrase of a batch. */
typedef struct {
    uint64_t key, hash;
    int64_t position;
} pending;

/* The lower bits are the index of the home slot. */
INLINE uint64_t hash_pair(uint64_t key)
{
    return mix(key ^ SALT_A, SALT_B);
}

/* Make an empty hash table. Returns 0 if out of memory. */
static int pairs_init(cw2v_pairs *pairs)
{
    pairs->mask = MIN_SLOTS - 1;
    pairs->slots = cw2v_new_slots(MIN_SLOTS, sizeof *pairs->slots, 0xff, &pairs->slots_memory);
    return pairs->slots != NULL;
}

/* Free all memory of a table. */
static void pairs_clear(cw2v_pairs *pairs)
{
    free(pairs->slots_memory);
    free(pairs->keys);
    free(pairs->firsts);
    free(pairs->counts);
    free(pairs->wraps);
}

/* Probe from the home slot on: the slot with the pair, or the empty slot where it would go. */
INLINE cw2v_pair_slot *find(const cw2v_pairs *pairs, uint64_t key, uint64_t hash)
{
    for (uint64_t i = hash;; i++) {
        cw2v_pair_slot *slot = &pairs->slots[i & pairs->mask];
        if (slot->key == key || slot->key == EMPTY_KEY)
            return slot;
    }
}

/* Rehash into twice as many slots. Returns 0 if out of memory. */
static int grow_slots(cw2v_pairs *pairs)
{
    cw2v_pairs larger = {.mask = 2 * pairs->mask + 1};
    larger.slots = cw2v_new_slots(larger.mask + 1, sizeof *larger.slots, 0xff,
                                  &larger.slots_memory);
    if (!larger.slots)
        return 0;
    for (uint64_t i = 0; i <= pairs->mask; i++) {
        const cw2v_pair_slot *old = &pairs->slots[i];
        if (old->key != EMPTY_KEY)
            *find(&larger, old->key, hash_pair(old->key)) = *old;
    }
    free(pairs->slots_memory);
    pairs->slots_memory = larger.slots_memory;
    pairs->slots = larger.slots;
    pairs->mask = larger.mask;
    return 1;
}

/* Add a new pair, with a count of 0. Returns its slot, or NULL if out of memory or indices. */
NOINLINE static cw2v_pair_slot *insert(cw2v_pairs *pairs, uint64_t key, uint64_t hash,
                                       int64_t position)
{
    if (pairs->n >= pairs->capacity) {
        int64_t n = pairs->capacity + pairs->capacity / 2 + 1024;
        if (!cw2v_grow((void **)&pairs->keys, n, sizeof *pairs->keys)
            || !cw2v_grow((void **)&pairs->firsts, n, sizeof *pairs->firsts))
            return NULL;
        pairs->capacity = n;
    }
    if (pairs->n >= INT32_MAX
        || ((uint64_t)pairs->n >= pairs->mask - pairs->mask / 4 && !grow_slots(pairs)))
        return NULL;
    cw2v_pair_slot *slot = find(pairs, key, hash);
    *slot = (cw2v_pair_slot){.key = key, .count = 0, .index = (int32_t)pairs->n};
    pairs->keys[pairs->n] = key;
    pairs->firsts[pairs->n] = position;
    pairs->n++;
    return slot;
}

/* Count the n phrases of a batch. Returns 0 if out of memory. */
static int count_batch(cw2v_pairs *pairs, const pending *batch, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        cw2v_pair_slot *slot = find(pairs, batch[i].key, batch[i].hash);
        if (slot->key == EMPTY_KEY
            && !(slot = insert(pairs, batch[i].key, batch[i].hash, batch[i].position)))
            return 0;
        if (++slot->count == 0) {
            if (!cw2v_grow((void **)&pairs->wraps, pairs->n_wraps + 1, sizeof *pairs->wraps))
                return 0;
            pairs->wraps[pairs->n_wraps++] = slot->index;
        }
    }
    return 1;
}

/* The node of `node` followed by a connector, which is added if it is new; -1 if out of memory or
 * numbers. */
static int64_t next_node(cw2v_pair_counter *counter, int64_t node, int32_t connector)
{
    uint64_t key = (uint64_t)node << 32 | (uint32_t)connector, hash = hash_pair(key);
    cw2v_pair_slot *slot = find(&counter->nodes, key, hash);
    if (slot->key == EMPTY_KEY) {
        if (counter->n_words + counter->nodes.n >= INT32_MAX)
            return -1;
        slot = insert(&counter->nodes, key, hash, counter->n_tokens);
    }
    return slot ? counter->n_words + slot->index : -1;
}

cw2v_pair_counter *cw2v_pairs_new(const uint8_t *is_connector, int64_t n_words, int share,
                                  int n_shares)
{
    cw2v_pair_counter *counter = calloc(1, sizeof *counter);
    if (!counter)
        return NULL;
    *counter = (cw2v_pair_counter){.is_connector = is_connector, .n_words = n_words,
                                   .share = (uint64_t)share, .n_shares = (uint64_t)n_shares,
                                   .node = -1};
    counter->word_firsts = malloc((size_t)(n_words + 1) * sizeof(int64_t));
    if (!counter->word_firsts || !pairs_init(&counter->phrases) || !pairs_init(&counter->nodes)) {
        cw2v_pairs_free(counter);
        return NULL;
    }
    for (int64_t i = 0; i < n_words; i++)
        counter->word_firsts[i] = -1;
    return counter;
}

void cw2v_pairs_free(cw2v_pair_counter *counter)
{
    if (!counter)
        return;
    pairs_clear(&counter->phrases);
    pairs_clear(&counter->nodes);
    free(counter->word_firsts);
    free(counter);
}

int cw2v_pairs_count(cw2v_pair_counter *counter, const int32_t *ids, int64_t n,
                     const int32_t *breaks, int64_t n_breaks, const int32_t *to_word, int begins)
{
    pending batch[BATCH];
    int64_t n_batch = 0, b = 0, node = begins ? -1 : counter->node;
    int32_t start = counter->start;
    for (int64_t i = 0; i < n; i++) {
        for (; b < n_breaks && breaks[b] <= i; b++)
            node = -1;
        int32_t word = to_word ? to_word[ids[i]] : ids[i];
        int64_t position = counter->n_tokens + i;
        if (word == counter->n_seen)
            counter->word_firsts[counter->n_seen++] = position;
        if (counter->is_connector[word]) {
            if (node >= 0 && (node = next_node(counter, node, word)) < 0)
                return 0;
            continue;
        }
        if (node >= 0) {
            uint64_t key = (uint64_t)node << 32 | (uint32_t)word;
            uint64_t owner = 0;
            if (counter->n_shares > 1) /* by the hash's upper half: the table uses the lower bits */
                owner = (hash_pair((uint64_t)start << 32 | (uint32_t)word) >> 32)
                        * counter->n_shares >> 32;
            if (owner == counter->share) {
                batch[n_batch] = (pending){key, hash_pair(key), position};
                cw2v_prefetch(&counter->phrases.slots[batch[n_batch].hash & counter->phrases.mask]);
                if (++n_batch == BATCH) {
                    if (!count_batch(&counter->phrases, batch, n_batch))
                        return 0;
                    n_batch = 0;
                }
            }
        }
        node = start = word;
    }
    counter->n_tokens += n;
    counter->node = b < n_breaks ? -1 : node; /* the other breaks are after the last id */
    counter->start = start;
    return count_batch(&counter->phrases, batch, n_batch);
}

int cw2v_pairs_finish(cw2v_pair_counter *counter)
{
    cw2v_pairs *pairs = &counter->phrases;
    if (!pairs->slots)
        return 1;
    pairs->counts = malloc((size_t)(pairs->n + 1) * sizeof *pairs->counts);
    if (!pairs->counts)
        return 0;
    for (uint64_t i = 0; i <= pairs->mask; i++)
        if (pairs->slots[i].key != EMPTY_KEY)
            pairs->counts[pairs->slots[i].index] = pairs->slots[i].count;
    for (int64_t i = 0; i < pairs->n_wraps; i++)
        pairs->counts[pairs->wraps[i]] += (int64_t)1 << 32;
    free(pairs->slots_memory);
    pairs->slots_memory = pairs->slots = NULL;
    return 1;
}
