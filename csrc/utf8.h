/* csrc/utf8.h - characters to UTF-8, and whether bytes are UTF-8. Nothing here calls Python. */
#ifndef CW2V_UTF8_H
#define CW2V_UTF8_H

#include <stdint.h>

/* Characters to UTF-8, surrogates like any other; `out` has room for 4 bytes each.
 * Returns how many were written. */
int64_t cw2v_utf8(const uint32_t *characters, int64_t length, uint8_t *out);

int cw2v_has_surrogate(const uint32_t *characters, int64_t length);

/* Whether the bytes are UTF-8 (as Python reads it: no surrogates), and without a NUL unless one
 * is allowed. */
int cw2v_is_utf8(const uint8_t *bytes, int64_t length, int allow_nul);

#endif
