# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Ids to blocks: subsampling, the reach of each centre, noise words.

A block of skip-gram is a few consecutive centres, `span` of them, which share the noise words drawn
for it; with a span of 1 each centre has noise words of its own. A block of CBOW is one centre; sets
of noise words take turns, so that distant centres share one.
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
    piece.noise_turn = 0
    piece.noise_round = 0


# ---- blocks ------------------------------------------------------------------------------

cdef inline void begin_list(Marks *marks) noexcept nogil:
    """Begin a list of distinct words."""
    marks.now += 1
    if marks.now == 0:
        memset(marks.last, 0, sizeof(marks.last))
        marks.now = 1


cdef inline int place_of(int32_t word, int32_t *words, int n, Marks *marks) noexcept nogil:
    """Where `word` is among the `n` distinct ones; `n`, and it is put there, if it is not."""
    cdef uint8_t *mark = marks.last + ((<uint32_t> word * <uint32_t> 2654435769)
                                       >> (32 - MARK_BITS))
    cdef int i
    if mark[0] == marks.now:
        for i in range(n):
            if words[i] == word:
                return i
    mark[0] = marks.now
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
    int n


cdef inline void begin_block(Blocks *blocks, const Centre *centres, int n_centres,
                             const Piece *piece) noexcept nogil:
    """Begin the block after the last with the columns of its centres, whose words differ."""
    cdef int32_t *y = blocks.y + blocks.n * blocks.y_stride
    cdef int c
    for c in range(n_centres):
        y[c] = piece.words[centres[c].pos]
    blocks.n_y[blocks.n] = n_centres
    blocks.n_ahead[blocks.n] = 0


cdef inline uint64_t seen_once(int column) noexcept nogil:
    """A word of one column, in the bytes of `Blocks.seen`, whatever the order of bytes."""
    cdef uint64_t bytes = 0
    (<uint8_t *> &bytes)[column] = 1
    return bytes


cdef inline int sum_of_bytes(uint64_t bytes) noexcept nogil:
    return <int> ((bytes * <uint64_t> 0x0101010101010101) >> 56)


cdef void add_skipgram(Blocks *blocks, const Centre *centres, int n_centres, const Piece *piece,
                       int first, int last, int most_pairs) noexcept nogil:
    """Add a block of these centres with the words at `first` to `last` that are near to them.

    It is more than one block if a word comes so often that its row would have more pairs than
    `most_pairs`, unless it has them from one place.
    """
    cdef int32_t *x = blocks.x + blocks.n * X_MAX
    cdef uint64_t *seen = blocks.seen + blocks.n * X_MAX
    cdef uint64_t once[SPAN_MAX]
    cdef uint64_t seen_here
    cdef int n_x = 0, pos, row, c
    begin_block(blocks, centres, n_centres, piece)
    begin_list(&blocks.marks)
    for c in range(n_centres):
        once[c] = seen_once(c)
    for pos in range(first, last):
        seen_here = 0
        for c in range(n_centres):
            # No branch: whether it is near to this centre is a coin toss.
            seen_here += once[c] & (0 - <uint64_t> (
                (<uint32_t> (pos - centres[c].first) < <uint32_t> centres[c].n)
                & (pos != centres[c].pos)))
        if seen_here == 0:
            continue
        row = place_of(piece.words[pos], x, n_x, &blocks.marks)
        if row == n_x:
            seen[row] = 0
        elif sum_of_bytes(seen[row]) + sum_of_bytes(seen_here) > most_pairs:
            blocks.n_x[blocks.n] = n_x
            blocks.n += 1
            begin_block(blocks, centres, n_centres, piece)
            begin_list(&blocks.marks)
            x += X_MAX
            seen += X_MAX
            n_x = 0
            row = place_of(piece.words[pos], x, n_x, &blocks.marks)
            seen[row] = 0
        seen[row] += seen_here
        n_x += row == n_x
    blocks.n_x[blocks.n] = n_x
    blocks.n += n_x > 0


cdef inline void add_cbow(Blocks *blocks, const Centre *centre, const Piece *piece) noexcept nogil:
    """Add the block of a centre, with a row of x for the projection of the words around it."""
    cdef Around *around = blocks.around + blocks.n
    begin_block(blocks, centre, 1, piece)
    blocks.seen[blocks.n * X_MAX] = seen_once(0)
    around.words = piece.words + centre.first
    around.n = centre.n
    around.place = centre.pos - centre.first
    blocks.n_x[blocks.n] = 1
    blocks.n += 1


