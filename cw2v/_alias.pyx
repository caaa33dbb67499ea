# cython: boundscheck=False, wraparound=False, freethreading_compatible=True
"""The table of the alias method: the loop of `cw2v.noise.noise_table`."""

import numpy as np

from libc.stdint cimport uint32_t

cdef enum:
    ALWAYS = 0xFFFFFFFF


def alias_table(double[::1] weights not None):
    """Return the table that draws numbers below n in proportion to n weights (Vose 1991).

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        At least 0, of mean 1; overwritten.

    Returns
    -------
    ndarray of uint32, shape (n, 2)
        See `cw2v.noise.noise_table`.
    """
    cdef Py_ssize_t n = weights.shape[0], i, n_small = 0, n_large = 0
    cdef uint32_t[:, ::1] table = np.empty((n, 2), np.uint32)
    # Two stacks that grow towards each other: columns below the mean, and those above it.
    cdef uint32_t[::1] stacks = np.empty(n, np.uint32)
    cdef uint32_t low, high
    with nogil:
        for i in range(n):
            table[i, 0] = ALWAYS   # columns that the loop below leaves over are 1 but for rounding
            table[i, 1] = <uint32_t> i
            if weights[i] < 1:
                stacks[n_small] = <uint32_t> i
                n_small += 1
            elif weights[i] >= 1:
                n_large += 1
                stacks[n - n_large] = <uint32_t> i
        # Every column below the mean is filled up by one above it, which shrinks by as much.
        while n_small and n_large:
            n_small -= 1
            low, high = stacks[n_small], stacks[n - n_large]
            table[low, 0] = <uint32_t> (weights[low] * 4294967296.0)
            table[low, 1] = high
            weights[high] -= 1 - weights[low]
            if weights[high] < 1:
                n_large -= 1
                stacks[n_small] = high
                n_small += 1
    return np.asarray(table)
