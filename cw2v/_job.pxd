"""What a worker's loop works on: the job, which all workers share, and the worker's own state."""

from libc.stdint cimport int64_t, uint64_t

from cw2v._blocks cimport Blocks, Corpus, Piece, Sampling, Tree
from cw2v._hotrows cimport LocalRows
from cw2v._kernels cimport Backend
from cw2v._rng cimport Rng
from cw2v._step cimport Model, Scratch


cdef struct Job:                # read only but for W and W', `next_piece` and `stop`
    Model model
    Corpus corpus
    Sampling sampling
    Tree tree
    Backend backend
    int rows_per_step           # skip-gram: rows of W in a step, at most
    const float *ones           # (row stride of the longest path,)
    uint64_t rng_base[2]        # bases of the streams of random numbers; see _rng.pxd
    const int64_t *piece_bounds     # (n_pieces + 1,) the tokens where pieces begin
    const int64_t *piece_sentences  # (n_pieces,) the sentence that each begins in
    int64_t n_pieces
    int64_t n_tokens
    int64_t *next_piece         # the next piece to take, and a flag that stops all workers:
    int64_t *stop               # accessed by atomics.h only
    double alpha
    double min_alpha
    double epoch_part           # fraction of an epoch that the corpus is, for the learning rate
    int epochs


cdef struct PrefetchQueue:      # rows of a block to come; each step prefetches its share
    float **rows                # (n,)
    int n
    int next                    # the first that has not been prefetched
    int steps_left              # steps to share the others


cdef struct State:              # one worker's
    Rng rng                     # of subsampling and windows
    Rng noise_rng               # of noise words, which are drawn a batch at a time
    Piece piece
    Blocks blocks
    Scratch scratch
    int64_t *words_done         # totals, which the calling thread reads; see trainer.EpochResult
    int64_t *words_kept
    int64_t *predictions
    double *loss                # NULL unless it is computed
    PrefetchQueue queue         # of skip-gram without a tree; see `train_blocks`
    LocalRows w                 # W and each W', as this worker sees them
    LocalRows syn1neg
    LocalRows syn1
