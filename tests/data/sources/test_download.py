from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.faulty_server import FaultyServer
from helpers.published import CONTENTS, FILES

from mnist_scratch.data.sources import https
from mnist_scratch.data.sources.download import download
from mnist_scratch.errors import MnistScratchError

FILE = FILES[0]
NAME = f"{FILE.name}.gz"
CONTENT = CONTENTS[NAME]
SIZE = len(CONTENT)
HALF = SIZE // 2
PARTIAL = f".{NAME}.{FILE.compressed_sha256[:8]}.part"

# What each fault is called in the message, and what it leaves to be continued.
FAULTS = {
    "403": ("HTTP status 403 Forbidden", 0),
    "404": ("HTTP status 404 Not Found", 0),
    "416": ("HTTP status 416", 0),
    "503": ("HTTP status 503 Service Unavailable", 0),
    "599": ("HTTP status 599", 0),
    "page": ("a web page instead of the file", 0),
    "page-of-no-type": (f"it ended {SIZE - 18:,} bytes before the end", 18),
    "shorter": (f"{SIZE - 1:,} bytes, where the file has {SIZE:,}", 0),
    "longer": (f"{SIZE + 1:,} bytes, where the file has {SIZE:,}", 0),
    "endless": (f"more than the {SIZE:,} bytes of the file", 0),
    "truncated": (f"it ended {SIZE - HALF:,} bytes before the end", HALF),
    "truncated-chunk": ("the connection broke off", HALF),
    "reset": (r"the connection broke off|it ended [\d,]+ bytes before the end", None),
    "wrong": ("another file, of the SHA-256", 0),
    "garbage": ("an answer that is not HTTP", 0),
    "long-line": ("an answer that is not HTTP", 0),
    "closed": ("the connection broke off", 0),
    "to-http": ("'http://localhost:1/good/train-images-idx3-ubyte.gz' is not HTTPS: refused", 0),
    "to-file": ("'file:///etc/passwd' is not HTTPS: refused", 0),
    "in-circles": ("more than 5 redirects", 0),
    "to-nowhere": ("more than 5 redirects", 0),
    "to-no-address": (r"'https://\[/', which is no address", 0),
}
STALLS = {
    "silent": 0,
    "stalled": HALF,
    "dripping-head": 0,
    "dripping-body": None,
}


