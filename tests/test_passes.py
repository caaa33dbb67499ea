"""Texts that are read once or in each epoch: iterables, readers, open files, folders."""

import pytest
from numpy.testing import assert_array_equal
from small_models import TEXT, small, two_topics

from cw2v import LineSentence, Word2Vec


class Passes:
    """Counts how often it is iterated; gives other sentences each time."""

    def __init__(self, *texts):
        self.texts = texts
        self.n = 0

    def __iter__(self):
        self.n += 1
        return iter(self.texts[(self.n - 1) % len(self.texts)])


def test_a_text_that_changes_is_read_in_every_epoch_when_asked():
    text = Passes(TEXT, two_topics(seed=1), two_topics(seed=2))
    model = small(text, epochs=4, reread=True)
    assert text.n == 5  # once for the vocabulary
    other = Passes(*text.texts)
    same = small(other, epochs=4)
    assert other.n == 1
    assert (model.wv.vectors != same.wv.vectors).any()

    text.n = 0
    again = small(None, epochs=4, reread=True)
    again.build_vocab(text)
    again.train(text, total_examples=again.corpus_count, epochs=4)
    assert text.n == 5
    assert_array_equal(again.wv.vectors, model.wv.vectors)
    words = [epoch.words for epoch in model.training_report.epochs]
    assert words == [sum(map(len, text.texts[i % 3])) for i in (1, 2, 3, 4)]


def test_a_text_that_stays_the_same_trains_alike_read_once_or_often():
    assert_array_equal(small().wv.vectors, small(reread=True).wv.vectors)


def test_an_iterator_that_is_read_to_its_end_trains_no_more(caplog):
    model = small(iter(TEXT), epochs=3)
    assert len(model.training_report.epochs) == 3
    again = small(iter(TEXT), epochs=2, reread=True)
    assert "train() called with an empty iterator" in caplog.text
    assert len(again.wv) == 40


def test_a_reader_is_read_by_threads_with_the_same_result(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in TEXT))

    class Slow(LineSentence):
        def __iter__(self):
            raise AssertionError("not iterated")

    reader = LineSentence(path)
    reader.__class__ = type("Reader", (LineSentence,), {})
    assert hasattr(reader, "_cw2v_scan")
    for text in (reader, LineSentence(str(path))):
        assert_array_equal(small(text).wv.vectors, small().wv.vectors)
    with pytest.raises(AssertionError, match="not iterated"):
        small(Slow(path))


def test_an_open_file_is_read_from_where_it_is(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)))
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    with path.open("rb") as file:
        model.build_vocab(corpus_file=file)
        with pytest.raises(ValueError, match=r"bring it back to its start \(seek\(0\)\)"):
            model.train(corpus_file=file, total_words=1, epochs=2)
        file.seek(0)
        _, n_words = model.train(corpus_file=file, total_words=1, epochs=2)
    assert n_words == 2 * sum(map(len, TEXT))


def test_a_folder_is_read_again_only_if_it_has_changed(tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.txt").write_text("\n".join(map(" ".join, TEXT)))
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.build_vocab(corpus_file=tmp_path)
    encoded = model._kept.corpus
    assert model._encode(None, tmp_path) is encoded
    (tmp_path / "2.txt").write_text("sea0 sea1\n")
    assert model._encode(None, tmp_path) is not encoded
