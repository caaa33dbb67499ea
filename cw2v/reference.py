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

Floats = NDArray[Any]

X_MAX = 16  # words around a centre that one window may have
MASK64 = (1 << 64) - 1


# ---- the skip-gram step ------------------------------------------------------------------


def sigmoid(t: Floats) -> Floats:
    """Return 1 / (1 + exp(-t)), without overflow."""
    e = np.exp(-np.abs(t))
    result: Floats = np.where(t < 0, e, 1) / (1 + e)
    return result


def softplus(t: Floats) -> Floats:
    """Return log(1 + exp(t)), without overflow."""
    return np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t)))


def sgns_loss(s: Floats, x_weight: Floats, y_weight: Floats) -> float:
    """Return the loss of a window's logits `s` (n_x, n_y): the negated eq. 4 of the paper.

    Column 0 is the observed word, which is to score high; the others are noise words, which
    are to score low (Mikolov et al. 2013, arXiv 1310.4546).
    """
    t = s.copy()
    t[:, 0] = -t[:, 0]
    return float(x_weight @ softplus(t) @ y_weight)


def sgns_error(s: Floats, x_weight: Floats, y_weight: Floats, lr: float) -> Floats:
    """Return -lr times the derivative of `sgns_loss` by the logits, shape (n_x, n_y)."""
    label = np.zeros_like(s)
    label[:, 0] = 1
    error: Floats = lr * np.outer(x_weight, y_weight) * (label - sigmoid(s))
    return error


def update(x: Floats, y: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return X + G Y and Y + G^T X for x (n_x, dim), y (n_y, dim) and g (n_x, n_y)."""
    return x + g @ y, y + g.T @ x


class Window(NamedTuple):
    """A centre with the words around it; every word stands once, with a weight."""

    x: NDArray[np.int32]  # (n_x,) words around the centre
    x_weight: Floats  # (n_x,) how often each stands there
    y: NDArray[np.int32]  # (n_y,) the centre, then its noise words
    y_weight: Floats  # (n_y,)


def window_loss(w: Floats, w_out: Floats, window: Window) -> float:
    """Return the loss of one window under W (n_words, dim) and W' (n_words, dim)."""
    s = w[window.x] @ w_out[window.y].T
    return sgns_loss(s, window.x_weight, window.y_weight)


def sgns_step(w: Floats, w_out: Floats, window: Window, lr: float) -> float:
    """Move W and W' one step down the loss of a window, in place; return the loss before."""
    x, y = w[window.x], w_out[window.y]
    s = x @ y.T
    g = sgns_error(s, window.x_weight, window.y_weight, lr)
    w[window.x], w_out[window.y] = update(x, y, g)
    return sgns_loss(s, window.x_weight, window.y_weight)


# ---- random numbers ------------------------------------------------------------------------


class Rng:
    """xoshiro256++ (Blackman and Vigna 2021), in Python's own integers."""

    def __init__(self, state: NDArray[np.uint64]) -> None:
        self.s = [int(part) for part in state]

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
) -> Iterator[Window]:
    """Yield the windows of the centres of a piece, wide ones in slices of at most X_MAX."""
    for centre in range(piece.first_centre, piece.last_centre):
        reach = 1 + below(window, rng.next_u32()) if shrink_windows else window
        near = range(max(0, centre - reach), min(len(piece.words), centre + reach + 1))
        place = [at for at in near if piece.sentence[at] == piece.sentence[centre]]
        if len(place) == 1:
            continue
        slices = 1 if len(place) - 1 <= X_MAX else -(-len(place) // X_MAX)
        width = -(-len(place) // slices)
        for begin in range(0, len(place), width):
            around = [piece.words[at] for at in place[begin : begin + width] if at != centre]
            if not around:
                continue
            target = piece.words[centre]
            drawn = [draw_noise(noise, noise_rng) for _ in range(negative)]
            x, x_weight = merged(around)
            y, y_weight = merged([target, *(word for word in drawn if word != target)])
            yield Window(x, x_weight, y, y_weight)


# ---- the whole training, by one worker -----------------------------------------------------


def train(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    w: Floats,
    w_out: Floats,
    *,
    bounds: NDArray[np.int64],
    keep: NDArray[np.uint32],
    noise: NDArray[np.uint32],
    state: NDArray[np.uint64],
    window: int,
    negative: int,
    shrink_windows: bool,
    alpha: float,
    min_alpha: float,
    epochs: int,
) -> list[float]:
    """Train W and W' in place, piece by piece of `bounds`; return the loss of each epoch.

    `state` (8,) seeds the worker's two generators: of subsampling and reaches, and of noise.
    """
    rng, noise_rng = Rng(state[:4]), Rng(state[4:])
    losses = []
    for epoch in range(epochs):
        loss = 0.0
        for first, last in itertools.pairwise(bounds):
            done = (epoch + first / len(ids)) / epochs
            lr = alpha - (alpha - min_alpha) * done
            piece = subsample(ids, starts, first, last, keep, window, rng)
            for one in windows(
                piece,
                noise,
                rng,
                noise_rng,
                window=window,
                negative=negative,
                shrink_windows=shrink_windows,
            ):
                loss += sgns_step(w, w_out, one, lr)
        losses.append(loss)
    return losses
