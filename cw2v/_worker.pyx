# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""A worker: takes pieces of the corpus, one after another, and trains on them without the GIL."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from cw2v.hotrows import SLICES

from cw2v._blocks cimport (
    Blocks, NoiseColumn, Sampling, Window, add_paths, begin_piece, blocks_of_widest, fill_blocks,
)
from cw2v._cbow cimport cbow_step
from cw2v._hotrows cimport LocalRows, merge_all, merge_is_due, merge_next, reload
from cw2v._job cimport Job, State
from cw2v._kernels cimport SPAN_MAX, X_MAX, cw2v_prefetch_list, cw2v_row_stride, find_backend
from cw2v._noise cimport add_noise
from cw2v._prefetch cimport PREFETCH_DISTANCE, prefetch_block, queue_block, take_from_queue
from cw2v._rng cimport seed_rng
from cw2v._skipgram cimport skipgram_step
from cw2v._stages cimport (
    GATHER, MERGE, N_STAGES, NOISE, PATHS, PREFETCH, SUBSAMPLE, WINDOWS, Clock, cw2v_ticks, ends,
)
from cw2v._step cimport Model, Scratch, Targets, find_rows

cdef extern from "atomics.h" nogil:
    int64_t cw2v_take_next(int64_t *counter) noexcept
    int64_t cw2v_read(const int64_t *value) noexcept
    void cw2v_write(int64_t *value, int64_t to) noexcept
    double cw2v_read_double(const double *value) noexcept
    void cw2v_add(double *value, double more) noexcept

cdef enum:
    BATCH = 32                  # blocks filled at a time, at least
    LINE_PAIR = 128             # two cache lines: some CPUs fetch both of an aligned pair


GOLDEN_RATIO = 0.6180339887498949

STAGES = (
    "subsampling", "windows", "noise words", "paths", "prefetch", "gather", "products", "loss",
    "errors", "update", "scatter", "merge",
)
assert len(STAGES) == N_STAGES


# ---- the loop ------------------------------------------------------------------------------

cdef inline void take_steps(const Job *job, State *state, int i, Targets *targets, float lr,
                            double *loss) noexcept nogil:
    """Take the step of block i; in skip-gram, one for every few rows of W.

    Each of these steps uses W' as updated by the steps before.
    """
    cdef const Blocks *blocks = &state.blocks
    cdef int n_x = blocks.n_x[i], row = 0, most
    cdef cw2v_prefetch_list share
    targets.labels.positives = <const uint8_t *> (blocks.positives + i * X_MAX)
    find_rows(&job.model, targets, &state.scratch)
    ends(state.scratch.clock, GATHER)
    if not job.sampling.sg:
        cbow_step(&job.model, &state.w.matrix, blocks.windows + i, targets, lr, &job.backend,
                  &state.scratch, loss)
        return
    most = (n_x + job.rows_per_step - 1) // job.rows_per_step
    most = (n_x + most - 1) // most             # as even as possible
    state.queue.steps_left = (n_x + most - 1) // most
    while row < n_x:
        take_from_queue(&state.queue, &share)
        skipgram_step(&job.model, &state.w.matrix, blocks.x + i * X_MAX + row,
                      min(most, n_x - row), targets, lr, &job.backend, &state.scratch, &share,
                      loss)
        row += most
        targets.labels.positives += most * SPAN_MAX


cdef inline void train_on_path(const Job *job, State *state, int i, float lr,
                               double *loss) noexcept nogil:
    """Take the steps of hierarchical softmax: block i has one centre, and its path."""
    cdef const Blocks *blocks = &state.blocks
    cdef Targets targets
    targets.w_out = &state.syn1.matrix
    targets.n_y = blocks.n_path[i]
    targets.labels.noise = job.ones
    targets.labels.path = blocks.path[i]
    take_steps(job, state, i, &targets, lr, loss)


cdef inline void train_on_noise(const Job *job, State *state, int i, float lr,
                                double *loss) noexcept nogil:
    """Take the steps of negative sampling: the centres of block i, and their noise words."""
    cdef const Blocks *blocks = &state.blocks
    cdef Targets targets
    targets.w_out = &state.syn1neg.matrix
    targets.y = blocks.y + i * blocks.y_stride
    targets.n_y = blocks.n_y[i]
    targets.labels.noise = blocks.noise + i * blocks.y_stride
    targets.labels.path = NULL
    take_steps(job, state, i, &targets, lr, loss)


