# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Ids to windows: subsampling, the reach of each centre, its noise words."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

import numpy as np

from cw2v._kernels cimport X_MAX
from cw2v._rng cimport Rng, below, next_u32, next_u64, seed_rng


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


# ---- windows -----------------------------------------------------------------------------

cdef inline int merge(int32_t *words, float *weight, int n, uint64_t *seen,
                      int32_t word) noexcept nogil:
    """Add `word` to the `n` distinct ones, or to the weight of the one it equals; the new n.

    `seen` has one bit per hash value: unless it is set, the word cannot be among them.
    """
    cdef uint64_t bit = (<uint64_t> 1) << ((<uint32_t> word * <uint32_t> 2654435769) >> 26)
    cdef int i
    if seen[0] & bit:
        for i in range(n):
            if words[i] == word:
                weight[i] += 1
                return n
    seen[0] |= bit
    words[n] = word
    weight[n] = 1
    return n + 1


cdef inline int32_t draw_noise(const Sampling *sampling, Rng *rng) noexcept nogil:
    """A noise word, by Walker's alias method: 32 bits choose a column, 32 its upper half."""
    cdef uint64_t random = next_u64(rng)
    cdef uint32_t column = below(sampling.n_words, <uint32_t> (random >> 32))
    cdef NoiseColumn drawn = sampling.noise[column]
    # All ones where the column stays: a choice without a branch, which would be a coin toss.
    cdef uint32_t stays = 0 - <uint32_t> (drawn.accept >= <uint32_t> random)
    return (column & stays) | (drawn.alias & ~stays)


cdef inline void add_window(Windows *windows, const Sampling *sampling, const int32_t *words,
                            int first, int last, int centre) noexcept nogil:
    """Append the window of `words[centre]` with the words at `first` to `last` around it."""
    cdef int32_t *x
    cdef float *x_weight
    cdef int n_x = 0, pos
    cdef uint64_t seen = 0
    if sampling.sg:
        x = windows.merged + windows.n * X_MAX
        x_weight = windows.x_weight + windows.n * X_MAX
        for pos in range(first, last):
            if pos != centre:
                n_x = merge(x, x_weight, n_x, &seen, words[pos])
        windows.x[windows.n] = x
        windows.n_x[windows.n] = n_x
    else:
        windows.x[windows.n] = words + first
        windows.n_x[windows.n] = last - first
        windows.place[windows.n] = centre - first
    windows.y[windows.n * windows.y_stride] = words[centre]
    windows.n += 1


