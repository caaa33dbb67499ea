"""Hot rows: which rows of W and W' each worker trains on local copies of, and how it merges them.

Rows that several workers write all the time move between the caches of their CPUs. So each worker
has local copies of the rows written most often, and merges them into the shared matrix
periodically: `cw2v/_hotrows.pyx`. docs/designs.md has the measurements behind the numbers here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.noise import UINT32_MAX, noise_probabilities
from cw2v.params import TrainParams
from cw2v.sharing import FEW_WORDS, context_words

MOST_OUTPUT_ROWS = 1024  # hot rows of each W', at most
MOST_INPUT_ROWS = 256  # hot rows of W, at most
MOST_FLOATS = 1 << 18  # in the local copies of one matrix, which must fit in a CPU's cache
OUTPUT_INTERVAL = 512  # centres that a worker trains on between two merges of W', or, if longer,
TOTAL_OUTPUT_INTERVAL = 2048  # its share of so many (of two or three workers); less in short texts
# Between two merges of W half as many, but at most its share of so many; this decides beyond 16
# workers, which were not tried.
TOTAL_INPUT_INTERVAL = 4096
SHORTEST_INTERVAL = 32  # of W', in centres; where it would have to be shorter, no row is copied
HOTTEST_INPUTS = 32  # rows of W that are merged each time
HOTTEST_OUTPUTS = 64  # rows of W' that are merged each time
SLICES = 16  # all hot rows are merged in turn, too, one of so many slices each time
ROUNDS_PER_EPOCH = 64  # how often all slices of W' are merged in an epoch, at least, about
STEP_FRACTION = 0.1  # of its remaining way that a step is assumed to move a row, times alpha
WORDS_AT_ONCE = 1 << 12  # whose paths are read together, to bound the memory this takes


@dataclass(frozen=True, eq=False)
class HotRows:
    """The hot rows of one matrix: consecutive rows, of which each worker has local copies.

    Parameters
    ----------
    first : int
        The first of them.
    hottest, n_hottest : int
        The hottest of them, which are merged each time: their place among the hot rows, and
        their number. All are merged in turn, too.
    merge_interval : int
        After how many centres a worker merges, rounded up to whole batches of blocks (33 centres
        in CBOW, about 100 in skip-gram).
    factors : ndarray of float32, shape (n_hot,)
        By what factor the change of each copy is multiplied when it is added to the shared row;
        see `merge_factors`.
    """

    first: int
    hottest: int
    n_hottest: int
    merge_interval: int
    factors: NDArray[np.float32]


@dataclass(frozen=True)
class Workload:
    """How many workers train at the same time, and on how much.

    Parameters
    ----------
    n_workers : int, at least 1
    n_tokens : int
        Tokens of the corpus, before subsampling.
    """

    n_workers: int = 1
    n_tokens: int = 0

    def merge_interval(self, n_words: int, kept: float) -> int:
        """Return after how many centres a worker merges its copies of W'; 0 for no copies.

        There are none in a vocabulary of fewer than `cw2v.sharing.FEW_WORDS`: most rows would be
        copied, and that changes which words are neighbours.

        Parameters
        ----------
        n_words : int
            The size of the vocabulary.
        kept : float, 0 to 1
            The fraction of tokens that subsampling keeps.
        """
        if self.n_workers == 1 or n_words < FEW_WORDS:
            return 0
        centres = int(self.n_tokens * kept / self.n_workers / (SLICES * ROUNDS_PER_EPOCH))
        if centres < SHORTEST_INTERVAL:
            return 0
        return min(centres, max(OUTPUT_INTERVAL, TOTAL_OUTPUT_INTERVAL // self.n_workers))


class ModelHotRows(NamedTuple):
    """The hot rows of each matrix; None where no row of it is copied.

    That is where there is no such matrix, or one worker, or few words, or so short a corpus that
    copies would be merged too rarely for workers to learn from one another.

    Parameters
    ----------
    w : HotRows or None
        Of W: the first words, as a rule the most frequent.
    syn1neg : HotRows or None
        Of W' of negative sampling: likewise.
    syn1 : HotRows or None
        Of W' of hierarchical softmax: the nodes next to the root, which have the last rows.
    """

    w: HotRows | None = None
    syn1neg: HotRows | None = None
    syn1: HotRows | None = None


def hot_rows(
    counts: NDArray[np.int64],
    keep: NDArray[np.uint32],
    params: TrainParams,
    workload: Workload,
    tree: HuffmanTree | None = None,
) -> ModelHotRows:
    """Return which rows of W and W' each worker is to have local copies of.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
    keep : ndarray of uint32, shape (n_words,)
        See `cw2v.noise.keep_thresholds`.
    params : TrainParams
    workload : Workload
    tree : HuffmanTree or None
        With a path to each word; None without hierarchical softmax.
    """
    # How often each word is a centre in an epoch, above 0 also for one that never occurs.
    centres = np.maximum(counts, 1e-3) * (np.maximum(keep, 1) / UINT32_MAX)
    kept = centres.sum() / max(1.0, counts.sum(dtype=np.float64))
    interval = workload.merge_interval(len(counts), kept)
    if interval == 0:
        return ModelHotRows()
    centres /= centres.sum()
    return ModelHotRows(
        _hot_words(centres, params, workload, interval),
        _hot_targets(centres, counts, params, workload, interval) if params.negative else None,
        _hot_nodes(centres, tree, params, workload, interval)
        if tree is not None and len(counts) > 1
        else None,
    )


def _hot_words(
    centres: NDArray[np.float64], params: TrainParams, workload: Workload, interval: int
) -> HotRows:
    """Return the hot rows of W; `centres` are the relative frequencies of centre words.

    `interval` is that of W'.
    """
    n_hot = min(_most_hot(params, MOST_INPUT_ROWS), len(centres))
    interval = max(1, min(interval // 2, TOTAL_INPUT_INTERVAL // workload.n_workers))
    steps = steps_per_centre(params, len(centres)) * context_words(params, 1) * centres[:n_hot]
    factors = _factors(steps, slice(HOTTEST_INPUTS), interval, params, workload)
    return HotRows(0, 0, min(HOTTEST_INPUTS, n_hot), interval, factors)


def _hot_targets(
    centres: NDArray[np.float64],
    counts: NDArray[np.int64],
    params: TrainParams,
    workload: Workload,
    interval: int,
) -> HotRows:
    """Return the hot rows of `syn1neg`, which move as centres and as noise words."""
    n_hot = min(_most_hot(params, MOST_OUTPUT_ROWS), len(centres))
    steps = centres + params.negative * noise_probabilities(counts, params.ns_exponent)
    if params.sg:
        steps *= context_words(params, 1)
    factors = _factors(steps[:n_hot], slice(HOTTEST_OUTPUTS), interval, params, workload)
    return HotRows(0, 0, min(HOTTEST_OUTPUTS, n_hot), interval, factors)


def _hot_nodes(
    centres: NDArray[np.float64],
    tree: HuffmanTree,
    params: TrainParams,
    workload: Workload,
    interval: int,
) -> HotRows:
    """Return the hot rows of `syn1`, which move with every centre below their node."""
    n_nodes = len(centres) - 1
    first_hot = max(0, n_nodes - _most_hot(params, MOST_OUTPUT_ROWS))
    hottest = max(0, n_nodes - first_hot - HOTTEST_OUTPUTS)
    steps = np.zeros(n_nodes - first_hot)
    for first in range(0, len(centres), WORDS_AT_ONCE):
        starts = tree.starts[first : first + WORDS_AT_ONCE + 1]
        weights = np.repeat(centres[first : first + WORDS_AT_ONCE], np.diff(starts))
        nodes = tree.points[starts[0] : starts[-1]] - first_hot
        hot = nodes >= 0
        steps += np.bincount(nodes[hot], weights[hot], minlength=len(steps))
    if params.sg:
        steps *= context_words(params, 1)
    factors = _factors(steps, slice(hottest, None), interval, params, workload)
    return HotRows(first_hot, hottest, len(factors) - hottest, interval, factors)


def _most_hot(params: TrainParams, most: int) -> int:
    """Return how many rows of a matrix may be hot: at most `most`, fewer if they are long."""
    return min(most, MOST_FLOATS // params.vector_size)


def steps_per_centre(params: TrainParams, n_words: int) -> float:
    """Estimate how many rows of W' move a row of W in the step of one centre."""
    on_path = math.log2(n_words + 1) if params.hs else 0
    return on_path + (1 + params.negative if params.negative else 0)


