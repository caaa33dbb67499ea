"""What the tests of vector files share."""

from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = ["", ".gz", ".bz2", ".xz", ".zst"]

WORDS = ["the", "of", "São-Paulo", "東京", "\u00a0", "x" * 300]


def some_vectors(n_rows, dim, seed=0):
    return np.random.default_rng(seed).standard_normal((n_rows, dim)).astype(np.float32)


def bits(vectors):
    return np.asarray(vectors, dtype=np.float32).view(np.uint32).tolist()


def same(read, words, vectors):
    assert read.words == list(words)
    assert read.vectors.shape == vectors.shape
    assert bits(read.vectors) == bits(vectors)


def golden(name):
    return GOLDEN / name
