"""Reads a word2vec file through a buffer: header, rows, and errors that name the place."""

from __future__ import annotations

import logging
import os
import pickle
import sys
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from cw2v import _vectorfile
from cw2v.compressed import open_for_reading, packing_of_file
from cw2v.packing import DAMAGE

logger = logging.getLogger(__name__)

BUFFER_BYTES = 4 << 20
ROWS_PER_CALL = 8192
# A header alone does not make the reader allocate more for the matrix than this, until as many
# bytes of rows were read.
TRUSTED_BYTES = 64 << 20
# A file without a space in so many bytes is not a vector file.
LONGEST_WORD = 64 << 20
LONGEST_HEADER = 128

_BLANKS = b" \t\r\n"


class VectorFileError(ValueError):
    """A file of vectors is damaged or of another kind; the message names the place."""


class NotSavedError(VectorFileError, pickle.UnpicklingError):
    """A file was not written by ``save()``; gensim's error for that is of the second kind."""


class TruncatedFileError(VectorFileError, EOFError):
    """A file of vectors ends before its last row."""


class VectorReader:
    """Reads one word2vec file, text or binary, from its first byte to its last.

    Parameters
    ----------
    path : str or os.PathLike
        The file; decompressed if it is compressed (gzip, bzip2, xz, Zstandard).
    encoding, unicode_errors : str
        How the bytes of a word become a str, as in ``bytes.decode``.
    buffer_bytes : int
        Bytes to read at a time; more if a row is longer.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        self.path = os.fspath(path)
        self.words: list[str] = []  # of the rows read, without the first _dropped
        self._dropped = 0
        self._encoding = encoding.encode("ascii")
        self._errors = unicode_errors.encode("ascii")
        self._file: IO[bytes] = open_for_reading(path)
        # None where the size is not known beforehand: compressed files, pipes.
        self._file_size = None
        named = Path(path).expanduser()
        if packing_of_file(path) is None and named.is_file():
            self._file_size = named.stat().st_size
        # _buffer[_start:_stop] is still to be consumed; _buffer[0] is byte _offset of the file.
        self._buffer = bytearray(buffer_bytes)
        self._start = self._stop = self._offset = 0
        self._at_end = False
        self._doomed = False  # the file is too small for what its header promises

    def __enter__(self) -> VectorReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    # -- the file, through a buffer ------------------------------------------------------

    def _fill(self) -> bool:
        """Read more bytes into the buffer; return False at the end of the file."""
        if self._at_end:
            return False
        rest = self._stop - self._start
        if self._start:
            self._buffer[:rest] = self._buffer[self._start : self._stop]
            self._offset += self._start
            self._start, self._stop = 0, rest
        if self._stop == len(self._buffer):
            self._buffer.extend(bytes(len(self._buffer)))
        try:
            with memoryview(self._buffer) as view:
                n_read = self._file.readinto(view[self._stop :])  # type: ignore[attr-defined]
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                if error.filename is None:
                    error.filename = self.path
                raise  # the disk failed, not the decompressor
            raise TruncatedFileError(
                f"{self.path} is damaged or cut short as a compressed file ({error}); "
                f"{self._offset + self._stop} bytes could be decompressed"
            ) from error
        self._stop += n_read
        self._at_end = n_read == 0
        return not self._at_end

    def peek(self, n_bytes: int) -> bytes:
        """Return the next `n_bytes` bytes, fewer at the end of the file, without consuming them."""
        while self._stop - self._start < n_bytes and self._fill():
            pass
        return bytes(self._buffer[self._start : min(self._start + n_bytes, self._stop)])

    # -- header --------------------------------------------------------------------------

    def read_header(self, *, binary: bool, limit: int | None) -> tuple[int, int, int]:
        """Read the first line, "V K", and compare it with the size of the file.

        Returns
        -------
        tuple of int
            The number of rows to read, V or `limit`; V, the number in the header; K, their size.
        """
        line, newline, _ = self.peek(LONGEST_HEADER).partition(b"\n")
        if not line and not newline:
            raise TruncatedFileError(f"{self.path} is empty; a vector file begins with 'V K'")
        fields = line.split()
        if not newline and len(line) < LONGEST_HEADER:
            raise TruncatedFileError(
                f"{self.path} ends inside line 1, at byte {len(line)}; the file was cut short"
            )
        if len(fields) != 2 or not all(field.isdigit() and len(field) < 19 for field in fields):
            raise VectorFileError(
                f"{self.path}: line 1 must hold two whole numbers, how many vectors there are and "
                f"their size, but it is {shown(line)}. Is this a word2vec file? "
                "(a text file without that line is read with no_header=True)"
            )
        promised, dim = int(fields[0]), int(fields[1])
        if dim == 0 or promised * dim >= 1 << 60:
            raise VectorFileError(
                f"{self.path}: line 1 promises {promised} vectors of size {dim}; no file holds that"
            )
        n_rows = promised if limit is None else min(limit, promised)
        self._start += len(line) + len(newline)
        # The shortest row: a space and the floats; or a space and a digit for each number.
        shortest_row = 1 + 4 * dim if binary else 2 * dim
        if self._file_size is not None:
            left = self._file_size - len(line) - len(newline)
            self._doomed = n_rows * shortest_row > left
            if n_rows and shortest_row > left:
                raise truncated(self.path, 0, promised, self._file_size, inside=left > 0)
        return n_rows, promised, dim

    # -- rows ----------------------------------------------------------------------------

    def read_binary(self, n_rows: int, promised: int, dim: int) -> npt.NDArray[np.float32]:
        """Read `n_rows` of the `promised` rows; append their words to `words`."""
        matrix = self._new_matrix(n_rows, dim, sized=True)
        spans = np.empty((ROWS_PER_CALL, 2), dtype=np.int64)
        while (row := len(self.words)) < n_rows:
            out, at = matrix.room_for(row)
            taken, pos = _vectorfile.take_binary_rows(
                self._buffer, self._start, self._stop, out, at, spans
            )
            self._decode(spans, taken, row, promised)
            self._start = pos
            if taken == 0:
                if self._stop - pos > LONGEST_WORD and b" " not in self.peek(LONGEST_WORD):
                    raise VectorFileError(
                        f"{self.path}: no word ends within {LONGEST_WORD} bytes after byte "
                        f"{self._offset + pos}, in {self._row_name(row, promised)}; "
                        "the file is damaged or of another kind"
                    )
                if not self._fill():
                    raise self._truncated(row, promised)
        vectors = matrix.finish(n_rows)
        if sys.byteorder == "big":
            vectors.byteswap(inplace=True)
        return vectors

    def read_text(self, n_rows: int, promised: int, dim: int) -> npt.NDArray[np.float32]:
        """Read `n_rows` of the `promised` lines after the header; append their words to `words`."""
        return self._read_lines(n_rows, promised, dim, first_line=2)

    def forget_words(self) -> None:
        """Empty `words`, so that the next rows are read into a new matrix."""
        self._dropped += len(self.words)
        self.words = []

    def read_text_without_header(self, limit: int | None) -> npt.NDArray[np.float32]:
        """Read all lines, at most `limit`; each has as many numbers as the first."""
        first = self.first_line()
        if not first and not self.peek(1):
            raise TruncatedFileError(f"{self.path} is empty; there is no vector in it")
        dim = len(first.split()) - (not first.startswith(b" "))
        if dim < 1:
            raise VectorFileError(
                f"{self.path}: line 1 must hold a word and its numbers, but it is {shown(first)}"
            )
        return self._read_lines(sys.maxsize if limit is None else limit, None, dim, first_line=1)

    def check_nothing_follows(self, promised: int) -> None:
        """Raise VectorFileError if the file has more than the promised rows."""
        while self._only_blank_so_far():
            if not self._fill():
                return
        place = self._offset + self._start
        raise VectorFileError(
            f"{self.path}: line 1 promises {promised} rows, but the file goes on after them, at "
            f"byte {place}, with {shown(self.peek(40))}. Correct line 1; "
            f"load_word2vec_format(limit={promised}) reads only those rows"
        )

    def first_line(self) -> bytes:
        """Return the next line without its newline, without consuming it."""
        n_bytes = 4096
        while b"\n" not in (line := self.peek(n_bytes)) and len(line) == n_bytes < LONGEST_WORD:
            n_bytes *= 2
        return line.partition(b"\n")[0]

    def _read_lines(
        self, n_rows: int, promised: int | None, dim: int, *, first_line: int
    ) -> npt.NDArray[np.float32]:
        matrix = self._new_matrix(n_rows, dim, sized=promised is not None)
        spans = np.empty((ROWS_PER_CALL, 2), dtype=np.int64)
        while (row := len(self.words)) < n_rows:
            out, at = matrix.room_for(row)
            taken, pos, status, trouble = _vectorfile.parse_text_rows(
                self._buffer, self._start, self._stop, self._at_end, out, at, spans
            )
            self._decode(spans, taken, row, promised)
            self._start = pos
            row += taken
            if status != _vectorfile.ROW_OK:
                self._check_only_blank_lines_follow(
                    row, dim, status, trouble, self._dropped + row + first_line
                )
            elif taken or self._fill() or self._start < self._stop:
                continue
            if promised is None:
                return matrix.finish(row)
            raise self._truncated(row, promised)
        if self._at_end and self._start == self._stop and row and self._buffer[pos - 1] != 10:
            logger.warning(
                "%s: the last line has no newline; were its last digits cut off?", self.path
            )
        return matrix.finish(n_rows)

    def _new_matrix(self, n_rows: int, dim: int, *, sized: bool) -> _Matrix:
        sized = sized and self._file_size is not None
        try:
            return _Matrix(n_rows, dim, sized=sized, doomed=self._doomed)
        except MemoryError as error:
            raise MemoryError(
                f"{self.path}: {n_rows} vectors of size {dim} take {n_rows * dim * 4 >> 20} MiB, "
                "more than there is; limit=N reads the first N only"
            ) from error

    def _decode(
        self, spans: npt.NDArray[np.int64], taken: int, row: int, promised: int | None
    ) -> None:
        try:
            _vectorfile.decode_words(
                self._buffer, spans, taken, self._encoding, self._errors, self.words
            )
        except UnicodeDecodeError as error:
            bad = len(self.words)
            place = self._offset + int(spans[bad - row, 0]) + error.start
            error.reason += (
                f" (in the word of {self._row_name(bad, promised)} of {self.path}, "
                f"at byte {place}; "
                "unicode_errors='replace' puts a mark in its place, 'surrogateescape' keeps it)"
            )
            raise

    def _row_name(self, row: int, promised: int | None) -> str:
        return row_name(self._dropped + row, promised)

    # -- what is wrong, and where --------------------------------------------------------

    def _only_blank_so_far(self) -> bool:
        rest = bytes(self._buffer[self._start : self._stop])
        self._start = self._stop - len(rest.lstrip(_BLANKS))
        return self._start == self._stop

    def _check_only_blank_lines_follow(
        self, row: int, dim: int, status: int, trouble: int, line_number: int
    ) -> None:
        """Raise an error about this line, unless only blank lines are left."""
        place = self._offset + trouble
        line = self.first_line()  # may move the buffer, but not offsets in the file
        line_place = self._offset + self._start
        where = f"{self.path}: line {line_number}, at byte {place}"
        if not line.strip(_BLANKS):
            while self._only_blank_so_far():
                if not self._fill():
                    return
            raise VectorFileError(
                f"{self.path}: line {line_number}, at byte {line_place}, is blank, "
                "but other lines follow"
            )
        last = not self._fill() and self._start + len(line) == self._stop
        n_numbers = len(line[line.find(b" ") :].split()) if b" " in line else 0
        if last and (status == _vectorfile.ROW_TOO_SHORT or n_numbers <= dim):
            raise self._truncated(row, None)
        if status == _vectorfile.ROW_NOT_A_NUMBER:
            bad = line[place - line_place :].replace(b"\t", b" ").partition(b" ")[0]
            raise VectorFileError(
                f"{where}: {shown(bad)} is not a number. Is this really the text format? "
                "(binary=True reads the other)"
            )
        raise VectorFileError(
            f"{where}: {n_numbers} numbers follow the word {shown(line.split(b' ')[0])}, "
            f"but vectors have size {dim}"
        )

    def _truncated(self, row: int, promised: int | None) -> TruncatedFileError:
        end = self._offset + self._stop
        row += self._dropped
        return truncated(self.path, row, promised, end, inside=self._start < self._stop)


class _Matrix:
    """The rows read so far, in memory that grows with them where V may be wrong.

    Parameters
    ----------
    n_rows : int
        An upper bound of the number of rows.
    dim : int
        Numbers in each.
    sized : bool
        The file is large enough for `n_rows`, so all memory can be allocated at once.
    doomed : bool
        The file is too small: rows are read only to find where it ends, and are not kept.
    """

    def __init__(self, n_rows: int, dim: int, *, sized: bool, doomed: bool) -> None:
        self._doomed = doomed
        self._n_rows = n_rows
        first = n_rows if sized and not doomed else min(n_rows, TRUSTED_BYTES // (4 * dim) + 1)
        self._rows = np.empty((first, dim), dtype=np.float32)

    def room_for(self, row: int) -> tuple[npt.NDArray[np.float32], int]:
        """Return an array, and the index in it of `row` and the rows after it."""
        if self._doomed:
            return self._rows, 0
        if row == len(self._rows):
            grown = min(self._n_rows, 2 * row)
            self._rows.resize((grown, self._rows.shape[1]), refcheck=False)
        return self._rows, row

    def finish(self, n_rows: int) -> npt.NDArray[np.float32]:
        """Return the array, cut to `n_rows` rows."""
        if n_rows < len(self._rows):
            self._rows.resize((n_rows, self._rows.shape[1]), refcheck=False)
        return self._rows


def truncated(
    path: str, row: int, promised: int | None, end: int, *, inside: bool
) -> TruncatedFileError:
    """Return the error of a file that ends, at byte `end`, inside row `row` or before it."""
    if inside:
        return TruncatedFileError(
            f"{path} ends inside {row_name(row, promised)}, at byte {end}; the file was cut short"
        )
    return TruncatedFileError(
        f"{path} ends before {row_name(row, promised)}, at byte {end}; the file was cut short, "
        "or its first line is wrong"
    )


def row_name(row: int, promised: int | None) -> str:
    """Return the name of a row, `row` counted from 0, in a message that counts from 1."""
    return f"row {row + 1}" if promised is None else f"row {row + 1} of {promised}"


def shown(text: bytes, longest: int = 40) -> str:
    """Return a part of a file as text for a message."""
    return repr(text[:longest].decode("utf8", "backslashreplace")) + (
        "..." if len(text) > longest else ""
    )
