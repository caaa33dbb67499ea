import errno
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from vector_samples import SUFFIXES, WORDS, bits, golden, same, some_vectors

from cw2v import KeyedVectors, Word2Vec, formats, vectorwriter
from cw2v.formats import (
    VectorFileError,
    read_counts,
    read_vectors,
    read_word2vec,
    write_npz,
    write_word2vec,
)

# -- what is written is read -------------------------------------------------------------

# Words of any characters that are no ASCII white space. Surrogates other than those that stand
# for bytes have no form in UTF-8.
word_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\v\f\r "), min_size=1
)
tables = st.integers(0, 6).flatmap(
    lambda n_words: st.tuples(
        st.lists(word_texts, min_size=n_words, max_size=n_words, unique=True),
        hnp.arrays(
            np.float32,
            st.tuples(st.just(n_words), st.integers(1, 9)),
            elements=st.floats(width=32, allow_nan=False),
        ),
    )
)


@settings(max_examples=150, deadline=None)
@given(table=tables, binary=st.booleans(), suffix=st.sampled_from(SUFFIXES))
def test_every_float_and_word_survives_word2vecs_formats(tmp_path_factory, table, binary, suffix):
    words, vectors = table
    path = tmp_path_factory.mktemp("v") / f"v{suffix}"
    write_word2vec(path, words, vectors, binary=binary)
    same(read_word2vec(path, binary=binary), words, vectors)
    # Four or eight bytes may happen to be the digits of a row of text.
    if not binary or vectors.shape[1] > 2:
        same(read_vectors(path), words, vectors)


@pytest.mark.parametrize("binary", [True, False])
def test_nan_and_infinity_survive(tmp_path, binary):
    vectors = np.array([[np.nan, np.inf, -np.inf, -0.0]], dtype=np.float32)
    write_word2vec(tmp_path / "v", ["w"], vectors, binary=binary)
    read = read_word2vec(tmp_path / "v", binary=binary).vectors
    np.testing.assert_array_equal(read, vectors)
    assert np.signbit(read[0, 3])


@pytest.mark.parametrize("binary", [True, False])
def test_files_larger_than_the_buffer_survive(tmp_path, binary):
    words = [f"word{row}" for row in range(20_000)]
    vectors = some_vectors(20_000, 60)
    write_word2vec(tmp_path / "v.gz", words, vectors, binary=binary)
    same(read_word2vec(tmp_path / "v.gz", binary=binary), words, vectors)
    write_word2vec(tmp_path / "v", words, vectors, binary=binary)
    same(read_word2vec(tmp_path / "v", binary=binary), words, vectors)
    same(read_word2vec(tmp_path / "v", binary=binary, limit=9), words[:9], vectors[:9])


@pytest.mark.parametrize("binary", [True, False])
def test_rows_and_words_larger_than_the_buffer_survive(tmp_path, binary):
    words, vectors = ["é" * 3_000_000, "b"], some_vectors(2, 700_000)
    write_word2vec(tmp_path / "v", words, vectors, binary=binary)
    same(read_word2vec(tmp_path / "v", binary=binary), words, vectors)


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("binary", [True, False])
def test_a_file_that_comes_in_small_pieces_is_read_whole(tmp_path, monkeypatch, binary, size):
    class Slow(io.FileIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:size])

    vectors = some_vectors(len(WORDS), 5)
    write_word2vec(tmp_path / "v", WORDS, vectors, binary=binary)
    monkeypatch.setattr("cw2v.vectorreader.open_for_reading", lambda path: Slow(path))
    same(read_word2vec(tmp_path / "v", binary=binary), WORDS, vectors)


@pytest.mark.parametrize("binary", [True, False])
def test_float64_and_strided_vectors_are_written(tmp_path, binary):
    vectors = some_vectors(4, 6).astype(np.float64)[:, ::2]
    write_word2vec(tmp_path / "v", list("abcd"), vectors, binary=binary)
    same(read_word2vec(tmp_path / "v", binary=binary), "abcd", vectors)


