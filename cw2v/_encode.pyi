from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PADDING: int

class WordTable:
    def __init__(self, simd: str | None = None) -> None: ...
    def __len__(self) -> int: ...
    def encode(
        self,
        text: NDArray[np.uint8] | bytes | bytearray | memoryview,
        length: int,
        position: int,
        check: bool,
        ids: NDArray[np.int32],
        breaks: NDArray[np.int32],
    ) -> tuple[int, int, tuple[int, int] | None]: ...
    def add(self, word: bytes) -> int: ...
    def find(self, words: list[Any]) -> NDArray[np.int64]: ...
    def decode(self, indices: NDArray[np.int64]) -> list[str]: ...
    def counts(self) -> NDArray[np.int64]: ...
    def firsts(self) -> NDArray[np.int64]: ...
    def not_text(self) -> NDArray[np.int64]: ...

def merge_tables(
    tables: list[WordTable],
    owners: NDArray[np.int32],
    theirs: NDArray[np.int64],
    ids: NDArray[np.int32],
) -> WordTable: ...

class TokenEncoder:
    def __init__(self, sentences: Iterator[Iterable[Hashable]]) -> None: ...
    words: list[Any]
    n_sentences: int
    place: int
    text_sentence: str | bytes | None
    def counts(self) -> NDArray[np.int64]: ...
    def find(self, words: list[Any]) -> NDArray[np.int64]: ...
    def fill(self, ids: NDArray[np.int32], breaks: NDArray[np.int32]) -> tuple[int, int, bool]: ...

def first_space(
    text: NDArray[np.uint8] | bytes | bytearray | memoryview, begin: int, end: int
) -> int: ...
def last_space(
    text: NDArray[np.uint8] | bytes | bytearray | memoryview, begin: int, end: int
) -> int: ...
def keep_known(
    ids: NDArray[np.int32],
    breaks: NDArray[np.int32],
    to_word: NDArray[np.int32],
    kept: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> int: ...
