import copy
import io
import pickle
from dataclasses import asdict

import numpy as np
import pytest

from cw2v import KeyedVectors, modelfile
from cw2v.huffman import HuffmanTree, build_tree
from cw2v.modelfile import ModelFiles
from cw2v.trainer import EpochResult, TrainingReport
from cw2v.vectorreader import VectorFileError


class Model(ModelFiles):
    """What ModelFiles needs of a model, and no training."""

    def __init__(self):
        self.wv = KeyedVectors(4)
        self.hashfxn = hash
        self.negative = 5
        self.raw_vocab = None
        self.added_later = "default"
        self.cum_table = None
        self._tree = None

    def make_cum_table(self):
        self.cum_table = np.cumsum(self.wv.expandos["count"]).astype(np.uint32)


class Derived(Model):
    def __init__(self, graph):
        super().__init__()
        self.graph = graph


def trained(cls=Model, *args):
    model = cls(*args)
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(9)]
    model.wv = KeyedVectors.from_arrays(words, rng.random((9, 4), np.float32), range(9, 0, -1))
    model.syn1neg = rng.random((9, 4), np.float32)
    model.random = np.random.RandomState(3)
    model.raw_vocab = {f"r{i}": i for i in range(300)}
    model.training_report = TrainingReport(1.5, 2.5, 3.5, [EpochResult(5, 4, 3, None, 0.1)])
    model.make_cum_table()
    return model


def with_tree(model):
    model._tree = tree = build_tree(model.wv.expandos["count"])
    model.syn1 = np.ones((9, 4), np.float32)
    for name in ("code", "point"):
        model.wv.expandos[name] = np.empty(9, object)
        for word in range(9):
            model.wv.expandos[name][word] = getattr(tree, name)(word)
    return model


