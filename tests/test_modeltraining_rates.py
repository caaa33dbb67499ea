"""Word2Vec.train: the learning rate, and the length of the text that is promised."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import TEXT, built, small


def rates(model, **totals):
    """The rate at the end of each report, and the vectors."""
    model.train(TEXT, **totals)
    return model.min_alpha_yet_reached, model.wv.vectors


def test_the_rate_falls_by_what_is_promised():
    whole, vectors = rates(built(), total_examples=len(TEXT), epochs=2)
    assert whole == pytest.approx(0.0001)
    by_words, same = rates(built(), total_words=sum(map(len, TEXT)), epochs=2)
    assert by_words == pytest.approx(0.0001)
    assert_array_equal(same, vectors)
    # A part of a longer text leaves the rate where that part ends, in the last epoch.
    part, other = rates(built(alpha=0.1, min_alpha=0.02), total_examples=2 * len(TEXT), epochs=2)
    assert part == pytest.approx(0.1 - 0.08 * 1.5 / 2)
    assert (other != vectors).any()
    less, _ = rates(built(), total_examples=len(TEXT) // 3, epochs=1)
    assert less == pytest.approx(0.0001)


def test_a_text_of_another_length_than_promised_is_told(caplog):
    model = built()
    model.train(TEXT, total_examples=len(TEXT), total_words=sum(map(len, TEXT)), epochs=1)
    assert "did not equal" not in caplog.text
    model.train(TEXT, total_examples=7, total_words=9, epochs=1)
    assert f"supplied example count ({len(TEXT)}) did not equal expected count (7)" in caplog.text
    assert "did not equal expected count (9)" in caplog.text


@pytest.mark.parametrize(
    ("total", "alpha"), [(240.5, 0.0001), (np.float32(600), 0.01255), (np.inf, 0.025)]
)
def test_the_rate_falls_by_totals_that_are_no_int(total, alpha):
    model = built()
    model.train(TEXT, total_examples=total, epochs=1)
    assert model.min_alpha_yet_reached == pytest.approx(alpha)


def test_rates_given_to_train_become_the_models(caplog):
    model = built()
    model.train(TEXT, total_examples=len(TEXT), epochs=3, start_alpha=0.02, end_alpha=0.01)
    assert (model.alpha, model.min_alpha, model.epochs) == (0.02, 0.01, 3)
    assert "Effective 'alpha' higher" not in caplog.text
    model.train(TEXT, total_examples=len(TEXT), epochs=3)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({}, ValueError, "either total_examples or total_words"),
        ({"total_examples": 1, "epochs": None}, ValueError, "explicit epochs count"),
        ({"total_examples": -1}, ValueError, "total_examples must be at least 0"),
        ({"total_words": "3"}, TypeError, "total_words must be a number"),
        ({"total_examples": 10, "epochs": "2"}, TypeError, "epochs must be a whole number"),
        ({"total_examples": 10, "start_alpha": -1.0}, ValueError, "alpha"),
    ],
)
@pytest.mark.parametrize("make", [small, built])
def test_a_training_that_is_refused_changes_nothing(make, settings, error, match):
    model = make()
    before = (model.alpha, model.min_alpha, model.epochs, model.compute_loss, model.train_count)
    with pytest.raises(error, match=match):
        model.train(TEXT, **{"epochs": 7, "start_alpha": 0.5, "compute_loss": True} | settings)
    after = (model.alpha, model.min_alpha, model.epochs, model.compute_loss, model.train_count)
    assert after == before
