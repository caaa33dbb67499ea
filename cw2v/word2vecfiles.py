"""Vectors in the file formats of Google's word2vec program: saved and loaded."""

from __future__ import annotations

import logging
import os
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from cw2v import formats
from cw2v.lifecycle import Lifecycle
from cw2v.queries import Queries
from cw2v.vectortable import fitted

logger = logging.getLogger(__name__)


class Word2VecFiles(Queries, Lifecycle):
    """A table of vectors that is saved to, and loaded from, files in word2vec's formats."""

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Save the vectors in the format of Google's word2vec program.

        Parameters
        ----------
        fname : path
            The file appears whole or not at all; compressed if it ends in .gz, .bz2, .xz or .zst.
        fvocab : path, optional
            A second file with a line "word value" for each word; the values are those of
            `sort_attr`.
        binary : bool
            Binary or text.
        total_vec : int, optional
            Number of vectors for the first line, when more are to be appended.
        write_header : bool
            Write the first line.
        prefix : str
            Put in front of every word.
        append : bool
            Append to the file.
        sort_attr : str
            Rows are written by falling value of this item of `expandos`, if it exists.

        Raises
        ------
        ValueError
            A word is empty or has white space in it, or `fvocab` is given and `sort_attr` does not
            exist.
        OSError
            The file cannot be written; an existing file is unchanged.
        """
        order = None
        values = self.expandos.get(sort_attr)
        if values is not None:
            values = fitted(values, len(self))
            order = (
                np.argsort(-values.astype(np.int64, copy=False), kind="stable")
                if (values.dtype.kind in "iub")
                else np.array(
                    sorted(range(len(self)), key=lambda row: -values[row]), dtype=np.int64
                )
            )
        elif fvocab is not None:
            raise ValueError(
                f"Cannot store vocabulary with '{sort_attr}' because that attribute does not exist"
            )
        else:
            logger.info("no attribute %s in %s; rows are stored as they are", sort_attr, self)
        if None in self.index_to_key:  # prepared rows that have no key yet
            used = np.array([key is not None for key in self.index_to_key])
            order = np.flatnonzero(used) if order is None else order[used[order]]
        formats.write_word2vec(
            fname,
            self.index_to_key,
            self.vectors,
            binary=binary,
            header=write_header,
            total=total_vec,
            prefix=prefix,
            append=append,
            order=order,
        )
        if fvocab is not None and order is not None and values is not None:
            formats.write_counts(fvocab, self.index_to_key, values, order, prefix, append=append)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Load vectors from a file in the format of Google's word2vec program.

        Parameters
        ----------
        fname : path
            The file; decompressed if it is compressed (gzip, bzip2, xz, Zstandard).
        fvocab : path, optional
            A file in UTF-8 with a line "word count" for each word. Without it, "count" falls by one
            from row to row, as in gensim.
        binary : bool
            Binary or text.
        encoding, unicode_errors : str
            As in ``bytes.decode``: "strict", "replace", "ignore", or "surrogateescape", which
            keeps the bytes.
        limit : int, optional
            Load only so many rows.
        datatype : dtype
            Of the vectors.
        no_header : bool
            The file, of text, has no first line "V K" (GloVe's have none).

        Raises
        ------
        ValueError
            The file is damaged or of another kind; the message says where.
        EOFError
            The file is cut short (this error is a ValueError as well).
        UnicodeDecodeError
            A word is not valid in `encoding`.
        """
        return load_word2vec_format_as(
            cls,
            fname,
            fvocab,
            binary,
            encoding,
            unicode_errors,
            limit,
            datatype,
            no_header,
        )

    def intersect_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        no_header: bool = False,
    ) -> None:
        """Take from a word2vec file the vectors of the words that this table has.

        Other words of the file are ignored; words that are not in the file keep their
        vectors. To train a model from given vectors, call this with ``lockf=1.0`` after
        `build_vocab` and before `train`.

        Parameters
        ----------
        fname : path
            The file; decompressed if it is compressed. It is read in blocks of rows, and after an
            error nothing has changed.
        lockf : float
            The new `vectors_lockf` of these words: with 0 their vectors stay as they are while the
            others are trained, with 1 they are trained as well.
        binary, encoding, unicode_errors, no_header
            As for `load_word2vec_format`.

        Raises
        ------
        ValueError
            The vectors of the file have another size, or the file is damaged.
        """
        lockf = float(lockf)
        if not np.isfinite(lockf):
            raise ValueError(f"lockf must be a finite number, got {lockf}")
        rows: list[int] = []
        found: list[npt.NDArray[np.float32]] = []
        for words, vectors in formats.word2vec_blocks(
            fname,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            header=not no_header,
        ):
            if vectors.shape[1] != self.vector_size:
                raise ValueError(
                    f"incompatible vector size {vectors.shape[1]} in file {os.fspath(fname)}; "
                    f"vectors here have size {self.vector_size}"
                )
            known = [place for place, word in enumerate(words) if word in self.key_to_index]
            rows += [self.key_to_index[words[place]] for place in known]
            found.append(vectors[known])
        if rows:
            self.vectors[rows] = np.concatenate(found)
            self._lock(rows, lockf)
            self._invalidate_norms()
        self.add_lifecycle_event(
            "intersect_word2vec_format",
            msg=f"merged {len(rows)} vectors into {self.vectors.shape} matrix from {fname}",
        )

    def _lock(self, rows: list[int], lockf: float) -> None:
        before = self.vectors_lockf
        if before.shape != (len(self),):
            if (before == lockf).all():
                return
            one_for_all = float(before[0]) if len(before) == 1 else 1.0
            self.vectors_lockf = np.full(len(self), one_for_all, dtype=np.float32)
            kept = min(len(before), len(self))
            self.vectors_lockf[:kept] = before[:kept]
        self.vectors_lockf[rows] = lockf


Table = TypeVar("Table", bound=Word2VecFiles)


def load_word2vec_format_as(
    cls: type[Table],
    fname: str | os.PathLike[str],
    fvocab: str | os.PathLike[str] | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    no_header: bool = False,
    binary_chunk_size: int = 4 << 20,
) -> Table:
    """Load a word2vec file as an object of `cls`; see ``KeyedVectors.load_word2vec_format``.

    Parameters
    ----------
    cls : type
        The class of the result.
    binary_chunk_size : int
        Bytes to read at a time.
    """
    counts = None
    if fvocab is not None:
        counts = formats.read_counts(fvocab, unicode_errors)
    words, vectors, _ = formats.read_word2vec(
        fname,
        binary=binary,
        encoding=encoding,
        unicode_errors=unicode_errors,
        limit=limit,
        datatype=datatype,
        header=not no_header,
        buffer_bytes=binary_chunk_size,
    )
    if counts is None:
        values: Any = np.arange(len(words), 0, -1)
    else:
        missing = [word for word in words if word not in counts]
        if missing:
            logger.warning(
                "vocabulary file is incomplete: %s lacks %d words, first '%s'; their count is 0",
                fvocab,
                len(missing),
                missing[0],
            )
        values = [counts.get(word, 0) for word in words]
    table = cls.from_arrays(words, vectors, values)
    table.add_lifecycle_event(
        "load_word2vec_format",
        msg=f"loaded {vectors.shape} matrix of type {vectors.dtype} from {fname}",
        binary=binary,
        encoding=encoding,
    )
    return table
