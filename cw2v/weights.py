"""The matrices of a model, which training updates in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree

CACHE_LINE = 64


@dataclass(eq=False)
class Weights:
    """The matrices of a model, borrowed: training changes them in place.

    Parameters
    ----------
    w : ndarray of float32, shape (n_words, vector_size), C-contiguous
        W, input to projection layer: the word vectors.
    syn1neg : ndarray of float32, shape (n_words, vector_size), C-contiguous, optional
        W' of negative sampling: row i belongs to word i.
    syn1 : ndarray of float32, shape (n_words, vector_size), C-contiguous, optional
        W' of hierarchical softmax: row i belongs to inner node i of `tree`; the last row is
        not used.
    lockf : ndarray of float32, shape (n_words,) or (1,), optional
        The factor of the updates of each row of W: 0 keeps it as it is, bit for bit. A single
        factor is for all rows. 1 unless given.
    tree : HuffmanTree, optional
        Of hierarchical softmax.
    """

    w: NDArray[np.float32]
    syn1neg: NDArray[np.float32] | None = None
    syn1: NDArray[np.float32] | None = None
    lockf: NDArray[np.float32] | None = None
    tree: HuffmanTree | None = None

    def __post_init__(self) -> None:
        """Raise ValueError unless the shapes fit together."""
        for name in ("syn1neg", "syn1"):
            matrix = getattr(self, name)
            if matrix is not None and matrix.shape != self.w.shape:
                raise ValueError(
                    f"{name} must have the shape of W, {self.w.shape}, got {matrix.shape}"
                )
        for name in ("w", "syn1neg", "syn1", "lockf"):
            matrix = getattr(self, name)
            if matrix is None:
                continue
            if matrix.dtype != np.float32 or not matrix.flags.c_contiguous:
                raise ValueError(
                    f"{name} must be float32 and C-contiguous, got {matrix.dtype} of strides "
                    f"{matrix.strides}; make it so with np.ascontiguousarray({name}, np.float32)"
                )
        n_words = len(self.w)
        if self.lockf is not None and self.lockf.shape not in ((1,), (n_words,)):
            raise ValueError(
                f"lockf must have the shape (1,) or ({n_words},), one number for each word, got "
                f"{self.lockf.shape}"
            )
        if self.syn1 is not None and (self.tree is None or len(self.tree) != n_words):
            raise ValueError(f"syn1 needs a Huffman tree of {n_words} words")


def new_vectors(n_words: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Return the initial W: float32, uniform in [-1 / dim, 1 / dim), the same as gensim's."""
    w = zero_vectors(n_words, dim)
    np.random.default_rng(seed).random(dtype=np.float32, out=w)
    w *= 2.0
    w -= 1.0
    w /= dim
    return w


def zero_vectors(n_words: int, dim: int) -> NDArray[np.float32]:
    """Return the initial W': zeros, float32, C-contiguous, aligned to a cache line.

    NumPy's own arrays begin 16 bytes past one. Then vector loads of rows of 128, 200 or 256 floats
    cross cache lines, which costs a tenth to a fifth of the speed of training.
    """
    size = n_words * dim
    room = np.zeros(size + CACHE_LINE // 4, np.float32)
    first = -room.ctypes.data % CACHE_LINE // 4
    return room[first : first + size].reshape(n_words, dim)
