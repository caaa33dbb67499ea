"""Phrases are gensim's: counts in the same order, scores, sentences; whatever the words."""

import copy
import itertools
import math
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cw2v
from cw2v import Phraser, Phrases, phrasecounts
from cw2v.gensimpickle import ForbiddenPickleError
from cw2v.nativefile import write_state
from cw2v.phrases import PhrasesTransformation, npmi_scorer, original_scorer
from cw2v.vectorreader import VectorFileError

DELIMITERS = ["_", " ", "__", "é", ""]
words = st.sampled_from(
    ["a", "b", "c", "of", "the", "a_b", "b_c", "_", "__", "é", "日本", "x" * 20, "\ud800", "\0"]
)
odd_words = words | st.sampled_from(["", "a_", "_b", "of_b"])
corpora = st.lists(st.lists(words, max_size=8), max_size=12)
odd_corpora = st.lists(st.lists(odd_words, max_size=8), max_size=12)
connectors = st.sampled_from([(), ("of",), ("of", "the"), ("a", "é", "__"), ("of", "")])


@pytest.fixture(scope="module")
def gensims():
    """Return gensim's module of phrases."""
    return pytest.importorskip("gensim.models.phrases")


def ratio_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return bigram_count / (worda_count + wordb_count + len_vocab + min_count + corpus_word_count)


def both(gensims, corpus, **kwargs):
    ours = Phrases(corpus, **kwargs)
    theirs = gensims.Phrases(corpus, **kwargs)
    return ours, theirs


def check_equal(ours, theirs, corpus):
    """Compare two models by all that they can tell, before and after `vocab` is asked for."""
    assert str(ours) == str(theirs)
    for _ in range(2):
        assert list(ours[corpus]) == list(theirs[corpus])
        assert ours.find_phrases(corpus) == theirs.find_phrases(corpus)
        if theirs.delimiter:
            assert list(ours.export_phrases().items()) == list(theirs.export_phrases().items())
        for sentence in corpus:
            scored = list(theirs.analyze_sentence(sentence))
            assert list(ours.analyze_sentence(sentence)) == scored
        assert list(ours.vocab.items()) == list(theirs.vocab.items())
    assert ours.corpus_word_count == theirs.corpus_word_count
    assert ours.min_reduce == theirs.min_reduce


@settings(max_examples=300, deadline=None)
@example([["a", "b", "_", "b"], ["a_b", "c"], ["a", "b_c"]], [["a", "b", "c"]], (), "_", 40, 1)
@given(
    corpus=odd_corpora,
    more=odd_corpora,
    connector_words=connectors,
    delimiter=st.sampled_from(DELIMITERS),
    most=st.sampled_from([0, 1, 3, 10, 40, 10**7, 1e9]),
    workers=st.integers(1, 3),
)
def test_counts_are_gensims(gensims, corpus, more, connector_words, delimiter, most, workers):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(phrasecounts, "usable_cpus", lambda: workers)
        for asked in (False, True):
            ours, theirs = both(
                gensims,
                corpus,
                connector_words=connector_words,
                delimiter=delimiter,
                max_vocab_size=most,
            )
            if asked:
                assert list(ours.vocab.items()) == list(theirs.vocab.items())
            ours.add_vocab(more)
            theirs.add_vocab(more)
            assert list(ours.vocab.items()) == list(theirs.vocab.items())
            assert ours.corpus_word_count == theirs.corpus_word_count
            assert ours.min_reduce == theirs.min_reduce


@settings(max_examples=300, deadline=None)
@given(
    corpus=corpora,
    other=odd_corpora,
    connector_words=connectors,
    delimiter=st.sampled_from(DELIMITERS),
    scoring=st.sampled_from(
        [("default", 0.1), ("default", 2), ("npmi", 0.3), ("npmi", -1.0), (ratio_scorer, 0.01)]
    ),
    min_count=st.sampled_from([0.5, 1, 2]),
)
def test_phrases_are_gensims(
    gensims, corpus, other, connector_words, delimiter, scoring, min_count
):
    ours, theirs = both(
        gensims,
        corpus,
        connector_words=connector_words,
        delimiter=delimiter,
        scoring=scoring[0],
        threshold=scoring[1],
        min_count=min_count,
    )
    if delimiter:
        assert list(ours.export_phrases().items()) == list(theirs.export_phrases().items())
    check_equal(ours, theirs, corpus)
    check_equal(ours, theirs, other)
    if delimiter:
        our_frozen, their_frozen = ours.freeze(), theirs.freeze()
        assert str(our_frozen) == str(their_frozen)
        assert list(our_frozen.phrasegrams.items()) == list(their_frozen.phrasegrams.items())
        assert our_frozen.find_phrases(other) == their_frozen.find_phrases(other)
        assert list(our_frozen[other]) == list(their_frozen[other])


