"""Makes arrays, numbers and dicts of inert objects, which stand for the objects of a pickle.

In unpickling (`gensimpickle.py`), every class or function that the pickle names is replaced by an
inert class. Its objects only record how they would be made; `Resolver` makes the values of these
records, by methods of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cw2v.randomstate import Random, random_from_dict
from cw2v.scorers import npmi_scorer, original_scorer
from cw2v.vectorreader import VectorFileError

MODEL_CLASSES = {
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
# Functions that pickles store themselves, not their results.
_FUNCTIONS: dict[str, Any] = {
    "hash": hash,
    "npmi_scorer": npmi_scorer,
    "original_scorer": original_scorer,
}

_DEEPEST = 100  # nested objects; those of models are less than 20 deep
# The limit of what a pickle may expand to: a fixed part, and so much for each of its bytes.
_FREE = 1 << 16
_TIMES_ITS_SIZE = 4

# Types whose values are kept as they are.
_SCALARS = frozenset({str, int, float, bool, bytes, bytearray, type(None)})

# Types of numbers and texts; not structures, whose fields could be anything.
_DTYPE = re.compile(r"[biufcSUOV?]\d{0,9}")


@dataclass
class Plain:
    """A gensim object, as the name of its class and its attributes."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


class Inert:
    """Stands for an object of a pickle: records how it would be made, and does nothing."""

    module: ClassVar[str] = ""
    name: ClassVar[str] = ""
    args: tuple[Any, ...]
    state: Any
    items: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:
        """Record the arguments of a call."""
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
        """Record the items of a list or set."""
        self.items.extend(items)

    def append(self, item: Any) -> None:
        """Record one such item."""
        self.items.append(item)

    add = append


def _are_scalars(items: Iterable[Any]) -> bool:
    return _SCALARS.issuperset(map(type, items))


