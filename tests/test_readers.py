"""Readers give gensim's sentences, and threads read what iterating gives."""

import bz2
import gzip
import io
import lzma
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cw2v
from cw2v import readers
from cw2v.corpus import scan_inputs, scan_sentences
from cw2v.reading import Reading
from cw2v.vocab import Vocabulary

SPACES = [chr(c) for c in range(0x10000) if chr(c).isspace()]
NEARLY_SPACES = "\x1b\x84\xa1\u1681\u167f\u200b\u2027\u202a\u2030\u205e\u2060\u3001\u2fff\ufeff"

lines_of_text = st.lists(
    st.sampled_from(["a", "bb", "é", "\0", "日本", "x" * 17, " ", " ", "\n", "\r\n", *SPACES])
    | st.sampled_from(NEARLY_SPACES),
    max_size=60,
).map("".join)

files = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def gensims():
    """Return gensim's module of readers."""
    return pytest.importorskip("gensim.models.word2vec")


def sentences_of(scanned):
    words = scanned.words()
    encoded = scanned.encode(Vocabulary(words, scanned.counts))
    starts = encoded.starts.tolist()
    return [[words[i] for i in encoded.ids[begin:end]] for begin, end in pairwise(starts)]


def check(reader, theirs):
    """Compare iterating, twice, and reading by threads with gensim's sentences."""
    expected = list(theirs)
    assert list(reader) == expected
    assert list(reader) == expected
    scanned = reader._cw2v_scan(Reading(workers=2))
    twin = scan_sentences(expected)
    assert scanned.words() == twin.words()
    assert scanned.counts.tolist() == twin.counts.tolist()
    assert scanned.n_raw_tokens == twin.n_raw_tokens
    assert scanned.n_raw_sentences == twin.n_raw_sentences == len(expected)
    assert sentences_of(scanned) == expected


def with_settings(monkeypatch, **changed):
    """Have the readers' threads read with other settings, as the sizes of ranges and blocks."""

    def scan(inputs, reading, how):
        return scan_inputs(inputs, replace(reading, **changed), how)

    monkeypatch.setattr(readers, "scan_inputs", scan)


@files
@given(
    text=lines_of_text,
    longest=st.integers(1, 8) | st.just(10000),
    limit=st.none() | st.integers(0, 8),
    range_size=st.integers(1, 64),
    block_size=st.integers(1, 64),
)
def test_lines_are_gensims(gensims, tmp_path, text, longest, limit, range_size, block_size):
    path = tmp_path / "text"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as monkeypatch:
        with_settings(monkeypatch, range_size=range_size, block_size=block_size)
        for source in (path, str(path), io.BytesIO(text.encode())):
            check(
                cw2v.LineSentence(source, longest, limit),
                gensims.LineSentence(str(path), longest, limit),
            )


@pytest.mark.parametrize("simd", [None, "portable"])
@pytest.mark.parametrize("before", [0, 1, 61, 62, 63, 64, 65, 126, 127, 128])
def test_every_white_space_at_every_place(tmp_path, monkeypatch, simd, before):
    with_settings(monkeypatch, simd=simd)
    for character in [*SPACES, *NEARLY_SPACES]:
        for after in ("b", ""):
            text = "a" * before + character + after
            path = tmp_path / "text"
            path.write_bytes(text.encode())
            scanned = cw2v.LineSentence(path)._cw2v_scan(Reading())
            twin = scan_sentences([part.split() for part in text.split("\n")])
            assert scanned.words() == twin.words(), (character, after)


@files
@given(
    text=lines_of_text | st.text("ab é\n", max_size=60),
    longest=st.integers(1, 8),
    block=st.integers(1, 20),
    range_size=st.integers(1, 64),
)
def test_a_stream_is_gensims(gensims, tmp_path, text, longest, block, range_size):
    path = tmp_path / "text"
    path.write_bytes(text.encode())
    reader = cw2v.Text8Corpus(path, longest)
    with pytest.MonkeyPatch.context() as monkeypatch:
        with_settings(monkeypatch, range_size=range_size, block_size=16)
        check(reader, gensims.Text8Corpus(str(path), longest))
        # gensim's blocks have a fixed size; ours is tried with others, by itself
        monkeypatch.setattr(readers, "_STREAM_BLOCK", block)
        check(reader, list(reader))


