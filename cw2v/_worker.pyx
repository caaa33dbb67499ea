# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""A worker: takes pieces of the corpus, one after another, and trains on them without the GIL."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

import numpy as np

from cw2v._kernels cimport X_MAX, Backend, cw2v_row_stride, find_backend
from cw2v._rng cimport Rng
from cw2v._sgns cimport Model, Scratch, Window, sgns_step
from cw2v._windows cimport (
    Corpus, NoiseColumn, Piece, Sampling, Windows, begin_piece, fill_windows, slices_of_widest,
)

cdef extern from "atomics.h" nogil:
    int64_t cw2v_take_next(int64_t *counter) noexcept
    int64_t cw2v_read(const int64_t *value) noexcept
    void cw2v_write(int64_t *value, int64_t to) noexcept
    double cw2v_read_double(const double *value) noexcept
    void cw2v_add(double *value, double more) noexcept

cdef enum:
    BATCH = 128                 # windows filled at a time, at least
    AHEAD = 2                   # windows between asking for a row and using it
    CACHE_LINE = 64


cdef struct Job:                # what all workers read, and the two values that they share
    Model model
    Corpus corpus
    Sampling sampling
    Backend backend
    const int64_t *piece_bounds         # (n_pieces + 1,) the tokens where pieces begin
    const int64_t *piece_sentences      # (n_pieces,) the sentence that each begins in
    int64_t n_pieces
    int64_t n_tokens
    int64_t *next_piece
    int64_t *stop
    double alpha
    double min_alpha
    int epochs


cdef struct State:              # one worker's
    Rng rng                     # subsampling and reaches
    Rng noise_rng               # noise words: drawn apart, a batch at a time
    Piece piece
    Windows windows
    Scratch scratch
    int64_t *words_done
    int64_t *words_kept
    int64_t *pairs_done
    double *loss                # of the pairs done; NULL unless it is asked for


# ---- the loop ------------------------------------------------------------------------------

cdef inline void prefetch(const Job *job, const Windows *windows, int i) noexcept nogil:
    """Ask for the rows of window i, and of the word that comes into reach next."""
    cdef const int32_t *y = windows.y + i * windows.y_stride
    cdef ptrdiff_t dim = job.model.dim
    cdef int j
    for j in range(windows.n_y[i]):
        job.backend.kernels.prefetch(job.model.w_out + y[j] * dim, dim)
    if windows.ahead[i] >= 0:
        job.backend.kernels.prefetch(job.model.w + windows.ahead[i] * dim, dim)


cdef void train_windows(const Job *job, State *state, float lr) noexcept nogil:
    """Take the steps of a batch of windows."""
    cdef Windows *windows = &state.windows
    cdef Window win
    cdef double sum_of_losses = 0
    cdef double *loss = &sum_of_losses if state.loss is not NULL else NULL
    cdef int i
    for i in range(min(AHEAD, windows.n)):
        prefetch(job, windows, i)
    for i in range(windows.n):
        if cw2v_read(job.stop):
            break
        if i + AHEAD < windows.n:
            prefetch(job, windows, i + AHEAD)
        win.x = windows.x + i * X_MAX
        win.y = windows.y + i * windows.y_stride
        win.x_weight = windows.x_weight + i * X_MAX
        win.y_weight = windows.y_weight + i * windows.y_stride
        win.n_x = windows.n_x[i]
        win.n_y = windows.n_y[i]
        sgns_step(&job.model, &win, lr, &job.backend, &state.scratch, loss)
    if loss is not NULL:
        cw2v_add(state.loss, sum_of_losses)


cdef void train_pieces(const Job *job, State *state, int epoch) noexcept nogil:
    """Take pieces of the corpus and train on them, until none is left or told to stop."""
    cdef int64_t number, first, last, pairs
    cdef double done
    cdef float lr
    while not cw2v_read(job.stop):
        number = cw2v_take_next(job.next_piece)
        if number >= job.n_pieces:
            break
        first, last = job.piece_bounds[number], job.piece_bounds[number + 1]
        # The rate depends on the place in the corpus alone, not on which worker is where.
        done = (epoch + <double> first / job.n_tokens) / job.epochs
        lr = <float> (job.alpha - (job.alpha - job.min_alpha) * done)
        begin_piece(&state.piece, &job.corpus, first, last, job.piece_sentences[number],
                    &job.sampling, &state.rng)
        cw2v_write(state.words_kept, state.words_kept[0] + state.piece.last_centre
                   - state.piece.first_centre)
        while not cw2v_read(job.stop):
            pairs = fill_windows(&state.windows, &state.piece, &job.sampling, &state.rng,
                                 &state.noise_rng)
            cw2v_write(state.pairs_done, state.pairs_done[0] + pairs)
            if state.windows.n == 0:
                break
            train_windows(job, state, lr)
        cw2v_write(state.words_done, state.words_done[0] + last - first)


# ---- what Python sees ------------------------------------------------------------------------

