"""The reference implementation of tables, trees, random numbers and blocks, in plain Python.

`_blocks`, `_noise`, `_alias` and `_tree` are tested against this file; see `cw2v.reference`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree

Floats = NDArray[Any]

X_MAX = 16  # rows of W that one block may have
MASK64 = (1 << 64) - 1


# ---- what follows from counts ---------------------------------------------------------------


class Node(int):
    """A node of the tree: nodes compare by count alone, and have a number."""

    number: int

    @classmethod
    def numbered(cls, count: int, number: int) -> Node:
        """Make a node."""
        node = cls(count)
        node.number = number
        return node


def build_tree(counts: NDArray[np.int64]) -> HuffmanTree:
    """Return the Huffman tree that `heapq` gives where it can compare nothing but counts."""
    n = len(counts)
    heap = [Node.numbered(count, word) for word, count in enumerate(counts.tolist())]
    heapify(heap)
    above: dict[int, tuple[int, int]] = {}  # the node that joined this one, and on which side
    for joined in range(n, 2 * n - 1):
        left, right = heappop(heap), heappop(heap)
        above[left.number] = joined, 0
        above[right.number] = joined, 1
        heappush(heap, Node.numbered(left + right, joined))
    codes, points = [], []
    for node in range(n):
        path = []
        while node in above:
            path.append(above[node])
            node = above[node][0]
        codes.append(np.array([side for _, side in reversed(path)], np.uint8))
        points.append(np.array([joined - n for joined, _ in reversed(path)], np.uint32))
    return HuffmanTree.from_paths(codes, points)


def alias_table(weights: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return the alias table (Vose 1991) of weights of mean 1; see `cw2v.noise.noise_table`."""
    n = len(weights)
    accept, alias, left = np.ones(n), np.arange(n), weights.copy()
    # Every column below the mean is filled up by one above it, which shrinks by as much.
    small = np.flatnonzero(left < 1).tolist()
    large = np.flatnonzero(left >= 1).tolist()
    while small and large:
        low, high = small.pop(), large[-1]
        accept[low] = left[low]
        alias[low] = high
        left[high] -= 1 - left[low]
        if left[high] < 1:
            small.append(large.pop())
    # The columns left over are 1 but for rounding.
    table = np.empty((n, 2), np.uint32)
    table[:, 0] = np.minimum(accept * 2.0**32, 2**32 - 1)
    table[:, 1] = alias
    return table


# ---- random numbers ------------------------------------------------------------------------


def mixed(x: int) -> int:
    """Scatter 64 bits: the finalizer of SplitMix64 (Steele et al. 2014)."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


class Rng:
    """xoshiro256++ (Blackman and Vigna 2021), in Python's own integers."""

    def __init__(self, base: int, number: int) -> None:
        self.s = [
            mixed((int(base) + mixed(number) + i * 0x9E3779B97F4A7C15) & MASK64)
            for i in (1, 2, 3, 4)
        ]

    def next_u64(self) -> int:
        """Return 64 random bits."""
        s = self.s

        def rotate_left(x: int, n: int) -> int:
            return ((x << n) | (x >> (64 - n))) & MASK64

        result = (rotate_left((s[0] + s[3]) & MASK64, 23) + s[0]) & MASK64
        t = (s[1] << 17) & MASK64
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate_left(s[3], 45)
        return result

    def next_u32(self) -> int:
        """Return 32 random bits, the upper half of 64."""
        return self.next_u64() >> 32


def below(n: int, random: int) -> int:
    """Return a number from 0 to n - 1 out of 32 random bits."""
    return random * n >> 32


def draw_noise(noise: NDArray[np.uint32], rng: Rng) -> int:
    """Draw a word from the table that `cw2v.noise.noise_table` makes."""
    random = rng.next_u64()
    column = below(len(noise), random >> 32)
    accept, alias = noise[column]
    return column if accept >= random & 0xFFFFFFFF else int(alias)


# ---- blocks ----------------------------------------------------------------------------------


class Labels(NamedTuple):
    """How many positive and negative pairs each row of x makes with each row of y."""

    pairs: Floats  # (n_x,) positive pairs of each row of x
    noise: Floats  # (n_y,) how often y is a negative sample of each pair with another target
    positives: Floats  # (n_x, n_y) positive pairs of x and y

    @property
    def negatives(self) -> Floats:
        """The number of negative pairs of x and y, shape (n_x, n_y)."""
        result: Floats = self.noise * (self.pairs[:, np.newaxis] - self.positives)
        return result


class Block(NamedTuple):
    """A few centres, in CBOW one, with their context words and noise words."""

    x: NDArray[np.int32]  # (n_x,) the context words: in skip-gram distinct, in CBOW of one centre
    y: NDArray[np.int32]  # (n_y,) the centres, then the noise words, all distinct
    labels: Labels


class Piece(NamedTuple):
    """The words of one piece of the corpus that subsampling left."""

    words: list[int]
    sentence: list[int]  # the sentence of each
    first_centre: int  # words before this one and from `last_centre` on are context only
    last_centre: int


