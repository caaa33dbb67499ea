"""Every setting of a training run: its meaning, unit, range and source."""

from __future__ import annotations

import math
import numbers
import operator
import os
from dataclasses import dataclass
from typing import Any

WIDEST_WINDOW = 10_000
WIDEST_SPAN = 8  # centres of skip-gram that share noise words
MOST_CBOW_SPAN = 32  # the same of CBOW


@dataclass(frozen=True, kw_only=True)
class TrainParams:
    """What one training run is asked to do. Checked when made, before any memory is taken.

    Parameters
    ----------
    vector_size : int, 1 to 65,536
        K, the dimension of the vectors.
    sg : bool
        Skip-gram: each word around a centre predicts it. Else CBOW: their mean does.
    hs : bool
        Hierarchical softmax: predict the path to a word in a Huffman tree. With `negative`
        above 0 as well, both objectives are trained, one after the other for each window.
    cbow_mean : bool
        CBOW predicts from the mean of the vectors around the centre; else from their sum.
    corrected_cbow : bool
        Move each vector around the centre by its own gradient (Irsoy et al. 2021, arXiv
        2012.15332). Else as word2vec.c and gensim do: the gradient of the mean is added to each
        vector undivided, and that of the sum divided by their number.
    window : int, 1 to 10,000
        Largest distance, in words left by subsampling, from a centre word to its context.
    shrink_windows : bool
        Draw the radius of each window from 1..window, as word2vec.c does; else it is `window`.
    negative : int, 0 to 1,000
        Noise words that each pair is told from (Mikolov et al. 2013, section 2.2); 0, with `hs`,
        for no negative sampling.
    noise_span : int, 0 to 8, in CBOW 0 to 32
        How many centres share the noise words that are drawn for them: in skip-gram consecutive
        ones, in CBOW ones that are far from one another. 1 draws anew for each, as word2vec.c does
        for each pair. 0 chooses by the other settings, the size of the vocabulary and how much
        there is to train on. It has no effect with `hs`, where none share. See
        `cw2v.sharing.noise_span`.
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
        Threads. With 1, the result depends on `seed`, and on the CPU by rounding. With more,
        workers update the vectors without locks (Niu et al. 2011, Hogwild!), and two runs differ
        slightly.
    seed : int, at least 0
        Of the first vectors, and of all that is drawn while the text is read.
    batch_words : int, at least 1
        Words in the pieces of the corpus that workers take, a millionth of it at least; from
        one piece to the next the learning rate falls.
    compute_loss : bool
        Add up the loss, in float64.
    """

    vector_size: int = 100
    sg: bool = True
    hs: bool = False
    cbow_mean: bool = True
    corrected_cbow: bool = False
    window: int = 5
    shrink_windows: bool = True
    negative: int = 5
    noise_span: int = 0
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
        """Raise for the first setting that is out of range; keep all as Python's numbers."""
        whole: dict[str, tuple[int, int | None]] = {
            "vector_size": (1, 65_536),
            "window": (1, WIDEST_WINDOW),
            "negative": (0, 1_000),
            "noise_span": (0, WIDEST_SPAN if self.sg else MOST_CBOW_SPAN),
            "epochs": (1, 1_000_000),
            "workers": (1, 1_024),
            "seed": (0, None),
            "batch_words": (1, 1_000_000_000),
        }
        if isinstance(self.workers, int) and self.workers < 1:
            raise ValueError(
                f"workers must be 1 to 1,024, got {self.workers}: to use all CPUs, say "
                "workers=os.cpu_count()"
            )
        for name, (least, most) in whole.items():
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least, most))
        real = {"ns_exponent": -math.inf, "sample": 0.0, "alpha": 0.0, "min_alpha": 0.0}
        for name, above in real.items():
            object.__setattr__(self, name, _real(name, getattr(self, name), above))
        if self.alpha == 0:
            raise ValueError("alpha must be above 0, got 0: nothing would be learnt")
        if not self.hs and not self.negative:
            raise ValueError(
                "You must set either 'hs' or 'negative' to be positive for proper training. "
                "When both 'hs=0' and 'negative=0', there will be no training."
            )


def plain_int(value: Any) -> Any:
    """Return a whole number as int, also where it is a float, as gensim does.

    Anything else is returned as it is, for `whole_number` to refuse it by name.
    """
    if isinstance(value, numbers.Real) and math.isfinite(value) and value == math.floor(value):
        return math.floor(value)
    return value


def whole_number(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return the setting `name` as int; raise TypeError or ValueError unless it is in range."""
    bounds = f"at least {least:,}" if most is None else f"{least:,} to {most:,}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, {bounds}, got {value!r}") from None
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name} must be {bounds}, got {number:,}")
    return number


def least_count(name: str, value: Any) -> float:
    """Return a threshold for counts: int where it is whole, else float.

    Raises
    ------
    TypeError, ValueError
        It is no finite number, or below 0.
    """
    if not isinstance(value, numbers.Real) or not math.isfinite(value) or value % 1 == 0:
        return whole_number(name, plain_int(value), 0)
    if value < 0:
        raise ValueError(f"{name} must be at least 0, got {value}")
    return float(value)


def plain_number(name: str, value: Any) -> Any:
    """Return a number, be it infinite, as Python's own if it is NumPy's; else raise TypeError."""
    if not isinstance(value, numbers.Real) or value != value:  # NaN
        raise TypeError(f"{name} must be a number, got {value!r}")
    return value.item() if hasattr(value, "item") else value


def flag(name: str, value: Any) -> bool:
    """Return whether a setting is on; raise TypeError for a text, of which "0" would be on."""
    if isinstance(value, str | bytes):
        raise TypeError(f"{name} must be 0 or 1, or a bool, got {value!r}")
    return bool(value)


def _real(name: str, value: Any, least: float) -> float:
    bounds = "finite" if least == -math.inf else f"finite and at least {least:g}"
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, {bounds}, got {value!r}") from None
    if not math.isfinite(number) or number < least:
        raise ValueError(f"{name} must be {bounds}, got {number}")
    return number


def usable_cpus() -> int:
    """Count the CPUs this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
