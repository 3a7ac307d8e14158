from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.command_line import CHECKOUT
from helpers.faulty_server import FaultyServer
from helpers.published import CONTENTS, FILES, PROGRAM

from mnist_scratch.data.sources import download as download_module
from mnist_scratch.data.sources.download import download
from mnist_scratch.data.sources.load import fetch_missing
from mnist_scratch.data.sources.registry import DATASETS
from mnist_scratch.errors import MnistScratchError

FILE = FILES[0]
NAME, CONTENT = next(iter(CONTENTS.items()))
SIZE = len(CONTENT)

# What each fault is called in the message.
FAULTS = {
    "403": "HTTP status 403 Forbidden",
    "404": "HTTP status 404 Not Found",
    "503": "HTTP status 503 Service Unavailable",
    "599": "HTTP status 599$",
    "page": "a web page instead of the file",
    "page-of-no-type": f"it ended {SIZE - 18:,} bytes before the end",
    "shorter": f"{SIZE - 1:,} bytes, where the file has {SIZE:,}",
    "longer": f"{SIZE + 1:,} bytes, where the file has {SIZE:,}",
    "endless": f"more than the {SIZE:,} bytes of the file",
    "truncated": f"it ended {SIZE - SIZE // 2:,} bytes before the end",
    "wrong": "another file, of the SHA-256",
    "silent": "no answer within 0.5 seconds",
    "held": "no answer within 0.5 seconds",
    "garbage": "a broken answer",
    "closed": "closed connection without response",
    "refused": "refused",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_TIMEOUT", 0.5)


def mirror(server: FaultyServer, fault: str) -> str:
    return "http://127.0.0.1:9/" if fault == "refused" else server.mirror(fault)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", ["good", "without-length", "chunked", "redirected"])
def test_a_file_is_fetched_and_kept_under_its_name(
    server: FaultyServer, tmp_path: Path, kind: str
) -> None:
    reports: list[str] = []
    download([FILE], tmp_path, [server.mirror(kind)], reports.append)
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert reports == []


@pytest.mark.parametrize(("fault", "message"), FAULTS.items())
def test_whatever_is_wrong_with_a_mirror_the_next_one_is_asked(
    server: FaultyServer, tmp_path: Path, fault: str, message: str
) -> None:
    reports: list[str] = []
    first = mirror(server, fault)
    download([FILE], tmp_path, [first, server.mirror("good")], reports.append)
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT
    (report,) = reports
    assert report.startswith(f"{first} did not give {NAME}: ")
    assert re.search(message, report)
    assert "\x1b" not in report, "what a server sends must not reach a terminal as it is"


def test_if_all_fail_one_message_says_what_each_did_and_how_to_place_the_files_by_hand(
    server: FaultyServer, tmp_path: Path
) -> None:
    mirrors = [mirror(server, fault) for fault in FAULTS]
    with pytest.raises(MnistScratchError) as error:
        download(FILES, tmp_path, mirrors, pytest.fail)
    lines = str(error.value).splitlines()
    assert lines[0] == f"could not fetch {NAME}:"
    for number, message in enumerate(FAULTS.values()):
        assert lines[1 + 2 * number] == f"  {mirrors[number]}"
        assert re.search(message, lines[2 + 2 * number])
    remedy = lines[1 + 2 * len(FAULTS) :]
    assert f"place the files in {tmp_path} by hand:" in remedy[1]
    assert [line.split()[0] for line in remedy if line.endswith(" bytes")] == list(CONTENTS)
    assert remedy[-2].startswith("Then 'mnist-scratch data verify'")
    assert names(tmp_path) == [], "nothing wrong is ever under a data name"


def test_the_mirror_that_gave_a_file_is_asked_first_for_the_next(
    server: FaultyServer, tmp_path: Path
) -> None:
    mirrors = [server.mirror(kind) for kind in ("404", "silent", "good")]
    download(FILES, tmp_path, mirrors, lambda _: None)
    assert [kind for kind, _ in server.requests] == ["404", "silent", *["good"] * 4]
    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS


def test_only_the_files_that_are_not_there_are_to_be_placed_by_hand(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "contents", {NAME: CONTENT})
    with pytest.raises(MnistScratchError, match=f"could not fetch {FILES[1].name}") as error:
        download(FILES, tmp_path, [server.mirror("good")], lambda _: None)
    assert f"{NAME} " not in str(error.value)
    assert names(tmp_path) == [NAME]


def fail(_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("obstacle", ["full disk", "folder in the way"])
def test_a_disk_that_fails_ends_it_and_no_mirror_is_to_blame(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    prepare: dict[str, Callable[[], object]] = {
        "full disk": lambda: monkeypatch.setattr(os, "fsync", fail),
        "folder in the way": lambda: (tmp_path / NAME / "x").mkdir(parents=True),
    }
    prepare[obstacle]()
    with pytest.raises(MnistScratchError, match=rf"cannot write .*{NAME}: .*; check the space"):
        download([FILE], tmp_path, [server.mirror("good"), server.mirror("good")], lambda _: None)
    assert len(server.requests) == 1


def start(folder: Path, mirror: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(CHECKOUT / "tests"), str(CHECKOUT)])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), mirror],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_that_start_at_once_fetch_every_file_once(
    server: FaultyServer, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "mnist"
    processes = [start(folder, server.mirror("held")) for _ in range(2)]
    said = sorted(process.stderr.readline() for process in processes if process.stderr)
    server.gate.set()
    for process in processes:
        assert process.communicate()[1] == "", "in a pipe there is no bar"
        assert process.returncode == 0
    assert said[0] == f"fetching 4 of MNIST's 4 files into {folder}\n"
    # The number of the process is in the lock's file a moment after the lock is taken.
    holder = r"(process \d+|another process)"
    assert re.fullmatch(f"waiting for {holder}, which fetches MNIST into {folder}\n", said[1])
    assert sorted(name for _, name in server.requests) == sorted(CONTENTS)
    assert {name: (folder / name).read_bytes() for name in CONTENTS} == CONTENTS


def test_a_download_that_was_killed_leaves_no_data_and_is_done_again(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(tmp_path, server.mirror("held")) as process:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.communicate()
    assert not (tmp_path / NAME).exists()
    (tmp_path / "mine.part").touch()
    mirrors = [server.mirror("good")]
    source = DATASETS["mnist"]._replace(files=FILES, mirrors=mirrors)
    monkeypatch.setitem(DATASETS, "mnist", source)
    fetch_missing("mnist", tmp_path, lambda _: None)
    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert set(names(tmp_path)) - {".lock"} == {*CONTENTS, "mine.part"}
