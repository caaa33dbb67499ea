/* csrc/words.c - see words.h.
 *
 * The tokeniser turns 64 bytes at a time into a bit mask of white space, and reads the ends
 * of the words off the mask. Some 250 words are hashed, and their slots prefetched, before the
 * first of them is looked up. Words of up to 16 bytes lie in their slots, and nothing branches
 * on their length: what a CPU cannot foresee costs more here than the work itself. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "slots.h"
#include "utf8.h"
#include "words_hash.h"

#define FEWEST_SLOTS ((uint64_t)1 << 12)
#define MANY_SLOTS ((uint64_t)1 << 16) /* below, a full table grows fourfold */

/* ---- the table ---- */

/* For 9 bytes or more, as hash_long. */
INLINE int is_word(const cw2v_words *words, int32_t id, const uint8_t *bytes, int64_t length)
{
    const uint8_t *known = words->arena + words->offsets[id];
    for (int64_t i = 0; i < length - 8; i += 8)
        if (load8(known + i) != load8(bytes + i))
            return 0;
    return load8(known + length - 8) == load8(bytes + length - 8);
}

INLINE int may_be(const cw2v_slot *slot, const lookup *look)
{
    return ((slot->low ^ look->low) | (slot->high ^ look->high)
            | (slot->length ^ look->length)) == 0;
}

/* The slot that holds the word, or the free one where it belongs. */
INLINE cw2v_slot *find_slot(const cw2v_words *words, const lookup *look, const uint8_t *bytes,
                            int64_t length)
{
    for (uint64_t i = look->hash;; i++) {
        cw2v_slot *slot = &words->slots[i & words->mask];
        if (slot->length == 0)
            return slot;
        if (may_be(slot, look)
            && (length < LONG_WORD || is_word(words, slot->id, bytes, length)))
            return slot;
    }
}

/* Go on in `n` slots, a power of 2 with room for all words; 0 without memory. */
static int move_to(cw2v_words *words, uint64_t n)
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

static int grow_slots(cw2v_words *words)
{
    return move_to(words, (words->mask + 1) * (words->mask + 1 < MANY_SLOTS ? 4 : 2));
}

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

/* Put a new word into the free slot where it belongs; `slot` becomes another if they grow. */
INLINE cw2v_words_status insert(cw2v_words *words, cw2v_slot **slot, const lookup *look,
                                const uint8_t *bytes, int64_t length)
{
    if (words->n_words >= INT32_MAX)
        return CW2V_WORDS_TOO_MANY;
    if (!make_room(words, length))
        return CW2V_WORDS_NO_MEMORY;
    if ((uint64_t)words->n_words >= words->mask - words->mask / 4) { /* three quarters full */
        if (!grow_slots(words))
            return CW2V_WORDS_NO_MEMORY;
        *slot = find_slot(words, look, bytes, length);
    }
    int64_t id = words->n_words, offset = words->offsets[id];
    memcpy(words->arena + offset, bytes, (size_t)length);
    words->offsets[id + 1] = offset + length;
    **slot = (cw2v_slot){.low = look->low, .high = look->high, .id = (int32_t)id,
                         .length = (uint32_t)look->length};
    words->n_words++;
    return CW2V_WORDS_OK;
}

