"""Every step and sampler again in plain NumPy: slow, and plainly right.

The compiled code is tested against this file, and this file against the formulas of the
papers. It works in the precision of the arrays it is given, so that gradients can be checked
by finite differences in float64.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.params import TrainParams

Floats = NDArray[Any]

X_MAX = 16  # words around a centre that one window may have
PATH_ROWS = 4  # of which so many at a time score the path to it
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


def logistic_loss(s: Floats, x_weight: Floats, y_weight: Floats, label: Floats) -> float:
    """Return the loss of a window's logits `s` (n_x, n_y), for `label` (n_y,) of 1 and 0.

    The negated eq. 4 of Mikolov et al. 2013 (arXiv 1310.4546), where the observed word, which
    is to score high, has label 1, and noise words have 0. The negated logarithm of their eq. 3,
    where a node at which the path turns left has label 1.
    """
    t = np.where(label == 1, -s, s)
    return float(x_weight @ softplus(t) @ y_weight)


def logistic_error(
    s: Floats, x_weight: Floats, y_weight: Floats, label: Floats, lr: float
) -> Floats:
    """Return -lr times the derivative of `logistic_loss` by the logits, shape (n_x, n_y)."""
    error: Floats = lr * np.outer(x_weight, y_weight) * (label - sigmoid(s))
    return error


def update(x: Floats, y: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return X + G Y and Y + G^T X for x (n_x, dim), y (n_y, dim) and g (n_x, n_y)."""
    return x + g @ y, y + g.T @ x


# ---- one step -------------------------------------------------------------------------------


class Window(NamedTuple):
    """A centre with the words around it."""

    x: NDArray[np.int32]  # (n_x,) words around the centre; skip-gram's each once, with a weight
    x_weight: Floats  # (n_x,) how often each stands there
    y: NDArray[np.int32]  # (n_y,) the centre, then its noise words, each once
    y_weight: Floats  # (n_y,)


class Targets(NamedTuple):
    """Rows of one W' that a window is to score."""

    y: NDArray[np.int32]  # (n_y,) each once
    weight: Floats  # (n_y,) how often each counts
    label: Floats  # (n_y,) 1 to score high, 0 to score low


def noise_targets(window: Window) -> Targets:
    """Return the rows of syn1neg: the centre and its noise words."""
    return Targets(window.y, window.y_weight, (np.arange(len(window.y)) == 0).astype(float))


def path_targets(tree: HuffmanTree, centre: int) -> Targets:
    """Return the rows of syn1: the nodes on the way to the centre."""
    point, code = tree.point(centre), tree.code(centre)
    return Targets(point, np.ones(len(point)), 1.0 - code)


def skipgram_loss(w: Floats, w_out: Floats, window: Window, targets: Targets) -> float:
    """Return the loss of one window under W (n_words, dim) and W' (n_words, dim)."""
    s = w[window.x] @ w_out[targets.y].T
    return logistic_loss(s, window.x_weight, targets.weight, targets.label)


def skipgram_step(
    w: Floats,
    w_out: Floats,
    window: Window,
    targets: Targets,
    lr: float,
    *,
    lockf: Floats | None = None,
) -> float:
    """Move W and W' one step down the loss of a window, in place; return the loss before.

    Row i of W moves by ``lockf[i]`` of its step, by all of it where `lockf` is None.
    """
    x, y = w[window.x], w_out[targets.y]
    s = x @ y.T
    g = logistic_error(s, window.x_weight, targets.weight, targets.label, lr)
    moved, w_out[targets.y] = update(x, y, g)
    part = 1 if lockf is None else lockf[window.x, np.newaxis]
    w[window.x] = x + part * (moved - x)
    return logistic_loss(s, window.x_weight, targets.weight, targets.label)


def cbow_loss(
    w: Floats, w_out: Floats, context: NDArray[np.int32], targets: Targets, *, cbow_mean: bool
) -> float:
    """Return the loss of the mean (or sum) of the context's rows of W, words as they stand."""
    h = w[context].mean(axis=0) if cbow_mean else w[context].sum(axis=0)
    s = (w_out[targets.y] @ h)[np.newaxis]
    return logistic_loss(s, np.ones(1), targets.weight, targets.label)


