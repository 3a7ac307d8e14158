from __future__ import annotations

import datetime as dt
import select
import socket
import socketserver
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from helpers.faulty_server import FaultyServer, server_context, serving
from helpers.published import CONTENTS

from mnist_scratch.data.sources.https import FetchError, UnreachableError, asked

NAME, CONTENT = next(iter(CONTENTS.items()))


def fetch(url: str) -> bytes:
    with asked(url) as answer:
        return b"".join(answer.pieces)


def expired(authority: trustme.CA) -> trustme.LeafCert:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    return authority.issue_cert("localhost", not_after=yesterday)


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        (lambda _: trustme.CA().issue_cert("localhost"), "unable to get local issuer"),
        (lambda authority: authority.issue_cert("example.org"), "Hostname mismatch"),
        (expired, "certificate has expired"),
    ],
    ids=["of-an-unknown-authority", "of-another-host", "expired"],
)
def test_a_certificate_that_is_not_right_is_refused_before_anything_is_asked(
    authority: trustme.CA,
    trusted: Path,
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    message: str,
) -> None:
    server = FaultyServer(CONTENTS, server_context(certificate(authority)))
    with (
        serving(server),
        pytest.raises(UnreachableError, match=f"its certificate is not valid: .*{message}"),
    ):
        fetch(server.url("good") + NAME)
    assert server.requests == []


def test_a_certificate_of_an_authority_that_nobody_named_is_refused(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(server.url("good") + NAME) == CONTENT
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(UnreachableError, match="its certificate is not valid"):
        fetch(server.url("good") + NAME)


def test_plain_http_is_never_spoken(trusted: Path) -> None:
    server = FaultyServer(CONTENTS, context=None)
    with serving(server):
        with pytest.raises(FetchError, match=r"'http://localhost:\d+/good/.*' is not HTTPS"):
            fetch(server.url("good") + NAME)
        with pytest.raises(UnreachableError, match="no secure connection"):
            fetch(server.url("good").replace("http:", "https:") + NAME)
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://localhost:9/x", "refused"),
        ("https://no-such-host.invalid/x", "no host of this name"),
    ],
)
def test_a_host_that_is_not_there_is_unreachable(trusted: Path, url: str, message: str) -> None:
    with pytest.raises(UnreachableError, match=message):
        fetch(url)


class Proxy(socketserver.BaseRequestHandler):
    """Opens a tunnel to the host that is asked for, or refuses to."""

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)
        method, host, _ = head.split(b" ", 2)
        assert method == b"CONNECT"
        self.server.asked.append(host.decode())  # type: ignore[attr-defined]
        if not host.startswith(b"localhost:"):
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        with socket.create_connection(host.decode().split(":")) as other:  # type: ignore[arg-type]
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.request: other, other: self.request}
            while True:
                for end in select.select(list(ends), [], [], 20)[0]:
                    received = end.recv(1 << 16)
                    if not received:
                        return
                    ends[end].sendall(received)


def test_the_proxy_of_the_environment_is_used(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    proxy.asked = []  # type: ignore[attr-defined]
    address = f"127.0.0.1:{proxy.server_address[1]}"
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("https_proxy", f"http://somebody:secret@{address}")
    with serving(proxy):
        assert fetch(server.url("good") + NAME) == CONTENT
        assert fetch(server.url("redirected") + NAME) == CONTENT
        with pytest.raises(UnreachableError, match=f"403 .*by way of the proxy {address}") as error:
            fetch("https://elsewhere.invalid/")
    assert "secret" not in str(error.value)
    host = f"localhost:{server.server_address[1]}"
    assert proxy.asked == [host, host, host, "elsewhere.invalid:443"]  # type: ignore[attr-defined]
    with pytest.raises(UnreachableError, match=f"refused .by way of the proxy {address}"):
        fetch(server.url("good") + NAME)
