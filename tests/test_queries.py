"""What a table of vectors answers: neighbours, similarities, means; against gensim's."""

import warnings

import numpy as np
import pytest
from tables import assert_same_neighbours

from cw2v.keyedvectors import KeyedVectors


@pytest.mark.parametrize(
    "kwargs",
    [
        {"positive": "king"},
        {"positive": ["king"]},
        {"positive": "king", "topn": 3},
        {"positive": ["woman", "king"], "negative": ["man"]},
        {"positive": ["woman", "king"], "negative": "man", "topn": 50},
        {"negative": ["man"]},
        {"positive": [("king", 2.5), "man"], "negative": [("queen", -0.5)]},
        {"positive": 4},
        {"positive": [4, "king"]},
        {"positive": ["king", "king"]},
        {"positive": "king", "topn": 499},
        {"positive": "king", "topn": 5000},
        {"positive": "king", "restrict_vocab": 20},
        {"positive": "w300", "restrict_vocab": 20},
        {"positive": "w300", "clip_start": 200},
        {"positive": "king", "clip_start": 100, "clip_end": 150, "topn": 100},
        {"positive": [np.arange(10.0)]},
        {"positive": np.arange(10, dtype=np.float32)},
        {"positive": np.arange(20, dtype=np.float32).reshape(2, 10)},
    ],
)
def test_most_similar_is_gensims(twin, kwargs):
    ours, theirs = twin
    assert_same_neighbours(ours.most_similar(**kwargs), theirs.most_similar(**kwargs))
    kwargs["topn"] = None
    np.testing.assert_allclose(
        ours.most_similar(**kwargs), theirs.most_similar(**kwargs), rtol=0, atol=3e-6
    )


@pytest.mark.parametrize("topn", [0, False, -1, np.int64(0)])
def test_no_neighbours_are_found_when_none_are_wanted(kv, topn):
    assert kv.most_similar("king", topn=topn) == []
    assert kv.most_similar_cosmul("king", topn=topn) == []


def test_neighbours_are_pairs_of_key_and_float_without_the_key_itself(kv):
    found = kv.most_similar("king", topn=len(kv))
    assert len(found) == len(kv) - 1
    assert "king" not in dict(found)
    assert all(type(similarity) is float for _, similarity in found)
    assert [x for _, x in found] == sorted([x for _, x in found], reverse=True)
    assert kv.most_similar("king", topn=None).dtype == np.float32


def test_nothing_given_is_refused(kv):
    with pytest.raises(ValueError, match="no input"):
        kv.most_similar()
    with pytest.raises(ValueError, match="no input"):
        kv.most_similar_cosmul(negative="king")


def test_an_index_is_asked_in_place_of_the_matrix(kv):
    class Index:
        def most_similar(self, vector, topn):
            return vector, topn

    vector, topn = kv.most_similar("king", topn=4, indexer=Index())
    np.testing.assert_allclose(vector, kv.get_vector("king", norm=True), rtol=1e-6)
    assert topn == 4


def test_a_zero_vector_is_similar_to_nothing(kv):
    kv.vectors[3] = 0
    assert dict(kv.most_similar("king", topn=20))["man"] == 0
    assert kv.similarity("king", "man") == 0
    assert (kv.most_similar("man", topn=None) == 0).all()
    assert not kv.get_vector("man", norm=True).any()


def test_equal_similarities_come_in_the_order_of_rows():
    kv = KeyedVectors.from_arrays(list("abcdef"), np.ones((6, 2), dtype=np.float32))
    assert [key for key, _ in kv.most_similar("c", topn=3)] in (["a", "b", "d"], ["a", "b", "e"])
    assert [key for key, _ in kv.most_similar("c", topn=9)] == list("abdef")


def test_huge_vectors_have_neighbours(kv):
    found = kv.similar_by_vector(1e20 * kv["king"])
    assert found[0] == ("king", pytest.approx(1, abs=1e-5))


