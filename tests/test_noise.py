"""Keep probabilities and the noise table, by their formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import referencedraws
from cw2v._alias import alias_table
from cw2v.noise import UINT32_MAX, keep_thresholds, noise_table


def drawn_probabilities(table):
    """What each word's chance is, from the columns of the table."""
    n = len(table)
    stays = (table[:, 0] + 1.0) / 2.0**32
    probability = stays / n
    np.add.at(probability, table[:, 1].astype(int), (1 - stays) / n)
    return probability


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=200),
    st.sampled_from([0.75, 1.0, 0.0, -1.0, 0.5, 3.0, -100.0]),
)
def test_noise_words_are_drawn_in_proportion(counts, exponent):
    counts = np.array(counts, np.int64)
    logs = exponent * np.log(counts)
    expected = np.exp(logs - logs.max())
    expected /= expected.sum()
    assert_allclose(drawn_probabilities(noise_table(counts, exponent)), expected, atol=1e-9)


@given(st.lists(st.integers(0, 10**9), max_size=200).filter(lambda some: not some or any(some)))
def test_the_table_is_that_of_the_reference(weights):
    scaled = np.array(weights, np.float64) * (len(weights) / max(sum(weights), 1))
    assert_array_equal(alias_table(scaled.copy()), referencedraws.alias_table(scaled))


@pytest.mark.parametrize("exponent", [0.75, 1.0, 0.0, -1.0])
def test_a_large_table_is_that_of_the_reference(exponent):
    counts = np.random.default_rng(0).zipf(1.3, 50_000).clip(max=10**8)
    weights = counts**exponent
    scaled = weights * (len(weights) / weights.sum())
    assert_array_equal(alias_table(scaled.copy()), referencedraws.alias_table(scaled))


def test_subsampling_is_that_of_word2vec_c():
    counts = np.int64([1_000_000, 100_000, 900, 100, 1])
    total, sample = counts.sum(), 1e-3
    share = counts / (sample * total)
    expected = np.minimum((np.sqrt(share) + 1) / share, 1)  # as word2vec.c writes it
    assert_allclose(keep_thresholds(counts, sample) / UINT32_MAX, expected, rtol=1e-8)
    assert keep_thresholds(counts, sample)[-1] == UINT32_MAX


def test_no_subsampling_keeps_all():
    assert_array_equal(keep_thresholds(np.int64([5, 1]), 0), UINT32_MAX)


def test_a_sample_from_one_up_is_a_count():
    """As gensim reads it: words up to the golden ratio squared times it are all kept."""
    keep = keep_thresholds(np.int64([1000, 27, 26, 5]), 10.0)
    assert keep[0] < UINT32_MAX
    assert (keep[2:] == UINT32_MAX).all()


def test_gensim_subsamples_alike():
    gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    freq = {f"w{i}": int(10**7 / (i + 1)) for i in range(1000)}
    model = gensim_models.Word2Vec(min_count=1, sample=1e-3)
    model.build_vocab_from_freq(freq)
    counts = np.array([model.wv.get_vecattr(w, "count") for w in model.wv.index_to_key])
    theirs = np.array([model.wv.get_vecattr(w, "sample_int") for w in model.wv.index_to_key])
    ours = keep_thresholds(counts.astype(np.int64), 1e-3)
    assert_allclose(ours.astype(float), theirs.astype(float), atol=2)


@pytest.mark.parametrize("sample", [1e19, 1e308])
def test_a_count_beyond_all_words_keeps_all(sample):
    assert_array_equal(keep_thresholds(np.int64([2**62, 1]), sample), UINT32_MAX)


@pytest.mark.parametrize(("exponent", "drawn"), [(1e308, [0, 2]), (-1e308, [1])])
def test_a_giant_exponent_draws_the_commonest_or_the_rarest(exponent, drawn):
    probability = drawn_probabilities(noise_table(np.int64([10**9, 1, 10**9]), exponent))
    expected = np.zeros(3)
    expected[drawn] = 1 / len(drawn)
    assert_allclose(probability, expected, atol=1e-9)