cw2v_words *cw2v_words_new(int simd)
{
    cw2v_words *words = calloc(1, sizeof *words);
    if (!words)
        return NULL;
    words->simd = simd;
    words->mask = FEWEST_SLOTS - 1;
    words->slots = cw2v_new_slots(FEWEST_SLOTS, sizeof *words->slots, 0, &words->slots_memory);
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
    return n == words->mask + 1 || move_to(words, n);
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

/* One word from anywhere: nothing after it may be read, so a short one is copied first. */
static lookup prepare_alone(const uint8_t *bytes, int64_t length)
{
    uint8_t padded[16] = {0};
    if (length >= LONG_WORD)
        return prepare_long(bytes, length);
    memcpy(padded, bytes, (size_t)length);
    return prepare_short(padded, length);
}

cw2v_words_status cw2v_words_add(cw2v_words *words, const uint8_t *bytes, int64_t length,
                                 int64_t times, int32_t *id)
{
    lookup look = prepare_alone(bytes, length);
    cw2v_slot *slot = find_slot(words, &look, bytes, length);
    if (slot->length == 0) {
        cw2v_words_status status = insert(words, &slot, &look, bytes, length);
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
    lookup look = prepare_alone(bytes, length);
    const cw2v_slot *slot = find_slot(words, &look, bytes, length);
    return slot->length ? slot->id : -1;
}

void cw2v_words_counts(const cw2v_words *words, int64_t *counts)
{
    for (uint64_t i = 0; i <= words->mask; i++)
        if (words->slots[i].length)
            counts[words->slots[i].id] = words->slots[i].count;
}

/* ---- text to ids ---- */

#define MOST_EDGES 512             /* of words that are hashed before the first is looked up */
#define EDGES_PER_STEP (64 + 24)   /* 64 bytes have 64 edges at most; writes come in 24s */

/* The next few words of a text. */
typedef struct {
    int64_t edges[MOST_EDGES]; /* begin, end, begin, end ... in bytes */
    int64_t n_edges;           /* odd: the last word goes on */
    lookup looks[MOST_EDGES / 2];
} stretch;

/* Let a word that came more often have the slot where it is looked for first. All slots from
 * there to its own are taken, so that both words are still found. */
INLINE void bring_forward(cw2v_words *words, uint64_t hash, cw2v_slot *slot)
{
    cw2v_slot *first = &words->slots[hash & words->mask], other = *first;
    if (slot->count > other.count) {
        *first = *slot;
        *slot = other;
    }
}

/* Count a word that is new, or not in the slot where it is looked for first, and write its id. */
SELDOM static cw2v_words_status look_further(cw2v_words *words, const lookup *look,
                                           const uint8_t *bytes, int64_t length, int how,
                                           int32_t *id)
{
    cw2v_slot *slot = find_slot(words, look, bytes, length);
    if (slot->length == 0) {
        if ((how & CW2V_CHECK) && !is_ascii(look)
            && !cw2v_is_utf8(bytes, length, how & CW2V_ALLOW_NUL))
            return CW2V_WORDS_BAD_TEXT;
        cw2v_words_status status = insert(words, &slot, look, bytes, length);
        if (status != CW2V_WORDS_OK)
            return status;
    }
    slot->count++;
    *id = slot->id;
    bring_forward(words, look->hash, slot);
    return CW2V_WORDS_OK;
}

/* The same as `prepare_all` for those of the n words that are long. */
SELDOM static void prepare_longs(const cw2v_words *words, const int64_t *edges, int64_t n,
                               lookup *looks, const uint8_t *text)
{
    int32_t longs[MOST_EDGES / 2];
    int64_t n_longs = 0;
    const cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    for (int64_t i = 0; i < n; i++)
        if (looks[i].length == LONG_WORD) {
            looks[i] = prepare_long(text + edges[2 * i], edges[2 * i + 1] - edges[2 * i]);
            cw2v_prefetch(&slots[looks[i].hash & mask]);
            longs[n_longs++] = (int32_t)i;
        }
    /* A long word is compared with its bytes in the arena: the way there is prefetched too. */
    for (int64_t i = 0; i < n_longs; i++)
        cw2v_prefetch(&words->offsets[slots[looks[longs[i]].hash & mask].id]);
    for (int64_t i = 0; i < n_longs && words->n_words; i++)
        cw2v_prefetch(words->arena + words->offsets[slots[looks[longs[i]].hash & mask].id]);
}

/* Make ready to look up n words that begin and end at the edges: hash them, and ask for what
 * the table has where they are looked for first. */
INLINE void prepare_all(const cw2v_words *words, const int64_t *edges, int64_t n, lookup *looks,
                        const uint8_t *text)
{
    const cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    int64_t longest = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = edges[2 * i + 1] - edges[2 * i];
        looks[i] = prepare_short(text + edges[2 * i], length);
        cw2v_prefetch(&slots[looks[i].hash & mask]);
        longest = length > longest ? length : longest;
    }
    if (longest >= LONG_WORD)
        prepare_longs(words, edges, n, looks, text);
}

/* Look up and count n words that begin and end at the edges; `looks` is scratch for n. */
INLINE cw2v_words_status look_up(cw2v_words *words, const int64_t *edges, int64_t n,
                                 lookup *looks, const uint8_t *text, int how,
                                 cw2v_encoded *out)
{
    prepare_all(words, edges, n, looks, text);
    cw2v_slot *slots = words->slots;
    uint64_t mask = words->mask;
    int32_t *ids = out->ids + out->n_ids;
    for (int64_t i = 0; i < n; i++) {
        cw2v_slot *slot = &slots[looks[i].hash & mask];
        if (may_be(slot, &looks[i]) && looks[i].length < LONG_WORD) {
            slot->count++;
            ids[i] = slot->id;
            continue;
        }
        int64_t begin = edges[2 * i], length = edges[2 * i + 1] - begin;
        cw2v_words_status status = look_further(words, &looks[i], text + begin, length, how,
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

INLINE cw2v_words_status encode(cw2v_words *words, const uint8_t *text, int64_t length,
                                int how, cw2v_encoded *out, int unicode,
                                classes (*classify)(const uint8_t *, int))
{
    stretch part;
    uint64_t inside = 0; /* 1 if the byte before belongs to a word */
    uint64_t spill = 0;  /* white space that began in the 64 bytes before */
    int64_t last_break = -1;
    part.n_edges = 0;
    out->n_ids = out->n_breaks = 0;

    /* One step of 64 bytes more than there are, so that the last word ends in white space. */
    for (int64_t at = 0; at <= length; at += 64) {
        classes here = classify(text + at, unicode);
        uint64_t text_bits = length - at < 64 ? ((uint64_t)1 << (length - at)) - 1 : ~(uint64_t)0;
        if (unicode && (spill | here.lead))
            here.space |= wide_spaces(text + at, here.lead & text_bits, &spill);
        if (length - at < 64) {
            here.space |= ~text_bits;
            here.newline &= text_bits;
        }
        uint64_t edges = ~here.space ^ (~here.space << 1 | inside);
        uint64_t space_before = inside ^ 1;
        inside = ~here.space >> 63;
        for (; here.newline; here.newline &= here.newline - 1) {
            /* Words begun before the line end, m edges, are (m + 1) / 2. */
            uint64_t before = (here.newline & (0 - here.newline)) - 1;
            int64_t n = out->n_ids + (part.n_edges + count_bits(edges & before) + 1) / 2;
            if (n != last_break)
                out->breaks[out->n_breaks++] = (int32_t)n;
            last_break = n;
        }
        int64_t *next = part.edges + part.n_edges;
        if ((here.space & (here.space << 1 | space_before)) == 0)
            part.n_edges += write_single_spaced(edges & ~here.space & 1, edges & here.space, at,
                                                next);
        else
            part.n_edges += write_bits(edges, at, next);
        if (part.n_edges > MOST_EDGES - EDGES_PER_STEP || length - at < 64) {
            int64_t n = part.n_edges / 2;
            cw2v_words_status status = look_up(words, part.edges, n, part.looks, text, how, out);
            if (status != CW2V_WORDS_OK)
                return status;
            part.edges[0] = part.edges[2 * n]; /* the word that goes on */
            part.n_edges -= 2 * n;
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
    lookup looks[MOST_EDGES / 2];
    cw2v_encoded out = {.ids = ids};
    for (int64_t i = 0; i < n; i += MOST_EDGES / 2) {
        int64_t some = n - i < MOST_EDGES / 2 ? n - i : MOST_EDGES / 2;
        cw2v_words_status status = look_up(words, edges + 2 * i, some, looks, text, 0, &out);
        if (status != CW2V_WORDS_OK)
            return status;
    }
    return CW2V_WORDS_OK;
}

void cw2v_words_find_list(const cw2v_words *words, const uint8_t *text, const int64_t *edges,
                          int64_t n, int32_t *ids)
{
    lookup looks[MOST_EDGES / 2];
    for (; n > 0; n -= MOST_EDGES / 2, edges += MOST_EDGES, ids += MOST_EDGES / 2) {
        int64_t some = n < MOST_EDGES / 2 ? n : MOST_EDGES / 2;
        prepare_all(words, edges, some, looks, text);
        for (int64_t i = 0; i < some; i++) {
            int64_t begin = edges[2 * i], length = edges[2 * i + 1] - begin;
            const cw2v_slot *slot = find_slot(words, &looks[i], text + begin, length);
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

/* ---- single bytes ---- */

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
