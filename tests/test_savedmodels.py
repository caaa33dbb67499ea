"""Word2Vec through files and to gensim, trained on either side."""

import copy
import pickle

import numpy as np
import pytest

from cw2v import KeyedVectors, Word2Vec

SENTENCES = [["graph", "trees", "minors"], ["graph", "trees"], ["human", "trees"]] * 30
KINDS = [
    {"sg": 1},
    {"sg": 0, "cbow_mean": 0},
    {"sg": 1, "hs": 1, "negative": 0},
    {"sg": 0, "hs": 1, "negative": 5},
]


def trained(cls=Word2Vec, **kwargs):
    kwargs = {"min_count": 1, "vector_size": 8, "workers": 1, "sample": 0} | kwargs
    return cls(SENTENCES, **kwargs)


def train(model):
    return model.train(SENTENCES, total_examples=model.corpus_count, epochs=2)


def same_vectors(model, other):
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    for name in ("syn1", "syn1neg"):
        assert hasattr(model, name) == hasattr(other, name)
        if hasattr(model, name):
            np.testing.assert_array_equal(getattr(model, name), getattr(other, name))


@pytest.mark.parametrize("mmap", [None, "r", "c"])
@pytest.mark.parametrize("kwargs", KINDS)
def test_training_goes_on_as_if_there_had_been_no_file(tmp_path, kwargs, mmap):
    model = trained(**kwargs)
    model.save(tmp_path / "m", sep_limit=0)
    saved = (tmp_path / "m").read_bytes()
    loaded = Word2Vec.load(tmp_path / "m", mmap=mmap)
    assert vars(loaded).keys() == vars(model).keys()
    same_vectors(model, loaded)
    train(model)
    train(loaded)
    same_vectors(model, loaded)
    loaded.build_vocab([["new", "graph"]] * 9, update=True)
    train(loaded)
    assert "new" in loaded.wv
    assert (tmp_path / "m").read_bytes() == saved


@pytest.mark.parametrize("kwargs", [{"hs": 1, "negative": 0}, {"hs": 1}])
def test_keys_that_were_added_have_no_path_in_the_tree(tmp_path, kwargs):
    model = trained(**kwargs)
    model.wv.add_vectors(["added"], np.ones((1, 8), np.float32))
    model.save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m")
    assert loaded.wv["added"].tolist() == [1] * 8
    np.testing.assert_array_equal(loaded.wv.expandos["code"][0], model.wv.expandos["code"][0])
    for each in (model, loaded):
        with pytest.raises(ValueError, match="syn1"):
            train(each)
        each.build_vocab([["added", "graph"]] * 9, update=True)
        train(each)
        assert len(each.wv.expandos["code"][each.wv.key_to_index["added"]])
    same_vectors(model, loaded)


def test_a_model_without_words_is_saved(tmp_path):
    Word2Vec(vector_size=7, alpha=0.5, comment="empty").save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m")
    assert (len(loaded.wv), loaded.vector_size, loaded.alpha) == (0, 7, 0.5)
    assert loaded.comment == "empty"


def test_words_that_are_numbers_stay_numbers(tmp_path):
    model = Word2Vec([[1, "1", 2], [2, 1]] * 9, min_count=1, vector_size=4)
    model.save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m")
    assert loaded.wv.index_to_key == model.wv.index_to_key
    assert list(map(type, loaded.wv.index_to_key)) == list(map(type, model.wv.index_to_key))


def test_a_kept_raw_vocabulary_is_saved(tmp_path):
    model = Word2Vec(min_count=2, vector_size=4)
    model.build_vocab([*SENTENCES, ["once"]], keep_raw_vocab=True)
    model.save(tmp_path / "m")
    assert Word2Vec.load(tmp_path / "m").raw_vocab == model.raw_vocab


class Walks(Word2Vec):
    def __init__(self, graph, **kwargs):
        self.graph = graph
        super().__init__(**kwargs)

    @classmethod
    def load(cls, *args, **kwargs):
        model = super().load(*args, **kwargs)
        model.graph = tuple(model.graph)
        return model


def test_a_derived_class_may_load_in_its_own_way(tmp_path):
    model = Walks([1, 2], sentences=SENTENCES, min_count=1, vector_size=4)
    model.save(tmp_path / "m")
    loaded = Walks.load(tmp_path / "m")
    assert type(loaded) is Walks
    assert loaded.graph == (1, 2)
    train(loaded)


def test_load_is_for_the_class(tmp_path):
    model = trained()
    model.save(tmp_path / "m")
    with pytest.raises(AttributeError, match="on a class"):
        model.load(tmp_path / "m")
    model.wv.save(tmp_path / "v")
    with pytest.raises(AttributeError, match="KeyedVectors can't be loaded"):
        Word2Vec.load(tmp_path / "v")
    same = KeyedVectors.load(tmp_path / "m")
    np.testing.assert_array_equal(same.vectors, model.wv.vectors)


