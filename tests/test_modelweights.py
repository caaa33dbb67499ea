"""A model's matrices and tables as `train` finds them: locked, changed by hand, or no good."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import OBJECTIVES, TEXT, small

from cw2v import Word2Vec


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


def test_a_sample_of_0_keeps_every_word_whatever_was_said_before(gensim_models):
    for library in (Word2Vec, gensim_models.Word2Vec):
        model = library(vector_size=4, min_count=1, sample=1e-3, workers=1)
        model.build_vocab(TEXT)
        model.sample = 0
        n_words = sum(map(len, TEXT))
        assert model.train(TEXT, total_examples=300, epochs=1) == (n_words, n_words)


def test_no_sample_keeps_every_word_as_in_gensim(gensim_models):
    for library in (gensim_models.Word2Vec, Word2Vec):
        model = library(TEXT, min_count=1, vector_size=4, sample=None, workers=1)
        assert model.sample is None
        assert (model.wv.expandos["sample_int"] == 2**32 - 1).all()
        n_words = sum(map(len, TEXT))
        assert model.train(TEXT, total_examples=len(TEXT), epochs=1) == (n_words, n_words)


def test_taking_sample_away_leaves_the_chances_of_the_last_vocabulary(gensim_models):
    for library in (gensim_models.Word2Vec, Word2Vec):
        model = library(min_count=1, vector_size=4, sample=1e-9, workers=1)
        model.build_vocab(TEXT)
        model.sample = None
        kept, read = model.train(TEXT, total_examples=len(TEXT), epochs=1)
        assert kept < read


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


def test_vectors_that_are_not_finite_refuse_the_training_before_anything_is_changed():
    model = small()
    model.wv.vectors[3, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.train(TEXT, total_examples=300, epochs=7, start_alpha=0.5)
    assert (model.alpha, model.epochs) == (0.025, 5)


def test_new_matrices_begin_the_draws_again_and_not_the_count_of_trainings(gensim_models):
    for library in (gensim_models.Word2Vec, Word2Vec):
        model = library(vector_size=4, min_count=1, workers=1)
        vectors = []
        for n_trained in range(2):
            model.build_vocab(TEXT)
            assert model.train_count == n_trained
            model.train(TEXT, total_examples=len(TEXT), epochs=1)
            vectors.append(model.wv.vectors)
        model.build_vocab_from_freq({"a": 3, "b": 2})
        assert model.train_count == 2
    assert_array_equal(vectors[0], vectors[1])  # of ours, the last


def test_a_second_training_of_the_same_matrices_draws_anew():
    model = small(None)
    model.build_vocab(TEXT)
    start = model.wv.vectors.copy(), model.syn1neg.copy()
    vectors = []
    for _ in range(2):
        model.wv.vectors[:], model.syn1neg[:] = start
        model.train(TEXT, total_examples=len(TEXT), epochs=1)
        vectors.append(model.wv.vectors.copy())
    assert (vectors[0] != vectors[1]).any()
