"""Training speed, total time and peak memory: cw2v and gensim.

    python benchmarks/bench_train.py --modes sg-ns cbow-ns sg-hs cbow-hs --repeat 3 --json r.json

Skip-gram (sg) or CBOW, with negative sampling (ns) or hierarchical softmax (hs), with the same
settings in all programs. By default one worker for gensim, one and two for cw2v. Each training has
its own process, the programs take turns, and median and range over the repeats are printed.

words/s     tokens read that are in the vocabulary, before subsampling, times epochs, per second
            of training, as word2vec.c counts; reading the text is not included
read        seconds to count (gensim) or to count and encode (cw2v) the text, and raw words/s
whole       from the start of the process, imports included, to the saved vectors
memory      peak of the process, and its excess over W + W' + the encoded corpus

gensim reads with `corpus_file`, its fastest way. `cw2v-list` trains on a list of lists of str,
whose memory is part of its peak. Speed says nothing about the vectors: see bench_quality.py.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import common


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    runs = [("gensim", workers) for workers in args.gensim_workers]
    runs += [("cw2v", workers) for workers in args.workers]
    runs += [("cw2v-list", workers) for workers in args.list_workers]
    if args.gensim_workers:
        common.require_gensim()
    machine = common.machine()
    print(common.describe(machine), flush=True)
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    with common.prepared_text(args.text, args.prefix_bytes) as text:
        for mode in args.modes:
            print(f"\n{mode}", flush=True)
            results[mode] = measure(args, mode, runs, text)
            print(f"\n{summary(results[mode])}\n\n{ratios(results[mode])}", flush=True)
    common.save_json(args.json, {"machine": machine, "settings": vars_of(args), "runs": results})


def measure(
    args: argparse.Namespace, mode: str, runs: list[tuple[str, int]], text: Path
) -> dict[str, list[dict[str, Any]]]:
    """Train every program in turn, as often as asked; return what was measured, by run."""
    results: dict[str, list[dict[str, Any]]] = {name(*run): [] for run in runs}
    with tempfile.TemporaryDirectory(prefix="cw2v-bench-") as folder:
        for repeat in range(args.repeat):
            for program, workers in runs:
                settings = common.settings_of(args, mode) | {"workers": workers, "seed": 1 + repeat}
                if program == "gensim" and args.gensim_epochs:
                    settings["epochs"] = args.gensim_epochs
                result = common.train_once(program, text, settings, Path(folder) / "vectors.bin")
                results[name(program, workers)].append(result)
                print(
                    f"  {name(program, workers)}: {result['words_per_second'] / 1e6:.3f} M words/s,"
                    f" whole {result['whole_seconds']:.1f} s",
                    flush=True,
                )
    return results


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.add_argument(
        "--text",
        type=Path,
        default=common.DEFAULT_TEXT,
        help=f"a file, or the name of one in $CW2V_DATA; default {common.DEFAULT_TEXT}",
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--gensim-workers", type=int, nargs="*", default=[1], help="default 1")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="default 1 2")
    parser.add_argument(
        "--list-workers", type=int, nargs="*", default=[], help="also train on lists; default none"
    )
    parser.add_argument(
        "--gensim-epochs", type=int, help="to save time, fewer epochs for gensim than --epochs"
    )
    return parser.parse_args()


def name(program: str, workers: int) -> str:
    """Name a run: ``cw2v, 2 workers``."""
    return f"{program}, {workers} worker{'' if workers == 1 else 's'}"


def summary(results: dict[str, list[dict[str, Any]]]) -> str:
    """Lay out one row for each program and number of workers."""
    heading = ["run", "M words/s", "read s", "read M words/s", "train s", "save s", "whole s"]
    rows = [[*heading, "peak MB", "over model MB"]]
    for run, measured in results.items():

        def column(key: str, scale: float = 1.0, digits: int = 2, of: Any = measured) -> str:
            return common.spread([result[key] for result in of], scale, digits)

        over = [result["peak_bytes"] - result["model_bytes"] for result in measured]
        rows.append(
            [
                run,
                column("words_per_second", 1e6, 3),
                column("read_seconds"),
                column("read_words_per_second", 1e6),
                column("train_seconds", 1, 1),
                column("save_seconds"),
                column("whole_seconds", 1, 1),
                column("peak_bytes", 1e6, 0),
                common.spread(over, 1e6, 0),
            ]
        )
    first = next(iter(results.values()))[0]
    size = (
        f"{first['n_raw_tokens']:,} words of text, {first['n_tokens']:,} in the vocabulary of"
        f" {first['n_words']:,}"
    )
    return f"{size}\n\n{common.table(rows)}"


def ratios(results: dict[str, list[dict[str, Any]]]) -> str:
    """Compare the medians of every run with those of the first."""
    base, *others = results
    rows = [["ratio of medians", "words/s", "read words/s", "whole"]]
    middle = {
        run: {
            key: statistics.median(result[key] for result in measured)
            for key in ("words_per_second", "read_words_per_second", "whole_seconds")
        }
        for run, measured in results.items()
    }
    pairs = [(other, base) for other in others]
    if "cw2v, 1 worker" in results and "cw2v, 2 workers" in results:
        pairs.append(("cw2v, 2 workers", "cw2v, 1 worker"))
    for run, against in dict.fromkeys(pairs):
        # The last is a time, so there the ratio is the other way round.
        speed, read, whole = (middle[run][key] / middle[against][key] for key in middle[run])
        rows.append([f"{run} / {against}", f"{speed:.2f}", f"{read:.2f}", f"{1 / whole:.2f}"])
    return common.table(rows)


def vars_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments in a form JSON can hold."""
    return {key: str(v) if isinstance(v, Path) else v for key, v in vars(args).items()}


if __name__ == "__main__":
    main()
