"""The command line's grammar: sub-commands, options, their defaults, units and help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from cw2v import __version__
from cw2v.params import usable_cpus

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)

_DESCRIPTION = """\
Trains word vectors (word2vec: skip-gram or CBOW, with negative sampling, hierarchical
softmax or both) and asks them questions.

Results go to standard output; progress and messages to standard error.
Exit status: 0 done; 1 an error while running; 2 a wrong command line; 130 stopped by Ctrl-C."""

_TRAIN = """\
Train word vectors on text: tokens are separated by white space, a line is a sentence.

CORPUS is a file (plain, .gz, .bz2, .xz or .zst), a folder (all its files), or - for
standard input. The text is read once, whatever the number of epochs.

If you stop it with Ctrl-C, nothing is written and a file already there stays as it was."""

_TRAIN_EXAMPLE = """\
example:
  cw2v train text.txt.gz -o vectors.bin --vector-size 200 --workers 4
  cw2v train text.txt -o vectors.bin --cbow --hs --negative 0 --save-model model.cw2v
  zcat texts/*.gz | cw2v train - -o vectors.txt"""

_NEIGHBORS_EXAMPLE = """\
Prints three columns separated by tabs: the word asked for, a neighbour, their cosine.

example:
  cw2v neighbors vectors.bin king queen -n 5"""

_ANALOGY_EXAMPLE = """\
Prints two columns separated by tabs: a word, and its cosine with B - A + C (unit vectors).

example:
  cw2v analogy vectors.bin man king woman       (man is to king as woman is to ...)"""

_EVAL_EXAMPLE = """\
--analogies takes files of Google's form (": section" lines, then four words a line);
--pairs takes two words and a score, separated by tabs. Lower and upper case are alike.

example:
  cw2v eval vectors.bin --analogies questions-words.txt --pairs wordsim353.tsv simlex999.tsv"""

_DEMO = """\
Train on the documentation strings of Python's own library, NumPy and SciPy as they are
installed here (nothing is downloaded), and print the neighbours of some words."""

# Google's options, and what to write here. They are named so that argparse does not take
# -output for -o with the value "utput".
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
    "-classes": "there is nothing like it",
    "-debug": "write --quiet for 0",
    "-binary": "the suffix of -o, or --format bin or txt, says it",
    "-save-vocab": "write --save-model, which has the vocabulary in it",
    "-read-vocab": "there is nothing like it",
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
            f"{text!r} is no size; write a number of bytes with K, M, G or T after it, like 800M"
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
            "print the words nearest to a word",
            "Print the words whose vectors have the largest cosine with that of each WORD.",
            _NEIGHBORS_EXAMPLE,
        )
    )
    _add_analogy(
        _add_command(
            commands,
            "analogy",
            "A is to B as C is to ...",
            "Answer: A is to B as C is to which word?",
            _ANALOGY_EXAMPLE,
        )
    )
    _add_eval(
        _add_command(
            commands,
            "eval",
            "score vectors on analogies and word pairs",
            "Score vectors on sets of analogies and of word pairs with human scores.",
            _EVAL_EXAMPLE,
        )
    )
    _add_demo(_add_command(commands, "demo", "train on text this machine already has", _DEMO, ""))
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
    parser.add_argument(
        "--debug", action="store_true", help="on an error, show where in the program it arose"
    )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", nargs="+", metavar="CORPUS", help="file, folder, or -")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to save the vectors")
    parser.add_argument(
        "--save-model",
        metavar="FILE",
        help="where to save the whole model, for cw2v.Word2Vec.load; with -o or instead of it",
    )
    parser.add_argument(
        "--format",
        choices=("bin", "txt", "npz"),
        help="word2vec binary, word2vec text, or NumPy archive (default: by FILE's suffix,"
        " .bin, .txt, .vec or .npz; .gz and the like may follow all but .npz)",
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
        help="predict a word from the mean of the words around it (default: skip-gram, from each"
        " of them in turn)",
    )
    model.add_argument(
        "--cbow-mean",
        type=int,
        choices=(0, 1),
        help="with --cbow: predict from the mean of their vectors (1), or the sum (default 1)",
    )
    model.add_argument(
        "--corrected-cbow",
        action="store_true",
        help="with --cbow: train by its true gradient, not as word2vec.c and gensim do",
    )
    model.add_argument(
        "--hs",
        action="store_true",
        help="hierarchical softmax, beside negative sampling; with --negative 0, instead of it",
    )
    _number(model, "--negative", int, 5, "noise words for each pair of words; 0, with --hs: none")
    _number(
        model,
        "--noise-span",
        int,
        0,
        "centres that share noise words, 1 to 8 (--cbow: to 32); 0 chooses; no effect with --hs",
    )
    _number(model, "--vector-size", int, 100, "numbers in a vector")
    _number(model, "--window", int, 5, "farthest context word, in words")
    _number(
        model, "--sample", float, 1e-3, "subsample words more frequent than this share; 0: none"
    )
    _number(model, "--ns-exponent", float, 0.75, "noise words are drawn by count to this power")
    _number(model, "--min-count", int, 5, "leave out words that occur less often")


def _add_training(training: argparse._ArgumentGroup) -> None:
    _number(training, "--epochs", int, 5, "passes over the text")
    _number(training, "--alpha", float, 0.025, "learning rate at the start")
    _number(training, "--min-alpha", float, 1e-4, "learning rate at the end")
    _number(
        training,
        "--workers",
        int,
        usable_cpus(),
        "threads (default: the CPUs usable here, %(default)g)",
    )
    _number(training, "--seed", int, 1, "with one worker, the same seed gives the same vectors")
    training.add_argument(
        "--loss", action="store_true", help="measure and show the mean loss of a prediction"
    )


def _add_reading(reading: argparse._ArgumentGroup) -> None:
    reading.add_argument(
        "--errors",
        choices=("strict", "replace", "keep"),
        default="strict",
        help="bytes that are not UTF-8: stop, put U+FFFD, or keep as they are (default strict)",
    )
    reading.add_argument(
        "--memory-budget",
        type=parse_size,
        metavar="SIZE",
        help="longest encoded text kept in memory, like 800M or 4G; a longer one goes to a"
        " temporary file (default: half of the free memory)",
    )
    reading.add_argument("--quiet", action="store_true", help="print errors only")


def _add_neighbors(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    parser.add_argument("words", nargs="+", metavar="WORD")
    _add_how_many(parser)


def _add_analogy(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    for name in "abc":
        parser.add_argument(name, metavar=name.upper())
    _add_how_many(parser)


def _add_eval(parser: argparse.ArgumentParser) -> None:
    _add_vectors(parser)
    parser.add_argument("--analogies", nargs="+", metavar="FILE", default=[], action="extend")
    parser.add_argument("--pairs", nargs="+", metavar="FILE", default=[], action="extend")
    _number(
        parser,
        "--restrict-vocab",
        positive_int,
        300_000,
        "use only this many of the commonest words",
    )


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _number(
        parser,
        "--workers",
        int,
        usable_cpus(),
        "threads (default: the CPUs usable here, %(default)g)",
    )
    _number(parser, "--seed", int, 1, "with one worker, the same seed gives the same vectors")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")


def _add_vectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "vectors",
        metavar="VECTORS",
        help="file of vectors: word2vec binary or text, .npz, or what save() wrote",
    )


def _add_how_many(parser: argparse.ArgumentParser) -> None:
    _number(parser, "-n", positive_int, 10, "how many words to print")


def _number(
    parser: argparse._ActionsContainer,
    flag: str,
    kind: Callable[[str], float],
    default: float,
    text: str,
) -> None:
    # A default said in the text ("default: ...") is not said twice.
    told = text if "default" in text else f"{text} (default %(default)g)"
    parser.add_argument(
        flag, type=kind, default=default, metavar="X" if kind is float else "N", help=told
    )


class _GoogleSpelling(argparse.Action):
    """Refuses an option of Google's program with the name that it has here."""

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
