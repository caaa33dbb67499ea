"""A table of vectors: keys to rows, norms, copies."""

import copy
import pickle
import re

import numpy as np
import pytest

from cw2v.keyedvectors import KeyedVectors


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


def test_it_can_be_pickled_and_copied(kv):
    for other in (pickle.loads(pickle.dumps(kv)), copy.deepcopy(kv)):
        assert other.index_to_key == kv.index_to_key
        np.testing.assert_array_equal(other.vectors, kv.vectors)
