"""cw2v's own file of a model or of vectors: a zip of NumPy arrays and JSON, never a pickle.

docs/formats.md describes it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy.typing as npt

from cw2v import ziparrays
from cw2v.atomic import atomic_write
from cw2v.compressed import compress_into, open_for_reading, packing_of_file
from cw2v.packing import DAMAGE
from cw2v.statecodec import Decoder, Encoder
from cw2v.vectorreader import VectorFileError

logger = logging.getLogger(__name__)

FORMAT = "cw2v"
FORMAT_VERSION = 1
KINDS = ("KeyedVectors", "Word2Vec", "Phrases", "FrozenPhrases")
HEADER = "cw2v.json"
MAGIC = b"PK\x03\x04"

# Attributes without which a file would be useless, and what to do if they cannot be stored.
_KEYS = (
    "keys must be str or int (or tuples of them). Replace them, for example by str(key), or save "
    "only the vectors, with numpy.save"
)
_INDISPENSABLE = {
    "index_to_key": _KEYS,
    "key_to_index": _KEYS,
    "vectors": "vectors must be numbers",
    "expandos": "values of keys must be numbers, text, lists, dicts or arrays. Replace them, or "
    "delete them from expandos",
}

PathOrHandle: TypeAlias = str | os.PathLike[str] | IO[bytes]


def write_state(
    target: PathOrHandle,
    kind: str,
    class_name: str,
    attributes: Mapping[str, Any],
    *,
    separately: Collection[str] | None = None,
    sep_limit: int = 10 * 1024**2,
    ignore: Collection[str] = frozenset(),
    records: Mapping[str, type] | None = None,
) -> None:
    """Write an object's attributes to a file.

    Parameters
    ----------
    target : path or binary file
        At a path, the file appears whole or not at all, compressed if its suffix says so.
    kind : str
        What the object is: one of `KINDS`.
    class_name : str
        The name of its class, which may be derived from that of `kind`.
    attributes : mapping
        The attributes. Those that cannot be stored are left out, with a UserWarning that names
        them.
    separately : collection of str, optional
        Names of attributes that `read_state` maps into memory when asked to.
    sep_limit : int
        Without `separately`: arrays of at least so many numbers are mapped.
    ignore : collection of str
        Names of attributes to leave out.
    records : mapping of str to type, optional
        The dataclasses that may be stored, by name.

    Raises
    ------
    TypeError
        A key is neither a str nor an int nor a tuple of them.
    OSError
        The file cannot be written; an existing file is unchanged.
    """
    encoder = Encoder(records or {}, sep_limit, separately)
    state = encoder.state(attributes, ignore)
    for path, error in encoder.failed.items():
        if (hint := _INDISPENSABLE.get(path.rpartition(".")[2])) is not None:
            raise TypeError(f"{error}; {hint}")
        warnings.warn(
            f"{error}: it is left out and will be None when the file is loaded. "
            f"ignore={{{path.rpartition('.')[2]!r}}} leaves it out silently",
            UserWarning,
            stacklevel=3,
        )
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "kind": kind,
        "class": class_name,
        "state": state,
    }
    text = json.dumps(header, allow_nan=False).encode("ascii")
    with contextlib.ExitStack() as stack:
        if isinstance(target, (str, os.PathLike)):
            file = stack.enter_context(atomic_write(target))
            stream: Any = stack.enter_context(compress_into(file, target))
            if stream is not file:
                stream = _Onward(stream)
        else:
            stream = target
        with zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
            ziparrays.write_member(archive, HEADER, text)
            for name, array in encoder.arrays.items():
                ziparrays.write_member(archive, name, array)


def read_state(
    source: PathOrHandle,
    *,
    mmap: str | None = None,
    records: Mapping[str, type] | None = None,
    only_vectors: bool = False,
) -> tuple[str, dict[str, Any]]:
    """Read a file that `write_state` wrote.

    Parameters
    ----------
    source : path or binary file
        The file; decompressed if it is compressed.
    mmap : {"r", "c"}, optional
        Map large arrays into memory: read-only, or so that changes stay in memory. The checksums
        of mapped arrays are not compared.
    records : mapping of str to type, optional
        The dataclasses that may be read, by name.
    only_vectors : bool
        Read only the table of vectors of a model.

    Returns
    -------
    kind : str
        One of `KINDS`.
    attributes : dict

    Raises
    ------
    VectorFileError
        The file is damaged, of another kind, or of a later version of the format.
    OSError
        The file cannot be read, or is compressed although `mmap` is given.
    """
    name = source_name(source)
    check_mmap(source, mmap)
    with opened(source) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                ziparrays.check_members(archive, file.seek(0, os.SEEK_END))
                header = _read_header(archive)

                def array(key: str, mapped: bool) -> npt.NDArray[Any]:
                    if mapped and mmap is not None:
                        return ziparrays.map_member(archive, key, name, mmap)
                    return ziparrays.read_member(archive, key)

                kind, encoded = header["kind"], header["state"]
                if only_vectors and kind == "Word2Vec":
                    kind, encoded = "KeyedVectors", encoded["attributes"]["wv"]
                state = Decoder(array, records or {}, name).state(encoded)
        except VectorFileError as error:
            if name in str(error):
                raise
            raise VectorFileError(f"{name}: {error}") from error
        except _MALFORMED as error:
            if isinstance(error, MemoryError) or ziparrays.is_disk_failure(error):
                raise
            raise VectorFileError(
                f"{name} is damaged or no file of cw2v's: {type(error).__name__}: {error}"
            ) from error
    return kind, state


# What reading and decoding a damaged or malicious file may raise.
_MALFORMED: tuple[type[Exception], ...] = (
    *ziparrays.DAMAGE,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def _read_header(archive: zipfile.ZipFile) -> dict[str, Any]:
    if HEADER not in archive.namelist():
        raise VectorFileError(
            f"it is a zip file, but has no {HEADER}: it was not saved by save(). "
            "(cw2v.formats.read_vectors reads .npz files)"
        )
    header = json.loads(archive.read(HEADER))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise VectorFileError(f"its {HEADER} does not say that it is a file of cw2v's")
    if header.get("version") != FORMAT_VERSION:
        raise VectorFileError(
            f"it has format version {header.get('version')}; this cw2v reads "
            f"{FORMAT_VERSION}. Install a newer cw2v"
        )
    if header.get("kind") not in KINDS:
        raise VectorFileError(f"it holds a {header.get('kind')!r}, unknown to this cw2v")
    return header


def check_mmap(source: PathOrHandle, mmap: str | None) -> None:
    """Raise unless arrays of `source` can be mapped into memory in the mode `mmap`."""
    if mmap is None:
        return
    if mmap not in ("r", "c"):
        raise ValueError(
            f"mmap must be 'r' (read-only), 'c' (changes stay in memory) or None, got {mmap!r}. "
            "To change the file itself, save it again"
        )
    if not isinstance(source, (str, os.PathLike)) or packing_of_file(source):
        raise OSError(
            f"Cannot mmap compressed object or open file {source_name(source)}. "
            "Use load(fname, mmap=None) or uncompress files manually."
        )


def check_no_pipe(path: str | os.PathLike[str]) -> None:
    """Raise OSError if a path is a named pipe: it can be read only once, and cannot seek."""
    if Path(path).expanduser().is_fifo():
        raise OSError(
            f"{os.fspath(path)} is a pipe, which can be read only once, from its beginning to its "
            "end: write what comes out of it to a file, and load that"
        )


def source_name(source: PathOrHandle) -> str:
    """Return the name of a file, for messages."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return str(getattr(source, "name", source))


