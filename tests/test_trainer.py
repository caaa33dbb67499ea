"""Whole training runs: against reference.py, by many threads, and stopped in the middle."""

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cw2v import hotrows, reference
from cw2v.corpus import EncodedCorpus
from cw2v.huffman import build_tree
from cw2v.noise import keep_thresholds, noise_table
from cw2v.params import TrainParams
from cw2v.trainer import JobTrainer, Trainer, cut_into_pieces, random_base
from cw2v.weights import Weights, new_vectors


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


def weights_for(counts, params, *, lockf=None, dtype=np.float32):
    w = new_vectors(len(counts), params.vector_size, 1).astype(dtype)
    return Weights(
        w,
        syn1neg=np.zeros_like(w) if params.negative else None,
        syn1=np.zeros_like(w) if params.hs else None,
        lockf=lockf,
        tree=build_tree(counts) if params.hs else None,
    )


def matrices_of(weights):
    return [m for m in (weights.w, weights.syn1neg, weights.syn1) if m is not None]


def trained(text, counts, *, backend=None, report=None, lockf=None, **settings):
    settings = {"vector_size": 12, "workers": 1, "batch_words": 500, "epochs": 2} | settings
    params = TrainParams(**settings)
    weights = weights_for(counts, params, lockf=lockf)
    trainer = Trainer(text, counts, weights, params, report=report, backend=backend)
    results = [trainer.run_epoch(epoch) for epoch in range(params.epochs)]
    return weights, results


OBJECTIVES = [{"negative": 4}, {"hs": True, "negative": 0}, {"hs": True, "negative": 4}]
ARCHITECTURES = [
    {"sg": True},
    {"sg": False},
    {"sg": False, "cbow_mean": False},
    {"sg": False, "corrected_cbow": True},
    {"sg": True, "noise_span": 3},
    {"sg": False, "noise_span": 4},
]


@pytest.mark.parametrize(("window", "few_words"), [(3, 60), (3, 61), (12, 0), (12, 61)])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_worker_does_what_the_reference_does(
    backend, architecture, objective, window, few_words, monkeypatch
):
    monkeypatch.setattr("cw2v.sharing.FEW_WORDS", few_words)
    check_by_reference(backend, {"window": window, "vector_size": 12} | architecture | objective)


@pytest.mark.parametrize("few_words", [0, 61])  # four rows of W at a time, or each on its own
@pytest.mark.parametrize("vector_size", [112, 113, 128])  # the update prefetches from 113 on
@pytest.mark.parametrize("noise_span", [1, 3])
def test_a_step_may_prefetch_long_rows(backend, noise_span, vector_size, few_words, monkeypatch):
    monkeypatch.setattr("cw2v.sharing.FEW_WORDS", few_words)
    settings = {"sg": True, "window": 5, "vector_size": vector_size, "noise_span": noise_span}
    check_by_reference(backend, settings)


