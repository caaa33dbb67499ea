"""What a worker's loop works on: the job, which all workers share, and its own state."""

from libc.stdint cimport int64_t, uint64_t

from cw2v._blocks cimport Blocks, Corpus, Piece, Sampling, Tree
from cw2v._hotrows cimport LocalRows
from cw2v._kernels cimport Backend
from cw2v._rng cimport Rng
from cw2v._step cimport Model, Scratch


cdef struct Job:                # what all workers read, and the two values that they share
    Model model
    Corpus corpus
    Sampling sampling
    Tree tree
    Backend backend
    int rows                            # of W that take a step together
    const float *ones                   # (row stride of the longest path,)
    uint64_t rng_base[2]                # names the streams of random numbers; see _rng.pxd
    const int64_t *piece_bounds         # (n_pieces + 1,) the tokens where pieces begin
    const int64_t *piece_sentences      # (n_pieces,) the sentence that each begins in
    int64_t n_pieces
    int64_t n_tokens
    int64_t *next_piece
    int64_t *stop
    double alpha
    double min_alpha
    double epoch_part           # by how much of an epoch the corpus lowers the rate
    int epochs


cdef struct Soon:               # rows of a block to come; each step asks for its share
    float **rows
    int n
    int at                      # the first that has not been asked for
    int steps                   # how many there will be until all have


cdef struct State:              # one worker's
    Rng rng                     # subsampling and reaches
    Rng noise_rng               # noise words: drawn apart, a batch at a time
    Piece piece
    Blocks blocks
    Scratch scratch
    int64_t *words_done
    int64_t *words_kept
    int64_t *predictions
    double *loss                # of the predictions; NULL unless it is asked for
    Soon soon                   # of skip-gram without a tree; see `train_blocks`
    LocalRows w                   # W and W', as this worker sees them
    LocalRows syn1neg
    LocalRows syn1
