from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_samples import bits

from cw2v import _vectorfile


def printed(values):
    values = np.asarray(values, dtype=np.float32).reshape(1, -1)
    out = bytearray(2 + values.size * _vectorfile.TEXT_BYTES_PER_NUMBER)
    return bytes(out[: _vectorfile.print_text_rows(b"w ", values, out)]).decode()[2:-1].split(" ")


def parsed(text):
    data = b"w " + text
    out = np.zeros((1, len(text.split())), dtype=np.float32)
    spans = np.zeros((1, 2), dtype=np.int64)
    _, _, status, _ = _vectorfile.parse_text_rows(data, 0, len(data), True, out, 0, spans)
    assert status == _vectorfile.ROW_OK
    return out[0]


def hard_floats():
    rng = np.random.default_rng(0)
    powers = np.arange(256, dtype=np.uint32) << 23
    return np.concatenate(
        [
            rng.integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32),
            (powers[1:, None] + np.array([-2, -1, 0, 1, 2])).astype(np.uint32).view(np.float32)
            .ravel(),
            np.arange(1, 2000, dtype=np.uint32).view(np.float32),
            np.float32([float(f"1e{power}") for power in range(-44, 39)]),
            np.float32([7.038531e-26, 1e-4, 1.0000001e-4, 999999.94, 1e6, 16777216, 0.0]),
        ]
    )  # fmt: skip


def test_numbers_are_printed_as_numpy_prints_them():
    if str(np.float32(1234567)) != "1.234567e+06":
        pytest.skip("this NumPy writes large float32 without an exponent; 2.3 and later do not")
    values = hard_floats()
    assert printed(values) == [str(value) for value in values]


def test_numbers_are_as_short_as_numpys_and_read_back():
    values = hard_floats()
    values = values[np.isfinite(values)]
    texts = printed(values)
    assert bits(parsed(" ".join(texts).encode())) == bits(values)


# 7.038531e-26 rounds to one float32 at once, and to another by way of double.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"7.038531e-26", 0x15AE43FD),
        (b"+1.5", 0x3FC00000),
        (b".5", 0x3F000000),
        (b"5.", 0x40A00000),
        (b"1E2", 0x42C80000),
        (b"-0", 0x80000000),
        (b"1e-60", 0),
        (b"1e60", 0x7F800000),
        (b"1e-400", 0),
        (b"1e99999999999", 0x7F800000),
        (b"0e99999999999", 0),
        (b"inf", 0x7F800000),
        (b"-Infinity", 0xFF800000),
        (b"16777217", 0x4B800000),  # a tie goes to the even one
        (b"16777219", 0x4B800002),
        (b"16777217.00000000000000000000000000001", 0x4B800001),
        (b"1.40129846432481707092e-45", 1),
        (b"0.7006492321624085354619e-45", 1),
        (b"7.006492321624085e-46", 0),
        (b"340282346638528859811704183484516925440", 0x7F7FFFFF),
        (b"340282356779733661637539395458142568447", 0x7F7FFFFF),
        (b"340282356779733661637539395458142568448", 0x7F800000),
        (b"0." + b"0" * 50 + b"1e51", 0x3F800000),
        (b"1" + b"0" * 50 + b"e-50", 0x3F800000),
    ],
)
def test_numbers_are_rounded_once(text, expected):
    assert parsed(text).view(np.uint32)[0] == expected
    negated = b"-" + text.lstrip(b"+-")
    assert parsed(negated).view(np.uint32)[0] == expected | 0x80000000


def nearest_float32(text):
    """Say it again with fractions: the nearest float32, of two the one with an even last bit."""
    exact, near = Fraction(text), np.float32(float(text))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(
        around, key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(np.uint32)) & 1)
    )


@settings(max_examples=500, deadline=None)
@given(st.integers(-(10**25), 10**25), st.integers(-72, 12))
def test_any_decimal_is_rounded_once(digits, exponent):
    text = f"{digits}e{exponent}"
    expected = bits([nearest_float32(text)]) if digits else [0]
    assert bits(parsed(text.encode())) == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 0x7F7FFFFE), st.sampled_from(["", "1", "9" * 30]))
def test_decimals_beside_a_tie_are_rounded_to_their_side(low, more):
    one, next_one = np.uint32([low, low + 1]).view(np.float32).astype(np.float64)
    with localcontext() as context:
        context.prec = 200
        text = f"{(Decimal(one) + Decimal(next_one)) / 2:f}"
    text = text if "." in text else text + "."
    expected = low + 1 if more or low % 2 else low
    assert bits(parsed((text + more).encode())) == [expected]
