"""The threads that read: inputs -> a word table and pieces of provisional ids of each worker."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cw2v._encode import PADDING, WordTable, merge_tables
from cw2v.chunks import IdStore, IdWriter, Piece
from cw2v.progress import ReadProgress
from cw2v.reading import Reading
from cw2v.sources import BlockBuffer, TextInput, TextReader, read_into, whole_words


class BadText(UnicodeDecodeError):
    """A word that is not UTF-8, or has a NUL: a ValueError that names the file and the place."""

    def __init__(self, word: bytes, start: int, end: int, reason: str, where: str) -> None:
        super().__init__("utf-8", word, start, end, reason)
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.object, self.start, self.end, self.reason, self.where)

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def bad_text(word: bytes, name: str, position: int, packed: bool) -> BadText:
    """Describe the first bad byte of a word that begins at byte `position` of an input."""
    nul = word.find(b"\0")
    start, end, reason = nul, nul + 1, ""
    try:
        word[: nul if nul >= 0 else len(word)].decode("utf-8")
    except UnicodeDecodeError as error:
        start, end = error.start, error.end
        reason = (
            f"byte 0x{word[start]:02x} is not valid UTF-8 here ({error.reason}); convert the "
            "file to UTF-8, or pass unicode_errors='replace' (reads such bytes as U+FFFD) or "
            "'keep' (keeps them as they are); on the command line, --errors"
        )
    else:
        reason = (
            "a NUL byte; the file is probably binary or UTF-16. Convert it to UTF-8, or pass "
            "unicode_errors='replace' (reads NUL as U+FFFD) or 'keep'; "
            "on the command line, --errors"
        )
    unit = "byte of the decompressed text" if packed else "byte"
    return BadText(word, start, end, reason, f"{name}, {unit} {position + start}")


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the text that one worker encodes; numbered in the order of the text."""

    number: int
    text: TextInput
    begin: int = 0
    end: int | None = None  # None: all of a compressed file
    block: NDArray[np.uint8] | None = None  # if the main thread has read it: the bytes,
    length: int = 0  # and how many there are before the padding


class Stopped(Exception):
    """Raised in a worker whose result is no longer needed."""


@dataclass
class Failures:
    """The first failure in the order of the text; tasks after it need not be done."""

    number: float = float("inf")  # of the task that failed; -1 stops all
    error: BaseException | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, number: float, error: BaseException | None) -> None:
        """Record a failure, if it is the first in the order of the text."""
        with self.lock:
            if number < self.number:
                self.number, self.error = number, error


