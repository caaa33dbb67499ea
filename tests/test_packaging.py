"""The package as it is installed."""

import importlib
import importlib.metadata
import pkgutil
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import cw2v
from cw2v import _kernels

FOLDER = Path(cw2v.__file__).parent
MODULES = sorted(module.name for module in pkgutil.iter_modules(cw2v.__path__))


def metadata(key):
    try:
        return importlib.metadata.metadata("cw2v")[key]
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("cw2v is built in place here, not installed")


def test_the_version_is_that_of_the_metadata():
    assert metadata("Version") == cw2v.__version__


def test_the_licence_is_named():
    assert metadata("License-Expression") == "Apache-2.0"


@pytest.mark.parametrize("name", [name for name in MODULES if name != "__main__"])
def test_every_module_imports_and_says_what_it_is(name):
    module = importlib.import_module(f"cw2v.{name}")
    assert module.__doc__


def test_types_are_shipped_for_compiled_modules_too():
    assert (FOLDER / "py.typed").exists()
    compiled = {
        path.name.partition(".")[0]
        for path in FOLDER.iterdir()
        if path.name.endswith(tuple(EXTENSION_SUFFIXES))
    }
    assert compiled
    assert {name for name in compiled if not (FOLDER / f"{name}.pyi").exists()} == set()


def test_every_public_name_exists():
    assert set(cw2v.__all__) >= {"KeyedVectors", "Word2Vec"}
    for name in cw2v.__all__:
        assert getattr(cw2v, name).__doc__ or name == "__version__"


def test_importing_does_not_need_gensim_and_starts_no_thread():
    code = (
        "import sys, threading, cw2v.commands\n"
        "print([n for n in ('gensim', 'smart_open') if n in sys.modules],"
        " threading.active_count())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[] 1\n", "")


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "cw2v", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"cw2v {cw2v.__version__}\n")


def test_the_package_itself_imports_nothing_large():
    # Ctrl-C is answered from the moment that `main` runs; --help is quick.
    code = (
        "import sys, cw2v.__main__\n"
        "try:\n    cw2v.__main__.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('numpy' in sys.modules, 'Word2Vec' in dir(cw2v), cw2v.Word2Vec.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False True Word2Vec"
    with pytest.raises(AttributeError, match="module 'cw2v' has no attribute 'Doc2Vec'"):
        cw2v.Doc2Vec  # noqa: B018


def test_scipy_is_loaded_only_where_it_is_used():
    # Its linear algebra takes longer to load than all the rest, and 30 MB.
    code = (
        "import sys\n"
        "from cw2v import Word2Vec\n"
        "texts = [['a', 'b', 'c']] * 9\n"
        "Word2Vec(texts, min_count=1, vector_size=4, epochs=1).wv.most_similar('a')\n"
        "Word2Vec(texts, min_count=1, vector_size=4, epochs=1, hs=1, negative=0)\n"
        "print(any(name.startswith('scipy.') for name in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    uses_blas = _kernels.default_backend() == "blas"
    assert done.stdout == f"{uses_blas}\n"


def test_sources_that_are_not_compiled_say_what_to_do(tmp_path):
    package = tmp_path / "cw2v"
    package.mkdir()
    shutil.copy(cw2v.__file__, package)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from cw2v import Word2Vec"
    run = subprocess.run(  # -S: the cw2v that is installed is not seen
        [sys.executable, "-S", "-c", code], check=False, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert f"ImportError: cw2v was found in {package}, where its compiled modules" in run.stderr
    assert "pip install -e ." in run.stderr
