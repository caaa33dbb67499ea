import numpy as np
from numpy.typing import NDArray

PADDING: int
CHECK: int
ALLOW_NUL: int
UNICODE_SPACES: int

class WordTable:
    def __init__(self, simd: str | None = None) -> None: ...
    def __len__(self) -> int: ...
    def encode(
        self,
        text: NDArray[np.uint8] | bytes | bytearray | memoryview,
        length: int,
        how: int,
        ids: NDArray[np.int32],
        breaks: NDArray[np.int32],
    ) -> tuple[int, int, tuple[int, int] | None]: ...
    def add(self, word: bytes) -> int: ...
    def decode(self, indices: NDArray[np.int64]) -> list[str]: ...
    def counts(self) -> NDArray[np.int64]: ...
    def utf8(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]: ...
    def not_text(self) -> NDArray[np.int64]: ...

def give_back_memory() -> None: ...
def merge_tables(
    tables: list[WordTable],
    owners: NDArray[np.int32],
    theirs: NDArray[np.int64],
    ids: NDArray[np.int32],
) -> WordTable: ...
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
