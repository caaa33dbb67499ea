"""Plot the results of bench_kernels.py: GFLOP/s of each kernel by shape and backend.

    python -m pytest benchmarks/bench_kernels.py --benchmark-json=kernels.json
    python benchmarks/plot_kernels.py kernels.json kernels.png

A marker is the best round; the line down from it ends at the median. The dashed line is sgemm on
one thread. The x axis has the number of rows of X, in sections by the number of rows of Y; for
CBOW's step, the number of context words, in sections by centres and rows of Y. Errors and losses
have their own scale. The suffix of the picture is its format: .png, .svg or .pdf.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cw2v.atomic import atomic_write, check_writable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The same in every picture, and told apart by the colour-blind (Okabe and Ito 2008).
STYLES = {
    "avx512": ("#CC79A7", "D"),
    "avx2": ("#0072B2", "o"),
    "vec128": ("#009E73", "s"),
    "scalar": ("#D55E00", "v"),
    "blas": ("#E69F00", "^"),
}
OTHER_STYLE = ("#666666", "x")
# Not sums of products: their operations are not sgemm's, and much slower. On a scale of their own.
OTHER_SCALE = ("logistic_error", "logistic_loss")
SUFFIXES = (".png", ".svg", ".pdf")


class Measured(NamedTuple):
    """One kernel, backend and shape; `section` and `n` are the shape, see conftest.py."""

    kernel: str
    backend: str
    dim: int | None
    section: str
    n: int
    best: float  # GFLOP/s
    median: float

    @property
    def panel(self) -> str:
        """Return the title of the panel it belongs to."""
        return self.kernel if self.dim is None else f"{self.kernel}, dim {self.dim}"


def main() -> None:
    """Read, draw and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("json", type=Path, help="what --benchmark-json saved")
    parser.add_argument("picture", type=Path, help="where to draw")
    args = parser.parse_args()
    kind = args.picture.suffix.lower()
    if kind not in SUFFIXES:
        parser.error(f"the picture must end in {', '.join(SUFFIXES)}, got {args.picture.name}")
    try:
        check_writable(args.picture)
    except OSError as error:
        sys.exit(f"plot_kernels: {error}")
    measured, peak, about = load(args.json)
    picture = draw(measured, peak, about)
    with atomic_write(args.picture, "wb") as file:
        picture.savefig(file, format=kind[1:], dpi=120)


def load(path: Path) -> tuple[list[Measured], float, str]:
    """Return what was measured, sgemm's peak in GFLOP/s, and the machine in words.

    Stops, and says why, where `path` is not what bench_kernels.py saves.
    """
    how = "python -m pytest benchmarks/bench_kernels.py --benchmark-json=FILE makes such a file"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"plot_kernels: cannot read {path}: {error.strerror}; {how}")
    except ValueError as error:
        sys.exit(f"plot_kernels: {path} is not JSON: {error}; {how}")
    try:
        measured = [measured_by(benchmark) for benchmark in saved["benchmarks"]]
        peak, machine = max(saved["sgemm_gflops"]), saved["machine_info"]["cw2v"]
        about = (
            f"{machine['cpu']}; cw2v {machine['versions']['cw2v']}; {', '.join(machine['blas'])}"
        )
    except KeyError as error:
        sys.exit(f"plot_kernels: {path} has no {error}, so it is not of bench_kernels.py; {how}")
    except (TypeError, ValueError, AttributeError) as error:
        sys.exit(f"plot_kernels: {path} is not what bench_kernels.py saves: {error}; {how}")
    if not measured:
        sys.exit(f"plot_kernels: {path} has no benchmarks; {how}")
    return measured, peak, about


def measured_by(benchmark: dict[str, Any]) -> Measured:
    """Return what one benchmark of pytest-benchmark's JSON says; its times are of a round."""
    info, stats = benchmark["extra_info"], benchmark["stats"]
    gflop = info["flops"] * info["calls"] / 1e9
    shape = {key: info[key] for key in ("kernel", "backend", "dim", "section", "n")}
    return Measured(**shape, best=gflop / stats["min"], median=gflop / stats["median"])


def draw(measured: list[Measured], peak: float, about: str) -> Figure:
    """Return a figure with a panel for each kernel and length of rows, two beside each other."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("plot_kernels: matplotlib is not installed: pip install -e '.[bench]'")

    panels = dict.fromkeys(one.panel for one in measured)
    n_rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(15, 2.6 * n_rows + 1.2), layout="constrained")
    figure.suptitle(f"Useful GFLOP/s, one thread, rows in the cache; sgemm: {peak:.0f}\n{about}")
    grid = list(figure.subplots(n_rows, 2, squeeze=False).flat)
    top = 1.08 * max(peak, *(one.best for one in measured))
    named: dict[str, Artist] = {}
    for axes, title in zip(grid, panels, strict=False):
        draw_panel(axes, title, [one for one in measured if one.panel == title])
        if title in OTHER_SCALE:
            axes.set_ylim(bottom=0)
        else:
            axes.axhline(peak, color="black", linestyle="--", linewidth=1, label="sgemm")
            axes.set_ylim(0, top)
        handles, names = axes.get_legend_handles_labels()
        named |= dict(zip(names, handles, strict=True))
    for axes in grid[len(panels) :]:
        axes.remove()
    figure.legend([*named.values()], [*named], loc="outside lower center", ncols=len(named))
    return figure


def draw_panel(axes: Axes, title: str, measured: list[Measured]) -> None:
    """Draw a mark for each backend and shape; the marks of a section are joined by a line."""
    sections = list(dict.fromkeys(one.section for one in measured))
    shapes = sorted(
        {(one.section, one.n) for one in measured},
        key=lambda shape: (sections.index(shape[0]), shape[1]),
    )
    # One free place between sections.
    place = {shape: i + sections.index(shape[0]) for i, shape in enumerate(shapes)}
    for backend in dict.fromkeys(one.backend for one in measured):
        colour, marker = STYLES.get(backend, OTHER_STYLE)
        for section in sections:
            ours = [one for one in measured if (one.backend, one.section) == (backend, section)]
            ours.sort(key=lambda one: one.n)
            at = [place[section, one.n] for one in ours]
            best = [one.best for one in ours]
            axes.plot(
                at, best, color=colour, marker=marker, markersize=4, linewidth=1, label=backend
            )
            axes.vlines(at, [one.median for one in ours], best, color=colour, linewidth=1)
    axes.set_title(title, fontsize="medium")
    axes.set_xticks([*place.values()], [str(n) for _, n in place], fontsize="small")
    for section in sections:
        middle = [at for shape, at in place.items() if shape[0] == section]
        axes.annotate(
            section,
            (sum(middle) / len(middle), 0),
            xytext=(0, -20),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize="small",
        )
    axes.grid(axis="y", alpha=0.3)


if __name__ == "__main__":
    main()
