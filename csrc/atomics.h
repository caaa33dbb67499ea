/* csrc/atomics.h - atomic access to what threads share besides the matrices: the number of the next
 * piece, the stop flag, and each worker's totals, which the calling thread reads for its reports.
 * Relaxed memory order suffices, as these values do not publish any other memory. */

#ifndef CW2V_ATOMICS_H
#define CW2V_ATOMICS_H

#include <stdint.h>

#if defined(_MSC_VER)
#include <intrin.h>
static inline int64_t cw2v_take_next(int64_t *counter) {
    return _InterlockedExchangeAdd64((volatile __int64 *)counter, 1);
}
static inline int64_t cw2v_read(const int64_t *value) { return *(const volatile int64_t *)value; }
static inline void cw2v_write(int64_t *value, int64_t to) { *(volatile int64_t *)value = to; }
static inline double cw2v_read_double(const double *value) {
    return *(const volatile double *)value;
}
static inline void cw2v_add(double *value, double more) { *(volatile double *)value += more; }
#else
/* Increment the counter and return its old value. */
static inline int64_t cw2v_take_next(int64_t *counter) {
    return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}
static inline int64_t cw2v_read(const int64_t *value) {
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}
static inline void cw2v_write(int64_t *value, int64_t to) {
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}
static inline double cw2v_read_double(const double *value) {
    double read;
    __atomic_load(value, &read, __ATOMIC_RELAXED);
    return read;
}
/* Not an atomic addition: only one thread may add to a value, others may read it. */
static inline void cw2v_add(double *value, double more) {
    double sum = *value + more;
    __atomic_store(value, &sum, __ATOMIC_RELAXED);
}
#endif

#endif
