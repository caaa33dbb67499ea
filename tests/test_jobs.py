"""Classes that make sentences in the worker threads, as fastnode2vec's does."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from cw2v import CallbackAny2Vec, StopTraining, Word2Vec
from cw2v.jobs import batches, encode_sentences, run_jobs

N_NODES = 60


class Walks(Word2Vec):
    """Two halves of a graph; each job walks about in the half of the node that it is given."""

    def __init__(self, **settings):
        super().__init__(
            **{"min_count": 1, "vector_size": 16, "sg": 1, "batch_words": 100, "sample": 0}
            | settings
        )
        self.build_vocab([f"n{node}"] for node in range(N_NODES))
        self.alphas, self.threads, self.memory = [], set(), set()

    def _do_train_job(self, sentences, alpha, inits):
        self.alphas.append(alpha)
        self.threads.add(threading.get_ident())
        self.memory.add(tuple(id(array) for array in inits))
        assert all(array.shape == (16,) for array in inits)
        rng = np.random.default_rng(len(self.alphas))
        walks = []
        half = N_NODES // 2
        for start, *_ in sentences:
            walks.append([f"n{start // half * half + step}" for step in rng.choice(half, 20)])
        return super()._do_train_job(walks, alpha, inits)


def nodes(n_passes):
    for _ in range(n_passes):
        for node in range(N_NODES):
            yield [node] * 20


def our_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]


@pytest.mark.parametrize("settings", [{}, {"hs": 1, "negative": 0}, {"sg": 0, "alpha": 0.1}])
def test_vectors_are_learnt_from_what_jobs_make(settings):
    model = Walks(workers=2, compute_loss=True, **settings)
    passes = 60
    trained, raw = model.train(nodes(passes), total_examples=passes * N_NODES, epochs=1)
    assert raw == passes * N_NODES * 20
    assert trained == raw
    near, far = model.wv.similarity("n3", "n4"), model.wv.similarity("n3", "n40")
    assert near > far + 0.1
    assert len(model.threads) <= 2
    assert len(model.memory) == len(model.threads)
    assert threading.get_ident() not in model.threads
    (epoch,) = model.training_report.epochs
    assert epoch.words == epoch.kept_words == trained
    assert model.get_latest_training_loss() == pytest.approx(epoch.loss)
    assert epoch.loss > 0
    assert model.train_count == 1
    assert model._job_trainer is None
    assert not our_threads()


def test_the_rate_falls_from_job_to_job_by_what_was_promised():
    model = Walks(workers=1, alpha=0.1, min_alpha=0.02)
    total = 2 * N_NODES
    model.train([[i] * 20 for i in range(N_NODES)], total_examples=total, epochs=2)
    jobs = N_NODES // 5  # of 100 words
    progress = np.concatenate([np.arange(jobs) * 5 / total, 1 + np.arange(jobs) * 5 / total]) / 2
    assert model.alphas == pytest.approx(0.1 - 0.08 * progress)
    assert model.min_alpha_yet_reached == pytest.approx(0.1 - 0.08 * (1.5 / 2))

    model.alphas.clear()
    model.train(nodes(1), total_words=10 * 20, epochs=1)  # less than there is
    assert min(model.alphas) == 0.02
    assert model.alphas[:3] == pytest.approx([0.1, 0.06, 0.02])


def test_gensim_hands_out_the_same_jobs(gensim_models):
    class Recorder:
        def _do_train_job(self, sentences, alpha, inits):
            self.jobs.append((len(sentences), alpha))
            return super()._do_train_job(sentences, alpha, inits)

    sentences = [["a", "b", "c"] * (i % 7 + 1) for i in range(50)]
    jobs = []
    for base in (gensim_models.Word2Vec, Word2Vec):
        kind = type("Recorded", (Recorder, base), {})
        model = kind(min_count=1, vector_size=4, workers=1, batch_words=40)
        model.jobs = []
        model.build_vocab(sentences)
        model.train(sentences, total_words=model.corpus_total_words, epochs=3)
        jobs.append(model.jobs)
    assert [n for n, _ in jobs[0]] == [n for n, _ in jobs[1]]
    assert [alpha for _, alpha in jobs[1]] == pytest.approx([alpha for _, alpha in jobs[0]])


def test_a_method_put_on_a_single_model_is_used_too():
    model = Word2Vec(min_count=1, vector_size=4, workers=1)
    model.build_vocab([["a", "b"]])
    seen = []
    model._do_train_job = lambda sentences, alpha, inits: seen.append(sentences) or (0, 2)
    assert model.train([["a", "b"]], total_examples=1, epochs=2) == (0, 4)
    assert seen == [[["a", "b"]], [["a", "b"]]]


def test_the_base_method_can_be_called_alone():
    model = Word2Vec(min_count=1, vector_size=4, sample=0)
    model.build_vocab([["a", "b", "c"]])
    before = model.wv.vectors.copy()
    batch = [["a", "b", "unknown"], [], ["c", "a"]]
    for _ in range(2):
        assert model._do_train_job(batch, 0.1, (None, None)) == (4, 5)
    assert (model.wv.vectors != before).any()
    assert model._do_train_job([["unknown"]], 0.1, None) == (0, 1)


def test_what_a_job_raises_reaches_the_caller_and_no_thread_is_left():
    class Fails(Walks):
        def _do_train_job(self, sentences, alpha, inits):
            if len(self.alphas) > 5:
                raise ZeroDivisionError("in a worker")
            return super()._do_train_job(sentences, alpha, inits)

    def endless():
        while True:
            yield from nodes(1)

    model = Fails(workers=3)
    with pytest.raises(ZeroDivisionError, match="in a worker"):
        model.train(endless(), total_examples=10**6, epochs=1)
    assert not our_threads()
    assert model._job_trainer is None


def test_what_the_sentences_raise_reaches_the_caller():
    def broken():
        yield from nodes(1)
        raise OSError("the connection was lost")

    with pytest.raises(OSError, match="the connection was lost"):
        Walks(workers=2).train(broken(), total_examples=1000, epochs=1)
    assert not our_threads()


def test_ctrl_c_ends_the_jobs():
    def interrupted(progress):
        raise KeyboardInterrupt

    def endless():
        while True:
            yield from nodes(1)

    model = Walks(workers=2)
    model.report = interrupted
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        model.train(endless(), total_examples=10**6, epochs=1)
    assert time.perf_counter() - begun < 2
    assert not our_threads()


def test_progress_is_reported():
    reports = []
    model = Walks(workers=1, compute_loss=True)
    model.report = reports.append
    begun = time.perf_counter()

    def slow():
        for sentence in nodes(1000):
            if time.perf_counter() - begun > 0.6:
                return
            yield sentence

    model.train(slow(), total_examples=1000 * N_NODES, epochs=1)
    assert reports
    last = reports[-1]
    assert (last.stage, last.unit, last.total) == ("train", "sentences", 1000 * N_NODES)
    assert 0 < last.done <= last.total
    assert last.loss > 0


def test_a_seed_that_is_set_to_none_afterwards_is_no_error():
    model = Walks(workers=1)
    before = model.wv.vectors.copy()
    model.seed = None  # as fastnode2vec does
    trained, _ = model.train(nodes(1), total_examples=N_NODES, epochs=1)
    assert trained == N_NODES * 20
    assert (model.wv.vectors != before).any()


def test_a_callback_may_stop_the_jobs_between_epochs():
    class Stop(CallbackAny2Vec):
        def on_epoch_end(self, model):
            raise StopTraining

    model = Walks(workers=1)
    model.train([[i] * 20 for i in range(N_NODES)], total_examples=N_NODES, epochs=5,
                callbacks=[Stop()])  # fmt: skip
    assert len(model.alphas) == N_NODES // 5


def test_an_iterator_at_its_end_gives_no_jobs(caplog):
    assert Walks(workers=1).train(iter([]), total_examples=9, epochs=2) == (0, 0)
    assert "train() called with an empty iterator" in caplog.text


def test_a_generator_for_several_epochs_is_refused():
    with pytest.raises(TypeError, match="generator"):
        Walks(workers=1).train(nodes(1), total_examples=N_NODES, epochs=2)


def test_batches_hold_no_more_than_asked_for_unless_a_sentence_does():
    sentences = ["ab", "cd", "e", "fghijkl", "", "mn"]
    count = lambda batch: sum(map(len, batch))  # noqa: E731
    assert list(batches(sentences, 5, count)) == [["ab", "cd", "e"], ["fghijkl"], ["", "mn"]]
    assert list(batches([], 5, count)) == []


def test_results_come_in_the_order_of_the_jobs():
    def work(job):
        time.sleep(0.002 * (job % 3))
        return job

    results = list(run_jobs(range(40), work, workers=3, most_waiting=6))
    assert results == list(range(40))


def test_jobs_are_not_made_far_ahead():
    given = []

    def jobs():
        for job in range(20):
            given.append(job)
            yield job

    for result in run_jobs(jobs(), lambda job: job, workers=1, most_waiting=3):
        assert len(given) <= result + 4


INTERRUPTED = """
import itertools, signal, sys, time
from cw2v.jobs import run_jobs

signal.signal(signal.SIGALRM, signal.default_int_handler)
n = 0
while n < 150:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001 + n % 7 * 0.001)
        for _ in run_jobs(itertools.count(), lambda job: None, workers=2, most_waiting=6):
            pass
    except KeyboardInterrupt:
        n += 1
print("done", n)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers by signals")
def test_ctrl_c_never_hangs():
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout == "done 150\n", run.stderr


def test_a_word_without_a_row_is_an_error():
    walks = Walks()
    walks.wv.key_to_index["n1"] = 10**6
    with pytest.raises(IndexError, match="1000000 is not among the 60 words"):
        walks.train(nodes(1), total_examples=N_NODES, epochs=1)


def test_sentences_become_ids_without_the_words_that_are_not_known():
    ids, starts = encode_sentences([["a", "x"], [], ["b", "a"]], {"a": 0, "b": 1})
    assert (ids.tolist(), starts.tolist()) == ([0, 1, 0], [0, 1, 1, 3])
    assert (ids.dtype, starts.dtype) == (np.int32, np.int64)
