"""Similarities and nearest neighbours: functions on arrays of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

_BLOCK_NUMBERS = 1 << 22
_PIECE = 512

# Keeps a quotient of similarities finite (Levy and Goldberg 2014, equation 4).
_COSMUL_EPSILON = 0.000001


def floating(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of results computed from vectors: theirs, or float64 for integers."""
    return dtype if np.issubdtype(dtype, np.inexact) else np.dtype(np.float64)


def row_norms(vectors: Floats) -> Floats:
    """Return the Euclidean length of each row, (n_rows,), without a copy of the matrix."""
    norms = np.empty(len(vectors), dtype=floating(vectors.dtype))
    rows_per_block = max(1, _BLOCK_NUMBERS // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), rows_per_block):
        block = slice(start, start + rows_per_block)
        norms[block] = np.linalg.norm(vectors[block], axis=1)
    return norms


def divisors(norms: Floats) -> Floats:
    """Return `norms` with 1 in place of 0, so that a zero vector is similar to nothing."""
    return np.where(norms == 0, norms.dtype.type(1), norms)


def unit(vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scale one vector to length 1; a zero vector stays."""
    vector = vector.astype(floating(vector.dtype), copy=False)
    length = np.linalg.norm(vector.astype(np.float64, copy=False))
    return vector if length == 0 else (vector / length).astype(vector.dtype, copy=False)


def cosine(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> np.floating[Any]:
    """Return the cosine of two vectors, computed in float64.

    It is exactly 1 for a float32 vector with itself, and 0 if a vector is zero.
    """
    exact_one, exact_other = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(exact_one) * np.linalg.norm(exact_other)
    result = np.dot(exact_one, exact_other) / lengths if lengths else 0.0
    value: np.floating[Any] = floating(np.result_type(one, other)).type(result)
    return value


def cosines(vectors: Floats, norms: Floats, target: npt.NDArray[Any]) -> Floats:
    """Return the dot product of `target`, (dim,), with each row scaled to length 1: (n_rows,).

    These are cosines when `target` has length 1.
    """
    similarities: Floats = np.dot(vectors, target) / divisors(norms)
    return similarities


def queries_per_block(n_rows: int) -> int:
    """Return for how many queries to compute similarities at a time: 64 MB of them."""
    return max(1, 4 * _BLOCK_NUMBERS // max(1, n_rows))


def many_cosines(vectors: Floats, norms: Floats, targets: Floats) -> Floats:
    """Return `cosines` for each row of `targets`, (n_queries, dim): (n_queries, n_rows)."""
    similarities: Floats = targets @ vectors.T
    similarities /= divisors(norms)
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
    """Return the indices of the `topn` largest scores, largest first, without those excluded.

    Equal scores are in the order of their indices.
    """
    wanted = min(len(scores), topn + len(excluded))
    if wanted <= 0:
        return np.empty(0, dtype=np.intp)
    places = np.arange(len(scores)) if wanted == len(scores) else _candidates(scores, wanted)
    places = places[np.argsort(-scores[places], kind="stable")]
    if excluded:
        places = places[~np.isin(places, list(excluded))]
    return places[:topn]


def _candidates(scores: Floats, wanted: int) -> Any:
    """Return, in rising order, indices that include those of the `wanted` largest scores.

    The scores are divided into pieces, and the maximum of each piece is computed. The `wanted`
    largest maxima are scores themselves, so no score below the least of them can be wanted.
    """
    n_pieces = len(scores) // _PIECE
    if n_pieces > 4 * wanted:
        maxima = scores[: n_pieces * _PIECE].reshape(n_pieces, _PIECE).max(axis=1)
        if not np.isnan(maxima).any():
            at_least = np.partition(maxima, n_pieces - wanted)[n_pieces - wanted]
            return np.flatnonzero(scores >= at_least)
    return np.sort(np.argpartition(-scores, wanted - 1)[:wanted])
