import contextlib
import importlib.util
import io
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_modelfile import Model

import cw2v
from cw2v import KeyedVectors
from cw2v.formats import read_vectors
from cw2v.gensimpickle import ForbiddenPickleError
from cw2v.gensimstate import table_attributes
from cw2v.pickledvalues import Plain
from cw2v.vectorreader import VectorFileError

gensim = pytest.importorskip("gensim")

DATA = Path(importlib.util.find_spec("gensim").origin).parent / "test" / "test_data"
SENTENCES = [["graph", "trees", "minors"], ["graph", "trees"], ["human", "trees"]] * 10


def gensims(**kwargs):
    return gensim.models.Word2Vec(
        SENTENCES, **({"sg": 1, "min_count": 1, "vector_size": 8, "workers": 1} | kwargs)
    )


def same(loaded, theirs):
    assert loaded.wv.index_to_key == theirs.wv.index_to_key
    assert loaded.wv.key_to_index == theirs.wv.key_to_index
    np.testing.assert_array_equal(loaded.wv.vectors, theirs.wv.vectors)
    np.testing.assert_array_equal(loaded.wv.vectors_lockf, theirs.wv.vectors_lockf)
    for name in ("count", "sample_int"):
        np.testing.assert_array_equal(loaded.wv.expandos[name], theirs.wv.expandos[name])
    for matrix in ("syn1", "syn1neg"):
        assert hasattr(loaded, matrix) == hasattr(theirs, matrix)
        if hasattr(theirs, matrix):
            np.testing.assert_array_equal(getattr(loaded, matrix), getattr(theirs, matrix))
    if "code" in theirs.wv.expandos:
        for word in range(len(theirs.wv)):
            assert loaded._tree.code(word).tolist() == theirs.wv.expandos["code"][word].tolist()
            assert loaded._tree.point(word).tolist() == theirs.wv.expandos["point"][word].tolist()
    settings = ("alpha", "window", "epochs", "seed", "negative", "hs", "sg", "sample", "hashfxn")
    counts = ("corpus_count", "corpus_total_words", "min_alpha_yet_reached", "train_count")
    for name in settings + counts:
        assert getattr(loaded, name) == getattr(theirs, name)
    assert loaded.random.get_state()[1].tolist() == theirs.random.get_state()[1].tolist()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kwargs", [{}, {"hs": 1, "negative": 0}, {"hs": 1, "sg": 0}])
def test_models_of_the_installed_gensim_are_loaded(tmp_path, protocol, kwargs):
    theirs = gensims(**kwargs)
    path = tmp_path / "m"
    theirs.save(str(path), pickle_protocol=protocol)
    same(Model.load(path), theirs)
    np.testing.assert_array_equal(KeyedVectors.load(path).vectors, theirs.wv.vectors)


@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_arrays_in_files_beside_are_found_and_mapped(tmp_path, mmap):
    theirs = gensims(hs=1)
    theirs.save(str(tmp_path / "m"), sep_limit=0)
    assert len(list(tmp_path.iterdir())) > 3
    loaded = Model.load(tmp_path / "m", mmap=mmap)
    same(loaded, theirs)
    for matrix in (loaded.wv.vectors, loaded.syn1neg, loaded.syn1):
        assert isinstance(matrix, np.memmap) == (mmap is not None)


@pytest.mark.parametrize("suffix", [".gz", ".bz2"])
def test_compressed_models_are_loaded(tmp_path, suffix):
    theirs = gensims()
    theirs.save(str(tmp_path / f"m{suffix}"), sep_limit=0)
    same(Model.load(tmp_path / f"m{suffix}"), theirs)
    with pytest.raises(OSError, match="Cannot mmap compressed"):
        Model.load(tmp_path / f"m{suffix}", mmap="r")


def test_an_open_pickle_is_loaded():
    theirs, file = gensims(), io.BytesIO()
    theirs.save(file)
    file.seek(0)
    same(Model.load(file), theirs)


