/* csrc/slots.h - the memory of hash tables. */
#ifndef CW2V_SLOTS_H
#define CW2V_SLOTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#define CW2V_LINE 64 /* bytes that come into the cache together */
#define CW2V_HUGE_PAGE ((size_t)1 << 21)

/* n slots of `each` bytes, all `fill`; `memory` is what to free. NULL without memory.
 *
 * A large table asks for huge pages: frequent words lie all over it, and ordinary pages would
 * have to be found one by one, when they are first used and later. */
static inline void *cw2v_new_slots(uint64_t n, size_t each, int fill, void **memory)
{
    if (n > (SIZE_MAX - CW2V_HUGE_PAGE) / each)
        return NULL;
    size_t size = (size_t)n * each;
    size_t page = size < CW2V_HUGE_PAGE ? CW2V_LINE : CW2V_HUGE_PAGE;
    *memory = fill ? malloc(size + page) : calloc(size + page, 1);
    if (!*memory)
        return NULL;
    void *slots = (void *)(((uintptr_t)*memory + page - 1) / page * page);
#if defined(MADV_HUGEPAGE)
    if (size >= CW2V_HUGE_PAGE)
        (void)madvise(slots, size, MADV_HUGEPAGE); /* a wish: it may fail */
#endif
    return fill ? memset(slots, fill, size) : slots;
}

/* Let *array hold n items; 0 without memory. */
static inline int cw2v_grow(void **array, int64_t n, size_t each)
{
    if ((uint64_t)n > SIZE_MAX / each)
        return 0;
    void *larger = realloc(*array, (size_t)n * each);
    if (larger)
        *array = larger;
    return larger != NULL;
}

#endif