def test_a_file_is_counted_as_its_sentences(gensims, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    lines = [" ".join(f"w{n}" for n in rng.zipf(1.5, 12) % 300) for _ in range(2000)]
    lines[::7] = ["", *[" the "] * (len(lines[::7]) - 1)]
    path = tmp_path / "text"
    path.write_text("\n".join(lines))
    theirs = gensims.Phrases(cw2v.LineSentence(path), min_count=1, threshold=1)
    for workers in (1, 2, 5):
        monkeypatch.setattr(phrasecounts, "usable_cpus", lambda n=workers: n)
        monkeypatch.setattr(phrasecounts, "MOST_WORKERS", 9)
        ours = Phrases(cw2v.LineSentence(path), min_count=1, threshold=1)
        check_equal(ours, theirs, list(cw2v.LineSentence(path)))
    pruned = {"max_vocab_size": 500, "min_count": 1, "threshold": 1}
    ours, theirs = both(gensims, cw2v.LineSentence(path), **pruned)
    assert list(ours.vocab.items()) == list(theirs.vocab.items())
    ours.add_vocab(cw2v.LineSentence(path))
    theirs.add_vocab(cw2v.LineSentence(path))
    assert list(ours.vocab.items()) == list(theirs.vocab.items())
    assert ours.min_reduce == theirs.min_reduce > 2


def test_word2vec_trains_on_phrases(tmp_path):
    path = tmp_path / "text"
    path.write_text("in new york city\nnew york is big\n" * 20)
    phrases = Phrases(cw2v.LineSentence(path), min_count=25, threshold=0.01)
    model = cw2v.Word2Vec(phrases[cw2v.LineSentence(path)], sg=1, min_count=1, epochs=1)
    assert set(model.wv.key_to_index) == {"new_york", "city", "is", "big", "in"}


def test_a_long_row_of_connectors(gensims):
    corpus = [["a", *["of", "the"] * 3000, "b"], ["a", "of", "b"]] * 2
    ours, theirs = both(gensims, corpus, connector_words={"of", "the"}, min_count=1, threshold=0.1)
    assert list(ours.vocab.items()) == list(theirs.vocab.items())
    assert list(ours[corpus]) == list(theirs[corpus])


TEXT = [["new", "york", "is", "new"], ["in", "new", "york"], ["new", "york", "city"]]


def test_what_is_changed_counts():
    phrases = Phrases(TEXT, min_count=1, threshold=1)
    sentence = ["in", "new", "york", "city"]
    assert phrases[sentence] == ["in", "new_york", "city"]
    phrases.threshold = 100
    assert phrases[sentence] == sentence
    phrases.threshold = 1
    phrases.vocab["york_city"] = 50
    del phrases.vocab["new_york"]
    assert phrases[sentence] == ["in", "new", "york_city"]
    phrases.vocab = {"in": 1.5, "new": 1, "in_new": 3, "more": 2}  # no whole number
    assert phrases[sentence] == ["in_new", "york", "city"]
    phrases.scoring = lambda **_: 0
    assert phrases[sentence] == sentence

    frozen = Phrases(TEXT, min_count=1, threshold=1).freeze()
    assert frozen[sentence] == ["in", "new_york", "city"]
    frozen.phrasegrams["york_city"] = 7
    frozen.phrasegrams.pop("new_york")
    assert frozen[sentence] == ["in", "new", "york_city"]
    frozen.threshold = 8
    assert frozen[sentence] == sentence
    frozen.phrasegrams = {"in_new": 9}
    assert frozen[sentence] == ["in_new", "york", "city"]
    frozen.connector_words = {"new"}
    frozen.phrasegrams = {"in_new_york": 9}
    assert frozen[sentence] == ["in_new_york", "city"]


@pytest.mark.parametrize("make", [Phrases, lambda *a, **k: Phrases(*a, **k).freeze()])
def test_derived_classes_keep_their_ways(make):
    phrases = make(TEXT, min_count=1, threshold=1)

    class Shouting(type(phrases)):
        def score_candidate(self, word_a, word_b, in_between):
            phrase, score = super().score_candidate(word_a, word_b, in_between)
            return (phrase and phrase.upper(), score)

    phrases.__class__ = Shouting
    assert phrases[["in", "new", "york"]] == ["in", "NEW_YORK"]
    assert phrases.find_phrases(TEXT).keys() == {"NEW_YORK"}


def test_sentences_and_corpora_are_told_apart():
    phrases = Phrases(TEXT, min_count=1, threshold=1)
    joined = ["in", "new_york"]
    for sentence in (TEXT[1], tuple(TEXT[1]), iter(TEXT[1]), np.array(TEXT[1])):
        assert phrases[sentence] == joined
    corpus = phrases[TEXT]
    assert list(corpus) == list(corpus)
    assert (len(corpus), corpus[1]) == (3, joined)
    assert list(phrases[iter(TEXT)])[1] == joined
    assert phrases[[]] == []
    with pytest.raises(RuntimeError, match="does not support slicing"):
        phrases[iter(TEXT)][1]
    assert phrases[["new", 1, "york", None]] == ["new", 1, "york"]  # as gensim: None is dropped


@pytest.mark.parametrize(
    ("error", "match", "kwargs"),
    [
        (ValueError, "min_count should be at least 1", {"min_count": 0}),
        (ValueError, "threshold should be positive", {"threshold": 0}),
        (ValueError, "between -1 and 1", {"threshold": 2, "scoring": "npmi"}),
        (ValueError, "unknown scoring method string nope", {"scoring": "nope"}),
        (ValueError, r"missing expected parameters \['worda_count'", {"scoring": lambda: 0}),
        (TypeError, "scoring must be", {"scoring": 3}),
        (TypeError, "min_count must be a number, got '5'", {"min_count": "5"}),
        (TypeError, "threshold must be a number, got nan", {"threshold": math.nan}),
        (TypeError, "max_vocab_size must be a number, got None", {"max_vocab_size": None}),
        (TypeError, "delimiter must be a str", {"delimiter": b"_"}),
        (TypeError, "one is a int", {"sentences": [["a", 1]]}),
        (TypeError, "not a str: split", {"sentences": "a b"}),
    ],
)
def test_what_cannot_be_is_refused(error, match, kwargs):
    with pytest.raises(error, match=match):
        Phrases(**{"sentences": TEXT} | kwargs)


def test_a_scorer_without_a_name_is_refused():
    def local(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
        return 0

    with pytest.raises(pickle.PickleError, match="must be pickle-able"):
        Phrases(TEXT, scoring=local)


def test_an_error_in_the_sentences_is_the_callers():
    def broken():
        yield ["a"]
        raise KeyError("mine")

    phrases = Phrases(TEXT)
    with pytest.raises(KeyError, match="mine"):
        phrases.add_vocab(broken())
    assert phrases.corpus_word_count == 10


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_join_the_same_phrases(copied):
    phrases = Phrases(TEXT, min_count=1, threshold=1, connector_words={"of"})
    for asked in (False, True):
        if asked:
            phrases.vocab["more"] = 1
        for model in (phrases, phrases.freeze()):
            again = copied(model)
            assert type(again) is type(model)
            assert list(again[TEXT]) == list(model[TEXT])
            assert str(again) == str(model)
        assert copied(phrases).vocab == phrases.vocab
    assert type(copied(phrases.vocab)) is dict


@pytest.mark.parametrize("scoring", ["default", "npmi", ratio_scorer])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_save_and_load(tmp_path, scoring, suffix):
    path = tmp_path / f"phrases{suffix}"
    phrases = Phrases(
        [*TEXT, ["", "\ud800", "\0"]], 1, 0.01, scoring=scoring, connector_words={"of"}
    )
    phrases.note = [1, {"two": 3}]
    for model in (phrases, phrases.freeze()):
        model.save(path)
        again = cw2v.FrozenPhrases.load(path)
        assert type(again) is type(model)
        assert str(again) == str(model)
        assert list(again[TEXT]) == list(model[TEXT])
        assert again.scoring is model.scoring
        assert again.connector_words == {"of"}
        assert again.lifecycle_events[-1]["event"] == "loaded"
    phrases.save(path, separately=[], ignore=())
    again = Phrases.load(path)
    assert again.vocab == phrases.vocab
    assert again.note == phrases.note
    again.add_vocab(TEXT)
    assert again.vocab["new"] == 2 * phrases.vocab["new"]


def test_weights_in_place_of_counts_are_saved(tmp_path):
    phrases = Phrases()
    phrases.vocab = {"a": 1.5}
    phrases.save(tmp_path / "p")
    assert Phrases.load(tmp_path / "p").vocab == {"a": 1.5}


def test_a_scorer_is_not_imported(tmp_path, monkeypatch):
    path = tmp_path / "p"
    Phrases(TEXT, scoring=ratio_scorer).save(path)
    monkeypatch.delitem(sys.modules, __name__)
    with pytest.raises(ValueError, match=r"ratio_scorer', which this program has not imported"):
        Phrases.load(path)
    assert Phrases.load(path, scoring=original_scorer).scoring is original_scorer


def test_files_of_other_kinds_are_refused(tmp_path):
    path = tmp_path / "p"
    cw2v.Word2Vec(TEXT, min_count=1, sg=1).wv.save(path)
    with pytest.raises(VectorFileError, match="holds a KeyedVectors, no phrases"):
        Phrases.load(path)
    Phrases(TEXT).save(path)
    data = path.read_bytes()
    for n in (0, 1, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:n])
        with pytest.raises(VectorFileError):
            Phrases.load(path)
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(ForbiddenPickleError, match=r"builtins\.print"):
        Phrases.load(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"connector_words": 5},
        {"delimiter": 1},
        {"threshold": None},
        {"scoring": ["default"]},
        {"vocab_offsets": np.array([0, 1])},
        {"vocab_offsets": np.array([0, 9, 5, *[10] * 6, 51])},
        {"vocab_counts": None},
        {"vocab_utf8": np.full(51, 0xC3, dtype=np.uint8)},
        {"vocab": 3},
    ],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path, wrong):
    path = tmp_path / "p"
    state = Phrases(TEXT).__getstate__()
    write_state(path, "Phrases", "Phrases", state | {"scoring": "default"} | wrong)
    with pytest.raises(VectorFileError):
        Phrases.load(path)