cdef void train_blocks(const Job *job, State *state, float lr) noexcept nogil:
    """Take the steps of a batch of blocks, prefetching the rows of blocks to come."""
    cdef int n = state.blocks.n, i
    cdef double sum_of_losses = 0
    cdef double *loss = &sum_of_losses if state.loss is not NULL else NULL
    # The steps of a skip-gram block share the prefetches. With a tree few rows are not cached, and
    # CBOW has a single step for each block: there all rows are prefetched between two blocks.
    cdef bint queued = job.sampling.sg and job.model.syn1 is NULL
    for i in range(min(PREFETCH_DISTANCE, n)):
        prefetch_block(job, state, i)
    for i in range(n):
        if cw2v_read(job.stop):
            break
        state.queue.n = state.queue.next = 0
        if i + PREFETCH_DISTANCE >= n:
            pass
        elif queued:
            queue_block(job, state, i + PREFETCH_DISTANCE)
            ends(state.scratch.clock, PREFETCH)
        else:
            prefetch_block(job, state, i + PREFETCH_DISTANCE)
            ends(state.scratch.clock, PREFETCH)
        if job.model.syn1 is not NULL:
            train_on_path(job, state, i, lr, loss)
        if job.model.syn1neg is not NULL:
            train_on_noise(job, state, i, lr, loss)
    if loss is not NULL:
        cw2v_add(state.loss, sum_of_losses)


cdef inline void merge_if_due(const Job *job, State *state, LocalRows *rows,
                              int32_t centres) noexcept nogil:
    """Merge the next of this worker's local rows at the end of each merge interval."""
    if merge_is_due(rows, centres):
        merge_next(rows, job.backend.kernels)
        ends(state.scratch.clock, MERGE)


cdef inline void merge_remaining(const Job *job, State *state, LocalRows *rows) noexcept nogil:
    """Merge all local rows, at the end of an epoch."""
    if rows.matrix.n_local != 0:
        merge_all(rows, job.backend.kernels)
        ends(state.scratch.clock, MERGE)


cdef void train_pieces(const Job *job, State *state, int epoch) noexcept nogil:
    """Take pieces of the corpus and train on them, until none is left or `stop` is set."""
    cdef int64_t number, first, last, predictions
    cdef double done
    cdef float lr
    cdef int32_t pos
    cdef bint taken = False
    cdef Clock *clock = state.scratch.clock
    if clock is not NULL:
        clock.last = cw2v_ticks()
    reload(&state.w)
    reload(&state.syn1neg)
    reload(&state.syn1)
    while not cw2v_read(job.stop):
        number = cw2v_take_next(job.next_piece)
        if number >= job.n_pieces:
            break
        taken = True
        first, last = job.piece_bounds[number], job.piece_bounds[number + 1]
        # The rate and the random numbers depend on the piece, not on the worker that takes it.
        seed_rng(&state.rng, job.rng_base[0], epoch * job.n_pieces + number)
        seed_rng(&state.noise_rng, job.rng_base[1], epoch * job.n_pieces + number)
        done = min(1.0, (epoch + job.epoch_part * first / job.n_tokens) / job.epochs)
        lr = <float> (job.alpha - (job.alpha - job.min_alpha) * done)
        begin_piece(&state.piece, &job.corpus, first, last, job.piece_sentences[number],
                    &job.sampling, &state.rng)
        ends(clock, SUBSAMPLE)
        cw2v_write(state.words_kept, state.words_kept[0] + state.piece.last_centre
                   - state.piece.first_centre)
        while not cw2v_read(job.stop):
            pos = state.piece.pos
            predictions = fill_blocks(&state.blocks, &state.piece, &job.sampling, &state.rng)
            ends(clock, WINDOWS)
            cw2v_write(state.predictions, state.predictions[0] + predictions)
            if state.blocks.n == 0:
                break
            if job.model.syn1neg is not NULL:
                add_noise(&state.blocks, &state.piece, &job.sampling, &state.noise_rng)
                ends(clock, NOISE)
            if job.model.syn1 is not NULL:
                add_paths(&state.blocks, &job.tree)
                ends(clock, PATHS)
            train_blocks(job, state, lr)
            merge_if_due(job, state, &state.w, state.piece.pos - pos)
            merge_if_due(job, state, &state.syn1neg, state.piece.pos - pos)
            merge_if_due(job, state, &state.syn1, state.piece.pos - pos)
        cw2v_write(state.words_done, state.words_done[0] + last - first)
    if taken:
        merge_remaining(job, state, &state.w)
        merge_remaining(job, state, &state.syn1neg)
        merge_remaining(job, state, &state.syn1)


# ---- what Python sees ------------------------------------------------------------------------

