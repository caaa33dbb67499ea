"""What a long stage tells whoever is watching: one value, one callable."""

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
        Units in all; None where it cannot be known beforehand (a pipe).
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
        While training with the loss asked for, the mean loss per pair of the running epoch.
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


REPORT_SECONDS = 0.2  # from one report to the next

# Called from the thread that called cw2v, a few times a second, never from a worker.
# An exception it raises stops the stage and reaches the caller.
Report: TypeAlias = Callable[[Progress], None]


class ReadProgress:
    """Reports how far reading is, a few times a second.

    Parameters
    ----------
    report : callable or None
        Gets the reports.
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
        """Report, if it is time or for the last time."""
        now = time.monotonic()
        if self._report is not None and (last or now - self._reported >= REPORT_SECONDS):
            self._reported = now
            self._report(Progress("read", done, self.total, self._unit, now - self._began))


class LoggedProgress:
    """Passes reports of training on, and logs one now and then, in gensim's words.

    Parameters
    ----------
    report : callable or None
        Gets all reports.
    logger : logging.Logger
        Gets some of them, at the level INFO.
    delay : float, seconds
        Shortest time between two of these; the first comes so late as well.
    """

    def __init__(self, report: Report | None, logger: logging.Logger, delay: float) -> None:
        self._report = report
        self._logger = logger
        self._delay = delay
        self._logged_at = 0.0  # seconds into the stage,
        self._begun_at = 0.0  # which began after so many words of the training

    def __call__(self, progress: Progress) -> None:
        """Pass a report on, and log it if it is time."""
        if self._report is not None:
            self._report(progress)
        if not progress.total:
            return
        in_epoch = progress.total / progress.epochs
        before = in_epoch * (progress.epoch - 1)
        if progress.seconds < self._logged_at:  # the text was read again, and the clock with it
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
