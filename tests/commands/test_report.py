"""`mnist-scratch report`."""

from __future__ import annotations

from pathlib import Path

from helpers.command_line import CommandLine, refused, succeeded


def test_the_page_and_its_pictures_are_written_into_the_run(
    main: CommandLine, finished_run: Path
) -> None:
    assert succeeded(main("report", "run")) == f"{Path('run', 'report.html')}\n"
    assert (finished_run / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (finished_run / "report" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_is_no_run_is_refused(main: CommandLine) -> None:
    assert "absent is not the folder of a run" in refused(main("report", "absent"))