def subsample(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    first: int,
    last: int,
    keep: NDArray[np.uint32],
    window: int,
    rng: Rng,
) -> Piece:
    """Subsample tokens `first` to `last`, with up to `window` words of context beyond."""

    def is_kept(word: int) -> bool:
        return bool(keep[word] >= rng.next_u32())

    sentence_of = np.searchsorted(starts, np.arange(len(ids)), side="right") - 1
    before: list[int] = []
    for at in range(first - 1, -1, -1):
        if len(before) == window or sentence_of[at] != sentence_of[first]:
            break
        if is_kept(ids[at]):
            before.insert(0, at)
    within = [at for at in range(first, last) if is_kept(ids[at])]
    after: list[int] = []
    for at in range(last, len(ids)):
        if len(after) == window or sentence_of[at] != sentence_of[last - 1]:
            break
        if is_kept(ids[at]):
            after.append(at)
    kept = before + within + after
    return Piece(
        [int(ids[at]) for at in kept],
        [int(sentence_of[at]) for at in kept],
        len(before),
        len(before) + len(within),
    )


def distinct(words: list[int]) -> NDArray[np.int32]:
    """Return the distinct words in order of appearance."""
    return np.array(list(dict.fromkeys(words)), np.int32)


def centres_of(
    piece: Piece, rng: Rng, *, window: int, span: int, shrink_windows: bool
) -> Iterator[dict[int, list[int]]]:
    """Yield up to `span` consecutive centres at a time, all different words.

    They are yielded as {place of the centre: places of its context}, without centres that have no
    context.
    """
    begin = piece.first_centre
    while begin < piece.last_centre:
        contexts = {}
        for centre in range(begin, min(begin + span, piece.last_centre)):
            if piece.words[centre] in piece.words[begin:centre]:
                break
            radius = 1 + below(window, rng.next_u32()) if shrink_windows else window
            contexts[centre] = [
                at
                for at in range(max(0, centre - radius), min(len(piece.words), centre + radius + 1))
                if piece.sentence[at] == piece.sentence[centre] and at != centre
            ]
        begin += len(contexts)
        yield {centre: places for centre, places in contexts.items() if places}


def skipgram_rows(
    piece: Piece, contexts: dict[int, list[int]], most_pairs: int
) -> Iterator[dict[int, NDArray[np.int_]]]:
    """Yield the distinct context words of some centres, with their positive pairs with each.

    Wide windows are divided into slices of at most X_MAX places. A slice is cut before an
    occurrence of a word that would give it more than `most_pairs` pairs.
    """
    first = min(min(centre, *places) for centre, places in contexts.items())
    last = max(max(centre, *places) for centre, places in contexts.items()) + 1
    width = last - first
    if width - (len(contexts) == 1) > X_MAX:
        width = -(-width // -(-width // X_MAX))
    for start in range(first, last, width):
        rows: dict[int, NDArray[np.int_]] = {}
        for at in range(start, min(start + width, last)):
            word = piece.words[at]
            positives = np.array([at in places for places in contexts.values()], int)
            if not positives.any():
                continue
            if word in rows and rows[word].sum() + positives.sum() > most_pairs:
                yield rows
                rows = {}
            rows[word] = rows.get(word, 0) + positives
        if rows:
            yield rows


def noise_by_turns(
    noise: NDArray[np.uint32], rng: Rng, *, n_noise: int, noise_sets: int, noise_uses: int
) -> Iterator[list[int]]:
    """Yield the `n_noise` noise words of one block after another.

    Blocks use `noise_sets` sets in turn. Each set is drawn anew after `noise_uses` uses, but not
    all in the same round, so at first some are used less often.
    """
    sets: list[list[int]] = [[]] * noise_sets
    for used in itertools.count():
        for turn in range(noise_sets):
            if used == 0 or (used + turn) % noise_uses == 0:
                sets[turn] = [draw_noise(noise, rng) for _ in range(n_noise)]
            yield sets[turn]


def blocks(
    piece: Piece,
    noise: NDArray[np.uint32],
    rng: Rng,
    noise_rng: Rng,
    *,
    window: int,
    negative: int,
    span: int,
    n_noise: int,
    noise_sets: int = 1,
    noise_uses: int = 1,
    most_pairs: int,
    shrink_windows: bool,
    sg: bool = True,
) -> Iterator[Block]:
    """Yield the blocks of a piece: up to `span` centres, which share `n_noise` noise words.

    In CBOW a block is one centre; see `noise_by_turns`.
    """
    turns = noise_by_turns(
        noise, noise_rng, n_noise=n_noise, noise_sets=noise_sets, noise_uses=noise_uses
    )

    def block(x: list[int], positives_of_centres: Floats) -> Block:
        """Add noise; `positives_of_centres` is of shape (n_x, n_centres)."""
        drawn = next(turns)
        y = distinct(targets + drawn)
        positives = np.zeros((len(positives_of_centres), len(y)))
        positives[:, : len(targets)] = positives_of_centres
        weights = np.array([float(drawn.count(word)) for word in y])
        labels = Labels(positives.sum(axis=1), weights * (negative / max(1, n_noise)), positives)
        return Block(np.array(x, np.int32), y, labels)

    for contexts in centres_of(piece, rng, window=window, span=span, shrink_windows=shrink_windows):
        targets = [piece.words[centre] for centre in contexts]
        if contexts and sg:
            for rows in skipgram_rows(piece, contexts, most_pairs):
                yield block(list(rows), np.stack(list(rows.values())))
        elif contexts:
            (places,) = contexts.values()
            yield block([piece.words[at] for at in places], np.ones((1, 1)))
