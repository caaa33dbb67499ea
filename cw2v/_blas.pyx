# cython: freethreading_compatible=True
"""Row-major products of float32 matrices by SciPy's BLAS, which is column-major.

Imported only where it is used: SciPy's linear algebra takes 0.2 s and 30 MB to load.
"""

from cpython.pycapsule cimport PyCapsule_New

from scipy.linalg.cython_blas cimport sgemm


cdef inline void product(bint a_turned, bint b_turned, int m, int n, int k, const float *a,
                         int lda, const float *b, int ldb, float *c, int ldc) noexcept nogil:
    """C (m, n) = A (m, k) @ B (k, n), where either may lie transposed."""
    # BLAS reads each of our row-major matrices as its transpose, so we ask for the transpose of
    # what we want: C.T = B.T @ A.T. The casts drop const, which SciPy's declarations lack.
    cdef char of_a = b"T" if a_turned else b"N"
    cdef char of_b = b"T" if b_turned else b"N"
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
    """Return a capsule of the `Products`, which are there as long as the program runs."""
    return PyCapsule_New(&products, NULL, NULL)
