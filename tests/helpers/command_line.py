"""The command line for tests: in this process, or as a process of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Protocol
from unittest import mock

import matplotlib

from mnist_scratch.cli import main

CHECKOUT = Path(__file__).resolve().parents[2]
# A port of this machine that nothing listens on: every request for the network is refused.
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
# On a busy machine two threads of a BLAS wait for each other, many times as long as they compute.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
OUTPUT = {
    "COLUMNS": "80",
    "MPLCONFIGDIR": matplotlib.get_cachedir(),  # its list of fonts takes a second to make
}
# Of a training on the few images of the fixture `digit_files`.
SMALL = (
    *("--dataset", "files", "--validation-examples", "50", "--hidden", "16"),
    *("--epochs", "2", "--batch-size", "10", "--learning-rate", "0.02"),
)

Answer = subprocess.CompletedProcess[str]


class CommandLine(Protocol):
    """What the fixtures `main` and `command_line` are."""

    def __call__(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> Answer: ...


def refused(answer: Answer) -> str:
    """Return the message of a command that refused its input, and printed nothing else."""
    assert (answer.returncode, answer.stdout) == (2, ""), answer
    assert "Traceback" not in answer.stderr
    return answer.stderr


def succeeded(answer: Answer) -> str:
    """Return what a command printed that had nothing to say on standard error."""
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return answer.stdout


def environment_of(folder: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program in a test: no network, no data or cache of the user's."""
    variables = {k: v for k, v in os.environ.items() if k != "MNIST_SCRATCH_DATA"}
    cache = str(folder / "cache")
    caches = {"XDG_CACHE_HOME": cache, "WIN_PD_OVERRIDE_LOCAL_APPDATA": cache}
    return variables | NO_NETWORK | ONE_THREAD | OUTPUT | caches | dict(changes or {})


def run_in_process(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Answer:
    """Run a command as `mnist-scratch` would in a folder, and return what it printed."""
    words = list(map(str, arguments))
    variables = environment_of(folder, environment)
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding, newline="") for _ in range(2))
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        mock.patch("urllib.request._opener", None),  # it would remember other proxies
        _signals_restored(),
        _working_in(folder),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        try:
            status = main(words)
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
    return Answer(words, status, _text(output), _text(errors))


def run_process(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Answer:
    """Run a command in a process of its own."""
    words = list(map(str, arguments))
    process = subprocess.run(
        [sys.executable, "-m", "mnist_scratch", *words],
        cwd=folder,
        env=environment_of(folder, environment),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )
    output, errors = (
        io.TextIOWrapper(io.BytesIO(printed), newline="")
        for printed in (process.stdout, process.stderr)
    )
    return Answer(words, process.returncode, _text(output), _text(errors))


def start_process(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    """Start a command in a process of its own, for a test that sends signals to it."""
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_scratch", *map(str, arguments)],
        cwd=folder,
        env=environment_of(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _text(stream: io.TextIOWrapper) -> str:
    """Return what was written; a carriage return stays one, as progress bars print them."""
    stream.seek(0)
    return stream.read().replace(os.linesep, "\n")


@contextmanager
def _signals_restored() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Change the working folder, as `contextlib.chdir`, and back even if it was removed."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
