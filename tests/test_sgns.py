"""The skip-gram step: against NumPy on every backend, and against the gradient of its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cw2v import _sgns, reference
from cw2v.reference import Window

DIMS = [1, 7, 8, 9, 15, 16, 17, 100]  # around the vector widths


def model(dim, n_words=12, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return [rng.normal(scale=0.5, size=(n_words, dim)).astype(dtype) for _ in range(2)]


def window(n_x, n_y, n_words=12, seed=0):
    rng = np.random.default_rng(seed)
    return Window(
        rng.permutation(n_words)[:n_x].astype(np.int32),
        rng.integers(1, 3, n_x).astype(np.float32),
        rng.permutation(n_words)[:n_y].astype(np.int32),
        rng.integers(1, 3, n_y).astype(np.float32),
    )


def take_step(backend, w, w_out, win, lr):
    return _sgns.step(w, w_out, win.x, win.y, win.x_weight, win.y_weight, lr, backend)


def numerical_gradient(f, matrix, h=1e-5):
    gradient = np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        value = matrix[place]
        matrix[place] = value + h
        above = f()
        matrix[place] = value - h
        below = f()
        matrix[place] = value
        gradient[place] = (above - below) / (2 * h)
    return gradient


@pytest.mark.parametrize("dim", [1, 3, 8])
def test_the_reference_step_follows_the_gradient_of_the_loss(dim):
    w, w_out = model(dim, dtype=np.float64)
    win = window(5, 4)

    def loss():
        return reference.window_loss(w, w_out, win)

    expected = [-numerical_gradient(loss, matrix) for matrix in (w, w_out)]
    before = w.copy(), w_out.copy()
    assert reference.sgns_step(w, w_out, win, lr=1.0) == pytest.approx(
        reference.window_loss(*before, win)
    )
    assert_allclose(w - before[0], expected[0], rtol=1e-7, atol=1e-9)
    assert_allclose(w_out - before[1], expected[1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dim", DIMS)
def test_every_backend_takes_the_step_of_the_reference(backend, dim):
    for n_x, n_y in [(1, 1), (1, 6), (2, 2), (5, 6), (10, 6), (3, 12), (16, 30), (7, 7)]:
        w, w_out = model(dim, n_words=40)
        win = window(n_x, n_y, n_words=40)
        expected = w.astype(np.float64), w_out.astype(np.float64)
        loss = reference.sgns_step(*expected, win, lr=0.3)
        assert take_step(backend, w, w_out, win, lr=0.3) == pytest.approx(loss, rel=1e-5)
        assert_allclose(w, expected[0], rtol=1e-4, atol=2e-5)
        assert_allclose(w_out, expected[1], rtol=1e-4, atol=2e-5)


def test_every_backend_follows_the_gradient(backend):
    for dim in DIMS[:-1]:
        w, w_out = model(dim)
        win = window(4, 5)
        exact = w.astype(np.float64), w_out.astype(np.float64)

        def loss(exact=exact, win=win):
            return reference.window_loss(*exact, win)

        expected = [-numerical_gradient(loss, matrix) for matrix in exact]
        before = w.copy(), w_out.copy()
        take_step(backend, w, w_out, win, lr=1.0)
        # float32: the step is the small difference of two numbers of size 1
        assert_allclose(w - before[0], expected[0], rtol=1e-4, atol=1e-5)
        assert_allclose(w_out - before[1], expected[1], rtol=1e-4, atol=1e-5)


def test_a_word_twice_in_a_window_counts_twice(backend):
    """The weights stand for the gradient of the same window with its words written out."""
    w, w_out = model(8, dtype=np.float64)
    x, y = np.int32([3, 5, 3, 7]), np.int32([2, 4, 6, 4])
    s = w[x] @ w_out[y].T
    g = reference.sgns_error(s, np.ones(4), np.ones(4), 0.1)
    expected = w.copy(), w_out.copy()
    np.add.at(expected[0], x, g @ w_out[y])
    np.add.at(expected[1], y, g.T @ w[x])

    merged = Window(*reference.merged(x.tolist()), *reference.merged(y.tolist()))
    got = w.astype(np.float32), w_out.astype(np.float32)
    take_step(backend, *got, merged, lr=0.1)
    assert_allclose(got[0], expected[0], rtol=1e-5, atol=1e-6)
    assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-6)


def test_a_step_lowers_the_loss(backend):
    w, w_out = model(20)
    win = window(6, 6)
    before = take_step(backend, w, w_out, win, lr=0.05)
    assert reference.window_loss(w, w_out, win) < before


def test_the_loss_is_not_computed_unless_asked_for(backend):
    w, w_out = model(8)
    win = window(3, 3)
    args = (w, w_out, win.x, win.y, win.x_weight, win.y_weight, 0.1, backend)
    assert _sgns.step(*args, with_loss=False) == 0