cdef void add_noise(Windows *windows, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Draw the noise words of all windows of the batch."""
    cdef int32_t *y
    cdef float *y_weight
    cdef int i, j, n_y
    cdef int32_t word
    cdef uint64_t seen
    # All draws first: they miss the cache, and nothing waits for them here.
    for i in range(windows.n):
        y = windows.y + i * windows.y_stride
        for j in range(sampling.negative):
            y[1 + j] = draw_noise(sampling, rng)
    for i in range(windows.n):
        y = windows.y + i * windows.y_stride
        y_weight = windows.y_weight + i * windows.y_stride
        y_weight[0] = 1
        n_y = 1
        seen = 0
        for j in range(sampling.negative):
            # The observed word is no noise: it is skipped, not drawn again, as in word2vec.c.
            word = y[1 + j]
            if word != y[0]:
                n_y = merge(y, y_weight, n_y, &seen, word)
        windows.n_y[i] = n_y


cdef void add_paths(Windows *windows, const Tree *tree) noexcept nogil:
    """Look up the paths to the centres of all windows of the batch.

    They are copied because they miss the cache: here nothing waits for them. The first two
    rounds only ask for what the next one needs, so that the misses overlap.
    """
    cdef const uint32_t *path
    cdef int32_t *nodes
    cdef float *turns_left
    cdef int32_t centre, n = 0
    cdef int i, j
    for i in range(windows.n):
        centre = windows.y[i * windows.y_stride]
        windows.path_from[i] = tree.starts[centre]
        windows.path_start[i] = n
        n += <int32_t> (tree.starts[centre + 1] - tree.starts[centre])
    windows.path_start[windows.n] = n
    for i in range(windows.n):
        windows.nodes[windows.path_start[i]] = tree.path[windows.path_from[i]]
    for i in range(windows.n):
        path = tree.path + windows.path_from[i]
        nodes = windows.nodes + windows.path_start[i]
        turns_left = windows.turns_left + windows.path_start[i]
        for j in range(windows.path_start[i + 1] - windows.path_start[i]):
            nodes[j] = <int32_t> (path[j] >> 1)
            turns_left[j] = <float> <int32_t> (path[j] & 1)


cdef int slices_of_widest(const Sampling *sampling) noexcept nogil:
    """How many windows one centre can give; see `fill_windows`."""
    return (2 * sampling.window + 1 + X_MAX - 1) // X_MAX if sampling.sg else 1


cdef int64_t fill_windows(Windows *windows, Piece *piece, const Sampling *sampling,
                          Rng *rng, Rng *noise_rng) noexcept nogil:
    """Put the next centres of the piece into the batch; return the predictions they make.

    These are skip-gram's pairs, CBOW's centres. In skip-gram, a centre with more than X_MAX
    words around it is given as several windows, each with noise words of its own, so that no
    word moves by more than X_MAX gradients at a time.
    """
    cdef int reach, first, last, slices, width, around, i
    cdef int end = piece.ends[piece.sentence]
    cdef int64_t predictions = 0
    windows.n = 0
    while piece.pos < piece.last_centre:
        while piece.pos >= end:
            piece.sentence_start = end
            piece.sentence += 1
            end = piece.ends[piece.sentence]
        if windows.n + slices_of_widest(sampling) > windows.capacity:
            break
        reach = sampling.window
        if sampling.shrink_windows:
            reach = 1 + below(sampling.window, next_u32(rng))
        first = max(piece.sentence_start, piece.pos - reach)
        last = min(end, piece.pos + reach + 1)
        around = last - first - 1
        if around > 0:
            predictions += around if sampling.sg else 1
            i = windows.n
            if around <= X_MAX or not sampling.sg:
                add_window(windows, sampling, piece.words, first, last, piece.pos)
            else:
                slices = (last - first + X_MAX - 1) // X_MAX
                width = (last - first + slices - 1) // slices
                while first < last:
                    # A slice of the centre alone has no pair.
                    if first != piece.pos or min(first + width, last) != first + 1:
                        add_window(windows, sampling, piece.words, first,
                                   min(first + width, last), piece.pos)
                    first += width
            # The word that enters the reach of the centres to come.
            while i < windows.n:
                windows.ahead[i] = -1
                i += 1
            if piece.pos + sampling.window + 1 < piece.n:
                windows.ahead[windows.n - 1] = piece.words[piece.pos + sampling.window + 1]
        piece.pos += 1
    if sampling.negative:
        add_noise(windows, sampling, noise_rng)
    return predictions


# ---- for the tests -----------------------------------------------------------------------

def windows_of_piece(const int32_t[::1] ids, const int64_t[::1] starts, int64_t first,
                     int64_t last, int64_t sentence, const uint32_t[::1] keep,
                     const uint32_t[:, ::1] noise, const uint64_t[::1] seeds, int64_t number, *,
                     int window, int negative, bint shrink_windows, bint sg, int capacity):
    """Return the words kept of a piece and its windows, as a worker would make them.

    `number` of the streams that `seeds` (2,) name is drawn from, the second for noise. Each
    window is (x, x_weight, y, y_weight, ahead), for CBOW x is all words around the centre. The
    third value returned is the number of predictions.
    """
    cdef Corpus corpus
    cdef Sampling sampling
    cdef Piece piece
    cdef Windows windows
    cdef Rng rng, noise_rng
    cdef int64_t predictions = 0
    cdef int i, j
    cdef int32_t[::1] words = np.empty(last - first + 2 * window + 1, np.int32)
    cdef int32_t[::1] ends = np.empty(last - first, np.int32)
    cdef size_t[::1] x = np.empty(capacity, np.uintp)
    cdef int32_t[:, ::1] lists = np.empty((4, capacity), np.int32)
    cdef int32_t[:, ::1] merged = np.empty((capacity, X_MAX), np.int32)
    cdef int32_t[:, ::1] y = np.empty((capacity, negative + 1), np.int32)
    cdef float[:, ::1] x_weight = np.empty((capacity, X_MAX), np.float32)
    cdef float[:, ::1] y_weight = np.empty((capacity, negative + 1), np.float32)
    sampling.keep = &keep[0]
    sampling.noise = <const NoiseColumn *> &noise[0, 0]
    sampling.n_words = <int32_t> keep.shape[0]
    sampling.negative = negative
    sampling.window = window
    sampling.shrink_windows = shrink_windows
    sampling.sg = sg
    if capacity < slices_of_widest(&sampling):
        raise ValueError(
            f"capacity must be at least {slices_of_widest(&sampling)}, got {capacity}"
        )
    corpus.ids = &ids[0]
    corpus.starts = &starts[0]
    piece.words = &words[0]
    piece.ends = &ends[0]
    windows.capacity = capacity
    windows.y_stride = negative + 1
    windows.x = <const int32_t **> &x[0]
    windows.n_x, windows.n_y = &lists[0, 0], &lists[1, 0]
    windows.place, windows.ahead = &lists[2, 0], &lists[3, 0]
    windows.merged, windows.y = &merged[0, 0], &y[0, 0]
    windows.x_weight, windows.y_weight = &x_weight[0, 0], &y_weight[0, 0]
    seed_rng(&rng, seeds[0], number)
    seed_rng(&noise_rng, seeds[1], number)

    made = []
    begin_piece(&piece, &corpus, first, last, sentence, &sampling, &rng)
    while True:
        predictions += fill_windows(&windows, &piece, &sampling, &rng, &noise_rng)
        for i in range(windows.n):
            around = [windows.x[i][j] for j in range(windows.n_x[i])]
            if sg:
                weights = np.array(x_weight[i, :windows.n_x[i]])
            else:
                del around[windows.place[i]]
                weights = np.ones(len(around), np.float32)
            made.append((
                np.array(around, np.int32), weights, np.array(y[i, :windows.n_y[i]]),
                np.array(y_weight[i, :windows.n_y[i]]), windows.ahead[i],
            ))
        if windows.n == 0:
            break
    return np.array(words[:piece.n]), made, predictions
