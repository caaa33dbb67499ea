import numpy as np
from numpy.typing import NDArray

class WordPruner:
    min_reduce: int
    def __init__(self, n_distinct: int, max_size: int, empty_after: NDArray[np.int64]) -> None: ...
    def words(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]: ...
    def add(
        self,
        ids: NDArray[np.int32],
        place: int,
        ends: NDArray[np.int32],
        end: int,
        by_rule: bool,
    ) -> tuple[int, int, bool]: ...
    def finish(self, by_rule: bool) -> bool: ...
    def prune(self, stays: NDArray[np.uint8]) -> None: ...
