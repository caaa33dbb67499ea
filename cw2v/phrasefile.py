"""Phrases to a file and back; also reads gensim's pickles of any version."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from cw2v import nativefile
from cw2v.gensimpickle import read_pickle
from cw2v.nativefile import PathOrHandle, opened, source_name
from cw2v.pickledvalues import Plain
from cw2v.scorers import SCORERS, checked_scorer, original_scorer
from cw2v.vectorreader import VectorFileError

KINDS = ("Phrases", "FrozenPhrases")

# The attributes that every saved object has, and their types.
_NEEDED: dict[str, tuple[type, ...]] = {
    "connector_words": (frozenset, set),
    "delimiter": (str,),
    "min_count": (int, float),
    "scoring": (str,),
    "threshold": (int, float),
}


def write_phrases(
    target: PathOrHandle, kind: str, class_name: str, attributes: dict[str, Any]
) -> None:
    """Write an object's attributes; see `nativefile.write_state`.

    A user's scorer is stored by its name.
    """
    named = {"scoring": _name_of(attributes["scoring"])}
    nativefile.write_state(target, kind, class_name, attributes | named)


def _name_of(scoring: Callable[..., float]) -> str:
    """Return the name by which `_scorer_called` finds a scorer, if it is a function of a module."""
    for name, scorer in SCORERS.items():
        if scoring is scorer:
            return name
    if inspect.isfunction(scoring):
        return f"{scoring.__module__}:{scoring.__qualname__}"
    return f"an object of {type(scoring).__module__}.{type(scoring).__qualname__}"


def read_phrases(
    source: PathOrHandle, scoring: Callable[..., float] | None = None
) -> tuple[str, dict[str, Any]]:
    """Read a file that `write_phrases` or gensim wrote.

    Parameters
    ----------
    source : path or binary file
    scoring : callable, optional
        The scorer, instead of the one that the file names.

    Returns
    -------
    kind : {"Phrases", "FrozenPhrases"}
    attributes : dict

    Raises
    ------
    VectorFileError
        The file is damaged, or holds something else.
    ForbiddenPickleError
        It is a pickle that asks for something that gensim's phrases do not need.
    ValueError
        It names a scorer whose module is not imported.
    OSError
        The file cannot be read.
    """
    name = source_name(source)
    start = nativefile.first_bytes(source, 2)
    if not nativefile.MAGIC.startswith(start) or not start:
        with opened(source) as file:
            return _from_gensim(read_pickle(file, name, scoring), name, scoring)
    kind, attributes = nativefile.read_state(source)
    if kind not in KINDS:
        raise VectorFileError(f"{name} holds a {kind}, no phrases")
    for attribute, types in _NEEDED.items():
        if not isinstance(attributes.get(attribute), types):
            raise VectorFileError(f"{name} lacks {attribute!r}, or it is no {types[0].__name__}")
    attributes["scoring"] = scoring or _scorer_called(attributes["scoring"], name)
    return kind, attributes


def _scorer_called(scoring: Any, name: str) -> Callable[..., float]:
    """Return the scorer of a name, from the modules that are imported already."""
    if scoring in SCORERS:
        return SCORERS[scoring]
    module_name, _, path = str(scoring).partition(":")
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not inspect.isfunction(found) or found.__module__ != module_name:
        raise ValueError(
            f"{name} was saved with the scorer {scoring!r}, which this program has not "
            "imported as a function of a module: import that first, or pass scoring="
        )
    return checked_scorer(found, "a saved model")


def _from_gensim(
    saved: Any, name: str, given: Callable[..., float] | None
) -> tuple[str, dict[str, Any]]:
    """Return the attributes of gensim's object of any version, as gensim 4 has them."""
    if not isinstance(saved, Plain) or saved.name not in (*KINDS, "Phraser"):
        kind = saved.name if isinstance(saved, Plain) else type(saved).__name__
        raise VectorFileError(f"{name} holds a {kind}, no phrases")
    state = dict(saved.attributes)
    kind = "Phrases" if saved.name == "Phrases" else "FrozenPhrases"
    try:
        state["delimiter"] = delimiter = _text(state.get("delimiter", "_"))
        common_terms = state.pop("common_terms", ())
        words = state.get("connector_words", common_terms)
        state["connector_words"] = frozenset(map(_text, words))
        scoring = given or state.get("scoring", original_scorer)
        state["scoring"] = SCORERS[scoring] if isinstance(scoring, str) else scoring
        if not callable(state["scoring"]):
            raise ValueError(f"its scorer is {state['scoring']!r}")
        if kind == "Phrases":
            state["vocab"] = {_text(word): int(count) for word, count in state["vocab"].items()}
            state.setdefault("corpus_word_count", 0)
        else:
            state["phrasegrams"] = {
                key if isinstance(key, str) else delimiter.join(map(_text, key)): (
                    score[1] if isinstance(score, tuple) else score
                )
                for key, score in state["phrasegrams"].items()
            }
        for part in ("min_count", "threshold"):
            float(state[part])
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise VectorFileError(
            f"{name} lacks something that gensim's phrases have: {type(error).__name__}: {error}"
        ) from error
    return kind, state


def _text(word: Any) -> str:
    """Return a word as str; versions before 4.0 kept bytes."""
    return str(word, "utf-8") if isinstance(word, bytes) else str(word)
