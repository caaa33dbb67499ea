import os
from pathlib import Path

import numpy as np
import pytest

from cw2v.keyedvectors import KeyedVectors

GOLDEN = Path(__file__).parent / "golden"

QUESTIONS = """: capitals
paris france berlin germany
Paris FRANCE rome italy
paris france none germany

paris france berlin
: other things
king queen man woman
paris paris paris france
man woman king King
"""

PAIRS = """# two words and a number
king\tqueen\t8.5
paris\trome\t7.25
Man\tWoman\t6
man\tnone\t3
one two three
man\tking\tmany
king\tfrance\t1.5
"""


def make(seed=0):
    words = ["paris", "france", "berlin", "germany", "rome", "italy", "king", "queen"]
    words += ["man", "woman", "King", "PARIS"]
    vectors = np.random.default_rng(seed).standard_normal((len(words), 5)).astype(np.float32)
    vectors[:, 0] += 1
    # Make some answers right.
    vectors[3] = vectors[1] - vectors[0] + vectors[2] + 0.01
    vectors[7] = vectors[6] + 0.1
    return KeyedVectors.from_arrays(words, vectors)


def gensims(kv):
    gensim = pytest.importorskip("gensim.models")
    theirs = gensim.KeyedVectors(kv.vector_size)
    theirs.add_vectors(list(kv.index_to_key), kv.vectors.copy())
    return theirs


def data(name):
    folder = os.environ.get("CW2V_DATA")
    if not folder:
        pytest.skip("CW2V_DATA is not set to the folder of evaluation data")
    path = Path(folder) / "eval" / name
    if not path.exists():
        pytest.skip(f"there is no {path}")
    return path


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(QUESTIONS)
    return path


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS)
    return path


@pytest.mark.parametrize("restrict_vocab", [300000, None, 11, 10, 4, 3])
@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_analogies_are_gensims(questions, restrict_vocab, case_insensitive, dummy4unknown, seed):
    kv = make(seed)
    kwargs = {
        "restrict_vocab": restrict_vocab,
        "case_insensitive": case_insensitive,
        "dummy4unknown": dummy4unknown,
    }
    ours = kv.evaluate_word_analogies(questions, **kwargs)
    assert ours == gensims(kv).evaluate_word_analogies(str(questions), **kwargs)


def test_a_right_answer_counts(questions):
    score, sections = make().evaluate_word_analogies(questions)
    assert [section["section"] for section in sections] == [
        "capitals",
        "other things",
        "Total accuracy",
    ]
    assert ("PARIS", "FRANCE", "BERLIN", "GERMANY") in sections[0]["correct"]
    total = sections[-1]
    assert score == len(total["correct"]) / (len(total["correct"]) + len(total["incorrect"]))


def test_analogies_of_a_random_model_are_gensims(tmp_path):
    rng = np.random.default_rng(3)
    words = [f"{form}{n}" for n in range(150) for form in ("w", "W", "x")]
    kv = KeyedVectors.from_arrays(words, rng.standard_normal((len(words), 4)).astype(np.float32))
    path = tmp_path / "q"
    lines = [" ".join(rng.choice(words, 4)) for _ in range(1500)]
    # Questions that are right, so that both outcomes occur.
    for place in range(0, 1500, 3):
        a, b, c, _ = lines[place].split()
        found = kv.most_similar(positive=[b.lower(), c.lower()], negative=[a.lower()], topn=1)
        lines[place] = f"{a} {b} {c} {found[0][0]}"
    path.write_text(": random\n" + "\n".join(lines))
    for case_insensitive in (True, False):
        ours = kv.evaluate_word_analogies(path, case_insensitive=case_insensitive)
        assert ours == gensims(kv).evaluate_word_analogies(
            str(path), case_insensitive=case_insensitive
        )
        assert 0.05 < ours[0] < 0.9


