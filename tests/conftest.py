from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources import load as acquire
from mnist_scratch.data.sources.files import data_folder, missing
from mnist_scratch.data.sources.registry import DATASETS

CHECKOUT = Path(__file__).resolve().parents[1]
# An address on this machine that nobody listens at: whoever asks for the outside world is refused.
NO_NETWORK = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them the programs
# that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

CommandLine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """Where the real MNIST is; a skip only where nobody said that it is there."""
    folder = (CHECKOUT / data_folder("mnist")).resolve()
    absent = [file.name for file in missing(DATASETS["mnist"].files, folder)]
    if absent and "MNIST_SCRATCH_DATA" not in os.environ:
        pytest.skip(f"MNIST is not at hand: set MNIST_SCRATCH_DATA, or put it into {folder}")
    assert not absent, f"{folder} lacks {absent}"
    return folder


@pytest.fixture(scope="session")
def synthetic_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 70,000 synthetic digits, drawn once for all tests."""
    folder = tmp_path_factory.mktemp("data") / "synthetic"
    acquire.load_dataset("synthetic", str(folder), report=lambda _: None)
    return folder


@pytest.fixture
def digits() -> Dataset:
    """A hundred images that are easy to tell apart: class k is row k bright, in noise."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 10)
    images = rng.integers(0, 60, (100, 28, 28), dtype=np.uint8)
    images[np.arange(100), 2 * labels + 4] = 200
    order = rng.permutation(100)
    return Dataset("digits", images[order], labels[order])


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """Run `mnist-scratch` as a user does, in an empty folder."""

    def run(
        *arguments: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        variables = {k: v for k, v in os.environ.items() if k != "MNIST_SCRATCH_DATA"}
        return subprocess.run(
            [sys.executable, "-m", "mnist_scratch", *map(str, arguments)],
            cwd=tmp_path,
            env=variables | NO_NETWORK | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run