cdef inline uint64_t *ask_for_noise(uint64_t *random, const Sampling *sampling,
                                    Rng *rng) noexcept nogil:
    """Ask for the columns of the noise words of one block: they miss the cache."""
    cdef int j
    for j in range(sampling.n_noise):
        random[j] = next_u64(rng)
        cw2v_prefetch(column_of(sampling, random[j]))
    return random + sampling.n_noise


cdef void add_own_noise(Blocks *blocks, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Draw noise words for each block of the batch."""
    cdef int32_t *y
    cdef float *noise
    cdef int i, j, n_y, column
    cdef uint64_t *random = blocks.random
    for _ in range(blocks.n):
        random = ask_for_noise(random, sampling, rng)
    random = blocks.random
    for i in range(blocks.n):
        y = blocks.y + i * blocks.y_stride
        noise = blocks.noise + i * blocks.y_stride
        memset(noise, 0, blocks.y_stride * sizeof(float))
        begin_list(&blocks.marks)
        n_y = 0
        for j in range(blocks.n_y[i]):
            n_y += place_of(y[j], y, n_y, &blocks.marks) == n_y
        for j in range(sampling.n_noise):
            # A word that was drawn twice, or is a centre, has one column. A centre is no noise
            # to its own pairs, as in word2vec.c: cw2v_labels leaves them out.
            column = place_of(noise_word(sampling, random[j]), y, n_y, &blocks.marks)
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
        place = place_of(word, words, n, marks)
        if place == n:
            weights[n] = 0
            n += 1
        weights[place] += sampling.noise_weight
    blocks.sets.n[which] = n


cdef void add_shared_noise(Blocks *blocks, Piece *piece, const Sampling *sampling,
                           Rng *rng) noexcept nogil:
    """Give each block of the batch, which has one centre, the set whose turn it is.

    Whenever all sets have had their turn, some are drawn anew: each after `noise_uses` turns.
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
            random = ask_for_noise(random, sampling, rng)
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
            # No branch: one that is the centre goes to its column; it is no noise to it.
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
        add_own_noise(blocks, sampling, rng)
    else:
        add_shared_noise(blocks, piece, sampling, rng)


cdef void add_paths(Blocks *blocks, const Tree *tree) noexcept nogil:
    """Find the paths to the centres of the batch, and ask for them: they miss the cache."""
    cdef int64_t begin, end
    cdef int32_t centre
    cdef int i
    for i in range(blocks.n):
        centre = blocks.y[i * blocks.y_stride]
        begin, end = tree.starts[centre], tree.starts[centre + 1]
        blocks.path[i] = tree.path + begin
        blocks.n_path[i] = <int32_t> (end - begin)
        cw2v_prefetch(tree.path + begin)
        cw2v_prefetch(tree.path + end)


cdef int blocks_of_widest(const Sampling *sampling) noexcept nogil:
    """How many blocks the words around `span` centres may be given as; see `fill_blocks`."""
    return 2 * sampling.window + sampling.span if sampling.sg else 1


cdef inline bint is_among(int32_t word, const int32_t *words, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if words[i] == word:
            return True
    return False


cdef int64_t fill_blocks(Blocks *blocks, Piece *piece, const Sampling *sampling,
                         Rng *rng) noexcept nogil:
    """Put the next centres of the piece into the batch; return the predictions they make.

    These are skip-gram's pairs, CBOW's centres. A block has fewer than `span` centres where a
    word would come a second time. In skip-gram, centres with more than X_MAX words around them
    are given as several blocks, each with noise words of its own. So no row moves by too many
    gradients at a time, however few words there are. Noise words are not yet drawn.
    """
    cdef Centre centres[SPAN_MAX]
    cdef int reach, begin, first, last, slices, width, n_centres, n_near, pos, begun, most
    cdef int end = piece.ends[piece.sentence]
    cdef int64_t predictions = 0
    blocks.n = 0
    while (piece.pos < piece.last_centre
           and blocks.n + blocks_of_widest(sampling) <= blocks.capacity):
        most = min(sampling.span, piece.last_centre - piece.pos)
        first, last = piece.n, 0
        n_centres = n_near = 0
        while n_centres < most:
            pos = piece.pos + n_centres
            if is_among(piece.words[pos], piece.words + piece.pos, n_centres):
                break
            n_centres += 1
            while pos >= end:
                piece.sentence_start = end
                piece.sentence += 1
                end = piece.ends[piece.sentence]
            reach = sampling.window
            if sampling.shrink_windows:
                reach = 1 + below(sampling.window, next_u32(rng))
            begin = max(piece.sentence_start, pos - reach)
            centres[n_near].pos = pos
            centres[n_near].first = begin
            centres[n_near].n = min(end, pos + reach + 1) - begin
            if centres[n_near].n > 1:           # alone there, it has nothing to predict
                predictions += centres[n_near].n - 1 if sampling.sg else 1
                first = min(first, begin)
                last = max(last, begin + centres[n_near].n)
                n_near += 1
        begun = blocks.n
        if n_near == 0:
            pass
        elif not sampling.sg:
            add_cbow(blocks, centres, piece)
        elif last - first - (n_near == 1) <= X_MAX:
            add_skipgram(blocks, centres, n_near, piece, first, last, sampling.most_pairs)
        else:
            slices = (last - first + X_MAX - 1) // X_MAX
            width = (last - first + slices - 1) // slices
            while first < last:
                add_skipgram(blocks, centres, n_near, piece, first, min(first + width, last),
                             sampling.most_pairs)
                first += width
        if blocks.n > begun:
            # The words that come into reach with these centres.
            blocks.ahead[begun] = min(piece.pos + sampling.window, piece.n)
            blocks.n_ahead[begun] = min(piece.n - blocks.ahead[begun], n_centres)
        piece.pos += n_centres
    return predictions


# ---- for the tests -----------------------------------------------------------------------

def blocks_of_piece(const int32_t[::1] ids, const int64_t[::1] starts, int64_t first,
                    int64_t last, int64_t sentence, const uint32_t[::1] keep,
                    const uint32_t[:, ::1] noise, const uint64_t[::1] seeds, int64_t number, *,
                    int window, int negative, int span, int n_noise, int noise_sets,
                    int noise_uses, int most_pairs, bint shrink_windows, bint sg, int capacity):
    """Return the words kept of a piece and its blocks, as a worker would make them.

    `number` of the streams that `seeds` (2,) name is drawn from, the second for noise. Each
    block is (x, y, noise, seen, words coming into reach), where x is skip-gram's words, or
    a list of one list, of the words around CBOW's centre. The third value returned is the number
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
    cdef int32_t[:, ::1] lists = np.empty((5, capacity), np.int32)
    cdef int32_t[:, ::1] x = np.empty((capacity, X_MAX), np.int32)
    cdef uint8_t[::1] around = np.empty(capacity * sizeof(Around), np.uint8)
    cdef int32_t[::1] set_sizes = np.empty(noise_sets, np.int32)
    cdef int32_t[:, ::1] set_words = np.empty((noise_sets, n_noise), np.int32)
    cdef float[:, ::1] set_weights = np.empty((noise_sets, n_noise), np.float32)
    cdef int32_t[:, ::1] y = np.empty((capacity, stride), np.int32)
    cdef float[:, ::1] weights = np.empty((capacity, stride), np.float32)
    cdef uint64_t[:, ::1] seen = np.empty((capacity, X_MAX), np.uint64)
    cdef uint64_t[::1] random = np.empty(capacity * n_noise, np.uint64)
    cdef Around *one
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
    blocks.ahead, blocks.n_ahead = &lists[2, 0], &lists[3, 0]
    blocks.n_new = &lists[4, 0]
    blocks.sets.n = &set_sizes[0]
    blocks.sets.words, blocks.sets.weights = &set_words[0, 0], &set_weights[0, 0]
    blocks.x, blocks.y = &x[0, 0], &y[0, 0]
    blocks.around = <Around *> &around[0]
    blocks.random = &random[0]
    blocks.noise, blocks.seen = &weights[0, 0], &seen[0, 0]
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
                one = blocks.around + i
                rows = [[one.words[at] for at in range(one.n) if at != one.place]]
            ahead = [piece.words[blocks.ahead[i] + j] for j in range(blocks.n_ahead[i])]
            made.append((
                rows, np.array(y[i, :n_y]), np.array(weights[i, :n_y]),
                np.array(seen[i, :n_x]).view(np.uint8).reshape(n_x, SEEN), ahead,
            ))
        if blocks.n == 0:
            break
    return np.array(words[:piece.n]), made, predictions
