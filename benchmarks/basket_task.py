"""Item recommendation: baskets as sentences, and the hit rate of held-out items."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

Asked = list[tuple[list[str], str]]


def hold_out(baskets: Path, target: Path, share: float = 0.2) -> Asked:
    """Write the baskets, shuffled, for training; take a random item out of some of them.

    Items stand sorted by id in the sets used, which means nothing: each basket is shuffled.
    From every basket of two or more, with probability `share`, its last item after shuffling is
    kept out of the text and asked for.

    Returns
    -------
    list of (list of str, str)
        The items left, and the one taken.
    """
    rng = np.random.default_rng(0)
    asked: Asked = []
    with lzma.open(baskets, "rt") as lines, target.open("w") as out:
        for line in lines:
            items = [str(item) for item in rng.permutation(line.split())]
            if len(items) > 1 and rng.random() < share:
                asked.append((items[:-1], items[-1]))
                items = items[:-1]
            out.write(" ".join(items) + "\n")
    return asked


def hit_rates(
    words: list[str], w: np.ndarray, w_out: np.ndarray, asked: Asked, topn: int = 10
) -> dict[str, float]:
    """Return how often the item taken out is among the `topn` that the others lead to.

    By W, the highest cosines with the mean of the others' unit vectors (item2vec). By W', the
    highest products of their mean with the rows of W': what the model was trained to predict.
    The basket's own items are not in the list. Items without a vector are left out.
    """
    place = {word: i for i, word in enumerate(words)}
    rows = [([place[i] for i in left if i in place], place.get(item)) for left, item in asked]
    rows = [(left, item) for left, item in rows if left and item is not None]
    unit = w / np.linalg.norm(w, axis=1, keepdims=True)
    hits = {"by W": 0, "by W'": 0}
    for left, item in rows:
        for name, scores in (
            ("by W", unit @ unit[left].mean(axis=0)),
            ("by W'", w_out @ w[left].mean(axis=0)),
        ):
            own = scores[item]
            scores[left] = -np.inf
            hits[name] += int(np.count_nonzero(scores > own) < topn)
    return {name: count / len(rows) for name, count in hits.items()}
