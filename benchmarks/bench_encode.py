"""Words per second of counting and encoding a text, against gensim's vocabulary scan and wc -w.

    python benchmarks/bench_encode.py text8 --workers 1 2 --repeat 5

"cw2v, file" is everything from the path to the encoded corpus: reading, counting, the
vocabulary (min_count 5) and the final int32 ids. "cw2v, lists" is the same from a Python list
of token lists, which takes no part in the time. gensim's scan only counts: it has no encoded
corpus and reads the text again in each epoch. wc only counts. The runs alternate; medians
and ranges are printed. gensim comes from PyPI; without it, or without wc, those rows are left
out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cw2v.corpus import ScannedCorpus, scan_files, scan_sentences
from cw2v.vocab import build_vocabulary


def encode(scanned: ScannedCorpus) -> int:
    """Finish what a scan began; returns how many words were read."""
    return scanned.encode(build_vocabulary(scanned, min_count=5)).n_raw_tokens


def file_run(path: Path, workers: int) -> Callable[[], int]:
    """Return cw2v's run from a file."""
    return lambda: encode(scan_files(path, workers=workers))


def list_run(sentences: list[list[str]]) -> Callable[[], int]:
    """Return cw2v's run from token lists."""
    return lambda: encode(scan_sentences(sentences))


def gensim_run(**corpus) -> Callable[[], int]:
    """Return gensim's first pass alone: _scan_vocab is what its build_vocab spends its time in."""
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    def run() -> int:
        sentences = corpus.get("sentences") or LineSentence(corpus["corpus_file"])
        total, _ = Word2Vec()._scan_vocab(sentences, 1_000_000, None)
        return total

    return run


def wc_run(path: Path, locale: str) -> Callable[[], int]:
    """Return a run of wc, which reads characters or, with LC_ALL=C, bytes."""

    def run() -> int:
        out = subprocess.run(
            ["wc", "-w", path],
            capture_output=True,
            check=True,
            env={**os.environ, "LC_ALL": locale},
        )
        return int(out.stdout.split()[0])

    return run


def cpu_name() -> str:
    """Return what the CPU calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")


def installed(name: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Time each contender `--repeat` times, in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a plain text file")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    parser.add_argument(
        "--list-lines",
        type=int,
        default=200_000,
        metavar="N",
        help="first lines of the file that become token lists; 0 for none (default 200000)",
    )
    arguments = parser.parse_args()

    gensim = installed("gensim")
    runs = {f"cw2v, file, {n} workers": file_run(arguments.file, n) for n in arguments.workers}
    if gensim:
        runs["gensim scan, corpus_file"] = gensim_run(corpus_file=str(arguments.file))
    if arguments.list_lines:
        with arguments.file.open(encoding="utf-8") as lines:
            sentences = [line.split() for line in itertools.islice(lines, arguments.list_lines)]
        runs["cw2v, lists"] = list_run(sentences)
        if gensim:
            runs["gensim scan, lists"] = gensim_run(sentences=sentences)
    if shutil.which("wc"):
        runs["wc -w"] = wc_run(arguments.file, os.environ.get("LC_ALL", ""))
        runs["wc -w, LC_ALL=C"] = wc_run(arguments.file, "C")

    rates: dict[str, list[float]] = {name: [] for name in runs}
    words = {}
    for _ in range(arguments.repeat):
        for name, run in runs.items():
            began = time.perf_counter()
            words[name] = run()
            rates[name].append(words[name] / (time.perf_counter() - began) / 1e6)

    print(f"{arguments.file.name}, {arguments.file.stat().st_size} bytes; {cpu_name()},")
    print(
        f"{os.cpu_count()} CPUs; Python {platform.python_version()}, numpy {installed('numpy')}, "
        f"cw2v {installed('cw2v') or 'from its source'}, gensim {gensim}"
    )
    print("command:", " ".join(["python", *sys.argv]))
    print(f"\n{'million words/s':28} {'median':>7}  {'range':15} {'words':>11}")
    for name, values in rates.items():
        spread = f"{min(values):.1f}-{max(values):.1f}"
        print(f"{name:28} {statistics.median(values):7.1f}  {spread:15} {words[name]:11}")


if __name__ == "__main__":
    main()
