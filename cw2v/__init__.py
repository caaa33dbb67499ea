"""cw2v trains word vectors."""

__version__ = "0.1.0"
