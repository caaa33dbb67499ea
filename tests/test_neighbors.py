import sys
import warnings

import numpy as np
import pytest
from tables import assert_same_neighbours

from cw2v import neighbors
from cw2v.keyedvectors import KeyedVectors

# -- many queries at once ----------------------------------------------------------------


def test_a_batch_is_answered_as_its_queries_one_by_one(twin):
    ours, _ = twin
    vector = np.arange(10, dtype=np.float32)
    positive = ["king", 7, vector, ["woman", "king"], [("king", 2.5), "man"], [vector, "king"]]
    negative = [None, None, "king", ["man"], [("queen", 0.5)], None]
    for kwargs in (
        {},
        {"topn": 3},
        {"topn": 600},
        {"restrict_vocab": 20},
        {"clip_start": 100, "clip_end": 150},
    ):
        batch = ours.most_similar_batch(positive, negative, **kwargs)
        assert len(batch) == len(positive)
        for plus, minus, found in zip(positive, negative, batch, strict=True):
            assert_same_neighbours(found, ours.most_similar(plus, minus, **kwargs))
    every = ours.most_similar_batch(positive, negative, topn=None)
    assert every.shape == (6, 500)
    np.testing.assert_allclose(
        every[3], ours.most_similar(positive[3], negative[3], topn=None), rtol=0, atol=3e-6
    )


def test_a_matrix_is_a_batch_of_vectors(twin):
    ours, _ = twin
    batch = ours.most_similar_batch(ours.vectors[:40], topn=1)
    assert [found[0][0] for found in batch] == ours.index_to_key[:40]


def test_a_batch_that_cannot_be_answered_is_refused(kv):
    assert kv.most_similar_batch([]) == []
    assert kv.most_similar_batch(["king", "man"], topn=0) == [[], []]
    with pytest.raises(ValueError, match="2 queries need as many negatives, got 1"):
        kv.most_similar_batch(["king", "man"], ["queen"])
    with pytest.raises(KeyError, match="'none' not present"):
        kv.most_similar_batch(["king", "none"])
    with pytest.raises(ValueError, match="no input"):
        kv.most_similar_batch(["king", []])


@pytest.mark.parametrize("wanted", [1, 2, 10])
@pytest.mark.parametrize("special", [None, np.nan, np.inf, -np.inf, "ties"])
def test_the_largest_of_many_scores_are_found(wanted, special):
    scores = np.random.default_rng(0).standard_normal(50_001).astype(np.float32)
    if special == "ties":
        scores = np.round(scores)
    elif special is not None:
        scores[[5, 49_999]] = special
    found = neighbors.largest(scores, wanted, {7})
    order = np.argsort(-scores, kind="stable")
    expected = order[order != 7][:wanted]
    if special == "ties":
        np.testing.assert_array_equal(scores[found], scores[expected])
    else:
        np.testing.assert_array_equal(found, expected)


# -- Word Mover's Distance ---------------------------------------------------------------


@pytest.mark.parametrize("norm", [True, False])
def test_movers_distance_is_gensims(twin, norm):
    pytest.importorskip("ot")
    ours, theirs = twin
    for one, other in (
        (["king", "queen", "w9"], ["man", "w7", "king"]),
        (["king", "king", "man"], ["man", "none", "w30", "w31", "w30"]),
        (["king"], ["king"]),
        (["king", "man"], ["man", "king"]),
        (["king"], ["none"]),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = theirs.wmdistance(one, other, norm)
        assert ours.wmdistance(one, other, norm) == pytest.approx(expected, abs=1e-6)


def test_movers_distance_names_what_it_needs(kv, monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    for way in ("pip install POT", r"pip install 'cw2v\[wmd\]'"):
        with pytest.raises(ImportError, match=way):
            kv.wmdistance(["king"], ["queen"])
    assert kv.wmdistance(["none"], ["queen"]) == float("inf")


def test_places_without_a_way_between_them_are_at_distance_0():
    pytest.importorskip("ot")
    kv = KeyedVectors.from_arrays(["a", "b"], np.ones((2, 3), np.float32))
    assert kv.wmdistance(["a"], ["b"]) == 0


def test_norms_of_a_large_matrix_are_those_of_its_rows():
    vectors = np.random.default_rng(0).standard_normal((3000, 2000)).astype(np.float32)
    np.testing.assert_allclose(
        neighbors.row_norms(vectors), np.linalg.norm(vectors, axis=1), rtol=1e-6
    )
