/* csrc/words_hash.h - the hash function, and the keys of the hash table of words. */
#ifndef CW2V_WORDS_HASH_H
#define CW2V_WORDS_HASH_H

#include "spaces.h"

#define LONG_WORD 17 /* stands for the length of every word of 17 bytes or more */

/* The XOR of both halves of the 128-bit product, as in Wang Yi's wyhash. Compilers without 128-bit
 * types get another function, which is fine because ids do not depend on the hash. */
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

/* Constants of wyhash. */
#define SALT_A 0xa0761d6478bd642fULL
#define SALT_B 0xe7037ed1a0b428dbULL

/* The hash of up to 16 bytes, zero padded. */
INLINE uint64_t hash_short(uint64_t low, uint64_t high)
{
    return mix(low ^ SALT_A, high ^ SALT_B);
}

/* The hash of 9 bytes or more, 8 at a time; the last 8 may overlap those before. */
INLINE uint64_t hash_long(const uint8_t *bytes, int64_t length)
{
    uint64_t hash = (uint64_t)length;
    for (int64_t i = 0; i < length - 8; i += 8)
        hash = mix(load8(bytes + i) ^ SALT_A, hash ^ SALT_B);
    return mix(load8(bytes + length - 8) ^ SALT_A, hash ^ SALT_B);
}

/* The key of a word: low, high and length as in cw2v_slot, and the hash, whose lower bits are the
 * index of the home slot. */
typedef struct {
    uint64_t low, high;
    uint64_t hash;
    uint64_t length;
} word_key;

/* The 16 bytes from LONG_WORD - n on are the mask of a word of n bytes: 0xff n times, at most 16
 * times, then zeros. */
static const uint8_t ONES_THEN_ZEROS[33] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

/* The key of a word of up to 16 bytes, without a branch. Always reads 16 bytes. For a longer word
 * only the length is right: see long_key. */
INLINE word_key short_key(const uint8_t *bytes, int64_t length)
{
    uint64_t n = (uint64_t)length < LONG_WORD ? (uint64_t)length : LONG_WORD;
    const uint8_t *mask = ONES_THEN_ZEROS + LONG_WORD - n;
    word_key key = {.low = load8(bytes) & load8(mask), .high = load8(bytes + 8) & load8(mask + 8)};
    key.hash = hash_short(key.low, key.high);
    key.length = n;
    return key;
}

/* Whether all bytes of a word are 1 to 127; false for a word of more than 16 bytes. */
INLINE int is_ascii(const word_key *key)
{
    const uint8_t *mask = ONES_THEN_ZEROS + LONG_WORD - key->length;
    uint64_t low = key->low + EACH_BYTE(0x7f), high = key->high + EACH_BYTE(0x7f);
    uint64_t wrong = (low ^ load8(mask)) | (high ^ load8(mask + 8)) | key->low | key->high;
    return key->length < LONG_WORD && (wrong & EACH_BYTE(0x80)) == 0;
}

/* The key of a word of 17 bytes or more. */
INLINE word_key long_key(const uint8_t *bytes, int64_t length)
{
    uint64_t hash = hash_long(bytes, length);
    return (word_key){.low = hash, .high = (uint64_t)length, .hash = hash, .length = LONG_WORD};
}

#endif
