"""Evaluation of vectors: by analogies, and by people's judgements of similarity."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cw2v.compressed import open_for_reading
from cw2v.neighbors import divisors, row_norms

logger = logging.getLogger(__name__)

# Similarities computed at a time: 16 MB of float32.
_BLOCK_NUMBERS = 1 << 22

# gensim looks at the five best words other than the three of the question, and takes the first
# that does not equal one of these but for capitals.
_CANDIDATES = 5

Question = tuple[str, str, str, str]


def word_analogies(
    path: str | os.PathLike[str],
    words: Sequence[Any],
    vectors: npt.NDArray[Any],
    norms: npt.NDArray[Any],
    *,
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> tuple[float, list[dict[str, Any]]]:
    """Answer the questions of a file; see ``KeyedVectors.evaluate_word_analogies``.

    Parameters
    ----------
    path : str or os.PathLike
        Lines of four words, in sections that begin with a line ": name".
    words : sequence
        The word of each row.
    vectors, norms : ndarray
        Of shape (n_words, dim), and the length of each row, (n_words,).

    Returns
    -------
    tuple
        The fraction of correct answers, and the sections.
    """
    known = _first_rows(words[:restrict_vocab], case_insensitive)
    sections: list[dict[str, Any]] = []
    # The questions, the lists that they go to, and whether they are answered correctly; filled
    # section by section below.
    asked: list[Question] = []
    section_of: list[int] = []
    n_read = 0
    for number, line in enumerate(text_lines(path)):
        if line.startswith(": "):
            name = line.lstrip(": ").strip()
            sections.append({"section": name, "correct": [], "incorrect": []})
            continue
        if not sections:
            raise ValueError(f"Missing section header before line #{number} in {os.fspath(path)}")
        fields = (line.upper() if case_insensitive else line).split()
        if len(fields) != 4:
            logger.info("Skipping invalid line #%i in %s", number, os.fspath(path))
            continue
        n_read += 1
        asked.append((fields[0], fields[1], fields[2], fields[3]))
        section_of.append(len(sections) - 1)
    if n_read == 0:
        raise ValueError(f"{os.fspath(path)} holds no question (four words on a line)")

    in_vocabulary = [place for place, question in enumerate(asked) if known.keys() >= {*question}]
    rows = np.array(
        [[known[word] for word in asked[place]] for place in in_vocabulary], dtype=np.intp
    ).reshape(-1, 4)
    right = _answered_rightly(rows, words, vectors, norms, known, restrict_vocab, case_insensitive)
    outcome: dict[int, bool] = dict(zip(in_vocabulary, right.tolist(), strict=True))
    for place, question in enumerate(asked):
        section = sections[section_of[place]]
        if place in outcome or dummy4unknown:
            section["correct" if outcome.get(place) else "incorrect"].append(question)

    for section in sections:
        log_section(section)
    total = {
        "section": "Total accuracy",
        "correct": [question for section in sections for question in section["correct"]],
        "incorrect": [question for section in sections for question in section["incorrect"]],
    }
    logger.info(
        "Quadruplets with out-of-vocabulary words: %.1f%%",
        100 * (n_read - len(in_vocabulary)) / n_read,
    )
    sections.append(total)
    return log_section(total), sections


def word_pairs(
    path: str | os.PathLike[str],
    words: Sequence[Any],
    vectors: npt.NDArray[Any],
    *,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> tuple[Any, Any, float]:
    """Correlate cosines with judgements; see ``KeyedVectors.evaluate_word_pairs``.

    Parameters
    ----------
    path : str or os.PathLike
        Lines of two words and a number, separated by `delimiter`.
    words : sequence
        The word of each row.
    vectors : ndarray
        Of shape (n_words, dim).

    Returns
    -------
    tuple
        SciPy's results for Pearson and Spearman, and the percentage of pairs with unknown words.
    """
    known = _first_rows(words[:restrict_vocab], case_insensitive)
    judged: list[float] = []
    pairs: list[tuple[int, int]] = []
    n_unknown = 0
    for number, line in enumerate(text_lines(path, encoding)):
        if line.startswith("#"):
            continue
        try:
            first, second, text = (line.upper() if case_insensitive else line).split(delimiter)
            judgement = float(text)
        except ValueError:
            logger.info("Skipping invalid line #%d in %s", number, os.fspath(path))
            continue
        if first in known and second in known:
            pairs.append((known[first], known[second]))
        else:
            n_unknown += 1
            logger.info("Line #%d has an unknown word: %s", number, line.strip())
            if not dummy4unknown:
                continue
            pairs.append((-1, -1))
        judged.append(judgement)
    if not judged:
        raise ValueError(
            f"No valid similarity judgements found in {os.fspath(path)}: either invalid format or "
            f"all are out-of-vocabulary (of {len(known)} words)"
        )
    if len(judged) == 1:
        raise ValueError(
            f"{os.fspath(path)} has one pair of words that are known; it takes two or more to "
            "correlate them"
        )
    rows = np.array(pairs, dtype=np.intp)
    if not len(vectors):
        vectors = np.zeros((1, 1), np.float32)  # for unknown words; here all words are
    left, right = vectors[rows[:, 0]], vectors[rows[:, 1]]
    left = left / divisors(row_norms(left))[:, np.newaxis]
    right = right / divisors(row_norms(right))[:, np.newaxis]
    cosines = np.where(rows[:, 0] < 0, 0, np.einsum("ij,ij->i", left, right))
    # Imported here, because it takes most of a second and 60 MB and only this function needs it.
    from scipy import stats  # type: ignore[import-untyped]

    spearman = stats.spearmanr(judged, cosines)
    pearson = stats.pearsonr(judged, cosines)
    n_pairs = len(judged) if dummy4unknown else len(judged) + n_unknown
    oov_ratio = n_unknown / n_pairs * 100  # computed in gensim's order
    log_pairs(pearson, spearman, oov_ratio, os.fspath(path))
    return pearson, spearman, oov_ratio


def _answered_rightly(
    rows: npt.NDArray[np.intp],
    words: Sequence[Any],
    vectors: npt.NDArray[Any],
    norms: npt.NDArray[Any],
    known: dict[str, int],
    restrict_vocab: int | None,
    case_insensitive: bool,
) -> npt.NDArray[np.bool_]:
    """Solve questions by 3CosAdd, many at a time.

    `rows`, (n_questions, 4), has the rows of a, b, c and of the expected answer. The answer is
    the word whose vector is nearest to b - a + c.
    """
    searched = vectors[:restrict_vocab]
    unit = searched / divisors(norms[:restrict_vocab])[:, np.newaxis]
    if unit.dtype == np.float16:  # slow, and not precise enough, for products
        unit = unit.astype(np.float32)
    # Words that differ only in capitals count as one word: the first of them.
    same_as = np.array(
        [known[_folded(word, case_insensitive)] for word in words[:restrict_vocab]], dtype=np.intp
    )
    right = np.zeros(len(rows), dtype=bool)
    questions_per_block = max(1, _BLOCK_NUMBERS // max(1, len(unit)))
    for start in range(0, len(rows), questions_per_block):
        block = rows[start : start + questions_per_block]
        a, b, c, expected = block.T
        similarities = (unit[b] - unit[a] + unit[c]) @ unit.T
        every = np.arange(len(block))
        for given in (a, b, c):
            similarities[every, given] = -np.inf
        found = np.full(len(block), -1, dtype=np.intp)
        pending = every
        for _ in range(_CANDIDATES):
            rows_left = similarities if len(pending) == len(block) else similarities[pending]
            best = rows_left.argmax(axis=1)
            there = similarities[pending, best] > -np.inf
            pending, best = pending[there], best[there]
            found[pending] = same_as[best]
            similarities[pending, best] = -np.inf
            in_question = (found[pending, np.newaxis] == block[pending, :3]).any(axis=1)
            pending = pending[in_question]
            if not len(pending):
                break
        right[start : start + len(block)] = found == expected
    return right


def _folded(word: Any, case_insensitive: bool) -> Any:
    return word.upper() if case_insensitive and isinstance(word, str) else word


def _first_rows(words: Sequence[Any], case_insensitive: bool) -> dict[Any, int]:
    """Return the row of each word; the first row where several differ only in capitals."""
    known: dict[Any, int] = {}
    for row, word in enumerate(words):
        known.setdefault(_folded(word, case_insensitive), row)
    return known


def text_lines(path: str | os.PathLike[str], encoding: str = "utf8") -> list[str]:
    """Read the lines of a file, decompressed if it is compressed, without a byte order mark.

    Raises
    ------
    UnicodeDecodeError
        The file is not in `encoding`; the message names the line.
    """
    with open_for_reading(path) as file:
        data = file.read()
    try:
        lines = data.decode(encoding).removeprefix("\ufeff").split("\n")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start)
        error.reason += f" (in {os.fspath(path)}, line #{number})"
        raise
    return lines if lines[-1] else lines[:-1]


def log_section(section: dict[str, Any]) -> float:
    """Log the fraction of a section that was answered correctly, and return it: 0 to 1."""
    n_right, n_wrong = len(section["correct"]), len(section["incorrect"])
    if n_right + n_wrong == 0:
        return 0.0
    score: float = n_right / (n_right + n_wrong)
    logger.info("%s: %.1f%% (%i/%i)", section["section"], 100 * score, n_right, n_right + n_wrong)
    return score


def log_pairs(pearson: Any, spearman: Any, oov_ratio: float, name: str) -> None:
    """Log the results of `word_pairs` for the file of this name."""
    logger.info("Pearson correlation coefficient against %s: %.4f", name, pearson[0])
    logger.info("Spearman rank-order correlation against %s: %.4f", name, spearman[0])
    logger.info("Pairs with unknown words ratio: %.1f%%", oov_ratio)
