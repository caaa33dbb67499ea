"""Sources -> ScannedCorpus (provisional ids, counts); with a Vocabulary -> EncodedCorpus (ids)."""

from __future__ import annotations

import logging
import operator
import os
from collections.abc import Hashable, Iterable, Iterator, Sized
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v._encode import CHECK, keep_known
from cw2v._tokens import TokenEncoder
from cw2v.chunks import (
    SEGMENT_IDS,
    IdsInFile,
    IdsInPlace,
    IdStore,
    IdWriter,
    Piece,
)
from cw2v.names import Names, TextNames, TokenNames
from cw2v.progress import ReadProgress, Report
from cw2v.reading import Reading, UnicodeErrors
from cw2v.scan import BadText, Scan, merge
from cw2v.sentences import SentenceStarts, count_sentences, cut_lines, cut_stream
from cw2v.sources import Source, TextInput, find_inputs
from cw2v.vocab import Vocabulary

__all__ = [
    "BadText",
    "EncodedCorpus",
    "ScannedCorpus",
    "scan_files",
    "scan_inputs",
    "scan_sentences",
]

logger = logging.getLogger(__name__)

TOKENS_AT_A_TIME = 1 << 16  # of a Python iterable, between two reports


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """A corpus as ids of a vocabulary.

    Attributes
    ----------
    ids : ndarray
        int32 (n_tokens,), the words in the vocabulary, in the order of the text. Where they
        exceed the memory budget, an unnamed temporary file, memory-mapped and read-only.
    starts : ndarray
        int64 (n_sentences + 1,); sentence i is ``ids[starts[i]:starts[i + 1]]``. Strictly
        rising from 0 to n_tokens: sentences of which nothing is left are dropped.
    n_raw_tokens, n_raw_sentences : int
        Of the text, before any word was dropped.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    n_raw_tokens: int
    n_raw_sentences: int

    @property
    def n_tokens(self) -> int:
        """How many ids there are."""
        return len(self.ids)

    @property
    def n_sentences(self) -> int:
        """How many sentences there are."""
        return len(self.starts) - 1


@dataclass(slots=True)
class _Part:
    """One piece of provisional ids, with its input and its worker."""

    text: int  # which input; the end of an input ends a sentence
    piece: Piece
    worker: int  # the worker that wrote them, whose ids they are


class RawPiece(NamedTuple):
    """Consecutive provisional ids of one input."""

    ids: NDArray[np.int32]
    breaks: NDArray[np.int32]  # the number of ids before each sentence end, rising
    to_corpus: NDArray[np.int32] | None  # the corpus's id for each of them; None: the same
    is_first: bool  # of its input, so that a sentence ended before it


class ScannedCorpus:
    """A corpus that was read once: its distinct words, their counts, and its provisional ids.

    Attributes
    ----------
    counts : ndarray
        int64 (n_distinct,), in order of first appearance.
    n_raw_tokens, n_raw_sentences : int
        Tokens and sentences read. In a text file, lines without a word do not count; in an
        iterable, empty sentences do, as in gensim.
    name : str
        What was read, for messages.
    """

    def __init__(
        self,
        name: str,
        counts: NDArray[np.int64],
        n_raw_sentences: int,
        names: Names,
        parts: list[_Part],
        to_corpus: list[NDArray[np.int32] | None],
        store: IdStore,
    ) -> None:
        self.name = name
        self.counts = counts
        self.n_raw_tokens = int(counts.sum())
        self.n_raw_sentences = int(n_raw_sentences)
        self._names = names
        self._parts: list[_Part] | None = parts
        self._to_corpus = to_corpus  # by worker, the corpus's id for each of its own; None: same
        self._store = store

    def __len__(self) -> int:
        return len(self.counts)

    def words(self, indices: NDArray[np.int64] | None = None) -> list[Any]:
        """Return the distinct words, in order of first appearance, or those with these ids.

        Parameters
        ----------
        indices : ndarray of int64, optional
            Each 0 to ``len(self) - 1``.

        Returns
        -------
        list
            str, or for `scan_sentences` the tokens themselves.
        """
        if indices is None:
            indices = np.arange(len(self), dtype=np.int64)
        return self._names.words(np.ascontiguousarray(indices, dtype=np.int64))

    def cut_lines(self, longest: int) -> None:
        """Cut longer sentences after each `longest` words, as `LineSentence` does."""
        parts = self._kept_parts()
        cut_lines(_pieces(parts), longest)
        self.n_raw_sentences = count_sentences(_pieces(parts))

    def cut_stream(self, longest: int, n_tail: int) -> None:
        """Cut the text after each `longest` words, whatever the lines, as `Text8Corpus` does.

        The last `n_tail` words are not cut.
        """
        parts = self._kept_parts()
        cut_stream(_pieces(parts), longest, n_tail)
        self.n_raw_sentences = count_sentences(_pieces(parts))

    def pieces(self) -> Iterator[RawPiece]:
        """Yield the provisional ids in the order of the text."""
        text = -1
        for part in self._kept_parts():
            ids, breaks = self._store.ids_of(part.piece), part.piece.breaks
            yield RawPiece(ids, breaks, self._to_corpus[part.worker], part.text != text)
            text = part.text

    def utf8(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the distinct words' UTF-8, one after the other, and where each begins and ends.

        Raises
        ------
        TypeError
            A token is not a str.
        """
        return self._names.utf8()

    def _kept_parts(self) -> list[_Part]:
        if self._parts is None:
            raise RuntimeError("this corpus was encoded or closed already; scan it again")
        return self._parts

    def encode(self, vocabulary: Vocabulary) -> EncodedCorpus:
        """Translate the provisional ids to ids. This frees them, so it is possible only once.

        Parameters
        ----------
        vocabulary : Vocabulary
            Built from this corpus or another. Tokens that are not in it are dropped, and so are
            sentences of which no word is left.

        Raises
        ------
        RuntimeError
            The corpus was already encoded or closed.
        OSError
            The ids exceed the memory budget, and the disk is full.
        """
        parts, self._parts = self._kept_parts(), None
        try:
            return self._encode(parts, vocabulary)
        finally:
            self._store.close()

    def _encode(self, parts: list[_Part], vocabulary: Vocabulary) -> EncodedCorpus:
        to_word = self._ids_in(vocabulary)
        n_tokens = int(self.counts[to_word >= 0].sum())
        by_worker = [to_word if ids is None else to_word[ids] for ids in self._to_corpus]
        fits = n_tokens < len(self._store.memory)
        new_ids: type[IdsInPlace | IdsInFile] = IdsInPlace if fits else IdsInFile
        starts = SentenceStarts(self.n_raw_sentences)
        text = -1
        with closing(new_ids(self._store, [part.piece for part in parts])) as new:
            for number, part in enumerate(parts):
                if part.text != text:
                    starts.end_sentence()
                    text = part.text
                breaks = part.piece.breaks
                ends: NDArray[np.int64] = np.empty(len(breaks), dtype=np.int64)
                old, room = new.read(number)
                n_kept = keep_known(old, breaks, by_worker[part.worker], room, ends)
                new.commit(n_kept)
                starts.add(ends, n_kept)
            starts.end_sentence()
            return EncodedCorpus(
                new.as_array(), starts.as_array(), self.n_raw_tokens, self.n_raw_sentences
            )

    def _ids_in(self, vocabulary: Vocabulary) -> NDArray[np.int32]:
        """Return the id in a vocabulary of each distinct word; -1 for words not in it."""
        ids: NDArray[np.int32] = np.full(len(self), -1, dtype=np.int32)
        found = self._names.find(vocabulary.words)
        known = np.flatnonzero(found >= 0)
        ids[found[known]] = known
        return ids

    def close(self) -> None:
        """Free the provisional ids; `words` and `counts` stay."""
        self._parts = None
        self._store.close()


