"""The skip-gram step: against NumPy on every backend, and against the gradient of its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from steps import DIMS, model, numerical_gradient, some_targets

from cw2v import _skipgram, reference
from cw2v.reference import Targets, Window


def window(n_x, n_words=12, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.permutation(n_words)[:n_x].astype(np.int32)
    empty = np.empty(0, np.int32)
    return Window(x, rng.integers(1, 3, n_x).astype(np.float32), empty, np.float32(empty))


def take_step(backend, w, w_out, win, targets, lr, **options):
    return _skipgram.step(
        w, w_out, win.x, targets.y, win.x_weight, targets.weight, targets.label, lr, backend,
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("dim", [1, 3, 8])
def test_the_reference_step_follows_the_gradient_of_the_loss(dim):
    w, w_out = model(dim, dtype=np.float64)
    win, targets = window(5), some_targets(4)

    def loss():
        return reference.skipgram_loss(w, w_out, win, targets)

    expected = [-numerical_gradient(loss, matrix) for matrix in (w, w_out)]
    before = w.copy(), w_out.copy()
    assert reference.skipgram_step(w, w_out, win, targets, lr=1.0) == pytest.approx(
        reference.skipgram_loss(*before, win, targets)
    )
    assert_allclose(w - before[0], expected[0], rtol=1e-7, atol=1e-9)
    assert_allclose(w_out - before[1], expected[1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dim", DIMS)
def test_every_backend_takes_the_step_of_the_reference(backend, dim):
    for n_x, n_y in [(1, 1), (1, 6), (2, 2), (5, 6), (10, 6), (3, 12), (16, 30), (7, 7)]:
        w, w_out = model(dim, n_words=40)
        win, targets = window(n_x, n_words=40), some_targets(n_y, n_words=40)
        expected = w.astype(np.float64), w_out.astype(np.float64)
        loss = reference.skipgram_step(*expected, win, targets, lr=0.3)
        got = take_step(backend, w, w_out, win, targets, lr=0.3)
        assert got == pytest.approx(loss, rel=1e-5)
        assert_allclose(w, expected[0], rtol=1e-4, atol=2e-5)
        assert_allclose(w_out, expected[1], rtol=1e-4, atol=2e-5)


def test_every_backend_follows_the_gradient(backend):
    for dim in DIMS[:-1]:
        w, w_out = model(dim)
        win, targets = window(4), some_targets(5)
        exact = w.astype(np.float64), w_out.astype(np.float64)

        def loss(exact=exact, win=win, targets=targets):
            return reference.skipgram_loss(*exact, win, targets)

        expected = [-numerical_gradient(loss, matrix) for matrix in exact]
        before = w.copy(), w_out.copy()
        take_step(backend, w, w_out, win, targets, lr=1.0)
        # float32: the step is the small difference of two numbers of size 1
        assert_allclose(w - before[0], expected[0], rtol=1e-4, atol=1e-5)
        assert_allclose(w_out - before[1], expected[1], rtol=1e-4, atol=1e-5)


def test_a_word_twice_in_a_window_counts_twice(backend):
    """The weights stand for the gradient of the same window with its words written out."""
    w, w_out = model(8, dtype=np.float64)
    x, y = np.int32([3, 5, 3, 7]), np.int32([2, 4, 6, 4])
    s = w[x] @ w_out[y].T
    g = reference.logistic_error(s, np.ones(4), np.ones(4), np.array([1, 0, 0, 0]), 0.1)
    expected = w.copy(), w_out.copy()
    np.add.at(expected[0], x, g @ w_out[y])
    np.add.at(expected[1], y, g.T @ w[x])

    merged = Window(*reference.merged(x.tolist()), *reference.merged(y.tolist()))
    label = np.float32([1, 0, 0])
    got = w.astype(np.float32), w_out.astype(np.float32)
    take_step(backend, *got, merged, Targets(merged.y, merged.y_weight, label), lr=0.1)
    assert_allclose(got[0], expected[0], rtol=1e-5, atol=1e-6)
    assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-6)


def test_a_row_moves_by_the_part_that_its_lock_says(backend):
    w, w_out = model(9, n_words=40)
    win, targets = window(6, n_words=40), some_targets(7, n_words=40)
    lockf = np.ones(40, np.float32)
    lockf[win.x[:3]] = 0, 0.5, 2
    expected = w.astype(np.float64), w_out.astype(np.float64)
    reference.skipgram_step(*expected, win, targets, lr=0.3, lockf=lockf)
    before = w.copy()
    take_step(backend, w, w_out, win, targets, lr=0.3, lockf=lockf)
    assert_allclose(w, expected[0], rtol=1e-4, atol=2e-5)
    assert_allclose(w_out, expected[1], rtol=1e-4, atol=2e-5)
    assert_array_equal(w[win.x[0]], before[win.x[0]])
    w = before.copy()
    take_step(backend, w, w_out, win, targets, lr=0.3, lockf=np.zeros(1, np.float32))
    assert_array_equal(w, before)


def test_a_step_lowers_the_loss(backend):
    w, w_out = model(20)
    win, targets = window(6), some_targets(6)
    before = take_step(backend, w, w_out, win, targets, lr=0.05)
    assert reference.skipgram_loss(w, w_out, win, targets) < before


def test_the_loss_is_not_computed_unless_asked_for(backend):
    w, w_out = model(8)
    assert take_step(backend, w, w_out, window(3), some_targets(3), 0.1, with_loss=False) == 0
