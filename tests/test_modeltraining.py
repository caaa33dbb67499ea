"""Word2Vec.train: every objective, the learning rate, the loss, callbacks, texts that change."""

import copy
import logging
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cw2v import CallbackAny2Vec, LineSentence, StopTraining, Word2Vec
from cw2v.progress import LoggedProgress, Progress

OBJECTIVES = [
    {"sg": sg, "hs": hs, "negative": negative}
    for sg in (0, 1)
    for hs, negative in ((0, 5), (1, 0), (1, 5))
]


def two_topics(n_sentences=300, seed=0):
    """Give sentences of words that only ever stand with others of their topic."""
    rng = np.random.default_rng(seed)
    topics = [[f"{topic}{i}" for i in range(20)] for topic in ("sea", "land")]
    return [
        rng.choice(topics[rng.integers(2)], size=rng.integers(3, 12)).tolist()
        for _ in range(n_sentences)
    ]


TEXT = two_topics()


def small(sentences=TEXT, **settings):
    settings = {"sg": 1, "vector_size": 10, "min_count": 1, "workers": 1} | settings
    return Word2Vec(sentences, **settings)


class Passes:
    """Counts how often it is iterated; gives other sentences each time."""

    def __init__(self, *texts):
        self.texts = texts
        self.n = 0

    def __iter__(self):
        self.n += 1
        return iter(self.texts[(self.n - 1) % len(self.texts)])


@pytest.mark.parametrize("settings", OBJECTIVES)
def test_words_of_one_topic_are_neighbours(settings):
    model = small(two_topics(1500), vector_size=16, epochs=8, workers=2, alpha=0.1, **settings)
    assert hasattr(model, "syn1neg") == bool(model.negative)
    assert hasattr(model, "syn1") == bool(model.hs)
    near, far = model.wv.similarity("sea1", "sea2"), model.wv.similarity("sea1", "land2")
    assert near > far + 0.3


@pytest.mark.parametrize("settings", [*OBJECTIVES, {"sg": 0, "corrected_cbow": True}])
def test_the_same_seed_gives_the_same_vectors_in_one_step_or_two(settings):
    once = small(seed=3, **settings)
    twice = small(None, seed=3, **settings)
    twice.build_vocab(TEXT)
    twice.train(TEXT, total_examples=twice.corpus_count, epochs=twice.epochs)
    assert_array_equal(once.wv.vectors, twice.wv.vectors)
    for name in ("syn1", "syn1neg"):
        if hasattr(once, name):
            assert_array_equal(getattr(once, name), getattr(twice, name))
    assert (once.wv.vectors != small(seed=4, **settings).wv.vectors).any()


def test_each_setting_of_cbow_trains_other_vectors():
    seen = []
    for settings in ({}, {"cbow_mean": 0}, {"corrected_cbow": True}, {"sg": 1}):
        vectors = small(**({"sg": 0} | settings)).wv.vectors
        assert all((vectors != other).any() for other in seen)
        seen.append(vectors)


def test_no_seed_is_another_seed_each_time():
    assert (small(seed=None).wv.vectors != small(seed=None).wv.vectors).any()


@pytest.mark.parametrize("settings", OBJECTIVES)
def test_locked_words_stay_bit_for_bit(settings):
    model = small(None, **settings)
    model.build_vocab(TEXT)
    assert model.wv.vectors_lockf.tolist() == [1.0]
    locked, free = model.wv.vectors[0].copy(), model.wv.vectors[1].copy()
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[0] = 0
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    assert_array_equal(model.wv.vectors[0], locked)
    assert (model.wv.vectors[1] != free).any()
    model.wv.vectors_lockf = np.zeros(1)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_array_equal(model.wv.vectors, before)


