import copy
import logging
import pickle
import re
import warnings

import numpy as np
import pytest
from tables import WORDS, assert_same_neighbours

from cw2v import neighbors
from cw2v.keyedvectors import KeyedVectors

# -- the table ---------------------------------------------------------------------------


def test_arrays_are_borrowed_not_copied():
    vectors = np.zeros((2, 3), dtype=np.float32)
    kv = KeyedVectors.from_arrays(["a", "b"], vectors)
    assert kv.vectors is vectors
    assert len(kv) == 2
    assert kv.key_to_index == {"a": 0, "b": 1}
    assert kv.vector_size == 3
    assert str(kv) == "KeyedVectors<vector_size=3, 2 keys>"


def test_arrays_that_do_not_fit_are_refused():
    vectors = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="3 words need as many rows"):
        KeyedVectors.from_arrays(["a", "b", "c"], vectors)
    with pytest.raises(ValueError, match="'a' comes twice, in rows 0 and 1"):
        KeyedVectors.from_arrays(["a", "a"], vectors)
    with pytest.raises(ValueError, match="counts"):
        KeyedVectors.from_arrays(["a", "b"], vectors, [1, 2, 3])


def test_a_key_finds_its_vector(kv):
    np.testing.assert_array_equal(kv["king"], kv.vectors[1])
    np.testing.assert_array_equal(kv[1], kv.vectors[1])
    np.testing.assert_array_equal(kv[["king", "the", 2]], kv.vectors[[1, 0, 2]])
    assert "king" in kv
    assert "kings" not in kv
    assert 3 in kv
    assert 99 not in kv
    assert kv.get_index("none", 7) == 7
    assert np.linalg.norm(kv.get_vector("king", norm=True)) == pytest.approx(1)
    with pytest.warns(DeprecationWarning, match="get_vector"):
        np.testing.assert_array_equal(kv.word_vec("king"), kv["king"])


def test_integers_are_vectors_too(kv):
    exact = np.array([[1, 2], [3, 4], [-5, 1], [0, 1]])
    ints, floats = (
        KeyedVectors.from_arrays(list("abcd"), vectors) for vectors in (exact, exact.astype(float))
    )
    assert_same_neighbours(ints.most_similar("a"), floats.most_similar("a"))
    assert ints.similarity("a", "b") == pytest.approx(11 / 5 / 5**0.5)
    np.testing.assert_allclose(ints.get_mean_vector(["a", "b"]), floats.get_mean_vector(["a", "b"]))
    np.testing.assert_allclose(ints.get_vector("b", norm=True), [0.6, 0.8])


def test_a_vector_given_out_cannot_be_written(kv):
    with pytest.raises(ValueError, match="read-only"):
        kv["king"][0] = 1
    kv.vectors[0, 0] = 1  # the matrix itself can


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("xyz", "Key 'xyz' not present"),
        ("Paris", "Key 'Paris' not present@; did you mean 'paris'?"),
        (" king", "did you mean 'king'?"),
        (99, "Key '99' not present@; rows are numbered 0 to 11"),
    ],
)
def test_an_unknown_key_is_named(kv, key, message):
    for use in (kv.get_index, kv.get_vector, kv.most_similar, lambda key: kv[[key]]):
        with pytest.raises(KeyError) as caught:
            use(key)
        # As in gensim, whose messages of the two kinds differ.
        where = " in vocabulary" if use == kv.most_similar else ""
        assert caught.match(re.escape(message.replace("@", where)))


def test_values_are_kept_for_each_key(kv):
    kv.set_vecattr("king", "colour", "red")
    assert kv.get_vecattr("king", "colour") == "red"
    assert kv.get_vecattr("the", "colour") == 0
    kv.set_vecattr("king", "count", 77)
    assert kv.get_vecattr("king", "count") == 77
    with pytest.raises(TypeError, match="conflicts"):
        kv.set_vecattr("king", "count", "many")
    with pytest.raises(KeyError, match="no attribute 'size'"):
        kv.get_vecattr("king", "size")


