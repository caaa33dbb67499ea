"""One step of CBOW."""

from cw2v._blocks cimport Window
from cw2v._kernels cimport Backend, cw2v_matrix
from cw2v._step cimport Model, Scratch, Targets


cdef void cbow_step(const Model *model, const cw2v_matrix *w, const Window *window,
                    const Targets *targets, float lr, const Backend *backend, Scratch *s,
                    double *loss) noexcept nogil