def same(model, other):
    assert vars(model).keys() == vars(other).keys()
    assert other.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(other.wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(other.syn1neg, model.syn1neg)
    np.testing.assert_array_equal(other.cum_table, model.cum_table)
    assert other.raw_vocab == model.raw_vocab
    assert asdict(other.training_report) == asdict(model.training_report)
    assert other.hashfxn is model.hashfxn
    assert copy.deepcopy(other.random).random() == copy.deepcopy(model.random).random()
    assert other.lifecycle_events[:-1] == model.lifecycle_events


@pytest.mark.parametrize("name", ["m", "m.gz", "m.zst"])
def test_a_model_is_saved_and_loaded(tmp_path, name):
    model = trained()
    model.save(tmp_path / name)
    same(model, Model.load(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_model_goes_through_an_open_file():
    model, file = trained(), io.BytesIO()
    model.save(file)
    file.seek(0)
    same(model, Model.load(file))


def test_a_tree_is_saved_once_and_shown_in_views(tmp_path):
    model = with_tree(trained())
    model.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    for name in ("codes", "points", "starts"):
        np.testing.assert_array_equal(getattr(loaded._tree, name), getattr(model._tree, name))
    for word in range(9):
        for name, whole in (("code", loaded._tree.codes), ("point", loaded._tree.points)):
            assert np.shares_memory(loaded.wv.expandos[name][word], whole)
            assert loaded.wv.get_vecattr(word, name).tolist() == (
                model.wv.get_vecattr(word, name).tolist()
            )
    with np.load(tmp_path / "m") as arrays:
        assert not any("code" in name for name in arrays if name.startswith("wv."))


def test_a_tree_is_made_of_codes_where_only_these_are_there(tmp_path):
    model = with_tree(trained())
    tree, model._tree = model._tree, None
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(Model.load(tmp_path / "m")._tree.points, tree.points)


@pytest.mark.parametrize("mmap", ["r", "c"])
def test_matrices_are_mapped(tmp_path, mmap):
    model = trained()
    model.save(tmp_path / "m", sep_limit=0)
    loaded = Model.load(tmp_path / "m", mmap=mmap)
    same(model, loaded)
    for matrix in (loaded.wv.vectors, loaded.syn1neg):
        assert isinstance(matrix, np.memmap)
        assert matrix.flags.writeable == (mmap == "c")


def test_a_derived_class_is_loaded_without_its_constructor(tmp_path):
    model = trained(Derived, {"a": ["b"]})
    model.save(tmp_path / "m")
    same(model, Derived.load(tmp_path / "m"))
    assert Derived.load(tmp_path / "m").graph == {"a": ["b"]}
    plain = Model.load(tmp_path / "m")
    assert type(plain) is Model
    assert plain.graph == {"a": ["b"]}


def test_what_cannot_be_stored_is_left_out_with_a_warning(tmp_path):
    model = trained(Derived, object())
    model.hashfxn = lambda word: 1
    with pytest.warns(UserWarning) as caught:
        model.save(tmp_path / "m")
    # Nothing is said of hashfxn, which means nothing to a model of cw2v.
    assert {str(warning.message).split()[0] for warning in caught} == {"graph"}
    assert caught[0].filename == __file__
    loaded = Derived.load(tmp_path / "m")
    assert loaded.graph is None
    assert loaded.hashfxn is hash


def test_attributes_to_ignore_are_none_and_new_ones_have_their_defaults(tmp_path):
    model = trained()
    model.note = "a note"
    del model.added_later
    model.save(tmp_path / "m", ignore=["note", "syn1neg"])
    loaded = Model.load(tmp_path / "m")
    assert (loaded.note, loaded.syn1neg, loaded.added_later) == (None, None, "default")


def test_load_is_for_the_class(tmp_path):
    model = trained()
    model.save(tmp_path / "m")
    with pytest.raises(AttributeError, match="on a class"):
        model.load(tmp_path / "m")


def test_vectors_are_no_model_but_are_taken_from_one(tmp_path):
    model = trained()
    model.save(tmp_path / "m")
    model.wv.save(tmp_path / "v")
    with pytest.raises(AttributeError, match="KeyedVectors can't be loaded"):
        Model.load(tmp_path / "v")
    loaded = KeyedVectors.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.vectors, model.wv.vectors)
    assert loaded.expandos["count"].tolist() == list(range(9, 0, -1))


def test_a_file_that_does_not_fit_together_is_refused(tmp_path):
    model = with_tree(trained())
    model._tree = None
    model.wv.expandos["code"] = model.wv.expandos["code"][::-1].copy()
    model.save(tmp_path / "m")
    with pytest.raises(VectorFileError, match="different lengths"):
        Model.load(tmp_path / "m")
    model = trained()
    model.save_words = "a method of nobody"
    model.save(tmp_path / "m")
    Model.save_words = lambda self: None
    try:
        with pytest.raises(VectorFileError, match="'save_words' is a method"):
            Model.load(tmp_path / "m")
    finally:
        del Model.save_words


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"points": lambda points: points + 8}, "lead out"),
        ({"points": lambda points: points - 1}, "lead out"),
        ({"points": lambda points: points.astype(np.int64)}, "types"),
        ({"codes": lambda codes: codes + 2}, "lead out"),
        (
            {
                "points": lambda points: points[:0],
                "codes": lambda codes: codes[:0],
                "starts": np.zeros_like,
            },
            "or nowhere",
        ),
        ({"codes": lambda codes: codes[1:]}, "shapes"),
        ({"starts": lambda starts: np.append(starts, starts[-1])}, "shapes"),
        ({"starts": lambda starts: starts[::-1].copy()}, "lead out"),
    ],
)
def test_a_tree_that_leads_out_of_the_matrix_is_refused(tmp_path, monkeypatch, changed, message):
    model = with_tree(trained())
    parts = {
        name: changed.get(name, np.copy)(getattr(model._tree, name))
        for name in ("codes", "points", "starts")
    }
    model._tree = HuffmanTree(**parts)
    with pytest.raises(ValueError, match=message):
        model.save(tmp_path / "m")
    with monkeypatch.context() as patch:
        patch.setattr(modelfile, "check_tree", lambda tree, n_words: None)
        model.save(tmp_path / "m")
    with pytest.raises(VectorFileError, match=message):
        Model.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("key_to_index", {"w0": 9}, "rows of 9 keys"),
        ("key_to_index", {"w0": -1}, "rows of 9 keys"),
        ("key_to_index", {"w0": "x"}, "rows of 9 keys"),
        ("expandos", {"count": np.arange(8)}, "so many values of 'count'"),
        ("expandos", {"count": 5}, "so many values of 'count'"),
        ("expandos", ["count"], "in dicts"),
        ("key_to_index", ["w0"], "in dicts"),
        ("vectors", np.ones((9, 5), np.float32), "size 4"),
        ("vectors", np.ones((8, 4), np.float32), "9 keys need as many vectors, got 8"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(tmp_path, monkeypatch, name, value, message):
    model = trained()
    setattr(model.wv, name, value)
    with monkeypatch.context() as patch:  # else it would be mended or refused when it is saved
        patch.setattr(
            KeyedVectors, "saved_attributes", lambda table: {**vars(table), "norms": None}
        )
        model.save(tmp_path / "m")
    with pytest.raises(VectorFileError, match=message):
        Model.load(tmp_path / "m")


def test_a_model_is_pickled_and_copied():
    model = trained()
    model.lifecycle_events = []
    for other in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        other.lifecycle_events = [{}]
        same(model, other)
