"""Speed of each backend on this CPU, useful GFLOP/s, and their share of the peak of sgemm.

    python benchmarks/bench_backends.py --prefix-bytes 20000000 --repeat 3 --json backends.json

Trains skip-gram with negative sampling with every backend of this machine (or those of
--backends): one worker, one epoch, each training in its own process, in turn. Prints medians and
ranges of:

M words/s       words of the vocabulary read, before subsampling, per second of training
useful GFLOP/s  6 * dim * pairs * (negative + 1) per second: the dot products and both updates of
                word2vec.c, whatever else a backend computes
of the peak     these, as a share of the GFLOP/s of SciPy's sgemm here, on one thread, with
                500 x 500 matrices

The scalar backend is slow: give it a short text.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import common
from peak import sgemm_peak


def main() -> None:
    """Run what the command line asks for and print the table."""
    args = parse()
    machine = common.machine()
    print(common.describe(machine), flush=True)
    peaks = [sgemm_peak()]
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in args.backends}
    with (
        common.prepared_text(args.text, args.prefix_bytes) as text,
        tempfile.TemporaryDirectory(prefix="cw2v-bench-") as folder,
    ):
        for repeat in range(args.repeat):
            for name in args.backends:
                settings = common.settings_of(args, "sg-ns") | {"workers": 1, "seed": 1 + repeat}
                result = common.train_once(
                    "cw2v", text, settings, Path(folder) / "v.bin", {"CW2V_BACKEND": name}
                )
                flops = 6 * args.vector_size * result["predictions"] * (args.negative + 1)
                result["useful_gflops"] = flops / result["train_seconds"] / 1e9
                results[name].append(result)
            peaks.append(sgemm_peak())
    print(f"\nsgemm: {common.spread(peaks, 1, 1)} GFLOP/s\n\n{table(results, max(peaks))}")
    common.save_json(args.json, {"machine": machine, "sgemm_gflops": peaks, "runs": results})


def parse() -> argparse.Namespace:
    """Read the command line."""
    from cw2v._kernels import available_backends

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.set_defaults(epochs=1)
    parser.add_argument("--text", type=Path, default=common.DEFAULT_TEXT)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--backends", nargs="+", default=available_backends(), metavar="NAME")
    return parser.parse_args()


def table(results: dict[str, list[dict[str, Any]]], peak: float) -> str:
    """Lay out one row for each backend."""
    rows = [["backend", "M words/s", "useful GFLOP/s", "of the peak"]]
    for name, measured in results.items():
        gflops = [result["useful_gflops"] for result in measured]
        words = [result["words_per_second"] for result in measured]
        share = [value / peak * 100 for value in gflops]
        rows.append(
            [
                name,
                common.spread(words, 1e6),
                common.spread(gflops, 1, 1),
                f"{common.spread(share, 1, 0)} %",
            ]
        )
    return common.table(rows)


if __name__ == "__main__":
    main()
