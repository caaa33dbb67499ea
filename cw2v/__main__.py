"""The command line: runs one sub-command, turns its errors into messages and exit codes."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE

# What reading, training and saving raise for reasons outside the program. Anything
# else is a fault in cw2v, and the message says so.
_EXPECTED = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    EOFError,
    MemoryError,
    FloatingPointError,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        0 done, 1 an error while running, 2 a wrong command line, 130 stopped by
        Ctrl-C, 141 nobody reads the output any more; 128 + its number after a signal that ends
        the program.

    Raises
    ------
    SystemExit
        With code 2 for a wrong command line and 0 after ``--help`` or ``--version``.
    """
    debug = False
    if sys.stderr is None:  # closed: a file opened now would get its descriptor, and our messages
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
    try:
        from cw2v.arguments import build_parser

        args = build_parser().parse_args(argv)
        debug = args.debug
        # Imported here, so that Ctrl-C while NumPy and SciPy load is handled below too.
        from cw2v import commands
        from cw2v.terminal import warnings_shown

        if sys.stdout is None and args.command != "train":
            why = "it is closed; nobody would see the result"
            raise OSError(errno.EBADF, why, "standard output")
        # Words may be bytes that --errors keep has kept; they are printed as the same bytes.
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="surrogateescape")
        try:
            with ended_in_order(), warnings_shown(quiet=getattr(args, "quiet", False)):
                commands.RUN[args.command](args)
        except commands.UsageError as error:
            args.parser.error(str(error))
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes standard output once more at exit, so it needs a valid target.
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt as stop:
        _say(str(stop) or "interrupted")
        return EXIT_INTERRUPTED
    except Exception as error:
        if debug:
            sys.excepthook(*sys.exc_info())
        _say(f"error: {_describe(error)}")
        return EXIT_ERROR
    return EXIT_OK


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program by SystemExit, so that no temporary file is left.

    Where such a signal is ignored, as under nohup, it stays so.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    ours = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _say(message: str) -> None:
    print(f"cw2v: {message}", file=sys.stderr)


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        # "[Errno 2] No such file or directory: 'text'" reads worse than this.
        where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    # str() of a KeyError would put its text in quotation marks.
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    text = " ".join(text.split())
    if isinstance(error, _EXPECTED):
        return text or type(error).__name__
    return f"{type(error).__name__}: {text} (a fault in cw2v; --debug shows where)"


if __name__ == "__main__":
    sys.exit(main())