def test_lock_factors_that_are_too_few_begin_again_as_in_gensim():
    model = small(None)
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    model.wv.vectors_lockf = np.array([0, 1, 1], np.float32)
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    stayed = (model.wv.vectors == before).all(axis=1)
    assert_array_equal(np.flatnonzero(stayed), np.arange(0, len(before), 3))
    model.wv.vectors_lockf = np.array([np.nan])
    with pytest.raises(ValueError, match="vectors_lockf must be"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)


def test_the_tree_is_that_of_the_words_there_are():
    """Also where another table of as many words took the place of the first."""
    model, other = small(None, hs=1, negative=0), small(None, hs=1, negative=0)
    model.build_vocab_from_freq({"a": 8, "b": 4, "c": 2, "d": 1})
    other.build_vocab_from_freq({"d": 8, "c": 7, "b": 7, "a": 7})
    skewed = [path.tolist() for path in model.wv.expandos["code"]]
    even = [path.tolist() for path in other.wv.expandos["code"]]
    assert [len(path) for path in skewed] == [1, 2, 3, 3]
    assert [len(path) for path in even] == [2, 2, 2, 2]
    assert model._known_tree() is model._tree
    model.wv = other.wv
    assert [model._known_tree().code(i).tolist() for i in range(4)] == even
    model.wv.expandos = {"count": np.array([8, 4, 2, 1])}
    assert [model._known_tree().code(i).tolist() for i in range(4)] == skewed


@pytest.mark.parametrize(
    ("name", "path"), [("code", [2]), ("point", [3]), ("point", [-1]), ("code", [])]
)
def test_paths_that_lead_nowhere_are_refused(name, path):
    model = small(None, hs=1, negative=0)
    model.build_vocab_from_freq({"a": 8, "b": 4, "c": 2, "d": 1})
    for each in ("code", "point"):
        paths = model.wv.expandos[each] = model.wv.expandos[each].copy()
        if each == name or not path:
            paths[0] = np.array(path, paths[0].dtype)
    model._tree = None  # as of a model that has its paths there only
    with pytest.raises(ValueError, match=r"lead out of it, or nowhere|must be below that"):
        model.train([["a", "b", "c", "d"]] * 9, total_examples=9, epochs=1)


def test_sample_int_says_which_words_are_kept():
    """After an update too, it is that of the last text; gensim has it so."""
    model = small(None, sample=1e9)  # which keeps all, but 0 would whatever `sample_int` says
    model.build_vocab(TEXT)
    model.wv.expandos["sample_int"][:10] = 0
    counts = model.wv.expandos["count"]
    kept, _ = model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert kept == counts[10:].sum()
    del model.wv.expandos["sample_int"]
    kept, _ = model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert kept == counts.sum()


def test_rows_that_training_cannot_write_to_are_copied_first():
    model = small(None, hs=1)
    model.build_vocab(TEXT)
    shape = model.wv.vectors.shape
    model.wv.vectors = np.asfortranarray(model.wv.vectors.astype(np.float64))
    model.syn1neg.flags.writeable = False
    model.syn1 = np.zeros((shape[0], 2 * shape[1]), np.float32)[:, ::2]
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert model.wv.vectors.dtype == np.float32
    assert model.syn1.any()
    assert model.syn1neg.any()


