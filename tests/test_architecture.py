"""ARCHITECTURE.md names every file, in an order in which imports point up."""

import ast
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

import cw2v

ROOT = Path(__file__).parent.parent
PLAN = ROOT / "ARCHITECTURE.md"

pytestmark = pytest.mark.skipif(
    not PLAN.exists(), reason="the plan is in the source tree, not beside these tests"
)

PACKAGE = [path for path in (ROOT / "cw2v").glob("*.p*") if path.suffix in (".py", ".pyx", ".pxd")]
C_FILES = sorted((ROOT / "csrc").glob("*"))


def plan():
    """Return the names in the column of files, a list for each row."""
    rows = [line.split("|")[2] for line in PLAN.read_text().splitlines() if line.startswith("|")]
    return [
        [name.removeprefix("csrc/") for name in re.findall(r"`(.+?)`", row)] for row in rows[2:]
    ]


def place(path):
    """Return the row of a file, and its place in the row; a .pxd is beside its .pyx."""
    wanted = path.name
    if path.suffix == ".pxd" and path.with_suffix(".pyx").exists():
        wanted = path.with_suffix(".pyx").name
    found = [
        (row, column)
        for row, names in enumerate(plan())
        for column, name in enumerate(names)
        if fnmatch(wanted, name)
    ]
    assert len(found) >= 1, f"ARCHITECTURE.md does not name {path.name}"
    return found[0]


def imported(path):
    """Return the modules of cw2v that a file imports; not those it imports for types only."""
    source = path.read_text()
    if path.suffix != ".py":
        found = re.findall(r"^\s*(?:from|c?import)\s+cw2v\.(\w+)", source, re.MULTILINE)
        for names in re.findall(r"^\s*from\s+cw2v\s+c?import\s+([\w, ]+)", source, re.MULTILINE):
            found += re.findall(r"\w+", names)
        return found
    tree = ast.parse(source)
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node in for_types:
            continue
        if node.module == "cw2v":
            found += [alias.name for alias in node.names]
        elif (node.module or "").startswith("cw2v."):
            found.append(node.module.split(".")[1])
    return found


def file_of(module):
    """Return the file of a module, or None for a name that `cw2v/__init__.py` defines."""
    paths = [ROOT / "cw2v" / f"{module}{suffix}" for suffix in (".py", ".pyx", ".pxd")]
    return next((path for path in paths if path.exists()), None)


def test_every_file_is_in_the_plan_and_every_name_in_it_is_a_file():
    files = [path for path in [*PACKAGE, *C_FILES] if path.name != "__init__.py"]
    for path in files:
        place(path)
    named = [name for row in plan() for name in row]
    assert len(named) == len(set(named))
    assert [n for n in named if not any(fnmatch(path.name, n) for path in files)] == []


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.name)
def test_imports_point_up(path):
    if path.name == "__init__.py":
        return
    for module in imported(path):
        other = file_of(module)
        if other is not None and other.stem != path.stem:
            assert place(other) < place(path), f"{path.name} imports {other.name}"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.name)
def test_headers_of_compiled_files_are_above_them(path):
    for header in re.findall(r'^\s*cdef extern from "(.+?)"', path.read_text(), re.MULTILINE):
        if (ROOT / "csrc" / header).exists():  # else one of Python's
            assert place(ROOT / "csrc" / header) <= place(path), f"{path.name} has {header}"


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: path.name)
def test_includes_point_up_or_stay_in_the_row(path):
    for header in re.findall(r'^\s*#\s*include "(.+?)"', path.read_text(), re.MULTILINE):
        assert place(ROOT / "csrc" / header)[0] <= place(path)[0], f"{path.name} has {header}"


def test_the_docstring_of_the_package_keeps_the_order_of_the_plan():
    told = re.findall(r"`(.+?)`", cw2v.__doc__)
    files = [file_of(module) for module in told]
    assert None not in files
    assert [place(file) for file in files] == sorted(place(file) for file in files)
    rooms = {file_of(room) for room in cw2v._ROOMS.values()}
    assert {file.stem for file in rooms - set(files)} <= {"progress", "callbacks"}