def test_text_keeps_the_digits_of_float64(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((3, 4))
    write_word2vec(tmp_path / "v", list("abc"), vectors)
    read = read_word2vec(tmp_path / "v", datatype=np.float64).vectors
    assert read.dtype == np.float64
    assert (read == vectors).all()


@pytest.mark.parametrize("binary", [True, False])
def test_vectors_are_given_in_the_dtype_asked_for(tmp_path, binary):
    vectors = some_vectors(3, 4)
    write_word2vec(tmp_path / "v", list("abc"), vectors, binary=binary)
    read = read_word2vec(tmp_path / "v", binary=binary, datatype=np.float16).vectors
    assert read.dtype == np.float16
    np.testing.assert_array_equal(read, vectors.astype(np.float16))


@pytest.mark.parametrize("binary", [True, False])
def test_bytes_that_are_not_utf8_are_written_as_they_were(tmp_path, binary):
    word = b"caf\xe9".decode("utf8", "surrogateescape")
    write_word2vec(tmp_path / "v", [word], some_vectors(1, 2), binary=binary)
    assert b"caf\xe9 " in (tmp_path / "v").read_bytes()
    read = read_word2vec(tmp_path / "v", binary=binary, unicode_errors="surrogateescape")
    assert read.words == [word]
    assert read_vectors(tmp_path / "v").words == [word]
    assert read_word2vec(tmp_path / "v", binary=binary, encoding="latin-1").words == ["café"]


def test_words_that_are_no_str_are_written_as_they_print(tmp_path):
    write_word2vec(tmp_path / "v", [7, "a", 8], some_vectors(3, 2))
    assert read_word2vec(tmp_path / "v").words == ["7", "a", "8"]


def test_order_and_prefix_and_total_are_heeded(tmp_path):
    vectors = some_vectors(3, 2)
    write_word2vec(
        tmp_path / "v", list("abc"), vectors, order=np.array([2, 0]), prefix="*", total=4
    )
    write_word2vec(tmp_path / "v", list("de"), vectors[:2], append=True, header=False, binary=False)
    expected = np.vstack((vectors[[2, 0]], vectors[:2]))
    same(read_word2vec(tmp_path / "v"), ["*c", "*a", "d", "e"], expected)


def test_a_header_is_not_needed_for_text(tmp_path):
    vectors = some_vectors(5, 3)
    write_word2vec(tmp_path / "v", list("abcde"), vectors, header=False)
    same(read_word2vec(tmp_path / "v", header=False), "abcde", vectors)
    same(read_word2vec(tmp_path / "v", header=False, limit=2), "ab", vectors[:2])
    same(read_vectors(tmp_path / "v"), "abcde", vectors)
    with pytest.raises(NotImplementedError):
        read_word2vec(tmp_path / "v", header=False, binary=True)


# -- golden files ------------------------------------------------------------------------


@pytest.mark.parametrize("maker", ["google", "gensim"])
def test_golden_binary_and_text_hold_the_same(maker):
    binary = read_word2vec(golden(f"{maker}.bin"), binary=True)
    text = read_word2vec(golden(f"{maker}.txt"))
    assert binary.words == text.words
    assert "東京" in binary.words
    assert "naïvely-counts" in binary.words
    assert len(binary.words) > 100
    assert binary.vectors.shape == (len(binary.words), 8)
    if maker == "gensim":
        assert bits(binary.vectors) == bits(text.vectors)
    else:  # printed with six decimals
        np.testing.assert_allclose(binary.vectors, text.vectors, atol=6e-7)


@pytest.mark.parametrize("maker", ["google", "gensim"])
@pytest.mark.parametrize("kind", ["bin", "txt"])
def test_the_kind_of_a_golden_file_is_told_by_its_contents(maker, kind):
    path = golden(f"{maker}.{kind}")
    same(read_vectors(path), *read_word2vec(path, binary=kind == "bin")[:2])


def test_what_google_wrote_is_written_again_byte_for_byte(tmp_path):
    read = read_word2vec(golden("google.bin"), binary=True)
    write_word2vec(tmp_path / "v", read.words, read.vectors, binary=True)
    assert (tmp_path / "v").read_bytes() == golden("google.bin").read_bytes()


def test_what_gensim_wrote_is_written_again_byte_for_byte(tmp_path):
    read = read_word2vec(golden("gensim.txt"))
    write_word2vec(tmp_path / "v", read.words, read.vectors)
    assert (tmp_path / "v").read_bytes() == golden("gensim.txt").read_bytes()


@pytest.mark.parametrize("maker", ["google", "gensim"])
def test_golden_counts_are_read(maker):
    counts = read_counts(golden(f"{maker}.vocab"))
    assert set(read_word2vec(golden(f"{maker}.txt")).words) == counts.keys()
    assert counts["the"] > counts["東京"] > 1


@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_what_is_written(tmp_path, binary):
    gensim = pytest.importorskip("gensim.models")
    vectors = some_vectors(len(WORDS), 5)
    write_word2vec(tmp_path / "v", WORDS, vectors, binary=binary)
    read = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / "v"), binary=binary)
    assert read.index_to_key == WORDS
    assert bits(read.vectors) == bits(vectors)


# -- what cannot be written --------------------------------------------------------------


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("word", ["New York", "a\nb", "tab\t", "\x0b", "", "\r", "\ud800"])
def test_a_word_that_the_formats_cannot_hold_is_refused_before_writing(tmp_path, word, binary):
    path = tmp_path / "v"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="row 1") as caught:
        write_word2vec(path, ["a", word, "c"], some_vectors(3, 2), binary=binary)
    assert repr(word) in str(caught.value)
    assert path.read_bytes() == b"old"


