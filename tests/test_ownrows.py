"""Rows of W' that each of several workers has copies of: which, and what becomes of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import reference
from cw2v._ownrows import own_rows_given
from cw2v._worker import Shared, Worker
from cw2v.corpus import EncodedCorpus
from cw2v.huffman import build_tree
from cw2v.noise import keep_thresholds
from cw2v.ownrows import CENTRES, HOTTEST, OWN_ROWS, STEP, Team, own_nodes, own_words, parts_to_give
from cw2v.params import TrainParams
from cw2v.tables import make_tables
from cw2v.trainer import random_base
from cw2v.weights import Weights, new_vectors

TEAM = Team(n_workers=3, n_tokens=10**9)


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
    for times in range(1, 5):
        rows, parts = three(n), np.full(n, 0.5, np.float32)
        expected = reference.own_rows_given(*(row.astype(np.float64) for row in rows), parts)
        kept = [row.copy() for row in rows]
        given = np.zeros(n, bool)
        given[n - 1 :] = True
        given[: 2 * times] = True
        own_rows_given(*rows, parts, hottest=n - 1, n_hottest=1, slice=2, times=times)
        for got, exact, before in zip(rows, expected, kept, strict=True):
            assert_allclose(got[given], exact[given], rtol=1e-5, atol=1e-6)
            assert_array_equal(got[~given], before[~given])


def test_a_row_that_was_given_and_not_moved_since_stays_as_it_is():
    rows, parts = three(4), np.full(4, 0.5, np.float32)
    own_rows_given(*rows, parts)
    once = rows[0].copy()
    own_rows_given(*rows, parts, n_hottest=4, slice=4, times=3)
    assert_array_equal(rows[0], once)


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


@pytest.mark.parametrize("n_words", [1, 2, 50, OWN_ROWS, 3000])
def test_own_words_are_the_first_and_the_first_of_them_the_hottest(n_words):
    counts, params = zipf(n_words), TrainParams()
    keep = keep_thresholds(counts, params.sample)
    own = own_words(counts, keep, params, TEAM)
    assert (own.first, own.hottest, own.n_hottest) == (0, 0, min(HOTTEST, n_words))
    assert own.parts.shape == (min(OWN_ROWS, n_words),)
    assert (own.parts >= 0.333).all()
    assert (own.parts <= 1).all()
    assert (np.diff(own.parts[:HOTTEST]) >= 0).all()  # the more often written, the less is given
    assert (np.diff(own.parts[HOTTEST:]) >= 0).all()
    assert own_words(counts, keep, params, Team()) is None


@pytest.mark.parametrize("sg", [False, True])
def test_own_nodes_are_those_next_to_the_root_by_how_often_they_are_scored(sg):
    counts = zipf(3000)
    params = TrainParams(sg=sg, hs=True, negative=0)
    keep, tree = keep_thresholds(counts, params.sample), build_tree(counts)
    own = own_nodes(counts, keep, tree, params, TEAM)
    n_nodes = len(counts) - 1
    assert (own.first, own.hottest, own.n_hottest) == (n_nodes - OWN_ROWS, OWN_ROWS - 64, 64)

    centres = counts * (keep / np.iinfo(np.uint32).max)
    scored = np.zeros(n_nodes)
    for word in range(len(counts)):
        scored[tree.point(word)] += centres[word] / centres.sum()
    between = np.full(OWN_ROWS, CENTRES * 16)
    between[-64:] = CENTRES
    pairs = params.window + 1 if sg else 1
    expected = parts_to_give(scored[-OWN_ROWS:] * between * pairs, 3, params.alpha)
    assert_allclose(own.parts, expected, rtol=1e-5)


def test_words_that_never_come_and_texts_that_are_short_have_parts_too():
    params = TrainParams(hs=True)
    for counts in (np.zeros(70, np.int64), np.array([2**61, 0, 1])):
        keep = keep_thresholds(counts, params.sample)
        own = own_words(counts, keep, params, TEAM)
        assert np.isfinite(own.parts).all()
        own = own_nodes(counts, keep, build_tree(counts), params, Team(3, 1))
        assert np.isfinite(own.parts).all()
    assert own_nodes(counts[:1], keep[:1], build_tree(counts[:1]), params, TEAM) is None


@pytest.mark.parametrize("sg", [False, True])
@pytest.mark.parametrize("objective", [{"negative": 4}, {"hs": True, "negative": 0}])
def test_one_of_a_team_gives_its_part_and_moves_what_is_shared_by_all(objective, sg):
    rng = np.random.default_rng(3)
    counts = zipf(2 * OWN_ROWS)
    ids = rng.choice(len(counts), CENTRES - 1, p=counts / counts.sum()).astype(np.int32)
    text = EncodedCorpus(ids, np.array([0, len(ids)]), len(ids), 1)
    params = TrainParams(vector_size=7, sample=0, sg=sg, **objective)

    def trained(team):
        w = new_vectors(len(counts), params.vector_size, 1)
        start = rng_rows.normal(size=w.shape).astype(np.float32)
        neg, tree = params.negative, build_tree(counts) if params.hs else None
        weights = Weights(
            w, start.copy() if neg else None, start.copy() if params.hs else None, None, tree
        )
        tables = make_tables(counts, params, tree, team=team)
        shared = Shared(
            weights,
            tables,
            text.ids,
            text.starts,
            np.array([0, len(ids)], np.int64),
            np.zeros(1, np.int64),
            random_base(1, 0),
            params,
            "scalar",
            alpha=0.5,
            min_alpha=0.5,
            epochs=1,
        )
        Worker(shared).run(0)
        return w, start, weights.syn1neg if neg else weights.syn1, tables

    rng_rows = np.random.default_rng(4)
    w, start, w_out, _ = trained(None)
    rng_rows = np.random.default_rng(4)
    team_w, _, team_w_out, tables = trained(Team(2, len(ids)))
    own = tables.own_words if params.negative else tables.own_nodes
    expected = w_out.copy()
    rows = slice(own.first, own.first + OWN_ROWS)
    expected[rows] = start[rows] + own.parts[:, np.newaxis] * (w_out[rows] - start[rows])
    assert_array_equal(team_w, w)
    assert_allclose(team_w_out, expected, rtol=1e-5, atol=1e-6)
    assert (np.abs(w_out - start).max(axis=1) > 0)[rows].sum() > 50
    assert (own.parts < 1).any()
