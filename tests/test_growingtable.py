"""A table that grows: keys, vectors and values added later; names of gensim 3."""

import inspect

import numpy as np
import pytest

from cw2v.keyedvectors import KeyedVectors

# -- keys and vectors that are added ------------------------------------------------------


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


# -- names of gensim's ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index2word", "index2entity", "vocab", "vectors_norm"])
def test_names_of_gensim_3_say_what_replaced_them(twin, name):
    for table in twin:
        with pytest.raises(AttributeError, match=f"(?s){name}.*Migrating-from-Gensim-3"):
            getattr(table, name)
    ours, _ = twin
    assert not hasattr(ours, name)


def test_old_names_can_be_set_as_in_gensim(kv):
    kv.index2word = ["a"]
    assert kv.index_to_key == ["a"]
    kv.index2entity = ["b"]
    assert kv.index_to_key == ["b"]
    kv.vectors_norm = None
    with pytest.raises(AttributeError, match="add_vectors"):
        kv.vocab = {}


def test_every_public_name_of_gensims_is_there(twin):
    ours, theirs = twin
    internal = {"similarity_unseen_docs", "log_accuracy", "log_evaluate_word_pairs"}
    names = {name for name in dir(type(theirs)) if not name.startswith("_")} - internal
    assert names <= set(dir(type(ours)))
    for name in names:
        method = getattr(type(theirs), name)
        if callable(method) and name not in ("save", "init_sims", "word_vec", "words_closer_than"):
            expected = list(inspect.signature(method).parameters)
            assert (
                list(inspect.signature(getattr(type(ours), name)).parameters)[: len(expected)]
                == expected
            )


def test_events_are_kept_until_that_is_ended(kv):
    kv.add_lifecycle_event("made", size=3)
    assert kv.lifecycle_events[0].items() >= {"event": "made", "size": 3}.items()
    assert {"datetime", "python", "platform", "cw2v"} <= kv.lifecycle_events[0].keys()
    kv.lifecycle_events = None
    kv.add_lifecycle_event("more")
    assert kv.lifecycle_events is None
