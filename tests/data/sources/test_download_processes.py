from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CHECKOUT
from helpers.faulty_server import FaultyServer
from helpers.published import CONTENTS, FILES, PROGRAM

NAME, CONTENT = next(iter(CONTENTS.items()))
PARTIAL = f".{NAME}.{FILES[0].compressed_sha256[:8]}.part"

# A program that draws few digits, once the file `go` is there, and adds a line to `drawn`.
DRAW = """
import sys, time
from pathlib import Path
from mnist_scratch.data.sources import load as acquire
from mnist_scratch.data.synthetic import files as synthetic_files
from mnist_scratch.data.synthetic.digits import make_synthetic

def make_few(*, seed, progress):
    with Path("drawn").open("a") as drawn:
        drawn.write("once\\n")
    while not Path("go").exists():
        time.sleep(0.01)
    return make_synthetic(40, 20, seed=seed)

synthetic_files.make_synthetic = make_few
training, test = acquire.load_dataset("synthetic", "digits")
assert (len(training), len(test)) == (40, 20)
"""


def start(folder: Path, program: str, *arguments: str | Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(CHECKOUT / "tests"), str(CHECKOUT)])
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_lines(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Read the first line that each of the processes says, as soon as it says it."""
    return [process.stderr.readline() for process in processes if process.stderr]


def finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert said == "", "in a pipe there is no bar"


def test_eight_processes_that_start_at_once_fetch_every_file_once(
    server: FaultyServer, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "mnist"
    processes = [start(tmp_path, PROGRAM, folder, server.url("held")) for _ in range(8)]
    said = sorted(first_lines(processes))
    server.gate.set()
    finish(processes)
    assert said[0] == f"fetching 4 of MNIST's 4 files into {folder}\n"
    for line in said[1:]:
        assert line.startswith("waiting for process ")
        assert line.endswith(f", which fetches MNIST into {folder}\n")
    assert sorted(name for _, name, _ in server.requests) == sorted(CONTENTS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS


def test_eight_processes_that_start_at_once_draw_once(tmp_path: Path) -> None:
    processes = [start(tmp_path, DRAW) for _ in range(8)]
    said = sorted(first_lines(processes))
    (tmp_path / "go").touch()
    finish(processes)
    assert said[0].startswith("drawing synthetic digits into digits")
    for line in said[1:]:
        assert line.startswith("waiting for process ")
        assert line.endswith(", which draws the synthetic digits into digits\n")
    assert (tmp_path / "drawn").read_text() == "once\n"


ENDS = ["kill", pytest.param("interrupt", marks=pytest.mark.skipif("sys.platform == 'win32'"))]


@pytest.mark.parametrize("end", ENDS)
def test_a_download_that_was_cut_short_is_continued(
    server: FaultyServer, tmp_path: Path, end: str
) -> None:
    half = len(CONTENT) // 2
    with start(tmp_path, PROGRAM, tmp_path, server.url("held")) as process:
        deadline = time.monotonic() + 30
        partial = tmp_path / PARTIAL
        while not partial.exists() or partial.stat().st_size < half:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        if end == "kill":
            process.kill()
        else:
            process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode != 0
    assert partial.read_bytes() == CONTENT[:half]
    assert not (tmp_path / NAME).exists()
    assert (tmp_path / ".lock").exists() == (end == "kill")

    again = start(tmp_path, PROGRAM, tmp_path, server.url("good"))
    _, said = again.communicate()
    assert again.returncode == 0, said
    assert said == f"fetching 4 of MNIST's 4 files into {tmp_path}\n"
    assert [request for request in server.requests if request[0] == "good"] == [
        ("good", name, half if name == NAME else None) for name in CONTENTS
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENTS


def test_a_fetch_that_fails_leaves_no_folder_behind(server: FaultyServer, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mnist"
    process = start(tmp_path, PROGRAM, folder, server.url("404"), server.url("503"))
    _, said = process.communicate()
    assert process.returncode == 1
    assert "could not fetch" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
