"""Types of the compiled skip-gram step."""

import numpy as np
from numpy.typing import NDArray

def step(
    w: NDArray[np.float32],
    w_out: NDArray[np.float32],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    x_weight: NDArray[np.float32],
    y_weight: NDArray[np.float32],
    label: NDArray[np.float32],
    lr: float,
    backend: str,
    *,
    lockf: NDArray[np.float32] | None = None,
    with_loss: bool = True,
) -> float: ...
