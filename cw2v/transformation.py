"""The base of `Phrases` and `FrozenPhrases`: joins the phrases of sentences."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from cw2v._phrases import Joiner
from cw2v.lifecycle import Lifecycle


class PhrasesTransformation(Lifecycle):
    """Joins the phrases of sentences.

    A derived class defines `score_candidate`, and may define `_joiner`, which does the same
    faster.

    Parameters
    ----------
    connector_words : collection of str
        Words that may stand inside a phrase, but neither begin nor end it.
    """

    def __init__(self, connector_words: Collection[str]) -> None:
        self.connector_words = frozenset(connector_words)

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Score one candidate for a phrase.

        Parameters
        ----------
        word_a, word_b : str
            Its first and last word.
        in_between : list of str
            The connector words between them.

        Returns
        -------
        phrase, score : str and float, or None and None
            The joined phrase and its score; None if it is not a phrase.
        """
        raise NotImplementedError("define score_candidate in the derived class")

    def _joiner(self) -> Joiner | None:
        """Return a `Joiner` that finds the same phrases as `score_candidate`, or None."""
        return None

    def _fast(self) -> Joiner | None:
        """Return `_joiner()`, or None if a derived class finds phrases in its own way."""
        return self._joiner() if self._is_plain() else None

    def _is_plain(self) -> bool:
        kind: Any = type(self)
        return _finds_as_its_joiner(kind)

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Iterate over a sentence with its phrases joined, from left to right.

        Parameters
        ----------
        sentence : iterable of str

        Yields
        ------
        token : str
            A word, or a phrase.
        score : float or None
            The phrase's score; None for a word.
        """
        start: str = ""  # the word that a phrase may begin with
        between: list[str] = []
        for word in sentence:
            if word in self.connector_words:
                if start:
                    between.append(word)
                else:
                    yield word, None
                continue
            if start:
                phrase, score = self.score_candidate(start, word, between)
                if score is not None:
                    yield phrase, score  # type: ignore[misc]
                    start, between = "", []
                    continue
                for token in (start, *between):
                    yield token, None
            start, between = word, []
        if start:
            for token in (start, *between):
                yield token, None

    def __getitem__(self, sentence: Iterable[Any]) -> Any:
        """Join the phrases of a sentence, or of each sentence of a corpus.

        Parameters
        ----------
        sentence : iterable of str, or of sentences
            It is a sentence if it is empty or begins with a str.

        Returns
        -------
        list of str, or TransformedCorpus
            A corpus is transformed whenever it is iterated over.
        """
        if type(sentence) is list and sentence and type(sentence[0]) is str:
            return self._joined(sentence)
        is_sentence, sentence = _is_sentence(sentence)
        return self._joined(sentence) if is_sentence else TransformedCorpus(self, sentence)

    def _joined(self, sentence: Iterable[str]) -> list[str]:
        words = list(sentence)  # a copy, which no other thread can change
        joiner = self._fast()
        if joiner is not None and (joined := joiner.join(words)) is not None:
            return joined
        return [token for token, _ in self.analyze_sentence(words)]

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Find all phrases that occur in some sentences.

        Parameters
        ----------
        sentences : iterable of iterables of str

        Returns
        -------
        dict of str to float
            The score of each phrase.
        """
        found: dict[str, float] = {}
        for sentence in sentences:
            words = list(sentence)
            joiner = self._fast()
            if joiner is None or not joiner.find_phrases(words, found):
                pairs = self.analyze_sentence(words)
                found.update((token, score) for token, score in pairs if score is not None)
        return found


@functools.cache
def _finds_as_its_joiner(kind: Any) -> bool:
    """Return whether a class has `_joiner` and the methods that it replaces from one base."""
    maker = next(base for base in kind.__mro__ if "_joiner" in vars(base))
    methods = ("score_candidate", "analyze_sentence")
    return all(getattr(kind, name) is getattr(maker, name) for name in methods)


class TransformedCorpus:
    """The sentences of a corpus, with their phrases joined during iteration.

    Parameters
    ----------
    obj : PhrasesTransformation
    corpus : iterable of iterables of str
    """

    def __init__(self, obj: PhrasesTransformation, corpus: Iterable[Any]) -> None:
        self.obj = obj
        self.corpus = corpus

    def __len__(self) -> int:
        return len(self.corpus)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[list[str]]:
        transform = self.obj.__getitem__
        return (transform(sentence) for sentence in self.corpus)

    def __getitem__(self, number: Any) -> list[str]:
        """Return one sentence of a corpus that can be indexed.

        Raises
        ------
        RuntimeError
            The corpus cannot be indexed.
        """
        if not hasattr(self.corpus, "__getitem__"):
            raise RuntimeError(f"Type {type(self.corpus)} does not support slicing.")
        result: list[str] = self.obj[self.corpus[number]]
        return result


def _is_sentence(obj: Iterable[Any]) -> tuple[bool, Iterable[Any]]:
    """Return whether it is a sentence, not a corpus, and an iterable of the same items."""
    iterator = iter(obj)
    try:
        first = next(iterator)
    except StopIteration:
        return True, obj
    whole = itertools.chain([first], iterator)
    if isinstance(first, str):
        return True, whole
    return False, whole if iterator is obj else obj
