"""Checks of the arguments of `Word2Vec`, made before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import GeneratorType

import numpy as np
from numpy.typing import NDArray

from cw2v.callbacks import CallbackAny2Vec
from cw2v.params import least_count, whole_number
from cw2v.sources import Source, is_open, parts_of


def check_counts(min_count: object, **limits: object) -> None:
    """Raise TypeError or ValueError unless each is None, a threshold or a number of words."""
    if min_count is not None:
        least_count("min_count", min_count)
    for name, value in limits.items():
        if value is not None:
            whole_number(name, value, 0)


def check_rule(trim_rule: object) -> None:
    """Raise TypeError unless it is None or callable."""
    if trim_rule is not None and not callable(trim_rule):
        raise TypeError(
            f"trim_rule must be callable with a word, its count and min_count, got {trim_rule!r}"
        )


def check_report(report: object) -> None:
    """Raise TypeError unless it is None or callable."""
    if report is not None and not callable(report):
        raise TypeError(f"report must be callable with a cw2v.Progress, got {report!r}")


def check_callbacks(callbacks: object) -> list[CallbackAny2Vec]:
    """Return the callbacks as a list; raise TypeError unless each has all four methods."""
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list of callbacks, got {callbacks!r}; put it in [ ]")
    given = list(callbacks)
    for callback in given:
        for name in ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"):
            if not callable(getattr(callback, name, None)):
                raise TypeError(
                    f"callbacks must be like cw2v.CallbackAny2Vec, but {callback!r} has no {name}"
                )
    return given


def check_finite(name: str, matrix: NDArray[np.float32], words: Sequence[object]) -> None:
    """Raise ValueError for the first row with a NaN or infinity: training would spread it."""
    with np.errstate(all="ignore"):
        bad = np.flatnonzero(~np.isfinite(matrix.sum(axis=1)))
    if len(bad):
        raise ValueError(
            f"{name} has a NaN, an infinity or numbers near it in {len(bad):,} rows, the first "
            f"is row {bad[0]}, {words[bad[0]]!r}: training would spread it to all words. Mend "
            "these rows, or build the vocabulary again"
        )


def check_source(sentences: object, corpus_file: object, passes: int) -> None:
    """Raise TypeError, in gensim's words, unless exactly one text is given and can be read."""
    if corpus_file is None and sentences is None:
        raise TypeError("Either one of corpus_file or corpus_iterable value must be provided")
    if corpus_file is not None and sentences is not None:
        raise TypeError(
            "Both corpus_file and corpus_iterable must not be provided at the same time"
        )
    if isinstance(sentences, GeneratorType) and passes > 1:
        raise TypeError(
            f"Using a generator as corpus_iterable can't support {passes} passes. "
            "Try a re-iterable sequence."
        )
    if sentences is not None and not isinstance(sentences, Iterable):
        raise TypeError(
            "The corpus_iterable must be an iterable of lists of strings, got "
            f"{type(sentences).__name__} instead"
        )


def check_text(n_words: int, corpus_file: Source | None, name: str) -> None:
    """Raise ValueError if no word was read from a text that can be read only once."""
    if n_words == 0 and corpus_file is not None and any(map(is_open, parts_of(corpus_file))):
        raise ValueError(
            f"{name} has no words: if build_vocab has read it, bring it back to its start "
            "(seek(0)), or give the path of a file, which is then read once for both"
        )
