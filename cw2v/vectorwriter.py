"""Writes a word2vec file: words in UTF-8, rows in blocks, and errors that name the word."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from cw2v import _vectorfile
from cw2v.atomic import atomic_write, check_writable
from cw2v.compressed import compress_into

_SEPARATORS = b"\t\n\v\f\r "


@contextlib.contextmanager
def open_for_writing(path: str | os.PathLike[str], *, append: bool) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes, compressed if its suffix says so.

    A new file appears whole or not at all. If `append`, an existing file is appended to; after an
    error it is cut back to its old length.
    """
    opened = _append_to(path) if append else atomic_write(path)
    with opened as file, compress_into(file, path) as stream:
        yield stream


@contextlib.contextmanager
def _append_to(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    check_writable(path)
    file_name = Path(path).expanduser()
    size_before = file_name.stat().st_size if file_name.exists() else 0
    try:
        with file_name.open("ab") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        os.truncate(file_name, size_before)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise


def encode_words(words: Sequence[Any], prefix: str, first_row: int) -> bytes:
    """Return the words in UTF-8, every one followed by a space; refuse those with white space."""
    if not words:
        return b""
    try:
        text = prefix + (" " + prefix).join(words) + " "
    except TypeError:
        words = [str(word) for word in words]
        text = prefix + (" " + prefix).join(words) + " "
    try:
        encoded = text.encode("utf8", "surrogateescape")
    except UnicodeEncodeError:
        encoded = b""
    n_separators = sum(encoded.count(separator) for separator in _SEPARATORS)
    if n_separators != len(words) or b"  " in encoded or encoded.startswith(b" "):
        _raise_bad_word(words, prefix, first_row)
    return encoded


def _raise_bad_word(words: Sequence[str], prefix: str, first_row: int) -> None:
    for row, word in enumerate(words, first_row):
        whole = prefix + word
        problem = ""
        if not whole:
            problem = "is empty"
        elif any(separator in whole for separator in _SEPARATORS.decode()):
            problem = "has white space in it"
        else:
            try:
                whole.encode("utf8", "surrogateescape")
            except UnicodeEncodeError:
                problem = "has no form in UTF-8"
        if problem:
            raise ValueError(
                f"the word of row {row}, {whole!r}, {problem}; word2vec's formats cannot hold it. "
                "Replace it (often the space by '_'), or keep the vectors as save() does"
            )


def write_block(
    stream: IO[bytes], words: bytes, rows: npt.NDArray[Any], binary: bool, scratch: bytearray
) -> None:
    """Write some rows; `scratch` is memory that is reused for each block."""
    if binary or rows.dtype == np.float32:
        exact = np.ascontiguousarray(rows, dtype="<f4" if binary else np.float32)
        row_bytes = 4 * exact.shape[1] + 1
        if not binary:
            row_bytes = exact.shape[1] * _vectorfile.TEXT_BYTES_PER_NUMBER
        lacking = len(words) + len(exact) * row_bytes - len(scratch)
        scratch.extend(bytes(max(0, lacking)))
        put = _vectorfile.pack_binary_rows if binary else _vectorfile.print_text_rows
        n_bytes = put(words, exact.view(np.float32), scratch)
        with memoryview(scratch) as view:
            write_all(stream, view[:n_bytes])
        return
    # Other dtypes are rare; NumPy prints their digits.
    lines = [
        word + b" " + " ".join([str(value) for value in row]).encode() + b"\n"
        for word, row in zip(words.split(b" "), rows, strict=False)
    ]
    write_all(stream, memoryview(b"".join(lines)))


def write_all(stream: IO[bytes], data: memoryview) -> None:
    """Write all of `data`, by as many calls as it takes."""
    while data:
        data = data[stream.write(data) :]
