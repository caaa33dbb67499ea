"""gensim's `max_vocab_size`: a ScannedCorpus counted with a limit on the number of words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._prune import WordPruner
from cw2v.corpus import ScannedCorpus
from cw2v.vocab import TrimRule, kept_by_rule


class PrunedCounts:
    """The words that gensim's `max_vocab_size` leaves, with the counts that gensim has.

    Attributes
    ----------
    counts : ndarray
        int64 (n_words,).
    name : str
        The name of the text, for messages.
    """

    def __init__(
        self, scanned: ScannedCorpus, ids: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> None:
        self.name = scanned.name
        self.counts = counts
        self._scanned = scanned
        self._ids = ids

    def words(self, indices: NDArray[np.int64] | None = None) -> list[Any]:
        """Return the words with these indices, or all, in the order of gensim's table."""
        return self._scanned.words(self._ids if indices is None else self._ids[indices])


def count_with_limit(
    scanned: ScannedCorpus,
    max_vocab_size: int,
    *,
    trim_rule: TrimRule | None = None,
    empty_after: Iterable[int] = (),
) -> PrunedCounts:
    """Count as gensim does with `max_vocab_size`, word for word.

    gensim checks its table after each sentence. If it holds more than `max_vocab_size` words,
    those with a count of less than n are dropped; n is 1 the first time and grows by 1 each time.
    This function does the same on the text in provisional ids. It limits the vocabulary, as in
    gensim, but not the memory that reading takes.

    Parameters
    ----------
    scanned : ScannedCorpus
        Neither encoded nor closed.
    max_vocab_size : int, at least 1
    trim_rule : callable, optional
        Called with word, count and n for each word in the table; see `kept_by_rule`.
    empty_after : iterable of int
        See `EmptySentences`.
    """
    n = len(scanned)
    counter = WordPruner(n, min(max_vocab_size, n), np.fromiter(empty_after, np.int64))
    by_rule = trim_rule is not None

    def prune() -> None:
        ids, counts = counter.words()
        words = scanned.words(ids.astype(np.int64))
        stays = kept_by_rule(words, counts, counter.min_reduce, trim_rule)
        counter.prune(stays.astype(np.uint8))

    for piece in scanned.pieces():
        ids, ends = piece.ids, piece.breaks
        if piece.to_corpus is not None:
            ids = piece.to_corpus[ids]
        if piece.is_first:
            ends = np.insert(ends, 0, 0)
        place, end, full = counter.add(ids, 0, ends, 0, by_rule)
        while full:
            prune()
            place, end, full = counter.add(ids, place, ends, end, by_rule)
    while counter.finish(by_rule):
        prune()
    ids, counts = counter.words()
    return PrunedCounts(scanned, ids.astype(np.int64), counts)


class EmptySentences:
    """Iterates over sentences and records where empty ones were.

    They are not in the encoded text, but gensim checks its table after them as well.

    Attributes
    ----------
    after : list of int
        For each empty sentence, the number of sentences with words before it.
    """

    def __init__(self, sentences: Iterable[Iterable[Hashable]]) -> None:
        self.after: list[int] = []
        self._sentences = sentences

    def __iter__(self) -> Iterator[Iterable[Hashable]]:
        """Yield the sentences; one without a length is made a list."""
        n = 0
        for given in self._sentences:
            sentence = given
            if not isinstance(sentence, Sized) and isinstance(sentence, Iterable):
                sentence = list(sentence)
            if isinstance(sentence, Sized) and len(sentence) == 0:
                self.after.append(n)
            else:
                n += 1
            yield sentence
