/* csrc/words.c - see words.h.
 *
 * The tokeniser turns 64 bytes at a time into a bit mask of white space, and extracts from it the
 * edges, the offsets where words begin and end. Words are counted in batches of up to 256: all are
 * hashed, and their slots prefetched, before the first is looked up, because the hash table may not
 * fit into the cache. Words of up to 16 bytes are stored in their slots, and handled without a
 * branch on their length: mispredicted branches would cost more than the work itself. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "slots.h"
#include "utf8.h"
#include "words_hash.h"

#define MIN_SLOTS ((uint64_t)1 << 12)
#define MANY_SLOTS ((uint64_t)1 << 16) /* a smaller table grows fourfold, others double */

/* ---- the hash table ---- */

/* Whether a word of 9 bytes or more is the one with this id, which has the same length. */
INLINE int has_bytes(const cw2v_words *words, int32_t id, const uint8_t *bytes, int64_t length)
{
    const uint8_t *known = words->arena + words->offsets[id];
    for (int64_t i = 0; i < length - 8; i += 8)
        if (load8(known + i) != load8(bytes + i))
            return 0;
    return load8(known + length - 8) == load8(bytes + length - 8);
}

/* Whether the slot has this key: for words of more than 16 bytes, the same hash and length. */
INLINE int has_key(const cw2v_slot *slot, const word_key *key)
{
    return ((slot->low ^ key->low) | (slot->high ^ key->high)
            | (slot->length ^ key->length)) == 0;
}

/* Probe from the home slot on: the slot with the word, or the empty slot where it would go. */
INLINE cw2v_slot *find_slot(const cw2v_words *words, const word_key *key, const uint8_t *bytes,
                            int64_t length)
{
    for (uint64_t i = key->hash;; i++) {
        cw2v_slot *slot = &words->slots[i & words->mask];
        if (slot->length == 0)
            return slot;
        if (has_key(slot, key)
            && (length < LONG_WORD || has_bytes(words, slot->id, bytes, length)))
            return slot;
    }
}

/* Rehash into n slots, a power of 2, more than there are words. Returns 0 if out of memory. */
static int rehash(cw2v_words *words, uint64_t n)
{
    uint64_t mask = n - 1;
    void *memory;
    cw2v_slot *slots = cw2v_new_slots(n, sizeof *slots, 0, &memory);
    if (!slots)
        return 0;
    for (uint64_t i = 0; i <= words->mask; i++) {
        const cw2v_slot *old = &words->slots[i];
        if (old->length == 0)
            continue;
        uint64_t j = old->length < LONG_WORD ? hash_short(old->low, old->high) : old->low;
        while (slots[j & mask].length)
            j++;
        slots[j & mask] = *old;
    }
    free(words->slots_memory);
    words->slots_memory = memory;
    words->slots = slots;
    words->mask = mask;
    return 1;
}

/* Make the hash table larger. Returns 0 if out of memory. */
static int grow_slots(cw2v_words *words)
{
    return rehash(words, (words->mask + 1) * (words->mask + 1 < MANY_SLOTS ? 4 : 2));
}

/* Make room for one more word in `offsets` and the arena. Returns 0 if out of memory. */
static int make_room(cw2v_words *words, int64_t length)
{
    if (words->n_words >= words->capacity) {
        int64_t n = words->capacity + words->capacity / 2 + 1024;
        if (!cw2v_grow((void **)&words->offsets, n + 1, sizeof(int64_t)))
            return 0;
        words->capacity = n;
    }
    int64_t used = words->offsets[words->n_words];
    if (used + length > words->arena_capacity) {
        int64_t n = used + length + words->arena_capacity / 2 + 4096;
        if (!cw2v_grow((void **)&words->arena, n, 1))
            return 0;
        words->arena_capacity = n;
    }
    return 1;
}

