"""A server on this machine that answers as real mirrors do on a bad day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyServer(ThreadingHTTPServer):
    """Serves contents by name under `/good/`, and otherwise as the folder's name says.

    Attributes
    ----------
    requests
        Fault and name of every request.
    gate
        What `held` waits for in the middle of a file, and `silent` before it says anything.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.contents = contents
        self.requests: list[tuple[str, str]] = []
        self.gate = threading.Event()

    def mirror(self, fault: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{fault}/"


@contextmanager
def serving(server: FaultyServer) -> Iterator[None]:
    """Run a server in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    with server:
        thread.start()
        try:
            yield
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def do_GET(self) -> None:
        _, fault, name = self.path.split("/", 2)
        self.server.requests.append((fault, name))
        with suppress(OSError):  # the client may have gone away
            if fault.isdecimal():
                self.answer(b"no file!", 8, int(fault), "\x1b[31mred")
            else:
                _FAULTS[fault](self, self.server.contents.get(name, b""))

    def answer(
        self, content: bytes, length: int | None, status: int = 200, phrase: str = "", **fields: str
    ) -> None:
        self.send_response(status, phrase)
        for key, value in fields.items():
            self.send_header(key.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _endless(handler: _Handler, content: bytes) -> None:
    handler.answer(content, None)
    while True:
        handler.wfile.write(content)


def _held(handler: _Handler, content: bytes) -> None:
    half = len(content) // 2
    handler.answer(content[:half], len(content))
    handler.server.gate.wait(20)
    handler.wfile.write(content[half:])


def _redirected(handler: _Handler, _: bytes) -> None:
    handler.answer(b"", 0, 302, Location=handler.path.replace("redirected", "good"))


def _chunked(handler: _Handler, content: bytes) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.close_connection = True
    handler.answer(
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content), None, Transfer_Encoding="chunked"
    )


def _page(handler: _Handler, _: bytes) -> None:
    handler.answer(b"<html>moved", None, Content_Type="text/html; charset=x")


_FAULTS: dict[str, Callable[[_Handler, bytes], object]] = {
    "good": lambda handler, content: handler.answer(content, len(content)),
    "without-length": lambda handler, content: handler.answer(content, None),
    "chunked": _chunked,
    "redirected": _redirected,
    "held": _held,
    "page": _page,
    "page-of-no-type": lambda handler, _: handler.answer(b"<html>moved</html>", None),
    "shorter": lambda handler, content: handler.answer(content[:-1], len(content) - 1),
    "longer": lambda handler, content: handler.answer(content + b"x", len(content) + 1),
    "endless": _endless,
    "truncated": lambda handler, content: handler.answer(
        content[: len(content) // 2], len(content)
    ),
    "wrong": lambda handler, content: handler.answer(content[:-1] + b"x", len(content)),
    "silent": lambda handler, _: handler.server.gate.wait(20),
    "garbage": lambda handler, _: handler.wfile.write(bytes(range(256)) * 100),
    "closed": lambda _handler, _: None,
}
