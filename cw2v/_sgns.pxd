"""One step of skip-gram with negative sampling."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t

from cw2v._kernels cimport Backend


cdef struct Model:              # shared by all workers, written without locks
    float *w                    # (n_words, dim) W, input to projection
    float *w_out                # (n_words, dim) W', projection to output
    ptrdiff_t dim


cdef struct Window:
    const int32_t *x            # (n_x,) the words around the centre, each once
    const int32_t *y            # (n_y,) the centre, then its noise words, each once
    const float *x_weight       # (n_x,) how often each stands there
    const float *y_weight       # (n_y,) likewise; readable up to the row stride of n_y
    int n_x
    int n_y


cdef struct Scratch:            # one worker's
    float **x_rows              # (X_MAX,) the window's rows of W
    float **y_rows              # (n_y,) and of W'
    float *g                    # (X_MAX, row stride of n_y) logits, then errors
    float *x                    # (X_MAX, dim) copies of rows; dx likewise
    float *y                    # (n_y, dim) likewise; y, dx and dy for BLAS only
    float *dx
    float *dy


cdef void sgns_step(const Model *model, const Window *win, float lr, const Backend *backend,
                    Scratch *s, double *loss) noexcept nogil
