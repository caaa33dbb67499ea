"""How many pairs share a noise word, and how many rows of W a step has.

docs/designs.md has the measurements behind every number here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cw2v.params import MOST_CBOW_SPAN, TrainParams

# How many pairs may share a noise word; see `most_sharing`.
SHARING_AT_LEAST = 9  # however little is trained
SHARING_AT_MOST = 18  # however much is trained
SHARING_BASE = 6  # between these two: so many,
WORDS_FOR_SHARING = 6_500_000  # and one more for each so many words trained on
USUAL_NOISE = 30  # noise words of a centre (6 pairs, 5 each) for which these numbers hold
LONG_TRAINING = 130_000_000  # words; beyond it the noise words of a block are at least
LONG_NOISE = 12  # so many, with 5 for each pair
MOST_CHOSEN = 6  # centres that share noise words in skip-gram, unless the caller sets more
FEW_WORDS = 5_000  # a smaller vocabulary shares no noise words, and has one row of W in a step
MOST_GRADIENTS = 64  # of one row in one step
ROWS_PER_STEP = 4  # rows of W in a step, in larger vocabularies
CBOW_SHARING = 8  # distant centres of CBOW that share noise words, however little is trained;
WORDS_FOR_CBOW_SHARING = 2_500_000  # else one for each so many words trained on, at most 32
MOST_SETS = 64  # of noise words; where CBOW would need more, no centres share any
COST_OF_ROW = 4  # of reading and writing a row of W', in dot products


@dataclass(frozen=True)
class Sharing:
    """What this module decides, for one training.

    Attributes
    ----------
    span : int
        How many centres a block has, which share noise words; 1 in CBOW.
    n_noise : int
        How many noise words are drawn for them; see `noise_words`.
    sets, uses : int
        How many sets of noise words CBOW uses in turn, and how many centres share one; see
        `noise_sets` and `noise_span`. 1 in skip-gram.
    rows : int
        How many rows of W a step has, at most; see `rows_per_step`.
    most_pairs : int
        How many pairs of a word a block may have; see `most_pairs`.
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
    """Return how many words all epochs will read, if the text is that of `counts`.

    The epochs are those of one call of `train`: a caller who trains one epoch in each call gets the
    sharing of a training of one epoch.
    """
    return int(counts.sum()) * params.epochs


def noise_span(params: TrainParams, n_words: int, n_trained: int) -> int:
    """Return how many centres share the noise words drawn for them.

    That is 1 with hierarchical softmax, where a block is one centre and its path. Else it is
    `params.noise_span`, or, where that is 0:

    - 1 in a vocabulary of fewer than `FEW_WORDS`, where sharing changes which words are
      neighbours;
    - in skip-gram, whose blocks have consecutive centres, the span up to `MOST_CHOSEN` of the least
      estimated cost: the larger it is, the fewer noise words are drawn, but each context word is
      scored with all;
    - in CBOW, which scores one projection for each centre, `cbow_sharing` distant centres, or 1
      where the window is so wide that it would need too many sets (see `noise_sets`).

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
        """Estimate the work for a centre: dot products, and memory traffic of rows of W'."""
        rows_of_w_out = (span + noise_words(params, span, n_trained)) / span
        return (context_words(params, span) + COST_OF_ROW) * rows_of_w_out

    # With a span of 1 a block has `negative` noise words, which may be too few.
    least = max(least_noise(n_trained), least_noise_of_block(params, n_trained))
    narrowest = 1 if params.negative >= least else 2
    return min(range(narrowest, MOST_CHOSEN + 1), key=cost)