/* Add a new word in the empty *slot of find_slot. *slot changes if the table has to grow first. */
INLINE cw2v_words_status insert(cw2v_words *words, cw2v_slot **slot, const word_key *key,
                                const uint8_t *bytes, int64_t length)
{
    if (words->n_words >= INT32_MAX)
        return CW2V_WORDS_TOO_MANY;
    if (!make_room(words, length))
        return CW2V_WORDS_NO_MEMORY;
    if ((uint64_t)words->n_words >= words->mask - words->mask / 4) { /* load factor 3/4 */
        if (!grow_slots(words))
            return CW2V_WORDS_NO_MEMORY;
        *slot = find_slot(words, key, bytes, length);
    }
    int64_t id = words->n_words, offset = words->offsets[id];
    memcpy(words->arena + offset, bytes, (size_t)length);
    words->offsets[id + 1] = offset + length;
    **slot = (cw2v_slot){.low = key->low, .high = key->high, .id = (int32_t)id,
                         .length = (uint32_t)key->length};
    words->n_words++;
    return CW2V_WORDS_OK;
}

cw2v_words *cw2v_words_new(int simd)
{
    cw2v_words *words = calloc(1, sizeof *words);
    if (!words)
        return NULL;
    words->simd = simd;
    words->mask = MIN_SLOTS - 1;
    words->slots = cw2v_new_slots(MIN_SLOTS, sizeof *words->slots, 0, &words->slots_memory);
    words->offsets = calloc(1, sizeof *words->offsets);
    if (!words->slots || !words->offsets) {
        cw2v_words_free(words);
        return NULL;
    }
    return words;
}

int cw2v_words_reserve(cw2v_words *words, int64_t n_words)
{
    uint64_t n = words->mask + 1;
    while ((uint64_t)n_words >= n - 1 - (n - 1) / 4)
        n *= 2;
    return n == words->mask + 1 || rehash(words, n);
}

void cw2v_words_free(cw2v_words *words)
{
    if (!words)
        return;
    free(words->slots_memory);
    free(words->offsets);
    free(words->arena);
    free(words);
}

/* The key of a word with unreadable bytes after it: a short one is copied first. */
static word_key key_of_copy(const uint8_t *bytes, int64_t length)
{
    uint8_t padded[16] = {0};
    if (length >= LONG_WORD)
        return long_key(bytes, length);
    memcpy(padded, bytes, (size_t)length);
    return short_key(padded, length);
}

cw2v_words_status cw2v_words_add(cw2v_words *words, const uint8_t *bytes, int64_t length,
                                 int64_t times, int32_t *id)
{
    word_key key = key_of_copy(bytes, length);
    cw2v_slot *slot = find_slot(words, &key, bytes, length);
    if (slot->length == 0) {
        cw2v_words_status status = insert(words, &slot, &key, bytes, length);
        if (status != CW2V_WORDS_OK)
            return status;
    }
    slot->count += times;
    *id = slot->id;
    return CW2V_WORDS_OK;
}

int32_t cw2v_words_find(const cw2v_words *words, const uint8_t *bytes, int64_t length)
{
    if (length < 1)
        return -1;
    word_key key = key_of_copy(bytes, length);
    const cw2v_slot *slot = find_slot(words, &key, bytes, length);
    return slot->length ? slot->id : -1;
}

void cw2v_words_counts(const cw2v_words *words, int64_t *counts)
{
    for (uint64_t i = 0; i <= words->mask; i++)
        if (words->slots[i].length)
            counts[words->slots[i].id] = words->slots[i].count;
}

/* ---- text to ids ---- */

#define BATCH_EDGES 512          /* of at most 256 words in a batch */
#define EDGES_PER_STEP (64 + 24) /* 64 bytes have at most 64 edges; up to 24 more are written */

typedef struct {
    int64_t edges[BATCH_EDGES]; /* begin, end, begin, end, ...: offsets in bytes */
    int64_t n_edges;            /* odd if the last word has not ended */
    word_key keys[BATCH_EDGES / 2];
} word_batch;

/* Swap the word in `slot` with the one in its home slot if that is less frequent. It is then found
 * without probing, and the other is still found, as no slot between the two is empty. */
INLINE void promote(cw2v_words *words, uint64_t hash, cw2v_slot *slot)
{
    cw2v_slot *home = &words->slots[hash & words->mask], other = *home;
    if (slot->count > other.count) {
        *home = *slot;
        *slot = other;
    }
}