def scan_files(
    source: Source,
    *,
    workers: int = 1,
    memory_budget: int | None = None,
    unicode_errors: UnicodeErrors = "strict",
    report: Report | None = None,
) -> ScannedCorpus:
    r"""Read text once: tokens are split at ASCII white space, a line is a sentence.

    Parameters
    ----------
    source : str, path, list of paths, or binary file object
        "-" is standard input, a folder stands for its files in the order of their names.
        gzip, bzip2, xz and Zstandard are decompressed.
    workers : int, at least 1
        Threads that read. The result does not depend on their number.
    memory_budget : int, bytes, optional
        Ids beyond it go to a temporary file. By default half of the memory available.
    unicode_errors : {"strict", "replace", "keep"}
        What to do with a NUL byte or invalid UTF-8: refuse it, read it as U+FFFD, or keep the
        bytes (as Python's "surrogateescape" does; they are written as the same bytes).
    report : callable, optional
        Called with a `Progress` a few times a second.

    Returns
    -------
    ScannedCorpus
        It may have no words.

    Raises
    ------
    OSError
        A file cannot be read (FileNotFoundError, PermissionError ...), or the disk is full.
    ValueError
        An argument is out of range, or a file is not what it should be: NUL bytes or invalid
        UTF-8 (`BadText`, which is a UnicodeDecodeError), a damaged compressed file.
    TypeError
        `source` cannot be read.
    """
    reading = Reading(
        workers=workers,
        memory_budget=memory_budget,
        unicode_errors=unicode_errors,
        report=report,
    )
    return scan_inputs(find_inputs(source), reading)