@pytest.mark.parametrize("kwargs", KINDS)
def test_models_are_pickled_and_copied(kwargs):
    model = trained(**kwargs)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        same_vectors(model, other)
        train(other)
        assert (model.wv.vectors != other.wv.vectors).any()


@pytest.mark.parametrize("kwargs", KINDS)
def test_gensim_and_we_take_turns_in_training(gensim_models, kwargs):
    ours = trained(**kwargs)
    theirs = ours.to_gensim()
    assert theirs.wv.vectors is ours.wv.vectors
    before = ours.wv.vectors.copy()
    theirs.train(SENTENCES, total_examples=theirs.corpus_count, epochs=2)
    assert (ours.wv.vectors != before).any()
    back = Word2Vec.from_gensim(theirs)
    same_vectors(back, ours)
    before = back.wv.vectors.copy()
    train(back)
    assert (theirs.wv.vectors != before).any()
    back.build_vocab([["new", "graph"]] * 9, update=True)
    train(back)
    assert "new" not in theirs.wv
    assert type(back.to_gensim()) is gensim_models.Word2Vec


@pytest.mark.parametrize("kwargs", KINDS)
def test_what_gensim_saved_is_trained_on(gensim_models, tmp_path, kwargs):
    theirs = trained(gensim_models.Word2Vec, **kwargs)
    theirs.save(str(tmp_path / "m"))
    ours = Word2Vec.load(tmp_path / "m")
    same_vectors(ours, theirs)
    if theirs.negative:
        np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    train(ours)
    ours.build_vocab([["new", "graph"]] * 9, update=True)
    train(ours)
    assert ours.wv.most_similar("new")


def test_training_begins_at_vectors_that_are_given(tmp_path):
    given = KeyedVectors.from_arrays(["trees", "other"], np.float32([[1] * 8, [2] * 8]))
    given.save_word2vec_format(tmp_path / "v")
    model = Word2Vec(min_count=1, vector_size=8, sample=0)
    model.build_vocab(SENTENCES)
    model.wv.intersect_word2vec_format(tmp_path / "v", lockf=0.0)
    model.wv.vectors[model.wv.get_index("human")] = 3
    train(model)
    assert model.wv["trees"].tolist() == [1] * 8
    assert (model.wv["human"] != 3).any()
    assert np.abs(model.wv["human"] - 3).max() < 1


def test_further_vectors_of_a_model_are_saved_with_it(gensim_models, tmp_path):
    model = trained()
    model.extra = KeyedVectors(2)
    model.extra.add_vectors(["x"], np.float32([[1, 2]]))
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").extra["x"].tolist() == [1, 2]
    theirs = gensim_models.Word2Vec(SENTENCES, vector_size=4, min_count=1)
    theirs.extra = gensim_models.KeyedVectors(2)
    theirs.extra.add_vectors(["x"], np.float32([[1, 2]]))
    theirs.save(str(tmp_path / "theirs"))
    assert Word2Vec.load(tmp_path / "theirs").extra["x"].tolist() == [1, 2]


def test_what_gensim_mapped_and_saved_again_is_loaded(gensim_models, tmp_path):
    theirs = gensim_models.Word2Vec(SENTENCES, vector_size=4, min_count=1)
    theirs.save(str(tmp_path / "a"), sep_limit=0)
    gensim_models.Word2Vec.load(str(tmp_path / "a"), mmap="r").save(str(tmp_path / "b"))
    same_vectors(Word2Vec.load(tmp_path / "b"), theirs)


def test_no_map_is_asked_for_by_false_as_well(tmp_path):
    model = trained()
    model.save(tmp_path / "model")
    same_vectors(Word2Vec.load(tmp_path / "model", mmap=False), model)


def test_a_loaded_model_is_told_of_in_the_log_as_loaded_not_created(tmp_path, caplog):
    Word2Vec(vector_size=4).save(tmp_path / "model")
    caplog.set_level("INFO")
    caplog.clear()
    model = Word2Vec.load(tmp_path / "model")
    events = [message for message in caplog.messages if "lifecycle event" in message]
    assert len(events) == 1
    assert "'event': 'loaded'" in events[0]
    assert [event["event"] for event in model.lifecycle_events] == ["created", "saving", "loaded"]
    assert vars(model).keys() == vars(Word2Vec(vector_size=4)).keys()


def test_a_model_with_a_fraction_as_least_count_and_no_sample_is_saved_and_loaded(tmp_path):
    model = trained(min_count=np.float32(1.5), sample=None)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert (loaded.min_count, loaded.effective_min_count, loaded.sample) == (1.5, 1.5, None)
    assert train(loaded)[1] == 2 * sum(map(len, SENTENCES))
