"""Sentences -> counts of words and phrases, as `Phrases` needs them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._keytable import KeyTable, PhrasePruner
from cw2v._pairs import PairCounter
from cw2v.corpus import ScannedCorpus
from cw2v.jobs import run_jobs
from cw2v.params import usable_cpus
from cw2v.readers import scan_corpus
from cw2v.reading import Reading

MOST_WORKERS = 4  # each reads the whole text, and counts its share of the phrases


@dataclass(frozen=True, eq=False)
class CountedPairs:
    """Words and phrases with their counts, by word ids, without the texts of the phrases.

    Attributes
    ----------
    utf8, offsets : ndarray
        The words' text, uint8, and where each begins and ends, int64 (n_words + 1,).
    counts : ndarray
        int64 (n_words,), how often each word occurs.
    counters : list of PairCounter
        The counters of the phrases, each of which is in one of them; finished.
    delimiter : bytes
        Joins the words of a phrase.
    n_connectors : int
        The number of words that are connectors, which are not counted.
    """

    utf8: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    counters: list[PairCounter]
    delimiter: bytes
    n_connectors: int

    def __len__(self) -> int:
        return len(self.counts) - self.n_connectors + sum(map(len, self.counters))

    def as_table(self) -> KeyTable:
        """Return a table of them by their text."""
        table = KeyTable()
        if len(self):
            table.add_phrases(self.utf8, self.offsets, self.counts, self.counters, self.delimiter)
        return table

    def is_unambiguous(self) -> bool:
        """Return whether their texts are all different: no word has a part of the delimiter."""
        text = self.utf8.tobytes()
        characters = {c.encode("utf-8", "surrogatepass") for c in _decoded(self.delimiter)}
        return bool(characters) and not any(c in text for c in characters)


class Keys:
    """Words and phrases with their counts; the table by text is made on first use.

    Parameters
    ----------
    counted : KeyTable or CountedPairs
    """

    def __init__(self, counted: KeyTable | CountedPairs) -> None:
        self._counted = counted
        if isinstance(counted, CountedPairs) and not counted.is_unambiguous():
            self._counted = counted.as_table()

    def __len__(self) -> int:
        return len(self._counted)

    @property
    def pairs(self) -> CountedPairs | None:
        """The counts by ids; None once `table` was used."""
        return self._counted if isinstance(self._counted, CountedPairs) else None

    @property
    def table(self) -> KeyTable:
        """The counts by text."""
        if isinstance(self._counted, CountedPairs):
            self._counted = self._counted.as_table()
        return self._counted


@dataclass(frozen=True)
class PhraseCounts:
    """The result of `count_phrases`.

    Attributes
    ----------
    keys : Keys
        The counts of the words that are not connectors, and of the phrases.
    min_reduce : int
        1, plus the number of times that rare ones were dropped.
    n_tokens : int
        All words of the text, connectors included.
    """

    keys: Keys
    min_reduce: int
    n_tokens: int


def count_phrases(
    sentences: Iterable[Iterable[str]],
    *,
    delimiter: str,
    connector_words: Collection[str],
    max_vocab_size: float,
    workers: int | None = None,
) -> PhraseCounts:
    """Count words, and phrases of two words with connectors between them.

    Parameters
    ----------
    sentences : iterable of iterables of str
        Read once; by threads if it is a reader of `cw2v.readers`.
    delimiter : str
        Joins the words of a phrase.
    connector_words : collection of str
        Not counted, and part of a phrase only between its two words.
    max_vocab_size : number
        After a sentence that leaves more words and phrases than this, rare ones are dropped,
        exactly as in gensim.
    workers : int, optional
        Threads; by default as many as there are CPUs, at most 4. The result does not depend
        on their number.

    Raises
    ------
    TypeError
        A token is not a str.
    """
    if workers is None:
        workers = min(usable_cpus(), MOST_WORKERS)
    scanned = scan_corpus(sentences, Reading(workers=workers))
    try:
        arena, offsets = scanned.utf8()
        words = scanned.words()
        is_connector = np.fromiter(
            (word in connector_words for word in words), dtype=np.uint8, count=len(words)
        )
        raw = delimiter.encode("utf-8", "surrogatepass")
        counters = _count_pairs(scanned, is_connector, workers)
        n_connectors = int(is_connector.sum())
        pairs = CountedPairs(arena, offsets, scanned.counts, counters, raw, n_connectors)
        if len(pairs) <= max_vocab_size:
            scanned.close()  # frees its memory
            for counter in counters:
                counter.finish()
            return PhraseCounts(Keys(pairs), 1, scanned.n_raw_tokens)
        pruning = PhrasePruner(arena, offsets, is_connector, raw, int(max_vocab_size))
        from_files = hasattr(sentences, "_cw2v_scan")  # readers, which have no empty sentences
        for ids, breaks, to_corpus, is_first in scanned.pieces():
            pruning.count(ids, breaks, to_corpus, is_first, not from_files)
        pruning.end_sentence()
        return PhraseCounts(Keys(pruning.table), pruning.min_reduce, scanned.n_raw_tokens)
    finally:
        scanned.close()


def _decoded(delimiter: bytes) -> str:
    return delimiter.decode("utf-8", "surrogatepass")


def _count_pairs(
    scanned: ScannedCorpus, is_connector: NDArray[np.uint8], workers: int
) -> list[PairCounter]:
    """Count in threads: each reads the whole text, and counts its share of the phrases."""
    counters = [PairCounter(is_connector, share, workers) for share in range(workers)]
    stopped = threading.Event()

    def count(counter: PairCounter) -> None:
        for ids, breaks, to_corpus, is_first in scanned.pieces():
            if stopped.is_set():
                return
            counter.count(ids, breaks, to_corpus, is_first)

    for _ in run_jobs(counters, count, workers=workers, most_waiting=workers, at_end=stopped.set):
        pass
    return counters


def table_of(counts: dict[Any, Any]) -> KeyTable | None:
    """Return a table of a dict of counts; None unless all words are str and all counts int."""
    if not all(
        isinstance(word, str) and isinstance(count, int) and abs(count) < 2**62
        for word, count in counts.items()
    ):
        return None
    table = KeyTable()
    table.add_items(counts.keys(), counts.values())
    return table
