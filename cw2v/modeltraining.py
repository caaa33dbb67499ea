"""A text and a model's matrices to a trained model: epochs, callbacks, loss."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v.callbacks import CallbackAny2Vec, StopTraining
from cw2v.checks import check_callbacks, check_source, check_text
from cw2v.corpus import EncodedCorpus
from cw2v.jobs import JobPasses, encode_sentences
from cw2v.modelstate import Sentences
from cw2v.modelweights import ModelWeights
from cw2v.params import TrainParams, plain_number
from cw2v.passes import EncodedPasses, Pass, Passes, Promised, RereadPasses
from cw2v.progress import LoggedProgress, Report
from cw2v.sources import Source
from cw2v.trainer import EpochResult, JobTrainer, Trainer, TrainingReport

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """The arguments of `train`."""

    params: TrainParams
    sentences: Sentences | None
    corpus_file: Source | None
    promised: Promised
    queue_factor: int
    report_delay: float


@dataclass(frozen=True, eq=False)
class Basis:
    """What a model trains on; a callback may change or replace it."""

    words: list[Any]
    n_words: int
    arrays: tuple[object, ...]

    def has_same_words(self, other: Basis) -> bool:
        """Return whether the words are the same list, with the same length."""
        return self.words is other.words and self.n_words == other.n_words

    def is_same(self, other: Basis) -> bool:
        """Return whether the words and the arrays are the same objects."""
        pairs = zip(self.arrays, other.arrays, strict=True)
        return self.has_same_words(other) and all(one is another for one, another in pairs)


class ModelTraining(ModelWeights):
    """The part of `Word2Vec` that trains."""

    _job_trainer: JobTrainer | None = None  # while jobs are running
    _job_results: list[EpochResult]

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
            as for `Word2Vec`. Words not in the vocabulary are ignored.
        total_examples, total_words : int
            Sentences or words of the text; one of them is enough. The learning rate decays in
            proportion to them: if the text has fewer, as for a text in parts, it ends above
            `end_alpha`.
        epochs : int
            Passes over the text; pass `model.epochs` for the number given to the constructor.
        start_alpha, end_alpha : float, optional
            Learning rates at the start and the end, stored as the model's `alpha` and
            `min_alpha`.
        compute_loss : bool, optional
            Sum up the loss; by default as given to the constructor.
        callbacks : iterable of CallbackAny2Vec
            Called before and after training and each epoch; `StopTraining` ends it early.
        queue_factor : int
            For a class that overrides `_do_train_job`: the number of jobs queued for each worker.
        report_delay : float
            Seconds between two log entries about the progress of an epoch.
        word_count
            Accepted and not used.

        Returns
        -------
        trained_words, raw_words : int
            Words that were trained on after subsampling, and words read, in all epochs.

        Raises
        ------
        RuntimeError
            There is no vocabulary, or it has a single word.
        ValueError
            Neither `total_examples` nor `total_words` is given, or one of them is below 0; `epochs`
            is not given, or below 1; a setting is out of range; neither `hs` nor `negative` is set;
            or the matrices do not have the shapes that `build_vocab` made.
        TypeError
            Not exactly one text is given, or a generator for several epochs.
        FloatingPointError
            The training diverged: a vector is infinite or NaN after an epoch.
        """
        to_call = check_callbacks(callbacks)
        alpha, min_alpha = start_alpha or self.alpha, end_alpha or self.min_alpha
        self._check_trainable(alpha)
        epochs = _check_totals(total_examples, total_words, epochs)
        check_source(corpus_iterable, corpus_file, passes=epochs)
        loss = self.compute_loss if compute_loss is None else bool(compute_loss)
        params = self._params(epochs=epochs, alpha=alpha, min_alpha=min_alpha, compute_loss=loss)
        promised = Promised(total_examples, total_words)
        plan = Plan(params, corpus_iterable, corpus_file, promised, queue_factor, report_delay)
        before = self.training_report
        if before.epochs:  # of an earlier call, and of what was read for it
            self.training_report = TrainingReport()
        try:
            passes = self._passes(plan)
        except BaseException:
            self.training_report = before
            raise
        self.alpha, self.min_alpha = alpha, min_alpha
        self.epochs, self.compute_loss = params.epochs, loss
        self.add_lifecycle_event(
            "train",
            msg=f"training model with {self.workers} workers on {len(self.wv)} vocabulary and "
            f"{self.layer1_size} features, using sg={self.sg} hs={self.hs} sample={self.sample} "
            f"negative={self.negative} window={self.window} "
            f"shrink_windows={self.shrink_windows}",
        )
        return self._run(passes, plan, to_call)

    def get_latest_training_loss(self) -> float:
        """Return the loss summed over all predictions of the last call of `train`, so far.

        It is summed in float64, epoch by epoch. `training_report.epochs` has each epoch's sum
        and number of predictions.
        """
        return self.running_training_loss

    # ---- before the first epoch -------------------------------------------------------------

    def _check_trainable(self, alpha: float) -> None:
        """Raise unless the model can be trained; warn of what is probably a mistake."""
        if not self.hs and not self.negative:
            raise ValueError(
                "You must set either 'hs' or 'negative' to be positive for proper training. "
                "When both 'hs=0' and 'negative=0', there will be no training."
            )
        if self.hs and self.negative:
            logger.warning(
                "Both hierarchical softmax and negative sampling are activated. This is probably "
                "a mistake. You should set either 'hs=0' or 'negative=0' to disable one of them. "
            )
        if alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        if not len(self.wv):
            why = f": {self._why_empty}" if self._why_empty else ""
            raise RuntimeError(f"you must first build vocabulary before training the model{why}")
        if not len(self.wv.vectors):
            raise RuntimeError("you must initialize vectors before training the model")
        if len(self.wv) == 1:
            raise RuntimeError(
                f"the vocabulary has a single word, {self.wv.index_to_key[0]!r}: training needs "
                "others to tell it from. Lower min_count, or check how the text is split."
            )

    def _passes(self, plan: Plan, before: Passes | None = None) -> Passes:
        """Return the epochs to run, from the present state of the model.

        With `before`, the epochs that ran until now, their text is not read again.
        """
        params, sentences, promised = plan.params, plan.sentences, plan.promised
        weights, counts, keep = self._weights(), self._counts(), self._keep_thresholds()
        job_method = getattr(self._do_train_job, "__func__", None)
        if sentences is not None and job_method is not ModelTraining._do_train_job:
            trainer = JobTrainer(counts, weights, params, run=self._n_trained(), keep=keep)
            if isinstance(before, JobPasses):
                trainer.go_on_from(before.trainer)
            most_waiting = params.workers * (1 + max(1, plan.queue_factor))
            return JobPasses(self, trainer, sentences, promised, most_waiting)

        report: Report | None = self.report
        if logger.isEnabledFor(logging.INFO):
            report = LoggedProgress(report, logger, plan.report_delay)

        def make_trainer(corpus: EncodedCorpus) -> Trainer:
            return Trainer(
                corpus,
                counts,
                weights,
                params,
                report=report,
                run=self._n_trained(),
                keep=keep,
                epoch_part=promised.part(corpus.n_raw_sentences, corpus.n_raw_tokens),
            )

        if self.reread and sentences is not None:
            return RereadPasses(partial(self._encode, sentences, None), make_trainer)
        if isinstance(before, EncodedPasses):
            return EncodedPasses(before.corpus, make_trainer)
        return EncodedPasses(self._encode(sentences, plan.corpus_file), make_trainer)

    def _basis(self) -> Basis:
        wv = self.wv
        arrays = (
            wv.vectors,
            getattr(wv, "vectors_lockf", None),
            getattr(self, "syn1neg", None),
            getattr(self, "syn1", None),
            wv.expandos.get("count"),
            wv.expandos.get("sample_int"),
        )
        return Basis(wv.index_to_key, len(wv), arrays)

    def _params_now(self, plan: Plan) -> TrainParams:
        """Return the settings, which a callback may have changed; the number of epochs stays."""
        return self._params(
            epochs=plan.params.epochs,
            alpha=self.alpha if self.alpha > 0 else self.min_alpha,
            seed=plan.params.seed,
            compute_loss=plan.params.compute_loss,
        )

    def _encode(self, sentences: Sentences | None, corpus_file: Source | None) -> EncodedCorpus:
        """Return the text in ids; as `build_vocab` encoded it, if it is the same text."""
        text = self._identity(sentences, corpus_file)
        kept = self._kept.corpus_of(text, self.wv.index_to_key)
        if kept is not None:
            return kept
        start = time.perf_counter()
        with closing(self._scan(sentences, corpus_file)) as scanned:
            encoded = scanned.encode(self._vocabulary())
        check_text(encoded.n_raw_tokens, corpus_file, scanned.name)
        self.training_report.read_seconds += time.perf_counter() - start
        return encoded

    # ---- the epochs -------------------------------------------------------------------------

    def _run(self, passes: Passes, plan: Plan, callbacks: list[CallbackAny2Vec]) -> tuple[int, int]:
        """Run the epochs, call the callbacks, and record what was done."""
        report = self.training_report
        self.running_training_loss = 0.0
        start = time.perf_counter()
        try:
            trained_words, raw_words = self._run_epochs(passes, plan, callbacks)
        finally:
            # However the training ended, the norms are out of date, and these random numbers
            # must not be used again.
            self._clear_post_train()
            self.train_count += 1
            report.train_seconds = time.perf_counter() - start
            self.total_train_time += report.train_seconds
        self.add_lifecycle_event(
            "train",
            msg=f"training on {raw_words} raw words ({trained_words} effective words) took "
            f"{report.train_seconds:.1f}s, "
            f"{trained_words / max(report.train_seconds, 1e-9):.0f} effective words/s",
        )
        _call(callbacks, "on_train_end", self)
        return trained_words, raw_words

    def _run_epochs(
        self, passes: Passes, plan: Plan, callbacks: list[CallbackAny2Vec]
    ) -> tuple[int, int]:
        """Run the epochs, until a callback raises `StopTraining`."""
        basis = self._basis()
        trained_words = raw_words = 0
        go_on = _call(callbacks, "on_train_begin", self)
        for epoch in range(plan.params.epochs):
            if not (go_on and _call(callbacks, "on_epoch_begin", self)):
                break
            params, now = self._params_now(plan), self._basis()
            if params != plan.params or not now.is_same(basis):
                plan = replace(plan, params=params)
                # The ids of a text are valid only for the words that it was encoded with.
                passes = self._passes(plan, passes if now.has_same_words(basis) else None)
                basis = self._basis()
            done = passes.run(epoch)
            self._note(done, epoch, plan)
            self._check_learnt(epoch)
            trained_words += done.result.kept_words
            raw_words += done.n_words
            go_on = _call(callbacks, "on_epoch_end", self)
        return trained_words, raw_words

    def _check_learnt(self, epoch: int) -> None:
        """Raise unless W is finite: a training that has diverged does not recover."""
        with np.errstate(all="ignore"):
            largest = self.wv.vectors.max() - self.wv.vectors.min()
        if not np.isfinite(largest):
            raise FloatingPointError(
                f"training diverged in epoch {epoch + 1}: vectors have become infinite or NaN. "
                "Build the vocabulary again and train with a smaller alpha (it was "
                f"{self.alpha:g}) or fewer noise words (negative={self.negative})"
            )

    def _note(self, done: Pass, epoch: int, plan: Plan) -> None:
        """Record what an epoch did, and log it."""
        result, params, promised = done.result, plan.params, plan.promised
        self.training_report.epochs.append(result)
        self.running_training_loss += result.loss or 0.0
        part = promised.part(done.n_sentences, done.n_words)
        self.min_alpha_yet_reached = _alpha_after(params, epoch + part)
        self._clear_post_train()
        logger.info(
            "EPOCH %i: training on %i raw words (%i effective words) took %.1fs, "
            "%.0f effective words/s",
            epoch,
            done.n_words,
            result.kept_words,
            result.seconds,
            result.kept_words / max(result.seconds, 1e-9),
        )
        for what, given, found in (
            ("example count", promised.examples, done.n_sentences),
            ("raw word count", promised.words, done.n_words),
        ):
            if plan.corpus_file is None and given and given != found:
                logger.warning(
                    "EPOCH %i: supplied %s (%i) did not equal expected count (%s)",
                    epoch,
                    what,
                    found,
                    given,
                )

    def _clear_post_train(self) -> None:
        self.wv._invalidate_norms()

    # ---- jobs, for classes that override _do_train_job --------------------------------------

    def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
        """Train on one batch of sentences; gensim's hook for subclasses.

        A class that overrides this may make other sentences from those given, in the worker
        threads, and pass them to this method.

        Parameters
        ----------
        sentences : list of lists of words
        alpha : float
            The learning rate.
        inits : tuple of ndarray
            See `_get_thread_working_mem`; not used here.

        Returns
        -------
        trained_words, raw_words : int
            Words trained on after subsampling, and all words.
        """
        ids, starts = encode_sentences(sentences, self.wv.key_to_index)
        raw_words = self._raw_word_count(sentences)
        if not len(ids):
            return 0, raw_words
        starts = np.unique(starts)  # without empty sentences
        if self._job_trainer is not None:
            result = self._job_trainer.run(ids, starts, alpha)
            self._job_results.append(result)
        else:
            with JobTrainer(
                self._counts(), self._weights(), self._params(), keep=self._keep_thresholds()
            ) as trainer:
                result = trainer.run(ids, starts, alpha)
        return result.kept_words, raw_words

    def _raw_word_count(self, job: Iterable[Any]) -> int:
        """Return the number of words in some sentences."""
        return sum(len(sentence) for sentence in job)

    def _get_thread_working_mem(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return two arrays of shape (layer1_size,), as each thread of gensim has."""
        return np.zeros(self.layer1_size, np.float32), np.zeros(self.layer1_size, np.float32)

    def _get_next_alpha(self, epoch_progress: float, cur_epoch: int) -> float:
        """Return the learning rate after a fraction of an epoch, 0 to 1; epochs begin at 0."""
        done = (cur_epoch + epoch_progress) / self.epochs
        alpha = self.alpha - (self.alpha - self.min_alpha) * done
        self.min_alpha_yet_reached = max(self.min_alpha, alpha)
        return self.min_alpha_yet_reached


def _check_totals(total_examples: int | None, total_words: int | None, epochs: int | None) -> int:
    """Raise ValueError, in gensim's words, unless the text's length and epochs are given."""
    if total_examples is None and total_words is None:
        raise ValueError(
            "You must specify either total_examples or total_words, for proper learning-rate "
            "and progress calculations. If you've just built the vocabulary using the same "
            "corpus, using the count cached in the model is sufficient: "
            "total_examples=model.corpus_count."
        )
    for name, total in (("total_examples", total_examples), ("total_words", total_words)):
        if total is not None and plain_number(name, total) < 0:
            raise ValueError(f"{name} must be at least 0, got {total}")
    if epochs is None or (isinstance(epochs, int) and epochs <= 0):
        raise ValueError(
            "You must specify an explicit epochs count. The usual value is epochs=model.epochs."
        )
    return epochs


def _alpha_after(params: TrainParams, epochs: float) -> float:
    """Return the learning rate after so many epochs."""
    return params.alpha - (params.alpha - params.min_alpha) * min(1.0, epochs / params.epochs)


def _call(callbacks: list[CallbackAny2Vec], moment: str, model: Any) -> bool:
    """Call all callbacks; return whether none of them raised `StopTraining`."""
    go_on = True
    for callback in callbacks:
        try:
            getattr(callback, moment)(model)
        except StopTraining:
            go_on = False
    return go_on
