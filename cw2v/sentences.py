"""Where sentences end in pieces of ids: at line ends, and at cuts in lines that are too long."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cw2v.chunks import Piece


def count_sentences(pieces: Iterable[tuple[int, Piece]]) -> int:
    """Count the sentences that have a word.

    Parameters
    ----------
    pieces : iterable of (int, Piece)
        In the order of the text, each with the number of its input. The end of an input ends a
        sentence.
    """
    n = 0
    text = -1
    is_open = False  # a sentence has begun and not ended
    for its_text, piece in pieces:
        if its_text != text:
            n += is_open
            is_open, text = False, its_text
        breaks = piece.breaks
        if len(breaks):
            n += len(breaks) - (not is_open and breaks[0] == 0)
            n -= int(np.count_nonzero(breaks[1:] == breaks[:-1]))  # where two blocks meet
            is_open = piece.n_ids > breaks[-1]
        else:
            is_open = is_open or piece.n_ids > 0
    return int(n + is_open)


def cut_lines(pieces: Iterable[tuple[int, Piece]], longest: int) -> None:
    """Cut every line of more than `longest` words after each `longest` words, in place."""
    before = 0  # words of the current line in earlier pieces, since the last cut
    text = -1
    for its_text, piece in pieces:
        if its_text != text:
            before, text = 0, its_text
        edges = np.concatenate([[-before], piece.breaks, [piece.n_ids]]).astype(np.int64)
        lengths = np.diff(edges)
        if lengths.max() > longest:
            n_cuts = np.maximum(lengths - 1, 0) // longest
            numbers = np.arange(n_cuts.sum()) - np.repeat(np.cumsum(n_cuts) - n_cuts, n_cuts)
            cuts = np.repeat(edges[:-1], n_cuts) + (numbers + 1) * longest
            _add_breaks(piece, cuts[cuts >= 0])
        before = int(edges[-1] - edges[-2])
        before = (before - 1) % longest + 1 if before else 0


def cut_stream(pieces: Iterable[tuple[int, Piece]], longest: int, n_tail: int) -> None:
    """Ignore line ends; cut after each `longest` words except in the last `n_tail`, in place."""
    held = list(pieces)
    last_cut = sum(piece.n_ids for _, piece in held) - n_tail
    begin = 0
    for _, piece in held:
        end = min(begin + piece.n_ids - 1, last_cut)
        first = max(-(-begin // longest), 1) * longest
        piece.breaks = np.empty(0, dtype=np.int32)
        _add_breaks(piece, np.arange(first, end + 1, longest) - begin)
        begin += piece.n_ids


class SentenceStarts:
    """Collects where sentences start, from pieces of which words are dropped.

    Sentences of which no word is left are dropped as well.

    Parameters
    ----------
    most : int
        An upper bound of the number of sentences.
    """

    def __init__(self, most: int) -> None:
        self._starts: NDArray[np.int64] = np.zeros(most + 1, dtype=np.int64)
        self._n = 1
        self._n_words = 0

    def add(self, ends: NDArray[np.int64], n_words: int) -> None:
        """Add a piece of `n_words` words; `ends` has the number of words before each end."""
        ends = ends + self._n_words
        ends = ends[np.diff(ends, prepend=self._starts[self._n - 1]) > 0]
        self._starts[self._n : self._n + len(ends)] = ends
        self._n += len(ends)
        self._n_words += n_words

    def end_sentence(self) -> None:
        """End the current sentence, if it has words."""
        if self._n_words > self._starts[self._n - 1]:
            self._starts[self._n] = self._n_words
            self._n += 1

    def as_array(self) -> NDArray[np.int64]:
        """Return the starts and, last, the number of words; nothing can be added afterwards."""
        self._starts.resize(self._n, refcheck=False)
        return self._starts


def _add_breaks(piece: Piece, cuts: NDArray[np.int64]) -> None:
    breaks = np.concatenate([piece.breaks, cuts.astype(np.int32)])
    breaks.sort()
    piece.breaks = breaks
