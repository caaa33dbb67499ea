"""What several test files share."""

import os
import signal
from pathlib import Path

import pytest
import tables
from hypothesis import settings

from cw2v.__main__ import main
from cw2v._kernels import available_backends

# Where a change is judged, the same examples are tried every time; elsewhere, new ones.
settings.register_profile("judge", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("judge")


# A shell starts what it runs in the background with Ctrl-C ignored, and the programs that tests
# start and interrupt would ignore it, too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc):
    """Run a test that takes `backend` on every one that this machine has."""
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", available_backends())


@pytest.fixture
def kv():
    """Give a small table, with counts."""
    return tables.make()


@pytest.fixture
def twin():
    """Give our KeyedVectors and gensim's with the same 500 words."""
    gensim = pytest.importorskip("gensim.models")
    ours = tables.make(500, 10)
    theirs = gensim.KeyedVectors(10)
    theirs.add_vectors(list(ours.index_to_key), ours.vectors.copy())
    theirs.expandos["count"] = ours.expandos["count"].copy()
    return ours, theirs


@pytest.fixture(scope="session")
def data_folder():
    """Return the folder of real corpora and evaluation sets."""
    folder = os.environ.get("CW2V_DATA")
    if not folder:
        pytest.skip("CW2V_DATA is not set: it names the folder of corpora and evaluation sets")
    return Path(folder)


@pytest.fixture(scope="session")
def gensim_models():
    """Return gensim.models, with which the same calls are compared."""
    return pytest.importorskip("gensim.models", reason="gensim is not installed")


@pytest.fixture
def usage_error(capsys):
    """Return a check that a command line ends with exit code 2 and this message."""

    def check(args, message):
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        assert stop.value.code == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert message in " ".join(shown.err.split())

    return check


@pytest.fixture
def runtime_error(capsys):
    """Return a check that a command line ends with exit code 1 and one line like this."""

    def check(args, *parts):
        assert main([str(arg) for arg in args]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("cw2v: error: ")
        assert shown.err.count("\n") == 1
        for part in parts:
            assert str(part) in shown.err

    return check
