import bz2
import errno
import gzip
import io
import logging
import lzma
import zipfile
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cw2v import _vectorfile, formats
from cw2v.formats import (
    TruncatedFileError,
    VectorFileError,
    read_counts,
    read_npz,
    read_vectors,
    read_word2vec,
    write_npz,
    write_word2vec,
)

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = ["", ".gz", ".bz2", ".xz", ".zst"]

WORDS = ["the", "of", "São-Paulo", "東京", "\u00a0", "x" * 300]


def some_vectors(n_rows, dim, seed=0):
    return np.random.default_rng(seed).standard_normal((n_rows, dim)).astype(np.float32)


def bits(vectors):
    return np.asarray(vectors, dtype=np.float32).view(np.uint32).tolist()


def same(read, words, vectors):
    assert read.words == list(words)
    assert read.vectors.shape == vectors.shape
    assert bits(read.vectors) == bits(vectors)


@pytest.fixture
def vector_file(tmp_path):
    """Give a function that writes the three-word file used in the tests of damage."""

    def write(binary):
        path = tmp_path / ("v.bin" if binary else "v.txt")
        write_word2vec(path, ["one", "two", "drei"], some_vectors(3, 4), binary=binary)
        return path

    return write


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
    same(read_vectors(path), words, vectors)


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


# -- printing and parsing numbers --------------------------------------------------------


def printed(values):
    values = np.asarray(values, dtype=np.float32).reshape(1, -1)
    out = bytearray(2 + values.size * _vectorfile.TEXT_BYTES_PER_NUMBER)
    return bytes(out[: _vectorfile.print_text_rows(b"w ", values, out)]).decode()[2:-1].split(" ")


def parsed(text):
    data = b"w " + text
    out = np.zeros((1, len(text.split())), dtype=np.float32)
    spans = np.zeros((1, 2), dtype=np.int64)
    _, _, status, _ = _vectorfile.parse_text_rows(data, 0, len(data), True, out, 0, spans)
    assert status == _vectorfile.ROW_OK
    return out[0]


def hard_floats():
    rng = np.random.default_rng(0)
    powers = np.arange(256, dtype=np.uint32) << 23
    return np.concatenate(
        [
            rng.integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32),
            (powers[1:, None] + np.array([-2, -1, 0, 1, 2])).astype(np.uint32).view(np.float32)
            .ravel(),
            np.arange(1, 2000, dtype=np.uint32).view(np.float32),
            np.float32([float(f"1e{power}") for power in range(-44, 39)]),
            np.float32([7.038531e-26, 1e-4, 1.0000001e-4, 999999.94, 1e6, 16777216, 0.0]),
        ]
    )  # fmt: skip


def test_numbers_are_printed_as_numpy_prints_them():
    if str(np.float32(1234567)) != "1.234567e+06":
        pytest.skip("this NumPy writes large float32 without an exponent; 2.3 and later do not")
    values = hard_floats()
    assert printed(values) == [str(value) for value in values]


def test_numbers_are_as_short_as_numpys_and_read_back():
    values = hard_floats()
    values = values[np.isfinite(values)]
    texts = printed(values)
    assert bits(parsed(" ".join(texts).encode())) == bits(values)


# 7.038531e-26 rounds to one float32 at once, and to another by way of double.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"7.038531e-26", 0x15AE43FD),
        (b"+1.5", 0x3FC00000),
        (b".5", 0x3F000000),
        (b"5.", 0x40A00000),
        (b"1E2", 0x42C80000),
        (b"-0", 0x80000000),
        (b"1e-60", 0),
        (b"1e60", 0x7F800000),
        (b"1e-400", 0),
        (b"1e99999999999", 0x7F800000),
        (b"0e99999999999", 0),
        (b"inf", 0x7F800000),
        (b"-Infinity", 0xFF800000),
        (b"16777217", 0x4B800000),  # a tie goes to the even one
        (b"16777219", 0x4B800002),
        (b"16777217.00000000000000000000000000001", 0x4B800001),
        (b"1.40129846432481707092e-45", 1),
        (b"0.7006492321624085354619e-45", 1),
        (b"7.006492321624085e-46", 0),
        (b"340282346638528859811704183484516925440", 0x7F7FFFFF),
        (b"340282356779733661637539395458142568447", 0x7F7FFFFF),
        (b"340282356779733661637539395458142568448", 0x7F800000),
        (b"0." + b"0" * 50 + b"1e51", 0x3F800000),
        (b"1" + b"0" * 50 + b"e-50", 0x3F800000),
    ],
)
def test_numbers_are_rounded_once(text, expected):
    assert parsed(text).view(np.uint32)[0] == expected
    negated = b"-" + text.lstrip(b"+-")
    assert parsed(negated).view(np.uint32)[0] == expected | 0x80000000


