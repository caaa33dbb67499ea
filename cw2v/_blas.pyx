# cython: freethreading_compatible=True
"""Row-major products of float32 matrices by SciPy's BLAS, which is column-major.

Imported only when used: SciPy's linear algebra takes 0.2 s and 30 MB to load.
"""

from cpython.pycapsule cimport PyCapsule_New

from scipy.linalg.cython_blas cimport sgemm


cdef inline void product(bint a_transposed, bint b_transposed, int m, int n, int k, const float *a,
                         int lda, const float *b, int ldb, float *c, int ldc) noexcept nogil:
    """C (m, n) = A (m, k) @ B (k, n), where either may be stored transposed."""
    # BLAS reads a row-major matrix as its transpose, so it computes C.T = B.T @ A.T. The casts
    # drop const, which SciPy's declarations lack.
    cdef char of_a = b"T" if a_transposed else b"N"
    cdef char of_b = b"T" if b_transposed else b"N"
    cdef float one = 1, zero = 0
    sgemm(&of_b, &of_a, &n, &m, &k, &one, <float *> b, &ldb, <float *> a, &lda, &zero, c, &ldc)


cdef void nt(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
             int ldc) noexcept nogil:
    product(False, True, m, n, k, a, lda, b, ldb, c, ldc)


cdef void nn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
             int ldc) noexcept nogil:
    product(False, False, m, n, k, a, lda, b, ldb, c, ldc)


cdef void tn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
             int ldc) noexcept nogil:
    product(True, False, m, n, k, a, lda, b, ldb, c, ldc)


cdef Products products
products.nt, products.nn, products.tn = nt, nn, tn


def capsule():
    """Return a capsule with a pointer to the `Products`, which are never freed."""
    return PyCapsule_New(&products, NULL, NULL)
