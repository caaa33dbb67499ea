# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Ids to blocks: subsampling, the reach of each centre, noise words.

A block is a few consecutive centres, `span` of them, which share the noise words drawn for it.
With a span of 1 each centre has noise words of its own.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

import numpy as np

from cw2v._kernels cimport SEEN, X_MAX, cw2v_row_stride
from cw2v._rng cimport Rng, below, next_u32, next_u64, seed_rng

cdef extern from "prefetch.h" nogil:
    void cw2v_prefetch(const void *p) noexcept


# ---- subsampling -----------------------------------------------------------------------

cdef inline bint is_kept(const Sampling *sampling, int32_t word, Rng *rng) noexcept nogil:
    return sampling.keep[word] >= next_u32(rng)


cdef void begin_piece(Piece *piece, const Corpus *corpus, int64_t first, int64_t last,
                      int64_t sentence, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Subsample tokens `first` to `last` of the corpus; `sentence` is the one `first` is in.

    Where the piece begins or ends inside a sentence, up to `window` words beyond are kept
    as context, so that cutting a long sentence into pieces loses no pair.
    """
    cdef const int64_t *starts = corpus.starts
    cdef const int32_t *ids = corpus.ids
    cdef int32_t *words = piece.words
    cdef int32_t n = 0, i, j, swapped
    cdef int64_t at, end

    # Words before the piece are drawn from the cut backwards, then turned round.
    at = first
    while at > starts[sentence] and n < sampling.window:
        at -= 1
        words[n] = ids[at]
        n += is_kept(sampling, words[n], rng)
    i, j = 0, n - 1
    while i < j:
        swapped = words[i]
        words[i] = words[j]
        words[j] = swapped
        i += 1
        j -= 1
    piece.first_centre = n

    piece.n_sentences = 0
    at = first
    while at < last:
        end = min(starts[sentence + 1], last)
        while at < end:
            # No branch on a coin toss: a word not kept is overwritten by the next one.
            words[n] = ids[at]
            n += is_kept(sampling, words[n], rng)
            at += 1
        piece.ends[piece.n_sentences] = n
        piece.n_sentences += 1
        sentence += 1
    piece.last_centre = n

    # `sentence` is now one past the sentence of the last token.
    while at < starts[sentence] and n < piece.last_centre + sampling.window:
        words[n] = ids[at]
        n += is_kept(sampling, words[n], rng)
        at += 1
    piece.ends[piece.n_sentences - 1] = n
    piece.n = n
    piece.pos = piece.first_centre
    piece.sentence = 0
    piece.sentence_start = 0


# ---- blocks ------------------------------------------------------------------------------

cdef inline int place_of(int32_t word, int32_t *words, int n, uint64_t *present) noexcept nogil:
    """Where `word` is among the `n` distinct ones; `n`, and it is put there, if it is not.

    `present` has one bit per hash value: unless it is set, the word cannot be among them.
    """
    cdef uint64_t bit = (<uint64_t> 1) << ((<uint32_t> word * <uint32_t> 2654435769) >> 26)
    cdef int i
    if present[0] & bit:
        for i in range(n):
            if words[i] == word:
                return i
    present[0] |= bit
    words[n] = word
    return n


cdef inline const NoiseColumn *column_of(const Sampling *sampling,
                                         uint64_t random) noexcept nogil:
    return sampling.noise + below(sampling.n_words, <uint32_t> (random >> 32))


cdef inline int32_t noise_word(const Sampling *sampling, uint64_t random) noexcept nogil:
    """A noise word, by Walker's alias method: 32 bits choose a column, 32 its upper half."""
    cdef const NoiseColumn *drawn = column_of(sampling, random)
    # All ones where the column stays: a choice without a branch, which would be a coin toss.
    cdef uint32_t stays = 0 - <uint32_t> (drawn.accept >= <uint32_t> random)
    return ((<uint32_t> (drawn - sampling.noise)) & stays) | (drawn.alias & ~stays)


cdef struct Centre:
    int pos                     # where it is in the piece
    int first                   # the words in its reach, itself among them
    int last
    int column                  # of y, where its word is; -1 if nothing is around it


cdef inline void begin_block(Blocks *blocks, Centre *centres, int n_centres,
                             const Piece *piece) noexcept nogil:
    """Begin the block after the last with the columns of its centres."""
    cdef int32_t *y = blocks.y + blocks.n * blocks.y_stride
    cdef int c, n_y = 0
    cdef uint64_t present = 0
    for c in range(n_centres):
        centres[c].column = -1
        if centres[c].last - centres[c].first > 1:
            centres[c].column = place_of(piece.words[centres[c].pos], y, n_y, &present)
            n_y += centres[c].column == n_y
    blocks.n_y[blocks.n] = n_y
    blocks.n_ahead[blocks.n] = 0


cdef inline uint64_t seen_once(int column) noexcept nogil:
    """A word of one column, in the bytes of `Blocks.seen`, whatever the order of bytes."""
    cdef uint64_t bytes = 0
    (<uint8_t *> &bytes)[column] = 1
    return bytes


cdef void add_skipgram(Blocks *blocks, Centre *centres, int n_centres, const Piece *piece,
                       int first, int last) noexcept nogil:
    """Add the block of these centres with the words at `first` to `last` around them.

    A word has a row even if it is not near to any of the centres, as at the end of a sentence,
    unless it is the only centre: it has seen nothing then, and does not move.
    """
    cdef int32_t *x = blocks.x + blocks.n * X_MAX
    cdef uint64_t *seen = blocks.seen + blocks.n * X_MAX
    cdef uint64_t seen_at[X_MAX + 1]
    cdef uint64_t once, present = 0
    cdef int n_x = 0, alone = -1, pos, row, c
    begin_block(blocks, centres, n_centres, piece)
    if n_centres == 1:
        alone = centres[0].pos
    for pos in range(last - first):
        seen_at[pos] = 0
    for c in range(n_centres):
        if centres[c].column >= 0:
            once = seen_once(centres[c].column)
            for pos in range(max(first, centres[c].first), min(last, centres[c].last)):
                seen_at[pos - first] += once
            if first <= centres[c].pos < last:
                seen_at[centres[c].pos - first] -= once
    for pos in range(first, last):
        if pos != alone:
            row = place_of(piece.words[pos], x, n_x, &present)
            if row == n_x:
                n_x += 1
                seen[row] = 0
            seen[row] += seen_at[pos - first]
    blocks.n_x[blocks.n] = n_x
    blocks.n += n_x > 0


cdef void add_cbow(Blocks *blocks, Centre *centres, int n_centres,
                   const Piece *piece) noexcept nogil:
    """Add the block of these centres, with a row of x for the projection of each."""
    cdef Around *around = blocks.around + blocks.n * X_MAX
    cdef uint64_t *seen = blocks.seen + blocks.n * X_MAX
    cdef int n_x = 0, c
    begin_block(blocks, centres, n_centres, piece)
    for c in range(n_centres):
        if centres[c].column >= 0:
            seen[n_x] = seen_once(centres[c].column)
            around[n_x].words = piece.words + centres[c].first
            around[n_x].n = centres[c].last - centres[c].first
            around[n_x].place = centres[c].pos - centres[c].first
            n_x += 1
    blocks.n_x[blocks.n] = n_x
    blocks.n += n_x > 0


cdef void add_noise(Blocks *blocks, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Draw the noise words of all blocks of the batch."""
    cdef int32_t *y
    cdef float *noise
    cdef int i, j, n_y, column
    cdef uint64_t present
    cdef uint64_t *random = blocks.random
    # Columns of the table are asked for long before they are read: they miss the cache.
    for i in range(blocks.n * sampling.n_noise):
        random[i] = next_u64(rng)
        cw2v_prefetch(column_of(sampling, random[i]))
    for i in range(blocks.n):
        y = blocks.y + i * blocks.y_stride
        for j in range(sampling.n_noise):
            y[blocks.n_y[i] + j] = noise_word(sampling, random[j])
        random += sampling.n_noise
        noise = blocks.noise + i * blocks.y_stride
        memset(noise, 0, blocks.y_stride * sizeof(float))
        present = 0
        n_y = 0
        for j in range(blocks.n_y[i] + sampling.n_noise):
            # A word that was drawn twice, or is a centre, has one column. A centre is no noise
            # to its own pairs, as in word2vec.c: cw2v_labels leaves them out.
            column = place_of(y[j], y, n_y, &present)
            n_y += column == n_y
            if j >= blocks.n_y[i]:
                noise[column] += sampling.noise_weight
        blocks.n_y[i] = n_y


cdef void add_paths(Blocks *blocks, const Tree *tree) noexcept nogil:
    """Look up the paths to the centres of all blocks of the batch.

    They are copied because they miss the cache: here nothing waits for them. The first two
    rounds only ask for what the next one needs, so that the misses overlap.
    """
    cdef const uint32_t *path
    cdef int32_t *nodes
    cdef float *turns_left
    cdef int32_t centre, n = 0
    cdef int i, j
    for i in range(blocks.n):
        centre = blocks.y[i * blocks.y_stride]
        blocks.path_from[i] = tree.starts[centre]
        blocks.path_start[i] = n
        n += <int32_t> (tree.starts[centre + 1] - tree.starts[centre])
    blocks.path_start[blocks.n] = n
    for i in range(blocks.n):
        blocks.nodes[blocks.path_start[i]] = tree.path[blocks.path_from[i]]
    for i in range(blocks.n):
        path = tree.path + blocks.path_from[i]
        nodes = blocks.nodes + blocks.path_start[i]
        turns_left = blocks.turns_left + blocks.path_start[i]
        for j in range(blocks.path_start[i + 1] - blocks.path_start[i]):
            nodes[j] = <int32_t> (path[j] >> 1)
            turns_left[j] = <float> <int32_t> (path[j] & 1)


cdef int slices_of_widest(const Sampling *sampling) noexcept nogil:
    """How many blocks the widest may be cut into; see `fill_blocks`."""
    return (2 * sampling.window + sampling.span + X_MAX - 1) // X_MAX if sampling.sg else 1


cdef int64_t fill_blocks(Blocks *blocks, Piece *piece, const Sampling *sampling,
                         Rng *rng, Rng *noise_rng) noexcept nogil:
    """Put the next centres of the piece into the batch; return the predictions they make.

    These are skip-gram's pairs, CBOW's centres. In skip-gram, centres with more than X_MAX
    words around them are given as several blocks, each with noise words of its own, so that no
    word moves by more than X_MAX gradients of one centre at a time.
    """
    cdef Centre centres[SPAN_MAX]
    cdef int reach, first, last, slices, width, around, n_centres, c, pos, begun
    cdef int end = piece.ends[piece.sentence]
    cdef int64_t predictions = 0
    blocks.n = 0
    while (piece.pos < piece.last_centre
           and blocks.n + slices_of_widest(sampling) <= blocks.capacity):
        n_centres = min(sampling.span, piece.last_centre - piece.pos)
        first, last = piece.n, 0
        for c in range(n_centres):
            pos = piece.pos + c
            while pos >= end:
                piece.sentence_start = end
                piece.sentence += 1
                end = piece.ends[piece.sentence]
            reach = sampling.window
            if sampling.shrink_windows:
                reach = 1 + below(sampling.window, next_u32(rng))
            centres[c].pos = pos
            centres[c].first = max(piece.sentence_start, pos - reach)
            centres[c].last = min(end, pos + reach + 1)
            around = centres[c].last - centres[c].first - 1
            predictions += around if sampling.sg else <int> (around > 0)
            first = min(first, centres[c].first)
            last = max(last, centres[c].last)
        begun = blocks.n
        if not sampling.sg:
            add_cbow(blocks, centres, n_centres, piece)
        elif last - first - (n_centres == 1) <= X_MAX:
            add_skipgram(blocks, centres, n_centres, piece, first, last)
        else:
            slices = (last - first + X_MAX - 1) // X_MAX
            width = (last - first + slices - 1) // slices
            while first < last:
                add_skipgram(blocks, centres, n_centres, piece, first, min(first + width, last))
                first += width
        if blocks.n > begun:
            # The words that come into reach with these centres.
            blocks.ahead[begun] = min(piece.pos + sampling.window, piece.n)
            blocks.n_ahead[begun] = min(piece.n - blocks.ahead[begun], n_centres)
        piece.pos += n_centres
    if sampling.n_noise:
        add_noise(blocks, sampling, noise_rng)
    return predictions


# ---- for the tests -----------------------------------------------------------------------

def blocks_of_piece(const int32_t[::1] ids, const int64_t[::1] starts, int64_t first,
                    int64_t last, int64_t sentence, const uint32_t[::1] keep,
                    const uint32_t[:, ::1] noise, const uint64_t[::1] seeds, int64_t number, *,
                    int window, int negative, int span, int n_noise, bint shrink_windows,
                    bint sg, int capacity):
    """Return the words kept of a piece and its blocks, as a worker would make them.

    `number` of the streams that `seeds` (2,) name is drawn from, the second for noise. Each
    block is (x, y, noise, seen, words coming into reach), where x is skip-gram's words, or
    a list of the words around each of CBOW's centres. The third value returned is the number
    of predictions.
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
    cdef int32_t[:, ::1] lists = np.empty((4, capacity), np.int32)
    cdef int32_t[:, ::1] x = np.empty((capacity, X_MAX), np.int32)
    cdef uint8_t[::1] around = np.empty(capacity * X_MAX * sizeof(Around), np.uint8)
    cdef int32_t[:, ::1] y = np.empty((capacity, stride), np.int32)
    cdef float[:, ::1] weights = np.empty((capacity, stride), np.float32)
    cdef uint64_t[:, ::1] seen = np.empty((capacity, X_MAX), np.uint64)
    cdef uint64_t[::1] random = np.empty(capacity * n_noise, np.uint64)
    cdef Around *one
    sampling.keep = &keep[0]
    sampling.noise = <const NoiseColumn *> &noise[0, 0]
    sampling.n_words = <int32_t> keep.shape[0]
    sampling.span, sampling.n_noise = span, n_noise
    sampling.noise_weight = <float> negative / n_noise
    sampling.window = window
    sampling.shrink_windows = shrink_windows
    sampling.sg = sg
    if not 1 <= span <= SPAN_MAX:
        raise ValueError(f"span must be 1 to {SPAN_MAX}, got {span}")
    if capacity < slices_of_widest(&sampling):
        raise ValueError(
            f"capacity must be at least {slices_of_widest(&sampling)}, got {capacity}"
        )
    corpus.ids = &ids[0]
    corpus.starts = &starts[0]
    piece.words = &words[0]
    piece.ends = &ends[0]
    blocks.capacity = capacity
    blocks.y_stride = stride
    blocks.n_x, blocks.n_y = &lists[0, 0], &lists[1, 0]
    blocks.ahead, blocks.n_ahead = &lists[2, 0], &lists[3, 0]
    blocks.x, blocks.y = &x[0, 0], &y[0, 0]
    blocks.around = <Around *> &around[0]
    blocks.random = &random[0]
    blocks.noise, blocks.seen = &weights[0, 0], &seen[0, 0]
    seed_rng(&rng, seeds[0], number)
    seed_rng(&noise_rng, seeds[1], number)

    made = []
    begin_piece(&piece, &corpus, first, last, sentence, &sampling, &rng)
    while True:
        predictions += fill_blocks(&blocks, &piece, &sampling, &rng, &noise_rng)
        for i in range(blocks.n):
            n_x, n_y = blocks.n_x[i], blocks.n_y[i]
            if sg:
                rows = np.array(x[i, :n_x])
            else:
                rows = []
                for j in range(n_x):
                    one = blocks.around + i * X_MAX + j
                    rows.append([one.words[at] for at in range(one.n) if at != one.place])
            ahead = [piece.words[blocks.ahead[i] + j] for j in range(blocks.n_ahead[i])]
            made.append((
                rows, np.array(y[i, :n_y]), np.array(weights[i, :n_y]),
                np.array(seen[i, :n_x]).view(np.uint8).reshape(n_x, SEEN), ahead,
            ))
        if blocks.n == 0:
            break
    return np.array(words[:piece.n]), made, predictions