/* The slow path of count_words: count a word that is new, long, or not in its home slot. */
NOINLINE static cw2v_words_status probe_and_count(cw2v_words *words, const word_key *key,
                                                  const uint8_t *bytes, int64_t length, int how,
                                                  int32_t *id)
{
    cw2v_slot *slot = find_slot(words, key, bytes, length);
    if (slot->length == 0) {
        if ((how & CW2V_CHECK) && !is_ascii(key)
            && !cw2v_is_utf8(bytes, length, how & CW2V_ALLOW_NUL))
            return CW2V_WORDS_BAD_TEXT;
        cw2v_words_status status = insert(words, &slot, key, bytes, length);
        if (status != CW2V_WORDS_OK)
            return status;
    }
    slot->count++;
    *id = slot->id;
    promote(words, key->hash, slot);
    return CW2V_WORDS_OK;
}

/* The same as make_keys, for the long words only. */
NOINLINE static void make_long_keys(const cw2v_words *words, const int64_t *edges, int64_t n,
                                    word_key *keys, const uint8_t *text)
{
    int32_t longs[BATCH_EDGES / 2];
    int64_t n_longs = 0;
    const cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    for (int64_t i = 0; i < n; i++)
        if (keys[i].length == LONG_WORD) {
            keys[i] = long_key(text + edges[2 * i], edges[2 * i + 1] - edges[2 * i]);
            cw2v_prefetch(&slots[keys[i].hash & mask]);
            longs[n_longs++] = (int32_t)i;
        }
    /* A long word is compared with bytes in the arena. For the word in the home slot, prefetch the
     * offset of these, then the bytes. */
    for (int64_t i = 0; i < n_longs; i++)
        cw2v_prefetch(&words->offsets[slots[keys[longs[i]].hash & mask].id]);
    for (int64_t i = 0; i < n_longs && words->n_words; i++)
        cw2v_prefetch(words->arena + words->offsets[slots[keys[longs[i]].hash & mask].id]);
}

/* Make the keys of n words and prefetch their home slots. Reads 16 bytes from the start of each. */
INLINE void make_keys(const cw2v_words *words, const int64_t *edges, int64_t n, word_key *keys,
                      const uint8_t *text)
{
    const cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    int64_t longest = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = edges[2 * i + 1] - edges[2 * i];
        keys[i] = short_key(text + edges[2 * i], length);
        cw2v_prefetch(&slots[keys[i].hash & mask]);
        longest = length > longest ? length : longest;
    }
    if (longest >= LONG_WORD)
        make_long_keys(words, edges, n, keys, text);
}

/* Count n words and append their ids to `out`; `keys` is scratch space for n. */
INLINE cw2v_words_status count_words(cw2v_words *words, const int64_t *edges, int64_t n,
                                     word_key *keys, const uint8_t *text, int how,
                                     cw2v_encoded *out)
{
    make_keys(words, edges, n, keys, text);
    cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    int32_t *ids = out->ids + out->n_ids;
    for (int64_t i = 0; i < n; i++) {
        cw2v_slot *slot = &slots[keys[i].hash & mask];
        if (has_key(slot, &keys[i]) && keys[i].length < LONG_WORD) {
            slot->count++;
            ids[i] = slot->id;
            continue;
        }
        int64_t begin = edges[2 * i], length = edges[2 * i + 1] - begin;
        cw2v_words_status status = probe_and_count(words, &keys[i], text + begin, length, how,
                                                   &ids[i]);
        if (status != CW2V_WORDS_OK) {
            out->n_ids += i;
            out->bad_start = begin;
            out->bad_length = length;
            return status;
        }
        slots = words->slots;
        mask = words->mask;
    }
    out->n_ids += n;
    return CW2V_WORDS_OK;
}

