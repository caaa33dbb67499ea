"""Storage of provisional ids: in memory, and beyond a budget in an unnamed temporary file."""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

SEGMENT_IDS = 1 << 20  # 4 MB: the memory that a worker takes from the store at a time


def available_memory() -> int:
    """Return the memory available now, in bytes: of the machine, or what limits leave."""
    limits = []
    with contextlib.suppress(OSError):  # not Linux
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) << 10)
    if not limits and hasattr(os, "sysconf"):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    limits.extend(_free_in_container(Path("/sys/fs/cgroup")))
    limits.extend(_free_addresses())
    return min(limits, default=4 << 30)


def _free_in_container(group: Path) -> list[int]:
    """Return the bytes that a control group's limit leaves, or nothing if it sets none."""
    lines: list[str] = []
    try:
        limit = int((group / "memory.max").read_text())
    except (OSError, ValueError):  # no container, or "max"
        return []
    with contextlib.suppress(OSError):
        lines = (group / "memory.stat").read_text().splitlines()
    used = {name: int(size) for name, _, size in (line.partition(" ") for line in lines)}
    # The rest is the page cache, which the kernel frees when memory is needed.
    return [max(0, limit - sum(used.get(name, 0) for name in ("anon", "shmem", "kernel")))]


def _free_addresses() -> list[int]:
    """Return the bytes that `ulimit -v` leaves this process, or nothing if it sets no limit."""
    if sys.platform == "win32":
        return []
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return []
    used = 0
    with contextlib.suppress(OSError):  # not Linux
        used = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    return [max(0, limit - used)]


