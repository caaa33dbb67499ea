"""Word2Vec: gensim's interface, from a text to vectors that make sense."""

import pickle
import sys
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import two_topics

from cw2v import CallbackAny2Vec, Word2Vec, modelvocab

SENTENCES = [
    ["human", "interface", "computer"],
    ["survey", "user", "computer", "system", "response", "time"],
    ["eps", "user", "interface", "system"],
    ["system", "human", "system", "eps"],
    ["user", "response", "time"],
    ["trees"],
    ["graph", "trees"],
    ["graph", "minors", "trees"],
    ["graph", "minors", "survey"],
]


def small(sentences=SENTENCES, **settings):
    settings = {"sg": 1, "vector_size": 10, "min_count": 1, "workers": 1} | settings
    return Word2Vec(sentences, **settings)


def our_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("cw2v")]


def test_words_of_one_topic_are_neighbours():
    model = small(two_topics(2000), vector_size=20, epochs=5, workers=2, alpha=0.05)
    for word in ("sea3", "land7"):
        neighbours = [other for other, _ in model.wv.most_similar(word, topn=15)]
        assert all(other.startswith(word.rstrip("0123456789")) for other in neighbours)
    assert model.wv.similarity("sea1", "sea2") > model.wv.similarity("sea1", "land2") + 0.3


def test_the_dictionary_is_ordered_as_gensim_orders_it():
    model = small(epochs=1)
    assert model.wv.index_to_key == [
        "system", "graph", "trees", "user", "minors", "eps", "time",
        "response", "survey", "computer", "interface", "human",
    ]  # fmt: skip
    assert model.wv.get_vecattr("system", "count") == 4
    assert (model.corpus_count, model.corpus_total_words) == (9, 29)


def test_the_matrices_have_the_shapes_of_gensim():
    model = small()
    assert model.wv.vectors.shape == model.syn1neg.shape == (12, 10)
    assert model.wv.vectors.dtype == model.syn1neg.dtype == np.float32
    assert model.wv.vectors.flags.c_contiguous
    assert str(model) == "Word2Vec<vocab=12, vector_size=10, alpha=0.025>"


def test_a_list_and_a_file_of_the_same_text_train_alike(tmp_path):
    sentences = two_topics(2000)
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences))
    from_list = small(sentences)
    from_file = small(None, corpus_file=path)
    from_iterable = small(IteratedTwice(sentences))
    assert_array_equal(from_list.wv.vectors, from_file.wv.vectors)
    assert_array_equal(from_list.wv.vectors, from_iterable.wv.vectors)


class IteratedTwice:
    def __init__(self, sentences):
        self.sentences = sentences
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter(self.sentences)


def test_an_iterable_is_read_once_by_the_constructor():
    text = IteratedTwice(two_topics(2000))
    small(text, epochs=7)
    assert text.passes == 1


def test_train_says_how_many_words_it_trained_on_and_read():
    sentences = two_topics(2000)
    once = small(sentences)
    twice = small(None)
    twice.build_vocab(sentences)
    trained = twice.train(sentences, total_examples=twice.corpus_count, epochs=twice.epochs)
    assert_array_equal(once.wv.vectors, twice.wv.vectors)
    words = sum(map(len, sentences))
    assert trained[1] == 5 * words
    assert 0 < trained[0] <= 5 * words


def test_a_list_that_changed_after_the_vocabulary_was_built_is_read_again():
    sentences = two_topics(100)
    model = small(None)
    model.build_vocab(sentences)
    sentences.append(["sea1", "sea2", "not", "in", "the", "vocabulary"])
    _, raw_words = model.train(sentences, total_examples=101, epochs=1)
    assert raw_words == sum(map(len, sentences))


def test_a_list_that_changed_in_place_is_read_again(caplog):
    sentences = two_topics(100)
    model = small(None)
    model.build_vocab(sentences)
    sentences[:] = [["not", "in", "the", "vocabulary"]] * 100
    model.train(sentences, total_examples=100, epochs=1)
    assert "none of its 400 words" in caplog.text


