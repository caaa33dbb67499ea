import bz2
import gzip
import logging
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from vector_samples import golden, same, some_vectors

from cw2v.formats import (
    TruncatedFileError,
    VectorFileError,
    read_vectors,
    read_word2vec,
    write_npz,
    write_word2vec,
)
from cw2v.packing import MAGIC_SIZE, packing_of


@pytest.fixture
def vector_file(tmp_path):
    """Give a function that writes the three-word file used in the tests of damage."""

    def write(binary):
        path = tmp_path / ("v.bin" if binary else "v.txt")
        write_word2vec(path, ["one", "two", "drei"], some_vectors(3, 4), binary=binary)
        return path

    return write


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


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_compressed_file_is_known_whatever_its_name(tmp_path, binary, suffix):
    vectors = some_vectors(2, 4)
    write_word2vec(tmp_path / f"v{suffix}", ["one", "two"], vectors, binary=binary)
    other = (tmp_path / f"v{suffix}").rename(tmp_path / "v")
    assert_array_equal(read_word2vec(other, binary=binary).vectors, vectors)
    assert_array_equal(read_vectors(other).vectors, vectors)


@pytest.mark.parametrize("suffix", [".GZ", ".Bz2", ".XZ", ".ZST"])
def test_suffixes_count_in_capitals_too(tmp_path, suffix):
    write_word2vec(tmp_path / f"v{suffix}", ["one"], some_vectors(1, 4))
    assert packing_of((tmp_path / f"v{suffix}").read_bytes()[:MAGIC_SIZE]) is not None
    assert read_vectors(tmp_path / f"v{suffix}").words == ["one"]


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


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npz", "v.bin.gz", "v.bin.xz", "v.bin.zst"])
def test_a_file_changed_anywhere_is_refused_or_read_but_never_crashes(tmp_path, name):
    path = tmp_path / name
    if name == "v.npz":
        write_npz(path, ["one", "two", "é"], some_vectors(3, 4), [3, 2, 1])
    else:
        write_word2vec(path, ["one", "two", "é"], some_vectors(3, 4), binary=".bin" in name)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in np.resize(np.arange(len(whole)), 400).tolist():
        changed = bytearray(whole)
        changed[place] = rng.integers(256)
        path.write_bytes(changed)
        try:
            read_vectors(path)
        except ValueError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("suffix", [".bz2", ".gz", ".xz", ".zst"])
def test_a_changed_byte_in_compressed_numbers_is_noticed(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    write_word2vec(path, [f"w{n}" for n in range(50)], some_vectors(50, 20), binary=True)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(VectorFileError, match="damaged"):
        read_word2vec(path, binary=True)
