"""A pickle's opcodes are walked over before it is unpickled: what would cost too much is refused.

Each of the pickles that are refused here is small, and would take hours, or all memory, to load.
"""

import importlib.util
import io
import pickle
import pickletools
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cw2v._pickleops import OpcodeError, OutsideError, PickleWalk
from cw2v.gensimpickle import read_pickle
from cw2v.vectorreader import VectorFileError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
FAR = 2**40


def read(data):
    return read_pickle(io.BytesIO(data), "m.model")


def end(data):
    """Return where the walk finds the end of a pickle."""
    walk = PickleWalk()
    assert walk.follow(data)
    return walk.place


# -- pickles that are what Python writes ------------------------------------------------------


def pickles(value):
    """Pickle by C and by Python, with frames and without, with all of the memo and with little."""
    for protocol in PROTOCOLS:
        yield pickle.dumps(value, protocol)
        yield pickletools.optimize(pickle.dumps(value, protocol))
        yield pickle._dumps(value, protocol)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.tuples(st.integers(), st.text()), inner)
        | st.frozensets(scalars)
        | st.sets(scalars)
    ),
    max_leaves=30,
)


@given(values, st.integers(1, 50))
def test_the_walk_ends_where_the_pickle_does(value, step):
    for data in pickles(value):
        assert end(data + b"what follows") == len(data)
        assert list(pickletools.genops(data))[-1][2] == len(data) - 1
        walk = PickleWalk()
        for length in range(0, len(data), step):
            assert not walk.follow(data[:length])
        assert walk.follow(data)