def silent(_: str) -> None:
    """Report nothing."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "_PATIENCE", 0.7)


@pytest.mark.parametrize("kind", ["good", "without-length", "chunked", "redirected"])
def test_a_file_is_fetched_and_kept_under_its_name(
    server: FaultyServer, tmp_path: Path, kind: str
) -> None:
    download([FILE], tmp_path, [server.url(kind)], silent)
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(("fault", "message", "kept"), [(k, *v) for k, v in FAULTS.items()])
def test_the_next_mirror_makes_good_what_the_first_does(
    server: FaultyServer, tmp_path: Path, fault: str, message: str, kept: int | None
) -> None:
    check_that_the_next_mirror_makes_good(server, tmp_path, fault, message, kept)


@pytest.mark.parametrize(("fault", "kept"), STALLS.items())
def test_the_next_mirror_makes_good_that_the_first_stalls(
    server: FaultyServer, tmp_path: Path, impatient: None, fault: str, kept: int | None
) -> None:
    check_that_the_next_mirror_makes_good(server, tmp_path, fault, "stalled: no answer, or", kept)


def check_that_the_next_mirror_makes_good(
    server: FaultyServer, folder: Path, fault: str, message: str, kept: int | None
) -> None:
    reports: list[str] = []
    download([FILE], folder, [server.url(fault), server.url("good")], reports.append)
    assert names(folder) == [NAME]
    assert (folder / NAME).read_bytes() == CONTENT
    (report,) = reports
    assert report.startswith(f"passed over {server.url(fault)}\n  for {NAME}: ")
    assert re.search(message, report)
    assert "\x1b" not in report, "what a server sends must not reach a terminal as it is"
    started = next(start for name, _, start in server.requests if name == "good")
    assert kept is None or (started or 0) == kept


def test_one_message_lists_what_each_mirror_did_and_how_to_place_files_by_hand(
    server: FaultyServer, tmp_path: Path
) -> None:
    # Nothing stays of these that the next would have to continue.
    faults = [fault for fault, (_, kept) in FAULTS.items() if kept == 0]
    with pytest.raises(MnistScratchError) as error:
        download(FILES, tmp_path, [server.url(fault) for fault in faults], silent)
    lines = str(error.value).splitlines()
    assert lines[0] == f"could not fetch {NAME}:"
    for number, fault in enumerate(faults):
        assert lines[1 + 2 * number] == f"  {server.url(fault)}"
        reason = lines[2 + 2 * number]
        assert re.search(f"^    ({FAULTS[fault][0]}|redirected)", reason)
    remedy = lines[1 + 2 * len(faults) :]
    assert f"Or place the files in {tmp_path} by hand, compressed or not:" in remedy
    assert [line.split()[0] for line in remedy if line.endswith(" bytes")] == list(CONTENTS)
    assert remedy[-2].startswith("Then 'mnist-scratch data verify'")
    assert names(tmp_path) == []


def test_a_mirror_that_worked_is_asked_first_and_an_unreachable_one_no_more(
    server: FaultyServer, tmp_path: Path, impatient: None
) -> None:
    mirrors = [server.url(kind) for kind in ("404", "silent", "good")]
    download(FILES, tmp_path, mirrors, silent)
    asked = [kind for kind, _, _ in server.requests]
    assert asked == ["404", "silent", *["good"] * 4]
    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS


@pytest.mark.parametrize("first", ["refused", "stalled"])
def test_a_mirror_that_could_not_be_reached_is_not_asked_for_a_later_file(
    server: FaultyServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,
    first: str,
) -> None:
    monkeypatch.setattr(server, "contents", {NAME: CONTENT})
    mirrors = ["https://localhost:9/" if first == "refused" else server.url(first)]
    mirrors.append(server.url("good"))
    with pytest.raises(MnistScratchError, match=f"could not fetch {FILES[1].name}") as error:
        download(FILES, tmp_path, mirrors, silent)
    assert re.search(rf"{first}.* \(not asked again\)", str(error.value))
    assert [kind for kind, _, _ in server.requests].count("stalled") == (first == "stalled")
    assert f"{NAME} " not in str(error.value), "it is there, and need not be placed by hand"
    assert names(tmp_path) == [NAME]


def test_a_partial_file_is_continued(server: FaultyServer, tmp_path: Path) -> None:
    (tmp_path / PARTIAL).write_bytes(CONTENT[:1000])
    download([FILE], tmp_path, [server.url("good")], silent)
    assert server.requests == [("good", NAME, 1000)]
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_partial_file_that_is_whole_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / PARTIAL).write_bytes(CONTENT)
    download([FILE], tmp_path, ["https://localhost:9/"], silent)
    assert names(tmp_path) == [NAME]


@pytest.mark.parametrize(
    "partial",
    [b"<html>", b"x" * HALF, CONTENT[:-1] + b"x", CONTENT + b"x", b""],
    ids=["page", "other", "whole-but-other", "too-long", "empty"],
)
@pytest.mark.parametrize("kind", ["good", "without-range"])
def test_a_partial_file_that_is_wrong_is_fetched_anew(
    server: FaultyServer, tmp_path: Path, kind: str, partial: bytes
) -> None:
    (tmp_path / PARTIAL).write_bytes(partial)
    download([FILE], tmp_path, [server.url(kind)], silent)
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert len(server.requests) <= 2


@pytest.mark.parametrize("kind", ["other-range", "no-content-range", "shifted-range"])
def test_a_server_that_sends_another_range_is_asked_for_the_whole_file(
    server: FaultyServer, tmp_path: Path, kind: str
) -> None:
    (tmp_path / PARTIAL).write_bytes(CONTENT[:1000])
    download([FILE], tmp_path, [server.url(kind)], silent)
    assert [start for _, _, start in server.requests] == [1000, None]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_server_without_the_rest_is_asked_for_the_whole_file(
    server: FaultyServer, tmp_path: Path
) -> None:
    (tmp_path / PARTIAL).write_bytes(CONTENT[:1000])
    with pytest.raises(MnistScratchError, match="HTTP status 416"):
        download([FILE], tmp_path, [server.url("416")], silent)
    assert [start for _, _, start in server.requests] == [1000, None]


def test_a_server_that_has_another_file_is_asked_no_more_than_twice(
    server: FaultyServer, tmp_path: Path
) -> None:
    (tmp_path / PARTIAL).write_bytes(CONTENT[:1000])
    with pytest.raises(MnistScratchError, match="another file, of the SHA-256"):
        download([FILE], tmp_path, [server.url("wrong")], silent)
    assert names(tmp_path) == []


def test_what_was_left_of_another_file_of_the_same_name_is_swept(
    server: FaultyServer, tmp_path: Path
) -> None:
    (tmp_path / f".{NAME}.12345678.part").write_bytes(b"of another data set")
    (tmp_path / f".{NAME}.4711.part").write_bytes(b"of an older version")
    (tmp_path / "mine.part").write_bytes(b"")
    download([FILE], tmp_path, [server.url("good")], silent)
    assert server.requests == [("good", NAME, None)]
    assert names(tmp_path) == ["mine.part", NAME]


def fail(_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("obstacle", ["full disk", "folder in the way", "no folder"])
def test_a_disk_that_fails_ends_it_and_no_mirror_is_to_blame(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    prepare: dict[str, Callable[[], object]] = {
        "full disk": lambda: monkeypatch.setattr(os, "fsync", fail),
        "folder in the way": lambda: (tmp_path / NAME / "x").mkdir(parents=True),
        "no folder": lambda: None,
    }
    prepare[obstacle]()
    folder = tmp_path / "missing" if obstacle == "no folder" else tmp_path
    with pytest.raises(MnistScratchError, match=r"cannot write .*part: .*; check the space"):
        download([FILE], folder, [server.url("good"), server.url("good")], silent)
    assert len(server.requests) == 1
