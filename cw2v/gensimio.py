"""Converts vectors and models to gensim's objects in memory, and back; matrices are shared."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cw2v.gensimstate import model_attributes, table_attributes
from cw2v.pickledvalues import Plain
from cw2v.randomstate import random_from_dict, random_to_dict
from cw2v.statecodec import Nested
from cw2v.vectortable import VectorTable

_TABLE = (
    "vector_size",
    "index_to_key",
    "key_to_index",
    "next_index",
    "vectors",
    "expandos",
    "vectors_lockf",
    "lifecycle_events",
)
_SETTINGS = (
    "vector_size",
    "alpha",
    "window",
    "min_count",
    "max_vocab_size",
    "sample",
    "seed",
    "workers",
    "min_alpha",
    "sg",
    "hs",
    "negative",
    "ns_exponent",
    "cbow_mean",
    "hashfxn",
    "epochs",
    "null_word",
    "sorted_vocab",
    "batch_words",
    "compute_loss",
    "comment",
    "max_final_vocab",
    "shrink_windows",
)
_STATE = (
    "corpus_count",
    "corpus_total_words",
    "effective_min_count",
    "layer1_size",
    "lifecycle_events",
    "min_alpha_yet_reached",
    "random",
    "raw_vocab",
    "running_training_loss",
    "syn1",
    "syn1neg",
    "total_train_time",
    "train_count",
)


def table_to_gensim(table: VectorTable) -> Any:
    """Make a gensim KeyedVectors; see ``KeyedVectors.to_gensim``."""
    theirs = _gensim("keyedvectors").KeyedVectors(table.vector_size, dtype=table.vectors.dtype)
    vars(theirs).update(
        _copied({name: vars(table)[name] for name in _TABLE if name in vars(table)})
    )
    if "point" in theirs.expandos:  # gensim reads them as unsigned, whatever their dtype
        theirs.expandos["point"] = _unsigned(theirs.expandos["point"])
    return theirs


def table_from_gensim(theirs: Any) -> dict[str, Any]:
    """Return the attributes of a gensim KeyedVectors; see ``KeyedVectors.from_gensim``."""
    _check_type(theirs, _gensim("keyedvectors").KeyedVectors)
    return table_attributes(
        _copied({name: vars(theirs)[name] for name in _TABLE if name in vars(theirs)})
    )


def model_to_gensim(model: Any) -> Any:
    """Make a gensim Word2Vec; see ``Word2Vec.to_gensim``."""
    theirs = _gensim("word2vec").Word2Vec(**{name: getattr(model, name) for name in _SETTINGS})
    state = {name: getattr(model, name) for name in _STATE if hasattr(model, name)}
    vars(theirs).update(_copied(state))
    theirs.wv = table_to_gensim(model.wv)
    if theirs.negative and len(theirs.wv):
        theirs.make_cum_table()
    return theirs


def model_from_gensim(theirs: Any) -> dict[str, Any]:
    """Return the attributes of a gensim Word2Vec; see ``Word2Vec.from_gensim``."""
    _check_type(theirs, _gensim("word2vec").Word2Vec)
    kind = type(theirs.wv)
    if kind is not _gensim("keyedvectors").KeyedVectors:
        raise TypeError(
            f"{type(theirs).__name__} has vectors of the class {kind.__name__}, which are more "
            "than a vector for each word; KeyedVectors.from_gensim(model.wv) takes those"
        )
    attributes = _copied(vars(theirs))
    attributes["wv"] = Plain("KeyedVectors", _copied(vars(theirs.wv)))
    converted = model_attributes(attributes)
    assert isinstance(converted["wv"], Nested)
    return converted


def _gensim(module: str) -> Any:
    try:
        from importlib import import_module

        return import_module(f"gensim.models.{module}")
    except ImportError as error:
        raise ImportError(
            "to_gensim() and from_gensim() need the package gensim: pip install gensim. (Files "
            "that gensim saved are read by load() without it)"
        ) from error


def _check_type(theirs: Any, wanted: type) -> None:
    if not isinstance(theirs, wanted):
        raise TypeError(
            f"from_gensim() takes a {wanted.__module__}.{wanted.__qualname__}, got a "
            f"{type(theirs).__module__}.{type(theirs).__qualname__}"
        )


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    """Copy lists, dicts and random generators, which will change; share the arrays."""
    copied: dict[str, Any] = {}
    for name, value in attributes.items():
        if isinstance(value, (np.random.RandomState, np.random.Generator)):
            kind = "Generator" if isinstance(value, np.random.Generator) else "RandomState"
            copied[name] = random_from_dict(kind, random_to_dict(value))
        else:
            copied[name] = value.copy() if isinstance(value, (list, dict)) else value
    return copied


def _unsigned(points: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    unsigned = np.empty(len(points), dtype=object)
    for row, point in enumerate(points):
        # Of a key that was added it is None or 0.
        unsigned[row] = np.asarray(point).view(np.uint32) if np.ndim(point) else point
    return unsigned
