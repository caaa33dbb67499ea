"""How many pairs share a noise word, by the settings and the number of words trained on."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cw2v.params import TrainParams
from cw2v.sharing import (
    FEW_WORDS,
    LONG_NOISE,
    LONG_TRAINING,
    MOST_CHOSEN,
    MOST_SETS,
    WORDS_FOR_SHARING,
    context_words,
    least_noise,
    least_noise_of_block,
    most_pairs,
    most_sharing,
    noise_sets,
    noise_span,
    noise_words,
    rows_per_step,
    words_to_train,
)


@given(
    window=st.integers(1, 200),
    negative=st.integers(1, 100),
    span=st.integers(2, 8),
    shrink_windows=st.booleans(),
    n_trained=st.integers(0, 10**11),
)
def test_noise_words_are_so_many_that_not_too_many_pairs_share_one(
    window, negative, span, shrink_windows, n_trained
):
    params = TrainParams(window=window, negative=negative, shrink_windows=shrink_windows)
    pairs = context_words(params, 1)
    most = most_sharing(params, n_trained) * (1 + 1e-9)
    n = noise_words(params, span, n_trained)
    least = max(negative, span * least_noise(n_trained), least_noise_of_block(params, n_trained))
    assert n >= least * (1 - 1e-9)
    assert span * pairs * negative / n <= most
    if n > math.ceil(least):  # and no more than that
        assert span * pairs * negative / (n - 1) >= most


@pytest.mark.parametrize(
    ("negative", "n_noise"), [(1, 3), (2, 5), (4, 10), (5, LONG_NOISE), (15, LONG_NOISE)]
)
def test_after_a_long_training_a_block_has_many_noise_words(negative, n_noise):
    params = TrainParams(negative=negative)
    assert least_noise_of_block(params, LONG_TRAINING) == 0
    assert least_noise_of_block(params, LONG_TRAINING + 1) == n_noise
    for span in range(2, 9):
        assert noise_words(params, span, LONG_TRAINING + 1) >= n_noise


@given(window=st.integers(1, 200), negative=st.integers(1, 100), n_trained=st.integers(0, 10**11))
def test_the_chosen_span_is_within_bounds_and_gives_a_block_enough_noise_words(
    window, negative, n_trained
):
    params = TrainParams(window=window, negative=negative)
    span = noise_span(params, 10**5, n_trained)
    assert 1 <= span <= MOST_CHOSEN
    assert noise_words(params, span, n_trained) >= least_noise_of_block(params, n_trained)


def test_a_span_of_one_draws_as_many_noise_words_as_were_asked_for():
    assert noise_words(TrainParams(negative=7), 1, 10**9) == 7
    assert noise_words(TrainParams(negative=0, hs=True), 1, 10**9) == 0


@pytest.mark.parametrize("settings", [{"window": 1}, {"window": 2}, {"negative": 1}])
def test_with_few_pairs_or_noise_words_a_centre_has_as_many_as_usual(settings):
    for n_trained, span, n_noise in ((10**7, 2, 7), (10**8, 3, 5)):
        for some in ({}, settings):
            params = TrainParams(**some)
            assert noise_span(params, 10**5, n_trained) == span
            assert noise_words(params, span, n_trained) == n_noise


@pytest.mark.parametrize(
    ("settings", "n_trained", "pairs"),
    [
        ({}, 0, 9),
        ({}, WORDS_FOR_SHARING * 3, 9),
        ({}, WORDS_FOR_SHARING * 11, 17),
        ({}, WORDS_FOR_SHARING * 12, 18),
        ({}, WORDS_FOR_SHARING * 999, 18),  # and no more
        ({"negative": 80}, WORDS_FOR_SHARING * 11, 34),  # the fourth root of 16 times as many
        ({"window": 23, "negative": 20}, WORDS_FOR_SHARING * 11, 34),
        ({"window": 23, "shrink_windows": False}, 0, 46),  # those of one centre do anyway
    ],
)
def test_more_pairs_share_a_noise_word_the_more_is_trained(settings, n_trained, pairs):
    assert most_sharing(TrainParams(**settings), n_trained) == pytest.approx(pairs)


@pytest.mark.parametrize(
    ("settings", "n_words", "n_trained", "span", "n_noise"),
    [
        ({}, 10**5, 10**7, 2, 7),
        ({}, 10**5, 10**8, 3, 5),
        ({}, 10**6, LONG_TRAINING, 3, 5),
        ({}, 10**6, LONG_TRAINING + 1, 6, 12),
        ({}, 10**6, 10**9, 6, 12),
        ({"window": 10, "negative": 15}, 10**5, 10**7, 1, 15),
        ({"window": 10, "negative": 15}, 10**5, 10**8, 3, 18),
        ({"window": 10, "negative": 15}, 10**5, 10**9, 3, 18),
        ({"window": 15}, 10**5, 10**8, 1, 5),
        ({"window": 15}, 10**5, 10**9, 4, 14),
        ({"window": 2}, 10**5, 10**7, 2, 7),
        ({"negative": 2}, 10**5, 10**7, 2, 7),
        ({"negative": 2}, 10**5, 10**8, 1, 2),
        ({"negative": 2}, 10**5, 10**9, 3, 5),
        ({"noise_span": 3}, 10**5, 10**9, 3, 12),
        ({"noise_span": 8}, 10**5, 10**9, 8, 14),
        ({"noise_span": 1}, 10**5, 10**9, 1, 5),
        ({"sg": False}, 10**5, 10**3, 8, 5),
        ({"sg": False}, 10**5, 20 * 10**6, 8, 5),
        ({"sg": False}, 10**5, 50 * 10**6, 20, 5),
        ({"sg": False}, 10**5, 10**9, 32, 5),  # and no more
        ({"sg": False, "negative": 20}, 10**5, 50 * 10**6, 20, 20),
        ({"sg": False, "negative": 3}, 10**5, 50 * 10**6, 12, 3),
        ({"sg": False, "negative": 1}, 10**5, 10**9, 8, 1),
        ({"sg": False, "noise_span": 32}, 10**5, 10**3, 32, 5),
        ({"sg": False, "noise_span": 4}, 10**5, 10**8, 4, 5),
        ({"sg": False, "noise_span": 1}, 10**5, 10**8, 1, 5),
        ({"sg": False}, FEW_WORDS - 1, 10**8, 1, 5),
        ({"sg": False, "window": 31}, 10**5, 10**8, 32, 5),
        ({"sg": False, "window": 32}, 10**5, 10**8, 1, 5),
        ({}, FEW_WORDS - 1, 10**9, 1, 5),
        ({"noise_span": 3}, 5, 10**3, 3, 10),
        ({"hs": True, "noise_span": 3}, 10**5, 10**9, 1, 5),
        ({"hs": True, "negative": 0}, 10**5, 10**9, 1, 0),
    ],
)
def test_the_span_is_what_was_asked_for_or_fits_the_settings(
    settings, n_words, n_trained, span, n_noise
):
    params = TrainParams(**settings)
    assert noise_span(params, n_words, n_trained) == span
    assert noise_words(params, span, n_trained) == n_noise


@pytest.mark.parametrize("window", range(1, 32))
def test_centres_of_cbow_that_share_a_set_are_farther_apart_than_two_windows(window):
    params = TrainParams(sg=False, window=window)
    assert noise_sets(params, noise_span(params, 10**5, 10**6)) == 2 * window + 1


@pytest.mark.parametrize("window", [32, 10_000])
def test_wide_windows_take_no_more_sets_than_there_is_memory_for(window):
    params = TrainParams(sg=False, window=window)
    assert noise_sets(params, noise_span(params, 10**5, 10**6)) == 1
    assert noise_sets(params, 4) == MOST_SETS
    assert noise_sets(TrainParams(window=window), 4) == 1


def test_what_is_to_be_trained_is_every_word_of_every_epoch():
    assert words_to_train(np.int64([7, 0, 3]), TrainParams(epochs=4)) == 40


@pytest.mark.parametrize(("negative", "pairs"), [(0, 64), (5, 10), (15, 4), (100, 1)])
def test_a_word_has_fewer_pairs_the_more_gradients_each_has(negative, pairs):
    assert most_pairs(TrainParams(negative=negative, hs=negative == 0)) == pairs


def test_in_a_small_vocabulary_a_step_has_one_row():
    params = TrainParams()
    n_words = (1, FEW_WORDS - 1, FEW_WORDS, 10**6)
    assert [rows_per_step(params, n) for n in n_words] == [1, 1, 4, 4]


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ({"window": 3}, 2),
        ({"window": 4}, 4),
        ({"window": 2, "shrink_windows": False}, 2),
        ({"window": 3, "shrink_windows": False}, 4),
    ],
)
def test_with_hierarchical_softmax_a_small_window_takes_two_steps(settings, rows):
    assert rows_per_step(TrainParams(hs=True, **settings), FEW_WORDS) == rows
    assert rows_per_step(TrainParams(hs=True, **settings), FEW_WORDS - 1) == 1
    assert rows_per_step(TrainParams(**settings), FEW_WORDS) == 4
