# cython: boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The log-probability of sentences by hierarchical softmax: gensim's `score`."""

import numpy as np

from libc.math cimport exp, log
from libc.stdint cimport int32_t, int64_t, uint8_t
from scipy.linalg.cython_blas cimport dsdot, saxpy, sscal

cdef enum:
    TABLE_SIZE = 1000
    LARGEST = 6           # beyond this, a product is not in the table

# log(sigmoid(x)) for x from -LARGEST on, as word2vec.c has the sigmoid.
cdef float[TABLE_SIZE] log_sigmoid


cdef void fill_table() noexcept:
    cdef int i
    cdef float value
    for i in range(TABLE_SIZE):
        value = <float> exp((i / <float> TABLE_SIZE * 2 - 1) * LARGEST)
        log_sigmoid[i] = <float> log(<float> (value / (value + 1)))


fill_table()


cdef struct Model:
    const float *w              # (n_words, dim)
    const float *syn1           # (n_words, dim)
    const int64_t *tree_starts  # (n_words + 1,); see cw2v.huffman.HuffmanTree
    const int32_t *points
    const uint8_t *codes
    int dim


def score_sentences(const int32_t[::1] ids not None, const int64_t[::1] starts not None,
                    weights, int window, bint sg, bint cbow_mean):
    """Return the log-probability of each sentence.

    Parameters
    ----------
    ids : ndarray of int32, shape (n_tokens,)
    starts : ndarray of int64, shape (n_sentences + 1,)
        Where sentences start, rising from 0, and n_tokens.
    weights : Weights
        With syn1 and tree.
    window : int, at least 1
    sg, cbow_mean : bool
        How the model was trained.

    Returns
    -------
    ndarray of float32, shape (n_sentences,)
    """
    cdef const float[:, ::1] w = weights.w, syn1 = weights.syn1
    cdef const int64_t[::1] tree_starts = weights.tree.starts
    cdef const int32_t[::1] points = weights.tree.points
    cdef const uint8_t[::1] codes = weights.tree.codes
    cdef Py_ssize_t n_words = w.shape[0], n_sentences = starts.shape[0] - 1, i
    cdef float[::1] scores = np.zeros(n_sentences, dtype=np.float32)
    cdef float[::1] mean = np.zeros(w.shape[1], dtype=np.float32)
    cdef Model model
    if ids.shape[0] == 0 or points.shape[0] == 0:
        return np.asarray(scores)
    if np.min(ids) < 0 or np.max(ids) >= n_words:
        raise ValueError("an id is out of range")
    if starts[0] != 0 or starts[n_sentences] != ids.shape[0] or np.any(np.diff(starts) < 0):
        raise ValueError("starts must rise from 0 to the number of ids")
    model.w, model.syn1, model.dim = &w[0, 0], &syn1[0, 0], <int> w.shape[1]
    model.tree_starts, model.points, model.codes = &tree_starts[0], &points[0], &codes[0]
    with nogil:
        for i in range(n_sentences):
            if starts[i + 1] > starts[i]:
                scores[i] = sentence_score(
                    &model, &ids[starts[i]], starts[i + 1] - starts[i], window, sg, cbow_mean,
                    &mean[0])
    return np.asarray(scores)


cdef float sentence_score(const Model *model, const int32_t *ids, Py_ssize_t n, int window,
                          bint sg, bint cbow_mean, float *mean) noexcept nogil:
    """Return the sum over all words; `mean` (dim,) is scratch memory."""
    cdef float score = 0
    cdef Py_ssize_t pos, other
    cdef int n_others, one = 1, dim = model.dim
    cdef float unit = 1, share
    for pos in range(n):
        if not sg:
            for other in range(dim):
                mean[other] = 0
        n_others = 0
        for other in range(max(0, pos - window), min(n, pos + window + 1)):
            if other == pos:
                continue
            if sg:
                add_path(model, ids[pos], row(model.w, ids[other], dim), &score)
            else:
                n_others += 1
                saxpy(&dim, &unit, <float *> row(model.w, ids[other], dim), &one, mean, &one)
        if sg:
            continue
        if cbow_mean and n_others:
            share = unit / n_others
            sscal(&dim, &share, mean, &one)
        add_path(model, ids[pos], mean, &score)
    return score


cdef void add_path(const Model *model, int32_t word, const float *x, float *score) noexcept nogil:
    """Add the log-probability of the path to `word`, from `x` (dim,)."""
    cdef int64_t step
    cdef int one = 1, dim = model.dim
    cdef float product
    for step in range(model.tree_starts[word], model.tree_starts[word + 1]):
        # In double precision, as in gensim, because the table has steps.
        product = <float> dsdot(&dim, <float *> x, &one,
                                <float *> row(model.syn1, model.points[step], dim), &one)
        if model.codes[step]:
            product = -product
        if -LARGEST < product < LARGEST:
            score[0] += log_sigmoid[<int> ((product + LARGEST) * (TABLE_SIZE / LARGEST / 2))]


cdef inline const float *row(const float *matrix, int32_t number, int dim) noexcept nogil:
    return matrix + <Py_ssize_t> number * dim
