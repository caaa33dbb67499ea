"""Word Mover's Distance: how far the words of one text have to move to become another text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def words_and_weights(document: Sequence[Any]) -> tuple[list[Any], npt.NDArray[np.float64]]:
    """Return the distinct words of a text, and the relative frequency of each."""
    counts = Counter(document)
    weights = np.fromiter(counts.values(), np.float64, len(counts))
    return list(counts), weights / len(document)


def movers_distance(
    vectors1: npt.NDArray[Any],
    weights1: npt.NDArray[np.float64],
    vectors2: npt.NDArray[Any],
    weights2: npt.NDArray[np.float64],
) -> float:
    """Return the least cost, weight times distance, of moving one set of points to another.

    See Kusner et al. 2015, equation 1. POT solves it.

    Parameters
    ----------
    vectors1, vectors2 : ndarray
        Of shape (n_points, dim).
    weights1, weights2 : ndarray of float64, shape (n_points,)
        Each with the sum 1.

    Raises
    ------
    ImportError
        POT is not installed.
    """
    try:
        from ot import emd2  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            "wmdistance needs the package POT (Python Optimal Transport): "
            "pip install 'cw2v[wmd]', or pip install POT"
        ) from error
    # Imported here, because it takes time and only this function needs it.
    from scipy.spatial.distance import cdist  # type: ignore[import-untyped]

    distances = cdist(vectors1.astype(np.float64), vectors2.astype(np.float64))
    if not distances.any():
        return 0.0
    return float(emd2(weights1, weights2, distances))
