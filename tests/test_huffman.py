"""The Huffman tree: a prefix code of the least mean length, the same rows as gensim's."""

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from cw2v import referencedraws
from cw2v.huffman import HuffmanTree, build_tree


def least_cost(counts: list[int]) -> int:
    """The sum of count times depth over all words of any Huffman tree."""
    heap = list(counts)
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    return cost


@given(st.lists(st.integers(0, 50), min_size=2, max_size=60))
def test_it_is_a_prefix_code_of_the_least_length(counts: list[int]):
    tree = build_tree(np.array(counts, np.int64))
    paths = [tuple(tree.code(word)) for word in range(len(counts))]
    assert sum(2.0 ** -len(path) for path in paths) == 1  # Kraft: every branch ends in a word
    assert len(set(paths)) == len(paths)
    lengths = np.array([len(path) for path in paths])
    assert counts @ lengths == least_cost(counts)
    assert tree.depth == lengths.max()


@given(st.lists(st.integers(1, 50), min_size=2, max_size=60))
def test_equal_branches_pass_equal_nodes(counts: list[int]):
    tree = build_tree(np.array(counts, np.int64))
    node_at: dict[tuple[int, ...], int] = {}
    for word in range(len(counts)):
        code = tuple(tree.code(word))
        for depth, node in enumerate(tree.point(word)):
            assert node_at.setdefault(code[:depth], node) == node
    assert node_at[()] == len(counts) - 2  # the root
    assert sorted(node_at.values()) == list(range(len(counts) - 1))


@pytest.mark.parametrize("n_words", [0, 1])
def test_fewer_than_two_words_need_no_node(n_words: int):
    tree = build_tree(np.ones(n_words, np.int64))
    assert len(tree) == n_words
    assert tree.depth == 0


def test_counts_as_steep_as_can_be_give_a_comb():
    counts = [1, 1]
    while len(counts) < 85:
        counts.append(counts[-1] + counts[-2])
    assert build_tree(np.array(counts, np.int64)).depth == 84


def assert_same_tree(tree: HuffmanTree, expected: HuffmanTree) -> None:
    assert_array_equal(tree.starts, expected.starts)
    assert_array_equal(tree.codes, expected.codes)
    assert_array_equal(tree.points, expected.points)


@pytest.mark.parametrize("most", [1, 3, 50, 2**63 - 1])
@given(data=st.data())
def test_equal_counts_are_joined_in_the_order_of_heapq(most: int, data: st.DataObject):
    counts = np.array(data.draw(st.lists(st.integers(0, most), max_size=80)), np.int64)
    assert_same_tree(build_tree(counts), referencedraws.build_tree(counts))


@pytest.mark.parametrize("n_words", [5, 500])
def test_sums_may_take_more_than_64_bits(n_words: int):
    counts = np.iinfo(np.int64).max - np.arange(n_words)
    assert_same_tree(build_tree(counts), referencedraws.build_tree(counts))


@pytest.mark.parametrize("n_words", [2499, 2500, 2501, 2502, 20_000])
@pytest.mark.parametrize("order", ["falling", "rising", "any"])
def test_a_large_tree_is_that_of_heapq(n_words: int, order: str):
    counts = np.random.default_rng(n_words).zipf(1.5, n_words).clip(max=10**6).astype(np.int64)
    if order != "any":
        counts = np.sort(counts)[:: -1 if order == "falling" else 1]
    assert_same_tree(build_tree(counts), referencedraws.build_tree(counts))


def test_paths_of_a_tree_make_it_again():
    tree = build_tree(np.array([40, 30, 7, 7, 2, 1], np.int64))
    words = range(len(tree))
    again = HuffmanTree.from_paths([tree.code(i) for i in words], [tree.point(i) for i in words])
    assert_same_tree(again, tree)


def test_paths_that_do_not_fit_are_refused():
    code, point = np.zeros(2, np.uint8), np.zeros(2, np.uint32)
    with pytest.raises(ValueError, match="word 1 has a code and a path of different lengths"):
        HuffmanTree.from_paths([code, code], [point, point[:1]])
    with pytest.raises(ValueError, match="nodes of a tree of 2 words"):
        HuffmanTree.from_paths([code, code], [point, point + 2])


@pytest.mark.parametrize("n_words", [2, 3, 50, 3000])  # heapify takes another way above 2,500
def test_words_of_equal_counts_have_gensims_paths(n_words):
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    rng = np.random.default_rng(n_words)
    counts = np.sort(rng.zipf(1.5, n_words).clip(max=500))[::-1].astype(np.int64)
    model = gensim.Word2Vec(hs=1, negative=0, min_count=1, vector_size=1)
    model.build_vocab_from_freq({f"w{i}": int(count) for i, count in enumerate(counts)})
    counts = np.array([model.wv.get_vecattr(i, "count") for i in range(n_words)], np.int64)
    tree = build_tree(counts)
    for word in range(n_words):
        assert_array_equal(tree.code(word), model.wv.get_vecattr(word, "code"))
        assert_array_equal(tree.point(word), model.wv.get_vecattr(word, "point"))