def test_matrices_that_do_not_belong_together_are_refused():
    model = small(None)
    model.build_vocab(TEXT)
    w = model.wv.vectors
    model.syn1neg = model.syn1neg[:-1]
    with pytest.raises(ValueError, match=r"model\.syn1neg has the shape \(39, 10\)"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    del model.syn1neg
    with pytest.raises(ValueError, match=r"model\.syn1neg is missing"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    model.negative, model.hs = 0, 1
    with pytest.raises(ValueError, match=r"model\.syn1 is missing"):
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert model.wv.vectors is w


def test_neither_objective_is_an_error_of_train_and_both_a_warning(caplog):
    with pytest.raises(ValueError, match="You must set either 'hs' or 'negative'"):
        small(hs=0, negative=0)
    model = Word2Vec(hs=0, negative=0)
    model.build_vocab_from_freq({"a": 9, "b": 9})
    with pytest.raises(ValueError, match="there will be no training"):
        model.train(TEXT, total_examples=1, epochs=1)
    assert not caplog.records
    small(hs=1, negative=5)
    assert "Both hierarchical softmax and negative sampling are activated." in caplog.text


# ---- the learning rate --------------------------------------------------------------------------


def rates(model, **totals):
    """The rate at the end of each report, and the vectors."""
    model.train(TEXT, **totals)
    return model.min_alpha_yet_reached, model.wv.vectors


def built(**settings):
    model = small(None, **settings)
    model.build_vocab(TEXT)
    return model


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


def test_rates_given_to_train_become_the_models(caplog):
    model = built()
    model.train(TEXT, total_examples=len(TEXT), epochs=3, start_alpha=0.02, end_alpha=0.01)
    assert (model.alpha, model.min_alpha, model.epochs) == (0.02, 0.01, 3)
    assert "Effective 'alpha' higher" not in caplog.text
    model.train(TEXT, total_examples=len(TEXT), epochs=3)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


def test_a_call_that_is_refused_changes_no_setting():
    model = built()
    for arguments in (
        {"total_examples": 1},
        {"epochs": 3},
        {"total_examples": 1, "epochs": 3, "start_alpha": -1.0},
    ):
        with pytest.raises(ValueError):
            model.train(TEXT, start_alpha=arguments.pop("start_alpha", 0.5), **arguments)
    assert (model.alpha, model.epochs, model.train_count) == (0.025, 5, 0)


# ---- the loss -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", OBJECTIVES)
def test_the_loss_is_the_sum_of_the_last_call_and_falls(settings):
    model = small(epochs=6, compute_loss=True, alpha=0.1, min_alpha=0.1, **settings)
    epochs = model.training_report.epochs
    assert model.get_latest_training_loss() == sum(epoch.loss for epoch in epochs)
    means = [epoch.loss / epoch.pairs for epoch in epochs]
    assert means[-1] < means[0]
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    (epoch,) = model.training_report.epochs
    assert model.get_latest_training_loss() == model.running_training_loss == epoch.loss
    model.train(TEXT, total_examples=len(TEXT), epochs=1, compute_loss=False)
    assert model.get_latest_training_loss() == 0
    assert model.training_report.epochs[0].loss is None


def test_the_first_loss_is_what_guessing_costs():
    """W' is zero, so that each decision costs log 2; a noise word that is the target is none."""
    model = small(None, negative=4, hs=0, compute_loss=True, alpha=1e-12, min_alpha=1e-12, sample=0)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    (epoch,) = model.training_report.epochs
    n_decisions = 1 + 4 * (1 - 1 / 40)
    assert epoch.loss / epoch.pairs == pytest.approx(n_decisions * np.log(2), rel=0.01)


# ---- callbacks ----------------------------------------------------------------------------------


class Log(CallbackAny2Vec):
    def __init__(self, stop_at=None):
        self.calls = []
        self.stop_at = stop_at

    def _note(self, moment):
        self.calls.append(moment)
        if self.stop_at == (moment, self.calls.count(moment)):
            raise StopTraining

    def on_train_begin(self, model):
        self._note("train begins")

    def on_train_end(self, model):
        self._note("train ends")

    def on_epoch_begin(self, model):
        self._note("epoch begins")

    def on_epoch_end(self, model):
        self._note("epoch ends")


@pytest.mark.parametrize(
    ("stop_at", "n_begun", "n_trained"),
    [
        (("train begins", 1), 0, 0),
        (("epoch begins", 2), 2, 1),
        (("epoch ends", 2), 2, 2),
        (("train ends", 1), 5, 5),
    ],
)
def test_a_callback_may_stop_the_training(stop_at, n_begun, n_trained):
    other, stopping = Log(), Log(stop_at)
    model = built()
    result = model.train(TEXT, total_examples=len(TEXT), epochs=5, callbacks=[stopping, other])
    assert other.calls == stopping.calls  # all are called at that moment
    assert other.calls[0] == "train begins"
    assert other.calls[-1] == "train ends"
    assert other.calls.count("epoch begins") == n_begun
    assert len(model.training_report.epochs) == n_trained
    assert result[1] == n_trained * sum(map(len, TEXT))
    assert model.train_count == 1


def test_the_constructor_may_be_stopped_too():
    model = small(epochs=9, callbacks=(Log(("epoch ends", 2)),))
    assert len(model.training_report.epochs) == 2
    assert model.epochs == 9


def test_callbacks_without_a_text_and_a_rule_are_said_to_be_ignored(caplog):
    Word2Vec(callbacks=[Log()], trim_rule=lambda *_: 0)
    assert "Callbacks are no longer retained by the model" in caplog.text
    assert "trim_rule provided, if any, will be ignored." in caplog.text


def test_a_model_can_be_saved_and_copied_by_a_callback(tmp_path):
    kept = []

    class Keep(CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(tmp_path / f"{len(kept)}.model")
            kept.append(copy.deepcopy(model))
            assert pickle.loads(pickle.dumps(model)).wv.vectors.shape == (40, 10)

    model = small(epochs=2, callbacks=[Keep()])
    loaded = Word2Vec.load(tmp_path / "1.model")
    assert_array_equal(loaded.wv.vectors, kept[1].wv.vectors)
    assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    assert (kept[0].wv.vectors != kept[1].wv.vectors).any()


# ---- texts --------------------------------------------------------------------------------------


def test_a_text_that_changes_is_read_in_every_epoch_when_asked():
    text = Passes(TEXT, two_topics(seed=1), two_topics(seed=2))
    model = small(text, epochs=4, reread=True)
    assert text.n == 5  # once for the vocabulary
    other = Passes(*text.texts)
    same = small(other, epochs=4)
    assert other.n == 1
    assert (model.wv.vectors != same.wv.vectors).any()

    text.n = 0
    again = small(None, epochs=4, reread=True)
    again.build_vocab(text)
    again.train(text, total_examples=again.corpus_count, epochs=4)
    assert text.n == 5
    assert_array_equal(again.wv.vectors, model.wv.vectors)
    words = [epoch.words for epoch in model.training_report.epochs]
    assert words == [sum(map(len, text.texts[i % 3])) for i in (1, 2, 3, 4)]


def test_a_text_that_stays_the_same_trains_alike_read_once_or_often():
    assert_array_equal(small().wv.vectors, small(reread=True).wv.vectors)


def test_an_iterator_that_is_read_to_its_end_trains_no_more(caplog):
    model = small(iter(TEXT), epochs=3)
    assert len(model.training_report.epochs) == 3
    again = small(iter(TEXT), epochs=2, reread=True)
    assert "train() called with an empty iterator" in caplog.text
    assert len(again.wv) == 40


def test_a_reader_is_read_by_threads_with_the_same_result(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in TEXT))

    class Slow(LineSentence):
        def __iter__(self):
            raise AssertionError("not iterated")

    reader = LineSentence(path)
    reader.__class__ = type("Reader", (LineSentence,), {})
    assert hasattr(reader, "_cw2v_scan")
    for text in (reader, LineSentence(str(path))):
        assert_array_equal(small(text).wv.vectors, small().wv.vectors)
    with pytest.raises(AssertionError, match="not iterated"):
        small(Slow(path))


def test_a_subclass_may_have_its_own_way_to_count():
    class Counted(Word2Vec):
        def scan_vocab(self, corpus_iterable=None, *args, **kwargs):
            totals = super().scan_vocab(corpus_iterable, *args, **kwargs)
            self.raw_vocab["always"] += 100
            return totals

    model = Counted(TEXT, min_count=1, vector_size=4, workers=1)
    assert model.wv.index_to_key[0] == "always"
    assert model.corpus_count == len(TEXT)


def test_a_pruned_model_is_trained():
    text = [["graph", "system", "trees"], ["trees", "system", "eps"]] * 20
    model = small(text, max_vocab_size=3, min_count=0)
    assert set(model.wv.index_to_key) >= {"system", "trees"}
    assert len(model.training_report.epochs) == 5


# ---- the model as an object ---------------------------------------------------------------------


def test_settings_may_be_whole_floats_as_in_gensim():
    model = small(vector_size=8.0, window=np.int64(3), negative=np.float32(4), epochs=2.0)
    assert model.wv.vectors.shape == (40, 8)
    assert [type(value) for value in (model.vector_size, model.window, model.negative)] == [int] * 3


def test_all_of_gensims_attributes_are_there(gensim_models):
    theirs = gensim_models.Word2Vec(TEXT, min_count=1, vector_size=4, hs=1, comment="x")
    ours = Word2Vec(TEXT, min_count=1, vector_size=4, hs=1, comment="x")
    names = set(vars(theirs)) - {"load"}
    assert not {name for name in names if not hasattr(ours, name)}
    for name in sorted(names - {"wv", "syn1", "syn1neg", "random", "lifecycle_events"}):
        mine, other = getattr(ours, name), getattr(theirs, name)
        if name in ("total_train_time", "min_alpha_yet_reached"):
            assert type(mine) is float
        else:
            assert_array_equal(mine, other, err_msg=name)
    assert set(ours.wv.expandos) == set(theirs.wv.expandos)
    assert str(ours) == str(theirs)
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert not {name for name in public if name not in dir(ours)} - {"load"}


def test_what_happened_is_kept():
    model = small(epochs=1)
    events = [event["event"] for event in model.lifecycle_events]
    assert events[-1] == "created"
    assert {"prepare_vocab", "build_vocab", "train"} <= set(events)
    model.lifecycle_events = None
    model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert model.lifecycle_events is None


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_copy_can_be_trained_and_grown(copied):
    model = small(hs=1, epochs=1)
    other = copied(model)
    assert str(other) == str(model)
    other.train(TEXT, total_examples=len(TEXT), epochs=1)
    if copied is not copy.copy:  # which shares the words
        other.build_vocab([["new", "words"]], update=True)
        assert len(other.wv) == len(model.wv) + 2
        other.train([["new", "words"]] * 9, total_examples=9, epochs=1)
    assert len(model.score(TEXT[:5])) == len(other.score(TEXT[:5])) == 5


def test_how_far_an_epoch_is_can_be_read_in_the_log(caplog):
    caplog.set_level("INFO", logger="cw2v")
    seen = []
    small(epochs=2, report=seen.append)
    assert not [record for record in caplog.records if "PROGRESS" in record.getMessage()]
    model = small(None, report=seen.append)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=len(TEXT), epochs=2, report_delay=0)
    lines = [record.getMessage() for record in caplog.records if "PROGRESS" in record.getMessage()]
    assert lines[-1].startswith("EPOCH 1 - PROGRESS: at 100.00% examples, ")
    assert any(line.startswith("EPOCH 0 - PROGRESS: at 100.00% examples, ") for line in lines)
    assert [progress.epoch for progress in seen if progress.stage == "train"] == [1, 2, 1, 2]


def test_the_log_goes_on_where_the_text_is_read_again_in_each_epoch(caplog):
    caplog.set_level("INFO", logger="cw2v")
    seen = []
    progress = LoggedProgress(seen.append, logging.getLogger("cw2v"), delay=1)
    for epoch, done, seconds in ((1, 50, 2.0), (1, 100, 4.0), (2, 110, 0.5), (2, 150, 1.0)):
        progress(Progress("train", done, 200, "words", seconds, epoch=epoch, epochs=2))
    lines = [record.getMessage().removeprefix("EPOCH ") for record in caplog.records]
    assert lines == [
        "0 - PROGRESS: at 50.00% examples, 25 words/s",
        "0 - PROGRESS: at 100.00% examples, 25 words/s",
        "1 - PROGRESS: at 50.00% examples, 50 words/s",
    ]
    assert len(seen) == 4


def test_a_model_saved_by_a_callback_leaves_the_text_behind(tmp_path):
    class Saver(CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(tmp_path / "model")
            self.pickled = len(pickle.dumps(model))

    saver = Saver()
    model = small(TEXT * 20, callbacks=[saver], epochs=1)
    assert "_text_at_hand" not in vars(Word2Vec.load(tmp_path / "model")) or (
        Word2Vec.load(tmp_path / "model")._text_at_hand is None
    )
    assert saver.pickled < 2 * len(pickle.dumps(model))


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"total_examples": -1}, ValueError, "total_examples must be at least 0"),
        ({"total_words": "3"}, TypeError, "total_words must be a number"),
        ({"total_examples": 10, "epochs": "2"}, TypeError, "epochs must be a whole number"),
        ({"total_examples": 10, "start_alpha": -1.0}, ValueError, "alpha"),
    ],
)
def test_a_training_that_is_refused_changes_nothing(settings, error, match):
    model = small()
    before = (model.alpha, model.min_alpha, model.epochs, model.compute_loss, model.train_count)
    with pytest.raises(error, match=match):
        model.train(TEXT, **{"epochs": 7, "start_alpha": 0.5, "compute_loss": True} | settings)
    after = (model.alpha, model.min_alpha, model.epochs, model.compute_loss, model.train_count)
    assert after == before


