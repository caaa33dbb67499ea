"""The ids of a text that a model has read, from `build_vocab` to `train`."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from cw2v.corpus import EncodedCorpus, ScannedCorpus
from cw2v.sources import Source, is_open, parts_of
from cw2v.vocab import Vocabulary


class KeptText:
    """The ids of a text: at first none, then provisional ids, then ids of a model's words.

    It is used as a context manager while a text is scanned and encoded. Before and after that it
    takes no ids.

    Parameters
    ----------
    text : object
        Equal for the same text only, see `identity`; None if no ids are to be kept.

    Attributes
    ----------
    scanned : ScannedCorpus or None
        The text in provisional ids, while the words are being chosen.
    corpus : EncodedCorpus or None
        The text in ids of the words chosen.
    """

    def __init__(self, text: object = None) -> None:
        self.scanned: ScannedCorpus | None = None
        self.corpus: EncodedCorpus | None = None
        self._text = text
        self._is_wanted = False
        self._words: list[Any] = []
        self._n_words = 0

    def __enter__(self) -> KeptText:
        """Take ids from now on, if they are to be kept."""
        self._is_wanted = self._text is not None
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more ids, and free those that were not encoded."""
        self._is_wanted = False
        if self.scanned is not None:
            self.scanned.close()
            self.scanned = None

    def take(self, scanned: ScannedCorpus) -> None:
        """Keep a text that was scanned, or free its ids if they are not to be kept."""
        if self._is_wanted:
            self.scanned = scanned
        else:
            scanned.close()

    def encode(self, vocabulary: Vocabulary) -> None:
        """Translate the provisional ids to ids of the words chosen."""
        assert self.scanned is not None
        self.corpus = self.scanned.encode(vocabulary)
        self._words, self._n_words = vocabulary.words, len(vocabulary)

    def corpus_of(self, text: object, words: list[Any]) -> EncodedCorpus | None:
        """Return the ids of a text, or None if it or the list `words` is another, or has grown.

        Parameters
        ----------
        text : object
            See `identity`.
        words : list
            The vocabulary, `wv.index_to_key`.
        """
        are_same_words = words is self._words and len(words) == self._n_words
        return self.corpus if are_same_words and text == self._text else None


def identity(sentences: object, corpus_file: Source | None) -> object:
    """Return a value that is equal for the same text only, or None where that cannot be known.

    It cannot be known for a list, which may have been changed, or may be another list at the same
    address; nor for an open file or a pipe.
    """
    if sentences is not None or corpus_file is None:
        return None
    try:
        files = [_file_identity(part) for part in parts_of(corpus_file)]
    except (OSError, TypeError, ValueError):  # reading it will raise the same
        return None
    return None if None in files else files


def _file_identity(part: Any) -> object:
    """Return a value that is equal while a file does not change; None if it is not a file."""
    if is_open(part):
        return None
    status = Path(part).expanduser().stat()
    if not stat.S_ISREG(status.st_mode):
        return None
    return (os.fspath(part), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
