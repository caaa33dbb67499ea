"""A dict that knows whether it was changed since it was made from something faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def _noted(change: Function) -> Function:
    """Set `changed` whenever a method of dict is called that may change it."""

    def method(self: WatchedDict, *args: Any, **kwargs: Any) -> Any:
        self.changed = True
        return change(self, *args, **kwargs)

    method.__name__, method.__doc__ = change.__name__, change.__doc__
    return method  # type: ignore[return-value]


class WatchedDict(dict[str, Any]):
    """A dict with the attribute `changed`, set by whatever may change it.

    It is a copy, for the user's eyes and hands, of what compiled code keeps in a table; the
    table is made again from a dict that was changed.
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
