"""An encoded corpus and W, W' to trained W, W': threads, learning rate, progress."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cw2v._kernels import default_backend
from cw2v._worker import Shared, Worker
from cw2v.corpus import EncodedCorpus
from cw2v.noise import keep_thresholds, noise_table
from cw2v.params import TrainParams
from cw2v.progress import Progress, Report

MOST_PIECES = 1_000_000  # so that a list of them never takes much memory
REPORT_INTERVAL = 0.2  # seconds from one report to the next, and to notice Ctrl-C


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
        Pairs of a centre and a word around it that were trained on.
    loss : float or None
        Sum of the losses of all pairs with their noise words; None when not asked for.
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
        Filling the first W with random numbers, and W' with zeros.
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
    """Divide a corpus among workers, at sentence starts where one is near.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_sentences + 1,)
        Where sentences start, and the number of tokens.
    piece_words : int
        Tokens in a piece; up to twice as many where a sentence goes on, never more.

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
    # A sentence that goes on for longer than a piece is cut through.
    cuts = np.where(next_start - cuts < piece_words, next_start, cuts)
    bounds = np.unique(np.concatenate([[0], cuts, [n_tokens]]))
    return bounds, np.searchsorted(starts, bounds[:-1], side="right") - 1


class Trainer:
    """Trains W and W' on a corpus, epoch by epoch.

    Parameters
    ----------
    corpus : EncodedCorpus
        `ids` int32 of shape (n_tokens,), `starts` int64 of shape (n_sentences + 1,).
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs, for subsampling and noise.
    w, w_out : ndarray of float32, shape (n_words, vector_size), C-contiguous
        W and W', changed in place.
    params : TrainParams
        The settings.
    report : callable, optional
        Called in the calling thread with a `Progress`, a few times a second.
    run : int
        Counts the runs made with the same seed, so that a second one draws other numbers.
    backend : str, optional
        One of `cw2v._kernels.available_backends`; the fastest unless the environment
        variable CW2V_BACKEND names another.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        counts: NDArray[np.int64],
        w: NDArray[np.float32],
        w_out: NDArray[np.float32],
        params: TrainParams,
        *,
        report: Report | None = None,
        run: int = 0,
        backend: str | None = None,
    ) -> None:
        n_words = len(counts)
        for name, matrix in (("w", w), ("w_out", w_out)):
            if matrix.shape != (n_words, params.vector_size):
                raise ValueError(
                    f"{name} must have the shape ({n_words}, {params.vector_size}), "
                    f"one row for each word, got {matrix.shape}"
                )
        self.params = params
        self.backend = default_backend() if backend is None else backend
        self.n_tokens = len(corpus.ids)
        self._report = report
        self._begun = time.perf_counter()
        piece_words = max(params.batch_words, -(-self.n_tokens // MOST_PIECES))
        bounds, sentences = cut_into_pieces(corpus.starts, piece_words)
        self._shared = Shared(
            w,
            w_out,
            corpus.ids,
            corpus.starts,
            bounds,
            sentences,
            keep_thresholds(counts, params.sample),
            noise_table(counts, params.ns_exponent),
            window=params.window,
            negative=params.negative,
            shrink_windows=params.shrink_windows,
            alpha=params.alpha,
            min_alpha=params.min_alpha,
            epochs=params.epochs,
            compute_loss=params.compute_loss,
            backend=self.backend,
        )
        seeds = np.random.SeedSequence(params.seed, spawn_key=(run,)).spawn(params.workers)
        self._workers = [
            Worker(self._shared, seed.generate_state(8, np.uint64).astype(np.uint64, copy=False))
            for seed in seeds
        ]

    def alpha_at(self, words: int) -> float:
        """Return the learning rate after `words` words, counted over all epochs."""
        done = words / (self.n_tokens * self.params.epochs)
        return self.params.alpha - (self.params.alpha - self.params.min_alpha) * min(done, 1.0)

    def run_epoch(self, epoch: int) -> EpochResult:
        """Train on the whole corpus once.

        Ctrl-C, and whatever `report` raises, stops the workers, waits for them and then
        reaches the caller; W and W' keep what was learnt so far.

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
        with self._blas_threads_held():
            try:
                for thread in threads:
                    thread.start()
                self._watch(threads, epoch, before)
            except BaseException:
                # Also for a thread that is being started, and is not known to be alive yet.
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

    def _blas_threads_held(self) -> AbstractContextManager[object]:
        """Our threads are the workers; BLAS must not start its own inside each of them."""
        limits: AbstractContextManager[object] = nullcontext()
        if self.backend == "blas":
            limits = threadpool_limits(limits=1, user_api="blas")
        return limits

    def _totals(self) -> tuple[int, int, int, float]:
        """Words, kept words, pairs and loss of all workers since the trainer was made."""
        return (
            sum(worker.words_done for worker in self._workers),
            sum(worker.words_kept for worker in self._workers),
            sum(worker.pairs_done for worker in self._workers),
            sum(worker.loss for worker in self._workers),
        )

    def _watch(
        self,
        threads: list[threading.Thread],
        epoch: int,
        before: tuple[int, int, int, float],
    ) -> None:
        """Wait for the threads, reporting meanwhile, and once more when they are done."""
        for thread in threads:
            while thread.is_alive():
                thread.join(REPORT_INTERVAL)
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
