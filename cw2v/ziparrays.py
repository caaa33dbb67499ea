"""Arrays in a zip file, uncompressed and aligned, so that they can be mapped into memory."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from cw2v.vectorreader import VectorFileError

# What zipfile raises on a damaged file.
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    struct.error,
)

# What NumPy raises on the damaged header of an array, which it parses as Python literals.
HEADER_DAMAGE = (ValueError, TypeError, SyntaxError, TokenError, RecursionError)

ALIGNMENT = 64
_PIECE = 16 << 20

# A member's header in the file: 30 bytes, its name, and "extra" fields. The one for sizes beyond
# 4 GB is always written, with 20 bytes; another one of our own is padding up to the alignment.
_LOCAL_HEADER = 30
_ZIP64_FIELD = 20
_FILLER_ID = 0x7763  # "cw"


def write_member(archive: zipfile.ZipFile, name: str, data: bytes | npt.NDArray[Any]) -> None:
    """Write bytes, or an array in the format of ``numpy.save``, aligned to 64 bytes.

    Parameters
    ----------
    archive : ZipFile
        Open for writing.
    name : str
        The member's name; ".npy" is added for an array.
    data : bytes or ndarray
        Not an array of objects.
    """
    is_array = isinstance(data, np.ndarray)
    info = zipfile.ZipInfo(f"{name}.npy" if is_array else name)
    offset: int = archive.fp.tell()  # type: ignore[union-attr]
    start = offset + _LOCAL_HEADER + len(info.filename.encode()) + _ZIP64_FIELD + 4
    filler = -start % ALIGNMENT
    info.extra = struct.pack("<HH", _FILLER_ID, filler) + bytes(filler)
    with archive.open(info, "w", force_zip64=True) as member:
        if not isinstance(data, np.ndarray):
            member.write(data)
            return
        array = np.asarray(data, dtype=data.dtype.newbyteorder("<"), order="C")
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_2_0(member, header)
        view = array.reshape(-1).view(np.uint8).data
        for begin in range(0, len(view), _PIECE):
            member.write(view[begin : begin + _PIECE])


def check_members(archive: zipfile.ZipFile, file_size: int) -> None:
    """Refuse an archive that could expand on reading: compressed, or with overlapping members.

    Raises
    ------
    VectorFileError
        It is such an archive.
    """
    total = 0
    for info in archive.infolist():
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise VectorFileError(f"member {info.filename!r} is compressed; none may be")
        total += info.file_size
    if total > file_size:
        raise VectorFileError(f"its members claim {total} bytes, but the file has {file_size}")


def read_member(archive: zipfile.ZipFile, key: str) -> npt.NDArray[Any]:
    """Read one array; its header is checked against the member's size before memory is taken.

    Raises
    ------
    VectorFileError
        The member is not an array of plain numbers, or its size differs from its header.
    """
    info = archive.getinfo(f"{key}.npy")
    with archive.open(info) as file:
        shape, fortran, dtype = _read_header(file, key, info.file_size)
        array = np.empty(shape, dtype=dtype, order="F" if fortran else "C")
        flat = array.reshape(-1, order="A").view(np.uint8).data
        done = 0
        while done < len(flat):
            n_read = file.readinto(flat[done : done + _PIECE])  # type: ignore[attr-defined]
            if not n_read:
                raise EOFError(f"array {key!r} ends after {done} of {len(flat)} bytes")
            done += n_read
        file.read(1)  # at the end zipfile compares the checksum
    return array.astype(dtype.newbyteorder("="), copy=False)


def map_member(
    archive: zipfile.ZipFile, key: str, path: str, mode: Any
) -> np.memmap[Any, np.dtype[Any]]:
    """Map one array of the uncompressed file `path` into memory; its checksum is not compared.

    Parameters
    ----------
    archive : ZipFile
        The file, open for reading.
    key : str
        Name of the array.
    path : str
        The file's name.
    mode : {"r", "c"}
        Read-only, or copy-on-write: changes stay in memory.
    """
    info = archive.getinfo(f"{key}.npy")
    with archive.open(info) as file:
        shape, fortran, dtype = _read_header(file, key, info.file_size)
        in_member = file.tell()
    with open(path, "rb") as raw:  # noqa: PTH123 (a str)
        raw.seek(info.header_offset + _LOCAL_HEADER - 4)
        name_length, extra_length = struct.unpack("<HH", raw.read(4))
    offset = info.header_offset + _LOCAL_HEADER + name_length + extra_length + in_member
    return np.memmap(
        path, dtype=dtype, mode=mode, offset=offset, shape=shape, order="F" if fortran else "C"
    )


def is_disk_failure(error: Exception) -> bool:
    """Return whether an error comes from the disk, and not from damaged contents."""
    # EINVAL comes from a seek to a negative offset, as damaged contents ask for.
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _read_header(
    file: IO[bytes], key: str, member_size: int
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        if np.lib.format.read_magic(file) == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    except HEADER_DAMAGE as error:
        raise VectorFileError(f"array {key!r} has a damaged header: {error}") from error
    if dtype.hasobject:
        raise VectorFileError(f"array {key!r} is of Python objects; none may be")
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= length
    found = member_size - file.tell()
    if n_bytes != found or any(length < 0 for length in shape):
        raise VectorFileError(
            f"array {key!r} of shape {shape} needs {n_bytes} bytes, but {found} are there"
        )
    return shape, fortran, dtype
