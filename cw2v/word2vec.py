"""Word2Vec, gensim's class: the last of the chain of model classes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cw2v._kernels import default_backend
from cw2v.callbacks import CallbackAny2Vec
from cw2v.checks import check_callbacks, check_counts, check_report, check_source
from cw2v.kepttext import KeptText
from cw2v.keyedvectors import KeyedVectors
from cw2v.modelanswers import ModelAnswers
from cw2v.modelfile import ModelFiles
from cw2v.modelstate import Sentences
from cw2v.params import flag, plain_int
from cw2v.progress import Report
from cw2v.readers import (
    MAX_WORDS_IN_BATCH,
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
)
from cw2v.reading import UnicodeErrors
from cw2v.sources import Source
from cw2v.trainer import TrainingReport
from cw2v.vocab import TrimRule

# gensim's module of this name also has the readers, and a constant that says what is compiled.
__all__ = [
    "CORPUSFILE_VERSION",
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "BrownCorpus",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
]

FAST_VERSION = CORPUSFILE_VERSION = 1

logger = logging.getLogger(__name__)


class Word2Vec(ModelAnswers, ModelFiles):
    r"""Learns a vector for every word of a text [1]_ [2]_, with the interface of gensim 4.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        The text: a list of tokens for each sentence. A token is anything that has a hash;
        sentences may have any length. The text is read once and encoded, unless `reread` is
        given. A generator is refused, as in gensim. Without a text the model is not trained:
        see `build_vocab`.
    corpus_file : path, list of paths, or open binary file, optional
        Instead of `sentences`: a text file with a sentence on each line and tokens separated
        by ASCII white space. Several files, a folder (its files, sorted by name), "-" for
        standard input, and .gz, .bz2, .xz and .zst are read as well.
    vector_size : int, 1 to 65,536
        K, the dimension of the vectors.
    alpha, min_alpha : float
        The learning rate decays linearly from `alpha` to `min_alpha` over all epochs.
    window : int, at least 1
        The largest radius: the distance from a centre to its context words, in words that
        subsampling leaves. At most 10,000 are used, the length of gensim's longest sentence.
    min_count : int or float, at least 0
        Words that occur less often are left out.
    max_vocab_size : int, optional
        While counting, drop the rarest words between two sentences whenever there are more
        than this, exactly as gensim does. It does not limit the memory that reading takes.
    sample : float, at least 0, or None
        Threshold of subsampling, as a fraction of the text; 0 or None for none. From 1 up, it is
        a count.
    seed : int, at least 0, or None
        With `workers=1`, the same seed gives the same vectors, bit for bit. None means another
        seed each time.
    workers : int, 1 to 1,024
        Threads that read and train.
    sg : {0, 1}
        1 for skip-gram, 0 for CBOW.
    hs : {0, 1}
        1 for hierarchical softmax.
    negative : int, 0 to 1,000
        Noise words for each positive pair; 0 for no negative sampling.
    ns_exponent : float
        Noise words are drawn in proportion to count**ns_exponent.
    cbow_mean : {1, 0}
        CBOW predicts the centre from the mean of its context words' vectors, or from their sum.
    hashfxn
        Accepted and not used, as in gensim 4.
    epochs : int, at least 1
        Passes over the text.
    null_word : {0, 1}
        1 adds the word "\0", which never occurs.
    trim_rule : callable, optional
        Decides which words to keep: see `prepare_vocab`. It is not stored in the model.
    sorted_vocab : {1, 0}
        Order the words by falling count, or by first appearance.
    batch_words : int, at least 1
        Words in each piece of the text that a thread takes at a time.
    compute_loss : bool
        Sum up the loss, in float64: see `get_latest_training_loss` and `training_report`.
    callbacks : iterable of CallbackAny2Vec
        Called before and after training and each epoch; one that raises `StopTraining` ends
        the training early.
    comment : str, optional
        Stored as `model.comment`.
    max_final_vocab : int, optional
        Raise `min_count` so far that at most so many words are left.
    shrink_windows : bool
        Draw the radius of each window from 1..window; otherwise it is always `window`.
    corrected_cbow : bool
        CBOW with its exact gradient [3]_; otherwise as in word2vec.c and gensim.
    noise_span : int, 0 to 8, in CBOW 0 to 32
        How many centres share noise words [4]_: consecutive ones, in CBOW distant ones. 1 draws
        new ones for each centre; 0 chooses by the settings, the vocabulary and how much there is
        to train on. It has no effect with `hs`. See `cw2v.sharing.noise_span`.
    reread : bool
        Iterate over `sentences` in every epoch (and once before, for the vocabulary), because
        they may be others each time; otherwise once.
    memory_budget : int, optional
        Bytes that the encoded text may take in memory, by default half of the memory available.
        The rest goes to a temporary file.
    unicode_errors : {"strict", "replace", "keep"}
        What to do with invalid UTF-8 and NUL bytes in files: raise an error that names the
        place, replace them by U+FFFD, or keep the bytes as they are.
    report : callable, optional
        Called a few times a second with a `cw2v.Progress`.

    Attributes
    ----------
    wv : KeyedVectors
        The words and their vectors: `wv.vectors` is W, float32 of shape (V, vector_size).
        `wv.expandos` has their "count" (int64), the probability that subsampling keeps them,
        "sample_int" (uint32, times 2**32 - 1), and with `hs` each word's path in the
        Huffman tree, "code" and "point". `wv.vectors_lockf`, float32 of shape (1,) or (V,),
        has the factors of the updates of the rows of W.
    syn1neg : ndarray of float32, shape (V, vector_size)
        W' of negative sampling; row i belongs to the same word as row i of W.
    syn1 : ndarray of float32, shape (V, vector_size)
        W' of hierarchical softmax; row i belongs to inner node i of the tree.
    corpus_count, corpus_total_words : int
        Sentences and words in the text, before `min_count`.
    training_report : TrainingReport
        What each stage did, and how long it took.

    References
    ----------
    .. [1] Mikolov, Chen, Corrado, Dean: Efficient Estimation of Word Representations in
       Vector Space, 2013, arXiv 1301.3781.
    .. [2] Mikolov, Sutskever, Chen, Corrado, Dean: Distributed Representations of Words and
       Phrases and their Compositionality, 2013, arXiv 1310.4546, equation 4.
    .. [3] Irsoy, Benton, Stratos: Corrected CBOW Performs as well as Skip-gram, 2021, arXiv
       2012.15332.
    .. [4] Ji, Satish, Li, Dubey: Parallelizing Word2Vec in Shared and Distributed Memory, 2016,
       arXiv 1604.04661.

    Examples
    --------
    >>> from cw2v import Word2Vec
    >>> sentences = [["graph", "trees", "minors"], ["graph", "trees"], ["human", "trees"]]
    >>> model = Word2Vec(sentences, vector_size=20, min_count=1, workers=1)
    >>> model.wv["trees"].shape
    (20,)
    """

    def __init__(
        self,
        sentences: Sentences | None = None,
        corpus_file: Source | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: float | None = 5,
        max_vocab_size: int | None = None,
        sample: float | None = 1e-3,
        seed: int | None = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., Any] | None = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[CallbackAny2Vec] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        corrected_cbow: bool = False,
        noise_span: int = 0,
        reread: bool = False,
        memory_budget: int | None = None,
        unicode_errors: UnicodeErrors = "strict",
        report: Report | None = None,
    ) -> None:
        self.vector_size = plain_int(vector_size)
        if not hasattr(self, "layer1_size"):
            self.layer1_size = self.vector_size
        self.alpha, self.min_alpha = alpha, min_alpha
        self.window = plain_int(window)
        self.shrink_windows = flag("shrink_windows", shrink_windows)
        self.min_count, self.sample = plain_int(min_count), sample
        self.max_vocab_size = plain_int(max_vocab_size)
        self.max_final_vocab = plain_int(max_final_vocab)
        self.sorted_vocab, self.null_word = sorted_vocab, null_word
        self.negative, self.ns_exponent = plain_int(negative), ns_exponent
        self.sg, self.hs = int(flag("sg", sg)), int(flag("hs", hs))
        self.cbow_mean = int(flag("cbow_mean", cbow_mean))
        self.corrected_cbow = flag("corrected_cbow", corrected_cbow)
        self.epochs, self.workers = plain_int(epochs), plain_int(workers)
        self.seed = None if seed is None else plain_int(seed)
        self.batch_words = plain_int(batch_words)
        self.compute_loss = flag("compute_loss", compute_loss)
        self.noise_span = plain_int(noise_span)
        self.reread = flag("reread", reread)
        self.hashfxn, self.comment = hashfxn, comment
        self.memory_budget, self.unicode_errors = memory_budget, unicode_errors
        self.report = report

        # Values out of range are refused before any text is read. If neither hs nor negative is
        # set, `train` raises the error, as in gensim.
        self._params(hs=bool(self.hs) or not self.negative)
        default_backend()
        check_counts(
            min_count=self.min_count,
            max_vocab_size=self.max_vocab_size,
            max_final_vocab=self.max_final_vocab,
        )
        self._reading()
        check_report(report)
        to_call = check_callbacks(callbacks)
        if not hasattr(self, "wv"):  # else a subclass has made one
            self.wv = KeyedVectors(self.vector_size)
        self._begin()

        if sentences is not None or corpus_file is not None:
            check_source(sentences, corpus_file, passes=self.epochs + 1)
            self._read_and_train(sentences, corpus_file, trim_rule, to_call)
        else:
            if trim_rule is not None:
                logger.warning(
                    "The rule, if given, is only used to prune vocabulary during build_vocab() "
                    "and is not stored as part of the model. Model initialized without "
                    "sentences. trim_rule provided, if any, will be ignored."
                )
            if to_call:
                logger.warning(
                    "Callbacks are no longer retained by the model, so must be provided whenever "
                    "training is triggered, as in initialization with a corpus or calling "
                    "`train()`. The callbacks provided in this initialization without "
                    "triggering train will be ignored."
                )
        if not self._is_being_loaded:
            self.add_lifecycle_event("created", params=str(self))

    def _begin(self) -> None:
        """Set the attributes that a model has before it reads or learns anything."""
        self.random = np.random.RandomState(self._seed() % 2**32)
        self.corpus_count = self.corpus_total_words = 0
        self.min_alpha_yet_reached = float(self.alpha)
        self.running_training_loss = 0.0
        self.train_count = self._earlier_calls = 0
        self.total_train_time = 0.0
        self.training_report = TrainingReport()
        self.cum_table = None
        self._tree = None
        self._counted = self._raw_vocab = None
        self._kept = KeptText()
        self._text_at_hand = None

    def _read_and_train(
        self,
        sentences: Sentences | None,
        corpus_file: Source | None,
        trim_rule: TrimRule | None,
        callbacks: list[CallbackAny2Vec],
    ) -> None:
        """Do `build_vocab` and `train`; the text cannot change between the two."""
        self._text_at_hand = sentences if corpus_file is None else corpus_file
        try:
            self.build_vocab(
                corpus_iterable=sentences, corpus_file=corpus_file, trim_rule=trim_rule
            )
            self.train(
                corpus_iterable=sentences,
                corpus_file=corpus_file,
                total_examples=self.corpus_count,
                total_words=self.corpus_total_words,
                epochs=self.epochs,
                start_alpha=self.alpha,
                end_alpha=self.min_alpha,
                compute_loss=self.compute_loss,
                callbacks=callbacks,
            )
        finally:
            self._text_at_hand = None
            self._kept = KeptText()
