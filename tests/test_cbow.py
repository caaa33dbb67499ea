"""The CBOW step: against NumPy on every backend, and against the gradient of its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from steps import DIMS, for_kernels, model, numerical_gradient, some_targets

from cw2v import _cbow, reference
from cw2v.reference import Targets


def some_window(n, n_words=12, seed=0):
    """Context words, some more than once, a window that they are in, and its centre's index."""
    context = np.random.default_rng(seed).integers(0, n_words, n).astype(np.int32)
    return context, np.insert(context, n // 2, 3).astype(np.int32), n // 2


def take_step(backend, w, w_out, window, centre, targets, lr, **options):
    labels = for_kernels(targets.labels)
    return _cbow.step(w, w_out, window, centre, targets.y, labels, lr, backend, **options)


def targets_of(n_y, n_words=12):
    """Give targets with one positive pair: the projection predicts one word."""
    positives = np.zeros((1, n_y), np.float32)
    positives[0, np.random.default_rng(0).integers(0, min(n_y, 8))] = 1
    targets = some_targets(1, n_y, n_words)
    return Targets(
        targets.y, targets.labels._replace(pairs=np.ones(1, np.float32), positives=positives)
    )


@pytest.mark.parametrize("cbow_mean", [True, False])
@pytest.mark.parametrize("dim", [1, 3, 8])
def test_the_corrected_reference_step_follows_the_gradient_of_the_loss(dim, cbow_mean):
    w, w_out = model(dim, dtype=np.float64)
    context, targets = some_window(5)[0], targets_of(4)

    def loss():
        return reference.cbow_loss(w, w_out, context, targets, cbow_mean=cbow_mean)

    expected = [-numerical_gradient(loss, matrix) for matrix in (w, w_out)]
    before = w.copy(), w_out.copy()
    loss_before = reference.cbow_step(
        w, w_out, context, targets, 1.0, cbow_mean=cbow_mean, corrected_cbow=True
    )
    assert loss_before == pytest.approx(
        reference.cbow_loss(*before, context, targets, cbow_mean=cbow_mean)
    )
    assert_allclose(w - before[0], expected[0], rtol=1e-7, atol=1e-9)
    assert_allclose(w_out - before[1], expected[1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("cbow_mean", [True, False])
def test_uncorrected_the_step_of_w_is_n_times_the_gradient_or_an_nth(cbow_mean):
    """gensim and word2vec.c: word2vec_inner.pyx and word2vec.c add the error as it is."""
    context, targets = np.int32([1, 4, 5, 7, 8]), targets_of(4)
    steps = []
    for corrected in (True, False):
        w, w_out = model(6, dtype=np.float64)
        before = w.copy()
        reference.cbow_step(
            w, w_out, context, targets, 0.1, cbow_mean=cbow_mean, corrected_cbow=corrected
        )
        steps.append(w - before)
    assert_allclose(steps[1], steps[0] * (5 if cbow_mean else 1 / 5), rtol=1e-9)


SIZES = [(1, 1), (2, 6), (5, 6), (10, 7), (3, 12), (16, 13), (70, 30), (4, 8), (7, 9), (9, 20)]


@pytest.mark.parametrize("cbow_mean", [True, False])
@pytest.mark.parametrize("corrected_cbow", [True, False])
@pytest.mark.parametrize("dim", DIMS)
def test_every_backend_takes_the_step_of_the_reference(backend, dim, cbow_mean, corrected_cbow):
    how = {"cbow_mean": cbow_mean, "corrected_cbow": corrected_cbow}
    for n, n_y in SIZES:
        w, w_out = model(dim, n_words=90)
        context, window, centre = some_window(n, n_words=90)
        targets = targets_of(n_y, n_words=90)
        expected = w.astype(np.float64), w_out.astype(np.float64)
        loss = reference.cbow_step(*expected, context, targets, 0.3, **how)
        got = take_step(backend, w, w_out, window, centre, targets, 0.3, **how)
        assert got == pytest.approx(loss, rel=1e-5)
        assert_allclose(w, expected[0], rtol=1e-4, atol=5e-5)
        assert_allclose(w_out, expected[1], rtol=1e-4, atol=5e-5)


@pytest.mark.parametrize("centre", [0, 4])
def test_the_centre_may_be_at_either_end(backend, centre):
    w, w_out = model(8)
    context, targets = np.int32([5, 1, 5, 9]), targets_of(4)
    expected = w.astype(np.float64), w_out.astype(np.float64)
    reference.cbow_step(*expected, context, targets, 0.3, cbow_mean=True, corrected_cbow=False)
    window = np.insert(context, centre, 3).astype(np.int32)
    take_step(backend, w, w_out, window, centre, targets, 0.3)
    assert_allclose(w, expected[0], rtol=1e-5, atol=1e-6)
    assert_allclose(w_out, expected[1], rtol=1e-5, atol=1e-6)


def test_the_update_of_a_row_is_multiplied_by_its_lock_factor(backend):
    w, w_out = model(9, n_words=40)
    context, window, centre = some_window(6, n_words=40)
    targets = targets_of(7, n_words=40)
    lockf = np.ones(40, np.float32)
    lockf[context[:3]] = 0, 0.5, 2
    expected = w.astype(np.float64), w_out.astype(np.float64)
    reference.cbow_step(
        *expected, context, targets, 0.3, cbow_mean=True, corrected_cbow=False, lockf=lockf
    )
    before = w.copy()
    take_step(backend, w, w_out, window, centre, targets, 0.3, lockf=lockf)
    assert_allclose(w, expected[0], rtol=1e-4, atol=2e-5)
    assert_allclose(w_out, expected[1], rtol=1e-4, atol=2e-5)
    assert_array_equal(w[context[0]], before[context[0]])
    w = before.copy()
    take_step(backend, w, w_out, window, centre, targets, 0.3, lockf=np.zeros(1, np.float32))
    assert_array_equal(w, before)


def test_a_corrected_step_lowers_the_loss(backend):
    w, w_out = model(20)
    context, window, centre = some_window(6)
    targets = targets_of(6)
    before = take_step(backend, w, w_out, window, centre, targets, 0.05, corrected_cbow=True)
    assert reference.cbow_loss(w, w_out, context, targets, cbow_mean=True) < before


def test_repeating_a_step_is_taking_it_again(backend):
    (w, w_out), again = model(20), model(20)
    given = (*some_window(6)[1:], targets_of(6), 0.05)
    losses = [take_step(backend, w, w_out, *given) for _ in range(3)]
    loss = take_step(backend, *again, *given, repeat=3)
    assert loss == pytest.approx(sum(losses))
    assert_array_equal(again[0], w)
    assert_array_equal(again[1], w_out)


def test_the_loss_is_not_computed_unless_asked_for(backend):
    w, w_out = model(8)
    _, window, centre = some_window(3)
    loss = take_step(backend, w, w_out, window, centre, targets_of(3), 0.1, with_loss=False)
    assert loss == 0
