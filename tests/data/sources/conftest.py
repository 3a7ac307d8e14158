from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.faulty_server import FaultyServer, serving
from helpers.published import CONTENTS


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """Serve the contents of `published`, with every fault."""
    monkeypatch.setenv("no_proxy", "*")
    faulty_server = FaultyServer(CONTENTS)
    with serving(faulty_server):
        yield faulty_server
