"""Node embeddings: random walks on a graph as sentences, node classification, link prediction."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

Links = tuple[np.ndarray, np.ndarray]


def read_edges(path: Path) -> np.ndarray:
    """Return the edges, int64 of shape (n_edges, 2), of ``node node`` per line."""
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as lines:
        return np.array([line.split()[:2] for line in lines], dtype=np.int64)


def read_labels(path: Path, n_nodes: int) -> np.ndarray:
    """Return which labels a node has, bool of shape (n_nodes, n_labels)."""
    told = [[int(x) for x in line.split()] for line in path.read_text().splitlines()]
    names = sorted({label for _, *labels in told for label in labels})
    has = np.zeros((n_nodes, len(names)), bool)
    for node, *labels in told:
        has[node, np.searchsorted(names, labels)] = True
    return has


def links_of(edges: np.ndarray) -> Links:
    """Return where a node's neighbours begin, and all neighbours; edges lead both ways."""
    both = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    n_nodes = int(both.max()) + 1
    return np.searchsorted(both[:, 0], np.arange(n_nodes + 1)), both[:, 1]


def write_walks(links: Links, target: Path, walks_per_node: int, length: int = 40) -> None:
    """Write uniform random walks (DeepWalk's) from every node that has a link, one a line."""
    starts, neighbours = links
    degrees = np.diff(starts)
    rng = np.random.default_rng(0)
    with target.open("w") as out:
        for _ in range(walks_per_node):
            walks = np.empty((np.count_nonzero(degrees), length), np.int64)
            walks[:, 0] = rng.permutation(np.flatnonzero(degrees))
            for step in range(1, length):
                at = walks[:, step - 1]
                walks[:, step] = neighbours[starts[at] + rng.integers(degrees[at])]
            out.writelines(" ".join(map(str, walk)) + "\n" for walk in walks.tolist())


def label_score(rows: np.ndarray, has: np.ndarray, folds: int = 5) -> float:
    """Return the micro-F1 of ridge regression on the vectors of the nodes, five folds.

    A node of k labels is given the k that the regression ranks highest, as is usual for
    DeepWalk; with one label a node that is the accuracy.

    Parameters
    ----------
    rows : ndarray
        float of shape (n_nodes, dim).
    has : ndarray
        bool of shape (n_nodes, n_labels), a label or more in each row.
    """
    x = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9)
    x = np.hstack([x, np.ones((len(x), 1))]).astype(np.float64)
    fold_of = np.random.default_rng(0).permutation(len(x)) % folds
    right = 0
    for fold in range(folds):
        known, asked = fold_of != fold, fold_of == fold
        squares = x[known].T @ x[known] + np.eye(x.shape[1])
        told = x[asked] @ np.linalg.solve(squares, x[known].T @ has[known].astype(float))
        place = np.argsort(np.argsort(-told, axis=1), axis=1)
        right += int((has[asked] & (place < has[asked].sum(axis=1, keepdims=True))).sum())
    return right / int(has.sum())


def link_score(rows: np.ndarray, links: Links) -> float:
    """Return how often two linked nodes have a higher cosine than two that are not (AUC)."""
    starts, neighbours = links
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    linked = np.zeros((len(rows), len(rows)), bool)
    linked[np.repeat(np.arange(len(rows)), np.diff(starts)), neighbours] = True
    upper = np.triu_indices(len(rows), 1)
    cosines, yes = (unit @ unit.T)[upper], linked[upper]
    apart = np.sort(cosines[~yes])
    return float(np.searchsorted(apart, cosines[yes]).mean() / len(apart))
