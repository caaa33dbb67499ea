"""Whole training runs: against reference.py, by many threads, and stopped in the middle."""

import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import reference
from cw2v.corpus import EncodedCorpus
from cw2v.noise import keep_thresholds, noise_table
from cw2v.params import TrainParams
from cw2v.trainer import Trainer, cut_into_pieces
from cw2v.weights import new_vectors


def corpus(n_tokens=3000, n_words=60, sentence=17, seed=0):
    """Give a text in which each word is mostly followed by one that depends on it."""
    rng = np.random.default_rng(seed)
    ids = np.empty(n_tokens, np.int32)
    word = 0
    for at in range(n_tokens):
        near = rng.random() < 0.8
        word = (word + rng.integers(1, 4)) % n_words if near else int(rng.integers(n_words))
        ids[at] = word
    starts = np.append(np.arange(0, n_tokens, sentence), n_tokens).astype(np.int64)
    counts = np.maximum(np.bincount(ids, minlength=n_words), 1).astype(np.int64)
    return EncodedCorpus(ids, starts, n_tokens, len(starts) - 1), counts


def matrices(counts, dim, seed=1):
    w = new_vectors(len(counts), dim, seed)
    return w, np.zeros_like(w)


def trained(text, counts, *, backend=None, report=None, **settings):
    settings = {"vector_size": 12, "workers": 1, "batch_words": 500, "epochs": 2} | settings
    params = TrainParams(**settings)
    w, w_out = matrices(counts, params.vector_size)
    trainer = Trainer(text, counts, w, w_out, params, report=report, backend=backend)
    return w, w_out, [trainer.run_epoch(epoch) for epoch in range(params.epochs)]


@pytest.mark.parametrize("window", [3, 12])
def test_one_worker_does_what_the_reference_does(backend, window):
    text, counts = corpus(700)
    settings = {"window": window, "negative": 4, "sample": 0.01, "epochs": 2, "alpha": 0.05}
    w, w_out, results = trained(
        text, counts, backend=backend, batch_words=100, seed=3, compute_loss=True, **settings
    )

    expected = [matrix.astype(np.float64) for matrix in matrices(counts, 12)]
    state = np.random.SeedSequence(3, spawn_key=(0,)).spawn(1)[0].generate_state(8, np.uint64)
    losses = reference.train(
        text.ids,
        text.starts,
        *expected,
        bounds=cut_into_pieces(text.starts, 100)[0],
        keep=keep_thresholds(counts, 0.01),
        noise=noise_table(counts, 0.75),
        state=state,
        window=window,
        negative=4,
        shrink_windows=True,
        alpha=0.05,
        min_alpha=0.0001,
        epochs=2,
    )
    assert_allclose(w, expected[0], rtol=1e-3, atol=1e-5)
    assert_allclose(w_out, expected[1], rtol=1e-3, atol=1e-5)
    assert_allclose([result.loss for result in results], losses, rtol=1e-5)


def test_one_worker_repeats_itself_bit_for_bit(backend):
    text, counts = corpus()
    first, second = (trained(text, counts, backend=backend) for _ in range(2))
    other = trained(text, counts, backend=backend, seed=2)
    assert_array_equal(first[0], second[0])
    assert_array_equal(first[1], second[1])
    assert (first[0] != other[0]).any()


def test_computing_the_loss_changes_no_vector(backend):
    text, counts = corpus()
    with_loss = trained(text, counts, backend=backend, compute_loss=True)
    without = trained(text, counts, backend=backend)
    assert_array_equal(with_loss[0], without[0])
    assert without[2][0].loss is None
    assert with_loss[2][0].loss > 0


def test_the_loss_begins_at_log_two_a_pair_and_falls():
    text, counts = corpus(6000)
    *_, results = trained(
        text, counts, epochs=8, alpha=0.1, sample=0, compute_loss=True, vector_size=30
    )
    per_pair = [result.loss / result.pairs for result in results]
    assert per_pair[0] < 6 * np.log(2)
    assert per_pair[-1] < 0.9 * per_pair[0]
    assert all(result.words == result.kept_words == 6000 for result in results)