def test_shapes_that_do_not_fit_are_refused(tmp_path):
    for write in (write_word2vec, write_npz):
        with pytest.raises(ValueError, match="2 words need"):
            write(tmp_path / "v", ["a", "b"], some_vectors(3, 2))
    with pytest.raises(ValueError, match="counts"):
        write_npz(tmp_path / "v", ["a", "b"], some_vectors(2, 2), [1])
    with pytest.raises(ValueError, match="size 0"):
        write_word2vec(tmp_path / "v", ["a"], some_vectors(1, 0))
    with pytest.raises(TypeError, match="not a str"):
        write_npz(tmp_path / "v", ["a", 3], some_vectors(2, 2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, binary, append):
    path = tmp_path / "v"
    path.write_bytes(b"old")
    real = vectorwriter.write_all

    def fill_up(stream, data):  # the first line was written before
        real(stream, data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(vectorwriter, "write_all", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write_word2vec(path, ["a"], some_vectors(1, 2), binary=binary, append=append)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_dev_full_is_told():
    with pytest.raises(OSError, match="No space left"):
        write_word2vec("/dev/full", ["a"], some_vectors(1, 2))


# -- threads -----------------------------------------------------------------------------


def test_threads_read_and_write_each_their_own_file(tmp_path):
    def there_and_back(n):
        vectors = some_vectors(300, 7, seed=n)
        words = [f"{n}_{row}" for row in range(300)]
        for binary in (True, False):
            path = tmp_path / f"{n}{binary}"
            write_word2vec(path, words, vectors, binary=binary)
            same(read_word2vec(path, binary=binary), words, vectors)
        return n

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(there_and_back, range(40))) == list(range(40))


def test_threads_read_the_same_file():
    expected = read_word2vec(golden("gensim.txt"))
    with ThreadPoolExecutor(8) as pool:
        for read in pool.map(read_word2vec, [golden("gensim.txt")] * 40):
            same(read, *expected[:2])


# -- telling the kind --------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x89PNG\r\n\x1a\n", b"a b c\n", b"{}"])
def test_a_file_of_no_known_kind_is_refused(tmp_path, data):
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(VectorFileError, match=r"begins with|is empty; it should hold vectors"):
        read_vectors(tmp_path / "v")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / "none")


def test_a_line_that_is_no_count_is_named(tmp_path):
    (tmp_path / "c").write_bytes(b"a 3\nb\n")
    with pytest.raises(VectorFileError, match="line 2"):
        read_counts(tmp_path / "c")


def test_the_home_folder_is_known_by_its_short_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    vectors = some_vectors(2, 4)
    write_word2vec("~/v.txt", ["one", "two"], vectors)
    write_word2vec("~/v.txt", ["three"], vectors[:1], append=True, header=False)
    assert (tmp_path / "v.txt").exists()
    same(read_word2vec("~/v.txt", limit=2), ["one", "two"], vectors)
    kv = KeyedVectors.from_arrays(["one", "two"], vectors)
    kv.save("~/v.kv")
    assert KeyedVectors.load("~/v.kv", mmap="r").index_to_key == ["one", "two"]
    (tmp_path / "text").write_text("a b a b\n" * 9)
    for source in ("~/text", ["~/text"]):
        assert Word2Vec(corpus_file=source, min_count=1, vector_size=2).corpus_total_words == 36


def test_a_binary_row_that_begins_like_a_number_and_a_line_end_is_binary(tmp_path):
    vectors = np.zeros((2, 4), np.float32)
    vectors[0] = np.frombuffer(b"8\n" + bytes(14), "<f4")
    write_word2vec(tmp_path / "v", ["the", "of"], vectors, binary=True)
    same(read_vectors(tmp_path / "v"), ["the", "of"], vectors)


def test_a_line_of_text_with_too_few_numbers_is_no_binary_row(tmp_path):
    (tmp_path / "v").write_text("2 4\nthe 1 2 3\nof 1 2 3 4\n")
    with pytest.raises(VectorFileError, match="line 2"):
        read_vectors(tmp_path / "v")


def test_whole_numbers_are_not_rounded(tmp_path):
    (tmp_path / "v").write_text(f"2 2\na 1 {2**60 + 1}\nb 0 -3\n")
    vectors = read_word2vec(tmp_path / "v", datatype=np.int64).vectors
    assert vectors.tolist() == [[1, 2**60 + 1], [0, -3]]
    largest = (tmp_path / "v").write_text(f"1 1\na {2**64 - 1}\n")
    assert largest and read_word2vec(tmp_path / "v", datatype=np.uint64).vectors[0] == 2**64 - 1
    with pytest.raises(VectorFileError, match="line 2 has a number that is no int64"):
        read_word2vec(tmp_path / "v", datatype=np.int64)
    (tmp_path / "v").write_text("2 2\na 1 2\nb 0.7 -3\n")
    with pytest.raises(VectorFileError, match="line 3 has a number that is no int32"):
        read_word2vec(tmp_path / "v", datatype=np.int32)


def test_a_file_that_cannot_be_read_twice_is_read_as_float32_only(tmp_path, monkeypatch):
    (tmp_path / "v").write_text("1 2\na 1 2\n")
    monkeypatch.setattr(formats, "open_for_reading", lambda path: io.BytesIO())  # as a pipe
    assert read_word2vec(tmp_path / "v").vectors.tolist() == [[1, 2]]
    with pytest.raises(VectorFileError, match="has to be read twice"):
        read_word2vec(tmp_path / "v", datatype=np.float64)
