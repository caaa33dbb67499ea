from collections.abc import Callable, Collection
from typing import Any

from cw2v._keytable import KeyTable

SCORERS: dict[str, int]

class Joiner:
    def __init__(
        self,
        table: KeyTable,
        connector_words: Collection[str],
        delimiter: str,
        scorer: str,
        scoring: Callable[..., Any] | None,
        min_count: float,
        threshold: float,
        corpus_word_count: int,
        scores: dict[str, Any] | None,
    ) -> None: ...
    table: KeyTable
    def join(self, words: list[Any]) -> list[Any] | None: ...
    def find_phrases(self, words: list[Any], found: dict[str, Any]) -> bool: ...
    def export(self) -> dict[str, Any]: ...
