"""The model as an object: its settings, gensim's attributes, copies."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import TEXT, small

from cw2v import Word2Vec


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
