"""The command line as such: help, version, exit statuses, and output that goes nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, environment_of, refused, succeeded

from mnist_scratch.commands import COMMANDS
from mnist_scratch.config.schema import settings


@pytest.mark.parametrize(
    "command",
    [
        (),
        *((name,) for name in COMMANDS),
        *(("data", name) for name in ("status", "download", "verify", "show")),
    ],
)
def test_help_fits_a_terminal(command: tuple[str, ...], main: CommandLine) -> None:
    text = succeeded(main(*command, "--help"))
    assert all(len(line) <= 80 for line in text.splitlines())
    narrow = succeeded(main(*command, "--help", environment={"COLUMNS": "40"}))
    wide = [line for line in narrow.splitlines() if len(line) > 40]
    assert wide in ([], ["  --schedule constant|step|cosine|one-cycle"])  # one word, and a margin
    assert "".join(narrow.split()) == "".join(text.split()), "the same words"


def test_the_help_lists_every_command_with_what_it_does(main: CommandLine) -> None:
    unfolded = " ".join(succeeded(main("--help")).split())
    for name, summary in COMMANDS.items():
        assert f"{name} {summary}" in unfolded


def test_the_help_of_train_has_every_setting_with_its_meaning(main: CommandLine) -> None:
    unfolded = " ".join(succeeded(main("train", "--help")).split())
    for setting in settings():
        assert f"--{setting.flag} " in unfolded or f"--{setting.flag}," in unfolded
        assert setting.meaning.replace("-", "") in unfolded.replace("-", "").replace("- ", "")


def test_the_version_is_printed(main: CommandLine) -> None:
    assert re.fullmatch(r"mnist-scratch \d+\.\d+\.\d+\n", succeeded(main("--version")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a command; 'mnist-scratch --help' lists them"),
        (("trian",), "unknown command 'trian', did you mean 'train'?"),
        (("evaluate", "half"), "half has no model.npz: no epoch is finished yet; resume it with:"),
        (("evaluate", "x" * 300), "File name too long"),
    ],
)
def test_a_command_that_cannot_be_is_one_clear_message(
    main: CommandLine, half_run: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main(*arguments))


def test_the_process_ends_with_the_status_of_the_command(command_line: CommandLine) -> None:
    succeeded(command_line("--version"))
    assert "absent is not the folder of a run" in refused(command_line("plot", "absent"))


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = f'"{sys.executable}" -m mnist_scratch'
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command.replace("mnist-scratch", program)],
        cwd=folder,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
def test_a_closed_pipe_is_no_error(finished_run: Path, tmp_path: Path) -> None:
    result = shell("mnist-scratch evaluate run | true", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
def test_a_training_whose_output_is_read_no_more_stops_and_does_not_claim_to_be_done(
    digit_files: Path, tmp_path: Path
) -> None:
    train = f'mnist-scratch train --run run --dataset files --data-dir "{digit_files}"'
    options = "--validation-examples 50 --epochs 1000"
    result = shell(f"{train} {options} 2>&1 | head -1 >/dev/null", tmp_path)
    assert result.returncode == 141
    assert not (tmp_path / "run" / "evaluation.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a device that is always full")
@pytest.mark.parametrize(("redirection", "status"), [(">/dev/full", 2), (">&-", 0), ("2>&-", 0)])
def test_output_that_cannot_be_written_is_no_traceback(
    redirection: str, status: int, tmp_path: Path
) -> None:
    result = shell(f"mnist-scratch data status {redirection}", tmp_path)
    assert result.returncode == status
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr
