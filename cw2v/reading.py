"""How a text is to be read: by how many threads, into how much memory, and what is no UTF-8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cw2v.params import whole_number
from cw2v.progress import Report

UnicodeErrors = Literal["strict", "replace", "keep"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a text is to be read. Checked when made, before any file is opened.

    Parameters
    ----------
    workers, memory_budget, unicode_errors, report
        See `cw2v.corpus.scan_files`.
    range_size : int, bytes
        How much of a plain file is given to a thread at a time.
    block_size : int, bytes
        How much is read at a time; a block, its ids and the common words fit in L2.
    simd : str, optional
        The tokeniser; the fastest that this CPU can run unless given.

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
