import numpy as np
from numpy.typing import NDArray

def join(counts: NDArray[np.int64]) -> NDArray[np.uint32]: ...
def write_paths(
    up: NDArray[np.uint32],
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.int64]]: ...