cdef class Shared:
    """The job of all workers. Keeps the arrays alive whose pointers it lends."""

    cdef Job job
    cdef object arrays
    cdef int64_t longest_piece
    cdef bint compute_loss

    def __init__(self, float[:, ::1] w, float[:, ::1] w_out, const int32_t[::1] ids,
                 const int64_t[::1] starts, const int64_t[::1] piece_bounds,
                 const int64_t[::1] piece_sentences, const uint32_t[::1] keep,
                 const uint32_t[:, ::1] noise, *, int window, int negative,
                 bint shrink_windows, double alpha, double min_alpha, int epochs,
                 bint compute_loss, str backend):
        cdef Job *job = &self.job
        # A cache line each for the next piece and for the flag that stops the workers.
        cdef int64_t[::1] counters = np.zeros(3 * CACHE_LINE // 8, np.int64)
        self.arrays = (w, w_out, ids, starts, piece_bounds, piece_sentences, keep, noise,
                       counters)
        self.longest_piece = np.diff(piece_bounds).max()
        self.compute_loss = compute_loss
        job.model.w = &w[0, 0]
        job.model.w_out = &w_out[0, 0]
        job.model.dim = w.shape[1]
        job.corpus.ids = &ids[0]
        job.corpus.starts = &starts[0]
        job.sampling.keep = &keep[0]
        job.sampling.noise = <const NoiseColumn *> &noise[0, 0]
        job.sampling.n_words = <int32_t> w.shape[0]
        job.sampling.negative = negative
        job.sampling.window = window
        job.sampling.shrink_windows = shrink_windows
        find_backend(backend, &job.backend)
        job.piece_bounds = &piece_bounds[0]
        job.piece_sentences = &piece_sentences[0]
        job.n_pieces = piece_sentences.shape[0]
        job.n_tokens = ids.shape[0]
        job.next_piece = &counters[CACHE_LINE // 8]
        job.stop = &counters[2 * CACHE_LINE // 8]
        job.alpha = alpha
        job.min_alpha = min_alpha
        job.epochs = epochs

    def begin_epoch(self):
        cw2v_write(self.job.next_piece, 0)

    def stop(self):
        cw2v_write(self.job.stop, 1)


cdef class Worker:
    """One worker's random state, scratch memory and totals."""

    cdef Shared shared
    cdef State state
    cdef list arrays

    def __init__(self, Shared shared, const uint64_t[::1] random_state):
        cdef const Job *job = &shared.job
        cdef State *state = &self.state
        cdef ptrdiff_t dim = job.model.dim, n_y = job.sampling.negative + 1
        cdef ptrdiff_t stride = cw2v_row_stride(<int> n_y)
        cdef ptrdiff_t capacity = BATCH + slices_of_widest(job.sampling.window)
        cdef ptrdiff_t n_kept = shared.longest_piece + 2 * job.sampling.window + 1
        cdef int i
        self.shared = shared
        self.arrays = []
        for i in range(4):
            state.rng.s[i], state.noise_rng.s[i] = random_state[i], random_state[4 + i]

        state.piece.words = <int32_t *> self.lend(np.int32, n_kept)
        state.piece.ends = <int32_t *> self.lend(np.int32, n_kept)

        state.windows.capacity = <int> capacity
        state.windows.y_stride = <int> stride
        state.windows.n_x = <int32_t *> self.lend(np.int32, capacity)
        state.windows.n_y = <int32_t *> self.lend(np.int32, capacity)
        state.windows.ahead = <int32_t *> self.lend(np.int32, capacity)
        state.windows.x = <int32_t *> self.lend(np.int32, capacity * X_MAX)
        state.windows.y = <int32_t *> self.lend(np.int32, capacity * stride)
        state.windows.x_weight = <float *> self.lend(np.float32, capacity * X_MAX)
        state.windows.y_weight = <float *> self.lend(np.float32, capacity * stride)

        state.scratch.x_rows = <float **> self.lend(np.uintp, X_MAX)
        state.scratch.y_rows = <float **> self.lend(np.uintp, n_y)
        state.scratch.g = <float *> self.lend(np.float32, X_MAX * stride)
        state.scratch.x = <float *> self.lend(np.float32, X_MAX * dim)
        if job.backend.blas:
            state.scratch.y = <float *> self.lend(np.float32, n_y * dim)
            state.scratch.dx = <float *> self.lend(np.float32, X_MAX * dim)
            state.scratch.dy = <float *> self.lend(np.float32, n_y * dim)

        state.words_done = <int64_t *> self.lend(np.int64, 1)
        state.words_kept = <int64_t *> self.lend(np.int64, 1)
        state.pairs_done = <int64_t *> self.lend(np.int64, 1)
        state.loss = <double *> self.lend(np.float64, 1) if shared.compute_loss else NULL

    cdef void *lend(self, dtype, ptrdiff_t n) except NULL:
        """Zeros that live as long as this worker, in cache lines of their own."""
        array = np.zeros(n * np.dtype(dtype).itemsize + 2 * CACHE_LINE, np.uint8)
        self.arrays.append(array)
        cdef size_t address = array.ctypes.data
        return <void *> ((address + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE)

    def run(self, int epoch):
        """Train on pieces until none is left in this epoch, counted from 0, or told to stop."""
        with nogil:
            train_pieces(&self.shared.job, &self.state, epoch)

    @property
    def words_done(self):
        return cw2v_read(self.state.words_done)

    @property
    def words_kept(self):
        return cw2v_read(self.state.words_kept)

    @property
    def pairs_done(self):
        return cw2v_read(self.state.pairs_done)

    @property
    def loss(self):
        return cw2v_read_double(self.state.loss) if self.state.loss is not NULL else 0.0
