"""Phrases and FrozenPhrases, gensim's classes: words that belong together become one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from cw2v._keytable import KeyTable
from cw2v._phrases import Joiner
from cw2v.nativefile import PathOrHandle, source_name
from cw2v.params import plain_number
from cw2v.phrasecounts import Keys, count_phrases, table_of
from cw2v.phrasefile import read_phrases, write_phrases
from cw2v.scorers import (
    NEGATIVE_INFINITY,
    Scorer,
    checked_scorer,
    kind_of,
    npmi_scorer,
    original_scorer,
)
from cw2v.transformation import PhrasesTransformation
from cw2v.vectorreader import VectorFileError
from cw2v.watched import WatchedDict

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
]

logger = logging.getLogger(__name__)

_PhrasesTransformation = PhrasesTransformation  # gensim's name

_NOT_SAVED = ("_keys", "_vocab", "_made")
_DEFAULTS = {"corpus_word_count": 0, "max_vocab_size": 40000000, "min_reduce": 1}

# gensim's list
_ARTICLES = ("a", "an", "the")
_PREPOSITIONS = ("for", "of", "with", "without", "at", "from", "to", "in", "on", "by")
ENGLISH_CONNECTOR_WORDS = frozenset((*_ARTICLES, *_PREPOSITIONS, "and", "or"))


class _Stored(PhrasesTransformation):
    """Gives `Phrases` and `FrozenPhrases` `save` and `load`."""

    def __getstate__(self) -> dict[str, Any]:
        raise NotImplementedError

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise NotImplementedError

    def save(self, fname_or_handle: PathOrHandle, **ignored: Any) -> None:
        """Save to a file, a zip archive of arrays and JSON: loading it runs no code.

        Parameters
        ----------
        fname_or_handle : path or binary file
            The file appears whole or not at all; compressed if its suffix says so.
        **ignored
            gensim's settings for pickles; accepted and not used.
        """
        self.add_lifecycle_event("saving", fname_or_handle=str(fname_or_handle))
        kind = "Phrases" if isinstance(self, Phrases) else "FrozenPhrases"
        write_phrases(fname_or_handle, kind, type(self).__name__, self.__getstate__())

    @classmethod
    def load(
        cls, fname: PathOrHandle, mmap: str | None = None, scoring: Scorer | None = None
    ) -> Any:
        """Load a file that `save` of cw2v or of gensim wrote; no code of the file is run.

        Parameters
        ----------
        fname : path or binary file
        mmap : str, optional
            Accepted and not used.
        scoring : callable, optional
            The scorer. By default, the one that it was saved with, which must be gensim's or from
            a module that is imported already.

        Returns
        -------
        Phrases or FrozenPhrases
            The object that was saved, whichever class this is called on; of this class if
            possible.

        Raises
        ------
        VectorFileError, ForbiddenPickleError, ValueError, OSError
            The file does not hold saved phrases; see `read_phrases`.
        """
        if scoring is not None:
            scoring = checked_scorer(scoring, cls.__name__)
        kind, state = read_phrases(fname, scoring)
        base: type[Any] = Phrases if kind == "Phrases" else FrozenPhrases
        made: _Stored = object.__new__(cls if issubclass(cls, base) else base)
        try:
            made.__setstate__(state)
        except (LookupError, TypeError, ValueError) as error:
            raise VectorFileError(f"{source_name(fname)} does not fit together: {error}") from error
        made.add_lifecycle_event("loaded", fname=source_name(fname))
        return made


class Phrases(_Stored):
    """Finds pairs of words that occur together more often than by chance.

    Parameters
    ----------
    sentences : iterable of iterables of str, optional
        The text, read once; by threads if it is a `LineSentence` or another reader of cw2v.
        Without it, nothing is counted yet: see `add_vocab`.
    min_count : float, more than 0
        Passed to the scorer; see `original_scorer` and `npmi_scorer`.
    threshold : float
        Phrases have a higher score than this. Above 0 for "default", -1 to 1 for "npmi".
    max_vocab_size : int
        When there are more words and phrases, rare ones are dropped, as in gensim.
    delimiter : str
        Joins the words of a phrase.
    progress_per : int
        Accepted and not used.
    scoring : {"default", "npmi"} or callable
        `original_scorer`, `npmi_scorer`, or a function with the same parameters.
    connector_words : collection of str
        Words that may stand inside a phrase, but neither begin nor end it, and do not change
        its score. `ENGLISH_CONNECTOR_WORDS` lets "bank_of_america" be a phrase.

    Attributes
    ----------
    vocab : dict of str to int
        How often each word and each phrase occurs. It is made on first use; changes that you make
        in it take effect.
    corpus_word_count : int
        How many words were read.

    Raises
    ------
    ValueError
        A parameter is out of range, or no scorer has that name or those parameters.
    PickleError
        `scoring` is a function that cannot be found by its name in its module.
    TypeError
        A parameter is of the wrong type, or a token is not a str.

    Examples
    --------
    >>> text = [["new", "york", "is", "new"], ["in", "new", "york"], ["new", "york", "city"]]
    >>> phrases = Phrases(text, min_count=1, threshold=1)
    >>> phrases[["a", "new", "york", "minute"]]
    ['a', 'new_york', 'minute']
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: float = 40000000,
        delimiter: str = "_",
        progress_per: int = 10000,
        scoring: str | Scorer = "default",
        connector_words: Collection[str] = frozenset(),
    ) -> None:
        super().__init__(connector_words)
        min_count = plain_number("min_count", min_count)
        threshold = plain_number("threshold", threshold)
        max_vocab_size = plain_number("max_vocab_size", max_vocab_size)
        if min_count <= 0:
            raise ValueError(f"min_count should be at least 1, got {min_count}")
        if scoring == "default" and threshold <= 0:
            raise ValueError(f"threshold should be positive for default scoring, got {threshold}")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(
                f"threshold should be between -1 and 1 for npmi scoring, got {threshold}"
            )
        if not isinstance(delimiter, str):
            raise TypeError(f"delimiter must be a str, got {delimiter!r}")
        self.scoring = checked_scorer(scoring, type(self).__name__)
        self.min_count = min_count
        self.threshold = threshold
        self.max_vocab_size = max_vocab_size
        self.min_reduce = 1
        self.delimiter = delimiter
        self.progress_per = progress_per
        self.corpus_word_count = 0
        self._keys: Keys | None = Keys(KeyTable())  # None: no table can hold `vocab`
        self._vocab: WatchedDict | None = None
        self._made: tuple[tuple[Any, ...], Joiner] | None = None
        if sentences is not None:
            began = time.monotonic()
            self.add_vocab(sentences)
            self.add_lifecycle_event(
                "created", msg=f"built {self} in {time.monotonic() - began:.2f}s"
            )

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{self._size()} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    @property
    def vocab(self) -> dict[str, int]:
        """How often each word and phrase occurs, in the order of the text."""
        if self._vocab is None:
            assert self._keys is not None
            self._vocab = WatchedDict(self._keys.table.as_dict())
        return self._vocab

    @vocab.setter
    def vocab(self, counts: Mapping[str, int]) -> None:
        self._vocab = WatchedDict(counts)
        self._vocab.changed = True

    def _size(self) -> int:
        if self._vocab is not None:
            return len(self._vocab)
        assert self._keys is not None
        return len(self._keys)

    def _count(self, key: Any) -> int:
        if self._vocab is not None:
            return self._vocab.get(key, 0)  # type: ignore[no-any-return]
        assert self._keys is not None
        return self._keys.table.get(key) if isinstance(key, str) else 0

    def _counted(self) -> Keys | None:
        """Return the counts, made again if `vocab` was changed; None if no table can hold them."""
        if self._vocab is not None and self._vocab.changed:
            self._vocab.changed = False
            table = table_of(self._vocab)
            self._keys = None if table is None else Keys(table)
        return self._keys

    def _joiner(self) -> Joiner | None:
        keys = self._counted()
        return None if keys is None else self._joiner_of(keys.table)

    def _joiner_of(self, table: KeyTable | None) -> Joiner:
        settings = (
            *(table, self.connector_words, self.delimiter, self.scoring),
            *(self.min_count, self.threshold, self.corpus_word_count),
        )
        # With the length of the table: keys may have been added to the same table.
        made, state = self._made, (*settings, len(table) if table is not None else 0)
        if made is None or made[0] != state:
            kind = kind_of(self.scoring, *settings[4:])
            joiner = Joiner(*settings[:3], kind, *settings[3:], None)  # type: ignore[arg-type]
            made = self._made = (state, joiner)
        return made[1]

    def add_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words and phrases of more text.

        Parameters
        ----------
        sentences : iterable of iterables of str
            As for the constructor.

        Raises
        ------
        TypeError
            A token is not a str.
        """
        counts = count_phrases(
            sentences,
            delimiter=self.delimiter,
            connector_words=self.connector_words,
            max_vocab_size=self.max_vocab_size,
        )
        logger.info(
            "collected %i token types (unigram + bigrams) from a corpus of %i words",
            len(counts.keys),
            counts.n_tokens,
        )
        self.corpus_word_count += counts.n_tokens
        if not self._size():
            self._keys, self._vocab = counts.keys, None
            return
        self.min_reduce = max(self.min_reduce, counts.min_reduce)
        if self._vocab is not None:  # the user may have a reference to it
            vocab = self._vocab
            for key, count in counts.keys.table.as_dict().items():
                vocab[key] = vocab.get(key, 0) + count
            if len(vocab) > self.max_vocab_size:
                for key in [key for key, count in vocab.items() if count < self.min_reduce]:
                    del vocab[key]
                self.min_reduce += 1
            return
        assert self._keys is not None
        table = self._keys.table
        table.add(counts.keys.table)
        if len(table) > self.max_vocab_size:
            table = table.pruned(self.min_reduce)
            self.min_reduce += 1
        self._keys = Keys(table)

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Score one candidate for a phrase; see `PhrasesTransformation.score_candidate`."""
        count_a, count_b = self._count(word_a), self._count(word_b)
        if count_a <= 0 or count_b <= 0:
            return None, None
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        count = self._count(phrase)
        if count <= 0:
            return None, None
        score = self.scoring(
            worda_count=count_a,
            wordb_count=count_b,
            bigram_count=count,
            len_vocab=self._size(),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return (None, None) if score <= self.threshold else (phrase, score)

    def freeze(self) -> FrozenPhrases:
        """Return a `FrozenPhrases` of the same phrases: less memory, but no more counting."""
        return FrozenPhrases(self)

    def export_phrases(self) -> dict[str, float]:
        """Find all phrases among the pairs of words that were counted.

        Returns
        -------
        dict of str to float
            The score of each phrase.
        """
        keys = self._counted()
        if self._is_plain() and keys is not None:
            pairs = keys.pairs
            if pairs is None:
                return self._joiner_of(keys.table).export()
            return self._joiner_of(None).export_pairs(
                pairs.utf8, pairs.offsets, pairs.counts, pairs.counters, len(pairs)
            )
        found: dict[str, float] = {}
        for key in self.vocab:
            parts = key.split(self.delimiter)
            if len(parts) > 1:
                phrase, score = self.score_candidate(parts[0], parts[-1], parts[1:-1])
                if phrase is not None and score is not None:
                    found[phrase] = score
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, with the counts as arrays where that is possible."""
        state = {name: value for name, value in vars(self).items() if name not in _NOT_SAVED}
        keys = self._counted()
        if keys is None:
            return state | {"vocab": dict(self.vocab)}
        utf8, offsets, counts = keys.table.arrays()
        return state | {"vocab_utf8": utf8, "vocab_offsets": offsets, "vocab_counts": counts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        self._made, self._vocab, table = None, None, KeyTable()
        self._keys = Keys(table)
        if "vocab" in state:
            self.vocab = state.pop("vocab")
        else:
            arrays = (state.pop(f"vocab_{part}") for part in ("utf8", "offsets", "counts"))
            table.add_arrays(*arrays)
        kept = {name: value for name, value in state.items() if name not in _NOT_SAVED}
        vars(self).update(_DEFAULTS | kept)


class FrozenPhrases(_Stored):
    """The phrases of a `Phrases`, and nothing else.

    Parameters
    ----------
    phrases_model : Phrases

    Attributes
    ----------
    phrasegrams : dict of str to float
        The score of each phrase.
    """

    def __init__(self, phrases_model: Phrases) -> None:
        super().__init__(phrases_model.connector_words)
        self.threshold = phrases_model.threshold
        self.min_count = phrases_model.min_count
        self.delimiter = phrases_model.delimiter
        self.scoring: Callable[..., float] = phrases_model.scoring
        began = time.monotonic()
        self._made: tuple[tuple[Any, ...], Joiner] | None = None
        self._phrasegrams = WatchedDict(phrases_model.export_phrases())
        self.add_lifecycle_event(
            "created",
            msg=f"exported {self} from {phrases_model} in {time.monotonic() - began:.2f}s",
        )

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self._phrasegrams)} phrases, "
            f"min_count={self.min_count}, threshold={self.threshold}>"
        )

    @property
    def phrasegrams(self) -> dict[str, float]:
        """The score of each phrase."""
        return self._phrasegrams

    @phrasegrams.setter
    def phrasegrams(self, scores: Mapping[str, float]) -> None:
        self._phrasegrams = WatchedDict(scores)
        self._made = None

    def _joiner(self) -> Joiner | None:
        settings = (self.connector_words, self.delimiter, self.threshold)
        scores = self._phrasegrams
        if self._made is None or scores.changed or self._made[0] != settings:
            scores.changed = False
            phrases = [key for key, score in scores.items() if score > self.threshold]
            table = table_of(dict.fromkeys(phrases, 1))
            if table is None:
                return None
            joiner = Joiner(
                table, *settings[:2], "known", None, self.min_count, self.threshold, 0, scores
            )
            self._made = (settings, joiner)
        return self._made[1]

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str | None, float | None]:
        """Look up one candidate; see `PhrasesTransformation.score_candidate`."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self._phrasegrams.get(phrase, NEGATIVE_INFINITY)
        return (phrase, score) if score > self.threshold else (None, None)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes."""
        state = {
            name: value
            for name, value in vars(self).items()
            if name not in ("_made", "_phrasegrams")
        }
        return state | {"phrasegrams": dict(self._phrasegrams)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        self.phrasegrams = state.pop("phrasegrams")
        vars(self).update(state)


Phraser = FrozenPhrases  # gensim's old name
