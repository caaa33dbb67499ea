"""max_vocab_size: the same words and counts as gensim's, whatever the text comes in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import small

from cw2v import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, LineSentence, Word2Vec
from cw2v._prune import WordPruner
from cw2v.corpus import scan_sentences
from cw2v.pruning import EmptySentences, count_with_limit

TEXTS = st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=6), max_size=40)


def plainly_pruned(sentences, max_vocab_size, rule=None):
    """Count as gensim documents it: a dict, looked at after each sentence."""
    counts, n = {}, 1
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
        if len(counts) > max_vocab_size:
            for word, count in list(counts.items()):
                answer = RULE_DEFAULT if rule is None else rule(word, count, n)
                if answer == RULE_DISCARD or (answer != RULE_KEEP and count < n):
                    del counts[word]
            n += 1
    return counts


def odd_rule(word, count, min_count):
    return {"a": RULE_KEEP, "b": RULE_DISCARD}.get(word, RULE_DEFAULT)


@given(TEXTS, st.integers(1, 12), st.sampled_from([None, odd_rule]))
def test_words_and_counts_and_their_order_are_those_of_a_plain_count(sentences, limit, rule):
    noting = EmptySentences(sentences)
    scanned = scan_sentences(noting)
    pruned = count_with_limit(scanned, limit, trim_rule=rule, empty_after=noting.after)
    scanned.close()
    expected = plainly_pruned(sentences, limit, rule)
    assert list(zip(pruned.words(), pruned.counts.tolist(), strict=True)) == list(expected.items())


@given(TEXTS, st.integers(1, 12), st.sampled_from([None, odd_rule]))
def test_gensim_prunes_alike(gensim_models, sentences, limit, rule):
    theirs = gensim_models.Word2Vec(max_vocab_size=limit)
    ours = Word2Vec(max_vocab_size=limit)
    for model in (theirs, ours):
        totals = model.scan_vocab(sentences, trim_rule=rule)
        assert totals == (sum(map(len, sentences)), len(sentences))
    assert list(ours.raw_vocab.items()) == list(theirs.raw_vocab.items())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_is_pruned_line_by_line(tmp_path, gensim_models, workers):
    rng = np.random.default_rng(workers)
    words = [f"w{i}" for i in (rng.zipf(1.3, 20_000) % 3000).tolist()]
    lines = [" ".join(words[i : i + 7]) for i in range(0, len(words), 7)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines[:1000]) + "\n\n\n" + "\n".join(lines[1000:]))
    theirs = gensim_models.Word2Vec(max_vocab_size=500)
    theirs.scan_vocab(corpus_file=str(path))
    for text in ({"corpus_file": path}, {"corpus_iterable": LineSentence(path)}):
        ours = Word2Vec(max_vocab_size=500, workers=workers)
        ours.scan_vocab(**text)
        assert list(ours.raw_vocab.items()) == list(theirs.raw_vocab.items())
    assert 0 < len(theirs.raw_vocab) < 3000


@pytest.mark.parametrize("limit", [2**63, 1e30])
def test_a_limit_beyond_all_numbers_of_words_limits_nothing(limit):
    assert len(Word2Vec([["a", "b"]], min_count=1, max_vocab_size=limit).wv) == 2


def test_two_files_are_two_texts(tmp_path):
    for name, text in (("1.txt", "a b c"), ("2.txt", "d e\nf")):
        (tmp_path / name).write_text(text)  # without a line end
    model = Word2Vec(max_vocab_size=2)
    model.scan_vocab(corpus_file=tmp_path)
    sentences = [["a", "b", "c"], ["d", "e"], ["f"]]
    assert dict(model.raw_vocab) == plainly_pruned(sentences, 2)


def test_a_rule_that_raises_reaches_the_caller_and_nothing_is_left_open():
    def rule(word, count, min_count):
        raise ZeroDivisionError("no")

    model = Word2Vec(max_vocab_size=1)
    with pytest.raises(ZeroDivisionError):
        model.build_vocab([["a", "b"], ["c"]], trim_rule=rule)
    assert model._kept.scanned is None


def test_sentences_that_do_not_know_their_length_are_passed_on_whole():
    noting = EmptySentences([iter("ab"), iter(""), "", ["c"], 3])
    assert [list(sentence) if sentence != 3 else 3 for sentence in noting] == [
        ["a", "b"], [], [], ["c"], 3,
    ]  # fmt: skip
    assert noting.after == [1, 1]


def test_what_does_not_fit_is_refused():
    counter = WordPruner(2, 1, np.empty(0, np.int64))
    ids, none = np.int32([0, 1]), np.empty(0, np.int32)
    with pytest.raises(ValueError, match="id is out of range"):
        counter.add(np.int32([2]), 0, none, 0, False)
    with pytest.raises(ValueError, match="ends outside"):
        counter.add(ids, 0, np.int32([3]), 0, False)
    with pytest.raises(ValueError, match="one number for each word"):
        counter.prune(np.zeros(1, np.uint8))


def test_a_pruned_model_is_trained():
    text = [["graph", "system", "trees"], ["trees", "system", "eps"]] * 20
    model = small(text, max_vocab_size=3, min_count=0)
    assert set(model.wv.index_to_key) >= {"system", "trees"}
    assert len(model.training_report.epochs) == 5
