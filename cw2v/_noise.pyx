# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Noise words for blocks.

In skip-gram the centres of a block share the noise words drawn for it; with a span of 1 each centre
has noise words of its own. In CBOW, sets of noise words are used in turn, so that distant centres
share one.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

import numpy as np

from cw2v._blocks cimport (
    Blocks, Corpus, Marks, NoiseColumn, Piece, Sampling, Window, begin_list, begin_piece,
    blocks_of_widest, fill_blocks, find_or_append,
)
from cw2v._kernels cimport SPAN_MAX, X_MAX, cw2v_row_stride
from cw2v._rng cimport Rng, below, next_u64, seed_rng

cdef extern from "prefetch.h" nogil:
    void cw2v_prefetch(const void *p) noexcept


cdef inline const NoiseColumn *column_of(const Sampling *sampling,
                                         uint64_t random) noexcept nogil:
    return sampling.noise + below(sampling.n_words, <uint32_t> (random >> 32))


cdef inline int32_t noise_word(const Sampling *sampling, uint64_t random) noexcept nogil:
    """A noise word, by Walker's alias method: of 64 bits, half choose a column.

    The other half choose between it and its alias.
    """
    cdef const NoiseColumn *drawn = column_of(sampling, random)
    # All ones where the column is accepted: a branch would often be mispredicted.
    cdef uint32_t accepted = 0 - <uint32_t> (drawn.accept >= <uint32_t> random)
    return ((<uint32_t> (drawn - sampling.noise)) & accepted) | (drawn.alias & ~accepted)


cdef inline uint64_t *prefetch_noise(uint64_t *random, const Sampling *sampling,
                                     Rng *rng) noexcept nogil:
    """Draw random bits for the noise words of one block, and prefetch their columns."""
    cdef int j
    for j in range(sampling.n_noise):
        random[j] = next_u64(rng)
        cw2v_prefetch(column_of(sampling, random[j]))
    return random + sampling.n_noise


