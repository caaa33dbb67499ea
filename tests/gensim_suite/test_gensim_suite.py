"""gensim's own installed tests, run with cw2v's classes in the place of gensim's.

docs/drop-in.md says what that proves; `run.py` runs some of them alone.
"""

import collections
import json
import pickle
from pathlib import Path

import pytest

from gensim_suite import exceptions, swap
from gensim_suite.run import SUMMARY, run

TIMEOUT_S = 900


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, request):
    """Run all of gensim's tests once; return what happened, test by test."""
    pytest.importorskip(
        "gensim", reason="gensim is not installed (it has no wheels for Python 3.14)"
    )
    folder = tmp_path_factory.mktemp("gensim_suite")
    path = folder / "outcomes.json"
    done = run(["--outcomes", str(path)], folder, capture=True, timeout_s=TIMEOUT_S)
    assert path.exists(), f"the run ended with code {done.returncode}:\n{done.stdout[-8000:]}"
    told = json.loads(path.read_text())
    told["output"] = done.stdout[-20000:]
    counts = collections.Counter(test["outcome"] for test in told["outcomes"].values())
    request.config.stash[SUMMARY] = (
        f"gensim {told['gensim']}'s own tests with cw2v's classes:"
        f" {', '.join(f'{n} {outcome}' for outcome, n in sorted(counts.items()))}"
        f" in {told['seconds']:.0f} s"
    )
    return told


def of_outcome(outcomes, outcome):
    return {
        name: test["error"]
        for name, test in outcomes["outcomes"].items()
        if test["outcome"] == outcome
    }


def test_the_cw2v_tested_there_is_the_one_tested_here(outcomes):
    import cw2v

    assert Path(outcomes["cw2v"]).samefile(cw2v.__file__)
    assert all(" -> cw2v" in line for line in outcomes["swapped"])


def test_all_of_them_are_collected_and_run(outcomes):
    assert len(set(outcomes["collected"])) == len(outcomes["collected"])
    assert set(outcomes["outcomes"]) == set(outcomes["collected"])
    expected = exceptions.COLLECTED.get(outcomes["gensim"])
    n_collected = len(outcomes["collected"])
    if expected is None:  # a later gensim may have more tests
        assert n_collected >= max(exceptions.COLLECTED.values()), outcomes["output"]
    else:
        assert n_collected == expected, outcomes["output"]


def test_none_fails_but_those_exempt(outcomes):
    failed = of_outcome(outcomes, "failed")
    told = "\n".join(f"{name}: {error}" for name, error in failed.items())
    assert not failed, f"{told}\n\n{outcomes['output']}"


def test_none_is_skipped_but_what_gensim_skips(outcomes):
    assert set(of_outcome(outcomes, "skipped")) == exceptions.SKIPPED, outcomes["output"]


def test_those_exempt_are_few_and_fail_for_the_reason_given(outcomes):
    assert len(exceptions.EXEMPT) <= exceptions.AT_MOST
    failed = of_outcome(outcomes, "xfailed")
    assert set(failed) == set(exceptions.EXEMPT)
    for name, exempt in exceptions.EXEMPT.items():
        assert exempt.error in failed[name], f"{name} fails otherwise than listed: {failed[name]}"


class Spoilt:
    """Stands for a class of gensim's."""


def test_a_spoilt_class_can_neither_be_made_nor_unpickled():
    saved = pickle.dumps(Spoilt())
    swap._spoil(Spoilt)
    for use in (Spoilt, lambda: pickle.loads(saved), lambda: type("Child", (Spoilt,), {})()):
        with pytest.raises(AssertionError, match=r"gensim's own Spoilt was used, not cw2v's"):
            use()


def test_what_is_not_cw2vs_own_is_not_swapped_in():
    with pytest.raises(RuntimeError, match=r"cw2v.OrderedDict is not cw2v's own"):
        swap._check_ours(collections.OrderedDict, "cw2v.OrderedDict")
