"""Every step and sampler again in plain NumPy: slow, and plainly right.

The compiled code is tested against this file, and this file against the formulas of the
papers. It works in the precision of the arrays it is given, so that gradients can be checked
by finite differences in float64.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.noise import most_pairs, noise_sets, noise_span, noise_words, rows_together
from cw2v.params import TrainParams

Floats = NDArray[Any]

X_MAX = 16  # rows of W that one block may have
MASK64 = (1 << 64) - 1


# ---- the logistic loss and the kernels ------------------------------------------------------


def sigmoid(t: Floats) -> Floats:
    """Return 1 / (1 + exp(-t)), without overflow."""
    e = np.exp(-np.abs(t))
    result: Floats = np.where(t < 0, e, 1) / (1 + e)
    return result


def softplus(t: Floats) -> Floats:
    """Return log(1 + exp(t)), without overflow."""
    return np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t)))


class Labels(NamedTuple):
    """What the pairs of a row of x and a row of y are to score, and how much each counts."""

    pairs: Floats  # (n_x,) how many words each row of x is to predict
    noise: Floats  # (n_y,) how often those that are not the word of y score it as noise
    seen: Floats  # (n_x, n_y) how many of them are the word of y

    @property
    def unseen(self) -> Floats:
        """How often each row of x is to score each row of y low, shape (n_x, n_y)."""
        result: Floats = self.noise * (self.pairs[:, np.newaxis] - self.seen)
        return result


def logistic_loss(s: Floats, labels: Labels) -> float:
    """Return the loss of a block's logits `s` (n_x, n_y).

    The negated eq. 4 of Mikolov et al. 2013 (arXiv 1310.4546), where a word that is seen is to
    score high and noise words low; or the negated logarithm of their eq. 3, where a node at
    which the path turns left is seen.
    """
    return float((labels.seen * softplus(-s) + labels.unseen * softplus(s)).sum())


def logistic_error(s: Floats, labels: Labels, lr: float) -> Floats:
    """Return -lr times the derivative of `logistic_loss` by the logits, shape (n_x, n_y)."""
    error: Floats = lr * (labels.seen - (labels.seen + labels.unseen) * sigmoid(s))
    return error


def update(x: Floats, y: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return X + G Y and Y + G^T X for x (n_x, dim), y (n_y, dim) and g (n_x, n_y)."""
    return x + g @ y, y + g.T @ x


# ---- one step -------------------------------------------------------------------------------


class Block(NamedTuple):
    """A few centres, in CBOW one, with the words around them and their noise words."""

    x: NDArray[np.int32]  # skip-gram: (n_x,) the words around them, each once; CBOW: around one
    y: NDArray[np.int32]  # (n_y,) the centres, then the noise words, each once
    labels: Labels


class Targets(NamedTuple):
    """Rows of one W' that a block is to score."""

    y: NDArray[np.int32]  # (n_y,) each once
    labels: Labels


def noise_targets(block: Block) -> Targets:
    """Return the rows of syn1neg: the centres and their noise words."""
    return Targets(block.y, block.labels)


def path_targets(block: Block, tree: HuffmanTree) -> Targets:
    """Return the rows of syn1: the nodes on the way to the only centre of a block."""
    point, code = tree.point(int(block.y[0])), tree.code(int(block.y[0]))
    pairs = block.labels.pairs
    return Targets(point, Labels(pairs, np.ones(len(point)), np.outer(pairs, 1.0 - code)))


def skipgram_loss(w: Floats, w_out: Floats, x: NDArray[np.int32], targets: Targets) -> float:
    """Return the loss of one block under W (n_words, dim) and W' (n_words, dim)."""
    return logistic_loss(w[x] @ w_out[targets.y].T, targets.labels)


def skipgram_step(
    w: Floats,
    w_out: Floats,
    x: NDArray[np.int32],
    targets: Targets,
    lr: float,
    *,
    lockf: Floats | None = None,
) -> float:
    """Move W and W' one step down the loss of a block, in place; return the loss before.

    Row i of W moves by ``lockf[i]`` of its step, by all of it where `lockf` is None.
    """
    before, y = w[x], w_out[targets.y]
    s = before @ y.T
    g = logistic_error(s, targets.labels, lr)
    moved, w_out[targets.y] = update(before, y, g)
    part = 1 if lockf is None else lockf[x, np.newaxis]
    w[x] = before + part * (moved - before)
    return logistic_loss(s, targets.labels)


