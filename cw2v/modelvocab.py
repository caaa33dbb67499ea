"""Text to a model's words: counting and choosing them, and adding words later."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cw2v.corpus import ScannedCorpus, scan_inputs
from cw2v.huffman import HuffmanTree, build_tree
from cw2v.latevalues import with_paths
from cw2v.modelstate import ModelState, Sentences
from cw2v.noise import UINT32_MAX, cumulative_table, keep_probabilities
from cw2v.pruning import EmptySentences, count_with_limit
from cw2v.readers import scan_corpus
from cw2v.sources import Source, find_inputs
from cw2v.vocab import (
    Choice,
    Counted,
    CountedMapping,
    TrimRule,
    by_falling_count,
    choose_words,
    why_empty,
)

logger = logging.getLogger(__name__)

NULL_WORD = "\0"


class ModelVocabulary(ModelState):
    """The part of `Word2Vec` that decides which words there are."""

    # ---- counting ---------------------------------------------------------------------------

    def scan_vocab(
        self,
        corpus_iterable: Sentences | None = None,
        corpus_file: Source | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a text; afterwards `raw_vocab` has the counts.

        Parameters
        ----------
        corpus_iterable : iterable of lists of str, optional
            The text; or else
        corpus_file : path, list of paths, or open binary file, optional
            as for `Word2Vec`.
        progress_per : int
            Accepted and not used: `report` is called by time.
        workers : int, optional
            Threads that read a file, instead of the model's.
        trim_rule : callable, optional
            Decides which words to drop when there are more than `max_vocab_size`.

        Returns
        -------
        total_words, corpus_count : int
            The numbers of words and sentences.
        """
        empty_after: list[int] = []
        if self.max_vocab_size and corpus_iterable is not None:
            noting = EmptySentences(corpus_iterable)
            empty_after = noting.after
            if not hasattr(corpus_iterable, "_cw2v_scan"):  # readers have no empty sentences
                corpus_iterable = noting  # type: ignore[assignment]
        scanned = self._scan(corpus_iterable, corpus_file, workers)
        try:
            self._counted = scanned
            self._raw_vocab = None
            if self.max_vocab_size:
                self._counted = count_with_limit(
                    scanned, self.max_vocab_size, trim_rule=trim_rule, empty_after=empty_after
                )
        except BaseException:
            scanned.close()
            raise
        self._kept.take(scanned)
        logger.info(
            "collected %i word types from a corpus of %i raw words and %i sentences",
            len(self._counted.counts),
            scanned.n_raw_tokens,
            scanned.n_raw_sentences,
        )
        return scanned.n_raw_tokens, scanned.n_raw_sentences

    def _scan(
        self, sentences: Any, corpus_file: Source | None, workers: int | None = None
    ) -> ScannedCorpus:
        """Read a text once, in the fastest way for its type."""
        reading = self._reading()
        if workers is not None:
            reading = replace(reading, workers=workers)
        if corpus_file is not None:
            return scan_inputs(find_inputs(corpus_file), reading)
        return scan_corpus(sentences, reading)

    # ---- choosing ---------------------------------------------------------------------------

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: float | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Choose the model's words among those counted.

        Parameters
        ----------
        update : bool
            Add to the existing words, and to their counts.
        keep_raw_vocab : bool
            Keep `raw_vocab`.
        trim_rule : callable, optional
            Called with word, count and `min_count`; returns `cw2v.RULE_KEEP`,
            `cw2v.RULE_DISCARD` or `cw2v.RULE_DEFAULT`.
        min_count, sample : float, optional
            Used instead of the model's, and stored as the model's.
        dry_run : bool
            Change nothing but `effective_min_count`, and return the report.

        Returns
        -------
        dict of str to int
            "drop_unique", the number of words left out; "num_retained_words" and "retain_total",
            the number of words chosen and the sum of their counts; "downsample_unique" and
            "downsample_total", how many of them are subsampled, and how many words of the text
            subsampling leaves.

        Raises
        ------
        RuntimeError
            Nothing was counted before; or no word is left, and the model has others, which it
            keeps. A model without words stays so, without an error, as in gensim: `train` will
            say why.
        """
        min_count = min_count or self.min_count
        sample = sample or self.sample
        counted = self._what_was_counted()
        choice = choose_words(
            counted,
            min_count,  # type: ignore[arg-type]
            max_final_vocab=self.max_final_vocab,
            trim_rule=trim_rule,
        )
        if not (len(choice.rows) or update or dry_run):
            self._why_empty = why_empty(counted, choice)
            if len(self.wv):
                raise RuntimeError(self._why_empty)
            logger.warning(self._why_empty)
        self.effective_min_count = choice.min_count
        probabilities = keep_probabilities(choice.counts, sample or 0.0, choice.total)
        report = self._report_choice(choice, probabilities, min_count, update)
        if dry_run:
            return report
        words = counted.words(choice.rows)
        sample_ints = (probabilities * UINT32_MAX).astype(np.uint32)
        if update:
            self._add_words(counted, words, choice, sample_ints)
        else:
            self.min_count, self.sample = min_count, sample
            self._set_words(words, choice.counts, sample_ints)
        # As a dict if it is kept, so that the scanned text can be freed.
        self.raw_vocab = self.raw_vocab if keep_raw_vocab else defaultdict(int)
        if self.hs:
            self.create_binary_tree()
        if self.negative:
            self.make_cum_table()
        return report

    def _what_was_counted(self) -> Counted:
        if self._counted is not None:
            return self._counted
        if self._raw_vocab is None:
            raise RuntimeError("no words were counted: call scan_vocab or build_vocab first")
        return CountedMapping(self._raw_vocab)

    def _set_words(
        self, words: list[Any], counts: NDArray[np.int64], sample_ints: NDArray[np.uint32]
    ) -> None:
        """Make these the words of `wv`; the matrices are allocated later."""
        if self.null_word and NULL_WORD not in words:
            words = [*words, NULL_WORD]
            counts = np.append(counts, np.int64(1))
            sample_ints = np.append(sample_ints, np.uint32(0))
        if self.sorted_vocab:
            order = by_falling_count(counts)
            words = [words[row] for row in order.tolist()]
            counts, sample_ints = counts[order], sample_ints[order]
        self.wv.index_to_key = words
        self.wv.key_to_index = dict(zip(words, range(len(words)), strict=True))
        self.wv.expandos = {"count": counts, "sample_int": sample_ints}
        self._tree = None
        self.wv._invalidate_norms()

    def _add_words(
        self,
        counted: Counted,
        words: list[Any],
        choice: Choice,
        sample_ints: NDArray[np.uint32],
    ) -> None:
        """Append new words to those of `wv`, and add up the counts of known ones.

        This includes the counts of known words that were not chosen, as in gensim.
        """
        wv = self.wv
        for word in words:
            if word not in wv.key_to_index:
                wv.key_to_index[word] = len(wv.index_to_key)
                wv.index_to_key.append(word)
        wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        rows = np.array([wv.key_to_index.get(word, -1) for word in counted.words()], np.int64)
        known = rows >= 0
        wv.expandos["count"][rows[known]] += np.asarray(counted.counts)[known]
        wv.expandos["sample_int"][[wv.key_to_index[word] for word in words]] = sample_ints
        wv.allocate_vecattrs()
        if self.null_word and NULL_WORD not in wv.key_to_index:
            self.add_null_word()
        wv._invalidate_norms()

    def _report_choice(
        self,
        choice: Choice,
        probabilities: NDArray[np.float64],
        min_count: float | None,
        update: bool,
    ) -> dict[str, int]:
        """Log what was chosen, and return the report of `prepare_vocab`."""
        n_kept, total = len(choice.rows), choice.total
        if self.max_final_vocab is not None:
            self.add_lifecycle_event(
                "prepare_vocab",
                msg=f"max_final_vocab={self.max_final_vocab} and min_count={min_count} make "
                f"effective_min_count={choice.min_count}",
            )
        self.add_lifecycle_event(
            "prepare_vocab",
            msg=f"effective_min_count={choice.min_count} keeps {n_kept} of "
            f"{n_kept + choice.n_dropped} words, which came {total} times of "
            f"{total + choice.total_dropped}; update={update}",
        )
        # Summed one after another, so that it rounds as in gensim.
        left = np.add.accumulate(probabilities * choice.counts)
        left_total = int(left[-1]) if n_kept else 0
        n_downsampled = int(np.count_nonzero(probabilities < 1.0))
        self.add_lifecycle_event(
            "prepare_vocab",
            msg=f"subsampling of {n_downsampled} words leaves about {left_total} of {total}",
        )
        return {
            "drop_unique": choice.n_dropped,
            "retain_total": total,
            "downsample_unique": n_downsampled,
            "downsample_total": left_total,
            "num_retained_words": n_kept,
        }

    # ---- what follows from the counts -------------------------------------------------------

    def add_null_word(self) -> None:
        r"""Append the word "\0", counted once, to the vocabulary."""
        wv = self.wv
        wv.key_to_index[NULL_WORD] = len(wv.index_to_key)
        wv.index_to_key.append(NULL_WORD)
        wv.allocate_vecattrs()
        wv.set_vecattr(NULL_WORD, "count", 1)

    def create_binary_tree(self) -> None:
        """Build the Huffman tree of the words by their counts.

        `wv.expandos` has, for each word, the branches ("code") and the inner nodes ("point")
        on the path from the root to it.
        """
        self._tree = build_tree(np.asarray(self.wv.expandos["count"], np.int64))
        self._show_tree(self._tree)

    def _show_tree(self, tree: HuffmanTree) -> None:
        self.wv.expandos = with_paths(self.wv.expandos, tree)
        logger.info("built huffman tree with maximum node depth %i", tree.depth)

    def make_cum_table(self, domain: int = 2**31 - 1) -> None:
        """Fill `cum_table`, by which gensim draws noise words; see `cumulative_table`."""
        counts = np.asarray(self.wv.expandos.get("count", []), np.int64)
        self.cum_table = cumulative_table(counts, self.ns_exponent, domain)
