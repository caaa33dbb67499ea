"""Where ids wait: in memory, and beyond a budget in a temporary file that has no name."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

SEGMENT_IDS = 1 << 20  # 4 MB: what is set free at a time when the ids are taken out again


def default_memory_budget() -> int:
    """Return half of the memory that is available to this process, in bytes."""
    return available_memory() // 2


def available_memory() -> int:
    """Return the memory available now: the machine's, or less where a container allows less."""
    limits = []
    with contextlib.suppress(OSError):  # not Linux
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) << 10)
    if not limits and hasattr(os, "sysconf"):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError, ValueError):  # no container, or "max"
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(limits, default=4 << 30)


class TemporaryIds:
    """int32 ids in a temporary file that vanishes with the process, however it ends.

    Raises
    ------
    OSError
        The disk is full; the message names the folder and what to do.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="cw2v-")  # noqa: SIM115
        self._end = 0

    def append(self, ids: NDArray[np.int32]) -> int:
        """Write at the end; returns where, in ids."""
        place = self._end
        try:
            self._file.seek(4 * place)
            self._file.write(ids.view(np.uint8).data)
            self._file.flush()
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror} while writing {4 * len(ids)} bytes of the encoded corpus "
                f"after {4 * place} others; free some disk, set TMPDIR to a folder with more, "
                "or raise memory_budget",
                tempfile.gettempdir(),
            ) from error
        self._end += len(ids)
        return place

    def read(self, place: int, ids: NDArray[np.int32]) -> None:
        """Fill `ids` with those from `place` on."""
        self._file.seek(4 * place)
        n_bytes = self._file.readinto(ids.view(np.uint8))  # type: ignore[attr-defined]
        if n_bytes != 4 * len(ids):
            raise OSError("a temporary file of the encoded corpus became shorter")

    def as_array(self) -> NDArray[np.int32]:
        """Return all ids as a read-only map of the file, int32 (n,), which keeps it alive."""
        if self._end == 0:
            return np.empty(0, dtype=np.int32)
        pages = mmap.mmap(self._file.fileno(), 4 * self._end, access=mmap.ACCESS_READ)
        return np.frombuffer(pages, dtype=np.int32)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


@dataclass(slots=True)
class Piece:
    """Consecutive ids of one input, as one worker wrote them."""

    ids: NDArray[np.int32] | None  # None: in the temporary file
    place: int  # there
    n_ids: int
    breaks: NDArray[np.int32]  # the number of ids before each sentence end, rising


class IdStore:
    """All provisional ids of a corpus; many workers write, each through its own `IdWriter`.

    Parameters
    ----------
    memory_budget : int, at least 0
        Bytes of ids held in memory; the rest goes to a temporary file.
    """

    def __init__(self, memory_budget: int) -> None:
        self._lock = threading.Lock()
        self._budget = memory_budget
        self._file: TemporaryIds | None = None

    def take_memory(self, n_bytes: int) -> bool:
        """Ask for memory within the budget."""
        with self._lock:
            if n_bytes > self._budget:
                return False
            self._budget -= n_bytes
            return True

    def spill(self, ids: NDArray[np.int32]) -> int:
        """Write ids to the temporary file; returns where."""
        with self._lock:
            if self._file is None:
                self._file = TemporaryIds()
            return self._file.append(ids)

    def ids_of(self, piece: Piece) -> NDArray[np.int32]:
        """Return the ids of one piece, wherever they are."""
        if piece.ids is not None:
            return piece.ids
        ids: NDArray[np.int32] = np.empty(piece.n_ids, dtype=np.int32)
        if piece.n_ids:
            assert self._file is not None
            with self._lock:
                self._file.read(piece.place, ids)
        return ids

    def close(self) -> None:
        """Give the temporary file back."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __del__(self) -> None:
        self.close()


class IdWriter:
    """One worker's way into an `IdStore`: ``reserve``, fill, ``commit``; ``finish`` a piece."""

    def __init__(self, store: IdStore) -> None:
        self._store = store
        self._segment: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._in_memory = True
        self._used = 0  # ids of the segment that are written
        self._begin = 0  # where the piece at hand begins in the segment
        self._n_ids = 0  # of the piece at hand
        self._place = 0  # of the piece at hand in the file
        self._breaks: list[NDArray[np.int32]] = []
        self._done: list[Piece] = []

    def reserve(self, n: int) -> NDArray[np.int32]:
        """Return memory for the next `n` ids."""
        if self._used + n > len(self._segment):
            self._end_piece()
            size = max(n, SEGMENT_IDS)
            self._in_memory = self._store.take_memory(4 * size)
            # Pages of its own, so that they go back to the system when the segment is freed.
            self._segment = np.frombuffer(mmap.mmap(-1, 4 * size), dtype=np.int32)
            self._used = self._begin = 0
        return self._segment[self._used : self._used + n]

    def commit(self, n: int, breaks: NDArray[np.int32]) -> None:
        """Keep the first `n` ids of those reserved; `breaks` counts from the first of them."""
        if len(breaks):
            self._breaks.append(breaks + np.int32(self._n_ids))
        self._used += n
        self._n_ids += n

    def _end_piece(self) -> None:
        if self._n_ids or self._breaks:
            ids: NDArray[np.int32] | None = self._segment[self._begin : self._used]
            place = 0
            if not self._in_memory and self._n_ids and ids is not None:
                place, ids = self._store.spill(ids), None
                self._used = self._begin  # the memory is used again
            breaks = np.concatenate(self._breaks) if self._breaks else np.empty(0, dtype=np.int32)
            self._done.append(Piece(ids, place, self._n_ids, breaks))
        self._begin = self._used
        self._n_ids = 0
        self._breaks = []

    def finish(self) -> list[Piece]:
        """End the piece at hand; returns all since the last call, in order."""
        self._end_piece()
        done, self._done = self._done, []
        return done
