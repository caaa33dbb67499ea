"""How far noise words are shared, and how many rows take their step together.

docs/designs.md has the measurements behind every number here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cw2v.params import MOST_CBOW_SPAN, WIDEST_SPAN, TrainParams

# How many pairs may share a noise word; see `most_sharing`.
SHARING_AT_LEAST = 9  # however little is trained
SHARING_AT_MOST = 18  # however much is trained
SHARING_BASE = 6  # where it is between these two: so many,
WORDS_FOR_SHARING = 6_500_000  # and one more for each so many words of training
USUAL_NOISE = 30  # noise words of a centre (6 pairs, 5 each) for which these numbers hold
FEW_WORDS = 5_000  # a vocabulary below it shares nothing, and its words step one by one
MOST_GRADIENTS = 64  # that move the row of a word that repeats together
ROWS_PER_STEP = 4  # of W, in larger vocabularies
CBOW_SHARING = 8  # distant centres of CBOW share noise words, however little is trained;
WORDS_FOR_CBOW_SHARING = 2_500_000  # else one for each so many words of training, at most 32
MOST_SETS = 64  # of noise words; where CBOW would need more, no centres share any
COST_OF_ROW = 4  # to read and write a row of W', in products of rows


@dataclass(frozen=True)
class Sharing:
    """All that is decided here, for one training.

    Attributes
    ----------
    span : int
        How many centres a block has, which share noise words; in CBOW 1.
    n_noise : int
        How many noise words are drawn for them; see `noise_words`.
    sets, uses : int
        How many sets of noise words take turns in CBOW, and how many centres share one; see
        `noise_sets` and `noise_span`. In skip-gram 1.
    rows : int
        How many rows of W take a step together; see `rows_per_step`.
    most_pairs : int
        How many pairs of a word may move its row together; see `most_pairs`.
    """

    span: int
    n_noise: int
    sets: int
    uses: int
    rows: int
    most_pairs: int

    @classmethod
    def of(cls, params: TrainParams, n_words: int, n_trained: int) -> Sharing:
        """Decide for a vocabulary of `n_words`; `n_trained` is that of `words_to_train`."""
        span = noise_span(params, n_words, n_trained)
        return cls(
            span=span if params.sg else 1,
            n_noise=noise_words(params, span, n_trained),
            sets=noise_sets(params, span),
            uses=1 if params.sg else span,
            rows=rows_per_step(params, n_words),
            most_pairs=most_pairs(params),
        )


def words_to_train(counts: NDArray[np.int64], params: TrainParams) -> int:
    """Return how many words all epochs will read, if they read what `counts` was counted in.

    They are the epochs of one call of `train`: a caller who trains one epoch a call gets the
    sharing of a training of one epoch.
    """
    return int(counts.sum()) * params.epochs


def noise_span(params: TrainParams, n_words: int, n_trained: int) -> int:
    """Return how many centres share the noise words drawn for them.

    `params.noise_span`, or, where that is 0, what costs skip-gram least, whose centres are
    consecutive: the larger the span, the fewer noise words there are, but the more rows that have
    to be scored with all of them. In CBOW there is only one row to score for each centre; there
    the centres that share are far from one another, as many as `cbow_sharing` says, unless the
    window is so wide that it takes too many sets of noise words (see `noise_sets`). None do in a
    vocabulary of fewer than `FEW_WORDS`, where it changes which words are neighbours. With
    hierarchical softmax a block is one centre and its path.

    Parameters
    ----------
    params : TrainParams
        Its `noise_span`, `sg`, `hs`, `negative`, `window` and `shrink_windows` decide.
    n_words : int
        The size of the vocabulary.
    n_trained : int
        See `words_to_train`.

    Returns
    -------
    int, 1 to 8, in CBOW 1 to 32
    """
    if params.hs or not params.negative:
        return 1
    if params.noise_span:
        return params.noise_span
    if n_words < FEW_WORDS:
        return 1
    if not params.sg:
        return cbow_sharing(params, n_trained) if 2 * params.window < MOST_SETS else 1

    def cost(span: int) -> float:
        """Estimate the work for a centre: products of rows, and moving rows of W'."""
        rows_of_w_out = (span + noise_words(params, span, n_trained)) / span
        return (context_words(params, span) + COST_OF_ROW) * rows_of_w_out

    # By itself a centre has `negative` noise words, which may be too few.
    narrowest = 1 if params.negative >= least_noise(n_trained) else 2
    return min(range(narrowest, WIDEST_SPAN + 1), key=cost)


def noise_words(params: TrainParams, span: int, n_trained: int) -> int:
    """Return how many noise words are drawn for `span` centres to share.

    In CBOW, as many as each of them is to have. In skip-gram, the more pairs share a noise word,
    the fewer are drawn, and the worse the vectors become if there is little to train on
    (docs/designs.md has the figures). There are as many noise words as it takes that no more than
    `most_sharing` pairs share one, at least `negative`, and for each centre no fewer than
    `least_noise`. However many there are, each pair counts them as `negative` times one.

    Parameters
    ----------
    params : TrainParams
        Its `sg`, `negative`, `window` and `shrink_windows` decide.
    span : int
        See `noise_span`.
    n_trained : int
        See `words_to_train`.
    """
    if span == 1 or not params.sg:
        return params.negative
    pairs = context_words(params, 1)  # of one centre
    n = span * pairs * params.negative / most_sharing(params, n_trained)
    return max(params.negative, math.ceil(n), math.ceil(span * least_noise(n_trained)))


