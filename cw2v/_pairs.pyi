import numpy as np
from numpy.typing import NDArray

class PairCounter:
    def __init__(
        self, is_connector: NDArray[np.uint8], share: int = 0, n_shares: int = 1
    ) -> None: ...
    def __len__(self) -> int: ...
    def count(
        self,
        ids: NDArray[np.int32],
        breaks: NDArray[np.int32],
        to_word: NDArray[np.int32] | None,
        begins: bool,
    ) -> None: ...
    def finish(self) -> None: ...
