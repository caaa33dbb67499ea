"""A trained model to answers about texts: the probability of sentences, the missing word."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v.jobs import encode_sentences, run_jobs
from cw2v.modeltraining import ModelTraining
from cw2v.neighbors import largest
from cw2v.params import WIDEST_WINDOW
from cw2v.weights import Weights

logger = logging.getLogger(__name__)


class ModelAnswers(ModelTraining):
    """The part of `Word2Vec` that answers queries about texts."""

    def score(
        self,
        sentences: Iterable[Sequence[Hashable]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log-probability of sentences, by hierarchical softmax [1]_.

        It is the sum, over the words of a sentence, of the log-probability of predicting each
        from all words within `window`, in the way the model was trained. As in gensim, sigmoids
        are from a table of 1,000, and predictions beyond it (a product of 6 or more) are left out.

        Parameters
        ----------
        sentences : iterable of lists of str
            Words that the model does not know are left out.
        total_sentences : int
            At most so many sentences are read.
        chunksize : int
            The number of sentences that a thread takes at a time.
        queue_factor : int
            The number of chunks queued for each thread.
        report_delay
            Accepted and not used.

        Returns
        -------
        ndarray of float32, shape (n_sentences,)

        Raises
        ------
        RuntimeError
            The model has no words, or was not made with `hs`.

        References
        ----------
        .. [1] Taddy: Document Classification by Inversion of Distributed Language
           Representations, 2015, arXiv 1504.07295.
        """
        if not self.wv.key_to_index:
            raise RuntimeError("you must first build vocabulary before scoring new data")
        if not self.hs:
            raise RuntimeError(
                "We have currently only implemented score for the hierarchical softmax scheme, so "
                "you need to have run word2vec with hs=1 and negative=0 for this to work."
            )
        if not hasattr(self, "syn1") or self.syn1.shape != self.wv.vectors.shape:
            raise RuntimeError("Parameters required for scoring sentences not found.")
        from cw2v._score import score_sentences  # loads SciPy's linear algebra: see _blas.pyx

        weights = Weights(
            np.ascontiguousarray(self.wv.vectors, np.float32),
            syn1=np.ascontiguousarray(self.syn1, np.float32),
            tree=self._known_tree(),
        )
        begun = time.perf_counter()
        given = iter(sentences)
        window = min(self.window, WIDEST_WINDOW)

        def work(chunk: list[Any]) -> NDArray[np.float32]:
            ids, starts = encode_sentences(chunk, self.wv.key_to_index)
            return score_sentences(
                ids, starts, weights, window, bool(self.sg), bool(self.cbow_mean)
            )

        parts = list(
            run_jobs(
                _chunks(islice(given, total_sentences), chunksize),
                work,
                workers=self.workers,
                most_waiting=self.workers * (1 + max(1, queue_factor)),
            )
        )
        scores = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if len(scores) == total_sentences and next(given, None) is not None:
            logger.warning(
                "terminating after %i sentences (set higher total_sentences if you want more).",
                total_sentences,
            )
        logger.info("scored %d sentences in %.1f s", len(scores), time.perf_counter() - begun)
        return scores

    def predict_output_word(
        self, context_words_list: Sequence[Hashable], topn: int | None = 10
    ) -> list[tuple[Any, np.float32]] | None:
        """Return the likeliest centres of some context words, by W' of negative sampling.

        They are predicted as in CBOW, also by a skip-gram model, as in gensim.

        Parameters
        ----------
        context_words_list : list of str or int
            Words, or rows of `wv.vectors`; those that the model does not know are left out.
        topn : int, optional
            How many words; None for all.

        Returns
        -------
        list of (word, probability), or None
            None if no word is known.

        Raises
        ------
        RuntimeError
            The model was made without `negative`, or has no `syn1neg`.
        """
        if not self.negative:
            raise RuntimeError(
                "We have currently only implemented predict_output_word for the negative sampling "
                "scheme, so you need to have run word2vec with negative > 0 for this to work."
            )
        if not hasattr(self, "syn1neg") or self.syn1neg.shape != self.wv.vectors.shape:
            raise RuntimeError("Parameters required for predicting the output words not found.")
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning(
                "All the input context words are out-of-vocabulary for the current model."
            )
            return None
        projected = self.wv.vectors[rows].sum(axis=0)
        if self.cbow_mean:
            projected /= len(rows)
        logits = self.syn1neg @ projected
        chance = np.exp(logits - logits.max())
        chance /= chance.sum()
        best = largest(chance, len(chance) if topn is None else max(0, topn))
        return [(self.wv.index_to_key[row], chance[row]) for row in best]


def _chunks(sentences: Iterable[Any], size: int) -> Iterator[list[Any]]:
    given = iter(sentences)
    while chunk := list(islice(given, max(1, size))):
        yield chunk