def check_by_reference(backend, settings):
    """Train with one worker; the matrices and losses must be those of `reference.train`."""
    text, counts = corpus(500)
    settings = settings | {"sample": 0.01, "epochs": 2, "alpha": 0.05}
    settings |= {"batch_words": 100, "seed": 3, "compute_loss": True}
    weights, results = trained(text, counts, backend=backend, **settings)

    params = TrainParams(workers=1, **settings)
    expected = weights_for(counts, params)
    exact = [matrix.astype(np.float64) for matrix in matrices_of(expected)]
    losses = reference.train(
        text.ids,
        text.starts,
        exact[0],
        syn1neg=exact[1] if params.negative else None,
        syn1=exact[-1] if params.hs else None,
        tree=expected.tree,
        bounds=cut_into_pieces(text.starts, 100)[0],
        keep=keep_thresholds(counts, 0.01),
        noise=noise_table(counts, 0.75),
        rng_base=random_base(3, 0),
        params=params,
    )
    for got, matrix in zip(matrices_of(weights), exact, strict=True):
        assert_allclose(got, matrix, rtol=1e-3, atol=1e-5)
    assert_allclose([result.loss for result in results], losses, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_locked_rows_stay_as_they_are_whoever_trains(backend, architecture, objective):
    text, counts = corpus()
    lockf = np.ones(len(counts), np.float32)
    lockf[[0, 7]] = 0
    settings = architecture | objective | {"workers": 3, "batch_words": 100}
    weights, _ = trained(text, counts, backend=backend, lockf=lockf, **settings)
    before = new_vectors(len(counts), 12, 1)
    moved = (weights.w != before).any(axis=1)
    assert_array_equal(np.flatnonzero(~moved), [0, 7])


@pytest.mark.parametrize("architecture", [*ARCHITECTURES[:2], ARCHITECTURES[-1]])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_text_of_one_piece_gives_the_same_with_any_number_of_workers(architecture, objective):
    text, counts = corpus()
    settings = architecture | objective | {"batch_words": 3000, "epochs": 3}
    one, many = (trained(text, counts, workers=workers, **settings)[0] for workers in (1, 4))
    for first, second in zip(matrices_of(one), matrices_of(many), strict=True):
        assert_array_equal(first, second)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_learns(architecture, objective):
    text, counts = corpus(6000)
    settings = architecture | objective | {"epochs": 8, "alpha": 0.025, "sample": 0}
    _, results = trained(text, counts, compute_loss=True, vector_size=30, **settings)
    per_pair = [result.loss / result.pairs for result in results]
    assert per_pair[-1] < 0.95 * per_pair[0]
    if not architecture["sg"]:
        assert results[0].pairs == 6000


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_jobs_train_from_several_threads(backend, objective):
    text, counts = corpus(6000)
    params = TrainParams(vector_size=30, compute_loss=True, sample=0, **objective)
    weights = weights_for(counts, params)
    pieces = np.array_split(text.ids, 60)

    with JobTrainer(counts, weights, params, backend=backend) as jobs:

        def train(ids):
            return jobs.run(ids, np.array([0, len(ids)], np.int64), 0.03)

        with ThreadPoolExecutor(4) as pool:
            epochs = [list(pool.map(train, pieces)) for _ in range(8)]
    assert [sum(job.words for job in jobs_done) for jobs_done in epochs] == [6000] * 8
    losses = [sum(job.loss for job in jobs_done) for jobs_done in epochs]
    assert losses[-1] < 0.98 * losses[0]


def test_one_worker_repeats_itself_bit_for_bit(backend):
    text, counts = corpus()
    first, second = (trained(text, counts, backend=backend)[0] for _ in range(2))
    other, _ = trained(text, counts, backend=backend, seed=2)
    assert_array_equal(first.w, second.w)
    assert_array_equal(first.syn1neg, second.syn1neg)
    assert (first.w != other.w).any()


def test_computing_the_loss_changes_no_vector(backend):
    text, counts = corpus()
    with_loss, results = trained(text, counts, backend=backend, compute_loss=True)
    without, results_without = trained(text, counts, backend=backend)
    assert_array_equal(with_loss.w, without.w)
    assert results_without[0].loss is None
    assert results[0].loss > 0


def test_the_loss_begins_at_log_two_a_pair_and_falls():
    text, counts = corpus(6000)
    _, results = trained(
        text, counts, epochs=8, alpha=0.025, sample=0, compute_loss=True, vector_size=30
    )
    per_pair = [result.loss / result.pairs for result in results]
    assert per_pair[0] < 6 * np.log(2)
    assert per_pair[-1] < 0.9 * per_pair[0]
    assert all(result.words == result.kept_words == 6000 for result in results)


@pytest.mark.parametrize("workers", [2, 5])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES[:2])
def test_many_workers_read_every_word_once_and_learn_as_well(
    architecture, objective, workers, monkeypatch
):
    monkeypatch.setattr(hotrows, "FEW_WORDS", 0)  # so that there are hot rows
    text, counts = corpus(200_000, n_words=200)
    settings = architecture | objective
    settings |= {"epochs": 3, "compute_loss": True, "alpha": 0.05, "sample": 0, "batch_words": 200}
    losses = []
    for n in (1, workers):
        weights, results = trained(text, counts, workers=n, **settings)
        assert [result.words for result in results] == [200_000] * 3
        # The loss of the final matrices: while training, each worker sees its local copies.
        params = TrainParams(vector_size=12, **settings | {"alpha": 1e-12, "min_alpha": 1e-12})
        result = Trainer(text, counts, weights, params).run_epoch(0)
        losses.append(result.loss / result.pairs)
    assert losses[1] < losses[0] * 1.05
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]


