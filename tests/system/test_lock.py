from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.lock import locked, running_holder

HOLD = """
    import sys
    from pathlib import Path
    from mnist_scratch.system.lock import locked
    with locked(Path(sys.argv[1]), wait=False):
        print("held", flush=True)
        sys.stdin.read()
"""
COUNT = """
    import sys, time
    from pathlib import Path
    from mnist_scratch.system import lock
    lock._PAUSE = 0  # as much contention as there can be
    counter = Path(sys.argv[2])
    for _ in range(50):
        with lock.locked(Path(sys.argv[1]), wait=True):
            count = int(counter.read_text())
            time.sleep(0.0002)
            counter.write_text(str(count + 1))
"""


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def start_holder(path: Path) -> subprocess.Popen[str]:
    holder = start(HOLD, path)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_process_is_refused_and_told_which_has_the_lock(tmp_path: Path) -> None:
    with start_holder(tmp_path / "lock") as holder:
        with pytest.raises(MnistScratchError, match=f"in use by process {holder.pid}; wait until"):
            locked(tmp_path / "lock", wait=False).__enter__()
        holder.communicate("")
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "lock", wait=False):
        pass


def test_the_same_process_does_not_get_the_lock_twice(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock", wait=False),
        pytest.raises(MnistScratchError, match=f"in use by process {os.getpid()}"),
        locked(tmp_path / "lock", wait=False),
    ):
        pass


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    with start_holder(tmp_path / "lock") as holder:
        holder.kill()
    assert (tmp_path / "lock").exists()
    with locked(tmp_path / "lock", wait=False):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_waits_says_so_once_and_gets_the_lock_when_it_is_free(
    tmp_path: Path,
) -> None:
    holders: list[str] = []
    with start_holder(tmp_path / "lock") as holder:
        assert holder.stdin
        release = threading.Timer(0.25, holder.stdin.close)
        release.start()
        with locked(tmp_path / "lock", wait=True, report=holders.append):
            assert release.finished.is_set()
            assert holder.wait() == 0
    assert holders == [f"process {holder.pid}"]


def test_no_two_processes_hold_it_at_once(tmp_path: Path) -> None:
    # Every release removes the file: a process that locked a removed file would count beside the
    # others.
    (tmp_path / "counter").write_text("0")
    path = tmp_path / "folder" / "lock"
    processes = [start(COUNT, path, tmp_path / "counter") for _ in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 4
    assert (tmp_path / "counter").read_text() == "200"
    assert not path.exists()


def test_an_exception_releases_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "lock", wait=False):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MnistScratchError, match=r"cannot lock .*file: .*; check the"):
        locked(tmp_path / "file" / "lock", wait=True).__enter__()


@pytest.mark.parametrize("content", ["", "-1", "0", "99999999999", "9" * 5000, "text", "1 2"])
def test_a_file_that_names_no_process_has_no_holder(tmp_path: Path, content: str) -> None:
    (tmp_path / "lock").write_text(content)
    assert running_holder(tmp_path / "lock") == ""
    (tmp_path / "lock").write_text(str(os.getpid()))
    assert running_holder(tmp_path / "lock") == f"process {os.getpid()}"
