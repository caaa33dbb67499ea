"""Training by jobs, for subclasses that make sentences in the worker threads.

`Word2Vec.train` encodes a text before training on it. A subclass that overrides
`_do_train_job`, as fastnode2vec's does to walk through a graph, needs gensim's way instead:
Python threads call that method with batches of sentences.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from cw2v.passes import EMPTY_TEXT, Pass, Promised
from cw2v.progress import REPORT_SECONDS, Progress, Report
from cw2v.trainer import EpochResult, JobTrainer

Job = TypeVar("Job")
Result = TypeVar("Result")
_Done: TypeAlias = tuple[int, Result | None, BaseException | None]

logger = logging.getLogger(__name__)


def batches(
    sentences: Iterable[Any], batch_words: int, count_words: Callable[[list[Any]], int]
) -> Iterator[list[Any]]:
    """Gather sentences until the next would make more than `batch_words` words.

    Parameters
    ----------
    sentences : iterable
    batch_words : int
        A sentence that is longer makes a batch of its own.
    count_words : callable
        Gives the number of words in a list of sentences.

    Yields
    ------
    list of sentences
    """
    batch: list[Any] = []
    n_words = 0
    for sentence in sentences:
        length = count_words([sentence])
        if batch and n_words + length > batch_words:
            yield batch
            batch, n_words = [], 0
        batch.append(sentence)
        n_words += length
    if batch:
        yield batch


def run_jobs(
    jobs: Iterable[Job],
    work: Callable[[Job], Result],
    *,
    workers: int,
    most_waiting: int,
    look_around: Callable[[], None] = lambda: None,
    at_end: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Do jobs in threads.

    What a job raises reaches the caller, and so does Ctrl-C; jobs that have not begun by then
    are dropped. No thread outlives the iteration.

    Parameters
    ----------
    jobs : iterable
        Read in the calling thread, no further than `most_waiting` jobs ahead.
    work : callable
        Called with a job, in one of the threads.
    workers : int
        Threads.
    most_waiting : int
        Jobs begun or waiting at a time.
    look_around : callable
        Called in the calling thread between jobs, a few times a second.
    at_end : callable
        Called when no more results are wanted, before the threads are joined.

    Yields
    ------
    object
        What `work` returned, in the order of the jobs.
    """
    crew = _Crew(work, workers, look_around)
    try:
        crew.start()
        for job in jobs:
            crew.give(job)
            yield from crew.results(most_waiting - 1)
        yield from crew.results(0)
    finally:
        crew.stop()
        at_end()
        crew.join()


class _Crew(Generic[Job, Result]):
    """Threads that do jobs."""

    def __init__(
        self, work: Callable[[Job], Result], workers: int, look_around: Callable[[], None]
    ) -> None:
        self._work = work
        self._look_around = look_around
        # Ctrl-C while the caller waits can leave the locks of concurrent.futures and queue.Queue
        # held, on which the threads would then wait for ever; not those of SimpleQueue.
        self._todo: SimpleQueue[tuple[int, Job] | None] = SimpleQueue()
        self._done: SimpleQueue[_Done[Result]] = SimpleQueue()
        self._is_over = threading.Event()  # never waited for
        names = [f"cw2v-job-{i}" for i in range(workers)]
        self._threads = [threading.Thread(target=self._serve, name=name) for name in names]
        self._results: dict[int, Any] = {}  # of jobs that others before them still wait for
        self._n_given = self._n_done = self._n_yielded = 0
        self._looked = time.monotonic()

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def give(self, job: Job) -> None:
        """Have a job done."""
        self._todo.put((self._n_given, job))
        self._n_given += 1

    def results(self, at_most: int) -> Iterator[Result]:
        """Yield results until at most `at_most` jobs are left, and then all that are done."""
        while self._n_done < self._n_given:
            if time.monotonic() - self._looked >= REPORT_SECONDS:
                self._looked = time.monotonic()
                self._look_around()
            must_wait = self._n_given - self._n_yielded > at_most
            try:
                number, result, error = self._done.get(must_wait, REPORT_SECONDS)
            except Empty:
                if not must_wait:
                    return
                continue
            if error is not None:
                raise error
            self._n_done += 1
            self._results[number] = result
            while self._n_yielded in self._results:
                self._n_yielded += 1
                yield self._results.pop(self._n_yielded - 1)

    def stop(self) -> None:
        """Have no more jobs begun."""
        self._is_over.set()

    def join(self) -> None:
        """Wait for the threads that were started."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _serve(self) -> None:
        """Do jobs until there are no more: the life of one thread."""
        while (task := self._todo.get()) is not None:
            if not self._is_over.is_set():
                number, job = task
                try:
                    self._done.put((number, self._work(job), None))
                except BaseException as error:  # raised in the caller
                    self._done.put((number, None, error))


def encode_sentences(
    sentences: Iterable[Iterable[Any]], index: Mapping[Any, int]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Look up the words of some sentences; those that are not in `index` are left out.

    Returns
    -------
    ids : ndarray of int32, shape (n_tokens,)
    starts : ndarray of int64, shape (n_sentences + 1,)
        Where sentences start, rising from 0, and n_tokens.
    """
    ids: list[int] = []
    starts = [0]
    find = index.get
    for sentence in sentences:
        ids.extend(word for token in sentence if (word := find(token)) is not None)
        starts.append(len(ids))
    return np.array(ids, np.int32), np.array(starts, np.int64)


