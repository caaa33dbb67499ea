# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""A worker: takes pieces of the corpus, one after another, and trains on them without the GIL."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

import numpy as np

from cw2v._cbow cimport cbow_step
from cw2v._kernels cimport X_MAX, Backend, cw2v_row_stride, find_backend
from cw2v._ownrows cimport OwnRows, give_part, start_anew
from cw2v._rng cimport Rng, seed_rng
from cw2v._skipgram cimport skipgram_step
from cw2v._step cimport Model, Scratch, Targets
from cw2v._windows cimport (
    Corpus, NoiseColumn, Piece, Sampling, Tree, Windows, add_paths, begin_piece, fill_windows,
    slices_of_widest,
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
    # All rows of a window score the nodes near the root, at every window: more of them at a time
    # make the steps of these nodes too long. With 16, analogies fell by 0.008.
    PATH_ROWS = 4
    NEAR_ROOT = 5               # levels of the tree that are in the cache all the time
    OWN_NODES = 63              # nodes near the root that each of several workers has copies of
    OWN_BATCHES = 2             # between two times that it gives its part to the others
    CACHE_LINE = 64


cdef struct Job:                # what all workers read, and the two values that they share
    Model model
    Corpus corpus
    Sampling sampling
    Tree tree
    Backend backend
    const float *noise_label            # (row stride of negative + 1,) 1 for the observed word
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


cdef struct State:              # one worker's
    Rng rng                     # subsampling and reaches
    Rng noise_rng               # noise words: drawn apart, a batch at a time
    Piece piece
    Windows windows
    Scratch scratch
    int64_t *words_done
    int64_t *words_kept
    int64_t *predictions
    double *loss                # of the predictions; NULL unless it is asked for
    OwnRows own                 # of the nodes near the root
    int32_t first_own           # the first of these nodes


# ---- the loop ------------------------------------------------------------------------------

cdef inline void prefetch(const Job *job, const Windows *windows, int i) noexcept nogil:
    """Ask for the rows of window i, and of the word that comes into reach next."""
    cdef const int32_t *y = windows.y + i * windows.y_stride
    cdef ptrdiff_t dim = job.model.dim
    cdef int j
    if job.model.syn1 is not NULL:
        # What lies nearer to the root is on the way to so many words that it is in the cache.
        for j in range(windows.path_start[i] + NEAR_ROOT, windows.path_start[i + 1]):
            job.backend.kernels.prefetch(job.model.syn1 + windows.nodes[j] * dim, dim)
    if job.model.syn1neg is not NULL:
        for j in range(windows.n_y[i]):
            job.backend.kernels.prefetch(job.model.syn1neg + y[j] * dim, dim)
    if windows.ahead[i] >= 0:
        job.backend.kernels.prefetch(job.model.w + windows.ahead[i] * dim, dim)


cdef inline void take_step(const Job *job, State *state, int i, const Targets *targets,
                           int most_rows, float lr, double *loss) noexcept nogil:
    """Take the step of window i; skip-gram's for at most so many rows of W at a time."""
    cdef Windows *windows = &state.windows
    cdef int first = 0, n_x = windows.n_x[i]
    if job.sampling.sg:
        while first < n_x:
            skipgram_step(&job.model, windows.x[i] + first,
                          windows.x_weight + i * X_MAX + first, min(most_rows, n_x - first),
                          targets, lr, &job.backend, &state.scratch, loss)
            first += most_rows
    else:
        cbow_step(&job.model, windows.x[i], n_x, windows.place[i], targets, lr, &job.backend,
                  &state.scratch, loss)


cdef void train_windows(const Job *job, State *state, float lr) noexcept nogil:
    """Take the steps of a batch of windows."""
    cdef Windows *windows = &state.windows
    cdef Targets targets
    cdef double sum_of_losses = 0
    cdef double *loss = &sum_of_losses if state.loss is not NULL else NULL
    cdef int i, path
    for i in range(min(AHEAD, windows.n)):
        prefetch(job, windows, i)
    for i in range(windows.n):
        if cw2v_read(job.stop):
            break
        if i + AHEAD < windows.n:
            prefetch(job, windows, i + AHEAD)
        if job.model.syn1 is not NULL:
            path = windows.path_start[i]
            targets.w_out = job.model.syn1
            targets.first_own = state.first_own
            targets.own = state.own.own
            targets.y = windows.nodes + path
            targets.label = windows.turns_left + path
            targets.weight = job.ones
            targets.n_y = windows.path_start[i + 1] - path
            take_step(job, state, i, &targets, PATH_ROWS, lr, loss)
        if job.model.syn1neg is not NULL:
            targets.w_out = job.model.syn1neg
            targets.first_own = job.sampling.n_words
            targets.y = windows.y + i * windows.y_stride
            targets.label = job.noise_label
            targets.weight = windows.y_weight + i * windows.y_stride
            targets.n_y = windows.n_y[i]
            take_step(job, state, i, &targets, X_MAX, lr, loss)
    if loss is not NULL:
        cw2v_add(state.loss, sum_of_losses)


cdef void train_pieces(const Job *job, State *state, int epoch) noexcept nogil:
    """Take pieces of the corpus and train on them, until none is left or told to stop."""
    cdef int64_t number, first, last, predictions
    cdef double done
    cdef float lr
    cdef int batches = 0
    start_anew(&state.own)
    while not cw2v_read(job.stop):
        number = cw2v_take_next(job.next_piece)
        if number >= job.n_pieces:
            break
        first, last = job.piece_bounds[number], job.piece_bounds[number + 1]
        # The rate and the random numbers depend on the place in the corpus alone, not on
        # which worker is where.
        seed_rng(&state.rng, job.rng_base[0], epoch * job.n_pieces + number)
        seed_rng(&state.noise_rng, job.rng_base[1], epoch * job.n_pieces + number)
        done = min(1.0, (epoch + job.epoch_part * first / job.n_tokens) / job.epochs)
        lr = <float> (job.alpha - (job.alpha - job.min_alpha) * done)
        begin_piece(&state.piece, &job.corpus, first, last, job.piece_sentences[number],
                    &job.sampling, &state.rng)
        cw2v_write(state.words_kept, state.words_kept[0] + state.piece.last_centre
                   - state.piece.first_centre)
        while not cw2v_read(job.stop):
            predictions = fill_windows(&state.windows, &state.piece, &job.sampling, &state.rng,
                                       &state.noise_rng)
            cw2v_write(state.predictions, state.predictions[0] + predictions)
            if state.windows.n == 0:
                break
            if job.model.syn1 is not NULL:
                add_paths(&state.windows, &job.tree)
            train_windows(job, state, lr)
            batches += 1
            if batches % OWN_BATCHES == 0:
                give_part(&state.own)
        cw2v_write(state.words_done, state.words_done[0] + last - first)
    give_part(&state.own)


# ---- what Python sees ------------------------------------------------------------------------

cdef class Shared:
    """The job of all workers. Keeps the arrays alive whose pointers it lends."""

    cdef Job job
    cdef list arrays
    cdef int64_t longest_piece
    cdef int most_y             # rows of W' that a window scores
    cdef int depth              # of the tree, 0 without one
    cdef bint compute_loss

    def __init__(self, weights, tables, const int32_t[::1] ids, const int64_t[::1] starts,
                 const int64_t[::1] piece_bounds, const int64_t[::1] piece_sentences,
                 const uint64_t[::1] rng_base, params, str backend, *, double alpha,
                 double min_alpha, int epochs, double epoch_part=1.0):
        cdef Job *job = &self.job
        # A cache line each for the next piece and for the flag that stops the workers.
        cdef int64_t[::1] counters = np.zeros(3 * CACHE_LINE // 8, np.int64)
        self.arrays = [ids, starts, piece_bounds, piece_sentences, counters]
        self.longest_piece = np.diff(piece_bounds).max()
        self.most_y = 1
        self.compute_loss = params.compute_loss
        find_backend(backend, &job.backend)
        self.borrow_model(weights, params)
        self.borrow_sampling(tables, params)
        if params.hs:
            self.borrow_tree(tables)
        job.corpus.ids = &ids[0]
        job.corpus.starts = &starts[0]
        job.rng_base[0], job.rng_base[1] = rng_base[0], rng_base[1]
        job.piece_bounds = &piece_bounds[0]
        job.piece_sentences = &piece_sentences[0]
        job.n_pieces = piece_sentences.shape[0]
        job.n_tokens = ids.shape[0]
        job.next_piece = &counters[CACHE_LINE // 8]
        job.stop = &counters[2 * CACHE_LINE // 8]
        job.alpha = alpha
        job.min_alpha = min_alpha
        job.epochs = epochs
        job.epoch_part = epoch_part

    cdef float *borrow_matrix(self, matrix) except NULL:
        cdef float[:, ::1] view = matrix
        self.arrays.append(view)
        return &view[0, 0]

    cdef int borrow_model(self, weights, params) except -1:
        cdef Model *model = &self.job.model
        cdef const float[::1] lockf = weights.lockf
        model.w = self.borrow_matrix(weights.w)
        model.dim = weights.w.shape[1]
        model.syn1neg = self.borrow_matrix(weights.syn1neg) if params.negative else NULL
        model.syn1 = self.borrow_matrix(weights.syn1) if params.hs else NULL
        model.cbow_mean = params.cbow_mean
        model.corrected_cbow = params.corrected_cbow
        model.lockf = NULL
        if lockf is not None and not (np.asarray(lockf) == 1).all():
            self.arrays.append(lockf)
            model.lockf = &lockf[0]
            model.lockf_stride = 1 if lockf.shape[0] > 1 else 0
        return 0

    cdef int borrow_sampling(self, tables, params) except -1:
        cdef Sampling *sampling = &self.job.sampling
        cdef const uint32_t[::1] keep = tables.keep
        cdef const uint32_t[:, ::1] noise = tables.noise
        cdef const float[::1] label = tables.noise_label
        self.arrays += [keep, noise, label]
        sampling.keep = &keep[0]
        sampling.noise = <const NoiseColumn *> &noise[0, 0] if params.negative else NULL
        sampling.n_words = <int32_t> keep.shape[0]
        sampling.negative = params.negative
        sampling.window = params.window
        sampling.shrink_windows = params.shrink_windows
        sampling.sg = params.sg
        self.job.noise_label = &label[0]
        self.most_y = max(self.most_y, sampling.negative + 1)
        return 0

    cdef int borrow_tree(self, tables) except -1:
        cdef const int64_t[::1] starts = tables.tree_starts
        cdef const uint32_t[::1] path = tables.tree_path
        cdef const float[::1] ones = tables.ones
        self.arrays += [starts, path, ones]
        self.job.tree.starts = &starts[0]
        self.job.tree.path = &path[0]
        self.job.ones = &ones[0]
        self.depth = tables.tree_depth
        self.most_y = max(self.most_y, tables.tree_depth)
        return 0

    def begin_epoch(self):
        cw2v_write(self.job.next_piece, 0)

    def stop(self):
        cw2v_write(self.job.stop, 1)


cdef class Worker:
    """One worker's scratch memory and totals."""

    cdef Shared shared
    cdef State state
    cdef list arrays

    def __init__(self, Shared shared, int n_workers=1):
        cdef const Job *job = &shared.job
        cdef State *state = &self.state
        cdef Windows *windows = &state.windows
        cdef Scratch *scratch = &state.scratch
        cdef ptrdiff_t dim = job.model.dim, n_y = shared.most_y
        cdef ptrdiff_t noise_stride = cw2v_row_stride(job.sampling.negative + 1)
        cdef ptrdiff_t capacity = BATCH + slices_of_widest(&job.sampling)
        cdef ptrdiff_t widest = 2 * job.sampling.window
        cdef ptrdiff_t n_kept = shared.longest_piece + widest + 1
        cdef ptrdiff_t n_nodes
        cdef ptrdiff_t n_x = X_MAX if job.sampling.sg else 1  # rows that a step is taken for
        self.shared = shared
        self.arrays = []

        state.piece.words = <int32_t *> self.lend(np.int32, n_kept)
        state.piece.ends = <int32_t *> self.lend(np.int32, n_kept)

        windows.capacity = <int> capacity
        windows.y_stride = <int> noise_stride
        windows.x = <const int32_t **> self.lend(np.uintp, capacity)
        windows.n_x = <int32_t *> self.lend(np.int32, capacity)
        windows.place = <int32_t *> self.lend(np.int32, capacity)
        windows.n_y = <int32_t *> self.lend(np.int32, capacity)
        windows.ahead = <int32_t *> self.lend(np.int32, capacity)
        windows.y = <int32_t *> self.lend(np.int32, capacity * noise_stride)
        windows.y_weight = <float *> self.lend(np.float32, capacity * noise_stride)
        if job.sampling.sg:
            windows.merged = <int32_t *> self.lend(np.int32, capacity * X_MAX)
            windows.x_weight = <float *> self.lend(np.float32, capacity * X_MAX)

        if shared.depth:
            n_nodes = capacity * shared.depth
            windows.path_from = <int64_t *> self.lend(np.int64, capacity)
            windows.path_start = <int32_t *> self.lend(np.int32, capacity + 1)
            windows.nodes = <int32_t *> self.lend(np.int32, n_nodes)
            windows.turns_left = <float *> self.lend(
                np.float32, n_nodes + cw2v_row_stride(shared.depth)
            )

        # The nodes near the root were made last: they have the highest numbers below n_words - 1.
        state.first_own = job.sampling.n_words
        if shared.depth and n_workers > 1:
            state.first_own = max(0, job.sampling.n_words - 1 - OWN_NODES)
            state.own.shared = job.model.syn1 + state.first_own * dim
            state.own.size = (job.sampling.n_words - 1 - state.first_own) * dim
            state.own.own = <float *> self.lend(np.float32, state.own.size)
            state.own.before = <float *> self.lend(np.float32, state.own.size)
            state.own.part = <float> (1.0 / n_workers)

        scratch.x_rows = <float **> self.lend(np.uintp, max(X_MAX, widest + 1))
        scratch.y_rows = <float **> self.lend(np.uintp, n_y)
        scratch.g = <float *> self.lend(np.float32, n_x * cw2v_row_stride(<int> n_y))
        scratch.x = <float *> self.lend(np.float32, n_x * dim)
        scratch.dx = <float *> self.lend(np.float32, n_x * dim)
        if job.backend.blas:
            scratch.y = <float *> self.lend(np.float32, n_y * dim)
            scratch.dy = <float *> self.lend(np.float32, n_y * dim)
        if job.model.lockf is not NULL:
            scratch.locked = <float *> self.lend(np.float32, 2 * n_x * dim)

        state.words_done = <int64_t *> self.lend(np.int64, 1)
        state.words_kept = <int64_t *> self.lend(np.int64, 1)
        state.predictions = <int64_t *> self.lend(np.int64, 1)
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
    def predictions(self):
        return cw2v_read(self.state.predictions)

    @property
    def loss(self):
        return cw2v_read_double(self.state.loss) if self.state.loss is not NULL else 0.0


# ---- for the tests -------------------------------------------------------------------------

def own_rows_given(float[:, ::1] shared, float[:, ::1] own, float[:, ::1] before, float part):
    """Add a part of the change from `before` to `own` to `shared`, all changed in place."""
    cdef OwnRows rows
    rows.shared, rows.own, rows.before = &shared[0, 0], &own[0, 0], &before[0, 0]
    rows.size, rows.part = shared.shape[0] * shared.shape[1], part
    give_part(&rows)
