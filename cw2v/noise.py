"""Counts to probabilities: of keeping a word in subsampling, of drawing it as a noise word."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cw2v._alias import alias_table

UINT32_MAX = np.iinfo(np.uint32).max


def keep_probabilities(
    counts: NDArray[np.int64], sample: float, total: int | None = None
) -> NDArray[np.float64]:
    """Return the probability that subsampling keeps each word, as in word2vec.c and gensim.

    The formula differs from that of the paper (Mikolov et al. 2013, eq. 5): a word of the relative
    frequency f is kept with the probability sqrt(t / f) + t / f, at most 1.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word of the vocabulary occurs.
    sample : float, at least 0
        The threshold t; 0 keeps every word. From 1 up, it is a count instead of a relative
        frequency, as in gensim.
    total : int, optional
        Words in the text; the sum of `counts` unless given.

    Returns
    -------
    ndarray of float64, shape (n_words,)
    """
    if sample == 0 or not len(counts):
        return np.ones(len(counts))
    if total is None:
        total = int(counts.sum())
    # As gensim computes it, to the last bit.
    threshold = sample * total
    if sample >= 1:
        threshold = math.floor(min(sample, 1e30) * (3 + math.sqrt(5)) / 2)
    with np.errstate(all="ignore"):  # a word that never occurs is kept
        chance = (np.sqrt(counts / float(threshold)) + 1) * (float(threshold) / counts)
    kept: NDArray[np.float64] = np.where(counts > 0, np.minimum(chance, 1.0), 1.0)
    return kept


def keep_thresholds(
    counts: NDArray[np.int64], sample: float, total: int | None = None
) -> NDArray[np.uint32]:
    """Return `keep_probabilities` times 2**32 - 1, rounded down: gensim's `sample_int`.

    Returns
    -------
    ndarray of uint32, shape (n_words,)
        A word is kept where this is not below 32 random bits.
    """
    return (keep_probabilities(counts, sample, total) * UINT32_MAX).astype(np.uint32)


def cumulative_table(
    counts: NDArray[np.int64], ns_exponent: float, domain: int = 2**31 - 1
) -> NDArray[np.uint32]:
    """Return gensim's table of noise words, for users' code; training uses `noise_table`.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs; one that never does is never drawn.
    ns_exponent : float
        See `noise_table`.
    domain : int, 1 to 2**32 - 1
        The last entry.

    Returns
    -------
    ndarray of uint32, shape (n_words,)
        The word to draw is the first whose entry is not below a random number up to `domain`.
    """
    with np.errstate(all="ignore"):
        weights = counts.astype(np.float64) ** float(ns_exponent)
    weights[counts == 0] = 0.0
    if not np.isfinite(weights).all() or not weights.any():
        weights = _relative_weights(counts, ns_exponent)
    sums = np.add.accumulate(weights)  # in order, so that it rounds as gensim's does
    return np.rint(sums / sums[-1:] * domain).astype(np.uint32)


def _relative_weights(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.float64]:
    """Return count**ns_exponent divided by the greatest, which avoids overflow.

    Words that never occur have the weight 0, unless that is true of all: then all have 1.
    """
    occurs = counts > 0
    if not occurs.any():
        return np.ones(len(counts))
    logs = np.log(np.where(occurs, counts, 1).astype(np.float64))
    with np.errstate(over="ignore"):
        most = logs[occurs].max() if ns_exponent > 0 else logs[occurs].min()
        weights: NDArray[np.float64] = np.exp((logs - most) * ns_exponent)
    weights[~occurs] = 0.0
    return weights


def noise_table(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.uint32]:
    """Return a table that draws words in constant time, in proportion to count**ns_exponent.

    The alias method (Walker 1977; built as by Vose 1991): choose a row at random; the word drawn
    is its index if its column 0 is at least 32 random bits, else its column 1.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs; one that never does is never drawn.
    ns_exponent : float
        0.75 in word2vec.c; 1 draws words as often as they occur, 0 uniformly, and a negative
        exponent rare words more often.

    Returns
    -------
    ndarray of uint32, shape (n_words, 2)
        Probabilities are exact to about 2**-32.
    """
    n = len(counts)
    weight = _relative_weights(counts, ns_exponent)
    return alias_table(weight * (n / weight.sum()))


def noise_probabilities(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.float64]:
    """Return the distribution of `noise_table`, with its parameters: float64 of (n_words,)."""
    weights = _relative_weights(counts, ns_exponent)
    weights /= weights.sum()
    return weights
