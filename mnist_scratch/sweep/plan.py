"""The runs of a sweep: every combination of settings with every seed, each in its own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.config.schema import Config
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder, check_free
from mnist_scratch.runs.run import differing, with_dataset
from mnist_scratch.runs.threads import choose_threads, step_settings
from mnist_scratch.sweep.grid import Combination
from mnist_scratch.system.files import is_leftover
from mnist_scratch.system.lock import locked
from mnist_scratch.system.threads import usable_cpus

_MOST_RUNS = 10_000


class SweepRun(NamedTuple):
    """One run of a sweep.

    Attributes
    ----------
    path
        Its folder, named after its combination and seed.
    combination
        The index of its combination.
    config
        Its config.
    """

    path: Path
    combination: int
    config: Config


def plan_runs(
    combinations: Sequence[Combination], seeds: int, folder: Path, most_threads: int | None
) -> list[SweepRun]:
    """Return the runs of a sweep: all combinations with seed 0, then with seed 1, and so on.

    The data set is loaded here, so that it is fetched or drawn once, before the runs start.

    Parameters
    ----------
    combinations
        The combinations to compare.
    seeds
        The number of seeds of each, from 0.
    folder
        The folder of the runs' folders.
    most_threads
        The limit of a run's BLAS threads where neither its config nor the environment names a
        number; None for the number it would take alone. Runs whose steps are alike share one trial.
        A run that exists keeps its number.

    Raises
    ------
    MnistScratchError
        If there are too many runs, two would share a folder, the data cannot be loaded, or a folder
        contains something else, such as a run with another config.
    """
    if seeds * len(combinations) > _MOST_RUNS:
        raise MnistScratchError(
            f"{len(combinations)} combinations with {seeds} seeds are more than {_MOST_RUNS:,} "
            "runs; sweep fewer values or seeds"
        )
    configs = _with_datasets([combination.config for combination in combinations])
    runs: dict[str, SweepRun] = {}  # by the name of the folder, as Windows and macOS compare names
    threads = cache(lambda step: choose_threads(step, most_threads).number)
    for seed in range(seeds):
        for number, (combination, config) in enumerate(zip(combinations, configs, strict=True)):
            path = folder / "-".join([*combination.labels, f"seed-{seed:03}"])
            if path.name.casefold() in runs:
                raise MnistScratchError(
                    f"two combinations would share the folder {path}; sweep one of them in a "
                    "folder of its own (--run)"
                )
            seeded = replace(config, training=replace(config.training, seed=seed))
            config_there = _config_at(path, seeded, threads)
            runs[path.name.casefold()] = SweepRun(path, number, config_there)
    return list(runs.values())


def _with_datasets(configs: Sequence[Config]) -> list[Config]:
    """Load each data set once, and write into the configs which one was found."""
    found: dict[tuple[str, str, bool], str] = {}
    for data in (config.data for config in configs):
        if (key := (data.dataset, data.data_dir, data.invert)) not in found:
            loaded = load_dataset(data.dataset, data.data_dir, invert=data.invert)
            found[key] = loaded.training.name
    return [
        with_dataset(config, found[data.dataset, data.data_dir, data.invert])
        for config in configs
        for data in [config.data]
    ]


def _config_at(path: Path, planned: Config, threads_of: Callable[[Config], int]) -> Config:
    """Return the config of the run in a folder, or the planned one if the folder is free."""
    training = planned.training
    if not (path / "config.toml").exists():
        check_free(path)
        threads = training.threads or threads_of(step_settings(planned))
        return replace(planned, training=replace(training, threads=threads))
    existing = RunFolder(path).config()
    threads = training.threads or existing.training.threads
    planned = replace(planned, training=replace(training, threads=threads))
    if differences := differing(existing, planned):
        raise MnistScratchError(
            f"{path} is a run with another config:\n"
            + "\n".join(map(str, differences))
            + "\nName another folder for this sweep (--run)."
        )
    return existing


def fitting_jobs(runs: Sequence[SweepRun]) -> int:
    """Return the number of runs at a time that leaves a CPU to every thread."""
    return max(1, usable_cpus() // max(1, *(run.config.training.threads for run in runs)))


@contextmanager
def locked_sweep(folder: Path) -> Iterator[None]:
    """Keep other sweeps out of a folder while the context lasts, and delete leftover files.

    Raises
    ------
    MnistScratchError
        If another program sweeps there, or the folder is that of a run.
    """
    if (folder / "config.toml").exists():
        raise MnistScratchError(f"{folder} is the folder of a run; name another one (--run)")
    with locked(folder / ".lock", wait=False):
        for path in folder.iterdir():
            if is_leftover(path):
                path.unlink()
        yield
