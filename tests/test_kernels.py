"""Every kernel of every table this machine can run, against reference.py."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from steps import for_kernels, some_labels, tree_labels

from cw2v import _kernels, reference
from cw2v._kernels import available_backends
from cw2v.referencedraws import Labels

TABLES = [name for name in available_backends() if name != "blas"]
DIMS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 100, 300]  # around vector widths
SUMMED = [*DIMS, 6, 14, 24, 26, 28, 48, 50, 52, 56, 64, 104, 200]  # 1, 3, 6, 12 vectors and halves
SHAPES = [(1, 1), (1, 6), (2, 5), (3, 6), (16, 6), (5, 2), (10, 7), (7, 12), (4, 13), (3, 31)]
SHAPES += [(n_x, n_y) for n_x in (3, 8, 9) for n_y in (1, 3, 4, 7, 8, 9, 16, 17)]
SHAPES += [(2, 32), (3, 48), (16, 64)]


def rows(rng, n, dim):
    return rng.normal(size=(n, dim)).astype(np.float32)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("dim", DIMS)
def test_dots_are_the_product_of_the_rows(table, dim):
    rng = np.random.default_rng(dim)
    for n_x, n_y in SHAPES:
        x, y = rows(rng, n_x, dim), rows(rng, n_y, dim)
        expected = x.astype(np.float64) @ y.T.astype(np.float64)
        # rounding grows with the size of the terms, not of their sum
        bound = 1e-6 * np.sqrt(dim) * np.linalg.norm(x, axis=1).max() * 4
        assert_allclose(_kernels.dots(table, x, y), expected, rtol=1e-5, atol=bound)


@pytest.mark.parametrize("n_prefetched", [None, 3, 9])  # rows to prefetch meanwhile
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("dim", DIMS)
def test_update_uses_the_rows_as_they_were(table, dim, n_prefetched):
    rng = np.random.default_rng(dim)
    prefetched = None if n_prefetched is None else rows(rng, n_prefetched, dim)
    unchanged = None if prefetched is None else prefetched.copy()
    for n_x, n_y in SHAPES:
        x, y = rows(rng, n_x, dim), rows(rng, n_y, dim)
        g = rng.normal(size=(n_x, n_y)).astype(np.float32)
        new_x, new_y = reference.update(*(a.astype(np.float64) for a in (x, y, g)))
        _kernels.update(table, x, y, g, prefetched=prefetched)
        assert_array_equal(prefetched, unchanged)
        assert_allclose(x, new_x, rtol=1e-5, atol=1e-5 * n_y)
        assert_allclose(y, new_y, rtol=1e-5, atol=1e-5 * n_x)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("dim", DIMS)
def test_update_apart_gives_the_step_alone(table, dim):
    rng = np.random.default_rng(dim)
    for n_y in [1, 2, 5, 6, 7, 8, 9, 12, 13, 40]:
        h, y, g = rows(rng, 1, dim), rows(rng, n_y, dim), rows(rng, 1, n_y)
        new_h, new_y = reference.update(*(a.astype(np.float64) for a in (h, y, g)))
        step = _kernels.update_apart(table, h[0], y, g[0])
        assert_allclose(step, (new_h - h)[0], rtol=1e-5, atol=1e-5 * n_y)
        assert_allclose(y, new_y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("dim", SUMMED)
def test_rows_are_summed_and_added_to(table, dim):
    rng = np.random.default_rng(dim)
    for n in [1, 2, 3, 10, 31]:
        x, step = rows(rng, n, dim), rows(rng, 1, dim)[0]
        expected = x.astype(np.float64).sum(axis=0) / 3
        assert_allclose(_kernels.sum_rows(table, x, 1 / 3), expected, rtol=1e-5, atol=1e-6 * n)
        moved = x.astype(np.float64) + 0.25 * step
        _kernels.add_to_rows(table, x, 0.25, step)
        assert_allclose(x, moved, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("dim", DIMS)
def test_the_change_of_copies_is_merged_times_a_factor(table, dim):
    rng = np.random.default_rng(dim)
    for n in [1, 2, 3, 4, 5, 9]:
        matrices = [rows(rng, n, dim) for _ in ("shared", "local", "base")]
        factors = rng.random(n, np.float32)
        expected = reference.merge_rows(*(a.astype(np.float64) for a in matrices), factors)
        _kernels.merge_rows(table, *matrices, factors)
        for got, exact in zip(matrices, expected, strict=True):
            assert_allclose(got, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("table", TABLES)
def test_repeating_a_kernel_is_calling_it_again(table):
    rng = np.random.default_rng(0)
    h, y, g, step = rows(rng, 3, 9), rows(rng, 4, 9), 0.1 * rows(rng, 3, 4), rows(rng, 1, 9)[0]
    labels = for_kernels(some_labels(3, 4))

    def three_times(kernel, *given, **options):
        """Return what three calls leave and give, and what one call that repeats them does."""
        left, outcomes = [], []
        for calls, repeat in [(3, 1), (1, 3)]:
            own = [a.copy() if isinstance(a, np.ndarray) else a for a in given]
            for _ in range(calls):
                outcome = kernel(table, *own, repeat=repeat, **options)
            left.append([a for a in own if isinstance(a, np.ndarray)])
            outcomes.append(outcome)
        return left, outcomes

    for kernel, *given in [
        (_kernels.dots, h, y),
        (_kernels.logistic_loss, g, labels),
        (_kernels.update, h, y, g),
        (_kernels.update_apart, h[0], y, g[0]),
        (_kernels.sum_rows, h, 0.5),
        (_kernels.add_to_rows, h, 0.5, step),
        (_kernels.merge_rows, h, 2 * h, 3 * h, step[:3]),
    ]:
        (called, repeated), outcomes = three_times(kernel, *given)
        for a, b in zip(called, repeated, strict=True):
            assert_array_equal(a, b)
        assert_array_equal(*outcomes)
    errors = g
    for _ in range(3):
        errors = _kernels.logistic_error(table, errors, labels, 0.5)
    assert_array_equal(_kernels.logistic_error(table, g, labels, 0.5, repeat=3), errors)


def in_float64(labels):
    return Labels(*(a.astype(np.float64) for a in labels))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make_labels", [some_labels, tree_labels])
def test_errors_follow_the_formula(table, shape, make_labels):
    rng = np.random.default_rng(0)
    s = rng.normal(scale=6, size=shape).astype(np.float32)
    labels = make_labels(*shape)
    lr = 0.025
    expected = reference.logistic_error(s.astype(np.float64), in_float64(labels), lr)
    bound = 1e-6 * lr * (labels.positives + labels.negatives).max()
    error = _kernels.logistic_error(table, s, for_kernels(labels), lr)
    assert_allclose(error, expected, rtol=0, atol=bound)


def once_each(shape, positives):
    """Labels by which each pair counts once; `positives` (n_y,) is 1 for positive pairs, else 0."""
    return Labels(
        np.ones(shape[0], np.float32),
        np.ones(shape[1], np.float32),
        np.tile(np.float32(positives), (shape[0], 1)),
    )


@pytest.mark.parametrize("table", TABLES)
def test_sigmoid_is_exact_over_its_whole_range(table):
    s = np.linspace(-110, 110, 4096, dtype=np.float32).reshape(16, 256)
    labels = once_each(s.shape, np.arange(256) % 3 == 0)
    error = _kernels.logistic_error(table, s, for_kernels(labels), 1.0)
    expected = reference.logistic_error(s.astype(np.float64), in_float64(labels), 1.0)
    assert_allclose(error, expected, rtol=0, atol=2e-7)


@pytest.mark.parametrize("table", TABLES)
def test_infinite_logits_give_finite_errors_and_nan_stays_nan(table):
    s = np.float32([[math.inf, math.inf, -math.inf, 0, math.nan, 1e30, -1e30]])
    labels = once_each(s.shape, [1, 0, 0, 0, 0, 0, 0])
    error = _kernels.logistic_error(table, s, for_kernels(labels), 1.0)[0]
    assert_allclose(error, [0, -1, 0, -0.5, math.nan, -1, 0], atol=1e-6)
    s[0, 0] = -math.inf
    assert_allclose(_kernels.logistic_error(table, s, for_kernels(labels), 1.0)[0, 0], 1)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("shape", [*SHAPES, (2, 1001)])
def test_loss_follows_the_formula(table, shape):
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1, 30):
        s = rng.normal(scale=scale, size=shape).astype(np.float32)
        for labels in (some_labels(*shape), tree_labels(*shape)):
            expected = reference.logistic_loss(s.astype(np.float64), in_float64(labels))
            loss = _kernels.logistic_loss(table, s, for_kernels(labels))
            assert_allclose(loss, expected, rtol=1e-6)


@pytest.mark.parametrize("table", TABLES)
def test_kernels_leave_the_neighbours_of_a_row_alone(table):
    for dim in DIMS:
        w = np.full((9, dim), 7, np.float32)
        guard = w.copy()
        x, y = w[2:5], w[6:8]
        _kernels.update(table, x, y, np.full((3, 2), 0.5, np.float32))
        _kernels.update_apart(table, x[0].copy(), y, np.full(2, 0.5, np.float32))
        _kernels.add_to_rows(table, x, 0.5, y[0].copy())
        local, base = w.copy(), guard.copy()
        factors = np.full(3, 0.5, np.float32)
        _kernels.merge_rows(table, x, local[2:5], base[2:5], factors)
        for row in (0, 1, 5, 8):
            assert_array_equal(w[row], guard[row])
        for row in (0, 1, 5, 6, 7, 8):
            assert_array_equal(base[row], guard[row])
        assert_array_equal(local[2:5], x)
        assert_array_equal(local[5], w[5])


def test_the_plainest_table_and_blas_are_always_there():
    assert available_backends()[-2:] == ["scalar", "blas"]


def test_an_unknown_backend_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("CW2V_BACKEND", "mmx")
    with pytest.raises(ValueError, match="CW2V_BACKEND is 'mmx', which this machine does not"):
        _kernels.default_backend()
    one = np.ones((1, 1), np.float32)
    with pytest.raises(ValueError, match=r"backend must be one of .*scalar, blas, got 'mmx'"):
        _kernels.dots("mmx", one, one)