def projection(w: Floats, around: NDArray[np.int32], *, cbow_mean: bool) -> Floats:
    """Return the mean (or sum) of the rows of W of the words around a centre, as they stand."""
    h: Floats = w[around].mean(axis=0) if cbow_mean else w[around].sum(axis=0)
    return h


def cbow_loss(
    w: Floats, w_out: Floats, around: NDArray[np.int32], targets: Targets, *, cbow_mean: bool
) -> float:
    """Return the loss of the projection under W (n_words, dim) and W' (n_words, dim)."""
    h = projection(w, around, cbow_mean=cbow_mean)
    return logistic_loss(h[np.newaxis] @ w_out[targets.y].T, targets.labels)


def cbow_step(
    w: Floats,
    w_out: Floats,
    around: NDArray[np.int32],
    targets: Targets,
    lr: float,
    *,
    cbow_mean: bool,
    corrected_cbow: bool,
    lockf: Floats | None = None,
) -> float:
    """Move W and W' one step down the loss of a block, in place; return the loss before.

    Unless `corrected_cbow`, as word2vec.c and gensim do it: n times as far as the gradient for
    the mean, an n-th as far for the sum.
    """
    h, y = projection(w, around, cbow_mean=cbow_mean)[np.newaxis], w_out[targets.y]
    s = h @ y.T
    g = logistic_error(s, targets.labels, lr)
    w_out[targets.y] += g.T @ h
    n = len(around)
    scale = 1 / n if cbow_mean == corrected_cbow else 1.0
    part = np.ones((n, 1)) if lockf is None else lockf[around, np.newaxis]
    np.add.at(w, around, part * scale * (g @ y))
    return logistic_loss(s, targets.labels)


# ---- what follows from counts ---------------------------------------------------------------


class Node(int):
    """The count of a node, which is all that nodes are compared by, and its number."""

    number: int

    @classmethod
    def numbered(cls, count: int, number: int) -> Node:
        """Make one."""
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
    """Return the table of Vose's method for weights of mean 1; see `cw2v.noise.noise_table`."""
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
    # What is left over is 1 but for rounding.
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


class Piece(NamedTuple):
    """The words of one piece of the corpus that subsampling left."""

    words: list[int]
    sentence: list[int]  # the sentence that each is in
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

    Each is given with the places around it, without those centres that have none.
    """
    begin = piece.first_centre
    while begin < piece.last_centre:
        near = {}
        for centre in range(begin, min(begin + span, piece.last_centre)):
            if piece.words[centre] in piece.words[begin:centre]:
                break
            reach = 1 + below(window, rng.next_u32()) if shrink_windows else window
            near[centre] = [
                at
                for at in range(max(0, centre - reach), min(len(piece.words), centre + reach + 1))
                if piece.sentence[at] == piece.sentence[centre] and at != centre
            ]
        begin += len(near)
        yield {centre: places for centre, places in near.items() if places}


def skipgram_rows(
    piece: Piece, near: dict[int, list[int]], most_pairs: int
) -> Iterator[dict[int, NDArray[np.int_]]]:
    """Yield the words near to these centres, each once, and how often it has seen each.

    All that wide windows have come in slices, of at most X_MAX places; and a slice is cut before
    a word that would have more than `most_pairs` pairs.
    """
    first = min(min(centre, *places) for centre, places in near.items())
    last = max(max(centre, *places) for centre, places in near.items()) + 1
    width = last - first
    if width - (len(near) == 1) > X_MAX:
        width = -(-width // -(-width // X_MAX))
    for start in range(first, last, width):
        rows: dict[int, NDArray[np.int_]] = {}
        for at in range(start, min(start + width, last)):
            word = piece.words[at]
            seen = np.array([at in places for places in near.values()], int)
            if not seen.any():
                continue
            if word in rows and rows[word].sum() + seen.sum() > most_pairs:
                yield rows
                rows = {}
            rows[word] = rows.get(word, 0) + seen
        if rows:
            yield rows


def noise_by_turns(
    noise: NDArray[np.uint32], rng: Rng, *, n_noise: int, noise_sets: int, noise_uses: int
) -> Iterator[list[int]]:
    """Yield the `n_noise` noise words of one block after another.

    They are of `noise_sets` sets that take turns. Each is drawn anew after `noise_uses` turns, but
    not all in the same round; so at first some are used less often.
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

    def block(x: list[int], seen_by: Floats) -> Block:
        """Add noise; `seen_by` is of shape (n_x, n_centres)."""
        drawn = next(turns)
        y = distinct(targets + drawn)
        seen = np.zeros((len(seen_by), len(y)))
        seen[:, : len(targets)] = seen_by
        weights = np.array([float(drawn.count(word)) for word in y])
        labels = Labels(seen.sum(axis=1), weights * (negative / max(1, n_noise)), seen)
        return Block(np.array(x, np.int32), y, labels)

    for near in centres_of(piece, rng, window=window, span=span, shrink_windows=shrink_windows):
        targets = [piece.words[centre] for centre in near]
        if near and sg:
            for rows in skipgram_rows(piece, near, most_pairs):
                yield block(list(rows), np.stack(list(rows.values())))
        elif near:
            (places,) = near.values()
            yield block([piece.words[at] for at in places], np.ones((1, 1)))


