"""Time and GFLOP/s of each kernel, and of each whole step, by every backend of this machine.

    python -m pytest benchmarks/bench_kernels.py --benchmark-json=kernels.json
    python -m pytest benchmarks/bench_kernels.py -k 'update and avx2 and 100'    # some of them
    python benchmarks/plot_kernels.py kernels.json kernels.png

The shapes are those of training: 6 to 10 context words of a block; a centre and its 5, 15 or 20
noise words (6, 16 or 21 rows of W'), or two centres and 6 (8 rows); four rows of W, or CBOW's
one, with the 16 nodes of a path in the Huffman tree. The rows stay in the L1 or L2 cache, so this
is the speed of the arithmetic; training also has cache misses.

A round repeats a kernel many times in a compiled loop. Tables show the CPU time of one call, and
(as "OPS") useful GFLOP/s: additions and multiplications of the formulas in csrc/kernels.h,
whatever else a backend computes. In errors and losses, each exp, log and division counts as one,
too; compare these with one another, not with sgemm.

Shared machines have slow phases longer than a benchmark, so confirm any difference by a second run.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from cw2v import _cbow, _kernels, _skipgram

pytestmark = pytest.mark.benchmark(timer=time.thread_time)

TINY = 1e-12  # errors and learning rate: rows stay what they are, however often they are moved


class Shape(NamedTuple):
    """Rows to predict from, and rows to score."""

    n_x: int
    n_y: int
    path: bool = False

    def __str__(self) -> str:
        return f"{self.n_x}x{self.n_y}{'-path' * self.path}"

    @property
    def section(self) -> str:
        """What is scored."""
        return f"x {self.n_y}{' (path)' * self.path}"


WORDS = [Shape(n_x, n_y) for n_y in (6, 8, 16, 21) for n_x in range(6, 11)]
CENTRES = [Shape(1, 6), Shape(1, 16), Shape(1, 21)]  # CBOW's, which stand for X
SKIPGRAM = [*WORDS, Shape(4, 16, path=True)]
CBOW = [*CENTRES, Shape(1, 16, path=True)]

dims = pytest.mark.parametrize("dim", [100, 300])


def shapes(some: list[Shape]) -> pytest.MarkDecorator:
    """Run with each of these shapes."""
    return pytest.mark.parametrize("shape", some, ids=str)


def rows(n: int, dim: int) -> NDArray[np.float32]:
    """Return rows like those of a trained model: products are of size 1."""
    return np.random.default_rng(n).normal(scale=dim**-0.25, size=(n, dim)).astype(np.float32)


def errors(shape: Shape) -> NDArray[np.float32]:
    """Return errors too small to move a row."""
    return TINY * rows(shape.n_x, shape.n_y)


def labels(shape: Shape) -> _kernels.Labels:
    """Return labels as in training, where each row of x has one positive pair, or one path."""
    positives = np.zeros((shape.n_x, 8), np.uint8)
    if shape.path:
        positives[:, 0] = 1
        path = np.arange(shape.n_y, dtype=np.uint32)
        return _kernels.Labels(positives, np.ones(shape.n_y, np.float32), path)
    # Two centres share six noise words, each of which counts as often as five among six.
    n_centres, weight = (2, 5 / 6) if shape.n_y == 8 else (1, 1)
    positives[np.arange(shape.n_x), np.arange(shape.n_x) % n_centres] = 1
    noise = np.full(shape.n_y, weight, np.float32)
    noise[:n_centres] = 0
    return _kernels.Labels(positives, noise)


@dims
@shapes([*SKIPGRAM, *CENTRES])
def test_dots(measure: Any, table: str, shape: Shape, dim: int) -> None:
    """S = X Y^T."""
    n_x, n_y, _ = shape
    x, y = rows(n_x, dim), rows(n_y, dim)
    measure(
        "dots",
        table,
        lambda calls: _kernels.dots(table, x, y, repeat=calls),
        flops=2 * n_x * n_y * dim,
        section=shape.section,
        n=n_x,
        dim=dim,
    )


@shapes([*SKIPGRAM, *CBOW])
def test_logistic_error(measure: Any, table: str, shape: Shape) -> None:
    """G = lr * (positives - (positives + negatives) * sigmoid(S)), repeated in place."""
    s, said = rows(shape.n_x, shape.n_y), labels(shape)
    measure(
        "logistic_error",
        table,
        lambda calls: _kernels.logistic_error(table, s, said, 1.0, repeat=calls),
        flops=9 * shape.n_x * shape.n_y,  # two of them for `negatives`, three for the sigmoid
        section=shape.section,
        n=shape.n_x,
    )


@shapes([*SKIPGRAM, *CBOW])
def test_logistic_loss(measure: Any, table: str, shape: Shape) -> None:
    """Sum of positives * log(1 + exp(-S)) + negatives * log(1 + exp(S))."""
    s, said = rows(shape.n_x, shape.n_y), labels(shape)
    measure(
        "logistic_loss",
        table,
        lambda calls: _kernels.logistic_loss(table, s, said, repeat=calls),
        flops=12 * shape.n_x * shape.n_y,  # two of them for `negatives`, three for each logarithm
        section=shape.section,
        n=shape.n_x,
    )


@dims
@shapes(SKIPGRAM)
def test_update(measure: Any, table: str, shape: Shape, dim: int) -> None:
    """X += G Y and Y += G^T X."""
    n_x, n_y, _ = shape
    x, y, g = rows(n_x, dim), rows(n_y, dim), errors(shape)
    measure(
        "update",
        table,
        lambda calls: _kernels.update(table, x, y, g, repeat=calls),
        flops=4 * n_x * n_y * dim,
        section=shape.section,
        n=n_x,
        dim=dim,
    )


@dims
@shapes(CENTRES)
def test_update_apart(measure: Any, table: str, shape: Shape, dim: int) -> None:
    """Step = g Y and Y += g^T h."""
    n_y = shape.n_y
    h, y, g = rows(1, dim)[0], rows(n_y, dim), errors(shape)[0]
    measure(
        "update_apart",
        table,
        lambda calls: _kernels.update_apart(table, h, y, g, repeat=calls),
        flops=4 * n_y * dim,
        section=shape.section,
        n=1,
        dim=dim,
    )


@dims
@pytest.mark.parametrize("n", range(6, 11))
def test_sum_rows(measure: Any, table: str, n: int, dim: int) -> None:
    """The mean of the rows."""
    x = rows(n, dim)
    measure(
        "sum_rows",
        table,
        lambda calls: _kernels.sum_rows(table, x, 1 / n, repeat=calls),
        flops=n * dim,
        section="rows",
        n=n,
        dim=dim,
    )


@dims
@pytest.mark.parametrize("n", range(6, 11))
def test_add_to_rows(measure: Any, table: str, n: int, dim: int) -> None:
    """X += scale * step, in each row."""
    x, step = rows(n, dim), rows(1, dim)[0]
    measure(
        "add_to_rows",
        table,
        lambda calls: _kernels.add_to_rows(table, x, TINY, step, repeat=calls),
        flops=2 * n * dim,
        section="rows",
        n=n,
        dim=dim,
    )


@dims
def test_merge_rows(measure: Any, table: str, dim: int) -> None:
    """Shared rows += factors * (copies - their base), in all three; no other CPU writes them."""
    shared, local, base = (rows(32, dim) for _ in range(3))
    factors = np.full(32, 0.5, np.float32)
    measure(
        "merge_rows",
        table,
        lambda calls: _kernels.merge_rows(table, shared, local, base, factors, repeat=calls),
        flops=3 * 32 * dim,
        section="rows",
        n=32,
        dim=dim,
    )


@dims
@shapes(SKIPGRAM)
def test_skipgram_step(measure: Any, backend: str, shape: Shape, dim: int) -> None:
    """Products, errors, update: counted as 6 * dim for each pair of rows."""
    n_x, n_y, _ = shape
    w, w_out, said = rows(n_x, dim), rows(n_y, dim), labels(shape)
    x, y = (np.arange(n, dtype=np.int32) for n in (n_x, n_y))
    measure(
        "skipgram_step",
        backend,
        lambda calls: _skipgram.step(
            w, w_out, x, y, said, TINY, backend, with_loss=False, repeat=calls
        ),
        flops=6 * n_x * n_y * dim,
        section=shape.section,
        n=n_x,
        dim=dim,
    )


@dims
@shapes(CBOW)
@pytest.mark.parametrize("n_context", [6, 8, 10])
def test_cbow_step(measure: Any, backend: str, shape: Shape, n_context: int, dim: int) -> None:
    """The same with means, for which each context word counts 3 * dim."""
    n_y = shape.n_y
    w, w_out, said = rows(1 + n_context, dim), rows(n_y, dim), labels(shape)
    words, centre = np.arange(n_context + 1, dtype=np.int32), n_context // 2
    y = np.arange(n_y, dtype=np.int32)
    measure(
        "cbow_step",
        backend,
        lambda calls: _cbow.step(
            w, w_out, words, centre, y, said, TINY, backend, with_loss=False, repeat=calls
        ),
        flops=(6 * n_y + 3 * n_context) * dim,
        section=f"around {shape.section}",
        n=n_context,
        dim=dim,
    )
