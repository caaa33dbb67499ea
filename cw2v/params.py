"""Every setting of a training run: its meaning, unit, range and source."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TrainParams:
    """What one training run is asked to do. Checked when made, before any memory is taken.

    Parameters
    ----------
    vector_size : int, 1 to 65,536
        K, the dimension of the vectors.
    window : int, 1 to 10,000
        Largest distance, in words left by subsampling, from a centre word to its context.
    shrink_windows : bool
        Draw the reach of each centre from 1..window, as word2vec.c does; else it is `window`.
    negative : int, 1 to 1,000
        Noise words drawn for each window (Mikolov et al. 2013, section 2.2).
    ns_exponent : float, finite
        Noise words are drawn in proportion to count**ns_exponent; 0.75 in word2vec.c.
    sample : float, at least 0
        Subsampling threshold, as a part of the text; 0 keeps every word; from 1 up, a count.
        See `cw2v.noise.keep_thresholds`.
    alpha, min_alpha : float, above 0 and at least 0
        Learning rate at the start of the first epoch and at the end of the last; it falls
        linearly with the words read.
    epochs : int, at least 1
        Passes over the corpus.
    workers : int, 1 to 1,024
        Threads. With 1, the result depends on `seed` alone. With more, workers update the
        vectors without locks (Niu et al. 2011, Hogwild!), and two runs differ slightly.
    seed : int, at least 0
        Of the first vectors, and of each worker's random numbers.
    batch_words : int, at least 1
        Words in the pieces of the corpus that workers take; from one piece to the next the
        learning rate falls.
    compute_loss : bool
        Add up the loss, in float64.
    """

    vector_size: int = 100
    window: int = 5
    shrink_windows: bool = True
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-3
    alpha: float = 0.025
    min_alpha: float = 0.0001
    epochs: int = 5
    workers: int = 3
    seed: int = 1
    batch_words: int = 10_000
    compute_loss: bool = False

    def __post_init__(self) -> None:
        """Raise for the first setting that is out of range."""
        _whole("vector_size", self.vector_size, 1, 65_536)
        _whole("window", self.window, 1, 10_000)
        _whole("negative", self.negative, 1, 1_000)
        _whole("epochs", self.epochs, 1, 1_000_000)
        _whole("workers", self.workers, 1, 1_024)
        _whole("seed", self.seed, 0, None)
        _whole("batch_words", self.batch_words, 1, 1_000_000_000)
        _real("ns_exponent", self.ns_exponent, -math.inf)
        _real("sample", self.sample, 0.0)
        _real("alpha", self.alpha, 0.0)
        _real("min_alpha", self.min_alpha, 0.0)
        if self.alpha == 0:
            raise ValueError("alpha must be above 0, got 0: nothing would be learnt")


def _whole(name: str, value: Any, least: int, most: int | None) -> None:
    bounds = f"at least {least:,}" if most is None else f"{least:,} to {most:,}"
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, {bounds}, got {value!r}") from None
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name} must be {bounds}, got {value:,}")


def _real(name: str, value: Any, least: float) -> None:
    bounds = "finite" if least == -math.inf else f"finite and at least {least:g}"
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, {bounds}, got {value!r}") from None
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{name} must be {bounds}, got {value}")
