"""The jobs of third_party.py: each runs a program from PyPI on real data, as it documents.

third_party.py runs this file in a virtual environment, once with gensim and once with cw2v instead
of it:

    python third_party_jobs.py gensim|cw2v JOB DATA_FOLDER

The last line printed is a JSON object: seconds of the whole job, seconds in `build_vocab` and
`train` of Word2Vec, and a score, which the function of the job documents.
"""

from __future__ import annotations

import functools
import json
import lzma
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

DIM = 64


def fastnode2vec(data: Path) -> float:
    """Run fastnode2vec, which subclasses Word2Vec and makes its walks in the workers."""
    from fastnode2vec import Graph, Node2Vec

    edges = list(edge_list(data, "cora"))
    graph = Graph(edges, directed=False, weighted=False, verbose=False)
    model = Node2Vec(graph, dim=DIM, walk_length=40, window=5, p=2.0, q=0.5, workers=2, seed=1)
    model.train(epochs=20, verbose=False)
    return accuracy_of(data, "cora", [model.wv[node] for node in nodes(data, "cora")])


def node2vec(data: Path) -> float:
    """Run node2vec (E. Cohen's) as its README does, batch_words=4 included."""
    import networkx
    from gensim.models import Word2Vec
    from node2vec import Node2Vec
    from node2vec.edges import HadamardEmbedder

    graph = networkx.read_edgelist(data / "graph" / "cora.edgelist")
    walks = Node2Vec(graph, dimensions=DIM, walk_length=40, num_walks=10, quiet=True, seed=1)
    model = walks.fit(window=5, min_count=1, batch_words=4, seed=1, workers=2)
    model.wv.most_similar("163")
    with tempfile.TemporaryDirectory() as folder:
        model.wv.save_word2vec_format(f"{folder}/vectors")
        model.save(f"{folder}/model")
        model = Word2Vec.load(f"{folder}/model")
    edges = HadamardEmbedder(keyed_vectors=model.wv, quiet=True)
    assert edges[("163", "402")].shape == (DIM,)

    small = networkx.read_edgelist(data / "graph" / "karate.edgelist")
    karate = Node2Vec(small, dimensions=16, walk_length=10, num_walks=20, quiet=True, seed=1)
    embedder = HadamardEmbedder(karate.fit(min_count=1, seed=1, workers=1).wv, quiet=True)
    pairs = embedder.as_keyed_vectors()
    assert len(pairs.most_similar(pairs.index_to_key[0])) == 10
    return accuracy_of(data, "cora", [model.wv[node] for node in nodes(data, "cora")])


def pecanpy(data: Path) -> float:
    """Run PecanPy's sparse mode on the fly, with no seed, as is its default."""
    from pecanpy import pecanpy

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edges.tsv"
        pairs = {tuple(sorted(pair)) for pair in edge_list(data, "wiki-pages")}
        path.write_text("".join(f"{a}\t{b}\n" for a, b in sorted(pairs)))
        graph = pecanpy.SparseOTF(p=1, q=0.5, workers=2, verbose=False)
        graph.read_edg(str(path), weighted=False, directed=False)
    rows = graph.embed(dim=DIM, num_walks=20, walk_length=40, window_size=5, epochs=1)
    vectors = dict(zip(graph.nodes, rows, strict=True))
    return accuracy_of(data, "wiki-pages", [vectors[node] for node in nodes(data, "wiki-pages")])


def karateclub(data: Path, kind: str, **settings: Any) -> float:
    """Run one of karateclub's models on Cora."""
    import networkx
    from karateclub.node_embedding import neighbourhood

    graph = networkx.read_edgelist(data / "graph" / "cora.edgelist", nodetype=int)
    ordered = networkx.Graph()
    ordered.add_nodes_from(range(graph.number_of_nodes()))
    ordered.add_edges_from(graph.edges)
    model = getattr(neighbourhood, kind)(walk_length=40, workers=2, seed=1, **settings)
    # Its check wants a graph in one piece, which Cora is not; the walks do not mind.
    model._check_graph = lambda graph: graph
    model.fit(ordered)
    return accuracy_of(data, "cora", model.get_embedding())


def deepwalk(data: Path) -> float:
    """Run karateclub's DeepWalk: CBOW with hierarchical softmax and negative sampling."""
    return karateclub(data, "DeepWalk", dimensions=DIM, epochs=2)


def walklets(data: Path) -> float:
    """Run karateclub's Walklets: CBOW with negative sampling, window 1, many short walks."""
    return karateclub(data, "Walklets", dimensions=32, epochs=2, window_size=2)


def pyrdf2vec(data: Path) -> float:
    """Run pyRDF2Vec on the links between Wikipedia's pages: half of them, then online the rest."""
    from pyrdf2vec import RDF2VecTransformer
    from pyrdf2vec.embedders import Word2Vec
    from pyrdf2vec.graphs import KG, Vertex
    from pyrdf2vec.walkers import RandomWalker

    kg = KG()
    for a, b in edge_list(data, "wiki-pages"):
        page, linked = Vertex(f"page:{a}"), Vertex(f"page:{b}")
        link = Vertex("links", predicate=True, vprev=page, vnext=linked)
        kg.add_walk(page, link, linked)
    pages = [f"page:{page}" for page in nodes(data, "wiki-pages")]
    embedder = Word2Vec(vector_size=DIM, sg=1, epochs=5, workers=2, seed=1)
    transformer = RDF2VecTransformer(embedder, [RandomWalker(4, 20, random_state=1)])
    half = len(pages) // 2
    transformer.fit(transformer.get_walks(kg, pages[:half]))
    transformer.fit(transformer.get_walks(kg, pages[half:]), is_update=True)
    with tempfile.TemporaryDirectory() as folder:
        transformer.save(f"{folder}/transformer")
        transformer = RDF2VecTransformer.load(f"{folder}/transformer")
    vectors, _ = transformer.transform(kg, pages)
    return accuracy_of(data, "wiki-pages", vectors)


