from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system import files
from mnist_scratch.system.files import as_path, is_leftover, write_text_whole, written_whole


def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with written_whole(path) as file:
        file.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text_whole(path, "before")
    with pytest.raises(ZeroDivisionError), written_whole(path) as file:
        file.write(bytes(1 // 0))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_and_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    write_text_whole(path, "before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MnistScratchError, match=r"cannot write .*file: No space left.*; check"):
        write_text_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_only_what_a_process_left_that_runs_no_more_is_a_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "is_running", lambda process: process == 7)
    names = (".model.npz.8.part", ".model.npz.7.part", "model.npz.8.part", ".part", ".a.b.part")
    assert [is_leftover(Path("folder", name)) for name in names] == [True, *[False] * 4]


def test_a_process_runs_until_it_ends() -> None:
    assert files.is_running(os.getpid()) == (os.name != "nt")
    assert not files.is_running(999_999_999)


def test_a_path_is_a_text_or_a_path_and_anything_else_is_named(tmp_path: Path) -> None:
    assert as_path(str(tmp_path), "folder") == as_path(tmp_path, "folder") == tmp_path
    for wrong in (7, None, b"bytes", ["a"]):
        with pytest.raises(TypeError, match=r"^folder = .*: must be a path, as str or Path$"):
            as_path(wrong, "folder")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^folder = 'a\\x00b': a path has no NUL character$"):
        as_path("a\0b", "folder")


@pytest.mark.parametrize("folder", [".", "/"])
def test_a_path_without_a_name_is_not_written_to(folder: str) -> None:
    with pytest.raises(MnistScratchError, match="it is a folder; name a file in it"):
        write_text_whole(Path(folder), "text")
