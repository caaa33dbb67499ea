"""Compressed files: recognised by their first bytes or their name, read and written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packing: TypeAlias = Literal["gzip", "bzip2", "xz", "zstd"]

_PACKED_BYTES = 1 << 16  # compressed bytes read at a time
MAGIC_SIZE = 10  # bytes that `packing_of` looks at

# What decompressors raise on damaged or truncated data. gzip and bz2 raise an OSError without
# errno; the errors of the disk have one.
DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
)

# File objects that are read as bytes, whatever they decompress.
UNPACKED_FILES: tuple[type, ...] = (gzip.GzipFile, bz2.BZ2File, lzma.LZMAFile, zstd.ZstdFile)

SUFFIXES: dict[str, Packing] = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
_ZSTD_SKIPPABLE = b"\x50\x2a\x4d\x18"  # a frame that zstd skips, and that other formats have too


class _Streams(io.RawIOBase):
    """Reads the compressed streams of a file, one after another, to its end.

    Python's BZ2File and LZMAFile stop without an error at bytes after a stream that do not begin
    another. In a file of many streams, one damaged byte could hide all that follows.

    Parameters
    ----------
    file : path or binary file
    begin : callable
        Returns a new decompressor for one stream.
    padding : bytes
        Bytes that may be between two streams.
    """

    def __init__(self, file: Any, begin: Callable[[], Any], padding: bytes = b"") -> None:
        self._file, self._is_ours = file, False
        if isinstance(file, str | os.PathLike):
            self._file, self._is_ours = Path(file).open("rb", buffering=0), True  # noqa: SIM115
        self._begin, self._padding = begin, padding
        self._stream: Any = None  # the decompressor of this stream; None between two
        self._rest = b""  # bytes read after the end of the last stream

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if self._is_ours:
            self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = b""
        while len(view) and not data:
            given = b""
            if self._stream is None or self._stream.needs_input:
                given, self._rest = self._rest or self._file.read(_PACKED_BYTES), b""
                if not given and self._stream is None:
                    break
                if not given:
                    raise EOFError("it ends inside a compressed stream")
            if self._stream is None:
                given = given.lstrip(self._padding) if self._padding else given
                if not given:
                    continue
                self._stream = self._begin()
            data = self._stream.decompress(given, len(view))
            if self._stream.eof:
                self._rest, self._stream = self._stream.unused_data, None
        view[: len(data)] = data
        return len(data)


_OPEN: dict[Packing, Callable[..., Any]] = {
    "gzip": gzip.open,
    "bzip2": lambda file: io.BufferedReader(_Streams(file, bz2.BZ2Decompressor)),
    "xz": lambda file: io.BufferedReader(_Streams(file, lzma.LZMADecompressor, b"\0")),
    "zstd": zstd.open,
}
_WRITERS: dict[Packing, Callable[[IO[bytes]], Any]] = {
    # Without a name and a time stamp, so that the same bytes give the same file.
    "gzip": lambda file: gzip.GzipFile("", mode="wb", compresslevel=6, fileobj=file, mtime=0),
    "bzip2": lambda file: bz2.BZ2File(file, "wb"),
    "xz": lambda file: lzma.LZMAFile(file, "wb"),  # noqa: SIM115 (closed by who asked for it)
    "zstd": lambda file: zstd.ZstdFile(
        file, "wb", options={int(zstd.CompressionParameter.checksum_flag): 1}
    ),
}


def packing_of(head: bytes) -> Packing | None:
    """Return how a file is compressed by its first `MAGIC_SIZE` bytes; None if it is not."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:  # "BZh" alone may be a word
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    return None


def packing_by_name(path: str | os.PathLike[str]) -> Packing | None:
    """Return how a file is compressed by its suffix: .gz, .bz2, .xz or .zst, in either case."""
    return SUFFIXES.get(Path(path).suffix.lower())


def may_be(packing: Packing, head: bytes) -> bool:
    """Return whether a file that begins with `head` can be compressed in this way."""
    return packing_of(head) == packing or (packing == "zstd" and head.startswith(_ZSTD_SKIPPABLE))


def unpacked(file: Any, packing: Packing) -> Any:
    """Return a file object that reads the decompressed bytes of a file.

    Closing it leaves `file` open, unless that is a path.
    """
    return _OPEN[packing](file)


def packed_into(file: IO[bytes], packing: Packing) -> Any:
    """Return a file object that compresses what is written to it into `file`, which stays open."""
    return _WRITERS[packing](file)
