"""Counts -> Vocabulary: which words, in which order, and what is said when none is left."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cw2v.corpus import scan_sentences
from cw2v.vocab import (
    CountedMapping,
    build_vocabulary,
    by_falling_count,
    choose_words,
    why_empty,
)


def test_ids_go_by_falling_count_and_ties_by_reverse_first_appearance():
    scanned = scan_sentences([["b", "a", "c", "a", "d", "d"]])
    vocabulary = build_vocabulary(scanned, min_count=1)
    assert vocabulary.words == ["d", "a", "c", "b"]
    assert vocabulary.counts.tolist() == [2, 2, 1, 1]
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary.index == {"d": 0, "a": 1, "c": 2, "b": 3}
    assert len(vocabulary) == 4


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 3)))
def test_counts_of_any_size_are_put_in_order(counts):
    expected = sorted(range(len(counts)), key=lambda row: (-counts[row], -row))
    assert by_falling_count(np.array(counts, dtype=np.int64)).tolist() == expected


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1), st.integers(0, 3))
def test_the_order_is_that_of_a_plain_sort(tokens, min_count):
    counts = Counter(tokens)
    first = {token: tokens.index(token) for token in counts}
    expected = sorted(
        (token for token in counts if counts[token] >= min_count),
        key=lambda token: (-counts[token], -first[token]),
    )
    for make in (
        lambda: build_vocabulary(scan_sentences([tokens]), min_count=min_count),
        lambda: build_vocabulary(CountedMapping(counts), min_count=min_count),
    ):
        if expected:
            assert make().words == expected
            assert make().counts.tolist() == [counts[token] for token in expected]
        else:
            with pytest.raises(RuntimeError, match="no word occurs"):
                make()


def test_a_vocabulary_of_one_word_is_legal():
    assert build_vocabulary(scan_sentences([["a"] * 5])).words == ["a"]


def test_no_word_left_says_what_there_was():
    scanned = scan_sentences([["the", "cat", "the"], ["dog", "the"]])
    with pytest.raises(RuntimeError) as error:
        build_vocabulary(scanned, min_count=5)
    assert str(error.value) == (
        "no word occurs 5 times (min_count=5) in the sentences given; the commonest of 3 is "
        "'the', with 3. Lower min_count, or check how the text is split."
    )
    with pytest.raises(RuntimeError, match="no words in the sentences given: empty"):
        build_vocabulary(scan_sentences([]))
    with pytest.raises(RuntimeError, match="the commonest of 1 is 'a', with 2"):
        build_vocabulary(CountedMapping({"a": 2}))
    with pytest.raises(RuntimeError, match="no words in the counts given"):
        build_vocabulary(CountedMapping({}))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="min_count must be at least 0, got -1"):
        build_vocabulary(scan_sentences([["a"]]), min_count=-1)
    with pytest.raises(TypeError, match="min_count must be a whole number"):
        build_vocabulary(scan_sentences([["a"]]), min_count=2.5)
    with pytest.raises(ValueError, match="count of 'a' must be 0"):
        build_vocabulary(CountedMapping({"a": -1}))
    with pytest.raises(ValueError, match="count of 'a' must be 0"):
        build_vocabulary(CountedMapping({"a": 2**63}))
    with pytest.raises(TypeError, match="count of 'a' must be a whole number"):
        build_vocabulary(CountedMapping({"a": 1.5}))


def test_counts_above_32_bits_keep_their_order():
    vocabulary = build_vocabulary(CountedMapping({"a": 2**40, "b": 2**62, "c": 2**40 + 1}))
    assert vocabulary.words == ["b", "c", "a"]
    assert vocabulary.counts.tolist() == [2**62, 2**40 + 1, 2**40]


def test_ties_that_max_final_vocab_cannot_part_are_named():
    counted = CountedMapping({"a": 7, "b": 7, "c": 7})
    choice = choose_words(counted, min_count=1, max_final_vocab=2)
    assert why_empty(counted, choice) == (
        "max_final_vocab is too small: of the 3 words in the counts given more than that occur 7 "
        "times, as the commonest, 'a'. Raise it"
    )