/* cw2v_words_encode, specialized for the kind of white space and the tokeniser. */
INLINE cw2v_words_status encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                int how, cw2v_encoded *out, int unicode,
                                classes (*classify)(const uint8_t *, int))
{
    word_batch batch;
    uint64_t inside = 0; /* 1 if the byte before `at` belongs to a word */
    uint64_t carry = 0;  /* see multibyte_spaces */
    int64_t last_break = -1;
    batch.n_edges = 0;
    out->n_ids = out->n_breaks = 0;

    /* The bytes after the text count as white space, which ends the last word. So there is one more
     * step if the length is a multiple of 64. */
    for (int64_t at = 0; at <= length; at += 64) {
        classes here = classify(text + at, unicode);
        uint64_t text_bits = length - at < 64 ? ((uint64_t)1 << (length - at)) - 1 : ~(uint64_t)0;
        if (unicode && (carry | here.lead))
            here.space |= multibyte_spaces(text + at, here.lead & text_bits, &carry);
        if (length - at < 64) {
            here.space |= ~text_bits;
            here.newline &= text_bits;
        }
        uint64_t edges = ~here.space ^ (~here.space << 1 | inside);
        uint64_t space_before = inside ^ 1;
        inside = ~here.space >> 63;
        for (; here.newline; here.newline &= here.newline - 1) {
            /* m edges before the line end are those of (m + 1) / 2 words. */
            uint64_t before = (here.newline & (0 - here.newline)) - 1;
            int64_t n = out->n_ids + (batch.n_edges + count_bits(edges & before) + 1) / 2;
            if (n != last_break)
                out->breaks[out->n_breaks++] = (int32_t)n;
            last_break = n;
        }
        int64_t *next = batch.edges + batch.n_edges;
        if ((here.space & (here.space << 1 | space_before)) == 0)
            batch.n_edges += write_single_spaced(edges & ~here.space & 1, edges & here.space, at,
                                                 next);
        else
            batch.n_edges += write_bits(edges, at, next);
        if (batch.n_edges > BATCH_EDGES - EDGES_PER_STEP || length - at < 64) {
            int64_t n = batch.n_edges / 2;
            cw2v_words_status status = count_words(words, batch.edges, n, batch.keys, text, how,
                                                   out);
            if (status != CW2V_WORDS_OK)
                return status;
            batch.edges[0] = batch.edges[2 * n]; /* the word that has not ended, if any */
            batch.n_edges -= 2 * n;
        }
    }
    return CW2V_WORDS_OK;
}

cw2v_words_status cw2v_words_encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                    int how, cw2v_encoded *out)
{
    int unicode = how & CW2V_UNICODE_SPACES;
#if HAVE_X86
    if (words->simd == 1)
        return unicode ? encode(words, text, length, how, out, 1, classify_sse2)
                       : encode(words, text, length, how, out, 0, classify_sse2);
#endif
    return unicode ? encode(words, text, length, how, out, 1, classify_portable)
                   : encode(words, text, length, how, out, 0, classify_portable);
}

cw2v_words_status cw2v_words_encode_list(cw2v_words *words, const uint8_t *text,
                                         const int64_t *edges, int64_t n, int32_t *ids)
{
    word_key keys[BATCH_EDGES / 2];
    cw2v_encoded out = {.ids = ids};
    for (int64_t i = 0; i < n; i += BATCH_EDGES / 2) {
        int64_t some = n - i < BATCH_EDGES / 2 ? n - i : BATCH_EDGES / 2;
        cw2v_words_status status = count_words(words, edges + 2 * i, some, keys, text, 0, &out);
        if (status != CW2V_WORDS_OK)
            return status;
    }
    return CW2V_WORDS_OK;
}

void cw2v_words_find_list(const cw2v_words *words, const uint8_t *text, const int64_t *edges,
                          int64_t n, int32_t *ids)
{
    word_key keys[BATCH_EDGES / 2];
    for (; n > 0; n -= BATCH_EDGES / 2, edges += BATCH_EDGES, ids += BATCH_EDGES / 2) {
        int64_t some = n < BATCH_EDGES / 2 ? n : BATCH_EDGES / 2;
        make_keys(words, edges, some, keys, text);
        for (int64_t i = 0; i < some; i++) {
            int64_t begin = edges[2 * i], length = edges[2 * i + 1] - begin;
            const cw2v_slot *slot = find_slot(words, &keys[i], text + begin, length);
            ids[i] = length && slot->length ? slot->id : -1;
        }
    }
}

int cw2v_words_simd(const char *name)
{
#if HAVE_X86
    if (!name || strcmp(name, "sse2") == 0)
        return 1;
#endif
    return !name || strcmp(name, "portable") == 0 ? 0 : -1;
}

/* ---- white space ---- */

/* Whether a byte is ASCII white space. */
INLINE int is_space(uint8_t byte)
{
    return byte == ' ' || (uint8_t)(byte - '\t') <= '\r' - '\t';
}

int64_t cw2v_first_space(const uint8_t *text, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        if (is_space(text[i]))
            return i;
    return -1;
}

int64_t cw2v_last_space(const uint8_t *text, int64_t begin, int64_t end)
{
    for (int64_t i = end; i > begin; i--)
        if (is_space(text[i - 1]))
            return i - 1;
    return -1;
}