def test_vectors_are_added_and_replaced(kv):
    new = np.ones((3, 6))
    kv.fill_norms()
    kv.add_vectors(["x", "king", "y"], new, extras={"count": np.int64([50, 51, 52])})
    assert len(kv) == len(kv.vectors) == len(kv.expandos["count"]) == 14
    assert kv.get_vecattr("y", "count") == 52
    assert kv.get_vecattr("king", "count") != 51
    assert kv["king"][0] != 1
    kv["king"] = np.ones(6)
    assert (kv["king"] == 1).all()
    kv[["king", "z"]] = np.full((2, 6), 2)
    assert (kv[["king", "z"]] == 2).all()
    assert kv.vectors.dtype == np.float32
    assert kv.similarity("king", "x") == pytest.approx(1)
    with pytest.raises(ValueError, match="need vectors of shape"):
        kv.add_vectors(["p", "q"], np.ones((2, 5)))


def test_prepared_rows_are_filled_one_by_one():
    kv = KeyedVectors(3, 2)
    assert kv.add_vector("a", [1, 2, 3]) == 0
    assert kv.add_vector("b", np.ones(3)) == 1
    with pytest.warns(UserWarning, match="costly"):
        assert kv.add_vector("c", np.ones(3)) == 2
    assert kv.index_to_key == ["a", "b", "c"]
    assert kv["a"].tolist() == [1, 2, 3]


def test_new_rows_are_small_and_random(kv):
    kv.index_to_key.append("new")
    before = kv.vectors.copy()
    kv.resize_vectors(seed=1)
    np.testing.assert_array_equal(kv.vectors[:-1], before)
    assert (np.abs(kv.vectors[-1]) <= 1 / 6).all()
    assert kv.vectors[-1].any()
    assert len(kv.expandos["count"]) == 13


def test_rows_are_sorted_by_count(twin, caplog):
    ours, theirs = twin
    ours.sort_by_descending_frequency()
    theirs.sort_by_descending_frequency()
    assert ours.index_to_key == theirs.index_to_key
    assert ours.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    np.testing.assert_array_equal(ours.expandos["count"], theirs.expandos["count"])
    KeyedVectors(3).sort_by_descending_frequency()


def test_norms_are_kept_until_they_are_said_to_be_old(kv):
    kv.fill_norms()
    kv.vectors[0] *= 2
    before = kv.norms[0]
    kv.fill_norms()
    assert kv.norms[0] == before
    kv.fill_norms(force=True)
    assert kv.norms[0] == pytest.approx(2 * before)
    kv.vectors[0] *= 2
    kv._invalidate_norms()
    kv.most_similar("king")
    assert kv.norms[0] == pytest.approx(4 * before)


def test_vectors_are_scaled_to_length_1(kv):
    normed = kv.get_normed_vectors()
    np.testing.assert_allclose(np.linalg.norm(normed, axis=1), 1, rtol=1e-6)
    kv.unit_normalize_all()
    np.testing.assert_array_equal(kv.vectors, normed)
    with pytest.warns(DeprecationWarning, match="fill_norms"):
        kv.init_sims(replace=True)


def test_norms_of_a_large_matrix_are_those_of_its_rows():
    vectors = np.random.default_rng(0).standard_normal((3000, 2000)).astype(np.float32)
    np.testing.assert_allclose(
        neighbors.row_norms(vectors), np.linalg.norm(vectors, axis=1), rtol=1e-6
    )


def test_it_can_be_pickled_and_copied(kv):
    for other in (pickle.loads(pickle.dumps(kv)), copy.deepcopy(kv)):
        assert other.index_to_key == kv.index_to_key
        np.testing.assert_array_equal(other.vectors, kv.vectors)


# -- queries -----------------------------------------------------------------------------


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


def test_copied_values_go_with_the_chosen_keys(kv):
    chosen = kv.vectors_for_all(["man", "king"], copy_vecattrs=True)
    assert chosen.get_vecattr("man", "count") == kv.get_vecattr("man", "count")
    assert kv.vectors_for_all(["none"]).vectors.shape == (0, 6)


