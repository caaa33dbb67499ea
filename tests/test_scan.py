"""Ctrl-C while texts are read."""

import io
import os
import subprocess
import sys
import threading

import pytest

from cw2v.corpus import scan_files

INTERRUPTED = """
import _thread, sys, threading, time
from cw2v.corpus import scan_files, scan_sentences

def endless():
    while True:
        yield ["a", "b"] * 10

class Pipe:
    def readinto(self, view):
        n = min(len(view), 4)
        view[:n] = b"a b "[:n]
        return n

threading.Timer(0.3, _thread.interrupt_main).start()
try:
    if sys.argv[1] == "list":
        scan_sentences(endless())
    else:
        scan_files(Pipe(), workers=2)
except KeyboardInterrupt:
    time.sleep(0.05)
    print("stopped", threading.active_count())
"""


@pytest.mark.parametrize("kind", ["list", "pipe"])
def test_ctrl_c_stops_the_reading(kind):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERRUPTED, kind],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout == "stopped 1\n", run.stderr


def test_ctrl_c_while_a_thread_is_started_leaves_none(monkeypatch):
    class Thread(threading.Thread):
        def start(self):
            super().start()
            raise KeyboardInterrupt

    monkeypatch.setattr("cw2v.scan.threading.Thread", Thread)
    with pytest.raises(KeyboardInterrupt):
        scan_files(io.BytesIO(b"a b"), workers=2)
    waiting = [thread for thread in threading.enumerate() if thread.name == "cw2v-read"]
    assert not waiting
