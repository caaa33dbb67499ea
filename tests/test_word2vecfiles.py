"""Tables of vectors as files of word2vec's: saved, loaded, taken over into another table."""

import logging

import numpy as np
import pytest
from tables import WORDS

from cw2v.formats import read_vectors
from cw2v.keyedvectors import KeyedVectors
from cw2v.word2vecfiles import load_word2vec_format_as

# -- saved and loaded --------------------------------------------------------------------


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


def test_a_file_of_counts_is_utf8_whatever_the_vectors_are_in(tmp_path):
    (tmp_path / "v").write_bytes("1 2\né 1 2\n".encode("latin1"))
    (tmp_path / "counts").write_text("é 5\n", encoding="utf8")
    kv = KeyedVectors.load_word2vec_format(
        tmp_path / "v", fvocab=tmp_path / "counts", encoding="latin1"
    )
    assert kv.get_vecattr("é", "count") == 5


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
