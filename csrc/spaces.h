/* csrc/spaces.h - the tokeniser's bit operations: 64 bytes of text to bit masks of white space, and
 * these to the offsets where words begin and end.
 *
 * White space is ASCII's (space \t \n \v \f \r) or, with `unicode`, that of Python's str.split.
 * classify_portable and classify_sse2 give the same masks. SSE2 makes tokenising and counting 10 %
 * faster than plain C; AVX2 with POPCNT and BMI was no faster than SSE2. */
#ifndef CW2V_SPACES_H
#define CW2V_SPACES_H

#include <stdint.h>
#include <string.h>

#include "prefetch.h"

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define LOWEST_BIT(bits) ((unsigned)__builtin_ctzll(bits)) /* its index; bits must not be 0 */
#else
#define INLINE static inline
#define NOINLINE
#define LOWEST_BIT(bits) ((unsigned)count_bits(((bits) & (0 - (bits))) - 1))
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define HAVE_X86 1
#include <emmintrin.h>
#endif

/* How many bits are set. Not by the builtin on x86-64 without POPCNT, where it would be a call of a
 * library function. */
INLINE int count_bits(uint64_t bits)
{
#if defined(__GNUC__) && (defined(__POPCNT__) || !HAVE_X86)
    return __builtin_popcountll(bits);
#else
    bits -= bits >> 1 & 0x5555555555555555ULL;
    bits = (bits & 0x3333333333333333ULL) + (bits >> 2 & 0x3333333333333333ULL);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
    return (int)(bits * 0x0101010101010101ULL >> 56);
#endif
}

/* 8 bytes as a little-endian number: the first byte is the lowest on every CPU. */
INLINE uint64_t load8(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

typedef struct {
    uint64_t space;   /* bit i: byte i is white space */
    uint64_t newline; /* bit i: byte i is \n */
    uint64_t lead;    /* bit i: byte i may be the lead byte of multibyte white space */
} classes;

/* The value in each of 8 bytes. */
#define EACH_BYTE(value) (0x0101010101010101ULL * (value))

/* SIMD within a register: set the top bit of each byte whose lower 7 bits, in `low7`, are equal to
 * `value`, or in [low, high]. The other bits of the result are arbitrary. */
INLINE uint64_t bytes_equal(uint64_t low7, uint64_t value)
{
    return ~((low7 ^ EACH_BYTE(value)) + EACH_BYTE(0x7f));
}

INLINE uint64_t bytes_between(uint64_t low7, uint64_t low, uint64_t high)
{
    return (low7 + EACH_BYTE(0x80 - low)) & ~(low7 + EACH_BYTE(0x7f - high));
}

/* The top bit of each of 8 bytes, as an 8-bit mask, the first byte lowest. */
INLINE uint64_t top_bits(uint64_t bytes)
{
    return ((bytes & EACH_BYTE(0x80)) >> 7) * 0x0102040810204080ULL >> 56;
}

/* Classify text[0, 64). With `unicode`, a constant, \x1c to \x1f are white space too, and `lead`
 * has \xc2 and \xe1 to \xe3; otherwise `lead` is 0. */
INLINE classes classify_portable(const uint8_t *text, int unicode)
{
    classes found = {0, 0, 0};
    for (int i = 0; i < 8; i++) {
        uint64_t bytes = load8(text + 8 * i), low7 = bytes & EACH_BYTE(0x7f);
        uint64_t space = (bytes_between(low7, '\t', '\r') | bytes_equal(low7, ' ')) & ~bytes;
        if (unicode) {
            uint64_t lead = bytes_equal(low7, 0x42) | bytes_between(low7, 0x61, 0x63);
            found.lead |= top_bits(lead & bytes) << 8 * i;
            space |= bytes_between(low7, 0x1c, 0x1f) & ~bytes;
        }
        found.space |= top_bits(space) << 8 * i;
        found.newline |= top_bits(bytes_equal(low7, '\n') & ~bytes) << 8 * i;
    }
    return found;
}

#if HAVE_X86
/* 0xff for each byte in [low, low + width], else 0, by unsigned comparison. */
INLINE __m128i bytes_in_range(__m128i bytes, uint8_t low, uint8_t width)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8((char)low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)width)), above);
}

