"""Values that are made when they are first asked for."""

import copy
import pickle

import pytest

from cw2v import Word2Vec
from cw2v.latevalues import LateValues, made_values

ALL = {"count": 1, "code": [2], "point": [3]}


def late_values():
    made = []

    def maker(name):
        def make():
            made.append(name)
            return ALL[name]

        return make

    return LateValues({"count": 1}, {name: maker(name) for name in ("code", "point")}), made


def test_a_value_is_made_once_and_only_when_asked_for():
    values, made = late_values()
    assert list(values) == list(values.keys()) == list(ALL)
    assert (len(values), "code" in values, values["count"], values.get("none", 7)) == (
        3,
        True,
        1,
        7,
    )
    assert made == []
    assert values["code"] is values.get("code") is ALL["code"]
    assert made == ["code"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda values: dict(values),
        lambda values: {**values},
        lambda values: dict(values.items()),
        lambda values: dict(zip(values, values.values(), strict=True)),
        lambda values: values.copy(),
        lambda values: copy.copy(values),
        lambda values: copy.deepcopy(values),
        lambda values: pickle.loads(pickle.dumps(values)),
        lambda values: values | {},
        lambda values: {} | values,
        lambda values: {name: values.pop(name) for name in list(values)},
        lambda values: dict(reversed([values.popitem() for _ in range(3)])),
        lambda values: {name: values.setdefault(name, 0) for name in ALL},
        lambda values: eval(repr(values)),
    ],
)
def test_whatever_looks_at_all_values_makes_them(ask):
    values, made = late_values()
    plain = ask(values)
    assert type(plain) is dict
    assert plain == ALL
    assert sorted(made) == ["code", "point"]


def test_it_is_equal_to_a_plain_dict():
    values, _ = late_values()
    assert values == ALL
    assert values == ALL
    assert values != {}


def test_what_is_put_in_its_place_stays_there():
    values, made = late_values()
    values["code"] = 5
    values.update(point=6)
    values |= {"more": 7}
    assert type(values) is LateValues
    assert dict(values) == {"count": 1, "code": 5, "point": 6, "more": 7}
    del values["code"]
    assert (values.get("code"), values.pop("point"), values.pop("point", 8)) == (None, 6, 8)
    with pytest.raises(KeyError, match="code"):
        values["code"]
    values, _ = late_values()
    values.clear()
    assert (dict(values), made) == ({}, [])


def test_training_asks_for_no_path():
    texts = [["a", "b", "c", "d"]] * 9
    model = Word2Vec(texts, min_count=1, vector_size=4, epochs=1, hs=1, negative=0)
    assert list(made_values(model.wv.expandos)) == ["count", "sample_int"]
    assert model.wv.get_vecattr("a", "code").dtype == "uint8"
    assert len(model.wv.expandos["point"]) == 4