cdef class Shared:
    """The job of all workers. Keeps the arrays alive whose pointers it borrows."""

    cdef Job job
    cdef list arrays
    cdef int64_t longest_piece
    cdef int most_y             # rows of W' of a block, at most
    cdef int depth              # of the tree, 0 without one
    cdef bint compute_loss
    cdef object hot_rows        # a cw2v.hotrows.ModelHotRows

    def __init__(self, weights, tables, const int32_t[::1] ids, const int64_t[::1] starts,
                 const int64_t[::1] piece_bounds, const int64_t[::1] piece_sentences,
                 const uint64_t[::1] rng_base, params, str backend, *, double alpha,
                 double min_alpha, int epochs, double epoch_part=1.0):
        cdef Job *job = &self.job
        # A line pair each for the next piece and for the stop flag, against false sharing.
        cdef int64_t[::1] counters = np.zeros(3 * LINE_PAIR // 8, np.int64)
        self.arrays = [ids, starts, piece_bounds, piece_sentences, counters]
        self.longest_piece = np.diff(piece_bounds).max()
        self.most_y = 1
        self.compute_loss = params.compute_loss
        find_backend(backend, &job.backend)
        self.borrow_model(weights, params)
        self.borrow_sampling(tables, params)
        job.rows_per_step = tables.sharing.rows
        self.hot_rows = tables.hot_rows
        if params.hs:
            self.borrow_tree(tables)
        job.corpus.ids = &ids[0]
        job.corpus.starts = &starts[0]
        job.rng_base[0], job.rng_base[1] = rng_base[0], rng_base[1]
        job.piece_bounds = &piece_bounds[0]
        job.piece_sentences = &piece_sentences[0]
        job.n_pieces = piece_sentences.shape[0]
        job.n_tokens = ids.shape[0]
        job.next_piece = &counters[LINE_PAIR // 8]
        job.stop = &counters[2 * LINE_PAIR // 8]
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
        sharing = tables.sharing
        cdef const uint32_t[::1] keep = tables.keep
        cdef const uint32_t[:, ::1] noise = tables.noise
        self.arrays += [keep, noise]
        sampling.keep = &keep[0]
        sampling.noise = <const NoiseColumn *> &noise[0, 0] if params.negative else NULL
        sampling.n_words = <int32_t> keep.shape[0]
        sampling.span = sharing.span
        sampling.n_noise = sharing.n_noise
        sampling.noise_sets, sampling.noise_uses = sharing.sets, sharing.uses
        if sharing.n_noise:
            sampling.noise_weight = <float> (<double> params.negative / sharing.n_noise)
        sampling.most_pairs = sharing.most_pairs
        sampling.window = params.window
        sampling.shrink_windows = params.shrink_windows
        sampling.sg = params.sg
        self.most_y = max(self.most_y, sampling.span + sampling.n_noise)
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
        cw2v_write(self.job.stop, 0)        # the last epoch may have been stopped

    def stop(self):
        cw2v_write(self.job.stop, 1)


cdef class Worker:
    """One worker's scratch memory and totals."""

    cdef Shared shared
    cdef State state
    cdef list arrays

    def __init__(self, Shared shared, int number=0, *, bint profile=False):
        cdef const Job *job = &shared.job
        cdef State *state = &self.state
        cdef Blocks *blocks = &state.blocks
        cdef Scratch *scratch = &state.scratch
        cdef ptrdiff_t dim = job.model.dim, n_y = shared.most_y
        cdef ptrdiff_t y_stride = cw2v_row_stride(job.sampling.span + job.sampling.n_noise)
        cdef ptrdiff_t capacity = BATCH + blocks_of_widest(&job.sampling)
        cdef ptrdiff_t widest = 2 * job.sampling.window
        cdef ptrdiff_t n_kept = shared.longest_piece + widest + 1
        cdef ptrdiff_t n_sets = job.sampling.noise_sets, n_noise = job.sampling.n_noise
        self.shared = shared
        self.arrays = []

        state.piece.words = <int32_t *> self.lend(np.int32, n_kept)
        state.piece.ends = <int32_t *> self.lend(np.int32, n_kept)

        blocks.capacity = <int> capacity
        blocks.y_stride = <int> y_stride
        blocks.n_x = <int32_t *> self.lend(np.int32, capacity)
        blocks.n_y = <int32_t *> self.lend(np.int32, capacity)
        blocks.n_new = <int32_t *> self.lend(np.int32, capacity)
        blocks.entering = <int32_t *> self.lend(np.int32, capacity)
        blocks.n_entering = <int32_t *> self.lend(np.int32, capacity)
        blocks.y = <int32_t *> self.lend(np.int32, capacity * y_stride)
        blocks.random = <uint64_t *> self.lend(np.uint64, capacity * n_noise)
        blocks.noise = <float *> self.lend(np.float32, capacity * y_stride)
        blocks.positives = <uint64_t *> self.lend(np.uint64, capacity * X_MAX)
        if job.sampling.sg:
            blocks.x = <int32_t *> self.lend(np.int32, capacity * X_MAX)
        else:
            blocks.windows = <Window *> self.lend(np.uint8, capacity * sizeof(Window))
            blocks.sets.n = <int32_t *> self.lend(np.int32, n_sets)
            blocks.sets.words = <int32_t *> self.lend(np.int32, n_sets * n_noise)
            blocks.sets.weights = <float *> self.lend(np.float32, n_sets * n_noise)

        if job.model.syn1 is not NULL:
            blocks.path = <const uint32_t **> self.lend(np.uintp, capacity)
            blocks.n_path = <int32_t *> self.lend(np.int32, capacity)

        self.lend_local_rows(&state.w, job.model.w, shared.hot_rows.w, number)
        self.lend_local_rows(&state.syn1neg, job.model.syn1neg, shared.hot_rows.syn1neg, number)
        self.lend_local_rows(&state.syn1, job.model.syn1, shared.hot_rows.syn1, number)

        state.queue.rows = <float **> self.lend(np.uintp, n_y + job.sampling.span)
        scratch.x_rows = <float **> self.lend(np.uintp, max(X_MAX, widest + 1))
        scratch.y_rows = <float **> self.lend(np.uintp, n_y)
        scratch.g = <float *> self.lend(np.float32, X_MAX * cw2v_row_stride(<int> n_y))
        scratch.x = <float *> self.lend(np.float32, X_MAX * dim)
        scratch.dx = <float *> self.lend(np.float32, X_MAX * dim)
        if job.backend.blas is not NULL:
            scratch.y = <float *> self.lend(np.float32, n_y * dim)
            scratch.dy = <float *> self.lend(np.float32, n_y * dim)
        if job.model.lockf is not NULL:
            scratch.locked = <float *> self.lend(np.float32, 2 * X_MAX * dim)

        scratch.clock = <Clock *> self.lend(np.uint8, sizeof(Clock)) if profile else NULL

        state.words_done = <int64_t *> self.lend(np.int64, 1)
        state.words_kept = <int64_t *> self.lend(np.int64, 1)
        state.predictions = <int64_t *> self.lend(np.int64, 1)
        state.loss = <double *> self.lend(np.float64, 1) if shared.compute_loss else NULL

    cdef void *lend(self, dtype, ptrdiff_t n) except NULL:
        """Memory of zeros that lives as long as this worker, in cache lines of its own."""
        array = np.zeros(n * np.dtype(dtype).itemsize + 2 * LINE_PAIR, np.uint8)
        self.arrays.append(array)
        cdef size_t address = array.ctypes.data
        return <void *> ((address + LINE_PAIR - 1) // LINE_PAIR * LINE_PAIR)

    cdef int lend_local_rows(self, LocalRows *rows, float *matrix, hot, int number) except -1:
        """Lend memory for copies of the rows `hot`, a cw2v.hotrows.HotRows or None, of a matrix."""
        cdef ptrdiff_t dim = self.shared.job.model.dim
        cdef const float[::1] factors
        cdef ptrdiff_t first
        rows.matrix.shared, rows.matrix.n_local, rows.matrix.first_local = matrix, 0, 0
        rows.dim = dim
        if hot is None:
            return 0
        first, factors = hot.first, hot.factors
        self.arrays.append(factors)
        rows.factors = &factors[0]
        rows.local = <float *> self.lend(np.float32, factors.shape[0] * dim)
        rows.base = <float *> self.lend(np.float32, factors.shape[0] * dim)
        rows.matrix.n_local, rows.matrix.first_local = <uint32_t> factors.shape[0], <uint32_t> first
        rows.matrix.to_local = <char *> rows.local - <char *> (matrix + first * dim)
        rows.hottest, rows.n_hottest = hot.hottest, hot.n_hottest
        if rows.n_hottest < factors.shape[0]:       # else all of them are merged each time
            rows.slice = (factors.shape[0] + SLICES - 1) // SLICES
        # Each worker begins with another slice and at another time, so that two rarely merge the
        # same rows at once. Multiples of the golden ratio are spread evenly, however many.
        rows.next = <int> (number * rows.slice % factors.shape[0])
        rows.merge_interval = hot.merge_interval
        rows.centres_since_merge = <int32_t> (number * GOLDEN_RATIO % 1 * rows.merge_interval)
        return 0

    def run(self, int epoch):
        """Train until no piece of epoch `epoch`, from 0 on, is left, or `Shared.stop` is called."""
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

    @property
    def ticks(self):
        """How long each stage took, in units of `cw2v_ticks`; {} without `profile`."""
        cdef const Clock *clock = self.state.scratch.clock
        if clock is NULL:
            return {}
        return {name: clock.spent[stage] for stage, name in enumerate(STAGES)}