class Resolver:
    """Makes values of what the inert objects of a pickle have recorded.

    Parameters
    ----------
    source : str
        The file's name, for messages.
    n_bytes : int
        The size of the pickle, which limits how much may be made of it.
    """

    def __init__(self, source: str, n_bytes: int) -> None:
        self._source = source
        self._limit = _FREE + _TIMES_ITS_SIZE * n_bytes
        self._known: dict[int, Any] = {}
        # For each of these, of how many objects it would consist if none were shared.
        self._sizes: dict[int, int] = {}
        self._n_objects = 0  # made so far, if none were shared
        self._n_bytes = 0  # copied to arrays and bytes so far
        self._depth = 0

    def value(self, value: Any) -> Any:
        """Return the value that `value` stands for."""
        if type(value) in _SCALARS:
            return value
        place = id(value)
        if place in self._known:
            self._count(self._sizes.get(place, 1))  # 1: an object that holds itself
            return self._known[place]
        self._depth += 1
        if self._depth > _DEEPEST:
            raise VectorFileError(
                f"{self._source} holds objects in one another more than {_DEEPEST} deep, or some "
                "that hold themselves"
            )
        before = self._n_objects
        self._count(1)
        made = self._known[place] = self._make(value)
        self._sizes[place] = self._n_objects - before
        self._depth -= 1
        return made

    def _count(self, n_objects: int) -> None:
        """Refuse a pickle whose objects would be too many if each reference were a copy.

        Printing or comparing them, or making arrays of them, takes that many steps.
        """
        self._n_objects += n_objects
        if self._n_objects > self._limit:
            raise VectorFileError(
                f"{self._source} refers to the same objects over and over: they would be more than "
                f"{self._limit}, were each reference one of its own. It is no model of gensim's"
            )

    def _count_bytes(self, n_bytes: int) -> None:
        """Refuse a pickle that makes many arrays of the same bytes."""
        self._n_bytes += n_bytes
        if self._n_bytes > self._limit:
            raise VectorFileError(
                f"{self._source} makes more than {self._limit} bytes of arrays from bytes that it "
                "holds once. It is no model of gensim's"
            )

    def _make(self, value: Any) -> Any:
        kind = type(value)
        if kind is dict:
            self._count(len(value))
            if _are_scalars(value) and _are_scalars(value.values()):
                return value
            return {self.value(key): self.value(item) for key, item in value.items()}
        if kind in (list, tuple, set, frozenset):
            self._count(len(value))
            return value if _are_scalars(value) else kind([self.value(item) for item in value])
        if isinstance(value, type) and issubclass(value, Inert):
            # A function or class itself, not its result; only a few of these have a meaning.
            return _FUNCTIONS.get(value.name)
        if isinstance(value, Inert):
            return self._make_inert(value)
        raise VectorFileError(f"{self._source} holds a {kind.__name__}")

    def _make_inert(self, value: Inert) -> Any:
        kind = value.name
        if kind == "_reconstructor":
            kind = value.args[0].name
        if any(kind in names for names in MODEL_CLASSES.values()):
            # Stored before its attributes are resolved, as these may refer back to it.
            plain = self._known[id(value)] = Plain(kind)
            state = {} if value.state is None else self.value(value.state)
            if not isinstance(state, dict) or not all(type(name) is str for name in state):
                raise VectorFileError(f"{self._source}: the attributes of a {kind} have no names")
            plain.attributes.update(state)
            return plain
        make = _MAKERS.get(kind)
        return None if make is None else make(self, value)

    # -- one method for each function that a pickle calls -----------------------------------

    def dtype(self, value: Inert) -> np.dtype[Any]:
        """Return the dtype that numpy.dtype was called with."""
        text = self._text(value.args[0])
        if not _DTYPE.fullmatch(text) or text.startswith("V") or np.dtype(text).itemsize == 0:
            raise VectorFileError(f"{self._source} holds an array of type {text!r}")
        order = self._text(value.state[1]) if value.state else "="
        if order not in ("<", ">", "=", "|"):
            raise VectorFileError(f"{self._source} holds numbers in the byte order {order!r}")
        dtype = np.dtype(text)
        return dtype if dtype.hasobject else dtype.newbyteorder(order)  # type: ignore[arg-type]

    def array(self, value: Inert) -> npt.NDArray[Any]:
        """Return the array whose state has its shape, dtype and bytes."""
        shape, dtype, fortran, data = value.state[-4:]
        return self._filled(data, self.value(dtype), shape, "F" if fortran else "C")

    def array_from_buffer(self, value: Inert) -> npt.NDArray[Any]:
        """Return the array that numpy's _frombuffer was called for."""
        data, dtype, shape, order = value.args
        return self._filled(data, self.value(dtype), shape, self._text(order))

    def scalar(self, value: Inert) -> Any:
        """Return a NumPy scalar."""
        dtype = self.value(value.args[0])
        if dtype.hasobject:
            return self.value(value.args[1])
        return self._filled(value.args[1], dtype, (1,), "C")[0]

    def _filled(self, data: Any, dtype: np.dtype[Any], shape: Any, order: Any) -> npt.NDArray[Any]:
        if type(shape) is not tuple or len(shape) > 64 or {*map(type, shape)} - {int}:
            raise VectorFileError(f"{self._source} holds an array whose shape is no tuple of int")
        if dtype.hasobject:
            return self._filled_with_objects(data, shape, order)
        raw = self._bytes(data)
        n_bytes = math.prod(shape) * dtype.itemsize
        if len(raw) != n_bytes or min(shape, default=0) < 0:
            raise VectorFileError(
                f"{self._source}: an array of shape {shape} needs {n_bytes} bytes, "
                f"but has {len(raw)}"
            )
        self._count_bytes(n_bytes)
        self._count(math.prod(filter(None, shape)))  # for (n, 0), all n rows
        array = np.empty(shape, dtype=dtype.newbyteorder("="), order=order)
        if n_bytes:
            array[...] = np.frombuffer(raw, dtype=dtype).reshape(shape, order=order)
        return array

    def _filled_with_objects(self, data: Any, shape: Any, order: Any) -> npt.NDArray[Any]:
        if type(data) is not list:
            raise VectorFileError(f"{self._source} holds an array of objects without a list")
        items = np.empty(len(data), dtype=object)
        for place, item in enumerate(self.value(data)):
            items[place] = item
        return items.reshape(shape, order=order)

    def encoded(self, value: Inert) -> bytes:
        """Return bytes that Python 3 writes as a latin1 text in protocols before 3."""
        return self._bytes(value.args[0])

    def byte_string(self, value: Inert) -> bytes | None:
        """Return the bytes of a call of bytes or bytearray, with a text or no argument."""
        if not value.args:
            return b""
        return self._bytes(value.args[0]) if isinstance(value.args[0], (str, bytes)) else None

    def mapping(self, value: Inert) -> dict[Any, Any]:
        """Return the dict that a Counter, an OrderedDict or a defaultdict holds."""
        made: dict[Any, Any] = {}
        for arg in value.args:
            plain = self.value(arg)
            if isinstance(plain, dict):
                made.update(plain)
        self._count(len(value.items))
        made.update((self.value(key), self.value(item)) for key, item in value.items)
        return made

    def collection(self, value: Inert) -> Any:
        """Return the set, list or other built-in that was called with an iterable."""
        items = self.value(value.args[0] if value.args else value.items)
        if not isinstance(items, (list, tuple, set, frozenset)):
            raise VectorFileError(f"{self._source} makes a {value.name} of no list")
        if value.name in ("list", "tuple"):
            return list(items) if value.name == "list" else tuple(items)
        # An object that is in it several times is compared only once.
        distinct = {id(item): item for item in items}.values()
        return set(distinct) if value.name == "set" else frozenset(distinct)

    def random(self, value: Inert) -> Random | None:
        """Return the random generator; None if its state is of an unknown kind."""
        kind = "Generator" if value.name == "__generator_ctor" else "RandomState"
        state = self.value(value.state)
        if kind == "Generator" and value.args and isinstance(value.args[0], Inert):
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
        if type(data) is bytes:
            return data
        if not isinstance(data, (str, bytes, bytearray)):
            raise VectorFileError(f"{self._source} holds a {type(data).__name__} in place of bytes")
        self._count_bytes(len(data))
        return data.encode("latin1") if isinstance(data, str) else bytes(data)

    def _text(self, data: Any) -> str:
        if not isinstance(data, (str, bytes)):
            raise VectorFileError(f"{self._source} holds a {type(data).__name__} in place of text")
        return data.decode("latin1") if isinstance(data, bytes) else data


_MAKERS: dict[str, Callable[[Resolver, Inert], Any]] = {
    "dtype": Resolver.dtype,
    "_reconstruct": Resolver.array,
    "_frombuffer": Resolver.array_from_buffer,
    "scalar": Resolver.scalar,
    "encode": Resolver.encoded,
    "bytes": Resolver.byte_string,
    "bytearray": Resolver.byte_string,
    "defaultdict": Resolver.mapping,
    "OrderedDict": Resolver.mapping,
    "Counter": Resolver.mapping,
    "set": Resolver.collection,
    "frozenset": Resolver.collection,
    "list": Resolver.collection,
    "tuple": Resolver.collection,
    "__RandomState_ctor": Resolver.random,
    "__randomstate_ctor": Resolver.random,
    "__generator_ctor": Resolver.random,
}