@pytest.mark.parametrize("scoring", ["default", "npmi"])
def test_gensims_own_files(gensims, tmp_path, scoring):
    path = str(tmp_path / "p")
    theirs = gensims.Phrases(TEXT, 1, 0.1, scoring=scoring, connector_words={"of"})
    for model in (theirs, theirs.freeze()):
        model.save(path)
        ours = Phrases.load(path)
        assert str(ours) == str(model)
        assert list(ours[TEXT]) == list(model[TEXT])
        assert ours.connector_words == {"of"}
        assert ours.scoring in (original_scorer, npmi_scorer)


@pytest.mark.parametrize(
    "name",
    ["3.6.0.model", "no-common-terms.pkl", "no-scoring.pkl", "scoring-str.pkl"],
)
def test_gensims_old_files(gensims, name):
    folder = Path(sys.modules["gensim"].__file__).parent / "test" / "test_data"
    for prefix in ("phrases", "phraser"):
        path = str(folder / f"{prefix}-{name}")
        ours, theirs = Phraser.load(path), gensims.Phrases.load(path)
        sentences = [["graph", "minors", "survey", "human", "interface", "system"]]
        assert list(ours[sentences]) == list(theirs[sentences])
        assert ours.find_phrases(sentences) == theirs.find_phrases(sentences)
        if prefix == "phrases":
            assert ours.vocab == dict(theirs.vocab)