/* classify_portable with SSE2. */
INLINE classes classify_sse2(const uint8_t *text, int unicode)
{
    classes found = {0, 0, 0};
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * i));
        __m128i space = _mm_or_si128(bytes_in_range(bytes, '\t', 4),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
        __m128i newline = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
        if (unicode) {
            __m128i lead = _mm_or_si128(bytes_in_range(bytes, 0xe1, 2),
                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xc2)));
            found.lead |= (uint64_t)(uint32_t)_mm_movemask_epi8(lead) << 16 * i;
            space = _mm_or_si128(space, bytes_in_range(bytes, 0x1c, 3));
        }
        found.space |= (uint64_t)(uint32_t)_mm_movemask_epi8(space) << 16 * i;
        found.newline |= (uint64_t)(uint32_t)_mm_movemask_epi8(newline) << 16 * i;
    }
    return found;
}
#endif

/* The length in bytes of the multibyte white space that begins here: 2, 3, or 0 for none. Reads
 * three bytes. */
INLINE int multibyte_space(const uint8_t *text)
{
    uint8_t a = text[0], b = text[1], c = text[2];
    if (a == 0xc2)
        return b == 0x85 || b == 0xa0 ? 2 : 0;
    int found = (a == 0xe1 && b == 0x9a && c == 0x80)    /* U+1680 */
                || (a == 0xe2 && b == 0x80               /* U+2000 to U+200A, U+2028, 2029, 202F */
                    && ((c >= 0x80 && c <= 0x8a) || c == 0xa8 || c == 0xa9 || c == 0xaf))
                || (a == 0xe2 && b == 0x81 && c == 0x9f) /* U+205F */
                || (a == 0xe3 && b == 0x80 && c == 0x80); /* U+3000 */
    return found ? 3 : 0;
}

/* The mask of multibyte white space in text[0, 64), whose lead bytes are among `leads`. *carry is
 * the mask of bytes that continue white space of the 64 bytes before; it becomes the mask for the
 * 64 bytes after. Reads up to two bytes after the 64. */
INLINE uint64_t multibyte_spaces(const uint8_t *text, uint64_t leads, uint64_t *carry)
{
    uint64_t here = *carry, next = 0;
    for (; leads; leads &= leads - 1) {
        int i = (int)LOWEST_BIT(leads), length = multibyte_space(text + i);
        uint64_t run = ((uint64_t)1 << length) - 1;
        here |= run << i;
        if (i + length > 64)
            next |= run >> (64 - i);
    }
    *carry = next;
    return here;
}

/* Clear the lowest set bit and return its index plus `at`; meaningless if no bit is set. */
INLINE int64_t next_bit(uint64_t *bits, int64_t at)
{
    int64_t position = at + LOWEST_BIT(*bits | (uint64_t)1 << 63);
    *bits &= *bits - 1;
    return position;
}

/* Write the positions of all set bits, where bit 0 has position `at`; return their number. Writes
 * 8 at a time, up to 7 too many, so that the loop's branch is more predictable. */
INLINE int64_t write_bits(uint64_t bits, int64_t at, int64_t *out)
{
    int64_t n = count_bits(bits);
    for (int64_t i = 0; i < n; i += 8)
        for (int64_t j = i; j < i + 8; j++)
            out[j] = next_bit(&bits, at);
    return n;
}

/* The same for words separated by single spaces, each of which begins one byte after the end of the
 * one before. `begin` is 1 if a word begins at bit 0, else 0; `ends` has the bytes after words.
 * Writes 12 words at first, then 4 at a time, up to 24 positions too many. */
INLINE int64_t write_single_spaced(uint64_t begin, uint64_t ends, int64_t at, int64_t *out)
{
    int64_t n = count_bits(ends), next = (int64_t)(ends >> 63); /* a word after bit 63 */
    out[0] = at;
    out += begin;
    for (int64_t i = 0; i < 12; i++) { /* 64 bytes rarely have more */
        out[2 * i] = next_bit(&ends, at);
        out[2 * i + 1] = out[2 * i] + 1;
    }
    for (int64_t i = 12; i < n; i += 4)
        for (int64_t j = i; j < i + 4; j++) {
            out[2 * j] = next_bit(&ends, at);
            out[2 * j + 1] = out[2 * j] + 1;
        }
    return (int64_t)begin + 2 * n - next;
}

#endif