@pytest.mark.parametrize("spaces", [[" "], [" ", "\n"], [" ", "\n", "\r\n", "\t", "\u3000"]])
def test_long_streams_are_gensims(gensims, tmp_path, spaces):
    words = [f"{i * 7919 % 1000}{'é' * (i % 3)}{spaces[i % len(spaces)]}" for i in range(20000)]
    path = tmp_path / "text"
    path.write_bytes("".join(words).encode())
    for longest in (1, 1000, 10000, 10**9):
        check(cw2v.Text8Corpus(path, longest), gensims.Text8Corpus(str(path), longest))


@pytest.mark.parametrize(
    ("suffix", "opener"), [(".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)]
)
@pytest.mark.parametrize("limit", [None, 0, 2])
def test_compressed_files_are_read_as_plain_ones(gensims, tmp_path, suffix, opener, limit):
    path = tmp_path / f"text{suffix}"
    with opener(path, "wb") as file:
        file.write("a b\n\n\u3000c\nd\n".encode())
    theirs = [["a", "b"], ["c"], ["d"]] if limit is None else [["a", "b"]][:limit]
    check(cw2v.LineSentence(path, limit=limit), theirs)
    with opener(path, "rb") as file:
        check(cw2v.LineSentence(file, limit=limit), gensims.LineSentence(file, limit=limit))
    check(cw2v.PathLineSentences(tmp_path, limit=limit), theirs)
    check(cw2v.Text8Corpus(path), [["a", "b", "c", "d"]])


@pytest.mark.parametrize("mode", ["r", "rb", "r+b"])
def test_open_files_are_read_as_by_gensim(gensims, tmp_path, mode):
    path = tmp_path / "text"
    path.write_bytes("a b\r\nc\u2028d é\n".encode())
    with path.open(mode, **({"encoding": "utf-8"} if mode == "r" else {})) as file:
        reader = cw2v.LineSentence(file, 2)
        assert list(reader) == list(gensims.LineSentence(file, 2))
        assert hasattr(reader, "_cw2v_scan") is (mode != "r")
        assert cw2v.Word2Vec(reader, min_count=1, sg=1).wv.key_to_index.keys() == set("abcdé")


def test_files_of_a_folder_are_read_one_after_another_as_by_gensim(gensims, tmp_path):
    for name, text in [("b", "1 2\n3\n4\n"), ("a.txt", "5\n\n6 7 8 9\n"), (".hidden", "10\n")]:
        (tmp_path / name).write_text(text)
    for limit in (None, 2):
        ours = cw2v.PathLineSentences(str(tmp_path), 3, limit)
        theirs = gensims.PathLineSentences(str(tmp_path), 3, limit)
        assert (ours.source, ours.input_files) == (theirs.source, theirs.input_files)
        check(ours, theirs)
    check(cw2v.PathLineSentences(tmp_path / "b"), gensims.PathLineSentences(str(tmp_path / "b")))
    (tmp_path / "sub").mkdir()
    for use in (list, lambda reader: reader._cw2v_scan(Reading())):
        with pytest.raises(IsADirectoryError):
            use(cw2v.PathLineSentences(tmp_path))
    check(cw2v.PathLineSentences(tmp_path / "sub"), [])
    with pytest.raises(ValueError, match="neither a file nor a path"):
        cw2v.PathLineSentences(tmp_path / "missing")


def test_the_brown_corpus_has_gensims_tokens(gensims, tmp_path):
    (tmp_path / "ca01").write_text("\tThe/at  Fulton/np-tl ,/, a/b/c x\n\n``/`` It/pps\n")
    (tmp_path / "cb01").write_text("said/vbd/x\nYes/uh\n")
    (tmp_path / "sub").mkdir()
    ours = list(cw2v.BrownCorpus(tmp_path))
    assert ours == list(gensims.BrownCorpus(str(tmp_path)))
    assert sorted(ours) == [["it/pp"], ["the/at", "fulton/np"], ["yes/uh"]]


def test_a_class_with_sentences_of_its_own_is_iterated(tmp_path):
    class Shouting(cw2v.LineSentence):
        def __iter__(self):
            return ([word.upper() for word in sentence] for sentence in super().__iter__())

    class Stream(cw2v.Text8Corpus):
        def __iter__(self):
            return iter([["x"]])

    class Quiet(cw2v.LineSentence):
        """Changes nothing that matters."""

    path = tmp_path / "text"
    path.write_text("a b\n")
    assert not hasattr(Shouting(path), "_cw2v_scan")
    assert not hasattr(Stream(path), "_cw2v_scan")
    assert hasattr(Quiet(path), "_cw2v_scan")
    assert readers.scan_corpus(Shouting(path), Reading()).words() == ["A", "B"]


class OwnFile(io.BytesIO):
    def __next__(self):
        return super().__next__().upper()


def test_a_file_object_with_lines_of_its_own_is_iterated():
    reader = cw2v.LineSentence(OwnFile(b"a b\n"))
    assert list(reader) == [["A", "B"]]
    assert not hasattr(reader, "_cw2v_scan")


@pytest.mark.parametrize("bad", [b"a \xff b\n", b"\xc3", b"a\xe3\x80 b"])
def test_invalid_utf8_is_an_error_either_way(tmp_path, bad):
    path = tmp_path / "text"
    path.write_bytes(b"good line\n" + bad)
    for reader in (cw2v.LineSentence(path), cw2v.Text8Corpus(path)):
        with pytest.raises(UnicodeDecodeError) as error:
            list(reader)
        assert str(path) in error.value.__notes__[0]
        with pytest.raises(UnicodeDecodeError, match="is not valid UTF-8"):
            reader._cw2v_scan(Reading())


@pytest.mark.parametrize("reader", [cw2v.LineSentence, cw2v.Text8Corpus, cw2v.PathLineSentences])
def test_impossible_lengths_are_refused(tmp_path, reader):
    path = tmp_path / "text"
    path.write_text("a\n")
    for length in (0, -1):
        with pytest.raises(ValueError, match="max_sentence_length must be 1 or more"):
            reader(path, length)
    with pytest.raises(TypeError):
        reader(path, 2.5)
    made = reader(path)
    made.max_sentence_length = 0
    with pytest.raises(ValueError, match="max_sentence_length"):
        list(made)
    if reader is not cw2v.Text8Corpus:
        with pytest.raises(ValueError, match="limit must be"):
            reader(path, limit=-1)


def test_missing_files_are_named():
    for use in (list, lambda reader: reader._cw2v_scan(Reading())):
        with pytest.raises(FileNotFoundError, match="no/such"):
            use(cw2v.LineSentence("no/such"))


def test_sentences_are_written_for_line_sentence(gensims, tmp_path):
    sentences = [["a", "é"], [], ["日本"]]
    cw2v.save_as_line_sentence(sentences, tmp_path / "ours")
    from gensim.utils import save_as_line_sentence

    save_as_line_sentence(sentences, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    with pytest.raises(TypeError):
        cw2v.save_as_line_sentence([["b"], [1]], tmp_path / "ours")
    assert list(cw2v.LineSentence(tmp_path / "ours")) == [["a", "é"], ["日本"]]
    cw2v.save_as_line_sentence(sentences, tmp_path / "ours.gz")
    assert (tmp_path / "ours.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert list(cw2v.LineSentence(tmp_path / "ours.gz")) == [["a", "é"], ["日本"]]
