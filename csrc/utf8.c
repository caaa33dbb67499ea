/* csrc/utf8.c - see utf8.h. */
#include "utf8.h"

int64_t cw2v_utf8(const uint32_t *characters, int64_t length, uint8_t *out)
{
    uint32_t all = 0;
    for (int64_t i = 0; i < length; i++) {
        all |= characters[i];
        out[i] = (uint8_t)characters[i];
    }
    if (all < 0x80)
        return length;
    uint8_t *at = out;
    for (int64_t i = 0; i < length; i++) {
        uint32_t c = characters[i];
        int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *at++ = (uint8_t)(more == 0 ? c : (0xf00u >> (more + 1) & 0xff) | c >> 6 * more);
        while (more-- > 0)
            *at++ = (uint8_t)(0x80 | (c >> 6 * more & 0x3f));
    }
    return at - out;
}

int cw2v_has_surrogate(const uint32_t *characters, int64_t length)
{
    int found = 0;
    for (int64_t i = 0; i < length; i++)
        found |= (characters[i] & ~(uint32_t)0x7ff) == 0xd800;
    return found;
}

/* The number of continuation bytes after a lead byte, -1 for an invalid one, and the range of the
 * first continuation byte (The Unicode Standard, table 3-7). */
static int continuation(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 0;
    if (first < 0xc2 || first > 0xf4)
        return -1;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

int cw2v_is_utf8(const uint8_t *bytes, int64_t length, int allow_nul)
{
    for (int64_t i = 0; i < length; i++) {
        uint8_t low, high;
        int more = continuation(bytes[i], &low, &high);
        if (more < 0 || (bytes[i] == 0 && !allow_nul) || more >= length - i)
            return 0;
        for (; more > 0; more--) {
            i++;
            if (bytes[i] < low || bytes[i] > high)
                return 0;
            low = 0x80;
            high = 0xbf;
        }
    }
    return 1;
}