@pytest.mark.parametrize("size", [60_000, 70_000, 200_000])
def test_large_bytes_and_texts_are_in_frames_or_between_them(size):
    value = ["x" * size, b"x" * size, bytearray(size), list(range(size // 20))]
    for data in pickles(value):
        assert end(data) == len(data)


def test_every_opcode_is_known_or_refused():
    known = {ord(info.code) for info in pickletools.opcodes}
    for opcode in range(256):
        walk = PickleWalk()
        try:
            walk.follow(bytes([opcode]))
        except OpcodeError as error:
            assert ("there is no such opcode" in str(error)) == (opcode not in known)
        else:
            assert opcode in known


@pytest.mark.parametrize("kind", ["Word2Vec", "KeyedVectors", "Phrases", "FrozenPhrases"])
def test_models_of_the_installed_gensim_pass(kind):
    gensim = pytest.importorskip("gensim")
    texts = [["graph", "trees"], ["graph", "trees"], ["human", "trees", "minors"]] * 10
    model = gensim.models.Word2Vec(texts, min_count=1, vector_size=8, workers=1, hs=1)
    phrases = gensim.models.Phrases(texts, min_count=1, threshold=0.1)
    value = {
        "Word2Vec": model,
        "KeyedVectors": model.wv,
        "Phrases": phrases,
        "FrozenPhrases": phrases.freeze(),
    }[kind]
    for data in pickles(value):
        assert end(data) == len(data)
        assert read(data).name == kind


def test_models_of_old_gensims_pass():
    if (found := importlib.util.find_spec("gensim")) is None:
        pytest.skip("gensim is not installed")
    walked = Counter()
    for path in Path(found.origin).parent.joinpath("test", "test_data").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if data.startswith((b"\x80", b"ccopy_reg")):
            walked[end(data) == len(data)] += 1
    assert walked[True] > 20
    assert not walked[False]


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_open_file_is_left_at_the_end_of_its_pickle(tmp_path, protocol, buffered):
    path = tmp_path / "m"
    values = [{"a": 1}, np.arange(500_000), ["b"] * 9]
    path.write_bytes(b"xy" + b"".join(pickle.dumps(value, protocol) for value in values) + b"z")
    with path.open("rb", buffering=-1 if buffered else 0) as file:
        assert file.read(2) == b"xy"
        for value in values:
            np.testing.assert_equal(read_pickle(file, "m"), value)
        assert file.read() == b"z"


# -- the same objects over and over -----------------------------------------------------------

ONE = b"K\x01q\x000"  # the number 1, into the memo
AGAIN = b"h\x00h\x00\x86q\x000"  # (t, t), in place of t
KEY = b"\x80\x04}%bNs."


BOMBS = {
    "tuples by BINGET": KEY % (ONE + AGAIN * 60 + b"h\x00"),
    "tuples by GET": KEY % (b"I1\np0\n0" + b"(g0\ng0\ntp0\n0" * 60 + b"g0\n"),
    "tuples by LONG_BINGET": KEY % (ONE + b"j\0\0\0\0j\0\0\0\0\x86r\0\0\0\x000" * 60 + b"h\x00"),
    "tuples by MEMOIZE": b"\x80\x04}K\x01\x94"
    + b"".join(b"h%ch%c\x86\x94" % (i, i) for i in range(60))
    + b"Ns.",
    "tuples by DUP": KEY % (b"K\x01" + b"2\x86" * 60),
    "in a set": b"\x80\x04\x8f(" + ONE + AGAIN * 60 + b"h\x00\x90.",
    "in a frozenset": b"\x80\x04(" + ONE + AGAIN * 60 + b"h\x00\x91.",
    "in a dict by DICT": b"(" + ONE + AGAIN * 60 + b"h\x00Nd.",
    "no key at all": b"\x80\x04" + ONE + AGAIN * 60 + b"h\x00.",
    # Frozensets know their hashes, but two that are equal are compared.
    "frozensets": b"\x80\x04]"
    + b"".join(ONE + b"(h\x00K\x01\x86h\x00K\x02\x86\x91q\x000" * 60 + b"h\x00a" for _ in "12")
    + b".",
    "one long key, often": b"\x80\x04]("
    + b"K\x01" * 60_000
    + b"tq\x000"
    + b"}h\x00Nsa" * 60_000
    + b".",
    "long arguments, often": b"cbuiltins\nset\nq\x000("
    + b"K\x01" * 60_000
    + b"tq\x010"
    + b"h\x00h\x01R0" * 60_000
    + b"N.",
    "long arguments of OBJ": b"(K\x01"
    + b"K\x01" * 60_000
    + b"tq\x010"
    + b"(cbuiltins\nset\nh\x01o0" * 60_000
    + b"N.",
    "equal texts": b"\x80\x04}"
    + b"".join(b"X%s%s%s" % (struct.pack("<I", FAR >> 20), b"a" * (FAR >> 20), b"Ns" * (i == 0))
               for i in range(2))
    + b"q\x00Ns"
    + b"h\x00Ns" * 1_000_000
    + b".",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_objects_that_refer_to_the_same_over_and_over_are_refused(name):
    with pytest.raises(VectorFileError, match=r"m\.model is damaged.* over and over"):
        read(BOMBS[name])


TWICE = b"(h\x00h\x00lq\x000"  # [t, t], in place of t
RESOLVED = {
    "lists": b"\x80\x04]q\x000" + TWICE * 60 + b"h\x00.",
    "dicts": b"\x80\x04}q\x000" + b"(K\x01h\x00K\x02h\x00dq\x000" * 60 + b"h\x00.",
    "a list as a type": b"cnumpy\ndtype\n]q\x000" + TWICE * 60 + b"h\x00\x85R.",
    "a list as a shape": b"cnumpy.core.numeric\n_frombuffer\n(C\x00cnumpy\ndtype\n(Vf4\ntR]q\x000"
    + TWICE * 60
    + b"h\x00VC\ntR.",
    "calls of tuple": b"}N\x85q\x000"
    + b"cbuiltins\ntuple\n(h\x00h\x00l\x85Rq\x000" * 40
    + b"h\x00Ns.",
    "calls of frozenset": b"}N\x85q\x000"
    + b"cbuiltins\nfrozenset\n(h\x00K\x01\x86h\x00K\x02\x86l\x85Rq\x000" * 25
    + b"h\x00Ns.",
    "a list for many sets": b"](" + b"K\x01" * 60_000 + b"lq\x000"
    + b"cbuiltins\nset\nh\x00\x85Ra" * 60_000 + b".",
    "a Counter for many": b"]cbuiltins\nlist\n)R0ccollections\nCounter\n)R("
    + b"".join(b"J%sN" % struct.pack("<i", i) for i in range(60_000))
    + b"uq\x000" + b"ccollections\nOrderedDict\nh\x00\x85Ra" * 60_000 + b".",
}  # fmt: skip


@pytest.mark.parametrize("name", RESOLVED)
def test_calls_and_lists_that_do_the_same_are_refused(name):
    with pytest.raises(VectorFileError, match=r"m\.model (refers to the same|holds an?) "):
        read(RESOLVED[name])


def test_many_arrays_of_the_same_bytes_are_refused():
    array = b"h\x00h\x01)h\x02\x87R(K\x01M\x00\x80\x85h\x03\x89h\x04tba"
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01Vb\nq\x02"
        b"cnumpy\ndtype\nh\x02\x85Rq\x03X\0\x80\0\0" + b"a" * 0x8000 + b"q\x040000]"
    )
    assert len(read(data + array + b".")[0]) == 0x8000
    with pytest.raises(VectorFileError, match="bytes of arrays from bytes that it"):
        read(data + array * 100_000 + b".")


@pytest.mark.parametrize("n", [1, 1000])
def test_what_models_share_is_read(n):
    words = [f"w{i}" for i in range(n)]
    pairs = {(word.encode(), b"x"): 1 for word in words}
    value = {"a": words, "b": words, "c": [words, words], "pairs": pairs, "again": [pairs, pairs]}
    for data in pickles(value):
        assert read(data) == value


# -- depth ------------------------------------------------------------------------------------

DEPTH = 100_000


@pytest.mark.parametrize(
    "data",
    [
        KEY % (b"N" + b"\x85" * DEPTH),
        b"(" * DEPTH + b"t" * DEPTH + b".",
        KEY % (b"(" * DEPTH + b"\x91" * DEPTH),
        b"]" * DEPTH + b"a" * (DEPTH - 1) + b".",
        b"(" * DEPTH + b"l" * DEPTH + b".",
        b"N" + b"q\x000}Nh\x00s" * DEPTH + b".",
        b"N" + b"q\x000cbuiltins\nlist\n(h\x00l\x85R" * DEPTH + b".",
        b"N" + b"q\x000cbuiltins\ntuple\nh\x00\x85\x85R" * DEPTH + b".",
        b"N" + b"q\x000c_codecs\nencode\nh\x00\x85R" * DEPTH + b".",
        b"N" + b"q\x000cgensim.models.word2vec\nWord2Vec\n)R}Vx\nh\x00sb" * DEPTH + b".",
        b"]q\x00h\x00a.",
        b"}q\x00Nh\x00s.",
        b"]q\x00(h\x00h\x00e.",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_nested_without_end_is_refused(data):
    with pytest.raises(VectorFileError, match=r"m\.model .*(more than 100 deep|no attr|in place)"):
        read(data)


def test_an_object_may_hold_itself():
    model = read(b"cgensim.models.word2vec\nWord2Vec\n)Rq\x00}Vself\nh\x00sb.")
    assert model.attributes["self"] is model


# -- numbers in opcodes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Nr\x00\x00\x00\x08.", "LONG_BINPUT at byte 1: the index in the memo is larger"),
        (b"Np134217728\n.", "PUT at byte 1: the index in the memo is larger"),
        (b"Np12345678901234567890\n.", "whole number"),
        (b"Np-1\n.", "whole number"),
        (b"Np 0\n.", "whole number"),
        (b"Np\n.", "whole number"),
        (b"h\x00.", "nothing was put"),
        (b"Nq\x01h\x00.", "nothing was put"),
        (b"Nj\x00\x00\x00\x08.", "larger than the number of opcodes"),
        (b"\x80\x04\x8e" + struct.pack("<Q", FAR) + b"ab.", "ends inside the opcode BINBYTES8"),
        (b"\x80\x04\x8d" + struct.pack("<Q", FAR) + b"ab.", "ends inside the opcode BINUNICODE8"),
        (b"\x80\x05\x96" + struct.pack("<Q", FAR) + b"ab.", "ends inside the opcode BYTEARRAY8"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b"ab.", "ends inside the opcode BINBYTES8"),
        (b"\x80\x03B\xff\xff\xff\xffab.", "ends inside the opcode BINBYTES"),
        (b"\x80\x03X\xff\xff\xff\xffab.", "ends inside the opcode BINUNICODE"),
        (b"\x80\x02T\xff\xff\xff\x7fab.", "ends inside the opcode BINSTRING"),
        (b"\x80\x02T\xff\xff\xff\xffab.", "a length is less than 0"),
        (b"\x80\x04\x95" + struct.pack("<Q", FAR) + b"N.", "FRAME|STOP.*not wholly in its frame"),
        (b"\x80\x04\x95" + b"\xff" * 8 + b"N.", "FRAME.*not wholly in its frame"),
        (b"\x80\x04\x95" + struct.pack("<Q", 2) + b"K\x01\x95" + bytes(8) + b".", None),
        (b"\x80\x04\x95" + struct.pack("<Q", 1) + b"K\x01.", "not wholly in its frame"),
        (b"\x80\x04\x95" + struct.pack("<Q", 2) + b"Np000\n.", "not wholly in its frame"),
        (b"\x80\x04\x95" + struct.pack("<Q", 11) + b"\x95" + bytes(8) + b"N.", "in its frame"),
        (b"\x8b\xff\xff\xff\x7fab.", "ends inside the opcode LONG4"),
        (b"\x8b\xff\xff\xff\xffab.", "a length is less than 0"),
        (b"\x8b\x00\x01\x00\x00" + b"\x01" * 256 + b".", "LONG4.* no model of gensim's"),
        (b"I" + b"9" * 1_000_000 + b"\n.", "less than 256 bytes"),
        (b"L" + b"9" * 1_000_000 + b"L\n.", "less than 256 bytes"),
        (b"V" + b"9" * 1_000_000, "ends inside the opcode UNICODE at byte 0"),
        (b"cnumpy\ndtype", "ends inside the opcode GLOBAL"),
        (b"\x80\x04)}N\x92.", "NEWOBJ_EX.* no model of gensim's"),
        (b"\xff.", "0xff at byte 0: there is no such opcode"),
        (b"N0.", "STOP at byte 2: the stack has too few"),
        (b"N(.", "too few objects above its last mark"),
        (b"2.", "DUP.* too few"),
        (b"Nt.", "no mark"),
        (b"N00.", "too few"),
        (b"(N\x86.", "too few"),
        (b"N(\x94.", "too few"),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_numbers_beyond_what_is_there_are_refused(data, reason):
    if reason is None:
        assert read(data) == 1
        return
    with pytest.raises(VectorFileError, match=rf"m\.model is damaged.*({reason})"):
        read(data)


@pytest.mark.parametrize("number", [2**2039 - 1, -(2**2039)])
def test_whole_numbers_of_255_bytes_are_read(number):
    for data in pickles(number):
        assert read(data) == number
    for data in pickles(256 * number):
        with pytest.raises(VectorFileError, match=r"less than 256 bytes|LONG4"):
            read(data)


def test_a_length_takes_no_more_memory_than_the_file_has():
    class File(io.BytesIO):
        asked = 0

        def read(self, size=-1):
            self.asked = max(self.asked, size if size >= 0 else FAR)
            return super().read(size)

    file = File(b"\x80\x04\x8e" + struct.pack("<Q", FAR) + b"a" * 3_000_000)
    with pytest.raises(VectorFileError, match="ends inside"):
        read_pickle(file, "m.model")
    assert file.asked < 2_000_000


@pytest.mark.parametrize("data", [b"Pa\n.", b"X\x01\0\0\0aQ.", b"\x97.", b"N\x98.", b"\x82\xf0."])
def test_objects_outside_the_pickle_are_told_apart(data):
    with pytest.raises(OutsideError) as caught:
        PickleWalk().follow(data)
    assert caught.value.opcode in str(caught.value)
    assert caught.value.code == (0xF0 if data.startswith(b"\x82") else None)


def test_marks_and_pops_are_as_pythons():
    for data in (b"N(0.", b"(N1N.", b"N(N0N1.", b"N(NN10)."):
        try:
            expected = pickle.loads(data)
        except pickle.UnpicklingError:
            with pytest.raises(VectorFileError):
                read(data)
        else:
            assert read(data) == expected
