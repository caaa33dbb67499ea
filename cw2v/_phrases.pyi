from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v._keytable import KeyTable
from cw2v._pairs import PairCounter

SCORERS: dict[str, int]

class Joiner:
    def __init__(
        self,
        table: KeyTable | None,
        connector_words: Collection[str],
        delimiter: str,
        scorer: str,
        scoring: Callable[..., Any] | None,
        min_count: float,
        threshold: float,
        corpus_word_count: int,
        scores: dict[str, Any] | None,
    ) -> None: ...
    table: KeyTable | None
    def join(self, words: list[Any]) -> list[Any] | None: ...
    def find_phrases(self, words: list[Any], found: dict[str, Any]) -> bool: ...
    def export(self) -> dict[str, Any]: ...
    def export_pairs(
        self,
        utf8: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        counts: NDArray[np.int64],
        counters: list[PairCounter],
        n_keys: int,
    ) -> dict[str, Any]: ...
