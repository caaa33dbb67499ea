"""csrc/kernels.h, and the choice of one of its tables."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t, uint32_t

from cw2v._blas cimport Products


cdef extern from "kernels.h" nogil:
    enum: CW2V_X_MAX
    enum: CW2V_SPAN_MAX
    ctypedef struct cw2v_labels:
        const uint8_t *positives
        const float *noise
        const uint32_t *path
    ctypedef struct cw2v_matrix:
        float *shared
        ptrdiff_t to_local
        uint32_t first_local
        uint32_t n_local
    float *cw2v_row(const cw2v_matrix *matrix, uint32_t row, ptrdiff_t dim) noexcept
    ctypedef struct cw2v_prefetch_list:
        float *const *rows
        int n
    enum: CW2V_LONG_ROW
    ctypedef struct cw2v_kernels:
        const char *name
        void (*dots)(const float *const *x, int n_x, const float *const *y, int n_y,
                     ptrdiff_t dim, float *s) noexcept nogil
        void (*logistic_error)(float *s, int n_x, int n_y, const cw2v_labels *labels,
                               float lr) noexcept nogil
        double (*logistic_loss)(const float *s, int n_x, int n_y,
                                const cw2v_labels *labels) noexcept nogil
        void (*update)(float *const *x, int n_x, float *const *y, int n_y, ptrdiff_t dim,
                       const float *g, float *scratch,
                       const cw2v_prefetch_list *list) noexcept nogil
        void (*update_apart)(const float *h, float *const *y, int n_y, ptrdiff_t dim,
                             const float *g, float *step) noexcept nogil
        void (*sum_rows)(const float *const *x, int n, ptrdiff_t dim, float scale,
                         float *sum) noexcept nogil
        void (*add_to_rows)(float *const *x, int n, ptrdiff_t dim, float scale,
                            const float *step) noexcept nogil
        void (*prefetch_rows)(const cw2v_matrix *matrix, const uint32_t *rows, int shift, int n,
                              ptrdiff_t dim) noexcept nogil
        void (*prefetch_list)(const cw2v_prefetch_list *list, ptrdiff_t dim) noexcept nogil
        void (*merge_rows)(float *shared, float *local, float *base, const float *factors, int n,
                           ptrdiff_t dim) noexcept nogil
    int cw2v_kernels_available(const cw2v_kernels **tables, int capacity) noexcept
    int cw2v_row_stride(int n_y) noexcept


cdef enum:
    X_MAX = 16                  # CW2V_X_MAX and CW2V_SPAN_MAX, as constants that Cython knows;
    SPAN_MAX = 8                # checked when _kernels is imported


cdef struct Backend:
    const cw2v_kernels *kernels     # never NULL
    const Products *blas            # if not NULL, products by BLAS; errors and loss by `kernels`


cdef int find_backend(str name, Backend *backend) except -1


cdef class Labels:              # for the tests
    cdef const uint8_t[:, ::1] positives
    cdef float[:, ::1] noise
    cdef uint32_t[:, ::1] path
    cdef cw2v_labels borrowed
