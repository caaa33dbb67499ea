"""Types of the compiled sampler."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

def blocks_of_piece(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    first: int,
    last: int,
    sentence: int,
    keep: NDArray[np.uint32],
    noise: NDArray[np.uint32],
    seeds: NDArray[np.uint64],
    number: int,
    *,
    window: int,
    negative: int,
    span: int,
    n_noise: int,
    noise_sets: int,
    noise_uses: int,
    most_pairs: int,
    shrink_windows: bool,
    sg: bool,
    capacity: int,
) -> tuple[NDArray[np.int32], list[tuple[Any, ...]], int]: ...
