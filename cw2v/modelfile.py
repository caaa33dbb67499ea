"""A model to a file and back: `save` and `load` of `Word2Vec`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from inspect import getattr_static
from types import MethodType
from typing import Any, Protocol, Self, TypeVar

from cw2v import nativefile
from cw2v.huffman import HuffmanTree, check_tree
from cw2v.keyedvectors import KeyedVectors
from cw2v.latevalues import with_paths
from cw2v.lifecycle import Lifecycle
from cw2v.nativefile import PathOrHandle, source_name
from cw2v.savedfile import read_saved
from cw2v.statecodec import Nested
from cw2v.trainer import EpochResult, TrainingReport
from cw2v.vectorreader import VectorFileError

logger = logging.getLogger(__name__)

_RECORDS = {
    "EpochResult": EpochResult,
    "HuffmanTree": HuffmanTree,
    "TrainingReport": TrainingReport,
}

# Attributes that are computed from others after loading.
_DERIVED = ("cum_table",)

Model = TypeVar("Model", bound="ModelFiles")
Model_co = TypeVar("Model_co", bound="ModelFiles", covariant=True)


def _can_be_set(of_class: Any) -> bool:
    """Return whether an object can have an attribute of its own for this one of its class."""
    if isinstance(of_class, property):
        return of_class.fset is not None
    return not callable(of_class) and not hasattr(type(of_class), "__get__")


class _Load(Protocol[Model_co]):
    """The type of `load`."""

    def __call__(
        self, fname: PathOrHandle, mmap: str | None = None, rethrow: bool = False
    ) -> Model_co: ...


class _OnClassOnly:
    """A class method that can be called on the class only, not on its objects."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type[Model]) -> _Load[Model]:
        if instance is not None:
            raise AttributeError("This method should be called on a class object.")
        return MethodType(self._function, owner)


