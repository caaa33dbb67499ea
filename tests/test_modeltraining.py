"""Word2Vec.train: every objective learns, settings and seeds decide what."""

import pytest
from numpy.testing import assert_array_equal
from small_models import OBJECTIVES, TEXT, small, two_topics

from cw2v import Word2Vec


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


def test_a_subclass_may_have_its_own_way_to_count():
    class Counted(Word2Vec):
        def scan_vocab(self, corpus_iterable=None, *args, **kwargs):
            totals = super().scan_vocab(corpus_iterable, *args, **kwargs)
            self.raw_vocab["always"] += 100
            return totals

    model = Counted(TEXT, min_count=1, vector_size=4, workers=1)
    assert model.wv.index_to_key[0] == "always"
    assert model.corpus_count == len(TEXT)
