import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cw2v.atomic import atomic_write, check_writable

not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_appears_with_its_contents(tmp_path):
    with atomic_write(tmp_path / "new") as file:
        file.write(b"whole")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError, SystemExit])
def test_an_exception_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "old"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_a_full_disk_leaves_the_old_file_and_is_told_with_its_name(tmp_path, monkeypatch):
    path = tmp_path / "old"
    path.write_bytes(b"old")

    def no_space(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left") as caught, atomic_write(path) as file:
        file.write(b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_a_limit_of_the_file_size_leaves_the_old_file(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(b"old")
    program = (
        "import sys; from cw2v.atomic import atomic_write\n"
        "try:\n"
        "    with atomic_write(sys.argv[1]) as file: file.write(bytes(1 << 20))\n"
        "except OSError as error: print(error)\n"
    )

    def limit():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert "File too large" in done.stdout and str(path) in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_permissions_of_an_existing_file_are_kept(tmp_path):
    path = tmp_path / "mine"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with atomic_write(path) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "new") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(target)
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(tmp_path / "folder") == ["target"]


def test_a_special_file_is_written_directly(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with atomic_write(path) as file:
        file.write(b"piped")
    assert os.read(reader, 100) == b"piped"
    os.close(reader)
    assert path.is_fifo()
    with atomic_write(os.devnull) as file:
        file.write(b"gone")
    check_writable(os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_long_name_can_be_written(tmp_path):
    path = tmp_path / ("x" * 250)
    with atomic_write(path) as file:
        file.write(b"new")
    assert names(tmp_path) == [path.name]


def test_a_missing_folder_is_told_before_anything_is_done(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        check_writable(tmp_path / "none" / "file")
    with pytest.raises(FileNotFoundError, match="no folder"), atomic_write(tmp_path / "none" / "f"):
        pytest.fail("the block must not run")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_writable(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        check_writable(tmp_path / "file" / "inside")


@not_root
def test_a_write_protected_file_is_not_replaced(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="write-protected"):
        check_writable(path)


def test_what_may_not_be_written_is_told(tmp_path, monkeypatch):
    path = tmp_path / "old"
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="no new file may be made"):
        check_writable(path)
    path.write_bytes(b"old")
    with pytest.raises(PermissionError, match="write-protected"):
        check_writable(path)


def test_checking_changes_nothing(tmp_path):
    check_writable(tmp_path / "new")
    assert names(tmp_path) == []


def test_a_name_may_be_as_long_as_the_file_system_lets_it(tmp_path):
    path = tmp_path / ("語" * 83 + ".bin")  # 253 bytes
    with atomic_write(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"
    longer = tmp_path / ("語" * 85 + ".bin")
    with pytest.raises(OSError, match="too long") as error, atomic_write(longer):
        pass
    assert error.value.filename == str(longer)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="too long") as error:  # before the work, not after it
        check_writable(longer)
    assert error.value.filename == str(longer)
