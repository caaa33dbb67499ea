"""Blocks: a few centre words, the words around them, and the noise words that they share."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from cw2v._rng cimport Rng

cdef enum:
    MARK_BITS = 11


cdef struct NoiseColumn:        # of the alias table: the column drawn stays
    uint32_t accept             # where this is not below 32 random bits,
    uint32_t alias              # else this takes its place


cdef struct Sampling:           # what is drawn from, and how; shared by all workers, read only
    const uint32_t *keep        # (n_words,) kept where keep[word] >= 32 random bits
    const NoiseColumn *noise    # (n_words,)
    int32_t n_words
    int span                    # centres in a block, 1 to SEEN; in CBOW 1
    int n_noise                 # noise words drawn for a block; 0 for none
    float noise_weight          # and how often each counts for each pair
    int noise_sets              # CBOW: so many sets of n_noise words take turns,
    int noise_uses              # and each of them is used so often before it is drawn anew
    int most_pairs              # that a word of several places may have in a block
    int window                  # words on either side of a centre, at most
    bint shrink_windows         # draw each centre's reach from 1..window
    bint sg                     # skip-gram: else CBOW


cdef struct Tree:               # of hierarchical softmax: the path to each word, one after another
    const int64_t *starts       # (n_words + 1,) where each word's begins
    const uint32_t *path        # (n_total, and a row stride) as in cw2v_labels of csrc/kernels.h


cdef struct Corpus:
    const int32_t *ids          # (n_tokens,)
    const int64_t *starts       # (n_sentences + 1,)


cdef struct Piece:              # the words of one piece of the corpus that subsampling left
    int32_t *words              # (n,)
    int32_t *ends               # (n_sentences,) where each sentence ends in `words`
    int32_t n
    int32_t n_sentences
    int32_t first_centre        # words before this one and from `last_centre` on are context
    int32_t last_centre         # only: the piece begins or ends inside a sentence
    int32_t pos                 # the next centre, and the sentence it is in
    int32_t sentence
    int32_t sentence_start
    int32_t noise_turn          # CBOW: the set of noise words whose turn it is
    int32_t noise_round         # how often all of them have had their turn


cdef struct Around:             # CBOW: the words around one centre, the centre among them
    const int32_t *words        # (n,)
    int32_t n
    int32_t place               # where the centre is


cdef struct NoiseSets:          # CBOW: noise words that several blocks share
    int32_t *n                  # (noise_sets,) how many distinct words each set has
    int32_t *words              # (noise_sets, n_noise)
    float *weights              # (noise_sets, n_noise) how often each counts


cdef struct Marks:              # which words a list may have, by a hash value of theirs
    uint8_t last[1 << MARK_BITS]    # the last list that had such a word, modulo 255
    uint8_t now                 # the list now made


cdef struct Blocks:             # a batch of blocks; item or row i of each array is block i
    int n
    int capacity
    int y_stride                # floats or words from one row of y to the next
    # Rows of x: skip-gram's words around the centres, each once; CBOW's one projection.
    int32_t *n_x                # (capacity,) how many there are, 1 to X_MAX
    int32_t *x                  # (capacity, X_MAX) skip-gram only
    Around *around              # (capacity,) CBOW only
    # Rows of y: the centres, then the noise words, each once. What they are to score is in
    # terms of cw2v_labels of csrc/kernels.h.
    int32_t *n_y                # (capacity,) how many there are, 1 to span + n_noise
    int32_t *n_new              # (capacity,) how many of them, the first, are not in the cache
    int32_t *y                  # (capacity, y_stride)
    uint64_t *random            # (capacity * n_noise,) what they are drawn by
    float *noise                # (capacity, y_stride)
    uint64_t *seen              # (capacity, X_MAX) a byte for each column of a centre
    int32_t *ahead              # (capacity,) where in the piece the words begin that come into
    int32_t *n_ahead            # (capacity,) reach with this block, and how many they are
    Marks marks
    NoiseSets sets
    # Hierarchical softmax, whose blocks have one centre each:
    const uint32_t **path       # (capacity,) to each centre, in the tree,
    int32_t *n_path             # (capacity,) and its length


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


cdef void begin_piece(Piece *piece, const Corpus *corpus, int64_t first, int64_t last,
                      int64_t sentence, const Sampling *sampling, Rng *rng) noexcept nogil
cdef int64_t fill_blocks(Blocks *blocks, Piece *piece, const Sampling *sampling,
                         Rng *rng) noexcept nogil
cdef void add_paths(Blocks *blocks, const Tree *tree) noexcept nogil
cdef int blocks_of_widest(const Sampling *sampling) noexcept nogil
