"""csrc/kernels.h, and which of its tables is in use."""

from libc.stddef cimport ptrdiff_t


cdef extern from "kernels.h" nogil:
    enum: CW2V_X_MAX
    ctypedef struct cw2v_kernels:
        const char *name
        void (*dots)(const float *const *x, int n_x, const float *const *y, int n_y,
                     ptrdiff_t dim, float *s) noexcept nogil
        void (*sgns_error)(float *s, int n_x, int n_y, const float *x_weight,
                           const float *y_weight, float lr) noexcept nogil
        double (*sgns_loss)(const float *s, int n_x, int n_y, const float *x_weight,
                            const float *y_weight) noexcept nogil
        void (*update)(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                       const float *g, float *spare) noexcept nogil
        void (*prefetch)(const float *row, ptrdiff_t dim) noexcept nogil
    int cw2v_kernels_available(const cw2v_kernels **tables, int capacity) noexcept
    int cw2v_row_stride(int n_y) noexcept


cdef enum:
    X_MAX = 16                  # CW2V_X_MAX; checked when _kernels is imported


cdef struct Backend:
    const cw2v_kernels *kernels     # never NULL
    bint blas                       # products by BLAS; errors and loss by `kernels`


cdef int find_backend(str name, Backend *backend) except -1
