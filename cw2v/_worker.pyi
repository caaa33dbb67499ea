"""Types of the compiled worker."""

import numpy as np
from numpy.typing import NDArray

class Shared:
    """The job of all workers."""

    def __init__(
        self,
        w: NDArray[np.float32],
        w_out: NDArray[np.float32],
        ids: NDArray[np.int32],
        starts: NDArray[np.int64],
        piece_bounds: NDArray[np.int64],
        piece_sentences: NDArray[np.int64],
        keep: NDArray[np.uint32],
        noise: NDArray[np.uint32],
        *,
        window: int,
        negative: int,
        shrink_windows: bool,
        alpha: float,
        min_alpha: float,
        epochs: int,
        compute_loss: bool,
        backend: str,
    ) -> None: ...
    def begin_epoch(self) -> None: ...
    def stop(self) -> None: ...

class Worker:
    """One worker."""

    def __init__(self, shared: Shared, random_state: NDArray[np.uint64]) -> None: ...
    def run(self, epoch: int) -> None: ...
    @property
    def words_done(self) -> int: ...
    @property
    def words_kept(self) -> int: ...
    @property
    def pairs_done(self) -> int: ...
    @property
    def loss(self) -> float: ...
