"""Where text comes from: names, folders, pipes, compressed files, and blocks cut at white space."""

import bz2
import gzip
import io
import lzma
import os
import pickle
import sys
import threading
from functools import partial

import pytest

from cw2v.corpus import scan_files
from cw2v.packing import packing_of, zstd
from cw2v.scan import BadText
from cw2v.sources import BlockBuffer, TextReader, find_inputs, read_into, whole_words

TEXT = b"the cat sat\non the mat\n"
PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}
LONG_TEXT = b"".join(b"%d %d\n" % (i, i * i) for i in range(20000))


def words_of(source, **options):
    return scan_files(source, **options).words()


def test_a_folder_is_its_files_by_name_without_hidden_ones_and_subfolders(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"second")
    (tmp_path / "a.txt").write_bytes(b"first")
    (tmp_path / ".hidden").write_bytes(b"never")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.txt").write_bytes(b"never")
    assert words_of(tmp_path) == ["first", "second"]


def test_a_list_is_read_in_its_order_and_each_file_ends_a_sentence(tmp_path):
    (tmp_path / "a").write_bytes(b"one two")
    (tmp_path / "b").write_bytes(b"three")
    scanned = scan_files([tmp_path / "b", str(tmp_path / "a")])
    assert scanned.words() == ["three", "one", "two"]
    assert scanned.n_raw_sentences == 2


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("workers", [1, 2])
def test_compressed_files_are_read(tmp_path, suffix, workers):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACKERS[suffix](TEXT))
    scanned = scan_files(path, workers=workers)
    assert scanned.words() == ["the", "cat", "sat", "on", "mat"]
    several = scan_files([path, path], workers=workers)  # each by one worker
    assert several.counts.tolist() == [4, 2, 2, 2, 2]
    assert several.n_raw_sentences == 4


@pytest.mark.parametrize("suffix", PACKERS)
def test_files_of_several_compressed_members_are_read_whole(tmp_path, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACKERS[suffix](b"be") + PACKERS[suffix](b"fore\n"))
    assert words_of(path) == ["before"]


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_member_does_not_end_a_file(tmp_path, suffix, workers):
    path = tmp_path / f"text{suffix}"
    packed = PACKERS[suffix](LONG_TEXT)
    path.write_bytes(packed + b"!" + packed[1:] + packed)
    with pytest.raises(ValueError, match=f"text{suffix}"):
        scan_files(path, workers=workers)


def test_streams_of_xz_may_be_padded(tmp_path):
    path = tmp_path / "text.xz"
    path.write_bytes(lzma.compress(b"be") + bytes(8) + lzma.compress(b"fore\n") + bytes(4))
    assert words_of(path) == ["before"]


