/* csrc/prefetch.h - prefetch the cache line at an address for reading; any address is allowed. */

#ifndef CW2V_PREFETCH_H
#define CW2V_PREFETCH_H

#if defined(__GNUC__)
static inline void cw2v_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }
#else
static inline void cw2v_prefetch(const void *p) { (void)p; }
#endif

#endif
