"""A dict with values that are made on first use: the paths of a Huffman tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from cw2v.huffman import HuffmanTree
from cw2v.statecodec import ragged


def with_paths(known: Mapping[str, Any], tree: HuffmanTree) -> LateValues:
    """Return `known` with each word's path in `tree`: "code" and "point", arrays of arrays.

    They are two arrays for each word; as objects these take more memory than their numbers do.
    """
    return LateValues(
        known,
        {
            "code": partial(ragged, tree.codes, tree.starts),
            "point": partial(ragged, tree.points, tree.starts),
        },
        of=tree,
    )


class LateValues(dict[str, Any]):
    """A dict whose `late` values are made on first use, and take no memory before.

    Methods that return a value make it; those that return all values make all of them. Copies,
    pickled ones included, are plain dicts.

    Parameters
    ----------
    known : mapping
        The values that exist.
    late : dict of str to callable
        For each of the others, a function that makes it.
    of : object
        What the others are made of.
    """

    def __init__(
        self, known: Mapping[str, Any], late: Mapping[str, Callable[[], Any]], of: object = None
    ) -> None:
        super().__init__(made_values(known))
        self.of = of
        super().update(dict.fromkeys(late))
        self._late = dict(late)

    def __getitem__(self, key: str) -> Any:
        """Return a value; make it on first use."""
        make = self._late.get(key)
        if make is not None:
            self[key] = make()
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        """Replace a value."""
        super().__setitem__(key, value)
        self._late.pop(key, None)

    def __delitem__(self, key: str) -> None:
        """Remove a value."""
        super().__delitem__(key)
        self._late.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys. Overridden, so that ``dict(self)`` gets values by their keys."""
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or `default`."""
        return self[key] if super().__contains__(key) else default

    def values(self) -> Any:
        """Make all values and return them."""
        return self._all().values()

    def items(self) -> Any:
        """Make all values and return them with their keys."""
        return self._all().items()

    def __eq__(self, other: object) -> bool:
        """Make all values and compare them."""
        return self._all() == other

    def __ne__(self, other: object) -> bool:
        """Make all values and compare them."""
        return self._all() != other

    __hash__ = None  # as of any dict

    def __repr__(self) -> str:
        """Make all values and show them."""
        return repr(self._all())

    def __or__(self, other: Any) -> Any:
        """Return a plain dict of both."""
        return self._all() | other

    def __ror__(self, other: Any) -> Any:
        """Return a plain dict of both."""
        return other | self._all()

    def __ior__(self, other: Any) -> LateValues:  # type: ignore[override]
        """Replace values."""
        self.update(other)
        return self

    def copy(self) -> dict[str, Any]:
        """Return a plain dict."""
        return self._all()

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Pickle as a plain dict."""
        return dict, (self._all(),)

    def update(self, *others: Any, **more: Any) -> None:
        """Replace values."""
        for key, value in dict(*others, **more).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a value; if there is none, store `default` first."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a value and return it."""
        if key in self:
            value = self[key]
            del self[key]
            return value
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last value and return it with its key."""
        self._all()
        return super().popitem()

    def clear(self) -> None:
        """Remove all values."""
        super().clear()
        self._late.clear()

    def _all(self) -> dict[str, Any]:
        """Make all values; return a plain dict of them."""
        for key in list(self._late):
            self[key]
        return {key: super(LateValues, self).__getitem__(key) for key in self}


def made_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plain dict of the values that exist, in a dict of either kind."""
    late = values._late if isinstance(values, LateValues) else {}
    return {key: values[key] for key in values if key not in late}
