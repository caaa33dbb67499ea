"""What several test files share."""

import os
from pathlib import Path

import pytest

from cw2v._kernels import available_backends


def pytest_generate_tests(metafunc):
    """Run a test that takes `backend` on every one that this machine has."""
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", available_backends())


@pytest.fixture(scope="session")
def data_folder():
    """Return the folder of real corpora and evaluation sets."""
    folder = os.environ.get("CW2V_DATA")
    if not folder:
        pytest.skip("CW2V_DATA is not set: it names the folder of corpora and evaluation sets")
    return Path(folder)