class TemporaryIds:
    """int32 ids in a temporary file, which the system deletes however the process ends.

    Raises
    ------
    OSError
        The disk is full; the message names the folder and what to do.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="cw2v-")  # noqa: SIM115
        self._end = 0

    def append(self, ids: NDArray[np.int32]) -> int:
        """Append ids; return the index of the first."""
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
        """Fill `ids` with the ids from index `place` on."""
        self._file.seek(4 * place)
        n_bytes = self._file.readinto(ids.view(np.uint8))  # type: ignore[attr-defined]
        if n_bytes != 4 * len(ids):
            raise OSError("a temporary file of the encoded corpus became shorter")

    def as_array(self) -> NDArray[np.int32]:
        """Return all ids, int32 (n,), memory-mapped and read-only; this keeps the file alive."""
        if self._end == 0:
            return np.empty(0, dtype=np.int32)
        pages = mmap.mmap(self._file.fileno(), 4 * self._end, access=mmap.ACCESS_READ)
        return np.frombuffer(pages, dtype=np.int32)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(slots=True)
class Piece:
    """Consecutive ids of one input, written by one worker."""

    in_memory: bool
    place: int  # index of its first id in the store's memory, or in its temporary file
    n_ids: int
    breaks: NDArray[np.int32]  # the number of ids before each sentence end, rising


class IdStore:
    """All provisional ids of a corpus; each worker writes to it through its own `IdWriter`.

    Its memory is one range of addresses, reserved on first use; pages take no memory until they
    are written. So the ids can be translated in place: see `IdsInPlace`.

    Parameters
    ----------
    memory_budget : int, at least 0, or None
        Bytes of ids held in memory; the rest goes to a temporary file. None for half of the
        memory available.
    most_ids : int, optional
        An upper bound of the number of ids.
    """

    def __init__(self, memory_budget: int | None, most_ids: int | None = None) -> None:
        self._lock = threading.Lock()
        room = (available_memory() // 2 if memory_budget is None else memory_budget) // 4
        self._room = room if most_ids is None else min(room, most_ids)
        self._taken = 0
        self._memory: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._file: TemporaryIds | None = None

    @property
    def memory(self) -> NDArray[np.int32]:
        """All memory within the budget, (room,), used or not."""
        if not len(self._memory) and self._room:
            self._memory = _address_range(self._room)
        return self._memory

    def take(self, n: int) -> int | None:
        """Reserve memory for `n` ids; return its index in `memory`, or None beyond the budget."""
        with self._lock:
            if self._taken + n > len(self.memory):
                return None
            self._taken += n
            return self._taken - n

    def spill(self, ids: NDArray[np.int32]) -> int:
        """Write ids to the temporary file; return the index of the first."""
        with self._lock:
            if self._file is None:
                self._file = TemporaryIds()
            return self._file.append(ids)

    def ids_of(self, piece: Piece) -> NDArray[np.int32]:
        """Return the ids of one piece, from memory or the file."""
        if piece.in_memory:
            return self._memory[piece.place : piece.place + piece.n_ids]
        ids: NDArray[np.int32] = np.empty(piece.n_ids, dtype=np.int32)
        if piece.n_ids:
            assert self._file is not None
            with self._lock:
                self._file.read(piece.place, ids)
        return ids

    def close(self) -> None:
        """Free the memory and close the temporary file."""
        with self._lock:
            self._room = 0
            self._memory = np.empty(0, dtype=np.int32)
            if self._file is not None:
                self._file.close()
                self._file = None

    def __del__(self) -> None:
        self.close()


def _address_range(n: int) -> NDArray[np.int32]:
    """Return `n` zeros in pages that take no memory until they are written."""
    try:
        if hasattr(mmap, "MAP_PRIVATE"):
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
            pages = mmap.mmap(-1, 4 * n, flags=flags)
        else:
            pages = mmap.mmap(-1, 4 * n)
    except (OSError, OverflowError) as error:
        raise MemoryError(
            f"cannot set aside {4 * n:,} bytes of addresses for the ids of the text "
            f"({error}); pass a smaller memory_budget"
        ) from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # the kernel has no huge pages
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=np.int32)


class IdsInPlace:
    """Replaces the ids of a store by other ids, in its own memory.

    For each piece in order, ``read`` it, write the new ids to the array returned, and ``commit``
    them. With one worker, writing never overtakes reading. With several, pieces are a little out of
    order; a piece that would be overwritten before it is read is copied first.

    Parameters
    ----------
    store : IdStore
        Its memory must have room for one id more than will be written.
    pieces : list of Piece
    """

    def __init__(self, store: IdStore, pieces: list[Piece]) -> None:
        self._store = store
        self._pieces = pieces
        in_memory = [number for number, piece in enumerate(pieces) if piece.in_memory]
        self._by_place = sorted(in_memory, key=lambda number: pieces[number].place, reverse=True)
        self._moved: dict[int, NDArray[np.int32]] = {}
        self._n = 0  # ids written

    def read(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the ids of a piece, and all the memory after the ids written so far."""
        piece = self._pieces[number]
        end = self._n + piece.n_ids
        while self._by_place and self._pieces[self._by_place[-1]].place < end:
            other = self._by_place.pop()
            if other > number:
                self._moved[other] = self._store.ids_of(self._pieces[other]).copy()
        moved = self._moved.pop(number, None)
        ids = self._store.ids_of(piece) if moved is None else moved
        return ids, self._store.memory[self._n :]

    def commit(self, n: int) -> None:
        """Keep the first `n` ids of the array that `read` returned."""
        self._n += n

    def as_array(self) -> NDArray[np.int32]:
        """Return all ids kept; the pages after them are freed."""
        ids = self._store.memory
        pages: Any = ids.base
        if isinstance(pages, memoryview):
            pages = pages.obj
        if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            used = -(-4 * self._n // mmap.PAGESIZE) * mmap.PAGESIZE
            if used < len(pages):
                pages.madvise(mmap.MADV_DONTNEED, used)
        return ids[: self._n]

    def close(self) -> None:
        """Do nothing: the store owns the memory."""


class IdsInFile:
    """Writes other ids for those of a store, like `IdsInPlace`, but to a temporary file."""

    def __init__(self, store: IdStore, pieces: list[Piece]) -> None:
        self._store = store
        self._pieces = pieces
        self._room: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._file = TemporaryIds()

    def read(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the ids of a piece, and an array for as many and one more."""
        piece = self._pieces[number]
        if len(self._room) <= piece.n_ids:
            self._room = np.empty(piece.n_ids + 1, dtype=np.int32)
        return self._store.ids_of(piece), self._room

    def commit(self, n: int) -> None:
        """Keep the first `n` ids of the array that `read` returned."""
        self._file.append(self._room[:n])

    def as_array(self) -> NDArray[np.int32]:
        """Return all ids kept, memory-mapped."""
        return self._file.as_array()

    def close(self) -> None:
        """Close the file; its memory map stays valid."""
        self._file.close()


class IdWriter:
    """Writes one worker's ids: ``reserve`` memory, fill it, ``commit``; ``finish`` a piece."""

    def __init__(self, store: IdStore) -> None:
        self._store = store
        self._segment: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._segment_place: int | None = 0  # in the store's memory; None: it will go to the file
        self._used = 0  # ids of the segment that are written
        self._begin = 0  # where the current piece begins in the segment
        self._n_ids = 0  # of the current piece
        self._place = 0  # of the current piece in the file
        self._breaks: list[NDArray[np.int32]] = []
        self._done: list[Piece] = []

    def reserve(self, n: int) -> NDArray[np.int32]:
        """Return memory for the next `n` ids."""
        if self._used + n > len(self._segment):
            self._end_piece()
            size = max(n, SEGMENT_IDS)
            place = self._segment_place = self._store.take(size)
            if place is not None:
                self._segment = self._store.memory[place : place + size]
            else:
                self._segment = np.empty(size, dtype=np.int32)
            self._used = self._begin = 0
        return self._segment[self._used : self._used + n]

    def commit(self, n: int, breaks: NDArray[np.int32]) -> None:
        """Keep the first `n` of the ids reserved; `breaks` are relative to the first of them."""
        if len(breaks):
            self._breaks.append(breaks + np.int32(self._n_ids))
        self._used += n
        self._n_ids += n

    def _end_piece(self) -> None:
        if self._n_ids or self._breaks:
            in_memory = self._segment_place is not None
            if self._segment_place is not None:
                place = self._segment_place + self._begin
            else:
                place = self._store.spill(self._segment[self._begin : self._used])
                self._used = self._begin  # reuse the memory
            breaks = np.concatenate(self._breaks) if self._breaks else np.empty(0, dtype=np.int32)
            self._done.append(Piece(in_memory, place, self._n_ids, breaks))
        self._begin = self._used
        self._n_ids = 0
        self._breaks = []

    def finish(self) -> list[Piece]:
        """End the current piece; return all pieces since the last call, in order."""
        self._end_piece()
        done, self._done = self._done, []
        return done
