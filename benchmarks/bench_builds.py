"""Compare the speed of several builds of cw2v, in time slices of 50 ms.

    git worktree add ../before HEAD~1
    (cd ../before && python setup.py build_ext --inplace)
    python benchmarks/bench_builds.py before=../before after=. --modes cbow-hs --repeat 3

On a shared machine, the same run may take a third longer a minute later. Here all builds train at
the same time, each in its own process and with as many workers as --workers says, and at any moment
all but one are stopped (SIGSTOP). So all run under the same conditions, and the ratios of their CPU
time are reproducible to 2 or 3 %. To see how well, give the first build twice, under two names. The
order in which they are started matters a little; it changes from round to round. Linux only.

The table has the speed of each build in millions of words per second of CPU time, and its ratio to
that of the first build in the same round: median (minimum to maximum).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common

SLICE_SECONDS = 0.05


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "builds", nargs="+", type=build, metavar="NAME=FOLDER", help="a folder with cw2v compiled"
    )
    common.add_common_arguments(parser)
    parser.set_defaults(prefix_bytes=20_000_000, epochs=1)
    parser.add_argument("--text", type=Path, default=common.DEFAULT_TEXT)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="of each build; default 1")
    args = parser.parse_args()
    builds = dict(args.builds)
    if len(builds) < len(args.builds):
        parser.error("each build needs a name of its own")

    machine = common.machine()
    print(common.describe(machine), flush=True)
    speeds: dict[str, dict[str, list[float]]] = {}
    rows = [["mode", "build", "M words/s", "ratio to the first"]]
    with common.prepared_text(args.text, args.prefix_bytes) as text:
        for mode in args.modes:
            settings = common.settings_of(args, mode) | {"workers": args.workers}
            job = {"text": str(text), "settings": settings}
            rounds = [by_turns(builds, job, first) for first in range(args.repeat)]
            speeds[mode] = {name: [speed[name] for speed in rounds] for name in builds}
            base = next(iter(speeds[mode].values()))
            for name, own in speeds[mode].items():
                ratios = [a / b for a, b in zip(own, base, strict=True)]
                rows.append([mode, name, common.spread(own, 1e6), common.spread(ratios)])
    print(f"\n{common.table(rows)}")
    common.save_json(args.json, {"machine": machine, "words_per_second": speeds})


def build(argument: str) -> tuple[str, Path]:
    """Take NAME=FOLDER apart."""
    name, _, folder = argument.partition("=")
    path = Path(folder).resolve()
    if not (name and folder and list(path.glob("cw2v/_kernels.*so"))):
        raise argparse.ArgumentTypeError(
            f"{argument!r} is not NAME=FOLDER with a folder in which cw2v was compiled by"
            " 'python setup.py build_ext --inplace'"
        )
    return name, path


def by_turns(builds: dict[str, Path], job: dict[str, Any], first: int) -> dict[str, float]:
    """Train with all builds at once, the one numbered `first` started first; return words/s."""
    names = list(builds)
    first %= len(names)
    with contextlib.ExitStack() as stack:
        training = {
            name: stack.enter_context(stopped_training(builds[name], job))
            for name in names[first:] + names[:first]
        }
        running = list(training.values())
        while running:
            for process in list(running):
                process.send_signal(signal.SIGCONT)
                time.sleep(SLICE_SECONDS)
                if process.poll() is None:
                    process.send_signal(signal.SIGSTOP)
                else:
                    running.remove(process)
        speeds = {}
        for name, process in training.items():
            if process.returncode:
                sys.exit(f"training with {name} failed (exit code {process.returncode}); see above")
            assert process.stdout is not None
            speeds[name] = float(json.loads(process.stdout.read()))
    return {name: speeds[name] for name in names}


@contextlib.contextmanager
def stopped_training(folder: Path, job: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Start a process that has read its text and stopped before it trains."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--job", json.dumps(job)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit(f"cw2v in {folder} cannot train this; see above")
        yield process
    finally:
        process.kill()
        process.wait()


def train_when_continued(job: dict[str, Any]) -> None:
    """Read, stop until continued, train; print the words trained in a second of CPU time."""
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cpus[-job["settings"]["workers"] :])
    from cw2v import Word2Vec

    model = Word2Vec(**job["settings"])
    model.build_vocab(corpus_file=job["text"])
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    began = time.process_time()
    model.train(corpus_file=job["text"], total_words=model.corpus_total_words, epochs=model.epochs)
    seconds = time.process_time() - began
    words = sum(int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key)
    print(json.dumps(words * model.epochs / seconds))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        train_when_continued(json.loads(sys.argv[2]))
    else:
        main()
