"""Reads and writes files of word vectors: word2vec's binary and text formats, and .npz."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from cw2v.compressed import open_for_reading
from cw2v.nativefile import HEADER, MAGIC, check_no_pipe
from cw2v.npz import Vectors, read_npz, write_npz
from cw2v.savedfile import read_saved
from cw2v.vectorreader import BUFFER_BYTES, TruncatedFileError, VectorFileError, VectorReader, shown
from cw2v.vectortable import VectorTable
from cw2v.vectorwriter import encode_words, open_for_writing, write_all, write_block

__all__ = [
    "TruncatedFileError",
    "VectorFileError",
    "Vectors",
    "read_counts",
    "read_npz",
    "read_vectors",
    "read_word2vec",
    "write_counts",
    "write_npz",
    "write_word2vec",
]

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 4 << 20
_WORDS_PER_CHECK = 65536
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def write_word2vec(
    path: str | os.PathLike[str],
    words: Sequence[Any],
    vectors: npt.NDArray[Any],
    *,
    binary: bool = False,
    header: bool = True,
    total: int | None = None,
    prefix: str = "",
    append: bool = False,
    order: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write vectors in the format of Google's word2vec program.

    Text files equal gensim's byte for byte: the shortest decimals that read back as the same
    float32. Binary rows end with a newline, as Google's do; gensim reads both kinds.

    Parameters
    ----------
    path : str or os.PathLike
        The file appears whole or not at all; compressed if it ends in .gz, .bz2, .xz or .zst.
    words : sequence
        One for each row. What is not a str is written as by ``str()``. Bytes that
        "surrogateescape" has kept are written as they were.
    vectors : ndarray
        Of shape (n_words, dim). Binary rows are float32; text has the digits of the dtype.
    binary : bool
        Binary or text.
    header : bool
        Write the first line, "V K".
    total : int, optional
        V for the first line, when more rows are to be appended later.
    prefix : str
        Put in front of every word.
    append : bool
        Append to the file. After an error it is cut back to its old length.
    order : ndarray, optional
        Row numbers, int64: which rows are written, and in which order.

    Raises
    ------
    ValueError
        A word is empty, or has white space in it (the formats cannot hold it), or the shapes
        do not fit together; raised before anything is written.
    OSError
        The file cannot be written; an existing file is unchanged.
    """
    if vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError(f"{len(words)} words need as many rows, got shape {vectors.shape}")
    if vectors.shape[1] == 0:
        raise ValueError("vectors of size 0 cannot be written in word2vec's formats")
    n_rows = len(words) if order is None else len(order)
    ordered = words if order is None else [words[row] for row in order.tolist()]
    for start in range(0, n_rows, _WORDS_PER_CHECK):
        encode_words(ordered[start : start + _WORDS_PER_CHECK], prefix, start)

    with open_for_writing(path, append=append) as stream:
        if header:
            total = n_rows if total is None else total
            write_all(stream, memoryview(f"{total} {vectors.shape[1]}\n".encode()))
        scratch = bytearray()
        rows_per_block = max(1, _BLOCK_BYTES // (16 * vectors.shape[1] + 16))
        for start in range(0, n_rows, rows_per_block):
            block = slice(start, start + rows_per_block)
            encoded = encode_words(ordered[block], prefix, start)
            rows = vectors[block] if order is None else vectors[order[block]]
            write_block(stream, encoded, rows, binary, scratch)


def read_word2vec(
    path: str | os.PathLike[str],
    *,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    header: bool = True,
    buffer_bytes: int = BUFFER_BYTES,
) -> Vectors:
    """Read a file in the format of Google's word2vec program.

    The file is read in buffers of a few MB, directly into the matrix that is returned. Numbers
    of a text file are rounded once, to the nearest float32. If a word is there twice, the first
    row is kept, with a warning in the log.

    Parameters
    ----------
    path : str or os.PathLike
        The file; decompressed if it is compressed (gzip, bzip2, xz, Zstandard).
    binary : bool
        Binary (with or without a newline after each row) or text.
    encoding, unicode_errors : str
        How the bytes of a word become a str, as in ``bytes.decode``.
    limit : int, optional
        Read only so many rows; None or 0 reads all.
    datatype : dtype
        The dtype of the vectors. Unless it is float32, text is parsed as float64 first.
    header : bool
        The file begins with the line "V K". Without it only text can be read.
    buffer_bytes : int
        Bytes to read at a time.

    Returns
    -------
    Vectors
        Words, vectors of shape (n_words, dim), and None for the counts.

    Raises
    ------
    TruncatedFileError
        The file ends before its last row; the message says in which row, and at what byte.
    VectorFileError
        The file is damaged or of another kind; the message says where.
    UnicodeDecodeError
        A word is not valid in `encoding`; the message names row and byte.
    OSError
        The file cannot be read.
    """
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be at least 1 row, or None for all, got {limit}")
    if binary and not header:
        raise NotImplementedError("a binary file without its first line cannot be read")
    limit = limit or None
    dtype = np.dtype(datatype)
    with VectorReader(path, encoding, unicode_errors, buffer_bytes) as reader:
        exact = binary or dtype == np.float32
        if not header:
            vectors = reader.read_text_without_header(limit)
        else:
            n_rows, promised, dim = reader.read_header(binary=binary, limit=limit)
            read = reader.read_binary if binary else reader.read_text
            vectors = read(n_rows, promised, dim)
            if limit is None:
                reader.check_nothing_follows(promised)
        words = reader.words
    result: npt.NDArray[Any] = vectors
    if not exact:
        result = _read_numbers_as(path, len(words), vectors.shape[1], dtype, header)
    elif dtype != np.float32:
        result = vectors.astype(dtype)
    return _without_duplicates(path, words, result)


def word2vec_blocks(
    path: str | os.PathLike[str],
    *,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    header: bool = True,
    rows_per_block: int = 8192,
) -> Iterator[tuple[list[str], npt.NDArray[np.float32]]]:
    """Read a word2vec file some rows at a time; parameters and errors as of `read_word2vec`.

    Yields
    ------
    words : list of str
    vectors : ndarray of float32, shape (n_rows, dim)
        Do not use them before the last block is read: a file that is cut short raises its error
        only then.
    """
    with VectorReader(path, encoding, unicode_errors) as reader:
        if header:
            left, promised, dim = reader.read_header(binary=binary, limit=None)
            read = reader.read_binary if binary else reader.read_text
            while left:
                vectors = read(min(left, rows_per_block), promised, dim)
                yield reader.words, vectors
                left -= len(vectors)
                reader.forget_words()
            reader.check_nothing_follows(promised)
        else:
            while len(vectors := reader.read_text_without_header(rows_per_block)):
                yield reader.words, vectors
                reader.forget_words()
                if not reader.peek(1):
                    return


def read_vectors(
    path: str | os.PathLike[str], *, unicode_errors: str = "surrogateescape"
) -> Vectors:
    """Read a file of vectors; its contents tell its format.

    Parameters
    ----------
    path : str or os.PathLike
        A file in word2vec's binary or text format, with or without a first line (such as
        fastText's and GloVe's), compressed or not; one that `write_npz` wrote; or one that
        ``save()`` of cw2v or gensim wrote, of vectors or of a model.
    unicode_errors : str
        As for `read_word2vec`. The default keeps bytes that are not UTF-8.

    Returns
    -------
    Vectors
        Words, vectors and, if the file has them, counts.

    Raises
    ------
    VectorFileError
        The file is damaged or of no known kind.
    OSError
        The file cannot be read.
    """
    check_no_pipe(path)
    with VectorReader(path) as reader:
        start = reader.peek(1 << 16)
    is_zip = start.startswith(MAGIC)
    if start.startswith(b"\x80") or (is_zip and HEADER.encode() in start):
        return _read_saved(path)
    if is_zip:
        return read_npz(path)
    if not start:
        raise VectorFileError(f"{os.fspath(path)} is empty; it should hold vectors")
    first, _, rest = start.partition(b"\n")
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        return read_word2vec(
            path, binary=_looks_binary(rest, int(fields[1])), unicode_errors=unicode_errors
        )
    if len(fields) > 2 and not _looks_binary(first + b"\n"):
        return read_word2vec(path, header=False, unicode_errors=unicode_errors)
    raise VectorFileError(
        f"{os.fspath(path)} is no file of vectors that cw2v knows (word2vec binary or text, "
        f".npz, or what save() wrote): it begins with {shown(start)}"
    )


def _read_saved(path: str | os.PathLike[str]) -> Vectors:
    _, attributes = read_saved(path, only_vectors=True)
    try:
        table = VectorTable.from_saved(attributes)
    except ValueError as error:
        raise VectorFileError(f"{os.fspath(path)} does not fit together: {error}") from error
    counts = table.expandos.get("count")
    return Vectors([str(key) for key in table.index_to_key], table.vectors, counts)


def write_counts(
    path: str | os.PathLike[str],
    words: Sequence[Any],
    counts: npt.NDArray[Any],
    order: npt.NDArray[np.int64],
    prefix: str = "",
    *,
    append: bool = False,
) -> None:
    """Write a line "word count" for each word, as word2vec's ``-save-vocab`` does.

    Parameters
    ----------
    path : str or os.PathLike
        The file appears whole or not at all; compressed if its suffix says so.
    words, counts : sequence, ndarray
        One of each for each row.
    order : ndarray
        Row numbers, int64: which words are written, and in which order.
    prefix : str
        Put in front of every word.
    append : bool
        Append to the file.
    """
    with open_for_writing(path, append=append) as stream:
        for start in range(0, len(order), _WORDS_PER_CHECK):
            rows = order[start : start + _WORDS_PER_CHECK].tolist()
            lines = "".join([f"{prefix}{words[row]} {counts[row]}\n" for row in rows])
            write_all(stream, memoryview(lines.encode("utf8", "surrogateescape")))


def read_counts(path: str | os.PathLike[str], unicode_errors: str = "strict") -> dict[str, int]:
    """Read a file of lines "word count", as `write_counts` and word2vec's ``-save-vocab`` write.

    Raises
    ------
    VectorFileError
        A line is something else; the message names its number.
    """
    counts = {}
    with open_for_reading(path) as file:
        for number, line in enumerate(_lines(file), 1):
            fields = line.split()
            if len(fields) != 2 or not fields[1].isdigit():
                raise VectorFileError(
                    f"{os.fspath(path)}: line {number} must hold a word and its count, "
                    f"but it is {shown(line)}"
                )
            counts[fields[0].decode("utf8", unicode_errors)] = int(fields[1])
    return counts


def _without_duplicates(
    path: str | os.PathLike[str], words: list[str], vectors: npt.NDArray[Any]
) -> Vectors:
    if len(set(words)) == len(words):
        return Vectors(words, vectors, None)
    seen: set[str] = set()
    keep = np.ones(len(words), dtype=bool)
    for row, word in enumerate(words):
        if word in seen:
            keep[row] = False
            logger.warning(
                "duplicate word %r in row %d of %s, ignoring all but the first",
                word,
                row + 1,
                os.fspath(path),
            )
        seen.add(word)
    return Vectors([words[row] for row in np.flatnonzero(keep)], vectors[keep], None)


def _read_numbers_as(
    path: str | os.PathLike[str], n_rows: int, dim: int, dtype: np.dtype[Any], header: bool
) -> npt.NDArray[Any]:
    """Parse the numbers of a text file again, in another dtype; the file was found valid."""
    vectors = np.empty((n_rows, dim), dtype=dtype)
    parse = int if dtype.kind in "iu" else float
    first = int(header)
    row = -1
    with open_for_reading(path) as raw:
        for row, line in enumerate(islice(_lines(raw), first, n_rows + first)):
            numbers = line[line.index(b" ") :].split()
            try:
                vectors[row] = np.array([parse(number) for number in numbers], dtype=dtype)
            except (ValueError, OverflowError) as error:
                raise VectorFileError(
                    f"{os.fspath(path)}: line {row + first + 1} has a number that is no {dtype}, "
                    f"in {shown(line)}"
                ) from error
    if row + 1 < n_rows:
        raise VectorFileError(
            f"{os.fspath(path)} has to be read twice for numbers of the type {dtype}, but cannot "
            "be, or has changed meanwhile. Save it to a file first, or read it as float32"
        )
    return vectors


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _looks_binary(rows: bytes, dim: int = 1) -> bool:
    """Return whether the rows after the first line are binary.

    Then the first row has no numbers after its word; or some by chance, but not `dim`, and bytes
    that no text has.
    """
    line, newline, _ = rows.partition(b"\n")
    numbers = line.partition(b" ")[2].split()
    if not newline:  # the last number may be cut
        numbers = numbers[:-1]
    try:
        for number in numbers:
            float(number)
    except ValueError:
        return True
    return not numbers or (len(numbers) < dim and _CONTROL.search(rows) is not None)
