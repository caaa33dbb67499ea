"""What the benchmarks share: texts, the machine, training in a separate process, tables."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import lzma
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BLOCK = 1 << 22
DEFAULT_TEXT = Path("encyclopedia.txt.xz")

# The four ways to train: which words are predicted, and which loss.
MODES = {
    "sg-ns": {"sg": 1, "hs": 0},
    "cbow-ns": {"sg": 0, "hs": 0},
    "sg-hs": {"sg": 1, "hs": 1},
    "cbow-hs": {"sg": 0, "hs": 1},
}


def data_folder() -> Path:
    """Return the folder of texts and evaluation sets, or stop and say how to name it."""
    folder = os.environ.get("CW2V_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit(
            "Set the environment variable CW2V_DATA to the folder that holds encyclopedia.txt.xz"
            f" and eval/ (it is {folder or 'not set'!r}), or give the text with --text."
        )
    return Path(folder)


def require_gensim() -> None:
    """Stop unless gensim can be imported."""
    if importlib.util.find_spec("gensim") is None:
        sys.exit(
            "This benchmark compares with gensim, which is not installed in this Python"
            f" ({sys.executable}): pip install gensim"
        )


@contextlib.contextmanager
def prepared_text(path: Path, prefix_bytes: int) -> Iterator[Path]:
    """Give a plain file with the first `prefix_bytes` of a text (0: all of it).

    A name that is no file here is looked for in $CW2V_DATA. Unpacks .xz to a temporary file,
    removed afterwards. The cut may split the last word, as ``head -c`` does.
    """
    source = path if path.is_file() else data_folder() / path
    if not source.is_file():
        sys.exit(f"There is no text {source}")
    if source.suffix != ".xz" and not 0 < prefix_bytes < source.stat().st_size:
        yield source
        return
    left = prefix_bytes or sys.maxsize
    with tempfile.TemporaryDirectory(prefix="cw2v-bench-") as folder:
        plain = Path(folder) / "text.txt"
        with (
            lzma.open(source) if source.suffix == ".xz" else source.open("rb") as packed,
            plain.open("wb") as out,
        ):
            while left and (block := packed.read(min(BLOCK, left))):
                out.write(block)
                left -= len(block)
        yield plain


def train_once(
    program: str,
    text: Path,
    settings: dict[str, Any],
    save: Path,
    environment: dict[str, str] | None = None,
    save_out: Path | None = None,
) -> dict[str, Any]:
    """Train by ``train_once.py`` in a new process; return what it measured.

    Its clock begins before the process is started, so importing is counted. `environment`
    has variables to set besides those of this process. W' of negative sampling is saved to
    `save_out`, a .npy file, if that is given.
    """
    job: dict[str, Any] = {
        "program": program,
        "text": str(text),
        "save": str(save),
        "settings": settings,
    }
    if save_out is not None:
        job["save_out"] = str(save_out)
    job["began"] = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(HERE / "train_once.py"), json.dumps(job)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        sys.exit(f"training with {program} failed (exit code {done.returncode}); see above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def machine() -> dict[str, Any]:
    """Describe the machine and the versions that the numbers belong to."""
    from threadpoolctl import threadpool_info

    import cw2v
    from cw2v import _kernels

    cpu = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), cpu)
    libraries = ("cw2v", "gensim", "numpy", "scipy")
    installed = {}
    for name in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[name] = importlib.metadata.version(name)
    installed["cw2v"] = cw2v.__version__
    return {
        "cpu": cpu,
        "cpus": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "kernel": _kernels.default_backend(),
        "blas": sorted(
            {f"{x['internal_api']} {x.get('architecture', '')}" for x in threadpool_info()}
        ),
        "versions": installed,
        "command": shlex.join(["python", *sys.argv]),
        "date": time.strftime("%Y-%m-%d"),
    }


def describe(machine: dict[str, Any]) -> str:
    """Write `machine` in two lines."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['system']};"
        f" kernel {machine['kernel']}; BLAS {', '.join(machine['blas'])};"
        f" Python {machine['python']}, {versions}\n$ {machine['command']}"
    )


def spread(numbers: list[float], scale: float = 1.0, digits: int = 2) -> str:
    """Write the median and range: ``2.81 (2.75-2.84)``."""
    low, middle, high = (
        f"{number / scale:.{digits}f}"
        for number in (min(numbers), statistics.median(numbers), max(numbers))
    )
    return middle if len(numbers) == 1 else f"{middle} ({low}-{high})"


def table(rows: list[list[str]]) -> str:
    """Lay out rows (the first is the heading) as a Markdown table that also reads as it stands."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def save_json(path: Path | None, result: dict[str, Any]) -> None:
    """Save `result` when a path was given."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1) + "\n")


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that most benchmarks have."""
    parser.add_argument(
        "--modes",
        nargs="+",
        choices=MODES,
        default=["sg-ns"],
        help="ns: negative sampling; hs: hierarchical softmax, without negative sampling",
    )
    parser.add_argument(
        "--prefix-bytes", type=int, default=100_000_000, help="use this much of it; 0: all"
    )
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--negative", type=int, default=5)
    parser.add_argument("--sample", type=float, default=1e-3)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="save all numbers here")


def settings_of(args: argparse.Namespace, mode: str) -> dict[str, Any]:
    """Return the arguments of `Word2Vec` for one of the modes, the same for every program."""
    names = ("vector_size", "window", "negative", "sample", "min_count", "epochs")
    settings = MODES[mode] | {name: getattr(args, name) for name in names}
    return settings | ({"negative": 0} if settings["hs"] else {})
