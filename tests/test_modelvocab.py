"""Which words a model has: counts, order, reports and tables as gensim makes them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from cw2v import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, Word2Vec

SENTENCES = [
    ["human", "interface", "computer"],
    ["survey", "user", "computer", "system", "response", "time"],
    ["eps", "user", "interface", "system"],
    ["system", "human", "system", "eps"],
    ["user", "response", "time"],
    ["trees"],
    ["graph", "trees"],
    ["graph", "minors", "trees"],
    ["graph", "minors", "survey"],
]
NEW_SENTENCES = [
    ["computer", "artificial", "intelligence"],
    ["artificial", "trees"],
    ["human", "intelligence", "rare"],
    ["artificial", "graph"],
]
WORDS = st.sampled_from([f"w{i}" for i in range(30)])
TEXTS = st.lists(st.lists(WORDS, max_size=12), min_size=1, max_size=20)


def rule(word, count, min_count):
    return {"w1": RULE_KEEP, "human": RULE_DISCARD, "w2": RULE_DISCARD}.get(word, RULE_DEFAULT)


def table_of(model):
    """What a model knows of its words, as plain values."""
    wv = model.wv
    return {
        "words": wv.index_to_key,
        "rows": wv.key_to_index,
        "count": np.asarray(wv.expandos["count"]).tolist(),
        "sample_int": np.asarray(wv.expandos["sample_int"]).tolist(),
        "cum_table": None if model.cum_table is None else model.cum_table.tolist(),
    }


@given(
    TEXTS,
    st.sampled_from(
        [
            {},
            {"min_count": 0},
            {"min_count": 3},
            {"min_count": 1.5},
            {"min_count": 2.5, "max_final_vocab": 4},
            {"max_final_vocab": 4},
            {"max_final_vocab": 4, "min_count": 2},
            {"sorted_vocab": 0},
            {"sample": 0},
            {"sample": None},
            {"sample": 0.05},
            {"sample": 2.5},
            {"ns_exponent": -1.0},
            {"max_vocab_size": 5},
        ]
    ),
    st.sampled_from([None, rule]),
)
def test_gensim_chooses_alike(gensim_models, sentences, settings, trim_rule):
    settings = {"min_count": 1} | settings
    theirs, ours = gensim_models.Word2Vec(**settings), Word2Vec(**settings)
    reports = []
    for model in (theirs, ours):
        model.scan_vocab(sentences, trim_rule=trim_rule)
        dry = model.prepare_vocab(trim_rule=trim_rule, dry_run=True)
        reports.append((dry, model.prepare_vocab(trim_rule=trim_rule, keep_raw_vocab=True)))
    assert reports[0] == reports[1]
    assert list(reports[0][0]) == list(reports[1][0])
    assert ours.effective_min_count == theirs.effective_min_count
    assert ours.raw_vocab == theirs.raw_vocab
    if len(theirs.wv):
        assert table_of(ours) == table_of(theirs)
    else:
        assert len(ours.wv) == 0


@pytest.mark.parametrize("negative", [0, 5])
@pytest.mark.parametrize("trim_rule", [None, rule])
@pytest.mark.parametrize("min_count", [1, 2])
def test_gensim_adds_words_alike(gensim_models, negative, trim_rule, min_count):
    settings = {"negative": negative, "hs": int(not negative), "min_count": min_count}
    models = [c(vector_size=10, **settings) for c in (gensim_models.Word2Vec, Word2Vec)]
    for model in models:
        model.build_vocab(SENTENCES)
        model.build_vocab(NEW_SENTENCES, update=True, trim_rule=trim_rule)
    theirs, ours = models
    assert table_of(ours) == table_of(theirs)
    assert_array_equal(ours.wv.vectors, theirs.wv.vectors)
    name = "syn1neg" if negative else "syn1"
    assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.corpus_count == theirs.corpus_count == 4
    assert ours.corpus_total_words == theirs.corpus_total_words
    assert ours.raw_vocab == theirs.raw_vocab == {}


@pytest.mark.parametrize("size", [1, 7, 128])
def test_rows_begin_with_a_line_of_the_cache_also_when_words_are_added(size):
    model = Word2Vec(vector_size=size, min_count=1, hs=1, negative=5)
    model.build_vocab(SENTENCES)
    for _ in range(2):
        for matrix in (model.wv.vectors, model.syn1neg, model.syn1):
            assert matrix.ctypes.data % 64 == 0
            assert matrix.flags.c_contiguous
        model.build_vocab([["new words of all kinds"]], update=True)
    assert len(model.syn1) == len(model.wv)


def test_counts_made_elsewhere_are_taken_and_added(gensim_models):
    first = {"a": 5, "b": 3, "c": 3, "d": 1}
    for update in ({"b": 2, "e": 9, "d": 1}, {}, {"a": 1}):
        models = [c(vector_size=4, min_count=2) for c in (gensim_models.Word2Vec, Word2Vec)]
        for model in models:
            model.build_vocab_from_freq(dict(first), corpus_count=7)
            model.build_vocab_from_freq(dict(update), update=True, keep_raw_vocab=True)
        theirs, ours = models
        assert table_of(ours) == table_of(theirs)
        assert_array_equal(ours.wv.vectors, theirs.wv.vectors)
        assert ours.raw_vocab == update
        assert ours.corpus_count == theirs.corpus_count == 0


def test_counts_may_be_any_whole_numbers():
    model = Word2Vec(min_count=0, vector_size=4)
    model.build_vocab_from_freq({"a": np.int32(5), "b": 2.0, "c": 0, 7: 2**40})
    assert model.wv.index_to_key == [7, "a", "b", "c"]
    assert model.cum_table[-1] == model.cum_table[-2] == 2**31 - 1  # "c" is never drawn
    model.train([["a", "b", "c", 7]] * 10, total_examples=10, epochs=2)
    with pytest.raises(ValueError, match="count of 'x' must be 0"):
        model.build_vocab_from_freq({"x": -1}, update=True)
    with pytest.raises(ValueError, match=r"sum of all counts must be below 2\*\*63, got 138350"):
        model.build_vocab_from_freq({"x": 2**62, "y": 2**62, "z": 2**62}, update=True)
    assert len(model.wv) == 4


def test_a_null_word_is_added_once():
    model = Word2Vec(SENTENCES, min_count=1, null_word=1, vector_size=4, workers=1)
    assert len(model.wv) == 13
    assert model.wv.get_vecattr("\0", "count") == 1
    assert model.wv.index_to_key[-1] == "\0"
    model.build_vocab(NEW_SENTENCES, update=True)
    assert len(set(model.wv.index_to_key)) == len(model.wv) == 16


def test_the_null_word_lies_where_gensim_puts_it(gensim_models):
    models = []
    for kind in (gensim_models.Word2Vec, Word2Vec):
        models.append(kind(min_count=1, null_word=1, vector_size=4))
        models[-1].build_vocab([["a"], ["b"], ["a"]])
    assert table_of(models[1]) == table_of(models[0])


def test_memory_is_estimated_as_gensim_does(gensim_models):
    for settings in ({}, {"hs": 1, "negative": 0}, {"hs": 1, "vector_size": 7}):
        theirs, ours = gensim_models.Word2Vec(**settings), Word2Vec(**settings)
        for arguments in ({}, {"vocab_size": 1000}, {"report": {"more": 5}, "vocab_size": 3}):
            assert ours.estimate_memory(**arguments) == theirs.estimate_memory(**arguments)


def test_raw_vocab_can_be_changed_between_counting_and_choosing():
    model = Word2Vec(min_count=2)
    assert model.raw_vocab is None
    assert model.scan_vocab(SENTENCES) == (29, 9)
    assert dict(model.raw_vocab) == Counter(word for words in SENTENCES for word in words)
    model.raw_vocab["new"] += 9
    del model.raw_vocab["graph"]
    model.prepare_vocab()
    assert model.wv.index_to_key[:2] == ["new", "system"]
    assert "graph" not in model.wv
    assert model.raw_vocab == {}
    model.raw_vocab = {"x": 2, "y": 3}
    model.prepare_vocab()
    assert model.wv.index_to_key == ["y", "x"]


def test_the_settings_of_prepare_vocab_become_the_models():
    model = Word2Vec(min_count=None, vector_size=4)
    model.scan_vocab(SENTENCES)
    with pytest.raises(TypeError, match="min_count must be a whole number"):
        model.prepare_vocab()
    model.prepare_vocab(min_count=3, sample=0.5)
    assert (model.min_count, model.sample, model.effective_min_count) == (3, 0.5, 3)
    model.build_vocab(SENTENCES, min_count=2, sample=0.1)
    assert (model.min_count, model.sample, len(model.wv)) == (2, 0.1, 12)


@pytest.mark.parametrize(
    ("min_count", "message"),
    [
        (-0.5, "min_count must be at least 0, got -0.5"),
        (np.nan, "whole number"),
        (np.inf, "whole number"),
    ],
)
def test_a_least_count_that_makes_no_sense_is_refused(min_count, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Word2Vec(min_count=min_count)


def test_a_dry_run_changes_no_word():
    model = Word2Vec(min_count=1, vector_size=4)
    model.build_vocab(SENTENCES)
    before = table_of(model)
    model.build_vocab(NEW_SENTENCES, dry_run=True)
    model.build_vocab(NEW_SENTENCES, update=True, dry_run=True)
    assert table_of(model) == before
    assert model.corpus_count == 9
    assert len(model.raw_vocab) == 7


def test_words_that_would_be_lost_are_kept(caplog):
    model = Word2Vec(SENTENCES, min_count=1, vector_size=4, workers=1)
    vectors = model.wv.vectors.copy()
    with pytest.raises(RuntimeError, match="no words in the sentences given"):
        model.build_vocab([])
    with pytest.raises(RuntimeError, match="trim_rule and min_count=1 leave none of the 12 words"):
        model.build_vocab(SENTENCES, trim_rule=lambda *_: RULE_DISCARD)
    assert_array_equal(model.wv.vectors, vectors)
    assert (len(model.wv), model.corpus_count) == (12, 9)
    model.train(SENTENCES, total_examples=9, epochs=1)

    fresh = Word2Vec()  # gensim leaves this to `train`
    fresh.build_vocab(SENTENCES)
    assert "no word occurs 5 times" in caplog.text
    with pytest.raises(RuntimeError, match=r"must first build vocabulary .*no word occurs 5 times"):
        fresh.train(SENTENCES, total_examples=9, epochs=1)


def test_what_is_no_rule_and_no_mapping_is_refused_before_any_work():
    text = iter(SENTENCES)
    with pytest.raises(TypeError, match=r"trim_rule must be callable .* got 3"):
        Word2Vec(text, trim_rule=3)
    assert len(list(text)) == 9
    for wrong, arguments in (({}, {"trim_rule": 3}), ([("a", 1)], {})):
        with pytest.raises(TypeError, match="must be"):
            Word2Vec().build_vocab_from_freq(wrong, **arguments)


def test_nothing_counted_says_so():
    with pytest.raises(RuntimeError, match="call scan_vocab or build_vocab first"):
        Word2Vec().prepare_vocab()


def test_an_update_needs_words_and_keeps_what_was_trained():
    model = Word2Vec(min_count=1, vector_size=6, workers=1, hs=1)
    with pytest.raises(RuntimeError, match="cannot do an online vocabulary-update"):
        model.build_vocab(SENTENCES, update=True)
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=9, epochs=3)
    w, syn1neg = model.wv.vectors.copy(), model.syn1neg.copy()
    model.build_vocab([], update=True)
    model.build_vocab(SENTENCES[:2], update=True)  # nothing new
    assert_array_equal(model.wv.vectors, w)
    model.build_vocab(NEW_SENTENCES, update=True)
    assert model.wv.vectors.shape == model.syn1neg.shape == model.syn1.shape == (15, 6)
    assert_array_equal(model.wv.vectors[:12], w)
    assert_array_equal(model.syn1neg[:12], syn1neg)
    assert not model.syn1neg[12:].any()
    assert model.wv.vectors[12:].any(axis=1).all()
    assert len(model.wv.expandos["code"]) == 15
    model.train(NEW_SENTENCES, total_examples=4, epochs=3)
    assert (model.wv.vectors[12:] != w[-1]).all(axis=1).all()


def test_vectors_without_a_trained_model_can_be_grown():
    """gensim crashes where a model got its vectors from elsewhere."""
    model = Word2Vec(min_count=1, vector_size=4, workers=1)
    other = Word2Vec(SENTENCES, min_count=1, vector_size=4, workers=1)
    model.wv = other.wv
    model.build_vocab(NEW_SENTENCES, update=True)
    assert model.syn1neg.shape == (15, 4)
    model.train(NEW_SENTENCES, total_examples=4, epochs=1)
    wrong = Word2Vec(min_count=1, vector_size=5)
    wrong.wv = other.wv
    with pytest.raises(ValueError, match=r"wv\.vectors has the shape \(15, 4\).*vector_size is 5"):
        wrong.build_vocab(NEW_SENTENCES, update=True)


def test_numbers_are_words_as_in_gensim():
    walks = np.random.default_rng(0).integers(0, 50, (200, 10))
    model = Word2Vec(walks, min_count=1, vector_size=8, workers=1, epochs=2)
    assert len(model.wv) == 50
    assert model.wv.key_to_index[7] == model.wv.get_index(7)
    model.build_vocab([[3, 99], [99, 100]], update=True)
    assert len(model.wv) == 52
    assert model.wv.get_vecattr(99, "count") == 2


def test_an_array_of_words_is_a_sentence():
    sentences = [np.array(["a", "b", "c"]), np.array(["b", "c"]), ("c", "a")]
    model = Word2Vec(sentences, min_count=1, vector_size=4, workers=1)
    assert model.wv.index_to_key == ["c", "b", "a"]
    assert model.corpus_total_words == 7


def test_a_huffman_tree_stands_beside_the_words():
    model = Word2Vec(hs=1, negative=0, min_count=1, vector_size=4)
    model.build_vocab(SENTENCES)
    code, point = model.wv.expandos["code"], model.wv.expandos["point"]
    assert code.dtype == point.dtype == object
    assert all(len(code[i]) == len(point[i]) > 0 for i in range(12))
    weights = sum(2.0 ** -len(path) for path in code)
    assert weights == 1.0  # every leaf is a word
    assert not hasattr(model, "syn1neg")
    assert model.cum_table is None


def test_what_gensim_lets_users_call_is_there():
    model = Word2Vec(min_count=1, vector_size=4, hs=1)
    model.scan_vocab(SENTENCES)
    model.prepare_vocab()
    model.prepare_weights()
    assert model.wv.vectors.shape == (12, 4)
    trained = Word2Vec(SENTENCES, min_count=1, vector_size=4, workers=1)
    trained.init_weights()
    assert_array_equal(trained.wv.vectors, model.wv.vectors)
    assert not trained.syn1neg.any()
    model.make_cum_table(domain=1000)
    assert model.cum_table.dtype == np.uint32
    assert model.cum_table[-1] == 1000
    model.create_binary_tree()
    model.update_weights()
    with pytest.warns(DeprecationWarning, match="seeded_vector"):
        vector = model.seeded_vector("word", 16)
    assert vector.shape == (16,)
    assert np.abs(vector).max() <= 0.5 / 16
    with pytest.warns(DeprecationWarning, match="init_sims"):
        model.init_sims(replace=True)
    assert np.linalg.norm(model.wv.vectors, axis=1) == pytest.approx(1.0)


def test_a_model_may_borrow_the_words_of_another(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("graph trees minors\ngraph trees human\n" * 50)
    first = Word2Vec(min_count=1, vector_size=4, workers=1)
    first.build_vocab(corpus_file=path)
    second = Word2Vec(min_count=1, vector_size=9, hs=1, workers=1)
    second.reset_from(first)
    assert second.wv.key_to_index is first.wv.key_to_index
    assert second.wv.vectors.shape == second.syn1.shape == (4, 9)
    assert "code" not in first.wv.expandos
    assert second.corpus_total_words == 300
    second.train(corpus_file=path, total_words=300, epochs=2)
    assert second.training_report.read_seconds == 0  # the text was encoded already
    assert second.training_report.epochs[0].words == 300
