"""Sentences -> how often each word and phrase comes, as `Phrases` needs it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._keytable import KeyTable, PruningCounter
from cw2v._pairs import PairCounter
from cw2v.corpus import ScannedCorpus
from cw2v.readers import scan_corpus

MOST_WORKERS = 4  # each goes through the whole text, and counts its share


@dataclass(frozen=True)
class PhraseCounts:
    """What was counted.

    Attributes
    ----------
    table : KeyTable
        How often each word that is no connector, and each phrase, came.
    min_reduce : int
        1, and one more for each time that rare ones were dropped.
    n_tokens : int
        All words of the text, connectors included.
    """

    table: KeyTable
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
        Read once; by threads if it is one of our readers.
    delimiter : str
        Joins the words of a phrase.
    connector_words : collection of str
        Not counted, and no part of a phrase but between its two words.
    max_vocab_size : number
        After a sentence with which there are more words and phrases, rare ones are dropped,
        with just the same result as gensim's.
    workers : int, optional
        Threads; by default as many as there are CPUs, 4 at most. The result does not depend
        on it.

    Raises
    ------
    TypeError
        A token is no str.
    """
    if workers is None:
        workers = min(_cpus(), MOST_WORKERS)
    scanned = scan_corpus(sentences, workers=workers)
    try:
        arena, offsets = scanned.utf8()
        words = scanned.words()
        is_connector = np.fromiter(
            (word in connector_words for word in words), dtype=np.uint8, count=len(words)
        )
        raw = delimiter.encode("utf-8", "surrogatepass")
        table = _all_counts(scanned, arena, offsets, is_connector, raw, max_vocab_size, workers)
        min_reduce = 1
        if table is None:
            pruning = PruningCounter(arena, offsets, is_connector, raw, int(max_vocab_size))
            from_files = hasattr(sentences, "_cw2v_scan")  # which give no empty sentences
            for ids, breaks, to_corpus, is_first in scanned.pieces():
                pruning.count(ids, breaks, to_corpus, is_first, not from_files)
            pruning.end_sentence()
            table, min_reduce = pruning.table, pruning.min_reduce
        return PhraseCounts(table, min_reduce, scanned.n_raw_tokens)
    finally:
        scanned.close()


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _all_counts(
    scanned: ScannedCorpus,
    arena: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    is_connector: NDArray[np.uint8],
    delimiter: bytes,
    most: float,
    workers: int,
) -> KeyTable | None:
    """Count everything; None if there are more than `most` words and phrases."""
    counters = [PairCounter(is_connector, share, workers) for share in range(workers)]

    def count(counter: PairCounter) -> None:
        for ids, breaks, to_corpus, is_first in scanned.pieces():
            counter.count(ids, breaks, to_corpus, is_first)

    if workers == 1:
        count(counters[0])
    else:
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(count, counters):
                pass
    n_words = len(is_connector) - int(is_connector.sum())
    if n_words + sum(map(len, counters)) > most:
        return None
    scanned.close()  # makes room
    for counter in counters:
        counter.finish()
    table = KeyTable()
    if n_words:
        table.add_phrases(arena, offsets, scanned.counts, counters, delimiter)
    return table


def table_of(counts: dict[Any, Any]) -> KeyTable | None:
    """Put a dict of counts into a table; None if a word is no str, or a count no whole number."""
    if not all(
        isinstance(word, str) and isinstance(count, int) and abs(count) < 2**62
        for word, count in counts.items()
    ):
        return None
    table = KeyTable()
    table.add_items(counts.keys(), counts.values())
    return table
