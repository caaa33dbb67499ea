import inspect

import pytest

# -- names of gensim's ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index2word", "index2entity", "vocab", "vectors_norm"])
def test_names_of_gensim_3_say_what_replaced_them(twin, name):
    for table in twin:
        with pytest.raises(AttributeError, match=f"(?s){name}.*Migrating-from-Gensim-3"):
            getattr(table, name)
    ours, _ = twin
    assert not hasattr(ours, name)


def test_old_names_can_be_set_as_in_gensim(kv):
    kv.index2word = ["a"]
    assert kv.index_to_key == ["a"]
    kv.index2entity = ["b"]
    assert kv.index_to_key == ["b"]
    kv.vectors_norm = None
    with pytest.raises(AttributeError, match="add_vectors"):
        kv.vocab = {}


def test_every_public_name_of_gensims_is_there(twin):
    ours, theirs = twin
    internal = {"similarity_unseen_docs", "log_accuracy", "log_evaluate_word_pairs"}
    names = {name for name in dir(type(theirs)) if not name.startswith("_")} - internal
    assert names <= set(dir(type(ours)))
    for name in names:
        method = getattr(type(theirs), name)
        if callable(method) and name not in ("save", "init_sims", "word_vec", "words_closer_than"):
            expected = list(inspect.signature(method).parameters)
            assert (
                list(inspect.signature(getattr(type(ours), name)).parameters)[: len(expected)]
                == expected
            )


def test_events_are_kept_until_that_is_ended(kv):
    kv.add_lifecycle_event("made", size=3)
    assert kv.lifecycle_events[0].items() >= {"event": "made", "size": 3}.items()
    assert {"datetime", "python", "platform", "cw2v"} <= kv.lifecycle_events[0].keys()
    kv.lifecycle_events = None
    kv.add_lifecycle_event("more")
    assert kv.lifecycle_events is None