@pytest.mark.parametrize("workers", [2, 5])
def test_many_workers_read_every_word_once_and_learn_as_well(workers):
    text, counts = corpus(20_000)
    one, many = (
        trained(
            text, counts, workers=n, epochs=6, compute_loss=True, alpha=0.1, sample=0,
            batch_words=200,
        )[2]
        for n in (1, workers)
    )  # fmt: skip
    assert [result.words for result in many] == [20_000] * 6
    assert many[-1].loss / many[-1].pairs == pytest.approx(one[-1].loss / one[-1].pairs, rel=0.02)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]


@pytest.mark.parametrize("n_words", [2, 4, 30])
def test_a_small_vocabulary_does_not_diverge(backend, n_words):
    """Words and noise repeat in every window, so that one row takes many gradients at once."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, n_words, 20_000).astype(np.int32)
    text = EncodedCorpus(ids, np.int64([0, len(ids)]), len(ids), 1)
    counts = np.bincount(ids).astype(np.int64)
    w, _w_out, results = trained(
        text, counts, backend=backend, window=20, negative=15, compute_loss=True, epochs=3
    )
    assert np.isfinite(w).all()
    assert np.abs(w).max() < 10
    per_pair = [result.loss / result.pairs for result in results]
    assert per_pair[-1] <= per_pair[0] * 1.01


def test_progress_is_reported_from_the_calling_thread():
    seen = []
    text, counts = corpus(200_000)

    def report(progress):
        assert threading.current_thread() is threading.main_thread()
        seen.append(progress)

    trained(text, counts, report=report, compute_loss=True)
    assert seen[-1].done == seen[-1].total == 400_000
    assert seen[-1].epoch == seen[-1].epochs == 2
    assert seen[-1].alpha == pytest.approx(0.0001)
    assert seen[-1].loss > 0
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ZeroDivisionError])
def test_what_the_report_raises_stops_the_workers(failure):
    text, counts = corpus(300_000)
    params = TrainParams(vector_size=300, workers=3, epochs=100)
    w, w_out = matrices(counts, 300)

    def report(progress):
        raise failure

    trainer = Trainer(text, counts, w, w_out, params, report=report)
    begun = time.perf_counter()
    with pytest.raises(failure):
        trainer.run_epoch(0)
    assert time.perf_counter() - begun < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]
    assert np.isfinite(w).all()
    assert w_out.any()


def test_a_corpus_mapped_read_only_is_trained_on():
    text, counts = corpus()
    text.ids.flags.writeable = False
    text.starts.flags.writeable = False
    assert trained(text, counts)[2][0].words == 3000


def test_matrices_of_the_wrong_shape_are_refused():
    text, counts = corpus()
    w, w_out = matrices(counts, 12)
    with pytest.raises(ValueError, match=r"w_out must have the shape \(60, 12\).*got \(59, 12\)"):
        Trainer(text, counts, w, w_out[:-1], TrainParams(vector_size=12))


def test_first_vectors_are_those_of_gensim():
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    model = models.Word2Vec(vector_size=20, min_count=1, seed=5)
    model.build_vocab([[f"w{i}" for i in range(100)]])
    assert_array_equal(new_vectors(100, 20, 5), model.wv.vectors)


def test_tiny_pieces_of_a_giant_corpus_are_made_larger(monkeypatch):
    monkeypatch.setattr("cw2v.trainer.MOST_PIECES", 10)
    text, counts = corpus(1005)
    w, _w_out, results = trained(text, counts, batch_words=1)
    alike, _w_out, _results = trained(text, counts, batch_words=101)
    assert results[0].words == 1005
    assert_array_equal(w, alike)


def test_a_thread_that_cannot_be_started_stops_the_others(monkeypatch):
    text, counts = corpus(300_000)
    params = TrainParams(vector_size=300, workers=3, epochs=1)
    trainer = Trainer(text, counts, *matrices(counts, 300), params)
    start = threading.Thread.start

    def start_but_the_last(thread):
        if thread.name == "cw2v-train-2":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_but_the_last)
    begun = time.perf_counter()
    with pytest.raises(RuntimeError, match="can't start new thread"):
        trainer.run_epoch(0)
    assert time.perf_counter() - begun < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]
