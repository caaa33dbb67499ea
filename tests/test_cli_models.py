"""The command line's models: what `cw2v train` trains, saves whole, and reads again."""

import inspect
import random

import numpy as np
import pytest

from cw2v import KeyedVectors, Word2Vec
from cw2v.__main__ import main
from cw2v.arguments import build_parser
from cw2v.formats import read_vectors

SMALL = ["--vector-size", "12", "--epochs", "5", "--workers", "1", "--quiet"]
SAME = {"vector_size": 12, "epochs": 5, "workers": 1}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    draw = random.Random(5)
    words = ["the", "cat", "dog", "horse", "sheep", "goat", "mouse"]
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(" ".join(draw.choices(words, k=9)) for _ in range(300)) + "\n")
    return path


@pytest.fixture(scope="module")
def model_file(corpus):
    path = corpus.with_name("model.cw2v")
    assert main(["train", str(corpus), "--save-model", str(path), "--hs", *SMALL]) == 0
    return path


def train(corpus, *options):
    assert main(["train", str(corpus), *map(str, options), *SMALL]) == 0


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ([], {"sg": 1}),
        (["--cbow"], {"sg": 0}),
        (["--cbow", "--cbow-mean", "0"], {"sg": 0, "cbow_mean": 0}),
        (["--cbow", "--corrected-cbow"], {"sg": 0, "corrected_cbow": True}),
        (["--hs", "--negative", "0"], {"sg": 1, "hs": 1, "negative": 0}),
        (["--cbow", "--hs", "--negative", "0"], {"sg": 0, "hs": 1, "negative": 0}),
        (["--cbow", "--hs", "--negative", "3"], {"sg": 0, "hs": 1, "negative": 3}),
    ],
)
def test_every_kind_of_model_is_that_of_the_class(corpus, tmp_path, options, settings):
    train(corpus, "-o", tmp_path / "v.npz", *options)
    expected = Word2Vec(corpus_file=corpus, **SAME, **settings).wv
    words, vectors, _ = read_vectors(tmp_path / "v.npz")
    assert words == expected.index_to_key
    np.testing.assert_array_equal(vectors, expected.vectors)


def test_the_defaults_are_those_of_the_class():
    args = vars(build_parser().parse_args(["train", "text.txt", "-o", "v.bin"]))
    parameters = inspect.signature(Word2Vec).parameters
    shared = args.keys() & parameters.keys() - {"workers", "cbow_mean"}
    assert len(shared) >= 12
    for name in shared:
        assert args[name] == parameters[name].default, name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--negative", "0"], "--negative 0 leaves nothing to train on; give --hs as well"),
        (["--cbow-mean", "0"], "--cbow-mean is a setting of CBOW; give --cbow as well"),
        (["--cbow-mean", "2", "--cbow"], "invalid choice"),
        (["--corrected-cbow"], "--corrected-cbow is a setting of CBOW; give --cbow as well"),
        (["-cbow", "1"], "-cbow is an option of Google's word2vec; here, write --cbow for 1"),
        (["-hs", "1"], "here, write --hs for 1"),
        (["-output", "v.bin"], "here, write -o"),
        (["-debug"], "here, write --quiet for 0"),
    ],
)
def test_what_cannot_be_is_refused_before_the_text_is_read(
    corpus, tmp_path, usage_error, options, message
):
    usage_error(["train", corpus, "-o", tmp_path / "v.bin", *options], message)
    assert list(tmp_path.iterdir()) == []


def test_two_objectives_at_once_are_warned_of_unless_quiet(corpus, tmp_path, capsys):
    options = ["train", str(corpus), "-o", str(tmp_path / "v.bin"), "--hs", *SMALL]
    assert main(options) == 0
    assert capsys.readouterr().err == ""
    assert main(options[:-1]) == 0
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith("cw2v: warning: Both hierarchical softmax and negative sampling")


def test_a_saved_model_goes_on_training_where_it_stopped(corpus, model_file):
    model = Word2Vec.load(model_file)
    assert (model.sg, model.hs, model.negative, model.vector_size) == (1, 1, 5, 12)
    assert model.corpus_count == 300
    before = model.wv.vectors.copy()
    model.train(corpus_file=corpus, total_examples=model.corpus_count, epochs=1)
    assert not np.array_equal(model.wv.vectors, before)


def test_vectors_and_model_are_saved_by_one_run(corpus, tmp_path, capsys):
    vectors, model = tmp_path / "v.bin", tmp_path / "m.cw2v.gz"
    options = ["-o", str(vectors), "--save-model", str(model), *SMALL[:-1]]
    assert main(["train", str(corpus), *options]) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"{model}, {vectors}: 7 words")
    wv = KeyedVectors.load_word2vec_format(vectors, binary=True)
    np.testing.assert_array_equal(Word2Vec.load(model).wv.vectors, wv.vectors)


def test_a_model_keeps_bytes_that_are_not_utf8(tmp_path, capfd):
    text = tmp_path / "latin.txt"
    text.write_bytes(b"caf\xe9 the caf\xe9 a\n" * 40)
    train(text, "--save-model", tmp_path / "m", "--errors", "keep")
    assert main(["neighbors", str(tmp_path / "m"), "caf\udce9", "-n", "1"]) == 0
    assert capfd.readouterr().err == ""


def test_where_the_model_goes_is_checked_like_where_the_vectors_go(
    corpus, tmp_path, usage_error, runtime_error
):
    output = tmp_path / "v.bin"
    both = ["train", corpus, "-o", output, "--save-model"]
    usage_error([*both, output], "cannot hold both the vectors and the model")
    usage_error([*both, corpus], "is the corpus itself")
    usage_error(
        ["train", corpus, "--save-model", tmp_path / "m", "--format", "txt"], "give -o FILE"
    )
    runtime_error([*both, tmp_path / "nowhere" / "m"], tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["model", "vectors", "gensim's model", "gensim's vectors"])
def test_saved_models_and_vectors_are_asked_like_any_file_of_vectors(
    model_file, tmp_path, capsys, kind
):
    path = model_file if kind == "model" else tmp_path / "saved"
    model = Word2Vec.load(model_file)
    if kind == "vectors":
        model.wv.save(path)
    elif kind != "model":
        pytest.importorskip("gensim", reason="gensim is not installed")
        theirs = model.to_gensim()
        (theirs if kind == "gensim's model" else theirs.wv).save(str(path))
    assert main(["neighbors", str(path), "cat", "-n", "3"]) == 0
    assert main(["analogy", str(path), "cat", "dog", "horse", "-n", "3"]) == 0
    expected = [
        f"cat\t{word}\t{cosine:.4f}" for word, cosine in model.wv.most_similar("cat", topn=3)
    ]
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:3] == expected
    assert (len(shown.out.splitlines()), shown.err) == (6, "")
    (tmp_path / "pairs.tsv").write_text("cat\tdog\t9\ncat\thorse\t1\nsheep\tgoat\t5\n")
    assert main(["eval", str(path), "--pairs", str(tmp_path / "pairs.tsv")]) == 0
    assert "Spearman" in capsys.readouterr().out
