"""The scores of phrases: how much more often two words occur together than by chance."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

NEGATIVE_INFINITY = float("-inf")

# What every scorer is called with, by keyword.
_PARAMETERS = (
    "worda_count",
    "wordb_count",
    "bigram_count",
    "len_vocab",
    "min_count",
    "corpus_word_count",
)

Scorer = Callable[..., float]


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a phrase as Mikolov et al. 2013 do (arXiv 1310.4546, section 4).

    Parameters
    ----------
    worda_count, wordb_count, bigram_count : int
        How often the two words, and the phrase, occur.
    len_vocab : int
        How many words and phrases there are.
    min_count : float
        The discount delta of the paper.
    corpus_word_count : int
        Not used.

    Returns
    -------
    float
        (bigram_count - min_count) / (worda_count * wordb_count) * len_vocab; minus infinity if
        one of the words does not occur.
    """
    product = worda_count * wordb_count
    if product == 0:
        return NEGATIVE_INFINITY
    return (bigram_count - min_count) / float(product) * len_vocab


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a phrase by its normalised pointwise mutual information (Bouma 2009).

    Parameters
    ----------
    worda_count, wordb_count, bigram_count : int
        How often the two words, and the phrase, occur.
    len_vocab : int
        Not used.
    min_count : float
        Rarer phrases have the score minus infinity.
    corpus_word_count : int
        How many words the corpus has.

    Returns
    -------
    float
        ln(p(a b) / (p(a) p(b))) / -ln p(a b), from -1 to 1; minus infinity for a phrase that
        occurs fewer than `min_count` times, or if it or one of its words does not occur.
    """
    if bigram_count < min_count or not (worda_count and wordb_count and bigram_count):
        return NEGATIVE_INFINITY
    n = float(corpus_word_count)
    p_a, p_b, p = worda_count / n, wordb_count / n, bigram_count / n
    return math.log(p / (p_a * p_b)) / -math.log(p)


SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}


def checked_scorer(scoring: str | Scorer, class_name: str) -> Scorer:
    """Return the scorer that `scoring` names or is.

    Raises
    ------
    ValueError
        There is no scorer of that name, or a function lacks the parameters of scorers.
    TypeError
        It is neither a name nor a function.
    PickleError
        The function cannot be found by its name in its module.
    """
    if isinstance(scoring, str):
        if scoring not in SCORERS:
            raise ValueError(f"unknown scoring method string {scoring} specified")
        return SCORERS[scoring]
    if not callable(scoring):
        raise TypeError(
            f"scoring must be 'default', 'npmi' or a function, not {type(scoring).__name__}"
        )
    taken = inspect.getfullargspec(scoring).args
    missing = [name for name in _PARAMETERS if name not in taken]
    if missing:
        raise ValueError(f"scoring function missing expected parameters {missing}")
    try:
        pickle.dumps(scoring)
    except (pickle.PickleError, AttributeError) as error:
        raise pickle.PickleError(
            f"Custom scoring function in {class_name} must be pickle-able: a function of a "
            "module, under its own name"
        ) from error
    return scoring


def kind_of(scoring: Any, *numbers: Any) -> str:
    """Return the name of the compiled scorer that gives the same results, or "custom"."""
    if all(type(number) in (int, float) for number in numbers):
        if scoring is original_scorer:
            return "original"
        if scoring is npmi_scorer:
            return "npmi"
    return "custom"
