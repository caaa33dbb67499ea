"""What callbacks put in the place of a model's parts is what training goes on with."""

import numpy as np
import pytest

from cw2v import CallbackAny2Vec, Word2Vec

TEXT = [[f"w{i}", f"w{(i * 7) % 300}", f"w{(i * 11 + 3) % 300}"] for i in range(300)] * 3


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
    model.build_vocab(TEXT)
    seen = Do(change)
    model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=[seen])
    assert seen.moved[0] > 1e-4
    assert [moved > 1e-6 for moved in seen.moved[1:]] == [moves, moves]
    assert len(model.syn1neg) == len(model.wv.vectors) == len(model.wv)


@pytest.mark.parametrize("of_class", [Word2Vec, Derived])
def test_callbacks_that_change_nothing_do_not_matter(of_class):
    vectors = []
    for callbacks in [], [Do(lambda model: None)], [Do(lock_nothing)]:
        model = of_class(vector_size=8, min_count=1, workers=1, sample=0)
        model.build_vocab(TEXT)
        model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=callbacks)
        vectors.append(model.wv.vectors)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0], vectors[2])


def lock_nothing(model):
    model.wv.vectors_lockf = np.ones(1, np.float32)


def test_words_that_a_callback_adds_are_trained_on():
    text = [*TEXT, ["new", "newer", "w1"] * 5]
    model = Word2Vec(vector_size=8, min_count=1, workers=1, sample=0, sg=1)
    model.build_vocab(TEXT)
    model.train(text, total_examples=len(text), epochs=3, callbacks=[Do(add_words)])
    assert np.abs(model.syn1neg[model.wv.key_to_index["newer"]]).max() > 0
