"""The state of NumPy's random generators as plain values, checked when it is read."""

from __future__ import annotations

from typing import Any

import numpy as np

# The generators whose whole state is numbers that cannot do harm.
_GENERATORS = ("PCG64", "PCG64DXSM", "SFC64", "MT19937")
_MT19937_WORDS = 624

Random = np.random.RandomState | np.random.Generator


def random_to_dict(random: Random) -> dict[str, Any]:
    """Return the state of random numbers as numbers, strings and arrays in a dict.

    Raises
    ------
    ValueError
        Its bit generator is not one that `random_from_dict` knows.
    """
    if isinstance(random, np.random.RandomState):
        state = dict(random.get_state(legacy=False))
    else:
        state = dict(random.bit_generator.state)
    if state["bit_generator"] not in _GENERATORS:
        raise ValueError(f"the state of {state['bit_generator']} cannot be kept")
    return state


def random_from_dict(kind: str, state: Any) -> Random:
    """Make a random generator with the state that `random_to_dict` returned.

    Parameters
    ----------
    kind : {"RandomState", "Generator"}
        The class.
    state : dict
        A result of `random_to_dict`.

    Raises
    ------
    ValueError
        `state` is not such a state.
    """
    name = state.get("bit_generator") if isinstance(state, dict) else None
    if kind not in ("RandomState", "Generator") or name not in _GENERATORS:
        raise ValueError(f"no random numbers of kind {kind} and generator {name!r} are known")
    if name == "MT19937":
        # NumPy does not check the position: it would read outside the key.
        key, pos = np.asarray(state["state"]["key"]), int(state["state"]["pos"])
        if key.shape != (_MT19937_WORDS,) or key.dtype.kind not in "iu":
            raise ValueError("the key of MT19937 must be 624 whole numbers")
        if not 0 <= pos <= _MT19937_WORDS:
            raise ValueError(f"the position of MT19937 must be 0 to 624, got {pos}")
    try:
        if kind == "RandomState":
            random = np.random.RandomState()
            random.set_state(state)
            return random
        bits = getattr(np.random, name)()
        bits.state = state
        return np.random.Generator(bits)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"that is no state of {name}: {error}") from error
