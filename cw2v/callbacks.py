"""What a user may have called while a model trains; gensim's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cw2v.word2vec import Word2Vec


class StopTraining(Exception):
    """Raised by a callback to end the training early, and well.

    The other callbacks of that moment are still called, no further epoch is begun,
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
    """Base of callbacks: override what is needed. gensim's own callbacks work as well.

    All methods are called in the thread that called `Word2Vec.train`, when no worker is
    running. `StopTraining` ends the training early. Anything else that they raise ends it as
    well, and reaches the caller; the vectors keep what was learnt so far.

    What they change of the model, such as `alpha`, `wv.vectors`, `wv.vectors_lockf` or the
    vocabulary, holds for epochs still to be run; the number of epochs stays.
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Be called before the first epoch."""

    def on_train_end(self, model: Word2Vec) -> None:
        """Be called after the last epoch."""

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """Be called before each epoch."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Be called after each epoch."""
