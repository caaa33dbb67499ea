"""Which rows each of several workers has copies of, and what it gives of their change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cw2v.huffman import HuffmanTree
from cw2v.noise import UINT32_MAX, noise_probabilities
from cw2v.params import TrainParams
from cw2v.sharing import FEW_WORDS, words_around

OWN_ROWS = 1024  # most rows of W' that a worker has copies of
OWN_INPUTS = 64  # most rows of W, all of which are given each time
OWN_NUMBERS = 1 << 18  # most numbers in the copies of one matrix: they must fit in a CPU's cache
ALL_CENTRES = 2048  # most centres that all workers train on between two times that one gives
CENTRES = 512  # but a worker may train on so many itself before it gives of W'
HOTTEST = 64  # rows of W' that are given each time
TURNS = 16  # after so many times, all rows of W' have been given
ROUNDS = 32  # all turns are taken at least so often in an epoch, about
FEW_CENTRES = 64  # where a worker would have to give after fewer, there are no copies
STEP = 0.1  # part of what is left of its way that a step is assumed to move a row, times alpha
WORDS_AT_ONCE = 1 << 12  # whose paths are followed together


@dataclass(frozen=True, eq=False)
class OwnRows:
    """The rows of one matrix that each worker has copies of.

    Parameters
    ----------
    first : int
        The first of them.
    hottest, n_hottest : int
        Where among them those begin that are written most often, and how many these are.
    give_after : int
        After how many centres a worker adds a part of what its copies learnt to the shared rows.
    parts : ndarray of float32, shape (n_own,)
        The part of the change of each that a worker adds to the shared rows.
    """

    first: int
    hottest: int
    n_hottest: int
    give_after: int
    parts: NDArray[np.float32]


@dataclass(frozen=True)
class Team:
    """Who trains at the same time, and on how much.

    Parameters
    ----------
    n_workers : int, at least 1
    n_tokens : int
        Words that they train on in an epoch, before subsampling.
    """

    n_workers: int = 1
    n_tokens: int = 0

    def centres_between(self, n_words: int, kept: float) -> int:
        """Return after how many centres a worker gives of W'; 0 where there are no copies.

        There are none in a vocabulary of fewer than `cw2v.sharing.FEW_WORDS`: they would be of
        most rows, and change which words are neighbours.

        Parameters
        ----------
        n_words : int
            The size of the vocabulary.
        kept : float, 0 to 1
            The share of words that subsampling leaves.
        """
        if self.n_workers == 1 or n_words < FEW_WORDS:
            return 0
        centres = int(self.n_tokens * kept / self.n_workers / (TURNS * ROUNDS))
        return 0 if centres < FEW_CENTRES else min(centres, max(CENTRES, self.centres_of_each))

    @property
    def centres_of_each(self) -> int:
        """How many centres a worker trains on while all train on `ALL_CENTRES`."""
        return max(1, ALL_CENTRES // self.n_workers)


class OwnRowsOfAll(NamedTuple):
    """The rows of each matrix that each worker has copies of; None where all rows are shared.

    That is where there is no such matrix, or one worker, or few words, or so little to do that rows
    would hardly ever be given: then what workers learn would reach the others too late.

    Parameters
    ----------
    inputs : OwnRows or None
        Of W: the first words, as a rule the most frequent.
    words : OwnRows or None
        Of `syn1neg`: likewise.
    nodes : OwnRows or None
        Of `syn1`: the nodes next to the root, which were made last.
    """

    inputs: OwnRows | None = None
    words: OwnRows | None = None
    nodes: OwnRows | None = None


def own_rows(
    counts: NDArray[np.int64],
    keep: NDArray[np.uint32],
    params: TrainParams,
    team: Team,
    tree: HuffmanTree | None = None,
) -> OwnRowsOfAll:
    """Return which rows of W and W' each worker is to have copies of.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_words,)
    keep : ndarray of uint32, shape (n_words,)
        See `cw2v.noise.keep_thresholds`.
    params : TrainParams
    team : Team
    tree : HuffmanTree or None
        With a path to each word; None without hierarchical softmax.
    """
    # How often each word is a centre in an epoch; a little for one that never comes.
    centres = np.maximum(counts, 1e-3) * (np.maximum(keep, 1) / UINT32_MAX)
    kept = centres.sum() / max(1.0, counts.sum(dtype=np.float64))
    between = team.centres_between(len(counts), kept)
    if between == 0:
        return OwnRowsOfAll()
    centres /= centres.sum()
    return OwnRowsOfAll(
        _own_inputs(centres, params, team, min(between, team.centres_of_each)),
        _own_words(centres, counts, params, team, between) if params.negative else None,
        _own_nodes(centres, tree, params, team, between)
        if tree is not None and len(counts) > 1
        else None,
    )


def _own_inputs(
    centres: NDArray[np.float64], params: TrainParams, team: Team, between: int
) -> OwnRows:
    """Return rows of W, all of which are given each time; `centres` are shares of all."""
    n_own = min(_most_own(params, OWN_INPUTS), len(centres))
    moved = scored_at_once(params, len(centres)) * words_around(params, 1) * centres[:n_own]
    return OwnRows(0, 0, n_own, between, _parts(moved, slice(n_own), between, params, team))


def _own_words(
    centres: NDArray[np.float64],
    counts: NDArray[np.int64],
    params: TrainParams,
    team: Team,
    between: int,
) -> OwnRows:
    """Return rows of `syn1neg`, which centres and noise words move."""
    n_own = min(_most_own(params, OWN_ROWS), len(centres))
    scored = centres + params.negative * noise_probabilities(counts, params.ns_exponent)
    if params.sg:
        scored *= words_around(params, 1)
    parts = _parts(scored[:n_own], slice(HOTTEST), between, params, team)
    return OwnRows(0, 0, min(HOTTEST, n_own), between, parts)


def _own_nodes(
    centres: NDArray[np.float64],
    tree: HuffmanTree,
    params: TrainParams,
    team: Team,
    between: int,
) -> OwnRows:
    """Return rows of `syn1`, which the centres below them move."""
    n_nodes = len(centres) - 1
    first_own = max(0, n_nodes - _most_own(params, OWN_ROWS))
    hottest = max(0, n_nodes - first_own - HOTTEST)
    scored = np.zeros(n_nodes - first_own)
    for first in range(0, len(centres), WORDS_AT_ONCE):
        starts = tree.starts[first : first + WORDS_AT_ONCE + 1]
        weights = np.repeat(centres[first : first + WORDS_AT_ONCE], np.diff(starts))
        nodes = tree.points[starts[0] : starts[-1]] - first_own
        own = nodes >= 0
        scored += np.bincount(nodes[own], weights[own], minlength=len(scored))
    if params.sg:
        scored *= words_around(params, 1)
    parts = _parts(scored, slice(hottest, None), between, params, team)
    return OwnRows(first_own, hottest, len(parts) - hottest, between, parts)


def _most_own(params: TrainParams, most: int) -> int:
    """Return how many of the `most` rows of a matrix a worker has copies of."""
    return min(most, OWN_NUMBERS // params.vector_size)


def scored_at_once(params: TrainParams, n_words: int) -> float:
    """Return how many rows of W' a row of W is moved by in a step, about, for each centre."""
    on_path = math.log2(n_words + 1) if params.hs else 0
    return on_path + (1 + params.negative if params.negative else 0)


