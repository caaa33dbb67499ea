"""The sub-commands of the command line: each calls the API and prints the results."""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cw2v import demo as documentation
from cw2v.atomic import check_writable
from cw2v.evaluation import text_lines
from cw2v.formats import read_vectors, write_npz
from cw2v.keyedvectors import KeyedVectors
from cw2v.packing import packing_by_name
from cw2v.terminal import DOING, ProgressDisplay, format_count, format_rate, format_seconds
from cw2v.word2vec import Word2Vec

_FORMAT_OF_SUFFIX = {".bin": "bin", ".txt": "txt", ".vec": "txt", ".npz": "npz"}

# Close matches are looked for among this many of the commonest words: difflib
# compares one by one, and a message should not take seconds.
_N_COMPARED = 50_000


class UsageError(Exception):
    """The command line asks for something impossible; the program ends with exit code 2."""


def train(args: argparse.Namespace) -> None:
    """Train vectors on the corpus and save them."""
    began = time.perf_counter()
    files = _Outputs.of(args)
    settings = _checked_settings(args)
    for output in files.paths:
        _refuse_output_among_input(output, args.corpus)
    for output in files.paths:
        check_writable(output)
    saving = None
    with ProgressDisplay(style="none" if args.quiet else None) as display:
        try:
            model = Word2Vec(corpus_file=args.corpus, report=display, **settings)
            display.close()
            saving = time.perf_counter()
            files.save(model)
        except KeyboardInterrupt:
            doing = DOING[display.stage] if saving is None else "saving"
            raise KeyboardInterrupt(_interrupted(doing, files.paths)) from None
    now = time.perf_counter()
    if not args.quiet:
        print(_summary(model, files.paths, now - saving, now - began), file=sys.stderr)


def neighbors(args: argparse.Namespace) -> None:
    """Print the nearest words of each word asked for."""
    vectors = _load(args.vectors)
    _refuse_unknown(args.words, vectors, args.vectors)
    for word in args.words:
        for neighbour, cosine in vectors.most_similar(word, topn=args.n):
            print(word, neighbour, f"{cosine:.4f}", sep="\t")


def analogy(args: argparse.Namespace) -> None:
    """Print the words that are to C what B is to A."""
    vectors = _load(args.vectors)
    _refuse_unknown([args.a, args.b, args.c], vectors, args.vectors)
    answers = vectors.most_similar(positive=[args.b, args.c], negative=[args.a], topn=args.n)
    for word, cosine in answers:
        print(word, f"{cosine:.4f}", sep="\t")


def evaluate(args: argparse.Namespace) -> None:
    """Print a table of the scores on each evaluation file."""
    if not args.analogies and not args.pairs:
        raise UsageError("nothing to evaluate on; give --analogies FILE, --pairs FILE or both")
    vectors = _load(args.vectors)
    rows = [("set", "measure", "score", "used", "of")]
    for path in args.analogies:
        rows += _analogy_rows(vectors, path, args.restrict_vocab)
    for path in args.pairs:
        rows.append(_pairs_row(vectors, path, args.restrict_vocab))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        texts = [f"{cell:<{width}}" for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True)]
        print("  ".join(texts + numbers))


def demo(args: argparse.Namespace) -> None:
    """Train on this machine's documentation strings and print some neighbours."""
    with ProgressDisplay(style="none" if args.quiet else None) as display:
        documentation.run(workers=args.workers, seed=args.seed, report=display)


@dataclass(frozen=True)
class _Outputs:
    """Where training saves the vectors and the model: at least one of the two."""

    vectors: Path | None
    file_format: str
    model: Path | None

    @classmethod
    def of(cls, args: argparse.Namespace) -> _Outputs:
        """Take them from the command line, or raise UsageError."""
        vectors = None if args.output is None else Path(args.output)
        model = None if args.save_model is None else Path(args.save_model)
        if vectors is None:
            if model is None:
                raise UsageError("nowhere to save to; give -o FILE, --save-model FILE or both")
            if args.format:
                raise UsageError("--format is that of the vectors; give -o FILE as well")
            return cls(None, "", model)
        file_format = args.format or _format_from_suffix(vectors)
        if file_format == "npz" and packing_by_name(vectors):
            raise UsageError(f"{vectors}: npz files are not compressed; end the name in .npz")
        if model is not None and model.resolve() == vectors.resolve():
            raise UsageError(f"{vectors} cannot hold both the vectors and the model")
        return cls(vectors, file_format, model)

    @property
    def paths(self) -> list[Path]:
        """The files, in the order in which they are written."""
        return [path for path in (self.model, self.vectors) if path is not None]

    def save(self, model: Word2Vec) -> None:
        """Write the model first: if the vectors cannot be saved, they are in it."""
        if self.model is not None:
            model.save(self.model)
        if self.vectors is None:
            return
        wv = model.wv
        if self.file_format == "npz":
            write_npz(self.vectors, wv.index_to_key, wv.vectors, wv.expandos["count"])
        else:
            wv.save_word2vec_format(self.vectors, binary=self.file_format == "bin")


def _format_from_suffix(output: Path) -> str:
    inner = output.with_suffix("") if packing_by_name(output) else output
    try:
        return _FORMAT_OF_SUFFIX[inner.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"cannot tell the format of {output} by its suffix; end it in .bin, .txt, .vec or"
            " .npz, or give --format"
        ) from None


