"""pytest-benchmark for kernels: its clock, the units of its tables, what else it saves.

A kernel takes less time than a call from Python, so a round is many calls in a compiled loop. The
clock is the thread's CPU time, which does not include other processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import common
import pytest
from peak import sgemm_peak

from cw2v._kernels import available_backends

ROUND_FLOPS = 20_000_000  # useful ones: half a millisecond to 20, by backend
ROUNDS = 20

PEAKS = pytest.StashKey[list[float]]()


def pytest_configure(config: pytest.Config) -> None:
    """Stop unless pytest-benchmark is there."""
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError(
            "these benchmarks need pytest-benchmark, which is not installed, or switched off:"
            " pip install -e '.[bench]'"
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes `table` with every table of kernels, and `backend` with BLAS as well."""
    names = available_backends()
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", [name for name in names if name != "blas"])
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", names)


@pytest.fixture(scope="session", autouse=True)
def peaks(request: pytest.FixtureRequest) -> None:
    """Measure sgemm before the kernels; it is measured again after them."""
    request.config.stash[PEAKS] = [sgemm_peak(time.thread_time)]


@pytest.fixture
def measure(benchmark: Any) -> Callable[..., None]:
    """Return what times a kernel and notes what it was."""

    def time_rounds(
        kernel: str,
        backend: str,
        call: Callable[[int], object],
        *,
        flops: int,
        section: str,
        n: int,
        dim: int | None = None,
    ) -> None:
        """Time rounds of ``call(calls)``, which repeats the kernel `calls` times.

        Parameters
        ----------
        kernel, backend : str
            What is timed.
        call : callable
            Takes the number of calls.
        flops : int
            The useful ones of one call.
        section, n : str, int
            The shape: `n` is along the axis of a picture, in the part of it called `section`.
        dim : int, optional
            The length of the rows, if it matters.
        """
        calls = max(1, ROUND_FLOPS // flops)
        benchmark.group = f"{kernel}: {f'{n} {section}'.strip()}" + (f", dim {dim}" if dim else "")
        benchmark.extra_info = {
            "kernel": kernel,
            "backend": backend,
            "section": section,
            "n": n,
            "dim": dim,
            "flops": flops,
            "calls": calls,
        }
        benchmark.pedantic(call, (calls,), rounds=ROUNDS, warmup_rounds=1)

    return time_rounds


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_scale_unit(unit: str, benchmarks: Any) -> tuple[str, float] | None:
    """Let tables say nanoseconds of a call, and GFLOP/s, where all their rounds are alike."""
    rounds = {(b["extra_info"].get("calls"), b["extra_info"].get("flops")) for b in benchmarks}
    calls, flops = rounds.pop()
    if rounds or calls is None:
        return None
    return ("n", 1e9 / calls) if unit == "seconds" else ("GFL", calls * flops / 1e9)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add the versions and BLAS; leave out the machine's name."""
    machine_info.pop("node", None)
    machine = common.machine()
    machine_info["cw2v"] = {key: machine[key] for key in ("cpu", "cpus", "blas", "versions")}


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Add sgemm's peak, not to the machine: two runs never measure the same."""
    output_json["sgemm_gflops"] = [*config.stash[PEAKS], sgemm_peak(time.thread_time)]
