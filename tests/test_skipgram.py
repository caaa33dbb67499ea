"""The skip-gram step: against NumPy on every backend, and against the gradient of its loss."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from steps import DIMS, for_kernels, model, numerical_gradient, some_targets

from cw2v import _skipgram, reference
from cw2v.reference import Targets
from cw2v.referencedraws import Labels


def words(n_x, n_words=12, seed=0):
    return np.random.default_rng(seed + 1).permutation(n_words)[:n_x].astype(np.int32)


def take_step(backend, w, w_out, x, targets, lr, **options):
    labels = for_kernels(targets.labels)
    return _skipgram.step(w, w_out, x, targets.y, labels, lr, backend, **options)


@pytest.mark.parametrize("dim", [1, 3, 8])
def test_the_reference_step_follows_the_gradient_of_the_loss(dim):
    w, w_out = model(dim, dtype=np.float64)
    x, targets = words(5), some_targets(5, 4)

    def loss():
        return reference.skipgram_loss(w, w_out, x, targets)

    expected = [-numerical_gradient(loss, matrix) for matrix in (w, w_out)]
    before = w.copy(), w_out.copy()
    assert reference.skipgram_step(w, w_out, x, targets, lr=1.0) == pytest.approx(
        reference.skipgram_loss(*before, x, targets)
    )
    assert_allclose(w - before[0], expected[0], rtol=1e-7, atol=1e-9)
    assert_allclose(w_out - before[1], expected[1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dim", DIMS)
def test_every_backend_takes_the_step_of_the_reference(backend, dim):
    for n_x, n_y in [(1, 1), (1, 6), (2, 2), (5, 6), (10, 6), (3, 12), (16, 30), (7, 7), (9, 8)]:
        w, w_out = model(dim, n_words=40)
        x, targets = words(n_x, n_words=40), some_targets(n_x, n_y, n_words=40)
        expected = w.astype(np.float64), w_out.astype(np.float64)
        loss = reference.skipgram_step(*expected, x, targets, lr=0.3)
        got = take_step(backend, w, w_out, x, targets, lr=0.3)
        assert got == pytest.approx(loss, rel=1e-5)
        assert_allclose(w, expected[0], rtol=1e-4, atol=5e-5)
        assert_allclose(w_out, expected[1], rtol=1e-4, atol=5e-5)


def test_every_backend_follows_the_gradient(backend):
    for dim in DIMS[:-1]:
        w, w_out = model(dim)
        x, targets = words(4), some_targets(4, 5)
        exact = w.astype(np.float64), w_out.astype(np.float64)

        def loss(exact=exact, x=x, targets=targets):
            return reference.skipgram_loss(*exact, x, targets)

        expected = [-numerical_gradient(loss, matrix) for matrix in exact]
        before = w.copy(), w_out.copy()
        take_step(backend, w, w_out, x, targets, lr=1.0)
        # float32: the step is the small difference of two numbers of size 1
        assert_allclose(w - before[0], expected[0], rtol=1e-4, atol=1e-5)
        assert_allclose(w_out - before[1], expected[1], rtol=1e-4, atol=1e-5)


def test_words_that_repeat_count_as_often_as_they_stand_there(backend):
    """The labels stand for the gradient of the same pairs written out, one by one.

    The centres 2 and 6 share noise words, of which one is drawn twice, and one is a centre: it
    is a negative sample for the context of the other centre, but not for its own.
    """
    w, w_out = model(8, dtype=np.float64)
    contexts = {2: [3, 5, 3, 7], 6: [5, 7, 8]}
    drawn = [4, 6, 4, 9]
    expected = w.copy(), w_out.copy()
    for centre, context in contexts.items():
        for word in context:
            for y, label in [(centre, 1), *((y, 0) for y in drawn if y != centre)]:
                g = 0.1 * (label - reference.sigmoid(w[word] @ w_out[y]))
                expected[0][word] += g * w_out[y]
                expected[1][y] += g * w[word]

    x, y = np.int32([3, 5, 7, 8]), np.int32([2, 6, 4, 9])
    positives = np.float32([[2, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0]])
    labels = Labels(positives.sum(axis=1), np.float32([0, 1, 2, 1]), positives)
    got = w.astype(np.float32), w_out.astype(np.float32)
    take_step(backend, *got, x, Targets(y, labels), lr=0.1)
    assert_allclose(got[0], expected[0], rtol=1e-5, atol=1e-6)
    assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-6)


def test_the_update_of_a_row_is_multiplied_by_its_lock_factor(backend):
    w, w_out = model(9, n_words=40)
    x, targets = words(6, n_words=40), some_targets(6, 7, n_words=40)
    lockf = np.ones(40, np.float32)
    lockf[x[:3]] = 0, 0.5, 2
    expected = w.astype(np.float64), w_out.astype(np.float64)
    reference.skipgram_step(*expected, x, targets, lr=0.3, lockf=lockf)
    before = w.copy()
    take_step(backend, w, w_out, x, targets, lr=0.3, lockf=lockf)
    assert_allclose(w, expected[0], rtol=1e-4, atol=2e-5)
    assert_allclose(w_out, expected[1], rtol=1e-4, atol=2e-5)
    assert_array_equal(w[x[0]], before[x[0]])
    w = before.copy()
    take_step(backend, w, w_out, x, targets, lr=0.3, lockf=np.zeros(1, np.float32))
    assert_array_equal(w, before)


def test_a_step_lowers_the_loss(backend):
    w, w_out = model(20)
    x, targets = words(6), some_targets(6, 6)
    before = take_step(backend, w, w_out, x, targets, lr=0.05)
    assert reference.skipgram_loss(w, w_out, x, targets) < before


def test_repeating_a_step_is_taking_it_again(backend):
    (w, w_out), again = model(20), model(20)
    x, targets = words(6), some_targets(6, 6)
    losses = [take_step(backend, w, w_out, x, targets, lr=0.05) for _ in range(3)]
    loss = take_step(backend, *again, x, targets, lr=0.05, repeat=3)
    assert loss == pytest.approx(sum(losses))
    assert_array_equal(again[0], w)
    assert_array_equal(again[1], w_out)


def test_the_loss_is_not_computed_unless_asked_for(backend):
    w, w_out = model(8)
    assert take_step(backend, w, w_out, words(3), some_targets(3, 3), 0.1, with_loss=False) == 0
