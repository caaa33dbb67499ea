"""Pytest's part in the run of gensim's tests: swap before collection, record what happened."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from gensim_suite import exceptions, swap


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where to write the outcomes."""
    parser.addoption("--outcomes", type=Path, metavar="FILE", help="write a JSON of outcomes here")


def pytest_configure(config: pytest.Config) -> None:
    """Swap before gensim's test modules are imported."""
    config.stash[RECORD] = Record(swap.swap())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Look for what escaped the swap; mark the tests that must fail."""
    record = config.stash[RECORD]
    record.collected = [name_of(item) for item in items]
    for module in {item.module for item in items if isinstance(item, pytest.Function)}:
        record.unswapped += swap.unswapped(module)
    if record.unswapped:
        raise pytest.UsageError(f"still gensim's own: {', '.join(record.unswapped)}")
    for item in items:
        if exempt := exceptions.EXEMPT.get(name_of(item)):
            item.add_marker(pytest.mark.xfail(reason=exempt.reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record a test's outcome and, where it failed, its error."""
    report = yield
    if report.when == "call" or not report.passed:
        outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        error = repr(call.excinfo.value) if call.excinfo is not None else report.longreprtext
        record = item.config.stash[RECORD]
        record.outcomes[name_of(item)] = {"outcome": outcome, "error": error}
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what happened."""
    path = session.config.getoption("--outcomes")
    if path is not None:
        path.write_text(json.dumps(session.config.stash[RECORD].told(), indent=1))


class Record:
    """What is known about one run."""

    def __init__(self, swapped: list[str]) -> None:
        self.began = time.monotonic()
        self.swapped = swapped
        self.unswapped: list[str] = []
        self.collected: list[str] = []
        self.outcomes: dict[str, dict[str, str]] = {}

    def told(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "gensim": importlib.metadata.version("gensim"),
            "cw2v": sys.modules["cw2v"].__file__,
            "swapped": self.swapped,
            "collected": self.collected,
            "outcomes": self.outcomes,
            "seconds": time.monotonic() - self.began,
        }


RECORD = pytest.StashKey[Record]()


def name_of(item: pytest.Item) -> str:
    """Return ``test_word2vec.TestWMD.test_empty``: a test's name wherever gensim is installed."""
    path = Path(item.nodeid.partition("::")[0]).stem
    if isinstance(item, pytest.Function):
        path = item.module.__name__.rpartition(".")[2]
    return ".".join([path, *item.nodeid.split("::")[1:]])
