import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cw2v import KeyedVectors
from cw2v.nativefile import read_state, write_state
from cw2v.packing import SUFFIXES
from cw2v.vectorreader import VectorFileError
from cw2v.ziparrays import ALIGNMENT


def table(n_words=7, dim=4):
    vectors = np.random.default_rng(0).standard_normal((n_words, dim)).astype(np.float32)
    kv = KeyedVectors.from_arrays([f"w{i}" for i in range(n_words)], vectors, range(n_words))
    kv.expandos["tag"] = np.array([f"t{i}" for i in range(n_words)], dtype=object)
    return kv


def same_table(ours, other):
    assert ours.index_to_key == other.index_to_key
    assert ours.key_to_index == other.key_to_index
    assert ours.vectors.dtype == other.vectors.dtype
    np.testing.assert_array_equal(ours.vectors, other.vectors)
    np.testing.assert_array_equal(ours.vectors_lockf, other.vectors_lockf)
    assert ours.expandos.keys() == other.expandos.keys()
    for name in ours.expandos:
        assert ours.expandos[name].dtype == other.expandos[name].dtype
        assert ours.expandos[name].tolist() == other.expandos[name].tolist()
    assert ours.next_index == other.next_index


def through_a_file(attributes, **kwargs):
    file = io.BytesIO()
    write_state(file, "KeyedVectors", "KeyedVectors", attributes, **kwargs)
    file.seek(0)
    return read_state(file)[1]


# -- what comes back -------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.text()), inner)
        | st.frozensets(st.integers() | st.text(), max_size=1)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(value=plain)
def test_plain_values_come_back_with_their_types(value):
    read = through_a_file({"value": value})["value"]
    assert read == value
    assert repr(read) == repr(value)


@settings(max_examples=100, deadline=None)
@given(
    array=hnp.arrays(
        hnp.boolean_dtypes()
        | hnp.integer_dtypes()
        | hnp.floating_dtypes()
        | hnp.unicode_string_dtypes(),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    ),
    fortran=st.booleans(),
)
def test_every_array_comes_back(array, fortran):
    given_array = np.asfortranarray(array) if fortran and array.ndim else array
    read = through_a_file({"array": given_array})["array"]
    assert read.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(read, array)


@settings(max_examples=50, deadline=None)
@given(words=st.lists(st.text() | st.integers() | st.none(), min_size=257, max_size=300))
def test_long_lists_of_words_come_back(words):
    read = through_a_file({"words": words, "counts": {f"{i}": i for i in range(300)}})
    assert read["words"] == words
    assert list(map(type, read["words"])) == list(map(type, words))
    assert read["counts"] == {f"{i}": i for i in range(300)}


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        float("-inf"),
        np.float32(0.1),
        np.int64(-3),
        np.bool_(True),
        {"$": "array", "name": "x"},
        {1: "a", (2, "b"): None},
        {"a", "b"},
        "\udce9",
        2**100,
        hash,
        np.array([1, "a", None], dtype=object),
        np.array([[1, 2], ["a", None]], dtype=object),
    ],
    ids=repr,
)
def test_uncommon_values_come_back(value):
    read = through_a_file({"value": value})["value"]
    assert type(read) is type(value)
    assert np.array_equal(read, value)


def test_nan_and_arrays_of_unlike_lengths_come_back():
    pieces = np.empty(3, dtype=object)
    for place, length in enumerate((2, 0, 3)):
        pieces[place] = np.arange(length, dtype=np.uint8)
    read = through_a_file({"nan": float("nan"), "pieces": pieces})
    assert np.isnan(read["nan"])
    assert read["pieces"].dtype == object
    assert [piece.tolist() for piece in read["pieces"]] == [[0, 1], [], [0, 1, 2]]
    assert {piece.dtype for piece in read["pieces"]} == {np.dtype(np.uint8)}


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.random.RandomState(5),
        lambda: np.random.default_rng(5),
        lambda: np.random.Generator(np.random.MT19937(5)),
        lambda: np.random.Generator(np.random.SFC64(5)),
    ],
)
def test_random_numbers_go_on_where_they_were(make):
    random = make()
    random.standard_normal(3)
    read = through_a_file({"random": random})["random"]
    assert type(read) is type(random)
    assert read.standard_normal(5).tolist() == random.standard_normal(5).tolist()


def trimmed(kv):
    """Take rows away by hand, as many programs do to have the commonest words only."""
    kv.vectors, kv.index_to_key = kv.vectors[:3], kv.index_to_key[:3]
    kv.key_to_index = {key: row for row, key in enumerate(kv.index_to_key)}


