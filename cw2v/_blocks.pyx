# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Ids to blocks: subsampling, windows, the paths to centres.

A block of skip-gram has up to `span` consecutive centres; a block of CBOW has one. _noise.pyx adds
the noise words.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from cw2v._kernels cimport SPAN_MAX, X_MAX
from cw2v._rng cimport Rng, below, next_u32

cdef extern from "prefetch.h" nogil:
    void cw2v_prefetch(const void *p) noexcept


# ---- subsampling -----------------------------------------------------------------------

cdef inline bint is_kept(const Sampling *sampling, int32_t word, Rng *rng) noexcept nogil:
    return sampling.keep[word] >= next_u32(rng)


cdef void begin_piece(Piece *piece, const Corpus *corpus, int64_t first, int64_t last,
                      int64_t sentence, const Sampling *sampling, Rng *rng) noexcept nogil:
    """Subsample tokens `first` to `last` of the corpus; `sentence` is the one `first` is in.

    Where the piece begins or ends inside a sentence, it gets up to `window` words beyond as
    context, so that cutting a long sentence into pieces loses no pair.
    """
    cdef const int64_t *starts = corpus.starts
    cdef const int32_t *ids = corpus.ids
    cdef int32_t *words = piece.words
    cdef int32_t n = 0, i, j, swapped
    cdef int64_t at, end

    # Words before the piece are sampled from the cut backwards, then reversed.
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
            # Without a branch, which would often be mispredicted: the next word overwrites one
            # that is not kept.
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

cdef struct Centre:
    int pos                     # its index in the piece
    int first                   # its window, itself included
    int n


cdef inline void begin_block(Blocks *blocks, const Centre *centres, int n_centres,
                             const Piece *piece) noexcept nogil:
    """Begin a new block with its centres, which are distinct words, as the first rows of y."""
    cdef int32_t *y = blocks.y + blocks.n * blocks.y_stride
    cdef int c
    for c in range(n_centres):
        y[c] = piece.words[centres[c].pos]
    blocks.n_y[blocks.n] = n_centres
    blocks.n_entering[blocks.n] = 0


cdef inline uint64_t one_positive(int column) noexcept nogil:
    """One positive pair in byte `column` of `Blocks.positives`, whatever the byte order."""
    cdef uint64_t bytes = 0
    (<uint8_t *> &bytes)[column & (SPAN_MAX - 1)] = 1
    return bytes


cdef inline int sum_of_bytes(uint64_t bytes) noexcept nogil:
    return <int> ((bytes * <uint64_t> 0x0101010101010101) >> 56)


cdef void add_skipgram(Blocks *blocks, const Centre *centres, int n_centres, const Piece *piece,
                       int first, int last, int most_pairs) noexcept nogil:
    """Add a block of these centres and their context words from `first` to before `last`.

    A new block is begun before an occurrence of a word that would give its row more than
    `most_pairs` pairs, unless all of them are of this one occurrence.
    """
    cdef int32_t *x = blocks.x + blocks.n * X_MAX
    cdef uint64_t *positives = blocks.positives + blocks.n * X_MAX
    cdef uint64_t once[SPAN_MAX]
    cdef uint64_t here
    cdef int n_x = 0, pos, row, c
    begin_block(blocks, centres, n_centres, piece)
    begin_list(&blocks.marks)
    for c in range(n_centres):
        once[c] = one_positive(c)
    for pos in range(first, last):
        here = 0
        for c in range(n_centres):
            # Without a branch: whether it is in this centre's window is hard to predict.
            here += once[c] & (0 - <uint64_t> (
                (<uint32_t> (pos - centres[c].first) < <uint32_t> centres[c].n)
                & (pos != centres[c].pos)))
        if here == 0:
            continue
        row = find_or_append(piece.words[pos], x, n_x, &blocks.marks)
        if row == n_x:
            positives[row] = 0
        elif sum_of_bytes(positives[row]) + sum_of_bytes(here) > most_pairs:
            blocks.n_x[blocks.n] = n_x
            blocks.n += 1
            begin_block(blocks, centres, n_centres, piece)
            begin_list(&blocks.marks)
            x += X_MAX
            positives += X_MAX
            n_x = 0
            row = find_or_append(piece.words[pos], x, n_x, &blocks.marks)
            positives[row] = 0
        positives[row] += here
        n_x += row == n_x
    blocks.n_x[blocks.n] = n_x
    blocks.n += n_x > 0


cdef inline void add_cbow(Blocks *blocks, const Centre *centre, const Piece *piece) noexcept nogil:
    """Add the block of a centre, whose one row of x is the projection of its context words."""
    cdef Window *window = blocks.windows + blocks.n
    begin_block(blocks, centre, 1, piece)
    blocks.positives[blocks.n * X_MAX] = one_positive(0)
    window.words = piece.words + centre.first
    window.n = centre.n
    window.centre = centre.pos - centre.first
    blocks.n_x[blocks.n] = 1
    blocks.n += 1


cdef void add_paths(Blocks *blocks, const Tree *tree) noexcept nogil:
    """Find the paths to the centres of the batch, and prefetch them: they are rarely cached."""
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
    """The most blocks that `span` centres may be divided into; see `fill_blocks`."""
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

    Predictions are skip-gram's pairs, CBOW's centres. A block has fewer than `span` centres where
    a word would be its centre twice, so that no row moves by too many gradients at a time,
    however few words there are. In skip-gram, centres with windows of more than X_MAX words make
    several blocks, each of which will have noise words of its own.
    """
    cdef Centre centres[SPAN_MAX]
    cdef int radius, begin, first, last, slices, width, n_centres, n_near, pos, begun, most
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
            radius = sampling.window
            if sampling.shrink_windows:
                radius = 1 + below(sampling.window, next_u32(rng))
            begin = max(piece.sentence_start, pos - radius)
            centres[n_near].pos = pos
            centres[n_near].first = begin
            centres[n_near].n = min(end, pos + radius + 1) - begin
            if centres[n_near].n > 1:           # else it has no context
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
            # The words that enter the window with these centres.
            blocks.entering[begun] = min(piece.pos + sampling.window, piece.n)
            blocks.n_entering[begun] = min(piece.n - blocks.entering[begun], n_centres)
        piece.pos += n_centres
    return predictions