def spec2vec(data: Path) -> float:
    """Run Spec2Vec on sessions in a web shop, a page taken for a peak of the spectrum.

    Score: how often two halves of a session are more alike than halves of two sessions.
    """
    from gensim.models import Word2Vec
    from matchms import Spectrum
    from spec2vec import Spec2Vec, SpectrumDocument
    from spec2vec.model_building import train_new_word2vec_model

    def spectrum(items: list[float]) -> Spectrum:
        return Spectrum(np.array(items), np.ones(len(items)), {})

    with lzma.open(data / "baskets" / "bms-webview-1.txt.xz", "rt") as text:
        sessions = [sorted({int(item) / 1000 for item in line.split()}) for line in text]
    documents = [SpectrumDocument(spectrum(items), 3) for items in sessions if len(items) > 1]
    with tempfile.TemporaryDirectory() as folder:
        train_new_word2vec_model(
            documents, [3, 6], f"{folder}/w.model", workers=2, vector_size=DIM, sample=0
        )
        model = Word2Vec.load(f"{folder}/w.model")
        assert len(Word2Vec.load(f"{folder}/w_iter_3.model").wv) == len(model.wv)
    long = [items for items in sessions if len(items) > 5][:1000]
    similarity = Spec2Vec(model, allowed_missing_percentage=100)
    scores = similarity.matrix(
        [spectrum(items[::2]) for items in long], [spectrum(items[1::2]) for items in long]
    )
    return float((np.diag(scores)[:, None] > scores).mean())


def wefe(data: Path) -> float:
    """Run WEFE's WEAT on vectors trained here: the effect of gender on career and family."""
    from gensim.models import Word2Vec
    from wefe.metrics import WEAT
    from wefe.query import Query
    from wefe.word_embedding_model import WordEmbeddingModel

    with lzma.open(data / "encyclopedia.txt.xz", "rt") as text:
        sentences = [line.split() for line, _ in zip(text, range(150_000), strict=False)]
    model = Word2Vec(sentences, sg=1, vector_size=DIM, epochs=2, workers=2)
    targets = [
        ["he", "man", "boy", "brother", "him", "son", "father"],
        ["she", "woman", "girl", "sister", "her"],
    ]
    attributes = [
        ["business", "company", "salary", "office", "professional", "management", "career"],
        ["home", "parents", "children", "family", "marriage", "wedding", "relatives"],
    ]
    query = Query(targets, attributes, ["men", "women"], ["career", "family"])
    result = WEAT().run_query(query, WordEmbeddingModel(model.wv, "encyclopedia"))
    return float(result["effect_size"])


def edge_list(data: Path, graph: str) -> Iterator[tuple[str, str]]:
    """Yield a graph's pairs of nodes."""
    for line in (data / "graph" / f"{graph}.edgelist").read_text().splitlines():
        a, b = line.split()[:2]
        yield a, b


def labels(data: Path, graph: str) -> list[tuple[int, int]]:
    """Return each node and its class, by node."""
    lines = (data / "graph" / f"{graph}.labels").read_text().splitlines()
    return sorted((int(node), int(label)) for node, label in map(str.split, lines))


def nodes(data: Path, graph: str) -> list[str]:
    """Return a graph's nodes, in order."""
    return [str(node) for node, _ in labels(data, graph)]


def accuracy_of(data: Path, graph: str, vectors: Any) -> float:
    """Return how often logistic regression on its vector tells a node's class (five folds)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    told = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    classes = np.array([label for _, label in labels(data, graph)])
    return float(cross_val_score(told, np.asarray(vectors), classes, cv=folds).mean())


class Stopwatch:
    """Adds up the time spent in some methods, whichever calls whichever."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = False

    def on(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method with the clock running."""

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return method(*args, **kwargs)
            self._inside, began = True, time.monotonic()
            try:
                return method(*args, **kwargs)
            finally:
                self._inside = False
                self.seconds += time.monotonic() - began

        return timed


JOBS: dict[str, Callable[[Path], float]] = {
    job.__name__: job
    for job in (fastnode2vec, node2vec, pecanpy, deepwalk, walklets, pyrdf2vec, spec2vec, wefe)
}


def main() -> None:
    """Do what the command line says."""
    program, job, data = sys.argv[1:]
    if program == "cw2v":
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
        from gensim_suite.swap import swap

        swap()
    from gensim.models import Word2Vec

    spent = Stopwatch()
    for method in ("build_vocab", "train"):
        setattr(Word2Vec, method, spent.on(getattr(Word2Vec, method)))
    began = time.monotonic()
    score = JOBS[job](Path(data))
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "word2vec_seconds": spent.seconds, "score": score}))


if __name__ == "__main__":
    main()
