"""The command line: sub-commands, options, their defaults, and help texts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from cw2v import __version__
from cw2v.params import usable_cpus

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)

_DESCRIPTION = """\
Train word vectors (word2vec: skip-gram or CBOW, with negative sampling, hierarchical
softmax or both), query them and evaluate them.

Results go to standard output, progress and messages to standard error.
Exit codes: 0 done; 1 an error while running; 2 a wrong command line or setting;
130 stopped by Ctrl-C; 141 the program that reads the output has ended."""

_TRAIN = """\
Train word vectors on text: tokens are separated by ASCII white space, a line is a sentence.

CORPUS is a file (plain, .gz, .bz2, .xz or .zst), a folder (its files in order of name), or -
for standard input. The text is read once, whatever the number of epochs.

If you stop it with Ctrl-C, nothing is written, and existing files are not changed."""

_TRAIN_EXAMPLE = """\
example:
  cw2v train text.txt.gz -o vectors.bin --vector-size 200 --workers 4
  cw2v train text.txt -o vectors.bin --cbow --hs --negative 0 --save-model model.cw2v
  zcat texts/*.gz | cw2v train - -o vectors.txt"""

_NEIGHBORS_EXAMPLE = """\
Prints three columns separated by tabs: WORD, a neighbour, their cosine similarity.

example:
  cw2v neighbors vectors.bin king queen -n 5"""

_ANALOGY_EXAMPLE = """\
Prints two columns separated by tabs: a word, and its cosine similarity with B - A + C, of
normalized vectors (3CosAdd).

example:
  cw2v analogy vectors.bin man king woman       (man is to king as woman is to ...)"""

_EVAL_EXAMPLE = """\
Analogy files have the format of Google's questions-words.txt: lines ": section", each followed
by lines of four words. Files of word pairs have two words and a score on each line, separated
by tabs; lines that begin with # are skipped. Upper and lower case are not distinguished.

example:
  cw2v eval vectors.bin --analogies questions-words.txt --pairs wordsim353.tsv simlex999.tsv"""

_DEMO = """\
Train on the docstrings of Python's standard library, NumPy and SciPy as they are installed
here (nothing is downloaded), and print the nearest neighbours of some words."""

# The options of word2vec.c, and what to write instead. They are added to the parser because
# argparse would otherwise read -output as -o with the value "utput".
_GOOGLE = {
    "-train": "the text is named without an option",
    "-output": "write -o",
    "-size": "write --vector-size",
    "-window": "write --window",
    "-sample": "write --sample",
    "-hs": "write --hs for 1, nothing for 0",
    "-negative": "write --negative",
    "-threads": "write --workers",
    "-iter": "write --epochs",
    "-min-count": "write --min-count",
    "-alpha": "write --alpha",
    "-classes": "there is no such option",
    "-debug": "write --quiet for 0",
    "-binary": "the suffix of -o decides, or --format bin or txt",
    "-save-vocab": "write --save-model, which saves the vocabulary, too",
    "-read-vocab": "there is no such option",
    "-cbow": "write --cbow for 1, nothing for 0",
}


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def parse_size(text: str) -> int:
    """Read a number of bytes: ``800M``, ``1.5G``, ``4GiB``, ``65536`` (K is 1024 bytes)."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size; write a number of bytes with K, M, G or T after it, like 800M"
        )
    number, unit = match.groups()
    return int(float(number) * 1024 ** " KMGT".index(unit.upper() or " "))


def positive_int(text: str) -> int:
    """Read a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, got {text!r}")
    return number


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; the parsed arguments hold `command` and, for errors, `parser`."""
    parser = argparse.ArgumentParser(
        prog="cw2v", description=_DESCRIPTION, formatter_class=_Formatter, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"cw2v {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )
    _add_train(_add_command(commands, "train", "train vectors on text", _TRAIN, _TRAIN_EXAMPLE))
    _add_neighbors(
        _add_command(
            commands,
            "neighbors",
            "print the nearest neighbours of words",
            "Print the words whose vectors have the largest cosine similarity with that of WORD.",
            _NEIGHBORS_EXAMPLE,
        )
    )
    _add_analogy(
        _add_command(
            commands,
            "analogy",
            "complete: A is to B as C is to ...",
            "Answer the question: A is to B as C is to which word?",
            _ANALOGY_EXAMPLE,
        )
    )
    _add_eval(
        _add_command(
            commands,
            "eval",
            "evaluate vectors on analogies and word pairs",
            "Evaluate vectors: accuracy on analogies, and Spearman's rank correlation with the\n"
            "scores that people gave to word pairs.",
            _EVAL_EXAMPLE,
        )
    )
    _add_demo(
        _add_command(commands, "demo", "train on text that this machine already has", _DEMO, "")
    )
    return parser


def _add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    description: str,
    epilog: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.set_defaults(parser=parser)
    parser.add_argument("--debug", action="store_true", help="print the traceback of an error")
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "corpus", nargs="+", metavar="CORPUS", help="file, folder, or - for standard input"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="file to save the vectors to")
    parser.add_argument(
        "--save-model",
        metavar="FILE",
        help="file to save the whole model to, for cw2v.Word2Vec.load; with -o or instead of it",
    )
    parser.add_argument(
        "--format",
        choices=("bin", "txt", "npz"),
        help="format of the vectors: word2vec binary, word2vec text, or NumPy archive (default by"
        " the suffix of -o: .bin, .txt or .vec, which .gz and the like may follow, or .npz)",
    )
    _add_model(parser.add_argument_group("model"))
    _add_training(parser.add_argument_group("training"))
    _add_reading(parser.add_argument_group("reading and messages"))
    for theirs, ours in _GOOGLE.items():
        parser.add_argument(
            theirs, action=_GoogleSpelling, ours=ours, nargs="?", help=argparse.SUPPRESS
        )


def _add_model(model: argparse._ArgumentGroup) -> None:
    model.add_argument(
        "--cbow",
        action="store_true",
        help="CBOW: predict each word from all its context words together (default skip-gram:"
        " from each of them separately)",
    )
    model.add_argument(
        "--cbow-mean",
        type=int,
        choices=(0, 1),
        help="with --cbow: use the mean (1) or sum (0) of the context words' vectors (default 1)",
    )
    model.add_argument(
        "--corrected-cbow",
        action="store_true",
        help="with --cbow: use the exact gradient, which word2vec.c and gensim do not",
    )
    model.add_argument(
        "--hs",
        action="store_true",
        help="hierarchical softmax, in addition to negative sampling unless --negative is 0",
    )
    _number(
        model,
        "--negative",
        int,
        5,
        "noise words (negative samples) for each positive pair, at most 1000; 0, with --hs: no"
        " negative sampling",
    )
    _number(
        model,
        "--noise-span",
        int,
        0,
        "centre words that share their noise words, 1 to 8, or to 32 with --cbow; 0: chosen"
        " automatically; has no effect with --hs",
    )
    _number(model, "--vector-size", int, 100, "dimension of vectors, 1 to 65536")
    _number(
        model,
        "--window",
        int,
        5,
        "maximum distance of context words from the centre word, 1 to 10000 words",
    )
    _number(
        model,
        "--sample",
        float,
        1e-3,
        "subsampling threshold, as a fraction of the text: words that are much more frequent are"
        " randomly left out; 0: no subsampling; from 1 up, a count",
    )
    _number(
        model, "--ns-exponent", float, 0.75, "noise words are drawn in proportion to their count^X"
    )
    _number(model, "--min-count", int, 5, "discard words that occur fewer than N times")


def _add_training(training: argparse._ArgumentGroup) -> None:
    _number(training, "--epochs", int, 5, "passes over the text")
    _number(training, "--alpha", float, 0.025, "initial learning rate, above 0")
    _number(
        training, "--min-alpha", float, 1e-4, "final learning rate, at least 0, reached linearly"
    )
    _add_threads(training)
    training.add_argument(
        "--loss", action="store_true", help="compute the loss, and show its mean per prediction"
    )


def _add_reading(reading: argparse._ArgumentGroup) -> None:
    reading.add_argument(
        "--errors",
        choices=("strict", "replace", "keep"),
        default="strict",
        help="bytes that are not UTF-8: stop with an error, replace them by U+FFFD, or keep them as"
        " they are (default strict)",
    )
    reading.add_argument(
        "--memory-budget",
        type=parse_size,
        metavar="SIZE",
        help="memory for the encoded text, 4 bytes per word, like 800M or 4G; what exceeds it goes"
        " to a temporary file (default half of the free memory)",
    )
    reading.add_argument("--quiet", action="store_true", help="print errors only")


def _add_neighbors(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    parser.add_argument("words", nargs="+", metavar="WORD", help="word of the vocabulary")
    _number(parser, "-n", positive_int, 10, "neighbours to print for each WORD, at least 1")


def _add_analogy(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    for name in "abc":
        parser.add_argument(name, metavar=name.upper(), help="word of the vocabulary")
    _number(parser, "-n", positive_int, 10, "answers to print, at least 1")


def _add_eval(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    for flag, text in (
        ("--analogies", "files of analogies"),
        ("--pairs", "files of word pairs with scores"),
    ):
        parser.add_argument(flag, nargs="+", metavar="FILE", default=[], action="extend", help=text)
    _number(
        parser,
        "--restrict-vocab",
        positive_int,
        300_000,
        "use only the N most frequent words, at least 1",
    )


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _add_threads(parser)
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")


def _add_vectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "vectors",
        metavar="VECTORS",
        help="file of vectors: word2vec binary or text, fastText's .vec, GloVe's, .npz, or a file"
        " that save() of cw2v or gensim wrote",
    )


def _add_threads(parser: argparse._ActionsContainer) -> None:
    _number(
        parser,
        "--workers",
        int,
        usable_cpus(),
        "threads, 1 to 1024 (default the number of usable CPUs, here %(default)g)",
    )
    _number(
        parser,
        "--seed",
        int,
        1,
        "seed of the random numbers, at least 0; with one worker, the same seed gives the same"
        " vectors",
    )


def _number(
    parser: argparse._ActionsContainer,
    flag: str,
    kind: Callable[[str], float],
    default: float,
    text: str,
) -> None:
    # A text that explains the default itself does not get it appended.
    told = text if "default" in text else f"{text} (default %(default)g)"
    parser.add_argument(
        flag, type=kind, default=default, metavar="X" if kind is float else "N", help=told
    )


class _GoogleSpelling(argparse.Action):
    """Refuse an option of word2vec.c, and say what to write instead."""

    def __init__(self, *args: Any, ours: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ours = ours

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        parser.error(f"{option_string} is an option of Google's word2vec; here, {self._ours}")
