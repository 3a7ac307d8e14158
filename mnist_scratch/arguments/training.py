"""The arguments of `train` and `sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mnist_scratch.arguments.common import add, add_config, add_json
from mnist_scratch.config.settings import Setting, settings

_MOST_COLUMNS = 40  # for the choices of a flag in the usage


def add_train(commands: Any) -> None:
    """Add `train`, with a flag for every setting."""
    command = add(commands, "train", "train a network; leaves the folder of a run")
    add_config(command)
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="folder to make for the run (default: runs/DATE-TIME-RECIPE)",
    )
    command.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with an interrupted run, to the same bytes; its config is that of RUN, and "
        "more --epochs are possible with the schedules 'constant' and 'step' without --warmup",
    )
    command.add_argument(
        "--live",
        action="store_true",
        help="keep the run's loss_curve.png fresh: drawn after every epoch, not only at the end",
    )
    add_json(command)
    groups: dict[str, Any] = {}
    for setting in settings():
        if setting.section not in groups:
            groups[setting.section] = command.add_argument_group(
                f"{setting.section} (each replaces the recipe's value)"
            )
        _add_setting(groups[setting.section], setting)


def add_sweep(commands: Any) -> None:
    """Add `sweep`."""
    command = add(
        commands, "sweep", "train with many seeds, and with every combination of some settings"
    )
    add_config(command)
    command.add_argument(
        "--seeds",
        type=int,
        required=True,
        metavar="N",
        help="train each combination N times, with the seeds 0 to N - 1",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=V,V",
        help="the values of a setting, named as in config.toml, such as "
        "optimizer.learning_rate=0.05,0.1 or network.hidden=[800],[512,512]; one value replaces "
        "the recipe's; can be given several times",
    )
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="folder of the runs' folders; what is finished there is not done again, what was "
        "begun goes on (default: runs/sweep-RECIPE)",
    )
    command.add_argument(
        "--jobs",
        type=int,
        metavar="J",
        help="runs at a time, which share the CPUs (default: as many as the CPUs have room for "
        "with the threads that each takes alone)",
    )
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="give the runs to the Dask scheduler there, such as tcp://192.168.0.1:8786; its "
        "workers need this program, and this machine's file system under the same names. A run "
        "takes one of a worker's threads, if training.threads does not say otherwise",
    )
    add_json(command)


def _add_setting(group: Any, setting: Setting) -> None:
    default = setting.default
    shown = " ".join(map(str, default)) if setting.type is tuple else default
    described = f"{setting.meaning} (default: {'empty' if shown == '' else shown})"
    choices = "|".join(setting.limits.choices) or "DIR"
    kinds: dict[type, dict[str, Any]] = {
        # Too many for the line of the usage are in the meaning.
        str: {"metavar": choices if len(choices) <= _MOST_COLUMNS else "NAME"},
        int: {"type": int, "metavar": "N"},
        float: {"type": float, "metavar": "X"},
        tuple: {"type": int, "metavar": "N", "nargs": "*"},
        bool: {"action": argparse.BooleanOptionalAction},
    }
    group.add_argument(f"--{setting.flag}", dest=setting.key, help=described, **kinds[setting.type])
