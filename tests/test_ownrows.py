"""Rows that each of several workers has copies of: which, and what becomes of them."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import ownrows, reference
from cw2v._ownrows import own_rows_given
from cw2v._worker import Shared, Worker
from cw2v.huffman import build_tree
from cw2v.noise import keep_thresholds
from cw2v.ownrows import (
    ALL_CENTRES,
    CENTRES,
    HOTTEST,
    OWN_INPUTS,
    OWN_ROWS,
    STEP,
    TURNS,
    OwnRowsOfAll,
    Team,
    own_rows,
    parts_to_give,
)
from cw2v.params import TrainParams
from cw2v.tables import make_tables
from cw2v.trainer import random_base
from cw2v.weights import Weights, new_vectors

TEAM = Team(n_workers=3, n_tokens=10**9)


@pytest.fixture(autouse=True)
def no_words_are_few(monkeypatch):
    monkeypatch.setattr(ownrows, "FEW_WORDS", 0)


def three(n, dim=9):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, dim)).astype(np.float32) for _ in range(3)]


def test_a_worker_gives_its_part_of_what_its_own_rows_learnt():
    rows, parts = three(5), np.array([0.25, 1, 0.5, 0.7, 0.3], np.float32)
    expected = reference.own_rows_given(*(row.astype(np.float64) for row in rows), parts)
    own_rows_given(*rows, parts)
    for got, exact in zip(rows, expected, strict=True):
        assert_allclose(got, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_the_hottest_are_given_each_time_and_all_in_turn(n):
    rows, parts = three(n), np.full(n, 0.5, np.float32)
    turns = [list(range(first, min(first + 2, n))) for first in range(0, n, 2)]
    next_turn = 0
    for number in range(8):
        rows[1] += number  # what was learnt since
        expected = [row.astype(np.float64) for row in rows]
        for given in ([n - 1], turns[number % len(turns)]):
            part = reference.own_rows_given(*(row[given] for row in expected), parts[given])
            for row, moved in zip(expected, part, strict=True):
                row[given] = moved
        next_turn = own_rows_given(
            *rows, parts, hottest=n - 1, n_hottest=1, slice=2, next=next_turn
        )
        for got, exact in zip(rows, expected, strict=True):
            assert_allclose(got, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_workers", [2, 5])
@pytest.mark.parametrize("steps", [1, 30, 3000])
def test_parts_lead_as_far_as_the_steps_of_all_one_after_another(steps, n_workers):
    def way(steps):  # from 0 to 1, each step by the same part of what is left
        at = 0.0
        for _ in range(steps):
            at += STEP * 0.05 * (1 - at)
        return at

    part = parts_to_give(np.array([steps]), n_workers, 0.05)[0]
    assert n_workers * part * way(steps) == pytest.approx(way(n_workers * steps))
    assert 1 / n_workers <= part <= 1


@pytest.mark.parametrize("alpha", [0, 1e-9, 0.025, 1, 100])
@pytest.mark.parametrize("n_workers", [1, 2, 100])
def test_parts_are_of_everything_to_the_share_of_one_worker(n_workers, alpha):
    parts = parts_to_give(np.array([0, 1e-300, 1, 1e3, 1e300]), n_workers, alpha)
    assert (np.diff(parts) <= 1e-12).all()
    assert (parts <= 1 + 1e-12).all()
    assert parts[-1] == pytest.approx(1 / n_workers)
    if alpha <= 1:
        assert parts[0] == pytest.approx(1, rel=0.01)


def zipf(n):
    return np.maximum(1, 10**6 // np.arange(1, n + 1))


@pytest.mark.parametrize("n_words", [1, 2, 50, OWN_INPUTS, OWN_ROWS, 3000])
@pytest.mark.parametrize(
    ("of", "most", "hottest"),
    [("inputs", OWN_INPUTS, OWN_INPUTS), ("words", OWN_ROWS, HOTTEST)],
)
def test_own_words_are_the_first_and_the_first_of_them_the_hottest(of, most, hottest, n_words):
    counts, params = zipf(n_words), TrainParams()
    keep = keep_thresholds(counts, params.sample)
    own = getattr(own_rows(counts, keep, params, TEAM), of)
    assert (own.first, own.hottest, own.n_hottest) == (0, 0, min(hottest, n_words))
    assert own.parts.shape == (min(most, n_words),)
    assert (own.parts >= 0.333).all()
    assert (own.parts <= 1).all()
    assert (np.diff(own.parts[:hottest]) >= 0).all()  # the more often written, the less is given
    assert (np.diff(own.parts[hottest:]) >= 0).all()
    assert own_rows(counts, keep, params, Team()) == (None, None, None)


@pytest.mark.parametrize(
    ("n_workers", "inputs", "others"),
    [(2, 1024, 1024), (3, 682, 682), (4, 512, 512), (16, 128, 512)],
)
def test_of_w_all_give_often_and_of_w_out_each_does(n_workers, inputs, others):
    counts, params = zipf(3000), TrainParams(hs=True)
    keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
    own = own_rows(counts, keep, params, Team(n_workers, 10**9), tree)
    assert [rows.give_after for rows in own] == [inputs, others, others]
    assert inputs * n_workers <= ALL_CENTRES
    assert others == max(CENTRES, inputs)


def test_copies_of_long_rows_are_fewer():
    counts = zipf(3000)
    for size, n_own, n_inputs in ((100, 1024, 64), (300, 873, 64), (65_536, 4, 4)):
        params = TrainParams(vector_size=size, hs=True)
        keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
        inputs, words, nodes = own_rows(counts, keep, params, TEAM, tree)
        assert len(words.parts) == len(nodes.parts) == n_own
        assert len(inputs.parts) == n_inputs
        assert nodes.first + n_own == len(counts) - 1
        assert words.n_hottest == nodes.n_hottest == min(HOTTEST, n_own)


def test_copies_are_given_in_short_texts_too_or_not_made(monkeypatch):
    assert [Team(2, n).centres_between(9, 1.0) for n in (10**9, 10**5, 10**4)] == [1024, 97, 0]
    assert Team(2, 10**5).centres_between(9, 0.7) == 68
    assert Team(1, 10**9).centres_between(9, 1.0) == 0
    monkeypatch.setattr(ownrows, "FEW_WORDS", 10)
    assert [TEAM.centres_between(n_words, 1.0) for n_words in (9, 10)] == [0, 682]
    counts, params = zipf(100), TrainParams(hs=True, workers=8)
    tables = make_tables(counts, params, build_tree(counts), team=Team(8, 100_000))
    assert tables.own == (None, None, None)


@pytest.mark.parametrize("sg", [False, True])
def test_own_nodes_are_those_next_to_the_root_by_how_often_they_are_scored(sg):
    counts = zipf(3000)
    params = TrainParams(sg=sg, hs=True, negative=0)
    keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
    own = own_rows(counts, keep, params, TEAM, tree).nodes
    n_nodes = len(counts) - 1
    assert own.first == n_nodes - OWN_ROWS
    assert (own.hottest, own.n_hottest) == (OWN_ROWS - HOTTEST, HOTTEST)

    centres = counts * (keep / np.iinfo(np.uint32).max)
    scored = np.zeros(n_nodes)
    for word in range(len(counts)):
        scored[tree.point(word)] += centres[word] / centres.sum()
    between = np.full(OWN_ROWS, own.give_after * TURNS)
    between[-HOTTEST:] = own.give_after
    pairs = params.window + 1 if sg else 1
    expected = parts_to_give(scored[-OWN_ROWS:] * between * pairs, 3, params.alpha)
    assert_allclose(own.parts, expected, rtol=1e-5)


@pytest.mark.parametrize("shrink_windows", [True, False])
@pytest.mark.parametrize(
    ("objective", "scored"),
    [
        ({"negative": 4}, 5),
        ({"negative": 0, "hs": True}, math.log2(3001)),
        ({"negative": 4, "hs": True}, 5 + math.log2(3001)),
    ],
)
@pytest.mark.parametrize("sg", [True, False])
def test_a_row_of_w_moves_with_each_centre_that_its_word_is_near(
    sg, objective, scored, shrink_windows
):
    counts = zipf(3000)
    params = TrainParams(sg=sg, shrink_windows=shrink_windows, window=7, **objective)
    keep = keep_thresholds(counts, params.sample)
    centres = counts * (keep / np.iinfo(np.uint32).max)
    own = own_rows(counts, keep, params, TEAM, build_tree(counts)).inputs
    near = centres[:OWN_INPUTS] / centres.sum() * (8 if shrink_windows else 14)
    steps = near * scored * own.give_after
    assert_allclose(own.parts, parts_to_give(steps, 3, params.alpha), rtol=1e-5)


@pytest.mark.parametrize("counts", [np.zeros(70, np.int64), np.array([2**61, 0, 1])])
def test_words_that_never_come_have_parts_too(counts):
    params = TrainParams(hs=True, sample=0)
    keep = keep_thresholds(counts, params.sample)
    team = Team(3, 2**62)
    for own in own_rows(counts, keep, params, team, build_tree(counts)):
        assert (own.parts >= 1 / 3 - 1e-6).all()
        assert (own.parts <= 1).all()
    one = own_rows(counts[:1], keep[:1], params, team, build_tree(counts[:1]))
    assert one.nodes is None


class Training:
    """A text of one piece, more words than have copies, and a worker that may have some.

    `own` has the rows that it has copies of, by the name of the matrix: w or w_out, or both.
    """

    def __init__(
        self,
        params,
        n_tokens,
        give_after,
        parts=None,
        *,
        of=("w", "w_out"),
        n_hottest=None,
        number=0,
        lockf=None,
    ):
        rng = np.random.default_rng(3)
        counts = zipf(2 * OWN_ROWS)
        ids = rng.choice(len(counts), n_tokens, p=counts / counts.sum()).astype(np.int32)
        tree = build_tree(counts) if params.hs else None
        tables = make_tables(counts, params, tree)
        self.own = {}
        if give_after:
            full = make_tables(counts, params, tree, team=TEAM)
            names = {"w": "inputs", "w_out": "nodes" if params.hs else "words"}
            self.own = {matrix: getattr(full.own, names[matrix]) for matrix in of}
            for matrix, own in self.own.items():
                own = dataclasses.replace(own, give_after=give_after)
                if parts is not None:
                    own = dataclasses.replace(own, parts=np.full_like(own.parts, parts))
                if n_hottest is not None:
                    own = dataclasses.replace(own, n_hottest=n_hottest)
                self.own[matrix] = own
            given = {names[matrix]: own for matrix, own in self.own.items()}
            tables = dataclasses.replace(tables, own=OwnRowsOfAll(**given))
        self.w = new_vectors(len(counts), params.vector_size, 1)
        self.w_out = rng.normal(size=self.w.shape).astype(np.float32)
        hs = params.hs
        weights = Weights(
            self.w, None if hs else self.w_out, self.w_out if hs else None, lockf, tree
        )
        starts = np.array([0, n_tokens], np.int64)
        self.shared = Shared(
            weights,
            tables,
            ids,
            starts,
            starts,
            np.zeros(1, np.int64),
            random_base(1, 0),
            params,
            "scalar",
            alpha=0.2,
            min_alpha=0.2,
            epochs=2,
        )
        self.worker = Worker(self.shared, number)

    def run(self, epoch):
        self.shared.begin_epoch()
        self.worker.run(epoch)

    def owned(self, matrix):
        """Return which rows of a matrix there are copies of."""
        own = self.own[matrix]
        return slice(own.first, own.first + len(own.parts))


SETTINGS = [
    TrainParams(vector_size=7, sample=0, sg=sg, **objective)
    for sg in (False, True)
    for objective in ({"negative": 4}, {"hs": True, "negative": 0})
]


@pytest.mark.parametrize("of", [("w",), ("w_out",), ("w", "w_out")])
@pytest.mark.parametrize("params", SETTINGS)
def test_at_the_end_a_worker_gives_its_part_and_has_moved_what_all_share(params, of):
    alone, one_of_three = Training(params, 500, 0), Training(params, 500, 1000, of=of)
    start = {"w": alone.w.copy(), "w_out": alone.w_out.copy()}
    alone.run(0)
    one_of_three.run(0)
    for matrix, first in start.items():
        expected, got = getattr(alone, matrix).copy(), getattr(one_of_three, matrix)
        if matrix not in of:
            assert_array_equal(got, expected)
            continue
        rows, parts = one_of_three.owned(matrix), one_of_three.own[matrix].parts
        assert (np.abs(expected - first).max(axis=1) > 0)[rows].sum() > 50
        assert (parts < 1).any()
        expected[rows] = first[rows] + parts[:, np.newaxis] * (expected[rows] - first[rows])
        assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("params", SETTINGS)
def test_a_worker_that_gives_all_of_its_changes_learns_what_it_would_alone(params):
    # So often that each row is given several times: each batch is more than 20 centres.
    alone, giving = Training(params, 5000, 0), Training(params, 5000, 20, parts=1)
    for training in (alone, giving):
        training.run(0)
        training.run(1)
    # Each time a row is given, it is rounded.
    assert_allclose(giving.w, alone.w, atol=1e-4)
    assert_allclose(giving.w_out, alone.w_out, atol=1e-4)


@pytest.mark.parametrize("params", SETTINGS)
def test_copies_of_locked_rows_move_by_their_part(params):
    lockf = np.tile(np.float32([0, 0.5, 1]), 2 * OWN_ROWS)[: 2 * OWN_ROWS]
    alone = Training(params, 5000, 0, lockf=lockf)
    giving = Training(params, 5000, 20, parts=1, lockf=lockf)
    start = alone.w.copy()
    alone.run(0)
    giving.run(0)
    assert_allclose(giving.w, alone.w, atol=1e-4)
    assert_array_equal(giving.w[lockf == 0], start[lockf == 0])
    moved = np.flatnonzero(lockf[:OWN_INPUTS])
    assert (giving.w[moved] != start[moved]).any(axis=1).all()


@pytest.mark.parametrize("n_hottest", [None, 0])
@pytest.mark.parametrize("of", ["w", "w_out"])
@pytest.mark.parametrize("params", SETTINGS)
def test_a_worker_gives_while_it_trains(params, of, n_hottest):
    """With parts of 0 it forgets what its copies have learnt whenever it gives."""
    never = Training(params, 5000, 10**6, parts=0, of=[of])
    often = Training(params, 5000, 20, parts=0, of=[of], n_hottest=n_hottest)
    start = getattr(often, of).copy()
    for training in (never, often):
        training.run(0)
        rows = training.owned(of)
        assert_array_equal(getattr(training, of)[rows], start[rows])
    other = {"w": "w_out", "w_out": "w"}[of]
    assert (getattr(never, other) != getattr(often, other)).any()


@pytest.mark.parametrize("number", [1, 5, 63, 1023])
@pytest.mark.parametrize("params", SETTINGS)
def test_it_does_not_matter_with_which_rows_a_worker_begins(params, number):
    alone, giving = Training(params, 5000, 0), Training(params, 5000, 20, parts=1, number=number)
    alone.run(0)
    giving.run(0)
    assert_allclose(giving.w, alone.w, atol=1e-4)
    assert_allclose(giving.w_out, alone.w_out, atol=1e-4)


@pytest.mark.parametrize("params", SETTINGS)
def test_each_epoch_begins_with_the_rows_that_all_share(params):
    training, anew = Training(params, 500, 1000), Training(params, 500, 1000)
    training.run(0)
    training.w_out += 0.5
    anew.w[:], anew.w_out[:] = training.w, training.w_out
    training.run(1)
    anew.run(1)
    assert_array_equal(training.w, anew.w)
    assert_array_equal(training.w_out, anew.w_out)
