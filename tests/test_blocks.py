"""Subsampling, windows, noise words and cuts: compiled blocks against reference.py."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import _noise, referencedraws
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
    options = {"negative": 5, "span": 1, "shrink_windows": True, "sg": True} | options
    options = {"n_noise": options["negative"], "most_pairs": 10, "capacity": 150} | options
    options = {"noise_sets": 1, "noise_uses": 1} | options
    return _noise.blocks_of_piece(
        ids, starts, first, last, sentence, keep, noise, SEEDS, STREAM, **options
    )


@pytest.mark.parametrize("window", [1, 2, 5, 8, 9, 20, 40])
@pytest.mark.parametrize("shrink_windows", [True, False])
@pytest.mark.parametrize("sample", [0, 0.02])
@pytest.mark.parametrize("sg", [True, False])
@pytest.mark.parametrize(
    ("span", "n_noise", "most_pairs", "n_words"),
    [(1, 5, 10, 50), (2, 6, 10, 50), (3, 5, 2, 10), (8, 12, 10, 50), (1, 1, 1, 3), (8, 5, 4, 3)],
)
def test_blocks_are_those_of_the_reference(
    window, shrink_windows, sample, sg, span, n_noise, most_pairs, n_words
):
    ids, starts, counts = corpus(n_words=n_words)
    keep, noise = keep_thresholds(counts, sample), noise_table(counts, 0.75)
    options = {"window": window, "shrink_windows": shrink_windows, "sg": sg, "negative": 5}
    options |= {"span": span, "n_noise": n_noise, "most_pairs": most_pairs}
    if not sg:
        options |= {"span": 1, "noise_sets": most_pairs, "noise_uses": span}
    for first, last in [(0, len(ids)), (0, 12), (12, 30), (20, 21), (53, len(ids))]:
        sentence = int(np.searchsorted(starts, first, side="right") - 1)
        words, made, predictions = compiled(
            ids, starts, first, last, sentence, keep, noise, capacity=2 * window + 8, **options
        )
        rng, noise_rng = (referencedraws.Rng(base, STREAM) for base in SEEDS)
        piece = referencedraws.subsample(ids, starts, first, last, keep, window, rng)
        assert_array_equal(words, piece.words)
        expected = list(referencedraws.blocks(piece, noise, rng, noise_rng, **options))
        assert len(made) == len(expected)
        for (x, y, noise_weight, positives, _), block in zip(made, expected, strict=True):
            if sg:
                assert_array_equal(x, block.x)
            else:
                assert x == [list(block.x)]
            assert_array_equal(y, block.y)
            assert_array_equal(positives.sum(axis=1), block.labels.pairs)
            assert_allclose(noise_weight, block.labels.noise, rtol=1e-6)
            n_y = min(len(y), positives.shape[1])
            assert_array_equal(positives[:, :n_y], block.labels.positives[:, :n_y])
            assert not block.labels.positives[:, n_y:].any()
        assert predictions == sum(positives.sum() for *_, positives, _ in made)


@pytest.mark.parametrize(
    "options",
    [{"span": 2}, {"sg": False}, {"sg": False, "noise_sets": 11, "noise_uses": 3}],
)
def test_batches_of_any_capacity_hold_the_same_blocks(options):
    ids, starts, counts = corpus()
    keep, noise = keep_thresholds(counts, 0), noise_table(counts, 0.75)
    options = {"window": 5} | options
    runs = [
        compiled(ids, starts, 0, len(ids), 0, keep, noise, capacity=capacity, **options)
        for capacity in (12, 13, 64, 1000)
    ]
    for _, made, pairs in runs[1:]:
        assert pairs == runs[0][2]
        for one, other in zip(made, runs[0][1], strict=True):
            for value, expected in zip(one[:4], other[:4], strict=True):
                assert_array_equal(value, expected)


@pytest.mark.parametrize("span", [1, 2, 3, 8])
@pytest.mark.parametrize("piece_words", [1, 2, 7, 30, 1000])
def test_cutting_the_corpus_loses_no_pair(piece_words, span):
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
            ids, starts, first, last, sentence, keep, noise, window=3, shrink_windows=False,
            span=span,
        )  # fmt: skip
        for x, y, _, positives, _ in made:
            found += [(int(y[j]), int(x[i])) for i, j in np.argwhere(positives)]
    assert sorted(found) == sorted(whole)


@pytest.mark.parametrize(("n_words", "span"), [(4, 1), (4, 2), (4, 8), (100, 2)])
def test_words_that_repeat_have_one_row_and_are_no_noise_to_themselves(n_words, span):
    ids, starts, counts = corpus(n_words=n_words, lengths=(200,))
    keep, noise = keep_thresholds(counts, 0), noise_table(counts, 0.75)
    _, made, _ = compiled(ids, starts, 0, 200, 0, keep, noise, window=5, span=span, n_noise=6)
    for x, y, noise_weight, positives, _ in made:
        assert len(set(x)) == len(x)
        assert len(set(y)) == len(y)
        assert_allclose(noise_weight.sum(), 5, rtol=1e-6)  # for each pair, on average
        pairs, dense = positives.sum(axis=1), np.zeros((len(x), max(len(y), 8)))
        dense[:, :8] = positives
        positives = dense[:, : len(y)]
        negatives = referencedraws.Labels(pairs, noise_weight, positives).negatives
        assert (negatives >= 0).all()
        assert negatives[pairs[:, np.newaxis] == positives].sum() == 0


def test_words_to_prefetch_are_those_that_enter_the_window():
    ids, starts = np.arange(60, dtype=np.int32), np.int64([0, 60])
    keep, noise = np.full(60, 2**32 - 1, np.uint32), noise_table(np.ones(60, np.int64), 0.75)
    for span in (1, 2, 3):
        _, made, _ = compiled(ids, starts, 0, 60, 0, keep, noise, window=5, span=span)
        entering = [word for *_, words in made for word in words]
        assert entering == list(range(5, 60))


def test_window_radii_are_uniform_from_one_to_the_window():
    ids = np.zeros(40_000, np.int32)
    starts = np.int64([0, len(ids)])
    keep, noise = np.full(2, 2**32 - 1, np.uint32), noise_table(np.int64([1, 1]), 0.75)
    _, made, pairs = compiled(ids, starts, 0, len(ids), 0, keep, noise, window=5, negative=1)
    radii = np.bincount([int(positives.sum()) // 2 for *_, positives, _ in made[10:-10]])
    assert (abs(radii[1:] / len(made) - 0.2) < 0.01).all()
    assert pairs == pytest.approx(6 * len(ids), rel=0.01)


def test_words_are_kept_as_often_as_their_threshold_says():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, 60_000).astype(np.int32)
    starts = np.int64([0, len(ids)])
    keep = np.uint32([2**32 - 1, 2**31, 2**28])
    noise = noise_table(np.int64([1, 1, 1]), 0.75)
    words, _, _ = compiled(ids, starts, 0, len(ids), 0, keep, noise, window=1)
    part = np.bincount(words) / np.bincount(ids)
    assert_allclose(part, [1, 0.5, 1 / 16], atol=0.01)
