"""What a long stage tells whoever is watching: one value, one callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage has come.

    Parameters
    ----------
    stage : {"read", "train", "save"}
        Which stage of the data's path is running.
    done : int
        Units finished so far.
    total : int or None
        Units in all; None where it cannot be known beforehand (a pipe).
    unit : {"bytes", "sentences", "words", "vectors"}
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

    stage: Literal["read", "train", "save"]
    done: int
    total: int | None
    unit: Literal["bytes", "sentences", "words", "vectors"]
    seconds: float
    epoch: int = 0
    epochs: int = 0
    alpha: float = 0.0
    loss: float | None = None


# Called from the thread that called cw2v, a few times a second, never from a worker.
# An exception it raises stops the stage and reaches the caller.
Report: TypeAlias = Callable[[Progress], None]