@pytest.mark.parametrize(
    "kwargs",
    [
        {"positive": "king"},
        {"positive": ["woman", "king"], "negative": ["man"]},
        {"positive": "king", "negative": "man", "topn": 700},
        {"positive": ["king", np.arange(10.0) / 20]},
    ],
)
def test_cosmul_is_gensims(twin, kwargs):
    ours, theirs = twin
    with warnings.catch_warnings():  # gensim calls a method of its own that it deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        assert [k for k, _ in ours.most_similar_cosmul(**kwargs)] == [
            k for k, _ in theirs.most_similar_cosmul(**kwargs)
        ]
        kwargs["topn"] = None
        np.testing.assert_allclose(
            ours.most_similar_cosmul(**kwargs), theirs.most_similar_cosmul(**kwargs), rtol=1e-4
        )


def test_cosmul_looks_only_at_the_rows_asked_for(twin):
    ours, _ = twin
    scores = ours.most_similar_cosmul("king", topn=None)
    found = dict(ours.most_similar_cosmul("king", topn=500, restrict_vocab=10))
    assert set(found) == set(ours.index_to_key[:10]) - {"king"}
    assert found["man"] == pytest.approx(scores[3])


def test_the_other_queries_are_gensims(twin):
    ours, theirs = twin
    close = {"rtol": 0, "atol": 3e-6}
    vector = np.arange(10, dtype=np.float32)
    words = ["king", "queen", "w7", "w20", "paris"]
    for kv_query in (
        lambda kv: kv.similarity("king", "queen"),
        lambda kv: kv.similarity(3, "queen"),
        lambda kv: kv.distance("king", "queen"),
        lambda kv: kv.distances("king"),
        lambda kv: kv.distances(vector),
        lambda kv: kv.distances("king", words),
        lambda kv: kv.cosine_similarities(vector, kv.vectors),
        lambda kv: kv.n_similarity(["king", "man"], ["queen", "woman", "paris"]),
        lambda kv: kv.relative_cosine_similarity("king", "queen"),
        lambda kv: kv.get_mean_vector(words),
        lambda kv: kv.get_mean_vector(words, weights=[1, 2, 3, -4, 5], pre_normalize=False),
        lambda kv: kv.get_mean_vector([vector, "king", "none"], post_normalize=True),
        lambda kv: kv.get_normed_vectors(),
        lambda kv: [float(x) for x, _ in kv.rank_by_centrality(words)],
        lambda kv: [float(x) for x, _ in kv.rank_by_centrality(words, use_norm=False)],
        lambda kv: [x for _, x in kv.similar_by_vector(vector)],
    ):
        np.testing.assert_allclose(kv_query(ours), kv_query(theirs), **close)
    for kv_query in (
        lambda kv: kv.rank("king", "queen"),
        lambda kv: kv.closer_than("king", "w20"),
        lambda kv: kv.doesnt_match(words),
        lambda kv: kv.most_similar_to_given("king", words[1:]),
        lambda kv: [key for key, _ in kv.similar_by_word("king", 5, 100)],
        lambda kv: [key for _, key in kv.rank_by_centrality(words)],
        lambda kv: kv.vectors_for_all(["w9", "none", "king", "w9"]).index_to_key,
        lambda kv: kv.vectors_for_all(["w9", "king"]).expandos["count"].tolist(),
        lambda kv: kv.vectors_for_all(["w9", "king"], copy_vecattrs=True)["king"].tolist(),
        lambda kv: kv.vectors_for_all(["w9", 3], allow_inference=False).index_to_key,
    ):
        assert kv_query(ours) == kv_query(theirs)
    assert ours.words_closer_than("king", "w20") == ours.closer_than("king", "w20")


def test_integers_are_vectors_too(kv):
    exact = np.array([[1, 2], [3, 4], [-5, 1], [0, 1]])
    ints, floats = (
        KeyedVectors.from_arrays(list("abcd"), vectors) for vectors in (exact, exact.astype(float))
    )
    assert_same_neighbours(ints.most_similar("a"), floats.most_similar("a"))
    assert ints.similarity("a", "b") == pytest.approx(11 / 5 / 5**0.5)
    np.testing.assert_allclose(ints.get_mean_vector(["a", "b"]), floats.get_mean_vector(["a", "b"]))
    np.testing.assert_allclose(ints.get_vector("b", norm=True), [0.6, 0.8])


