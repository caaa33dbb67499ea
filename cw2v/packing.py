"""How a file is compressed, by its first bytes or by its name, and what unpacks and packs it."""

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

_PACKED_BYTES = 1 << 16  # read at a time
MAGIC_SIZE = 10  # bytes that `packing_of` looks at

# What decompressors raise on damaged or truncated data. Of gzip and bz2 it is an OSError without
# errno; the disk's own errors have one.
DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
)

# File objects that give bytes, whatever they unpack.
UNPACKED_FILES: tuple[type, ...] = (gzip.GzipFile, bz2.BZ2File, lzma.LZMAFile, zstd.ZstdFile)

SUFFIXES: dict[str, Packing] = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
_ZSTD_SKIPPABLE = b"\x50\x2a\x4d\x18"  # a frame that zstd skips, and that other formats have too


class _Streams(io.RawIOBase):
    """Reads compressed streams, one after another, to the end of a file.

    Python's BZ2File and LZMAFile take whatever follows a stream, and is none, for the end: of a
    file of many streams with one damaged byte, all that follows would be missed.

    Parameters
    ----------
    file : path or binary file
    begin : callable
        Makes the decompressor of a stream.
    padding : bytes
        What may stand between two streams.
    """

    def __init__(self, file: Any, begin: Callable[[], Any], padding: bytes = b"") -> None:
        self._file, self._is_ours = file, False
        if isinstance(file, str | os.PathLike):
            self._file, self._is_ours = Path(file).open("rb", buffering=0), True  # noqa: SIM115
        self._begin, self._padding = begin, padding
        self._stream: Any = None  # the decompressor of the stream at hand; None between two
        self._rest = b""  # what was read beyond the last stream

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
    # Without a name and a time stamp: the same bytes give the same file.
    "gzip": lambda file: gzip.GzipFile("", mode="wb", compresslevel=6, fileobj=file, mtime=0),
    "bzip2": lambda file: bz2.BZ2File(file, "wb"),
    "xz": lambda file: lzma.LZMAFile(file, "wb"),  # noqa: SIM115 (closed by who asked for it)
    "zstd": lambda file: zstd.ZstdFile(
        file, "wb", options={int(zstd.CompressionParameter.checksum_flag): 1}
    ),
}


def packing_of(head: bytes) -> Packing | None:
    """Tell how a file is compressed by its first `MAGIC_SIZE` bytes; None if it is not."""
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
    """Tell how a file is compressed by its suffix: .gz, .bz2, .xz or .zst, in either case."""
    return SUFFIXES.get(Path(path).suffix.lower())


def may_be(packing: Packing, head: bytes) -> bool:
    """Say whether a file that begins so can be compressed in that way."""
    return packing_of(head) == packing or (packing == "zstd" and head.startswith(_ZSTD_SKIPPABLE))


def unpacked(file: Any, packing: Packing) -> Any:
    """Return a file object that reads what is packed in a file.

    Closing it leaves `file` open, unless that is a path.
    """
    return _OPEN[packing](file)


def packed_into(file: IO[bytes], packing: Packing) -> Any:
    """Return a file object that packs what is written to it into `file`, which it leaves open."""
    return _WRITERS[packing](file)
