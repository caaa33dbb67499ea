"""Types of the compiled worker."""

import numpy as np
from numpy.typing import NDArray

from cw2v.params import TrainParams
from cw2v.tables import Tables
from cw2v.weights import Weights

class Shared:
    """The job of all workers."""

    def __init__(
        self,
        weights: Weights,
        tables: Tables,
        ids: NDArray[np.int32],
        starts: NDArray[np.int64],
        piece_bounds: NDArray[np.int64],
        piece_sentences: NDArray[np.int64],
        rng_base: NDArray[np.uint64],
        params: TrainParams,
        backend: str,
        *,
        alpha: float,
        min_alpha: float,
        epochs: int,
        epoch_part: float = 1.0,
    ) -> None: ...
    def begin_epoch(self) -> None: ...
    def stop(self) -> None: ...

class Worker:
    """One worker."""

    def __init__(self, shared: Shared, number: int = 0, *, profile: bool = False) -> None: ...
    def run(self, epoch: int) -> None: ...
    @property
    def words_done(self) -> int: ...
    @property
    def words_kept(self) -> int: ...
    @property
    def predictions(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def ticks(self) -> dict[str, int]: ...
