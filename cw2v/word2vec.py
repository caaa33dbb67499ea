"""Word2Vec: gensim's class, over all the rooms above."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._kernels import default_backend
from cw2v.callbacks import CallbackAny2Vec
from cw2v.checks import (
    check_callbacks,
    check_finite,
    check_min_count,
    check_reading,
    check_source,
    identity,
    refuse_what_is_not_built,
)
from cw2v.corpus import EncodedCorpus, ScannedCorpus, UnicodeErrors, scan_files, scan_sentences
from cw2v.keyedvectors import KeyedVectors
from cw2v.params import TrainParams
from cw2v.progress import Report
from cw2v.sources import Source
from cw2v.trainer import Trainer, TrainingReport
from cw2v.vocab import Vocabulary, build_vocabulary
from cw2v.weights import Weights, new_vectors

logger = logging.getLogger(__name__)

Sentences = Iterable[Sequence[Hashable]]


class Word2Vec:
    """Learns a vector for every word of a text [1]_ [2]_; the interface of gensim 4.

    Built so far: skip-gram with negative sampling. A parameter of gensim's that asks for
    something else raises NotImplementedError and says so.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        The text, a list of tokens for each sentence. It is read once and encoded; a sentence
        of any length is used whole. A generator is refused, as in gensim. Left out, the model
        is not trained: see `build_vocab`.
    corpus_file : path, list of paths, or open binary file, optional
        Instead of `sentences`: a text file with a sentence on each line and tokens separated
        by ASCII white space. Several files, a folder (its files, sorted by name), "-" for
        standard input, and .gz, .bz2, .xz and .zst are read as well.
    vector_size : int, 1 to 65,536
        K, the dimension of the vectors.
    alpha, min_alpha : float
        The learning rate falls linearly from `alpha` to `min_alpha` over all epochs.
    window : int, 1 to 10,000
        Largest distance, in words left by subsampling, from a centre word to its context.
    min_count : int, at least 0
        Words that occur less often are left out.
    sample : float, at least 0
        Threshold of subsampling, as a part of the text; 0 for none.
    seed : int, at least 0
        With `workers=1`, the same seed gives the same vectors, bit for bit.
    workers : int, 1 to 1,024
        Threads that read and train.
    sg : {1, 0}
        1 is skip-gram; 0, CBOW, is gensim's default and not built yet.
    hs : {0, 1}
        1, hierarchical softmax, is not built yet.
    negative : int, 1 to 1,000
        Noise words drawn for each window and shared by its pairs.
    ns_exponent : float
        Noise words are drawn in proportion to count**ns_exponent.
    epochs : int, at least 1
        Passes over the text.
    shrink_windows : bool
        Draw the reach of each window from 1..window; else it is always `window`.
    compute_loss : bool
        Add up the loss, in float64: see `get_latest_training_loss` and `training_report`.
    batch_words : int, at least 1
        Words in the pieces of the text that the threads take.
    callbacks : iterable of CallbackAny2Vec
        Called before and after training and each epoch.
    comment : str, optional
        Kept as `model.comment`.
    hashfxn
        Accepted and not used, as in gensim 4.
    cbow_mean
        Accepted; it means nothing to skip-gram.
    max_vocab_size, max_final_vocab, trim_rule, null_word, sorted_vocab
        As in gensim; values other than the defaults are not built yet.
    memory_budget : int, optional
        Bytes that the encoded text may take in memory, half of what is free unless given;
        a larger one is kept in a temporary file.
    unicode_errors : {"strict", "replace", "keep"}
        What to do with invalid UTF-8 and NUL bytes in files: raise an error that says where,
        put U+FFFD in their place, or keep the bytes as they are.
    report : callable, optional
        Called a few times a second with a `cw2v.Progress`.

    Attributes
    ----------
    wv : KeyedVectors
        The words and their vectors: `wv.vectors` is W, float32 of shape (V, vector_size).
    syn1neg : ndarray of float32, shape (V, vector_size)
        W', which predicts; row i belongs to the same word as row i of W.
    corpus_count, corpus_total_words : int
        Sentences and words in the text, before `min_count`.
    training_report : TrainingReport
        Times and figures of each stage.

    References
    ----------
    .. [1] Mikolov, Chen, Corrado, Dean: Efficient Estimation of Word Representations in
       Vector Space, 2013, arXiv 1301.3781.
    .. [2] Mikolov, Sutskever, Chen, Corrado, Dean: Distributed Representations of Words and
       Phrases and their Compositionality, 2013, arXiv 1310.4546, equation 4.

    Examples
    --------
    >>> from cw2v import Word2Vec
    >>> sentences = [["graph", "trees", "minors"], ["graph", "trees"], ["human", "trees"]]
    >>> model = Word2Vec(sentences, sg=1, vector_size=20, min_count=1, workers=1)
    >>> model.wv["trees"].shape
    (20,)
    """

    wv: KeyedVectors
    syn1neg: NDArray[np.float32]

    def __init__(
        self,
        sentences: Sentences | None = None,
        corpus_file: Source | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., Any] | None = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: Callable[..., Any] | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[CallbackAny2Vec] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        memory_budget: int | None = None,
        unicode_errors: UnicodeErrors = "strict",
        report: Report | None = None,
    ) -> None:
        refuse_what_is_not_built(
            sg=(sg, 1, "CBOW; pass sg=1 for skip-gram"),
            hs=(hs, 0, "hierarchical softmax"),
            max_vocab_size=(max_vocab_size, None, "pruning while counting"),
            max_final_vocab=(max_final_vocab, None, "a limit on the vocabulary"),
            trim_rule=(trim_rule, None, "a rule of which words to keep; use min_count"),
            null_word=(null_word, 0, "a null word"),
            sorted_vocab=(sorted_vocab, 1, "a vocabulary not sorted by count"),
        )
        self.vector_size = self.layer1_size = vector_size
        self.alpha, self.min_alpha = alpha, min_alpha
        self.window, self.shrink_windows = window, shrink_windows
        self.min_count, self.sample = min_count, sample
        self.negative, self.ns_exponent = negative, ns_exponent
        self.sg, self.hs, self.cbow_mean = sg, hs, cbow_mean
        self.epochs, self.workers, self.seed = epochs, workers, seed
        self.batch_words, self.compute_loss = batch_words, compute_loss
        self.hashfxn, self.comment = hashfxn, comment
        self.memory_budget, self.unicode_errors = memory_budget, unicode_errors
        self.report = report

        self.corpus_count = self.corpus_total_words = 0
        self.min_alpha_yet_reached = alpha
        self.running_training_loss = 0.0
        self.train_count = 0
        self.total_train_time = 0.0
        self.training_report = TrainingReport()
        self._encoded: tuple[object, EncodedCorpus] | None = None

        # What is out of range is refused before any text is read.
        params = self._params()
        default_backend()
        check_min_count(min_count)
        check_reading(memory_budget, unicode_errors, report)
        to_call = check_callbacks(callbacks)
        self.wv = KeyedVectors(vector_size)
        if sentences is None and corpus_file is None:
            return
        check_source(sentences, corpus_file, passes=epochs + 1)
        corpus = self._read_text(sentences, corpus_file)
        self._check_trainable()
        self._run(corpus, params, to_call)

    def __str__(self) -> str:
        """Return the model's size and learning rate, as gensim does."""
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, "
            f"alpha={self.alpha}>"
        )

    __repr__ = __str__

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process: the encoded text, and who is reported to."""
        return {**self.__dict__, "_encoded": None, "report": None}

    # ---- the vocabulary ---------------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Sentences | None = None,
        corpus_file: Source | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: Callable[..., Any] | None = None,
    ) -> None:
        """Read a text, make its dictionary, and lay out W (random) and W' (zero).

        Files are encoded in the same pass and kept for `train`, which reads them again only
        if they have changed. Sentences are read again by `train`: they may have changed.

        Parameters
        ----------
        corpus_iterable : iterable of lists of str, optional
            The text; or else
        corpus_file : path, list of paths, or open binary file, optional
            as for `Word2Vec`.
        update, keep_raw_vocab, trim_rule
            As in gensim; values other than the defaults are not built yet.
        progress_per : int
            Accepted and not used: `report` is called by time.

        Raises
        ------
        RuntimeError
            No word occurs `min_count` times.
        """
        refuse_what_is_not_built(
            update=(update, False, "adding words to a vocabulary"),
            keep_raw_vocab=(keep_raw_vocab, False, "keeping the words below min_count"),
            trim_rule=(trim_rule, None, "a rule of which words to keep; use min_count"),
        )
        check_source(corpus_iterable, corpus_file, passes=1)
        # Before it is read: a file that changes meanwhile is another one afterwards.
        text = identity(corpus_iterable, corpus_file)
        encoded = self._read_text(corpus_iterable, corpus_file)
        if text is not None:
            self._encoded = (text, encoded)

    def _read_text(self, sentences: Sentences | None, corpus_file: Source | None) -> EncodedCorpus:
        """Make the dictionary and new matrices, and return the text in ids."""
        start = time.perf_counter()
        self._encoded = None
        with closing(self._scan(sentences, corpus_file)) as scanned:
            vocabulary = build_vocabulary(scanned, min_count=self.min_count)
            encoded = scanned.encode(vocabulary)
        encoded_at = time.perf_counter()
        self._lay_out(vocabulary)
        self.corpus_count = encoded.n_raw_sentences
        self.corpus_total_words = encoded.n_raw_tokens
        self.training_report = TrainingReport(
            read_seconds=encoded_at - start, prepare_seconds=time.perf_counter() - encoded_at
        )
        logger.info(
            "read %d words in %d sentences; %d words occur at least %d times and make up %d",
            encoded.n_raw_tokens,
            encoded.n_raw_sentences,
            len(vocabulary.words),
            self.min_count,
            encoded.n_tokens,
        )
        return encoded

    def _scan(self, sentences: Sentences | None, corpus_file: Source | None) -> ScannedCorpus:
        if sentences is not None:
            return scan_sentences(sentences, memory_budget=self.memory_budget, report=self.report)
        assert corpus_file is not None
        return scan_files(
            corpus_file,
            workers=self.workers,
            memory_budget=self.memory_budget,
            unicode_errors=self.unicode_errors,
            report=self.report,
        )

    def _lay_out(self, vocabulary: Vocabulary) -> None:
        n_words = len(vocabulary.words)
        w = new_vectors(n_words, self.vector_size, self.seed)
        w_out = np.zeros((n_words, self.vector_size), np.float32)
        self.wv = KeyedVectors.from_arrays(vocabulary.words, w, vocabulary.counts)
        self.syn1neg = w_out
        self.train_count = 0

    # ---- training ---------------------------------------------------------------------------

    def train(
        self,
        corpus_iterable: Sentences | None = None,
        corpus_file: Source | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Iterable[CallbackAny2Vec] = (),
    ) -> tuple[int, int]:
        """Train the vectors of a vocabulary already built.

        Parameters
        ----------
        corpus_iterable : iterable of lists of str, optional
            The text; or else
        corpus_file : path, list of paths, or open binary file, optional
            as for `Word2Vec`. Words not in the vocabulary are passed over.
        total_examples, total_words : int
            Sentences or words of the text. gensim wants one of them; the text is encoded
            before training begins, so that here they are counted and not believed.
        epochs : int
            Passes over the text; `model.epochs` for what the constructor was given.
        start_alpha, end_alpha : float, optional
            Learning rates at the start and the end, instead of the constructor's.
        word_count, queue_factor, report_delay
            Accepted and not used.
        compute_loss : bool, optional
            Instead of the constructor's.
        callbacks : iterable of CallbackAny2Vec
            Called before and after training and each epoch.

        Returns
        -------
        trained_words, raw_words : int
            Words that were trained on after subsampling, and words read, in all epochs.

        Raises
        ------
        RuntimeError
            There is no vocabulary, or it has a single word: there is nothing to tell apart.
        """
        check_source(corpus_iterable, corpus_file, passes=1 if epochs is None else epochs)
        to_call = check_callbacks(callbacks)
        if total_examples is None and total_words is None:
            raise ValueError(
                "You must specify either total_examples or total_words, for proper learning-rate "
                "and progress calculations. If you've just built the vocabulary using the same "
                "corpus, using the count cached in the model is sufficient: "
                "total_examples=model.corpus_count."
            )
        if epochs is None or epochs <= 0:
            raise ValueError(
                "You must specify an explicit epochs count. The usual value is epochs=model.epochs."
            )
        self._check_trainable()
        params = self._params(
            epochs=epochs, alpha=start_alpha, min_alpha=end_alpha, compute_loss=compute_loss
        )
        corpus = self._encode(corpus_iterable, corpus_file)
        return self._run(corpus, params, to_call)

    def get_latest_training_loss(self) -> float:
        """Return the loss summed over all pairs of the last call of `train`, so far.

        It is counted in float64. `training_report.epochs` has each epoch's sum and number
        of pairs.
        """
        return self.running_training_loss

    def _check_trainable(self) -> None:
        if not len(self.wv):
            raise RuntimeError("you must first build vocabulary before training the model")
        if len(self.wv) == 1:
            raise RuntimeError(
                f"the vocabulary has a single word, {self.wv.index_to_key[0]!r}: training needs "
                "others to tell it from. Lower min_count, or check how the text is split."
            )
        if not hasattr(self, "syn1neg") or self.syn1neg.shape != self.wv.vectors.shape:
            raise ValueError(
                "the vectors in model.wv are not those that build_vocab laid out (model.syn1neg "
                "has another shape): only a model with both W and W' can be trained"
            )
        check_finite("model.wv.vectors (W)", self.wv.vectors, self.wv.index_to_key)
        check_finite("model.syn1neg (W')", self.syn1neg, self.wv.index_to_key)

    def _params(
        self,
        epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        compute_loss: bool | None = None,
    ) -> TrainParams:
        return TrainParams(
            vector_size=self.vector_size,
            window=self.window,
            shrink_windows=bool(self.shrink_windows),
            negative=self.negative,
            ns_exponent=self.ns_exponent,
            sample=self.sample,
            alpha=self.alpha if alpha is None else alpha,
            min_alpha=self.min_alpha if min_alpha is None else min_alpha,
            epochs=self.epochs if epochs is None else epochs,
            workers=self.workers,
            seed=self.seed,
            batch_words=self.batch_words,
            compute_loss=bool(self.compute_loss if compute_loss is None else compute_loss),
        )

    def _encode(self, sentences: Sentences | None, corpus_file: Source | None) -> EncodedCorpus:
        """Return the text in ids: as `build_vocab` encoded it, if it is the same."""
        if self._encoded is not None:
            known, encoded = self._encoded
            if known == identity(sentences, corpus_file):
                return encoded
        start = time.perf_counter()
        vocabulary = Vocabulary(
            self.wv.index_to_key, np.asarray(self.wv.expandos["count"], np.int64)
        )
        with closing(self._scan(sentences, corpus_file)) as scanned:
            encoded = scanned.encode(vocabulary)
        self.training_report.read_seconds += time.perf_counter() - start
        return encoded

    def _run(
        self, corpus: EncodedCorpus, params: TrainParams, callbacks: list[CallbackAny2Vec]
    ) -> tuple[int, int]:
        report = self.training_report
        report.train_seconds, report.epochs = 0.0, []
        self.running_training_loss = 0.0
        if not corpus.n_tokens:
            raise RuntimeError(
                f"none of the {corpus.n_raw_tokens:,} words of the text is in the vocabulary: "
                "there is nothing to train on. Was an iterator given that had been read already?"
            )
        trainer = Trainer(
            corpus,
            np.asarray(self.wv.expandos["count"], np.int64),
            Weights(self.wv.vectors, syn1neg=self.syn1neg),
            params,
            report=self.report,
            run=self.train_count,
        )
        start = time.perf_counter()
        self.train_count += 1
        try:
            for callback in callbacks:
                callback.on_train_begin(self)
            for epoch in range(params.epochs):
                for callback in callbacks:
                    callback.on_epoch_begin(self)
                result = trainer.run_epoch(epoch)
                report.epochs.append(result)
                self.running_training_loss += result.loss or 0.0
                self.min_alpha_yet_reached = trainer.alpha_at((epoch + 1) * corpus.n_tokens)
                self.wv._invalidate_norms()
                logger.info(
                    "epoch %d of %d: %d words in %.1f s",
                    epoch + 1,
                    params.epochs,
                    result.words,
                    result.seconds,
                )
                for callback in callbacks:
                    callback.on_epoch_end(self)
            for callback in callbacks:
                callback.on_train_end(self)
        finally:
            # Norms computed before are those of other vectors, however the training ended.
            self.wv._invalidate_norms()
            report.train_seconds = time.perf_counter() - start
            self.total_train_time += report.train_seconds
        kept = sum(result.kept_words for result in report.epochs)
        return kept, corpus.n_raw_tokens * params.epochs
