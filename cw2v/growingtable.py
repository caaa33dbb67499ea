"""A table of vectors that can be changed: keys, vectors, and further values of each key."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from cw2v.vectortable import KEY_TYPES, Key, VectorTable, fitted
from cw2v.weights import new_vectors

logger = logging.getLogger(__name__)

_MIGRATION = "See https://github.com/RaRe-Technologies/gensim/wiki/Migrating-from-Gensim-3.x-to-4"


class GrowingTable(VectorTable):
    """A table to which keys can be added, with further values for each key."""

    # -- further values per key ----------------------------------------------------------

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None
    ) -> None:
        """Make arrays in `expandos`, or resize existing ones to the number of keys.

        Parameters
        ----------
        attrs : iterable of str, optional
            Their names; all existing arrays unless given.
        types : iterable of dtype or type, optional
            One for each name.

        Raises
        ------
        TypeError
            An array exists with another dtype.
        """
        if attrs is None:
            attrs = list(self.expandos)
            types = [self.expandos[attr].dtype for attr in attrs]
        for attr, wanted in zip(attrs, types or (), strict=True):
            dtype = np.dtype({int: np.int64, str: object}.get(wanted, wanted))
            before = self.expandos.get(attr)
            if before is None:
                self.expandos[attr] = np.zeros(len(self), dtype=dtype)
                continue
            if not np.issubdtype(dtype, before.dtype):
                raise TypeError(
                    f"Can't allocate type {wanted} for attribute {attr}, "
                    f"conflicts with its existing type {before.dtype}"
                )
            if len(before) != len(self):
                self.expandos[attr] = fitted(before, len(self))

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Store the value `val` under the name `attr` for `key`."""
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][self.get_index(key)] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return the value stored under the name `attr` for `key`."""
        row = self.get_index(key)
        if attr not in self.expandos:
            raise KeyError(f"no attribute {attr!r}; there are {sorted(self.expandos)}")
        return self.expandos[attr][row]

    # -- growing -------------------------------------------------------------------------

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Add one key, in a prepared row if there is one, and return its row.

        Without prepared rows the whole matrix is copied; use `add_vectors` for several.
        """
        row = self.next_index
        if row < len(self) and self.index_to_key[row] is None:
            self.index_to_key[row] = key
            self.key_to_index[key] = row
            self.vectors[row] = vector
            self.next_index += 1
            self._invalidate_norms()
            return row
        warnings.warn(
            "Adding single vectors to a KeyedVectors which grows by one each time can be costly. "
            "Consider adding in batches or preallocating to the required size.",
            UserWarning,
            stacklevel=2,
        )
        row = len(self)
        self.add_vectors([key], [vector])
        self.next_index = row + 1
        return row

    def add_vectors(
        self,
        keys: Key | Sequence[Key],
        weights: npt.ArrayLike | Sequence[npt.ArrayLike],
        extras: dict[str, npt.NDArray[Any]] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors.

        Parameters
        ----------
        keys : str, int or sequence of them
            One key or several. A key that is there twice gets the last of its vectors.
        weights : array-like
            Of shape (n_keys, vector_size), or (vector_size,) for one key.
        extras : dict of str to ndarray, optional
            Further values, one for each key, for `expandos`.
        replace : bool
            Give existing keys the new vector and values; otherwise they keep the old ones.

        Raises
        ------
        ValueError
            The shapes do not fit together.
        """
        if isinstance(keys, KEY_TYPES):
            keys, weights = [keys], np.reshape(np.asarray(weights), (1, -1))
        given = np.asarray(weights)
        if given.shape != (len(keys), self.vector_size) and len(keys):
            raise ValueError(
                f"{len(keys)} keys need vectors of shape ({len(keys)}, {self.vector_size}), "
                f"got {given.shape}"
            )
        given = given.astype(self.vectors.dtype, copy=False)
        extras = extras or {}
        for attr, values in extras.items():
            if values.shape != (len(keys),):
                raise ValueError(f"{len(keys)} keys need as many values of {attr!r}")
        new = {key: place for place, key in enumerate(keys) if key not in self.key_to_index}
        known = [place for place, key in enumerate(keys) if key in self.key_to_index]
        added = list(new.values())
        vectors = np.vstack((self.vectors, given[added])) if added else self.vectors
        self.allocate_vecattrs(extras.keys(), [values.dtype for values in extras.values()])

        # All that can fail is done by now, so that no keys are left without vectors.
        self._invalidate_norms()
        self.key_to_index.update(zip(new, count(len(self)), strict=False))
        self.index_to_key.extend(new)
        self.vectors = vectors
        if added:
            self.allocate_vecattrs()
        for attr, values in extras.items():
            self.expandos[attr][len(self) - len(added) :] = values[added]
        if replace and known:
            rows = [self.key_to_index[keys[place]] for place in known]
            self.vectors[rows] = given[known]
            for attr, values in extras.items():
                self.expandos[attr][rows] = values[known]

    def __setitem__(self, keys: Key | list[Key], weights: npt.ArrayLike) -> None:
        """Add keys with their vectors; existing keys get the new vectors."""
        if not isinstance(keys, list):
            keys, weights = [keys], np.reshape(np.asarray(weights), (1, -1))
        self.add_vectors(keys, weights, replace=True)

    def resize_vectors(self, seed: int = 0) -> None:
        """Give `vectors` a row for each key; new rows are drawn from +-1 / vector_size."""
        shape = (len(self), self.vector_size)
        if self.vectors.shape != shape:
            grown = new_vectors(*shape, seed)
            grown[: len(self.vectors), : self.vectors.shape[1]] = self.vectors
            self.vectors = grown
        self.allocate_vecattrs()
        self._invalidate_norms()

    def sort_by_descending_frequency(self) -> None:
        """Sort the rows by falling "count"; equal counts by falling row."""
        if not len(self):
            return
        if "count" not in self.expandos:
            raise KeyError("no attribute 'count' to sort by; set it with set_vecattr")
        counts = self.expandos["count"].astype(np.int64)
        order = np.lexsort((-np.arange(len(counts)), -counts))
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.allocate_vecattrs()
        for attr in self.expandos:
            self.expandos[attr] = self.expandos[attr][order]
        if len(self.vectors):
            logger.warning("sorting after vectors have been allocated is expensive & error-prone")
            self.vectors = self.vectors[order]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self._invalidate_norms()

    # -- names of gensim 3 -----------------------------------------------------------------

    @property
    def index2word(self) -> list[Key]:
        """Raise an error: the list of keys is now `index_to_key`."""
        self._moved("index2word", "has been replaced by index_to_key")

    @index2word.setter
    def index2word(self, keys: list[Key]) -> None:
        self.index_to_key = keys

    @property
    def index2entity(self) -> list[Key]:
        """Raise an error: the list of keys is now `index_to_key`."""
        self._moved("index2entity", "has been replaced by index_to_key")

    @index2entity.setter
    def index2entity(self, keys: list[Key]) -> None:
        self.index_to_key = keys

    @property
    def vocab(self) -> dict[Key, Any]:
        """Raise an error: the keys are now in `key_to_index`, their values in `expandos`."""
        self._moved(
            "vocab",
            "was removed from KeyedVectors: use its .key_to_index dict, .index_to_key list, and "
            "methods .get_vecattr(key, attr) and .set_vecattr(key, attr, new_val) instead",
        )

    @vocab.setter
    def vocab(self, value: Any) -> None:
        raise AttributeError("vocab cannot be set: use add_vectors() and set_vecattr()")

    @property
    def vectors_norm(self) -> npt.NDArray[Any]:
        """Raise an error: `get_normed_vectors` computes these."""
        self._moved("vectors_norm", "is computed when asked for: use get_normed_vectors()")

    @vectors_norm.setter
    def vectors_norm(self, value: Any) -> None:
        """Ignore the value that old code sets."""

    @staticmethod
    def _moved(name: str, how: str) -> NoReturn:
        raise AttributeError(f"The {name} attribute {how} (as since Gensim 4.0.0).\n{_MIGRATION}")