# ---- several workers -------------------------------------------------------------------------


def own_rows_given(
    shared: Floats, own: Floats, before: Floats, part: float
) -> tuple[Floats, Floats, Floats]:
    """Return the three after a worker gave its part of the change of its own rows.

    The shared rows move by it; the worker's own rows, and what it remembers of how they
    were, start anew from there. All of shape (n, dim).
    """
    moved = shared + part * (own - before)
    return moved, moved.copy(), moved.copy()


# ---- the whole training, by one worker -----------------------------------------------------


def objectives_of(
    block: Block,
    syn1neg: Floats | None,
    syn1: Floats | None,
    tree: HuffmanTree | None,
    *,
    rows: int | None = None,
) -> Iterator[tuple[Floats, NDArray[np.int32], Targets]]:
    """Yield a W', words and their targets for each step that is taken with a block.

    At most `rows` words take a step together: all of the block unless given.
    """
    for w_out in (syn1, syn1neg):
        if w_out is None:
            continue
        if w_out is syn1:
            assert tree is not None
            y, (pairs, noise, seen) = path_targets(block, tree)
        else:
            y, (pairs, noise, seen) = noise_targets(block)
        most = rows or len(pairs)
        most = -(-len(pairs) // -(-len(pairs) // most))
        for first in range(0, len(pairs), most):
            some = slice(first, first + most)
            yield w_out, block.x[some], Targets(y, Labels(pairs[some], noise, seen[some]))


def train(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    w: Floats,
    *,
    syn1neg: Floats | None = None,
    syn1: Floats | None = None,
    tree: HuffmanTree | None = None,
    lockf: Floats | None = None,
    bounds: NDArray[np.int64],
    keep: NDArray[np.uint32],
    noise: NDArray[np.uint32],
    rng_base: NDArray[np.uint64],
    params: TrainParams,
) -> list[float]:
    """Train W and W' in place, piece by piece of `bounds`; return the loss of each epoch.

    Piece i of epoch e draws from stream ``e * n_pieces + i`` of the two that `rng_base` (2,)
    names: of subsampling and reaches, and of noise.
    """
    losses = []
    n_trained = len(ids) * params.epochs
    span = noise_span(params, len(w), n_trained)
    rows = rows_together(len(w)) if params.sg else None
    for epoch in range(params.epochs):
        loss = 0.0
        for number, (first, last) in enumerate(itertools.pairwise(bounds)):
            stream = epoch * (len(bounds) - 1) + number
            rng, noise_rng = (Rng(base, stream) for base in rng_base)
            done = (epoch + first / len(ids)) / params.epochs
            lr = params.alpha - (params.alpha - params.min_alpha) * done
            piece = subsample(ids, starts, first, last, keep, params.window, rng)
            for block in blocks(
                piece,
                noise,
                rng,
                noise_rng,
                window=params.window,
                negative=params.negative,
                span=span if params.sg else 1,
                n_noise=noise_words(params, span, n_trained),
                noise_sets=noise_sets(params, span),
                noise_uses=1 if params.sg else span,
                most_pairs=most_pairs(params),
                shrink_windows=params.shrink_windows,
                sg=params.sg,
            ):
                for w_out, x, targets in objectives_of(block, syn1neg, syn1, tree, rows=rows):
                    if params.sg:
                        loss += skipgram_step(w, w_out, x, targets, lr, lockf=lockf)
                    else:
                        loss += cbow_step(
                            w,
                            w_out,
                            block.x,
                            targets,
                            lr,
                            cbow_mean=params.cbow_mean,
                            corrected_cbow=params.corrected_cbow,
                            lockf=lockf,
                        )
        losses.append(loss)
    return losses
