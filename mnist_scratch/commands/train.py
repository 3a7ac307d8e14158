"""mnist-scratch train: a new run, or one that is resumed."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_scratch.commands.common import add_config, add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.schema import Config, Setting, settings, with_values
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import (
    RUNS,
    RunFolder,
    check_free,
    claim_default_folder,
    resume_hint,
)
from mnist_scratch.runs.run import RunResult, resume_training, run_training
from mnist_scratch.system.text import labelled

if TYPE_CHECKING:
    from mnist_scratch.sweep.grid import Variation

_MOST_COLUMNS = 40  # for the choices of a flag in the usage


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add where the run begins, and a flag for every setting."""
    command.usage = (  # a flag for each setting would take 16 lines
        "%(prog)s [-h] [--config NAME|FILE.toml]\n"
        "                           [--run DIR | --resume RUN] [--dry-run]\n"
        "                           [--live] [--json] [--SETTING VALUE ...]\n"
        "                           [SECTION.KEY=VALUE ...]"
    )
    overrides = command.add_argument(
        "overrides",
        nargs="+",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="settings as in config.toml, such as training.epochs=3 or network.hidden=[100,50]",
    )
    overrides.required = False  # nargs="*" would be satisfied, with none, before the first flag
    add_config(command)
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="new folder for the run (default: runs/DATE-TIME-RECIPE)",
    )
    command.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume an interrupted run; the result is byte-identical to that of a run without "
        "interruption. --epochs may be larger if the schedule is 'constant' or 'step' without "
        "warm-up",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="only say what the run would do: data, network, steps, threads, time and files; "
        "nothing is written or downloaded",
    )
    command.add_argument(
        "--live",
        action="store_true",
        help="draw RUN/loss_curve.png after every epoch, not only at the end",
    )
    add_json(command)
    groups: dict[str, Any] = {}
    for setting in settings():
        if setting.section not in groups:
            groups[setting.section] = command.add_argument_group(
                f"{setting.section} (replaces the value of the recipe)"
            )
        _add_setting(groups[setting.section], setting)


def _add_setting(group: Any, setting: Setting) -> None:
    default = setting.default
    shown = " ".join(map(str, default)) if setting.type is tuple else default
    described = f"{setting.meaning} (default: {'empty' if shown == '' else shown})"
    choices = "|".join(setting.limits.choices) or "DIR"
    kinds: dict[type, dict[str, Any]] = {
        # A longer list is in the meaning.
        str: {"metavar": choices if len(choices) <= _MOST_COLUMNS else "NAME"},
        int: {"type": int, "metavar": "N"},
        float: {"type": float, "metavar": "X"},
        tuple: {"type": int, "metavar": "N", "nargs": "*"},
        bool: {"action": argparse.BooleanOptionalAction},
    }
    group.add_argument(f"--{setting.flag}", help=described, **kinds[setting.type])


def run(options: argparse.Namespace) -> None:
    """Train, print the result and draw the loss."""
    if options.dry_run:
        _dry_run(options)
        return
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
            f"{finished.evaluation.summary()}\n"
            + labelled(
                "training", f"{finished.seconds:.1f} s; the best epoch was {finished.best_epoch}"
            )
            + f"\nrun            {finished.directory.path}"
        )
    path = finished.directory.path
    try:
        _draw_loss(path)
    except KeyboardInterrupt:
        print(f"{path} is finished; its picture: mnist-scratch plot {path}", file=sys.stderr)
        raise


def _dry_run(options: argparse.Namespace) -> None:
    from mnist_scratch.commands.dry_run import describe, plan

    if options.resume:
        raise MnistScratchError("--dry-run says what a new run would do; leave out --resume")
    config, recipe = _new_config(options)
    if options.run:
        check_free(options.run)
    planned = plan(config, options.run or RUNS / f"DATE-TIME-{recipe}")
    auto = config.data.dataset == "auto"
    result(json.dumps(planned) if options.json else describe(planned, auto=auto))


def _new_config(options: argparse.Namespace) -> tuple[Config, str]:
    """Return the config of a new run, and the name of its recipe."""
    recipe = find_config(options.config) if options.config is not None else None
    config = _with_flags(read_config(recipe) if recipe else Config(), options)
    return config, recipe.stem if recipe else "default"


def _new_run(options: argparse.Namespace) -> RunResult:
    config, recipe = _new_config(options)
    path = options.run or claim_default_folder(recipe)
    try:
        _announce_picture(path, options)
        with _printing_resume_hint(path):
            return run_training(config, path, _after_epoch(path, options))
    finally:
        if not options.run:
            with contextlib.suppress(OSError):
                RUNS.rmdir()  # only if it is empty


def _resumed_run(options: argparse.Namespace) -> RunResult:
    path = options.resume
    if options.run:
        raise MnistScratchError(
            f"--run {options.run}: a resumed run stays in its folder, {path}; leave --run out"
        )
    recipe = find_config(options.config) if options.config is not None else None
    config = _with_flags(read_config(recipe) if recipe else RunFolder(path).config(), options)
    _announce_picture(path, options)
    with _printing_resume_hint(path):
        return resume_training(path, config, _after_epoch(path, options))


def _with_flags(config: Config, options: argparse.Namespace) -> Config:
    """Return the config with the settings that flags and SECTION.KEY=VALUE replace."""
    given: dict[tuple[str, str], Any] = {}
    for variation in _read_overrides(options.overrides):
        setting = variation.setting
        if getattr(options, setting.flag.replace("-", "_")) is not None:
            raise MnistScratchError(
                f"--{setting.flag} and {variation.name} are the same setting; give one of them"
            )
        given[setting.section, setting.key] = variation.values[0]
    for setting in settings():
        # The flag, not the key: the schedule and the optimizer both have a `name`.
        value = getattr(options, setting.flag.replace("-", "_"))
        if value is not None:
            given[setting.section, setting.key] = value
    return with_values(config, given, "")


def _read_overrides(texts: Sequence[str]) -> list[Variation]:
    if not texts:
        return []
    from mnist_scratch.sweep.grid import read_variation

    variations: dict[str, Variation] = {}
    for text in texts:
        variation = read_variation(text, "")
        if len(variation.values) > 1:
            raise MnistScratchError(
                f"{text}: a run takes one value; 'mnist-scratch sweep --set {text}' tries several"
            )
        if variation.name in variations:
            raise MnistScratchError(f"{variation.name} is given twice; give it once")
        variations[variation.name] = variation
    return list(variations.values())


def _announce_picture(path: Path, options: argparse.Namespace) -> None:
    if options.live:
        picture = path / "loss_curve.png"
        print(f"open {picture}: it is drawn anew after every epoch", file=sys.stderr)


def _after_epoch(path: Path, options: argparse.Namespace) -> Callable[[], None]:
    """Return what `--live` does after every epoch; a failure to draw does not end the training."""

    def draw() -> None:
        try:
            _draw_loss(path)
        except MnistScratchError as error:
            from tqdm import tqdm

            tqdm.write(f"cannot draw the loss: {error}", file=sys.stderr)  # above the bar

    return draw if options.live else lambda: None


def _draw_loss(path: Path) -> None:
    from mnist_scratch.report.plots.loss_curve import draw_loss_curve  # Matplotlib

    run = RunFolder(path)
    draw_loss_curve(run, run.loss_curve_path)


@contextlib.contextmanager
def _printing_resume_hint(path: Path) -> Iterator[None]:
    """After an interruption, print the command that resumes the run, if it can be resumed."""
    try:
        yield
    except KeyboardInterrupt:
        if (path / "checkpoint.npz").exists():
            print(f"{path} is saved; {resume_hint(path)}", file=sys.stderr)
        raise
