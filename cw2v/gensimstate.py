"""The attributes of gensim's models, of any version, under the names they have in gensim 4."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from cw2v.gensimpickle import read_pickle
from cw2v.nativefile import PathOrHandle, opened, source_name
from cw2v.packing import packing_by_name
from cw2v.pickledvalues import Plain
from cw2v.statecodec import Nested
from cw2v.vectorreader import VectorFileError
from cw2v.ziparrays import HEADER_DAMAGE

_TABLES = ("KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors")

# What versions before 4 kept in separate objects of the model.
_OF_VOCABULARY = (
    "max_vocab_size",
    "min_count",
    "sample",
    "sorted_vocab",
    "null_word",
    "raw_vocab",
    "max_final_vocab",
    "ns_exponent",
)
_OF_TRAINABLES = ("hashfxn", "layer1_size", "seed", "syn1neg", "syn1")

# Attributes that are no longer needed: caches, and settings of old code. `load` is a function.
_DROPPED = (
    "callbacks",
    "cum_table",
    "load",
    "model_trimmed_post_training",
    "neg_labels",
    "syn0norm",
    "table",
    "total_words",
    "vectors_norm",
)

_WIDEST_SAMPLE = 2**32 - 1
_MOST_MISSING = 16  # empty cells there may be for each value or key


def read_gensim(
    source: PathOrHandle, *, mmap: str | None = None, only_vectors: bool = False
) -> tuple[str, dict[str, Any]]:
    """Read a model or vectors that gensim saved; see `savedfile.read_saved`.

    Arrays that gensim saved to separate files beside this one are read from there.
    """
    name = source_name(source)
    beside = name if isinstance(source, (str, os.PathLike)) else None
    with opened(source) as file:
        saved = read_pickle(file, name)
    if not isinstance(saved, Plain) or saved.name not in (*_TABLES, "Word2Vec"):
        kind = saved.name if isinstance(saved, Plain) else type(saved).__name__
        raise VectorFileError(f"{name} holds a {kind}, not a Word2Vec or KeyedVectors of gensim's")
    _load_separate(saved, name, beside, mmap)
    try:
        if saved.name in _TABLES:
            return "KeyedVectors", table_attributes(saved.attributes)
        attributes = model_attributes(saved.attributes)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise VectorFileError(
            f"{name} lacks something that gensim's models have: {type(error).__name__}: {error}"
        ) from error
    if only_vectors:
        return "KeyedVectors", attributes["wv"].state
    return "Word2Vec", attributes


def _load_separate(saved: Plain, name: str, beside: str | None, mmap: str | None) -> None:
    """Fill in the arrays of files beside the pickle, whose names begin with its name."""
    attributes = saved.attributes
    notes = {
        note: attributes.pop(f"__{note}", None) or []
        for note in ("recursive_saveloads", "numpys", "scipys", "ignoreds")
    }
    for attr in (attr for names in notes.values() for attr in names):
        if not isinstance(attr, str) or not attr.isidentifier():
            raise VectorFileError(f"{name}: {attr!r} is no name of an attribute")
    if notes["scipys"]:
        raise VectorFileError(f"{name} has sparse matrices, which no word2vec model has")
    attributes.update(dict.fromkeys(notes["ignoreds"]))
    for attr in notes["recursive_saveloads"]:
        if isinstance(attributes.get(attr), Plain):
            inner = None if beside is None else f"{beside}.{attr}"
            _load_separate(attributes[attr], name, inner, mmap)
    for attr in notes["numpys"]:
        if beside is None:
            raise VectorFileError(
                f"{name}: the array {attr!r} is in a file beside; load it by the name of the file"
            )
        attributes[attr] = _read_beside(f"{beside}.{attr}", name, mmap)


def _read_beside(stem: str, name: str, mmap: Any) -> npt.NDArray[Any]:
    packed = packing_by_name(name) is not None
    path = Path(f"{stem}.npz" if packed else f"{stem}.npy").expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"{name} needs the file {path}, which gensim wrote beside it; put both in one folder"
        )
    try:
        if not packed:
            return np.load(path, mmap_mode=mmap, allow_pickle=False)  # type: ignore[no-any-return]
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["val"]  # type: ignore[no-any-return]
    except (*HEADER_DAMAGE, BadZipFile, EOFError, KeyError) as error:
        raise VectorFileError(f"{path} is damaged or holds no array: {error}") from error


def table_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a gensim KeyedVectors of any version, as gensim 4 has them."""
    table = {name: value for name, value in attributes.items() if name not in _DROPPED}
    if "index_to_key" not in table:
        table["index_to_key"] = table.pop("index2word", None) or table.pop("index2entity")
    table.pop("index2entity", None)
    if "vectors" not in table:
        table["vectors"] = table.pop("syn0")
        table["vector_size"] = table["vectors"].shape[1]
    table.setdefault("vector_size", table["vectors"].shape[1])
    table["vector_size"] = int(table["vector_size"])
    table["norms"] = None
    table.setdefault("expandos", {})
    if "key_to_index" not in table:
        table["key_to_index"], expandos = _from_vocab(table.pop("vocab"), len(table["vectors"]))
        table["expandos"].update(expandos)
    table.setdefault("next_index", len(table["index_to_key"]))
    if not isinstance(table["key_to_index"], dict) or not isinstance(table["expandos"], dict):
        raise TypeError("its keys or their values are no dict")
    expandos = {name: _array(values) for name, values in table["expandos"].items()}
    n_keys, n_values = len(table["index_to_key"]), sum(map(len, expandos.values()))
    _check_values(n_keys * len(expandos), n_values, n_keys)
    table["expandos"] = {name: _of_length(values, n_keys) for name, values in expandos.items()}
    return table


