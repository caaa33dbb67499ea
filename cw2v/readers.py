"""gensim's readers: files as iterables of sentences, each a list of str.

`Word2Vec` and `Phrases` do not iterate over them: threads read their files, with the same result.
"""

from __future__ import annotations

import io
import itertools
import operator
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cw2v._encode import ALLOW_NUL, UNICODE_SPACES
from cw2v.atomic import atomic_write
from cw2v.compressed import compress_into
from cw2v.corpus import ScannedCorpus, scan_inputs, scan_sentences
from cw2v.packing import UNPACKED_FILES
from cw2v.reading import Reading
from cw2v.sources import TextInput, TextReader, look_at, name_of

MAX_WORDS_IN_BATCH = 10000  # gensim's name; the longest sentence that readers yield

_STREAM_BLOCK = 8192  # bytes that Text8Corpus reads at a time

# File objects that are known to read bytes, and how; derived classes do not count.
_BYTE_FILES: tuple[type, ...] = (
    io.BufferedRandom,
    io.BufferedReader,
    io.BytesIO,
    io.FileIO,
    *UNPACKED_FILES,
)

Scanner = Callable[[Reading], ScannedCorpus]


class _LineReader:
    """Base of `LineSentence` and `PathLineSentences`: the lines of some inputs as sentences.

    The attribute `_cw2v_scan` exists only if threads can read instead of `__iter__`.
    """

    max_sentence_length: int
    limit: int | None

    def _inputs(self) -> list[TextInput] | None:
        """Return the inputs to read; None if only `_other_lines` can read them."""
        raise NotImplementedError

    def _other_lines(self) -> Iterable[str | bytes]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[list[str]]:
        longest, _ = _checked(self.max_sentence_length, self.limit)
        inputs = self._inputs()
        if inputs is None:
            yield from _sentences(self._other_lines(), longest, "the file given")
            return
        for text in inputs:
            with _opened(text) as file:
                yield from _sentences(file, longest, text.name)

    @property
    def _cw2v_scan(self) -> Scanner:
        if type(self).__iter__ is not _LineReader.__iter__ or self._inputs() is None:
            raise AttributeError("_cw2v_scan")  # of a subclass or a file object
        return self._scan

    def _scan(self, reading: Reading) -> ScannedCorpus:
        """Read everything by threads: the sentences of `__iter__`, in the same order."""
        longest, _ = _checked(self.max_sentence_length, self.limit)
        inputs = self._inputs()
        assert inputs is not None
        scanned = scan_inputs(inputs, reading, UNICODE_SPACES + ALLOW_NUL)
        scanned.cut_lines(longest)
        return scanned


