"""Numbers for people, and what the progress display writes."""

import io
import os
import termios
import threading

import pytest

from cw2v.progress import Progress
from cw2v.terminal import (
    ProgressDisplay,
    format_count,
    format_rate,
    format_seconds,
    format_size,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (999.6, "1.00 k"),
        (1000, "1 k"),
        (1234, "1.23 k"),
        (45_458_476, "45.5 M"),
        (999_999_999, "1.00 G"),
        (2.5e12, "2.50 T"),
        (0.25, "0.25"),
    ],
)
def test_counts_have_three_digits(number, text):
    assert format_count(number) == text


def test_sizes_use_decimal_units():
    sizes = [0, 12, 1000, 269_100_000, 3.2e9]
    assert [format_size(size) for size in sizes] == ["0 B", "12 B", "1 kB", "269 MB", "3.20 GB"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.418, "0.42 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.7, "1 h 00 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_times_use_the_unit_that_fits(seconds, text):
    assert format_seconds(seconds) == text


def test_a_rate_without_time_is_zero():
    assert format_rate(10, 0.0, "words") == "0 words/s"
    assert format_rate(5e6, 2.0, "bytes") == "2.50 MB/s"


def training(seconds, done, loss=None):
    return Progress("train", done, 1000, "words", seconds, epoch=2, epochs=5, alpha=0.02, loss=loss)


def test_plain_lines_come_after_a_second_and_then_every_interval():
    stream = io.StringIO()
    with ProgressDisplay(stream, interval=5.0) as display:
        for tenth in range(121):
            display(training(tenth / 10, tenth * 5, loss=2.5))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3  # at 1, 6 and 11 seconds
    assert lines[0] == (
        "training, epoch 2 of 5: 5.0%, 50 words/s, 19.0 s left, alpha 0.02000, loss 2.5000"
    )


def test_a_total_that_is_not_known_leaves_out_share_and_time():
    stream = io.StringIO()
    display = ProgressDisplay(stream)
    display(Progress("read", 3_000_000, None, "bytes", 2.0))
    assert stream.getvalue() == "reading: 3 MB, 1.50 MB/s\n"


def test_a_new_stage_prints_its_first_line_after_a_second():
    stream = io.StringIO()
    display = ProgressDisplay(stream)
    display(Progress("read", 1, 2, "bytes", 4.0))
    display(training(1.5, 100))
    assert [line.split(",")[0].split(":")[0] for line in stream.getvalue().splitlines()] == [
        "reading",
        "training",
    ]
    assert display.stage == "train"


def test_the_quiet_style_writes_nothing():
    stream = io.StringIO()
    with ProgressDisplay(stream, style="none") as display:
        display(training(100.0, 500))
    assert stream.getvalue() == ""
    assert display.stage == "train"


def test_the_bar_shows_rate_alpha_and_loss_and_leaves_no_thread():
    stream = io.StringIO()
    threads = threading.active_count()
    with ProgressDisplay(stream, style="bar") as display:
        display(Progress("read", 10, None, "bytes", 0.1))
        display(training(1.0, 200))
        display._bar.refresh()
        display(training(2.0, 600, loss=1.25))
        display._bar.refresh()
    shown = stream.getvalue()
    assert "training, epoch 2 of 5" in shown
    assert "60%" in shown
    assert "words/s" in shown
    assert "alpha 0.02000, loss 1.2500" in shown
    assert shown.rstrip(" ").endswith("\r")  # the line is left empty for what comes next
    assert threading.active_count() <= threads  # others may have ended


@pytest.mark.parametrize(
    ("columns", "terminal", "shown"),
    [(100, "xterm", "\rtraining"), (0, "xterm", "training, epoch 2 of 5: "), (100, "dumb", ": 20")],
)
def test_a_terminal_gets_a_bar_unless_it_cannot_show_one(monkeypatch, columns, terminal, shown):
    monkeypatch.setenv("TERM", terminal)
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (30, columns))
    with os.fdopen(leader, "rb", buffering=0) as screen, os.fdopen(follower, "w") as stream:
        with ProgressDisplay(stream) as display:
            display(training(2.0, 200))
        stream.flush()
        assert shown in screen.read(4096).decode()
