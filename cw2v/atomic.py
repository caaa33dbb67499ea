"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Write a file so that `path` holds the old contents or the new, never a part.

    The ``with`` block writes to a temporary file in the same folder. When the block ends, that
    file is synced to the disk and replaces `path`. If an exception ends the block (a full disk
    and Ctrl-C included), the temporary file is removed and `path` is unchanged.

    A symbolic link stays a link: its target is replaced. The permission bits of an existing file
    are kept. An existing path that is not a regular file (a pipe, ``/dev/stdout``) is written
    directly.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write; a first ``~`` is the home folder.

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        As `check_writable`, or what went wrong while writing (its ``filename`` is `path`).
    """
    check_writable(path)
    target = _target(path)
    if _is_special(target):
        try:
            with target.open("wb") as file:
                yield file
        except OSError as error:
            _name_file(error, path)
            raise
        return

    # Made by os.open, so that a new file gets its permissions from the umask; a file of
    # `tempfile` would be private to its owner.
    name = os.fsdecode(os.fsencode(target.name)[:100])  # a name has 255 bytes at most
    temporary = target.with_name(f".{name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        error.filename = os.fspath(path)
        raise
    try:
        with os.fdopen(descriptor, "wb") as file:
            mode = _mode(target)
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            _name_file(error, path)
        raise
    _sync_folder(target.parent)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise now the error that writing `path` would raise later.

    Call it before long work whose result goes to `path`. Nothing is created or changed.

    Parameters
    ----------
    path : str or os.PathLike
        A file that may or may not exist.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    NotADirectoryError
        The path of the folder is that of a file.
    IsADirectoryError
        `path` is a folder.
    PermissionError
        The file, or the folder in which it would be made, is not writable.
    """
    target = _target(path)
    mode, folder = _mode(target), target.parent
    folder_mode = _mode(folder)
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{os.fspath(path)} is a folder; name the file to be written in it")
    if folder_mode is None:
        raise FileNotFoundError(
            f"cannot write {os.fspath(path)}: there is no folder {folder}; make it first"
        )
    if not stat.S_ISDIR(folder_mode):
        raise NotADirectoryError(f"cannot write {os.fspath(path)}: {folder} is not a folder")
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(f"cannot write {os.fspath(path)}: the file is write-protected")
    if not _is_special(target) and not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            f"cannot write {os.fspath(path)}: no new file may be made in the folder {folder}"
        )


def _name_file(error: OSError, path: str | os.PathLike[str]) -> None:
    if error.errno is not None and error.filename is None:
        error.filename = os.fspath(path)


def _target(path: str | os.PathLike[str]) -> Path:
    named = Path(path).expanduser()
    if _is_special(named):  # /dev/stdout may be a link to "pipe:[123]", which is not a path
        return named
    return Path(os.path.realpath(named))


def _is_special(target: Path) -> bool:
    mode = _mode(target)
    return mode is not None and not stat.S_ISREG(mode)


def _mode(path: Path) -> int | None:
    """Return the type and permissions of a file, None if there is none.

    Other errors are raised, which `Path.exists` does not do in Python 3.14: a name that is too
    long, a folder that may not be searched.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _sync_folder(folder: Path) -> None:
    # A power cut can undo the renaming until the folder is synced as well. Some file systems
    # cannot sync folders; the contents of the file are safe by then.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
