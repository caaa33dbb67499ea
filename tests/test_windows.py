"""Subsampling, reaches, noise words and cuts: the compiled sampler against reference.py."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cw2v import _windows, reference
from cw2v.noise import keep_thresholds, noise_table
from cw2v.trainer import cut_into_pieces

SEEDS = np.random.SeedSequence(7).generate_state(2, np.uint64)
STREAM = 3


def corpus(n_words=50, lengths=(1, 2, 0, 9, 40, 3, 1, 25), seed=0):
    """Give ids, starts and counts of sentences of these lengths."""
    lengths = [n for n in lengths if n]
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.geometric(0.1, sum(lengths)) - 1, n_words - 1).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return ids, starts, np.bincount(ids, minlength=n_words) + 1


def compiled(ids, starts, first, last, sentence, keep, noise, **options):
    options = {"negative": 5, "shrink_windows": True, "sg": True, "capacity": 150} | options
    return _windows.windows_of_piece(
        ids, starts, first, last, sentence, keep, noise, SEEDS, STREAM, **options
    )


@pytest.mark.parametrize("window", [1, 2, 5, 9, 20, 40])
@pytest.mark.parametrize("shrink_windows", [True, False])
@pytest.mark.parametrize("sample", [0, 0.02])
@pytest.mark.parametrize("sg", [True, False])
def test_windows_are_those_of_the_reference(window, shrink_windows, sample, sg):
    ids, starts, counts = corpus()
    keep, noise = keep_thresholds(counts, sample), noise_table(counts, 0.75)
    for first, last in [(0, len(ids)), (0, 12), (12, 30), (20, 21), (53, len(ids))]:
        sentence = int(np.searchsorted(starts, first, side="right") - 1)
        words, made, pairs = compiled(
            ids, starts, first, last, sentence, keep, noise, window=window,
            shrink_windows=shrink_windows, sg=sg, capacity=max(8, 2 * window),
        )  # fmt: skip
        rng, noise_rng = (reference.Rng(base, STREAM) for base in SEEDS)
        piece = reference.subsample(ids, starts, first, last, keep, window, rng)
        assert_array_equal(words, piece.words)
        expected = list(
            reference.windows(
                piece,
                noise,
                rng,
                noise_rng,
                window=window,
                negative=5,
                shrink_windows=shrink_windows,
                sg=sg,
            )
        )
        assert len(made) == len(expected)
        for (x, x_weight, y, y_weight, _), window_expected in zip(made, expected, strict=True):
            assert_array_equal(x, window_expected.x)
            assert_array_equal(x_weight, window_expected.x_weight)
            assert_array_equal(y, window_expected.y)
            assert_array_equal(y_weight, window_expected.y_weight)
        n_pairs = sum(x_weight.sum() for _, x_weight, *_ in made)
        assert pairs == (n_pairs if sg else len(made))


def test_batches_of_any_capacity_hold_the_same_windows():
    ids, starts, counts = corpus()
    keep, noise = keep_thresholds(counts, 0), noise_table(counts, 0.75)
    runs = [
        compiled(ids, starts, 0, len(ids), 0, keep, noise, window=5, capacity=capacity)
        for capacity in (2, 3, 64, 1000)
    ]
    for _, made, pairs in runs[1:]:
        assert pairs == runs[0][2]
        for one, other in zip(made, runs[0][1], strict=True):
            assert_array_equal(one[0], other[0])
            assert_array_equal(one[2], other[2])


@pytest.mark.parametrize("piece_words", [1, 2, 7, 30, 1000])
def test_cutting_the_corpus_loses_no_pair(piece_words):
    ids, starts, _counts = corpus(lengths=(100, 1, 1, 30, 2, 300, 5))
    ids = np.arange(len(ids), dtype=np.int32)  # every token a word of its own
    keep = np.full(len(ids), 2**32 - 1, np.uint32)
    noise = noise_table(np.ones(len(ids), np.int64), 0.75)
    whole = set()
    for start, end in itertools.pairwise(starts):
        whole |= {
            (i, j) for i in range(start, end) for j in range(start, end) if 0 < abs(i - j) < 4
        }

    bounds, sentences = cut_into_pieces(starts, piece_words)
    assert bounds[0] == 0
    assert bounds[-1] == len(ids)
    assert np.diff(bounds).min() > 0
    assert np.diff(bounds).max() <= 2 * piece_words
    found = []
    for first, last, sentence in zip(bounds[:-1], bounds[1:], sentences, strict=True):
        assert starts[sentence] <= first < starts[sentence + 1]
        _, made, _ = compiled(
            ids, starts, first, last, sentence, keep, noise, window=3, shrink_windows=False
        )
        found += [(int(y[0]), int(word)) for x, _, y, *_ in made for word in x]
    assert sorted(found) == sorted(whole)


def test_the_observed_word_is_never_its_own_noise():
    ids, starts, counts = corpus(n_words=4, lengths=(200,))
    keep, noise = keep_thresholds(counts, 0), noise_table(counts, 0.75)
    _, made, _ = compiled(ids, starts, 0, 200, 0, keep, noise, window=5)
    for x, x_weight, y, y_weight, _ in made:
        assert len(set(x)) == len(x)
        assert len(set(y)) == len(y)
        assert y_weight[0] == 1
        assert y_weight.sum() <= 6
        assert x_weight.sum() <= 10


def test_reaches_are_even_from_one_to_the_window():
    ids = np.zeros(40_000, np.int32)
    starts = np.int64([0, len(ids)])
    keep, noise = np.full(2, 2**32 - 1, np.uint32), noise_table(np.int64([1, 1]), 0.75)
    _, made, pairs = compiled(ids, starts, 0, len(ids), 0, keep, noise, window=5, negative=1)
    reaches = np.bincount([int(x_weight.sum()) // 2 for _, x_weight, *_ in made[10:-10]])
    assert (abs(reaches[1:] / len(made) - 0.2) < 0.01).all()
    assert pairs == pytest.approx(6 * len(ids), rel=0.01)


def test_words_are_kept_as_often_as_their_threshold_says():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, 60_000).astype(np.int32)
    starts = np.int64([0, len(ids)])
    keep = np.uint32([2**32 - 1, 2**31, 2**28])
    noise = noise_table(np.int64([1, 1, 1]), 0.75)
    words, _, _ = compiled(ids, starts, 0, len(ids), 0, keep, noise, window=1)
    part = np.bincount(words) / np.bincount(ids)
    np.testing.assert_allclose(part, [1, 0.5, 1 / 16], atol=0.01)
