"""An HTTPS server on this machine that can misbehave in every way known of real ones."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import trustme

Send = Callable[[bytes], object]
Fault = Callable[["Request", Send], object]


class Request:
    """What was asked for: `GET /FAULT/NAME`, perhaps from a certain byte on."""

    def __init__(self, head: str, contents: Mapping[str, bytes]) -> None:
        lines = head.split("\r\n")
        self.path = lines[0].split()[1]
        _, self.fault, self.name = self.path.split("/", 2)
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        wanted = headers.get("range", "")
        self.start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else None
        self.content = contents.get(self.name, b"")


class FaultyServer(socketserver.ThreadingTCPServer):
    """Serves contents by name under `/good/`, and otherwise as the folder's name says.

    Attributes
    ----------
    requests
        Of every request the fault, the name, and the byte from which on it was wanted or None.
    gate
        What `held` waits for, in mid-file.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, contents: Mapping[str, bytes], context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents = contents
        self.context = context
        self.requests: list[tuple[str, str, int | None]] = []
        self.gate = threading.Event()

    def url(self, fault: str) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://localhost:{self.server_address[1]}/{fault}/"


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a server needs to show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Run a server in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Handler(socketserver.BaseRequestHandler):
    server: FaultyServer

    def handle(self) -> None:
        # The client may have gone away, or not have liked the certificate.
        with contextlib.suppress(OSError):
            self.request.settimeout(20)
            if not self.server.context:
                self.answer(self.request)
                return
            with self.server.context.wrap_socket(self.request, server_side=True) as connection:
                self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            received = connection.recv(1)
            if not received:
                return
            head += received
            if not head[0:1].isalpha():  # the beginning of a TLS handshake
                connection.sendall(header(0, "400 Bad Request"))
                return
        request = Request(head.decode(), self.server.contents)
        self.server.requests.append((request.fault, request.name, request.start))
        if request.fault == "held":
            half = len(request.content) // 2
            connection.sendall(header(len(request.content)) + request.content[:half])
            self.server.gate.wait(20)
            connection.sendall(request.content[half:])
        elif request.fault == "reset":
            half = len(request.content) // 2
            connection.sendall(header(len(request.content)) + request.content[:half])
            abort = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
        else:
            FAULTS[request.fault](request, connection.sendall)


def header(length: int | None, status: str = "200 OK", **fields: object) -> bytes:
    """Write the head of an answer; `content_type` stands for `Content-Type`."""
    given: dict[str, object] = {"Connection": "close"}
    if length is not None:
        given["Content-Length"] = length
    given |= {key.replace("_", "-"): value for key, value in fields.items()}
    return "\r\n".join(
        [f"HTTP/1.1 {status}", *(f"{key}: {value}" for key, value in given.items()), "", ""]
    ).encode()


def _good(request: Request, send: Send) -> None:
    content = request.content
    if request.start is None:
        send(header(len(content)) + content)
    elif request.start < len(content):
        sent = f"bytes {request.start}-{len(content) - 1}/{len(content)}"
        rest = content[request.start :]
        send(header(len(rest), "206 Partial Content", Content_Range=sent) + rest)
    else:
        send(header(0, "416 Range Not Satisfiable"))


def _status(status: str) -> Fault:
    return lambda _, send: send(header(8, status) + b"no file!")


def _redirect(to: str | None) -> Fault:
    def redirect(request: Request, send: Send) -> None:
        fields = {} if to is None else {"Location": to.format(path=request.path, name=request.name)}
        send(header(0, "302 Found", **fields))

    return redirect


def _changed(change: Callable[[bytes], bytes]) -> Fault:
    def changed(request: Request, send: Send) -> None:
        content = change(request.content)
        send(header(len(content)) + content)

    return changed


def _range(sent: str | None, shift: int = 0) -> Fault:
    """Answer 206 whatever was asked for, with a certain Content-Range and other bytes than said."""

    def answer(request: Request, send: Send) -> None:
        if request.start is None:
            _good(request, send)
            return
        rest = request.content[request.start + shift :]
        fields = {} if sent is None else {"Content_Range": sent}
        send(header(len(rest), "206 Partial Content", **fields) + rest)

    return answer


def _chunked(request: Request, send: Send) -> None:
    send(header(None, Transfer_Encoding="chunked"))
    for start in range(0, len(request.content), 50_000):
        chunk = request.content[start : start + 50_000]
        send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    send(b"0\r\n\r\n")


def _drip(send: Send, content: bytes) -> None:
    for byte in content:
        send(bytes([byte]))
        time.sleep(0.05)


def _silent(_request: Request, _send: Send) -> None:
    time.sleep(5)


def _half(request: Request) -> bytes:
    return request.content[: len(request.content) // 2]


def _stalled(request: Request, send: Send) -> None:
    send(header(len(request.content)) + _half(request))
    time.sleep(5)


def _dripping(request: Request, send: Send) -> None:
    send(header(len(request.content)) + _half(request))
    _drip(send, request.content)


FAULTS: dict[str, Fault] = {
    "good": _good,
    "without-range": lambda request, send: send(header(len(request.content)) + request.content),
    "without-length": lambda request, send: send(header(None) + request.content),
    "chunked": _chunked,
    "redirected": _redirect("/good/{name}"),
    "403": _status("403 Forbidden"),
    "404": _status("404 Not Found"),
    "416": _status("416 Range Not Satisfiable"),
    "503": _status("503 \x1b[31mred"),
    "599": _status("599 Odd"),
    "page": lambda _, send: send(header(None, Content_Type="text/html; x=y") + b"<html>moved"),
    "page-of-no-type": lambda _, send: send(header(None) + b"<html>moved</html>"),
    "shorter": _changed(lambda content: content[:-1]),
    "longer": _changed(lambda content: content + b"x"),
    "endless": lambda request, send: [send(header(None)), *map(send, [request.content] * 1000)],
    "truncated": lambda request, send: send(header(len(request.content)) + _half(request)),
    "truncated-chunk": lambda request, send: send(
        header(None, Transfer_Encoding="chunked") + b"fffff\r\n" + _half(request)
    ),
    "wrong": _changed(lambda content: content[:-1] + b"x"),
    "silent": _silent,
    "stalled": _stalled,
    "dripping-head": lambda _, send: _drip(send, header(9)),
    "dripping-body": _dripping,
    "garbage": lambda _, send: send(bytes(range(256)) * 100),
    "long-line": lambda _, send: send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
    "closed": lambda _request, _send: None,
    "to-http": _redirect("http://localhost:1/good/{name}"),
    "to-file": _redirect("file:///etc/passwd"),
    "in-circles": _redirect("{path}"),
    "to-nowhere": _redirect(None),
    "to-no-address": _redirect("https://[/"),
    "other-range": _range("bytes 7-9/10"),
    "no-content-range": _range(None),
    "shifted-range": _range("bytes 0-0/1"),
}
