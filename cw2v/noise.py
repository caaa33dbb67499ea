"""Counts to probabilities: which words are kept, which are drawn as noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

UINT32_MAX = np.iinfo(np.uint32).max
GOLDEN_SQUARED = (3 + math.sqrt(5)) / 2


def keep_thresholds(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint32]:
    """Return each word's chance to survive subsampling, in parts of 2**32 - 1.

    The formula of word2vec.c and gensim, which is not that of the paper: a word that makes
    up the part f of the text is kept with the probability sqrt(t / f) + t / f, at most 1.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word of the vocabulary occurs.
    sample : float, at least 0
        The threshold t; 0 keeps every word. From 1 up, it is a count instead of a part of
        the text, as in gensim.

    Returns
    -------
    ndarray of uint32, shape (n_words,)
        A word is kept where this is not below 32 random bits.
    """
    if sample == 0:
        return np.full(len(counts), UINT32_MAX, np.uint32)
    total = counts.sum()
    threshold = sample * total if sample < 1 else math.floor(min(sample, 1e30) * GOLDEN_SQUARED)
    with np.errstate(divide="ignore"):
        ratio = float(threshold) / counts
    return np.minimum((np.sqrt(ratio) + ratio) * UINT32_MAX, UINT32_MAX).astype(np.uint32)


def noise_table(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.uint32]:
    """Return a table that draws words in constant time, in proportion to count**ns_exponent.

    The alias method (Walker 1977; built as by Vose 1991): choose a row at random; its number
    is the word drawn where its column 0 is not below 32 random bits, else its column 1 is.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs, at least 1.
    ns_exponent : float
        0.75 in word2vec.c; 1 draws words as often as they occur, 0 all alike, below 0 rare
        ones more often.

    Returns
    -------
    ndarray of uint32, shape (n_words, 2)
        Probabilities are right to about 2**-32.
    """
    n = len(counts)
    # In logarithms, from the word most drawn, which then has weight 1: nothing overflows but
    # to weight 0.
    logs = np.log(counts.astype(np.float64))
    with np.errstate(over="ignore"):
        weight = np.exp((logs - (logs.max() if ns_exponent > 0 else logs.min())) * ns_exponent)
    scaled = weight * (n / weight.sum())  # mean 1

    accept = np.ones(n)
    alias = np.arange(n)
    # Every column below the mean is filled up by one above it, which shrinks by as much.
    small = np.flatnonzero(scaled < 1).tolist()
    large = np.flatnonzero(scaled >= 1).tolist()
    left = scaled.tolist()
    while small and large:
        low, high = small.pop(), large[-1]
        accept[low] = left[low]
        alias[low] = high
        left[high] -= 1 - left[low]
        if left[high] < 1:
            small.append(large.pop())
    # What is left over is 1 but for rounding.
    table = np.empty((n, 2), np.uint32)
    table[:, 0] = np.minimum(accept * 2.0**32, UINT32_MAX)
    table[:, 1] = alias
    return table
