"""What a user may have called while a model trains; gensim's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cw2v.word2vec import Word2Vec


class CallbackAny2Vec:
    """Base of callbacks: override what is needed. gensim's own callbacks work as well.

    All methods are called in the thread that called `Word2Vec.train`, when no worker is
    running. What they raise ends the training and reaches the caller; the vectors keep what
    was learnt so far.
    """

    def on_train_begin(self, model: Word2Vec) -> None:
        """Be called before the first epoch."""

    def on_train_end(self, model: Word2Vec) -> None:
        """Be called after the last epoch."""

    def on_epoch_begin(self, model: Word2Vec) -> None:
        """Be called before each epoch."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Be called after each epoch."""
