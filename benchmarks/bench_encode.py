"""Speed of counting and encoding a text, compared with gensim's vocabulary scan and wc -w.

    python benchmarks/bench_encode.py [--text FILE] --workers 1 2 --repeat 5

"cw2v, file" is everything from the path to the encoded corpus: reading, tokenising, counting, the
vocabulary (min_count 5) and the final int32 ids. "cw2v, lists" is the same from a Python list of
lists of tokens; the time to make that list is not included. gensim's scan only counts, as gensim
has no encoded corpus and reads the text again in each epoch; wc only counts, too. The runs
alternate; medians and ranges are printed. Rows of gensim or wc are left out if it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from common import DEFAULT_TEXT, describe, machine, prepared_text, save_json, spread, table

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


def contenders(text: Path, workers: list[int], list_lines: int) -> dict[str, Callable[[], int]]:
    """Return what is to be timed, by name; each counts the words of the text."""
    gensim = importlib.util.find_spec("gensim") is not None
    runs = {f"cw2v, file, {n} workers": file_run(text, n) for n in workers}
    if gensim:
        runs["gensim scan, corpus_file"] = gensim_run(corpus_file=str(text))
    if list_lines:
        with text.open(encoding="utf-8") as lines:
            sentences = [line.split() for line in itertools.islice(lines, list_lines)]
        runs["cw2v, lists"] = list_run(sentences)
        if gensim:
            runs["gensim scan, lists"] = gensim_run(sentences=sentences)
    if shutil.which("wc"):
        runs["wc -w"] = wc_run(text, os.environ.get("LC_ALL", ""))
        runs["wc -w, LC_ALL=C"] = wc_run(text, "C")
    return runs


def main() -> None:
    """Time each contender `--repeat` times, in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=DEFAULT_TEXT)
    parser.add_argument("--prefix-bytes", type=int, default=0, help="use this much; 0: all")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    parser.add_argument(
        "--list-lines",
        type=int,
        default=200_000,
        metavar="N",
        help="first lines of the file that become token lists; 0 for none (default 200000)",
    )
    parser.add_argument("--json", type=Path, help="save all numbers here")
    args = parser.parse_args()
    about = machine()
    with prepared_text(args.text, args.prefix_bytes) as text:
        runs = contenders(text, args.workers, args.list_lines)
        speeds: dict[str, list[float]] = {name: [] for name in runs}
        words = {}
        for _ in range(args.repeat):
            for name, run in runs.items():
                began = time.perf_counter()
                words[name] = run()
                speeds[name].append(words[name] / (time.perf_counter() - began))
        print(describe(about))
        print(f"{args.text.name}, {text.stat().st_size:,} bytes\n")
    rows = [["", "M words/s", "words"]]
    rows += [[name, spread(speed, 1e6, 1), f"{words[name]:,}"] for name, speed in speeds.items()]
    print(table(rows))
    save_json(args.json, {"machine": about, "words/s": speeds, "words": words})


if __name__ == "__main__":
    main()
