"""Checks what an sdist and a wheel contain, and what the wheel promises by its name.

python .ci/check_dist.py DIST_FOLDER     (run at the root of the checkout)
"""

from __future__ import annotations

import fnmatch
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

IN_WHEEL = ("cw2v/*.py", "cw2v/*.pyi", "cw2v/*.pxd", "cw2v/*.so", "cw2v/*.pyd", "cw2v/py.typed")
IN_SDIST = (
    *("cw2v/*.py", "cw2v/*.pyx", "cw2v/*.pxd", "cw2v/*.pyi", "cw2v/py.typed", "csrc/*.[ch]"),
    *(
        "tests/*.py",
        "tests/gensim_suite/*.py",
        "tests/gensim_suite/*.ini",
        "benchmarks/*.py",
        "docs/*.md",
        "*.md",
        "LICENSE",
    ),
)


def the_one(folder: Path, pattern: str) -> Path:
    """Return the only file of `folder` that matches, or stop."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} should hold one {pattern}, it holds {[path.name for path in found]}")
    return found[0]


def check_wheel(path: Path) -> list[str]:
    """Return what is wrong with the wheel."""
    names = [name for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")]
    wrong = []
    if not FREE_THREADED and "-cp311-abi3-" not in path.name:
        wrong.append(f"{path.name} is not tagged cp311-abi3")
    for name in names:
        if ".dist-info/" not in name and not any(fnmatch.fnmatch(name, p) for p in IN_WHEEL):
            wrong.append(f"{path.name} contains {name}")
    wrong += [
        f"{path.name} lacks {source}"
        for pattern in ("*.py", "*.pyi", "*.pxd", "py.typed")
        for source in sorted(map(str, Path("cw2v").glob(pattern)))
        if source not in names
    ]
    for module in sorted(Path("cw2v").glob("*.pyx")):
        if not any(name.startswith(f"cw2v/{module.stem}.") and name.endswith((".so", ".pyd"))
                   for name in names):  # fmt: skip
            wrong.append(f"{path.name} lacks the compiled {module.stem}")
        if not module.with_suffix(".pyi").exists():
            wrong.append(f"{module} has no .pyi stub")
    if not any(name.endswith("LICENSE") for name in names):
        wrong.append(f"{path.name} lacks the licence")
    return wrong


def check_sdist(path: Path) -> list[str]:
    """Return what is wrong with the sdist."""
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    wanted = {str(source) for pattern in IN_SDIST for source in Path().glob(pattern)}
    wrong = [f"{path.name} lacks {name}" for name in sorted(wanted - names)]
    wrong += [
        f"{path.name} contains {name}"
        for name in sorted(names)
        if fnmatch.fnmatch(name, "cw2v/*.c") or name.endswith((".so", ".pyc", ".html"))
    ]
    return wrong


def main() -> None:
    """Check both files in the folder given; print what is wrong and exit with 1."""
    folder = Path(sys.argv[1])
    wheel, sdist = the_one(folder, "*.whl"), the_one(folder, "*.tar.gz")
    wrong = check_wheel(wheel) + check_sdist(sdist)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{sdist.name} and {wheel.name} ({wheel.stat().st_size:,} bytes) are complete")


if __name__ == "__main__":
    main()
