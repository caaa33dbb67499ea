"""Ids that wait in memory or on disk, and their translation where they lie."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from cw2v import chunks
from cw2v.chunks import IdStore, IdWriter
from cw2v.corpus import ScannedCorpus, _Part
from cw2v.vocab import Vocabulary

N_WORDS = 7


class Names:
    """Words that are their own ids."""

    def words(self, indices):
        return [int(i) for i in indices]

    def find(self, words):
        return np.array(words, np.int64)


@st.composite
def stores(draw):
    """Give a store that several workers wrote in turns, its pieces by task, and their ids."""
    segment = draw(st.integers(1, 12))
    store = IdStore(4 * draw(st.sampled_from([0, 5, 40, 10_000])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_workers = draw(st.integers(1, 4))
    n_tasks = draw(st.integers(0, 25))
    writers = [IdWriter(store) for _ in range(n_workers)]
    at_work = [None] * n_workers  # the task of each worker and the blocks still to be written
    tasks = {}
    written = {}
    waiting = list(range(n_tasks))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SEGMENT_IDS", segment)
        while waiting or any(at_work):
            worker = rng.integers(n_workers)
            if at_work[worker] is None:
                if not waiting:
                    continue
                # Mostly the next task, as workers take them; sometimes one from further on.
                task = waiting.pop(0 if rng.random() < 0.8 else rng.integers(len(waiting)))
                at_work[worker] = (task, int(rng.integers(0, 6)))
                written[task] = []
            task, left = at_work[worker]
            if not left:
                tasks[task] = writers[worker].finish()
                at_work[worker] = None
                continue
            n = int(rng.integers(0, 9))
            ids = rng.integers(0, N_WORDS, n).astype(np.int32)
            writers[worker].reserve(n + int(rng.integers(0, 4)))[:n] = ids
            breaks = np.unique(rng.integers(0, n + 1, rng.integers(0, 3))).astype(np.int32)
            writers[worker].commit(n, breaks)
            written[task].append((ids, breaks))
            at_work[worker] = (task, left - 1)
    pieces = [piece for task in range(n_tasks) for piece in tasks[task]]
    return store, pieces, [block for task in range(n_tasks) for block in written[task]]


@settings(max_examples=400, deadline=None)
@given(stores())
def test_pieces_come_back_as_they_were_written(given):
    store, pieces, blocks = given
    whole = [id_ for ids, _ in blocks for id_ in ids]
    assert [id_ for piece in pieces for id_ in store.ids_of(piece)] == whole


@settings(max_examples=1000, deadline=None)
@given(stores(), st.sets(st.integers(0, N_WORDS - 1)))
def test_ids_are_translated_where_they_lie_whatever_the_order_of_the_pieces(given, known):
    store, pieces, blocks = given
    whole = np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in blocks)])
    places, before = [], 0
    for ids, breaks in blocks:
        places += [before + int(place) for place in breaks]
        before += len(ids)
    words = sorted(known, reverse=True)
    to_word = {id_: word for word, id_ in enumerate(words)}
    expected = [
        [to_word[int(id_)] for id_ in part if int(id_) in to_word]
        for part in np.split(whole, places)
    ]
    expected = [part for part in expected if part]

    counts = np.bincount(whole, minlength=N_WORDS).astype(np.int64)
    parts = [_Part(0, piece, 0) for piece in pieces]
    scanned = ScannedCorpus("text", counts, len(places) + 1, Names(), parts, [None], store)
    corpus = scanned.encode(Vocabulary(words, counts[words]))
    assert_array_equal(corpus.ids, [word for part in expected for word in part])
    assert_array_equal(corpus.starts, np.cumsum([0, *map(len, expected)]))


def test_a_budget_beyond_all_addresses_is_refused():
    with pytest.raises(MemoryError, match="pass a smaller memory_budget"):
        _ = IdStore(10**30).memory


LIMITED = """
import resource
from cw2v import Word2Vec

resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
model = Word2Vec([["a", "b"]] * 10, min_count=1, vector_size=4, workers=1)
print(len(model.wv))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a limit on addresses")
def test_a_limit_on_addresses_is_respected():
    run = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout == "2\n", run.stderr


def test_what_a_container_has_in_use_is_not_free(tmp_path):
    assert chunks._free_in_container(tmp_path) == []
    (tmp_path / "memory.stat").write_text("anon 300\nfile 900\nkernel 60\nshmem 40\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert chunks._free_in_container(tmp_path) == []
    (tmp_path / "memory.max").write_text("1000\n")
    assert chunks._free_in_container(tmp_path) == [600]
    (tmp_path / "memory.max").write_text("100\n")
    assert chunks._free_in_container(tmp_path) == [0]
