from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_scratch.config.toml import read_config
from mnist_scratch.data.sources.files import read_verified
from mnist_scratch.data.sources.registry import DATASETS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.model import load_model
from mnist_scratch.system.reading import opened_ordinary, read_whole
from mnist_scratch.training.history import History

READERS: dict[str, Callable[[Path], object]] = {
    "config": read_config,
    "history": History.read,
    "model": load_model,
    "data": lambda path: read_verified(DATASETS["mnist"].files[0], path),
}


def test_a_file_up_to_the_limit_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_whole(path, 5) == b"12345"
    with pytest.raises(OSError, match="it has 5 bytes, where at most 4 are read"):
        read_whole(path, 4)


def test_a_file_that_grows_while_it_is_read_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1234")
    with opened_ordinary(path, 4) as file:
        path.write_bytes(b"123456")
        assert len(file.read(5)) == 5  # which is how `read_whole` finds out


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has such files")
def test_a_file_that_does_not_tell_its_size_is_not_read_beyond_the_limit() -> None:
    status = Path("/proc/self/status")
    assert status.stat().st_size == 0
    with pytest.raises(OSError, match="more than the 10 bytes"):
        read_whole(status, 10)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_is_not_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(MnistScratchError, match=f"cannot read .*{tmp_path.name}: it is a folder"):
        READERS[name](tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
@pytest.mark.parametrize("name", READERS)
def test_a_device_without_end_is_not_read(name: str) -> None:
    with pytest.raises(
        MnistScratchError, match=r"cannot read .*/dev/zero: it is a device or a pipe"
    ):
        READERS[name](Path("/dev/zero"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    program = [sys.executable, "-m", "mnist_scratch", "train", "--config", "pipe.toml"]
    result = subprocess.run(
        program, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 2
    assert "cannot read the config pipe.toml: it is a device or a pipe" in result.stderr


@pytest.mark.parametrize("name", READERS)
def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(2**31)  # which takes no place on the disk
    tracemalloc.start()
    try:
        with pytest.raises(MnistScratchError, match=r"huge.* 2,147,483,648 bytes, where"):
            READERS[name](path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
