"""One step of skip-gram."""

from libc.stdint cimport int32_t

from cw2v._kernels cimport Backend, cw2v_matrix, cw2v_prefetch_list
from cw2v._step cimport Model, Scratch, Targets


cdef void skipgram_step(const Model *model, const cw2v_matrix *w, const int32_t *x, int n_x,
                        const Targets *targets, float lr, const Backend *backend, Scratch *s,
                        const cw2v_prefetch_list *to_prefetch, double *loss) noexcept nogil
