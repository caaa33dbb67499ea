"""The loss of skip-gram with negative sampling on a fixed sample of pairs, for any vectors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Pairs:
    """Pairs of a context word and a centre word, with noise words for each.

    Parameters
    ----------
    context, centre : ndarray
        int64 of shape (n_pairs,), rows of W, and rows of W' that they should predict.
    noise : ndarray
        int64 of shape (n_pairs, negative), rows of W' drawn by count to the power of 0.75.
    """

    context: np.ndarray
    centre: np.ndarray
    noise: np.ndarray


def draw_pairs(
    text: Path, words: list[str], *, sample: float, window: int, negative: int, n_pairs: int
) -> Pairs:
    """Draw pairs from a text as word2vec does: subsampled, in windows of random radius.

    Parameters
    ----------
    words : list of str
        The vocabulary, by row; all other words are taken out of the text first.
    sample : float
        Of the subsampling of common words, 0 for none.
    """
    rng = np.random.default_rng(0)
    place = {word: i for i, word in enumerate(words)}
    with text.open(encoding="utf-8", errors="ignore") as lines:
        sentences = [[place[w] for w in line.split() if w in place] for line in lines]
    number = Counter(word for sentence in sentences for word in sentence)
    counts = np.array([number[i] for i in range(len(words))], dtype=np.float64)
    threshold = sample * counts.sum()
    keep = (np.sqrt(counts / threshold) + 1) * threshold / counts if sample else counts * 0 + 1
    found: list[tuple[int, int]] = []
    for sentence in sentences:
        ids = np.array(sentence, dtype=np.int64)
        ids = ids[rng.random(len(ids)) < keep[ids]]
        for at, radius in enumerate(rng.integers(1, window + 1, len(ids))):
            others = range(max(0, at - radius), min(len(ids), at + radius + 1))
            found += [(int(ids[other]), int(ids[at])) for other in others if other != at]
    chosen = np.array(found)[rng.choice(len(found), min(n_pairs, len(found)), replace=False)]
    shares = counts**0.75 / (counts**0.75).sum()
    noise = rng.choice(len(words), (len(chosen), negative), p=shares)
    return Pairs(chosen[:, 0], chosen[:, 1], noise)


def loss_per_pair(w: np.ndarray, w_out: np.ndarray, pairs: Pairs) -> float:
    """Return the mean over the pairs of -log s(x.y) - sum log s(-x.n), s the sigmoid.

    x is a row of W, y the centre's of W', n those of the noise words. A noise word that is the
    centre does not count, as in word2vec.
    """
    x, rows = w[pairs.context].astype(np.float64), w_out.astype(np.float64)
    loss = np.logaddexp(0, -(x * rows[pairs.centre]).sum(axis=1))
    for noise in pairs.noise.T:
        loss += np.where(noise == pairs.centre, 0, np.logaddexp(0, (x * rows[noise]).sum(axis=1)))
    return float(loss.mean())
