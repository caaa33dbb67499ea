import sys

import numpy as np
import pytest
from test_modelfile import Model

from cw2v import KeyedVectors

gensim = pytest.importorskip("gensim")

SENTENCES = [["graph", "trees", "minors"], ["graph", "trees"], ["human", "trees"]] * 10
KINDS = [{"sg": 1}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1}]


def gensims(**kwargs):
    kwargs = {"min_count": 1, "vector_size": 8, "workers": 1} | kwargs
    return gensim.models.Word2Vec(SENTENCES, **kwargs)


def test_vectors_are_shared_and_lists_are_not():
    vectors = np.random.default_rng(0).random((3, 4), np.float32)
    ours = KeyedVectors.from_arrays(["a", "b", "c"], vectors, [3, 2, 1])
    theirs = ours.to_gensim()
    assert type(theirs) is gensim.models.KeyedVectors
    assert theirs.vectors is vectors
    assert theirs.expandos["count"] is ours.expandos["count"]
    assert theirs.similarity("a", "b") == pytest.approx(ours.similarity("a", "b"))
    theirs.add_vectors(["d"], [np.ones(4)])
    assert len(theirs) == 4
    assert len(ours) == len(ours.key_to_index) == 3
    back = KeyedVectors.from_gensim(theirs)
    assert back.vectors is theirs.vectors
    assert back.index_to_key == ["a", "b", "c", "d"]
    back.add_vectors(["e"], [np.ones(4)])
    assert len(theirs.key_to_index) == 4


@pytest.mark.parametrize("kwargs", KINDS)
def test_a_model_of_gensims_becomes_ours_and_theirs_again(kwargs):
    theirs = gensims(**kwargs)
    ours = Model.from_gensim(theirs)
    assert ours.wv.vectors is theirs.wv.vectors
    assert ours.random is not theirs.random
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert (ours._tree is not None) == bool(theirs.hs)
    again = ours.to_gensim()
    for name in ("syn1", "syn1neg"):
        assert getattr(again, name, None) is getattr(ours, name, None)
        assert getattr(ours, name, None) is getattr(theirs, name, None)
    for name in ("hs", "sg", "negative", "alpha", "corpus_count", "epochs", "seed", "train_count"):
        assert getattr(again, name) == getattr(theirs, name)
    if theirs.negative:
        np.testing.assert_array_equal(again.cum_table, theirs.cum_table)
    if theirs.hs:
        for name in ("code", "point"):
            for word in range(len(theirs.wv)):
                values = again.wv.expandos[name][word]
                assert values.dtype == theirs.wv.expandos[name][word].dtype
                assert values.tolist() == theirs.wv.expandos[name][word].tolist()
    before = ours.wv.vectors.copy()
    again.train(SENTENCES, total_examples=again.corpus_count, epochs=2)
    assert (ours.wv.vectors != before).any()
    again.build_vocab([["new", "graph"]] * 9, update=True)
    again.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert "new" in again.wv
    assert "new" not in ours.wv


def test_keys_that_were_added_to_a_model_have_no_path(tmp_path):
    theirs = gensims(hs=1, negative=0)
    theirs.wv.add_vectors(["added"], np.ones((1, 8), np.float32))
    theirs.wv.allocate_vecattrs()
    theirs.save(str(tmp_path / "theirs"))
    for ours in (Model.from_gensim(theirs), Model.load(tmp_path / "theirs")):
        back = ours.to_gensim()
        assert back.wv["added"].tolist() == [1] * 8
        for name in ("code", "point"):
            expected, found = theirs.wv.expandos[name], back.wv.expandos[name]
            assert list(map(np.ndim, found)) == list(map(np.ndim, expected)) == [1, 1, 1, 1, 0]
            assert found[0].tolist() == expected[0].tolist()


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="takes a gensim"):
        KeyedVectors.from_gensim(gensims())
    with pytest.raises(TypeError, match="takes a gensim"):
        Model.from_gensim(gensims().wv)
    fasttext = gensim.models.FastText(SENTENCES, min_count=1, vector_size=8, bucket=10)
    with pytest.raises(TypeError, match="more than a vector for each word"):
        Model.from_gensim(fasttext)
    words = KeyedVectors.from_gensim(fasttext.wv)
    np.testing.assert_array_equal(words["graph"], fasttext.wv["graph"])


def test_without_gensim_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models.keyedvectors", None)
    with pytest.raises(ImportError, match="pip install gensim"):
        KeyedVectors(3).to_gensim()