cdef void add_noise_by_block(Blocks *blocks, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Draw noise words for each block of the batch."""
    cdef int32_t *y
    cdef float *noise
    cdef int i, j, n_y, column
    cdef uint64_t *random = blocks.random
    for _ in range(blocks.n):
        random = prefetch_noise(random, sampling, rng)
    random = blocks.random
    for i in range(blocks.n):
        y = blocks.y + i * blocks.y_stride
        noise = blocks.noise + i * blocks.y_stride
        memset(noise, 0, blocks.y_stride * sizeof(float))
        begin_list(&blocks.marks)
        n_y = 0
        for j in range(blocks.n_y[i]):
            n_y += find_or_append(y[j], y, n_y, &blocks.marks) == n_y
        for j in range(sampling.n_noise):
            # A word that was drawn twice, or is a centre, has one row of y. A centre is no noise
            # word of its own pairs, as in word2vec.c: cw2v_labels leaves them out.
            column = find_or_append(noise_word(sampling, random[j]), y, n_y, &blocks.marks)
            n_y += column == n_y
            noise[column] += sampling.noise_weight
        random += sampling.n_noise
        blocks.n_y[i] = blocks.n_new[i] = n_y


cdef inline void draw_set(Blocks *blocks, int which, const uint64_t *random,
                          const Sampling *sampling) noexcept nogil:
    """Draw a set of noise words anew; one that is drawn twice counts twice."""
    cdef int32_t *words = blocks.sets.words + which * sampling.n_noise
    cdef float *weights = blocks.sets.weights + which * sampling.n_noise
    cdef Marks *marks = &blocks.marks
    cdef int32_t word
    cdef int j, n = 0, place
    begin_list(marks)
    for j in range(sampling.n_noise):
        word = noise_word(sampling, random[j])
        place = find_or_append(word, words, n, marks)
        if place == n:
            weights[n] = 0
            n += 1
        weights[place] += sampling.noise_weight
    blocks.sets.n[which] = n


cdef void add_noise_by_turns(Blocks *blocks, Piece *piece, const Sampling *sampling,
                             Rng *rng) noexcept nogil:
    """Let the blocks of the batch, which have one centre each, use the sets in turn.

    Each set is drawn anew after `noise_uses` uses, and in each round some of the sets are.
    """
    cdef int32_t *y
    cdef float *noise
    cdef const int32_t *words
    cdef const float *weights
    cdef uint64_t *random = blocks.random
    cdef int32_t centre, turn = piece.noise_turn, round = piece.noise_round
    cdef int i, j, n_y, uses = sampling.noise_uses
    for i in range(blocks.n):
        blocks.n_new[i] = round == 0 or (round + turn) % uses == 0
        if blocks.n_new[i]:
            random = prefetch_noise(random, sampling, rng)
        turn += 1
        if turn == sampling.noise_sets:
            turn = 0
            round += 1
    random = blocks.random
    for i in range(blocks.n):
        turn = piece.noise_turn
        if blocks.n_new[i]:
            draw_set(blocks, turn, random, sampling)
            random += sampling.n_noise
        words = blocks.sets.words + turn * sampling.n_noise
        weights = blocks.sets.weights + turn * sampling.n_noise
        y = blocks.y + i * blocks.y_stride
        noise = blocks.noise + i * blocks.y_stride
        centre = y[0]
        noise[0] = 0
        n_y = 1
        for j in range(blocks.sets.n[turn]):
            # Without a branch: if it is the centre, its weight goes to row 0, and the next word
            # overwrites it here.
            y[n_y] = words[j]
            noise[n_y] = weights[j]
            noise[0] += weights[j] * <float> (words[j] == centre)
            n_y += words[j] != centre
        blocks.n_y[i] = n_y
        blocks.n_new[i] = n_y if blocks.n_new[i] else 1
        piece.noise_turn += 1
        if piece.noise_turn == sampling.noise_sets:
            piece.noise_turn = 0
            piece.noise_round += 1


cdef void add_noise(Blocks *blocks, Piece *piece, const Sampling *sampling,
                    Rng *rng) noexcept nogil:
    """Draw the noise words of all blocks of the batch."""
    if sampling.sg:
        add_noise_by_block(blocks, sampling, rng)
    else:
        add_noise_by_turns(blocks, piece, sampling, rng)


# ---- for the tests -----------------------------------------------------------------------

def blocks_of_piece(const int32_t[::1] ids, const int64_t[::1] starts, int64_t first,
                    int64_t last, int64_t sentence, const uint32_t[::1] keep,
                    const uint32_t[:, ::1] noise, const uint64_t[::1] seeds, int64_t number, *,
                    int window, int negative, int span, int n_noise, int noise_sets,
                    int noise_uses, int most_pairs, bint shrink_windows, bint sg, int capacity):
    """Return the words kept of a piece, its blocks and the number of its predictions.

    Random numbers are those of stream `number` of `seeds` (2,), the second for noise words. Each
    block is (x, y, noise, positives, words entering the window), where x is skip-gram's context
    words, or a list of one list, of the context words of CBOW's centre.
    """
    cdef Corpus corpus
    cdef Sampling sampling
    cdef Piece piece
    cdef Blocks blocks
    cdef Rng rng, noise_rng
    cdef int64_t predictions = 0
    cdef int i, j, n_x, n_y, stride = cw2v_row_stride(span + n_noise)
    cdef int32_t[::1] words = np.empty(last - first + 2 * window + 1, np.int32)
    cdef int32_t[::1] ends = np.empty(last - first, np.int32)
    cdef int32_t[:, ::1] lists = np.empty((5, capacity), np.int32)
    cdef int32_t[:, ::1] x = np.empty((capacity, X_MAX), np.int32)
    cdef uint8_t[::1] windows = np.empty(capacity * sizeof(Window), np.uint8)
    cdef int32_t[::1] set_sizes = np.empty(noise_sets, np.int32)
    cdef int32_t[:, ::1] set_words = np.empty((noise_sets, n_noise), np.int32)
    cdef float[:, ::1] set_weights = np.empty((noise_sets, n_noise), np.float32)
    cdef int32_t[:, ::1] y = np.empty((capacity, stride), np.int32)
    cdef float[:, ::1] weights = np.empty((capacity, stride), np.float32)
    cdef uint64_t[:, ::1] positives = np.empty((capacity, X_MAX), np.uint64)
    cdef uint64_t[::1] random = np.empty(capacity * n_noise, np.uint64)
    cdef Window *one
    sampling.keep = &keep[0]
    sampling.noise = <const NoiseColumn *> &noise[0, 0]
    sampling.n_words = <int32_t> keep.shape[0]
    sampling.span, sampling.n_noise = span, n_noise
    sampling.noise_sets, sampling.noise_uses = noise_sets, noise_uses
    sampling.noise_weight = <float> negative / n_noise
    sampling.most_pairs = most_pairs
    sampling.window = window
    sampling.shrink_windows = shrink_windows
    sampling.sg = sg
    if not 1 <= span <= SPAN_MAX:
        raise ValueError(f"span must be 1 to {SPAN_MAX}, got {span}")
    if noise_sets < 1 or noise_uses < 1 or (span > 1 and not sg):
        raise ValueError(
            f"noise_sets and noise_uses must be at least 1, got {noise_sets} and {noise_uses}, and "
            f"CBOW's span 1, got {span}"
        )
    if capacity < blocks_of_widest(&sampling):
        raise ValueError(
            f"capacity must be at least {blocks_of_widest(&sampling)}, got {capacity}"
        )
    corpus.ids = &ids[0]
    corpus.starts = &starts[0]
    piece.words = &words[0]
    piece.ends = &ends[0]
    memset(&blocks.marks, 0, sizeof(blocks.marks))
    blocks.capacity = capacity
    blocks.y_stride = stride
    blocks.n_x, blocks.n_y = &lists[0, 0], &lists[1, 0]
    blocks.entering, blocks.n_entering = &lists[2, 0], &lists[3, 0]
    blocks.n_new = &lists[4, 0]
    blocks.sets.n = &set_sizes[0]
    blocks.sets.words, blocks.sets.weights = &set_words[0, 0], &set_weights[0, 0]
    blocks.x, blocks.y = &x[0, 0], &y[0, 0]
    blocks.windows = <Window *> &windows[0]
    blocks.random = &random[0]
    blocks.noise, blocks.positives = &weights[0, 0], &positives[0, 0]
    seed_rng(&rng, seeds[0], number)
    seed_rng(&noise_rng, seeds[1], number)

    made = []
    begin_piece(&piece, &corpus, first, last, sentence, &sampling, &rng)
    while True:
        predictions += fill_blocks(&blocks, &piece, &sampling, &rng)
        add_noise(&blocks, &piece, &sampling, &noise_rng)
        for i in range(blocks.n):
            n_x, n_y = blocks.n_x[i], blocks.n_y[i]
            if sg:
                rows = np.array(x[i, :n_x])
            else:
                one = blocks.windows + i
                rows = [[one.words[at] for at in range(one.n) if at != one.centre]]
            entering = [
                piece.words[blocks.entering[i] + j] for j in range(blocks.n_entering[i])
            ]
            made.append((
                rows, np.array(y[i, :n_y]), np.array(weights[i, :n_y]),
                np.array(positives[i, :n_x]).view(np.uint8).reshape(n_x, SPAN_MAX), entering,
            ))
        if blocks.n == 0:
            break
    return np.array(words[:piece.n]), made, predictions