@pytest.mark.parametrize("n_words", [2, 4, 30])
@pytest.mark.parametrize(
    "settings",
    [
        {"negative": 15},
        {"negative": 15, "window": 100},
        {"negative": 15, "window": 100, "noise_span": 8, "shrink_windows": False},
        {"noise_span": 2, "window": 300},
        {"hs": True, "negative": 0},
        {"sg": False, "negative": 15},
        {"sg": False, "noise_span": 32},
    ],
)
def test_a_small_vocabulary_does_not_diverge(backend, n_words, settings):
    """Words and noise repeat in every window, so that one row takes many gradients at once."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, n_words, 20_000).astype(np.int32)
    text = EncodedCorpus(ids, np.int64([0, len(ids)]), len(ids), 1)
    counts = np.bincount(ids).astype(np.int64)
    settings = {"window": 20, "compute_loss": True, "epochs": 3} | settings
    weights, results = trained(text, counts, backend=backend, **settings)
    for matrix in matrices_of(weights):
        assert np.isfinite(matrix).all()
        assert np.abs(matrix).max() < 10
    per_pair = [result.loss / result.pairs for result in results]
    if settings.get("sg") is False:
        assert per_pair[-1] <= per_pair[0] * 1.01
    # Skip-gram learns what is near by heart while the rate is high, and unlearns it later.
    choices = 1 + settings.get("negative", 5)
    if settings.get("hs"):
        choices = np.average(np.diff(weights.tree.starts), weights=counts)
    assert per_pair[-1] < choices * math.log(2) * 1.01  # as before any training


@pytest.mark.parametrize("workers", [1, 2])
def test_a_profile_shares_out_the_time_of_all_stages_that_were_run(backend, workers, monkeypatch):
    monkeypatch.setattr(hotrows, "FEW_WORDS", 0)
    text, counts = corpus(80_000)  # enough for hot rows
    used = {"subsampling", "windows", "noise words", "prefetch", "gather", "products", "errors"}
    used |= {"update", "scatter"} | ({"merge"} if workers > 1 else set())
    for settings, more in [({}, set()), ({"hs": True, "compute_loss": True}, {"paths", "loss"})]:
        settings = settings | {"sample": 0, "batch_words": 500}
        params = TrainParams(vector_size=12, workers=workers, **settings)
        weights = weights_for(counts, params)
        trainer = Trainer(text, counts, weights, params, backend=backend, profile=True)
        trainer.run_epoch(0)
        stages = trainer.stages()
        assert {name for name, share in stages.items() if share > 0} == used | more
        assert sum(stages.values()) == pytest.approx(1)
    assert Trainer(text, counts, weights, params, backend=backend).stages() == {}


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
    weights = weights_for(counts, params)

    def report(progress):
        raise failure

    trainer = Trainer(text, counts, weights, params, report=report)
    begun = time.perf_counter()
    with pytest.raises(failure):
        trainer.run_epoch(0)
    assert time.perf_counter() - begun < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]
    assert np.isfinite(weights.w).all()
    assert weights.syn1neg.any()
    with pytest.raises(failure):  # the next epoch begins as if there had been none
        trainer.run_epoch(1)
    trainer._report = None
    assert trainer.run_epoch(2).words == 300_000


def test_a_corpus_mapped_read_only_is_trained_on():
    text, counts = corpus()
    text.ids.flags.writeable = False
    text.starts.flags.writeable = False
    assert trained(text, counts)[1][0].words == 3000


def test_matrices_that_do_not_fit_are_refused():
    text, counts = corpus()
    params = TrainParams(vector_size=12)
    weights = weights_for(counts, params)
    with pytest.raises(ValueError, match=r"syn1neg must have the shape of W, \(60, 12\)"):
        Weights(weights.w, syn1neg=weights.syn1neg[:-1])
    with pytest.raises(ValueError, match=r"lockf must have the shape \(1,\) or \(60,\)"):
        Weights(weights.w, lockf=np.ones(59, np.float32))
    with pytest.raises(ValueError, match="syn1 needs a Huffman tree of 60 words"):
        Weights(weights.w, syn1=weights.syn1neg)
    with pytest.raises(ValueError, match="syn1neg must be float32 and C-contiguous, got float64"):
        Weights(weights.w, syn1neg=weights.syn1neg.astype(np.float64))
    with pytest.raises(ValueError, match=r"w must have the shape \(60, 12\)"):
        Trainer(text, counts, Weights(weights.w[:-1].copy()), params)
    with pytest.raises(ValueError, match="hs=1 trains syn1, which these weights do not have"):
        Trainer(text, counts, weights, TrainParams(vector_size=12, hs=True))
    with pytest.raises(ValueError, match="negative=5 trains syn1neg"):
        JobTrainer(counts, Weights(weights.w), params)


def test_first_vectors_are_those_of_gensim():
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    model = models.Word2Vec(vector_size=20, min_count=1, seed=5)
    model.build_vocab([[f"w{i}" for i in range(100)]])
    assert_array_equal(new_vectors(100, 20, 5), model.wv.vectors)


def test_tiny_pieces_of_a_giant_corpus_are_made_larger(monkeypatch):
    monkeypatch.setattr("cw2v.trainer.MOST_PIECES", 10)
    text, counts = corpus(1005)
    weights, results = trained(text, counts, batch_words=1)
    alike, _ = trained(text, counts, batch_words=101)
    assert results[0].words == 1005
    assert_array_equal(weights.w, alike.w)


def test_a_thread_that_cannot_be_started_stops_the_others(monkeypatch):
    text, counts = corpus(300_000)
    params = TrainParams(vector_size=300, workers=3, epochs=1)
    trainer = Trainer(text, counts, weights_for(counts, params), params)
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
