"""cw2v trains word vectors: a fast drop-in for gensim's Word2Vec and Google's word2vec.

The path of the data, in the order of the imports: `sources` (text to blocks of bytes), `scan`
(words to provisional ids), `vocab` (the choice of the words), `corpus` (the text as ids),
`_kernels` (the arithmetic), `noise`, `_blocks` and `_noise` (sampling), `huffman` (the tree of
hierarchical softmax), `weights` (W and W'), `_skipgram` and `_cbow` (one step), `_worker` and
`trainer` (all steps), `vectorreader` (files to vectors), `gensimpickle` (files that gensim saved),
`formats` (vectors to files), `keyedvectors` (vectors to answers), `modelfile` (models to files),
`readers` (gensim's readers), `phrases`, and `word2vec` (gensim's class over all of them).
ARCHITECTURE.md describes every file.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cw2v.callbacks import CallbackAny2Vec, StopTraining
    from cw2v.gensimpickle import ForbiddenPickleError
    from cw2v.keyedvectors import KeyedVectors
    from cw2v.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases
    from cw2v.progress import Progress
    from cw2v.readers import (
        BrownCorpus,
        LineSentence,
        PathLineSentences,
        Text8Corpus,
        save_as_line_sentence,
    )
    from cw2v.scan import BadText
    from cw2v.trainer import TrainingReport
    from cw2v.vectorreader import VectorFileError
    from cw2v.vocab import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
    from cw2v.word2vec import Word2Vec

__version__ = "0.1.0"

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "BadText",
    "BrownCorpus",
    "CallbackAny2Vec",
    "ForbiddenPickleError",
    "FrozenPhrases",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Progress",
    "StopTraining",
    "Text8Corpus",
    "TrainingReport",
    "VectorFileError",
    "Word2Vec",
    "save_as_line_sentence",
]

_ROOMS = {
    "BadText": "scan",
    "BrownCorpus": "readers",
    "CallbackAny2Vec": "callbacks",
    "ENGLISH_CONNECTOR_WORDS": "phrases",
    "ForbiddenPickleError": "gensimpickle",
    "FrozenPhrases": "phrases",
    "KeyedVectors": "keyedvectors",
    "LineSentence": "readers",
    "PathLineSentences": "readers",
    "Phraser": "phrases",
    "Phrases": "phrases",
    "Progress": "progress",
    "RULE_DEFAULT": "vocab",
    "RULE_DISCARD": "vocab",
    "RULE_KEEP": "vocab",
    "StopTraining": "callbacks",
    "Text8Corpus": "readers",
    "TrainingReport": "trainer",
    "VectorFileError": "vectorreader",
    "Word2Vec": "word2vec",
    "save_as_line_sentence": "readers",
}


if find_spec(f"{__name__}._kernels") is None:
    raise ImportError(
        f"cw2v was found in {Path(__file__).parent}, where its compiled modules are not: these are "
        "its sources, or they were not built for this Python. Start Python in another directory to "
        "use the cw2v that is installed, or compile it here by: pip install -e ."
    )


def __getattr__(name: str) -> Any:
    """Import a public name on first use.

    So the command line can answer ``--help``, and handle Ctrl-C, before NumPy and SciPy are loaded.
    """
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