def test_a_file_is_read_once_unless_it_changed(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_text("graph trees minors\n" * 20)
    scans = []
    scan = modelvocab.scan_inputs
    monkeypatch.setattr(
        modelvocab,
        "scan_inputs",
        lambda *args, **settings: scans.append(1) or scan(*args, **settings),
    )
    model = small(None)
    model.build_vocab(corpus_file=path)
    for n_scans, n_words in ((1, 60), (1, 60), (2, 80)):
        assert model.train(corpus_file=path, total_words=60, epochs=1)[1] == n_words
        assert len(scans) == n_scans
        if n_scans == 1 and model.train_count == 2:
            path.write_text("graph trees trees minors\n" * 20)


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("graph trees minors\n" * 20)

    def report(progress):
        if progress.stage == "read":
            path.write_text("graph trees\n" * 20)

    model = small(None, report=report)
    model.build_vocab(corpus_file=path)
    model.report = None
    _, raw_words = model.train(corpus_file=path, total_words=60, epochs=1)
    assert raw_words == 40


def test_a_list_whose_tokens_changed_in_place_is_read_again():
    sentences = two_topics(100)
    model = small(None)
    model.build_vocab(sentences)
    sentences[0][0] = "unheard-of"
    model.train(sentences, total_examples=100, epochs=1)
    assert model.training_report.epochs[0].words == sum(map(len, sentences)) - 1


def test_more_training_goes_on_from_where_the_last_ended():
    sentences = two_topics(300)
    model = small(sentences, alpha=0.1)
    before = model.wv.vectors.copy()
    model.train(sentences, total_examples=model.corpus_count, epochs=1, start_alpha=1e-3)
    moved = np.abs(model.wv.vectors - before).max(axis=1)
    assert (moved > 0).all()
    assert (moved < 0.1 * np.abs(before).max(axis=1)).all()
    assert model.train_count == 2


def test_another_text_is_encoded_with_the_same_dictionary():
    model = small(two_topics(300))
    words = list(model.wv.index_to_key)
    model.train([["sea1", "new", "sea2"]] * 50, total_examples=50, epochs=2)
    assert model.wv.index_to_key == words
    assert [epoch.words for epoch in model.training_report.epochs] == [100, 100]


def test_callbacks_are_called_in_order_and_the_vectors_are_up_to_date():
    calls = []

    class Log(CallbackAny2Vec):
        def on_train_begin(self, model):
            calls.append("train begins")

        def on_epoch_begin(self, model):
            calls.append("epoch begins")

        def on_epoch_end(self, model):
            calls.append(round(float(model.wv.similarity("sea1", "sea2")), 6))

        def on_train_end(self, model):
            calls.append("train ends")

    model = small(two_topics(300), epochs=2, callbacks=[Log()], alpha=0.1)
    assert calls[0] == "train begins"
    assert calls[1] == calls[3] == "epoch begins"
    assert calls[-1] == "train ends"
    assert calls[2] != calls[4]
    assert calls[4] == pytest.approx(model.wv.similarity("sea1", "sea2"), abs=1e-5)


def test_what_a_callback_raises_reaches_the_caller():
    class Stop(CallbackAny2Vec):
        def on_epoch_end(self, model):
            raise ZeroDivisionError("enough")

    model = small(None)
    model.build_vocab(two_topics(300))
    before = model.wv.vectors.copy()
    with pytest.raises(ZeroDivisionError, match="enough"):
        model.train(two_topics(300), total_examples=300, epochs=5, callbacks=[Stop()])
    assert not our_threads()
    assert (model.wv.vectors != before).any()
    assert len(model.wv.most_similar("sea1")) == 10


def test_what_the_iterable_raises_reaches_the_caller():
    def sentences():
        yield ["one", "two"]
        raise OSError("the connection was lost")

    class Text:
        def __iter__(self):
            return sentences()

    with pytest.raises(OSError, match="the connection was lost"):
        small(Text())
    assert not our_threads()


def test_ctrl_c_while_training_leaves_a_model_that_works():
    reports = []

    def report(progress):
        reports.append(progress)
        if progress.stage == "train":
            raise KeyboardInterrupt

    model = small(None, report=report, vector_size=200, epochs=1000, workers=2)
    sentences = two_topics(5000)
    model.build_vocab(sentences)
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        model.train(sentences, total_examples=5000, epochs=1000)
    assert time.perf_counter() - begun < 2
    assert not our_threads()
    assert np.isfinite(model.wv.vectors).all()
    model.report = None
    model.train(sentences, total_examples=5000, epochs=1)


@pytest.mark.parametrize("sg", [0, 1])
def test_a_window_may_be_wider_than_any_sentence(sg):
    widest = small(two_topics(2000), sg=sg, window=10_000, shrink_windows=False)
    wider = small(two_topics(2000), sg=sg, window=sys.maxsize, shrink_windows=False)
    np.testing.assert_array_equal(widest.wv.vectors, wider.wv.vectors)
    assert wider.window == sys.maxsize


@pytest.mark.parametrize(
    "settings", [{"vector_size": 0}, {"window": 0}, {"alpha": -1}, {"min_count": -1}, {"epochs": 0}]
)
def test_settings_out_of_range_are_refused_before_the_text_is_read(settings):
    text = IteratedTwice(SENTENCES)
    with pytest.raises(ValueError, match=next(iter(settings))):
        small(text, **settings)
    assert text.passes == 0


def test_an_unknown_backend_is_refused_before_the_text_is_read(monkeypatch):
    monkeypatch.setenv("CW2V_BACKEND", "mmx")
    text = IteratedTwice(SENTENCES)
    with pytest.raises(ValueError, match="CW2V_BACKEND is 'mmx'"):
        small(text)
    assert text.passes == 0


def test_too_little_text_says_what_there_was():
    with pytest.raises(RuntimeError, match=r"no word occurs 5 times.*'system', with 4"):
        small(min_count=5)
    with pytest.raises(RuntimeError, match="no word"):
        small([])
    with pytest.raises(RuntimeError, match="a single word, 'graph'"):
        small([["graph", "graph"]])


def test_a_text_must_be_given_once_and_be_iterable(tmp_path):
    with pytest.raises(TypeError, match="Either one of"):
        small(None).build_vocab()
    with pytest.raises(TypeError, match="Both corpus_file and"):
        small(SENTENCES, corpus_file=tmp_path)
    with pytest.raises(TypeError, match="generator"):
        small(sentence for sentence in SENTENCES)
    with pytest.raises(TypeError, match="must be an iterable"):
        small(5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"vector_size": "8"}, "vector_size must be a whole number"),
        (
            {"workers": -1},
            r"workers must be 1 to 1,024, got -1: to use all CPUs.*os\.cpu_count\(\)",
        ),
        ({"memory_budget": "1G"}, "memory_budget must be a whole number, at least 0, got '1G'"),
        ({"memory_budget": -1}, "memory_budget must be"),
        ({"unicode_errors": "ignore"}, "'strict', 'replace' or 'keep', got 'ignore'"),
        ({"report": 3}, "report must be callable"),
        ({"callbacks": CallbackAny2Vec()}, "callbacks must be a list"),
        ({"callbacks": [3]}, "3 has no on_train_begin"),
    ],
)
def test_settings_are_refused_by_name_before_the_text_is_read(setting, message):
    text = iter(SENTENCES)
    with pytest.raises((TypeError, ValueError), match=message):
        small(text, **setting)
    assert len(list(text)) == len(SENTENCES)


