from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from helpers.faulty_server import FaultyServer, server_context, serving
from helpers.published import CONTENTS


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return a certificate authority that nobody knows."""
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Make the authority known to this test as a user would, and keep proxies out of it."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("no_proxy", "*")
    return path


@pytest.fixture
def server(authority: trustme.CA, trusted: Path) -> Iterator[FaultyServer]:
    """Serve the contents of `published` over HTTPS, with every fault."""
    context = server_context(authority.issue_cert("localhost"))
    faulty_server = FaultyServer(CONTENTS, context)
    with serving(faulty_server):
        yield faulty_server
        faulty_server.gate.set()
