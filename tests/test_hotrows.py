"""Hot rows: which rows workers have local copies of, and how the copies are merged."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import hotrows, reference
from cw2v._hotrows import merge_rows
from cw2v._worker import Shared, Worker
from cw2v.hotrows import (
    HOTTEST_INPUTS,
    HOTTEST_OUTPUTS,
    MOST_INPUT_ROWS,
    MOST_OUTPUT_ROWS,
    OUTPUT_INTERVAL,
    SLICES,
    STEP_FRACTION,
    TOTAL_INPUT_INTERVAL,
    TOTAL_OUTPUT_INTERVAL,
    ModelHotRows,
    Workload,
    hot_rows,
    merge_factors,
)
from cw2v.huffman import build_tree
from cw2v.noise import keep_thresholds
from cw2v.params import TrainParams
from cw2v.tables import make_tables
from cw2v.trainer import random_base
from cw2v.weights import Weights, new_vectors

WORKLOAD = Workload(n_workers=3, n_tokens=10**9)


@pytest.fixture(autouse=True)
def no_words_are_few(monkeypatch):
    monkeypatch.setattr(hotrows, "FEW_WORDS", 0)


def three(n, dim=9):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, dim)).astype(np.float32) for _ in range(3)]


def test_a_merge_adds_the_change_of_the_copies_times_a_factor(backend):
    rows, factors = three(5), np.array([0.25, 1, 0.5, 0.7, 0.3], np.float32)
    expected = reference.merge_rows(*(row.astype(np.float64) for row in rows), factors)
    merge_rows(backend, *rows, factors)
    for got, exact in zip(rows, expected, strict=True):
        assert_allclose(got, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_the_hottest_are_merged_each_time_and_all_in_turn(n):
    rows, factors = three(n), np.full(n, 0.5, np.float32)
    turns = [list(range(first, min(first + 2, n))) for first in range(0, n, 2)]
    next_turn = 0
    for number in range(8):
        rows[1] += number  # the change since the last merge
        expected = [row.astype(np.float64) for row in rows]
        for merged in ([n - 1], turns[number % len(turns)]):
            factor = reference.merge_rows(*(row[merged] for row in expected), factors[merged])
            for row, moved in zip(expected, factor, strict=True):
                row[merged] = moved
        next_turn = merge_rows(
            "scalar", *rows, factors, hottest=n - 1, n_hottest=1, slice=2, next=next_turn
        )
        for got, exact in zip(rows, expected, strict=True):
            assert_allclose(got, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_workers", [2, 5])
@pytest.mark.parametrize("steps", [1, 30, 3000])
def test_merged_changes_lead_as_far_as_the_steps_of_all_one_after_another(steps, n_workers):
    def way(steps):  # from 0 to 1, each step by the same factor of what is left
        at = 0.0
        for _ in range(steps):
            at += STEP_FRACTION * 0.05 * (1 - at)
        return at

    factor = merge_factors(np.array([steps]), n_workers, 0.05)[0]
    assert n_workers * factor * way(steps) == pytest.approx(way(n_workers * steps))
    assert 1 / n_workers <= factor <= 1


@pytest.mark.parametrize("alpha", [0, 1e-9, 0.025, 1, 100])
@pytest.mark.parametrize("n_workers", [1, 2, 100])
def test_factors_are_from_one_over_the_number_of_workers_to_one(n_workers, alpha):
    factors = merge_factors(np.array([0, 1e-300, 1, 1e3, 1e300]), n_workers, alpha)
    assert (np.diff(factors) <= 1e-12).all()
    assert (factors <= 1 + 1e-12).all()
    assert factors[-1] == pytest.approx(1 / n_workers)
    if alpha <= 1:
        assert factors[0] == pytest.approx(1, rel=0.01)


def zipf(n):
    return np.maximum(1, 10**6 // np.arange(1, n + 1))


@pytest.mark.parametrize("n_words", [1, 2, 50, MOST_INPUT_ROWS, MOST_OUTPUT_ROWS, 3000])
@pytest.mark.parametrize(
    ("of", "most", "hottest"),
    [("w", MOST_INPUT_ROWS, HOTTEST_INPUTS), ("syn1neg", MOST_OUTPUT_ROWS, HOTTEST_OUTPUTS)],
)
def test_hot_words_are_the_first_and_the_first_of_them_the_hottest(of, most, hottest, n_words):
    counts, params = zipf(n_words), TrainParams()
    keep = keep_thresholds(counts, params.sample)
    hot = getattr(hot_rows(counts, keep, params, WORKLOAD), of)
    assert (hot.first, hot.hottest, hot.n_hottest) == (0, 0, min(hottest, n_words))
    assert hot.factors.shape == (min(most, n_words),)
    assert (hot.factors >= 0.333).all()
    assert (hot.factors <= 1).all()
    assert (np.diff(hot.factors[:hottest]) >= 0).all()  # smaller if written more often
    assert (np.diff(hot.factors[hottest:]) >= 0).all()
    assert hot_rows(counts, keep, params, Workload()) == (None, None, None)


@pytest.mark.parametrize(
    ("n_workers", "inputs", "others"),
    [(2, 512, 1024), (3, 341, 682), (4, 256, 512), (16, 256, 512), (64, 64, 512)],
)
def test_all_workers_together_merge_w_often_and_each_merges_w_out(n_workers, inputs, others):
    counts, params = zipf(3000), TrainParams(hs=True)
    keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
    hot = hot_rows(counts, keep, params, Workload(n_workers, 10**9), tree)
    assert [rows.merge_interval for rows in hot] == [inputs, others, others]
    assert inputs == min(others // 2, TOTAL_INPUT_INTERVAL // n_workers)
    assert others == max(OUTPUT_INTERVAL, TOTAL_OUTPUT_INTERVAL // n_workers)


def test_fewer_long_rows_are_hot():
    counts = zipf(3000)
    for size, n_hot, n_inputs in ((100, 1024, 256), (300, 873, 256), (65_536, 4, 4)):
        params = TrainParams(vector_size=size, hs=True)
        keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
        w, syn1neg, syn1 = hot_rows(counts, keep, params, WORKLOAD, tree)
        assert len(syn1neg.factors) == len(syn1.factors) == n_hot
        assert len(w.factors) == n_inputs
        assert w.n_hottest == min(HOTTEST_INPUTS, n_inputs)
        assert syn1.first + n_hot == len(counts) - 1
        assert syn1neg.n_hottest == syn1.n_hottest == min(HOTTEST_OUTPUTS, n_hot)


def test_copies_are_merged_in_short_texts_too_or_not_made(monkeypatch):
    assert [Workload(2, n).merge_interval(9, 1.0) for n in (10**9, 10**5, 10**4)] == [1024, 48, 0]
    assert Workload(2, 10**5).merge_interval(9, 0.7) == 34
    assert Workload(1, 10**9).merge_interval(9, 1.0) == 0
    monkeypatch.setattr(hotrows, "FEW_WORDS", 10)
    assert [WORKLOAD.merge_interval(n_words, 1.0) for n_words in (9, 10)] == [0, 682]
    counts, params = zipf(100), TrainParams(hs=True, workers=8)
    tables = make_tables(counts, params, build_tree(counts), workload=Workload(8, 100_000))
    assert tables.hot_rows == (None, None, None)


@pytest.mark.parametrize("sg", [False, True])
def test_hot_nodes_are_those_next_to_the_root(sg):
    counts = zipf(3000)
    params = TrainParams(sg=sg, hs=True, negative=0)
    keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
    hot = hot_rows(counts, keep, params, WORKLOAD, tree).syn1
    n_nodes = len(counts) - 1
    assert hot.first == n_nodes - MOST_OUTPUT_ROWS
    assert (hot.hottest, hot.n_hottest) == (MOST_OUTPUT_ROWS - HOTTEST_OUTPUTS, HOTTEST_OUTPUTS)

    centres = counts * (keep / np.iinfo(np.uint32).max)
    scored = np.zeros(n_nodes)
    for word in range(len(counts)):
        scored[tree.point(word)] += centres[word] / centres.sum()
    between = np.full(MOST_OUTPUT_ROWS, hot.merge_interval * SLICES)
    between[-HOTTEST_OUTPUTS:] = hot.merge_interval
    pairs = params.window + 1 if sg else 1
    expected = merge_factors(scored[-MOST_OUTPUT_ROWS:] * between * pairs, 3, params.alpha)
    assert_allclose(hot.factors, expected, rtol=1e-5)


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
def test_a_row_of_w_moves_with_each_centre_whose_context_its_word_is_in(
    sg, objective, scored, shrink_windows
):
    counts = zipf(3000)
    params = TrainParams(sg=sg, shrink_windows=shrink_windows, window=7, **objective)
    keep = keep_thresholds(counts, params.sample)
    centres = counts * (keep / np.iinfo(np.uint32).max)
    hot = hot_rows(counts, keep, params, WORKLOAD, build_tree(counts)).w
    near = centres[:MOST_INPUT_ROWS] / centres.sum() * (8 if shrink_windows else 14)
    between = np.full(MOST_INPUT_ROWS, hot.merge_interval * SLICES)
    between[:HOTTEST_INPUTS] = hot.merge_interval
    steps = near * scored * between
    assert_allclose(hot.factors, merge_factors(steps, 3, params.alpha), rtol=1e-5)


@pytest.mark.parametrize("counts", [np.zeros(70, np.int64), np.array([2**61, 0, 1])])
def test_words_that_never_occur_have_factors_too(counts):
    params = TrainParams(hs=True, sample=0)
    keep = keep_thresholds(counts, params.sample)
    workload = Workload(3, 2**62)
    for hot in hot_rows(counts, keep, params, workload, build_tree(counts)):
        assert (hot.factors >= 1 / 3 - 1e-6).all()
        assert (hot.factors <= 1).all()
    one = hot_rows(counts[:1], keep[:1], params, workload, build_tree(counts[:1]))
    assert one.syn1 is None


class Training:
    """A text of one piece with more words than hot rows, and a worker that may have copies of them.

    `hot` has its hot rows by the name of the matrix: w or w_out, or both.
    """

    def __init__(
        self,
        params,
        n_tokens,
        merge_interval,
        factors=None,
        *,
        of=("w", "w_out"),
        n_hottest=None,
        number=0,
        lockf=None,
    ):
        rng = np.random.default_rng(3)
        counts = zipf(2 * MOST_OUTPUT_ROWS)
        ids = rng.choice(len(counts), n_tokens, p=counts / counts.sum()).astype(np.int32)
        tree = build_tree(counts) if params.hs else None
        tables = make_tables(counts, params, tree)
        self.hot = {}
        if merge_interval:
            full = make_tables(counts, params, tree, workload=WORKLOAD)
            names = {"w": "w", "w_out": "syn1" if params.hs else "syn1neg"}
            self.hot = {matrix: getattr(full.hot_rows, names[matrix]) for matrix in of}
            for matrix, hot in self.hot.items():
                hot = dataclasses.replace(hot, merge_interval=merge_interval)
                if factors is not None:
                    hot = dataclasses.replace(hot, factors=np.full_like(hot.factors, factors))
                if n_hottest is not None:
                    hot = dataclasses.replace(hot, n_hottest=n_hottest)
                self.hot[matrix] = hot
            merged = {names[matrix]: hot for matrix, hot in self.hot.items()}
            tables = dataclasses.replace(tables, hot_rows=ModelHotRows(**merged))
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

    def hot_slice(self, matrix):
        """Return which rows of a matrix are hot."""
        hot = self.hot[matrix]
        return slice(hot.first, hot.first + len(hot.factors))


SETTINGS = [
    TrainParams(vector_size=7, sample=0, sg=sg, **objective)
    for sg in (False, True)
    for objective in ({"negative": 4}, {"hs": True, "negative": 0})
]


@pytest.mark.parametrize("of", [("w",), ("w_out",), ("w", "w_out")])
@pytest.mark.parametrize("params", SETTINGS)
def test_at_the_end_a_worker_merges_its_copies_and_has_moved_the_other_rows(params, of):
    alone, one_of_three = Training(params, 500, 0), Training(params, 500, 1000, of=of)
    start = {"w": alone.w.copy(), "w_out": alone.w_out.copy()}
    alone.run(0)
    one_of_three.run(0)
    for matrix, first in start.items():
        expected, got = getattr(alone, matrix).copy(), getattr(one_of_three, matrix)
        if matrix not in of:
            assert_array_equal(got, expected)
            continue
        rows, factors = one_of_three.hot_slice(matrix), one_of_three.hot[matrix].factors
        assert (np.abs(expected - first).max(axis=1) > 0)[rows].sum() > 50
        assert (factors < 1).any()
        expected[rows] = first[rows] + factors[:, np.newaxis] * (expected[rows] - first[rows])
        assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("params", SETTINGS)
def test_a_worker_that_merges_with_factor_one_learns_what_it_would_alone(params):
    # So often that each row is merged several times: each batch is more than 20 centres.
    alone, merging = Training(params, 5000, 0), Training(params, 5000, 20, factors=1)
    for training in (alone, merging):
        training.run(0)
        training.run(1)
    # Each merge rounds.
    assert_allclose(merging.w, alone.w, atol=1e-4)
    assert_allclose(merging.w_out, alone.w_out, atol=1e-4)


@pytest.mark.parametrize("params", SETTINGS)
def test_copies_of_locked_rows_move_by_their_factor(params):
    lockf = np.tile(np.float32([0, 0.5, 1]), 2 * MOST_OUTPUT_ROWS)[: 2 * MOST_OUTPUT_ROWS]
    alone = Training(params, 5000, 0, lockf=lockf)
    merging = Training(params, 5000, 20, factors=1, lockf=lockf)
    start = alone.w.copy()
    alone.run(0)
    merging.run(0)
    assert_allclose(merging.w, alone.w, atol=1e-4)
    assert_array_equal(merging.w[lockf == 0], start[lockf == 0])
    moved = [(training.w != start).any(axis=1) for training in (alone, merging)]
    assert_array_equal(*moved)
    assert moved[0][:MOST_INPUT_ROWS].sum() > MOST_INPUT_ROWS / 2


@pytest.mark.parametrize(
    ("of", "n_hottest"),
    [("w", None), ("w", 0), ("w", MOST_INPUT_ROWS), ("w_out", None), ("w_out", 0)],
)
@pytest.mark.parametrize("params", SETTINGS)
def test_a_worker_merges_while_it_trains(params, of, n_hottest):
    """With factors of 0 each merge resets the copies to the shared rows."""
    never = Training(params, 5000, 10**6, factors=0, of=[of])
    often = Training(params, 5000, 20, factors=0, of=[of], n_hottest=n_hottest)
    start = getattr(often, of).copy()
    for training in (never, often):
        training.run(0)
        rows = training.hot_slice(of)
        assert_array_equal(getattr(training, of)[rows], start[rows])
    other = {"w": "w_out", "w_out": "w"}[of]
    assert (getattr(never, other) != getattr(often, other)).any()


@pytest.mark.parametrize("number", [1, 5, 63, 1023])
@pytest.mark.parametrize("params", SETTINGS)
def test_it_does_not_matter_which_slice_a_worker_merges_first(params, number):
    alone, merging = Training(params, 5000, 0), Training(params, 5000, 20, factors=1, number=number)
    alone.run(0)
    merging.run(0)
    assert_allclose(merging.w, alone.w, atol=1e-4)
    assert_allclose(merging.w_out, alone.w_out, atol=1e-4)


@pytest.mark.parametrize("params", SETTINGS)
def test_each_epoch_begins_with_the_shared_rows(params):
    training, anew = Training(params, 500, 1000), Training(params, 500, 1000)
    training.run(0)
    training.w_out += 0.5
    anew.w[:], anew.w_out[:] = training.w, training.w_out
    training.run(1)
    anew.run(1)
    assert_array_equal(training.w, anew.w)
    assert_array_equal(training.w_out, anew.w_out)
