"""A model's attributes as JSON and arrays, and back: the values that cw2v's own format can hold.

Values that JSON has are written as they are. Any other value is an object whose key "$" says what
it is; its arrays are in the file under the names that it gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cw2v.npz import pack_words, split_words
from cw2v.randomstate import random_from_dict, random_to_dict
from cw2v.vectorreader import VectorFileError
from cw2v.vectortable import VectorTable

# Longer lists of words, and tables of counts, are stored as arrays.
_LONGEST_IN_JSON = 256
_DEEPEST = 64

# Of words: a str, an int in decimal, or a row that has no word yet.
_STR, _INT, _NONE = 0, 1, 2


class NotStorableError(TypeError):
    """A value that cw2v's own format cannot hold; the message says which and where."""


@dataclass
class Nested:
    """The attributes of a table of vectors inside a model."""

    state: dict[str, Any]


class Encoder:
    """Turns values into JSON and collects their arrays.

    Parameters
    ----------
    records : mapping of str to type
        The dataclasses that may be stored, by name.
    sep_limit : int
        Arrays of at least so many numbers are marked: `load` with `mmap` maps them into memory.
    separately : collection of str, optional
        Names of attributes to mark instead of those.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays that the JSON refers to, by name.
    failed : dict of str to NotStorableError
        Why attributes could not be stored, by path.
    """

    def __init__(
        self,
        records: Mapping[str, type],
        sep_limit: int = 10 * 1024**2,
        separately: Collection[str] | None = None,
    ) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}
        self.failed: dict[str, NotStorableError] = {}
        self._records = {record: name for name, record in records.items()}
        self._sep_limit = sep_limit
        self._separately = separately

    def state(
        self, attributes: Mapping[str, Any], ignore: Collection[str], where: str = ""
    ) -> dict[str, Any]:
        """Encode an object's attributes.

        Returns
        -------
        dict
            "attributes", by name, and "left_out", the names of those that will be None after
            loading: those in `ignore`, and those that cannot be stored.
        """
        encoded: dict[str, Any] = {}
        for name, value in attributes.items():
            if name in ignore:
                continue
            before = len(self.arrays)
            try:
                encoded[name] = self._attribute(value, where, name, ignore)
            except NotStorableError as error:
                for added in list(self.arrays)[before:]:
                    del self.arrays[added]
                self.failed[where + name] = error
        left_out = sorted(name for name in attributes if name not in encoded)
        return {"attributes": encoded, "left_out": left_out}

    def _attribute(self, value: Any, where: str, name: str, ignore: Collection[str]) -> Any:
        path = where + name
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            chosen = self._separately
            mapped = value.size >= self._sep_limit if chosen is None else name in chosen
            return self._array(value, path, mapped=mapped)
        if isinstance(value, VectorTable):
            return {"$": "vectors", **self.state(value.saved_attributes(), ignore, f"{path}.")}
        if isinstance(value, Nested):
            return {"$": "vectors", **self.state(value.state, ignore, f"{path}.")}
        return self.value(value, path)

    def value(self, value: Any, path: str, depth: int = 0) -> Any:
        """Encode one value; errors name it by its `path`.

        Raises
        ------
        NotStorableError
            The value, or something in it, is of a type that cannot be stored.
        """
        if depth > _DEEPEST:
            raise NotStorableError(
                f"{path} is nested more than {_DEEPEST} deep, or contains itself"
            )
        plain = _plain(value)
        if plain is not _NOT_PLAIN:
            return plain
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:
                return self._objects(value, path, depth)
            return self._array(value, path)
        if isinstance(value, np.generic) and value.dtype.kind in "biuf":
            return {
                "$": "scalar",
                "dtype": value.dtype.str,
                "value": self.value(value.item(), path, depth + 1),
            }
        if isinstance(value, dict):
            return self._dict(value, path, depth)
        if isinstance(value, list) and len(value) > _LONGEST_IN_JSON and _are_words(value):
            return self._words(value, path)
        for kind, name in ((list, None), (tuple, "tuple"), (set, "set"), (frozenset, "frozenset")):
            if type(value) is kind:
                items = [
                    self.value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)
                ]
                return items if name is None else {"$": name, "items": items}
        return self._instance(value, path, depth)

    def _instance(self, value: Any, path: str, depth: int) -> Any:
        if value is hash:
            return {"$": "hash"}
        if isinstance(value, (np.random.RandomState, np.random.Generator)):
            kind = "Generator" if isinstance(value, np.random.Generator) else "RandomState"
            try:
                state = random_to_dict(value)
            except ValueError as error:
                raise NotStorableError(f"{path}: {error}") from error
            return {"$": "random", "class": kind, "state": self.value(state, path, depth + 1)}
        if type(value) in self._records and is_dataclass(value):
            content = {
                field.name: self.value(
                    getattr(value, field.name), f"{path}.{field.name}", depth + 1
                )
                for field in fields(value)
            }
            return {"$": "record", "class": self._records[type(value)], "fields": content}
        made_by = type(value)
        raise NotStorableError(
            f"{path} is of type {made_by.__module__}.{made_by.__qualname__}, which a file without "
            "pickle cannot hold"
        )

    def _array(self, array: npt.NDArray[Any], path: str, *, mapped: bool = False) -> dict[str, Any]:
        name = path
        while name in self.arrays:
            name += "_"
        self.arrays[name] = np.asarray(array)
        return {"$": "array", "name": name, **({"mapped": True} if mapped else {})}

    def _objects(self, array: npt.NDArray[Any], path: str, depth: int) -> dict[str, Any]:
        """Encode an array of objects: arrays in one dimension, or values that JSON can hold."""
        items = array.ravel().tolist()
        kinds = {item.dtype for item in items if isinstance(item, np.ndarray) and item.ndim == 1}
        if array.ndim == 1 and len(kinds) == 1 and all(isinstance(x, np.ndarray) for x in items):
            starts = np.concatenate([[0], np.cumsum([len(item) for item in items])])
            return {
                "$": "ragged",
                "values": self._array(np.concatenate(items), path),
                "starts": self._array(starts.astype(np.int64), f"{path}.starts"),
            }
        values = [self.value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(items)]
        return {"$": "objects", "shape": list(array.shape), "items": values}

    def _dict(self, value: dict[Any, Any], path: str, depth: int) -> Any:
        many = len(value) > _LONGEST_IN_JSON
        if many and _are_counts(value.values()) and _are_words(value):
            return {
                "$": "counts",
                "words": self._words(list(value), path),
                "counts": self._array(np.array(list(value.values()), dtype=np.int64), path),
            }
        if all(type(key) is str for key in value) and "$" not in value:
            return {
                key: self.value(item, f"{path}.{key}", depth + 1) for key, item in value.items()
            }
        pairs = [
            [self.value(key, f"a key of {path}", depth + 1), self.value(item, path, depth + 1)]
            for key, item in value.items()
        ]
        return {"$": "dict", "items": pairs}

    def _words(self, words: list[Any], path: str) -> dict[str, Any]:
        kinds = None
        if set(map(type, words)) != {str}:
            kinds = np.fromiter(map(_kind_of_word, words), np.uint8, len(words))
            words = ["" if word is None else str(word) for word in words]
        joined, offsets = pack_words(words)
        encoded = {
            "$": "words",
            "utf8": self._array(joined, path),
            "offsets": self._array(offsets, f"{path}.offsets"),
        }
        if kinds is not None:
            encoded["kinds"] = self._array(kinds, f"{path}.kinds")
        return encoded


