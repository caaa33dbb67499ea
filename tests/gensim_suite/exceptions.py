"""The tests of gensim's that a drop-in cannot or should not pass, each with the reason.

At most nine. The list is strict: a test on it that passes, or that fails in another way than
the words given here, fails the run.
"""

from __future__ import annotations

from typing import NamedTuple


class Exempt(NamedTuple):
    """Why a test is on the list, and words of the error with which it must fail."""

    reason: str
    error: str


AT_MOST = 9

# By module, class and name, as the run prints them.
EXEMPT: dict[str, Exempt] = {}

# Tests that gensim itself skips.
SKIPPED = {"test_word2vec.TestWord2VecModel.test_method_in_bulk"}

# How many tests there are, by gensim's version; of other versions none may be missing.
COLLECTED = {"4.4.0": 173}
