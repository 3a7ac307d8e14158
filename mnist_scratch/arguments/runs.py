"""The arguments of commands about runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnist_scratch.arguments.common import DATA_DIR_HELP, NAMES, WITH_OWN, add, add_json


def add_evaluate(commands: Any) -> None:
    """Add `evaluate`."""
    command = add(
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
        choices=WITH_OWN,
        metavar="NAME",
        help=f"{NAMES}; whose test set (default: that of the data set the run was trained on)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=DATA_DIR_HELP)
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
    add_json(command)


def add_report(commands: Any) -> None:
    """Add `report`."""
    command = add(
        commands, "report", "show what a run learned and gets wrong: RUN/report.html, RUN/report/"
    )
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    command.add_argument("--data-dir", default="", metavar="DIR", help=DATA_DIR_HELP)


def add_plot(commands: Any) -> None:
    """Add `plot`."""
    command = add(
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


def add_runs(commands: Any) -> None:
    """Add `runs`."""
    command = add(commands, "runs", "list the runs in a folder, the newest first")
    command.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("runs"),
        metavar="DIR",
        help="folder that has the runs' folders in it, and those of sweeps (default: %(default)s)",
    )
    add_json(command)


def add_export(commands: Any) -> None:
    """Add `export`."""
    command = add(commands, "export", "write a run's model in a form that other programs read")
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
