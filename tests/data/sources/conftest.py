from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from helpers.faulty_server import FaultyServer, serving
from helpers.published import CONTENTS


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, as an installed program whose cache folder, returned, is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_SCRATCH_DATA", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """Serve the contents of `published`, with every fault."""
    monkeypatch.setenv("no_proxy", "*")
    faulty_server = FaultyServer(CONTENTS)
    with serving(faulty_server):
        yield faulty_server
