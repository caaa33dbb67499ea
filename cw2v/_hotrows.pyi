"""Types of the compiled local copies of rows."""

import numpy as np
from numpy.typing import NDArray

def merge_rows(
    backend: str,
    shared: NDArray[np.float32],
    local: NDArray[np.float32],
    base: NDArray[np.float32],
    factors: NDArray[np.float32],
    *,
    hottest: int = 0,
    n_hottest: int = 0,
    slice: int = 0,
    next: int = 0,
) -> int: ...
