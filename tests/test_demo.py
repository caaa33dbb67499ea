"""The demo's text, and vectors of a real text end to end."""

import pytest

from cw2v import demo
from cw2v.__main__ import main


def test_sentences_are_lower_case_words_without_examples():
    text = """Return the mean of an int64 array. See :func:`get_value`, it is 3 times faster!

        Parameters
        ----------
        x_1 : array_like, with values

        >>> mean([1, 2, 3])
        two words or more here
        """
    assert list(demo.split_sentences(text)) == [
        ["return", "the", "mean", "of", "an", "int64", "array"],
        ["see", "get_value", "it", "is", "times", "faster"],
        ["array_like", "with", "values"],
    ]


def test_source_files_give_docstrings_and_newdoc_texts(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        '"""Of the module."""\n'
        "try:\n    class A:\n        '''Of A.'''\n        def f(self):\n            'Of f.'\n"
        "except ImportError:\n    async def g():\n        'Of g.'\n        def h():\n"
        "            'Of h.'\n"
        "add_newdoc('numpy', 'sin', '''Of sin.''')\n"
        "print('''not documentation''')\n"
    )
    texts = list(demo._strings_of_source(path))
    assert texts[:5] == ["Of the module.", "Of A.", "Of f.", "Of g.", "Of h."]
    assert texts[5:] == ["numpy", "sin", "Of sin."]


def test_a_source_file_for_another_python_is_passed_over(tmp_path):
    path = tmp_path / "old.py"
    path.write_text('"""Old."""\nprint "text"\n')
    assert list(demo._strings_of_source(path)) == []


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the demo prints, run once: it is the largest training among the tests."""
    capture = pytest.MonkeyPatch()
    lines = []
    capture.setattr("builtins.print", lambda *args, **_: lines.extend(" ".join(args).split("\n")))
    try:
        assert main(["demo", "--quiet"]) == 0
    finally:
        capture.undo()
    return lines


def test_the_demo_says_how_large_its_text_is_and_how_fast_it_was(shown):
    assert " M words in " in shown[1] or " k words in " in shown[1]
    assert "words/s" in "".join(shown)


# For each word, words of which one at least must be among its six neighbours, in any
# version of the documentation: plain synonyms and constant companions.
EXPECTED = {
    "array": {"ndarray", "arrays", "array_like", "input", "numpy"},
    "matrix": {"matrices", "diagonal", "triangular", "symmetric", "square", "hermitian", "sparse"},
    "integer": {"integers", "int", "unsigned", "float", "int64", "signed"},
    "string": {"strings", "str", "unicode", "bytes", "character", "substring", "characters"},
    "file": {"files", "filename", "directory", "path", "filenames", "pathname", "filesystem"},
    "thread": {"threads", "lock", "acquire", "process", "loop", "threading"},
}


def test_words_of_the_documentation_have_neighbours_that_make_sense(shown):
    near = {}
    for line in shown:
        word, _, rest = line.partition("  ")
        near[word] = {neighbour.strip() for neighbour in rest.split(",")}
    for word, expected in EXPECTED.items():
        assert near[word] & expected, f"{word}: {near[word]}"
