"""Row-major products of float32 matrices by SciPy's BLAS."""

# ld* is the distance between the rows of a matrix, in floats.
ctypedef void (*Product)(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                         float *c, int ldc) noexcept nogil


cdef struct Products:
    Product nt                  # C (m, n) = A (m, k) @ B (n, k).T
    Product nn                  # C (m, n) = A (m, k) @ B (k, n)
    Product tn                  # C (m, n) = A (k, m).T @ B (k, n)
