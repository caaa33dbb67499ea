r"""Quality of the vectors: cw2v and gensim, several seeds, the same evaluation for both.

    python benchmarks/bench_quality.py --modes sg-ns cbow-ns sg-hs cbow-hs \
        --texts encyclopedia.txt.xz utf8-es.txt.xz --keep vectors/ --json quality.json

Trains with each program once for each text, mode and seed, with the same settings, then scores the
saved vectors. English: questions-words (3CosAdd, accuracy among the 50,000 most frequent words),
and Spearman's rank correlation on WordSim-353, SimLex-999 and MEN. Spanish (texts named utf8-es):
analogies made by spanish_analogies.py, among the 20,000 most frequent words. Prints mean and range
over the seeds, and the difference of the means: with three seeds, differences below 0.01 are
noise. Then, for every language, how stable neighbours are: the share of the ten nearest neighbours
(of 1,000 words) that two trainings have in common, of gensim with another seed, and of cw2v with
gensim.

The vectors of both programs are scored by cw2v's evaluation, which gives the same results as
gensim's in seconds instead of minutes; --score-with gensim uses gensim's.

--keep saves the vectors; --reuse takes gensim's from such a folder instead of training again. The
settings are part of the names of the files, so vectors of other settings are not reused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import common
import quality_measures as measures

PROGRAMS = ("gensim", "cw2v")


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    machine = common.machine()
    print(common.describe(machine), flush=True)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="cw2v-bench-") as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in args.texts:
            with common.prepared_text(name, args.prefix_bytes) as text:
                evaluation = measures.evaluation_of(name, args.restrict_vocab, Path(scratch))
                for mode in args.modes:
                    title = f"{name.name}, {mode}"
                    print(f"\n{title}", flush=True)
                    result = measure(args, mode, (name, text), evaluation, folder)
                    results[title] = result
                    print(f"\n{summary(title, evaluation.sets, result)}", flush=True)
    settings = {key: str(value) for key, value in vars(args).items()}
    common.save_json(args.json, {"machine": machine, "settings": settings, "results": results})


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.add_argument(
        "--texts",
        type=Path,
        nargs="+",
        default=[common.DEFAULT_TEXT],
        help=f"files, or names of files in $CW2V_DATA; default {common.DEFAULT_TEXT}",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--workers", type=int, default=1, help="of cw2v")
    parser.add_argument("--gensim-workers", type=int, default=1)
    parser.add_argument("--restrict-vocab", type=int, default=50_000, help="English analogies")
    parser.add_argument("--score-with", choices=PROGRAMS, default="cw2v")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="save the vectors here")
    parser.add_argument("--reuse", type=Path, metavar="FOLDER", help="take gensim's from here")
    return parser.parse_args()


def measure(
    args: argparse.Namespace,
    mode: str,
    text: tuple[Path, Path],
    evaluation: measures.English | measures.Spanish,
    folder: Path,
) -> dict[str, Any]:
    """Train (or take) both programs' vectors for every seed; return scores and agreement."""
    scores: dict[str, list[dict[str, float]]] = {program: [] for program in PROGRAMS}
    nearest: dict[str, list[list[set]]] = {program: [] for program in PROGRAMS}
    for seed in args.seeds:
        for program in PROGRAMS:
            workers = args.gensim_workers if program == "gensim" else args.workers
            settings = common.settings_of(args, mode) | {"workers": workers, "seed": seed}
            path, told = vectors_of(program, text, mode, settings, folder, args.reuse)
            vectors = measures.load(path, args.score_with == "gensim")
            score = evaluation.scores(vectors)
            scores[program].append(score)
            nearest[program].append(measures.neighbours(vectors))
            line = ", ".join(f"{name} {value:.4f}" for name, value in score.items())
            print(f"  {program}, seed {seed} ({told}): {line}", flush=True)
    return {"scores": scores, "agreement": measures.agreement_among(nearest)}


def vectors_of(
    program: str,
    text: tuple[Path, Path],
    mode: str,
    settings: dict[str, Any],
    folder: Path,
    reuse: Path | None,
) -> tuple[Path, str]:
    """Train, or find vectors trained before; return their file and how they came about."""
    name, plain = text
    file_name = vectors_name(program, name, plain, mode, settings)
    if program == "gensim" and reuse is not None and (reuse / file_name).exists():
        return reuse / file_name, "trained before"
    if program == "gensim":
        common.require_gensim()
    result = common.train_once(program, plain, settings, folder / file_name)
    return folder / file_name, f"{result['words_per_second'] / 1e6:.2f} M words/s"


def vectors_name(program: str, name: Path, plain: Path, mode: str, settings: dict[str, Any]) -> str:
    """Name a file of vectors after all that decides what is in it."""
    stem = name.name.partition(".")[0]
    return f"{program}-{stem}-{mode}-{fingerprint(plain, settings)}-seed{settings['seed']}.bin"


def fingerprint(text: Path, settings: dict[str, Any]) -> str:
    """Name the text (its size and first MB) and all settings but seed and workers."""
    with text.open("rb") as file:
        digest = hashlib.sha256(file.read(1 << 20))
    told = {key: value for key, value in settings.items() if key not in ("seed", "workers")}
    digest.update(json.dumps([text.stat().st_size, told], sort_keys=True).encode())
    return digest.hexdigest()[:10]


def summary(title: str, sets: tuple[str, ...], result: dict[str, Any]) -> str:
    """Lay out mean and range for each program, the difference of the means, and the agreement."""
    rows = [[f"{title}: mean (range)", *sets]]
    means: dict[str, dict[str, float]] = {}
    for program, measured in result["scores"].items():
        cells = []
        means[program] = {}
        for name in sets:
            numbers = [score[name] for score in measured]
            means[program][name] = statistics.fmean(numbers)
            cells.append(f"{means[program][name]:.4f} ({min(numbers):.4f}-{max(numbers):.4f})")
        rows.append([program, *cells])
    difference = [f"{means['cw2v'][name] - means['gensim'][name]:+.4f}" for name in sets]
    rows.append(["cw2v - gensim", *difference])
    alike = "; ".join(f"{pair} {share:.3f}" for pair, share in result["agreement"].items())
    return f"{common.table(rows)}\n\nten nearest in common: {alike}"


if __name__ == "__main__":
    main()