def test_vectors_that_are_not_finite_refuse_the_training_before_anything_is_changed():
    model = small()
    model.wv.vectors[3, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.train(TEXT, total_examples=300, epochs=7, start_alpha=0.5)
    assert (model.alpha, model.epochs) == (0.025, 5)


def test_a_sample_of_0_keeps_every_word_whatever_was_said_before(gensim_models):
    for library in (Word2Vec, gensim_models.Word2Vec):
        model = library(vector_size=4, min_count=1, sample=1e-3, workers=1)
        model.build_vocab(TEXT)
        model.sample = 0
        n_words = sum(map(len, TEXT))
        assert model.train(TEXT, total_examples=300, epochs=1) == (n_words, n_words)


def test_the_report_is_of_the_last_training():
    model = small()
    first = model.training_report
    assert first.read_seconds > 0
    first.read_seconds = 1e6
    model.train(TEXT, total_examples=300, epochs=1)
    assert 0 < model.training_report.read_seconds < 1e6
    assert len(model.training_report.epochs) == 1
    assert len(first.epochs) == 5
    second = model.training_report
    model.wv.vectors[0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.train(TEXT, total_examples=300, epochs=1)
    assert model.training_report is second


@pytest.mark.parametrize("total", [240.5, np.float32(300), np.inf])
def test_totals_are_any_numbers(total):
    model = small()
    model.train(TEXT, total_examples=total, epochs=1)
    assert model.min_alpha_yet_reached <= 0.025


def test_an_open_file_is_read_from_where_it_is(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)))
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    with path.open("rb") as file:
        model.build_vocab(corpus_file=file)
        with pytest.raises(ValueError, match=r"bring it back to its start \(seek\(0\)\)"):
            model.train(corpus_file=file, total_words=1, epochs=2)
        file.seek(0)
        _, n_words = model.train(corpus_file=file, total_words=1, epochs=2)
    assert n_words == 2 * sum(map(len, TEXT))


def test_a_folder_is_read_again_only_if_it_has_changed(tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.txt").write_text("\n".join(map(" ".join, TEXT)))
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.build_vocab(corpus_file=tmp_path)
    encoded = model._encoded.corpus
    assert model._encode(None, tmp_path) is encoded
    (tmp_path / "2.txt").write_text("sea0 sea1\n")
    assert model._encode(None, tmp_path) is not encoded