def noise_sets(params: TrainParams, span: int) -> int:
    """Return how many sets of noise words take turns, from one centre of CBOW to the next.

    One where no centres share any (a span of 1), or neighbours do (in skip-gram).

    Centres that share noise words cost little, because the rows of W' are still in the cache. If
    they are neighbours it costs accuracy: the words around them are the same, and these are
    told from few noise words. So there are so many sets that no two centres which have the same one
    have a word around them in common, and it costs no more than seeds differ by (docs/designs.md
    has the figures).

    Wide windows would take more than `MOST_SETS`. There centres share nothing unless it is asked
    for, and those `MOST_SETS` apart do.
    """
    if params.sg or span == 1:
        return 1
    return min(2 * params.window + 1, MOST_SETS)


def cbow_sharing(params: TrainParams, n_trained: int) -> int:
    """Return how many distant centres of CBOW share noise words, 8 to 32.

    The more words are trained on, the more may (docs/designs.md has the figures), but fewer where
    they have fewer than 5 noise words each.

    Parameters
    ----------
    params : TrainParams
        Its `negative` decides.
    n_trained : int
        See `words_to_train`.
    """
    usual = min(n_trained / WORDS_FOR_CBOW_SHARING, MOST_CBOW_SPAN)
    return max(CBOW_SHARING, math.floor(usual * min(1.0, params.negative / 5)))


def most_sharing(params: TrainParams, n_trained: int) -> float:
    """Return how many pairs may share a noise word.

    What it costs to share is lost in proportion to the number of pairs that do, and wins back in
    proportion to the words trained on: so the number that costs the same, some 2.5 % of the
    analogies found, grows with them, up to where little speed is left to gain by it. With more
    pairs of a centre, or more noise words of a pair, it costs less, by about their root; the
    fourth root of them is used, to be on the safe side. The pairs of one centre share its noise
    words anyway.

    Parameters
    ----------
    params : TrainParams
        Its `negative`, `window` and `shrink_windows` decide.
    n_trained : int
        See `words_to_train`.
    """
    pairs = context_words(params, 1)
    noise = pairs * params.negative
    return max(pairs, usual_sharing(n_trained) * math.pow(noise / USUAL_NOISE, 0.25))


def usual_sharing(n_trained: int) -> float:
    """Return how many pairs may share a noise word with the usual window and `negative`."""
    usual = SHARING_BASE + n_trained / WORDS_FOR_SHARING
    return min(max(usual, SHARING_AT_LEAST), SHARING_AT_MOST)


def least_noise(n_trained: int) -> float:
    """Return how many noise words a centre that shares them has at least, as usual: 1.7 to 3.3.

    Where a centre has few pairs, or a pair few noise words, fewer would do by `most_sharing`, but
    the rows of W' would learn from too few (docs/designs.md).
    """
    return USUAL_NOISE / usual_sharing(n_trained)


def most_pairs(params: TrainParams) -> int:
    """Return how many pairs of a word that repeats in a block may move its row together.

    They are all of a kind if there are but a few words in the vocabulary, and the step they take
    could lead far beyond its aim. Where a word has more pairs, the block is cut.

    Parameters
    ----------
    params : TrainParams
        Its `negative` decides: each pair is as many gradients, and one more.
    """
    return max(1, MOST_GRADIENTS // (1 + params.negative))


def rows_per_step(params: TrainParams, n_words: int) -> int:
    """Return how many rows of W of the words around centres take their step together.

    In word2vec.c each pair of words takes its own step, from where the one before has led. Where
    the words of a window do so together, what they have in common is learnt by W' rather than by W.
    Four at a time do hardly, and are as fast as all of them; but in a vocabulary of fewer
    than `FEW_WORDS`, where each word takes very many steps, they go one by one: otherwise
    neighbours are not those that word2vec.c would find (docs/designs.md has the figures). With
    hierarchical softmax, where all words around a centre move the same path, half of them do if
    they are but four.
    """
    if n_words < FEW_WORDS:
        return 1
    few_around = context_words(params, 1) <= ROWS_PER_STEP
    return ROWS_PER_STEP // 2 if params.hs and few_around else ROWS_PER_STEP


def context_words(params: TrainParams, span: int) -> float:
    """Estimate how many words are around `span` consecutive centres, these among them if > 1."""
    if not params.shrink_windows:
        return 2 * params.window + (span if span > 1 else 0)
    # The reach of a centre is (window + 1) / 2 on average, the longest of several nearly 0.7.
    return params.window + 1 if span == 1 else 1.4 * params.window + span
