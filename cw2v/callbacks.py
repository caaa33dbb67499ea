"""Callbacks of training, under gensim's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cw2v.word2vec import Word2Vec


class StopTraining(Exception):
    """Raised by a callback to end the training early, without an error.

    The other callbacks of the same event are still called. No further epoch begins,
    `on_train_end` is called, and `Word2Vec.train` returns as if all epochs were done.

    Examples
    --------
    >>> from cw2v import CallbackAny2Vec, StopTraining
    >>> class UntilLossIsLow(CallbackAny2Vec):
    ...     def on_epoch_end(self, model):
    ...         epoch = model.training_report.epochs[-1]
    ...         if epoch.loss / epoch.pairs < 2:
    ...             raise StopTraining
    """


class CallbackAny2Vec:
    """Base class of callbacks: override what is needed. gensim's own callbacks work as well.

    All methods are called in the thread that called `Word2Vec.train`, while no worker is
    running. `StopTraining` ends the training early. Any other exception ends it as well, and
    reaches the caller; the vectors keep what was learnt so far.

    Callbacks may change the model, for example `alpha`, `wv.vectors`, `wv.vectors_lockf` or the
    vocabulary. The next epochs use what they have changed; the number of epochs stays.
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Run before the first epoch."""

    def on_train_end(self, model: Word2Vec) -> None:
        """Run after the last epoch."""

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """Run before each epoch."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Run after each epoch."""
