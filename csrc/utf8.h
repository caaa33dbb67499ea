/* csrc/utf8.h - encode code points as UTF-8, and validate UTF-8. Nothing here calls Python. */
#ifndef CW2V_UTF8_H
#define CW2V_UTF8_H

#include <stdint.h>

/* Encode `length` code points, each at most 0x10ffff. Surrogates are encoded like any others, as by
 * Python's "surrogatepass". `out` has space for 4 bytes each. Returns the number of bytes. */
int64_t cw2v_utf8(const uint32_t *characters, int64_t length, uint8_t *out);

/* Whether any code point is a surrogate, 0xd800 to 0xdfff. */
int cw2v_has_surrogate(const uint32_t *characters, int64_t length);

/* Whether the bytes are valid UTF-8 (so without surrogates), and have no NUL unless `allow_nul`. */
int cw2v_is_utf8(const uint8_t *bytes, int64_t length, int allow_nul);

#endif
