"""Programs from PyPI that use gensim's Word2Vec, with gensim and with cw2v instead of it.

    python benchmarks/third_party.py --folder environments/ --json third-party.json

Makes a virtual environment for each group of programs that can be installed together, with gensim
and cw2v (built from this checkout, or --wheel) in it, and runs each job of third_party_jobs.py
twice: unchanged, and with gensim's classes replaced by cw2v's, in the same way as for gensim's own
tests, so that gensim's are out of reach. The programs' code is not changed.

seconds     in build_vocab and train of Word2Vec, median of --repeat; the JSON also has those of
            the whole job (with imports, compilation by Numba, walks, files and evaluation)
score       a downstream measure, which each job documents
works       it ran with cw2v, and its score differs from gensim's no more than by chance
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common

HERE = Path(__file__).resolve().parent
GENSIM = "gensim==4.4.0"
LONGEST_S = 1800


@dataclass(frozen=True)
class Group:
    """Programs that install together; some with pins older than their code needs."""

    requirements: tuple[str, ...]
    without_dependencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """What to run, what its score is, and how far the two programs' scores may differ."""

    name: str
    package: str
    group: str
    score: str
    tolerance: float = 0.03


GROUPS = {
    "graphs": Group(
        (
            *("fastnode2vec", "node2vec", "pecanpy", "numpy<2"),
            *("python-louvain", "six", "python-Levenshtein", "pandas", "scikit-learn"),
        ),
        # karateclub pins NumPy, pandas and networkx of 2021, which have no wheels any more.
        ("karateclub", "pygsp"),
    ),
    # PyRDF2Vec asks for torch and pins of 2021; its Word2Vec part needs only these.
    "rdf": Group(
        (
            *("attrs<22", "cachetools<5", "numpy<2", "networkx", "pandas", "matplotlib", "tomlkit"),
            *("python-louvain", "python-Levenshtein", "aiohttp", "rdflib", "requests", "tqdm"),
            *("nest_asyncio", "scikit-learn"),
        ),
        ("pyRDF2Vec",),
    ),
    "spectra": Group(("spec2vec", "matchms<0.31")),
    "fairness": Group(("wefe",)),
}

JOBS = (
    Job("fastnode2vec", "fastnode2vec", "graphs", "Cora accuracy"),
    Job("node2vec", "node2vec", "graphs", "Cora accuracy"),
    Job("pecanpy", "pecanpy", "graphs", "wiki-pages accuracy"),
    Job("deepwalk", "karateclub", "graphs", "Cora accuracy"),
    Job("walklets", "karateclub", "graphs", "Cora accuracy"),
    Job("pyrdf2vec", "pyRDF2Vec", "rdf", "wiki-pages accuracy"),
    Job("spec2vec", "spec2vec", "spectra", "halves of sessions, AUC"),
    Job("wefe", "wefe", "fairness", "WEAT effect size", 0.3),
)


def main() -> None:
    """Run what the command line asks for and print the table."""
    args = parse()
    chosen = [job for job in JOBS if not args.only or job.name in args.only]
    args.folder.mkdir(parents=True, exist_ok=True)
    wheel = args.wheel or build_wheel(args.folder)
    results: dict[str, dict[str, Any]] = {}
    for group in dict.fromkeys(job.group for job in chosen):
        python = environment(args.folder / group, GROUPS[group], wheel)
        for job in (job for job in chosen if job.group == group):
            results[job.name] = run_both(python, job, args.repeat)
            print(f"  {job.name}: {json.dumps(results[job.name])}", flush=True)
    machine = common.machine()
    print(f"\n{common.describe(machine)}\n\n{summary(chosen, results)}")
    common.save_json(args.json, {"machine": machine, "results": results})
    if not all(result["works"] for result in results.values()):
        sys.exit("not all of them work")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the environments are made and kept"
    )
    parser.add_argument("--wheel", type=Path, help="of cw2v; default: built from this checkout")
    parser.add_argument("--only", nargs="+", choices=[job.name for job in JOBS], metavar="JOB")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, help="save all numbers here")
    return parser.parse_args()


def build_wheel(folder: Path) -> Path:
    """Build cw2v from this checkout."""
    wheels = folder / "wheel"
    for old in wheels.glob("cw2v-*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels)]
    subprocess.run([*command, str(HERE.parent)], check=True)
    (wheel,) = wheels.glob("cw2v-*.whl")
    return wheel


def environment(folder: Path, group: Group, wheel: Path) -> Path:
    """Make a group's environment, or find it made before; install cw2v; return its Python."""
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if not (folder / "ready").exists():
        print(f"making the environment {folder.name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([*pip, GENSIM, *group.requirements], check=True)
        if group.without_dependencies:
            subprocess.run([*pip, "--no-deps", *group.without_dependencies], check=True)
        (folder / "ready").touch()
    subprocess.run([*pip, str(wheel)], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(wheel)], check=True)
    return python


def run_both(python: Path, job: Job, repeat: int) -> dict[str, Any]:
    """Run a job with each program in turn; return both results and whether cw2v's is sane."""
    result: dict[str, Any] = {"package": f"{job.package} {version(python, job.package)}"}
    for program in ("gensim", "cw2v"):
        runs = [run_once(python, program, job.name) for _ in range(repeat)]
        failed = next((run for run in runs if "error" in run), None)
        result[program] = failed or {
            key: statistics.median(run[key] for run in runs) for key in runs[0]
        }
    gensim, cw2v = result["gensim"], result["cw2v"]
    result["works"] = "error" not in cw2v and (
        "error" in gensim or within(job, gensim["score"], cw2v["score"])
    )
    return result


def within(job: Job, gensim: float, cw2v: float) -> bool:
    """Tell whether cw2v's score is as good as gensim's, as far as chance lets us tell."""
    if job.name == "wefe":  # a measure that has no better or worse
        return abs(cw2v - gensim) <= job.tolerance
    return cw2v >= gensim - job.tolerance


def run_once(python: Path, program: str, job: str) -> dict[str, Any]:
    """Run a job in a process of its own; return its numbers, or the last line of its error."""
    command = [str(python), "-W", "ignore", str(HERE / "third_party_jobs.py"), program, job]
    # Nothing is imported from this checkout's root: cw2v is the one installed there.
    try:
        done = subprocess.run(
            [*command, str(common.data_folder())],
            cwd=python.parents[1],
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"still running after {LONGEST_S} s"}
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr, flush=True)
        return {"error": (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def version(python: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    return subprocess.check_output([str(python), "-c", code, package], text=True).strip()


def summary(chosen: list[Job], results: dict[str, dict[str, Any]]) -> str:
    """Lay out one row for each job."""
    rows = [["program", "job", "measure", "gensim", "cw2v", "gensim s", "cw2v s", "works"]]
    for job in chosen:
        result = results[job.name]
        gensim, cw2v = result["gensim"], result["cw2v"]
        rows.append(
            [
                *(result["package"], job.name, job.score),
                *(f"{x['score']:.3f}" if "score" in x else "fails" for x in (gensim, cw2v)),
                *(f"{x['word2vec_seconds']:.1f}" if "score" in x else "-" for x in (gensim, cw2v)),
                "unchanged" if result["works"] else "NO",
            ]
        )
    return common.table(rows)


if __name__ == "__main__":
    main()
