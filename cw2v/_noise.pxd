"""Noise words for blocks."""

from cw2v._blocks cimport Blocks, Piece, Sampling
from cw2v._rng cimport Rng


cdef void add_noise(Blocks *blocks, Piece *piece, const Sampling *sampling,
                    Rng *rng) noexcept nogil
