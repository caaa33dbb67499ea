"""Speed of training by the shape of the corpus: length of sentences, size of the vocabulary.

    python benchmarks/bench_shapes.py --repeat 3 --gensim-repeat 1 --json shapes.json

Trains with the same settings on different shapes of a text, and compares each with the main case:

main               the first --prefix-bytes of the text, one sentence per line
5 a line           the same words, 5 in each line
1,000,000 a line   the same words, a million in each line. gensim cuts lines after 10,000 words
                   when it reads with `corpus_file`, its fastest way, which is used here; cw2v
                   does not cut them
1,000 words        the main text, its 1,000 most frequent words (max_final_vocab=1000; fewer if
                   several words share the count at the limit)
1,000,000 words    a vocabulary of a million, min_count=1: the first --million-bytes of the text
                   (0, the default: all of it). Where that has fewer distinct words, occurrences of
                   its rarest words are made distinct, from the rarest up, until there are a
                   million. All of encyclopedia.txt has 386,523: the occurrences of words with a
                   count of up to 17, every 59th token of the text, are numbered

words/s     tokens read that are in the vocabulary, before subsampling, times epochs, per second
            of training, as word2vec.c counts; reading the text is not included
of main     ratio of the median to that of the main case, same program and number of workers; on a
            busy machine the ratio of the best runs, beside it, is more reliable
of gensim   ratio of the median to gensim's, same case
kept        share of the vocabulary's tokens that subsampling keeps; each is a centre once
pairs/kept  predictions per kept token; windows end at line ends
pairs/s     predictions per second: with fewer pairs per word read, words/s is higher

Each training has its own process. The cases are run in turn, so that slow phases of the machine
affect all of them. Prints median (range) and best.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import common
import corpus_shapes

MILLION = 1_000_000
MAIN = "main"


@dataclass(frozen=True)
class Case:
    """How a case's text is made from the main text (None: it is the same), and its settings."""

    make: Callable[[Path, Path], Any] | None = None
    settings: dict[str, int] = field(default_factory=dict)
    from_million_text: bool = False


CASES = {
    MAIN: Case(),
    "5 a line": Case(lambda text, to: corpus_shapes.recut(text, to, 5)),
    "1,000,000 a line": Case(lambda text, to: corpus_shapes.recut(text, to, MILLION)),
    "1,000 words": Case(settings={"max_final_vocab": 1000}),
    "1,000,000 words": Case(
        lambda text, to: corpus_shapes.split_rare(text, to, MILLION), {"min_count": 1}, True
    ),
}

Results = dict[str, dict[str, list[dict[str, Any]]]]


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    if args.gensim_repeat:
        common.require_gensim()
    machine = common.machine()
    print(common.describe(machine), flush=True)
    results: dict[str, Results] = {}
    with (
        tempfile.TemporaryDirectory(prefix="cw2v-bench-") as folder,
        common.prepared_text(args.text, args.prefix_bytes) as plain,
    ):
        texts, made = make_texts(args, plain, Path(folder))
        for mode in args.modes:
            print(f"\n{mode}", flush=True)
            results[mode] = measure(args, mode, texts, Path(folder) / "vectors.bin")
            print(f"\n{speeds(results[mode])}\n\n{reasons(results[mode])}", flush=True)
    settings = {key: str(value) for key, value in vars(args).items()}
    common.save_json(
        args.json, {"machine": machine, "settings": settings, "texts": made, "runs": results}
    )


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.set_defaults(epochs=1)
    parser.add_argument(
        "--text",
        type=Path,
        default=common.DEFAULT_TEXT,
        help=f"a file, or the name of one in $CW2V_DATA; default {common.DEFAULT_TEXT}",
    )
    parser.add_argument(
        "--million-bytes", type=int, default=0, help="of the text of a million words; 0: all"
    )
    parser.add_argument(
        "--cases", nargs="+", choices=CASES, default=list(CASES), metavar="NAME", help="default all"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1], help="of cw2v; default 1")
    parser.add_argument(
        "--gensim-repeat", type=int, default=1, help="gensim is some 12 times slower; 0: without"
    )
    parser.add_argument("--gensim-workers", type=int, default=1)
    parser.add_argument("--gensim-epochs", type=int, help="if not the same as --epochs")
    args = parser.parse_args()
    # All others are compared with the main case.
    args.cases = [name for name in CASES if name in {MAIN, *args.cases}]
    return args