def cbow_step(
    w: Floats,
    w_out: Floats,
    context: NDArray[np.int32],
    targets: Targets,
    lr: float,
    *,
    cbow_mean: bool,
    corrected_cbow: bool,
    lockf: Floats | None = None,
) -> float:
    """Move W and W' one step down the loss of a window, in place; return the loss before.

    Unless `corrected_cbow`, as word2vec.c and gensim do it: n times as far as the gradient for
    the mean, an n-th as far for the sum.
    """
    n = len(context)
    scale = 1 / n if cbow_mean else 1.0
    h, y = scale * w[context].sum(axis=0), w_out[targets.y]
    s = (y @ h)[np.newaxis]
    g = logistic_error(s, np.ones(1), targets.weight, targets.label, lr)[0]
    w_out[targets.y] += np.outer(g, h)
    if not corrected_cbow:
        scale = 1.0 if cbow_mean else 1 / n
    part = np.ones((n, 1)) if lockf is None else lockf[context, np.newaxis]
    np.add.at(w, context, part * scale * (g @ y))
    return logistic_loss(s, np.ones(1), targets.weight, targets.label)


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


# ---- windows ---------------------------------------------------------------------------------


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


def merged(words: list[int]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the distinct words in order of appearance, and how often each stands there."""
    distinct = list(dict.fromkeys(words))
    weight = [words.count(word) for word in distinct]
    return np.array(distinct, np.int32), np.array(weight, np.float32)


def windows(
    piece: Piece,
    noise: NDArray[np.uint32],
    rng: Rng,
    noise_rng: Rng,
    *,
    window: int,
    negative: int,
    shrink_windows: bool,
    sg: bool = True,
) -> Iterator[Window]:
    """Yield the windows of the centres of a piece.

    Skip-gram's have each word once, and wide ones come in slices of at most X_MAX words.
    """
    for centre in range(piece.first_centre, piece.last_centre):
        reach = 1 + below(window, rng.next_u32()) if shrink_windows else window
        near = range(max(0, centre - reach), min(len(piece.words), centre + reach + 1))
        place = [at for at in near if piece.sentence[at] == piece.sentence[centre]]
        if len(place) == 1:
            continue
        slices = 1 if len(place) - 1 <= X_MAX or not sg else -(-len(place) // X_MAX)
        width = -(-len(place) // slices)
        for begin in range(0, len(place), width):
            around = [piece.words[at] for at in place[begin : begin + width] if at != centre]
            if not around:
                continue
            target = piece.words[centre]
            drawn = [draw_noise(noise, noise_rng) for _ in range(negative)]
            if sg:
                x, x_weight = merged(around)
            else:
                x, x_weight = np.array(around, np.int32), np.ones(len(around), np.float32)
            y, y_weight = merged([target, *(word for word in drawn if word != target)])
            yield Window(x, x_weight, y, y_weight)


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


def parts_of(window: Window, most_rows: int) -> Iterator[Window]:
    """Yield the window with at most so many of its words at a time."""
    for first in range(0, len(window.x), most_rows):
        rows = slice(first, first + most_rows)
        yield window._replace(x=window.x[rows], x_weight=window.x_weight[rows])


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
    negative = 0 if syn1neg is None else params.negative
    for epoch in range(params.epochs):
        loss = 0.0
        for number, (first, last) in enumerate(itertools.pairwise(bounds)):
            stream = epoch * (len(bounds) - 1) + number
            rng, noise_rng = (Rng(base, stream) for base in rng_base)
            done = (epoch + first / len(ids)) / params.epochs
            lr = params.alpha - (params.alpha - params.min_alpha) * done
            piece = subsample(ids, starts, first, last, keep, params.window, rng)
            for window in windows(
                piece,
                noise,
                rng,
                noise_rng,
                window=params.window,
                negative=negative,
                shrink_windows=params.shrink_windows,
                sg=params.sg,
            ):
                objectives = []
                if syn1 is not None:
                    assert tree is not None
                    objectives.append((syn1, path_targets(tree, int(window.y[0])), PATH_ROWS))
                if syn1neg is not None:
                    objectives.append((syn1neg, noise_targets(window), X_MAX))
                for w_out, targets, most_rows in objectives:
                    if params.sg:
                        for part in parts_of(window, most_rows):
                            loss += skipgram_step(w, w_out, part, targets, lr, lockf=lockf)
                    else:
                        loss += cbow_step(
                            w,
                            w_out,
                            window.x,
                            targets,
                            lr,
                            cbow_mean=params.cbow_mean,
                            corrected_cbow=params.corrected_cbow,
                            lockf=lockf,
                        )
        losses.append(loss)
    return losses
