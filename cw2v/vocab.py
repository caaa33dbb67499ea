"""Counts -> Vocabulary: the words that are trained, with ids by falling count."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cw2v.params import least_count, plain_int, whole_number

# What a rule may return for a word; gensim's numbers.
RULE_DEFAULT = 0  # min_count decides
RULE_DISCARD = 1
RULE_KEEP = 2

TrimRule: TypeAlias = Callable[[Any, int, Any], int]  # word, count, min_count (which may be 2.5)


class Counted(Protocol):
    """Anything a vocabulary can be built from: distinct words in order of first appearance."""

    @property
    def name(self) -> str:
        """The name of the text, for messages."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each word occurs, int64 of shape (n_distinct,)."""

    def words(self, indices: NDArray[np.int64] | None = None) -> list[Any]:
        """Return the words with these indices."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words that are trained; a word's id is its index here.

    Attributes
    ----------
    words : list of str
        (n_words,) by falling count. For a corpus of token lists, the tokens themselves.
    counts : ndarray
        int64 (n_words,), how often each word occurs.
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
    """Choose the words that occur at least `min_count` times.

    Parameters
    ----------
    scanned : ScannedCorpus, or anything `Counted`
    min_count : int, at least 0
        Rarer words are left out.

    Returns
    -------
    Vocabulary
        By falling count. Words with the same count are in the reverse order of first appearance,
        as in gensim.

    Raises
    ------
    RuntimeError
        No word is left, because the corpus is empty or `min_count` too high.
    ValueError
        `min_count` is negative.
    """
    choice = choose_words(scanned, whole_number("min_count", plain_int(min_count), 0))
    if not len(choice.rows):
        raise RuntimeError(why_empty(scanned, choice))
    order = by_falling_count(choice.counts)
    return Vocabulary(scanned.words(choice.rows[order]), choice.counts[order])


@dataclass(frozen=True, eq=False)
class Choice:
    """Which of the words counted are to be trained.

    Attributes
    ----------
    rows : ndarray
        int64 (n_words,), the indices of these words among the words counted, rising.
    counts : ndarray
        int64 (n_words,), how often they occur.
    min_count : int or float
        The lowest count that was kept, unless a rule decided otherwise.
    n_dropped, total_dropped : int
        How many words are left out, and the sum of their counts.
    by_rule : bool
        A rule was given.
    raised : bool
        `min_count` was raised, so that no more than `max_final_vocab` words are left.
    """

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    min_count: float
    n_dropped: int
    total_dropped: int
    by_rule: bool
    raised: bool

    @property
    def total(self) -> int:
        """The sum of the counts of the words chosen."""
        return int(self.counts.sum())


def choose_words(
    counted: Counted,
    min_count: float,
    *,
    max_final_vocab: int | None = None,
    trim_rule: TrimRule | None = None,
) -> Choice:
    """Choose by count, by number and by rule, as gensim does.

    Parameters
    ----------
    counted : Counted
    min_count : int or float, at least 0
        Rarer words are left out, unless `trim_rule` keeps them.
    max_final_vocab : int, at least 0, optional
        Raise `min_count` so far that at most so many words are left.
    trim_rule : callable, optional
        See `kept_by_rule`.
    """
    min_count = least_count("min_count", min_count)
    counts = np.asarray(counted.counts, dtype=np.int64)
    asked = min_count
    if max_final_vocab is not None:
        max_final_vocab = whole_number("max_final_vocab", plain_int(max_final_vocab), 0)
        if max_final_vocab < len(counts):
            # One more than the count of the first word too many: its ties are left out, too.
            most = np.partition(counts, -1 - max_final_vocab)[-1 - max_final_vocab]
            min_count = max(min_count, int(most) + 1)
        min_count = max(min_count, 1)
    if trim_rule is None:
        kept = counts >= min_count
    else:
        kept = kept_by_rule(counted.words(), counts, min_count, trim_rule)
    rows = np.flatnonzero(kept)
    return Choice(
        rows,
        counts[rows],
        min_count,
        len(counts) - len(rows),
        int(counts[~kept].sum()),
        by_rule=trim_rule is not None,
        raised=min_count > max(asked, 1),
    )


def kept_by_rule(
    words: list[Any], counts: NDArray[np.int64], min_count: float, trim_rule: TrimRule | None
) -> NDArray[np.bool_]:
    """Return which words a rule keeps, as gensim's `keep_vocab_item` does.

    Parameters
    ----------
    words : list
        (n_words,)
    counts : ndarray of int64, shape (n_words,)
    min_count : int or float
        Passed to the rule; it decides where the rule returns `RULE_DEFAULT`.
    trim_rule : callable or None
        Called with word, count and `min_count`; returns `RULE_DISCARD`, `RULE_KEEP` or
        `RULE_DEFAULT`.

    Returns
    -------
    ndarray of bool, shape (n_words,)
    """
    kept = counts >= min_count
    if trim_rule is not None:
        for row, (word, count) in enumerate(zip(words, counts.tolist(), strict=True)):
            answer = trim_rule(word, count, min_count)
            if answer == RULE_KEEP:
                kept[row] = True
            elif answer == RULE_DISCARD:
                kept[row] = False
    return kept


class CountedMapping:
    """Words that were counted elsewhere: a mapping of word to count, 0 to 2**63 - 1 in sum.

    Raises
    ------
    ValueError, TypeError
        A count is negative or not a whole number, or their sum is too large.
    """

    name = "the counts given"

    def __init__(self, counts: Mapping[Any, int]) -> None:
        if not isinstance(counts, Mapping):
            raise TypeError(
                "counts must be a mapping of word to number, such as a dict, "
                f"got {type(counts).__name__}"
            )
        self._words, values = list(counts), list(counts.values())
        if set(map(type, values)) != {int}:
            values = list(map(_as_count, self._words, values))
        if values and not 0 <= min(values) <= max(values) < 2**63:
            row = next(row for row, count in enumerate(values) if not 0 <= count < 2**63)
            raise ValueError(
                f"the count of {self._words[row]!r} must be 0 to 2**63 - 1, got {values[row]}"
            )
        if sum(values) >= 2**63:
            raise ValueError(
                f"the sum of all counts must be below 2**63, got {sum(values)}: divide them all by "
                "the same number"
            )
        self.counts: NDArray[np.int64] = np.array(values, dtype=np.int64)

    def words(self, indices: NDArray[np.int64] | None = None) -> list[Any]:
        """Return the words with these indices, or all, in the order of the mapping."""
        return self._words if indices is None else [self._words[i] for i in indices]


def by_falling_count(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows by falling count; equal counts by falling row, as in gensim."""
    rows = np.arange(len(counts))
    bits = len(counts).bit_length()
    if not len(counts) or int(counts.max()) >> (63 - bits):
        return np.lexsort((-rows, -counts))
    # Sorting numbers of count and row together is four times as fast.
    both = counts << bits | rows
    both.sort()
    return both[::-1] & ((1 << bits) - 1)


def why_empty(counted: Counted, choice: Choice) -> str:
    """Return the message that says why no word is left."""
    n = len(counted.counts)
    if not n:
        return f"no words in {counted.name}: empty, or all white space, or read to its end before"
    commonest = counted.words(np.argmax(counted.counts, keepdims=True))[0]
    if choice.by_rule:
        return (
            f"trim_rule and min_count={choice.min_count} leave none of the {n} words in "
            f"{counted.name}; the commonest is {commonest!r}, with {counted.counts.max()}"
        )
    if choice.raised:
        return (
            f"max_final_vocab is too small: of the {n} words in {counted.name} more than that "
            f"occur {choice.min_count - 1} times, as the commonest, {commonest!r}. Raise it"
        )
    return (
        f"no word occurs {choice.min_count} times (min_count={choice.min_count}) in "
        f"{counted.name}; the commonest of {n} is {commonest!r}, with {counted.counts.max()}. "
        "Lower min_count, or check how the text is split."
    )


def _as_count(word: Any, value: Any) -> int:
    try:
        return operator.index(plain_int(value))
    except TypeError:
        raise TypeError(f"the count of {word!r} must be a whole number, got {value!r}") from None
