"""What the README shows is what happens."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cw2v
from cw2v.demo import documentation

README = Path(__file__).parent.parent / "README.md"

pytestmark = pytest.mark.skipif(
    not README.exists(), reason="the README is in the source tree, not beside these tests"
)


def block(name):
    """Return the fenced block of the README that follows the marker ``<!-- name -->``."""
    found = re.search(
        rf"^<!-- {name} -->\n```\w*\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"README.md has no block {name}"
    return found[1]


def numbers_hidden(text):
    return re.sub(r"[0-9]+", "0", text)


def run(name, folder):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", block(name)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(cw2v.__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_example_prints_what_the_readme_shows(tmp_path):
    done = run("example", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    got, told = done.stdout.splitlines(), block("output").splitlines()
    # The first line has the shape of a vector; the words themselves depend on the versions
    # of Python, NumPy and SciPy, whose documentation is the text.
    assert numbers_hidden(got[0]) == numbers_hidden(told[0])
    assert len(got) == len(told) == 4
    assert {line.split()[0] for line in got[1:]} & {line.split()[0] for line in told[1:]}
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.bin"]


def test_the_program_in_gensims_place_runs(tmp_path):
    with gzip.open(tmp_path / "text.txt.gz", "wt", encoding="utf-8") as text:
        for sentence in documentation()[:20_000]:
            print(*sentence, file=text)
    done = run("in-gensims-place", tmp_path)
    # gensim says it too: model.train begins at a rate above that at which training had ended.
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Effective 'alpha' higher than previous training cycles\n"
    assert cw2v.Word2Vec.load(tmp_path / "model.cw2v").sg == 0


def test_the_example_has_ten_lines():
    assert len([line for line in block("example").splitlines() if line]) <= 10


@pytest.mark.parametrize("name", ["install", "test"])
def test_each_command_is_one_line(name):
    assert block(name).count("\n") == 1


def test_every_link_within_the_docs_leads_to_a_file():
    root = README.parent
    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text())
    ]
    assert len(links) > 10
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_docs_is_linked_from_the_readme_or_another_page():
    root = README.parent
    text = "".join(page.read_text() for page in [*root.glob("*.md"), *root.glob("docs/*.md")])
    pages = [page.name for page in (root / "docs").glob("*.md")]
    assert pages
    assert [page for page in pages if not re.search(rf"\]\((docs/)?{page}\)", text)] == []