def merge_factors(steps: NDArray[np.float64], n_workers: int, alpha: float) -> NDArray[np.float64]:
    """Return by what factor the change of a worker's copy is multiplied when it is merged.

    If each step moves a row by a fraction p of its remaining way to the optimum, the merged
    changes of all n workers move it as far as all of their steps would, one after another:

        n * factor * (1 - (1 - p)**steps) = 1 - (1 - p)**(n * steps)

    The factor is 1 where a worker takes few steps between two merges, and 1 / n where it takes so
    many that its copy has converged: the sum of n such changes would overshoot. p is
    `STEP_FRACTION` times the learning rate: a step moves a row by about the rate times its
    remaining way, but in one direction of many (docs/designs.md has the measurements).

    Parameters
    ----------
    steps : ndarray of float64, at least 0
        How many steps a worker takes with each row between two merges.
    n_workers : int, at least 1
    alpha : float
        The learning rate.

    Returns
    -------
    ndarray of float64, from 1 / n_workers to 1
    """
    log_left = np.log1p(-STEP_FRACTION * np.clip(alpha, 1e-4, 1.0)) * np.maximum(steps, 1e-3)
    factors: NDArray[np.float64] = np.expm1(n_workers * log_left) / (n_workers * np.expm1(log_left))
    return factors


def _factors(
    steps: NDArray[np.float64],
    hottest: slice,
    interval: int,
    params: TrainParams,
    workload: Workload,
) -> NDArray[np.float32]:
    """Return the merge factors of rows that take `steps` for each centre, on average.

    The learning rate is that at the beginning.
    """
    centres = np.full(len(steps), interval * SLICES, np.float64)
    centres[hottest] = interval
    return merge_factors(steps * centres, workload.n_workers, params.alpha).astype(np.float32)
