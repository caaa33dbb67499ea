"""Time to count phrases, and to join them in sentences, compared with gensim's.

    python benchmarks/bench_phrases.py [--text FILE] [--prefix-bytes N] [--threshold T]

Each measurement has its own process, gensim's and cw2v's in turn. The counts and scores of both
are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from common import (
    DEFAULT_TEXT,
    describe,
    machine,
    prepared_text,
    require_gensim,
    save_json,
    spread,
    table,
)

TASKS = {
    "count, LineSentence": "tokens a second, Phrases(LineSentence(file))",
    "count, list": "the same from a list of lists",
    "vocab": "seconds from Phrases to its dict `vocab`",
    "freeze": "seconds from Phrases to FrozenPhrases",
    "join, Phrases": "tokens a second, for sentence in phrases[LineSentence(file)]",
    "join, frozen": "the same with FrozenPhrases",
}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Do everything with one program; returns seconds by task, and digests of the results."""
    if job["program"] == "gensim":
        from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
        from gensim.models.word2vec import LineSentence
    else:
        from cw2v import ENGLISH_CONNECTOR_WORDS, LineSentence, Phrases
    settings: dict[str, Any] = {"threshold": job["threshold"]}
    if job["connectors"]:
        settings["connector_words"] = ENGLISH_CONNECTOR_WORDS
    seconds = {}

    def timed(task: str, action: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = action()
        seconds[task] = time.perf_counter() - began
        return result

    text = LineSentence(job["text"])
    phrases = timed("count, LineSentence", lambda: Phrases(text, **settings))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frozen = timed("freeze", phrases.freeze)
    digests = {"scores": digest(f"{k}\t{v!r}" for k, v in frozen.phrasegrams.items())}
    models = (("join, Phrases", phrases), ("join, frozen", frozen)) if job["join"] else ()
    for task, model in models:
        joined = timed(task, lambda model=model: sum(map(len, model[text])))
        digests[task] = str(joined)  # tokens that are left
    vocab = timed("vocab", lambda model=phrases: model.vocab)
    digests["vocab"] = digest(f"{k}\t{v}" for k, v in vocab.items())
    size, n_tokens = len(vocab), phrases.corpus_word_count
    del phrases, frozen, vocab
    if job["list"]:
        sentences = list(text)
        timed("count, list", lambda: Phrases(sentences, **settings))
    return {
        "seconds": seconds,
        "digests": digests,
        "words and phrases": size,
        "tokens": n_tokens,
        "peak": peak * 1024,
    }


def digest(lines: Iterator[str]) -> str:
    """Return a digest of lines, in their order."""
    sums = hashlib.sha256()
    for line in lines:
        sums.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return sums.hexdigest()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Measure in a new process."""
    done = subprocess.run(
        [sys.executable, __file__, "--job", json.dumps(job)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{job['program']} failed (exit code {done.returncode}); see above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def row(task: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    """Lay out one task's numbers."""
    both = []
    for runs in (theirs, ours):
        seconds = [result["seconds"][task] for result in runs]
        if task not in ("vocab", "freeze"):
            both.append([result["tokens"] / s for result, s in zip(runs, seconds, strict=True)])
            unit = "M tokens/s"
        else:
            both.append(seconds)
            unit = "s"
    scale = 1e6 if unit != "s" else 1
    best = [max(numbers) if scale > 1 else min(numbers) for numbers in both]
    ratio = best[1] / best[0] if scale > 1 else best[0] / best[1]
    cells = [spread(numbers, scale) for numbers in both]
    return [task, unit, *cells, f"{ratio:.1f}"]


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=DEFAULT_TEXT)
    parser.add_argument("--prefix-bytes", type=int, default=0, help="use this much; 0: all")
    parser.add_argument("--threshold", type=float, default=10.0)
    parser.add_argument("--connectors", action="store_true", help="ENGLISH_CONNECTOR_WORDS")
    parser.add_argument("--no-list", action="store_true", help="leave the list of lists out")
    parser.add_argument("--no-join", action="store_true", help="leave joining out")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, help="save all numbers here")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        print(json.dumps(measure(json.loads(args.job))))
        return
    require_gensim()
    about = machine()
    results: dict[str, list[dict[str, Any]]] = {"gensim": [], "cw2v": []}
    with prepared_text(args.text, args.prefix_bytes) as text:
        for _ in range(args.repeat):
            for program, runs in results.items():
                job = {"program": program, "text": str(text), "threshold": args.threshold}
                job |= {"connectors": args.connectors, "list": not args.no_list}
                job["join"] = not args.no_join
                runs.append(run(job))
    theirs, ours = results["gensim"], results["cw2v"]
    for ours_now in (*ours, *theirs):
        if ours_now["digests"] != ours[0]["digests"]:
            sys.exit(f"the results differ: {ours_now['digests']} and {ours[0]['digests']}")
    print(describe(about))
    print(
        f"{ours[0]['tokens']:,} tokens, {ours[0]['words and phrases']:,} words and phrases; "
        "both programs have the same counts, in the same order, and the same scores"
    )
    tasks = [task for task in TASKS if task in ours[0]["seconds"]]
    rows = [["", "unit", "gensim", "cw2v", "ratio"], *(row(task, ours, theirs) for task in tasks)]
    peaks = [spread([result["peak"] for result in runs], 1e9) for runs in (theirs, ours)]
    rows.append(["peak memory after counting", "GB", *peaks, ""])
    print(table(rows))
    save_json(args.json, {"machine": about, "results": results})


if __name__ == "__main__":
    main()
