"""A table of vectors with a key for each row, and further values for each key."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from cw2v.neighbors import divisors, floating, row_norms, unit

logger = logging.getLogger(__name__)

# A word, or the number of a row. Any hashable object may be a key in the table. Methods that take
# one key or several distinguish the two by their types.
Key: TypeAlias = Any
KEY_TYPES = (str, int, np.integer)

# Further values that training uses; all others are the user's own.
_OF_TRAINING = ("count", "sample_int", "code", "point")


class VectorTable:
    """Keys, their vectors, and further values per key.

    The arrays are plain and public, like gensim's. Code that changes `vectors` in place must call
    ``fill_norms(force=True)`` afterwards.

    Attributes
    ----------
    vectors : ndarray
        Float32 (or the dtype asked for), of shape (n_keys, vector_size).
    index_to_key : list
        The key of each row.
    key_to_index : dict
        The row of each key.
    expandos : dict of str to ndarray
        Further values, one for each key, for example "count" (int64).
    norms : ndarray or None
        The length of each vector; None until `fill_norms` is called.
    vectors_lockf : ndarray of float32, shape (1,) or (n_keys,)
        The factor of the updates of each row in training; 0 keeps it as it is. A single 1 unless
        changed.
    vector_size : int
        The number of dimensions.
    """

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        mapfile_path: str | None = None,
    ) -> None:
        """Make a table with room for `count` keys, to be filled by `add_vector`.

        Parameters
        ----------
        vector_size : int, at least 1
            The number of dimensions.
        count : int
            The number of rows to prepare, all zero.
        dtype : dtype
            Of the vectors.
        mapfile_path : str, optional
            Accepted as in gensim, and not used.
        """
        self.vector_size = vector_size
        self.index_to_key: list[Key] = [None] * count
        self.next_index = 0
        self.key_to_index: dict[Key, int] = {}
        self.vectors: npt.NDArray[Any] = np.zeros((count, vector_size), dtype=dtype)
        self.norms: npt.NDArray[Any] | None = None
        self.expandos: dict[str, npt.NDArray[Any]] = {}
        self.vectors_lockf: npt.NDArray[np.float32] = np.ones(1, dtype=np.float32)
        self.mapfile_path = mapfile_path

    @classmethod
    def from_arrays(
        cls,
        words: Sequence[Key],
        vectors: npt.NDArray[Any],
        counts: npt.ArrayLike | None = None,
    ) -> Self:
        """Make a table from existing arrays; `vectors` is not copied.

        Parameters
        ----------
        words : sequence
            The key of each row, all different.
        vectors : ndarray
            Of shape (n_words, vector_size).
        counts : array-like of int, optional
            Becomes ``expandos["count"]``, int64.

        Raises
        ------
        ValueError
            The lengths differ, or a word is there twice.
        """
        if vectors.ndim != 2 or len(vectors) != len(words):
            raise ValueError(f"{len(words)} words need as many rows, got shape {vectors.shape}")
        table = cls(vectors.shape[1], 0, dtype=vectors.dtype)
        table.vectors = vectors
        table.index_to_key = list(words)
        table.key_to_index = {word: row for row, word in enumerate(table.index_to_key)}
        table.next_index = len(words)
        if len(table.key_to_index) != len(words):
            row = next(r for r, word in enumerate(words) if table.key_to_index[word] != r)
            raise ValueError(
                f"word {words[row]!r} comes twice, in rows {row} and "
                f"{table.key_to_index[words[row]]}"
            )
        if counts is not None:
            table.expandos["count"] = np.asarray(counts, dtype=np.int64)
            if table.expandos["count"].shape != (len(words),):
                raise ValueError(
                    f"{len(words)} words need as many counts, "
                    f"got shape {table.expandos['count'].shape}"
                )
        return table

    def saved_attributes(self) -> dict[str, Any]:
        """Return the attributes to save: all that cannot be computed from the others.

        If keys and vectors were removed or added by hand, `expandos` may have too many or too few
        values: they are cut, or filled up with zeros, as by `allocate_vecattrs`.

        Raises
        ------
        ValueError
            There are not as many keys as vectors.
        """
        keys, vectors = list(self.index_to_key), self.vectors
        attributes = {**vars(self), "norms": None, "index_to_key": keys}
        if isinstance(vectors, np.ndarray) and vectors.ndim == 2 and len(vectors):
            attributes["vector_size"] = vectors.shape[1]
        if any(_misfits(values, len(keys)) for _, values in _there(self.expandos)):
            attributes["expandos"] = {
                name: fitted(values, len(keys)) for name, values in self.expandos.items()
            }
        if self.key_to_index == _rows_of(keys):
            del attributes["key_to_index"]
        _check_fit(attributes)
        return attributes

    @classmethod
    def from_saved(cls, attributes: dict[str, Any]) -> Self:
        """Make a table from the attributes that `saved_attributes` returned.

        Raises
        ------
        ValueError
            They do not fit together.
        """
        _check_fit(attributes)
        table = cls.__new__(cls)
        VectorTable.__init__(table, attributes["vector_size"])
        vars(table).update(attributes)
        if "key_to_index" not in attributes:
            table.key_to_index = _rows_of(table.index_to_key)
        if attributes.get("vectors_lockf") is None:
            table.vectors_lockf = np.ones(1, dtype=np.float32)
        return table

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __len__(self) -> int:
        return len(self.index_to_key)

    # -- looking up ----------------------------------------------------------------------

    @overload
    def get_index(self, key: Key) -> int: ...
    @overload
    def get_index(self, key: Key, default: int | None) -> int: ...
    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of `key`; a number that is not a key counts as a row.

        Raises
        ------
        KeyError
            There is no such key, and no `default` is given.
        """
        row = self.key_to_index.get(key)
        if row is not None:
            return row
        if isinstance(key, (int, np.integer)) and 0 <= key < len(self.index_to_key):
            return int(key)
        if default is not None:
            return default
        raise KeyError(self._not_present(key))

    def _not_present(self, key: Key, where: str = "") -> str:
        if isinstance(key, (int, np.integer)):
            return f"Key '{key}' not present{where}; rows are numbered 0 to {len(self) - 1}"
        text = f"Key '{key}' not present{where}"
        if isinstance(key, str):
            variants = (key.lower(), key.strip(), key.capitalize(), key.upper())
            known = [form for form in dict.fromkeys(variants) if form in self.key_to_index]
            if known:
                text += f"; did you mean '{known[0]}'?"
        return text

    def has_index_for(self, key: Key) -> bool:
        """Return whether `get_index` knows this key."""
        return self.get_index(key, -1) >= 0

    def __contains__(self, key: Key) -> bool:
        return self.has_index_for(key)

    def get_vector(self, key: Key, norm: bool = False) -> npt.NDArray[Any]:
        """Return the vector of `key`, shape (vector_size,), read-only.

        Parameters
        ----------
        key : str or int
            A key, or a row.
        norm : bool
            Scale it to length 1.

        Raises
        ------
        KeyError
            There is no such key.
        """
        row = self.get_index(key)
        vector: npt.NDArray[Any] = self.vectors[row]
        if norm:
            vector = vector / divisors(self._norms()[row : row + 1])[0]
        vector.setflags(write=False)
        return vector

    def word_vec(self, *args: Any, **kwargs: Any) -> npt.NDArray[Any]:
        """Return `get_vector(...)`; the deprecated name of that method."""
        warnings.warn("Use get_vector instead of word_vec", DeprecationWarning, stacklevel=2)
        return self.get_vector(*args, **kwargs)

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> npt.NDArray[Any]:
        """Return the vector of one key, (vector_size,), or those of several, (n, vector_size)."""
        if isinstance(key_or_keys, KEY_TYPES):
            return self.get_vector(key_or_keys)
        keys = list(key_or_keys)
        if not keys:
            raise ValueError("need at least one key")
        return self._vectors_of(keys)

    def _vectors_of(self, keys: list[Key]) -> npt.NDArray[Any]:
        """Return a copy of the vectors of several keys, or of none."""
        if keys and type(self).get_vector is not VectorTable.get_vector:
            return np.stack([self.get_vector(key) for key in keys])
        rows = np.array([self.get_index(key) for key in keys], dtype=np.intp)
        vectors: npt.NDArray[Any] = self.vectors[rows]
        return vectors

    def get_mean_vector(
        self,
        keys: Sequence[Key | npt.NDArray[Any]],
        weights: Sequence[float] | npt.NDArray[Any] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> npt.NDArray[Any]:
        """Return the weighted mean of several vectors, shape (vector_size,).

        Parameters
        ----------
        keys : sequence of str, int or ndarray
            Keys, rows, or vectors themselves.
        weights : sequence of float, optional
            One for each key; 1 unless given. The sum is divided by that of their absolute values.
        pre_normalize : bool
            Scale the vectors of keys (not those given as arrays) to length 1 first.
        post_normalize : bool
            Scale the mean to length 1.
        ignore_missing : bool
            Leave out keys that are not in the table, instead of raising KeyError.

        Raises
        ------
        ValueError
            There are no keys, or not as many weights as keys.
        KeyError
            A key is missing and `ignore_missing` is false.
        """
        if len(keys) == 0:
            raise ValueError("cannot compute mean with no input")
        weight = np.ones(len(keys)) if weights is None else np.asarray(weights, dtype=np.float64)
        if len(weight) != len(keys):
            raise ValueError(
                "keys and weights array must have same number of elements, "
                f"got {len(keys)} keys and {len(weight)} weights"
            )
        total = np.zeros(self.vector_size, dtype=np.float64)
        total_weight = 0.0
        for key, factor in zip(keys, weight, strict=True):
            if isinstance(key, np.ndarray):
                total += factor * key
            elif key in self:
                total += factor * self.get_vector(key, norm=pre_normalize)
            elif ignore_missing:
                continue
            else:
                raise KeyError(self._not_present(key, " in vocabulary"))
            total_weight += abs(factor)
        mean = (total / total_weight if total_weight > 0 else total).astype(
            floating(self.vectors.dtype)
        )
        return unit(mean).astype(np.float32) if post_normalize else mean

    # -- norms ---------------------------------------------------------------------------

    def fill_norms(self, force: bool = False) -> None:
        """Compute `norms`, the length of each vector, unless they are known.

        Parameters
        ----------
        force : bool
            Compute them again, because `vectors` was changed.
        """
        if self.norms is None or len(self.norms) != len(self.vectors) or force:
            self.norms = row_norms(self.vectors)

    def _norms(self) -> npt.NDArray[Any]:
        self.fill_norms()
        assert self.norms is not None
        return self.norms

    def _invalidate_norms(self) -> None:
        """Discard the norms; to be called after a change of `vectors` in place."""
        self.norms = None

    def get_normed_vectors(self) -> npt.NDArray[Any]:
        """Return a copy of `vectors` with all rows scaled to length 1."""
        normed: npt.NDArray[Any] = self.vectors / divisors(self._norms())[:, np.newaxis]
        return normed

    def unit_normalize_all(self) -> None:
        """Scale all rows of `vectors` to length 1, in place; do not train further afterwards."""
        self.vectors /= divisors(self._norms())[:, np.newaxis]
        self.norms = np.ones(len(self.vectors), dtype=self.vectors.dtype)

    def init_sims(self, replace: bool = False) -> None:
        """Call `fill_norms`, or with `replace` `unit_normalize_all`; deprecated."""
        warnings.warn("Use fill_norms instead of init_sims", DeprecationWarning, stacklevel=2)
        self.fill_norms()
        if replace:
            self.unit_normalize_all()


def fitted(values: Any, n_keys: int) -> Any:
    """Return further values of keys, cut or filled up with zeros to `n_keys` values."""
    if not _misfits(values, n_keys):
        return values
    result = np.zeros((n_keys, *values.shape[1:]), dtype=values.dtype)
    kept = min(len(values), n_keys)
    result[:kept] = values[:kept]
    return result


def _misfits(values: Any, n_keys: int) -> bool:
    return isinstance(values, np.ndarray) and values.ndim > 0 and len(values) != n_keys


def _there(expandos: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return further values that exist, without making those that are made on first use."""
    return [(name, values) for name, values in dict.items(expandos) if values is not None]


def _rows_of(keys: list[Key]) -> dict[Key, int]:
    return {key: row for row, key in enumerate(keys) if key is not None}


def _check_fit(attributes: dict[str, Any]) -> None:
    """Raise ValueError unless these attributes, read from a file, fit together."""
    size, keys = attributes.get("vector_size"), attributes.get("index_to_key")
    if not isinstance(size, (int, np.integer)) or not isinstance(keys, list):
        raise ValueError("a table of vectors needs a list of keys and a size")
    vectors = attributes.get("vectors")
    if vectors is not None and (
        not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.shape[1] != size
    ):
        raise ValueError(f"vectors of size {size} need a matrix with so many columns")
    if vectors is not None and len(vectors) not in (0, len(keys)):
        raise ValueError(f"{len(keys)} keys need as many vectors, got {len(vectors)}")
    expandos, rows = attributes.get("expandos") or {}, attributes.get("key_to_index") or {}
    if not isinstance(expandos, dict) or not isinstance(rows, dict):
        raise ValueError("a table of vectors has its rows and further values in dicts")
    for name, values in _there(expandos):
        is_array = isinstance(values, np.ndarray) and values.ndim == 1
        if _misfits(values, len(keys)) or (name in _OF_TRAINING and not is_array):
            raise ValueError(f"{len(keys)} keys need an array of so many values of {name!r}")
    if not all(
        isinstance(row, (int, np.integer)) and 0 <= row < len(keys) for row in rows.values()
    ):
        raise ValueError(f"the rows of {len(keys)} keys must be below that")
