"""Where text comes from: files, folders, standard input, compressed or not; read in blocks."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cw2v._encode import PADDING, first_space, last_space
from cw2v.packing import (
    DAMAGE,
    MAGIC_SIZE,
    Packing,
    may_be,
    packing_by_name,
    packing_of,
    unpacked,
)

Source: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | BinaryIO

_BYTES: tuple[type, ...] = (bytes, bytearray, memoryview)


@dataclass(frozen=True, slots=True)
class TextInput:
    """One file, pipe or file object to read, and what is known about it beforehand."""

    index: int  # its place among all inputs
    name: str  # for messages
    path: str | None = None  # None for standard input and file objects
    file: BinaryIO | None = None  # the open file where there is no path
    size: int | None = None  # bytes as stored; None where it cannot be known
    packing: Packing | None = None  # None for plain text, or not yet known
    n_lines: int | None = None  # read no more lines than this

    @property
    def is_plain_file(self) -> bool:
        """Whether it is a regular file of plain text, which can be read from any offset."""
        # Some files, such as those in /proc, have text although their size is 0: read as pipes.
        whole = self.path is not None and self.n_lines is None
        return whole and bool(self.size) and self.packing is None

    @property
    def is_packed_file(self) -> bool:
        """Whether it is a regular file that must be decompressed from its start."""
        return self.path is not None and self.packing is not None


def find_inputs(source: Source) -> list[TextInput]:
    """List what `source` names, in reading order, and open each once to see that it can be read.

    Parameters
    ----------
    source : str, path, list of them, or binary file object
        "-" is standard input; a folder stands for its files in the order of their names,
        without hidden files and subfolders. Compressed files (.gz .bz2 .xz .zst) are recognised
        by their first bytes, whatever their names.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        A file does not exist or cannot be read; a folder has no files.
    ValueError
        The list is empty; a file is not compressed although its name says so.
    TypeError
        `source` cannot be read, or is a file opened as text.
    """
    return [look_at(index, part) for index, part in enumerate(parts_of(source))]


def is_open(part: Any) -> bool:
    """Return whether a part of a source is already open: a file object, or "-"."""
    return part == "-" or _is_file(part)


def parts_of(source: Source) -> list[Any]:
    """List the files, "-" and file objects that `source` names; errors as for `find_inputs`."""
    if isinstance(source, (str, os.PathLike)) or _is_file(source):
        return _expand(source)
    if not isinstance(source, Sequence) or isinstance(source, _BYTES):
        raise TypeError(
            f"a corpus is a path, a list of paths or a binary file, not {type(source).__name__}"
        )
    if not source:
        raise ValueError("the list of corpus files is empty")
    return [part for item in source for part in _expand(item)]


def _expand(item: Any) -> list[Any]:
    """Return the files of a folder; anything else in a list of its own."""
    if isinstance(item, str) and not item:  # which a Path would take for this folder
        raise FileNotFoundError(errno.ENOENT, "the name of a corpus file is empty")
    if _is_file(item) or item == "-":
        return [item]
    if not isinstance(item, (str, os.PathLike)):
        raise TypeError(f"a corpus file is given by its path, not by {type(item).__name__}")
    folder = Path(item).expanduser()
    if not folder.is_dir():
        return [item]
    files = sorted(
        (path for path in folder.iterdir() if not path.name.startswith(".")),
        key=lambda path: path.name,
    )
    files = [path for path in files if not path.is_dir()]
    if not files:
        raise FileNotFoundError(
            errno.ENOENT, "this folder has no files (its subfolders are not read)", str(folder)
        )
    return list(files)


def look_at(index: int, item: Any) -> TextInput:
    """Describe one file, pipe, file object or "-"; errors as for `find_inputs`."""
    if item == "-":
        if sys.stdin is None:  # the process was started with `<&-`
            raise OSError(errno.EBADF, "it is closed; there is nothing to read", "standard input")
        return TextInput(index, "standard input", file=sys.stdin.buffer)
    if _is_file(item):
        if isinstance(item, io.TextIOBase):
            raise TypeError(f"{name_of(item)} is open as text; open it with mode 'rb'")
        return TextInput(index, name_of(item), file=item)
    path = os.path.expanduser(item)  # noqa: PTH111 (a Path would drop "./")
    name = str(path)
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe: opened when its turn comes
        return TextInput(index, name, path)
    with Path(path).open("rb", buffering=0) as file:
        head = file.read(MAGIC_SIZE)
    packing = packing_of(head)
    promised = packing_by_name(path)
    if promised is not None and packing is None and not may_be(promised, head):
        raise ValueError(
            f"{name} is named like a file compressed with {promised}, but it begins with "
            f"{head!r}; rename it if it is plain text, fetch it again if it is damaged"
        )
    return TextInput(index, name, path, size=status.st_size, packing=packing or promised)


def _is_file(item: Any) -> bool:
    return hasattr(item, "readinto") or hasattr(item, "read")


def name_of(file: Any) -> str:
    """Return the name of an open file, for messages."""
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else f"the {type(file).__name__} given"


class _Prefixed(io.RawIOBase):
    """A file whose first bytes were read already: these again, then the rest."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if self._head:
            n = min(len(view), len(self._head))
            view[:n] = self._head[:n]
            self._head = self._head[n:]
            return n
        return read_into(self._file, view)


