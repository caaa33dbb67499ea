"""Files that save() of cw2v or of gensim wrote; gensim's pickles are read without running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cw2v import nativefile
from cw2v.nativefile import PathOrHandle, first_bytes, source_name
from cw2v.vectorreader import NotSavedError, shown


def read_saved(
    source: PathOrHandle,
    *,
    mmap: str | None = None,
    records: Mapping[str, type] | None = None,
    only_vectors: bool = False,
) -> tuple[str, dict[str, Any]]:
    """Read a file that ``save()`` of cw2v or of gensim wrote; the first bytes tell which.

    Parameters
    ----------
    source : path or binary file
        The file; gensim's files of arrays beside it are found by its name.
    mmap : {"r", "c"}, optional
        Map large arrays into memory; see `nativefile.read_state`.
    records : mapping of str to type, optional
        Dataclasses that may be read from cw2v's file.
    only_vectors : bool
        Read only the table of vectors of a model.

    Returns
    -------
    kind : str
        "KeyedVectors" or "Word2Vec".
    attributes : dict
        By their names in gensim 4, whatever version wrote them.

    Raises
    ------
    VectorFileError
        The file is damaged, or (`NotSavedError`) of another kind.
    ForbiddenPickleError
        It is a pickle that asks for something that gensim's models do not need.
    OSError
        The file cannot be read.
    """
    mmap = mmap or None  # gensim's callers may say False
    nativefile.check_mmap(source, mmap)
    start = first_bytes(source, 64)
    if start.startswith(nativefile.MAGIC):
        return nativefile.read_state(source, mmap=mmap, records=records, only_vectors=only_vectors)
    # Pickles of protocol 2 and later begin with 0x80, of 0 and 1 with the class of the object.
    if start.startswith((b"\x80", b"ccopy_reg\n", b"ccopyreg\n", b"(i", b"(c")):
        from cw2v.gensimstate import read_gensim

        return read_gensim(source, mmap=mmap, only_vectors=only_vectors)
    raise NotSavedError(
        f"{source_name(source)} was not saved by save(): it "
        + (f"begins with {shown(start)}" if start else "is empty")
        + ". (load_word2vec_format reads files of word2vec)"
    )