def scan_inputs(inputs: list[TextInput], reading: Reading, how: int = 0) -> ScannedCorpus:
    """Read inputs that `find_inputs` has listed; otherwise like `scan_files`.

    Parameters
    ----------
    inputs : list of TextInput
    reading : Reading
    how : int
        `UNICODE_SPACES`, `ALLOW_NUL` of `cw2v._encode`, or their sum: split as Python's
        str.split does; allow NUL as a character like any other.
    """
    store = IdStore(reading.memory_budget, _most_ids(inputs, reading.workers))
    how += CHECK if reading.unicode_errors == "strict" else 0
    try:
        scan = Scan(inputs, store, reading, how)
        scan.run()
        table, counts, to_corpus = merge(scan.workers, reading.unicode_errors == "replace")
        numbered = [
            (task, _Part(text, piece, number))
            for number, worker in enumerate(scan.workers)
            for task, text, piece in worker.pieces
        ]
        parts = [part for _, part in sorted(numbered, key=operator.itemgetter(0))]
    except BaseException:
        store.close()
        raise
    return ScannedCorpus(
        _name_of(inputs),
        counts,
        count_sentences(_pieces(parts)),
        TextNames(table),
        parts,
        to_corpus,
        store,
    )


def scan_sentences(
    sentences: Iterable[Iterable[Hashable]],
    *,
    memory_budget: int | None = None,
    report: Report | None = None,
) -> ScannedCorpus:
    """Read an iterable of sentences, each an iterable of tokens, once.

    Parameters
    ----------
    sentences : iterable of iterables
        Tokens are usually str, but may be anything that has a hash.
    memory_budget, report
        As for `scan_files`.

    Raises
    ------
    TypeError
        `sentences` is itself a str or a path; a sentence is not iterable; a token has no hash.

    Notes
    -----
    A sentence that is a str is read as its single characters, which is rarely intended. The log
    gets one warning of it, in gensim's words.
    """
    reading = Reading(memory_budget=memory_budget, report=report)
    if isinstance(sentences, (str, bytes, os.PathLike)):
        raise TypeError(
            f"sentences must be an iterable of token lists, not a {type(sentences).__name__}: "
            "split a text into lists of words, or pass a path as corpus_file"
        )
    # `TransformedCorpus`, for example, has __len__ even where the corpus inside it has none.
    total = operator.length_hint(sentences, -1) if isinstance(sentences, Sized) else -1
    progress = ReadProgress(report, total if total >= 0 else None, "sentences")
    encoder = TokenEncoder(iter(sentences))
    store = IdStore(reading.memory_budget)
    writer = IdWriter(store)
    breaks: NDArray[np.int32] = np.empty(TOKENS_AT_A_TIME, dtype=np.int32)
    warned = done = False
    try:
        while not done:
            ids = writer.reserve(TOKENS_AT_A_TIME)
            n_ids, n_breaks, done = encoder.fill(ids, breaks)
            writer.commit(n_ids, breaks[:n_breaks])
            if encoder.text_sentence is not None and not warned:
                warned = True
                _warn_of_text(encoder.text_sentence)
            progress.tell(encoder.n_sentences, last=done)
        parts = [_Part(0, piece, 0) for piece in writer.finish()]
    except BaseException:
        store.close()
        raise
    name = "the sentences given"
    return ScannedCorpus(
        name, encoder.counts(), encoder.n_sentences, TokenNames(encoder), parts, [None], store
    )


def _warn_of_text(sentence: Any) -> None:
    """Log that a sentence is a str, in gensim's words."""
    logger.warning(
        "Each 'sentences' item should be a list of words (usually unicode strings). "
        "One is instead plain %s, read as its single characters: %.60r. Split it "
        "first, as with .split()",
        type(sentence),
        sentence,
    )


def _pieces(parts: list[_Part]) -> Iterator[tuple[int, Piece]]:
    return ((part.text, part.piece) for part in parts)


def _name_of(inputs: list[TextInput]) -> str:
    more = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
    return inputs[0].name + more if inputs else "no files"


def _most_ids(inputs: list[TextInput], workers: int) -> int | None:
    """Return an upper bound of the number of ids of the inputs, or None where there is none."""
    if not all(text.is_plain_file for text in inputs):
        return None
    # A token and its white space have at least two bytes; a worker may leave half a segment empty.
    return sum(text.size or 0 for text in inputs) + (workers + 1) * 2 * SEGMENT_IDS
