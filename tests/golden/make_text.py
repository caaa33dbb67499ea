"""Makes text.txt, the text that the golden files in this folder were trained on.

    python make_text.py > text.txt

Sentences of a small grammar, with words of several scripts and lengths.
"""

import random

PLACES = [
    "Paris",
    "Berlin",
    "Madrid",
    "København",
    "서울",
    "東京",
    "Αθήνα",
    "Москва",
    "São-Paulo",
    "Zürich",
]
COUNTRIES = [
    "France",
    "Germany",
    "Spain",
    "Danmark",
    "한국",
    "日本",
    "Ελλάδα",
    "Россия",
    "Brasil",
    "Schweiz",
]
NOUNS = [
    "king",
    "queen",
    "man",
    "woman",
    "boy",
    "girl",
    "cat",
    "dog",
    "house",
    "river",
    "mountain",
    "train",
    "word",
    "vector",
]
ADJECTIVES = [
    "old",
    "young",
    "small",
    "large",
    "red",
    "blue",
    "quick",
    "slow",
    "naïve",
    "über",
    "élan-vital",
]
VERBS = [
    "sees",
    "likes",
    "follows",
    "finds",
    "draws",
    "reads",
    "moves",
    "naïvely-counts",
]
NUMBERS = [str(number) for number in range(1, 40)]


def sentence(rng):
    place = rng.randrange(len(PLACES))
    adjective, noun, verb = rng.choice(ADJECTIVES), rng.choice(NOUNS), rng.choice(VERBS)
    return rng.choice(
        [
            f"{PLACES[place]} is the capital of {COUNTRIES[place]} .",
            f"the {adjective} {noun} {verb} the {rng.choice(NOUNS)} in {PLACES[place]} .",
            f"{rng.choice(NUMBERS)} {noun}s and {rng.choice(NUMBERS)} more , said the {noun} .",
            f"in {COUNTRIES[place]} a {noun} {verb} {rng.choice(NUMBERS)} {adjective} {noun}s",
        ]
    )


if __name__ == "__main__":
    rng = random.Random(7)
    for _ in range(900):
        print(sentence(rng))
