"""Profile of training: the time of each stage, in nanoseconds per word, and its share.

    python benchmarks/bench_stages.py --modes sg-ns cbow-ns sg-hs cbow-hs --prefix-bytes 100000000

The CPU's time stamp counter is read at the end of each stage of each block, which takes time
itself: for speeds see bench_train.py. Words are those of the vocabulary read, before subsampling.
With several workers, the time of all of them is added up.

subsampling   deciding which words are kept; taking the next piece of the corpus
windows       window radii; the distinct context words of a block
noise words   random numbers, and the noise words drawn by them
paths         the paths to the centres in the Huffman tree of hierarchical softmax
prefetch      of rows of the blocks to come (skip-gram prefetches long rows in the update stage).
              Cache misses show up here, in products and in gather
gather        addresses of the rows of a block; copies for BLAS; the mean of CBOW's context
products      logits: dot products of the rows of W and of W'
errors        the logistic function
update        both products of the errors, with the rows that they are added to
scatter       adding updates to rows where the update stage does not: CBOW's context words, BLAS
merge         of a worker's local copies of hot rows into the shared rows; several workers only
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import closing
from pathlib import Path
from typing import Any

import common


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.set_defaults(modes=["sg-ns"])
    parser.add_argument("--text", type=Path, default=common.DEFAULT_TEXT)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--backend", help="default: the fastest of this machine")
    args = parser.parse_args()

    from cw2v.corpus import scan_files
    from cw2v.vocab import build_vocabulary

    machine = common.machine()
    print(common.describe(machine), flush=True)
    with (
        common.prepared_text(args.text, args.prefix_bytes) as text,
        closing(scan_files(text)) as scanned,
    ):
        vocabulary = build_vocabulary(scanned, min_count=args.min_count)
        corpus = scanned.encode(vocabulary)
        runs = {
            mode: [
                profile(corpus, vocabulary.counts, mode, args, seed)
                for seed in range(1, args.repeat + 1)
            ]
            for mode in args.modes
        }
    print(f"\n{table(runs)}\n\nns for a word, and % of them: medians of {args.repeat}")
    common.save_json(args.json, {"machine": machine, "runs": runs})


def profile(
    corpus: Any, counts: Any, mode: str, args: argparse.Namespace, seed: int
) -> dict[str, float]:
    """Train one epoch; return ns for a word of each stage that took any, and of all."""
    from cw2v.huffman import build_tree
    from cw2v.params import TrainParams
    from cw2v.trainer import Trainer
    from cw2v.weights import Weights, new_vectors, zero_vectors

    settings = common.settings_of(args, mode)
    for name in ("min_count", "epochs"):
        settings.pop(name)
    params = TrainParams(**settings, workers=args.workers, epochs=1, seed=seed)
    w = new_vectors(len(counts), params.vector_size, seed)
    weights = Weights(
        w,
        syn1neg=zero_vectors(*w.shape) if params.negative else None,
        syn1=zero_vectors(*w.shape) if params.hs else None,
        tree=build_tree(counts) if params.hs else None,
    )
    trainer = Trainer(corpus, counts, weights, params, backend=args.backend, profile=True)
    result = trainer.run_epoch(0)
    for_word = args.workers * result.seconds / result.words * 1e9
    stages = {name: share * for_word for name, share in trainer.stages().items() if share}
    return stages | {"all": for_word}


def table(runs: dict[str, list[dict[str, float]]]) -> str:
    """Lay out one column for each mode."""
    names = list(dict.fromkeys(name for each in runs.values() for name in each[0]))
    names.append(names.pop(names.index("all")))
    rows = [["stage", *runs]]
    for name in names:
        row = [name]
        for each in runs.values():
            spent = statistics.median([run.get(name, 0.0) for run in each])
            whole = statistics.median([run["all"] for run in each])
            row.append(f"{spent:.0f} ({spent / whole:.0%})" if spent else "")
        rows.append(row)
    return common.table(rows)


if __name__ == "__main__":
    main()
