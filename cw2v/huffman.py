"""Counts to the binary tree of hierarchical softmax: frequent words get short paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cw2v._tree import join, write_paths


@dataclass(frozen=True, eq=False)
class HuffmanTree:
    """The path from the root of a binary tree to each word, all paths one after another.

    Word i takes, at the inner node ``points[j]``, the branch ``codes[j]``, for j from
    ``starts[i]`` to ``starts[i + 1] - 1`` (Mikolov et al. 2013, arXiv 1310.4546, section 2.1).

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_total,)
        0 for the left branch, 1 for the right, from the root down.
    points : ndarray of int32, shape (n_total,)
        Inner nodes, 0 to n_words - 2, which are rows of `syn1`; the root is n_words - 2.
    starts : ndarray of int64, shape (n_words + 1,)
        Where each word's path begins, and n_total.
    """

    codes: NDArray[np.uint8]
    points: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.starts) - 1

    def code(self, word: int) -> NDArray[np.uint8]:
        """Return the branches taken on the way to `word`, a view of shape (depth,)."""
        return self.codes[self.starts[word] : self.starts[word + 1]]

    def point(self, word: int) -> NDArray[np.int32]:
        """Return the inner nodes on the way to `word`, a view of shape (depth,)."""
        return self.points[self.starts[word] : self.starts[word + 1]]

    @property
    def depth(self) -> int:
        """The length of the longest path."""
        return int(np.diff(self.starts).max(initial=0))

    @classmethod
    def from_paths(
        cls, codes: Sequence[NDArray[np.uint8]], points: Sequence[NDArray[np.uint32]]
    ) -> HuffmanTree:
        """Make a tree of one array of branches and one of nodes for each word, as gensim has.

        Raises
        ------
        ValueError
            The paths of a word differ in length, or a node is out of range.
        """
        lengths = np.fromiter(map(len, codes), np.int64, len(codes))
        wrong = np.flatnonzero(lengths != np.fromiter(map(len, points), np.int64, len(points)))
        if len(wrong):
            raise ValueError(f"word {wrong[0]} has a code and a path of different lengths")
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        flat_codes = np.fromiter(chain.from_iterable(codes), np.uint8, starts[-1])
        flat_points = np.fromiter(chain.from_iterable(points), np.int64, starts[-1])
        if len(flat_points) and not 0 <= flat_points.min() <= flat_points.max() < len(codes):
            raise ValueError(f"the nodes of a tree of {len(codes)} words must be below that")
        return cls(flat_codes, flat_points.astype(np.int32), starts)


def build_tree(counts: NDArray[np.int64]) -> HuffmanTree:
    """Return the Huffman tree of a vocabulary (Huffman 1952).

    Which of several equal counts are joined is decided by the steps of Python's `heapq`, as in
    gensim, so that the trees are the same branch by branch. Most words are rare, hence most
    counts have equals: trees that decide otherwise agree on the frequent words alone, and give
    vectors less like gensim's than those of another seed.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
        How often each word occurs, in any order.
    """
    n = len(counts)
    if n < 2:
        return HuffmanTree(np.empty(0, np.uint8), np.empty(0, np.int32), np.zeros(n + 1, np.int64))
    return HuffmanTree(*write_paths(join(np.ascontiguousarray(counts))))


def check_tree(tree: HuffmanTree, n_words: int) -> None:
    """Raise ValueError unless training can follow the paths of a tree that somebody else made."""
    starts, points = np.asarray(tree.starts), np.asarray(tree.points)
    shapes = (np.asarray(tree.codes).shape, points.shape, starts.shape)
    if shapes != ((len(points),), (len(points),), (n_words + 1,)):
        raise ValueError(f"a tree of {n_words} words cannot have arrays of the shapes {shapes}")
    kinds = (tree.codes.dtype.str, points.dtype.str, starts.dtype.str)
    if [kind[1:] for kind in kinds] != ["u1", "i4", "i8"]:
        raise ValueError(f"a tree cannot have arrays of the types {kinds}")
    inside = 0 <= points.min(initial=0) <= points.max(initial=0) < max(1, n_words - 1)
    rising = starts[0] == 0 and starts[-1] == len(points)
    if n_words > 1:  # or the only path has no nodes
        rising = rising and np.diff(starts).min() > 0
    if not inside or not rising or tree.codes.max(initial=0) > 1:
        raise ValueError(f"the paths of a tree of {n_words} words lead out of it, or nowhere")
