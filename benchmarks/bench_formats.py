"""Seconds to save and load a file of vectors, beside gensim's.

    python benchmarks/bench_formats.py --words 200000 --size 100 --repeat 3

The vectors are random, as small as trained ones (so that text has 8 to 11 digits a number).
The files lie in the folder for temporary files; loading finds them in the system's cache.
cw2v's saving includes bringing the file to the disk (fsync), gensim's does not. Prints the
best of the repeats; gensim, when it can be imported, runs once. All files are compared.
"""

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

from cw2v import formats

try:
    from gensim.models import KeyedVectors as GensimVectors
except ImportError:
    GensimVectors = None


def seconds(call, repeat):
    """Give the best time of some calls, and what the last returned."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()

    vectors = np.random.default_rng(0).random((args.words, args.size), dtype=np.float32)
    vectors = (vectors - np.float32(0.5)) / 3
    words = [f"word{row}" for row in range(args.words)]
    print(f"{args.words} x {args.size}, {platform.processor() or platform.machine()}, ", end="")
    print(f"{os.cpu_count()} cores, NumPy {np.__version__}")
    print(f"{'':12}{'cw2v':>10}{'gensim':>10}{'times':>8}")

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        gensims = None
        if GensimVectors is not None:
            gensims = GensimVectors(args.size)
            gensims.add_vectors(words, vectors)
        for binary in (True, False):
            kind = "binary" if binary else "text"
            saved, _ = seconds(
                lambda b=binary: formats.write_word2vec(ours, words, vectors, binary=b), args.repeat
            )
            loaded, read = seconds(
                lambda b=binary: formats.read_word2vec(ours, binary=b), args.repeat
            )
            assert read.words == words
            assert (read.vectors == vectors).all()
            reference = {"save": None, "load": None}
            if gensims is not None:
                reference["save"], _ = seconds(
                    lambda b=binary: gensims.save_word2vec_format(str(theirs), binary=b), 1
                )
                reference["load"], _ = seconds(
                    lambda b=binary: GensimVectors.load_word2vec_format(str(theirs), binary=b), 1
                )
                assert binary or ours.read_bytes() == theirs.read_bytes()
            for what, mine in (("save", saved), ("load", loaded)):
                its = reference[what]
                print(f"{kind + ' ' + what:12}{mine:10.3f}", end="")
                print("" if its is None else f"{its:10.3f}{its / mine:8.1f}")


if __name__ == "__main__":
    main()
