from typing import Final

import numpy as np
import numpy.typing as npt

ROW_OK: Final[int]
ROW_NOT_A_NUMBER: Final[int]
ROW_TOO_SHORT: Final[int]
ROW_TOO_LONG: Final[int]
TEXT_BYTES_PER_NUMBER: Final[int]

def take_binary_rows(
    data: bytes | bytearray,
    start: int,
    stop: int,
    out: npt.NDArray[np.float32],
    row: int,
    spans: npt.NDArray[np.int64],
) -> tuple[int, int]: ...
def pack_binary_rows(words: bytes, rows: npt.NDArray[np.float32], out: bytearray) -> int: ...
def parse_text_rows(
    data: bytes | bytearray,
    start: int,
    stop: int,
    final: bool,
    out: npt.NDArray[np.float32],
    row: int,
    spans: npt.NDArray[np.int64],
) -> tuple[int, int, int, int]: ...
def print_text_rows(words: bytes, rows: npt.NDArray[np.float32], out: bytearray) -> int: ...
def exact_float32(text: bytes) -> float: ...
def decode_words(
    data: bytes | bytearray,
    spans: npt.NDArray[np.int64],
    count: int,
    encoding: bytes,
    errors: bytes,
    words: list[str],
) -> None: ...