class WorkingMemory(threading.local):
    """The working memory that gensim makes for each thread, made on first use."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.mine = make()


class JobModel(Protocol):
    """What `JobPasses` asks of a model, which is a `Word2Vec`."""

    workers: int
    epochs: int
    batch_words: int
    compute_loss: bool
    report: Report | None
    min_alpha_yet_reached: float
    _job_trainer: JobTrainer | None
    _job_results: list[EpochResult]

    def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]: ...
    def _raw_word_count(self, job: Iterable[Any]) -> int: ...
    def _get_thread_working_mem(self) -> Any: ...
    def _get_next_alpha(self, epoch_progress: float, cur_epoch: int) -> float: ...


class JobPasses:
    """Sentences that go to `_do_train_job` in batches.

    The learning rate decays from batch to batch, by the fraction of what was promised that was
    handed out, as in gensim.
    """

    def __init__(
        self,
        model: JobModel,
        trainer: JobTrainer,
        sentences: Iterable[Any],
        promised: Promised,
        most_waiting: int,
    ) -> None:
        self._model = model
        self.trainer = trainer
        self._sentences = sentences
        self._by_sentences = bool(promised.examples)  # or by words
        self._total = promised.examples or promised.words or 0
        self._most_waiting = most_waiting
        self._begun = time.perf_counter()

    def run(self, epoch: int) -> Pass:
        """Hand out all sentences once; the model has the trainer meanwhile."""
        try:
            self._model._job_trainer = self.trainer
            with self.trainer:
                return self._run(epoch)
        finally:
            self._model._job_trainer = None

    def _run(self, epoch: int) -> Pass:
        model = self._model
        start = time.perf_counter()
        memory = WorkingMemory(model._get_thread_working_mem)
        n_words = n_sentences = n_trained = 0
        done: list[EpochResult] = []
        model._job_results = done

        def work(job: tuple[list[Any], float]) -> tuple[int, int, int]:
            batch, alpha = job
            trained, raw = model._do_train_job(batch, alpha, memory.mine)
            return len(batch), trained, raw

        def tell() -> None:
            if model.report is not None:
                model.report(self._progress(epoch, n_sentences, n_words, done))

        for batch_sentences, batch_trained, batch_words in run_jobs(
            self._jobs(epoch),
            work,
            workers=model.workers,
            most_waiting=self._most_waiting,
            look_around=tell,
        ):
            n_sentences += batch_sentences
            n_trained += batch_trained
            n_words += batch_words
        if not n_sentences:
            logger.warning(EMPTY_TEXT)
        result = EpochResult(
            words=sum(job.words for job in done),
            kept_words=n_trained,
            pairs=sum(job.pairs for job in done),
            loss=sum(job.loss or 0.0 for job in done) if model.compute_loss else None,
            seconds=time.perf_counter() - start,
        )
        return Pass(result, n_words, n_sentences)

    def _jobs(self, epoch: int) -> Iterator[tuple[list[Any], float]]:
        """Yield each batch with its learning rate."""
        model = self._model
        n_given, total = 0, self._total
        for batch in batches(self._sentences, model.batch_words, model._raw_word_count):
            yield batch, model._get_next_alpha(n_given / total if total else 0.0, epoch)
            n_given += len(batch) if self._by_sentences else model._raw_word_count(batch)

    def _progress(
        self, epoch: int, n_sentences: int, n_words: int, done: list[EpochResult]
    ) -> Progress:
        model = self._model
        pairs = sum(job.pairs for job in done)
        loss = sum(job.loss or 0.0 for job in done)
        return Progress(
            stage="train",
            done=epoch * self._total + (n_sentences if self._by_sentences else n_words),
            total=self._total * model.epochs or None,
            unit="sentences" if self._by_sentences else "words",
            seconds=time.perf_counter() - self._begun,
            epoch=epoch + 1,
            epochs=model.epochs,
            alpha=model.min_alpha_yet_reached,
            loss=loss / pairs if model.compute_loss and pairs else None,
        )