def parts_to_give(steps: NDArray[np.float64], n_workers: int, alpha: float) -> NDArray[np.float64]:
    """Return what part of its change of a row a worker adds to the shared row.

    If each step takes a row a part p of the way that is before it, the parts of all n workers
    together take it as far as the steps of all would have, one after another:

        n * part * (1 - (1 - p)**steps) = 1 - (1 - p)**(n * steps)

    That is all of the change where a worker takes few steps between two times that it gives, and
    1 / n where it takes so many that its copy follows whatever text it is at: all changes together
    would lead too far then. p is `STEP` times the learning rate: a step moves a row by about the
    rate times what is before it, but in one direction of many (docs/designs.md has the figures).

    Parameters
    ----------
    steps : ndarray of float64, at least 0
        How many steps a worker takes with each row meanwhile.
    n_workers : int, at least 1
    alpha : float
        The learning rate.

    Returns
    -------
    ndarray of float64, from 1 / n_workers to 1
    """
    log_left = np.log1p(-STEP * np.clip(alpha, 1e-4, 1.0)) * np.maximum(steps, 1e-3)
    parts: NDArray[np.float64] = np.expm1(n_workers * log_left) / (n_workers * np.expm1(log_left))
    return parts


def _parts(
    steps: NDArray[np.float64], hottest: slice, between: int, params: TrainParams, team: Team
) -> NDArray[np.float32]:
    """Return the parts of rows, by the learning rate at the beginning.

    `steps` says how many steps each row takes for a centre, on average.
    """
    centres = np.full(len(steps), between * TURNS, np.float64)
    centres[hottest] = between
    return parts_to_give(steps * centres, team.n_workers, params.alpha).astype(np.float32)