def nearest_float32(text):
    """Say it again with fractions: the nearest float32, of two the one with an even last bit."""
    exact, near = Fraction(text), np.float32(float(text))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(
        around, key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(np.uint32)) & 1)
    )


@settings(max_examples=500, deadline=None)
@given(st.integers(-(10**25), 10**25), st.integers(-72, 12))
def test_any_decimal_is_rounded_once(digits, exponent):
    text = f"{digits}e{exponent}"
    expected = bits([nearest_float32(text)]) if digits else [0]
    assert bits(parsed(text.encode())) == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 0x7F7FFFFE), st.sampled_from(["", "1", "9" * 30]))
def test_decimals_beside_a_tie_are_rounded_to_their_side(low, more):
    one, next_one = np.uint32([low, low + 1]).view(np.float32).astype(np.float64)
    with localcontext() as context:
        context.prec = 200
        text = f"{(Decimal(one) + Decimal(next_one)) / 2:f}"
    text = text if "." in text else text + "."
    expected = low + 1 if more or low % 2 else low
    assert bits(parsed((text + more).encode())) == [expected]


# -- golden files ------------------------------------------------------------------------


def golden(name):
    return GOLDEN / name


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


# -- damage ------------------------------------------------------------------------------


@pytest.mark.parametrize("binary", [True, False])
def test_a_file_cut_anywhere_is_refused_with_the_place(vector_file, binary, caplog):
    path = vector_file(binary)
    whole = path.read_bytes()
    last_number = 1 if binary else len(whole) - 1 - whole.rindex(b" ")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length >= len(whole) - last_number and length > whole.rindex(b" ") + 1:
            # Only the newline lacks, or digits that nobody can miss: a warning if text.
            caplog.clear()
            read_word2vec(path, binary=binary)
            assert binary or "no newline" in caplog.text
            continue
        with pytest.raises(TruncatedFileError, match=r"v\.(bin|txt)") as caught:
            read_word2vec(path, binary=binary)
        assert f"at byte {length};" in str(caught.value) or length == 0
        assert isinstance(caught.value, EOFError)


def test_the_place_of_a_cut_is_row_and_byte(tmp_path):
    path = tmp_path / "v.bin"
    write_word2vec(path, [f"w{row}" for row in range(71)], some_vectors(71, 10), binary=True)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TruncatedFileError) as caught:
        read_word2vec(path, binary=True)
    assert str(caught.value) == (
        f"{path} ends inside row 23 of 71, at byte 1000; the file was cut short"
    )


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_compressed_file_cut_anywhere_is_refused(tmp_path, binary, suffix):
    path = tmp_path / f"v{suffix}"
    write_word2vec(path, ["one", "two", "drei"], some_vectors(3, 4), binary=binary)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 12, 3):
        path.write_bytes(whole[:length])
        with pytest.raises(VectorFileError, match=r"v\."):
            read_word2vec(path, binary=binary)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_that_is_not_compressed_as_its_suffix_says_is_refused(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    path.write_bytes(golden("google.bin").read_bytes())
    with pytest.raises(VectorFileError, match="damaged"):
        read_word2vec(path, binary=True)


def test_compressed_files_are_what_the_standard_library_reads(tmp_path):
    for suffix, opener in ((".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)):
        write_word2vec(tmp_path / f"v{suffix}", ["a"], np.float32([[1.5]]))
        with opener(tmp_path / f"v{suffix}") as file:
            assert file.read() == b"1 1\na 1.5\n"


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    "header", [b"", b"\n", b"3\n", b"3 4 5\n", b"-3 4\n", b"3 4.0\n", b"three four\n", b"x" * 200]
)
def test_a_header_that_is_none_is_refused(tmp_path, binary, header):
    path = tmp_path / "v"
    path.write_bytes(header)
    with pytest.raises(VectorFileError, match=r"line 1|empty"):
        read_word2vec(path, binary=binary)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    "header",
    [
        b"999999999999 4\n",
        b"3 999999999999\n",
        b"999999999999999999 999999999999999999\n",
        b"3 0\n",
        b"9" * 60 + b" 4\n",
    ],
)
def test_a_header_that_promises_too_much_takes_no_memory(vector_file, binary, header, suffix):
    path = vector_file(binary)
    data = header + path.read_bytes().partition(b"\n")[2]
    path = path.with_name(path.name + suffix)
    path.write_bytes(gzip.compress(data) if suffix else data)
    with pytest.raises((VectorFileError, MemoryError), match=r"v\.(bin|txt)"):
        read_word2vec(path, binary=binary)


@pytest.mark.parametrize("binary", [True, False])
def test_rows_beyond_those_promised_are_refused_unless_limited(vector_file, binary):
    path = vector_file(binary)
    path.write_bytes(b"2 4\n" + path.read_bytes().partition(b"\n")[2])
    with pytest.raises(VectorFileError, match=r"promises 2 rows.*at byte \d+.*limit=2"):
        read_word2vec(path, binary=binary)
    assert len(read_word2vec(path, binary=binary, limit=2).words) == 2
    with pytest.raises(ValueError, match="limit"):
        read_word2vec(path, binary=binary, limit=-1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"2 2\na 1 2\nb 1 x\n", r"line 3, at byte 14: 'x' is not a number"),
        (b"2 2\na 1 2\nb 1 2x\n", r"line 3, at byte 14: '2x' is not a number"),
        (b"2 2\na 1 2\nb 1 --2\n", r"line 3, at byte 14: '--2' is not a number"),
        (b"2 2\na 1\nb 1 2\n", r"line 2, at byte 7: 1 numbers follow the word 'a'"),
        (b"2 2\na 1 2 3\nb 1 2\n", r"line 2, at byte 10: 3 numbers follow the word 'a'"),
        (b"2 2\na 1 2\n\nb 1 2\n", r"line 3, at byte 10, is blank"),
        (b"2 2\na\nb 1 2\n", r"line 2, at byte 5: 0 numbers"),
        (b"2 2\na 1 2\nb 1 0x10\n", r"'0x10' is not a number"),
    ],
)
def test_a_bad_line_is_named(tmp_path, text, message):
    (tmp_path / "v").write_bytes(text)
    with pytest.raises(VectorFileError, match=message):
        read_word2vec(tmp_path / "v")