class Worker:
    """What one thread has of its own: word table, ids and buffer."""

    def __init__(self, store: IdStore, reading: Reading, how: int) -> None:
        self.table = WordTable(reading.simd)
        self.pieces: list[tuple[int, int, Piece]] = []  # (task, input, piece)
        self.began: list[tuple[int, int]] = []  # (size of the table, task), as each task began
        self.stored_bytes = 0  # read so far, before decompression
        self._writer = IdWriter(store)
        self._how = how
        self._buffer = BlockBuffer(reading.block_size)
        self._breaks: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._file: BinaryIO | None = None  # the uncompressed file read last
        self._path: str | None = None

    def do(self, task: Task, failures: Failures) -> None:
        """Encode the text of one task."""
        text = task.text
        self.began.append((len(self.table), task.number))
        if task.block is not None:
            self._encode(text, task.block, task.length, task.begin)
        elif task.end is None:
            self._do_packed(task, failures)
        else:
            self._do_range(task, failures)
        self.pieces.extend((task.number, text.index, piece) for piece in self._writer.finish())

    def _do_range(self, task: Task, failures: Failures) -> None:
        text = task.text
        assert text.path is not None
        assert task.end is not None
        if self._path != text.path or self._file is None:
            self.close()
            self._file = Path(text.path).open("rb", buffering=0)  # noqa: SIM115
            self._path = text.path
        file = self._file
        file.seek(max(task.begin - 1, 0))

        def read(view: memoryview) -> int:
            if failures.number < task.number:
                raise Stopped
            n = read_into(file, view)
            if n == 0 and text.size is not None and file.tell() < text.size:
                raise ValueError(
                    f"{text.name} became shorter while it was read: it had {text.size} bytes, "
                    f"now it ends at {file.tell()}"
                )
            return n

        counted = task.begin
        for length, position in whole_words(read, task.begin, task.end, self._buffer):
            self._encode(text, self._buffer.array, length, position)
            done = min(position + length, task.end)
            self.stored_bytes += max(done - counted, 0)
            counted = max(done, counted)
        self.stored_bytes += task.end - counted

    def _do_packed(self, task: Task, failures: Failures) -> None:
        with TextReader(task.text) as reader:

            def read(view: memoryview) -> int:
                if failures.number < task.number:
                    raise Stopped
                return reader.read_into(view)

            counted = 0
            for length, position in whole_words(read, 0, None, self._buffer):
                self._encode(task.text, self._buffer.array, length, position)
                stored = reader.stored
                self.stored_bytes += stored - counted
                counted = stored

    def _encode(
        self, text: TextInput, block: NDArray[np.uint8], length: int, position: int
    ) -> None:
        if len(self._breaks) < length // 2 + 2:
            self._breaks = np.empty(length + 2, dtype=np.int32)
        ids = self._writer.reserve(length // 2 + 1)
        n_ids, n_breaks, bad = self.table.encode(block, length, self._how, ids, self._breaks)
        if bad is not None:
            word = block[bad[0] : bad[0] + bad[1]].tobytes()
            raise bad_text(word, text.name, position + bad[0], text.packing is not None)
        self._writer.commit(n_ids, self._breaks[:n_breaks])

    def close(self) -> None:
        """Close the file that was read last."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Scan:
    """Reads inputs with several threads; afterwards `workers` hold their words and ids.

    Parameters
    ----------
    inputs : list of TextInput
    store : IdStore
        Stores the ids.
    reading : Reading
    how : int
        How text is split and checked: a sum of `cw2v._encode.CHECK` and its other flags.
    """

    def __init__(self, inputs: list[TextInput], store: IdStore, reading: Reading, how: int) -> None:
        self._inputs = inputs
        self._reading = reading
        self.workers = [Worker(store, reading, how) for _ in range(reading.workers)]
        self._failures = Failures()
        # Ctrl-C while a thread waits can leave the lock of a queue.Queue held; not of SimpleQueue.
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()  # one item per free place
        for _ in range(2 * reading.workers):
            self._room.put(None)
        self._next_number = 0
        self._streamed_bytes = 0  # read by the main thread
        known = [text.size for text in inputs if text.size is not None]
        total = sum(known) if len(known) == len(inputs) else None
        self._progress = ReadProgress(reading.report, total, "bytes")

    def run(self) -> None:
        """Read everything; raise the first failure in the order of the text."""
        threads = [
            threading.Thread(target=self._work, args=(worker,), name="cw2v-read")
            for worker in self.workers
        ]
        try:
            for thread in threads:
                thread.start()
            with closing(self._all_tasks()) as tasks:
                while (task := self._next(tasks)) is not None and self._put(task):
                    pass
            for _ in threads:
                self._put(None)
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.05)
                    self._tell()
        except BaseException:
            self._failures.add(-1, None)
            # For all threads, as one may be starting and not yet be known to be alive.
            self._drop_tasks(len(threads))
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            raise
        if self._failures.error is not None:
            raise self._failures.error
        self._tell(last=True)

    def _work(self, worker: Worker) -> None:
        """Do tasks until there are no more: what each thread runs."""
        try:
            while (task := self._tasks.get()) is not None:
                self._room.put(None)
                if task.number > self._failures.number:
                    continue
                try:
                    worker.do(task, self._failures)
                except Stopped:
                    pass
                except BaseException as error:  # also MemoryError: the caller must get it
                    self._failures.add(task.number, error)
        finally:
            worker.close()

    def _next(self, tasks: Iterator[Task]) -> Task | None:
        """Return the next task, which may include reading its block."""
        try:
            return next(tasks, None)
        except Exception as error:  # workers may still find an earlier one
            self._failures.add(self._next_number, error)
            return None

    def _put(self, task: Task | None) -> bool:
        """Queue a task; return False if an earlier failure made it useless."""
        while True:
            if task is not None and task.number > self._failures.number:
                return False
            try:
                self._room.get(timeout=0.05)
            except queue.Empty:
                self._tell()
            else:
                self._tasks.put(task)
                self._tell()
                return True

    def _drop_tasks(self, n_threads: int) -> None:
        """Remove the tasks that no worker has begun, and tell the workers to end."""
        while True:
            try:
                self._tasks.get_nowait()
            except queue.Empty:
                break
        for _ in range(n_threads):
            self._tasks.put(None)

    def _tell(self, last: bool = False) -> None:
        """Report the progress a few times a second."""
        done = self._streamed_bytes + sum(worker.stored_bytes for worker in self.workers)
        if last and self._progress.total is not None:
            done = self._progress.total
        self._progress.tell(done, last)

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number - 1

    def _all_tasks(self) -> Generator[Task, None, None]:
        """Yield the tasks of all inputs, in the order of the text."""
        n_packed = sum(text.is_packed_file for text in self._inputs)
        for text in self._inputs:
            if text.is_plain_file:
                assert text.size is not None
                for begin in range(0, text.size, self._reading.range_size):
                    end = min(begin + self._reading.range_size, text.size)
                    yield Task(self._number(), text, begin, end)
            elif text.is_packed_file and n_packed > 1:
                yield Task(self._number(), text)  # several at once, each by one worker
            else:
                yield from self._stream_tasks(text)

    def _stream_tasks(self, text: TextInput) -> Generator[Task, None, None]:
        """Read a pipe, file object or single compressed file in this thread; workers encode it."""
        buffer = BlockBuffer(self._reading.block_size)
        before = self._streamed_bytes
        with TextReader(text) as reader:
            for length, position in whole_words(reader.read_into, 0, None, buffer):
                block: NDArray[np.uint8] = np.empty(length + PADDING, dtype=np.uint8)
                block[:length] = buffer.array[:length]
                block[length:] = 0
                self._streamed_bytes = before + reader.stored
                yield Task(self._number(), text, position, None, block, length)


def merge(
    workers: list[Worker], replace: bool
) -> tuple[WordTable, NDArray[np.int64], list[NDArray[np.int32] | None]]:
    """Merge the word tables of all workers, in order of first appearance in the text.

    With `replace`, invalid bytes become U+FFFD, and words that thereby become equal are counted
    as one.

    Returns
    -------
    table : WordTable
    counts : ndarray
        int64 (n_distinct,).
    ids : list of ndarray or None
        For each worker, int32, the id in `table` for each of its ids; None where they are equal.
    """
    tables, counts, orders, ids = [], [], [], []
    for worker in workers:
        table, n, to_clean = worker.table, worker.table.counts(), None
        firsts = _first_tasks(worker)
        if replace and len(bad := table.not_text()):
            table, to_clean = _replaced(table, bad)
            _, first_ids = np.unique(to_clean, return_index=True)
            firsts = firsts[first_ids]
            n = _added_up(n, to_clean, len(table))
        tables.append(table)
        counts.append(n)
        orders.append(firsts)
        ids.append(to_clean)
    if len(tables) == 1:
        return tables[0], counts[0], ids
    # Tasks are in the order of the text, and the words of a table in the order of its tasks.
    order = np.argsort(np.concatenate(orders), kind="stable")
    sizes = [len(table) for table in tables]
    owners = np.repeat(np.arange(len(tables), dtype=np.int32), sizes)[order]
    theirs = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])[order]
    merged_ids: NDArray[np.int32] = np.empty(len(order), dtype=np.int32)
    merged = merge_tables(tables, owners, theirs, merged_ids)
    by_table: NDArray[np.int32] = np.empty(len(order), dtype=np.int32)
    by_table[order] = merged_ids
    parts = np.split(by_table, np.cumsum(sizes)[:-1])
    total = _added_up(np.concatenate(counts), by_table, len(merged))
    return (
        merged,
        total,
        [part if clean is None else part[clean] for part, clean in zip(parts, ids, strict=True)],
    )


def _added_up(counts: NDArray[np.int64], ids: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """Sum the counts of equal ids, exactly."""
    total: NDArray[np.int64] = np.zeros(n, dtype=np.int64)
    np.add.at(total, ids, counts)
    return total


def _first_tasks(worker: Worker) -> NDArray[np.int64]:
    """Return the task in which each of a worker's words first occurs, int64 (n_words,), rising."""
    sizes, numbers = zip(*worker.began, strict=True) if worker.began else ((), ())
    new_words = np.diff([*sizes, len(worker.table)])
    return np.repeat(np.array(numbers, dtype=np.int64), new_words)


def _replaced(table: WordTable, bad: NDArray[np.int64]) -> tuple[WordTable, NDArray[np.int32]]:
    """Copy a table with invalid bytes replaced; also return the new id of each word."""
    clean: NDArray[np.int32] = np.empty(len(table), dtype=np.int32)
    words = table.decode(np.arange(len(table), dtype=np.int64))
    new = WordTable()
    is_bad = np.zeros(len(table), dtype=bool)
    is_bad[bad] = True
    for i, word in enumerate(words):
        raw = word.encode("utf-8", "surrogateescape")
        if is_bad[i]:
            raw = raw.decode("utf-8", "replace").replace("\0", "\ufffd").encode()
        clean[i] = new.add(raw)
    return new, clean
