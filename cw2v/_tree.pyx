# cython: boundscheck=False, wraparound=False, freethreading_compatible=True
"""The Huffman tree: the loops of `cw2v.huffman`."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t, uintptr_t

cdef extern from "prefetch.h" nogil:
    void cw2v_prefetch(const void *p) noexcept

cdef enum:
    LINE = 64                 # bytes of a cache line


cdef struct Node:             # one without a parent
    uint64_t low              # its count: low + 2**64 * high, as sums may take more than 64 bits
    int32_t high
    uint32_t number


cdef struct Heap:             # places 1 to `size`; the children of i are at 2 i and 2 i + 1
    Node *nodes
    Py_ssize_t size


def join(const int64_t[::1] counts not None):
    """Join the two rarest nodes until one is left; ties are broken as by Python's `heapq`.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        At least 2 of them.

    Returns
    -------
    ndarray of uint32, shape (2 * n_words - 2,)
        For each word, then for each inner node but the last, which is the root: twice the
        inner node above it, plus 1 where it is on the right. Inner nodes are numbered as they
        are made, by rising count.
    """
    cdef Py_ssize_t n = counts.shape[0], i
    cdef uint32_t[::1] up = np.empty(2 * n - 2, np.uint32)
    cdef uint8_t[::1] room = np.empty((n + 1) * sizeof(Node) + LINE, np.uint8)
    cdef Heap heap
    # Aligned, so that the four children of two siblings are in one cache line.
    heap.nodes = <Node *> &room[-<uintptr_t> &room[0] % LINE]
    heap.size = n
    with nogil:
        for i in range(n):
            heap.nodes[i + 1].low = <uint64_t> counts[i]
            heap.nodes[i + 1].high = -1 if counts[i] < 0 else 0
            heap.nodes[i + 1].number = <uint32_t> i
        for i in range(n // 2, 0, -1):
            sink(&heap, i)
        join_all(&heap, &up[0])
    return np.asarray(up)


cdef void join_all(Heap *heap, uint32_t *up) noexcept nogil:
    cdef uint32_t n = <uint32_t> heap.size, joined
    cdef Node left, right, both
    for joined in range(n - 1):
        left = pop(heap)
        right = pop(heap)
        up[left.number] = joined << 1
        up[right.number] = joined << 1 | 1
        both.low = left.low + right.low
        both.high = left.high + right.high + (both.low < left.low)
        both.number = n + joined
        heap.size += 1
        rise(heap, 1, heap.size, both)


cdef inline bint is_rarer(const Node *a, const Node *b) noexcept nogil:
    return a.low < b.low if a.high == b.high else a.high < b.high


cdef inline Node pop(Heap *heap) noexcept nogil:
    """Remove and return the rarest node: `heappop`."""
    cdef Node rarest = heap.nodes[1]
    heap.nodes[1] = heap.nodes[heap.size]
    heap.size -= 1
    sink(heap, 1)
    return rarest


cdef inline void sink(Heap *heap, Py_ssize_t place) noexcept nogil:
    """Restore the heap below this place: `heapq._siftup`."""
    cdef Py_ssize_t top = place, child = 2 * place
    cdef Node *nodes = heap.nodes
    cdef Node sinking = nodes[place]
    while child < heap.size:
        cw2v_prefetch(&nodes[4 * child])  # for the iteration after the next
        child += not is_rarer(&nodes[child], &nodes[child + 1])
        nodes[place] = nodes[child]
        place = child
        child = 2 * place
    if child == heap.size:
        nodes[place] = nodes[child]
        place = child
    rise(heap, top, place, sinking)


cdef inline void rise(Heap *heap, Py_ssize_t top, Py_ssize_t place, Node rising) noexcept nogil:
    """Insert a node at this place, or move it up, at most to `top`: `heapq._siftdown`."""
    cdef Node *nodes = heap.nodes
    while place > top and is_rarer(&rising, &nodes[place >> 1]):
        nodes[place] = nodes[place >> 1]
        place >>= 1
    nodes[place] = rising


def write_paths(const uint32_t[::1] up not None):
    """Write the path from the root to each word.

    Parameters
    ----------
    up : ndarray of uint32, shape (2 * n_words - 2,)
        See `join`.

    Returns
    -------
    codes, points, starts : ndarray of uint8, int32 and int64
        See `cw2v.huffman.HuffmanTree`.
    """
    cdef Py_ssize_t n = up.shape[0] // 2 + 1, i
    cdef int32_t[::1] depths = np.empty(n - 1, np.int32)   # of inner nodes
    cdef int64_t[::1] starts = np.empty(n + 1, np.int64)
    with nogil:
        depths[n - 2] = 0
        for i in range(n - 3, -1, -1):
            depths[i] = depths[up[n + i] >> 1] + 1
        starts[0] = 0
        for i in range(n):
            starts[i + 1] = starts[i] + depths[up[i] >> 1] + 1
    cdef uint8_t[::1] codes = np.empty(starts[n], np.uint8)
    cdef int32_t[::1] points = np.empty(starts[n], np.int32)
    with nogil:
        for i in range(n):
            climb(&up[0], n, i, starts[i + 1] - starts[i], &codes[starts[i]], &points[starts[i]])
    return np.asarray(codes), np.asarray(points), np.asarray(starts)


cdef inline void climb(const uint32_t *up, Py_ssize_t n, Py_ssize_t word, Py_ssize_t depth,
                       uint8_t *code, int32_t *point) noexcept nogil:
    """Write a path of `depth` steps, the last one first."""
    cdef uint32_t step = up[word]
    while True:
        depth -= 1
        code[depth] = step & 1
        point[depth] = step >> 1
        if depth == 0:
            break
        step = up[n + (step >> 1)]
