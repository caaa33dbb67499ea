"""Scaling: speed and quality by the number of workers, and what this machine allows.

    python benchmarks/bench_workers.py --workers 1 2 4 8 16 --modes sg-ns cbow-ns --json w.json

The text is read once. Then each number of workers trains a new model in turn, --repeat times.

M words/s   of the vocabulary read, before subsampling, times epochs, per second of training
of 1        the speedup: ratio to the speed of one worker (of the first number given)
apart       the same for as many independent processes of one worker, each with its own model: they
            share nothing but the machine, so what they lose is due to the machine (hardware
            threads of a core, caches, memory, clock), and the rest to cw2v. One epoch each; see
            --apart-epochs
quality     with --quality: Google's analogies, then Spearman's rank correlation on three sets of
            word pairs, or the Spanish analogies of bench_quality.py
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import common
from quality_measures import English, Spanish, evaluation_of

from cw2v import Word2Vec


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    machine = common.machine() | {"layout": layout()}
    print(f"{common.describe(machine)}\n{machine['layout']}", flush=True)
    results: dict[str, Any] = {}
    with (
        common.prepared_text(args.text, args.prefix_bytes) as text,
        tempfile.TemporaryDirectory(prefix="cw2v-bench-") as scratch,
    ):
        evaluation = None
        if args.quality:
            evaluation = evaluation_of(args.text, args.restrict_vocab, Path(scratch))
        for mode in args.modes:
            print(f"\n{mode}", flush=True)
            known = Word2Vec(**common.settings_of(args, mode))
            known.build_vocab(corpus_file=str(text))
            results[mode] = measure(args, mode, known, text, evaluation)
            print(f"\n{table(results[mode])}", flush=True)
    settings = {key: str(value) for key, value in vars(args).items()}
    common.save_json(args.json, {"machine": machine, "settings": settings, "runs": results})


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.add_argument("--text", type=Path, default=common.DEFAULT_TEXT)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--apart-epochs", type=int, default=1, help="0: do not train apart")
    parser.add_argument("--quality", action="store_true", help="score the vectors too")
    parser.add_argument("--restrict-vocab", type=int, default=50_000)
    return parser.parse_args()


def layout() -> str:
    """Say how the CPUs are laid out: sockets, cores, threads of a core, caches."""
    try:
        done = subprocess.run(["lscpu"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "lscpu, which says how CPUs are laid out, is not installed"
    wanted = ("Thread", "Core", "Socket", "NUMA node(s)", "L1d", "L2", "L3")
    lines = (line.strip() for line in done.stdout.splitlines())
    return "; ".join(" ".join(line.split()) for line in lines if line.startswith(wanted))


def measure(
    args: argparse.Namespace,
    mode: str,
    known: Word2Vec,
    text: Path,
    evaluation: English | Spanish | None,
) -> list[dict[str, Any]]:
    """Train with every number of workers in turn; return one result for each training."""
    results = []
    for repeat in range(args.repeat):
        for workers in args.workers:
            settings = common.settings_of(args, mode) | {"workers": workers, "seed": 1 + repeat}
            model = untrained(settings, known)
            result: dict[str, Any] = {"workers": workers, "speed": speed_of_training(model, text)}
            if args.apart_epochs:
                alone = settings | {"workers": 1, "epochs": args.apart_epochs}
                result["apart"] = speed_apart(alone, workers, known, text)
            if evaluation:
                result["quality"] = evaluation.scores(model.wv)
            print(f"  {result}", flush=True)
            results.append(result)
    return results


def untrained(settings: dict[str, Any], known: Word2Vec) -> Word2Vec:
    """Make a model of the words, and the encoded text, of one that has read it."""
    model = Word2Vec(**settings)
    model.reset_from(known)
    return model


def speed_of_training(model: Word2Vec, text: Path) -> float:
    """Train; return the words of the vocabulary that were read per second."""
    model.train(corpus_file=str(text), total_words=model.corpus_total_words, epochs=model.epochs)
    report = model.training_report
    return sum(epoch.words for epoch in report.epochs) / report.train_seconds


def speed_apart(settings: dict[str, Any], n: int, known: Word2Vec, text: Path) -> float:
    """Train a model in each of n processes at once; add up their speeds."""
    context = multiprocessing.get_context("fork")  # so that all have the text that was read
    ready = context.Barrier(n)
    speeds = context.SimpleQueue()

    def train_one() -> None:
        model = untrained(settings, known)
        ready.wait(timeout=60)  # so that none waits for one that failed
        speeds.put(speed_of_training(model, text))

    processes = [context.Process(target=train_one) for _ in range(n)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit("a process that trained apart failed; see above")
    return sum(speeds.get() for _ in processes)


def table(results: list[dict[str, Any]]) -> str:
    """Lay out one row for each number of workers."""
    numbers = list(dict.fromkeys(result["workers"] for result in results))
    by_number = {n: [result for result in results if result["workers"] == n] for n in numbers}
    one = statistics.median(result["speed"] for result in by_number[numbers[0]])
    rows = [["workers", "M words/s", f"of {numbers[0]}"]]
    apart = "apart" in results[0]
    sets = list(results[0].get("quality", ()))
    rows[0] += (["apart, M words/s", f"of {numbers[0]}"] if apart else []) + sets
    for n, measured in by_number.items():
        speeds = [result["speed"] for result in measured]
        row = [str(n), common.spread(speeds, 1e6), common.spread(speeds, one)]
        if apart:
            first = statistics.median(result["apart"] for result in by_number[numbers[0]])
            speeds = [result["apart"] for result in measured]
            row += [common.spread(speeds, 1e6), common.spread(speeds, first)]
        row += [common.spread([r["quality"][name] for r in measured], 1, 3) for name in sets]
        rows.append(row)
    return common.table(rows)


if __name__ == "__main__":
    main()
