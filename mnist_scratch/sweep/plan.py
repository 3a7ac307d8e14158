"""Many runs: every combination of settings with every seed, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.config.schema import Config
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder, check_free
from mnist_scratch.runs.resume import differing
from mnist_scratch.runs.run import with_dataset
from mnist_scratch.runs.threads import threads_wanted
from mnist_scratch.sweep.grid import Combination
from mnist_scratch.system.files import is_leftover
from mnist_scratch.system.lock import locked
from mnist_scratch.system.threads import usable_cpus

_MOST_RUNS = 10_000
_WRITTEN = ("sweep.json", "sweep.png")


class SweepRun(NamedTuple):
    """One run of a sweep.

    Attributes
    ----------
    path
        Its folder, whose name says its combination and seed.
    combination
        Which of the sweep's combinations it belongs to, from 0.
    config
        What it does.
    """

    path: Path
    combination: int
    config: Config


def planned_runs(
    combinations: Sequence[Combination], seeds: int, folder: Path, most_threads: int | None
) -> list[SweepRun]:
    """Return every run of a sweep: all combinations with seed 0, then with seed 1, and so on.

    The data is looked for, fetched or drawn here once, so that every run has the same.

    Parameters
    ----------
    combinations
        What is compared.
    seeds
        How many seeds each gets, from 0.
    folder
        Where the runs' folders are.
    most_threads
        Threads of the BLAS that a run gets at most, if neither its config nor the environment
        says how many; None for as many as it would take alone. A run that began with another
        number keeps that.

    Raises
    ------
    MnistScratchError
        If there are too many, two would have the same folder, the data cannot be had, or a folder
        has something else in it, such as a run with another config, naming the difference.
    """
    if seeds * len(combinations) > _MOST_RUNS:
        raise MnistScratchError(
            f"{len(combinations)} combinations with {seeds} seeds are more than {_MOST_RUNS:,} "
            "runs; sweep fewer values, or fewer seeds"
        )
    configs = _with_data([combination.config for combination in combinations])
    runs = []
    paths: set[str] = set()
    for seed in range(seeds):
        for number, (combination, config) in enumerate(zip(combinations, configs, strict=True)):
            path = folder / "-".join([*combination.names, f"seed-{seed:03}"])
            if path.name.casefold() in paths:  # Windows and macOS do not tell a from A
                raise MnistScratchError(
                    f"two combinations would have the folder {path}; sweep one of them alone, "
                    "with another --run"
                )
            paths.add(path.name.casefold())
            training = replace(config.training, seed=seed)
            planned = replace(config, training=training)
            runs.append(SweepRun(path, number, _as_begun(path, planned, most_threads)))
    return runs


def _with_data(configs: Sequence[Config]) -> list[Config]:
    """Return the configs with the data set that each finds."""
    found: dict[tuple[str, str], str] = {}
    for data in (config.data for config in configs):
        if (data.dataset, data.data_dir) not in found:
            loaded = load_dataset(data.dataset, data.data_dir)
            found[data.dataset, data.data_dir] = loaded.training.name
    return [
        with_dataset(config, found[config.data.dataset, config.data.data_dir]) for config in configs
    ]


def _as_begun(path: Path, planned: Config, most_threads: int | None) -> Config:
    """Return the config of a run that may have begun, or be finished, in its folder."""
    threads = threads_wanted(planned, most_threads)
    config = replace(planned, training=replace(planned.training, threads=threads))
    if not (path / "config.toml").exists():
        check_free(path)
        return config
    began = RunFolder(path).config()
    if not planned.training.threads and began.training.threads:
        training = replace(config.training, threads=began.training.threads)
        config = replace(config, training=training)
    if differences := differing(began, config):
        raise MnistScratchError(
            f"{path} is a run with another config:\n"
            + "\n".join(map(str, differences))
            + "\nName another folder for this sweep with --run."
        )
    return began


def fitting_jobs(configs: Sequence[Config]) -> int:
    """Return how many runs can go on at a time: as many as leave a CPU to every thread."""
    return max(1, usable_cpus() // max(map(threads_wanted, configs)))


@contextmanager
def only_sweep(folder: Path) -> Iterator[None]:
    """Keep other sweeps out of the folder while the context lasts, and delete what a crash left.

    Raises
    ------
    MnistScratchError
        If another program sweeps there, or the folder is that of a run.
    """
    if (folder / "config.toml").exists():
        raise MnistScratchError(f"{folder} is the folder of a run; name another one with --run")
    with locked(folder / ".lock", wait=False):
        for path in folder.iterdir():
            if is_leftover(path, _WRITTEN):
                path.unlink()
        yield
