"""A model's words to its matrices: allocated, grown, lent to training."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._encode import give_back_memory
from cw2v.checks import check_finite, check_rule, check_source
from cw2v.huffman import HuffmanTree, build_tree, check_tree
from cw2v.kepttext import KeptText, identity
from cw2v.keyedvectors import KeyedVectors
from cw2v.latevalues import LateValues, made_values
from cw2v.modelstate import Sentences
from cw2v.modelvocab import ModelVocabulary
from cw2v.noise import UINT32_MAX
from cw2v.sources import Source
from cw2v.trainer import TrainingReport
from cw2v.vocab import CountedMapping, TrimRule, Vocabulary
from cw2v.weights import Weights, new_vectors, zero_vectors

logger = logging.getLogger(__name__)


class ModelWeights(ModelVocabulary):
    """The part of `Word2Vec` that owns W (`wv.vectors`) and W' (`syn1neg`, `syn1`)."""

    # ---- from a text or counts to matrices --------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Sentences | None = None,
        corpus_file: Source | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Read a text, choose the words, and allocate W (random) and W' (zero).

        Files are encoded in the same pass, and the ids are kept for `train`, which reads the files
        again only if they have changed. Sentences are read again, as they may have changed.

        Parameters
        ----------
        corpus_iterable : iterable of lists of str, optional
            The text, which may be a generator; or else
        corpus_file : path, list of paths, or open binary file, optional
            as for `Word2Vec`.
        update : bool
            Add the words to the existing ones, with new rows, and add up the counts. Rows that
            were trained stay as they are.
        progress_per : int
            Accepted and not used: `report` is called by time.
        keep_raw_vocab : bool
            Keep `raw_vocab`, the counts of all words.
        trim_rule : callable, optional
            See `prepare_vocab`, which also gets `kwargs`.

        Raises
        ------
        RuntimeError
            No word is left, and the model keeps those it had; or `update` is given for a model
            without words.
        """
        check_source(corpus_iterable, corpus_file, passes=1)
        check_rule(trim_rule)
        if update:
            self._check_updatable()
        # Taken before reading, so that a file that changes meanwhile differs afterwards.
        self._kept = KeptText(self._identity(corpus_iterable, corpus_file))
        start = time.perf_counter()
        with self._kept:
            total_words, corpus_count = self.scan_vocab(
                corpus_iterable, corpus_file, progress_per=progress_per, trim_rule=trim_rule
            )
            report = self.prepare_vocab(
                update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, **kwargs
            )
            if kwargs.get("dry_run"):
                return
            self.corpus_total_words, self.corpus_count = total_words, corpus_count
            if self._kept.scanned is not None:
                self._kept.encode(self._vocabulary())
        give_back_memory()
        encoded_at = time.perf_counter()
        self.estimate_memory(vocab_size=report["num_retained_words"])
        self.prepare_weights(update=update)
        self.training_report = TrainingReport(
            read_seconds=encoded_at - start, prepare_seconds=time.perf_counter() - encoded_at
        )
        self.add_lifecycle_event("build_vocab", update=update, trim_rule=str(trim_rule))

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Do the same as `build_vocab` with words that were counted elsewhere.

        Parameters
        ----------
        word_freq : mapping of word to int
            How often each word occurs.
        keep_raw_vocab : bool
            Keep it as `raw_vocab`.
        corpus_count : int, optional
            Sentences in the text, for `corpus_count`.
        trim_rule, update
            See `build_vocab`.

        Raises
        ------
        RuntimeError
            See `build_vocab`.
        TypeError, ValueError
            A count is not a whole number, or negative, or their sum is 2**63 or more.
        """
        check_rule(trim_rule)
        counted = CountedMapping(word_freq)
        if update:
            self._check_updatable()
        self._kept = KeptText()
        self._counted, self._raw_vocab = counted, None
        logger.info(
            "collected %i unique word types, with total frequency of %i",
            len(counted.counts),
            counted.counts.sum(),
        )
        report = self.prepare_vocab(
            keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule, update=update
        )
        self.corpus_count = corpus_count or 0
        self.estimate_memory(vocab_size=report["num_retained_words"])
        self.prepare_weights(update=update)

    def _check_updatable(self) -> None:
        if not len(self.wv) or not len(self.wv.vectors):
            raise RuntimeError(
                "You cannot do an online vocabulary-update of a model which has no prior "
                "vocabulary. First build the vocabulary of your model with a corpus before doing "
                "an online update."
            )
        for name, matrix in (
            ("wv.vectors", self.wv.vectors),
            ("syn1neg", getattr(self, "syn1neg", None)),
            ("syn1", getattr(self, "syn1", None)),
        ):
            if matrix is None:
                continue
            if matrix.shape[1] != self.vector_size or len(matrix) > len(self.wv):
                raise ValueError(
                    f"model.{name} has the shape {matrix.shape}, but there are {len(self.wv)} "
                    f"words and vector_size is {self.vector_size}: no words can be added"
                )

    def _identity(self, sentences: object, corpus_file: Source | None) -> object:
        """Return a value that identifies this text, or None if its ids are not to be kept.

        The text of the constructor cannot change while it trains.
        """
        text = sentences if corpus_file is None else corpus_file
        if text is not None and text is self._text_at_hand:
            return None if self.reread and corpus_file is None else "the text at hand"
        return identity(sentences, corpus_file)

    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.wv.index_to_key, self._counts())

    def _counts(self) -> NDArray[np.int64]:
        counts = self.wv.expandos.get("count")
        if counts is None:
            raise ValueError(
                "model.wv has no counts of its words, which training needs: "
                "call build_vocab or build_vocab_from_freq"
            )
        return np.asarray(counts, np.int64)

    # ---- laying out -------------------------------------------------------------------------

    def prepare_weights(self, update: bool = False) -> None:
        """Allocate new matrices, or with `update` add rows for new words."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Make W random and W' zero; the words stay."""
        logger.info("resetting layer weights")
        n_words = len(self.wv)
        self.wv.vector_size = self.vector_size
        self.wv.vectors = new_vectors(n_words, self.vector_size, self._seed())
        made = made_values(self.wv.expandos)
        self.wv.allocate_vecattrs(made, [values.dtype for values in made.values()])
        self.wv._invalidate_norms()
        if self.hs:
            self.syn1 = zero_vectors(n_words, self.layer1_size)
        if self.negative:
            self.syn1neg = zero_vectors(n_words, self.layer1_size)
        self._earlier_calls = self.train_count

    def update_weights(self) -> None:
        """Add rows for words that have none: random in W, zero in W'."""
        logger.info("updating layer weights")
        self._check_updatable()
        self.wv.resize_vectors(seed=self._seed())
        if self.hs:
            self.syn1 = self._grown("syn1")
        if self.negative:
            self.syn1neg = self._grown("syn1neg")

    def _grown(self, name: str) -> NDArray[np.float32]:
        """Return W' with a row for each word; new rows are zero."""
        old = getattr(self, name, None)
        if old is not None and len(old) == len(self.wv):
            return np.asarray(old, np.float32)
        new = zero_vectors(len(self.wv), self.layer1_size)
        if old is not None:
            new[: len(old)] = old
        return new

    def reset_from(self, other_model: ModelWeights) -> None:
        """Borrow the words of another model, and allocate new matrices.

        The two share words, counts and, for files, the encoded text, so that many models can be
        trained on one text that is read once. Do not add words to either of them afterwards.

        Parameters
        ----------
        other_model : Word2Vec
        """
        other = other_model
        self.wv = KeyedVectors(self.vector_size)
        self.wv.index_to_key = other.wv.index_to_key
        self.wv.key_to_index = other.wv.key_to_index
        self.wv.expandos = dict(other.wv.expandos)
        self.cum_table = other.cum_table
        self.corpus_count = other.corpus_count
        self.corpus_total_words = other.corpus_total_words
        self._kept, self._tree = other._kept, other._tree
        if self.hs and self._tree is None:
            self.create_binary_tree()
        if self.negative and self.cum_table is None:
            self.make_cum_table()
        self.init_weights()

    # ---- lending ----------------------------------------------------------------------------

    def _weights(self) -> Weights:
        """Return the matrices in the form that training needs.

        Raises
        ------
        ValueError
            They do not fit together, or a row has a NaN or infinity.
        """
        wv = self.wv
        wv.vectors = _writable(wv.vectors)
        matrices = {"syn1neg": self.negative > 0, "syn1": bool(self.hs)}
        for name in (name for name, used in matrices.items() if used):
            matrix = getattr(self, name, None)
            if matrix is None or matrix.shape != wv.vectors.shape:
                what = "is missing" if matrix is None else f"has the shape {matrix.shape}"
                raise ValueError(
                    f"model.wv.vectors, {wv.vectors.shape}, is not what build_vocab laid out "
                    f"(model.{name} {what}): only a model with both W and W' can be trained"
                )
            setattr(self, name, _writable(matrix))
        if wv.vectors.shape != (len(wv), self.vector_size):
            raise ValueError(
                f"model.wv.vectors must have the shape ({len(wv)}, {self.vector_size}), a row for "
                f"each word and vector_size columns, got {wv.vectors.shape}"
            )
        check_finite("model.wv.vectors (W)", wv.vectors, wv.index_to_key)
        if self.negative:
            check_finite("model.syn1neg (W')", self.syn1neg, wv.index_to_key)
        if self.hs:
            check_finite("model.syn1 (W')", self.syn1, range(len(wv)))
        return Weights(
            wv.vectors,
            self.syn1neg if self.negative else None,
            self.syn1 if self.hs else None,
            self._lock_factors(),
            self._known_tree() if self.hs else None,
        )

    def _lock_factors(self) -> NDArray[np.float32]:
        """Return `wv.vectors_lockf`; if it is too short, it is made anew, as in gensim."""
        given = getattr(self.wv, "vectors_lockf", None)
        lockf = np.ones(1, np.float32) if given is None else np.atleast_1d(given)
        if lockf.ndim != 1 or not len(lockf) or not np.isfinite(lockf).all():
            raise ValueError(
                f"model.wv.vectors_lockf must be a number for each word, finite, got {lockf!r:.80}"
            )
        if len(lockf) not in (1, len(self.wv)):
            lockf = np.resize(lockf, len(self.wv))
        return np.ascontiguousarray(lockf, np.float32)

    def _keep_thresholds(self) -> NDArray[np.uint32] | None:
        """Return `wv.expandos["sample_int"]`, or None to compute thresholds from the counts.

        With `sample` 0 they are computed, and keep every word. With `sample` None the stored ones
        are used, those of the last vocabulary. Both are as in gensim.
        """
        given = self.wv.expandos.get("sample_int")
        if self.sample == 0 or given is None or given.shape != (len(self.wv),):
            return None
        keep: NDArray[np.uint32] = np.clip(given, 0, UINT32_MAX).astype(np.uint32)
        return keep

    def _known_tree(self) -> HuffmanTree:
        """Return the Huffman tree, even if the model has only its paths, in `wv.expandos`."""
        tree: HuffmanTree | None = getattr(self, "_tree", None)
        paths = self.wv.expandos
        if tree is not None and len(tree) == len(self.wv) and _shows(paths, tree):
            return tree
        if {"code", "point"} <= paths.keys() and len(paths["code"]) == len(self.wv):
            tree = HuffmanTree.from_paths(list(paths["code"]), list(paths["point"]))
            check_tree(tree, len(self.wv))
        else:
            tree = build_tree(self._counts())
        self._tree = tree
        self._show_tree(tree)
        return tree

    # ---- deprecated in gensim ---------------------------------------------------------------

    def seeded_vector(self, seed_string: str, vector_size: int) -> NDArray[np.float32]:
        """Return a small random vector that depends on a string; deprecated in gensim."""
        warnings.warn(
            "seeded_vector is deprecated: no part of training uses it",
            DeprecationWarning,
            stacklevel=2,
        )
        hashed = (self.hashfxn or hash)(seed_string)
        rng = np.random.Generator(np.random.SFC64(hashed & 0xFFFFFFFF))
        vector: NDArray[np.float32] = rng.random(vector_size).astype(np.float32) - np.float32(0.5)
        return vector / np.float32(vector_size)

    def init_sims(self, replace: bool = False) -> None:
        """Compute the lengths of the vectors; deprecated in gensim.

        Parameters
        ----------
        replace : bool
            Scale the vectors to length 1, in place.
        """
        warnings.warn(
            "init_sims is deprecated: lengths are computed when they are needed. To scale all "
            "vectors, call model.wv.unit_normalize_all()",
            DeprecationWarning,
            stacklevel=2,
        )
        self.wv.fill_norms()
        if replace:
            self.wv.unit_normalize_all()


def _shows(paths: dict[str, NDArray[Any]], tree: HuffmanTree) -> bool:
    """Return whether the paths of the words are views of this tree, and not of another."""
    if isinstance(paths, LateValues) and "code" in paths and "code" not in made_values(paths):
        return paths.of is tree
    codes = paths.get("code")
    if codes is None or len(codes) != len(tree) or not len(tree):
        return False
    return bool(np.may_share_memory(codes[0], tree.codes))


def _writable(matrix: NDArray[Any]) -> NDArray[np.float32]:
    """Return a matrix that training can write to: the same if possible, else a copy."""
    return np.require(matrix, np.float32, ["C", "A", "W"])