# -- files -------------------------------------------------------------------------------


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_what_is_saved_is_loaded_in_the_order_of_counts(kv, tmp_path, binary, suffix):
    path = tmp_path / f"v{suffix}"
    kv.save_word2vec_format(path, fvocab=tmp_path / "counts", binary=binary)
    loaded = KeyedVectors.load_word2vec_format(path, fvocab=tmp_path / "counts", binary=binary)
    kv_counts = kv.expandos["count"]
    assert loaded.expandos["count"].tolist() == sorted(kv_counts, reverse=True)
    for word in kv.index_to_key:
        np.testing.assert_array_equal(loaded[word], kv[word])
        assert loaded.get_vecattr(word, "count") == kv.get_vecattr(word, "count")


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"write_header": False},
        {"prefix": "*"},
        {"total_vec": 600},
        {"sort_attr": "none"},
        {"sort_attr": "weight"},
    ],
)
def test_text_is_gensims_byte_for_byte(twin, tmp_path, kwargs):
    ours, theirs = twin
    for kv in twin:
        kv.expandos["weight"] = np.random.default_rng(5).random(500)
    fvocab = None if kwargs.get("sort_attr") == "none" else tmp_path / "counts"
    ours.save_word2vec_format(tmp_path / "v", fvocab=fvocab, **kwargs)
    vocab = fvocab and fvocab.read_bytes()
    theirs.save_word2vec_format(str(tmp_path / "g"), fvocab=fvocab and str(fvocab), **kwargs)
    assert (tmp_path / "v").read_bytes() == (tmp_path / "g").read_bytes()
    assert vocab == (fvocab and fvocab.read_bytes())


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    "kwargs", [{}, {"limit": 7}, {"limit": 0}, {"datatype": np.float16}, {"datatype": np.float64}]
)
def test_gensim_and_we_load_each_others_files_alike(twin, tmp_path, binary, kwargs):
    ours, theirs = twin
    ours.save_word2vec_format(tmp_path / "ours", binary=binary)
    theirs.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    for name in ("ours", "theirs"):
        we_load = KeyedVectors.load_word2vec_format(tmp_path / name, binary=binary, **kwargs)
        they_load = type(theirs).load_word2vec_format(str(tmp_path / name), binary=binary, **kwargs)
        assert we_load.index_to_key == they_load.index_to_key
        assert we_load.key_to_index == they_load.key_to_index
        assert we_load.vectors.dtype == they_load.vectors.dtype
        np.testing.assert_array_equal(we_load.vectors, they_load.vectors)
        np.testing.assert_array_equal(we_load.expandos["count"], they_load.expandos["count"])


def test_a_count_that_lacks_is_0_with_a_warning(kv, tmp_path, caplog):
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    (tmp_path / "counts").write_text("king 5\n")
    with caplog.at_level(logging.WARNING):
        loaded = KeyedVectors.load_word2vec_format(
            tmp_path / "v", fvocab=tmp_path / "counts", binary=True
        )
    assert loaded.get_vecattr("king", "count") == 5
    assert loaded.get_vecattr("man", "count") == 0
    assert "lacks 11 words" in caplog.text


def test_counts_that_are_not_there_cannot_be_saved(kv, tmp_path):
    del kv.expandos["count"]
    with pytest.raises(ValueError, match="'count'"):
        kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "counts")
    assert list(tmp_path.iterdir()) == []
    kv.save_word2vec_format(tmp_path / "v")
    assert KeyedVectors.load_word2vec_format(tmp_path / "v").index_to_key == WORDS


def test_more_rows_are_appended(kv, tmp_path):
    path = tmp_path / "v"
    kv.save_word2vec_format(path, total_vec=24, binary=True)
    kv.save_word2vec_format(path, prefix="*dt_", append=True, write_header=False, binary=True)
    loaded = KeyedVectors.load_word2vec_format(path, binary=True)
    assert len(loaded) == 24
    np.testing.assert_array_equal(loaded["*dt_king"], kv["king"])


def test_text_without_a_header_is_loaded(kv, tmp_path):
    kv.save_word2vec_format(tmp_path / "v", write_header=False)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True, limit=5)
    assert len(loaded) == 5


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


def test_huge_vectors_have_neighbours(kv):
    found = kv.similar_by_vector(1e20 * kv["king"])
    assert found[0] == ("king", pytest.approx(1, abs=1e-5))


def test_a_key_that_is_added_twice_has_its_last_vector():
    kv = KeyedVectors(2)
    kv.add_vectors(["z", "y", "z"], np.float32([[1, 1], [2, 2], [3, 3]]), {"n": np.arange(3)})
    assert kv.index_to_key == ["z", "y"]
    assert kv.vectors.tolist() == [[3, 3], [2, 2]]
    assert kv.expandos["n"].tolist() == [2, 1]