class Decoder:
    """Turns JSON and arrays back into values; executes nothing.

    Parameters
    ----------
    array : callable
        Returns the array of a name; its second argument says whether to map it into memory.
    records : mapping of str to type
        The dataclasses that may be created, by name.
    source : str
        The file's name, for messages.
    """

    def __init__(
        self,
        array: Callable[[str, bool], npt.NDArray[Any]],
        records: Mapping[str, type],
        source: str,
    ) -> None:
        self._array = array
        self._records = records
        self._source = source

    def state(self, encoded: Mapping[str, Any]) -> dict[str, Any]:
        """Decode an object's attributes; those left out are None."""
        attributes = {name: self.value(value) for name, value in encoded["attributes"].items()}
        return {**attributes, **dict.fromkeys(encoded["left_out"])}

    def value(self, encoded: Any) -> Any:
        """Decode one value.

        Raises
        ------
        VectorFileError
            The value is of a kind that this version does not know.
        """
        if isinstance(encoded, list):
            return [self.value(item) for item in encoded]
        if not isinstance(encoded, dict):
            return encoded
        kind = encoded.get("$")
        if kind is None:
            return {key: self.value(item) for key, item in encoded.items()}
        decode = getattr(self, f"_decode_{kind}", None) if isinstance(kind, str) else None
        if decode is None:
            raise VectorFileError(
                f"{self._source} holds a value of the kind {kind!r}, which this cw2v does not "
                "know; a newer one may"
            )
        return decode(encoded)

    def _decode_array(self, encoded: Mapping[str, Any]) -> npt.NDArray[Any]:
        return self._array(encoded["name"], encoded.get("mapped", False) is True)

    def _decode_vectors(self, encoded: Mapping[str, Any]) -> Nested:
        return Nested(self.state(encoded))

    def _decode_words(self, encoded: Mapping[str, Any]) -> list[Any]:
        joined, offsets = self.value(encoded["utf8"]), self.value(encoded["offsets"])
        words: list[Any] = split_words(self._source, joined, offsets)
        if "kinds" in encoded:
            kinds = self.value(encoded["kinds"])
            for row in np.flatnonzero(kinds).tolist():
                words[row] = int(words[row]) if kinds[row] == _INT else None
        return words

    def _decode_counts(self, encoded: Mapping[str, Any]) -> dict[Any, int]:
        words, counts = self.value(encoded["words"]), self.value(encoded["counts"])
        return dict(zip(words, counts.tolist(), strict=True))

    def _decode_dict(self, encoded: Mapping[str, Any]) -> dict[Any, Any]:
        return {self.value(key): self.value(item) for key, item in encoded["items"]}

    def _decode_tuple(self, encoded: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(self.value(encoded["items"]))

    def _decode_set(self, encoded: Mapping[str, Any]) -> set[Any]:
        return set(self.value(encoded["items"]))

    def _decode_frozenset(self, encoded: Mapping[str, Any]) -> frozenset[Any]:
        return frozenset(self.value(encoded["items"]))

    def _decode_float(self, encoded: Mapping[str, Any]) -> float:
        return float(encoded["value"])

    def _decode_scalar(self, encoded: Mapping[str, Any]) -> Any:
        dtype = np.dtype(str(encoded["dtype"]))
        if dtype.kind not in "biuf":
            raise VectorFileError(f"{self._source}: a number cannot be of type {dtype}")
        return dtype.type(self.value(encoded["value"]))

    def _decode_hash(self, encoded: Mapping[str, Any]) -> Any:
        return hash

    def _decode_ragged(self, encoded: Mapping[str, Any]) -> npt.NDArray[np.object_]:
        values, starts = self.value(encoded["values"]), self.value(encoded["starts"])
        return ragged(values, starts)

    def _decode_objects(self, encoded: Mapping[str, Any]) -> npt.NDArray[np.object_]:
        items = self.value(encoded["items"])
        array = np.empty(len(items), dtype=object)
        for place, item in enumerate(items):
            array[place] = item
        return array.reshape(encoded["shape"])

    def _decode_random(self, encoded: Mapping[str, Any]) -> Any:
        return random_from_dict(encoded["class"], self.value(encoded["state"]))

    def _decode_record(self, encoded: Mapping[str, Any]) -> Any:
        name = encoded["class"]
        if name not in self._records:
            raise VectorFileError(f"{self._source} holds a {name!r}, which this cw2v does not know")
        return self._records[name](**self.value(encoded["fields"]))


def ragged(values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """Return an array of objects: the views ``values[starts[i]:starts[i + 1]]``."""
    ends = starts.tolist()
    views = np.empty(len(ends) - 1, dtype=object)
    for row in range(len(views)):
        views[row] = values[ends[row] : ends[row + 1]]
    return views


_NOT_PLAIN = object()


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"$": "float", "value": str(value)}
    if isinstance(value, str):  # also np.str_
        return str(value)
    return _NOT_PLAIN


def _kind_of_word(word: Any) -> int:
    if isinstance(word, str):
        return _STR
    return _NONE if word is None else _INT


def _are_words(words: Any) -> bool:
    kinds = set(map(type, words))
    return all(issubclass(kind, (str, np.integer)) or kind in (int, type(None)) for kind in kinds)


def _are_counts(values: Any) -> bool:
    return set(map(type, values)) == {int} and all(abs(value) < 1 << 62 for value in values)