def test_vectors_of_the_installed_gensim_are_loaded(tmp_path):
    theirs = gensims().wv
    theirs.set_vecattr("graph", "language", "en")
    theirs.save(str(tmp_path / "v"))
    loaded = KeyedVectors.load(tmp_path / "v")
    assert loaded.get_vecattr("graph", "language") == "en"
    ours, gensims_own = loaded.most_similar("graph"), theirs.most_similar("graph")
    assert [key for key, _ in ours] == [key for key, _ in gensims_own]
    assert dict(ours) == pytest.approx(dict(gensims_own), abs=1e-6)
    with pytest.raises(AttributeError, match="KeyedVectors can't be loaded"):
        Model.load(tmp_path / "v")


def test_gensim_is_not_needed_to_read_what_it_saved(tmp_path):
    gensims(hs=1).save(str(tmp_path / "m"), sep_limit=0)
    code = (
        "import sys; sys.modules['gensim'] = None\n"
        "from cw2v import KeyedVectors, Word2Vec\n"
        f"model = Word2Vec.load({str(tmp_path / 'm')!r})\n"
        f"model.train({SENTENCES!r}, total_examples=30, epochs=1)\n"
        f"print(len(KeyedVectors.load({str(tmp_path / 'm')!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(cw2v.__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "4\n", done.stderr


def test_the_generic_reader_reads_it_too(tmp_path):
    theirs = gensims()
    for name in ("m", "m.gz"):
        theirs.save(str(tmp_path / name))
        words, vectors, counts = read_vectors(tmp_path / name)
        assert words == theirs.wv.index_to_key
        np.testing.assert_array_equal(vectors, theirs.wv.vectors)
        np.testing.assert_array_equal(counts, theirs.wv.expandos["count"])


OLD_MODELS = [
    *sorted(path.name for path in (DATA / "old_w2v_models").glob("*.mdl")),
    "word2vec_old",
    "word2vec_old_sep",
    "word2vec_3.3",
    "model-from-gensim-3.8.0.w2v",
    "w2v-lee-v0.12.0",
    "word2vec_pre_kv_py2",
    "word2vec_pre_kv_py3",
    "word2vec_pre_kv_sep_py2",
    "word2vec_pre_kv_sep_py3_4",
]


@pytest.mark.parametrize("name", OLD_MODELS)
def test_models_of_old_gensims_are_loaded(name):
    path = DATA / ("old_w2v_models" if name.endswith(".mdl") else ".") / name
    model = Model.load(path)
    wv = model.wv
    assert wv.vectors.shape == (len(wv), wv.vector_size)
    assert wv.vectors.dtype == np.float32
    assert [wv.key_to_index[key] for key in wv.index_to_key] == list(range(len(wv)))
    assert wv.expandos["count"].dtype == np.int64
    assert wv.expandos["sample_int"].dtype == np.uint32
    assert wv.vectors_lockf.tolist() == [1]
    assert np.isfinite(wv.similarity(0, 1))
    assert model.negative or model.hs
    if model.negative:
        assert model.syn1neg.shape == wv.vectors.shape
    if model.hs:
        assert len(model._tree) == len(wv)
    assert model.epochs > 0
    assert model.shrink_windows is True
    assert not hasattr(model, "iter")


def test_old_vectors_are_what_gensim_makes_of_them():
    name = str(DATA / "old_keyedvectors_320.dat")
    ours, theirs = KeyedVectors.load(name), gensim.models.KeyedVectors.load(name)
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    for attr in ("count", "sample_int"):
        np.testing.assert_array_equal(ours.expandos[attr], theirs.expandos[attr])


def test_locks_of_old_models_are_kept(tmp_path):
    theirs = gensims()
    theirs.wv.vectors_lockf = np.float32([0, 1, 1, 1])
    theirs.save(str(tmp_path / "m"))
    assert Model.load(tmp_path / "m").wv.vectors_lockf.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "asked"), [("doc2vec_old", "Doc2Vec"), ("fasttext_old", "FastText")]
)
def test_other_models_of_gensims_are_refused_by_name(name, asked):
    with pytest.raises(ForbiddenPickleError, match=asked):
        Model.load(DATA / name)


def test_phrases_are_no_model():
    with pytest.raises(VectorFileError, match="holds a Phraser, not a Word2Vec"):
        Model.load(DATA / "phraser-3.6.0.model")


