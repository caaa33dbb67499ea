"""Puts cw2v's classes in the place of gensim's, in this process, and gensim's out of reach.

`swap()` must run before any module that says ``from gensim... import Word2Vec``. Every name is
taken from cw2v under the same name: one that cw2v lacks is an error. gensim's own classes are
then spoilt, so that a test which still reaches one, by whatever way, fails at once.

    python swap.py MODULE [ARGUMENTS]      run a module of gensim as a program, swapped
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn
from unittest import mock

# The module of gensim: its names, and the module of cw2v that has the same names.
SWAPPED: dict[str, tuple[str, str]] = {
    "gensim.models": ("cw2v", "Word2Vec KeyedVectors Phrases"),
    "gensim.models.callbacks": ("cw2v", "CallbackAny2Vec"),
    "gensim.models.keyedvectors": (
        "cw2v.keyedvectors",
        "KeyedVectors Word2VecKeyedVectors EuclideanKeyedVectors",
    ),
    "gensim.models.word2vec": (
        "cw2v",
        "Word2Vec KeyedVectors LineSentence PathLineSentences Text8Corpus BrownCorpus",
    ),
    "gensim.models.phrases": (
        "cw2v.phrases",
        "Phrases FrozenPhrases Phraser _PhrasesTransformation"
        " original_scorer npmi_scorer ENGLISH_CONNECTOR_WORDS",
    ),
}

# Classes of gensim that have no namesake in cw2v but stand in gensim's saved models: reading
# those must not need them.
IN_OLD_FILES = {
    "gensim.models.keyedvectors": ("CompatVocab",),
    "gensim.models.word2vec": ("Word2VecVocab", "Word2VecTrainables"),
}


def swap() -> list[str]:
    """Swap all names; return them as ``gensim.models.word2vec.Word2Vec -> cw2v.word2vec``."""
    too_late = [name for name in sys.modules if name.startswith("gensim.test.test_")]
    if too_late:
        raise RuntimeError(f"{too_late} were imported before the swap")
    told, missing = [], []
    originals: list[type] = []
    for module_name, (ours_name, names) in SWAPPED.items():
        module, ours = import_module(module_name), import_module(ours_name)
        for name in names.split():
            original = getattr(module, name)
            if not hasattr(ours, name):
                missing.append(f"{ours_name}.{name}")
                continue
            replacement = getattr(ours, name)
            _check_ours(replacement, f"{ours_name}.{name}")
            setattr(module, name, replacement)
            if isinstance(original, type) and original not in originals:
                originals.append(original)
            told.append(f"{module_name}.{name} -> {getattr(replacement, '__module__', ours_name)}")
    if missing:
        raise RuntimeError(f"cw2v lacks {', '.join(missing)}: a drop-in has all of gensim's names")
    originals += [
        getattr(import_module(module_name), name)
        for module_name, names in IN_OLD_FILES.items()
        for name in names
    ]
    for original in originals:
        _spoil(original)
    _swap_functions()
    return told


def unswapped(module: ModuleType) -> list[str]:
    """Return the names in a test module that are still gensim's, of those that were swapped."""
    names = {name for _, names in SWAPPED.values() for name in names.split()}
    return [
        f"{module.__name__}.{name}"
        for name, value in vars(module).items()
        if name in names and not getattr(value, "__module__", "cw2v").startswith("cw2v")
    ]


def _check_ours(value: Any, name: str) -> None:
    """Refuse what cw2v might only pass on: what is swapped in must be cw2v's own."""
    home = getattr(value, "__module__", None)  # a set of words has none
    if home is not None and not home.startswith("cw2v"):
        raise RuntimeError(f"{name} is not cw2v's own: it comes from {home}")


def _spoil(original: type) -> None:
    """Make any use of a class of gensim's fail, also by unpickling."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise AssertionError(f"gensim's own {original.__qualname__} was used, not cw2v's")

    original.__new__ = staticmethod(refuse)  # type: ignore[method-assign]
    original.__init__ = refuse  # type: ignore[misc]


def _swap_functions() -> None:
    """Lead the two functions of gensim's that reach its classes by another way to cw2v's."""
    keyedvectors = import_module("gensim.models.keyedvectors")
    utils = import_module("gensim.utils")
    check_output = utils.check_output

    def load_word2vec_format(
        cls: Any, fname: str, *, binary: bool, limit: int | None, binary_chunk_size: int
    ) -> Any:
        # gensim's private function behind KeyedVectors.load_word2vec_format. cw2v has its own
        # reader, whose buffer is what gensim calls a chunk.
        reader = import_module("cw2v.vectorreader")
        with mock.patch.object(reader, "BUFFER_BYTES", binary_chunk_size):
            return cls.load_word2vec_format(fname, binary=binary, limit=limit)

    def check_output_swapped(*, args: list[str], stderr: int = subprocess.PIPE) -> Any:
        # A test runs a script of gensim's in a process of its own: swap there as well.
        if args[:2] != [sys.executable, "-m"]:
            raise AssertionError(f"{args} runs outside the swap")
        return check_output(args=[sys.executable, __file__, *args[2:]], stderr=stderr)

    keyedvectors._load_word2vec_format = load_word2vec_format
    utils.check_output = check_output_swapped


def main() -> None:
    """Swap, then run the module named on the command line as a program."""
    swap()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
