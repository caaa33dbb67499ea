"""Types of the compiled kernels' Python side."""

import numpy as np
from numpy.typing import NDArray

def available_backends() -> list[str]: ...
def default_backend() -> str: ...
def dots(
    name: str, x: NDArray[np.float32], y: NDArray[np.float32], *, repeat: int = 1
) -> NDArray[np.float32]: ...

class Labels:
    def __init__(
        self,
        positives: NDArray[np.uint8],
        noise: NDArray[np.float32],
        path: NDArray[np.uint32] | None = None,
    ) -> None: ...

def logistic_error(
    name: str, s: NDArray[np.float32], labels: Labels, lr: float, *, repeat: int = 1
) -> NDArray[np.float32]: ...
def logistic_loss(
    name: str, s: NDArray[np.float32], labels: Labels, *, repeat: int = 1
) -> float: ...
def update(
    name: str,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    g: NDArray[np.float32],
    *,
    prefetched: NDArray[np.float32] | None = None,
    repeat: int = 1,
) -> None: ...
def update_apart(
    name: str,
    h: NDArray[np.float32],
    y: NDArray[np.float32],
    g: NDArray[np.float32],
    *,
    repeat: int = 1,
) -> NDArray[np.float32]: ...
def sum_rows(
    name: str, x: NDArray[np.float32], scale: float, *, repeat: int = 1
) -> NDArray[np.float32]: ...
def add_to_rows(
    name: str,
    x: NDArray[np.float32],
    scale: float,
    step: NDArray[np.float32],
    *,
    repeat: int = 1,
) -> None: ...
def merge_rows(
    name: str,
    shared: NDArray[np.float32],
    local: NDArray[np.float32],
    base: NDArray[np.float32],
    factors: NDArray[np.float32],
    *,
    repeat: int = 1,
) -> None: ...
