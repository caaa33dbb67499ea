"""Lists of tokens, and words looked up, against Python's own dict and Counter."""

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cw2v._encode import WordTable
from cw2v._tokens import TokenEncoder, find_words


def encode_all(sentences, size=1 << 12):
    """Encode by pieces of `size`; returns the encoder, the ids and where sentences end."""
    encoder = TokenEncoder(iter(sentences))
    ids, ends, done = [], set(), False
    while not done:
        part, breaks = np.empty(size, np.int32), np.empty(size, np.int32)
        n_ids, n_breaks, done = encoder.fill(part, breaks)
        ends |= {len(ids) + end for end in breaks[:n_breaks].tolist()}
        ids += part[:n_ids].tolist()
    return encoder, ids, ends


class Word(str):
    """A str that is none exactly."""

    __slots__ = ()


words = st.one_of(
    st.sampled_from("abcdefgh"),
    st.text(max_size=20),
    st.text(st.characters(codec=None, categories=("Cs", "Ll")), max_size=3),
    st.sampled_from([0, 1.5, (1, 2), None, b"a", Word("a"), Word("\xe9\u20ac\U0001f600")]),
)


@settings(max_examples=100)
@given(
    sentences=st.lists(
        st.one_of(st.lists(words, max_size=9), st.lists(words, max_size=9).map(tuple)), max_size=9
    ),
    size=st.integers(1, 9),
)
def test_tokens_get_ids_by_first_appearance_in_pieces_of_any_size(sentences, size):
    encoder, ids, ends = encode_all(sentences, size)
    tokens = [token for sentence in sentences for token in sentence]
    assert [encoder.words[i] for i in ids] == tokens
    assert encoder.words == list(dict.fromkeys(tokens))
    assert dict(zip(encoder.words, encoder.counts().tolist(), strict=True)) == Counter(tokens)
    assert ends == set(np.cumsum([len(sentence) for sentence in sentences]).tolist())
    assert encoder.n_sentences == len(sentences)
    found = encoder.find([*encoder.words, "no such word", -5])
    assert found.tolist() == [*range(len(encoder.words)), -1, -1]


def test_strings_that_are_looked_up_together_may_be_of_any_length_and_kind():
    kinds = ["x", "\xe9", "\u20ac", "\U0001f600", "\udc80", "\0"]
    sentence = [kinds[i % 6] * (1 + i * i % 700) for i in range(3000)]
    sentence += ["z" * 3_000_000, *sentence]
    encoder, ids, _ = encode_all([sentence])
    assert encoder.words == list(dict.fromkeys(sentence))
    assert [encoder.words[i] for i in ids] == sentence


def test_a_list_may_change_while_it_is_read():
    class Shortening:
        def __hash__(self):
            del sentence[2:]
            return 1

    class Growing:
        def __hash__(self):
            if len(sentence) == 2:
                sentence.append("c")
            return 2

    sentence = ["a", Shortening(), "b", "b"]
    encoder, ids, _ = encode_all([sentence])
    assert len(ids) == 2
    sentence = ["a", Growing()]
    encoder, ids, _ = encode_all([sentence])
    assert encoder.words == sentence
    assert len(ids) == 3


def test_tokens_are_let_go():
    """So is True, which answers whether a str is ASCII."""
    tokens = [f"token {i}" for i in range(1000)]
    before = [sys.getrefcount(token) for token in tokens]
    before_true = sys.getrefcount(True)
    encoder, _, _ = encode_all([tokens, tokens, iter(tokens)])
    assert abs(sys.getrefcount(True) - before_true) < 1000
    find_words(WordTable(), tokens)
    del encoder
    assert [sys.getrefcount(token) for token in tokens] == before


def test_a_token_without_a_hash_is_named():
    with pytest.raises(TypeError, match=r"token 2 of sentence 1 .* a list, which cannot be a word"):
        encode_all([["a"], ["a", "b", []]])
    with pytest.raises(TypeError, match=r"token 2 of sentence 1 .* a list, which cannot be a word"):
        encode_all([["a"], ("a", "b", [])])


def test_words_are_found_among_many_that_are_not_there():
    table = WordTable()
    known = [f"word{i}" for i in range(0, 3000, 3)] + [f"\xe9t\xe9{i}" for i in range(100)]
    for word in known:
        table.add(word.encode())
    table.add(b"a\xff")
    asked = [f"word{i}" for i in range(3000)] + known + ["", None, 3, "a\udcff", "\ud800"]
    index = {word: i for i, word in enumerate(known)} | {"a\udcff": len(known)}
    assert find_words(table, asked).tolist() == [index.get(word, -1) for word in asked]
    assert find_words(table, []).tolist() == []
    assert find_words(table, ["a\udcff", "word3"], False).tolist() == [-1, 1]
