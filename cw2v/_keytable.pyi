from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cw2v._pairs import PairCounter

class KeyTable:
    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    def add_phrases(
        self,
        arena: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        word_counts: NDArray[np.int64],
        counters: list[PairCounter],
        delimiter: bytes,
    ) -> None: ...
    def add(self, other: KeyTable) -> None: ...
    def add_items(self, words: Iterable[str], counts: Iterable[int]) -> None: ...
    def add_arrays(
        self, utf8: NDArray[np.uint8], offsets: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> None: ...
    def pruned(self, least: int) -> KeyTable: ...
    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]: ...
    def get(self, word: str) -> int: ...
    def as_dict(self) -> dict[str, int]: ...

class PhrasePruner:
    def __init__(
        self,
        arena: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        is_connector: NDArray[np.uint8],
        delimiter: bytes,
        most: int,
    ) -> None: ...
    table: KeyTable
    min_reduce: int
    def count(
        self,
        ids: NDArray[np.int32],
        breaks: NDArray[np.int32],
        to_word: NDArray[np.int32] | None,
        begins: bool,
        empty_sentences: bool,
    ) -> None: ...
    def end_sentence(self) -> None: ...
