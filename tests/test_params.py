"""Settings are checked when they are given, before any memory is taken."""

import math
from decimal import Decimal

import numpy as np
import pytest

from cw2v.params import TrainParams


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vector_size", 0, "vector_size must be 1 to 65,536, got 0"),
        ("vector_size", 10**9, "got 1,000,000,000"),
        ("window", 0, "window must be 1 to 10,000, got 0"),
        ("negative", -1, "negative must be 0 to 1,000, got -1"),
        ("negative", 0, "You must set either 'hs' or 'negative'"),
        ("epochs", 0, "epochs must be 1 to"),
        ("workers", 0, "workers must be 1 to 1,024, got 0"),
        ("seed", -1, "seed must be at least 0, got -1"),
        ("batch_words", 0, "batch_words must be 1 to"),
        ("sample", -0.1, "sample must be finite and at least 0, got -0.1"),
        ("alpha", 0.0, "alpha must be above 0"),
        ("alpha", math.nan, "alpha must be finite and at least 0, got nan"),
        ("min_alpha", math.inf, "min_alpha must be finite"),
        ("ns_exponent", math.inf, "ns_exponent must be finite, got inf"),
        ("sample", 10**400, "sample must be finite"),
    ],
)
def test_a_setting_out_of_range_is_named(name, value, message):
    with pytest.raises(ValueError, match=message):
        TrainParams(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("window", 2.5), ("epochs", "five"), ("alpha", "0.1"), ("seed", None)]
)
def test_a_setting_of_the_wrong_kind_is_named(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a"):
        TrainParams(**{name: value})


def test_numpy_numbers_are_numbers():
    params = TrainParams(window=np.int64(3), alpha=Decimal("0.1"))
    assert type(params.window) is int
    assert params.alpha == 0.1