def test_a_pickle_of_something_else_is_refused(tmp_path):
    (tmp_path / "m").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(VectorFileError, match="holds a dict, not a Word2Vec"):
        Model.load(tmp_path / "m")
    (tmp_path / "m").write_bytes(b"\x80\x02cgensim.models.word2vec\nWord2Vec\n)\x81.")
    with pytest.raises(VectorFileError, match="lacks something"):
        Model.load(tmp_path / "m")


def test_a_file_beside_that_is_missing_or_another_is_named(tmp_path):
    theirs = gensims()
    theirs.save(str(tmp_path / "m"), sep_limit=0)
    beside = tmp_path / "m.syn1neg.npy"
    np.save(beside, np.array([{}]), allow_pickle=True)
    with pytest.raises(VectorFileError, match=r"m\.syn1neg\.npy is damaged"):
        Model.load(tmp_path / "m")
    beside.unlink()
    with pytest.raises(FileNotFoundError, match=r"m\.syn1neg\.npy"):
        Model.load(tmp_path / "m")
    with (
        (tmp_path / "m").open("rb") as file,
        pytest.raises(VectorFileError, match="in a file besi"),
    ):
        Model.load(io.BytesIO(file.read()))


def test_files_elsewhere_are_not_read(tmp_path):
    theirs = gensims()
    theirs.save(str(tmp_path / "m"), sep_limit=0)
    data = (tmp_path / "m").read_bytes()
    changed = data.replace(b"\x8c\x07syn1neg", b"\x8c\x07../../x")
    assert changed != data
    (tmp_path / "m").write_bytes(changed)
    with pytest.raises(VectorFileError, match=r"'\.\./\.\./x' is no name"):
        Model.load(tmp_path / "m")


def test_a_model_cut_anywhere_is_refused(tmp_path):
    gensims().save(str(tmp_path / "m"))
    whole = (tmp_path / "m").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "m").write_bytes(whole[:length])
        with pytest.raises(VectorFileError):
            Model.load(tmp_path / "m")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("cls", [cw2v.Word2Vec, KeyedVectors, cw2v.Phrases])
def test_a_model_with_damaged_bytes_is_read_or_refused(cls, protocol):
    theirs = gensims(hs=1)
    if cls is KeyedVectors:
        theirs = theirs.wv
    elif cls is cw2v.Phrases:
        theirs = gensim.models.Phrases(SENTENCES, min_count=1, threshold=0.1)
    file = io.BytesIO()
    theirs.save(file, pickle_protocol=protocol)
    whole, draws = file.getvalue(), random.Random(protocol)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(draws.choice((1, 1, 2, 5))):
            data[draws.randrange(len(data))] = draws.choice(b"(.0123gjhqrRbo" + bytes(range(256)))
        if draws.random() < 0.2:
            del data[draws.randrange(len(data)) :]
        with contextlib.suppress(VectorFileError, ForbiddenPickleError):
            cls.load(io.BytesIO(data))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("load", [Model.load, KeyedVectors.load, cw2v.Phrases.load, read_vectors])
def test_a_pipe_is_refused_at_once(tmp_path, load):
    os.mkfifo(tmp_path / "m")
    with pytest.raises(OSError, match=r"m is a pipe.* write what comes out of it to a file"):
        load(tmp_path / "m")


def test_values_of_keys_that_are_nearly_all_missing_are_refused(tmp_path):
    theirs = gensim.models.KeyedVectors(2)
    theirs.add_vectors(list(range(30_000)), np.zeros((30_000, 2), np.float32))
    theirs.expandos.update({f"value{i}": np.zeros(0) for i in range(30_000)})
    theirs.save(str(tmp_path / "v"))
    with pytest.raises(VectorFileError, match="of 900000000 values of keys it has only 0"):
        KeyedVectors.load(tmp_path / "v")
    table = Plain("KeyedVectors", {"syn0": np.zeros((9000, 1)), "index2word": list(range(9000))})
    table.attributes["vocab"] = {
        word: Plain("Vocab", {"index": word, f"value{word}": 1}) for word in range(9000)
    }
    with pytest.raises(ValueError, match="of 81000000 values of keys"):
        table_attributes(table.attributes)
