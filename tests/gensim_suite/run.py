"""Runs gensim's own installed tests with cw2v's classes in the place of gensim's.

    python tests/gensim_suite/run.py [-k EXPRESSION] [other options of pytest]

in a process and a temporary folder of their own: the tests use fixed names for their files,
and after the swap nothing else can use gensim there. `test_gensim_suite.py` runs all of them
and judges the outcomes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SUMMARY = pytest.StashKey[str]()  # one line for the end of the run that runs this one


def run(
    options: list[str], folder: Path, *, capture: bool = False, timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pytest on gensim's test modules in `folder`."""
    import cw2v

    paths = [str(HERE.parent)]
    home = Path(cw2v.__file__).parents[1]
    if home.name not in ("site-packages", "dist-packages"):
        paths.append(str(home))  # built in place, and found until now through the current folder
    if os.environ.get("PYTHONPATH"):
        paths.append(os.environ["PYTHONPATH"])
    command = [sys.executable, *(["-P"] if sys.flags.safe_path else []), "-m", "pytest"]
    command += ["-c", str(HERE / "suite.ini"), "--rootdir", str(folder), *options]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
        check=False,
        timeout=timeout_s,
    )


if __name__ == "__main__":
    sys.path.append(str(HERE.parents[1]))  # where cw2v is not installed but built in place
    with tempfile.TemporaryDirectory(prefix="cw2v-gensim-suite-") as scratch:
        sys.exit(run(sys.argv[1:], Path(scratch)).returncode)
