from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mnist_scratch.data.download import download
from mnist_scratch.data.sources import SourceFile
from mnist_scratch.errors import MnistScratchError

PACKED = gzip.compress(b"digits" * 40_000, mtime=0)
FILE = SourceFile("digits", 240_000, "", len(PACKED), hashlib.sha256(PACKED).hexdigest())
ANSWERS = {
    "/good/digits.gz": (200, PACKED),
    "/wrong/digits.gz": (200, PACKED[:-1] + b"x"),
    "/short/digits.gz": (200, PACKED[:-1]),
    "/long/digits.gz": (200, PACKED + b"x"),
    "/page/digits.gz": (200, b"<html>moved</html>"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, content = ANSWERS.get(self.path, (404, b"not here"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        thread = threading.Thread(target=http_server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http_server.server_port}/"
        http_server.shutdown()
        thread.join()


def test_a_file_is_fetched_and_kept_under_its_name(server: str, tmp_path: Path) -> None:
    download([FILE], tmp_path / "new", [f"{server}good/"])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["digits.gz"]
    assert (tmp_path / "new" / "digits.gz").read_bytes() == PACKED


def test_the_next_mirror_is_tried_after_each_that_fails(server: str, tmp_path: Path) -> None:
    mirrors = [f"{server}{name}/" for name in ("absent", "wrong", "short", "long", "good")]
    download([FILE], tmp_path, mirrors)
    assert (tmp_path / "digits.gz").read_bytes() == PACKED


@pytest.mark.parametrize(
    ("mirror", "message"),
    [
        ("absent", "HTTP status 404"),
        ("wrong", "another SHA-256"),
        ("short", "bytes, where the file has"),
        ("long", "more than the"),
        ("page", "18 bytes, where the file has"),
    ],
)
def test_what_a_mirror_did_is_said_and_nothing_is_left(
    server: str, tmp_path: Path, mirror: str, message: str
) -> None:
    with pytest.raises(MnistScratchError, match=message) as error:
        download([FILE], tmp_path, [f"{server}{mirror}/"])
    assert f"{server}{mirror}/" in str(error.value)
    assert "by hand" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_network_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match="refused"):
        download([FILE], tmp_path, ["http://127.0.0.1:9/"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_and_no_mirror_is_to_blame(
    server: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MnistScratchError, match=r"cannot write .*digits\.gz"):
        download([FILE], tmp_path / "file", [f"{server}good/"])
