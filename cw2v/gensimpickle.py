"""gensim's pickles, read without running anything that they ask for.

A pickle is a program: it names functions, calls them, and sets attributes. Here every name it
may use stands for an inert class that only notes what it was called with (`_Inert`), and any
other name ends the reading. When all is read, `_Resolver` looks at the notes and makes arrays,
numbers and dicts of them, by code of its own.
"""

from __future__ import annotations

import copyreg
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, ClassVar

import numpy as np
import numpy.typing as npt

from cw2v.randomstate import Random, random_from_dict
from cw2v.scorers import npmi_scorer, original_scorer
from cw2v.vectorreader import VectorFileError

_MODEL_CLASSES = {
    "gensim.models.word2vec": ("Word2Vec", "Word2VecVocab", "Word2VecTrainables", "Vocab"),
    "gensim.models.keyedvectors": (
        "KeyedVectors",
        "Word2VecKeyedVectors",
        "EuclideanKeyedVectors",
        "Vocab",
        "CompatVocab",
    ),
    "gensim.models.phrases": ("Phrases", "Phraser", "FrozenPhrases"),
}
# Functions that are stored themselves, not their results.
_FUNCTIONS: dict[str, Any] = {
    "hash": hash,
    "npmi_scorer": npmi_scorer,
    "original_scorer": original_scorer,
}
_MULTIARRAY = ("_reconstruct", "scalar")
_BUILTINS = (
    *("object", "int", "long", "float", "str", "unicode", "bool", "bytes", "bytearray"),
    *("list", "dict", "tuple", "set", "frozenset", "hash"),
)
# Every name that a pickle may use.
_ALLOWED: dict[str, tuple[str, ...]] = {
    **_MODEL_CLASSES,
    "gensim.models.phrases": (
        *_MODEL_CLASSES["gensim.models.phrases"],
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

# Types of numbers and texts; no structures, whose parts could be anything.
_DTYPE = re.compile(r"[biufcSUOV?]\d{0,9}")


class ForbiddenPickleError(pickle.UnpicklingError):
    """A pickle asks for something that has no place in a model; the message names it."""


@dataclass
class Plain:
    """An object of gensim's, as its class's name and its attributes."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


class _Inert:
    """What a pickle makes in place of an object: it notes how, and does nothing."""

    module: ClassVar[str] = ""
    name: ClassVar[str] = ""
    args: tuple[Any, ...]
    state: Any
    items: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> _Inert:
        inert = object.__new__(cls)
        inert.args = args
        inert.state = None
        inert.items = []
        return inert

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def extend(self, items: Any) -> None:
        self.items.extend(items)

    def append(self, item: Any) -> None:
        self.items.append(item)

    add = append


class _Unpickler(pickle.Unpickler):
    """Makes inert objects, of allowed names only."""

    def __init__(self, file: IO[bytes], source: str, scorer: object) -> None:
        # Strings of Python 2 may be bytes of arrays: latin1 keeps them.
        super().__init__(file, encoding="latin1")
        self._source = source
        self._scorer = (
            getattr(scorer, "__module__", None),
            getattr(scorer, "__qualname__", type(scorer).__qualname__),
        )
        self._made: dict[tuple[str, str], type[_Inert]] = {}

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name.partition(".")[0] == "cw2v":
            raise ForbiddenPickleError(
                f"{self._source} asks for {module_name}.{global_name}: it is a pickle of an object "
                "of cw2v's, not a file of its save(). If you trust it, load it by pickle.load"
            )
        allowed = _ALLOWED.get(module_name, ())
        if global_name not in allowed and (module_name, global_name) != self._scorer:
            raise ForbiddenPickleError(
                f"{self._source} asks for {module_name}.{global_name}, which is not among the "
                "names that a model of gensim's Word2Vec needs; a pickle can run any code, so it "
                "is not loaded. If you trust the file, load it with gensim and use from_gensim(); "
                "if it is of Phrases with a scorer of yours, pass that as scoring="
            )
        if (module_name, global_name) not in self._made:
            self._made[module_name, global_name] = type(
                "_Inert_" + global_name, (_Inert,), {"module": module_name, "name": global_name}
            )
        return self._made[module_name, global_name]

    def persistent_load(self, pid: Any) -> Any:
        raise ForbiddenPickleError(f"{self._source} refers to objects outside of it")


def read_pickle(file: IO[bytes], source: str, scorer: object = None) -> Any:
    """Read a pickle of gensim's models; no code of it is run.

    Parameters
    ----------
    file : binary file
        At the beginning of the pickle.
    source : str
        The file's name, for messages.
    scorer : callable, optional
        The caller has this function of his own; the pickle may name it.

    Returns
    -------
    object
        Objects of gensim's as `Plain`, arrays, and Python's own types.

    Raises
    ------
    ForbiddenPickleError
        A name is used that such models do not need; the message has it.
    VectorFileError
        The file is damaged.
    """
    # Objects in this cache would be given out without asking find_class.
    copyreg.clear_extension_cache()
    try:
        inert = _Unpickler(file, source, scorer).load()
        return _Resolver(source).value(inert)
    except (ForbiddenPickleError, VectorFileError):
        raise
    except MemoryError as error:
        raise MemoryError(f"{source} asks for more memory than there is, or is damaged") from error
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


class _Resolver:
    """Makes values of what a pickle's inert objects have noted."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: dict[int, Any] = {}

    def value(self, value: Any) -> Any:
        """Give the value that `value` stands for."""
        if isinstance(value, (str, int, float, bytes, bytearray)) or value is None:
            return value
        if id(value) in self._known:
            return self._known[id(value)]
        # Containers are known before their contents: these may refer back to them.
        if type(value) is dict:
            made: Any = self._remember(value, {})
            made.update((self.value(key), self.value(item)) for key, item in value.items())
            return made
        if type(value) is list:
            made = self._remember(value, [])
            made.extend(self.value(item) for item in value)
            return made
        if isinstance(value, (tuple, set, frozenset)):
            return self._remember(value, type(value)(self.value(item) for item in value))
        if isinstance(value, type) and issubclass(value, _Inert):
            # A function or class itself, not its result; of these only a few mean anything.
            return _FUNCTIONS.get(value.name)
        if isinstance(value, _Inert):
            return self._inert(value)
        raise VectorFileError(f"{self._source} holds a {type(value).__name__}")

    def _remember(self, value: Any, made: Any) -> Any:
        self._known[id(value)] = made
        return made

    def _inert(self, value: _Inert) -> Any:
        kind = value.name
        if kind == "_reconstructor":
            kind = value.args[0].name
        if any(kind in names for names in _MODEL_CLASSES.values()):
            plain = self._remember(value, Plain(kind))
            state = self.value(value.state or {})
            if not isinstance(state, dict) or not all(type(name) is str for name in state):
                raise VectorFileError(f"{self._source}: the attributes of a {kind} have no names")
            plain.attributes.update(state)
            return plain
        make = _MAKERS.get(kind)
        if make is None:
            return self._remember(value, None)
        return self._remember(value, make(self, value))

    # -- one method for each function that a pickle calls -----------------------------------

    def dtype(self, value: _Inert) -> np.dtype[Any]:
        """Give the type of numbers that numpy.dtype was called with."""
        text = self._text(value.args[0])
        if not _DTYPE.fullmatch(text) or text.startswith("V") or np.dtype(text).itemsize == 0:
            raise VectorFileError(f"{self._source} holds an array of type {text!r}")
        order = self._text(value.state[1]) if value.state else "="
        if order not in ("<", ">", "=", "|"):
            raise VectorFileError(f"{self._source} holds numbers in the byte order {order!r}")
        dtype = np.dtype(text)
        return dtype if dtype.hasobject else dtype.newbyteorder(order)  # type: ignore[arg-type]

    def array(self, value: _Inert) -> npt.NDArray[Any]:
        """Give the array whose shape, type and bytes were set as its state."""
        shape, dtype, fortran, data = value.state[-4:]
        return self._filled(data, self.value(dtype), shape, "F" if fortran else "C")

    def array_from_buffer(self, value: _Inert) -> npt.NDArray[Any]:
        """Give the array of numpy's _frombuffer."""
        data, dtype, shape, order = value.args
        return self._filled(data, self.value(dtype), shape, self._text(order))

    def scalar(self, value: _Inert) -> Any:
        """Give one number of a type of NumPy's."""
        dtype = self.value(value.args[0])
        if dtype.hasobject:
            return self.value(value.args[1])
        return self._filled(value.args[1], dtype, (1,), "C")[0]

    def _filled(self, data: Any, dtype: np.dtype[Any], shape: Any, order: Any) -> npt.NDArray[Any]:
        if dtype.hasobject:
            items = np.empty(len(data), dtype=object)
            for place, item in enumerate(data):
                items[place] = self.value(item)
            return items.reshape(shape, order=order)
        raw = self._bytes(data)
        n_bytes = math.prod(shape) * dtype.itemsize
        if len(raw) != n_bytes or min(shape, default=0) < 0:
            raise VectorFileError(
                f"{self._source}: an array of shape {shape} needs {n_bytes} bytes, "
                f"but has {len(raw)}"
            )
        array = np.empty(shape, dtype=dtype.newbyteorder("="), order=order)
        if n_bytes:
            array[...] = np.frombuffer(raw, dtype=dtype).reshape(shape, order=order)
        return array

    def encoded(self, value: _Inert) -> bytes:
        """Give the bytes that Python 3 writes as a text in latin1, for protocols before 3."""
        return self._bytes(value.args[0])

    def byte_string(self, value: _Inert) -> bytes | None:
        """Give the bytes of a call of bytes or bytearray with a text or nothing."""
        if not value.args:
            return b""
        return self._bytes(value.args[0]) if isinstance(value.args[0], (str, bytes)) else None

    def mapping(self, value: _Inert) -> dict[Any, Any]:
        """Give the dict that a Counter, an OrderedDict or a defaultdict holds."""
        made: dict[Any, Any] = {}
        for arg in value.args:
            plain = self.value(arg)
            if isinstance(plain, dict):
                made.update(plain)
        made.update((self.value(key), self.value(item)) for key, item in value.items)
        return made

    def collection(self, value: _Inert) -> Any:
        """Give the set, list or other built-in that was called with an iterable."""
        kinds: dict[str, Callable[[Any], Any]] = {
            "set": set,
            "frozenset": frozenset,
            "list": list,
            "tuple": tuple,
        }
        items = [self.value(item) for item in (value.args[0] if value.args else value.items)]
        return kinds[value.name](items)

    def random(self, value: _Inert) -> Random | None:
        """Give the random numbers; None if their state is of a kind that is not known."""
        kind = "Generator" if value.name == "__generator_ctor" else "RandomState"
        state = self.value(value.state)
        if kind == "Generator" and value.args and isinstance(value.args[0], _Inert):
            state = self.value(value.args[0].state)
            state = state[0] if isinstance(state, tuple) else state
        if isinstance(state, tuple) and len(state) == 5:
            name, key, pos, has_gauss, gauss = state
            state = {"bit_generator": name, "state": {"key": key, "pos": pos}}
            state |= {"has_gauss": has_gauss, "gauss": gauss}
        try:
            return random_from_dict(kind, state)
        except ValueError:
            return None

    def _bytes(self, data: Any) -> bytes:
        data = self.value(data)
        if isinstance(data, str):
            return data.encode("latin1")
        if not isinstance(data, (bytes, bytearray)):
            raise VectorFileError(f"{self._source} holds a {type(data).__name__} in place of bytes")
        return bytes(data)

    def _text(self, data: Any) -> str:
        return data.decode("latin1") if isinstance(data, bytes) else str(data)


_MAKERS: dict[str, Callable[[_Resolver, _Inert], Any]] = {
    "dtype": _Resolver.dtype,
    "_reconstruct": _Resolver.array,
    "_frombuffer": _Resolver.array_from_buffer,
    "scalar": _Resolver.scalar,
    "encode": _Resolver.encoded,
    "bytes": _Resolver.byte_string,
    "bytearray": _Resolver.byte_string,
    "defaultdict": _Resolver.mapping,
    "OrderedDict": _Resolver.mapping,
    "Counter": _Resolver.mapping,
    "set": _Resolver.collection,
    "frozenset": _Resolver.collection,
    "list": _Resolver.collection,
    "tuple": _Resolver.collection,
    "__RandomState_ctor": _Resolver.random,
    "__randomstate_ctor": _Resolver.random,
    "__generator_ctor": _Resolver.random,
}