def test_a_class_with_a_score_of_its_own_joins_by_it():
    class Pairs(PhrasesTransformation):
        def score_candidate(self, word_a, word_b, in_between):
            return "+".join([word_a, *in_between, word_b]), 1.0

    pairs = Pairs({"of"})
    assert pairs[["of", "a", "of", "b", "c"]] == ["of", "a+of+b", "c"]
    with pytest.raises(NotImplementedError):
        PhrasesTransformation(())[["a", "b"]]


def test_scorers_give_what_gensims_give_and_never_raise(gensims):
    for counts in [(3, 4, 2, 50, 1, 100), (3, 4, 2, 50, 2.5, 100), (3, 4, 0, 50, 0, 100)]:
        for ours, theirs in [
            (original_scorer, gensims.original_scorer),
            (npmi_scorer, gensims.npmi_scorer),
        ]:
            assert ours(*counts) == theirs(*counts)
    for scorer in (original_scorer, npmi_scorer):  # where gensim's may raise
        assert scorer(0, 4, 2, 50, 1, 100) == float("-inf")
    assert cw2v.ENGLISH_CONNECTOR_WORDS == gensims.ENGLISH_CONNECTOR_WORDS


def test_numbers_of_numpys_are_pythons_and_saved(tmp_path):
    ours = Phrases(TEXT, min_count=np.int64(1), threshold=np.float32(0.25))
    assert (type(ours.min_count), type(ours.threshold)) == (int, float)
    for saved in (ours, ours.freeze()):
        saved.save(tmp_path / "phrases")
        loaded = type(saved).load(tmp_path / "phrases")
        assert loaded[TEXT[0]] == ours[TEXT[0]]
        assert loaded.threshold == 0.25


