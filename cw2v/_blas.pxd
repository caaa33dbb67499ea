"""Row-major products of float32 matrices by SciPy's BLAS, which is column-major."""

from scipy.linalg.cython_blas cimport sgemm

# BLAS reads each of our row-major matrices as its transpose, so we ask for the transpose of
# what we want: C.T = B.T @ A.T. The casts drop const, which SciPy's declarations lack.
# Below, ld* is the distance between the rows of a matrix, in floats.


cdef inline void gemm_nt(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                         float *c, int ldc) noexcept nogil:
    """C (m, n) = A (m, k) @ B (n, k).T"""
    cdef char trans = b"T"
    cdef char keep = b"N"
    cdef float one = 1, zero = 0
    sgemm(&trans, &keep, &n, &m, &k, &one, <float *> b, &ldb, <float *> a, &lda, &zero, c, &ldc)


cdef inline void gemm_nn(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                         float *c, int ldc) noexcept nogil:
    """C (m, n) = A (m, k) @ B (k, n)"""
    cdef char keep = b"N"
    cdef float one = 1, zero = 0
    sgemm(&keep, &keep, &n, &m, &k, &one, <float *> b, &ldb, <float *> a, &lda, &zero, c, &ldc)


cdef inline void gemm_tn(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                         float *c, int ldc) noexcept nogil:
    """C (m, n) = A (k, m).T @ B (k, n)"""
    cdef char trans = b"T"
    cdef char keep = b"N"
    cdef float one = 1, zero = 0
    sgemm(&keep, &trans, &n, &m, &k, &one, <float *> b, &ldb, <float *> a, &lda, &zero, c, &ldc)
