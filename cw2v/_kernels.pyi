"""Types of the compiled kernels' Python side."""

import numpy as np
from numpy.typing import NDArray

def available_backends() -> list[str]: ...
def default_backend() -> str: ...
def dots(name: str, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]: ...
def logistic_error(
    name: str,
    s: NDArray[np.float32],
    x_weight: NDArray[np.float32],
    y_weight: NDArray[np.float32],
    label: NDArray[np.float32],
    lr: float,
) -> NDArray[np.float32]: ...
def errors(
    name: str,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    x_weight: NDArray[np.float32],
    y_weight: NDArray[np.float32],
    label: NDArray[np.float32],
    lr: float,
) -> NDArray[np.float32]: ...
def logistic_loss(
    name: str,
    s: NDArray[np.float32],
    x_weight: NDArray[np.float32],
    y_weight: NDArray[np.float32],
    label: NDArray[np.float32],
) -> float: ...
def update(
    name: str, x: NDArray[np.float32], y: NDArray[np.float32], g: NDArray[np.float32]
) -> None: ...
def update_one(
    name: str, h: NDArray[np.float32], y: NDArray[np.float32], g: NDArray[np.float32]
) -> NDArray[np.float32]: ...
def sum_rows(name: str, x: NDArray[np.float32], scale: float) -> NDArray[np.float32]: ...
def add_to_rows(
    name: str, x: NDArray[np.float32], scale: float, step: NDArray[np.float32]
) -> None: ...
