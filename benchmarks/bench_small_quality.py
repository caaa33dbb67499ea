"""Quality without analogies: cw2v and gensim on other texts, graphs and baskets.

    python benchmarks/bench_small_quality.py --noise-spans 0 1 2 4 8 --json small.json

Trains both programs with the same settings and several seeds on the same texts, keeps W and W',
and scores both with the same functions:

utf8-ko       the text, up to --prefix-bytes. Only neighbours are compared, see below
wiki-pages, cora, blogcatalog
              uniform random walks of 40 steps (DeepWalk), drawn once. "labels": micro-F1 of ridge
              regression on the nodes' vectors, five-fold cross-validation (graph_task.py)
karate        the same walks. "links": link prediction by cosine similarity (AUC)
bms, retail   baskets, each shuffled once, with one item of a fifth of them held out. Hit rate at 10
              of the held-out items, given the other items, "by W" and "by W'" (basket_task.py).
              Window 10, twice --epochs; with fewer than ten epochs, retail's vectors are hardly
              trained
4, 100, 1,000 words
              the most frequent of the first --small-bytes of encyclopedia.txt (max_final_vocab).
              "loss": per pair, on pairs drawn once (pair_loss.py); lower is better

For all of them, the share of the ten nearest neighbours (of at most 1,000 words, evenly drawn from
the 20,000 most frequent; with four words, of the one nearest) that a training has in common with
gensim's of any other seed, and with its own program's of another seed. gensim with itself is the
reference.

Prints mean (range) over the seeds. "!" marks a difference from gensim where the two ranges do not
overlap. Each value of --noise-spans is compared as a program of its own; 0 is cw2v's choice.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import combinations, permutations
from pathlib import Path
from statistics import fmean
from typing import Any

import basket_task
import common
import graph_task
import numpy as np
import pair_loss
import quality_measures as measures

# Walks from each node: enough that the texts have 0.3 to 2 million words.
GRAPHS = {"karate": 200, "cora": 20, "wiki-pages": 20, "blogcatalog": 5}
BASKETS = {"bms": "bms-webview-1.txt.xz", "retail": "retail.txt.xz"}
VOCABULARIES = {"4 words": 4, "100 words": 100, "1,000 words": 1000}
KOREAN = "utf8-ko"
TASKS = (KOREAN, *GRAPHS, *BASKETS, *VOCABULARIES)


@dataclass(frozen=True)
class Trained:
    """Vectors of one training, rows in the order of `index_to_key`."""

    index_to_key: list[str]
    vectors: np.ndarray
    w_out: np.ndarray

    def in_order(self, words: list[str]) -> Trained:
        """Return the same with its rows in the order of `words`."""
        place = {word: i for i, word in enumerate(self.index_to_key)}
        rows = [place[word] for word in words]
        return Trained(words, self.vectors[rows], self.w_out[rows])


@dataclass(frozen=True)
class Task:
    """A text, what is set for it besides the command line's, and how vectors are scored."""

    text: Path
    settings: dict[str, Any] = field(default_factory=dict)
    scores: Callable[[Trained], dict[str, float]] = lambda trained: {}


