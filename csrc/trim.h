/* csrc/trim.h - return freed memory to the operating system. */

#ifndef CW2V_TRIM_H
#define CW2V_TRIM_H

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
/* glibc would keep what threads have freed in their malloc arenas. */
static inline void cw2v_trim(void) { malloc_trim(0); }
#else
static inline void cw2v_trim(void) {}
#endif

#endif