class ModelFiles(Lifecycle):
    """Gives a model `save` and `load`.

    The model is the class that has this one among its direct bases; its constructor without
    arguments must make a model that lacks only a vocabulary. A class derived from the model may
    have any constructor: `load` does not call it.

    Attributes
    ----------
    wv : KeyedVectors
        Stored with the model.
    """

    wv: KeyedVectors
    _is_being_loaded = False  # while the constructor runs for a model from a file

    def save(
        self,
        fname_or_handle: PathOrHandle,
        separately: Collection[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Collection[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Save the model, with all that is needed to train further, in one file.

        The file is not a pickle but a zip archive of NumPy arrays and JSON, described in
        docs/formats.md: loading it runs no code. Numbers, text, lists, dicts, arrays, and the state
        of NumPy's random generators are stored, also in attributes of a derived class. What cannot
        be stored (other objects, functions except `hash`) is left out, with a warning, and is None
        when the file is loaded.

        Parameters
        ----------
        fname_or_handle : path or binary file
            The file appears whole or not at all; compressed if it ends in .gz, .bz2, .xz or .zst.
        separately : collection of str, optional
            Names of arrays that ``load(mmap="r")`` will map into memory.
        sep_limit : int
            Unless `separately` is given: arrays of at least so many numbers will be mapped.
        ignore : collection of str
            Names of attributes to leave out.
        pickle_protocol : int
            Accepted and not used.

        Raises
        ------
        TypeError
            A word is neither a str nor an int, nor a tuple of them.
        OSError
            The file cannot be written; an existing file is unchanged.
        """
        self.add_lifecycle_event(
            "saving",
            fname_or_handle=str(fname_or_handle),
            separately=str(separately),
            sep_limit=sep_limit,
            ignore=sorted(ignore),
        )
        nativefile.write_state(
            fname_or_handle,
            "Word2Vec",
            type(self).__name__,
            self._saved_attributes(),
            separately=separately,
            sep_limit=sep_limit,
            ignore=ignore,
            records=_RECORDS,
        )
        logger.info("saved %s object to %s", type(self).__name__, source_name(fname_or_handle))

    @_OnClassOnly
    def load(cls, fname: PathOrHandle, mmap: str | None = None, rethrow: bool = False) -> Self:
        """Load a model that cw2v or gensim saved; no code of the file is run.

        Models of gensim 0.12 to 4.4 are read, whether gensim is installed or not. A pickle that
        asks for anything that such models do not need is refused.

        Parameters
        ----------
        fname : path or binary file
            The file; decompressed if it is compressed.
        mmap : {"r", "c"}, optional
            Map large arrays into memory (see `save`): read-only, or so that changes stay in
            memory.
        rethrow : bool
            Accepted and not used.

        Returns
        -------
        Word2Vec
            Of this class, even if a derived class was saved.

        Raises
        ------
        AttributeError
            The file holds only vectors; or this was called on a model, not on the class.
        VectorFileError
            The file is damaged, or was not saved by cw2v or gensim.
        ForbiddenPickleError
            It is a pickle that asks for something that models do not need.
        OSError
            The file cannot be read.
        """
        kind, attributes = read_saved(fname, mmap=mmap, records=_RECORDS)
        if kind != "Word2Vec":
            raise AttributeError(f"Model of type {kind} can't be loaded by {cls}")
        return cls._from_attributes(attributes, source_name(fname))

    def to_gensim(self) -> Any:
        """Make a gensim Word2Vec of this model, which gensim can train further.

        The matrices are shared: gensim's training changes them here as well. Lists and dicts
        are copied, so that the two vocabularies can grow independently.

        Returns
        -------
        gensim.models.Word2Vec

        Raises
        ------
        ImportError
            gensim is not installed.
        """
        from cw2v.gensimio import model_to_gensim

        return model_to_gensim(self)

    @classmethod
    def from_gensim(cls, theirs: Any) -> Self:
        """Make a model from gensim's, to train it further; see `to_gensim` for what is shared.

        Parameters
        ----------
        theirs : gensim.models.Word2Vec

        Raises
        ------
        ImportError
            gensim is not installed.
        TypeError
            `theirs` is something else, or a gensim model that needs more than a vector for each
            word.
        """
        from cw2v.gensimio import model_from_gensim

        return cls._from_attributes(model_from_gensim(theirs), "gensim's model")

    def _saved_attributes(self) -> dict[str, Any]:
        state: Any = self.__getstate__()
        attributes = {name: value for name, value in state.items() if name not in _DERIVED}
        wv = self.wv.saved_attributes()
        tree: HuffmanTree | None = attributes.get("_tree")
        if tree is not None and len(tree) < len(self.wv):  # keys were added, without paths
            attributes["_tree"] = None
        elif tree is not None:  # the codes are views of it
            check_tree(tree, len(self.wv))
            wv["expandos"] = {
                name: wv["expandos"][name]  # not by items(), which would make the paths
                for name in wv["expandos"]
                if name not in ("code", "point")
            }
        if callable(attributes.get("hashfxn")):  # it is not used, and functions cannot be stored
            attributes["hashfxn"] = hash
        attributes["wv"] = Nested(wv)
        return attributes

    @classmethod
    def _from_attributes(cls, attributes: dict[str, Any], source: str) -> Self:
        hidden = [name for name in attributes if not _can_be_set(getattr_static(cls, name, None))]
        nested = attributes.get("wv")
        if hidden or not isinstance(nested, Nested):
            raise VectorFileError(
                f"{source}: {hidden[0]!r} is a method, no attribute"
                if hidden
                else f"{source} holds a model without vectors"
            )
        model = cls.__new__(cls)
        model._is_being_loaded = True
        for base in cls.__mro__:
            if ModelFiles in base.__bases__:
                base.__init__(model)  # type: ignore[misc]
        del model._is_being_loaded
        for name, value in attributes.items():
            if isinstance(getattr_static(cls, name, None), property):
                setattr(model, name, value)
            else:
                vars(model)[name] = value
        try:
            for name, value in attributes.items():
                if isinstance(value, Nested):  # `wv`, and any that a user has added
                    vars(model)[name] = KeyedVectors.from_saved(value.state)
            model._after_load()
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise VectorFileError(f"{source} does not fit together: {error}") from error
        model.add_lifecycle_event("loaded", fname=source)
        return model

    def _after_load(self) -> None:
        """Compute the attributes that are not stored."""
        expandos = self.wv.expandos
        tree: HuffmanTree | None = getattr(self, "_tree", None)
        if tree is None and "code" in expandos and "point" in expandos:
            codes, points = list(expandos["code"]), list(expandos["point"])
            # Keys that were added to `wv` have no path, and a row of W' only with their next text.
            if all(hasattr(path, "__len__") for path in (*codes, *points)):
                tree = HuffmanTree.from_paths(codes, points)
        self._tree = tree
        if tree is not None:
            check_tree(tree, len(self.wv))
            self.wv.expandos = with_paths(expandos, tree)
        if getattr(self, "hashfxn", hash) is None:
            self.hashfxn = hash
        if getattr(self, "negative", 0) and len(self.wv) and hasattr(self, "make_cum_table"):
            self.make_cum_table()
