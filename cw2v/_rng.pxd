"""Random numbers: xoshiro256++ (Blackman and Vigna 2021, arXiv 1805.01407)."""

from libc.stdint cimport uint32_t, uint64_t


cdef struct Rng:
    uint64_t s[4]           # never all zero


cdef inline uint64_t mixed(uint64_t x) noexcept nogil:
    """A bijection that scatters its argument: the finalizer of SplitMix64 (Steele et al. 2014)."""
    x = (x ^ (x >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t> 0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline void seed_rng(Rng *rng, uint64_t base, uint64_t number) noexcept nogil:
    """Begin stream `number` of those of `base`, by SplitMix64, as the authors of xoshiro advise."""
    cdef uint64_t x = base + mixed(number)
    cdef int i
    for i in range(4):
        x += <uint64_t> 0x9E3779B97F4A7C15
        rng.s[i] = mixed(x)


cdef inline uint64_t rotate_left(uint64_t x, int n) noexcept nogil:
    return (x << n) | (x >> (64 - n))


cdef inline uint64_t next_u64(Rng *rng) noexcept nogil:
    cdef uint64_t *s = rng.s
    cdef uint64_t result = rotate_left(s[0] + s[3], 23) + s[0]
    cdef uint64_t t = s[1] << 17
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotate_left(s[3], 45)
    return result


cdef inline uint32_t next_u32(Rng *rng) noexcept nogil:
    return <uint32_t> (next_u64(rng) >> 32)


cdef inline uint32_t below(uint32_t n, uint32_t random) noexcept nogil:
    """A number from 0 to n - 1 from 32 random bits (Lemire 2019, without the rejection).

    The bias is at most n / 2^32.
    """
    return <uint32_t> ((<uint64_t> random * n) >> 32)
