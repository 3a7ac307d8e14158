from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def half_run(tmp_path: Path, digit_files: Path) -> Path:
    """A folder with a config and nothing else, `half`: a run that was stopped before it began."""
    folder = tmp_path / "half"
    folder.mkdir()
    data = f'[data]\ndataset = "files"\ndata_dir = "{digit_files.as_posix()}"\n'
    (folder / "config.toml").write_text(data)
    return folder
