"""Whether a run can go on from its checkpoint as it is asked to, or what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mnist_scratch.config.schema import Config, Setting, settings
from mnist_scratch.data.dataset import Examples
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.checkpoint import Checkpoint
from mnist_scratch.runs.environment import SAME_BYTES
from mnist_scratch.system.text import shown
from mnist_scratch.training.trainer import learning_rates

# What a run computes does not depend on these: where files lie (their hashes are compared), how
# often it is saved, and whether it is watched.
_FREE = {"data_dir", "checkpoint_seconds", "check_finite"}


class Difference(NamedTuple):
    """A setting that two configs have different values of."""

    setting: Setting
    before: Any
    now: Any

    def __str__(self) -> str:
        name = f"[{self.setting.section}] {self.setting.key} (--{self.setting.flag})"
        return f"  {name}: {self.before}, now {self.now}"


def differing(before: Config, now: Config) -> list[Difference]:
    """Return the settings that differ and make another run of it."""
    differences = [
        Difference(
            setting,
            *(getattr(getattr(each, setting.section), setting.key) for each in (before, now)),
        )
        for setting in settings()
        if setting.key not in _FREE
    ]
    return [
        each
        for each in differences
        if each.before != each.now
        and not (each.setting.key == "threads" and 0 in (each.before, each.now))  # 0: any number
    ]


def resumed_config(checkpoint: Checkpoint, asked: Config, path: Path) -> Config:
    """Return the config with which a run goes on.

    Parameters
    ----------
    checkpoint
        Where it stands.
    asked
        With which config it should.
    path
        The run's folder, for the error.

    Raises
    ------
    MnistScratchError
        If the run would become another one, naming every setting that differs. More epochs are
        for `check_schedule` to judge.
    """
    if asked.data.dataset == "auto":
        asked = replace(asked, data=replace(asked.data, dataset=checkpoint.dataset))
    differences = [
        each
        for each in differing(checkpoint.config, asked)
        if each.setting.key != "epochs" or each.now < each.before
    ]
    if differences:
        raise MnistScratchError(
            f"{path} was begun with another config, and would become another run:\n"
            + "\n".join(map(str, differences))
            + "\nLeave such flags out and put its config.toml back, or start a new run."
        )
    return asked


def check_schedule(before: Config, now: Config, step: int, steps_an_epoch: int, path: Path) -> None:
    """Make sure that the config now gives the steps done the same rates and distortion.

    Parameters
    ----------
    before, now
        With which config they were done, and with which the run shall go on.
    step
        Steps done.
    steps_an_epoch
        Of either config.
    path
        The run's folder, for the error.

    Raises
    ------
    MnistScratchError
        If a schedule, or a distortion that fades, is made for so many epochs and would get more.
    """
    if before.training.epochs == now.training.epochs:
        return
    done = range(1, step + 1)
    rates, rates_now = (learning_rates(config, steps_an_epoch) for config in (before, now))
    if list(map(rates, done)) != list(map(rates_now, done)):
        warmup = " with its warm-up" if before.schedule.warmup else ""
        raise MnistScratchError(
            f"{path} was begun for {before.training.epochs} epochs, and its schedule "
            f"'{before.schedule.name}'{warmup} is made for so many: with {now.training.epochs} the "
            "steps done would have had other learning rates.\n"
            "Start a new run with these --epochs. Only the schedules 'constant' and 'step' without "
            "--warmup can be continued."
        )
    if before.augmentation.fade and before.augmentation.distorts:
        raise MnistScratchError(
            f"{path} was begun for {before.training.epochs} epochs, in the last of which its "
            f"distortion fades ([augmentation] fade = {before.augmentation.fade:g}).\n"
            "Start a new run with these --epochs. Only runs that do not fade can be continued."
        )


def check_data(checkpoint: Checkpoint, dataset: Examples, path: Path) -> None:
    """Make sure that a run goes on with the images that it began with.

    Raises
    ------
    MnistScratchError
        If it does not, naming the files that differ.
    """
    differing = sorted(
        name
        for name in checkpoint.sha256.keys() | dataset.sha256.keys()
        if checkpoint.sha256.get(name) != dataset.sha256.get(name)
    )
    if dataset.name != checkpoint.dataset or differing:
        files = ", ".join(map(shown, differing)) or "the data set"
        raise MnistScratchError(
            f"{path} was begun on other data than these of {dataset.name}: {files} differs; name "
            "the folder of the files that it was begun on with --data-dir, or start a new run"
        )


def changed_environment(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Say in one line what a run goes on with that it did not begin with, or "".

    Only what can change the last digits of a result counts.
    """
    return ", ".join(
        f"{name} {now[name]} (was {shown(before.get(name))})"
        for name in SAME_BYTES
        if before.get(name) != now[name]
    )