def read_into(file: Any, view: memoryview) -> int:
    """Read up to len(view) bytes into `view`; 0 at the end of the file."""
    if hasattr(file, "readinto"):
        # A buffered file's readinto goes on until `view` is full: Ctrl-C between two reads of a
        # slow pipe would be handled only then.
        one_read = isinstance(file, io.BufferedReader)
        n = file.readinto1(view) if one_read else file.readinto(view)
        if n is None:
            raise BlockingIOError(errno.EAGAIN, "the file is in non-blocking mode")
        return int(n)
    data = file.read(len(view))
    if isinstance(data, str):
        raise TypeError(f"{name_of(file)} gives text; open it with mode 'rb'")
    view[: len(data)] = data
    return len(data)


class TextReader:
    """One input as a stream of bytes of text, decompressed.

    `stored` counts the bytes read so far as they are in the file, before decompression. Use it as
    a context manager. The caller's own file objects are left open.
    """

    def __init__(self, text: TextInput) -> None:
        self._text = text
        self._opened: list[BinaryIO] = []
        self._lines_left = text.n_lines
        self._ended = text.n_lines == 0
        self.text_bytes = 0
        raw: Any
        if text.path is None:
            raw = text.file
        else:
            raw = Path(text.path).open("rb", buffering=0)  # noqa: SIM115
            self._opened.append(raw)
        self._raw = raw
        packing = text.packing
        if packing is None:
            head = bytearray(MAGIC_SIZE)
            n = 0
            while n < MAGIC_SIZE and (got := read_into(raw, memoryview(head)[n:])):
                n += got
            raw = _Prefixed(bytes(head[:n]), raw if n == MAGIC_SIZE else io.BytesIO())
            packing = packing_of(bytes(head[:n]))
            if packing is not None:
                raw = io.BufferedReader(raw, 1 << 16)
        self._packing = packing
        self._file: Any = raw
        if packing is not None:
            self._file = unpacked(raw, packing)
            self._opened.append(self._file)

    def __enter__(self) -> TextReader:
        return self

    def __exit__(self, *_: object) -> None:
        for file in reversed(self._opened):
            file.close()

    @property
    def stored(self) -> int:
        """How many bytes of the file were read, before decompression."""
        return int(self._raw.tell()) if self._text.size is not None else self.text_bytes

    def read_into(self, view: memoryview) -> int:
        """Read len(view) bytes of text, fewer only at the end.

        Raises
        ------
        ValueError
            A compressed file is cut short or damaged.
        """
        n = 0
        while n < len(view) and not self._ended:  # a terminal reports its end only once
            got = self._read(view[n:])
            self._ended = got == 0
            if self._lines_left is not None:
                got = self._up_to_last_line(view[n : n + got])
            self.text_bytes += got
            n += got
        return n

    def _up_to_last_line(self, view: memoryview) -> int:
        """Count lines; return how many of these bytes belong to lines within the limit."""
        assert self._lines_left is not None
        data = view.tobytes()
        n_lines = data.count(b"\n")
        if n_lines < self._lines_left:
            self._lines_left -= n_lines
            return len(data)
        end = -1
        for _ in range(self._lines_left):
            end = data.index(b"\n", end + 1)
        self._ended = True
        return end + 1

    def _read(self, view: memoryview) -> int:
        try:
            return read_into(self._file, view)
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                if error.filename is None:
                    error.filename = self._text.path
                raise
            if self._packing is None:
                raise
            raise ValueError(
                f"{self._text.name} cannot be decompressed ({self._packing}) beyond its first "
                f"{self.text_bytes} bytes of text, it was cut short or is damaged: "
                f"{error or type(error).__name__}. Fetch or compress it again"
            ) from error


