"""Progress reports of a long stage: the value that is reported, and who gets it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage has come.

    Parameters
    ----------
    stage : {"read", "train"}
        Which stage of the data's path is running.
    done : int
        Units finished so far.
    total : int or None
        Units in all; None where that cannot be known beforehand (a pipe).
    unit : {"bytes", "sentences", "words"}
        What `done` and `total` count.
    seconds : float
        Wall-clock time since the stage began.
    epoch : int
        While training, the running epoch counted from 1; otherwise 0.
    epochs : int
        While training, how many epochs there are; otherwise 0.
    alpha : float
        While training, the learning rate now in use; otherwise 0.
    loss : float or None
        While training with `compute_loss`, the mean loss per pair in the running epoch.
    """

    stage: Literal["read", "train"]
    done: int
    total: int | None
    unit: Literal["bytes", "sentences", "words"]
    seconds: float
    epoch: int = 0
    epochs: int = 0
    alpha: float = 0.0
    loss: float | None = None


REPORT_SECONDS = 0.2  # between two reports

# Called from the thread that called cw2v, a few times a second, never from a worker.
# An exception it raises stops the stage and reaches the caller.
Report: TypeAlias = Callable[[Progress], None]


class ReadProgress:
    """Reports the progress of reading a few times a second.

    Parameters
    ----------
    report : callable or None
        Called with each report.
    total, unit
        See `Progress`.
    """

    def __init__(
        self, report: Report | None, total: int | None, unit: Literal["bytes", "sentences"]
    ) -> None:
        self._report = report
        self.total = total
        self._unit = unit
        self._began = self._reported = time.monotonic()

    def tell(self, done: int, last: bool = False) -> None:
        """Report if the last report is long enough ago, or if this is the last."""
        now = time.monotonic()
        if self._report is not None and (last or now - self._reported >= REPORT_SECONDS):
            self._reported = now
            self._report(Progress("read", done, self.total, self._unit, now - self._began))


class LoggedProgress:
    """Forwards reports of training, and logs one of them now and then, in gensim's words.

    Parameters
    ----------
    report : callable or None
        Called with all reports.
    logger : logging.Logger
        Gets some of them, at the level INFO.
    delay : float, seconds
        Shortest time between two log entries, and before the first.
    """

    def __init__(self, report: Report | None, logger: logging.Logger, delay: float) -> None:
        self._report = report
        self._logger = logger
        self._delay = delay
        self._logged_at = 0.0  # seconds since the stage began
        self._begun_at = 0.0  # words of the training that were done when it began

    def __call__(self, progress: Progress) -> None:
        """Forward a report, and log it if the last entry is long enough ago."""
        if self._report is not None:
            self._report(progress)
        if not progress.total:
            return
        in_epoch = progress.total / progress.epochs
        before = in_epoch * (progress.epoch - 1)
        if progress.seconds < self._logged_at:  # the text was read again, which restarts the clock
            self._logged_at, self._begun_at = 0.0, before
        if progress.seconds - self._logged_at < self._delay:
            return
        self._logged_at = progress.seconds
        self._logger.info(
            "EPOCH %i - PROGRESS: at %.2f%% examples, %.0f words/s",
            progress.epoch - 1,
            100 * (progress.done - before) / in_epoch,
            (progress.done - self._begun_at) / max(progress.seconds, 1e-9),
        )
