import numpy as np
import pytest
from tables import WORDS

from cw2v.formats import read_vectors
from cw2v.keyedvectors import KeyedVectors
from cw2v.word2vecfiles import load_word2vec_format_as

# -- vectors from files ------------------------------------------------------------------


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("lockf", [0.0, 0.5, 1.0])
def test_vectors_of_known_words_are_taken_from_a_file(kv, tmp_path, binary, lockf):
    given = KeyedVectors.from_arrays(
        ["queen", "new", "king"], np.float32([[2] * 6, [3] * 6, [4] * 6])
    )
    given.save_word2vec_format(tmp_path / "v.gz", binary=binary)
    before = kv.vectors.copy()
    kv.fill_norms()
    kv.intersect_word2vec_format(tmp_path / "v.gz", lockf=lockf, binary=binary)
    taken = [kv.get_index("king"), kv.get_index("queen")]
    assert kv["king"].tolist() == [4] * 6
    assert kv["queen"].tolist() == [2] * 6
    others = np.setdiff1d(np.arange(len(kv)), taken)
    np.testing.assert_array_equal(kv.vectors[others], before[others])
    assert "new" not in kv
    assert kv.norms is None
    if lockf == 1:
        assert kv.vectors_lockf.tolist() == [1]
    else:
        assert kv.vectors_lockf.dtype == np.float32
        assert kv.vectors_lockf[taken].tolist() == [lockf] * 2
        assert (kv.vectors_lockf[others] == 1).all()
    assert kv.lifecycle_events[-1]["event"] == "intersect_word2vec_format"


def test_vectors_without_a_header_are_taken_too(kv, tmp_path):
    (tmp_path / "glove").write_text("king 1 2 3 4 5 6\nnone 6 5 4 3 2 1\n")
    kv.intersect_word2vec_format(tmp_path / "glove", no_header=True, lockf=1.0)
    assert kv["king"].tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("binary", [True, False])
def test_a_file_cut_short_changes_nothing(kv, tmp_path, binary):
    big = KeyedVectors.from_arrays(
        ["king", *(f"x{i}" for i in range(20_000))], np.zeros((20_001, 6), np.float32)
    )
    big.save_word2vec_format(tmp_path / "v", binary=binary)
    whole = (tmp_path / "v").read_bytes()
    (tmp_path / "v").write_bytes(whole[:-9])
    before = kv.vectors.copy()
    with pytest.raises(EOFError, match="inside row 20001"):
        kv.intersect_word2vec_format(tmp_path / "v", binary=binary)
    np.testing.assert_array_equal(kv.vectors, before)
    (tmp_path / "v").write_bytes(whole)
    kv.intersect_word2vec_format(tmp_path / "v", binary=binary)
    assert not kv["king"].any()


def test_vectors_of_another_size_are_refused(kv, tmp_path):
    KeyedVectors.from_arrays(["king"], np.ones((1, 5), np.float32)).save_word2vec_format(
        tmp_path / "v"
    )
    with pytest.raises(ValueError, match="incompatible vector size 5"):
        kv.intersect_word2vec_format(tmp_path / "v")


@pytest.mark.parametrize("buffer_bytes", [1, 5, 64])
@pytest.mark.parametrize("binary", [True, False])
def test_small_buffers_give_the_same(kv, tmp_path, binary, buffer_bytes):
    kv.save_word2vec_format(tmp_path / "v", binary=binary)
    loaded = load_word2vec_format_as(
        KeyedVectors, tmp_path / "v", binary=binary, binary_chunk_size=buffer_bytes
    )
    for word in WORDS:
        np.testing.assert_array_equal(loaded[word], kv[word])


def test_saved_vectors_are_read_by_their_content(kv, tmp_path):
    kv.save(tmp_path / "v")
    kv.save(tmp_path / "v.gz")
    for name in ("v", "v.gz"):
        words, vectors, counts = read_vectors(tmp_path / name)
        assert words == kv.index_to_key
        np.testing.assert_array_equal(vectors, kv.vectors)
        assert counts.tolist() == kv.expandos["count"].tolist()
