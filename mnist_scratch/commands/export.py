"""mnist-scratch export: the model of a run in a format of other programs."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from mnist_scratch.commands.common import add_run
from mnist_scratch.commands.output import result
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import check_name


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run, the format and the file."""
    add_run(command)
    command.add_argument(
        "--format",
        choices=("onnx", "safetensors"),
        required=True,
        help="onnx: a graph from raw pixels to probabilities, for any ONNX runtime; safetensors: "
        "the parameters, named as a PyTorch Sequential of Linear layers loads them",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="file to write (default: model.onnx or model.safetensors in the run)",
    )


def run(options: argparse.Namespace) -> None:
    """Write the model in the format that the options name."""
    run = RunFolder(options.run)
    output = options.output or run.path / f"model.{options.format}"
    check_name(output, f"this is {options.format}", f".{options.format}")
    try:
        importlib.import_module(options.format)  # the library has the name of the format
    except ImportError as error:
        raise MnistScratchError(
            f"--format {options.format} needs the library {options.format}, which cannot be "
            f"imported: {error}; install it: pip install {options.format}"
        ) from error
    if options.format == "onnx":
        from mnist_scratch.report.export.onnx import write_onnx

        write_onnx(run, output)
    else:
        from mnist_scratch.report.export.safetensors import write_safetensors

        write_safetensors(run, output)
    result(output)
