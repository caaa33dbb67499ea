import numpy as np
from numpy.typing import NDArray

from cw2v.weights import Weights

def score_sentences(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    weights: Weights,
    window: int,
    sg: bool,
    cbow_mean: bool,
) -> NDArray[np.float32]: ...