def test_lists_are_vectors_too(twin):
    vector = [0.5] * 10
    for kv in twin:
        kv.fill_norms()
    ours, theirs = twin
    np.testing.assert_allclose(
        ours.distances(vector), theirs.distances(np.float32(vector)), atol=3e-6
    )
    cosines = [kv.cosine_similarities(vector, kv.vectors[:3].tolist()) for kv in twin]
    np.testing.assert_allclose(cosines[0], cosines[1], atol=3e-6)
    found = ours.similar_by_vector(vector, topn=3)
    assert [key for key, _ in found] == [
        key for key, _ in theirs.similar_by_vector(np.float32(vector), topn=3)
    ]


def test_a_tuple_of_numbers_is_a_vector(twin):
    vector = (0.5, -1, *np.arange(8, dtype=np.float32))
    ours, theirs = twin
    np.testing.assert_allclose(ours.distances(vector), theirs.distances(vector), atol=3e-6)
    with warnings.catch_warnings():  # gensim calls a method of its own that it deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        scores = [kv.most_similar_cosmul([vector, "king"], topn=None) for kv in twin]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4)
    with pytest.raises(KeyError, match="not present"):
        ours.distances(vector[1:])


def test_a_tuple_that_is_a_key_stays_a_key():
    kv = KeyedVectors.from_arrays(
        [(1.0, 0.0), ("a", "b"), "c"], np.float32([[0, 1], [1, 0], [1, 1]])
    )
    np.testing.assert_allclose(kv.distances((1.0, 0.0)), [0, 1, 1 - 0.5**0.5], atol=1e-6)
    np.testing.assert_allclose(kv.distances((0.0, 1.0)), [0, 1, 1 - 0.5**0.5], atol=1e-6)
    np.testing.assert_allclose(kv.distances(("a", "b")), [1, 0, 1 - 0.5**0.5], atol=1e-6)
    with pytest.raises(KeyError, match="not present"):
        kv.distances(("a", "c"))


def test_distances_are_those_of_vectors_changed_in_place(twin):
    for kv in twin:
        kv.most_similar("king")
        kv.vectors[1:5] *= 10
        kv.vectors[7] = kv.vectors[8]
    ours, theirs = twin
    np.testing.assert_allclose(ours.distances("king"), theirs.distances("king"), atol=3e-6)
    assert ours.rank("king", "man") == theirs.rank("king", "man")
    for kv in twin:
        kv.vectors, kv.index_to_key = kv.vectors[:9], kv.index_to_key[:9]
        kv.key_to_index = {key: row for row, key in enumerate(kv.index_to_key)}
    np.testing.assert_allclose(ours.distances("king"), theirs.distances("king"), atol=3e-6)
    assert len(ours.most_similar("king", topn=20)) == 8


def test_queries_about_nothing_are_refused(kv, caplog):
    with pytest.raises(ZeroDivisionError):
        kv.n_similarity([], ["king"])
    with pytest.raises(ValueError, match="empty list"):
        kv.rank_by_centrality(["none"])
    with pytest.raises(ValueError, match="no input"):
        kv.get_mean_vector([])
    with pytest.raises(ValueError, match="2 keys and 1 weights"):
        kv.get_mean_vector(["king", "man"], weights=[1])
    with pytest.raises(KeyError, match="not present"):
        kv.get_mean_vector(["none"], ignore_missing=False)
    with pytest.raises(ValueError, match="without any similar"):
        kv.relative_cosine_similarity("king", "man", topn=0)
    assert kv.doesnt_match(["king", "none"]) == "king"
    assert "'none'" in caplog.text


def test_an_empty_table_answers():
    kv = KeyedVectors(4)
    assert len(kv) == 0
    assert kv.most_similar(np.ones(4)) == []
    assert kv.get_normed_vectors().shape == (0, 4)