def grown(kv):
    kv.vectors = np.vstack([kv.vectors, kv.vectors[:1]])
    kv.index_to_key.append("new")
    kv.key_to_index["new"] = 7


def keys_in_a_tuple(kv):
    kv.index_to_key = tuple(kv.index_to_key)


def fewer_dimensions(kv):
    kv.vectors = kv.vectors[:, :2]


def expandos_of_all_kinds(kv):
    kv.expandos |= {"place": np.ones((7, 2)), "tag": ["N"] * 7, "what": 5}


@pytest.mark.parametrize(
    "change", [trimmed, grown, keys_in_a_tuple, fewer_dimensions, expandos_of_all_kinds]
)
def test_a_table_changed_by_hand_is_saved_so_that_it_can_be_loaded(tmp_path, change):
    kv = table()
    change(kv)
    kv.save(tmp_path / "v")
    loaded = KeyedVectors.load(tmp_path / "v")
    assert loaded.index_to_key == list(kv.index_to_key)
    np.testing.assert_array_equal(loaded.vectors, kv.vectors)
    assert loaded.vector_size == kv.vectors.shape[1]
    assert len(loaded.expandos["count"]) == len(loaded)
    assert loaded.expandos["count"][:3].tolist() == kv.expandos["count"][:3].tolist()
    assert loaded.expandos.keys() == kv.expandos.keys()
    kv.save_word2vec_format(tmp_path / "v.txt")
    read = KeyedVectors.load_word2vec_format(tmp_path / "v.txt")
    assert sorted(read.index_to_key) == sorted(kv.index_to_key)
    for key in read.index_to_key:
        np.testing.assert_array_equal(read[key], kv[key])


def test_keys_and_vectors_that_do_not_fit_are_refused_before_a_file_is_written(tmp_path):
    kv = table()
    kv.save(tmp_path / "v")
    kv.index_to_key.append("new")
    with pytest.raises(ValueError, match="8 keys need as many vectors, got 7"):
        kv.save(tmp_path / "v")
    assert len(KeyedVectors.load(tmp_path / "v")) == 7


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_a_table_is_saved_and_loaded(tmp_path, suffix):
    kv = table()
    kv.set_vecattr("w3", "weight", 0.5)
    kv.vectors_lockf = np.linspace(0, 1, 7, dtype=np.float32)
    kv.save(tmp_path / f"v{suffix}")
    loaded = KeyedVectors.load(tmp_path / f"v{suffix}")
    same_table(kv, loaded)
    assert loaded.norms is None
    assert [event["event"] for event in loaded.lifecycle_events] == ["saving", "loaded"]
    assert [path.name for path in tmp_path.iterdir()] == [f"v{suffix}"]


def test_a_table_goes_through_an_open_file():
    kv, file = table(), io.BytesIO()
    kv.save(file)
    file.seek(0)
    same_table(kv, KeyedVectors.load(file))
    with pytest.raises(OSError, match="Cannot mmap"):
        KeyedVectors.load(file, mmap="r")


@pytest.mark.parametrize(
    "keys",
    [
        [3, 1, 2],
        [np.int64(3), "3", np.str_("x")],
        [("a", 1), ("b", 2), "c"],
        ["a b", "", "\n"],
        ["a", None, None],
    ],
    ids=repr,
)
def test_keys_of_several_kinds_are_saved(tmp_path, keys):
    kv = KeyedVectors(2, len(keys))
    for key in keys:
        if key is not None:
            kv.add_vector(key, [1, 2])
    kv.save(tmp_path / "v")
    same_table(kv, KeyedVectors.load(tmp_path / "v"))


def test_other_keys_are_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "v").write_text("before")
    kv = KeyedVectors.from_arrays(["a", b"b"], np.ones((2, 2), np.float32))
    with pytest.raises(TypeError, match=r"index_to_key\[1\] is of type builtins.bytes.*str\(key\)"):
        kv.save(tmp_path / "v")
    assert (tmp_path / "v").read_text() == "before"


def test_other_values_of_keys_are_refused(tmp_path):
    kv = table()
    kv.set_vecattr("w1", "info", {"n": [1, None]})
    kv.save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v").get_vecattr("w1", "info") == {"n": [1, None]}
    kv.set_vecattr("w1", "info", {"n": io.BytesIO()})
    with pytest.raises(TypeError, match=r"expandos\.info.*BytesIO.*delete them from expandos"):
        kv.save(tmp_path / "v")


def test_a_size_of_numpys_is_a_size(tmp_path):
    KeyedVectors(np.int64(3), 2).save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v").vectors.shape == (2, 3)


