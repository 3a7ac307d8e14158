"""`mnist-scratch export`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused, succeeded

pytestmark = pytest.mark.parametrize("kind", ["onnx", "safetensors"])


def test_the_model_is_written_into_the_run_or_where_output_says_the_same_bytes_each_time(
    kind: str, main: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    own = Path("run", f"model.{kind}")
    assert succeeded(main("export", "run", "--format", kind)) == f"{own}\n"
    named = Path("new", f"own.{kind}")
    # safetensors orders its metadata by chance: each of nine entries, one of 9! ways
    for _ in range(2):
        assert succeeded(main("export", "run", "--format", kind, "--output", named)) == f"{named}\n"
        assert (tmp_path / named).read_bytes() == (tmp_path / own).read_bytes()


def test_a_file_of_another_kind_is_not_overwritten(
    kind: str, main: CommandLine, finished_run: Path
) -> None:
    before = (finished_run / "model.npz").read_bytes()
    message = refused(main("export", "run", "--format", kind, "--output", "run/model.npz"))
    assert f"model.npz: this is {kind}; let the name end in .{kind}" in message
    assert (finished_run / "model.npz").read_bytes() == before


def test_a_library_that_is_not_installed_is_named(
    kind: str, main: CommandLine, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, kind, None)
    (line,) = refused(main("export", "run", "--format", kind)).splitlines()
    assert line.endswith(f"install it: pip install {kind}")