def _checked_settings(args: argparse.Namespace) -> dict[str, Any]:
    if not args.hs and not args.negative:
        raise UsageError("--negative 0 leaves nothing to train on; give --hs as well")
    if not args.cbow and (args.cbow_mean is not None or args.corrected_cbow):
        flag = "--corrected-cbow" if args.corrected_cbow else "--cbow-mean"
        raise UsageError(f"{flag} is a setting of CBOW; give --cbow as well")
    settings = {
        "sg": int(not args.cbow),
        "hs": int(args.hs),
        "cbow_mean": 1 if args.cbow_mean is None else args.cbow_mean,
        "corrected_cbow": args.corrected_cbow,
        "vector_size": args.vector_size,
        "window": args.window,
        "negative": args.negative,
        "noise_span": args.noise_span,
        "sample": args.sample,
        "ns_exponent": args.ns_exponent,
        "min_count": args.min_count,
        "epochs": args.epochs,
        "alpha": args.alpha,
        "min_alpha": args.min_alpha,
        "workers": args.workers,
        "seed": args.seed,
        "compute_loss": args.loss,
        "unicode_errors": args.errors,
        "memory_budget": args.memory_budget,
    }
    try:
        Word2Vec(**settings)  # without a corpus it only checks
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
    return settings


def _refuse_output_among_input(output: Path, corpus: list[str]) -> None:
    for name in corpus:
        source = Path(name)
        if name == "-" or not source.exists():
            continue  # what does not exist is reported when it is opened
        if output.exists() and output.samefile(source):
            raise UsageError(f"{output} is the corpus itself, which would be replaced")
        if source.is_dir() and output.parent.exists() and output.parent.samefile(source):
            raise UsageError(
                f"{output} lies in the corpus folder, so the next run would read it as text;"
                " save it elsewhere"
            )


def _interrupted(doing: str, outputs: list[Path]) -> str:
    names = " and ".join(map(str, outputs))
    if doing == "saving":
        each = "each of " if len(outputs) > 1 else ""
        return f"interrupted while saving; {each}{names} is as it was before, or complete"
    were = "were" if len(outputs) > 1 else "was"
    return f"interrupted while {doing}; nothing was saved, {names} {were} not touched"


def _summary(model: Word2Vec, outputs: list[Path], saving: float, whole: float) -> str:
    report = model.training_report
    n_trained = sum(epoch.words for epoch in report.epochs)
    read = (
        f"read {format_seconds(report.read_seconds)}"
        f" ({format_rate(model.corpus_total_words, report.read_seconds, 'words')})"
    )
    train = (
        f"train {format_seconds(report.train_seconds)}"
        f" ({format_rate(n_trained, report.train_seconds, 'words')})"
    )
    last = report.epochs[-1]
    loss = "" if last.loss is None else f", loss {last.loss / max(last.pairs, 1):.4f}"
    return (
        f"{', '.join(map(str, outputs))}: {len(model.wv):,} words x {model.vector_size}, from"
        f" {format_count(model.corpus_total_words)} words in"
        f" {format_count(model.corpus_count)} sentences, {model.epochs} epochs{loss};"
        f" {read}, {train}, save {format_seconds(saving)}, in all {format_seconds(whole)}"
    )


def _load(path: str) -> KeyedVectors:
    words, vectors, counts = read_vectors(path)
    return KeyedVectors.from_arrays(words, vectors, counts)


def _refuse_unknown(words: list[str], vectors: KeyedVectors, path: str) -> None:
    unknown = [word for word in dict.fromkeys(words) if word not in vectors]
    if not unknown:
        return
    common = vectors.index_to_key[:_N_COMPARED]
    told = []
    for word in unknown:
        # The lower-case form is the likeliest slip, and difflib would rank it low.
        close = [word.lower()] if word.lower() in vectors else []
        close += [near for near in difflib.get_close_matches(word, common) if near not in close]
        told.append(repr(word) + (f" (close: {', '.join(close[:3])})" if close else ""))
    are = "is" if len(told) == 1 else "are"
    raise ValueError(f"{', '.join(told)} {are} not among the {len(vectors):,} words of {path}")


def _analogy_rows(
    vectors: KeyedVectors, path: str, restrict_vocab: int
) -> list[tuple[str, str, str, str, str]]:
    n_questions = _count_lines(path, lambda line: not line.startswith(":"))
    score, sections = vectors.evaluate_word_analogies(path, restrict_vocab=restrict_vocab)
    name = Path(path).stem
    rows = []
    for section in sections:
        right, wrong = len(section["correct"]), len(section["incorrect"])
        if section["section"] == "Total accuracy":
            rows.append((name, "accuracy", f"{score:.4f}", str(right + wrong), str(n_questions)))
        elif right + wrong:
            label = f"{name}: {section['section']}"
            rows.append(
                (label, "accuracy", f"{right / (right + wrong):.4f}", str(right + wrong), "")
            )
    return rows


def _pairs_row(
    vectors: KeyedVectors, path: str, restrict_vocab: int
) -> tuple[str, str, str, str, str]:
    n_pairs = _count_lines(path, lambda line: not line.startswith("#"))
    _, spearman, missing = vectors.evaluate_word_pairs(path, restrict_vocab=restrict_vocab)
    used = round(n_pairs * (1 - missing / 100))
    return (Path(path).stem, "Spearman", f"{spearman[0]:.4f}", str(used), str(n_pairs))


def _count_lines(path: str, counts: Callable[[str], bool]) -> int:
    return sum(1 for line in text_lines(path) if line.strip() and counts(line))


RUN: dict[str, Callable[[argparse.Namespace], None]] = {
    "train": train,
    "neighbors": neighbors,
    "analogy": analogy,
    "eval": evaluate,
    "demo": demo,
}
