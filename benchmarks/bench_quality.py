"""Quality of the vectors: cw2v against gensim, several seeds, the same evaluation for both.

    python benchmarks/bench_quality.py --workers 2 --keep vectors/ --json quality.json

Trains each program once for each seed, then scores the saved vectors with gensim's evaluation:
questions-words (3CosAdd, restricted to the 50,000 commonest words: share of right answers),
and Spearman's rank correlation on WordSim-353, SimLex-999 and MEN. Prints mean and range over
the seeds and the difference of the means. With three seeds, differences under 0.01 are noise.

--keep saves the vectors; --reuse takes gensim's from such a folder instead of training them
again (the settings are part of the files' names, so others are not taken by mistake).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import common

SETS = ("questions-words", "wordsim353", "simlex999", "men3000")


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    common.require_gensim()
    sets = common.data_folder() / "eval"
    machine = common.machine()
    print(common.describe(machine), flush=True)
    scores: dict[str, list[dict[str, float]]] = {"gensim": [], "cw2v": []}
    with (
        common.prepared_text(args.text, args.prefix_bytes) as text,
        tempfile.TemporaryDirectory(prefix="cw2v-bench-") as scratch,
    ):
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for seed in args.seeds:
            for program in scores:
                workers = args.gensim_workers if program == "gensim" else args.workers
                settings = common.common_settings(args) | {"workers": workers, "seed": seed}
                vectors, told = vectors_of(program, text, settings, folder, args.reuse)
                score = evaluate(vectors, sets, args.restrict_vocab)
                scores[program].append(score)
                line = ", ".join(f"{name} {score[name]:.4f}" for name in SETS)
                print(f"  {program}, seed {seed} ({told}): {line}", flush=True)
    print(f"\n{summary(scores)}")
    settings = {key: str(v) if isinstance(v, Path) else v for key, v in vars(args).items()}
    common.save_json(args.json, {"machine": machine, "settings": settings, "scores": scores})


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--workers", type=int, default=1, help="of cw2v")
    parser.add_argument("--gensim-workers", type=int, default=2)
    parser.add_argument("--restrict-vocab", type=int, default=50_000, help="for the analogies")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="save the vectors here")
    parser.add_argument("--reuse", type=Path, metavar="FOLDER", help="take gensim's from here")
    return parser.parse_args()


def vectors_of(
    program: str, text: Path, settings: dict[str, Any], folder: Path, reuse: Path | None
) -> tuple[Path, str]:
    """Train, or find vectors trained before; return their file and how they came about."""
    file_name = f"{program}-{fingerprint(text, settings)}-seed{settings['seed']}.bin"
    if program == "gensim" and reuse is not None and (reuse / file_name).exists():
        return reuse / file_name, "trained before"
    result = common.train_once(program, text, settings, folder / file_name)
    return folder / file_name, f"{result['words_per_second'] / 1e6:.2f} M words/s"


def fingerprint(text: Path, settings: dict[str, Any]) -> str:
    """Name the text (its size and first MB) and all settings but the seed in ten letters."""
    with text.open("rb") as file:
        digest = hashlib.sha256(file.read(1 << 20))
    told = {key: value for key, value in settings.items() if key != "seed"}
    digest.update(json.dumps([text.stat().st_size, told], sort_keys=True).encode())
    return digest.hexdigest()[:10]


def evaluate(path: Path, sets: Path, restrict_vocab: int) -> dict[str, float]:
    """Score a file of vectors on all four sets."""
    from gensim.models import KeyedVectors

    began = time.monotonic()
    vectors = KeyedVectors.load_word2vec_format(str(path), binary=True)
    analogies, _ = vectors.evaluate_word_analogies(
        str(sets / "questions-words.txt"), restrict_vocab=restrict_vocab
    )
    score = {"questions-words": float(analogies)}
    for name in SETS[1:]:
        _, spearman, _ = vectors.evaluate_word_pairs(str(sets / f"{name}.tsv"))
        score[name] = float(spearman[0])
    score["seconds"] = time.monotonic() - began
    return score


def summary(scores: dict[str, list[dict[str, float]]]) -> str:
    """Lay out mean and range for each program, then the difference of the means."""
    rows = [["mean over seeds (range)", *SETS]]
    means: dict[str, dict[str, float]] = {}
    for program, measured in scores.items():
        cells = []
        means[program] = {}
        for name in SETS:
            numbers = [score[name] for score in measured]
            means[program][name] = statistics.fmean(numbers)
            cells.append(f"{means[program][name]:.4f} ({min(numbers):.4f}-{max(numbers):.4f})")
        rows.append([program, *cells])
    difference = [f"{means['cw2v'][name] - means['gensim'][name]:+.4f}" for name in SETS]
    rows.append(["cw2v - gensim", *difference])
    return common.table(rows)


if __name__ == "__main__":
    main()
