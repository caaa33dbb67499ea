"""Blocks: a few centre words, their context words, and the noise words that they share."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from cw2v._rng cimport Rng

cdef enum:
    MARK_BITS = 11


cdef struct NoiseColumn:        # of the alias table (see cw2v/noise.py): the column that was drawn
    uint32_t accept             # is the noise word where accept >= 32 random bits,
    uint32_t alias              # else its alias is


cdef struct Sampling:           # tables and settings of sampling; shared by all workers, read only
    const uint32_t *keep        # (n_words,) a token is kept where keep[word] >= 32 random bits
    const NoiseColumn *noise    # (n_words,)
    int32_t n_words
    int span                    # centres in a block, 1 to SPAN_MAX; in CBOW 1
    int n_noise                 # noise words drawn for a block; 0 for none
    float noise_weight          # negative samples that each of them stands for, in each pair
    int noise_sets              # CBOW: sets of n_noise words, used in turn,
    int noise_uses              # and how often each is used before it is drawn anew
    int most_pairs              # of a word that occurs several times in a block's windows
    int window                  # the greatest radius of a window: words on either side
    bint shrink_windows         # draw the radius of each window from 1..window
    bint sg                     # skip-gram, else CBOW


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
    int32_t first_centre        # words before this one, and from `last_centre` on, are context
    int32_t last_centre         # only, where the piece begins or ends inside a sentence
    int32_t pos                 # the next centre, and the sentence it is in
    int32_t sentence
    int32_t sentence_start
    int32_t noise_turn          # CBOW: the set of noise words to use next,
    int32_t noise_round         # and how often all sets have been used


cdef struct Window:             # CBOW: the context words of a centre, and the centre
    const int32_t *words        # (n,)
    int32_t n
    int32_t centre              # its index in `words`


cdef struct NoiseSets:          # CBOW: noise words that several blocks share
    int32_t *n                  # (noise_sets,) how many distinct words each set has
    int32_t *words              # (noise_sets, n_noise)
    float *weights              # (noise_sets, n_noise) how many negative samples each stands for


cdef struct Marks:              # a filter of the words that a list may have, by their hash values
    uint8_t last[1 << MARK_BITS]    # the last list that had such a word, modulo 255
    uint8_t now                 # the present list


cdef struct Blocks:             # a batch of blocks; item or row i of each array is block i
    int n
    int capacity
    int y_stride                # floats or words from one row of y to the next
    # Rows of x: skip-gram's context words, each once; CBOW's one projection.
    int32_t *n_x                # (capacity,) how many there are, 1 to X_MAX
    int32_t *x                  # (capacity, X_MAX) skip-gram only
    Window *windows             # (capacity,) CBOW only
    # Rows of y: the centres, then the noise words, each once. `noise` and `positives` are
    # labels as in cw2v_labels of csrc/kernels.h.
    int32_t *n_y                # (capacity,) how many there are, 1 to span + n_noise
    int32_t *n_new              # (capacity,) how many of them, the first, need a prefetch
    int32_t *y                  # (capacity, y_stride)
    uint64_t *random            # (capacity * n_noise,) random bits that noise words are drawn by
    float *noise                # (capacity, y_stride)
    uint64_t *positives         # (capacity, X_MAX) a byte for each centre
    int32_t *entering           # (capacity,) where in the piece the words begin that enter the
    int32_t *n_entering         # (capacity,) window with this block, and how many they are
    Marks marks
    NoiseSets sets
    # Hierarchical softmax, whose blocks have one centre each:
    const uint32_t **path       # (capacity,) the path to each centre, in the tree,
    int32_t *n_path             # (capacity,) and its length


cdef inline void begin_list(Marks *marks) noexcept nogil:
    """Begin a list of distinct words."""
    marks.now += 1
    if marks.now == 0:
        memset(marks.last, 0, sizeof(marks.last))
        marks.now = 1


cdef inline int find_or_append(int32_t word, int32_t *words, int n, Marks *marks) noexcept nogil:
    """The index of `word` in a list of `n` distinct words; if missing, it is appended, at `n`."""
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
