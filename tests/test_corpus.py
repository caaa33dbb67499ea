"""Files and token lists -> counts, ids and sentences: the same however they are read."""

import gzip
import io
import os
import tempfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cw2v import chunks
from cw2v.corpus import BadText, scan_files, scan_inputs, scan_sentences
from cw2v.packing import packing_of
from cw2v.reading import Reading
from cw2v.sources import find_inputs
from cw2v.vocab import Vocabulary, build_vocabulary

WHITE_SPACE = [b" ", b"\t", b"\n", b"\v", b"\f", b"\r", b"\r\n", b"\n\n"]
texts = st.lists(
    st.one_of(
        st.sampled_from(WHITE_SPACE),
        st.sampled_from([b"a", b"bb", b"ccc", b"\xc3\xa9", b"\xff", b"\0", b"x" * 40]),
        st.binary(max_size=6),
    ),
    max_size=50,
).map(b"".join)
# What begins as a compressed file is read as one: see test_sources.py.
texts = texts.filter(lambda text: packing_of(text) is None)


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    yield
    assert threading.active_count() == 1


@pytest.fixture
def empty_temp(tmp_path, monkeypatch):
    """A temporary folder of its own, which must be empty at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def scan_in_parts(source, **reading):
    """Do as `scan_files` does, with further settings: the sizes of ranges and blocks."""
    return scan_inputs(find_inputs(source), Reading(**reading))


def twin(texts, errors="surrogateescape"):
    """The sentences of some texts, plainly."""
    return [
        [word.decode("utf-8", errors) for word in line.split()]
        for text in texts
        for line in text.split(b"\n")
        if line.split()
    ]


def sentences_of(scanned, min_count=1):
    """What a scanned corpus says its sentences are."""
    if len(scanned) == 0:
        return []
    words = build_vocabulary(scanned, min_count=min_count).words
    encoded = scanned.encode(Vocabulary(words, np.zeros(len(words), np.int64)))
    assert encoded.ids.dtype == np.int32
    assert encoded.starts.dtype == np.int64
    assert encoded.starts[0] == 0
    assert encoded.starts[-1] == encoded.n_tokens == len(encoded.ids)
    assert (np.diff(encoded.starts) > 0).all()
    return [
        [words[i] for i in encoded.ids[begin:end]]
        for begin, end in zip(encoded.starts[:-1], encoded.starts[1:], strict=True)
    ]


def check_against_twin(scanned, sentences):
    tokens = [token for sentence in sentences for token in sentence]
    assert scanned.words() == list(dict.fromkeys(tokens))
    assert dict(zip(scanned.words(), scanned.counts.tolist(), strict=True)) == Counter(tokens)
    assert scanned.n_raw_tokens == len(tokens)
    assert scanned.n_raw_sentences == len(sentences)
    assert sentences_of(scanned) == sentences


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.lists(texts, min_size=1, max_size=3),
    workers=st.integers(1, 3),
    range_size=st.integers(1, 64),
    block_size=st.integers(1, 64),
    budget=st.sampled_from([0, None]),
)
def test_any_split_gives_what_python_reads(
    tmp_path, empty_temp, data, workers, range_size, block_size, budget
):
    paths = []
    for i, text in enumerate(data):
        paths.append(tmp_path / f"{i}.txt")
        paths[-1].write_bytes(text)
    scanned = scan_in_parts(
        paths,
        workers=workers,
        unicode_errors="keep",
        memory_budget=budget,
        range_size=range_size,
        block_size=block_size,
    )
    check_against_twin(scanned, twin(data))


@settings(max_examples=50)
@given(data=texts, workers=st.integers(1, 3), block_size=st.integers(1, 64))
def test_a_pipe_gives_what_python_reads(data, workers, block_size):
    if data[:2] == b"\x1f\x8b":
        return
    scanned = scan_in_parts(
        io.BytesIO(data), workers=workers, unicode_errors="keep", block_size=block_size
    )
    check_against_twin(scanned, twin([data]))


def test_words_of_any_script_are_found_again():
    words = ["a", "é", "\u07ff", "\u0800", "日本", "\ud800", "\uffff", "\U00010000", "\U0010ffff"]
    scanned = scan_sentences([words, words[::-1]])
    assert sentences_of(scanned) == [words, words[::-1]]


def test_every_place_where_two_ranges_can_meet(tmp_path):
    data = b"a bb\n\nccc \xc3\xa9\r\nbb a\n a"
    path = tmp_path / "text"
    path.write_bytes(data)
    for range_size in range(1, len(data) + 1):
        scanned = scan_in_parts(path, workers=2, range_size=range_size)
        check_against_twin(scanned, twin([data]))


def big_text(n_lines=20_000):
    rng = np.random.default_rng(1)
    lines = rng.zipf(1.3, size=(n_lines, 7)) % 50_000
    return "\n".join(" ".join(f"w{word}" for word in line) for line in lines).encode() + b"\n"


def test_any_number_of_workers_gives_the_same_bits(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(big_text())
    packed = tmp_path / "text.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    first = None
    for source in ([path, path], [packed, packed], [path, packed]):
        for workers in (1, 2, 4):
            scanned = scan_in_parts(source, workers=workers, range_size=50_000, block_size=10_000)
            words, counts = scanned.words(), scanned.counts
            encoded = scanned.encode(build_vocabulary(scanned))
            if first is None:
                first = words, counts, encoded
            assert words == first[0]
            assert (counts == first[1]).all()
            assert (encoded.ids == first[2].ids).all()
            assert (encoded.starts == first[2].starts).all()


def test_a_list_gives_the_same_as_the_file(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(big_text())
    from_file, from_list = scan_files(path, workers=2), scan_sentences(twin([path.read_bytes()]))
    assert from_file.words() == from_list.words()
    assert (from_file.counts == from_list.counts).all()
    assert from_file.n_raw_sentences == from_list.n_raw_sentences
    one, two = (scanned.encode(build_vocabulary(scanned)) for scanned in (from_file, from_list))
    assert (one.ids == two.ids).all()
    assert (one.starts == two.starts).all()


@pytest.mark.parametrize("workers", [1, 3])
def test_what_exceeds_the_budget_goes_to_disk_and_is_the_same(
    tmp_path, empty_temp, monkeypatch, workers
):
    monkeypatch.setattr(chunks, "SEGMENT_IDS", 10_000)
    path = tmp_path / "text"
    path.write_bytes(big_text())
    results = []
    for budget in (None, 0, 100_000, 300_000):
        scanned = scan_in_parts(
            path, workers=workers, memory_budget=budget, range_size=20_000, block_size=5_000
        )
        results.append(scanned.encode(build_vocabulary(scanned)))
        del scanned
    in_memory, on_disk = results[:2]
    assert in_memory.ids.flags.owndata or in_memory.ids.base is not None
    assert not on_disk.ids.flags.writeable
    for result in results:
        assert (result.ids == in_memory.ids).all()
        assert (result.starts == in_memory.starts).all()
    assert list(empty_temp.iterdir()) == []


def test_token_lists_go_to_disk_too(empty_temp):
    sentences = [["a", "b"], [], ["c"] * 100_000]
    scanned = scan_sentences(sentences, memory_budget=0)
    assert sentences_of(scanned) == [["a", "b"], ["c"] * 100_000]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("stage", ["scan", "encode"])
def test_a_full_disk_is_an_error_that_says_what_to_do(monkeypatch, tmp_path, stage):
    path = tmp_path / "text"
    path.write_bytes(big_text())
    scanned = scan_files(path, memory_budget=0)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda prefix: Path("/dev/full").open("r+b"))  # noqa: SIM115
    with pytest.raises(OSError, match=r"No space left.*TMPDIR.*memory_budget"):
        if stage == "scan":
            scan_files(path, workers=2, memory_budget=0)
        else:
            scanned.encode(build_vocabulary(scanned))


def test_words_of_another_vocabulary_and_what_is_not_in_it():
    for scanned in (
        scan_sentences([["a", "b", "c"], ["b"], ["c", "a"]]),
        scan_files(io.BytesIO(b"a b c\nb\nc a")),
    ):
        encoded = scanned.encode(Vocabulary(["zoo", "c", "a", 7], np.zeros(4, np.int64)))
        assert encoded.ids.tolist() == [2, 1, 1, 2]
        assert encoded.starts.tolist() == [0, 2, 4]
        assert (encoded.n_raw_tokens, encoded.n_raw_sentences) == (6, 3)
        assert (encoded.n_tokens, encoded.n_sentences) == (4, 2)


def test_a_corpus_is_encoded_once():
    scanned = scan_files(io.BytesIO(b"a b"))
    scanned.encode(build_vocabulary(scanned, min_count=1))
    with pytest.raises(RuntimeError, match="scan it again"):
        scanned.encode(build_vocabulary(scanned, min_count=1))
    assert scanned.words() == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n \v\f"])
def test_no_words_is_no_error_until_there_must_be_some(tmp_path, data):
    path = tmp_path / "blank"
    path.write_bytes(data)
    scanned = scan_files(path, workers=2)
    assert (len(scanned), scanned.n_raw_tokens, scanned.n_raw_sentences) == (0, 0, 0)
    assert scanned.words() == []
    with pytest.raises(RuntimeError, match=f"no words in {path}: empty, or all white space"):
        build_vocabulary(scanned)
    encoded = scanned.encode(Vocabulary(["a"], np.ones(1, np.int64)))
    assert encoded.ids.tolist() == []
    assert encoded.starts.tolist() == [0]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_giant_line_of_giant_words(tmp_path, workers):
    words = [b"w" * (1 << 20), b"v" * (1 << 20), b"small", b"w" * (1 << 20)]
    path = tmp_path / "giant"
    path.write_bytes(b" ".join(words))
    scanned = scan_in_parts(path, workers=workers, range_size=100_000, block_size=10_000)
    check_against_twin(scanned, twin([path.read_bytes()]))
    assert scanned.n_raw_sentences == 1


BAD = [
    (b"good b\xffd", "byte 0xff is not valid UTF-8", 6),
    (b"good caf\xc3", "byte 0xc3 is not valid UTF-8", 8),
    (b"ab\0c", "NUL", 2),
    (b"a\xff\0", "0xff", 1),
    (b"\xed\xa0\x80", "0xed", 0),
]


@pytest.mark.parametrize(("data", "reason", "place"), BAD)
@pytest.mark.parametrize("workers", [1, 3])
def test_bad_bytes_are_found_wherever_they_are(tmp_path, data, reason, place, workers):
    path = tmp_path / "bad.txt"
    before = b"fine words \xc3\xa9 here\n" * 50
    path.write_bytes(before + data + b" and " + data + b"\n" + before + b"\0\xff")
    with pytest.raises(ValueError, match=reason) as error:
        scan_in_parts(path, workers=workers, range_size=64, block_size=16)
    assert isinstance(error.value, BadText)
    assert isinstance(error.value, UnicodeDecodeError)
    assert f"bad.txt, byte {len(before) + place}:" in str(error.value)
    assert "unicode_errors='replace'" in str(error.value)
    with pytest.raises(BadText, match=f"byte {len(before) + place}:"):
        scan_in_parts(io.BytesIO(path.read_bytes()), workers=workers, block_size=16)
    packed = tmp_path / "bad.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(BadText, match=f"byte of the decompressed text {len(before) + place}:"):
        scan_in_parts([packed, packed], workers=workers, block_size=16)


@pytest.mark.parametrize("workers", [1, 3])
def test_bad_bytes_are_replaced_when_asked_and_equal_words_are_one(tmp_path, workers):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"a\xff b a\xfe a\xc3 \0 \xef\xbf\xbd\n" * 30)
    scanned = scan_in_parts(
        path, workers=workers, unicode_errors="replace", range_size=40, block_size=9
    )
    assert scanned.words() == ["a\ufffd", "b", "\ufffd"]
    assert scanned.counts.tolist() == [90, 30, 60]
    line = ["a\ufffd", "b", "a\ufffd", "a\ufffd", "\ufffd", "\ufffd"]
    assert sentences_of(scanned) == [line] * 30


def test_bad_bytes_are_kept_when_asked(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"a\xff \0 a\xfe")
    words = scan_files(path, unicode_errors="keep").words()
    assert [word.encode("utf-8", "surrogateescape") for word in words] == [
        b"a\xff",
        b"\0",
        b"a\xfe",
    ]


def test_settings_out_of_range_are_refused():
    for options, message in [
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"memory_budget": -1}, "memory_budget must be at least 0, got -1"),
        ({"unicode_errors": "ignore"}, "unicode_errors must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            scan_files(io.BytesIO(b"a"), **options)
    with pytest.raises(TypeError, match="workers must be a whole number"):
        scan_files(io.BytesIO(b"a"), workers=1.5)


# ---- token lists ----


def test_any_hashable_is_a_token():
    tokens = ["a", b"a", 1, ("t", 2), None, "a", frozenset()]
    scanned = scan_sentences([tokens, (token for token in tokens)])
    assert scanned.words() == ["a", b"a", 1, ("t", 2), None, frozenset()]
    assert scanned.counts.tolist() == [4, 2, 2, 2, 2, 2]
    assert (scanned.n_raw_tokens, scanned.n_raw_sentences) == (14, 2)


def test_a_text_is_no_list_of_sentences(caplog):
    for sentences in ("the cat", b"the cat", Path("corpus.txt")):
        with pytest.raises(TypeError, match="corpus_file"):
            scan_sentences(sentences)
    scanned = scan_sentences(["the cat", "sat"])
    (warned,) = caplog.messages
    assert "Each 'sentences' item should be a list of words" in warned
    assert "'the cat'" in warned
    assert scanned.words() == ["t", "h", "e", " ", "c", "a", "s"]


def test_what_is_no_token_or_no_sentence_is_named():
    with pytest.raises(TypeError, match=r"token 1 of sentence 2 .* is a list.*\['x'\]"):
        scan_sentences([["a"], [], ["b", ["x"]]])
    with pytest.raises(TypeError, match="sentence 1 is a int"):
        scan_sentences([["a"], 3])
    with pytest.raises(TypeError):
        scan_sentences(3)


def test_errors_of_the_users_iterable_reach_the_caller(empty_temp):
    class OwnError(Exception):
        pass

    def sentences():
        yield ["a"] * 100_000
        raise OwnError("mine")

    with pytest.raises(OwnError, match="mine"):
        scan_sentences(sentences(), memory_budget=0)

    def tokens():
        yield "a"
        raise TypeError("from the generator")

    with pytest.raises(TypeError, match="from the generator"):
        scan_sentences([tokens()])

    class Unequal:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            raise TypeError("from __eq__")

    with pytest.raises(TypeError, match="from __eq__"):
        scan_sentences([[Unequal(), Unequal()]])


# ---- progress, and being stopped ----


def test_progress_rises_to_the_total(tmp_path, monkeypatch):
    monkeypatch.setattr("cw2v.progress.REPORT_SECONDS", 0.0)
    path = tmp_path / "text"
    path.write_bytes(big_text())
    packed = tmp_path / "text.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    size = path.stat().st_size + packed.stat().st_size
    seen = []
    scan_in_parts([path, packed], report=seen.append, range_size=50_000, block_size=10_000)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert len(done) > 5
    assert done[-2] <= size
    assert done[-1] == seen[-1].total == size
    assert {(progress.stage, progress.unit) for progress in seen} == {("read", "bytes")}
    seen.clear()
    scan_files(io.BytesIO(b"a b c"), report=seen.append)
    assert (seen[-1].done, seen[-1].total) == (5, None)
    seen.clear()
    scan_sentences([["a"], ["b"]], report=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (2, 2, "sentences")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("kind", ["file", "packed", "pipe", "list"])
def test_an_error_in_report_stops_everything(tmp_path, empty_temp, monkeypatch, error, kind):
    monkeypatch.setattr("cw2v.progress.REPORT_SECONDS", 0.0)
    calls = []

    def report(progress):
        calls.append(progress)
        if len(calls) == 3:
            raise error

    data = big_text()
    path = tmp_path / "text"
    path.write_bytes(data)
    (tmp_path / "text.gz").write_bytes(gzip.compress(data, 1))
    sources = {"file": path, "packed": tmp_path / "text.gz", "pipe": io.BytesIO(data)}
    with pytest.raises(error):
        if kind == "list":
            scan_sentences([["a"] * 100] * 5000, memory_budget=0, report=report)
        else:
            scan_in_parts(
                sources[kind],
                workers=2,
                memory_budget=0,
                report=report,
                range_size=5000,
                block_size=500,
            )
    assert len(calls) == 3


@pytest.mark.skipif("CW2V_DATA" not in os.environ, reason="CW2V_DATA names no folder of texts")
def test_real_text_is_read_as_python_reads_it(tmp_path):
    files = sorted(Path(os.environ["CW2V_DATA"]).rglob("*.txt*"))
    if not files:
        pytest.skip("the folder CW2V_DATA has no texts")
    from cw2v.sources import TextReader

    for path in files[:5]:
        (text,) = find_inputs(path)
        view = memoryview(bytearray(1 << 21))
        n = 0
        with TextReader(text) as reader:
            while n < len(view) and (got := reader.read_into(view[n:])):
                n += got
        data = bytes(view[:n])
        small = tmp_path / "small.txt"
        small.write_bytes(data)
        scanned = scan_in_parts(small, workers=2, unicode_errors="keep", range_size=100_000)
        check_against_twin(scanned, twin([data]))