class LineSentence(_LineReader):
    r"""A file with one sentence on each line, and white space between the words.

    It can be iterated over any number of times. Words are split as by ``str.split()``, also at
    white space that is not ASCII (U+00A0, U+3000 ...). Lines without a word are left out.

    Parameters
    ----------
    source : str, path or file object
        A plain file, or one compressed with gzip, bzip2, xz or Zstandard. A file object must
        have ``seek``; its lines may be bytes (in UTF-8) or str.
    max_sentence_length : int, at least 1
        A line of more words becomes several sentences of this length; the last has the rest.
    limit : int, at least 0, optional
        Read at most so many lines.

    Raises
    ------
    ValueError, TypeError
        `max_sentence_length` or `limit` is out of range.
    OSError, UnicodeDecodeError
        During iteration: the file cannot be read, or is not UTF-8.

    Examples
    --------
    >>> import io
    >>> list(LineSentence(io.BytesIO(b"to be\n\nor not to be\n"), max_sentence_length=3))
    [['to', 'be'], ['or', 'not', 'to'], ['be']]
    """

    def __init__(
        self,
        source: Any,
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = source
        self.max_sentence_length, self.limit = _checked(max_sentence_length, limit)

    def _inputs(self) -> list[TextInput] | None:
        if hasattr(self.source, "seek"):
            if type(self.source) not in _BYTE_FILES:
                return None
            self.source.seek(0)
            return [TextInput(0, name_of(self.source), file=self.source, n_lines=self.limit)]
        return [_look_at(0, self.source, self.limit)]

    def _other_lines(self) -> Iterable[str | bytes]:
        self.source.seek(0)
        return itertools.islice(self.source, self.limit)


class PathLineSentences(_LineReader):
    """The files of a folder, in the order of their names, each read as by `LineSentence`.

    Parameters
    ----------
    source : str or path
        The folder, of which all files are read, but not those in subfolders. Or a single file.
    max_sentence_length : int, at least 1
        As for `LineSentence`.
    limit : int, at least 0, optional
        Read at most so many lines of each file.

    Attributes
    ----------
    input_files : list of str
        The files to read; the folder is listed when the reader is made.

    Raises
    ------
    ValueError, TypeError
        `source` is neither a file nor a folder; a parameter is out of range.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = os.path.expanduser(source)  # noqa: PTH111  a str
        self.max_sentence_length, self.limit = _checked(max_sentence_length, limit)
        path = Path(self.source)
        if path.is_file():
            self.input_files = [self.source]
        elif path.is_dir():
            self.source = os.path.join(self.source, "")  # noqa: PTH118  with the slash, as gensim
            self.input_files = sorted(self.source + item.name for item in path.iterdir())
        else:
            raise ValueError(f"input is neither a file nor a path: {self.source!r}")

    def _inputs(self) -> list[TextInput]:
        return [_look_at(i, name, self.limit) for i, name in enumerate(self.input_files)]


class Text8Corpus:
    """A text without lines, such as text8, in sentences of equal length.

    Parameters
    ----------
    fname : str or path
        As for `LineSentence`.
    max_sentence_length : int, at least 1
        Words in a sentence; the last one has the rest.

    Notes
    -----
    The sentences are the same as gensim's, which expects single spaces between the words. With
    other white space, the last sentence may be longer than `max_sentence_length`, and two words
    with a line end between them become one where a block of 8192 bytes ends with that line end.
    Read a text with lines by `LineSentence`.
    """

    def __init__(
        self, fname: str | os.PathLike[str], max_sentence_length: int = MAX_WORDS_IN_BATCH
    ) -> None:
        self.fname = fname
        self.max_sentence_length, _ = _checked(max_sentence_length, None)

    def __iter__(self) -> Iterator[list[str]]:
        longest, _ = _checked(self.max_sentence_length, None)
        sentence: list[str] = []
        with _opened(_look_at(0, self.fname, None)) as file:
            for text, is_tail in _stream(file):
                sentence += _decoded(text, file.name).split()
                while len(sentence) >= longest and not is_tail:
                    yield sentence[:longest]
                    sentence = sentence[longest:]
        if sentence:
            yield sentence

    @property
    def _cw2v_scan(self) -> Scanner:
        if type(self).__iter__ is not Text8Corpus.__iter__:
            raise AttributeError("_cw2v_scan")
        return self._scan

    def _scan(self, reading: Reading) -> ScannedCorpus:
        """Read everything by threads: the sentences of `__iter__`, in the same order."""
        longest, _ = _checked(self.max_sentence_length, None)
        text = _look_at(0, self.fname, None)
        with _opened(text) as file:
            blocks = _BlockFile(_stream(file))
            inputs = [TextInput(0, text.name, file=blocks)]  # type: ignore[arg-type]
            scanned = scan_inputs(inputs, reading, UNICODE_SPACES + ALLOW_NUL)
        scanned.cut_stream(longest, len(blocks.tail.decode("utf-8", "replace").split()))
        return scanned


class BrownCorpus:
    """The Brown corpus in NLTK's format: files of words with their tags, ``word/tag``.

    Words are in lower case, with the first two letters of their tag. Tokens with a tag that does
    not begin with letters, such as punctuation, are left out.

    Parameters
    ----------
    dirname : str or path
        The folder, of which all files are read.
    """

    def __init__(self, dirname: str | os.PathLike[str]) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for path in Path(self.dirname).expanduser().iterdir():
            if not path.is_file():
                continue
            with _opened(_look_at(0, path, None)) as file:
                for line in file:
                    parts = (token.split("/") for token in _decoded(line, file.name).split())
                    pairs = [part for part in parts if len(part) == 2]
                    words = [
                        f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()
                    ]
                    if words:
                        yield words


def save_as_line_sentence(
    corpus: Iterable[Iterable[str]], filename: str | os.PathLike[str]
) -> None:
    """Write sentences to a file for `LineSentence`: one per line, spaces between the words.

    The file appears whole or not at all, and is compressed if its name ends in .gz, .bz2, .xz
    or .zst.
    """
    with atomic_write(filename) as file, compress_into(file, filename) as stream:
        for sentence in corpus:
            stream.write((" ".join(sentence) + "\n").encode())


def scan_corpus(sentences: Iterable[Iterable[Any]], reading: Reading) -> ScannedCorpus:
    """Read sentences once; by threads if they come from one of the readers in this file."""
    if hasattr(sentences, "_cw2v_scan"):
        scanned: ScannedCorpus = sentences._cw2v_scan(reading)
        return scanned
    return scan_sentences(sentences, memory_budget=reading.memory_budget, report=reading.report)


def _checked(max_sentence_length: int, limit: int | None) -> tuple[int, int | None]:
    longest = operator.index(max_sentence_length)
    if longest < 1:
        raise ValueError(f"max_sentence_length must be 1 or more, got {max_sentence_length}")
    if limit is not None and operator.index(limit) < 0:
        raise ValueError(f"limit must be None or 0 or more, got {limit}")
    return min(longest, 2**62), limit


def _look_at(index: int, path: str | os.PathLike[str], limit: int | None) -> TextInput:
    return replace(look_at(index, Path(path).expanduser()), n_lines=limit)


class _Stream(io.RawIOBase):
    """A `TextReader` as a file object."""

    def __init__(self, reader: TextReader) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._reader.read_into(memoryview(buffer).cast("B"))


class _Opened(io.BufferedReader):
    """An input's text, decompressed."""

    def __init__(self, reader: TextReader, name: str) -> None:
        super().__init__(_Stream(reader), 1 << 16)
        self._name = name

    @property
    def name(self) -> str:
        return self._name


@contextmanager
def _opened(text: TextInput) -> Iterator[_Opened]:
    with TextReader(text) as reader:
        yield _Opened(reader, text.name)


class _BlockFile:
    """Blocks of bytes that begin and end between words, as a file object."""

    def __init__(self, blocks: Iterator[tuple[bytes, bool]]) -> None:
        self._blocks = blocks
        self._left = b""
        self.tail = b""  # the bytes after the last space

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        while not self._left:
            text, is_tail = next(self._blocks, (b"", True))
            if is_tail:
                self.tail = self.tail or text
                self._left = text
                break
            self._left = text + b" "
        n = min(len(view), len(self._left))
        view[:n] = self._left[:n]
        self._left = self._left[n:]
        return n


def _stream(file: io.BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """Cut a text at the last space of every 8192 bytes; the bytes after the last space are last."""
    rest = b""
    while block := file.read(_STREAM_BLOCK):
        text = rest + block
        cut = text.rfind(b" ")
        if cut < 0:
            rest = text
            continue
        yield text[:cut], False
        rest = text[cut:].strip()
    yield rest, True


def _sentences(lines: Iterable[str | bytes], longest: int, name: str) -> Iterator[list[str]]:
    for line in lines:
        words = _decoded(line, name).split()
        for begin in range(0, len(words), longest):
            yield words[begin : begin + longest]


def _decoded(text: str | bytes, name: str) -> str:
    """Decode UTF-8; an error names the file."""
    if isinstance(text, str):
        return text
    try:
        return str(text, "utf-8")
    except UnicodeDecodeError as error:
        error.add_note(f"in {name}")
        raise