def test_vectors_that_cannot_be_added_leave_the_table_as_it_was(kv):
    before = dict(kv.key_to_index)
    with pytest.raises(ValueError, match="could not convert"):
        kv.add_vectors(["x"], np.array([["one"] * 6]))
    with pytest.raises(TypeError, match="unhashable"):
        kv.add_vectors(["x", ["y"]], np.zeros((2, 6)))
    with pytest.raises(ValueError, match="1 keys need as many values of 'm'"):
        kv.add_vectors(["x"], np.zeros((1, 6)), {"m": np.zeros((1, 2))})
    with pytest.raises(TypeError, match="unhashable"):
        kv.add_vectors(["x", ["y"]], np.zeros((2, 6)), {"m": np.zeros(2)})
    assert kv.key_to_index == before
    assert "m" not in kv.expandos
    assert len(kv) == len(kv.vectors) == 12
    assert "x" not in kv


def test_rows_that_have_no_key_yet_are_no_neighbours_and_are_not_written(tmp_path):
    kv = KeyedVectors(2, 5)
    kv.add_vector("a", np.float32([1, 0]))
    kv.add_vector("b", np.float32([-1, 0.1]))
    kv.set_vecattr("a", "count", 3)
    assert [key for key, _ in kv.most_similar("a")] == ["b"]
    assert kv.closer_than("a", "b") == []
    assert kv.rank("a", "b") == 1
    assert [key for key, _ in kv.most_similar_batch(["a"])[0]] == ["b"]
    kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "counts")
    assert (tmp_path / "v").read_text().splitlines()[0] == "2 2"
    assert KeyedVectors.load_word2vec_format(tmp_path / "v").index_to_key == ["a", "b"]
    assert (tmp_path / "counts").read_text() == "a 3\nb 0\n"
    del kv.expandos["count"]
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True)
    assert loaded.index_to_key == ["a", "b"]
    kv.add_vectors(["c", "d"], np.float32([[-1, -1], [0.5, 0.5]]))  # behind the empty rows
    assert [key for key, _ in kv.most_similar("a", topn=9)] == ["d", "c", "b"]
    assert [key for key, _ in kv.most_similar("a", topn=9, clip_start=2)] == ["d", "c"]


class Guessing(KeyedVectors):
    """Has a vector for every key."""

    def __contains__(self, key):
        return True

    def get_vector(self, key, norm=False):
        if key in self.key_to_index:
            return super().get_vector(key, norm)
        return np.full(self.vector_size, 0.5, np.float32)


def test_a_derived_class_may_make_vectors_for_keys_that_are_not_there(kv):
    guessing = Guessing.from_arrays(kv.index_to_key, kv.vectors, kv.expandos["count"])
    np.testing.assert_array_equal(guessing[["king", "?"]], [kv["king"], [0.5] * 6])
    assert len(guessing.most_similar("?", topn=20)) == 12
    assert len(guessing.most_similar_cosmul(["?", "king"], topn=20)) == 11
    chosen = guessing.vectors_for_all(["?", "king"], copy_vecattrs=True)
    np.testing.assert_array_equal(chosen.vectors, guessing[["?", "king"]])
    assert chosen.expandos["count"].tolist() == [0, kv.get_vecattr("king", "count")]


def test_vectors_of_half_precision_are_evaluated_as_others(kv, tmp_path):
    (tmp_path / "q.txt").write_text(": s\nking queen man woman\nthe king queen man\n")
    kv.vectors = kv.vectors.astype(np.float16)
    half = kv.evaluate_word_analogies(tmp_path / "q.txt")
    kv.vectors = kv.vectors.astype(np.float32)
    assert half == kv.evaluate_word_analogies(tmp_path / "q.txt")


def test_an_empty_table_has_no_opinion_on_pairs(tmp_path):
    (tmp_path / "pairs").write_text("a\tb\t1\nc\td\t2\n")
    with pytest.warns(Warning, match="constant"):
        result = KeyedVectors(3).evaluate_word_pairs(tmp_path / "pairs", dummy4unknown=True)
    assert np.isnan(result[0][0])
    assert result[2] == 100


def test_a_file_of_counts_is_utf8_whatever_the_vectors_are_in(tmp_path):
    (tmp_path / "v").write_bytes("1 2\né 1 2\n".encode("latin1"))
    (tmp_path / "counts").write_text("é 5\n", encoding="utf8")
    kv = KeyedVectors.load_word2vec_format(
        tmp_path / "v", fvocab=tmp_path / "counts", encoding="latin1"
    )
    assert kv.get_vecattr("é", "count") == 5
