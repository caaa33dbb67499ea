"""Training of W and W' on an encoded corpus: threads, learning rate, progress."""

from __future__ import annotations

import importlib
import itertools
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cw2v._kernels import default_backend
from cw2v._worker import Shared, Worker
from cw2v.corpus import EncodedCorpus
from cw2v.hotrows import Workload
from cw2v.params import TrainParams
from cw2v.progress import REPORT_SECONDS, Progress, Report
from cw2v.tables import make_tables
from cw2v.weights import Weights

MOST_PIECES = 1_000_000  # which bounds the memory of their list


@dataclass(frozen=True)
class EpochResult:
    """What one epoch did.

    Parameters
    ----------
    words : int
        Words of the vocabulary read, before subsampling.
    kept_words : int
        Those that subsampling left, each once the centre of a window.
    pairs : int
        Positive pairs: skip-gram's pairs of a centre and a context word, CBOW's centres with at
        least one context word.
    loss : float or None
        Sum of the losses of all predictions; None when not asked for.
    seconds : float
        Wall-clock time.
    """

    words: int
    kept_words: int
    pairs: int
    loss: float | None
    seconds: float


@dataclass
class TrainingReport:
    """What the last call of `build_vocab` and `train` did, and how long each stage took.

    Parameters
    ----------
    read_seconds : float
        Reading, counting and encoding the text.
    prepare_seconds : float
        Initialising W and W'.
    train_seconds : float
        All epochs.
    epochs : list of EpochResult
        Words, pairs, loss and time of each.
    """

    read_seconds: float = 0.0
    prepare_seconds: float = 0.0
    train_seconds: float = 0.0
    epochs: list[EpochResult] = field(default_factory=list)