def test_questions_in_no_section_are_refused(tmp_path):
    (tmp_path / "q").write_text("a b c d\n")
    with pytest.raises(ValueError, match=r"Missing section header before line #0 in .*q"):
        make().evaluate_word_analogies(tmp_path / "q")


def test_a_file_without_questions_is_refused(tmp_path):
    (tmp_path / "q").write_text(": nothing\n")
    with pytest.raises(ValueError, match="holds no question"):
        make().evaluate_word_analogies(tmp_path / "q")
    (tmp_path / "q").write_bytes(b": x\na b c \xff\n")
    with pytest.raises(UnicodeDecodeError, match="line #1"):
        make().evaluate_word_analogies(tmp_path / "q")


def test_another_similarity_function_is_refused(questions, caplog):
    with pytest.raises(ValueError, match="similarity_function"):
        make().evaluate_word_analogies(questions, similarity_function="euclid")
    by_sums = make().evaluate_word_analogies(questions)
    as_gensim = make().evaluate_word_analogies(questions, similarity_function="most_similar_cosmul")
    assert by_sums == as_gensim
    assert "3CosAdd" in caplog.text


@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
@pytest.mark.parametrize("restrict_vocab", [300000, None, 8])
def test_pairs_are_gensims(pairs, case_insensitive, dummy4unknown, restrict_vocab):
    kv = make()
    kwargs = {
        "case_insensitive": case_insensitive,
        "dummy4unknown": dummy4unknown,
        "restrict_vocab": restrict_vocab,
    }
    ours = kv.evaluate_word_pairs(pairs, **kwargs)
    theirs = gensims(kv).evaluate_word_pairs(str(pairs), **kwargs)
    assert type(ours[0]) is type(theirs[0])
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5)
    assert ours[2] == theirs[2]


def test_pairs_of_unknown_words_only_are_refused(tmp_path):
    (tmp_path / "p").write_text("x\ty\t1\n")
    with pytest.raises(ValueError, match=r"No valid similarity judgements found in .*p"):
        make().evaluate_word_pairs(tmp_path / "p")


@pytest.mark.parametrize(
    "name", ["wordsim353.tsv", "simlex999-gensim.txt", "men3000.tsv", "questions-words.txt"]
)
def test_published_sets_are_read_as_gensim_reads_them(name, tmp_path):
    path = data(name)
    text = path.read_text(encoding="utf8")
    words = list(dict.fromkeys(text.lower().split()))[:3000]
    rng = np.random.default_rng(0)
    kv = KeyedVectors.from_arrays(words, rng.standard_normal((len(words), 8)).astype(np.float32))
    if name.startswith("questions"):
        short = tmp_path / "q"
        short.write_text(": all\n" + "".join(text.splitlines(keepends=True)[::40]))
        ours = kv.evaluate_word_analogies(short)
        assert ours == gensims(kv).evaluate_word_analogies(str(short))
        return
    ours = kv.evaluate_word_pairs(path)
    theirs = gensims(kv).evaluate_word_pairs(str(path))
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4)
    assert ours[2] == theirs[2]


def test_vectors_of_half_precision_are_evaluated_as_others(kv, tmp_path):
    (tmp_path / "q.txt").write_text(": s\nking queen man woman\nthe king queen man\n")
    kv.vectors = kv.vectors.astype(np.float16)
    half = kv.evaluate_word_analogies(tmp_path / "q.txt")
    kv.vectors = kv.vectors.astype(np.float32)
    assert half == kv.evaluate_word_analogies(tmp_path / "q.txt")


def test_an_empty_table_has_no_opinion_on_pairs(tmp_path):
    (tmp_path / "pairs").write_text("a\tb\t1\nc\td\t2\n")
    with pytest.warns(Warning, match="constant"):
        result = KeyedVectors(3).evaluate_word_pairs(tmp_path / "pairs", dummy4unknown=True)
    assert np.isnan(result[0][0])
    assert result[2] == 100