def _check_values(n_cells: int, n_values: int, n_keys: int) -> None:
    """Refuse values of keys that are nearly all missing: to fill them up may take all memory."""
    if n_cells > _MOST_MISSING * (n_values + n_keys):
        raise ValueError(f"of {n_cells} values of keys it has only {n_values}")


def _array(values: Any) -> npt.NDArray[Any]:
    """Return an array; texts and the like stay objects, as one object may be there many times."""
    if isinstance(values, (list, tuple)) and not _are_numbers(values):
        return np.array(values, dtype=object)
    return np.asarray(values)


def _are_numbers(values: list[Any] | tuple[Any, ...]) -> bool:
    numbers = (int, float, np.number, np.bool_)
    return all(issubclass(kind, numbers) for kind in {*map(type, values)})


def _of_length(values: npt.NDArray[Any], n_keys: int) -> npt.NDArray[Any]:
    """Return values cut or filled up to `n_keys`: gensim may add keys without values."""
    if len(values) >= n_keys:
        return values[:n_keys] if len(values) > n_keys else values
    return np.concatenate((values, np.zeros(n_keys - len(values), dtype=values.dtype)))


def _from_vocab(
    vocab: dict[Any, Plain], n_rows: int
) -> tuple[dict[Any, int], dict[str, npt.NDArray[Any]]]:
    """Turn the objects of each word into arrays with an item for each row."""
    rows = {word: int(item.attributes["index"]) for word, item in vocab.items()}
    names = {name for item in vocab.values() for name in item.attributes} - {"index"}
    n_values = sum(len(item.attributes) for item in vocab.values())
    _check_values(n_rows * len(names), n_values, n_rows)
    expandos: dict[str, npt.NDArray[Any]] = {}
    for name in sorted(names):
        values = {rows[word]: item.attributes.get(name) for word, item in vocab.items()}
        expandos[name] = _column(name, values, n_rows)
    return rows, expandos


def _column(name: str, values: dict[int, Any], n_rows: int) -> npt.NDArray[Any]:
    if name == "sample_int":
        column = np.zeros(n_rows, dtype=np.uint32)
        for row, value in values.items():
            column[row] = min(int(value or 0), _WIDEST_SAMPLE)
        return column
    kinds = {type(value) for value in values.values()}
    if kinds <= {int, np.int64, np.int32, bool}:
        dtype: Any = np.int64
    else:
        dtype = np.float64 if kinds <= {float, np.float64, np.float32} else object
    column = np.zeros(n_rows, dtype=dtype)
    for row, value in values.items():
        column[row] = value
    return column


def model_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a gensim Word2Vec of any version, as gensim 4 has them."""
    model = dict(attributes)
    for holder, names in (("vocabulary", _OF_VOCABULARY), ("trainables", _OF_TRAINABLES)):
        plain = model.pop(holder, None)
        if isinstance(plain, Plain):
            moved = plain.attributes
            model.update({name: moved[name] for name in names if name in moved})
            if "vectors_lockf" in moved:
                model["syn0_lockf"] = moved["vectors_lockf"]
    wv = model.pop("wv", None)
    if wv is None:  # before 1.0 the model itself had them
        own = ("syn0", "vocab", "index2word", "vector_size")
        wv = Plain("KeyedVectors", {name: model[name] for name in own if name in model})
    for name in ("syn0", "vocab", "index2word", *_DROPPED):
        model.pop(name, None)
    table = table_attributes(wv.attributes)
    lockf = model.pop("syn0_lockf", None)
    if "vectors_lockf" not in table and lockf is not None and not (_array(lockf) == 1).all():
        table["vectors_lockf"] = _array(lockf).astype(np.float32)
    model["wv"] = Nested(table)
    for name, value in model.items():
        if isinstance(value, Plain) and value.name in _TABLES:
            model[name] = Nested(table_attributes(value.attributes))

    if "epochs" not in model:
        model["epochs"] = model.pop("iter")
    model.pop("iter", None)
    for name in ("corpus_count", "corpus_total_words", "max_final_vocab", "raw_vocab", "comment"):
        model.setdefault(name, None)
    model.setdefault("ns_exponent", 0.75)
    model.setdefault("shrink_windows", True)
    model.setdefault("train_count", 0)
    model.setdefault("total_train_time", 0)
    model.setdefault("layer1_size", table["vector_size"])
    model.setdefault("vector_size", table["vector_size"])
    if model.get("hashfxn") is None:
        model["hashfxn"] = hash
    if model.get("random") is None:
        model["random"] = np.random.RandomState(int(model.get("seed", 1)) % 2**32)
    return model