def test_what_cannot_be_stored_is_left_out_with_a_warning(tmp_path):
    kv = table()
    kv.handle, kv.rule, kv.note = io.BytesIO(), lambda word: word, "kept"
    with pytest.warns(UserWarning) as caught:
        kv.save(tmp_path / "v")
    assert {str(warning.message).split()[0] for warning in caught} == {"handle", "rule"}
    assert "ignore={'handle'}" in str(caught[0].message)
    loaded = KeyedVectors.load(tmp_path / "v")
    assert (loaded.handle, loaded.rule, loaded.note) == (None, None, "kept")
    kv.save(tmp_path / "v", ignore=["handle", "rule", "note"])
    assert KeyedVectors.load(tmp_path / "v").note is None


def test_a_loop_is_left_out():
    loop = []
    loop.append(loop)
    with pytest.warns(UserWarning, match="contains itself"):
        assert through_a_file({"loop": loop}) == {"loop": None}


# -- mapping into memory ---------------------------------------------------------------------


@pytest.mark.parametrize("mmap", ["r", "c"])
def test_large_arrays_are_mapped_when_that_is_asked_for(tmp_path, mmap):
    kv = table(1000, 16)
    kv.save(tmp_path / "v", sep_limit=1000)
    loaded = KeyedVectors.load(tmp_path / "v", mmap=mmap)
    same_table(kv, loaded)
    assert isinstance(loaded.vectors, np.memmap)
    assert loaded.vectors.filename == str(tmp_path / "v")
    assert loaded.vectors.flags.aligned
    assert loaded.vectors.ctypes.data % ALIGNMENT == 0
    assert not isinstance(loaded.vectors_lockf, np.memmap)
    assert dict(loaded.most_similar("w3")) == pytest.approx(dict(kv.most_similar("w3")))
    if mmap == "r":
        with pytest.raises(ValueError, match="read-only"):
            loaded.vectors[0] = 0
    else:
        loaded.vectors[0] = 0
        same_table(kv, KeyedVectors.load(tmp_path / "v"))
    assert not isinstance(KeyedVectors.load(tmp_path / "v").vectors, np.memmap)


def test_a_mapped_table_is_saved_over_itself(tmp_path):
    kv = table(100)
    kv.save(tmp_path / "v", separately=["vectors"])
    loaded = KeyedVectors.load(tmp_path / "v", mmap="r")
    loaded.save(tmp_path / "v")
    same_table(kv, KeyedVectors.load(tmp_path / "v"))
    same_table(kv, loaded)


def test_only_the_arrays_named_are_mapped(tmp_path):
    kv = table()
    kv.save(tmp_path / "v", separately=["vectors_lockf"], sep_limit=0)
    loaded = KeyedVectors.load(tmp_path / "v", mmap="r")
    assert isinstance(loaded.vectors_lockf, np.memmap)
    assert not isinstance(loaded.vectors, np.memmap)


def test_an_empty_table_is_mapped(tmp_path):
    KeyedVectors(3).save(tmp_path / "v", sep_limit=0)
    assert KeyedVectors.load(tmp_path / "v", mmap="r").vectors.shape == (0, 3)


def test_what_cannot_be_mapped_is_refused(tmp_path):
    table().save(tmp_path / "v.gz")
    with pytest.raises(OSError, match="Cannot mmap compressed"):
        KeyedVectors.load(tmp_path / "v.gz", mmap="r")
    table().save(tmp_path / "v")
    with pytest.raises(ValueError, match="mmap must be 'r'"):
        KeyedVectors.load(tmp_path / "v", mmap="r+")


def test_numpy_alone_reads_the_arrays(tmp_path):
    kv = table()
    kv.save(tmp_path / "v")
    with np.load(tmp_path / "v", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["vectors"], kv.vectors)
        header = json.loads(arrays["cw2v.json"])
    assert (header["format"], header["version"]) == ("cw2v", 1)
    assert header["state"]["attributes"]["index_to_key"] == kv.index_to_key


# -- files that are not what they should be --------------------------------------------------


def saved_bytes(kv):
    file = io.BytesIO()
    kv.save(file)
    return file.getvalue()


def test_a_file_cut_anywhere_is_refused(tmp_path):
    whole = saved_bytes(table())
    path = tmp_path / "v"
    for length in range(0, len(whole), 11):
        path.write_bytes(whole[:length])
        with pytest.raises(VectorFileError) as caught:
            KeyedVectors.load(path)
        assert str(path) in str(caught.value)


