"""Compressed files by their suffix: .gz, .bz2, .xz and .zst."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")

# What the decompressors raise on damaged or truncated data; gzip and bz2 an OSError without errno.
DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
)


def is_compressed(path: str | os.PathLike[str]) -> bool:
    """Say whether the name of a file ends like a compressed file's."""
    return Path(path).suffix in SUFFIXES


def open_for_reading(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a file for reading bytes, decompressed if its suffix says that it is compressed.

    An uncompressed file is opened without a buffer: read it in large pieces.
    """
    match Path(path).suffix:
        case ".gz":
            return cast(IO[bytes], gzip.open(path, "rb"))
        case ".bz2":
            return bz2.open(path, "rb")
        case ".xz":
            return lzma.open(path, "rb")
        case ".zst":
            return cast(IO[bytes], zstd.open(path, "rb"))
    return cast(IO[bytes], Path(path).open("rb", buffering=0))


@contextlib.contextmanager
def compress_into(file: IO[bytes], path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a file object whose bytes reach `file` as the suffix of `path` says.

    `file` stays open. No time stamp is stored: the same bytes give the same file.
    """
    stream: Any
    match Path(path).suffix:
        case ".gz":
            stream = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
        case ".bz2":
            stream = bz2.BZ2File(file, "wb")
        case ".xz":
            stream = lzma.open(file, "wb")  # noqa: SIM115 (closed below)
        case ".zst":
            checked = {int(zstd.CompressionParameter.checksum_flag): 1}
            stream = zstd.ZstdFile(file, "wb", options=checked)
        case _:
            yield file
            return
    with stream:
        yield stream
