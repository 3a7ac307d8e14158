"""Asking one address for a file, or for the rest of it, over HTTPS and nothing else."""

from __future__ import annotations

import re
import socket
import ssl
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request

_PATIENCE = 10.0  # seconds: to connect, and in which something has to arrive
_LEAST = 10_000  # bytes that have to arrive in that time
_PIECE = 1 << 16  # bytes
_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}


class FetchError(Exception):
    """Why an address did not give what it was asked for."""


class UnreachableError(FetchError):
    """The host could not be spoken to, or keeps people waiting: it is not worth asking again."""


class RangeError(FetchError):
    """The host has the file, perhaps, but not the rest of it that was asked for."""


class Answer(NamedTuple):
    """What an address answered, when that can be the file.

    Attributes
    ----------
    start
        Which byte of the file the first piece begins with.
    length
        The bytes that follow, as far as the server said how many.
    pieces
        The content, which raises `FetchError` where the connection breaks off.
    """

    start: int
    length: int | None
    pieces: Iterator[bytes]


@contextmanager
def asked(url: str, start: int = 0) -> Iterator[Answer]:
    """Ask an address for a file from a certain byte on.

    Certificates are checked against the system's authorities (`SSL_CERT_FILE` names other ones),
    proxies are those of the environment. Redirects are followed a few times, and to HTTPS alone.
    Connecting may take ten seconds for each of a host's addresses. After that, 10,000 bytes or the
    end have to arrive every ten seconds, in whatever portions: a server that sends one byte now and
    then holds nobody for longer than one that is silent.

    Parameters
    ----------
    url
        The address.
    start
        The first byte that is wanted; a server need not heed it and may send the file from its
        beginning.

    Yields
    ------
    Answer

    Raises
    ------
    FetchError
        If the answer is anything but the file; what was wrong with it is the message.
    UnreachableError
        If there was none.
    RangeError
        If it was neither the rest of the file nor the whole of it.
    """
    with _responding(url, start) as response:
        if start and response.status == HTTPStatus.PARTIAL_CONTENT:
            sent = response.headers.get("Content-Range", "")
            if not re.fullmatch(rf"bytes {start}-\d+/(\d+|\*)", sent):
                raise RangeError(f"asked for the bytes from {start} on, it sent {_shown(sent)}")
        elif start and response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise RangeError(f"it has no bytes from {start} on")
        elif response.status == HTTPStatus.OK:
            start = 0
        else:
            raise FetchError(f"HTTP status {_named(response.status)}")
        if response.headers.get_content_type() == "text/html":
            raise FetchError("a web page instead of the file")
        yield Answer(start, response.length, _pieces(response))


@contextmanager
def _responding(url: str, start: int) -> Iterator[HTTPResponse]:
    for _ in range(_REDIRECTS + 1):
        if urlsplit(url).scheme != "https":
            raise FetchError(f"{_shown(url)} is not HTTPS: refused")
        with _response(url, start) as response:
            if response.status not in _REDIRECTING:
                yield response
                return
            location = response.headers.get("Location", "")
        url = _redirected(url, location)
    raise FetchError(f"more than {_REDIRECTS} redirects")


def _redirected(url: str, location: str) -> str:
    # A server may send any byte: what no address can have is escaped.
    location = quote(location, safe=string.punctuation, encoding="iso-8859-1")
    try:
        return urlsplit(urljoin(url, location)).geturl()
    except ValueError as error:
        raise FetchError(f"redirected to {_shown(location)}, which is no address") from error


def _response(url: str, start: int) -> HTTPResponse:
    headers = {"User-Agent": "mnist_scratch"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        request = Request(url, headers=headers)  # noqa: S310  # the opener knows no other scheme
        response: HTTPResponse = _opener().open(request, timeout=_PATIENCE)
    except URLError as error:
        reason = _reason(error.reason)
        proxy = request.host if request.host != urlsplit(url).netloc else ""
        raise UnreachableError(
            f"{reason} (by way of the proxy {proxy})" if proxy else reason
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _broken(error) from error
    return response


def _opener() -> OpenerDirector:
    """Return what opens HTTPS addresses, and leaves every status to whoever asked."""
    context = ssl.create_default_context()
    context.sslsocket_class = _ImpatientSocket
    opener = OpenerDirector()
    opener.add_handler(ProxyHandler())
    opener.add_handler(HTTPSHandler(context=context))
    return opener


class _ImpatientSocket(ssl.SSLSocket):
    """A connection over which something worth mentioning has to come all the time."""

    _allowed = 0.0  # seconds, the timeout it was opened with
    _end = 0.0  # of the time in which `_LEAST` bytes have to arrive
    _received = 0

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        now = time.monotonic()
        if not self._allowed:
            self._allowed = self.gettimeout() or _PATIENCE
        if self._received >= _LEAST or not self._end:
            self._end = now + self._allowed
            self._received = 0
        if now >= self._end:
            raise TimeoutError
        self.settimeout(self._end - now)
        received = super().recv_into(*arguments, **options)
        self._received += received
        return received


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read1(_PIECE):
            yield piece
    except (OSError, HTTPException, ValueError) as error:
        raise _broken(error) from error


def _broken(error: Exception) -> FetchError:
    """Say how a connection that had come about failed."""
    if isinstance(error, TimeoutError):
        return UnreachableError(_reason(error))
    if isinstance(error, IncompleteRead):
        return FetchError("the connection broke off")
    if isinstance(error, OSError):
        return FetchError(f"the connection broke off ({_reason(error)})")
    return FetchError(f"an answer that is not HTTP ({type(error).__name__})")


def _reason(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"stalled: no answer, or less than {_LEAST:,} bytes, in {_PATIENCE:g} seconds"
    if isinstance(error, socket.gaierror):
        return "no host of this name was found"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection: {error.reason or error}"
    return f"{error.strerror or error}" if isinstance(error, OSError) else f"{error}"


def _named(status: int) -> str:
    """Name a status in our own words: the server's may hold anything."""
    known = status in HTTPStatus.__members__.values()
    return f"{status} {HTTPStatus(status).phrase}" if known else f"{status}"


def _shown(text: str) -> str:
    return repr(text[:100])
