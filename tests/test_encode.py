"""The word table and its tokenisers against Python's own split and Counter."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cw2v._encode import (
    PADDING,
    WordTable,
    first_space,
    keep_known,
    last_space,
    merge_tables,
)
from cw2v._tokens import find_words


def available_simd():
    names = []
    for name in ("portable", "sse2"):
        try:
            WordTable(name)
        except ValueError:
            continue
        names.append(name)
    return names


SIMD = available_simd()
WHITE_SPACE = b" \t\n\v\f\r"
texts = st.lists(
    st.one_of(
        st.sampled_from([bytes([byte]) for byte in WHITE_SPACE]),
        st.sampled_from([b"a", b"ab", b"abcdefgh", b"abcdefghi", b"\x08", b"\x0e", b"\x1f", b"!"]),
        st.sampled_from([b"\x85", b"\xa0", b"\x8a", b"\x89", b"\0", b"a\0", b"\x1c"]),
        st.binary(max_size=20),
        st.integers(60, 70).map(lambda n: b"w" * n),
    ),
    max_size=60,
).map(b"".join)


def encode(table, data, check=False):
    text = np.frombuffer(data + bytes(PADDING), dtype=np.uint8)
    ids = np.full(len(data) // 2 + 1, -7, dtype=np.int32)
    breaks = np.full(len(data) // 2 + 2, -7, dtype=np.int32)
    n_ids, n_breaks, bad = table.encode(text, len(data), check, ids, breaks)
    return ids[:n_ids], breaks[:n_breaks], bad


def twin(data):
    """Ids by first appearance and the number of words before each line end, plainly."""
    index, ids, breaks = {}, [], []
    *lines, rest = data.split(b"\n")
    for line in lines:
        ids += [index.setdefault(word, len(index)) for word in line.split()]
        if not breaks or breaks[-1] != len(ids):
            breaks.append(len(ids))
    ids += [index.setdefault(word, len(index)) for word in rest.split()]
    return list(index), ids, breaks


@pytest.mark.parametrize("simd", SIMD)
@given(data=texts)
def test_words_are_what_python_splits(simd, data):
    table = WordTable(simd)
    ids, breaks, bad = encode(table, data)
    words, expected_ids, expected_breaks = twin(data)
    assert ids.tolist() == expected_ids
    assert breaks.tolist() == expected_breaks
    assert bad is None
    raw = [word.encode("utf-8", "surrogateescape") for word in table.decode(np.arange(len(table)))]
    assert raw == words
    assert dict(zip(raw, table.counts().tolist(), strict=True)) == Counter(data.split())


@pytest.mark.parametrize("simd", SIMD)
@given(
    lengths=st.lists(st.integers(1, 20), max_size=200),
    more_space=st.lists(st.integers(0, 200), max_size=5),
    ends=st.sampled_from([b"", b" ", b"\n", b"  "]),
)
def test_words_with_one_space_between_them_and_a_few_with_more(simd, lengths, more_space, ends):
    words = [b"%d" % (i % 7) * length for i, length in enumerate(lengths)]
    for i in more_space:
        words[i:i] = [b""]
    data = ends + b" ".join(words) + ends
    ids, breaks, _ = encode(WordTable(simd), data)
    assert (ids.tolist(), breaks.tolist()) == twin(data)[1:]


@pytest.mark.parametrize("simd", SIMD)
def test_each_byte_is_white_space_or_not_at_each_place(simd):
    for byte in range(256):
        for place in (0, 1, 15, 16, 31, 32, 62, 63, 64, 65):
            data = b"x" * place + bytes([byte]) + b"y" * 70
            ids, breaks, _ = encode(WordTable(simd), data)
            assert len(ids) == len(data.split()), (byte, place)
            assert breaks.tolist() == ([int(place > 0)] if byte == 0x0A else [])


@pytest.mark.parametrize("simd", SIMD)
def test_lengths_around_the_block_of_64_bytes(simd):
    for n in range(200):
        for data in (b"w" * n, b"w" * n + b"\n", b"\n" * n, b"ab " * (n // 3), b"a " * n):
            ids, breaks, _ = encode(WordTable(simd), data)
            _, expected_ids, expected_breaks = twin(data)
            assert ids.tolist() == expected_ids
            assert breaks.tolist() == expected_breaks


def test_many_words_grow_the_table():
    words = [b"%d" % i for i in range(50_000)] + [b"long-word-%d" % i for i in range(50_000)]
    table = WordTable()
    ids, _, _ = encode(table, b" ".join(words + words[::-1]))
    assert ids.tolist() == [*range(100_000), *range(99_999, -1, -1)]
    assert (table.counts() == 2).all()


@pytest.mark.parametrize("simd", SIMD)
def test_rare_words_are_found_after_frequent_ones_took_their_places(simd):
    words = [b"%d" % i for i in range(3000)] + [b"%d-of-many-long-words" % i for i in range(70)]
    rng = np.random.default_rng(1)
    again = np.concatenate([np.arange(len(words)), rng.zipf(1.2, 100_000) % len(words)])
    ids, _, _ = encode(table := WordTable(simd), b" ".join([words[i] for i in again]))
    assert (ids == again).all()
    assert (table.counts() == np.bincount(again)).all()
    assert find_words(table, [word.decode() for word in words]).tolist() == [*range(len(words))]


def test_words_that_differ_late_in_length_or_in_zeros_are_different():
    words = [b"a", b"a\0", b"a\0\0", b"abcdefgh", b"abcdefgh\0", b"abcdefghi", b"abcdefghj"]
    words += [b"0123456789abcde", b"0123456789abcde\0", b"0123456789abcde\0\0", b"0123456789abcdef"]
    words += [b"x" * n for n in range(1, 100)] + [b"x" * n + b"y" for n in range(1, 100)]
    ids, _, _ = encode(WordTable(), b" ".join(words * 2))
    assert ids.tolist() == [*range(len(words))] * 2


def test_a_word_of_megabytes_is_one_word():
    word = b"word" * (1 << 19)
    table = WordTable()
    ids, _, _ = encode(table, word + b" " + word + b"x " + word)
    assert ids.tolist() == [0, 1, 0]
    assert find_words(table, [word.decode()]).tolist() == [0]


@given(st.lists(st.one_of(st.binary(max_size=6), st.text(max_size=4).map(str.encode))))
def test_checking_agrees_with_pythons_decoder(parts):
    data = b" ".join(parts)
    _, _, bad = encode(WordTable(), data, check=True)

    def is_bad(word):
        try:
            word.decode()
        except UnicodeDecodeError:
            return True
        return b"\0" in word

    first = next((word for word in data.split() if is_bad(word)), None)
    if first is None:
        assert bad is None
    else:
        assert data[bad[0] : bad[0] + bad[1]] == first


def test_all_pairs_and_hard_triples_of_bytes_are_checked_as_python_does():
    heads = [0x00, 0x7F, 0x80, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF]
    tails = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
    words = [bytes([a]) for a in range(256)] + [bytes([a, b]) for a in heads for b in tails]
    words += [bytes([a, b, c]) for a in heads for b in tails for c in tails]
    words += [bytes([a, b, c, 0x80]) for a in heads for b in tails for c in tails]
    for word in words:
        if word.split() != [word]:
            continue
        try:
            valid = b"\0" not in word and word.decode() is not None
        except UnicodeDecodeError:
            valid = False
        _, _, bad = encode(WordTable(), word, check=True)
        assert (bad is None) == valid, word


def test_a_bad_byte_is_found_at_each_place_of_words_of_each_length():
    for length in range(1, 25):
        for place in range(length):
            for byte in (0x00, 0x80, 0xFF):
                word = bytearray(b"w" * length)
                word[place] = byte
                _, _, bad = encode(WordTable(), b"good " + word + b" end", check=True)
                assert bad == (5, length), word


def test_words_are_added_found_and_decoded():
    table = WordTable()
    assert [table.add(word.encode()) for word in ("a", "bé", "longer than eight", "a")] == [
        0,
        1,
        2,
        0,
    ]
    assert find_words(table, ["bé", "no", "", 3, "\ud800", "a"]).tolist() == [1, -1, -1, -1, -1, 0]
    assert table.decode(np.array([2, 0])) == ["longer than eight", "a"]
    with pytest.raises(IndexError, match="no word 3"):
        table.decode(np.array([3]))
    with pytest.raises(ValueError, match="at least one byte"):
        table.add(b"")
    with pytest.raises(ValueError, match="no tokeniser called 'avx9'"):
        WordTable("avx9")


def test_tables_merge_in_the_order_given():
    first, second = WordTable(), WordTable()
    encode(first, b"a b c")
    encode(second, b"c d a")
    ids = np.empty(6, dtype=np.int32)
    owners, theirs = np.int32([1, 0, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    merged = merge_tables([first, second], owners, theirs, ids)
    assert merged.decode(np.arange(len(merged))) == ["c", "a", "b", "d"]
    assert ids.tolist() == [0, 1, 2, 3, 0, 1]
    with pytest.raises(IndexError, match="no word 3 of table 0"):
        merge_tables([first], np.int32([0]), np.array([3]), np.empty(1, np.int32))


def test_buffers_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="too small"):
        WordTable().encode(b"short", 5, True, np.empty(9, np.int32), np.empty(9, np.int32))
    with pytest.raises(ValueError, match="no room"):
        keep_known(
            np.int32([0, 0]),
            np.int32([]),
            np.int32([0]),
            np.empty(1, np.int32),
            np.empty(0, np.int64),
        )


@given(data=texts)
def test_the_first_and_the_last_space_are_found(data):
    spaces = [i for i, byte in enumerate(data) if byte in WHITE_SPACE]
    assert first_space(data, 0, len(data)) == (spaces[0] if spaces else -1)
    assert last_space(data, 0, len(data)) == (spaces[-1] if spaces else -1)


def test_ids_are_translated_and_ends_counted():
    kept, ends = np.empty(6, np.int32), np.empty(3, np.int64)
    ids, breaks = np.int32([0, 1, 2, 1, 0]), np.int32([0, 2, 4])
    assert keep_known(ids, breaks, np.int32([5, -1, 7]), kept, ends) == 3
    assert kept[:3].tolist() == [5, 7, 5]
    assert ends.tolist() == [0, 1, 2]


@given(st.lists(st.integers(0, 9), max_size=300), st.lists(st.integers(0, 300), max_size=40))
def test_ids_are_translated_whatever_the_sentences(ids, breaks):
    to_word = np.int32([4, -1, 2, -1, -1, 0, 1, 3, -1, 5])
    breaks = sorted(min(place, len(ids)) for place in breaks)
    words = to_word[ids]
    n_kept = int(np.sum(words >= 0))
    kept, ends = np.full(n_kept + 1, -7, np.int32), np.full(len(breaks), -7, np.int64)
    assert keep_known(np.int32(ids), np.int32(breaks), to_word, kept, ends) == n_kept
    assert kept[:n_kept].tolist() == words[words >= 0].tolist()
    assert ends.tolist() == [np.sum(words[:place] >= 0) for place in breaks]
