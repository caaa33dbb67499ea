import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from vector_samples import same, some_vectors

from cw2v.formats import (
    VectorFileError,
    read_npz,
    read_vectors,
    write_npz,
)


@settings(max_examples=100, deadline=None)
@given(
    table=st.integers(0, 6).flatmap(
        lambda n_words: st.tuples(
            st.lists(st.text(), min_size=n_words, max_size=n_words),
            hnp.arrays(np.float32, st.tuples(st.just(n_words), st.integers(0, 9))),
            st.lists(st.integers(0, 2**62), min_size=n_words, max_size=n_words) | st.none(),
        )
    )
)
def test_every_float_word_and_count_survives_npz(tmp_path_factory, table):
    words, vectors, counts = table
    path = tmp_path_factory.mktemp("v") / "v.npz"
    write_npz(path, words, vectors, counts)
    read = read_npz(path)
    same(read, words, vectors)
    assert read.counts is None if counts is None else read.counts.tolist() == counts


def npz_with(path, **changes):
    arrays = {
        "format_version": np.int64(1),
        "words": np.frombuffer(b"ab", dtype=np.uint8),
        "word_offsets": np.int64([0, 1, 2]),
        "vectors": some_vectors(2, 3),
        "counts": np.int64([5, 4]),
    }
    arrays.update(changes)
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": np.int64(2)}, "version 2"),
        ({"format_version": None}, "not the arrays"),
        ({"vectors": None}, "not the arrays"),
        ({"words": None}, "damaged"),
        ({"vectors": np.zeros((2, 3))}, "float32"),
        ({"vectors": np.zeros(2, np.float32)}, "2 dimensions"),
        ({"vectors": np.zeros((2, 3), np.float32, order="F")}, "C order"),
        ({"vectors": np.zeros((3, 3), np.float32)}, "2 words but 3 vectors"),
        ({"counts": np.int64([5])}, "2 words but 2 vectors and 1 counts"),
        ({"word_offsets": np.int64([0, 3])}, "divide"),
        ({"word_offsets": np.int64([0, 2, 1, 2])}, "divide"),
        ({"word_offsets": np.int64([])}, "divide"),
        ({"vectors": np.array([{}, {}])}, "Python objects"),
    ],
)
def test_an_npz_of_another_kind_is_refused(tmp_path, changes, message):
    path = tmp_path / "v.npz"
    npz_with(path, **changes)
    with pytest.raises(VectorFileError, match=message) as caught:
        read_npz(path)
    assert str(path) in str(caught.value)


def test_an_npz_that_promises_too_much_takes_no_memory(tmp_path):
    path = tmp_path / "v.npz"
    npz_with(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "new.npz", "w") as new:
        for name in old.namelist():
            new.writestr(name, header.getvalue() if name == "vectors.npy" else old.read(name))
    with pytest.raises(VectorFileError, match="but 0 are there"):
        read_npz(tmp_path / "new.npz")


def test_an_npz_cut_or_changed_anywhere_is_refused(tmp_path):
    path = tmp_path / "v.npz"
    npz_with(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(VectorFileError, match="damaged"):
            read_npz(path)
    place = whole.index(some_vectors(2, 3).tobytes())
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    with pytest.raises(VectorFileError, match="damaged"):
        read_npz(path)


def test_an_npz_is_read_by_numpy_alone(tmp_path):
    write_npz(tmp_path / "v.npz", ["a", "東京"], some_vectors(2, 3), [2, 1])
    with np.load(tmp_path / "v.npz", allow_pickle=False) as arrays:
        assert arrays["vectors"].dtype == np.float32
        assert arrays["words"].tobytes().decode() == "a東京"
        assert arrays["word_offsets"].tolist() == [0, 1, 7]
    assert read_vectors(tmp_path / "v.npz").counts.tolist() == [2, 1]