def noise_words(params: TrainParams, span: int, n_trained: int) -> int:
    """Return how many noise words are drawn for `span` centres to share.

    In CBOW, `negative`. In skip-gram, the fewest such that at most `most_sharing` pairs share one,
    but at least `negative`, at least `least_noise` for each centre, and at least
    `least_noise_of_block`: vectors get worse if more pairs share a noise word and little is trained
    on, or if a block has few noise words and much is trained on (docs/designs.md has the
    measurements). They are weighted such that each pair has `negative` negative samples, however
    many are drawn.

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
    return max(
        params.negative,
        math.ceil(n),
        math.ceil(span * least_noise(n_trained)),
        least_noise_of_block(params, n_trained),
    )


def noise_sets(params: TrainParams, span: int) -> int:
    """Return how many sets of noise words consecutive centres of CBOW use in turn.

    That is 1 with a span of 1, where nothing is shared, and in skip-gram, where the centres of a
    block share.

    Sharing is fast because the rows of W' are still in the cache. But neighbouring centres have
    almost the same context, which would be contrasted with few noise words, at a cost in accuracy.
    With so many sets that no two centres with the same set have a context word in common, the loss
    of accuracy is below the differences between seeds (docs/designs.md has the measurements).

    Wide windows would need more than `MOST_SETS`. There no centres share unless the caller sets
    `noise_span`; then those `MOST_SETS` apart do.
    """
    if params.sg or span == 1:
        return 1
    return min(2 * params.window + 1, MOST_SETS)


def cbow_sharing(params: TrainParams, n_trained: int) -> int:
    """Return how many distant centres of CBOW share noise words, 8 to 32.

    It grows with the words trained on (docs/designs.md has the measurements), and is smaller where
    each has fewer than 5 noise words.

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

    The loss of accuracy grows with the number of pairs that share, and shrinks with the words
    trained on. So the number that costs a fixed 2.5 % or so of the analogies found grows with the
    words trained on; it is capped where a larger one would gain little speed. The loss is also
    smaller with more pairs of a centre, or more noise words of a pair, by about the square root
    of their product; the fourth root is used, to be on the safe side. The pairs of one centre share
    its noise words in any case.

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
    """Return how many noise words a centre that shares them has at least, 1.7 to 3.3.

    That is the number with the usual window and `negative`. With a smaller window or `negative`,
    `most_sharing` would allow fewer, too few for the rows of W' to learn from (docs/designs.md).
    """
    return USUAL_NOISE / usual_sharing(n_trained)


def least_noise_of_block(params: TrainParams, n_trained: int) -> int:
    """Return how many noise words a block of several centres has at least.

    In trainings of more than `LONG_TRAINING` words on a large text, SimLex-999 is lower if all
    context words of a block are pushed away from the same 5 noise words than with 12, however few
    centres share them (docs/designs.md has the measurements). With `negative` below 5 the number is
    proportionally smaller. In shorter trainings it is 0.

    Parameters
    ----------
    params : TrainParams
        Its `negative` decides.
    n_trained : int
        See `words_to_train`.
    """
    if n_trained <= LONG_TRAINING:
        return 0
    return math.ceil(LONG_NOISE * min(1.0, params.negative / 5))


def most_pairs(params: TrainParams) -> int:
    """Return how many pairs of a repeated word a block may have.

    In a vocabulary of a few words these pairs have similar gradients, whose sum could overshoot.
    Where a word has more pairs, the block is cut.

    Parameters
    ----------
    params : TrainParams
        Its `negative` decides: each pair has 1 + `negative` gradients.
    """
    return max(1, MOST_GRADIENTS // (1 + params.negative))


def rows_per_step(params: TrainParams, n_words: int) -> int:
    """Return how many rows of W, of the context words of a block, a skip-gram step has at most.

    In word2vec.c each pair takes a step of its own, after the update of the pair before. If all
    context words of a window share a step, what they have in common is learnt by W' rather than by
    W. With four rows in a step this hardly happens, and it is as fast as with all of them. In a
    vocabulary of fewer than `FEW_WORDS`, where each word takes very many steps, a step has one row:
    else the nearest neighbours are not those that word2vec.c would find (docs/designs.md has the
    measurements). With hierarchical softmax, where all context words of a centre update the same
    path, a step has two rows if a window has about four words or fewer.
    """
    if n_words < FEW_WORDS:
        return 1
    few_words = context_words(params, 1) <= ROWS_PER_STEP
    return ROWS_PER_STEP // 2 if params.hs and few_words else ROWS_PER_STEP


def context_words(params: TrainParams, span: int) -> float:
    """Estimate how many words the windows of `span` consecutive centres have together.

    The centres are among them if there are several.
    """
    if not params.shrink_windows:
        return 2 * params.window + (span if span > 1 else 0)
    # The radius of a window is (window + 1) / 2 on average, the largest of several nearly
    # 0.7 * window.
    return params.window + 1 if span == 1 else 1.4 * params.window + span