def test_what_was_counted_is_plain_int(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in SENTENCES))
    for model in (small(), small(None, corpus_file=path)):
        assert type(model.corpus_count) is type(model.corpus_total_words) is int
        assert {type(n) for n in model.train(SENTENCES, total_examples=9, epochs=1)} == {int}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_that_is_no_number_is_refused_and_does_not_spread(value):
    model = small()
    model.wv.vectors[3, 4] = value
    with pytest.raises(ValueError, match=r"wv\.vectors.* in 1 rows.* row 3, 'user'"):
        model.train(SENTENCES, total_examples=9, epochs=1)
    assert np.isfinite(model.wv.vectors).sum() == model.wv.vectors.size - 1
    model.wv.vectors[3, 4] = 0
    model.syn1neg[2] = value
    with pytest.raises(ValueError, match=r"syn1neg.* row 2, 'trees'"):
        model.train(SENTENCES, total_examples=9, epochs=1)


def test_train_wants_totals_epochs_and_a_vocabulary():
    model = small(None)
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        model.train(SENTENCES, total_examples=9, epochs=1)
    model.build_vocab(SENTENCES)
    with pytest.raises(ValueError, match="either total_examples or total_words"):
        model.train(SENTENCES, epochs=1)
    with pytest.raises(ValueError, match="explicit epochs count"):
        model.train(SENTENCES, total_examples=9)


def test_a_text_without_a_known_word_trains_nothing_and_says_so(caplog):
    model = small()
    before = model.wv.vectors.copy()
    assert model.train([["other", "words"]], total_examples=1, epochs=2) == (0, 4)
    assert "empty iterator" in caplog.text
    assert "none of its 2 words is in the vocabulary" in caplog.text
    assert_array_equal(model.wv.vectors, before)


def test_a_model_can_be_pickled_without_what_belongs_to_its_process():
    model = small(report=lambda progress: None)
    model.build_vocab(SENTENCES)
    other = pickle.loads(pickle.dumps(model))
    assert_array_equal(other.wv.vectors, model.wv.vectors)
    other.train(SENTENCES, total_examples=9, epochs=1)
    assert other.report is None
    assert model.report is not None


@pytest.mark.parametrize("name", ["sg", "hs", "cbow_mean", "shrink_windows", "compute_loss"])
def test_a_text_is_no_flag(name):
    with pytest.raises(TypeError, match=f"{name} must be 0 or 1, or a bool, got '0'"):
        Word2Vec(**{name: "0"})


def test_what_is_compiled_is_said_as_gensim_does():
    from cw2v import word2vec

    assert word2vec.FAST_VERSION == word2vec.CORPUSFILE_VERSION == 1
    assert word2vec.MAX_WORDS_IN_BATCH == 10_000
