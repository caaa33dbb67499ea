"""Asking W' about texts: the same values as gensim's from the same matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cw2v import Word2Vec
from cw2v._score import score_sentences
from cw2v.huffman import build_tree
from cw2v.weights import Weights

WORDS = [f"w{i}" for i in range(40)]


def random_text(n_sentences, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.choice(WORDS, rng.integers(0, 12)).tolist() for _ in range(n_sentences)]


def twins(gensim_models, **settings):
    """Give gensim's model and ours, with the same random W and W'."""
    settings = {"min_count": 1, "vector_size": 12, "window": 3} | settings
    text = random_text(100)
    rng = np.random.default_rng(1)
    models = [kind(**settings) for kind in (gensim_models.Word2Vec, Word2Vec)]
    for model in models:
        model.build_vocab(text)
    theirs, ours = models
    for name in ("syn1", "syn1neg"):
        if hasattr(ours, name):
            matrix = rng.normal(0, 0.8, ours.wv.vectors.shape).astype(np.float32)
            setattr(ours, name, matrix.copy())
            setattr(theirs, name, matrix.copy())
    ours.wv.vectors[:] = theirs.wv.vectors[:] = rng.normal(0, 0.8, ours.wv.vectors.shape)
    return theirs, ours


@pytest.mark.parametrize("settings", [{"sg": 1}, {"cbow_mean": 1}, {"cbow_mean": 0}])
def test_gensim_scores_alike(gensim_models, settings):
    theirs, ours = twins(gensim_models, hs=1, negative=0, **settings)
    for name in ("code", "point"):  # other trees of the same words may be as good
        theirs.wv.expandos[name] = ours.wv.expandos[name]
        if name == "point":
            theirs.wv.expandos[name] = np.array(
                [path.astype(np.uint32) for path in ours.wv.expandos[name]], object
            )
    text = [*random_text(300, seed=2), ["unknown", "w1", "words", "w2"], ["unknown"], []]
    scores = ours.score(text, total_sentences=1000, chunksize=7)
    assert scores.dtype == np.float32
    expected = theirs.score(text, total_sentences=1000)
    # A product that rounds to the other side of a step of the table moves a score by as much.
    assert_allclose(scores, expected, atol=0.05)
    assert np.isclose(scores, expected, rtol=1e-5, atol=1e-5).mean() > 0.98
    assert scores.min() < -10


def test_no_more_sentences_are_scored_than_asked_for(caplog):
    model = Word2Vec(random_text(50), min_count=1, vector_size=4, hs=1, negative=0, workers=2)
    text = random_text(30)
    every = model.score(text)
    assert len(every) == 30
    assert not caplog.records or "terminating" not in caplog.text
    assert_allclose(model.score(iter(text), total_sentences=10, chunksize=4), every[:10])
    assert "terminating after 10 sentences" in caplog.text
    assert len(model.score([])) == 0


def test_a_model_without_a_tree_cannot_score():
    with pytest.raises(RuntimeError, match="first build vocabulary before scoring"):
        Word2Vec(hs=1).score([["a"]])
    model = Word2Vec(random_text(50), min_count=1, vector_size=4)
    with pytest.raises(RuntimeError, match="only implemented score for the hierarchical softmax"):
        model.score([["a"]])
    model.hs = 1
    with pytest.raises(RuntimeError, match="Parameters required for scoring"):
        model.score([["a"]])


def test_ids_and_starts_that_do_not_fit_are_refused():
    matrix = np.ones((3, 2), np.float32)
    weights = Weights(matrix, syn1=matrix, tree=build_tree(np.int64([3, 2, 1])))
    for ids, starts in (([3], [0, 1]), ([-1], [0, 1])):
        with pytest.raises(ValueError, match="id is out of range"):
            score_sentences(np.int32(ids), np.int64(starts), weights, 1, True, True)
    for starts in ([0, 2], [1, 1], [0, 2, 1]):
        with pytest.raises(ValueError, match="starts must rise"):
            score_sentences(np.int32([0]), np.int64(starts), weights, 1, True, True)


@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_gensim_predicts_alike(gensim_models, cbow_mean):
    theirs, ours = twins(gensim_models, cbow_mean=cbow_mean)
    for context in (["w1", "w2"], [0, 3, "w5"], ["w1", "unknown"], ["w7"] * 3):
        for topn in (1, 5, None):
            found = ours.predict_output_word(context, topn=topn)
            expected = theirs.predict_output_word(context, topn=topn)
            assert [word for word, _ in found] == [word for word, _ in expected]
            assert_allclose([p for _, p in found], [p for _, p in expected], rtol=1e-5)
    assert ours.predict_output_word(["unknown"]) is None
    assert ours.predict_output_word(["w1"], topn=0) == []


def test_a_prediction_needs_negative_sampling():
    with pytest.raises(RuntimeError, match="only implemented predict_output_word for the negative"):
        Word2Vec(random_text(50), min_count=1, vector_size=4, hs=1, negative=0).predict_output_word(
            ["w1"]
        )
    model = Word2Vec()
    model.wv = Word2Vec(random_text(50), min_count=1, vector_size=4).wv
    with pytest.raises(RuntimeError, match="Parameters required for predicting"):
        model.predict_output_word(["w1"])


def test_large_products_do_not_overflow():
    model = Word2Vec(random_text(50), min_count=1, vector_size=4)
    model.syn1neg[:] = 0
    model.syn1neg[3] = 1e4
    model.wv.vectors[:] = 1
    (best, probability), *_ = model.predict_output_word(["w1"])
    assert (best, probability) == (model.wv.index_to_key[3], 1)


def test_a_window_beyond_any_sentence_scores_as_the_sentence():
    text = random_text(5)
    model = Word2Vec(random_text(30), min_count=1, window=2**70, hs=1, negative=0, workers=1)
    scores = model.score(text)
    model.window = max(map(len, text))
    np.testing.assert_array_equal(scores, model.score(text))
    assert (scores[[len(sentence) > 1 for sentence in text]] < 0).all()
