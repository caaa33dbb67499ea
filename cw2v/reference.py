"""The reference implementation: every step, and the whole training, in plain NumPy.

The compiled code is tested against this file and `referencedraws.py`, and this file against the
formulas of the papers. It computes in the precision of its arguments, so that gradients can be
checked by finite differences in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.params import TrainParams
from cw2v.referencedraws import Block, Floats, Labels, Rng, blocks, subsample
from cw2v.sharing import Sharing

# ---- the logistic loss and the kernels ------------------------------------------------------


def sigmoid(t: Floats) -> Floats:
    """Return 1 / (1 + exp(-t)), without overflow."""
    e = np.exp(-np.abs(t))
    result: Floats = np.where(t < 0, e, 1) / (1 + e)
    return result


def softplus(t: Floats) -> Floats:
    """Return log(1 + exp(t)), without overflow."""
    return np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t)))


def logistic_loss(s: Floats, labels: Labels) -> float:
    """Return the loss of a block's logits `s` (n_x, n_y).

    The negated eq. 4 of Mikolov et al. 2013 (arXiv 1310.4546), where targets are positive and
    noise words negative; or the negated logarithm of their eq. 3, where a node is positive if the
    path turns left there, and else negative.
    """
    return float((labels.positives * softplus(-s) + labels.negatives * softplus(s)).sum())


def logistic_error(s: Floats, labels: Labels, lr: float) -> Floats:
    """Return -lr times the derivative of `logistic_loss` by the logits, shape (n_x, n_y)."""
    error: Floats = lr * (labels.positives - (labels.positives + labels.negatives) * sigmoid(s))
    return error


def update(x: Floats, y: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return X + G Y and Y + G^T X for x (n_x, dim), y (n_y, dim) and g (n_x, n_y)."""
    return x + g @ y, y + g.T @ x


# ---- one step -------------------------------------------------------------------------------


class Targets(NamedTuple):
    """The rows of one W' of a block, and their labels."""

    y: NDArray[np.int32]  # (n_y,) distinct
    labels: Labels


def noise_targets(block: Block) -> Targets:
    """Return the rows of syn1neg: the centres and their noise words."""
    return Targets(block.y, block.labels)


def path_targets(block: Block, tree: HuffmanTree) -> Targets:
    """Return the rows of syn1: the nodes on the path to the only centre of a block."""
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
    """Take one gradient step with a block: update W and W' in place, return the loss before.

    The update of row i of W is multiplied by ``lockf[i]``, unless `lockf` is None.
    """
    before, y = w[x], w_out[targets.y]
    s = before @ y.T
    g = logistic_error(s, targets.labels, lr)
    moved, w_out[targets.y] = update(before, y, g)
    part = 1 if lockf is None else lockf[x, np.newaxis]
    w[x] = before + part * (moved - before)
    return logistic_loss(s, targets.labels)


def projection(w: Floats, context: NDArray[np.int32], *, cbow_mean: bool) -> Floats:
    """Return the mean (or sum) of the rows of W of the context words; words may repeat."""
    h: Floats = w[context].mean(axis=0) if cbow_mean else w[context].sum(axis=0)
    return h


def cbow_loss(
    w: Floats, w_out: Floats, context: NDArray[np.int32], targets: Targets, *, cbow_mean: bool
) -> float:
    """Return the loss of the projection under W (n_words, dim) and W' (n_words, dim)."""
    h = projection(w, context, cbow_mean=cbow_mean)
    return logistic_loss(h[np.newaxis] @ w_out[targets.y].T, targets.labels)


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
    """Take one step with a block: update W and W' in place, return the loss before.

    Rows of W move by the gradient if `corrected_cbow`. Else they move as in word2vec.c and gensim,
    with n context words: by n times the gradient for the mean, by 1 / n of it for the sum.
    """
    h, y = projection(w, context, cbow_mean=cbow_mean)[np.newaxis], w_out[targets.y]
    s = h @ y.T
    g = logistic_error(s, targets.labels, lr)
    w_out[targets.y] += g.T @ h
    n = len(context)
    scale = 1 / n if cbow_mean == corrected_cbow else 1.0
    part = np.ones((n, 1)) if lockf is None else lockf[context, np.newaxis]
    np.add.at(w, context, part * scale * (g @ y))
    return logistic_loss(s, targets.labels)


# ---- several workers -------------------------------------------------------------------------


def merge_rows(
    shared: Floats, local: Floats, base: Floats, factors: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return `shared`, `local` and `base` after a worker has merged its local copies of rows.

    The shared rows move by the change of the copies since the last merge, times a factor each;
    the copies start again from there. All are of shape (n, dim), `factors` of shape (n,).
    """
    merged = shared + factors[:, np.newaxis] * (local - base)
    return merged, merged.copy(), merged.copy()


# ---- the whole training, by one worker -----------------------------------------------------


def objectives_of(
    block: Block,
    syn1neg: Floats | None,
    syn1: Floats | None,
    tree: HuffmanTree | None,
    *,
    rows: int | None = None,
) -> Iterator[tuple[Floats, NDArray[np.int32], Targets]]:
    """Yield W', rows of W and targets for each step that is taken with a block.

    A step has at most `rows` rows of W: all of the block unless given.
    """
    for w_out in (syn1, syn1neg):
        if w_out is None:
            continue
        if w_out is syn1:
            assert tree is not None
            y, (pairs, noise, positives) = path_targets(block, tree)
        else:
            y, (pairs, noise, positives) = noise_targets(block)
        most = rows or len(pairs)
        most = -(-len(pairs) // -(-len(pairs) // most))
        for first in range(0, len(pairs), most):
            some = slice(first, first + most)
            yield w_out, block.x[some], Targets(y, Labels(pairs[some], noise, positives[some]))


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

    Piece i of epoch e draws from stream ``e * n_pieces + i`` of each item of `rng_base` (2,): one
    for subsampling and windows, one for noise words.
    """
    losses = []
    sharing = Sharing.of(params, len(w), len(ids) * params.epochs)
    rows = sharing.rows if params.sg else None
    for epoch in range(params.epochs):
        loss = 0.0
        for number, (first, last) in enumerate(pairwise(bounds)):
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
                span=sharing.span,
                n_noise=sharing.n_noise,
                noise_sets=sharing.sets,
                noise_uses=sharing.uses,
                most_pairs=sharing.most_pairs,
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
