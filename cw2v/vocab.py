"""Counts -> Vocabulary: the words that are trained, with ids by falling count."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Counted(Protocol):
    """What a vocabulary is built from: distinct words in order of first appearance."""

    @property
    def name(self) -> str:
        """What was read, for messages."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each word came, int64 of shape (n_distinct,)."""

    def words(self, indices: NDArray[np.int64] | None = None) -> list[Any]:
        """Return the words with these indices."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words that are trained; a word's id is its place here.

    Attributes
    ----------
    words : list of str
        (n_words,) by falling count. For a corpus of token lists, the tokens themselves.
    counts : ndarray
        int64 (n_words,), how often each word came.
    """

    words: list[Any]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[Any, int]:
        """The id of each word."""
        return {word: i for i, word in enumerate(self.words)}


def build_vocabulary(scanned: Counted, *, min_count: int = 5) -> Vocabulary:
    """Choose the words that come at least `min_count` times.

    Parameters
    ----------
    scanned : ScannedCorpus
    min_count : int, at least 0
        Rarer words are left out.

    Returns
    -------
    Vocabulary
        By falling count; of words with the same count the one that appeared last comes first,
        as in gensim.

    Raises
    ------
    RuntimeError
        No word is left, because the corpus is empty or `min_count` too high.
    ValueError
        `min_count` is negative.
    """
    min_count = _checked(min_count)
    counts = np.asarray(scanned.counts, dtype=np.int64)
    order = _by_falling_count(counts, min_count)
    if not len(order):
        commonest = scanned.words(np.argmax(counts, keepdims=True)) if len(counts) else []
        raise RuntimeError(_why_empty(scanned.name, counts, commonest, min_count))
    return Vocabulary(scanned.words(order), counts[order])


def vocabulary_from_counts(counts: Mapping[Any, int], *, min_count: int = 5) -> Vocabulary:
    """Choose words from counts made elsewhere; as `build_vocabulary`, in the mapping's order.

    Parameters
    ----------
    counts : mapping of word to int
        How often each word came, 0 to 2**63 - 1.
    min_count : int, at least 0

    Raises
    ------
    RuntimeError
        No word is left.
    ValueError, TypeError
        A count, or `min_count`, is negative or not a whole number.
    """
    min_count = _checked(min_count)
    words = list(counts)
    values: NDArray[np.int64] = np.empty(len(words), dtype=np.int64)
    for i, word in enumerate(words):
        try:
            count = operator.index(counts[word])
        except TypeError:
            raise TypeError(
                f"the count of {word!r} must be a whole number, got {counts[word]!r}"
            ) from None
        if not 0 <= count < 2**63:
            raise ValueError(f"the count of {word!r} must be 0 to 2**63 - 1, got {count}")
        values[i] = count
    order = _by_falling_count(values, min_count)
    if not len(order):
        commonest = [words[int(values.argmax())]] if words else []
        raise RuntimeError(_why_empty("the mapping", values, commonest, min_count))
    return Vocabulary([words[i] for i in order], values[order])


def _checked(min_count: int) -> int:
    try:
        checked = operator.index(min_count)
    except TypeError:
        raise TypeError(f"min_count must be a whole number, got {min_count!r}") from None
    if checked < 0:
        raise ValueError(f"min_count must be 0 or more, got {checked}")
    return checked


def _by_falling_count(counts: NDArray[np.int64], min_count: int) -> NDArray[np.int64]:
    """Order the words with enough occurrences; among equals the last to appear is first."""
    chosen = np.flatnonzero(counts >= min_count)
    return chosen[np.lexsort((-chosen, -counts[chosen]))]


def _why_empty(name: str, counts: NDArray[np.int64], commonest: list[Any], min_count: int) -> str:
    if not commonest:
        return f"no words in {name}: empty, or all white space, or read to its end before"
    return (
        f"no word occurs {min_count} times (min_count={min_count}) in {name}; the commonest of "
        f"{len(counts)} is {commonest[0]!r}, with {counts.max()}. Lower min_count, or check how "
        "the text is split."
    )
