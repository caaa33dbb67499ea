"""Opens files for reading and writing, compressed or not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from cw2v.packing import (
    MAGIC_SIZE,
    Packing,
    packed_into,
    packing_by_name,
    packing_of,
    unpacked,
)


def packing_of_file(path: str | os.PathLike[str]) -> Packing | None:
    """Return how a file is compressed: by its first bytes, else by its name.

    For a pipe, which can be read only once, the name alone decides.
    """
    named, found = Path(path).expanduser(), None
    if named.is_file():
        with named.open("rb", buffering=0) as file:
            found = packing_of(file.read(MAGIC_SIZE))
    return found or packing_by_name(path)


def open_for_reading(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a file for reading bytes, decompressed if it is compressed; ~ is the home folder.

    An uncompressed file is opened without a buffer: read it in large pieces.
    """
    named, packing = Path(path).expanduser(), packing_of_file(path)
    if packing is not None:
        return cast(IO[bytes], unpacked(named, packing))
    return cast(IO[bytes], named.open("rb", buffering=0))


@contextlib.contextmanager
def compress_into(file: IO[bytes], path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Yield a file object that writes to `file`, compressed if the suffix of `path` says so.

    `file` stays open.
    """
    packing = packing_by_name(path)
    if packing is None:
        yield file
        return
    with packed_into(file, packing) as stream:
        yield stream
