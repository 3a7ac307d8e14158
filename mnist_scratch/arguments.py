"""What the command line takes: its commands, their arguments, their help."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from mnist_scratch import __version__
from mnist_scratch.config import Setting, settings
from mnist_scratch.recipes import recipe_folder

_DATASETS = ("mnist", "fashion-mnist", "kmnist", "qmnist", "emnist-digits", "synthetic")
_WITH_OWN = (*_DATASETS, "files")
_NAMES = ", ".join(_WITH_OWN)
_MOST_COLUMNS = 40  # for the choices of a flag in the usage
_DATA_DIR_HELP = (
    "folder of the data set's files (default: $MNIST_SCRATCH_DATA, else data/mnist; "
    "of other data sets: data/NAME)"
)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses has `command`, a name, and `parser`, that command's own."""
    parser = argparse.ArgumentParser(
        prog="mnist-scratch",
        description="Train a digit classifier, written from scratch on NumPy, and look at it.",
        epilog="'mnist-scratch COMMAND --help' describes a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_train(commands)

    _add_evaluate(commands)

    command = _add(
        commands, "report", "show what a run learned and gets wrong: RUN/report.html, RUN/report/"
    )
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    command.add_argument("--data-dir", default="", metavar="DIR", help=_DATA_DIR_HELP)

    command = _add(
        commands,
        "plot",
        "draw the loss of one run, or of several with what differs in their configs",
    )
    command.add_argument("runs", type=Path, metavar="RUN", nargs="+", help="folders of runs")
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG to write (default: loss_curve.png in the run; for several, comparison.png here)",
    )

    command = _add(commands, "runs", "list the runs in a folder, the newest first")
    command.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("runs"),
        metavar="DIR",
        help="folder that has the runs' folders in it (default: %(default)s)",
    )
    _add_json(command)

    _add_explain(commands)
    _add_predict(commands)

    command = _add(commands, "draw", "make a page that reads digits drawn in a browser")
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    command.add_argument(
        "--output",
        type=Path,
        default=Path("draw.html"),
        metavar="FILE.html",
        help="the page, one file that opens without a network (default: %(default)s here)",
    )

    command = _add(commands, "export", "write a run's model in a form that other programs read")
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    command.add_argument(
        "--format",
        choices=("onnx", "safetensors"),
        required=True,
        help="onnx, which runs anywhere, from raw pixels to probabilities; or safetensors, the "
        "parameters as PyTorch's Sequential of Linear layers loads them",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="file to write (default: model.onnx or model.safetensors in the run)",
    )

    _add_sweep(commands)

    data = commands.add_parser("data", help="see, fetch and verify the data sets")
    actions = data.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in (
        ("status", "say where each file of each data set is, and if it is right"),
        ("download", "fetch a data set's missing files, then verify all"),
        ("verify", "check every file of a data set; exit with 2 if one is not right"),
    ):
        command = _add(actions, name, summary)
        if name != "status":
            # The program draws the synthetic digits; nobody has them to fetch.
            chosen = _DATASETS if name == "verify" else _DATASETS[:-1]
            command.add_argument(
                "--dataset",
                choices=chosen,
                metavar="NAME",
                default="mnist",
                help=f"{', '.join(chosen)} (default: %(default)s)",
            )
        command.add_argument("--data-dir", default="", metavar="DIR", help=_DATA_DIR_HELP)
        _add_json(command)
    _add_show(actions)
    return parser


def _add_train(commands: Any) -> None:
    command = _add(commands, "train", "train a network; leaves the folder of a run")
    _add_config(command)
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
    _add_json(command)
    groups: dict[str, Any] = {}
    for setting in settings():
        if setting.section not in groups:
            groups[setting.section] = command.add_argument_group(
                f"{setting.section} (each replaces the recipe's value)"
            )
        _add_setting(groups[setting.section], setting)


def _add_evaluate(commands: Any) -> None:
    command = _add(
        commands,
        "evaluate",
        "measure a run's model on a test set; RUN/evaluation.json has it too; or several together, "
        "by the mean of their predictions",
    )
    command.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, or of each of several"
    )
    command.add_argument(
        "--dataset",
        choices=_WITH_OWN,
        metavar="NAME",
        help=f"{_NAMES}; whose test set (default: that of the data set the run was trained on)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=_DATA_DIR_HELP)
    command.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="V",
        help="say beside it what the mean of the predictions for V views of each image is worth: "
        "the image itself and V - 1 mild distortions, the same every time",
    )
    command.add_argument(
        "--mistakes",
        type=Path,
        metavar="FILE.png",
        help="draw the images that are read wrongly, in all views if there are some: the 100 "
        "surest mistakes, the surest first",
    )
    _add_json(command)


