"""`mnist-scratch report`: tests/report/pages has the page itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused, succeeded

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder


def test_the_page_is_of_the_run_and_its_test_images(
    main: CommandLine, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def write_report(run: RunFolder, network: Network, test: Dataset) -> None:
        written.append((run.path.resolve(), test.name, len(test.labels)))

    monkeypatch.setattr("mnist_scratch.report.pages.report.write_report", write_report)
    assert succeeded(main("report", "run")) == "".join(
        f"{Path('run', name)}\n" for name in ("report.html", "report")
    )
    assert written == [(finished_run, "files", 100)]


def test_a_folder_that_is_no_run_is_refused(main: CommandLine) -> None:
    assert "absent is not the folder of a run" in refused(main("report", "absent"))
