"""mnist-scratch train: a new run, or one that goes on."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_scratch.commands.common import add_config, add_json
from mnist_scratch.commands.output import describe, result
from mnist_scratch.config.schema import Config, Setting, settings, with_values
from mnist_scratch.config.toml import find_config, read_config, run_config
from mnist_scratch.errors import MnistScratchError

if TYPE_CHECKING:
    from mnist_scratch.runs.run import RunResult


SUMMARY = "train a network; leaves the folder of a run"

_MOST_COLUMNS = 40  # for the choices of a flag in the usage


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add where the run begins, and a flag for every setting."""
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


def run(options: argparse.Namespace) -> None:
    """Train, and print what came of it."""
    finished = _resumed_run(options) if options.resume else _new_run(options)
    if options.json:
        trained = {
            "run": str(finished.directory.path),
            "training_seconds": round(finished.seconds, 3),
            "best_epoch": finished.best_epoch,
        }
        result(json.dumps(trained | finished.evaluation.as_json()))
    else:
        result(
            f"{describe(finished.evaluation)}\n"
            f"training       {finished.seconds:.1f} s; the best epoch was {finished.best_epoch}\n"
            f"run            {finished.directory.path}"
        )
    try:
        from mnist_scratch.report.plots.loss_curve import draw_loss_curve

        draw_loss_curve(finished.directory, finished.directory.loss_curve_path)
    except KeyboardInterrupt:
        path = finished.directory.path
        print(f"{path} is finished; its picture: mnist-scratch plot {path}", file=sys.stderr)
        raise


def _new_run(options: argparse.Namespace) -> RunResult:
    recipe = find_config(options.config) if options.config is not None else None
    config = _with_flags(read_config(recipe) if recipe else Config(), options)

    from mnist_scratch.runs.folder import RUNS, claim_default_folder
    from mnist_scratch.runs.run import run_training

    has_runs = RUNS.exists()
    path = options.run or claim_default_folder(recipe.stem if recipe else "default")
    try:
        with _telling_how_to_go_on(path), _live_picture(path, options) as redraw:
            return run_training(config, path, redraw, _prepare_to_draw)
    finally:
        if not options.run:
            with contextlib.suppress(OSError):
                path.rmdir()  # as long as it is empty
                if not has_runs:
                    RUNS.rmdir()


def _resumed_run(options: argparse.Namespace) -> RunResult:
    path = options.resume
    if options.run:
        raise MnistScratchError(
            f"--run {options.run}: a resumed run stays in its folder, {path}; leave --run out"
        )
    recipe = run_config(path) if options.config is None else find_config(options.config)
    config = _with_flags(read_config(recipe), options)

    from mnist_scratch.runs.run import resume_training

    with _telling_how_to_go_on(path), _live_picture(path, options) as redraw:
        return resume_training(path, config, redraw, _prepare_to_draw)


def _with_flags(config: Config, options: argparse.Namespace) -> Config:
    """Return the config with the settings that flags replace."""
    given = {
        (setting.section, setting.key): getattr(options, setting.key)
        for setting in settings()
        if getattr(options, setting.key) is not None
    }
    return with_values(config, given, "")


def _prepare_to_draw() -> None:
    """Import Matplotlib while the data are read: to decompress them leaves Python to others.

    A run is over 0.15 s sooner, half of what the import takes.
    """

    def import_matplotlib() -> None:
        with contextlib.suppress(Exception):  # what is wrong shows when the picture is drawn
            importlib.import_module("matplotlib.figure")
            importlib.import_module("matplotlib.backends.backend_agg")

    threading.Thread(target=import_matplotlib).start()


def _live_picture(
    path: Path, options: argparse.Namespace
) -> AbstractContextManager[Callable[[], object]]:
    """Return the context whose value draws the loss after an epoch, or does nothing."""
    if not options.live:
        return contextlib.nullcontext(lambda: None)

    from mnist_scratch.report.plots.live import LivePicture

    return LivePicture(path)


@contextlib.contextmanager
def _telling_how_to_go_on(path: Path) -> Iterator[None]:
    """Let an interruption end with the command that goes on from it, if one can."""
    from mnist_scratch.runs.folder import resume_hint

    try:
        yield
    except KeyboardInterrupt:
        if (path / "checkpoint.npz").exists():
            print(f"{path} is saved; {resume_hint(path)}", file=sys.stderr)
        raise
