/* csrc/words_hash.h - what a word is looked up by: its first 16 bytes, or its hash if it is
 * longer, and where in the table to begin. */
#ifndef CW2V_WORDS_HASH_H
#define CW2V_WORDS_HASH_H

#include "spaces.h"

#define LONG_WORD 17 /* the length in a slot of every word of 17 bytes or more */

/* Both halves of a 128-bit product, folded (Wang Yi's wyhash). */
INLINE uint64_t mix(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t product = (a ^ (a >> 32)) * (b | 1);
    return product ^ (product >> 29);
#endif
}

#define SALT_A 0xa0761d6478bd642fULL
#define SALT_B 0xe7037ed1a0b428dbULL

INLINE uint64_t hash_short(uint64_t low, uint64_t high)
{
    return mix(low ^ SALT_A, high ^ SALT_B);
}

/* For 9 bytes or more; the last 8 may overlap those before. */
INLINE uint64_t hash_long(const uint8_t *bytes, int64_t length)
{
    uint64_t hash = (uint64_t)length;
    for (int64_t i = 0; i < length - 8; i += 8)
        hash = mix(load8(bytes + i) ^ SALT_A, hash ^ SALT_B);
    return mix(load8(bytes + length - 8) ^ SALT_A, hash ^ SALT_B);
}

typedef struct {
    uint64_t low, high; /* as in a slot */
    uint64_t hash;
    uint64_t length; /* as in a slot */
} lookup;

/* 16 bytes from 17 - n on: n ones, then zeros; for n = 17, 16 ones. */
static const uint8_t ONES_THEN_ZEROS[33] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

/* A word of up to 16 bytes (any longer one as its first 16), without a branch; `bytes` may
 * be read 16 bytes on. */
INLINE lookup prepare_short(const uint8_t *bytes, int64_t length)
{
    uint64_t n = (uint64_t)length < LONG_WORD ? (uint64_t)length : LONG_WORD;
    const uint8_t *mask = ONES_THEN_ZEROS + LONG_WORD - n;
    lookup look = {.low = load8(bytes) & load8(mask), .high = load8(bytes + 8) & load8(mask + 8)};
    look.hash = hash_short(look.low, look.high);
    look.length = n;
    return look;
}

/* Whether a word of up to 16 bytes has only bytes from 1 to 127. */
INLINE int is_ascii(const lookup *look)
{
    const uint8_t *mask = ONES_THEN_ZEROS + LONG_WORD - look->length;
    uint64_t low = look->low + EACH_BYTE(0x7f), high = look->high + EACH_BYTE(0x7f);
    uint64_t wrong = (low ^ load8(mask)) | (high ^ load8(mask + 8)) | look->low | look->high;
    return look->length < LONG_WORD && (wrong & EACH_BYTE(0x80)) == 0;
}

INLINE lookup prepare_long(const uint8_t *bytes, int64_t length)
{
    uint64_t hash = hash_long(bytes, length);
    return (lookup){.low = hash, .high = (uint64_t)length, .hash = hash, .length = LONG_WORD};
}

#endif
