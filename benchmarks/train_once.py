"""Train one model, and print as one line of JSON how long each stage took.

The other benchmarks run this in a separate process, so that the peak memory is that of one
training. The only argument is JSON: program ("gensim", "cw2v" or "cw2v-list"), text, save, settings
(of Word2Vec), began (time.monotonic() before the process was started), and save_out, the .npy file
for W' of negative sampling, if that is wanted, too.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def train_gensim(text: str, settings: dict[str, Any]) -> tuple[Any, float, float]:
    """Train from the file, gensim's fastest way; return the model, read and train seconds."""
    from gensim.models import Word2Vec

    began = time.monotonic()
    model = Word2Vec(**settings)
    model.build_vocab(corpus_file=text)
    read = time.monotonic()
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=settings["epochs"])
    return model, read - began, time.monotonic() - read


def train_cw2v(text: str, settings: dict[str, Any]) -> tuple[Any, float, float]:
    """Train from the file; return the model, read and train seconds."""
    from cw2v import Word2Vec

    model = Word2Vec(corpus_file=text, **settings)
    return model, model.training_report.read_seconds, model.training_report.train_seconds


def train_cw2v_list(text: str, settings: dict[str, Any]) -> tuple[Any, float, float]:
    """Train from a list of lists of str in memory (which is not timed)."""
    from cw2v import Word2Vec

    with Path(text).open(encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    model = Word2Vec(sentences, **settings)
    return model, model.training_report.read_seconds, model.training_report.train_seconds


def sum_of_epochs(model: Any, counted: str) -> int | None:
    """Return how many of `counted` all epochs had, or None for gensim, which does not tell."""
    if not hasattr(model, "training_report"):
        return None
    return sum(getattr(epoch, counted) for epoch in model.training_report.epochs)


TRAINERS = {"gensim": train_gensim, "cw2v": train_cw2v, "cw2v-list": train_cw2v_list}


def main() -> None:
    """Do what the argument says."""
    job = json.loads(sys.argv[1])
    model, read_seconds, train_seconds = TRAINERS[job["program"]](job["text"], job["settings"])
    saving = time.monotonic()
    model.wv.save_word2vec_format(job["save"], binary=True)
    now = time.monotonic()
    if job.get("save_out"):
        np.save(job["save_out"], model.syn1neg)
    n_words, dim = model.wv.vectors.shape
    n_tokens = sum(int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key)
    result = {
        "n_words": n_words,
        "n_raw_tokens": int(model.corpus_total_words),
        "n_tokens": n_tokens,
        "read_seconds": read_seconds,
        "train_seconds": train_seconds,
        "save_seconds": now - saving,
        "whole_seconds": now - job["began"],
        "words_per_second": n_tokens * model.epochs / train_seconds,
        # Skip-gram's pairs, CBOW's centres; only cw2v tells.
        "predictions": sum_of_epochs(model, "pairs"),
        "kept_words": sum_of_epochs(model, "kept_words"),
        "read_words_per_second": model.corpus_total_words / read_seconds,
        # Linux counts the peak in KiB.
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        # W and W' in float32, the corpus as int32 ids and int64 starts of sentences.
        "model_bytes": 2 * 4 * n_words * dim + 4 * n_tokens + 8 * (int(model.corpus_count) + 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
