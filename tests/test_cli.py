"""The command line, from the arguments to files, output, messages and exit codes."""

import gzip
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cw2v import __version__
from cw2v.__main__ import main
from cw2v.formats import read_vectors

# Two groups of words that share nothing but "the", so that neighbours are certain.
ANIMALS = ["cat", "dog", "horse", "sheep", "goat", "mouse"]
PLACES = ["paris", "rome", "madrid", "vienna", "london", "berlin"]
N_WORDS = len(ANIMALS) + len(PLACES) + 1

SMALL = ["--vector-size", "12", "--epochs", "20", "--workers", "1", "--sample", "0"]


def run_program(*args, **options):
    """Run ``python -m cw2v`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cw2v", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def start_program(*args, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "cw2v", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def corpus(folder):
    draw = random.Random(3)
    lines = []
    for _ in range(1500):
        group = draw.choice([ANIMALS, PLACES])
        lines.append(" ".join(["the", *draw.choices(group, k=8)]))
    path = folder / "text.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def vectors(folder, corpus):
    path = folder / "vectors.bin"
    assert main(["train", str(corpus), "-o", str(path), "--quiet", *SMALL]) == 0
    return path


# Training


def test_train_saves_vectors_and_says_what_it_did(corpus, tmp_path, capsys):
    output = tmp_path / "v.bin"
    assert main(["train", str(corpus), "-o", str(output), "--loss", *SMALL]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    last = shown.err.splitlines()[-1]
    assert re.search(
        rf"v\.bin: {N_WORDS} words x 12, from 13\.5 k words in 1\.50 k sentences, 20 epochs,"
        r" loss [0-9.]+; read .* s \(.* words/s\), train .* s \(.* words/s\), save .* s,"
        r" in all .* s$",
        last,
    )
    words, array, _ = read_vectors(output)
    assert sorted(words) == sorted([*ANIMALS, *PLACES, "the"])
    assert array.shape == (N_WORDS, 12)
    assert np.isfinite(array).all()


def test_quiet_training_prints_nothing(corpus, tmp_path, capsys):
    assert main(["train", str(corpus), "-o", str(tmp_path / "v.bin"), "--quiet", *SMALL]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.vec", "v.npz", "V.BIN"])
def test_the_format_follows_from_the_suffix(corpus, vectors, tmp_path, name):
    output = tmp_path / name
    assert main(["train", str(corpus), "-o", str(output), "--quiet", *SMALL]) == 0
    start = output.read_bytes()[:4]
    assert start == b"PK\3\4" if name == "v.npz" else start == b"13 1"
    # One worker and one seed: every format holds the same vectors, text to its digits.
    expected, got = read_vectors(vectors), read_vectors(output)
    assert got[0] == expected[0]
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-7)


def test_word2vec_files_are_compressed_by_their_suffix_and_npz_is_not(
    corpus, vectors, tmp_path, usage_error
):
    output = tmp_path / "v.bin.gz"
    assert main(["train", str(corpus), "-o", str(output), "--quiet", *SMALL]) == 0
    assert gzip.decompress(output.read_bytes()) == vectors.read_bytes()
    usage_error(["train", corpus, "-o", tmp_path / "v.npz.gz"], "npz files are not compressed")


def test_format_overrides_the_suffix(corpus, tmp_path):
    output = tmp_path / "v.model"
    options = ["-o", str(output), "--format", "txt", "--quiet", *SMALL]
    assert main(["train", str(corpus), *options]) == 0
    assert output.read_text().count("\n") == N_WORDS + 1


def test_folders_compressed_files_and_standard_input_give_the_same_vectors(
    corpus, vectors, tmp_path
):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt.gz").write_bytes(gzip.compress(corpus.read_bytes()))
    main(["train", str(folder), "-o", str(tmp_path / "folder.bin"), "--quiet", *SMALL])
    with corpus.open("rb") as stdin:
        done = run_program(
            "train", "-", "-o", tmp_path / "stdin.bin", "--quiet", *SMALL, stdin=stdin
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "folder.bin").read_bytes() == vectors.read_bytes()
    assert (tmp_path / "stdin.bin").read_bytes() == vectors.read_bytes()


def test_several_files_are_one_corpus(corpus, tmp_path):
    output = tmp_path / "v.npz"
    assert main(["train", str(corpus), str(corpus), "-o", str(output), "--quiet", *SMALL]) == 0
    words, _, counts = read_vectors(output)
    assert words[0] == "the"
    assert counts[0] == 2 * 1500


def test_a_memory_budget_sends_the_corpus_to_a_file_and_changes_nothing(corpus, vectors, tmp_path):
    output = tmp_path / "v.bin"
    options = ["--memory-budget", "4K", "--quiet", *SMALL]
    assert main(["train", str(corpus), "-o", str(output), *options]) == 0
    assert output.read_bytes() == vectors.read_bytes()


def test_bytes_that_are_not_utf8_stop_the_run_or_are_kept(tmp_path, runtime_error):
    text = tmp_path / "latin.txt"
    text.write_bytes(b"caf\xe9 the caf\xe9 a\n" * 40)
    options = [text, "-o", tmp_path / "v.bin", "--quiet", *SMALL]
    runtime_error(["train", *options], text, "byte 3")
    assert not (tmp_path / "v.bin").exists()
    assert main(["train", *map(str, options), "--errors", "keep"]) == 0
    assert b"caf\xe9 " in (tmp_path / "v.bin").read_bytes()
    assert main(["train", *map(str, options), "--errors", "replace"]) == 0
    assert "caf\ufffd ".encode() in (tmp_path / "v.bin").read_bytes()


def test_kept_bytes_are_printed_as_they_came(tmp_path):
    text = tmp_path / "latin.txt"
    text.write_bytes(b"caf\xe9 the caf\xe9 a\n" * 40)
    output = tmp_path / "v.bin"
    main(["train", str(text), "-o", str(output), "--quiet", "--errors", "keep", *SMALL])
    done = subprocess.run(
        [sys.executable, "-m", "cw2v", "neighbors", str(output), b"caf\xe9"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"caf\xe9\t")


# What is refused before anything is read


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--window", "0"], "window"),
        (["--vector-size", "0"], "vector_size"),
        (["--negative", "-1"], "negative"),
        (["--epochs", "0"], "epochs"),
        (["--workers", "0"], "workers"),
        (["--alpha", "-1"], "alpha"),
        (["--alpha", "nan"], "alpha"),
        (["--sample", "-0.1"], "sample"),
        (["--vector-size", "ten"], "invalid int value: 'ten'"),
        (["--memory-budget", "much"], "'much' is not a size"),
        (["--format", "pdf"], "invalid choice"),
        (["--vector", "100"], "unrecognized arguments"),
    ],
)
def test_a_setting_out_of_range_is_a_usage_error(corpus, tmp_path, usage_error, options, message):
    usage_error(["train", corpus, "-o", tmp_path / "v.bin", *options], message)
    assert not (tmp_path / "v.bin").exists()


def test_an_output_without_a_known_suffix_needs_a_format(corpus, tmp_path, usage_error):
    usage_error(["train", corpus, "-o", tmp_path / "v.model"], "cannot tell the format")


def test_the_corpus_is_not_overwritten(corpus, tmp_path, usage_error):
    usage_error(["train", corpus, "-o", corpus], "is the corpus itself")
    usage_error(
        ["train", corpus.parent, "-o", corpus.parent / "new.txt"], "lies in the corpus folder"
    )


def test_an_output_folder_that_does_not_exist_is_found_before_the_corpus_is_read(
    tmp_path, runtime_error
):
    missing = tmp_path / "nowhere"
    runtime_error(["train", tmp_path / "no-text", "-o", missing / "v.bin"], missing)


def test_a_missing_corpus_is_named(tmp_path, runtime_error):
    runtime_error(["train", tmp_path / "no-text", "-o", tmp_path / "v.bin"], tmp_path / "no-text")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_corpus_is_named(tmp_path, runtime_error):
    text = tmp_path / "secret.txt"
    text.write_text("a b c\n")
    text.chmod(0)
    runtime_error(["train", text, "-o", tmp_path / "v.bin"], text, "ermission")


def test_a_corpus_that_fails_while_it_is_read_is_named(tmp_path, runtime_error):
    text = tmp_path / "text.txt.gz"
    text.write_bytes(gzip.compress(b"a b c d\n" * 100_000)[:-20])
    runtime_error(["train", text, "-o", tmp_path / "v.bin", "--quiet"], text)


@pytest.mark.parametrize("text", ["", "\n\n \n", "a b c\n"])
def test_a_text_without_enough_words_says_so(tmp_path, runtime_error, text):
    path = tmp_path / "text.txt"
    path.write_text(text)
    runtime_error(["train", path, "-o", tmp_path / "v.bin", "--quiet"])
    assert not (tmp_path / "v.bin").exists()


def test_training_without_a_place_for_its_result_is_a_usage_error(corpus, usage_error):
    usage_error(["train", corpus], "give -o FILE, --save-model FILE or both")


def test_no_command_and_no_corpus_are_usage_errors(usage_error):
    usage_error([], "the following arguments are required: COMMAND")
    usage_error(["train", "-o", "v.bin"], "the following arguments are required: CORPUS")


# Files that cannot be finished


def test_a_full_disk_is_reported_and_named(corpus, runtime_error):
    options = ["--format", "bin", "--quiet", *SMALL]
    runtime_error(["train", corpus, "-o", "/dev/full", *options], "/dev/full", "No space left")


def test_a_file_that_cannot_be_finished_leaves_the_old_one(corpus, vectors, tmp_path):
    output = tmp_path / "v.bin"
    output.write_bytes(vectors.read_bytes())

    def limit_files_to_200_bytes():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    done = run_program(
        "train", corpus, "-o", output, "--quiet", *SMALL, preexec_fn=limit_files_to_200_bytes
    )
    assert done.returncode == 1
    assert done.stderr == f"cw2v: error: {output}: File too large\n"
    assert output.read_bytes() == vectors.read_bytes()
    assert list(tmp_path.iterdir()) == [output]


# Ctrl-C


def interrupt(process, began):
    """Send Ctrl-C and check that the program ends soon, with one line and nothing left."""
    process.send_signal(signal.SIGINT)
    try:
        _, message = process.communicate(timeout=20)
    finally:
        process.kill()
    assert time.monotonic() - began < 5.0  # a couple of seconds, and patience for a busy machine
    assert process.returncode == 130
    assert b"Traceback" not in message
    return message.decode().splitlines()[-1]


def test_interrupted_reading_ends_with_130_and_writes_nothing(tmp_path):
    output = tmp_path / "v.bin"
    process = start_program("train", "-", "-o", output, stdin=subprocess.PIPE)
    # A pipe holds 64 KB, so the program is reading when a megabyte has gone in.
    for _ in range(100):
        process.stdin.write(b"one two three four five six seven\n" * 300)
    process.stdin.flush()
    time.sleep(0.5)  # by now it waits for more
    stdin, process.stdin = process.stdin, None  # stays open: the program waits for more
    try:
        last = interrupt(process, time.monotonic())
    finally:
        stdin.close()
    assert last == (f"cw2v: interrupted while reading; nothing was saved, {output} was not touched")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_training_ends_with_130_and_leaves_the_old_file(corpus, tmp_path):
    output = tmp_path / "v.bin"
    output.write_bytes(b"the old file")
    endless = ["--epochs", "100000", "--workers", "2"]
    process = start_program("train", corpus, "-o", output, *endless)
    while not process.stderr.readline().startswith(b"training"):
        assert process.poll() is None
    last = interrupt(process, time.monotonic())
    assert last == (
        f"cw2v: interrupted while training; nothing was saved, {output} was not touched"
    )
    assert output.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_ended_leaves_no_temporary_file(corpus, tmp_path, number):
    output = tmp_path / "v.bin"
    output.write_bytes(b"the old file")
    code = (
        "import os, signal, sys, cw2v.atomic\n"
        "from cw2v.__main__ import main\n"
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"  # ignored where nohup started us
        f"cw2v.atomic.os.fsync = lambda file: os.kill(os.getpid(), {int(number)})\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "train", corpus, "-o", output, *SMALL],
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 128 + number, done.stderr
    assert b"Traceback" not in done.stderr
    assert output.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [output]


def test_a_training_that_diverges_replaces_no_file(corpus, tmp_path, runtime_error):
    output = tmp_path / "v.bin"
    output.write_bytes(b"the old file")
    args = ["train", corpus, "-o", output, "--quiet", *SMALL, "--alpha", "1e30"]
    runtime_error(args, "training diverged in epoch 1", "smaller alpha (it was 1e+30)")
    assert output.read_bytes() == b"the old file"


# Asking


def test_neighbors_prints_tab_separated_rows(vectors, capsys):
    assert main(["neighbors", str(vectors), "cat", "rome", "-n", "3"]) == 0
    shown = capsys.readouterr()
    rows = [line.split("\t") for line in shown.out.splitlines()]
    assert [row[0] for row in rows] == ["cat"] * 3 + ["rome"] * 3
    assert all(row[1] in ANIMALS for row in rows[:3])
    assert all(row[1] in PLACES for row in rows[3:])
    cosines = [float(row[2]) for row in rows]
    assert cosines[:3] == sorted(cosines[:3], reverse=True)
    assert shown.err == ""


def test_analogy_prints_words_and_cosines_without_the_question(vectors, capsys):
    assert main(["analogy", str(vectors), "cat", "dog", "horse", "-n", "4"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 4
    assert not {"cat", "dog", "horse"} & {row[0] for row in rows}


def test_an_unknown_word_gets_close_matches(vectors, runtime_error):
    runtime_error(["neighbors", vectors, "hors"], "'hors' (close: horse)", "13 words of")
    runtime_error(["neighbors", vectors, "cat", "ROME", "xyz"], "'ROME' (close: rome), 'xyz' are")
    runtime_error(["analogy", vectors, "cat", "dgo", "horse"], "'dgo' (close: dog)")


def test_how_many_is_at_least_one(vectors, usage_error):
    usage_error(["neighbors", vectors, "cat", "-n", "0"], "a whole number, at least 1, got '0'")
    usage_error(["neighbors", vectors, "cat", "-n", "few"], "at least 1, got 'few'")


@pytest.mark.parametrize("content", [b"", b"13 12\nthe ", b"no vectors here\n", b"PK\3\4xyz"])
def test_a_file_that_holds_no_vectors_is_named(tmp_path, runtime_error, content):
    path = tmp_path / "damaged.bin"
    path.write_bytes(content)
    runtime_error(["neighbors", path, "cat"], path)


def test_missing_vectors_are_named(tmp_path, runtime_error):
    runtime_error(["neighbors", tmp_path / "none.bin", "cat"], tmp_path / "none.bin")


def test_a_reader_that_goes_away_is_no_error(vectors):
    process = start_program("neighbors", vectors, "cat")
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), message) == (141, b"")


def test_eval_prints_a_table(vectors, tmp_path, capsys):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(
        "# a comment\ncat\tdog\t9\nrome\tparis\t8.5\ncat\trome\t1\nDog\tparis\t1.5\ncat\tzebra\t5\n"
    )
    analogies = tmp_path / "questions.txt"
    analogies.write_text(": mixed\ncat dog horse sheep\nrome paris london zebra\n")
    arguments = ["--analogies", str(analogies), "--pairs", str(pairs)]
    assert main(["eval", str(vectors), *arguments]) == 0
    shown = capsys.readouterr()
    rows = [re.split(r"\s{2,}", line.strip()) for line in shown.out.splitlines()]
    assert rows[0] == ["set", "measure", "score", "used", "of"]
    assert rows[1][:2] == ["questions: mixed", "accuracy"]
    assert rows[2][:2] == ["questions", "accuracy"]
    assert rows[2][3:] == ["1", "2"]
    assert rows[3][:2] == ["pairs", "Spearman"]
    assert rows[3][3:] == ["4", "5"]
    # The pairs within a group lead those across; their order among themselves is chance.
    assert float(rows[3][2]) >= 0.6
    assert shown.err == ""
    packed = tmp_path / "pairs.tsv.gz"
    packed.write_bytes(gzip.compress(pairs.read_bytes()))
    assert main(["eval", str(vectors), "--pairs", str(packed)]) == 0
    assert capsys.readouterr().out.split()[-2:] == ["4", "5"]


def test_eval_without_files_is_a_usage_error(vectors, usage_error):
    usage_error(["eval", vectors], "nothing to evaluate on")


def test_eval_names_a_missing_file(vectors, tmp_path, runtime_error):
    runtime_error(["eval", vectors, "--pairs", tmp_path / "none.tsv"], tmp_path / "none.tsv")


# Help and faults


def test_version_is_the_package_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"cw2v {__version__}\n"


@pytest.mark.parametrize("command", ["train", "neighbors", "analogy", "eval", "demo"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: cw2v {command}" in text
    if command != "demo":
        assert "example:" in text
    if command == "train":
        for told in ("(default 100)", "(default 0.025)", "(default 0.001)", "(default 5)"):
            assert told in text


def test_debug_shows_where_an_error_arose(vectors, capsys):
    assert main(["neighbors", str(vectors), "zebra", "--debug"]) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.splitlines()[-1].startswith("cw2v: error: 'zebra'")


def test_a_fault_in_the_program_is_called_one(vectors, monkeypatch, capsys):
    def broken(args):
        raise AssertionError("no such luck")

    monkeypatch.setitem(__import__("cw2v.commands").commands.RUN, "neighbors", broken)
    assert main(["neighbors", str(vectors), "cat"]) == 1
    assert capsys.readouterr().err == (
        "cw2v: error: AssertionError: no such luck (a fault in cw2v; --debug shows where)\n"
    )
