"""Scores of one file of vectors, and the agreement of two files' neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path
from statistics import fmean
from typing import Any

import common
import numpy as np
import spanish_analogies

WORD_PAIRS = ("wordsim353", "simlex999", "men3000")
SPANISH = "spanish-analogies"


class English:
    """Google's analogies and three sets of word pairs judged by people."""

    sets: tuple[str, ...] = ("questions-words", *WORD_PAIRS)

    def __init__(self, folder: Path, restrict_vocab: int) -> None:
        self.folder = folder
        self.restrict_vocab = restrict_vocab

    def scores(self, vectors: Any) -> dict[str, float]:
        """Score a KeyedVectors, gensim's or cw2v's."""
        questions = str(self.folder / "questions-words.txt")
        analogies, _ = vectors.evaluate_word_analogies(questions, self.restrict_vocab)
        score = {"questions-words": float(analogies)}
        for name in WORD_PAIRS:
            _, spearman, _ = vectors.evaluate_word_pairs(str(self.folder / f"{name}.tsv"))
            score[name] = float(spearman[0])
        return score


class Spanish:
    """Analogies of Spanish inflection, made by rule from the vocabulary (same for all)."""

    sets: tuple[str, ...] = (SPANISH,)

    def __init__(self, questions: Path, restrict_vocab: int) -> None:
        self.questions = questions
        self.restrict_vocab = restrict_vocab

    def scores(self, vectors: Any) -> dict[str, float]:
        """Score a KeyedVectors; the first one says which words are commonest."""
        if not self.questions.exists():
            spanish_analogies.write(self.questions, vectors.index_to_key, self.restrict_vocab)
        analogies, _ = vectors.evaluate_word_analogies(
            str(self.questions), self.restrict_vocab, case_insensitive=False
        )
        return {SPANISH: float(analogies)}


def evaluation_of(text: Path, restrict_vocab: int, scratch: Path) -> English | Spanish:
    """Return the evaluation for a text's language; `restrict_vocab` is for English analogies."""
    if text.name.startswith("utf8-es"):
        return Spanish(scratch / f"{text.name}-analogies.txt", restrict_vocab=20_000)
    return English(common.data_folder() / "eval", restrict_vocab)


def load(path: Path, with_gensim: bool) -> Any:
    """Read vectors with the class whose evaluation is to be used."""
    if with_gensim:
        from gensim.models import KeyedVectors
    else:
        from cw2v import KeyedVectors
    return KeyedVectors.load_word2vec_format(str(path), binary=True)


def neighbours(vectors: Any, asked: int = 1000, among: int = 20_000, topn: int = 10) -> list[set]:
    """Return the nearest words of `asked` words, evenly drawn from the `among` commonest."""
    words = vectors.index_to_key[:among]
    rows = np.asarray(vectors.vectors[: len(words)], dtype=np.float32)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    chosen = np.linspace(0, len(words) - 1, min(asked, len(words))).astype(int)
    cosines = rows[chosen] @ rows.T
    cosines[np.arange(len(chosen)), chosen] = -np.inf
    nearest = np.argpartition(-cosines, topn, axis=1)[:, :topn]
    return [{words[i] for i in row} for row in nearest]


def agreement(one: Sequence[set], other: Sequence[set]) -> float:
    """Return the share of a word's nearest that two trainings have in common."""
    return fmean(len(a & b) / len(a) for a, b in zip(one, other, strict=True))


def agreement_among(nearest: dict[str, list[list[set]]]) -> dict[str, float]:
    """Compare seeds of gensim with each other, of cw2v with each other, and across."""
    told = {}
    for program, trainings in nearest.items():
        if len(trainings) > 1:
            told[f"{program} with {program}, other seed"] = fmean(
                agreement(a, b) for a, b in combinations(trainings, 2)
            )
    if nearest["gensim"] and nearest["cw2v"]:
        told["cw2v with gensim"] = fmean(
            agreement(a, b) for a, b in product(nearest["cw2v"], nearest["gensim"])
        )
    return told
