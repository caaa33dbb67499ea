"""Other shapes of a text, for bench_shapes.py: other line lengths, more distinct words.

Each function reads a file line by line and writes another; words are separated by white space.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path


def words_of(text: Path) -> Iterator[bytes]:
    """Yield the words of a text in order."""
    with text.open("rb") as lines:
        for line in lines:
            yield from line.split()


def recut(text: Path, target: Path, words_per_line: int) -> None:
    """Write the same words with so many in each line."""
    words = words_of(text)
    with target.open("wb") as out:
        while piece := list(islice(words, words_per_line)):
            out.write(b" ".join(piece) + b"\n")


def split_rare(text: Path, target: Path, n_words: int) -> dict[str, int]:
    """Write the text with its rarest words split until there are `n_words` of them.

    From the rarest word up, each occurrence of a word becomes a word of its own: the third
    ``zyzzyva`` is written ``zyzzyva3`` (so the text should have no digits). Lines, and the number
    of words in them, stay as they are. Of the last word that is split only so many occurrences
    are as it takes to reach `n_words` exactly. A text with as many words is written as it is.

    Returns
    -------
    dict
        The number of words before and after (fewer than `n_words` when the text has not as many
        tokens), and how many words, with how many tokens of the text, were split.
    """
    counts = Counter(words_of(text))
    copies = copies_of_rare(counts, n_words - len(counts))
    seen: Counter[bytes] = Counter()

    def numbered(line: Iterable[bytes]) -> Iterator[bytes]:
        for word in line:
            if word not in copies:
                yield word
                continue
            seen[word] += 1
            number = min(seen[word], copies[word])
            yield word if number == 1 else b"%s%d" % (word, number)

    with text.open("rb") as lines, target.open("wb") as out:
        for line in lines:
            out.write(b" ".join(numbered(line.split())) + b"\n")
    return {
        "words_before": len(counts),
        "words_after": len(counts) - len(copies) + sum(copies.values()),
        "words_split": len(copies),
        "tokens_split": sum(counts[word] for word in copies),
    }


def copies_of_rare(counts: Counter[bytes], missing: int) -> dict[bytes, int]:
    """Say into how many words each of the rarest is split so that there are `missing` more."""
    copies: dict[bytes, int] = {}
    for word, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        if missing <= 0:
            break
        if count > 1:
            copies[word] = min(count, missing + 1)
            missing -= copies[word] - 1
    return copies
