"""Reads gensim's pickles without running anything that they ask for.

A pickle is a program: it names functions, calls them, and sets attributes. It is read in three
steps. First its opcodes are checked, and refused if they would take far more time or memory than
their number (`_read`). Then it is unpickled. Every name that it may use stands for an inert class,
which only records how it was called (`Inert`); any other name is an error. Last, `Resolver`
(`pickledvalues.py`) makes arrays, numbers and dicts of these records.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
from typing import IO, Any

from cw2v._pickleops import OpcodeError, OutsideError, PickleWalk
from cw2v.pickledvalues import MODEL_CLASSES, Inert, Resolver
from cw2v.vectorreader import VectorFileError

_MULTIARRAY = ("_reconstruct", "scalar")
_BUILTINS = (
    *("object", "int", "long", "float", "str", "unicode", "bool", "bytes", "bytearray"),
    *("list", "dict", "tuple", "set", "frozenset", "hash"),
)
# All names that a pickle may use.
_ALLOWED: dict[str, tuple[str, ...]] = {
    **MODEL_CLASSES,
    "gensim.models.phrases": (
        *MODEL_CLASSES["gensim.models.phrases"],
        "npmi_scorer",
        "original_scorer",
    ),
    "gensim.utils": ("call_on_class_only",),
    "numpy": ("dtype", "memmap", "ndarray"),
    "numpy.core.multiarray": _MULTIARRAY,
    "numpy._core.multiarray": _MULTIARRAY,
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "numpy.random": ("__RandomState_ctor",),
    "numpy.random._pickle": ("__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"),
    "numpy.random._mt19937": ("MT19937",),
    "numpy.random._pcg64": ("PCG64", "PCG64DXSM"),
    "numpy.random._sfc64": ("SFC64",),
    "numpy.random.bit_generator": ("SeedSequence", "__pyx_unpickle_SeedSequence"),
    "_codecs": ("encode",),
    "copyreg": ("_reconstructor",),
    "copy_reg": ("_reconstructor",),
    "builtins": _BUILTINS,
    "__builtin__": _BUILTINS,
    "collections": ("defaultdict", "OrderedDict", "Counter"),
    "UserString": ("defaultdict",),  # what Python 3.4 called it for protocols before 3
}

_BLOCK = 1 << 20  # bytes read at a time, of a small pickle


class ForbiddenPickleError(pickle.UnpicklingError):
    """A pickle asks for something that models do not need; the message names it."""


class _Unpickler(pickle.Unpickler):
    """Makes inert objects, of allowed names only."""

    def __init__(self, file: IO[bytes], source: str, scorer: object) -> None:
        # Strings of Python 2 may be the bytes of arrays: latin1 keeps them.
        super().__init__(file, encoding="latin1")
        self._source = source
        self._scorer = (
            getattr(scorer, "__module__", None),
            getattr(scorer, "__qualname__", type(scorer).__qualname__),
        )
        self._made: dict[tuple[str, str], type[Inert]] = {}

    def find_class(self, module_name: str, global_name: str) -> Any:
        name = f"{module_name}.{global_name}"[:200]  # it may be as long as the file
        if module_name.partition(".")[0] == "cw2v":
            raise ForbiddenPickleError(
                f"{self._source} asks for {name}: it is a pickle of an object "
                "of cw2v's, not a file of its save(). If you trust it, load it by pickle.load"
            )
        allowed = _ALLOWED.get(module_name, ())
        if global_name not in allowed and (module_name, global_name) != self._scorer:
            raise ForbiddenPickleError(
                f"{self._source} asks for {name}, which is not among the "
                "names that a model of gensim's Word2Vec needs; a pickle can run any code, so it "
                "is not loaded. If you trust the file, load it with gensim and use from_gensim(); "
                "if it is of Phrases with a scorer of yours, pass that as scoring="
            )
        if (module_name, global_name) not in self._made:
            self._made[module_name, global_name] = type(
                "_Inert_" + global_name, (Inert,), {"module": module_name, "name": global_name}
            )
        return self._made[module_name, global_name]

    def persistent_load(self, pid: Any) -> Any:
        raise ForbiddenPickleError(f"{self._source} refers to objects outside of it")


def read_pickle(file: IO[bytes], source: str, scorer: object = None) -> Any:
    """Read a pickle of gensim's models; no code of it is run.

    Time and memory are in proportion to its size, unless keys were chosen to collide in their
    hashes.

    Parameters
    ----------
    file : binary file
        Seekable, at the start of the pickle; afterwards at its end.
    source : str
        The file's name, for messages.
    scorer : callable, optional
        A function of the user's that the pickle may name.

    Returns
    -------
    object
        gensim's objects as `Plain`, arrays, and Python's own types.

    Raises
    ------
    ForbiddenPickleError
        It uses a name that such models do not need, or an object outside the pickle.
    VectorFileError
        The file is damaged, or would take far more time or memory than its size.
    """
    try:
        inert, n_bytes = _unpickled(file, source, scorer)
        return Resolver(source, n_bytes).value(inert)
    except (ForbiddenPickleError, VectorFileError):
        raise
    except MemoryError as error:
        raise MemoryError(f"{source} asks for more memory than there is, or is damaged") from error
    except OutsideError as error:
        raise _forbidden(error, source) from error
    except OpcodeError as error:
        raise VectorFileError(f"{source} is damaged, or no model of gensim's: {error}") from error
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise VectorFileError(
            f"{source} is damaged, or no model of gensim's: {type(error).__name__}: {error}"
        ) from error


def _unpickled(file: IO[bytes], source: str, scorer: object) -> tuple[Any, int]:
    """Unpickle to inert objects; also return the number of bytes of the pickle."""
    data = _read(file)
    with io.BufferedReader(_Bytes(data), 1 << 16) as stream:
        return _Unpickler(stream, source, scorer).load(), len(data)


def _read(file: IO[bytes]) -> bytearray:
    """Read a whole pickle; refuse opcodes that models do not need or that cost too much."""
    walk, data = PickleWalk(), bytearray()
    while not walk.follow(data):
        # A long line is searched from its start in each call, so blocks grow with the data.
        block = file.read(max(_BLOCK, len(data) // 8))
        if not block:
            raise walk.error_at_end(data)
        data += block
    beyond = len(data) - walk.place
    if beyond:
        file.seek(-beyond, os.SEEK_CUR)
        del data[walk.place :]
    return data


def _forbidden(error: OutsideError, source: str) -> ForbiddenPickleError:
    named = getattr(copyreg, "_inverted_registry", {}).get(error.code)
    if named is None:
        return ForbiddenPickleError(f"{source} refers to objects outside of it: {error}")
    return ForbiddenPickleError(
        f"{source} asks for {'.'.join(named)} by its number in copyreg, which no model of "
        "gensim's does"
    )


class _Bytes(io.RawIOBase):
    """A file of bytes in memory, without a copy of them."""

    def __init__(self, data: bytearray) -> None:
        self._rest = memoryview(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)
