"""Windows: a centre word, the words around it, and the noise words drawn for it."""

from libc.stdint cimport int32_t, int64_t, uint32_t

from cw2v._rng cimport Rng


cdef struct NoiseColumn:        # of the alias table: the column drawn stays
    uint32_t accept             # where this is not below 32 random bits,
    uint32_t alias              # else this takes its place


cdef struct Sampling:           # what is drawn from, and how; shared by all workers, read only
    const uint32_t *keep        # (n_words,) kept where keep[word] >= 32 random bits
    const NoiseColumn *noise    # (n_words,)
    int32_t n_words
    int negative                # noise words per window; 0 for none
    int window                  # words on either side of the centre, at most
    bint shrink_windows         # draw each centre's reach from 1..window
    bint sg                     # skip-gram: else CBOW


cdef struct Tree:               # of hierarchical softmax: the path to each word, one after another
    const int64_t *starts       # (n_words + 1,) where each word's begins
    const uint32_t *path        # (n_total,) twice the node, plus 1 where the path turns left


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


cdef struct Windows:            # a batch of windows; item or row i of each array is window i
    int n
    int capacity
    int y_stride                # floats or words from one row of y to the next
    # The words around the centre: skip-gram's own row of `merged`, each once; CBOW's in the
    # piece, with the centre among them.
    const int32_t **x           # (capacity,)
    int32_t *n_x                # (capacity,) how many x has; skip-gram: at most X_MAX
    int32_t *place              # (capacity,) CBOW: where the centre is in x
    int32_t *ahead              # (capacity,) a word that windows to come will have in x, or -1
    int32_t *merged             # (capacity, X_MAX) skip-gram only, as is
    float *x_weight             # (capacity, X_MAX) how often each word stands there
    int32_t *y                  # (capacity, y_stride) the centre, then its noise words, each once
    float *y_weight             # (capacity, y_stride)
    int32_t *n_y                # (capacity,) how many y has, 1 to negative + 1
    int64_t *path_from          # (capacity,) where in the tree each centre's path begins
    int32_t *path_start         # (capacity + 1,) where in the next two each window's path begins
    int32_t *nodes              # (capacity * depth of the tree,) on the way to the centre
    float *turns_left           # (likewise, and a row stride) 1 where the path turns left, else 0


cdef void begin_piece(Piece *piece, const Corpus *corpus, int64_t first, int64_t last,
                      int64_t sentence, const Sampling *sampling, Rng *rng) noexcept nogil
cdef int64_t fill_windows(Windows *windows, Piece *piece, const Sampling *sampling,
                          Rng *rng, Rng *noise_rng) noexcept nogil
cdef void add_paths(Windows *windows, const Tree *tree) noexcept nogil
cdef int slices_of_widest(const Sampling *sampling) noexcept nogil
