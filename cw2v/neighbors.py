"""Similarity and neighbours, as functions on arrays of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

_BLOCK_NUMBERS = 1 << 22

# Keeps a quotient of similarities finite (Levy and Goldberg 2014, equation 4).
_COSMUL_EPSILON = 0.000001


def row_norms(vectors: Floats) -> Floats:
    """Give the Euclidean length of each row, (n_rows,), without a copy of the matrix."""
    norms = np.empty(len(vectors), dtype=vectors.dtype)
    rows_per_block = max(1, _BLOCK_NUMBERS // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), rows_per_block):
        block = slice(start, start + rows_per_block)
        norms[block] = np.linalg.norm(vectors[block], axis=1)
    return norms


def divisors(norms: Floats) -> Floats:
    """Give `norms` with 1 in place of 0, so that a zero vector is similar to nothing."""
    return np.where(norms == 0, norms.dtype.type(1), norms)


def unit(vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scale one vector to length 1; a zero vector stays."""
    if not np.issubdtype(vector.dtype, np.inexact):
        vector = vector.astype(np.float64)
    length = np.linalg.norm(vector)
    return vector if length == 0 else (vector / length).astype(vector.dtype, copy=False)


def cosines(vectors: Floats, norms: Floats, target: npt.NDArray[Any]) -> Floats:
    """Give the dot product of `target`, (dim,), with each row scaled to length 1: (n_rows,).

    These are cosines when `target` has length 1.
    """
    similarities: Floats = np.dot(vectors, target) / divisors(norms)
    return similarities


def cosmul(
    vectors: Floats,
    norms: Floats,
    positive: list[npt.NDArray[Any]],
    negative: list[npt.NDArray[Any]],
) -> Floats:
    """Score each row by 3CosMul: the product of its similarities to `positive`, over `negative`.

    Similarities are moved to 0..1 first (Levy and Goldberg 2014, equation 4 and footnote 7).
    """
    above = [(1 + cosines(vectors, norms, term)) / 2 for term in positive]
    below = [(1 + cosines(vectors, norms, term)) / 2 for term in negative]
    scores: Floats = np.prod(above, axis=0) / (np.prod(below, axis=0) + _COSMUL_EPSILON)
    return scores


def largest(scores: Floats, topn: int, excluded: set[int] | frozenset[int] = frozenset()) -> Any:
    """Give the places of the `topn` largest scores, largest first, without the excluded places.

    Equal scores come in the order of their places.
    """
    wanted = min(len(scores), topn + len(excluded))
    if wanted <= 0:
        return np.empty(0, dtype=np.intp)
    negated = -scores
    if wanted < len(scores):
        places = np.sort(np.argpartition(negated, wanted - 1)[:wanted])
    else:
        places = np.arange(len(scores))
    places = places[np.argsort(negated[places], kind="stable")]
    if excluded:
        places = places[~np.isin(places, list(excluded))]
    return places[:topn]
