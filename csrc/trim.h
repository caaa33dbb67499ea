/* csrc/trim.h - give memory that was freed back to the system. */

#ifndef CW2V_TRIM_H
#define CW2V_TRIM_H

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
/* What threads have freed stays with their arenas otherwise. */
static inline void cw2v_trim(void) { malloc_trim(0); }
#else
static inline void cw2v_trim(void) {}
#endif

#endif
