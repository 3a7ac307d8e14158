from __future__ import annotations

import functools
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.command_line import CHECKOUT, SMALL, CommandLine, run_in_process, run_process
from helpers.untraced import untraced
from hypothesis import settings
from matplotlib.figure import Figure

from mnist_scratch.commands import train
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources import files
from mnist_scratch.data.sources.files import missing
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import DATASETS, FILE_NAMES
from mnist_scratch.data.synthetic import digits as digits_drawn
from mnist_scratch.data.synthetic.digits import draw_digits, make_synthetic
from mnist_scratch.report.pages import report
from mnist_scratch.system.lock import locked

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them the programs
# that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Coverage is measured while the package is imported, in tests and in their fixtures, and not in
# what pytest does around four thousand tests, which would take as long again.
class _Coverage:
    tracer: Any = None


def _pause_tracing() -> None:
    _Coverage.tracer = sys.gettrace() or _Coverage.tracer
    sys.settrace(None)


@contextmanager
def _tracing() -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(_Coverage.tracer)
    try:
        yield
    finally:
        sys.settrace(before)


def pytest_collection_finish() -> None:
    _pause_tracing()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    with _tracing():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    with nullcontext() if pyfuncitem.get_closest_marker("no_cover") else _tracing():
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        _pause_tracing()  # pytest-cov begins anew after a test without coverage


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    sys.settrace(_Coverage.tracer)  # as coverage expects it


@pytest.fixture(scope="session", autouse=True)
def outside_a_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the checkout's data/ from tests: here and in the processes that they start.

    Those find the package by a link to it, as if it were installed.
    """
    site = tmp_path_factory.mktemp("site")
    for name in ("mnist_scratch", "configs"):
        (site / name).symlink_to(CHECKOUT / name, target_is_directory=True)
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.setattr(files, "_CHECKOUT", site)
        yield


@pytest.fixture(scope="session", autouse=True)
def untraced_drawing() -> Iterator[None]:
    """Keep coverage out of what Matplotlib does, which hardly calls this package."""
    drawing = ("add_axes", "add_subplot", "draw_without_rendering", "get_tightbbox", "savefig")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*drawing, "subplots"):
            patch.setattr(Figure, name, untraced(getattr(Figure, name)))
        yield


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """Where the real MNIST is; a skip only where MNIST_SCRATCH_DATA does not promise it."""
    folder = Path(os.environ.get("MNIST_SCRATCH_DATA") or CHECKOUT / "data" / "mnist").resolve()
    absent = [file.name for file in missing(DATASETS["mnist"].files, folder)]
    if absent and "MNIST_SCRATCH_DATA" not in os.environ:
        pytest.skip(f"MNIST is not at hand: set MNIST_SCRATCH_DATA, or put it into {folder}")
    assert not absent, f"{folder} lacks {absent}"
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes that run tests, which pytest-xdist starts several of."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def synthetic_dir(shared_folder: Path) -> Path:
    """12,000 + 2,000 synthetic digits, not 70,000: where a few in `digit_files` will not do."""
    folder = shared_folder / "synthetic"

    def make_fewer(*_: int, **options: Any) -> object:
        return make_synthetic(12_000, 2_000, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits_drawn, "make_synthetic", make_fewer)
        untraced(load_dataset)("synthetic", str(folder), report=lambda _: None)
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


@pytest.fixture(scope="session")
def digit_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 synthetic digits to train on and 100 to test with, as four IDX files; to be read only.

    Train on them with `main("train", *SMALL, "--data-dir", digit_files, "--run", "run")`, which
    takes 0.2 s.
    """
    folder = tmp_path_factory.mktemp("data") / "digits"
    folder.mkdir()
    rng = np.random.default_rng(1)
    arrays = []
    for each in (40, 10):
        labels = rng.permutation(np.repeat(np.arange(10, dtype=np.uint8), each))
        arrays += [draw_digits(labels, rng), labels]
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        (folder / name).write_bytes(format_idx(array))
    return folder


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory, digit_files: Path) -> Path:
    """A finished run of 784-16-10 on `digit_files`, nearly half right; to be read only."""
    folder = tmp_path_factory.mktemp("trained")
    train = ("train", *SMALL, "--data-dir", digit_files, "--run", "run")
    answer = run_in_process(*train, folder=folder)
    assert answer.returncode == 0, answer.stderr
    return folder / "run"


@pytest.fixture
def finished_run(trained_run: Path, tmp_path: Path) -> Path:
    """A copy of `trained_run` in `tmp_path`, `run`, for a test to change and to write into."""
    return Path(shutil.copytree(trained_run, tmp_path / "run"))


@pytest.fixture(scope="session")
def mnist_run(shared_folder: Path, mnist_dir: Path) -> Path:
    """A finished run of the default recipe on MNIST (7 s to train); to be read only."""
    run = shared_folder / "mnist_run"
    with locked(shared_folder / "mnist_run.lock", wait=True):
        if not run.exists():
            data = ("--dataset", "mnist", "--data-dir", mnist_dir)
            train = ("train", *data, "--run", run)
            answer = untraced(run_in_process)(*train, folder=shared_folder)
            assert answer.returncode == 0, answer.stderr
    return run


@pytest.fixture
def main(tmp_path: Path) -> CommandLine:
    """Run a command in this process, as `mnist-scratch` in `tmp_path`; the way for most tests.

    Without the user's data and cache, and without a network: `main("plot", "run").returncode`.
    """
    return functools.partial(run_in_process, folder=tmp_path)


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """Run a command as a process in `tmp_path`: for exit statuses, signals and pipes; 1 s each."""
    return functools.partial(run_process, folder=tmp_path)


@pytest.fixture
def undrawn_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each figure of a report be made once, and not drawn, which takes four seconds."""
    monkeypatch.setattr(
        report, "drawn", lambda make, theme: b"PNG" if theme == "dark" or make() else b""
    )


@pytest.fixture
def undrawn_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainings in this process leave an empty picture of their loss: nothing reads it."""
    monkeypatch.setattr(train, "_draw_loss", lambda run: (run / "loss_curve.png").touch())
