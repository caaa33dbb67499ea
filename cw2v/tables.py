"""The tables that training samples from and looks up, made once from counts and settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cw2v.hotrows import ModelHotRows, Workload, hot_rows
from cw2v.huffman import HuffmanTree
from cw2v.noise import keep_thresholds, noise_table
from cw2v.params import TrainParams
from cw2v.sharing import Sharing, words_to_train

PADDING = 32  # items that kernels may read past the end of a path; see csrc/kernels.h


@dataclass(frozen=True, eq=False)
class Tables:
    """What workers read besides the corpus and the weights.

    Parameters
    ----------
    keep : ndarray of uint32, shape (n_words,)
        See `cw2v.noise.keep_thresholds`.
    noise : ndarray of uint32, shape (n_words, 2), or None without negative sampling
        See `cw2v.noise.noise_table`.
    sharing : cw2v.sharing.Sharing
        How many pairs share a noise word, and how many rows a step has.
    tree_starts, tree_path : ndarray of int64 and uint32, or None
        Paths, as in `cw2v.huffman.HuffmanTree`: twice each node, plus 1 where the path turns
        left, then `PADDING` zeros. None without hierarchical softmax.
    tree_depth : int
        The length of the longest path.
    ones : ndarray of float32, shape (tree_depth + PADDING,)
        The `noise` of cw2v_labels of csrc/kernels.h, for paths.
    hot_rows : cw2v.hotrows.ModelHotRows
        The rows of W and W' that each worker has local copies of.
    """

    keep: NDArray[np.uint32]
    noise: NDArray[np.uint32] | None
    sharing: Sharing
    tree_starts: NDArray[np.int64] | None
    tree_path: NDArray[np.uint32] | None
    tree_depth: int
    ones: NDArray[np.float32]
    hot_rows: ModelHotRows


def make_tables(
    counts: NDArray[np.int64],
    params: TrainParams,
    tree: HuffmanTree | None,
    keep: NDArray[np.uint32] | None = None,
    workload: Workload | None = None,
) -> Tables:
    """Return the tables for a vocabulary whose words occur `counts` times, shape (n_words,).

    `keep` has its place in `Tables`; it follows from `counts` unless given. No row is hot
    unless `workload` has several workers.
    """
    if keep is None:
        keep = keep_thresholds(counts, params.sample)
    starts = path = None
    depth = 0
    if params.hs:
        assert tree is not None  # `Weights` has one wherever it has syn1
        starts, depth = tree.starts, tree.depth
        n = len(tree.points)
        path = np.zeros(n + PADDING, np.uint32)
        np.left_shift(tree.points, 1, out=path[:n], casting="unsafe")
        path[:n] |= 1 - tree.codes
    return Tables(
        keep=keep,
        noise=noise_table(counts, params.ns_exponent) if params.negative else None,
        sharing=Sharing.of(params, len(counts), words_to_train(counts, params)),
        tree_starts=starts,
        tree_path=path,
        tree_depth=depth,
        ones=np.ones(depth + PADDING, np.float32),
        hot_rows=hot_rows(counts, keep, params, workload or Workload(), tree),
    )
