"""The peak speed of a CPU, in GFLOP/s of sgemm, with which backends and kernels are compared."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.linalg.blas import sgemm
from threadpoolctl import threadpool_limits


def sgemm_peak(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the GFLOP/s of SciPy's sgemm on one thread, the best of many products.

    Each takes a few milliseconds, so that some are not interrupted where the machine is busy.
    `clock` gives seconds.
    """
    n = 500
    a = np.asfortranarray(np.random.default_rng(0).normal(size=(n, n)).astype(np.float32))
    best = np.inf
    with threadpool_limits(1, "blas"):
        for _ in range(200):
            begun = clock()
            sgemm(1.0, a, a)
            best = min(best, clock() - begun)
    return 2 * n**3 / best / 1e9