@contextlib.contextmanager
def opened(source: PathOrHandle) -> Iterator[IO[bytes]]:
    """Open a seekable file for reading; a compressed one is decompressed to a temporary file."""
    if not isinstance(source, (str, os.PathLike)):
        yield source
    elif packing_of_file(source) is None:
        with Path(source).expanduser().open("rb") as file:
            yield file
    else:
        with tempfile.TemporaryFile() as plain:
            with _decompressed(source) as stream:
                shutil.copyfileobj(stream, plain, 1 << 20)
            plain.seek(0)
            yield plain


def first_bytes(source: PathOrHandle, n: int) -> bytes:
    """Return the first `n` bytes of a file, decompressed, or fewer; they can be read again.

    Raises OSError for a named pipe, where they would be lost.
    """
    if isinstance(source, (str, os.PathLike)):
        check_no_pipe(source)
        with _decompressed(source) as stream:
            return stream.read(n)
    start: bytes = source.read(n)
    source.seek(-len(start), 1)
    return start


@contextlib.contextmanager
def _decompressed(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    try:
        with open_for_reading(path) as stream:
            yield stream
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise VectorFileError(
            f"{os.fspath(path)} is damaged or cut short as a compressed file ({error})"
        ) from error


class _Onward:
    """A stream without `seek`, so that zipfile does not try to go back in it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._place = 0

    def write(self, data: Any) -> int:
        n_bytes = len(memoryview(data).cast("B")) if not isinstance(data, bytes) else len(data)
        self._stream.write(data)
        self._place += n_bytes
        return n_bytes

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        self._stream.flush()