class BlockBuffer:
    """One reader's buffer; it grows for a word that is longer than a block."""

    def __init__(self, block_size: int) -> None:
        self.block_size = block_size
        self.array: NDArray[np.uint8] = np.zeros(2 * block_size + PADDING, dtype=np.uint8)

    def room_for(self, n: int, keep: int) -> None:
        """Make `array` hold `n` bytes and the padding, and keep its first `keep` bytes."""
        if n + PADDING > len(self.array):
            larger: NDArray[np.uint8] = np.zeros(2 * n + PADDING, dtype=np.uint8)
            larger[:keep] = self.array[:keep]
            self.array = larger


def whole_words(
    read: Callable[[memoryview], int], begin: int, end: int | None, buffer: BlockBuffer
) -> Iterator[tuple[int, int]]:
    """Read the words that begin in one range of a text, block by block.

    Parameters
    ----------
    read : callable
        Fills a view with the next bytes, like `read_into`. The first byte that it reads is the
        one at `begin`, or the one before that if `begin` is not 0.
    begin, end : int
        The range, in bytes; None as `end` for the whole text. A word that begins before `begin`
        is left out; a word that continues beyond `end` is read to its end.

    Yields
    ------
    length, position : int
        ``buffer.array[:length]`` is the next part of the text, cut at white space;
        `position` is the offset of its first byte in the text.
    """
    position = begin
    held = 0  # bytes in the buffer
    skipping = begin > 0  # still in a word that began before the range
    if skipping:
        position -= 1
    while True:
        room = buffer.block_size
        if end is not None:
            left = end - (position + held)
            if left <= 0 and (skipping or held == 0):
                return
            room = min(room, left if left > 0 else max(1024, held))
        buffer.room_for(held + room, held)
        n = read(memoryview(buffer.array[held : held + room]))  # type: ignore[arg-type]
        if n == 0:
            if held and not skipping:
                # The tokeniser reads some bytes beyond the end.
                buffer.array[held : held + PADDING] = 0
                yield held, position
            return
        if skipping:
            space = first_space(buffer.array, 0, n)
            if space < 0:
                position += n
                continue
            skipping = False
            buffer.array[: n - space] = buffer.array[space:n]
            position += space
            held, n = 0, n - space
        filled = held + n
        if end is not None and position + held >= end:  # only the end of the last word is missing
            space = first_space(buffer.array, held, filled)
            if space >= 0:
                yield space, position
                return
            held = filled
            continue
        cut = last_space(buffer.array, held, filled) + 1
        if cut:
            yield cut, position
            buffer.array[: filled - cut] = buffer.array[cut:filled]
            position += cut
        held = filled - cut
