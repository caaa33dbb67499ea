"""Vectors as a NumPy .npz file, which can also hold counts, and words with white space."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cw2v._vectorfile import decode_words
from cw2v.atomic import atomic_write
from cw2v.vectorreader import VectorFileError
from cw2v.ziparrays import DAMAGE, is_disk_failure, read_member

FORMAT_VERSION = 1

# Lone surrogates, which stand for bytes that are not UTF-8, have to be read as they were.
_ENCODING = ("utf8", "surrogatepass")


class Vectors(NamedTuple):
    """The contents of a file of vectors.

    Parameters
    ----------
    words : list of str
        One for each row.
    vectors : ndarray
        Of shape (n_words, dim), float32 unless another dtype was asked for.
    counts : ndarray or None
        How often each word occurs, int64 of shape (n_words,); None if the file lacks it.
    """

    words: list[str]
    vectors: npt.NDArray[Any]
    counts: npt.NDArray[np.int64] | None


def write_npz(
    path: str | os.PathLike[str],
    words: Sequence[str],
    vectors: npt.NDArray[Any],
    counts: npt.ArrayLike | None = None,
) -> None:
    """Write words, vectors and counts to a .npz file, which NumPy can read without cw2v.

    It holds ``vectors`` (float32), ``words`` (all words in UTF-8, one after another, uint8),
    ``word_offsets`` (int64, where each begins, and the end), ``counts`` (int64) if given, and
    ``format_version``. Nothing is pickled or compressed.

    Parameters
    ----------
    path : str or os.PathLike
        Written whole or not at all. No suffix is added.
    words : sequence of str
        One for each row; any characters are allowed.
    vectors : ndarray
        Of shape (n_words, dim); stored as float32.
    counts : array-like of int, optional
        Of shape (n_words,).

    Raises
    ------
    ValueError
        The shapes do not fit together.
    TypeError
        A word is not a str.
    OSError
        The file cannot be written; an existing file is unchanged.
    """
    if vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError(f"{len(words)} words need as many rows, got shape {vectors.shape}")
    for row, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(f"word {row} is {word!r}, of type {type(word).__name__}, not a str")
    joined, offsets = pack_words(words)
    arrays: dict[str, npt.NDArray[Any]] = {
        "format_version": np.array(FORMAT_VERSION, dtype=np.int64),
        "words": joined,
        "word_offsets": offsets,
        "vectors": np.asarray(vectors, dtype=np.float32),
    }
    if counts is not None:
        arrays["counts"] = np.asarray(counts, dtype=np.int64)
        if arrays["counts"].shape != (len(words),):
            raise ValueError(
                f"{len(words)} words need as many counts, got shape {arrays['counts'].shape}"
            )
    with atomic_write(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_npz(path: str | os.PathLike[str]) -> Vectors:
    """Read a file that `write_npz` wrote.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    Vectors
        The words, the vectors and, if the file has them, the counts.

    Raises
    ------
    VectorFileError
        The file is damaged, of another kind, or of a later version of the format.
    OSError
        The file cannot be read.
    """
    name = os.fspath(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            if "format_version.npy" not in members or "vectors.npy" not in members:
                raise VectorFileError(
                    f"{name} holds {sorted(members)}, not the arrays of a cw2v .npz file"
                )
            version = int(_read_array(archive, "format_version", np.int64, ndim=0))
            if version != FORMAT_VERSION:
                raise VectorFileError(
                    f"{name} has format version {version}; this cw2v reads {FORMAT_VERSION}. "
                    "Install a newer cw2v"
                )
            joined = _read_array(archive, "words", np.uint8, ndim=1)
            offsets = _read_array(archive, "word_offsets", np.int64, ndim=1)
            vectors = _read_array(archive, "vectors", np.float32, ndim=2)
            counts = None
            if "counts.npy" in members:
                counts = _read_array(archive, "counts", np.int64, ndim=1)
    except DAMAGE as error:
        if is_disk_failure(error):
            raise
        raise VectorFileError(f"{name} is damaged or no .npz file: {error}") from error
    except VectorFileError as error:
        if name in str(error):
            raise
        raise VectorFileError(f"{name}: {error}") from error
    words = split_words(name, joined, offsets)
    if len(vectors) != len(words) or (counts is not None and len(counts) != len(words)):
        raise VectorFileError(
            f"{name} holds {len(words)} words but {len(vectors)} vectors"
            + ("" if counts is None else f" and {len(counts)} counts")
        )
    return Vectors(words, vectors, counts)


def pack_words(words: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return all words in UTF-8, one after another, and where each begins, with the end."""
    encoded = [word.encode(*_ENCODING) for word in words]
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


def split_words(
    name: str, joined: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> list[str]:
    """Return the words that `pack_words` packed, read from the file `name`.

    Raises
    ------
    VectorFileError
        The offsets do not divide the bytes.
    UnicodeDecodeError
        The bytes of a word are not UTF-8.
    """
    blob = joined.tobytes()
    divided = len(offsets) and offsets[0] == 0 and offsets[-1] == len(blob)
    if not divided or (offsets[1:] < offsets[:-1]).any():
        raise VectorFileError(f"{name}: word_offsets do not divide the {len(blob)} bytes of words")
    words: list[str] = []
    spans = np.column_stack((offsets[:-1], offsets[1:]))
    try:
        decode_words(blob, spans, len(spans), b"utf8", b"surrogatepass", words)
    except UnicodeDecodeError as error:
        error.reason += f" (word {len(words) + 1} of {len(spans)} in {name})"
        raise
    return words


def _read_array(archive: zipfile.ZipFile, key: str, dtype: Any, ndim: int) -> npt.NDArray[Any]:
    array = read_member(archive, key)
    if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous:
        raise VectorFileError(
            f"array {key!r} must be {np.dtype(dtype).name} of {ndim} dimensions in C order, "
            f"but is {array.dtype} of shape {array.shape}"
        )
    return array