class RatioScorer:
    def __call__(
        self, worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count
    ):
        return bigram_count / (worda_count + wordb_count)


@pytest.mark.parametrize("scoring", [RatioScorer(), RatioScorer().__call__])
def test_a_scorer_that_is_no_function_is_given_again_when_it_is_loaded(scoring, tmp_path):
    ours = Phrases(TEXT, min_count=1, threshold=0.3, scoring=scoring)
    ours.save(tmp_path / "phrases")
    with pytest.raises(ValueError, match="has not imported as a function"):
        Phrases.load(tmp_path / "phrases")
    assert list(Phrases.load(tmp_path / "phrases", scoring=scoring)[TEXT]) == list(ours[TEXT])


def test_gensims_phrases_are_loaded_with_a_scorer_of_the_users(gensims, tmp_path):
    theirs = gensims.Phrases(TEXT, min_count=1, threshold=0.01, scoring=ratio_scorer)
    theirs.save(str(tmp_path / "phrases"))
    with pytest.raises(ForbiddenPickleError, match="pass that as scoring="):
        Phrases.load(tmp_path / "phrases")
    ours = Phrases.load(tmp_path / "phrases", scoring=ratio_scorer)
    assert list(ours[TEXT]) == list(theirs[TEXT])


def test_more_is_counted_while_other_threads_join():
    """Scores go by how many keys there are, and no thread keeps how many there were."""
    first = [[f"w{i}", f"w{i + 1}"] for i in range(200)]
    others = [[[f"x{i}_{j}", f"y{j}"] for j in range(2000)] for i in range(10)]
    ours = Phrases(first, min_count=0.1, threshold=1)
    stop = threading.Event()

    def join():
        n_joined = 0
        while not stop.is_set() or not n_joined:
            for sentence in first:
                assert "_".join(ours[sentence]) == "_".join(sentence)
                n_joined += 1
        return n_joined

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(join) for _ in range(2)]
        try:
            for text in others:
                ours.add_vocab(text)
        finally:
            stop.set()
        assert all(each.result() for each in waiting)
    at_once = Phrases([*first, *itertools.chain(*others)], min_count=0.1, threshold=1)
    assert ours.find_phrases(first) == at_once.find_phrases(first)
    assert ours.vocab == at_once.vocab


def test_a_sentence_that_is_changed_meanwhile_is_joined_as_it_was():
    class Odd(str):
        def __hash__(self):
            sentence.clear()
            return super().__hash__()

    sentence = [Odd("a"), *"bcdefgh"]
    joined = Phrases([["a", "b"]], min_count=1, threshold=1, connector_words=["of"])[sentence]
    assert joined == ["a", *"bcdefgh"]
