/* csrc/slots.h - memory for hash tables and growing arrays. */
#ifndef CW2V_SLOTS_H
#define CW2V_SLOTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#define CW2V_LINE 64 /* bytes in a cache line */
#define CW2V_HUGE_PAGE ((size_t)1 << 21)

/* Allocate n slots of `item_size` bytes, each byte set to `fill`; *memory is the pointer to free.
 * Returns NULL if out of memory.
 *
 * Small tables are aligned to cache lines. Large ones are aligned to huge pages and ask for them:
 * accesses are random, so small pages would cause many page faults and TLB misses. */
static inline void *cw2v_new_slots(uint64_t n, size_t item_size, int fill, void **memory)
{
    if (n > (SIZE_MAX - CW2V_HUGE_PAGE) / item_size)
        return NULL;
    size_t size = (size_t)n * item_size;
    size_t page = size < CW2V_HUGE_PAGE ? CW2V_LINE : CW2V_HUGE_PAGE;
    *memory = fill ? malloc(size + page) : calloc(size + page, 1);
    if (!*memory)
        return NULL;
    void *slots = (void *)(((uintptr_t)*memory + page - 1) / page * page);
#if defined(MADV_HUGEPAGE)
    if (size >= CW2V_HUGE_PAGE)
        (void)madvise(slots, size, MADV_HUGEPAGE); /* only a hint */
#endif
    return fill ? memset(slots, fill, size) : slots;
}

/* Reallocate *array to n items of `item_size` bytes. Returns 0, and changes nothing, if out of
 * memory. */
static inline int cw2v_grow(void **array, int64_t n, size_t item_size)
{
    if ((uint64_t)n > SIZE_MAX / item_size)
        return 0;
    void *larger = realloc(*array, (size_t)n * item_size);
    if (larger)
        *array = larger;
    return larger != NULL;
}

#endif