@pytest.mark.parametrize(
    "text",
    [
        b"2 2\r\na 1 2\r\nb 3 4\r\n",
        b"2 2\na 1 2 \nb 3 4 \n",
        b"2 2\na  1\t2\nb 3   4\n",
        b"2 2\na 1 2\nb 3 4\n\n \n",
    ],
)
def test_line_ends_and_blanks_of_other_programs_are_read(tmp_path, text):
    (tmp_path / "v").write_bytes(text)
    same(read_word2vec(tmp_path / "v"), "ab", np.float32([[1, 2], [3, 4]]))


def test_binary_read_as_text_and_text_as_binary_is_refused():
    with pytest.raises(VectorFileError, match="binary=True"):
        read_word2vec(golden("google.bin"))
    with pytest.raises(VectorFileError, match=r"google\.txt"):
        read_word2vec(golden("google.txt"), binary=True)


@pytest.mark.parametrize("binary", [True, False])
def test_a_word_that_is_not_utf8_is_named(tmp_path, binary):
    path = tmp_path / "v"
    kept = "b\udcff"
    write_word2vec(path, ["a", kept, "c"], some_vectors(3, 1), binary=binary)
    place = path.read_bytes().index(b"b\xff") + 1
    with pytest.raises(UnicodeDecodeError, match=rf"row 2 of 3 of .*at byte {place};"):
        read_word2vec(path, binary=binary)
    read = read_word2vec(path, binary=binary, unicode_errors="replace")
    assert read.words == ["a", "b\ufffd", "c"]
    assert read_word2vec(path, binary=binary, unicode_errors="ignore").words == ["a", "b", "c"]


@pytest.mark.parametrize("binary", [True, False])
def test_of_a_word_that_comes_twice_the_first_row_is_kept(tmp_path, caplog, binary):
    path, vectors = tmp_path / "v", some_vectors(4, 3)
    write_word2vec(path, ["a", "b", "a", "c"], vectors, binary=binary)
    with caplog.at_level(logging.WARNING):
        same(read_word2vec(path, binary=binary), "abc", vectors[[0, 1, 3]])
    assert "duplicate word 'a' in row 3" in caplog.text


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=60), binary=st.booleans(), rows=st.integers(0, 3))
def test_rubbish_is_refused_or_read_but_never_crashes(tmp_path_factory, data, binary, rows):
    path = tmp_path_factory.mktemp("v") / "v"
    path.write_bytes(b"%d 2\n" % rows + data)
    for read in (lambda: read_word2vec(path, binary=binary), lambda: read_vectors(path)):
        try:
            result = read()
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert len(result.words) == len(result.vectors) <= rows


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
    real, calls = formats._write_all, []

    def fill_up(stream, data):
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(stream, data)

    monkeypatch.setattr(formats, "_write_all", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write_word2vec(path, ["a"], some_vectors(1, 2), binary=binary, append=append)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_dev_full_is_told():
    with pytest.raises(OSError, match="No space left"):
        write_word2vec("/dev/full", ["a"], some_vectors(1, 2))


# -- npz ---------------------------------------------------------------------------------


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
        ({"vectors": np.array([{}, {}])}, "float32"),
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
    with pytest.raises(VectorFileError, match="begins with"):
        read_vectors(tmp_path / "v")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_vectors(tmp_path / "none")


def test_a_line_that_is_no_count_is_named(tmp_path):
    (tmp_path / "c").write_bytes(b"a 3\nb\n")
    with pytest.raises(VectorFileError, match="line 2"):
        read_counts(tmp_path / "c")