def cut_into_pieces(
    starts: NDArray[np.int64], piece_words: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut a corpus into pieces, at sentence starts where possible.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_sentences + 1,)
        Where sentences start, and the number of tokens.
    piece_words : int
        Tokens in a piece; up to twice as many, to end with a sentence.

    Returns
    -------
    bounds : ndarray of int64, shape (n_pieces + 1,)
        Piece i is the tokens from bounds[i] to bounds[i + 1].
    sentences : ndarray of int64, shape (n_pieces,)
        The sentence that the first token of each piece is in.
    """
    n_tokens = starts[-1]
    cuts = np.arange(piece_words, n_tokens, piece_words)
    next_start = starts[np.searchsorted(starts, cuts)]
    # A sentence that goes on for a whole piece is cut.
    cuts = np.where(next_start - cuts < piece_words, next_start, cuts)
    bounds = np.unique(np.concatenate([[0], cuts, [n_tokens]]))
    return bounds, np.searchsorted(starts, bounds[:-1], side="right") - 1


def random_base(seed: int, run: int) -> NDArray[np.uint64]:
    """Return the bases of the two sequences of random streams of a run, uint64 of shape (2,)."""
    base = np.random.SeedSequence(seed, spawn_key=(run,)).generate_state(2, np.uint64)
    return base.astype(np.uint64, copy=False)


def check_weights(weights: Weights, counts: NDArray[np.int64], params: TrainParams) -> None:
    """Raise ValueError unless there is a matrix for each objective, in the shape it must have."""
    shape = (len(counts), params.vector_size)
    if weights.w.shape != shape:
        raise ValueError(
            f"w must have the shape {shape}, one row for each word, got {weights.w.shape}"
        )
    for name, setting, asked in (
        ("syn1neg", f"negative={params.negative}", params.negative),
        ("syn1", "hs=1", params.hs),
    ):
        if asked and getattr(weights, name) is None:
            raise ValueError(f"{setting} trains {name}, which these weights do not have")


def blas_threads_held(backend: str) -> AbstractContextManager[object]:
    """Return a context in which BLAS starts no threads of its own: the workers are threads."""
    limits: AbstractContextManager[object] = nullcontext()
    if backend == "blas":
        importlib.import_module("cw2v._blas")  # loads the BLAS that is to be held
        limits = threadpool_limits(limits=1, user_api="blas")
    return limits


class Trainer:
    """Trains W and W' on a corpus, epoch by epoch.

    Parameters
    ----------
    corpus : EncodedCorpus
        `ids` int32 of shape (n_tokens,), `starts` int64 of shape (n_sentences + 1,).
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs, for subsampling and noise.
    weights : Weights
        W and each W' that `params` trains, changed in place.
    params : TrainParams
        The settings.
    report : callable, optional
        Called in the calling thread with a `Progress`, a few times a second.
    run : int
        The number of this run among those with the same seed: each draws other random numbers.
    epoch_part : float, above 0
        The fraction of an epoch that the corpus is, for the decay of the learning rate: below 1
        where it is part of a longer text; above 1, the rate reaches `min_alpha` before the end.
    keep : ndarray of uint32, shape (n_words,), optional
        The thresholds of subsampling, instead of those of `counts`; see
        `cw2v.noise.keep_thresholds`.
    backend : str, optional
        One of `cw2v._kernels.available_backends`; the fastest unless the environment
        variable CW2V_BACKEND names another.
    profile : bool
        Whether to measure how long each stage takes, for `stages`.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        counts: NDArray[np.int64],
        weights: Weights,
        params: TrainParams,
        *,
        report: Report | None = None,
        run: int = 0,
        epoch_part: float = 1.0,
        keep: NDArray[np.uint32] | None = None,
        backend: str | None = None,
        profile: bool = False,
    ) -> None:
        check_weights(weights, counts, params)
        self.params = params
        self.epoch_part = epoch_part
        self.backend = default_backend() if backend is None else backend
        self.n_tokens = len(corpus.ids)
        self._report = report
        self._begun = time.perf_counter()
        piece_words = max(params.batch_words, -(-self.n_tokens // MOST_PIECES))
        bounds, sentences = cut_into_pieces(corpus.starts, piece_words)
        # Each worker has memory of its own, so there are no more than pieces.
        n_workers = min(params.workers, len(sentences))
        workload = Workload(n_workers, self.n_tokens)
        self._shared = Shared(
            weights,
            make_tables(counts, params, weights.tree, keep, workload),
            corpus.ids,
            corpus.starts,
            bounds,
            sentences,
            random_base(params.seed, run),
            params,
            self.backend,
            alpha=params.alpha,
            min_alpha=params.min_alpha,
            epochs=params.epochs,
            epoch_part=epoch_part,
        )
        self._workers = [Worker(self._shared, i, profile=profile) for i in range(n_workers)]

    def alpha_at(self, words: int) -> float:
        """Return the learning rate after `words` words of all epochs; it decays linearly."""
        epoch, rest = divmod(words, self.n_tokens)
        done = min(1.0, (epoch + self.epoch_part * rest / self.n_tokens) / self.params.epochs)
        return self.params.alpha - (self.params.alpha - self.params.min_alpha) * done

    def stages(self) -> dict[str, float]:
        """Return the fraction of each stage in the time of all workers; {} without `profile`.

        The stages are those of `cw2v/_stages.pxd`.
        """
        ticks = [worker.ticks for worker in self._workers]
        spent = {name: sum(each[name] for each in ticks) for name in ticks[0]}
        return {name: value / max(1, sum(spent.values())) for name, value in spent.items()}

    def run_epoch(self, epoch: int) -> EpochResult:
        """Train on the whole corpus once.

        Ctrl-C, and whatever `report` raises, stops the workers, waits for them and then
        reaches the caller; W and W' keep the updates so far.

        Parameters
        ----------
        epoch : int, 0 to epochs - 1
            Which epoch this is, for the learning rate.

        Returns
        -------
        EpochResult
        """
        start = time.perf_counter()
        before = self._totals()
        failures: list[BaseException] = []

        def work(worker: Worker) -> None:
            try:
                worker.run(epoch)
            except BaseException as failure:  # handed to the caller below
                failures.append(failure)
                self._shared.stop()

        threads = [
            threading.Thread(target=work, args=(worker,), name=f"cw2v-train-{number}")
            for number, worker in enumerate(self._workers)
        ]
        self._shared.begin_epoch()
        with blas_threads_held(self.backend):
            try:
                for thread in threads:
                    thread.start()
                self._watch(threads, epoch, before)
            except BaseException:
                # Reaches threads that are starting, too, whose `is_alive` is not true yet.
                self._shared.stop()
                raise
            finally:
                # None of our threads outlives this call.
                for thread in threads:
                    if thread.ident is not None:
                        thread.join()
        if failures:
            raise failures[0]
        words, kept_words, pairs, loss = (
            now - then for now, then in zip(self._totals(), before, strict=True)
        )
        return EpochResult(
            words=int(words),
            kept_words=int(kept_words),
            pairs=int(pairs),
            loss=float(loss) if self.params.compute_loss else None,
            seconds=time.perf_counter() - start,
        )

    def _totals(self) -> tuple[int, int, int, float]:
        """Words, kept words, pairs and loss of all workers since the trainer was made."""
        return (
            sum(worker.words_done for worker in self._workers),
            sum(worker.words_kept for worker in self._workers),
            sum(worker.predictions for worker in self._workers),
            sum(worker.loss for worker in self._workers),
        )

    def _watch(
        self,
        threads: list[threading.Thread],
        epoch: int,
        before: tuple[int, int, int, float],
    ) -> None:
        """Wait for the threads; report a few times a second, and once more at the end."""
        for thread in threads:
            while True:
                thread.join(REPORT_SECONDS)  # Ctrl-C is noticed between two joins
                if not thread.is_alive():
                    break
                self._tell(epoch, before)
        self._tell(epoch, before)

    def _tell(self, epoch: int, before: tuple[int, int, int, float]) -> None:
        if self._report is None:
            return
        words, _, pairs, loss = (
            now - then for now, then in zip(self._totals(), before, strict=True)
        )
        done = epoch * self.n_tokens + int(words)
        self._report(
            Progress(
                stage="train",
                done=done,
                total=self.n_tokens * self.params.epochs,
                unit="words",
                seconds=time.perf_counter() - self._begun,
                epoch=epoch + 1,
                epochs=self.params.epochs,
                alpha=self.alpha_at(done),
                loss=loss / pairs if self.params.compute_loss and pairs else None,
            )
        )


class JobTrainer:
    """Trains on batches of sentences, called from several threads at once.

    To be used in a ``with`` statement.

    Parameters
    ----------
    counts, weights, params, run, keep, backend
        As for `Trainer`; `alpha`, `min_alpha`, `epochs`, `workers` and `batch_words` of the
        settings are not used.
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        weights: Weights,
        params: TrainParams,
        *,
        run: int = 0,
        keep: NDArray[np.uint32] | None = None,
        backend: str | None = None,
    ) -> None:
        check_weights(weights, counts, params)
        self._weights = weights
        self._params = params
        self._backend = default_backend() if backend is None else backend
        self._tables = make_tables(counts, params, weights.tree, keep)
        self._random_base = random_base(params.seed, run)
        self._numbers = itertools.count()
        self._limits: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> Self:
        """Keep BLAS from starting threads of its own."""
        self._limits = blas_threads_held(self._backend)
        self._limits.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let BLAS start threads again."""
        self._limits.__exit__(kind, error, traceback)

    def go_on_from(self, other: JobTrainer) -> None:
        """Continue the random streams of another trainer of the same run."""
        self._numbers = other._numbers

    def run(self, ids: NDArray[np.int32], starts: NDArray[np.int64], alpha: float) -> EpochResult:
        """Train once on some sentences, without the GIL.

        Parameters
        ----------
        ids : ndarray of int32, shape (n_tokens,)
            Words of the sentences, at least one.
        starts : ndarray of int64, shape (n_sentences + 1,)
            Where sentences start, strictly rising from 0, and n_tokens.
        alpha : float
            The learning rate.

        Raises
        ------
        IndexError
            A word has no row, as when words are added while jobs are done.
        """
        n_words = len(self._weights.w)
        if len(ids) and not 0 <= ids.min() <= ids.max() < n_words:
            raise IndexError(
                f"word {ids.min() if ids.min() < 0 else ids.max()} is not among the {n_words:,} "
                "words that training began with; add words before or after it"
            )
        start = time.perf_counter()
        shared = Shared(
            self._weights,
            self._tables,
            ids,
            starts,
            np.array([0, len(ids)], np.int64),
            np.zeros(1, np.int64),
            self._random_base,
            self._params,
            self._backend,
            alpha=alpha,
            min_alpha=alpha,
            epochs=1,
        )
        worker = Worker(shared)
        worker.run(next(self._numbers))  # each job has a random stream of its own
        return EpochResult(
            words=worker.words_done,
            kept_words=worker.words_kept,
            pairs=worker.predictions,
            loss=worker.loss if self._params.compute_loss else None,
            seconds=time.perf_counter() - start,
        )
