"""Make Spanish analogies by rules from the vocabulary of a text, as there is no labelled set.

    python benchmarks/spanish_analogies.py utf8-es.txt --output analogies-es.txt

Each section is a rule of Spanish inflection, regular in spelling: the plural, the feminine, the
gerund, the participle, the preterite, the adverb. A pair of words is in a section if both are among
the most frequent of the text and the rule makes the second from the first; the most frequent of
these pairs are taken (by their rarer word), and every two of them make a question, as in
questions-words.txt: *ciudad ciudades mujer mujeres*. No vectors are used, so the set favours no
program. Some pairs are coincidences of spelling; they cost all programs the same.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path

# A rule: from a word to the forms that it must have in the vocabulary, all of them, or to none.
# The pair of the analogy is the word and the first form.
Rule = Callable[[str], Sequence[str]]

LETTERS = re.compile(r"[a-záéíóúüñ]{4,}")


def suffix(endings: dict[str, tuple[str, ...]]) -> Rule:
    """Make a rule that replaces an ending; the longest that fits."""
    longest_first = sorted(endings, key=len, reverse=True)

    def rule(word: str) -> Sequence[str]:
        for ending in longest_first:
            if word.endswith(ending) and len(word) > len(ending) + 1:
                return [word[: len(word) - len(ending)] + new for new in endings[ending]]
        return ()

    return rule


SECTIONS: dict[str, Rule] = {
    # Nouns: -aciones is no form of a verb; the other plurals may be adjectives as well.
    "gram1-plural-ión": suffix({"ión": ("iones",)}),
    "gram2-plural-consonant": suffix({e: (f"{e}es",) for e in ("d", "l", "or")} | {"z": ("ces",)}),
    "gram3-plural-vowel": suffix({e: (f"{e}s",) for e in ("to", "no", "io", "ía", "cia", "ra")}),
    # Adjectives and participles have all four forms.
    "gram4-feminine": suffix({"o": ("a", "os", "as")}),
    "gram5-feminine-plural": suffix({"os": ("as", "o", "a")}),
    "gram6-adverb": suffix({"o": ("amente",), "al": ("almente",), "e": ("emente",)}),
    # Regular verbs: an infinitive has its participle as well as the form asked for.
    "gram7-gerund": suffix({"ar": ("ando", "ado"), "er": ("iendo",), "ir": ("iendo",)}),
    "gram8-participle": suffix({"ar": ("ado",), "er": ("ido",), "ir": ("ido",)}),
    "gram9-preterite": suffix({"ar": ("ó", "ado"), "er": ("ió", "ido"), "ir": ("ió", "ido")}),
    "gram10-preterite-plural": suffix({"ó": ("aron",), "ió": ("ieron",)}),
    "gram11-present-plural": suffix({"a": ("an", "ado", "ar"), "e": ("en", "ido", "er")}),
    "gram12-imperfect-plural": suffix({"aba": ("aban", "ar"), "ía": ("ían", "er")}),
}


def pairs(words: Sequence[str], rule: Rule, at_most: int) -> list[tuple[str, str]]:
    """Return the commonest pairs of a rule; `words` stand from the commonest to the rarest."""
    rank = {word: place for place, word in enumerate(words)}
    found = []
    for word in words:
        forms = rule(word) if LETTERS.fullmatch(word) else ()
        if forms and all(form in rank for form in forms):
            found.append((max(rank[word], rank[forms[0]]), word, forms[0]))
    return [(word, form) for _, word, form in sorted(found)[:at_most]]


def questions(words: Sequence[str], *, commonest: int, pairs_each: int) -> Iterator[str]:
    """Yield the lines of the set, in the format of questions-words.txt."""
    for section, rule in SECTIONS.items():
        yield f": {section}"
        for first, second in permutations(pairs(words[:commonest], rule, pairs_each), 2):
            yield " ".join((*first, *second))


def write(path: Path, words: Sequence[str], commonest: int = 20_000, pairs_each: int = 25) -> int:
    """Write the set for a vocabulary in the order of its counts; return how many questions."""
    lines = list(questions(words, commonest=commonest, pairs_each=pairs_each))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return sum(not line.startswith(":") for line in lines)


def main() -> None:
    """Do what the command line says."""
    from cw2v.corpus import scan_files
    from cw2v.vocab import build_vocabulary

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--commonest", type=int, default=20_000, help="words that may be asked for")
    parser.add_argument("--pairs", type=int, default=25, help="pairs of words in each section")
    args = parser.parse_args()
    words = build_vocabulary(scan_files(args.text)).words
    n_questions = write(args.output, words, args.commonest, args.pairs)
    print(f"{n_questions:,} questions in {len(SECTIONS)} sections")


if __name__ == "__main__":
    main()
