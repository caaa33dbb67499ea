"""KeyedVectors, gensim's class: a table of vectors with queries, evaluation and files."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable
from typing import Any, NoReturn, Self

import numpy as np

from cw2v import evaluation, nativefile
from cw2v.nativefile import PathOrHandle, source_name
from cw2v.savedfile import read_saved
from cw2v.vectorreader import VectorFileError
from cw2v.vectortable import Key
from cw2v.word2vecfiles import Word2VecFiles, load_word2vec_format_as

logger = logging.getLogger(__name__)


class KeyedVectors(Word2VecFiles):
    """Words and their vectors, with the methods of gensim's class.

    See `VectorTable` for making a table and looking keys up, `GrowingTable` for changing it,
    `Queries` for neighbours and similarities, and `Word2VecFiles` for files of word2vec.

    Examples
    --------
    >>> wv = KeyedVectors.load_word2vec_format("vectors.bin", binary=True)  # doctest: +SKIP
    >>> wv.most_similar("paris", topn=3)  # doctest: +SKIP
    """

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return a new KeyedVectors of those of `keys` that this one has, each once, in order.

        Parameters
        ----------
        keys : iterable
            Read once.
        allow_inference : bool
            Also accept row numbers as keys.
        copy_vecattrs : bool
            Copy the further values of each key as well.
        """
        known: Any = self if allow_inference else self.key_to_index
        chosen = [key for key in dict.fromkeys(keys) if key in known]
        vectors = self._vectors_of(chosen).astype(self.vectors.dtype, copy=False)
        result = KeyedVectors.from_arrays(chosen, vectors)
        # The result counts its keys from the commonest, unless it gets the real counts.
        result.expandos["count"] = np.arange(len(chosen), 0, -1, dtype=np.int64)
        if copy_vecattrs:
            rows = np.array([self.get_index(key, -1) for key in chosen], dtype=np.intp)
            there = rows >= 0  # False for keys for which a derived class makes vectors
            for attr, values in self.expandos.items():
                copied = np.zeros((len(chosen), *values.shape[1:]), values.dtype)
                copied[there] = values[rows[there]]
                result.expandos[attr] = copied
        return result

    # -- evaluation ----------------------------------------------------------------------

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer a file of questions "a is to b as c is to ?".

        Parameters
        ----------
        analogies : path
            Lines of four words, in sections that begin with a line ": name".
        restrict_vocab : int or None
            Use only the first so many words; questions with others are left out.
        case_insensitive : bool
            Ignore case; the first row of several variants counts.
        dummy4unknown : bool
            Count questions with unknown words as wrong, instead of leaving them out.
        similarity_function : {"most_similar", "most_similar_cosmul"}
            Both mean 3CosAdd, as in gensim; the second causes a warning in the log.

        Returns
        -------
        score : float
            The fraction of correct answers, 0 to 1.
        sections : list of dict
            "section", its name, "correct" and "incorrect", lists of 4-tuples; the last is
            "Total accuracy".

        Raises
        ------
        ValueError
            The file has no section or no question; the message says where.
        """
        if similarity_function == "most_similar_cosmul":
            logger.warning("analogies are solved by 3CosAdd, not by 3CosMul, as in gensim")
        elif similarity_function != "most_similar":
            raise ValueError(
                "similarity_function must be 'most_similar' or 'most_similar_cosmul', "
                f"got {similarity_function!r}"
            )
        return evaluation.word_analogies(
            analogies,
            self.index_to_key,
            self.vectors,
            self._norms(),
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Any, Any, float]:
        """Correlate cosines with people's judgements of how similar two words are.

        Parameters
        ----------
        pairs : path
            Lines of two words and a number; a line that begins with # is a comment.
        delimiter, encoding : str
            The separator within a line, and the encoding of the file.
        restrict_vocab, case_insensitive
            As for `evaluate_word_analogies`.
        dummy4unknown : bool
            Give pairs with unknown words the similarity 0, instead of leaving them out.

        Returns
        -------
        pearson, spearman : scipy.stats result
            Correlation and p-value.
        oov_ratio : float
            Percentage of the pairs that have an unknown word.

        Raises
        ------
        ValueError
            No pair of the file has known words.
        """
        return evaluation.word_pairs(
            pairs,
            self.index_to_key,
            self.vectors,
            delimiter=delimiter,
            encoding=encoding,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )

    @staticmethod
    def log_accuracy(section: dict[str, Any]) -> None:
        """Log the score of one section of `evaluate_word_analogies`."""
        evaluation.log_section(section)

    @staticmethod
    def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: str) -> None:
        """Log what `evaluate_word_pairs` returned for the file `pairs`."""
        evaluation.log_pairs(pearson, spearman, oov, pairs)

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise NotImplementedError, as in gensim: it belongs to models of documents."""
        raise NotImplementedError("Call similarity_unseen_docs on a Doc2Vec model instead.")

    # -- files ---------------------------------------------------------------------------

    def save(
        self,
        fname_or_handle: PathOrHandle,
        separately: Collection[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Collection[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Save keys, vectors and further values, exactly, in cw2v's own format.

        The file is not a pickle but a zip archive of arrays and JSON: loading it runs no code.

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
            A key is neither a str nor an int, nor a tuple of them.
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
            "KeyedVectors",
            type(self).__name__,
            self.saved_attributes(),
            separately=separately,
            sep_limit=sep_limit,
            ignore=ignore,
        )

    @classmethod
    def load(cls, fname: PathOrHandle, mmap: str | None = None) -> Self:
        """Load vectors that `save` of cw2v or of gensim wrote; no code of the file is run.

        Parameters
        ----------
        fname : path or binary file
            The file; decompressed if it is compressed. If it holds a model, its vectors are
            loaded.
        mmap : {"r", "c"}, optional
            Map large arrays into memory (see `save`): read-only, or so that changes stay in
            memory.

        Raises
        ------
        VectorFileError
            The file is damaged, or was not saved by cw2v or gensim.
        ForbiddenPickleError
            It is a pickle that asks for something that vectors do not need.
        OSError
            The file cannot be read.
        """
        _, attributes = read_saved(fname, mmap=mmap, only_vectors=True)
        name = source_name(fname)
        hidden = [attr for attr in attributes if callable(getattr(cls, attr, None))]
        if hidden:
            raise VectorFileError(f"{name}: {hidden[0]!r} is a method, no attribute")
        try:
            table = cls.from_saved(attributes)
        except ValueError as error:
            raise VectorFileError(f"{name} does not fit together: {error}") from error
        table.add_lifecycle_event("loaded", fname=name)
        return table

    # -- gensim's objects ------------------------------------------------------------------

    def to_gensim(self) -> Any:
        """Make a gensim KeyedVectors of these vectors.

        The arrays are shared: a change of a vector in one changes the other. Lists and dicts
        are copied, so that the two can grow independently.

        Returns
        -------
        gensim.models.KeyedVectors

        Raises
        ------
        ImportError
            gensim is not installed.
        """
        from cw2v.gensimio import table_to_gensim

        return table_to_gensim(self)

    @classmethod
    def from_gensim(cls, theirs: Any) -> Self:
        """Make a KeyedVectors from gensim's; arrays are shared, lists and dicts copied.

        Parameters
        ----------
        theirs : gensim.models.KeyedVectors
            If it is of a derived class, such as FastText's, the vectors of whole words are taken.

        Raises
        ------
        ImportError
            gensim is not installed.
        TypeError
            `theirs` is something else.
        """
        from cw2v.gensimio import table_from_gensim

        return cls.from_saved(table_from_gensim(theirs))


# gensim's older names, and functions.
Word2VecKeyedVectors = KeyedVectors
EuclideanKeyedVectors = KeyedVectors
_load_word2vec_format = load_word2vec_format_as


def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
    """Load a word2vec file; the same as ``KeyedVectors.load_word2vec_format``."""
    return KeyedVectors.load_word2vec_format(*args, **kwargs)