def _add_explain(commands: Any) -> None:
    command = _add(commands, "explain", "go from logits to loss and gradient step by step")
    # Without this, argparse takes -inf and -1e3 for options.
    command._negative_number_matcher = re.compile(r"-\.?\d|-(inf|nan)", re.IGNORECASE)  # noqa: SLF001  # argparse offers no other way
    numbers = command.add_argument_group("an example in numbers, explained as text")
    numbers.add_argument(
        "--logits",
        type=float,
        nargs="+",
        metavar="Z",
        help="one for each class; -inf masks a class",
    )
    numbers.add_argument("--target", type=int, metavar="K", help="the true class, from 0")
    images = command.add_argument_group("test images, explained as a picture")
    images.add_argument("run", type=Path, nargs="?", metavar="RUN", help="folder of the run")
    chosen = images.add_mutually_exclusive_group()
    chosen.add_argument(
        "--index",
        type=int,
        action="append",
        metavar="I",
        help="the number of a test image, from 0; can be given several times",
    )
    chosen.add_argument(
        "--worst", type=int, metavar="N", help="the N test images with the largest cross-entropy"
    )
    curves = command.add_argument_group("cross-entropy and squared error, as a picture")
    curves.add_argument(
        "--curves",
        action="store_true",
        help="both losses as curves, and a small network trained with each",
    )
    command.add_argument(
        "--dataset",
        choices=_WITH_OWN,
        metavar="NAME",
        help=f"{_NAMES}; which data set (default: the run's; for --curves, MNIST if it can be had)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=_DATA_DIR_HELP)
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG to write (default: explanation.png in the run; for --curves, "
        "cross_entropy_curves.png here)",
    )
    _add_json(command)


def _add_predict(commands: Any) -> None:
    command = _add(commands, "predict", "read your own pictures of digits")
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    pictures = command.add_argument(
        "pictures",
        nargs="+",
        default=[],
        metavar="PICTURE",
        help="PNG, JPEG and others, each of one digit on plain paper; - for standard input",
    )
    # nargs="*" would be satisfied, with none, by what stands before the first flag.
    pictures.required = False
    command.add_argument(
        "--folder", type=Path, metavar="DIR", help="every picture in a folder, a line for each"
    )
    command.add_argument(
        "--ink",
        choices=("auto", "dark", "light"),
        default="auto",
        help="darker or lighter than the paper (default: auto, by the picture's border)",
    )
    command.add_argument(
        "--show",
        type=Path,
        metavar="FILE.png",
        help="write the 28 x 28 image that the network saw; of several pictures, ten across",
    )
    _add_json(command)


def _add_show(actions: Any) -> None:
    command = _add(actions, "show", "draw images of a data set on one sheet")
    command.add_argument(
        "--dataset",
        choices=_WITH_OWN,
        metavar="NAME",
        default="mnist",
        help=f"{_NAMES} (default: %(default)s)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=_DATA_DIR_HELP)
    command.add_argument(
        "--distort",
        action="store_true",
        help="of each class one image as it is, and distorted again and again",
    )
    command.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help="the recipe whose [augmentation] says how much (default: simard)",
    )
    command.add_argument(
        "--output",
        type=Path,
        default=Path("images.png"),
        metavar="FILE.png",
        help="the sheet (default: %(default)s here)",
    )


def _add_sweep(commands: Any) -> None:
    command = _add(
        commands, "sweep", "train with many seeds, and with every combination of some settings"
    )
    _add_config(command)
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
    _add_json(command)


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


def _add(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    command.set_defaults(command=name, parser=command)
    return command


def _add_config(command: argparse.ArgumentParser) -> None:
    recipes = ", ".join(sorted(path.stem for path in recipe_folder().glob("*.toml")))
    command.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help=f"recipe to start from: {recipes}, or a file (default: default)",
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="print the result as JSON on standard output"
    )
