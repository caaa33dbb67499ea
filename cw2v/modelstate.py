"""The attributes of a Word2Vec model: settings, words, matrices, counts of what was done."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.kepttext import KeptText
from cw2v.keyedvectors import KeyedVectors
from cw2v.lifecycle import Lifecycle
from cw2v.params import WIDEST_WINDOW, TrainParams, plain_int
from cw2v.progress import Report
from cw2v.reading import Reading, UnicodeErrors
from cw2v.trainer import TrainingReport
from cw2v.vocab import Counted

logger = logging.getLogger(__name__)

Sentences: TypeAlias = Iterable[Sequence[Hashable]]


class ModelState(Lifecycle):
    """All attributes of a model; the derived classes add the methods, stage by stage.

    `Word2Vec` documents the settings.
    """

    # Settings.
    vector_size: int
    layer1_size: int
    alpha: float
    min_alpha: float
    window: int
    shrink_windows: bool
    min_count: float | None
    max_vocab_size: int | None
    max_final_vocab: int | None
    sorted_vocab: int
    null_word: int
    sample: float | None
    seed: int | None
    workers: int
    sg: int
    hs: int
    negative: int
    noise_span: int = 0
    ns_exponent: float
    cbow_mean: int
    corrected_cbow: bool
    epochs: int
    batch_words: int
    compute_loss: bool
    reread: bool
    hashfxn: Any
    comment: str | None
    memory_budget: int | None
    unicode_errors: UnicodeErrors
    report: Report | None

    # Words and matrices.
    wv: KeyedVectors
    syn1neg: NDArray[np.float32]  # only with `negative`
    syn1: NDArray[np.float32]  # only with `hs`
    cum_table: NDArray[np.uint32] | None
    effective_min_count: float
    _tree: HuffmanTree | None
    _counted: Counted | None  # the counts of scan_vocab, until `raw_vocab` is used
    _raw_vocab: dict[Any, int] | None
    _why_empty: str = ""  # why the last choice of words left none

    # What was read and trained.
    corpus_count: int
    corpus_total_words: int
    train_count: int
    _earlier_calls: int = 0  # of `train`, before the matrices were laid out
    total_train_time: float
    running_training_loss: float
    min_alpha_yet_reached: float
    training_report: TrainingReport
    random: np.random.RandomState

    # What belongs to this process, and is not copied or saved with the model.
    _kept: KeptText = KeptText()  # what build_vocab has read
    _text_at_hand: object = None  # while the constructor trains

    def __str__(self) -> str:
        """Return the model's size and learning rate, as gensim does."""
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, "
            f"alpha={self.alpha}>"
        )

    __repr__ = __str__

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes without those of this process: the text, and `report`."""
        state = {**self.__dict__, "_raw_vocab": self.raw_vocab}
        for name in ("_job_trainer", "_job_results", "_kept", "_text_at_hand"):
            state.pop(name, None)
        return state | dict.fromkeys(("_counted", "report"))

    @property
    def raw_vocab(self) -> dict[Any, int] | None:
        """How often each word occurs, before any was left out; empty once the words were chosen."""
        if self._counted is not None:
            counted, self._counted = self._counted, None
            counts = zip(counted.words(), counted.counts.tolist(), strict=True)
            self._raw_vocab = defaultdict(int, counts)
        return self._raw_vocab

    @raw_vocab.setter
    def raw_vocab(self, counts: dict[Any, int] | None) -> None:
        self._counted, self._raw_vocab = None, counts

    def _seed(self) -> int:
        """Return the seed; if it is None, another one each time, as in gensim."""
        if self.seed is None:
            return int(np.random.SeedSequence().generate_state(1)[0])
        return self.seed

    def _n_trained(self) -> int:
        """Return how often these matrices were trained, on which the random numbers depend."""
        return max(0, self.train_count - self._earlier_calls)

    def _reading(self) -> Reading:
        """Return the settings of reading, checked."""
        return Reading(
            workers=self.workers,
            memory_budget=self.memory_budget,
            unicode_errors=self.unicode_errors,
            report=self.report,
        )

    def _params(self, **changed: Any) -> TrainParams:
        """Return the settings of a training run, checked.

        A window that is too wide becomes the widest, which is the length of gensim's sentences.
        """
        window = plain_int(self.window)
        settings: dict[str, Any] = {
            "vector_size": self.vector_size,
            "window": min(window, WIDEST_WINDOW) if isinstance(window, int) else window,
            "shrink_windows": bool(self.shrink_windows),
            "sg": bool(self.sg),
            "hs": bool(self.hs),
            "cbow_mean": bool(self.cbow_mean),
            "corrected_cbow": bool(self.corrected_cbow),
            "negative": self.negative,
            "noise_span": self.noise_span,
            "ns_exponent": self.ns_exponent,
            "sample": 0.0 if self.sample is None else self.sample,
            "alpha": self.alpha,
            "min_alpha": self.min_alpha,
            "epochs": self.epochs,
            "workers": self.workers,
            "seed": self._seed(),
            "batch_words": self.batch_words,
            "compute_loss": bool(self.compute_loss),
        }
        return TrainParams(**(settings | changed))

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Estimate the memory of the model, as gensim does.

        Parameters
        ----------
        vocab_size : int, optional
            The number of words; by default that of the model.
        report : dict, optional
            Other parts of the memory, in bytes; the estimate is added to this dict.

        Returns
        -------
        dict of str to int
            Bytes for "vocab", "vectors", "syn1" with `hs`, "syn1neg" with `negative`, and
            their "total".
        """
        n_words = vocab_size or len(self.wv)
        report = report or {}
        matrix = n_words * self.layer1_size * np.dtype(np.float32).itemsize
        report["vocab"] = n_words * (700 if self.hs else 500)
        report["vectors"] = n_words * self.vector_size * np.dtype(np.float32).itemsize
        if self.hs:
            report["syn1"] = matrix
        if self.negative:
            report["syn1neg"] = matrix
        report["total"] = sum(report.values())
        logger.info(
            "estimated required memory for %i words and %i dimensions: %i bytes",
            n_words,
            self.vector_size,
            report["total"],
        )
        return report
