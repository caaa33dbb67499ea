"""Where the text of each epoch comes from: encoded once, or read again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cw2v.corpus import EncodedCorpus
from cw2v.trainer import EpochResult, Trainer

logger = logging.getLogger(__name__)

# gensim's words.
EMPTY_TEXT = (
    "train() called with an empty iterator (if not intended, be sure to provide a corpus "
    "that offers restartable iteration = an iterable)"
)


@dataclass(frozen=True)
class Promised:
    """How long the text is, as the caller of `train` says.

    Attributes
    ----------
    examples, words : int or None
        Sentences and words, before any word is dropped.
    """

    examples: int | None
    words: int | None

    def part(self, n_sentences: int, n_words: int) -> float:
        """Return how long a text is, where what was promised is 1."""
        if self.examples:
            return n_sentences / self.examples
        return n_words / self.words if self.words else 1.0


@dataclass(frozen=True)
class Pass:
    """What one epoch did, and what it read.

    Attributes
    ----------
    result : EpochResult
    n_words, n_sentences : int
        Of the text, before any word was dropped.
    """

    result: EpochResult
    n_words: int
    n_sentences: int


class Passes(Protocol):
    """Epochs to be run, one after another."""

    def run(self, epoch: int) -> Pass:
        """Train once on the text."""


class EncodedPasses:
    """A text that was encoded once.

    Parameters
    ----------
    corpus : EncodedCorpus
    make_trainer : callable
        Makes the `Trainer` of a corpus with at least one word.
    """

    def __init__(
        self, corpus: EncodedCorpus, make_trainer: Callable[[EncodedCorpus], Trainer]
    ) -> None:
        self.corpus = corpus
        if corpus.n_tokens:
            self._trainer = make_trainer(corpus)
        else:
            logger.warning(
                "%s: none of its %d words is in the vocabulary", EMPTY_TEXT, corpus.n_raw_tokens
            )

    def run(self, epoch: int) -> Pass:
        """Train once on the text."""
        result = EpochResult(0, 0, 0, 0.0, 0.0)
        if self.corpus.n_tokens:
            result = self._trainer.run_epoch(epoch)
        return Pass(result, self.corpus.n_raw_tokens, self.corpus.n_raw_sentences)


class RereadPasses:
    """A text that is read again in every epoch, because it may differ each time.

    Parameters
    ----------
    read : callable
        Reads and encodes the text.
    make_trainer : callable
        Makes the `Trainer` of a corpus with at least one word.
    """

    def __init__(
        self,
        read: Callable[[], EncodedCorpus],
        make_trainer: Callable[[EncodedCorpus], Trainer],
    ) -> None:
        self._read = read
        self._make_trainer = make_trainer

    def run(self, epoch: int) -> Pass:
        """Read the text and train once on it."""
        return EncodedPasses(self._read(), self._make_trainer).run(epoch)