def main() -> None:
    """Run what the command line asks for and print the tables."""
    args = parse()
    common.require_gensim()
    machine = common.machine()
    print(common.describe(machine), flush=True)
    results: dict[str, Any] = {}
    for name in args.tasks:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cw2v-bench-")))
            task = make_task(name, args, folder, stack)
            for mode in args.modes:
                title = f"{name}, {mode}"
                print(f"\n{title}", flush=True)
                results[title] = measure(args, mode, task, folder)
                print(f"\n{summary(title, results[title])}", flush=True)
    settings = {key: str(value) for key, value in vars(args).items()}
    common.save_json(args.json, {"machine": machine, "settings": settings, "results": results})


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common.add_common_arguments(parser)
    parser.set_defaults(prefix_bytes=0)
    parser.add_argument(
        "--tasks", nargs="+", choices=TASKS, default=TASKS, metavar="NAME", help="default all"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--noise-spans", type=int, nargs="+", default=[0], help="default 0")
    parser.add_argument("--workers", type=int, default=1, help="of cw2v")
    parser.add_argument(
        "--gensim-workers", type=int, default=1, help="more of them lose updates of few words"
    )
    parser.add_argument("--small-bytes", type=int, default=5_000_000)
    args = parser.parse_args()
    if any(common.MODES[mode]["hs"] for mode in args.modes):
        parser.error("W' is scored, that of negative sampling: --modes sg-ns cbow-ns")
    return args


def make_task(name: str, args: argparse.Namespace, folder: Path, stack: ExitStack) -> Task:
    """Write the text of a task; return it with its scores."""
    if name in GRAPHS:
        return graph(name, folder)
    if name in BASKETS:
        text = folder / "baskets.txt"
        asked = basket_task.hold_out(common.data_folder() / "baskets" / BASKETS[name], text)
        return Task(
            text,
            {"window": 10, "epochs": 2 * args.epochs},
            lambda told: basket_task.hit_rates(told.index_to_key, told.vectors, told.w_out, asked),
        )
    if name == KOREAN:
        source = Path(f"{KOREAN}.txt.xz")
        return Task(stack.enter_context(common.prepared_text(source, args.prefix_bytes)))
    text = stack.enter_context(common.prepared_text(common.DEFAULT_TEXT, args.small_bytes))
    return Task(text, {"max_final_vocab": VOCABULARIES[name]}, LossOfPairs(text, args))


class LossOfPairs:
    """Scores vectors by the loss of pairs drawn from a text when the first are scored."""

    def __init__(self, text: Path, args: argparse.Namespace) -> None:
        self.text = text
        self.args = args
        self.pairs: pair_loss.Pairs | None = None

    def __call__(self, told: Trained) -> dict[str, float]:
        """Return the loss per pair."""
        if self.pairs is None:
            self.pairs = pair_loss.draw_pairs(
                self.text,
                told.index_to_key,
                sample=self.args.sample,
                window=self.args.window,
                negative=self.args.negative,
                n_pairs=200_000,
            )
        return {"loss": pair_loss.loss_per_pair(told.vectors, told.w_out, self.pairs)}


def graph(name: str, folder: Path) -> Task:
    """Write a graph's walks; return the task of telling its labels, or links if it has none."""
    data = common.data_folder() / "graph"
    [path] = data.glob(f"{name}.edgelist*")
    links = graph_task.links_of(graph_task.read_edges(path))
    text = folder / "walks.txt"
    graph_task.write_walks(links, text, GRAPHS[name])
    settings = {"vector_size": 64, "sample": 0, "min_count": 1}
    n_nodes = len(links[0]) - 1
    labels = data / f"{name}.labels"
    if not labels.exists():
        order = [str(node) for node in range(n_nodes)]
        return Task(
            text,
            settings,
            lambda told: {"links": graph_task.link_score(told.in_order(order).vectors, links)},
        )
    has = graph_task.read_labels(labels, n_nodes)

    def scores(told: Trained) -> dict[str, float]:
        nodes = np.array([int(word) for word in told.index_to_key])
        known = has[nodes].any(axis=1)
        return {"labels": graph_task.label_score(told.vectors[known], has[nodes][known])}

    return Task(text, settings, scores)


def programs(args: argparse.Namespace) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each program's name in the tables, that of its trainer, and its own settings."""
    yield "gensim", "gensim", {"workers": args.gensim_workers}
    for span in args.noise_spans:
        name = f"cw2v, span {span}" if span else "cw2v"
        yield name, "cw2v", {"workers": args.workers, "noise_span": span}


def measure(args: argparse.Namespace, mode: str, task: Task, folder: Path) -> dict[str, Any]:
    """Train every program with every seed; return scores and nearest neighbours in common."""
    scores: dict[str, list[dict[str, float]]] = {name: [] for name, *_ in programs(args)}
    nearest: dict[str, list[list[set]]] = {name: [] for name in scores}
    words: list[str] = []
    for seed in args.seeds:
        for name, program, own in programs(args):
            settings = common.settings_of(args, mode) | task.settings | own | {"seed": seed}
            trained = train(program, task.text, settings, folder)
            words = words or trained.index_to_key
            trained = trained.in_order(words)
            scores[name].append(task.scores(trained))
            topn = max(1, min(10, len(words) // 3))
            nearest[name].append(measures.neighbours(trained, topn=topn))
            line = ", ".join(f"{key} {value:.4f}" for key, value in scores[name][-1].items())
            print(f"  {name}, seed {seed}: {line or 'trained'}", flush=True)
    return {"n_words": len(words), "scores": scores, "in common": in_common(nearest)}


def train(program: str, text: Path, settings: dict[str, Any], folder: Path) -> Trained:
    """Train once; return the vectors."""
    save, save_out = folder / "vectors.bin", folder / "out.npy"
    common.train_once(program, text, settings, save, save_out=save_out)
    told = measures.load(save, with_gensim=False)
    return Trained(list(told.index_to_key), np.asarray(told.vectors), np.load(save_out))


def in_common(nearest: dict[str, list[list[set]]]) -> dict[str, dict[str, list[float]]]:
    """Compare every program's trainings with gensim's and its own, of other seeds."""
    told = {}
    for name, trainings in nearest.items():
        pairs = list(permutations(range(len(trainings)), 2))
        told[name] = {
            "with gensim": [
                measures.agreement(trainings[a], nearest["gensim"][b])
                for a, b in pairs
                if name != "gensim" or a < b
            ],
            "with itself": [measures.agreement(a, b) for a, b in combinations(trainings, 2)],
        }
    return told


def summary(title: str, result: dict[str, Any]) -> str:
    """Lay out one row for each program: scores, neighbours in common, differences."""
    columns = {
        name: {key: [score[key] for score in scores] for key in scores[0]}
        | result["in common"][name]
        for name, scores in result["scores"].items()
    }
    base = columns["gensim"]
    rows = [[f"{title} ({result['n_words']:,} words): mean (range)", *base]]
    for name, own in columns.items():
        rows.append([name, *(mean_and_range(own[key]) for key in base)])
        if name != "gensim":
            rows.append([f"{name} - gensim", *(difference(own[key], base[key]) for key in base)])
    return common.table(rows)


def mean_and_range(numbers: list[float]) -> str:
    """Write ``0.8123 (0.8101-0.8150)``."""
    if not numbers:
        return ""
    return f"{fmean(numbers):.4f} ({min(numbers):.4f}-{max(numbers):.4f})"


def difference(own: list[float], base: list[float]) -> str:
    """Write the difference of the means, marked where the ranges do not overlap."""
    if not own or not base:
        return ""
    apart = max(own) < min(base) or min(own) > max(base)
    return f"{fmean(own) - fmean(base):+.4f}{' !' if apart else ''}"


if __name__ == "__main__":
    main()
