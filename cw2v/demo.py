"""A text that is on every machine: the documentation of the installed Python packages.

`documentation` gathers it, `run` trains on it and prints the neighbours of some words.
"""

from __future__ import annotations

import ast
import builtins
import gc
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import sysconfig
import textwrap
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from cw2v.progress import Report
from cw2v.terminal import format_count, format_rate, format_seconds
from cw2v.word2vec import Word2Vec

PACKAGES = ("numpy", "scipy")

# The words whose neighbours are printed, as far as they are in the text; all are
# common in every version of these packages.
PROBES = ("array", "matrix", "integer", "string", "file", "thread", "mean", "filter", "server")

# The text is small, about a million words: fewer epochs leave the neighbours vague, and
# words that occur less often than this are too rare to be placed well.
VECTOR_SIZE = 100
EPOCHS = 20
MIN_COUNT = 10

_LEFT_OUT = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo"}
)

# Identifiers stay whole (int64, get_value), without underscores around them (__init__);
# numbers alone are no words here.
_WORD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"[.!?;:](?=\s)")
_MARKUP = re.compile(r"\.\. \w+::|:\w+:(?=`)|https?://\S+|%\(\w+\)s")


def run(*, workers: int, seed: int, report: Report | None = None) -> None:
    """Train skip-gram vectors on `documentation` and print the results.

    Parameters
    ----------
    workers : int, at least 1
        Training threads.
    seed : int
        Seed of the random numbers; with one worker it decides the vectors.
    report : callable, optional
        Called with the progress of reading and training.
    """
    began = time.perf_counter()
    print("Gathering the documentation of Python, NumPy and SciPy ...", flush=True)
    sentences = documentation()
    n_tokens = sum(map(len, sentences))
    print(
        f"  {format_count(n_tokens)} words in {format_count(len(sentences))} sentences,"
        f" in {format_seconds(time.perf_counter() - began)}",
        flush=True,
    )
    model = Word2Vec(
        sentences,
        sg=1,
        vector_size=VECTOR_SIZE,
        epochs=EPOCHS,
        min_count=MIN_COUNT,
        workers=workers,
        seed=seed,
        report=report,
    )
    seconds = model.training_report.train_seconds
    n_read = sum(epoch.words for epoch in model.training_report.epochs)
    print(
        f"Trained {len(model.wv):,} vectors of {VECTOR_SIZE} numbers, {EPOCHS} epochs,"
        f" {workers} {'worker' if workers == 1 else 'workers'}:"
        f" {format_seconds(seconds)}, {format_rate(n_read, seconds, 'words')}\n"
    )
    probes = [word for word in PROBES if word in model.wv]
    width = max(map(len, probes), default=0)
    for word in probes:
        near = ", ".join(neighbour for neighbour, _ in model.wv.most_similar(word, topn=6))
        print(f"{word:<{width}}  {near}")


def documentation() -> list[list[str]]:
    """Gather the documentation strings of Python's library, NumPy and SciPy.

    The source files are parsed, not imported; Python's language topics and the
    documentation of its built-in modules, which have no source here, are added.
    Tests are left out, and a text that occurs twice is taken once.

    Returns
    -------
    list of list of str
        Sentences of lower-case words and identifiers, each of three at least; in the
        same order on every run with the same versions installed.
    """
    sentences: list[list[str]] = []
    seen: set[str] = set()
    # Syntax trees are many small objects without cycles: the collector would look at
    # them again and again and find nothing, which takes half of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for text in _texts():
            if text not in seen:
                seen.add(text)
                sentences.extend(split_sentences(text))
    finally:
        if collecting:
            gc.enable()
    return sentences


def split_sentences(text: str) -> Iterator[list[str]]:
    """Split a documentation string into sentences of lower-case words.

    Examples (lines after ``>>>``, up to the next empty line) are left out, and so are
    numbers, punctuation and reStructuredText roles. Sentences of one or two words are dropped.
    """
    # The first line of a documentation string is indented otherwise than the rest.
    first, _, rest = text.partition("\n")
    prose = f"{first.strip()}\n{textwrap.dedent(rest)}"
    for paragraph in _PARAGRAPH_END.split(_MARKUP.sub(" ", prose)):
        before_example = paragraph.partition(">>>")[0]
        for sentence in _SENTENCE_END.split(before_example):
            words = _WORD.findall(sentence.lower())
            if len(words) > 2:
                yield words


def _texts() -> Iterator[str]:
    for root in _source_roots():
        for path in sorted(root.rglob("*.py*")):
            if path.suffix in {".py", ".pyi"} and _LEFT_OUT.isdisjoint(
                path.relative_to(root).parts
            ):
                yield from _strings_of_source(path)
    yield from _topics()
    for name in sorted({"builtins", *sys.builtin_module_names}):
        yield from _strings_of_module(importlib.import_module(name))


def _source_roots() -> Iterator[Path]:
    yield Path(sysconfig.get_path("stdlib"))
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(folder)


def _topics() -> Iterable[str]:
    # Some systems package Python without the topics of its help().
    if not any(module.name == "pydoc_data" for module in pkgutil.iter_modules()):
        return ()
    topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    return (topics[name] for name in sorted(topics))


def _strings_of_source(path: Path) -> Iterator[str]:
    source = path.read_bytes()
    if b'"""' not in source and b"'''" not in source:
        return
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # a template or a file for another version; it has nothing for us
    yield from _strings_of_body(tree)


def _strings_of_body(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[str]:
    text = ast.get_docstring(node, clean=False)
    if text:
        yield text
    statements: list[ast.AST] = list(reversed(node.body))
    while statements:
        statement = statements.pop()
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _strings_of_body(statement)
        elif isinstance(statement, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            statements.extend(
                child
                for child in reversed(list(ast.iter_child_nodes(statement)))
                if isinstance(child, ast.stmt | ast.ExceptHandler)
            )
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield from _strings_of_call(statement.value)


def _strings_of_call(call: ast.Call) -> Iterator[str]:
    # NumPy and SciPy document compiled functions by calls: add_newdoc("...", """...""").
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if "newdoc" in name:
        for node in ast.walk(call):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _strings_of_module(module: ModuleType) -> Iterator[str]:
    yield from filter(None, [module.__doc__])
    for _, member in sorted(vars(module).items()):
        if inspect.isclass(member) or inspect.isroutine(member):
            if isinstance(member.__doc__, str):
                yield member.__doc__
            # What a class inherits from object is said once, by object itself.
            if inspect.isclass(member) and (member is object or module is builtins):
                for name in sorted(vars(member)):
                    text = getattr(vars(member)[name], "__doc__", None)
                    if isinstance(text, str):
                        yield text