def make_texts(
    args: argparse.Namespace, plain: Path, folder: Path
) -> tuple[dict[str, Path], dict[str, Any]]:
    """Write the texts of all cases; return their files, and what was told of making them."""
    texts: dict[str, Path] = {}
    made: dict[str, Any] = {}
    for name in args.cases:
        case = CASES[name]
        if case.make is None:
            texts[name] = plain
            continue
        texts[name] = folder / f"{len(texts)}.txt"
        if case.from_million_text:
            with common.prepared_text(args.text, args.million_bytes) as text:
                made[name] = case.make(text, texts[name])
        else:
            made[name] = case.make(plain, texts[name])
        print(f"made the text of {name}: {made[name] or 'the same words'}", flush=True)
    return texts, made


def measure(args: argparse.Namespace, mode: str, texts: dict[str, Path], save: Path) -> Results:
    """Train every case in turn, as often as asked; return what was measured, by run and case."""
    runs = {f"cw2v, {n} worker{'' if n == 1 else 's'}": ("cw2v", n) for n in args.workers}
    runs["gensim"] = ("gensim", args.gensim_workers)
    results: Results = {run: {name: [] for name in texts} for run in runs}
    for repeat in range(max(args.repeat, args.gensim_repeat)):
        for run, (program, workers) in runs.items():
            if repeat >= (args.gensim_repeat if program == "gensim" else args.repeat):
                continue
            for name, text in texts.items():
                settings = common.settings_of(args, mode) | CASES[name].settings
                settings |= {"workers": workers, "seed": 1 + repeat}
                if program == "gensim" and args.gensim_epochs:
                    settings["epochs"] = args.gensim_epochs
                result = common.train_once(program, text, settings, save)
                results[run][name].append(result)
                print(f"  {name}, {run}: {millions(result):.3f} M words/s", flush=True)
    return {run: cases for run, cases in results.items() if any(cases.values())}


def millions(result: dict[str, Any]) -> float:
    """Return million words per second."""
    return float(result["words_per_second"]) / 1e6


def speeds(results: Results) -> str:
    """Lay out one row for each case and run, and how it compares with the main case."""
    rows = [["case", "run", "M words/s", "best", "of main", "best of main", "of gensim"]]
    middle = {
        run: {name: statistics.median(map(millions, told)) for name, told in cases.items()}
        for run, cases in results.items()
    }
    best = {
        run: {name: max(map(millions, told)) for name, told in cases.items()}
        for run, cases in results.items()
    }
    for name in next(iter(results.values())):
        for run, cases in results.items():
            numbers = [millions(result) for result in cases[name]]
            of_gensim = middle[run][name] / middle["gensim"][name] if "gensim" in middle else None
            rows.append(
                [
                    name,
                    run,
                    common.spread(numbers, 1, 3),
                    f"{best[run][name]:.3f}",
                    f"{middle[run][name] / middle[run][MAIN]:.2f}",
                    f"{best[run][name] / best[run][MAIN]:.2f}",
                    "" if of_gensim is None or run == "gensim" else f"{of_gensim:.1f}",
                ]
            )
    return common.table(rows)


def reasons(results: Results) -> str:
    """Lay out what each case has to do for a word read, by cw2v's report."""
    rows = [["case", "vocabulary", "tokens", "in it", "kept", "pairs/kept", "pairs/word"]]
    runs = [run for run in results if run != "gensim"]
    rows[0] += [f"M pairs/s, {run}" for run in runs]
    for name, measured in results[runs[0]].items():
        first = measured[0]
        epochs = round(first["words_per_second"] * first["train_seconds"] / first["n_tokens"])
        words = first["n_tokens"] * epochs
        row = [
            name,
            f"{first['n_words']:,}",
            f"{first['n_raw_tokens']:,}",
            f"{first['n_tokens'] / first['n_raw_tokens']:.3f}",
            f"{first['kept_words'] / words:.3f}",
            f"{first['predictions'] / first['kept_words']:.2f}",
            f"{first['predictions'] / words:.2f}",
        ]
        for run in runs:
            rates = [told["predictions"] / told["train_seconds"] for told in results[run][name]]
            row.append(common.spread(rates, 1e6, 2))
        rows.append(row)
    return common.table(rows)


if __name__ == "__main__":
    main()
