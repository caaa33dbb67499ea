"""The command line and its standard streams: closed ones, and results that are piped on."""

import subprocess
import sys

import pytest

from cw2v.__main__ import main

SMALL = ["--vector-size", "12", "--epochs", "2", "--workers", "1"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("the cat sat on the mat\n" * 50)
    return path


@pytest.fixture(scope="module")
def vectors(corpus):
    path = corpus.with_name("vectors.bin")
    assert main(["train", str(corpus), "-o", str(path), "--quiet", *SMALL]) == 0
    return path


def through_a_shell(line, *args):
    """Run the program with what the shell does to its standard streams."""
    command = ["sh", "-c", f'"$0" -m cw2v "$@" {line}', sys.executable, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_closed_standard_streams_are_no_fault_of_the_program(tmp_path, corpus, vectors):
    output = tmp_path / "v.bin"
    train = ["train", corpus, "-o", output, *SMALL]
    done = through_a_shell("2>&- >&-", *train)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert output.read_bytes() == vectors.read_bytes()
    done = through_a_shell("<&-", "train", "-", "-o", output)
    assert done.returncode == 1
    assert done.stderr == "cw2v: error: standard input: it is closed; there is nothing to read\n"
    done = through_a_shell(">&-", "neighbors", vectors, "cat")
    assert done.returncode == 1
    assert done.stderr.startswith("cw2v: error: standard output: it is closed")


def test_vectors_can_be_piped_on(corpus):
    train = ["train", corpus, "-o", "/dev/stdout", "--format", "txt", *SMALL]
    done = through_a_shell("| head -1", *train)
    assert done.stdout == "5 12\n"
