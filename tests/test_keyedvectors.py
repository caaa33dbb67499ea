"""KeyedVectors as a whole: tables chosen of others, derived classes, rows without keys."""

import numpy as np

from cw2v.keyedvectors import KeyedVectors


def test_copied_values_go_with_the_chosen_keys(kv):
    chosen = kv.vectors_for_all(["man", "king"], copy_vecattrs=True)
    assert chosen.get_vecattr("man", "count") == kv.get_vecattr("man", "count")
    assert kv.vectors_for_all(["none"]).vectors.shape == (0, 6)


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
