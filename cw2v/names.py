"""The distinct words of a corpus: word by provisional id, and provisional id by word."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cw2v._encode import WordTable
from cw2v._tokens import TokenEncoder, find_words


class Names(Protocol):
    """The distinct words of a corpus; their ids are provisional ids."""

    def words(self, indices: NDArray[np.int64]) -> list[Any]:
        """Return the words with these ids."""

    def find(self, words: list[Any]) -> NDArray[np.int64]:
        """Return the ids of these words, int64; -1 for those that do not occur."""

    def utf8(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the UTF-8 of all words, uint8, and where each begins and ends, int64 (n + 1,)."""


class TextNames:
    """The words of text files: bytes in a table."""

    def __init__(self, table: WordTable) -> None:
        self._table = table

    def words(self, indices: NDArray[np.int64]) -> list[Any]:
        """Return the words with these ids."""
        return list(self._table.decode(indices))

    def find(self, words: list[Any]) -> NDArray[np.int64]:
        """Return the ids of these words, int64; -1 for those that do not occur."""
        return find_words(self._table, words)

    def utf8(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the UTF-8 of all words, uint8, and where each begins and ends, int64 (n + 1,)."""
        return self._table.utf8()


class TokenNames:
    """The words of sentences of Python tokens: the tokens themselves."""

    def __init__(self, encoder: TokenEncoder) -> None:
        self._encoder = encoder

    def words(self, indices: NDArray[np.int64]) -> list[Any]:
        """Return the words with these ids."""
        words = self._encoder.words
        return [words[i] for i in indices]

    def find(self, words: list[Any]) -> NDArray[np.int64]:
        """Return the ids of these words, int64; -1 for those that do not occur."""
        return self._encoder.find(words)

    def utf8(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the UTF-8 of all words, uint8, and where each begins and ends, int64 (n + 1,)."""
        return self._encoder.utf8()