@pytest.mark.parametrize("suffix", PACKERS)
def test_compression_is_known_without_the_suffix_and_from_a_file_object(tmp_path, suffix):
    path = tmp_path / "text"
    path.write_bytes(PACKERS[suffix](TEXT))
    assert words_of(path) == ["the", "cat", "sat", "on", "mat"]
    assert words_of(io.BytesIO(path.read_bytes())) == ["the", "cat", "sat", "on", "mat"]


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("n_files", [1, 2])
def test_a_compressed_file_cut_short_is_named(tmp_path, suffix, n_files):
    path = tmp_path / f"cut{suffix}"
    packed = PACKERS[suffix](LONG_TEXT)
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(ValueError, match=rf"cut\{suffix} cannot be decompressed .*cut short"):
        scan_files([path] * n_files, workers=2)
    assert threading.active_count() == 1


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_damaged_compressed_file_is_named(tmp_path, suffix):
    path = tmp_path / f"bad{suffix}"
    pack = PACKERS[suffix]
    if suffix == ".zst":  # which has a checksum only when asked
        pack = partial(zstd.compress, options={zstd.CompressionParameter.checksum_flag: 1})
    packed = bytearray(pack(LONG_TEXT))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(ValueError, match=rf"bad\{suffix}"):
        scan_files(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_suffix_that_promises_too_much_is_an_error(tmp_path, suffix):
    path = tmp_path / f"plain{suffix}"
    path.write_bytes(TEXT)
    with pytest.raises(ValueError, match="named like a file compressed with"):
        scan_files(path)


def test_an_empty_name_is_refused():
    with pytest.raises(FileNotFoundError, match="name of a corpus file is empty"):
        scan_files("")


def test_words_like_the_magic_of_bzip2_are_words():
    assert packing_of(b"BZh9 is no") is None
    assert words_of(io.BytesIO(b"BZh9 is no archive")) == ["BZh9", "is", "no", "archive"]


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert words_of("-") == ["the", "cat", "sat", "on", "mat"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(TEXT))
    writer.start()
    try:
        assert words_of(path) == ["the", "cat", "sat", "on", "mat"]
    finally:
        writer.join()


class Dribble(io.RawIOBase):
    """A file object that only has `read` in small pieces, as a socket would."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(memoryview(buffer)[:3])


def test_a_file_object_may_give_less_than_was_asked_for():
    assert words_of(Dribble(TEXT)) == ["the", "cat", "sat", "on", "mat"]


def test_a_file_object_stays_open_and_its_own_error_reaches_the_caller(tmp_path):
    file = io.BytesIO(TEXT)
    scan_files(file)
    assert not file.closed

    class Broken(io.RawIOBase):
        def readinto(self, buffer):
            raise OSError(5, "the cable is out")

    with pytest.raises(OSError, match="the cable is out"):
        scan_files(Broken())
    assert threading.active_count() == 1


def test_what_cannot_be_read_is_an_error_before_any_thread_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda self: pytest.fail("a thread began"))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        scan_files(tmp_path / "nowhere.txt")
    with pytest.raises(FileNotFoundError, match="no files"):
        scan_files(tmp_path)
    with pytest.raises(ValueError, match="empty"):
        scan_files([])
    with pytest.raises(TypeError, match="int"):
        scan_files(3)
    with pytest.raises(TypeError, match="int"):
        scan_files([3])
    with pytest.raises(TypeError, match="bytes"):
        scan_files(b"path")
    with pytest.raises(TypeError, match="mode 'rb'"):
        scan_files(io.StringIO("text"))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="dangling"):
        scan_files(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "a").write_bytes(TEXT)
    (tmp_path / "secret").write_bytes(TEXT)
    (tmp_path / "secret").chmod(0)
    with pytest.raises(PermissionError, match="secret"):
        scan_files(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    path = tmp_path / "shrinks"
    path.write_bytes(b"word " * 100)
    inputs = find_inputs(path)
    path.write_bytes(b"word ")
    monkeypatch.setattr("cw2v.corpus.find_inputs", lambda source: inputs)
    with pytest.raises(ValueError, match=r"became shorter.*500 bytes.*ends at 5"):
        scan_files(path)


def test_a_reader_counts_bytes_as_stored(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(LONG_TEXT))
    (text,) = find_inputs(path)
    assert text.size == path.stat().st_size
    with TextReader(text) as reader:
        view = memoryview(bytearray(1 << 20))
        while reader.read_into(view):
            pass
        assert reader.text_bytes == len(LONG_TEXT)
        assert reader.stored == text.size


def blocks_of(data, begin, end, block_size):
    buffer = BlockBuffer(block_size)
    file = io.BytesIO(data)
    file.seek(max(begin - 1, 0))
    found = []
    for length, position in whole_words(lambda view: read_into(file, view), begin, end, buffer):
        found.append((position, buffer.array[:length].tobytes()))
    return found


@pytest.mark.parametrize("block_size", [1, 2, 3, 7, 64])
def test_two_ranges_share_the_words_wherever_they_meet(block_size):
    data = b" one  three\nfour\r\n\n fiv\xc3\xa9 " + b"x" * 70 + b" end"
    for cut in range(1, len(data)):
        words = []
        for begin, end in ((0, cut), (cut, len(data))):
            for position, block in blocks_of(data, begin, end, block_size):
                assert data[position : position + len(block)] == block
                words += block.split()
        assert words == data.split(), cut


def test_a_word_belongs_to_the_range_it_begins_in():
    assert blocks_of(b"aa bb cc", 0, 4, 64) == [(0, b"aa "), (3, b"bb")]
    assert b"".join(block for _, block in blocks_of(b"aa bb cc", 4, 8, 64)).split() == [b"cc"]
    assert blocks_of(b"aaaaaaaa", 4, 8, 64) == []


def test_what_a_pipe_holds_is_taken_without_waiting_for_more():
    # In a buffered read that waits for more, Ctrl-C can be lost.
    reading, writing = os.pipe()
    os.write(writing, b"some words\n")
    late = threading.Timer(20, os.close, [writing])
    late.start()
    with os.fdopen(reading, "rb") as file:
        assert read_into(file, memoryview(bytearray(1000))) == 11
    late.cancel()
    os.close(writing)


def test_the_end_of_a_terminal_is_asked_for_once():
    answers = [b"ten bytes\n", b"more\n", b"", b"after the end\n"]

    class Terminal:
        def read(self, size):
            return answers.pop(0)

    (text,) = find_inputs(Terminal())
    with TextReader(text) as reader:
        view = memoryview(bytearray(1000))
        assert reader.read_into(view) == len(b"ten bytes\nmore\n")
        assert reader.read_into(view) == 0


def test_standard_input_that_is_closed_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="closed"):
        find_inputs("-")


def test_what_was_read_before_does_not_end_the_text():
    """The last byte could begin a space of Unicode, whose rest the buffer held before."""
    for text in (b"zz\xc2", b"zz\xe3\x80"):
        buffer = BlockBuffer(64)
        buffer.array[:] = 0xA0 if text.endswith(b"\xc2") else 0x80
        file = io.BytesIO(text)
        for length, _ in whole_words(partial(read_into, file), 0, None, buffer):
            assert bytes(buffer.array[:length]) == text
            assert not buffer.array[length : length + 16].any()


def test_an_error_about_a_text_comes_out_of_another_process():
    with pytest.raises(BadText) as error:
        scan_files(io.BytesIO(b"good b\xffd"))
    again = pickle.loads(pickle.dumps(error.value))
    assert (type(again), str(again)) == (BadText, str(error.value))
