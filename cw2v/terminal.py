"""Shows progress and numbers to people: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal, TextIO, TypeAlias

from tqdm import tqdm

from cw2v.progress import Progress

Style: TypeAlias = Literal["bar", "lines", "none"]

DOING = {"read": "reading", "train": "training"}
_FIRST_LINE = 1.0


def format_count(number: float) -> str:
    """Write a number with three digits and a unit of thousands: ``2.81 M``."""
    for limit, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        # 999.6 k would be written 1000 k: such numbers take the next unit.
        if abs(number) >= limit * 0.9995:
            return _three_digits(number / limit) + unit
    return _three_digits(number)


def format_size(n_bytes: float) -> str:
    """Write a number of bytes in decimal units, as disks are sold: ``269 MB``."""
    if n_bytes < 999.5:
        return f"{n_bytes:.0f} B"
    return f"{format_count(n_bytes)}B"


def format_seconds(seconds: float) -> str:
    """Write a time: ``0.42 s``, ``12.3 s``, ``2 min 05 s``, ``1 h 03 min``."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def format_rate(amount: float, seconds: float, unit: str) -> str:
    """Write a speed: ``2.81 M words/s``; for the unit ``bytes``, ``28.1 MB/s``."""
    speed = amount / seconds if seconds > 0 else 0.0
    return f"{format_size(speed)}/s" if unit == "bytes" else f"{format_count(speed)} {unit}/s"


@contextmanager
def warnings_shown(*, quiet: bool = False) -> Iterator[None]:
    """Print the package's logged warnings to standard error, above a progress bar if there is one.

    Parameters
    ----------
    quiet : bool
        Print errors only.
    """
    logger = logging.getLogger("cw2v")
    handler = _Messages(logging.ERROR if quiet else logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Messages(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = " ".join(record.getMessage().split())
            tqdm.write(f"cw2v: {record.levelname.lower()}: {text}", file=sys.stderr)
        except Exception:
            self.handleError(record)


def _three_digits(number: float) -> str:
    if number == int(number) and abs(number) < 1000:
        return f"{number:.0f}"
    if abs(number) >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 9.995 else f"{number:.2f}"


class _Bar(tqdm):  # type: ignore[type-arg]
    # Reports come several times a second, so tqdm's thread that updates idle bars is not needed:
    # zero keeps it from being started.
    monitor_interval: ClassVar[int] = 0


class ProgressDisplay:
    """Shows the stages of one run; pass it wherever a `Report` is asked for.

    Parameters
    ----------
    stream : text file
        Where to write, usually standard error.
    style : {"bar", "lines", "none"}, optional
        A bar that redraws itself, a plain line now and then, or nothing. By default
        a bar when `stream` is a terminal that has a width, otherwise lines.
    interval : float, seconds
        Shortest time between two plain lines; the first comes a second after a stage begins.

    Attributes
    ----------
    stage : str
        The stage that reported last, "read" or "train"; at first "read".

    Notes
    -----
    Use it as a context manager, or call `close`: a bar left open would stand in
    the way of the next message.
    """

    def __init__(
        self, stream: TextIO | None = None, *, style: Style | None = None, interval: float = 5.0
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._style: Style = style or _style_for(self._stream)
        self._interval = interval
        self._next_line = _FIRST_LINE  # seconds since the stage began
        self._bar: _Bar | None = None
        self.stage = "read"

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, progress: Progress) -> None:
        """Show `progress`; cheap enough to be called many times a second."""
        if progress.stage != self.stage:
            self.close()
            self.stage = progress.stage
        if self._style == "bar":
            self._draw(progress)
        elif self._style == "lines":
            self._print(progress)

    def close(self) -> None:
        """Remove the bar; the next report starts a new one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._next_line = _FIRST_LINE

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = _Bar(
                desc=_describe(progress),
                total=progress.total,
                unit="B" if progress.unit == "bytes" else f" {progress.unit}",
                unit_scale=True,
                dynamic_ncols=True,
                leave=False,
                file=self._stream,
                bar_format=None
                if progress.total is None
                else "{desc} {percentage:3.0f}% |{bar}| {rate_fmt}, {remaining} left{postfix}",
            )
        bar = self._bar
        bar.total = progress.total
        bar.set_description_str(_describe(progress), refresh=False)
        bar.set_postfix_str(_learning(progress), refresh=False)
        bar.update(progress.done - bar.n)

    def _print(self, progress: Progress) -> None:
        if progress.seconds < self._next_line:
            return
        self._next_line = progress.seconds + self._interval
        rate = format_rate(progress.done, progress.seconds, progress.unit)
        if progress.total:
            part = min(progress.done / progress.total, 1.0)
            left = progress.seconds * (1 - part) / part if part else 0.0
            done = f"{part:.1%}, {rate}, {format_seconds(left)} left"
        else:
            amount = (
                format_size(progress.done)
                if progress.unit == "bytes"
                else f"{format_count(progress.done)} {progress.unit}"
            )
            done = f"{amount}, {rate}"
        learning = _learning(progress)
        line = f"{_describe(progress)}: {done}{', ' if learning else ''}{learning}"
        print(line, file=self._stream, flush=True)


def _style_for(stream: TextIO) -> Style:
    # Some terminals, those of editors above all, have no width or cannot redraw a line.
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return "lines"
    return "bar" if os.get_terminal_size(stream.fileno()).columns else "lines"


def _describe(progress: Progress) -> str:
    doing = DOING[progress.stage]
    return f"{doing}, epoch {progress.epoch} of {progress.epochs}" if progress.epochs else doing


def _learning(progress: Progress) -> str:
    if progress.stage != "train":
        return ""
    loss = "" if progress.loss is None else f", loss {progress.loss:.4f}"
    return f"alpha {progress.alpha:.5f}{loss}"
