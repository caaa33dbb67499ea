"""A small text of two topics, and small models trained on it."""

import numpy as np

from cw2v import Word2Vec

OBJECTIVES = [
    {"sg": sg, "hs": hs, "negative": negative}
    for sg in (0, 1)
    for hs, negative in ((0, 5), (1, 0), (1, 5))
]


def two_topics(n_sentences=300, seed=0):
    """Give sentences of words that only ever stand with others of their topic."""
    rng = np.random.default_rng(seed)
    topics = [[f"{topic}{i}" for i in range(20)] for topic in ("sea", "land")]
    return [
        rng.choice(topics[rng.integers(2)], size=rng.integers(3, 12)).tolist()
        for _ in range(n_sentences)
    ]


TEXT = two_topics()


def small(sentences=TEXT, **settings):
    settings = {"sg": 1, "vector_size": 10, "min_count": 1, "workers": 1} | settings
    return Word2Vec(sentences, **settings)


def built(**settings):
    model = small(None, **settings)
    model.build_vocab(TEXT)
    return model
