"""A dict that knows whether it was changed since it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def _noted(change: Function) -> Function:
    """Return a method of dict that also sets `changed`."""

    def method(self: WatchedDict, *args: Any, **kwargs: Any) -> Any:
        self.changed = True
        return change(self, *args, **kwargs)

    method.__name__, method.__doc__ = change.__name__, change.__doc__
    return method  # type: ignore[return-value]


class WatchedDict(dict[str, Any]):
    """A dict with the attribute `changed`, which all methods set that may change it.

    It is a copy, for users, of the counts or scores that compiled code has in a table. If it was
    changed, the table is made again from it.
    """

    changed = False

    __setitem__ = _noted(dict.__setitem__)
    __delitem__ = _noted(dict.__delitem__)
    __ior__ = _noted(dict.__ior__)
    clear = _noted(dict.clear)
    pop = _noted(dict.pop)
    popitem = _noted(dict.popitem)
    setdefault = _noted(dict.setdefault)
    update = _noted(dict.update)

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)
