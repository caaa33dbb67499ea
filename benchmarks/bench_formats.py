"""Time to save and load a file of vectors, compared with gensim's.

    python benchmarks/bench_formats.py --words 200000 --size 100 --repeat 3

The vectors are random, and as small as trained ones, so that text has 8 to 11 digits per number.
The files are in the folder for temporary files, and loaded from the page cache. Saving by cw2v
includes fsync, gensim's does not. Prints medians and ranges; gensim, if it can be imported, runs
once. The contents of all files are compared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import describe, machine, save_json, spread, table

from cw2v import formats

try:
    from gensim.models import KeyedVectors as GensimVectors
except ImportError:
    GensimVectors = None


def timed(call: Callable[[], Any], repeat: int) -> tuple[list[float], Any]:
    """Return the seconds that some calls took, and what the last returned."""
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - began)
    return seconds, result


def measure(
    words: list[str], vectors: np.ndarray, binary: bool, repeat: int, folder: Path
) -> dict[str, dict[str, list[float]]]:
    """Save and load with both programs; return seconds by what was done, and by whom."""
    ours, theirs = folder / "ours", folder / "theirs"
    result: dict[str, dict[str, list[float]]] = {"save": {}, "load": {}}
    result["save"]["cw2v"], _ = timed(
        lambda: formats.write_word2vec(ours, words, vectors, binary=binary), repeat
    )
    result["load"]["cw2v"], read = timed(lambda: formats.read_word2vec(ours, binary=binary), repeat)
    assert read.words == words
    assert (read.vectors == vectors).all()
    if GensimVectors is not None:
        gensims = GensimVectors(vectors.shape[1])
        gensims.add_vectors(words, vectors)
        result["save"]["gensim"], _ = timed(
            lambda: gensims.save_word2vec_format(str(theirs), binary=binary), 1
        )
        result["load"]["gensim"], _ = timed(
            lambda: GensimVectors.load_word2vec_format(str(theirs), binary=binary), 1
        )
        assert binary or ours.read_bytes() == theirs.read_bytes()
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="save all numbers here")
    args = parser.parse_args()

    vectors = np.random.default_rng(0).random((args.words, args.size), dtype=np.float32)
    vectors = (vectors - np.float32(0.5)) / 3
    words = [f"word{row}" for row in range(args.words)]
    about = machine()
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, binary in (("binary", True), ("text", False)):
            for what, by in measure(words, vectors, binary, args.repeat, Path(folder)).items():
                seconds[f"{kind}, {what}"] = by
    print(describe(about))
    print(f"{args.words:,} words, {args.size} dimensions\n")
    rows = [["seconds", "cw2v", "gensim", "ratio of the best"]]
    for name, by in seconds.items():
        theirs = by.get("gensim")
        ratio = f"{min(theirs) / min(by['cw2v']):.1f}" if theirs else ""
        rows.append([name, spread(by["cw2v"]), spread(theirs) if theirs else "", ratio])
    print(table(rows))
    save_json(args.json, {"machine": about, "seconds": seconds})


if __name__ == "__main__":
    main()
