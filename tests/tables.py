"""Tables of vectors that several tests ask."""

import numpy as np

from cw2v.keyedvectors import KeyedVectors

WORDS = ["the", "king", "queen", "man", "woman", "King", "paris", "東京", "a", "b", "c", "d"]


def make(n_words=12, dim=6, seed=0):
    words = [*WORDS, *(f"w{n}" for n in range(n_words))][:n_words]
    vectors = np.random.default_rng(seed).standard_normal((n_words, dim)).astype(np.float32)
    counts = np.random.default_rng(seed).integers(1, 9, n_words)
    return KeyedVectors.from_arrays(words, vectors, counts)


def assert_same_neighbours(ours, theirs):
    assert [key for key, _ in ours] == [key for key, _ in theirs]
    np.testing.assert_allclose([x for _, x in ours], [x for _, x in theirs], rtol=0, atol=3e-6)
