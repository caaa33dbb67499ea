"""How to read a text: threads, memory, and what to do with bytes that are not UTF-8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cw2v.params import whole_number
from cw2v.progress import Report

UnicodeErrors = Literal["strict", "replace", "keep"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How to read a text. Checked when made, before any file is opened.

    Parameters
    ----------
    workers, memory_budget, unicode_errors, report
        See `cw2v.corpus.scan_files`.
    range_size : int, bytes
        How much of an uncompressed file a thread takes at a time.
    block_size : int, bytes
        How much is read at a time; a block, its ids and the common words fit in the L2 cache.
    simd : str, optional
        Which tokeniser: "sse2" or "portable"; the fastest of this build unless given.

    Raises
    ------
    TypeError, ValueError
        A setting makes no sense.
    """

    workers: int = 1
    memory_budget: int | None = None
    unicode_errors: UnicodeErrors = "strict"
    report: Report | None = None
    range_size: int = 1 << 22
    block_size: int = 1 << 18
    simd: str | None = None

    def __post_init__(self) -> None:
        """Raise for the first setting that makes no sense."""
        object.__setattr__(self, "workers", whole_number("workers", self.workers, 1))
        if self.memory_budget is not None:
            whole_number("memory_budget", self.memory_budget, 0)
        if self.unicode_errors not in get_args(UnicodeErrors):
            raise ValueError(
                f"unicode_errors must be 'strict', 'replace' or 'keep', got {self.unicode_errors!r}"
            )
