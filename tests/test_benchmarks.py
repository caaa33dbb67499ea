"""The scripts that measure start, and do what they say on a small text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the benchmarks are in the source tree, not beside these tests"
)


def run(script, *args):
    done = subprocess.run(
        [sys.executable, "-W", "error", FOLDER / script, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "script", sorted(path.name for path in FOLDER.glob("bench_*.py") if "kernels" not in path.name)
)
def test_a_benchmark_says_what_it_measures(script):
    assert "--repeat" in run(script, "--help") or "--seeds" in run(script, "--help")


def test_counting_is_measured_on_a_small_text(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\n" * 50)
    shown = run("bench_encode.py", "--text", text, "--workers", 1, "--repeat", 1)
    assert "cw2v, file, 1 workers" in shown
    assert shown.count(" 300 ") >= 2  # words, counted by every program


def test_saving_is_measured_on_a_few_vectors(tmp_path):
    results = tmp_path / "results.json"
    shown = run("bench_formats.py", "--words", 50, "--size", 3, "--repeat", 1, "--json", results)
    assert "binary, save" in shown
    assert "text, load" in results.read_text()
