"""Queries of a table of vectors: neighbours and similarities."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from cw2v import neighbors, transport
from cw2v.growingtable import GrowingTable
from cw2v.vectortable import KEY_TYPES, Key

logger = logging.getLogger(__name__)

Neighbors = list[tuple[Any, float]]


class Queries(GrowingTable):
    """A table of vectors that answers questions, under gensim's names.

    Methods that take a key raise KeyError if the table does not have it.
    """

    # -- neighbours ----------------------------------------------------------------------

    @overload
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Neighbors: ...
    @overload
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        *,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> npt.NDArray[Any]: ...
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """Find the keys whose vectors have the largest cosines with a sum of vectors.

        Parameters
        ----------
        positive, negative : key, ndarray, or list of them, optional
            What is added to the sum and subtracted from it: keys, vectors, or pairs (key, weight).
            The vectors of keys are scaled to length 1 first.
        topn : int or None
            How many to find. With None all similarities are returned, with 0 (or False) an empty
            list.
        clip_start, clip_end : int
            Search only rows clip_start to clip_end - 1.
        restrict_vocab : int, optional
            Search only this number of rows, the first.
        indexer : object, optional
            An index whose ``most_similar(vector, topn)`` is called instead.

        Returns
        -------
        list of (key, float) or ndarray
            Keys with their cosines, most similar first, without the keys given. With
            ``topn=None`` the cosines of all rows searched, float32.

        Raises
        ------
        KeyError
            The table does not have a key.
        ValueError
            Neither `positive` nor `negative` was given.
        """
        if topn is not None and topn < 1:
            return []
        keys, weights = _with_weights(_as_list(positive), _as_list(negative))
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        mean = self.get_mean_vector(
            keys, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
        )
        if indexer is not None and isinstance(topn, int):
            return indexer.most_similar(mean, topn)
        rows = slice(clip_start, clip_end or len(self.vectors))
        similarities = neighbors.cosines(self.vectors[rows], self._norms()[rows], mean)
        if not topn:
            return similarities
        excluded = self._rows_among(keys, clip_start)
        return self._named(similarities, topn, excluded, self._rows_without_key(), clip_start)

    def most_similar_batch(
        self,
        positive: Sequence[Any] | npt.NDArray[Any],
        negative: Sequence[Any] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Answer many queries of `most_similar` at once, many times as fast.

        Parameters
        ----------
        positive : sequence, or ndarray of shape (n_queries, vector_size)
            For each query what `most_similar` takes as `positive`: a key, a vector, or a list
            of keys, vectors and pairs.
        negative : sequence, optional
            For each query what `most_similar` takes as `negative`, or None.
        topn, clip_start, clip_end, restrict_vocab
            As for `most_similar`, the same for all queries.

        Returns
        -------
        list of lists of (key, float), or ndarray
            What `most_similar` finds for each query. With ``topn=None`` all cosines, float32
            of shape (n_queries, n_rows).

        Raises
        ------
        KeyError
            The table does not have a key.
        ValueError
            Nothing was given for a query, or `negative` has another length than `positive`.

        Examples
        --------
        >>> wv.most_similar_batch(["paris", ["king", "woman"]], [None, "man"])  # doctest: +SKIP
        """
        n_queries = len(positive)
        if negative is not None and len(negative) != n_queries:
            raise ValueError(f"{n_queries} queries need as many negatives, got {len(negative)}")
        if topn is not None and topn < 1:
            return [[] for _ in range(n_queries)]
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        rows = slice(clip_start, clip_end or len(self.vectors))
        vectors, norms = self.vectors[rows], self._norms()[rows]

        targets = np.empty((n_queries, self.vector_size), dtype=np.float32)
        excluded: list[set[int]] = []
        for query, given in enumerate(positive):
            against = None if negative is None else negative[query]
            keys, weights = _with_weights(_as_list(given), _as_list(against))
            targets[query] = self.get_mean_vector(
                keys, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
            )
            excluded.append(self._rows_among(keys, clip_start))

        if topn is None:
            similarities: npt.NDArray[Any] = neighbors.many_cosines(vectors, norms, targets)
            return similarities
        found: list[Neighbors] = []
        unused = self._rows_without_key()
        for start in range(0, n_queries, step := neighbors.queries_per_block(len(vectors))):
            block = neighbors.many_cosines(vectors, norms, targets[start : start + step])
            found += [
                self._named(row, topn, excluded[start + place], unused, clip_start)
                for place, row in enumerate(block)
            ]
        return found

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Find keys like `most_similar`, by products of similarities instead of sums (3CosMul).

        Parameters
        ----------
        positive, negative : key, ndarray, or list of them, optional
            What the keys found should be similar to, and not similar to.
        topn : int or None
            How many to find. With None all scores are returned.
        restrict_vocab : int, optional
            Search only this number of rows, the first.

        Returns
        -------
        list of (key, float) or ndarray
            Keys with their scores, the best first, without the keys given.
        """
        if topn is not None and topn < 1:
            return []
        positive, negative = _as_list(positive), _as_list(negative)
        if not positive:
            raise ValueError("cannot compute similarity with no input")
        excluded = self._rows_among(positive + negative, 0)
        rows = slice(0, restrict_vocab or len(self.vectors))
        scores = neighbors.cosmul(
            self.vectors[rows],
            self._norms()[rows],
            [self._vector_of(term, norm=True) for term in positive],
            [self._vector_of(term, norm=True) for term in negative],
        )
        return self._named(scores, topn, excluded, self._rows_without_key()) if topn else scores

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Find the keys most similar to `key`; parameters and result as of `most_similar`."""
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Find the keys most similar to `word`; the same as `similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Find the keys most similar to a vector, (vector_size,), of any length."""
        positive = [np.asarray(vector)]
        return self.most_similar(positive, topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Return the key of `keys_list` most similar to `key1`."""
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def closer_than(self, key1: Key, key2: Key) -> list[Key]:
        """Return all keys that are closer to `key1` than `key2` is, in the order of the rows."""
        distances = self.distances(key1)
        own = self.get_index(key1)
        closer = np.flatnonzero(distances < distances[self.get_index(key2)])
        keys = ((row, self.index_to_key[row]) for row in closer.tolist())
        return [key for row, key in keys if row != own and key is not None]

    def words_closer_than(self, word1: Key, word2: Key) -> list[Key]:
        """Return `closer_than(word1, word2)`; the old name of that method."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the rank of `key2` among the neighbours of `key1`: 1 for the closest."""
        return len(self.closer_than(key1, key2)) + 1

    def rank_by_centrality(
        self, words: Sequence[Key], use_norm: bool = True
    ) -> list[tuple[float, Key]]:
        """Rank keys by their similarity to the mean of them all.

        Parameters
        ----------
        words : sequence of keys
            Keys that the table does not have are left out, with a warning in the log.
        use_norm : bool
            Scale the vectors to length 1 first.

        Returns
        -------
        list of (float, key)
            The most central first.

        Raises
        ------
        ValueError
            The table has none of the keys.
        """
        used = [word for word in words if word in self]
        if len(used) != len(words):
            missing = [word for word in words if word not in self]
            logger.warning("vectors for words %s are not present, ignoring these words", missing)
        if not used:
            raise ValueError("cannot select a word from an empty list")
        vectors = np.vstack([self.get_vector(word, norm=use_norm) for word in used])
        mean = self.get_mean_vector(list(vectors), post_normalize=True)
        similarities = np.dot(vectors.astype(np.float32, copy=False), mean)
        return sorted(zip(similarities, used, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """Return the key that is farthest from the mean of all of them."""
        return self.rank_by_centrality(words)[-1][1]

    # -- similarities --------------------------------------------------------------------

    def similarity(self, w1: Key, w2: Key) -> np.floating[Any]:
        """Return the cosine of the vectors of two keys, a float32 from -1 to 1."""
        return neighbors.cosine(self[w1], self[w2])

    def distance(self, w1: Key, w2: Key) -> np.floating[Any]:
        """Return 1 - `similarity`."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.floating[Any]:
        """Return the cosine of the means of two lists of keys; unknown keys are left out.

        Raises
        ------
        ZeroDivisionError
            A list is empty.
        """
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("At least one of the passed list is empty.")
        mean1 = self.get_mean_vector(ws1, pre_normalize=False)
        mean2 = self.get_mean_vector(ws2, pre_normalize=False)
        return neighbors.cosine(mean1, mean2)

    @staticmethod
    def cosine_similarities(
        vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike
    ) -> npt.NDArray[Any]:
        """Return the cosine of a vector, (dim,), with each row of a matrix, (n, dim)."""
        vectors = np.asarray(vectors_all)
        norms = neighbors.row_norms(vectors)
        return neighbors.cosines(vectors, norms, neighbors.unit(np.asarray(vector_1)))

    def distances(
        self, word_or_vector: Key | npt.ArrayLike, other_words: Iterable[Key] = ()
    ) -> npt.NDArray[Any]:
        """Return 1 - cosine of a key or vector with each of `other_words`, or with all rows.

        Parameters
        ----------
        word_or_vector : key, ndarray, list or tuple
            A key, or a vector of shape (vector_size,). A tuple that is a key counts as a key.
        other_words : iterable of keys
            If empty, all rows, the key itself included.
        """
        target = self._vector_of(word_or_vector, norm=False)
        rows = [self.get_index(word) for word in other_words or ()]
        vectors = self.vectors[rows] if rows else self.vectors
        # Computed here: `norms` may be older than changes of `vectors` in place. As in gensim.
        result: npt.NDArray[Any] = 1 - self.cosine_similarities(target, vectors)
        return result

    def wmdistance(
        self, document1: Sequence[Key], document2: Sequence[Key], norm: bool = True
    ) -> float:
        """Return the Word Mover's Distance of two texts (Kusner et al. 2015).

        Parameters
        ----------
        document1, document2 : sequence of keys
            Keys that the table does not have are left out.
        norm : bool
            Scale the vectors to length 1 first.

        Returns
        -------
        float
            Infinity if the table has no word of one of the texts.

        Raises
        ------
        ImportError
            The package POT is not installed: ``pip install 'cw2v[wmd]'``.
        """
        known1 = [key for key in document1 if key in self]
        known2 = [key for key in document2 if key in self]
        logger.info(
            "Removed %d and %d OOV words from document 1 and 2 (respectively).",
            len(document1) - len(known1),
            len(document2) - len(known2),
        )
        if not known1 or not known2:
            logger.warning(
                "At least one of the documents had no words that were in the vocabulary."
            )
            return float("inf")
        words1, weights1 = transport.words_and_weights(known1)
        words2, weights2 = transport.words_and_weights(known2)
        vectors1 = np.stack([self.get_vector(word, norm=norm) for word in words1])
        vectors2 = np.stack([self.get_vector(word, norm=norm) for word in words2])
        return transport.movers_distance(vectors1, weights1, vectors2, weights2)

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the similarity of two keys over the sum of those of `wa`'s `topn` neighbours.

        Above 0.1 (with ``topn=10``) it suggests synonyms (Leeuwenberg et al. 2016, equation 1).
        """
        similar = self.similar_by_key(wa, topn)
        if not similar:
            raise ValueError(
                "Cannot calculate relative cosine similarity without any similar words."
            )
        total: float = sum(similarity for _, similarity in similar)
        return float(self.similarity(wa, wb)) / total

    # ------------------------------------------------------------------------------------

    def _vector_of(self, key: Key | npt.ArrayLike, *, norm: bool) -> npt.NDArray[Any]:
        if isinstance(key, np.ndarray | list) or self._is_tuple_of_numbers(key):
            return np.asarray(key)
        return self.get_vector(key, norm=norm)

    def _is_tuple_of_numbers(self, key: Any) -> bool:
        """Return whether this is a vector given as a tuple, and not a key."""
        return (
            isinstance(key, tuple)
            and len(key) == self.vector_size
            and all(isinstance(number, numbers.Real) for number in key)
            and key not in self
        )

    def _rows_among(self, keys: list[Any], first_row: int) -> set[int]:
        """Return the rows of those that are keys; a derived class may have vectors for others."""
        return {
            self.get_index(key) - first_row
            for key in keys
            if isinstance(key, KEY_TYPES) and self.has_index_for(key)
        }

    def _rows_without_key(self) -> npt.NDArray[np.intp]:
        """Return the prepared rows that have no key yet."""
        if len(self.key_to_index) >= len(self):
            return np.empty(0, np.intp)
        return np.flatnonzero([key is None for key in self.index_to_key])

    def _named(
        self,
        scores: npt.NDArray[Any],
        topn: int,
        excluded: set[int],
        unused: npt.NDArray[np.intp],
        first_row: int = 0,
    ) -> Neighbors:
        """Return the keys with the largest scores; these begin with the row `first_row`."""
        unused = unused[(unused >= first_row) & (unused < first_row + len(scores))] - first_row
        if len(unused):
            scores = scores.copy()
            scores[unused] = -np.inf
        places = neighbors.largest(scores, topn, excluded)
        if len(unused):
            places = places[scores[places] != -np.inf]
        return [(self.index_to_key[place + first_row], float(scores[place])) for place in places]


def _as_list(value: Any) -> list[Any]:
    """Return a list of keys and vectors; one key or vector becomes a list of one."""
    if value is None:
        return []
    if isinstance(value, KEY_TYPES) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [value]
    return list(value)


def _with_weights(positive: list[Any], negative: list[Any]) -> tuple[list[Any], list[float]]:
    keys, weights = [], []
    for items, sign in ((positive, 1.0), (negative, -1.0)):
        for item in items:
            if isinstance(item, (*KEY_TYPES, np.ndarray)):
                keys.append(item)
                weights.append(sign)
            else:
                key, weight = item
                keys.append(key)
                weights.append(float(weight))
    return keys, weights