def test_a_changed_byte_is_noticed_or_means_nothing(tmp_path):
    kv = table()
    whole = saved_bytes(kv)
    path = tmp_path / "v"
    random = np.random.default_rng(0)
    for place in random.integers(0, len(whole), 300).tolist():
        changed = bytearray(whole)
        changed[place] ^= int(random.integers(1, 256))
        path.write_bytes(changed)
        try:
            loaded = KeyedVectors.load(path)
        except VectorFileError:
            continue
        np.testing.assert_array_equal(loaded.vectors, kv.vectors)
        assert loaded.index_to_key == kv.index_to_key


def remade(tmp_path, change=lambda header: None, members=None, compression=zipfile.ZIP_STORED):
    """Write the file of a table anew, with another header or other members."""
    path = tmp_path / "remade"
    with (
        zipfile.ZipFile(io.BytesIO(saved_bytes(table()))) as old,
        zipfile.ZipFile(path, "w", compression) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == "cw2v.json":
                header = json.loads(data)
                change(header)
                data = json.dumps(header)
            data = (members or {}).get(name, data)
            if data is not None:
                new.writestr(name, data)
    return path


def attribute(name, value):
    def change(header):
        header["state"]["attributes"][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header.update(version=2), "version 2"),
        (lambda header: header.update(format="other"), "does not say"),
        (lambda header: header.update(kind="Doc2Vec"), "Doc2Vec"),
        (lambda header: header.pop("state"), "damaged"),
        (attribute("x", {"$": "eval", "code": "1"}), "'eval'"),
        (attribute("x", {"$": ["array"]}), "kind"),
        (attribute("x", {"$": "array", "name": "none"}), "damaged"),
        (attribute("x", {"$": "record", "class": "Popen", "fields": {}}), "'Popen'"),
        (attribute("x", {"$": "scalar", "dtype": "O", "value": 1}), "object"),
        (attribute("x", {"$": "random", "class": "RandomState", "state": {}}), "random"),
        (attribute("most_similar", 1), "'most_similar' is a method"),
        (attribute("vector_size", 5), "size 5"),
        (attribute("index_to_key", 5), "list of keys"),
    ],
)
def test_a_header_that_says_something_else_is_refused(tmp_path, change, message):
    with pytest.raises(VectorFileError, match=message):
        KeyedVectors.load(remade(tmp_path, change))


def test_random_numbers_out_of_their_range_are_refused(tmp_path):
    kv = table()
    kv.random = np.random.RandomState(1)
    kv.save(tmp_path / "v")
    path = tmp_path / "changed"
    with zipfile.ZipFile(tmp_path / "v") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"pos": 624', b'"pos": 999'))
    with pytest.raises(VectorFileError, match="0 to 624, got 999"):
        KeyedVectors.load(path)


def npy(array, **kwargs):
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return file.getvalue()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"vectors.npy": npy(np.array([{}, {}]), allow_pickle=True)}, "Python objects"),
        ({"vectors.npy": npy(np.ones((7, 3), np.float32))}, "size 4"),
        ({"vectors.npy": npy(np.ones((7, 4), np.float32))[:-4]}, "needs 112 bytes, but 108"),
        ({"vectors.npy": b"\x93NUMPY\x09\x00"}, "damaged"),
        ({"vectors.npy": b"\x93NUMPY\x01\x00\x05\x00{((((}"}, "damaged header"),
        ({"vectors.npy": None}, "damaged"),
        ({"cw2v.json": None}, "no cw2v.json"),
        ({"cw2v.json": "{"}, "damaged"),
        ({"cw2v.json": "[" * 100000}, "damaged"),
    ],
)
def test_members_of_another_kind_are_refused(tmp_path, members, message):
    with pytest.raises(VectorFileError, match=message):
        KeyedVectors.load(remade(tmp_path, members=members))


def test_a_file_that_would_grow_on_reading_is_refused(tmp_path):
    with pytest.raises(VectorFileError, match="compressed"):
        KeyedVectors.load(remade(tmp_path, compression=zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("content", [b"", b"7 4\nw0 1 2 3 4\n", b"\x93NUMPY", b"PK\x03\x04"])
def test_another_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(VectorFileError) as caught:
        KeyedVectors.load(tmp_path / "v")
    assert str(tmp_path / "v") in str(caught.value)


def test_a_compressed_file_cut_short_is_refused(tmp_path):
    table().save(tmp_path / "v.gz")
    whole = (tmp_path / "v.gz").read_bytes()
    (tmp_path / "v.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VectorFileError, match="cut short as a compressed file"):
        KeyedVectors.load(tmp_path / "v.gz")


def test_a_missing_file_is_an_error_of_its_own(tmp_path):
    with pytest.raises(FileNotFoundError):
        KeyedVectors.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        table().save(tmp_path / "none" / "v")
