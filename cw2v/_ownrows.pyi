"""Types of the compiled copies of rows."""

import numpy as np
from numpy.typing import NDArray

def own_rows_given(
    shared: NDArray[np.float32],
    own: NDArray[np.float32],
    before: NDArray[np.float32],
    parts: NDArray[np.float32],
    *,
    hottest: int = 0,
    n_hottest: int = 0,
    slice: int = 0,
    next: int = 0,
) -> int: ...
