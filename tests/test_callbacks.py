"""Callbacks change, stop, save and copy a model between its epochs."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import TEXT, built, small

from cw2v import CallbackAny2Vec, StopTraining, Word2Vec

TRIPLES = [[f"w{i}", f"w{(i * 7) % 300}", f"w{(i * 11 + 3) % 300}"] for i in range(300)] * 3


class Derived(Word2Vec):
    """Trains by jobs."""

    def _do_train_job(self, sentences, alpha, inits):
        return super()._do_train_job(sentences, alpha, inits)


class Do(CallbackAny2Vec):
    """Does something to the model after the first epoch; sees how each later epoch moves W."""

    def __init__(self, change):
        self.change = change
        self.n_epochs = 0
        self.moved = []

    def on_epoch_begin(self, model):
        self.before = model.wv.vectors.copy()

    def on_epoch_end(self, model):
        n_words = len(self.before)
        self.moved.append(float(np.abs(model.wv.vectors[:n_words] - self.before).max()))
        self.n_epochs += 1
        if self.n_epochs == 1:
            self.change(model)


def put_unit_vectors(model):
    vectors = model.wv.vectors
    model.wv.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def add_words(model):
    model.build_vocab([["new", "newer", "w1"]] * 3, update=True)


def lock(model):
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)


def lower_the_rate(model):
    model.alpha = model.min_alpha = 1e-12


def go_below_zero(model):
    model.alpha -= 0.5


@pytest.mark.parametrize("of_class", [Word2Vec, Derived])
@pytest.mark.parametrize(
    ("change", "moves"),
    [
        (put_unit_vectors, True),
        (add_words, True),
        (lock, False),
        (lower_the_rate, False),
        (go_below_zero, True),
    ],
)
def test_training_goes_on_with_what_a_callback_left(of_class, change, moves):
    model = of_class(vector_size=8, min_count=1, workers=1, sample=0, sg=1)
    model.build_vocab(TRIPLES)
    seen = Do(change)
    model.train(TRIPLES, total_examples=len(TRIPLES), epochs=3, callbacks=[seen])
    assert seen.moved[0] > 1e-4
    assert [moved > 1e-6 for moved in seen.moved[1:]] == [moves, moves]
    assert len(model.syn1neg) == len(model.wv.vectors) == len(model.wv)


@pytest.mark.parametrize("of_class", [Word2Vec, Derived])
def test_callbacks_that_change_nothing_do_not_matter(of_class):
    vectors = []
    for callbacks in [], [Do(lambda model: None)], [Do(lock_nothing)]:
        model = of_class(vector_size=8, min_count=1, workers=1, sample=0)
        model.build_vocab(TRIPLES)
        model.train(TRIPLES, total_examples=len(TRIPLES), epochs=3, callbacks=callbacks)
        vectors.append(model.wv.vectors)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0], vectors[2])


def lock_nothing(model):
    model.wv.vectors_lockf = np.ones(1, np.float32)


def test_words_that_a_callback_adds_are_trained_on():
    text = [*TRIPLES, ["new", "newer", "w1"] * 5]
    model = Word2Vec(vector_size=8, min_count=1, workers=1, sample=0, sg=1)
    model.build_vocab(TRIPLES)
    model.train(text, total_examples=len(text), epochs=3, callbacks=[Do(add_words)])
    assert np.abs(model.syn1neg[model.wv.key_to_index["newer"]]).max() > 0


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


def test_a_model_saved_by_a_callback_leaves_the_text_behind(tmp_path):
    class Saver(CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(tmp_path / "model")
            self.pickled = len(pickle.dumps(model))

    saver = Saver()
    text = [list(sentence) for sentence in TEXT * 20]  # as large in a pickle as in a file
    model = small(text, callbacks=[saver], epochs=1)
    assert Word2Vec.load(tmp_path / "model")._text_at_hand is None
    assert saver.pickled < 2 * len(pickle.dumps(model)) < len(pickle.dumps(text))
