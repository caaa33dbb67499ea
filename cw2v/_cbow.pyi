"""Types of the compiled CBOW step."""

import numpy as np
from numpy.typing import NDArray

from cw2v._kernels import Labels

def step(
    w: NDArray[np.float32],
    w_out: NDArray[np.float32],
    words: NDArray[np.int32],
    centre: int,
    y: NDArray[np.int32],
    labels: Labels,
    lr: float,
    backend: str,
    *,
    cbow_mean: bool = True,
    corrected_cbow: bool = False,
    lockf: NDArray[np.float32] | None = None,
    with_loss: bool = True,
    repeat: int = 1,
) -> float: ...
