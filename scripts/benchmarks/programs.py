"""Whole processes, from their start to their end: seconds and peak memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.contest import BenchmarkError
from benchmarks.threads import AUTO, environment

_FOLDER = Path(__file__).resolve().parent
PYTORCH_PROGRAM = (sys.executable, str(_FOLDER / "pytorch_program.py"))


class Ran(NamedTuple):
    """What a process took and printed.

    Attributes
    ----------
    seconds
        From its start to its end.
    peak_megabytes
        The most memory that was resident at any time, in 10^6 bytes; None on Windows.
    output
        What it wrote to standard output.
    """

    seconds: float
    peak_megabytes: float | None
    output: str


def run_program(command: Sequence[str], folder: Path, threads: str = AUTO) -> Ran:
    """Run a command in a folder.

    Raises
    ------
    BenchmarkError
        If it fails, with what it wrote to standard error.
    """
    launched = subprocess.run(
        [sys.executable, "-I", "-S", str(_FOLDER / "launcher.py"), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment(threads),
        cwd=folder,
        check=True,
    )
    ran = json.loads(launched.stdout)
    if ran["status"]:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{ran['errors']}")
    peak = ran["peak_bytes"]
    return Ran(ran["seconds"], None if peak is None else peak / 1e6, ran["output"])


def our_program() -> list[str]:
    """Return the command that starts this program, as its installation made it."""
    installed = shutil.which("mnist-scratch", path=str(Path(sys.executable).parent))
    return [installed] if installed else [sys.executable, "-m", "mnist_scratch"]
